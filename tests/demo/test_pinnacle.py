"""The Pinnacle folder: read by the test's own reader; equal to the truth, MU and dose agree."""

import re

import numpy as np
import pydicom
import pytest

from app.demo.truth import PLAN

BEAMS = pytest.mark.parametrize("beam", PLAN.beams, ids=lambda beam: beam.name)


def parsed(text: str) -> list:
    """Return pairs of key and value; an object is again a list of pairs, points are rows."""
    stack: list[list] = [[]]
    rows = None
    for line in text.splitlines():
        word = line.strip()
        if rows is not None:
            if word == "};":
                rows = None
            else:
                rows.append([float(v) for v in word.rstrip(",").split(",")])
        elif word.endswith("={"):
            key = word[:-2].strip()
            made: list = []
            stack[-1].append((key, made))
            if key == "Points[]":
                rows = made
            else:
                stack.append(made)
        elif word == "};":
            stack.pop()
        elif word:
            key, _, value = word.rstrip(";").partition(" = ")
            stack[-1].append((key, value))
    assert len(stack) == 1
    return stack[0]


def get(body: list, *path: str):
    for key in path:
        (body,) = [value for name, value in body if name == key]
    return body


def number(body: list, *path: str) -> float:
    return float(get(body, *path))


def words(body: list, *path: str) -> str:
    return get(body, *path).strip('"')


@pytest.fixture(scope="session")
def trial(demo) -> list:
    return get(parsed((demo.pinnacle_plan / "plan.Trial").read_text("latin-1")), "Trial")


@pytest.fixture(scope="session")
def machine(demo) -> list:
    return get(parsed((demo.pinnacle_plan / "plan.Pinnacle.Machines").read_text("latin-1")), "#0")


@pytest.fixture(scope="session")
def points(demo) -> dict:
    bodies = parsed((demo.pinnacle_plan / "plan.Points").read_text("latin-1"))
    return {
        words(body, "Name"): [number(body, f"{axis}Coord") for axis in "XYZ"] for _, body in bodies
    }


def beam_body(trial: list, beam) -> list:
    return get(trial, "BeamList")[beam.number - 1][1]


def manager(body: list, beam) -> list:
    """Photon beams wrap the manager once more, electron beams do not."""
    found = get(body, "CPManager")
    return get(found, "CPManagerObject") if beam.modality == "photon" else found


def control_points(trial: list, beam) -> list:
    found = manager(beam_body(trial, beam), beam)
    bodies = [value for _, value in get(found, "ControlPointList")]
    assert number(found, "NumberOfControlPoints") == len(bodies)
    return bodies


def test_that_the_indexes_lead_to_the_plan(demo):
    institution = parsed((demo.pinnacle / "Institution").read_text("latin-1"))
    patient_path = words(institution, "PatientLiteList", "PatientLite", "PatientPath")
    assert demo.pinnacle / patient_path == demo.pinnacle_patient
    patient = parsed((demo.pinnacle_patient / "Patient").read_text("latin-1"))
    plan_id = get(patient, "PlanList", "Plan", "PlanID")
    assert demo.pinnacle_patient / f"Plan_{plan_id}" == demo.pinnacle_plan
    assert words(patient, "MedicalRecordNumber") == PLAN.patient_id
    image_set = words(patient, "ImageSetList", "ImageSet", "ImageName")
    assert (demo.pinnacle_patient / f"{image_set}.header").is_file()


def test_that_every_file_is_latin_1_with_line_feeds(demo):
    files = [f for f in demo.pinnacle.rglob("*") if f.is_file() and "binary" not in f.name]
    assert len(files) == 11
    for file in files:
        data = file.read_bytes()
        assert b"\r" not in data
        assert data.endswith(b"\n")


def test_that_the_coordinates_are_those_of_the_images(demo, points):
    session = parsed((demo.pinnacle_plan / "plan.Pinnacle").read_text("latin-1"))
    assert get(session, "StartWithDICOM") == "1"
    for prescription in PLAN.prescriptions:
        x_mm, y_mm, z_mm = prescription.isocentre_mm
        found = points[prescription.isocentre_name]
        assert found == pytest.approx([x_mm / 10, -y_mm / 10, -z_mm / 10])


def test_that_each_image_entry_names_the_slice_at_its_place(demo):
    places = {
        str(ct.SOPInstanceUID): float(ct.ImagePositionPatient[2])
        for ct in map(pydicom.dcmread, demo.ct)
    }
    bodies = parsed((demo.pinnacle_patient / "ImageSet_0.ImageInfo").read_text("latin-1"))
    assert len(bodies) == len(places)
    for _, body in bodies:
        z_mm = places.pop(words(body, "InstanceUID"))
        assert number(body, "TablePosition") == pytest.approx(-z_mm / 10)
    assert places == {}


