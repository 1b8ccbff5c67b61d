"""A trial becomes the records of a transfer file, and the file is written whole or not at all."""

import csv
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lex.plan import Device, Prescription
from app.lex.rtp_columns import layout
from app.lex.rtp_write import checksum
from app.lex.transfer import TransferRefusedError, prepare, write
from core.findings import Finding, State, overall
from tests.lex.transfer_sample import (
    ENTRIES,
    arc,
    bare,
    beam,
    segment,
    step_and_shoot,
    treatment,
    trial,
)

GOLDEN = """\
"PLAN_DEF","P-001","Doe","Jane","Q","PELVIS","","","1","","","","","","","","","","","","","",\
"EQS","LEX","0.1.0","EQS-LEX","","51841"
"EXTENDED_PLAN_DEF","ENCODING=BASE64","FULLNAME=RABvAGUAXgBKAGEAbgBlAF4AUQB1AGkAbgBuAA==","61566"
"RX_DEF","1","PELVIS","3D","Xrays","","10.0","5000","200","","","1","54430"
"SITE_SETUP_DEF","PELVIS","HFS","DEMO LINAC","2","1.25","-20.50","3.00","1.2.4","1.2.5","-13.5",\
"1.2","82.0","","","","","","40451"
"FIELD_DEF","PELVIS","B1","1","","200.00","50.00","","DEMO LINAC","Static","Xrays","6","","400",\
"100.0","89.7","90.0","10.0","ASY","8.3","-4.0","4.3","ASY","7.0","-3.0","4.0","-13.5","1.2",\
"82.0","0.0","0.0","2","","","","","","","","","","","","","","","","","3549"
"EXTENDED_FIELD_DEF","1","1.2.3","1","B1","0","","","","11327"
"DOSE_DEF","PELVIS","","1","1.00000","","","","","","","","","","","","","","","","","","","",\
"","57651"
"""


def records(data: bytes, dialect: str = "mosaiq_2.6") -> list[dict[str, str]]:
    found = []
    for line in csv.reader(data.decode("cp1252").splitlines()):
        names = [column.name for column in layout(line[0], dialect)]
        found.append(dict(zip([*names, "crc"], line, strict=True)))
    return found


def of(data: bytes, keyword: str, dialect: str = "mosaiq_2.6") -> list[dict[str, str]]:
    return [one for one in records(data, dialect) if one["keyword"] == keyword]


def made(*beams, dialect: str = "mosaiq_2.6", **entries: object) -> bytes:
    transfer = prepare(trial(*beams), treatment(rv_system=dialect, **entries))
    errors = [finding for finding in transfer.findings if finding.state == State.ERROR]
    assert errors == []
    return transfer.data


def errors_of(*beams, **entries: object) -> set[str]:
    transfer = prepare(trial(*beams), treatment(**entries))
    assert transfer.data == b""
    return {finding.rule for finding in transfer.findings if finding.state == State.ERROR}


@pytest.mark.req("L-24")
def test_that_a_small_plan_gives_exactly_this_file():
    assert (
        made(beam(1, (bare(0.0), bare(1.0)), dose_cgy=200.0))
        == GOLDEN.replace("\n", "\r\n").encode()
    )


def test_that_records_come_in_the_order_the_format_asks_for():
    other = Prescription("Boost", 5, 100.0, 500.0, (beam(3),))
    plan = replace(trial(), prescriptions=(*trial().prescriptions, other))
    sites = {**ENTRIES["prescriptions"], "Boost": {"id": "BOOST"}}
    keywords = [
        one["keyword"] for one in records(prepare(plan, treatment(prescriptions=sites)).data)
    ]
    field = ["FIELD_DEF", "EXTENDED_FIELD_DEF", "CONTROL_PT_DEF"]
    assert keywords == [
        "PLAN_DEF", "EXTENDED_PLAN_DEF", "RX_DEF", "SITE_SETUP_DEF", *field, *field, "DOSE_DEF",
        "RX_DEF", "SITE_SETUP_DEF", *field, "DOSE_DEF",
    ]  # fmt: skip


@pytest.mark.req("L-24")
def test_that_every_line_ends_with_its_checksum():
    lines = made(beam(1), step_and_shoot(2), arc(3)).split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        body, _, value = line.rpartition(b",")
        assert checksum(body + b",") == int(value.strip(b'"'))


