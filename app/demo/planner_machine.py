"""The demonstration machine as the planner describes it (plan.Pinnacle.Machines).

Gantry reads as IEC, the couch runs the other way round (IEC = 360 - value), the collimator's
12 o'clock is 180; Left is X1, Top is Y2 (towards the gantry).
"""

from itertools import pairwise

from app.demo.clif import STAMP, Body, clif, numbered, object_version
from app.demo.geometry import SAD_MM
from app.demo.planner_factors import (
    DIRECTIONS,
    ENERGIES,
    SIDES_CM,
    WEDGES,
    Energy,
    measured,
    phantom,
)
from app.demo.truth import PLAN, DemoWedge

MACHINE_VERSION = f"{PLAN.machine}: {STAMP}"
APPLICATORS_CM = (6, 10, 15, 20, 25)
CODES = {
    "EDW": {"BottomToTop": "ED%-Y1", "TopToBottom": "ED%-Y2"},
    "30 Wedge": {
        "LeftToRight": "30LEFT",
        "RightToLeft": "30RIGHT",
        "TopToBottom": "30OUT",
        "BottomToTop": "30IN",
    },
}
DYNAMIC_ANGLES_DEG = (10, 15, 20, 25, 30, 45, 60)


def machines_file() -> bytes:
    """Return the file with the one machine of the plan."""
    body: Body = [
        ("Name", PLAN.machine),
        ("MachineType", "Demonstration linac"),
        ("VersionTimestamp", STAMP),
        ("VersionDescription", "invented for the demonstration"),
        ("ObjectVersion", object_version()),
        ("CommissionedForPhotons", 1),
        ("CommissionedForElectrons", 1),
        ("SAD", SAD_MM / 10),
        ("SourceToLeftRightJawDistance", 37),
        ("SourceToTopBottomJawDistance", 28),
        ("SourceToBlockTrayDistance", 65),
        ("CouchAngle", _angle(0, 1, 265, 95)),
        ("GantryAngle", _angle(0, 0, 180, 179.9, arc=1)),
        ("CollimatorAngle", _angle(180, 1, 185, 175)),
        *_jaws(),
        ("CPMonitorUnitDecimalPlaces", 0),
        ("MonitorUnitDecimalPlaces", 0),
        ("MonitorUnitMaximum", 999),
        ("MonitorUnitPerDegreeMaximum", 20),
        ("BlocksAllowed", 1),
        ("HasMLC", 1),
        ("MultiLeaf", _leaves()),
        ("ConfigRV", _names_in_rv()),
        ("ElectronApplicatorList", [("ElectronApplicator", _cone(s)) for s in APPLICATORS_CM]),
        ("WedgeList", [("Wedge", _wedge(wedge)) for wedge in WEDGES]),
        ("PhotonEnergyList", _energies("photon")),
        ("ElectronEnergyList", _energies("electron")),
    ]
    return clif(numbered([body]))


def _angle(twelve: int, clockwise: int, low: float, high: float, arc: int = 0) -> Body:
    return [
        ("Name", ""),
        ("TwelveOClockAngle", twelve),
        ("ClockwiseIncreases", clockwise),
        ("NominalAngle", 0),
        ("MinimumAngle", low),
        ("MaximumAngle", high),
        ("DecimalPlaces", 1),
        ("CanBeArc", arc),
        ("RotationDirection", "CW or CCW"),
        ("ConformalArc", arc),
        ("DynamicArc", arc),
    ]


def _jaws() -> Body:
    return [
        ("LeftRightCanBeIndependent", 1),
        ("LeftRightMinimumPosition", -2),
        ("LeftRightMaximumPosition", 20),
        ("LeftJawName", "X1"),
        ("RightJawName", "X2"),
        ("LeftRightName", "X-JAW"),
        ("LeftRightDecimalPlaces", 1),
        ("TopBottomCanBeIndependent", 1),
        ("TopBottomMinimumPosition", -10),
        ("TopBottomMaximumPosition", 20),
        ("TopJawName", "Y2"),
        ("BottomJawName", "Y1"),
        ("TopBottomName", "Y-JAW"),
        ("TopBottomDecimalPlaces", 1),
    ]


def _leaves() -> Body:
    pairs: list[tuple[str, Body]] = [
        (
            "MLCLeafPair",
            [
                ("YCenterPosition", (low + high) / 20),
                ("NegateLeafCoordinate", 1),
                ("Width", (high - low) / 10),
                ("MinTipPosition", -20),
                ("MaxTipPosition", 20),
            ],
        )
        for low, high in pairwise(PLAN.boundaries_mm)
    ]
    return [
        ("LeafPairList", pairs),
        ("LeftBankName", "X1"),
        ("RightBankName", "X2"),
        ("NegateLeafCoordinates", 1),
        ("ReplacesJaw", 0),
        ("AlignedWithLeftRightJaw", 1),
        ("SourceToMLCDistance", 51),
        ("DecimalPlaces", 2),
        ("Vendor", "Varian"),
    ]


