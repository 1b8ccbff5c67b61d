"""A large invented plan: arcs of many control points on the demonstration machine's 60 pairs."""

from math import sin

from pydicom.dataset import Dataset

from tests.lex.dicom_sample import beam, group, item, plan, positions

PAIRS = 60
EDGES_MM = [*range(-200, -100, 10), *range(-100, 100, 5), *range(100, 201, 10)]


def vmat_plan(arcs: int = 10, points: int = 180) -> Dataset:
    beams = [arc(number, points) for number in range(1, arcs + 1)]
    given = [item(ReferencedBeamNumber=one.BeamNumber, BeamMeterset=200.0, BeamDose=0.2)
             for one in beams]  # fmt: skip
    made = plan(*beams, groups=(group(1),))
    made.FractionGroupSequence[0].ReferencedBeamSequence = given
    return made


def arc(number: int, points: int) -> Dataset:
    found = [point(number, n, points) for n in range(points)]
    made = beam(number, found, BeamType="DYNAMIC", BeamName=f"Arc {number}")
    made.BeamLimitingDeviceSequence[2].NumberOfLeafJawPairs = PAIRS
    made.BeamLimitingDeviceSequence[2].LeafPositionBoundaries = EDGES_MM
    return made


def point(number: int, n: int, points: int) -> Dataset:
    low = [round(-30 + 20 * sin(0.1 * n + 0.3 * leaf + number), 2) for leaf in range(PAIRS)]
    high = [round(place + 20 + 10 * sin(0.05 * n * leaf), 2) for leaf, place in enumerate(low)]
    turn = "NONE" if n == points - 1 else "CW"
    made = item(
        ControlPointIndex=n, CumulativeMetersetWeight=round(n / (points - 1), 6),
        GantryAngle=round((181 + n * 1.9) % 360, 1), GantryRotationDirection=turn,
    )  # fmt: skip
    shape = {"MLCX": [*low, *high]}
    if n == 0:
        made.update(item(
            NominalBeamEnergy=6, DoseRateSet=600, BeamLimitingDeviceAngle=10,
            BeamLimitingDeviceRotationDirection="NONE", PatientSupportAngle=0,
            PatientSupportRotationDirection="NONE", IsocenterPosition=[10, -20, 30.5],
            SourceToSurfaceDistance=905,
        ))  # fmt: skip
        shape = {"ASYMX": [-100, 100], "ASYMY": [-100, 100], **shape}
    made.BeamLimitingDevicePositionSequence = positions(**shape)
    return made
