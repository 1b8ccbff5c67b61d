"""Real public Pinnacle plans against the table that was worked out independently of the reader."""

import csv
import shutil
from decimal import Decimal
from hashlib import sha256

import pytest

from app.filter.field import Point
from app.filter.plan_trial import read_pinnacle_plan
from tests.filter.plan_samples_pinnacle import block, machine_text, values, write_pinnacle

D = Decimal


def derived(shared_data):
    with (shared_data / "pinnacle" / "derived.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.req("R-04", "R-31")
def test_that_real_beams_agree_with_the_independent_table(shared_data):
    rows = derived(shared_data)
    for row in rows:
        plan = read_pinnacle_plan(shared_data / "pinnacle" / row["sample"], row["trial"])
        field = next(field for field in plan.fields if field.name == row["beam"])
        assert field.id == row["field_id"]
        assert field.modality == {"Photons": "Xrays", "Electrons": "Elect"}[row["modality"]]
        assert f"{field.energy}{'X' if field.modality == 'Xrays' else 'e'}" == row["energy"]
        assert row["machine"].startswith(field.machine)
        assert field.gantry_deg == D(row["gantry"])
        assert field.couch_deg == D(row["couch_iec360minus"])
        assert field.collimator_deg == D(row["coll"])
        jaws = field.jaws
        outward = (-jaws.x1_mm, jaws.x2_mm, jaws.y2_mm, -jaws.y1_mm)
        assert outward == tuple(10 * D(row[side]) for side in ("left", "right", "top", "bottom"))
        assert field.ssd_mm == 10 * D(row["ssd_cm"])
        assert field.site == row["rx"]
        assert field.dose_cgy == D(row["beam_dose_cGy_per_fx"])
        assert plan.prescriptions[0].fractions == int(row["fractions"])
        names = field.applicators[0].names if field.applicators else ("None",)
        assert row["applicator"] in names
        same_mu(field, row)


def same_mu(field, row):
    """The table has the MU unrounded; the field those rounded to its machine's decimals."""
    places = -field.mu.as_tuple().exponent
    assert places == (0 if row["sample"].startswith("institution") else 3)
    assert field.mu == round(D(row["MU_from_dose"]), places)
    assert float(field.mu) == pytest.approx(float(row["MU_formula"]), rel=2e-5)
    weights = [D(weight) for weight in row["cp_weights"].split()]
    assert len(field.control_points) == 2 * len(weights) == 2 * int(row["n_cp"])
    shares = [point.cumulative for point in field.control_points]
    assert [b - a for a, b in zip(shares[::2], shares[1::2], strict=True)] == weights


def test_that_reading_leaves_real_plans_unchanged_and_finds_their_people(shared_data):
    for place, person in (
        ("patient_6204/Plan_1", "00003030"),
        ("institution_01/Institution_1/Mount_0/Patient_1/Plan_0", "000000"),
    ):
        folder = shared_data / "pinnacle" / place
        files = [file for file in folder.parent.rglob("*") if file.is_file()]
        before = [sha256(file.read_bytes()).hexdigest() for file in files]
        plan = read_pinnacle_plan(folder)
        assert plan.patient.id == person
        assert plan.position == "HFS"
        assert before == [sha256(file.read_bytes()).hexdigest() for file in files]


def test_that_real_frames_decide_on_the_isocentre(shared_data):
    root = shared_data / "pinnacle"
    new = read_pinnacle_plan(root / "institution_01/Institution_1/Mount_0/Patient_1/Plan_0")
    assert new.fields[0].isocentre == Point(D("-12.0199"), D("-18.9459"), D("-20"))
    old = read_pinnacle_plan(root / "patient_6204/Plan_0")
    assert old.fields[0].isocentre is None
    assert [item for item, _ in old.gaps] == ["isocenter_position"]


def test_that_the_last_leaf_row_of_a_real_file_is_the_first_leaf(shared_data):
    """Read off the file by eye: rows 14 (4.2,8.2) to 48 (2.6,8.2) of 60 are open."""
    plan = read_pinnacle_plan(shared_data / "pinnacle" / "patient_6204" / "Plan_0")
    (layer,) = plan.fields[0].control_points[0].layers
    opened = [k for k, (a, b) in enumerate(zip(layer.a_mm, layer.b_mm, strict=True)) if b > a]
    assert (opened[0], opened[-1], len(layer.a_mm)) == (12, 46, 60)
    assert (layer.a_mm[12], layer.b_mm[12], layer.a_mm[46]) == (-26, 82, -42)


def test_that_the_hand_made_trial_gives_its_stated_mu_by_the_factors(tmp_path, shared_formats):
    folder = write_pinnacle(
        tmp_path,
        "Trial ={\n};",
        machine=machine_text(decimals=2, rows=(-4, -2, 0, 2, 4), name="DemoLinac"),
        doses=(),
    )
    shutil.copy(shared_formats / "plan-trial-example.txt", folder / "plan.Trial")
    points = "".join(
        block("Poi", values(Name=name, XCoord=0, YCoord=0, ZCoord=0))
        for name in ("iso", "e iso", "e calc")
    )
    (folder / "plan.Points").write_text(points, encoding="latin-1")
    fields = {field.id: field for field in read_pinnacle_plan(folder).fields}
    # The stored output factor of the wedged beam is that of the open field: no MU without a dose.
    stated = {"01": None, "02": D("90.42"), "03": D("108.77"), "04": D("236.28")}
    assert {name: field.mu for name, field in fields.items()} == stated
    assert fields["01"].wedges[0].names == ("30LEFT", "30 Degree")
    assert fields["02"].blocks[0].names == ("T1", "BeamModifier_1")
    assert fields["04"].applicators[0].names == ("A10", "10x10 cone")
    assert fields["04"].cutouts[0].names == ("BeamModifier_1",)
    assert fields["04"].couch_deg == 10
    segments = [float(point.cumulative) for point in fields["03"].control_points]
    assert segments == pytest.approx([0, 0.7, 0.7, 1])