def test_that_a_still_beam_with_leaves_is_one_point_and_keeps_its_jaws_in_the_field():
    data = made(beam(1))
    [point], [field] = of(data, "CONTROL_PT_DEF"), of(data, "FIELD_DEF")
    assert (point["control_pt_number"], point["total_control_points"]) == ("0", "1")
    assert (point["monitor_units"], point["collimator_x1"]) == ("0.000000", "")
    assert (field["collimator_x1"], field["collimator_x2"]) == ("-4.0", "4.3")
    assert (point["mlc_leaves"], point["mlc_type"]) == ("60", "5")
    assert (point["mlc_a1"], point["mlc_b60"], point["mlc_a61"]) == ("-4.00", "4.30", "")


def test_that_step_and_shoot_keeps_every_point_and_its_share():
    points = of(made(step_and_shoot(1)), "CONTROL_PT_DEF")
    shares = [point["monitor_units"] for point in points]
    assert shares == ["0.000000", "0.400000", "0.400000", "1.000000"]
    assert [point["mlc_a1"] for point in points] == ["-4.00", "-4.00", "-2.00", "-2.00"]
    assert {point["collimator_x1"] for point in points} == {"-4.0"}
    assert {(point["scale_convention"], point["mu_convention"]) for point in points} == {
        ("2", "1")
    }
    assert [point["control_pt_number"] for point in points] == ["0", "1", "2", "3"]


def test_that_an_arc_has_its_way_and_no_direction_in_the_last_point():
    data = made(arc(1))
    [field], points = of(data, "FIELD_DEF"), of(data, "CONTROL_PT_DEF")
    assert [field[f"arc_{name}"] for name in ("direction", "start_angle", "stop_angle")] == [
        "CW", "181.0", "179.0",
    ]  # fmt: skip
    assert field["arc_mu_degree"] == "0.45"  # 160 MU over 358 degrees
    assert [point["gantry_dir"] for point in points] == ["CW", "CW", "CW", "CW", ""]
    assert points[2]["gantry_angle"] == "0.0"


@settings(max_examples=30)
@given(st.lists(st.floats(0.001, 50), min_size=1, max_size=20))
def test_that_shares_begin_at_0_never_fall_and_end_at_1(steps):
    total = sum(steps)
    shares = [0.0, *(sum(steps[: n + 1]) / total for n in range(len(steps)))]
    shares[-1] = 1.0
    points = [segment(share, -4.0 + 0.1 * n) for n, share in enumerate(shares)]
    transfer = prepare(trial(beam(1, tuple(points), technique="DMLC")), treatment())
    values = [float(one["monitor_units"]) for one in of(transfer.data, "CONTROL_PT_DEF")]
    assert (values[0], values[-1]) == (0.0, 1.0)
    assert all(a <= b for a, b in pairwise(values))


def test_that_a_machine_without_an_x_jaw_leaves_it_empty():
    still = tuple(replace(segment(share), x1_cm=None, x2_cm=None) for share in (0.0, 1.0))
    [field] = of(made(beam(1, still)), "FIELD_DEF")
    assert [field[name] for name in ("field_x_mode", "field_x", "collimator_x1")] == [""] * 3
    assert field["field_y_mode"] == "ASY"


def test_that_devices_stand_each_in_its_column():
    devices = {
        "wedges": (Device("W30R", kind="physical"),), "blocks": (Device("BLK1"),),
        "boluses": (Device("BOL5"),), "compensators": (Device("C1"),),
    }  # fmt: skip
    [field] = of(made(beam(1, **devices)), "FIELD_DEF")
    assert [field[name] for name in ("wedge", "dynamic_wedge", "block", "bolus")] == [
        "W30R", "", "BLK1", "BOL5",
    ]  # fmt: skip
    assert field["compensator"] == "C1"


def test_that_an_electron_field_has_applicator_and_cutout_and_no_point():
    electrons = beam(
        1, (bare(0.0), bare(1.0)), modality="Elect", energy=12.0, leaf_axis="",
        applicator=Device("A10"), cutout=Device("CUT1"),
    )  # fmt: skip
    data = made(electrons)
    [field] = of(data, "FIELD_DEF")
    assert (field["e_applicator"], field["e_field_def_aperture"]) == ("A10", "CUT1")
    assert of(data, "CONTROL_PT_DEF") == []


