"""Pinnacle's own files lie where they belong: analytic truth, the demonstration, real patients."""

import csv

import numpy as np
import pytest

from app.viewer.pinnacle_set import read_one_plan, read_patient
from app.viewer.pinnacle_text import read_file
from app.viewer.sources import read_sets
from core.dicom.certificate import certify
from core.dicom.pixels import read_volume
from core.dicom.structure_dvh import structure_dvhs
from core.dicom.structures import by_name
from core.dose.dvh_values import mean_gy, volume_cc
from core.dose.sample import at_points
from core.findings import State
from tests.viewer.pinnacle_maker import (
    CORNERS_MM,
    FRAME,
    HEIGHTS_MM,
    ISO_MM,
    NATIVE_CM,
    gray,
    stored,
    write_dicom_slices,
    write_patient,
)

POSITIONS = tuple(NATIVE_CM)


def dvhs(own):
    return structure_dvhs(own.structure_sets[0], own.doses[0], 3.0)


INNER_MM = np.array([[0.0, 0.0, 0.0], [10.0, -12.0, 10.0], [-8.0, 16.0, -10.0]])


@pytest.fixture(scope="module", params=POSITIONS)
def placed(request, tmp_path_factory):
    folder = write_patient(tmp_path_factory.mktemp("p") / "Patient_1", request.param)
    return read_patient(folder)


@pytest.mark.req("Y-10")
def test_that_images_show_the_value_of_each_place(placed):
    (series,) = placed.series
    volume = read_volume(series)
    slices, rows, columns = series.geometry.shape
    index = [(c, r, s) for s in range(slices) for r in range(rows) for c in range(columns)]
    places = series.geometry.points_mm(index)
    wanted = stored(*places.T) - 1000
    assert volume.values.reshape(-1).tolist() == wanted.tolist()
    assert series.frame_uid == FRAME
    assert series.unit == ""


def test_that_structures_and_points_lie_where_they_were_drawn(placed):
    (structures,) = placed.structure_sets
    box = by_name(structures.structures, "box")
    drawn = {(*map(float, p),) for one in box.contours for p in one.points_mm.round(6)}
    assert drawn == {(x, y, z) for x, y in CORNERS_MM for z in HEIGHTS_MM}
    assert box.colour == (135, 206, 235)
    assert all(contour.is_closed and contour.image_uid for contour in box.contours)
    iso = by_name(structures.structures, "iso")
    assert iso.is_point
    assert iso.contours[0].points_mm[0] == pytest.approx(ISO_MM)


def test_that_the_dose_is_that_of_each_place(placed):
    (dose,) = placed.doses
    assert at_points(dose.grid, INNER_MM) == pytest.approx(gray(*INNER_MM.T), rel=1e-5)
    places = dose.grid.geometry.points_mm([[0, 0, 0], [19, 17, 7], [3, 5, 2]])
    assert at_points(dose.grid, places) == pytest.approx(gray(*places.T), rel=1e-5)
    assert dose.units == "GY"
    assert placed.plan_of(dose) is placed.plans[0]


def test_that_the_certificate_finds_all_in_place(placed):
    answers = {one.id: one for one in certify(placed).assertions}
    for name in ("FRAME", "ON-SLICE", "IN-IMAGE", "ISOCENTRE", "COVER", "REFERENCES", "FILES"):
        assert answers[f"V-CER-{name}"].state in (State.PASS, State.INFO), answers[f"V-CER-{name}"]
    words = " ".join(answers["V-CER-STRUCTURES"].details)
    certain = placed.series[0].patient_position == "HFS"
    assert ("compare one point" in words) != certain
    assert "24 HU" in " ".join(answers["V-CER-SLICES"].details)


def test_that_a_plan_of_before_version_9_has_a_frame_of_its_own(tmp_path):
    own = read_patient(write_patient(tmp_path / "Patient_1", old=True))
    frames = {own.series[0].frame_uid, own.doses[0].grid.frame_uid, own.plans[0].frame_uid}
    assert len(frames | own.structure_sets[0].frame_uids) == 1
    assert FRAME not in frames
    assert not {item.sop_uid for item in own.series[0].items} & {"1.2.3.2.1", "1.2.3.2.2"}
    assert any("own start" in odd.message for odd in own.structure_sets[0].oddities)
    states = {one.id: one.state for one in certify(own).assertions}
    assert {states[f"V-CER-{name}"] for name in ("ON-SLICE", "IN-IMAGE", "ISOCENTRE")} == {"pass"}


