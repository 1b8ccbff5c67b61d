"""Plans as tables of text: numbers as in the file, a dash for what it does not tell."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from core.dicom import plan_tables as tables
from core.dicom.files import find_sources, read_header
from core.dicom.plan import ControlPoint, FractionGroup, LeafBank
from core.dicom.plan_read import read_plan
from core.dicom.point_tables import open_gaps_mm
from core.dicom.rt_set import read_rt_sets
from core.dicom.text_table import NONE, fixed, iso_date
from core.errors import RemedyError
from tests.core import dicom_maker as maker

FOLDERS = ("plans_mixed", "brain_srs_raystation", "hn_proknow", "phantom_oncentra")
VMAT = "plans_mixed/pps/VMAT_PLAN_WITH_SETUP_FIELDS.dcm"
WEDGES = "plans_mixed/koala/YellowLvlIII_2a.dcm"
IMRT = "plans_mixed/pps/IMRT_10F.dcm"
HALCYON = "plans_mixed/pps/halcyon"
BRACHY = "phantom_oncentra/single_brachy_plan/brachy_plan.dcm"
BAD = "bad_inputs/generated"


def plans_under(folder):
    for source in find_sources([folder]):
        try:
            item = read_header(source)
            if item is not None and item.modality == "RTPLAN":
                yield read_plan(item)
        except RemedyError:
            continue


def plan_of(path):
    (plan,) = plans_under(path)
    return plan


def tables_of(plan):
    yield tables.prescription_table(plan)
    yield tables.fraction_table(plan)
    yield tables.beam_table(plan)
    for beam in plan.beams:
        yield tables.control_point_table(beam)
        for index in (-1, 0, len(beam.points) - 1, len(beam.points)):
            yield tables.leaf_table(beam, index)


def column(table, title):
    at = table.columns.index(title)
    return [row[at] for row in table.rows]


def assert_well_formed(table):
    assert len(table.numeric) == len(table.columns)
    for row in table.rows:
        assert len(row) == len(table.columns)
        assert all(isinstance(cell, str) and cell for cell in row)
        numbers = [cell for cell, number in zip(row, table.numeric, strict=True) if number]
        assert not {"None", "nan", "inf", "[]"} & set(numbers)


@pytest.mark.parametrize("folder", FOLDERS)
def test_that_every_real_plan_makes_every_table(shared_data, folder):
    plans = list(plans_under(shared_data / "dicom" / folder))
    assert plans
    for plan in plans:
        for table in tables_of(plan):
            assert_well_formed(table)


@pytest.mark.parametrize("folder", [*FOLDERS, BAD])
def test_that_every_real_set_makes_a_table_of_references(shared_data, folder):
    for own in read_rt_sets([shared_data / "dicom" / folder]):
        assert_well_formed(tables.reference_table(own))


def test_that_broken_plans_make_tables_all_the_same(shared_data):
    plans = list(plans_under(shared_data / "dicom" / BAD))
    assert len(plans) >= 10
    for plan in plans:
        for table in tables_of(plan):
            assert_well_formed(table)


@pytest.mark.parametrize("name", [VMAT, WEDGES, IMRT])
def test_that_the_beam_table_tells_what_the_file_tells(shared_data, name):
    path = shared_data / "dicom" / name
    data = pydicom.dcmread(path, force=True)
    table = tables.beam_table(plan_of(path))
    told = {int(one.ReferencedBeamNumber): one for one in
            data.FractionGroupSequence[0].ReferencedBeamSequence}  # fmt: skip
    assert len(table.rows) == len(data.BeamSequence)
    for row, beam in zip(table.rows, data.BeamSequence, strict=True):
        cells = dict(zip(table.columns, row, strict=True))
        first = beam.ControlPointSequence[0]
        assert cells["No."] == str(beam.BeamNumber)
        assert cells["Name"] == beam.BeamName
        assert cells["Delivery"] == beam.TreatmentDeliveryType
        assert cells["Machine"] == beam.TreatmentMachineName
        assert cells["Gantry (°)"].startswith(f"{float(first.GantryAngle):.1f}")
        assert cells["Control points"] == str(len(beam.ControlPointSequence))
        assert float(cells["Energy (MV, MeV)"]) == float(first.NominalBeamEnergy)
        meterset = told[beam.BeamNumber].get("BeamMeterset")
        assert cells["MU"] == (NONE if meterset is None else f"{float(meterset):.2f}")
        for device in first.BeamLimitingDevicePositionSequence:
            axis = device.RTBeamLimitingDeviceType.removeprefix("ASYM")
            if axis in ("X", "Y"):
                low, high = map(float, device.LeafJawPositions)
                assert cells[f"Jaw {axis}1 (mm)"] == f"{low:.1f}"
                assert cells[f"Jaw {axis}2 (mm)"] == f"{high:.1f}"


def test_that_an_arc_tells_where_it_goes_and_which_way_round(shared_data):
    table = tables.beam_table(plan_of(shared_data / "dicom" / VMAT))
    assert column(table, "Gantry (°)")[:3] == ["181.0 → 179.0 CW", "179.0 → 181.0 CCW", "0.0"]
    assert column(table, "MU") == ["251.05", "252.53", NONE, NONE, NONE]
    assert "2 fractions: sum over treatment beams: 503.58 MU" in table.notes[0]


def test_that_the_wedge_of_a_beam_is_named(shared_data):
    plan = plan_of(shared_data / "dicom" / WEDGES)
    table = tables.beam_table(plan)
    assert column(table, "Wedges") == ["Y1-IN 30 dynamic 30 deg", NONE, "Y2-OUT 30 dynamic 30 deg"]
    assert column(tables.control_point_table(plan.beams[0]), "Wedge") == ["1 IN", "1 IN"]


@pytest.mark.parametrize("name", [VMAT, IMRT, "plans_mixed/pmp", HALCYON])
def test_that_the_last_control_point_is_reached_at_the_mu_of_the_beam(shared_data, name):
    for plan in plans_under(shared_data / "dicom" / name):
        for beam in plan.beams:
            table = tables.control_point_table(beam)
            assert column(table, "Cumulative (MU)")[-1] == fixed(beam.meterset_mu, 2)
            steps = [float(one) for one in column(table, "Step (MU)") if one != NONE]
            if beam.meterset_mu is not None:
                assert len(steps) == len(beam.points) - 1
                assert sum(steps) == pytest.approx(beam.meterset_mu, abs=0.005 * len(beam.points))


def test_that_control_points_and_leaves_are_those_of_the_file(shared_data):
    path = shared_data / "dicom" / VMAT
    beam, truth = plan_of(path).beams[0], pydicom.dcmread(path).BeamSequence[0]
    table = tables.control_point_table(beam)
    gantry = [f"{float(one.GantryAngle):.1f}" for one in truth.ControlPointSequence]
    assert column(table, "Gantry (°)") == gantry
    for index in (0, 17, 177):
        devices = truth.ControlPointSequence[index].BeamLimitingDevicePositionSequence
        (mlc,) = [one for one in devices if one.RTBeamLimitingDeviceType == "MLCX"]
        positions = [float(one) for one in mlc.LeafJawPositions]
        leaves = tables.leaf_table(beam, index)
        assert column(leaves, "Leaf X1 (mm)") == [fixed(one, 2) for one in positions[:60]]
        assert column(leaves, "Leaf X2 (mm)") == [fixed(one, 2) for one in positions[60:]]
        assert leaves.rows[0][:3] == ("1", "-200.00", "-190.00")


def test_that_a_double_layer_collimator_is_told_layer_by_layer(shared_data):
    (plan,) = plans_under(shared_data / "dicom" / HALCYON)
    points = tables.control_point_table(plan.beams[0])
    assert points.rows[0][points.columns.index("Open pairs")] == "14 / 15"
    leaves = tables.leaf_table(plan.beams[0], 0)
    assert len(leaves.rows) == 28 + 29
    assert {row[0] for row in leaves.rows} == {"MLCX1", "MLCX2"}


def test_that_brachytherapy_is_said_not_to_be_shown(shared_data):
    plan = plan_of(shared_data / "dicom" / BRACHY)
    table = tables.beam_table(plan)
    assert not table.rows
    assert "Brachytherapy plan (1 application setup)" in table.notes[0]
    assert "Ion plan" in tables.beam_table(replace(plan, is_ion=True, brachy_setups=0)).notes[0]


def bad_plan(shared_data, name):
    return plan_of(shared_data / "dicom" / BAD / f"rp_{name}.dcm")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("duplicate_beam_number", "beam 1 is there more than once"),
        ("dangling_beam", "beam 99 is not in the plan"),
    ],
)
def test_that_a_doubtful_sum_of_mu_is_not_told(shared_data, name, reason):
    plan = bad_plan(shared_data, name)
    assert column(tables.fraction_table(plan), "MU per fraction") == [NONE]
    notes = " ".join(tables.beam_table(plan).notes)
    assert reason in notes
    assert f"treatment beams: {NONE}" in notes


def test_that_a_beam_in_two_groups_has_no_sum_in_the_second(shared_data):
    plan = plan_of(shared_data / "dicom" / VMAT)
    group = FractionGroup(1, 5, (1,))
    twice = replace(plan, groups=(group, group))
    assert column(tables.fraction_table(twice), "MU per fraction") == ["251.05", NONE]


def test_that_a_beam_outside_every_group_is_named(shared_data):
    notes = tables.beam_table(bad_plan(shared_data, "dangling_beam")).notes
    assert "In no fraction group: 1." in notes
    none = tables.beam_table(bad_plan(shared_data, "no_fraction_group"))
    assert set(column(none, "MU")) == {NONE}
    assert "The plan tells no fraction group, hence no MU." in none.notes


def test_that_weights_that_miss_the_mu_are_told(shared_data):
    beam = bad_plan(shared_data, "cmw_mismatch").beams[0]
    notes = tables.control_point_table(beam).notes
    assert "The last control point is reached at 50.00 MU, the beam has 100.00 MU." in notes


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("gantry_empty", "Gantry (°)"),
        ("no_isocentre", "Isocentre x (mm)"),
        ("no_control_points", "Gantry (°)"),
        ("no_control_points", "Jaw X1 (mm)"),
        ("no_fraction_group", "MU"),
    ],
)
def test_that_what_is_missing_is_a_dash_never_zero(shared_data, name, title):
    assert column(tables.beam_table(bad_plan(shared_data, name)), title)[0] == NONE


def test_that_a_beam_without_control_points_says_so(shared_data):
    beam = bad_plan(shared_data, "no_control_points").beams[0]
    assert tables.control_point_table(beam).notes == ("The beam has no control points.",)
    assert tables.leaf_table(beam, 0).notes == ("No control point.",)


def point(leaves, jaws):
    arrays = {kind: np.array(values, dtype=float) for kind, values in jaws.items()}
    mlc = {"MLCX": np.array(leaves, dtype=float)}
    return ControlPoint(
        0, None, 0.0, "NONE", 0.0, 0.0, 6.0, None, None, arrays, mlc, {}, (None, None, None)
    )


BANK = LeafBank("MLCX", np.array([-20.0, -10.0, 0.0, 10.0, 20.0]))


@pytest.mark.parametrize(
    ("leaves", "jaws", "gaps"),
    [
        ([-5, -5, -5, -5, 5, 5, 5, 5], {}, [10, 10, 10, 10]),
        ([-5, 0, -1, -5, 5, 0, 2, 5], {}, [10, 3, 10]),
        ([-5, -5, -5, -5, 5, 5, 5, 5], {"ASYMY": [-10, 5]}, [10, 10]),
        ([-90, -5, -5, -90, -60, 5, 5, -60], {"ASYMX": [-50, 50]}, [10, 10]),
        ([-5, -5, 5, 5], {}, None),
    ],
)
def test_that_open_pairs_are_those_the_beam_shines_through(leaves, jaws, gaps):
    found = open_gaps_mm(BANK, point(leaves, jaws))
    assert (None if found is None else list(found)) == gaps


def test_that_structures_are_named_where_their_names_are_known(shared_data):
    (own,) = read_rt_sets([shared_data / "dicom" / "breast_dicompyler"])
    plan = own.plans[0]
    number = plan.prescriptions[0].structure_number
    if number is not None:
        named = tables.prescription_table(plan, {number: "PTV"})
        assert f"{number} PTV" in column(named, "Structure")
    assert column(tables.prescription_table(plan), "Prescribed dose (Gy)")[0] == "14.000"


def references(tmp_path, toy):
    (own,) = read_rt_sets([toy.write(tmp_path)])
    table = tables.reference_table(own)
    assert_well_formed(table)
    return table


def test_that_a_whole_set_refers_to_nothing_that_is_missing(tmp_path):
    table = references(tmp_path, maker.clean_set())
    kinds = set(column(table, "Object"))
    assert {"structures", "plan", "dose"} <= kinds
    assert set(column(table, "Is it here?")) == {tables.HERE, NONE}


def test_that_a_missing_object_is_named_where_it_is_asked_for(tmp_path):
    toy = maker.clean_set()
    toy.structures = None
    toy.images.pop()
    table = references(tmp_path, toy)
    at = dict(zip(column(table, "Object"), column(table, "Is it here?"), strict=True))
    assert at["plan"] == tables.NOT_HERE
    assert "not here" in table.notes[-1]


def test_that_missing_slices_are_counted(tmp_path):
    toy = maker.clean_set()
    toy.images.pop()
    states = column(references(tmp_path, toy), "Is it here?")
    assert any(one.startswith("1 of ") and one.endswith("not here") for one in states)


def test_that_a_table_can_be_copied_with_tabs():
    table = tables.Table("T", ("A", "B"), (("1", "x\ty"), ("2", "z")), (True, False), ())
    assert table.to_tsv() == "A\tB\n1\tx y\n2\tz"
    assert table.to_tsv([1]) == "A\tB\n2\tz"


def test_that_numbers_and_dates_are_written_the_same_everywhere():
    assert fixed(-0.001, 1) == "0.0"
    assert fixed(None, 1) == fixed(float("nan"), 1) == NONE
    assert iso_date("20180304") == "2018-03-04"
    assert iso_date("") == NONE
    assert iso_date("4 March") == "4 March"


def test_that_slices_kept_in_another_series_are_not_called_missing(tmp_path):
    toy = maker.clean_set()
    for image in toy.images:
        image.SeriesInstanceUID = f"{image.SeriesInstanceUID}.5"
    table = references(tmp_path, toy)
    assert tables.OTHER_SERIES in column(table, "Is it here?")
    assert not any("not here" in note for note in table.notes)
