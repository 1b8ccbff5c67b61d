"""How an export's records hang together, and in which scale its fields are counted."""

from decimal import Decimal

import pytest

from app.filter.field import Jaws
from app.filter.rtp_read import plan_of, read_plan
from app.filter.rtp_text import parse
from core.errors import ClinicFileError, RemedyError, UnreadableFileError
from tests.filter.rtp_samples import (
    export,
    extended,
    field,
    line,
    plan,
    point,
    prescription,
    setup,
    whole,
)

D = Decimal


def read(data, scale=None):
    return plan_of(parse(data, "export.rtp"), scale)


def only(data, scale=None):
    (found,) = read(data, scale).fields
    return found


def refused(data):
    with pytest.raises(RemedyError) as caught:
        read(data)
    return caught.value


NATIVE = {"scale_convention": "1", "mlc_type": "5"}
OUTWARDS = {"field_x": "9.5", "collimator_x1": "5.0", "field_y": "15.5", "collimator_y1": "7.5"}


@pytest.mark.req("R-04")
def test_that_a_native_varian_field_becomes_iec():
    points = [point(n, leaves=(("4.00", "-2.00"), ("3.00", "2.00")), **NATIVE) for n in (0, 1)]
    found = read(export(field(**OUTWARDS), *points))
    (one,) = found.fields
    assert one.jaws == Jaws(D(-50), D(45), D(-75), D(80))
    (layer,) = one.control_points[0].layers
    assert (layer.a_mm, layer.b_mm) == ((D(-30), D(-20)), (D(40), D(-20)))
    assert one.elements == (("mlc_a", "mlc_b"), ("mlc_b", "mlc_a"))
    assert one.isocentre is None
    assert "isocenter_position" in dict(one.unread)
    assert "varian_native" in found.notes[0]
    assert "collimator type" in found.notes[0]


def test_that_the_users_scale_holds_for_native_fields_only():
    data = export(field(), point(0, scale_convention="1", mlc_type="4"), head=None)
    assert dict(only(data).unread).keys() == {"collimator", "mlc", "isocenter_position"}
    assert only(data).jaws == Jaws()
    chosen = read(data, "elekta_native")
    assert chosen.fields[0].jaws == Jaws(D(75), D(80), D(50), D(45))
    assert "chosen by the user" in chosen.notes[0]
    assert read(whole(), "elekta_native") == read(whole())


def test_that_an_unknown_scale_name_is_refused():
    with pytest.raises(ClinicFileError) as caught:
        read(whole(), "siemens")
    assert "varian_native" in caught.value.remedy


def test_that_a_native_scale_whose_leaves_cross_is_not_believed():
    crossing = (("-4.00", "-2.00", "-3.00"), ("3.00", "1.00", "2.00"))
    found = only(export(field(**OUTWARDS), *(point(n, leaves=crossing, **NATIVE) for n in (0, 1))))
    assert "would cross" in dict(found.unread)["mlc"]
    assert found.jaws == Jaws()
    assert [one.layers for one in found.control_points] == [(), ()]
    assert "layers" not in found.control_points[0].stated


def test_that_an_open_field_takes_the_scale_of_its_machines_other_fields():
    native = [point(n, leaves=(("4.00",), ("3.00",)), **NATIVE) for n in (0, 1)]
    setup_field = field(field_id="2", **OUTWARDS)
    first, second = read(export(field(**OUTWARDS), *native, setup_field)).fields
    assert second.jaws == first.jaws == Jaws(D(-50), D(45), D(-75), D(80))
    elsewhere = field(field_id="2", treatment_machine="LINAC 2", **OUTWARDS)
    _, other = read(export(field(**OUTWARDS), *native, elsewhere)).fields
    assert other.jaws == Jaws()
    assert "choose" in dict(other.unread)["collimator"]


def test_that_half_the_width_counts_on_each_side_of_a_symmetric_field():
    sym = {"field_x_mode": "Sym", "field_x": "10.0", "collimator_x1": "3.0"}
    assert only(export(field(**sym))).jaws.x1_mm == -50
    assert only(export(field(**sym))).jaws.x2_mm == 50
    unsigned = sym | {"collimator_x1": "5.0", "collimator_x2": "5.0"}
    assert only(export(field(**unsigned), point(0, 1))).jaws.x1_mm == -50


def test_that_jaws_of_an_unspecified_mode_are_none():
    modes = {"field_x_mode": "Unspecified", "field_y_mode": "Unspecified"}
    assert only(export(field(**modes))).jaws == Jaws()


def test_that_an_open_field_of_an_rv_export_has_no_proven_isocentre():
    head = plan(protocol="IMPAC-OpenRTP") + prescription() + setup()
    found = only(export(field(), head=head))
    assert found.isocentre is None
    assert found.jaws.x1_mm == -50
    assert "isocenter_position" in dict(found.unread)


# Records