SHIFT_MM = (0.0, -1009.5, 0.0)


@pytest.mark.parametrize("old", [False, True])
def test_that_original_dicom_slices_give_hu_and_the_frame_of_the_plan(tmp_path, old):
    shift = SHIFT_MM if old else (0.0, 0.0, 0.0)
    folder = write_patient(tmp_path / "Patient_1", old=old)
    write_dicom_slices(folder, shift)
    own = read_patient(folder)
    (series,) = own.series
    assert (series.unit, series.frame_uid) == ("HU", FRAME)
    assert own.plans[0].frame_uid == own.doses[0].grid.frame_uid == FRAME
    moved = INNER_MM + shift
    assert at_points(own.doses[0].grid, moved) == pytest.approx(gray(*INNER_MM.T), rel=1e-5)
    places = series.geometry.points_mm([[0, 0, 0], [7, 5, 3]])
    wanted = stored(*(places - shift).T) - 1000
    assert at_points(read_volume(series), places) == pytest.approx(wanted)
    assert own.plans[0].isocentres_mm == (tuple(np.add(ISO_MM, shift)),)
    states = {one.id: one.state for one in certify(own).assertions}
    assert {states[f"V-CER-{name}"] for name in ("ON-SLICE", "IN-IMAGE", "REFERENCES")} == {"pass"}


@pytest.mark.parametrize(
    ("shift", "leave_out", "words"),
    [
        ((0.0, 3.0, 0.0), 0, "3.0 mm beside"),
        ((3.0, 0.0, 0.0), 0, "to the side"),
        ((0.0, 0.0, 3.0), 0, "other heights"),
        ((0.0, 0.0, 0.0), 1, "8 of 9 slices"),
    ],
)
def test_that_dicom_slices_of_another_place_are_not_taken(patient, shift, leave_out, words):
    write_dicom_slices(patient, shift, leave_out=leave_out)
    own = read_patient(patient)
    (series,) = own.series
    assert series.unit == ""
    assert words in own.refused[0].why


def test_that_uids_are_the_same_each_time_and_differ_between_plans(patient, tmp_path):
    other = write_patient(tmp_path / "copy" / "Patient_1")
    first, again = read_patient(patient), read_one_plan(other / "Plan_0" / "plan.Trial")
    assert [item.sop_uid for item in first.items] == [item.sop_uid for item in again.items]
    assert len({item.sop_uid for item in first.items}) == len(first.items)


def test_that_the_demonstration_is_the_same_patient_in_both_forms(demo_folder):
    (own,) = read_sets([demo_folder / "pinnacle"])
    (other,) = read_sets([demo_folder / "dicom"])
    assert own.doses[0].grid.geometry.matches(other.doses[0].grid.geometry)
    mine, theirs = own.doses[0].grid.values, other.doses[0].grid.values
    assert mine == pytest.approx(theirs, abs=2e-3)
    named = {one.structure.name: one for one in dvhs(other)}
    found = [one for one in dvhs(own) if one.curves is not None]
    assert len(found) == 6
    for one in found:
        same = named[one.structure.name]
        assert mean_gy(one.tally).value == pytest.approx(mean_gy(same.tally).value, abs=2e-3)
    pairs = zip(own.plans[0].beams, other.plans[0].beams, strict=True)
    for beam, same in pairs:
        assert beam.name == same.name
        assert beam.meterset_mu == pytest.approx(same.meterset_mu, abs=0.01)


def test_that_dicom_and_pinnacle_of_one_person_are_one_set(demo_folder):
    (own,) = read_sets([demo_folder / "pinnacle", demo_folder / "dicom"])
    assert len(own.series) == 1
    assert len(own.doses) == len(own.plans) == 2
    states = {one.id: one.state for one in certify(own).assertions}
    assert states["V-CER-FRAME"] == states["V-CER-ON-SLICE"] == State.PASS


HOMES = {
    "patient_6204": "patient_6204",
    "institution_01": "institution_01/Institution_1/Mount_0/Patient_1",
}


@pytest.fixture(params=HOMES)
def real(request, shared_data):
    home = shared_data / "pinnacle" / HOMES[request.param]
    (own,) = read_sets([shared_data / "pinnacle" / request.param])
    return home, own


