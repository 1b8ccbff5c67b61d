"""One beam of plan.Trial: control points, leaves, blocks, bolus, and how its MU come about."""

from collections.abc import Sequence
from itertools import pairwise

from app.demo.clif import VERSION, Body, Elsewhere, Rows, Value, labels, numbered, object_version
from app.demo.geometry import SAD_MM
from app.demo.planner_factors import (
    collimator_factor,
    energy_of,
    normalized_dose,
    transmission,
)
from app.demo.planner_machine import MACHINE_VERSION, wedge_context
from app.demo.truth import PLAN, DemoAperture, DemoBeam, DemoBlock

BINARIES_PER_BEAM = 3
KIND = {"static": "Static", "step and shoot": "Step & Shoot MLC", "arc": "Dynamic Arc"}
OPEN_CM = 20
MLC_ROWS = len(PLAN.boundaries_mm) - 1


def dose_file_name(beam: DemoBeam) -> str:
    """Return the name of the binary file that holds the dose of a beam."""
    return f"plan.Trial.binary.{BINARIES_PER_BEAM * (beam.number - 1) + 1:03d}"


def empty_file_names(beam: DemoBeam) -> tuple[str, str]:
    """Return the names of the beam's binary files without content: bolus and uncertainty."""
    first = BINARIES_PER_BEAM * (beam.number - 1)
    return f"plan.Trial.binary.{first:03d}", f"plan.Trial.binary.{first + 2:03d}"


def beam_body(beam: DemoBeam) -> Body:
    """Return the body of a Beam."""
    first = BINARIES_PER_BEAM * (beam.number - 1)
    share = beam.field_dose_cgy / beam.prescription.dose_cgy
    manager: Body = _manager(beam)
    wrapped: Body = [("CPManagerObject", manager)]
    ssd_cm = beam.apertures[0].ssd_mm / 10
    return [
        *_identity(beam),
        ("CPManager", wrapped if beam.modality == "photon" else manager),
        ("UseMLC", int(bool(beam.apertures[0].leaves))),
        ("CircularFieldDiameter", 0),
        ("ElectronApplicatorName", beam.applicator or "None"),
        ("SSD", ssd_cm),
        ("AvgSSD", ssd_cm),
        ("SSDValid", 1),
        ("BlockAndTrayFactor", 0.03),
        ("TrayNumber", beam.block.code if beam.block else ""),
        ("BlockExportName", next((b.code for b in (beam.block, beam.cutout) if b), "")),
        ("TrayFactor", transmission(beam)),
        ("Bolus", _bolus(beam, first)),
        ("Compensator", [("Name", ""), ("IsValid", 0), ("TrayNumber", "")]),
        ("ObjectVersion", object_version()),
        ("DoseEngine", _engine(beam)),
        ("MonitorUnitInfo", _monitor_units(beam)),
        ("DoseVolume", Elsewhere(first + 1)),
        ("DoseVarVolume", Elsewhere(first + 2)),
        ("Weight", 100 * share),
        ("IsWeightLocked", 0),
        ("MonitorUnitsValid", 1),
        ("MonitorUnitsApproximate", 0),
        ("FieldID", beam.id),
        ("DoseRate", beam.dose_rate_mu_min),
    ]


def _identity(beam: DemoBeam) -> Body:
    prescription = beam.prescription
    return [
        ("Name", beam.name),
        ("IsocenterName", prescription.isocentre_name),
        ("PrescriptionName", prescription.name),
        ("UsePoiForPrescriptionPoint", 1),
        ("PrescriptionPointName", prescription.point_name),
        ("PrescriptionPointDepth", depth_mm(beam) / 10),
        ("PrescriptionPointXOffset", 0),
        ("PrescriptionPointYOffset", 0),
        ("SpecifyDosePerMuAtPrescriptionPoint", 0),
        ("DosePerMuAtPrescriptionPoint", 1),
        ("MachineNameAndVersion", MACHINE_VERSION),
        ("Modality", f"{beam.modality.capitalize()}s"),
        ("MachineEnergyName", energy_of(beam).name),
        ("SetBeamType", KIND[beam.kind]),
        ("PrevBeamType", KIND[beam.kind]),
        ("ComputationVersion", VERSION),
    ]


def _manager(beam: DemoBeam) -> Body:
    locked = 0 if beam.kind == "arc" else 1
    points = [_control_point(beam, aperture) for aperture in beam.apertures]
    return [
        ("IsGantryStartStopLocked", locked),
        ("IsCouchStartStopLocked", 1),
        ("IsCollimatorStartStopLocked", 1),
        ("IsLeftRightIndependent", 1),
        ("IsTopBottomIndependent", 1),
        ("NumberOfControlPoints", len(points)),
        ("ControlPointList", numbered(points)),
        ("GantryIsCCW", int(beam.arc_direction == "CCW")),
        ("MLCPushMethod", "Center"),
        ("JawsConformance", "Static"),
    ]