@pytest.mark.parametrize(
    ("changes", "setup_field"),
    [
        ({"treatment_type": "Setup"}, True),
        ({"treatment_type": "kV Setup"}, True),
        ({"treatment_type": "CT"}, True),
        ({"modality": "Unspecified"}, True),
        ({"treatment_type": "VMAT"}, False),
    ],
)
def test_that_imaging_fields_are_setup_fields(changes, setup_field):
    assert only(export(field(**changes))).setup is setup_field


def test_that_an_energy_of_zero_is_none():
    assert only(export(field(energy="0"))).energy is None


@pytest.mark.parametrize(("text", "fff"), [("", None), ("0", False), ("1", True)])
def test_that_the_flattening_filter_flag_is_read(text, fff):
    assert only(export(field(), extended(fff=text))).fff is fff


def test_that_a_static_field_with_its_leaves_in_the_older_record_has_one_point():
    banks = ["-1.00", "-2.00", *[""] * 48, "1.00", "2.00", *[""] * 48]
    found = only(export(field(), line("MLC_DEF", "1", "3", "2", *banks)))
    (single,) = found.control_points
    assert single.layers[0].a_mm == (D(-10), D(-20))
    assert (single.cumulative, single.jaws, single.gantry_deg) == (0, found.jaws, 315)


def older_record(kind, pairs, first_a="4.00"):
    banks = [first_a, "-2.00", *[""] * 48, "3.00", "2.00", *[""] * 48]
    return line("MLC_DEF", "1", kind, pairs, *banks)


def test_that_jaws_counted_outwards_make_the_older_record_native():
    (single,) = only(export(field(**OUTWARDS), older_record("5", "2"))).control_points
    assert single.jaws == Jaws(D(-50), D(45), D(-75), D(80))
    assert single.layers[0].b_mm == (D(40), D(-20))


def test_that_the_older_record_holds_at_most_fifty_pairs_and_all_of_them():
    assert "mlc_leaves" in refused(export(field(), older_record("3", "51"))).what
    assert "mlc_a3" in refused(export(field(), older_record("3", "3"))).what


def test_that_different_patient_positions_of_two_sites_are_noted():
    second = setup("NODES").replace(b'"HFS"', b'"HFP"')
    cells = second.strip()[1:-1].split(b'","')[:-1]
    found = read(export(line(*cells), field()))
    assert found.position == "HFS"
    assert found.notes == ("The sites have different patient positions: HFP, HFS.",)


def test_that_a_document_based_field_has_mu_only_when_its_meterset_is_in_mu():
    def of(units):
        cells = ["PDF_FIELD_DEF", "PELVIS", "Doc", "9", "", "", units, "150.000", "LINAC 1"]
        cells += ["Static", "Xrays", "6", *[""] * 36, "", "", ""]
        return only(export(line(*cells[:48], "1.2.3", "4", "Doc beam")))

    assert of("MU").mu == D("150.000")
    assert of("min").mu is None
    assert (of("MU").id, of("MU").energy) == ("9", 6)


def test_that_two_sites_keep_their_fields_and_isocentres():
    second = prescription("NODES") + setup("NODES", iso=("4.00", "5.00", "6.00"))
    data = export(field(), second, field(rx_site_name="NODES", field_id="2"))
    found = read(data)
    assert [rx.site for rx in found.prescriptions] == ["PELVIS", "NODES"]
    assert [(one.id, one.site, one.isocentre.x_mm) for one in found.fields] == [
        ("1", "PELVIS", D("12.5")), ("2", "NODES", D(40)),
    ]  # fmt: skip


def test_that_records_nobody_reads_are_named_as_gaps():
    rows = [line("NEW_DEF", str(n)) for n in range(7)]
    assert read(export(*rows)).gaps == (
        ("new_def", "line 4, 5, 6, 7, 8 and more: values of this record are not read"),
    )


def test_that_a_control_point_of_another_field_is_refused():
    fault = refused(export(field(), point(0, field_id="2")))
    assert fault.where == "export.rtp, line 5, CONTROL_PT_DEF"
    assert "'2'" in fault.what
    assert "'1'" in fault.what


def test_that_a_control_point_before_any_field_is_refused():
    assert "no field" in refused(export(point(0))).what


def test_that_a_file_without_plan_def_first_is_refused():
    fault = refused(prescription() + plan())
    assert isinstance(fault, UnreadableFileError)
    assert "PLAN_DEF" in fault.what


def test_that_a_second_patient_in_one_file_is_refused():
    assert "second PLAN_DEF" in refused(whole() + plan()).what


def test_that_a_record_that_is_too_short_is_refused():
    fault = refused(export(line("CONTROL_PT_DEF", "1", "11", "60")))
    assert "5 values" in fault.what
    assert fault.where.endswith("line 4, CONTROL_PT_DEF")


def test_that_a_longer_record_of_a_later_version_is_read():
    longer = export(line(*[c.strip('"') for c in extended().decode().strip().split(",")[:-1]],
                         "new", "newer", "newest"), head=plan() + field())  # fmt: skip
    assert only(longer).source_name == "7 RAO"


def test_that_a_file_is_read_from_disk(tmp_path):
    path = tmp_path / "export.rtp"
    path.write_bytes(whole())
    assert read_plan(path) == read(whole())