def test_that_the_header_starts_at_the_lowest_corner(demo):
    text = (demo.pinnacle_patient / "ImageSet_0.header").read_text("latin-1")
    found = {k: float(v) for k, v in re.findall(r"\t(\w+) = ([-.\d]+);", text)}
    ct = [pydicom.dcmread(file) for file in demo.ct]
    x_mm, top_mm, _ = (float(v) for v in ct[0].ImagePositionPatient)
    assert found["x_start"] == pytest.approx(x_mm / 10)
    assert found["y_start"] == pytest.approx(-(top_mm + 127 * 3.5) / 10)
    assert found["z_start"] == pytest.approx(-float(ct[-1].ImagePositionPatient[2]) / 10)


@BEAMS
def test_that_control_points_say_what_the_truth_says(trial, beam):
    found = control_points(trial, beam)
    assert len(found) == len(beam.apertures)
    for body, aperture in zip(found, beam.apertures, strict=True):
        assert number(body, "Gantry") == aperture.gantry_deg
        assert (360 - number(body, "Couch")) % 360 == beam.couch_deg
        assert number(body, "Collimator") == beam.collimator_deg
        assert -10 * number(body, "LeftJawPosition") == pytest.approx(beam.jaws.x1_mm)
        assert 10 * number(body, "RightJawPosition") == pytest.approx(beam.jaws.x2_mm)
        assert -10 * number(body, "BottomJawPosition") == pytest.approx(beam.jaws.y1_mm)
        assert 10 * number(body, "TopJawPosition") == pytest.approx(beam.jaws.y2_mm)
        assert number(body, "Weight") * beam.mu == pytest.approx(aperture.mu, abs=1e-9)


@BEAMS
def test_that_leaf_rows_run_from_the_gantry_end_outward_positive(trial, beam):
    assert number(beam_body(trial, beam), "UseMLC") == bool(beam.apertures[0].leaves)
    for body, aperture in zip(control_points(trial, beam), beam.apertures, strict=True):
        rows = get(body, "MLCLeafPositions", "RawData", "Points[]")
        assert len(rows) == number(body, "MLCLeafPositions", "RawData", "NumberOfPoints") == 60
        if aperture.leaves:
            leaves = [(-10 * a, 10 * b) for a, b in reversed(rows)]
            assert leaves == [pytest.approx(pair, abs=1e-9) for pair in aperture.leaves]


def test_that_the_machine_lists_its_leaves_from_negative_y(machine):
    pairs = [body for _, body in get(machine, "MultiLeaf", "LeafPairList")]
    low = [10 * (number(b, "YCenterPosition") - number(b, "Width") / 2) for b in pairs]
    assert low == pytest.approx(list(PLAN.boundaries_mm[:-1]))


@BEAMS
def test_that_a_beam_finds_its_machine_energy_and_points(trial, machine, points, beam):
    body = beam_body(trial, beam)
    assert words(body, "Name") == beam.name
    assert words(body, "MachineNameAndVersion") == (
        f"{words(machine, 'Name')}: {words(machine, 'VersionTimestamp')}"
    )
    assert int(re.match(r"\d+", words(body, "MachineEnergyName"))[0]) == beam.energy
    assert energy(machine, body)
    assert {words(body, "IsocenterName"), words(body, "PrescriptionPointName")} <= set(points)


def energy(machine: list, body: list) -> list:
    kind = {"Photons": "PhotonEnergyList", "Electrons": "ElectronEnergyList"}
    listed = get(machine, kind[words(body, "Modality")])
    wanted = words(body, "MachineEnergyName")
    (found,) = [each for _, each in listed if words(each, "Name") == wanted]
    return get(found, "PhysicsData", "OutputFactor")


@BEAMS
def test_that_the_mu_follow_from_the_stored_factors(trial, machine, beam):
    body = beam_body(trial, beam)
    info = get(body, "MonitorUnitInfo")
    product = number(energy(machine, body), "DosePerMuAtCalibration")
    for factor in ("NormalizedDose", "CollimatorOutputFactor", "TotalTransmissionFraction"):
        product *= number(info, factor)
    assert number(info, "PrescriptionDose") / product == pytest.approx(beam.mu, rel=1e-6)
    assert number(info, "PrescriptionDose") == beam.field_dose_cgy


@pytest.mark.parametrize("beam", PLAN.beams[:4], ids=lambda beam: beam.name)  # photons only
def test_that_the_collimator_factor_follows_from_the_rows_of_its_wedge(trial, machine, beam):
    body = beam_body(trial, beam)
    wedge = get(control_points(trial, beam)[0], "WedgeContext")
    key = (words(wedge, "WedgeName"), words(wedge, "Orientation"))
    table = []
    for _, row in get(energy(machine, body), "MeasureGeometryList"):
        context = get(row, "WedgeContext")
        if (words(context, "WedgeName"), words(context, "Orientation")) == key:
            ratio = number(row, "MeasuredOutputFactor") / number(row, "PhantomOutputFactor")
            table.append((2 * number(row, "LeftJawPosition"), ratio))
    info = get(body, "MonitorUnitInfo")
    area, perimeter = (number(info, f"UnblockedField{k}AtSAD") for k in ("Area", "Perimeter"))
    factor = np.interp(4 * area / perimeter, *zip(*table, strict=True))
    assert number(info, "CollimatorOutputFactor") == pytest.approx(factor, rel=1e-5)


