"""Values become columns, columns lines, lines a file: numbers as on paper, a checksum on each."""

import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lex.rtp_columns import LAYOUTS, RECORDS, has_record, layout
from app.lex.rtp_write import Row, _plain, angle, checksum, jaw, rounded, write_records
from app.lex.rv_systems import read_rv_system, rv_system_ids
from core.errors import ClinicFileError
from core.findings import State

MOSAIQ, LANTIS = read_rv_system("mosaiq_2.6"), read_rv_system("lantis")
# Values of a record with keyword and checksum, by layout (lengths by version, LED17001 and files).
LENGTHS = {
    "PLAN_DEF": (28, 28, 28, 28, 28),
    "EXTENDED_PLAN_DEF": (None, None, 4, 4, 4),
    "RX_DEF": (13, 13, 13, 13, 13),
    "SITE_SETUP_DEF": (16, 16, 16, 19, 19),
    "FIELD_DEF": (49, 49, 49, 49, 52),
    "EXTENDED_FIELD_DEF": (6, 10, 10, 10, 10),
    "CONTROL_PT_DEF": (233, 233, 233, 233, 236),
    "DOSE_DEF": (26, 26, 26, 26, 26),
}


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(data.decode("cp1252").splitlines()))


def one(record: str, values: dict[str, object], system=MOSAIQ):
    written = write_records([Row(record, values)], system)
    columns = [column.name for column in layout(record, system.layout)]
    [line] = cells(written.data)
    return dict(zip(columns, line, strict=False)), written.findings


@pytest.mark.req("L-24")
def test_that_the_checksum_is_that_of_a_line_of_a_real_file():
    assert checksum(b'"RX_DEF","2","test PRO","","Xrays","","","","","","","2",') == 59963


@pytest.mark.req("L-24")
def test_that_the_checksum_is_that_of_every_line_of_every_real_file(shared_data):
    counted = 0
    for file in sorted((shared_data / "rtp").glob("*.rtp")):
        if file.name.startswith("invalid"):
            continue
        for line in file.read_bytes().splitlines():
            if b'","' not in line:
                continue
            body, _, value = line.rpartition(b",")
            assert checksum(body + b",") == int(value.strip(b'" ')), (file.name, line[:60])
            counted += 1
    assert counted >= 490


@given(st.binary(max_size=5000))
def test_that_remainders_add_up_to_the_division_bit_by_bit(data):
    register = 0x0521
    for byte in data:
        for bit in range(8):
            wanted = (register ^ (byte >> bit)) & 1
            register = register >> 1 ^ (0xA001 if wanted else 0)
    assert checksum(data) == register


@given(
    st.one_of(
        st.floats(-1e12, 1e12), st.floats(-30, 30), st.integers(-60_000, 60_000).map(
            lambda n: n / 2000), st.integers(-(10**9), 10**9), st.just(-0.0)), st.integers(0, 6),
)  # fmt: skip
def test_that_the_quick_way_to_round_is_the_way_on_paper(value, decimals):
    wanted = f"{rounded(value, decimals):f}" if abs(value) < 1e9 else "inf"
    assert _plain(value, decimals) == wanted


@pytest.mark.parametrize("record", list(LENGTHS))
def test_that_each_record_has_the_length_its_layout_asks_for(record):
    found = tuple(
        len(layout(record, name)) + 1 if has_record(record, name) else None for name in LAYOUTS
    )
    assert found == LENGTHS[record]
    assert set(LENGTHS) == set(RECORDS)


def test_that_the_columns_stand_where_the_format_has_them(shared_formats):
    table = list(csv.DictReader((shared_formats / "rtp-connect-records.csv").open()))
    for record in RECORDS:
        wanted = [
            row["field"].lower().replace("mlc_lp_", "mlc_") for row in table
            if row["record"] == record and "2.65" not in row["since_version"]
            and "2.81" not in row["since_version"]
        ]  # fmt: skip
        names = [column.name for column in layout(record, "mosaiq_2.64")]
        assert [*names, "crc"] == wanted, record


def test_that_a_column_allows_no_longer_text_than_the_format(shared_formats):
    table = list(csv.DictReader((shared_formats / "rtp-connect-records.csv").open()))
    sizes = {
        (row["record"], row["field"].lower()): int(row["type"][2:].split(")")[0])
        for row in table if row["type"].startswith("S(")
    }  # fmt: skip
    for record in RECORDS:
        for column in layout(record, "mosaiq_2.64"):
            if (record, column.name) in sizes:
                assert column.size == sizes[record, column.name], (record, column.name)


def test_that_an_unknown_layout_is_refused():
    with pytest.raises(ClinicFileError, match="mosaiq_9"):
        layout("RX_DEF", "mosaiq_9")


def test_that_every_rv_system_that_ships_can_be_read():
    assert set(LAYOUTS) == {read_rv_system(name).layout for name in rv_system_ids()}


def test_that_an_unknown_rv_system_is_refused_with_the_nearest_name():
    with pytest.raises(ClinicFileError, match=r"mosaiq_2\.6"):
        read_rv_system("mosaik_2.6")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(2.675, 2, "2.68"), (0.125, 2, "0.13"), (-0.125, 2, "-0.13"), (-0.001, 2, "0.00"),
     (1e-7, 6, "0.000000"), (12345678.0, 2, "12345678.00"), (5.0, 0, "5")],
)  # fmt: skip
def test_that_a_number_is_rounded_as_on_paper(value, decimals, text):
    assert f"{rounded(value, decimals):f}" == text


