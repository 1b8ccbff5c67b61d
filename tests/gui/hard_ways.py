"""How each check that stops the file is tripped on the way from a real source to LEX.

The planning server's files, or the DICOM plan, are spoilt before LEX sees them; the clinic's own
lists lie where the clinic keeps them; what a person enters is typed.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

PATIENT = "Institution_1/Mount_0/Patient_1"
TRIAL = f"{PATIENT}/Plan_0/plan.Trial"
MOSAIQ, LANTIS = "nomenclature/mosaiq_2.64.toml", "nomenclature/lantis.toml"
LANTIS_NAMES = """
[wedges.names]
"ED60-Y1" = "VW60"
"EDW" = "VW60"
"30LEFT" = "W30"
[applicators.names]
"10x10" = "10X10"
"""


@dataclass(frozen=True)
class Way:
    """One check tripped.

    Attributes:
        rule: The check that must stop the file.
        files: Pattern and replacement by file of the server's tree; None for a DICOM file.
        spoil: What is done to the DICOM plan.
        clinic: The clinic's files, by name below its folder.
        typed: What a person enters, by the name of the box: field "AP VW60" stands for its ID;
            "" leaves a box as it is.
        loaded: What a file of entries holds that is loaded after that.
        refused: Words by which the plan is refused while it is read, before any check.

    """

    rule: str
    files: Mapping[str, tuple[str, str]] | None = field(default_factory=dict)
    spoil: Callable[[Dataset], None] = lambda _: None
    clinic: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    loaded: str = ""
    refused: str = ""


def spoil_tree(root: Path, way: Way) -> None:
    """Change the first place in each file of the served tree that fits."""
    for name, (pattern, new) in (way.files or {}).items():
        text = (root / name).read_text("latin-1")
        text, count = re.subn(pattern, new, text, count=1)
        if count != 1:
            raise AssertionError(f"{way.rule}: {pattern} is not in {name}")
        (root / name).write_text(text, "latin-1")


def beam(plan: Dataset, number: int) -> Dataset:
    """Return one beam of the plan."""
    return next(one for one in plan.BeamSequence if int(one.BeamNumber) == number)


def _energy(plan: Dataset) -> None:
    for point in beam(plan, 1).ControlPointSequence:
        if "NominalBeamEnergy" in point:
            point.NominalBeamEnergy = "10"


def _half_an_mu(plan: Dataset) -> None:
    for group in plan.FractionGroupSequence:
        for given in group.ReferencedBeamSequence:
            if int(given.ReferencedBeamNumber) == 4:
                given.BeamMeterset = "50.5"


def _devices(plan: Dataset, number: int) -> list[Dataset]:
    """Return every description and position of a beam's leaves."""
    one = beam(plan, number)
    found = list(one.BeamLimitingDeviceSequence)
    for point in one.ControlPointSequence:
        found += point.get("BeamLimitingDevicePositionSequence", [])
    return [device for device in found if "MLC" in device.RTBeamLimitingDeviceType]


def _pair_less(plan: Dataset) -> None:
    for device in _devices(plan, 1):
        if "LeafJawPositions" in device:
            both = list(device.LeafJawPositions)
            device.LeafJawPositions = both[:59] + both[60:119]
        else:
            device.NumberOfLeafJawPairs = 59
            device.LeafPositionBoundaries = list(device.LeafPositionBoundaries)[:-1]


def _along_y(plan: Dataset) -> None:
    for device in _devices(plan, 1):
        device.RTBeamLimitingDeviceType = "MLCY"


def _two_blocks(plan: Dataset) -> None:
    one = beam(plan, 4)
    second = deepcopy(one.BlockSequence[0])
    second.BlockNumber, second.BlockTrayID, second.AccessoryCode = "2", "TRAY 9", "TRAY 9"
    one.BlockSequence.append(second)
    one.NumberOfBlocks = "2"


def _wedge_nowhere(plan: Dataset) -> None:
    for point in beam(plan, 1).ControlPointSequence:
        point.pop("WedgePositionSequence", None)


def _meterset_falls(plan: Dataset) -> None:
    beam(plan, 3).ControlPointSequence[2].CumulativeMetersetWeight = "0.001"


def _arc_turns_back(plan: Dataset) -> None:
    points = beam(plan, 3).ControlPointSequence
    points[len(points) // 2].GantryRotationDirection = "CC"


def _no_edges(plan: Dataset) -> None:
    for point in beam(plan, 4).ControlPointSequence:
        point.pop("BeamLimitingDevicePositionSequence", None)


def _no_filter(plan: Dataset) -> None:
    mode = Dataset()
    mode.FluenceMode, mode.FluenceModeID = "NON_STANDARD", "FFF"
    beam(plan, 1).PrimaryFluenceModeSequence = [mode]


WAYS = (
    Way("LEX-D1", typed={"course": ""}),
    Way("LEX-D5", typed={"RPO IMRT": "1"}),
    Way("LEX-D6", typed={"PELVIS 2": "PELVIS"}),
    Way("LEX-D7", {f"{PATIENT}/Patient": (r'(MedicalRecordNumber = )"[^"]*"', r'\1""')}),
    Way("LEX-N1", clinic={MOSAIQ: '[machines.names]\n"OTHER LINAC" = "LINAC 7"\n'},
        typed={"machine": "L"}),
    Way("LEX-N2", clinic={MOSAIQ: '[applicators.names]\n"10x10" = "10X10"\n'
                                  '[wedges.names]\n"OTHER" = "VW60"\n'}),
    Way("LEX-N3", {TRIAL: ('"AP VW60"', '"AP VW60 of the whole pelvis"')},
        clinic={LANTIS: LANTIS_NAMES}, typed={"rv_system": "lantis"}),
    Way("LEX-N4", clinic={MOSAIQ: "[tolerance_tables]\n1 = \"Head\"\n5 = \"Pelvis\"\n"},
        typed={"tolerance_table": ""}, loaded="tolerance_table = 7"),
    Way("LEX-N5", clinic={MOSAIQ: "[field_ids.block_codes]\n'(.+)' = 'B1'\n"},
        typed={"LAO BLK": "4"}),
    Way("LEX-D2", None, _energy),
    Way("LEX-B1", {TRIAL: ("Angle = 60;", "Angle = 30;")}),
    Way("LEX-B3", {TRIAL: ("PrescriptionDose = 32.25;", "PrescriptionDose = 8;")}),
    Way("LEX-B6", None, _half_an_mu,
        clinic={LANTIS: LANTIS_NAMES}, typed={"rv_system": "lantis"}),
    Way("LEX-B8", None, _pair_less),
    Way("LEX-B9", None, _along_y),
    Way("LEX-C1", None, _two_blocks),
    Way("LEX-C2", None, _wedge_nowhere, refused="no WedgePosition tells whether it is in"),
    Way("LEX-C3", None, _meterset_falls, refused="CumulativeMetersetWeight falls"),
    Way("LEX-C4", None, _arc_turns_back),
    Way("LEX-C5", None, _no_edges),
    Way("LEX-C10", None, _no_filter, clinic={LANTIS: LANTIS_NAMES},
        typed={"rv_system": "lantis"}),
)  # fmt: skip