def test_that_real_contours_lie_on_slices_inside_the_images(real):
    home, own = real
    header = read_file(home / "ImageSet_0.header")
    infos = read_file(home / "ImageSet_0.ImageInfo").blocks("ImageInfo")
    heights = np.array([-10 * one.number("TablePosition") for one in infos])
    ending = "_dicom" if header.number("x_start_dicom") is not None else ""
    x, y = (header.number(f"{axis}_start{ending}") for axis in "xy")
    width = 10 * header.number("x_pixdim") * (header.number("x_dim") - 1)
    low = np.array([10 * x, -10 * y - width])
    for structures in own.structure_sets:
        for one in structures.structures:
            for contour in one.closed:
                points = contour.points_mm
                assert np.abs(heights - points[0, 2]).min() < 0.01
                assert (points[:, :2] > low).all()
                assert (points[:, :2] < low + width).all()


def test_that_real_dose_covers_the_isocentres_and_peaks_as_other_readers_say(real):
    home, own = real
    # Highest doses of another reader for the same folders.
    wanted = {"Patient_1": (32.11, 32.11), "patient_6204": (44.33, 14.11)}[home.name]
    assert [dose.largest for dose in own.doses] == pytest.approx(wanted, abs=0.006)
    for dose in own.doses:
        places = np.array(own.plan_of(dose).isocentres_mm)
        assert dose.grid.geometry.holds(places).all()


def test_that_the_structures_shown_first_are_those_of_the_dose_shown_first(real):
    _, own = real
    plan = own.plan_of(own.chief_dose())
    assert own.chief_structures().item.sop_uid in plan.structure_uids


def test_that_real_mu_angles_and_prescriptions_are_those_worked_out_by_hand(real, shared_data):
    home, own = real
    with (shared_data / "pinnacle" / "derived.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if home.name in row["sample"]]
    beams = [beam for plan in own.plans for beam in plan.beams]
    assert len(beams) == len(rows) > 0
    for beam, row in zip(beams, rows, strict=True):
        first = beam.points[0]
        assert beam.name == row["beam"]
        assert beam.meterset_mu == pytest.approx(float(row["MU_from_dose"]), rel=2e-5)
        assert first.gantry_deg == float(row["gantry"])
        assert first.couch_deg == float(row["couch_iec360minus"])
        iso = [10, -10, -10] * np.array([float(row[f"iso_{axis}_cm"]) for axis in "xyz"])
        assert first.isocentre_mm == pytest.approx(iso)
        jaws = {side: 10 * float(row[side]) for side in ("left", "right", "top", "bottom")}
        assert first.jaws["ASYMX"].tolist() == [-jaws["left"], jaws["right"]]
        assert first.jaws["ASYMY"].tolist() == [-jaws["bottom"], jaws["top"]]
        assert len(beam.points) == 2 * int(row["n_cp"])
        assert beam.points[-1].meterset_mu == pytest.approx(beam.meterset_mu)


def test_that_a_real_region_has_the_volume_pinnacle_tells(shared_data):
    home = shared_data / "pinnacle" / HOMES["institution_01"]
    (own,) = read_sets([home])
    told = {
        roi.text("name"): roi.number("volume")
        for roi in read_file(home / "Plan_0" / "plan.roi").blocks("roi")
    }
    found = {one.structure.name: one for one in dvhs(own)}
    for name in ("bb", "ROI_2", "ROI_3"):
        assert volume_cc(found[name].curves).value == pytest.approx(told[name], rel=0.03)


def test_that_leaves_run_from_the_foot_end_of_the_collimator_up(patient):
    beam = read_patient(patient).plans[0].beams[0]
    # Own rows of y -2, 0, 1.5 cm are pairs 3, 2, 1 of IEC, at +20, 0 and -15 mm.
    assert beam.leaf_banks[0].edges_mm.tolist() == [-20, -10, 10, 30]
    assert beam.points[0].leaves["MLCX"].tolist() == [5, -30, -10, 50, 40, 20]
    assert beam.points[0].jaws["ASYMX"].tolist() == [-40, 50]
    assert beam.points[0].jaws["ASYMY"].tolist() == [-30, 20]
    assert [point.couch_deg for point in beam.points] == [5] * 4
    shares = [point.meterset_mu / beam.meterset_mu for point in beam.points]
    assert shares == pytest.approx([0, 0.75, 0.75, 1])