@pytest.mark.parametrize(
    ("value_deg", "text"),
    [(0.0, "0.0"), (359.97, "0.0"), (359.94, "359.9"), (-10.0, "350.0"), (360.0, "0.0"),
     (-0.04, "0.0"), (725.25, "5.3"), (-1e-9, "0.0")],
)  # fmt: skip
def test_that_an_angle_lies_within_one_turn(value_deg, text):
    assert f"{angle(value_deg):f}" == text


@pytest.mark.parametrize(
    ("value_cm", "fine", "coarse"),
    [(10.5, "10.5", "10.5"), (-3.25, "-3.25", "-3.3"), (0.1 + 0.2, "0.3", "0.3"),
     (-0.0, "0.0", "0.0"), (4.30000001, "4.3", "4.3")],
)  # fmt: skip
def test_that_a_jaw_has_as_many_decimals_as_the_plan_needs(value_cm, fine, coarse):
    assert (f"{jaw(value_cm, 2):f}", f"{jaw(value_cm, 1):f}") == (fine, coarse)


@given(st.floats(-20, 20))
def test_that_a_leaf_is_written_within_half_a_hundredth_and_without_exponent(value_cm):
    values, findings = one("CONTROL_PT_DEF", {"mlc_a17": value_cm})
    assert findings == ()
    assert set(values["mlc_a17"]) <= set("-.0123456789")
    assert abs(Decimal(values["mlc_a17"]) - Decimal(repr(value_cm))) <= Decimal("0.005")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_that_any_number_is_written_within_its_range_or_an_error(value):
    values, findings = one("FIELD_DEF", {"field_monitor_units": value, "gantry_angle": value})
    wrong = {finding.item for finding in findings if finding.state == State.ERROR}
    assert all(set(text) <= set("-.0123456789") for text in values.values() if text != "FIELD_DEF")
    assert ("field_monitor_units" in wrong) == (not -0.005 < value <= 9999.994999)
    if "gantry_angle" not in wrong:
        assert 0 <= Decimal(values["gantry_angle"]) <= Decimal("359.9")


@given(st.text())
def test_that_any_text_leaves_the_count_of_values_alone(text):
    written = write_records([Row("PLAN_DEF", {"patient_last_name": text})], MOSAIQ)
    assert written.data.count(b"\r\n") == 1
    assert written.data.endswith(b'"\r\n')
    assert len(written.data.split(b'","')) == 28
    body, _, value = written.data.rstrip(b"\r\n").rpartition(b",")
    assert checksum(body + b",") == int(value.strip(b'"'))


def test_that_a_quote_becomes_an_apostrophe_and_a_comma_stays():
    values, findings = one("RX_DEF", {"technique": 'a "b", c'})
    assert (values["technique"], findings) == ("a 'b', c", ())


def test_that_a_line_break_in_a_text_does_not_break_the_line():
    values, _ = one("FIELD_DEF", {"field_note": "one\r\ntwo"})
    assert values["field_note"] == "one  two"


def test_that_a_long_text_is_cut_with_a_warning_that_names_both():
    values, [finding] = one("FIELD_DEF", {"field_name": "x" * 21})
    assert values["field_name"] == "x" * 20
    assert (finding.state, finding.item) == (State.WARNING, "field_name")
    assert (finding.expected, finding.found) == ("x" * 21, "x" * 20)


def test_that_a_text_that_identifies_is_never_cut():
    _, [finding] = one("PLAN_DEF", {"patient_id": "9" * 21})
    assert (finding.state, finding.item) == (State.ERROR, "patient_id")


def test_that_a_character_the_target_cannot_hold_is_an_error_that_names_it():
    _, [finding] = one("PLAN_DEF", {"patient_last_name": "Łoś"})
    assert finding.state == State.ERROR
    assert "Ł" in finding.message


def test_that_western_letters_are_written_in_cp1252():
    assert b"\xd8" in write_records([Row("FIELD_DEF", {"field_name": "HØYRE"})], MOSAIQ).data


def test_that_a_whole_number_column_warns_when_it_rounds_and_an_energy_is_refused():
    values, [finding] = one("RX_DEF", {"dose_tx": 180.5})
    assert (values["dose_tx"], finding.state) == ("181", State.WARNING)
    assert (finding.expected, finding.found) == ("180.5", "181")
    _, [finding] = one("FIELD_DEF", {"energy": 2.5})
    assert (finding.state, finding.item) == (State.ERROR, "energy")


def test_that_a_fine_jaw_is_warned_of_where_the_target_takes_millimetres():
    assert one("FIELD_DEF", {"collimator_x1": -3.25})[1] == ()
    values, [finding] = one("FIELD_DEF", {"collimator_x1": -3.25}, LANTIS)
    assert (values["collimator_x1"], finding.state) == ("-3.3", State.WARNING)


def test_that_absent_is_empty_and_zero_is_zero():
    values, _ = one("RX_DEF", {"rx_depth": None, "dose_ttl": 10.0})
    assert values["rx_depth"] == ""
    values, _ = one("SITE_SETUP_DEF", {"couch_vertical": 0.0, "tolerance_table": 0})
    assert (values["couch_vertical"], values["tolerance_table"]) == ("0.0", "0")


def test_that_a_value_no_column_takes_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="isocenter_position_x"):
        write_records([Row("FIELD_DEF", {"isocenter_position_x": 1.0})], MOSAIQ)