def _control_point(beam: DemoBeam, aperture: DemoAperture) -> Body:
    jaws = beam.jaws
    modifiers: list[tuple[str, Value]] = []
    if beam.block:
        modifiers.append(("BeamModifier", _modifier(beam.block, "Block", "As Is")))
    if beam.cutout:
        modifiers.append(("BeamModifier", _modifier(beam.cutout, "Expose", "Block")))
    return [
        ("Gantry", aperture.gantry_deg),
        ("Couch", (360 - beam.couch_deg) % 360),
        ("Collimator", beam.collimator_deg),
        ("WedgeContext", wedge_context(beam.wedge)),
        ("LeftJawPosition", -jaws.x1_mm / 10),
        ("RightJawPosition", jaws.x2_mm / 10),
        ("TopJawPosition", jaws.y2_mm / 10),
        ("BottomJawPosition", -jaws.y1_mm / 10),
        ("ModifierList", modifiers),
        ("MLCLeafPositions", _leaves(aperture)),
        ("Weight", aperture.mu / beam.mu),
        ("WeightLocked", 0),
        ("PercentOfArc", 0),
        ("HasSharedModifierList", 0),
        ("MLCTransForDisplay", 0.015),
        ("DoseRate", beam.dose_rate_mu_min),
    ]


def _leaves(aperture: DemoAperture) -> Body:
    """Return the leaf rows, the pair at the gantry end first; unused leaves stand wide open."""
    rows: Sequence[Sequence[float]] = [
        (-x1_mm / 10, x2_mm / 10) for x1_mm, x2_mm in reversed(aperture.leaves)
    ] or [(OPEN_CM, OPEN_CM)] * MLC_ROWS
    middles_cm = [(low + high) / 20 for low, high in pairwise(PLAN.boundaries_mm)]
    names = [f"{k:3d}. Y = {y_cm:.2f} cm" for k, y_cm in enumerate(reversed(middles_cm), 1)]
    return [
        ("RawData", _points(rows)),
        ("LabelList", labels(["X1 (X1)", "X2 (X2)"])),
        ("RowLabelList", labels(names)),
        ("LabelFormatList", labels(["%5.2f", "%5.2f"])),
    ]


def _points(rows: Sequence[Sequence[float]]) -> Body:
    return [("NumberOfDimensions", 2), ("NumberOfPoints", len(rows)), ("Points[]", Rows(rows))]


def _modifier(block: DemoBlock, inside: str, outside: str) -> Body:
    rows = [(x_mm / 10, -y_mm / 10) for x_mm, y_mm in block.outline_mm]
    curve: Body = [("RawData", _points(rows)), ("LabelList", labels(["X", "Y"]))]
    painter: Body = [
        ("Curve", curve),
        ("Color", "red"),
        ("SliceCoordinate", 0),
        ("Orientation", "Transverse"),
    ]
    return [
        ("Name", block.code),
        ("FixToCollimator", 1),
        ("AutoBlock", 0),
        ("StructureToBlock", "Manual"),
        ("Margin", 0),
        ("InsideMode", inside),
        ("OutsideMode", outside),
        ("ContourList", [("CurvePainter", painter)]),
    ]


def _bolus(beam: DemoBeam, binary: int) -> Body:
    return [
        ("Type", "Bolus" if beam.bolus_mm else "No bolus"),
        ("Density", 1),
        ("Thickness", beam.bolus_mm / 10),
        ("BinaryVolume", [("BinaryData", Elsewhere(binary))]),
    ]


def _engine(beam: DemoBeam) -> Body:
    return [
        ("TypeName", "Adaptive Convolve" if beam.modality == "photon" else "Electron 3D"),
        ("ConvolveHomogeneous", 0),
        ("FluenceHomogeneous", 0),
        ("FlatWaterPhantom", 0),
        ("FlatHomogeneous", 0),
        ("ElectronHomogeneous", 0),
    ]


def point_distance_mm(beam: DemoBeam) -> float:
    """Return source to prescription point, for points on the axis of a beam from above."""
    prescription = beam.prescription
    return SAD_MM + prescription.point_mm[1] - prescription.isocentre_mm[1]


def depth_mm(beam: DemoBeam) -> float:
    """Return the depth of the prescription point below the skin."""
    return point_distance_mm(beam) - beam.apertures[0].ssd_mm


def _monitor_units(beam: DemoBeam) -> Body:
    jaws = beam.jaws
    x_cm, y_cm = (jaws.x2_mm - jaws.x1_mm) / 10, (jaws.y2_mm - jaws.y1_mm) / 10
    depth_cm = depth_mm(beam) / 10
    water_cm = depth_cm + beam.bolus_mm / 10
    return [
        ("PrescriptionDose", beam.field_dose_cgy),
        ("SourceToPrescriptionPointDistance", point_distance_mm(beam) / 10),
        ("TotalTransmissionFraction", transmission(beam)),
        ("TransmissionDescription", "(Block Tray)" if beam.block else ""),
        ("PrescriptionPointDepth", depth_cm),
        ("PrescriptionPointRadDepth", water_cm),
        ("DepthToActualPoint", depth_cm),
        ("SSDToActualPoint", beam.apertures[0].ssd_mm / 10),
        ("RadDepthToActualPoint", water_cm),
        ("PrescriptionPointRadDepthValid", 1),
        ("PrescriptionPointOffAxisDistance", 0),
        ("UnblockedFieldAreaAtSAD", x_cm * y_cm),
        ("UnblockedFieldPerimeterAtSAD", 2 * (x_cm + y_cm)),
        ("BlockedFieldAreaAtSAD", 0),
        ("NormalizedDose", normalized_dose(beam)),
        ("OffAxisRatio", 0),
        ("CollimatorOutputFactor", collimator_factor(beam)),
        ("RelativeOutputFactor", 0),
        ("PhantomOutputFactor", 1),
        ("OutputFactorInfo", "Interpolated using equivalent square."),
    ]
