"""The trial of the demonstration plan in the planner's own scale (plan.Trial).

cm at the isocentre, jaws and leaves positive outward on their own side, rows of leaves from the
gantry end down; the couch angle runs against IEC. Every beam has three binary files: bolus, dose,
uncertainty; only the dose is filled.
"""

from app.demo import dose
from app.demo.clif import STAMP, Body, Elsewhere, clif, object_version
from app.demo.planner_beam import BINARIES_PER_BEAM, beam_body
from app.demo.truth import PLAN, DemoPrescription

TRIAL = "Trial_1"


def trial_file() -> bytes:
    """Return plan.Trial with its one trial."""
    return clif([("Trial", _trial())])


def _trial() -> Body:
    return [
        ("Name", TRIAL),
        ("PatientRepresentation", _representation()),
        *_grid(),
        ("RemoveCouchFromScan", 0),
        ("CouchRemovalYCoordinate", -12),
        ("PhysicsPlan", 0),
        ("PrescriptionList", [("Prescription", _prescription(p)) for p in PLAN.prescriptions]),
        ("BeamList", [("Beam", beam_body(beam)) for beam in PLAN.beams]),
        ("BrachyPrescriptionMethod", "Dose Rate"),
        ("BrachyDose", Elsewhere(BINARIES_PER_BEAM * len(PLAN.beams))),
        ("UseTrialForTreatment", 1),
        ("ObjectVersion", object_version()),
        ("CourseID", PLAN.course),
        ("ToleranceTable", PLAN.tolerance_table),
    ]


def _representation() -> Body:
    return [
        ("PatientVolumeName", f"{PLAN.last_name}^{PLAN.first_name}"),
        ("CtToDensityName", "Demonstration"),
        ("CtToDensityVersion", STAMP),
        ("OutsidePatientIsCtNumber", 0),
        ("OutsidePatientAirThreshold", 0.6),
    ]


def _grid() -> Body:
    planes, rows, columns = dose.SHAPE
    x_mm, y_mm, z_mm = dose.ORIGIN_MM
    origin_mm = (x_mm, -(y_mm + dose.STEP_MM * (rows - 1)), -(z_mm + dose.STEP_MM * (planes - 1)))
    axes = "XYZ"
    return [
        *[(f"DoseGrid .VoxelSize .{axis}", dose.STEP_MM / 10) for axis in axes],
        *[
            (f"DoseGrid .Dimension .{axis}", count)
            for axis, count in zip(axes, (columns, rows, planes), strict=True)
        ],
        *[
            (f"DoseGrid .Origin .{axis}", at_mm / 10)
            for axis, at_mm in zip(axes, origin_mm, strict=True)
        ],
    ]


def _prescription(prescription: DemoPrescription) -> Body:
    # The paper's clinic prescribes modulated beams by their MU (Siochi 2009, II.B).
    modulated = any(beam.kind != "static" for beam in PLAN.beams_of(prescription))
    return [
        ("Name", prescription.name),
        ("RequestedMonitorUnitsPerFraction", sum(b.mu for b in PLAN.beams_of(prescription))),
        ("PrescriptionDose", prescription.dose_cgy),
        ("PrescriptionPercent", 100),
        ("NumberOfFractions", prescription.fractions),
        ("PrescriptionPoint", prescription.point_name),
        ("Method", "Set Monitor Units" if modulated else "Prescribe"),
        ("NormalizationMethod", "Point Dose"),
        ("PrescriptionPeriod", "Per Fraction"),
        ("WeightsProportionalTo", "Point Dose"),
        ("Color", "red"),
    ]


def points_file() -> bytes:
    """Return plan.Points: the two isocentres and the electron point."""
    points = {}
    for prescription in PLAN.prescriptions:
        points[prescription.isocentre_name] = prescription.isocentre_mm
        points[prescription.point_name] = prescription.point_mm
    bodies = []
    for name, (x_mm, y_mm, z_mm) in points.items():
        body: Body = [
            ("Name", name),
            ("XCoord", x_mm / 10),
            ("YCoord", -y_mm / 10),
            ("ZCoord", -z_mm / 10),
            ("XRotation", 0),
            ("YRotation", 0),
            ("ZRotation", 0),
            ("Radius", 1),
            ("Color", "red"),
            ("CoordSys", "CT"),
            ("CoordinateFormat", "%6.2f"),
            ("Display2d", "Off"),
            ("Display3d", "Off"),
            ("ObjectVersion", object_version()),
            ("VolumeName", f"{PLAN.last_name}^{PLAN.first_name}"),
            ("PoiInterpretedType", "ISOCENTER" if name.startswith("iso") else "MARKER"),
            ("IsLocked", 0),
        ]
        bodies.append(("Poi", body))
    return clif(bodies)