def test_that_a_motorised_wedge_counts_its_mu_until_the_next_point():
    points = (segment(0.0, wedge_in=True), segment(0.25, wedge_in=False), segment(1.0))
    points = (*points[:2], replace(points[2], wedge_in=False))
    data = made(beam(1, points, mu=100.0, wedges=(Device("MW", kind="motorised"),)))
    [field] = of(data, "FIELD_DEF")
    assert (field["wedge"], field["wedge_monitor_units"]) == ("MW", "25.00")
    assert [one["wedge_position"] for one in of(data, "CONTROL_PT_DEF")] == ["IN", "OUT", "OUT"]


@pytest.mark.req("L-08")
def test_that_a_gated_field_says_so_in_its_note():
    fields = {"B2": {"gated": False}}
    one, two = of(made(beam(1, note="arms up"), beam(2), gated=True, fields=fields), "FIELD_DEF")
    assert (one["field_note"], two["field_note"]) == ("GATED arms up", "")


@pytest.mark.req("L-05")
def test_that_what_was_entered_reaches_the_file():
    fields = {"B2": {"id": "ZZ", "dose_rate_mu_min": 300}}
    data = made(beam(1), beam(2), fields=fields)
    [setup], (one, two) = of(data, "SITE_SETUP_DEF"), of(data, "FIELD_DEF")
    for record in (setup, one, two):
        assert record["treatment_machine"] == "DEMO LINAC"
        assert record["tolerance_table"] == "2"
        assert record["couch_vertical"] == "-13.5"
        assert (record["couch_lateral"], record["couch_longitudinal"]) == ("1.2", "82.0")
    assert [one["doserate"], two["doserate"]] == ["400", "300"]
    assert [one["field_id"], two["field_id"]] == ["1", "ZZ"]
    assert of(data, "PLAN_DEF")[0]["course_id"] == of(data, "RX_DEF")[0]["course_id"] == "1"


def test_that_dose_rates_a_plan_varies_are_kept_point_by_point():
    points = tuple(
        replace(point, dose_rate_mu_min=100.0 * (n + 1)) for n, point in enumerate(arc().segments)
    )
    found = [
        one["doserate"] for one in of(made(replace(arc(1), segments=points)), "CONTROL_PT_DEF")
    ]
    assert found == ["100", "200", "300", "400", "500"]


def test_that_more_than_ten_fields_take_a_second_dose_record():
    beams = (beam(number, dose_cgy=200 / 12) for number in range(1, 13))
    doses = of(made(*beams), "DOSE_DEF")
    named = [[one[f"field_id{n}"] for n in range(1, 11) if one[f"field_id{n}"]] for one in doses]
    assert [len(ids) for ids in named] == [10, 2]
    assert sum(named, []) == [str(number) for number in range(1, 13)]  # noqa: RUF017  (short)


def test_that_a_plan_without_field_doses_has_no_dose_record():
    assert of(made(beam(1, dose_cgy=None)), "DOSE_DEF") == []


@pytest.mark.req("L-24", "R-11")
def test_that_doses_that_do_not_add_up_are_not_booked():
    data = made(beam(1), beam(2, dose_cgy=30.0))
    assert [one["field_dose"] for one in of(data, "FIELD_DEF")] == ["", ""]
    assert of(data, "DOSE_DEF") == []
    findings = prepare(trial(beam(1), beam(2, dose_cgy=30.0)), treatment()).findings
    (told,) = [one for one in findings if one.item == "field_dose" and one.state != State.PASS]
    assert (told.state, told.found, told.expected) == (State.WARNING, "130.00", "200")


def test_that_only_chosen_treatment_beams_are_written():
    data = made(beam(1), beam(2), beam(3, setup=True), beam(4), beams=["B1", "4"])
    assert [one["original_beam_number"] for one in of(data, "EXTENDED_FIELD_DEF")] == ["1", "4"]
    assert of(data, "RX_DEF")[0]["number_of_fields"] == "2"


def test_that_the_isocentre_is_in_every_field_where_the_layout_has_it():
    data = made(step_and_shoot(1), beam(2, isocentre_cm=(0.0, 0.0, 9.0)), dialect="mosaiq_2.64")
    [setup] = of(data, "SITE_SETUP_DEF", "mosaiq_2.64")
    assert setup["isocenter_position_z"] == ""
    fields = of(data, "FIELD_DEF", "mosaiq_2.64")
    assert [one["isocenter_position_z"] for one in fields] == ["3.00", "9.00"]
    points = of(data, "CONTROL_PT_DEF", "mosaiq_2.64")
    assert {one["isocenter_position_x"] for one in points[:4]} == {"1.25"}