def _names_in_rv() -> Body:
    return [
        ("Enabled", 1),
        ("LeftJaw", "X1"),
        ("RightJaw", "X2"),
        ("TopJaw", "Y2"),
        ("BottomJaw", "Y1"),
        ("MLCBankSwap", "First"),
        ("MLCOrderSwap", "First"),
        ("ElektaRelativeMLCPositions", 0),
    ]


def _cone(side_cm: int) -> Body:
    return [
        ("Name", f"{side_cm}x{side_cm}"),
        ("Width", side_cm),
        ("Length", side_cm),
        ("ManufacturerCode", f"{side_cm}x{side_cm}"),
        ("SourceToCutoutDistance", 95),
    ]


def _wedge(wedge: DemoWedge) -> Body:
    codes = CODES[wedge.name]
    angles = DYNAMIC_ANGLES_DEG if wedge.dynamic else ()
    return [
        ("Name", wedge.name),
        ("SourceToWedgeDistance", 57.5),
        ("NominalAngle", wedge.angle_deg),
        ("IsDynamic", int(wedge.dynamic)),
        *[(f"CanBe{way}", int(way in codes)) for way in DIRECTIONS.values()],
        *[(f"{way}Label", codes.get(way, "")) for way in DIRECTIONS.values()],
        *[(f"{way}Code", codes.get(way, "")) for way in DIRECTIONS.values()],
        ("AngleType", 2 if wedge.dynamic else 1),
        ("DiscreteAngleList", [("SimpleString", [("String", str(a))]) for a in angles]),
        ("MinimumAngle", 10),
        ("MaximumAngle", 60),
    ]


def _energies(modality: str) -> Body:
    return [("MachineEnergy", _energy(e)) for e in ENERGIES if e.modality == modality]


def _energy(energy: Energy) -> Body:
    photon = energy.modality == "photon"
    rows = (
        [_geometry(side, wedge) for wedge in (None, *WEDGES) for side in SIDES_CM]
        if photon
        else [_cone_geometry(side) for side in APPLICATORS_CM]
    )
    distance_mm = SAD_MM if photon else SAD_MM + energy.reference_depth_mm
    factors: Body = [
        ("ReferenceDepth", energy.reference_depth_mm / 10),
        ("SourceToCalibrationPointDistance", distance_mm / 10),
        ("DosePerMuAtCalibration", energy.dose_per_mu_cgy),
        ("CalculatedCalibrationDose", 1.0),
        ("MeasureGeometryList", [("MeasureGeometry", row) for row in rows]),
    ]
    return [
        ("Value", energy.nominal),
        ("Id", 0),
        ("Name", energy.name),
        ("PhysicsData", [("OutputFactor", factors)]),
        ("DefaultBlockAndTrayFactor", 0.03),
        ("DefaultTrayFactor", 0.97),
        ("DefaultMLCFactor", 0.015),
    ]


def wedge_context(wedge: DemoWedge | None) -> Body:
    """Return which wedge is in: none, a fixed one, or a dynamic one with its angle."""
    angle: str | int = "No Wedge"
    if wedge:
        angle = wedge.angle_deg if wedge.dynamic else "Fixed"
    return [
        ("WedgeName", wedge.name if wedge else "No Wedge"),
        ("Orientation", f"Wedge{DIRECTIONS[wedge.toe_deg]}" if wedge else "NoWedge"),
        ("OffsetOrigin", "Patient Surface"),
        ("OffsetDistance", -2.5),
        ("Angle", angle),
        ("MinDeliverableMU", 20 if wedge and wedge.dynamic else 0),
        ("MaxDeliverableMU", 1e30),
    ]


def _geometry(side_cm: float, wedge: DemoWedge | None) -> Body:
    return [
        ("Name", "OutputFactorGeometry"),
        ("MeasurementSSD", 90),
        ("WedgeContext", wedge_context(wedge)),
        *_square(side_cm),
        ("ElectronApplicatorName", ""),
        ("MeasuredOutputFactor", measured(side_cm, wedge)),
        ("PhantomOutputFactor", phantom(side_cm)),
        ("OutputFactorDepth", 10),
    ]


def _cone_geometry(side_cm: int) -> Body:
    return [
        ("Name", "OutputFactorGeometry"),
        ("MeasurementSSD", 100),
        ("WedgeContext", wedge_context(None)),
        *_square(side_cm),
        ("ElectronApplicatorName", f"{side_cm}x{side_cm}"),
        ("MeasuredOutputFactor", 1),
        ("PhantomOutputFactor", 1),
        ("OutputFactorDepth", 2.8),
    ]


def _square(side_cm: float) -> Body:
    sides = ("Left", "Right", "Top", "Bottom")
    return [(f"{side}JawPosition", side_cm / 2) for side in sides]