@BEAMS
def test_that_the_dose_at_the_point_times_mu_is_the_prescription_dose(demo, trial, points, beam):
    body = beam_body(trial, beam)
    binary = int(re.search(r"\d+", get(body, "DoseVolume"))[0])
    counts, origin = (
        [number(trial, f"DoseGrid .{word} .{axis}") for axis in "XYZ"]
        for word in ("Dimension", "Origin")
    )
    columns, rows, planes = (int(count) for count in counts)
    data = np.fromfile(demo.pinnacle_plan / f"plan.Trial.binary.{binary:03d}", ">f4")
    grid = data.reshape(planes, rows, columns)
    at = [
        (place - first) / number(trial, "DoseGrid .VoxelSize .X")
        for place, first in zip(points[words(body, "PrescriptionPointName")], origin, strict=True)
    ]
    i, j, k = (round(each) for each in at)
    assert [i, j, k] == pytest.approx(at, abs=1e-9)  # on a node, so nothing to interpolate
    per_mu_cgy = float(grid[k, rows - 1 - j, i])
    stored = number(body, "MonitorUnitInfo", "PrescriptionDose")
    assert per_mu_cgy * beam.mu == pytest.approx(stored, rel=1e-6)


@pytest.mark.parametrize("prescription", PLAN.prescriptions, ids=lambda p: p.site)
def test_that_the_weights_share_the_prescribed_dose(trial, prescription):
    (body,) = [
        each
        for _, each in get(trial, "PrescriptionList")
        if words(each, "Name") == prescription.name
    ]
    beams = PLAN.beams_of(prescription)
    assert number(body, "PrescriptionDose") == prescription.dose_cgy
    assert number(body, "RequestedMonitorUnitsPerFraction") == sum(beam.mu for beam in beams)
    assert sum(number(beam_body(trial, beam), "Weight") for beam in beams) == pytest.approx(100)


@BEAMS
def test_that_ssd_and_depth_add_up_to_the_point(trial, beam):
    info = get(beam_body(trial, beam), "MonitorUnitInfo")
    parts = number(info, "SSDToActualPoint") + number(info, "DepthToActualPoint")
    assert parts == pytest.approx(number(info, "SourceToPrescriptionPointDistance"))


def test_that_wedges_lead_to_the_code_of_the_export(trial, machine):
    codes = {}
    for beam in PLAN.beams:
        context = get(control_points(trial, beam)[0], "WedgeContext")
        name, way = words(context, "WedgeName"), words(context, "Orientation")
        for _, wedge in get(machine, "WedgeList"):
            if words(wedge, "Name") == name:
                code = words(wedge, f"{way.removeprefix('Wedge')}Code")
                codes[beam.id] = code.replace("%", get(context, "Angle"))
    assert codes == {"1": "ED60-Y1", "4": "30LEFT"}


def test_that_block_and_cutout_are_drawn_with_the_planner_s_y(trial):
    for beam, block, inside in ((PLAN.beams[3], PLAN.beams[3].block, "Block"),
                                (PLAN.beams[4], PLAN.beams[4].cutout, "Expose")):  # fmt: skip
        (modifier,) = [m for _, m in get(control_points(trial, beam)[0], "ModifierList")]
        rows = get(modifier, "ContourList", "CurvePainter", "Curve", "RawData", "Points[]")
        corners = [(10 * x, -10 * y) for x, y in rows]
        assert corners == [pytest.approx(corner) for corner in block.outline_mm]
        assert words(modifier, "InsideMode") == inside


def test_that_the_bolus_and_applicator_are_on_the_electron_beam_only(trial):
    found = [
        (
            number(b, "Bolus", "Thickness"),
            words(b, "Bolus", "Type"),
            words(b, "ElectronApplicatorName"),
        )
        for _, b in get(trial, "BeamList")
    ]
    assert found == [(0.0, "No bolus", "None")] * 4 + [(0.5, "Bolus", "10x10")]


def test_that_regions_lie_where_the_structure_set_has_them(demo):
    text = (demo.pinnacle_plan / "plan.roi").read_text("latin-1")
    structures = pydicom.dcmread(demo.structures)
    names = [
        each.ROIName for each in structures.StructureSetROISequence if each.ROIName != "BOLUS"
    ]
    assert re.findall(r"\n +name: (.+)", text) == names
    first = re.search(r"points=\{\n(\S+) (\S+) (\S+)\n", text).groups()
    x, y, z = (float(value) for value in first)
    data = structures.ROIContourSequence[0].ContourSequence[0].ContourData
    assert [10 * x, -10 * y, -10 * z] == pytest.approx([float(v) for v in data[:3]], abs=1e-3)
    assert text.count("{") == text.count("}")
