"""A small invented Pinnacle plan, written by the tests; one value at a time can be changed.

DemoLinac: five leaf pairs, 6X at 0.8 cGy/MU, 12e at 1 cGy/MU, scales as on common machines.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

NO_WEDGE = {"WedgeName": "No Wedge", "Orientation": "NoWedge", "Angle": "No Wedge"}
WEDGE_30 = {"WedgeName": "30 Degree", "Orientation": "WedgeLeftToRight", "Angle": "Fixed"}
VIRTUAL_60 = {"WedgeName": "EDW", "Orientation": "WedgeTopToBottom", "Angle": 60}
OPEN_LEAVES = ((3, 3),) * 5


class Points(tuple):
    """Rows of a Points[] block."""

    __slots__ = ()


def text(key: str, value: object, depth: int = 0) -> str:
    """One entry as Pinnacle writes it; a list of dicts repeats the key."""
    pad = "  " * depth
    if isinstance(value, Points):
        rows = ",\n".join(f"{pad}  " + ",".join(f"{n:g}" for n in row) for row in value)
        return f"{pad}Points[] ={{\n{rows}\n{pad}}};\n"
    if isinstance(value, dict):
        inside = "".join(text(name, one, depth + 1) for name, one in value.items())
        return f"{pad}{key} ={{\n{inside}{pad}}};\n"
    if isinstance(value, list):
        return "".join(text(key, one, depth) for one in value)
    if isinstance(value, str) and not value.startswith("\\"):
        value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{pad}{key} = {value};\n"


def many(**entries: object) -> str:
    return "".join(text(key, value) for key, value in entries.items())


def point(leaves: Sequence[tuple[float, float]] = OPEN_LEAVES, **changes: object) -> dict:
    rows = Points(leaves)
    return {
        "Gantry": 30, "Couch": 350, "Collimator": 10, "WedgeContext": NO_WEDGE,
        "LeftJawPosition": 4, "RightJawPosition": 5, "TopJawPosition": 6, "BottomJawPosition": 7,
        "ModifierList": {},
        "MLCLeafPositions": {"RawData": {
            "NumberOfDimensions": 2, "NumberOfPoints": len(rows), "Points[]": rows}},
        "Weight": 1,
    } | changes  # fmt: skip


def beam(points: Sequence[dict] | None = None, *, wrapped: bool = True, **changes: object) -> dict:
    points = [point()] if points is None else list(points)
    manager: dict = {
        "NumberOfControlPoints": len(points),
        "ControlPointList": {f"#{n}": one for n, one in enumerate(points)},
        "GantryIsCCW": 0,
    }
    factors = {
        "PrescriptionDose": 80, "TotalTransmissionFraction": 1, "TransmissionDescription": "",
        "DepthToActualPoint": 10, "NormalizedDose": 0.5, "CollimatorOutputFactor": 2,
    }  # fmt: skip
    return {
        "Name": "AP", "IsocenterName": "ISO", "PrescriptionName": "Pelvis",
        "UsePoiForPrescriptionPoint": 1, "PrescriptionPointName": "iso",
        "MachineNameAndVersion": "DemoLinac: 2024-01-01 08:00:00", "Modality": "Photons",
        "MachineEnergyName": "6X", "SetBeamType": "Static",
        "CPManager": {"CPManagerObject": manager} if wrapped else manager,
        "UseMLC": 1, "ElectronApplicatorName": "None", "SSD": 90, "SSDValid": 1,
        "TrayNumber": "", "BlockExportName": "", "Bolus": {"Type": "No bolus", "Thickness": 2},
        "Compensator": {"Name": "", "IsValid": 0}, "MonitorUnitInfo": factors,
        "DoseVolume": "\\XDR:7\\", "Weight": 40, "MonitorUnitsValid": 1, "FieldID": "01",
        "DoseRate": 400,
    } | changes  # fmt: skip


def arc_beam(**changes: object) -> dict:
    """Clockwise over the top, leaves moving; a quarter of the MU on the way to 0 degrees."""
    points = [
        point([(1, n)] * 5, Gantry=gantry, Weight=weight)
        for n, (gantry, weight) in enumerate([(350, 0.25), (0, 0.75), (20, 0)])
    ]
    return beam(points, **{"Name": "ARC", "SetBeamType": "Dynamic Arc"} | changes)


def electron(**changes: object) -> dict:
    cutout = {
        "Name": "BeamModifier_1", "StructureToBlock": "Manual", "InsideMode": "Expose",
        "OutsideMode": "Block", "ContourList": {"CurvePainter": {"Curve": {"RawData": {
            "NumberOfPoints": 3, "Points[]": Points([(-3, -2), (3, -2), (0, 4)])}}}},
    }  # fmt: skip
    return beam(
        [point(ModifierList={"BeamModifier": cutout})],
        wrapped=False,
        **{"Name": "E", "Modality": "Electrons", "MachineEnergyName": "12e", "UseMLC": 0,
           "ElectronApplicatorName": "10x10 cone", "TrayNumber": "T7"} | changes,
    )  # fmt: skip


def prescription(**changes: object) -> dict:
    return {
        "Name": "Pelvis", "RequestedMonitorUnitsPerFraction": 0, "PrescriptionDose": 200,
        "NumberOfFractions": 25, "Method": "Prescribe", "PrescriptionPeriod": "Per Fraction",
    } | changes  # fmt: skip


def trial(*beams: dict, prescriptions: Sequence[dict] = (), **changes: object) -> dict:
    grid = {
        "Dimension": (3, 3, 3), "Origin": (-2, -2, -2), "VoxelSize": (2, 2, 2),
    }  # fmt: skip
    dotted = {
        f"DoseGrid .{name} .{axis}": value
        for name, values in grid.items()
        for axis, value in zip("XYZ", values, strict=True)
    }
    return {
        "Name": "Trial_1", **dotted,
        "PrescriptionList": {"Prescription": list(prescriptions) or [prescription()]},
        "BeamList": {"Beam": list(beams) or [beam()]}, "UseTrialForTreatment": 1,
    } | changes  # fmt: skip


def machine(**changes: object) -> dict:
    def energy(name: str, per_mu: float) -> dict:
        factors = {"OutputFactor": {"DosePerMuAtCalibration": per_mu}}
        return {"MachineEnergy": [{"Name": name, "PhysicsData": factors}]}

    def angle(twelve: int, clockwise: int) -> dict:
        return {"TwelveOClockAngle": twelve, "ClockwiseIncreases": clockwise}

    pairs = [{"YCenterPosition": y, "Width": 2} for y in (-4, -2, 0, 2, 4)]
    names = {"LeftJaw": "X1", "RightJaw": "X2", "TopJaw": "Y2", "BottomJaw": "Y1"}
    return {
        "Name": "DemoLinac", "VersionTimestamp": "2024-01-01 08:00:00", "SAD": 100,
        "CouchAngle": angle(0, 1), "GantryAngle": angle(0, 0), "CollimatorAngle": angle(180, 1),
        "MonitorUnitDecimalPlaces": 1,
        "MultiLeaf": {"LeafPairList": {"MLCLeafPair": pairs}, "AlignedWithLeftRightJaw": 1},
        "ConfigRV": names,
        "ElectronApplicatorList": {"ElectronApplicator": [
            {"Name": "10x10 cone", "ManufacturerCode": "A10"}]},
        "WedgeList": {"Wedge": [
            {"Name": "30 Degree", "NominalAngle": 30, "IsDynamic": 0, "LeftToRightCode": "30L"},
            {"Name": "EDW", "NominalAngle": 0, "IsDynamic": 1, "TopToBottomCode": "EDW%OUT"}]},
        "PhotonEnergyList": energy("6X", 0.8), "ElectronEnergyList": energy("12e", 1),
    } | changes  # fmt: skip


def write_plan(root: Path, *trials: dict, machines: Sequence[dict] = (), **files: str) -> Path:
    """A whole patient folder with one plan; returns the plan folder."""
    folder = root / "Patient_1" / "Plan_0"
    folder.mkdir(parents=True)
    listed = {f"#{n}": one for n, one in enumerate(machines or [machine()])}
    poi = [{"Name": "iso", "XCoord": 1, "YCoord": 2, "ZCoord": -1}]
    contents = {
        "plan.Trial": many(Trial=list(trials) or [trial()]),
        "plan.Pinnacle.Machines": many(**listed),
        "plan.Points": many(Poi=poi),
        "plan.PatientSetup": many(
            Position="On back (supine)", Orientation="Head First Into Scanner"
        ),
        "plan.Pinnacle": many(StartWithDICOM=1),
        "../Patient": many(
            LastName="DOE", FirstName="JO", MiddleName="", MedicalRecordNumber="77",
            DateOfBirth="1950-01-02",
            PlanList={"Plan": [{"PlanID": 0, "PlanName": "PELVIS"},
                               {"PlanID": 1, "PlanName": "LOST"}]},
        ),
    } | {name.replace("__", "."): content for name, content in files.items()}  # fmt: skip
    for name, content in contents.items():
        # The trailer holds two arbitrary bytes, here a newline and one beyond ASCII.
        (folder / name).write_bytes(content.encode("latin-1") + b"\n/* \n\xf4 */\n")
    return folder


def write_dose(folder: Path, values: Sequence[float], number: int = 7) -> None:
    """A dose file of 3 x 3 x 3 voxels, big-endian, x fastest, rows from the largest y down."""
    data = struct.pack(f">{len(values)}f", *values)
    (folder / f"plan.Trial.binary.{number:03d}").write_bytes(data)