def test_that_several_isocentres_in_a_layout_for_one_are_warned_of():
    transfer = prepare(trial(beam(1), beam(2, isocentre_cm=(0.0, 0.0, 9.0))), treatment())
    assert [one.state for one in transfer.findings if one.rule == "LEX-C6"] == [State.WARNING]


@pytest.mark.parametrize("dialect", ["lantis", "mosaiq_2.4", "mosaiq_2.5", "mosaiq_2.64"])
def test_that_every_layout_can_be_written(dialect):
    data = made(beam(1), step_and_shoot(2, mu=80.0), dialect=dialect)
    present = {one["keyword"] for one in records(data, dialect)}
    assert ("EXTENDED_PLAN_DEF" in present) == (dialect not in ("lantis", "mosaiq_2.4"))


@pytest.mark.req("L-23", "L-25")
def test_that_the_limits_are_said_with_every_transfer():
    items = {one.item for one in prepare(trial(), treatment()).not_checked}
    assert {"Monitor units", "Prescription", "Cone-beam imaging"} <= items


def test_that_the_list_of_fields_is_what_the_file_holds():
    transfer = prepare(trial(beam(1), step_and_shoot(2)), treatment())
    rows = [
        (one.field_id, one.beam, one.prescription, one.mu, one.points) for one in transfer.fields
    ]
    assert rows == [("1", "B1", "Pelvis", 50.0, 1), ("2", "B2", "Pelvis", 80.0, 4)]


# Refusing and writing.


@pytest.mark.req("L-05")
def test_that_nothing_is_made_while_something_is_missing():
    transfer = prepare(trial(), replace(treatment(), course=None))
    assert transfer.data == b""
    assert [one.item for one in transfer.findings if one.state == State.ERROR] == ["course"]


def test_that_a_beam_without_control_points_is_an_error_and_no_traceback():
    assert "LEX-C3" in errors_of(replace(beam(1), segments=()))


def test_that_a_number_no_column_can_hold_is_an_error():
    assert "LEX-COLUMN" in errors_of(beam(1, sad_cm=1e30))


@pytest.mark.req("L-24")
def test_that_the_file_gets_its_name_only_after_it_was_read_back(tmp_path):
    out = tmp_path / "plan.rtp"
    transfer = prepare(trial(), treatment())
    seen = []

    def read_back(path):
        seen.append((path.read_bytes(), out.exists()))
        return [Finding("F-X", State.PASS, "same")]

    findings = write(transfer, out, read_back)
    assert seen == [(transfer.data, False)]
    assert out.read_bytes() == transfer.data
    assert findings[-1].rule == "F-X"
    assert overall(findings) == State.PASS


@pytest.mark.req("L-24")
@pytest.mark.parametrize("state", [State.ERROR, State.WARNING])
def test_that_an_objection_of_the_other_channel_leaves_the_old_file_alone(tmp_path, state):
    out = tmp_path / "plan.rtp"
    out.write_bytes(b"old")
    objection = Finding("F-CMP-MU", state, "MU differ", field="1")
    with pytest.raises(TransferRefusedError) as caught:
        write(prepare(trial(), treatment()), out, lambda _: [objection], overwrite=True)
    assert caught.value.findings == (objection,)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [
        ("plan.rtp", b"old")
    ]


def test_that_a_refused_transfer_is_not_even_read_back(tmp_path):
    asked = []
    with pytest.raises(TransferRefusedError) as caught:
        write(
            prepare(trial(), replace(treatment(), course=None)), tmp_path / "plan.rtp",
            lambda path: asked.append(path) or [],
        )  # fmt: skip
    assert asked == list(tmp_path.iterdir()) == []
    assert [one.item for one in caught.value.findings] == ["course"]


def test_that_a_read_back_that_breaks_leaves_nothing(tmp_path):
    def read_back(_):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        write(prepare(trial(), treatment()), tmp_path / "plan.rtp", read_back)
    assert list(tmp_path.iterdir()) == []


def test_that_a_plan_out_of_reach_at_the_read_back_is_not_taken_for_a_full_disk(tmp_path):
    out = tmp_path / "plan.rtp"
    out.write_bytes(b"old")

    def read_back(_):
        raise OSError(5, "the drive is gone")

    with pytest.raises(TransferRefusedError, match="could not be read back: the drive is gone"):
        write(prepare(trial(), treatment()), out, read_back, overwrite=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [
        ("plan.rtp", b"old")
    ]


def test_that_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(TransferRefusedError, match="cannot be written"):
        write(prepare(trial(), treatment()), tmp_path / "none" / "plan.rtp", lambda _: [])
