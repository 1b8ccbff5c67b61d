"""CT, structures, plan and dose: sound DICOM, tied to each other, equal to the truth."""

from collections.abc import Iterator

import numpy as np
import pydicom
import pytest
from pydicom import config
from pydicom.dataset import Dataset

from app.demo.dose import STEP_MM
from app.demo.truth import PLAN

BEAMS = pytest.mark.parametrize("beam", PLAN.beams, ids=lambda beam: beam.name)
DEVICES = {"ASYMX": ("x1_mm", "x2_mm"), "ASYMY": ("y1_mm", "y2_mm")}


@pytest.fixture(scope="session")
def ct(demo):
    return [pydicom.dcmread(file) for file in demo.ct]


@pytest.fixture(scope="session")
def structures(demo):
    return pydicom.dcmread(demo.structures)


@pytest.fixture(scope="session")
def plan(demo):
    return pydicom.dcmread(demo.plan)


@pytest.fixture(scope="session")
def dose(demo):
    return pydicom.dcmread(demo.dose)


def values(dataset: Dataset) -> Iterator[tuple[str, object]]:
    for element in dataset.iterall():
        yield element.keyword, element.value


def numbers(value) -> list[float]:
    return [float(each) for each in value]


def test_that_every_value_obeys_its_representation(demo, monkeypatch):
    monkeypatch.setattr(config.settings, "_reading_validation_mode", config.RAISE)
    for file in (*demo.ct[:2], demo.structures, demo.plan, demo.dose):
        found = list(values(pydicom.dcmread(file)))
        assert len(found) > 30
        assert all(keyword for keyword, _ in found)


def test_that_all_objects_are_of_one_patient_study_and_frame(ct, structures, plan, dose):
    objects = [*ct, structures, plan, dose]
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert len({each[keyword].value for each in objects}) == 1, keyword
    assert plan.PatientID == "DEMO-0001"
    assert len({each.SOPInstanceUID for each in objects}) == len(objects)
    assert len({each.SeriesInstanceUID for each in objects}) == 4
    assert all(each.SOPInstanceUID.startswith("2.25.") for each in objects)
    assert all(each.SOPInstanceUID.is_valid for each in objects)


def test_that_every_reference_names_an_object_of_the_set(ct, structures, plan, dose):
    there = {each.SOPInstanceUID: each.SOPClassUID for each in [*ct, structures, plan, dose]}
    there[plan.StudyInstanceUID] = "1.2.840.10008.3.1.2.3.1"
    count = 0
    for holder in (structures, plan, dose):
        for dataset in nested(holder):
            if "ReferencedSOPInstanceUID" in dataset:
                count += 1
                assert there[dataset.ReferencedSOPInstanceUID] == dataset.ReferencedSOPClassUID
    assert count > len(ct)


def nested(dataset: Dataset) -> Iterator[Dataset]:
    yield dataset
    for element in dataset:
        if element.VR == "SQ":
            for inner in element.value:
                yield from nested(inner)


def test_that_the_slices_are_even_and_show_a_patient(ct):
    z_mm = [float(each.ImagePositionPatient[2]) for each in ct]
    assert np.allclose(np.diff(z_mm), 3.0)
    assert (len(ct), ct[0].Rows, ct[0].Columns) == (40, 128, 128)
    hounsfield = ct[20].pixel_array.astype(int) + int(ct[20].RescaleIntercept)
    assert hounsfield[0, 0] == -1000
    assert hounsfield.max() > 300  # bone
    assert 0.3 < (hounsfield > -200).mean() < 0.4  # body: pi x 180 x 115 of 448 x 448 mm


def test_that_every_contour_lies_on_the_slice_it_names(ct, structures):
    slices = {each.SOPInstanceUID: float(each.ImagePositionPatient[2]) for each in ct}
    names = [each.ROIName for each in structures.StructureSetROISequence]
    assert {"BODY", "PTV", "BLADDER", "RECTUM", "FEMUR HEAD L", "FEMUR HEAD R"} <= set(names)
    for roi in structures.ROIContourSequence:
        assert len(roi.ContourSequence) > 5
        for contour in roi.ContourSequence:
            points = np.array(numbers(contour.ContourData)).reshape(-1, 3)
            assert len(points) == contour.NumberOfContourPoints
            assert set(points[:, 2]) == {
                slices[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            }


def test_that_the_contour_numbers_of_the_three_lists_agree(structures):
    lists = [
        [each.ROINumber for each in structures.StructureSetROISequence],
        [each.ReferencedROINumber for each in structures.ROIContourSequence],
        [each.ReferencedROINumber for each in structures.RTROIObservationsSequence],
    ]
    assert lists[0] == lists[1] == lists[2]


def test_that_contoured_bone_is_bone(ct, structures):
    numbers_of = {r.ROIName: k for k, r in enumerate(structures.StructureSetROISequence)}
    roi = structures.ROIContourSequence[numbers_of["FEMUR HEAD L"]]
    contour = roi.ContourSequence[len(roi.ContourSequence) // 2]
    middle = np.array(numbers(contour.ContourData)).reshape(-1, 3).mean(axis=0)
    image = next(c for c in ct if float(c.ImagePositionPatient[2]) == middle[2])
    column, row = ((middle[k] - float(image.ImagePositionPatient[k])) / 3.5 for k in (0, 1))
    stored = int(image.pixel_array[round(row), round(column)])
    assert stored + int(image.RescaleIntercept) > 300


def test_that_the_fraction_groups_hold_the_prescriptions(plan):
    assert plan.RTPlanLabel == PLAN.prescriptions[0].name
    for group, prescription in zip(plan.FractionGroupSequence, PLAN.prescriptions, strict=True):
        beams = PLAN.beams_of(prescription)
        assert group.NumberOfFractionsPlanned == prescription.fractions
        assert [r.ReferencedBeamNumber for r in group.ReferencedBeamSequence] == [
            beam.number for beam in beams
        ]
        total_gy = sum(float(r.BeamDose) for r in group.ReferencedBeamSequence)
        assert total_gy == pytest.approx(prescription.dose_cgy / 100, abs=1e-9)
        for reference, beam in zip(group.ReferencedBeamSequence, beams, strict=True):
            assert float(reference.BeamMeterset) == beam.mu
            assert numbers(reference.BeamDoseSpecificationPoint) == list(prescription.point_mm)


@BEAMS
def test_that_a_beam_says_what_the_truth_says(plan, beam):
    item = plan.BeamSequence[beam.number - 1]
    first = item.ControlPointSequence[0]
    assert (item.BeamNumber, item.BeamName) == (beam.number, beam.name)
    assert item.RadiationType == beam.modality.upper()
    assert item.TreatmentMachineName == PLAN.machine
    assert float(first.NominalBeamEnergy) == beam.energy
    assert float(first.DoseRateSet) == beam.dose_rate_mu_min
    assert float(first.BeamLimitingDeviceAngle) == beam.collimator_deg
    assert float(first.PatientSupportAngle) == beam.couch_deg
    assert numbers(first.IsocenterPosition) == list(beam.prescription.isocentre_mm)


@BEAMS
def test_that_the_control_points_say_what_the_truth_says(plan, beam):
    item = plan.BeamSequence[beam.number - 1]
    points = beam.points()
    assert item.NumberOfControlPoints == len(item.ControlPointSequence) == len(points)
    gantry_deg = ssd_mm = None
    positions: dict[str, list[float]] = {}
    for found, point in zip(item.ControlPointSequence, points, strict=True):
        gantry_deg = float(found.get("GantryAngle", gantry_deg))
        ssd_mm = float(found.get("SourceToSurfaceDistance", ssd_mm))
        for device in found.get("BeamLimitingDevicePositionSequence", []):
            positions[device.RTBeamLimitingDeviceType] = numbers(device.LeafJawPositions)
        assert (gantry_deg, ssd_mm) == (point.gantry_deg, point.ssd_mm)
        assert float(found.CumulativeMetersetWeight) * beam.mu == pytest.approx(point.mu_before)
        for kind, names in DEVICES.items():
            assert positions[kind] == [getattr(beam.jaws, name) for name in names]
        assert positions.get("MLCX", []) == [x for bank in zip(*point.leaves) for x in bank]  # noqa: B905  (no leaves: no banks)


def test_that_the_arc_turns_up_to_its_last_point(plan):
    arc = next(beam for beam in PLAN.beams if beam.kind == "arc")
    points = plan.BeamSequence[arc.number - 1].ControlPointSequence
    turns = [point.GantryRotationDirection for point in points]
    assert turns == ["CW"] * (len(points) - 1) + ["NONE"]


@BEAMS
def test_that_accessories_are_named_and_counted(plan, beam):
    item = plan.BeamSequence[beam.number - 1]
    assert item.NumberOfWedges == (beam.wedge is not None)
    assert item.NumberOfBlocks == bool(beam.block or beam.cutout)
    assert item.NumberOfBoli == bool(beam.bolus_mm)
    assert [w.WedgeID for w in item.get("WedgeSequence", [])] == (
        [beam.wedge.code] if beam.wedge else []
    )
    assert [a.ApplicatorID for a in item.get("ApplicatorSequence", [])] == (
        [beam.applicator] if beam.applicator else []
    )
    blocks = [b for b in (beam.block, beam.cutout) if b]
    for found, block in zip(item.get("BlockSequence", []), blocks, strict=True):
        outline = np.array(numbers(found.BlockData)).reshape(-1, 2)
        assert found.BlockTrayID == block.code
        assert outline.tolist() == [list(corner) for corner in block.outline_mm[:-1]]


def test_that_the_bolus_names_a_bolus_region(plan, structures):
    number = plan.BeamSequence[4].ReferencedBolusSequence[0].ReferencedROINumber
    kinds = {
        each.ReferencedROINumber: each.RTROIInterpretedType
        for each in structures.RTROIObservationsSequence
    }
    assert kinds[number] == "BOLUS"


def at(dose, point_mm) -> float:
    """Dose in Gy at a point that lies on a node of the grid."""
    first = numbers(dose.ImagePositionPatient)
    i, j = (round((point_mm[k] - first[k]) / float(dose.PixelSpacing[1 - k])) for k in (0, 1))
    offsets = numbers(dose.GridFrameOffsetVector)
    k = offsets.index(point_mm[2] - first[2])
    return float(dose.pixel_array[k, j, i]) * float(dose.DoseGridScaling)


@pytest.mark.parametrize("prescription", PLAN.prescriptions, ids=lambda p: p.site)
def test_that_the_point_gets_at_least_its_prescribed_dose(dose, prescription):
    prescribed_gy = prescription.dose_cgy * prescription.fractions / 100
    assert at(dose, prescription.point_mm) > prescribed_gy * (1 - 1e-6)


def test_that_the_isocentre_gets_the_prescribed_dose(dose):
    prescription = PLAN.prescriptions[0]
    assert at(dose, prescription.isocentre_mm) == pytest.approx(50.0, rel=0.005)
    assert float(dose.PixelSpacing[0]) == STEP_MM


def test_that_the_dose_is_zero_outside_the_body_and_never_absurd(dose):
    grid = dose.pixel_array * float(dose.DoseGridScaling)
    assert grid[:, 0, 0].max() == 0
    assert grid.max() < 1.15 * 50


def test_that_the_dose_is_the_sum_of_the_planner_s_beams(demo, dose):
    total_gy = np.zeros(dose.pixel_array.shape)
    for beam in PLAN.beams:
        file = demo.pinnacle_plan / f"plan.Trial.binary.{3 * beam.number - 2:03d}"
        to_feet = np.fromfile(file, ">f4").astype(float).reshape(total_gy.shape)
        per_mu = to_feet[::-1]
        total_gy += per_mu * beam.mu * beam.prescription.fractions / 100
    grid = dose.pixel_array * float(dose.DoseGridScaling)
    assert np.abs(grid - total_gy).max() < 1e-6
