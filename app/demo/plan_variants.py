"""Plans with one seeded error each, for the checks before a transfer (R-30, L-11 to L-20).

Each is the demonstration plan with one thing changed that a planner can get wrong. It says which
rule must speak: "stops" forbids the file, "asks" wants a reason.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset

from app.demo.dicom_items import all_ds, ds, encoded, uid
from app.demo.dicom_plan import plan_file

Spoil = Callable[[Dataset], None]
STOPS, ASKS = "stops", "asks"


@dataclass(frozen=True, slots=True)
class PlanVariant:
    """A plan with a seeded error.

    Attributes:
        name: Stem of its file.
        error: What was done, in words.
        rule: The rule that must speak, and no other.
        policy: "stops" or "asks".
        beam: Name of the beam it is about, "" for the plan.

    """

    name: str
    error: str
    rule: str
    policy: str
    beam: str
    spoil: Spoil

    def data(self) -> bytes:
        """Return the plan with this error in it."""
        plan = deepcopy(_sound_plan())
        plan.SOPInstanceUID = uid(f"plan variant {self.name}")
        self.spoil(plan)
        return encoded(plan)


@cache
def _sound_plan() -> Dataset:
    return dcmread(BytesIO(plan_file()))


def _beam(plan: Dataset, number: int) -> Dataset:
    beams: list[Dataset] = list(plan.BeamSequence)
    return next(beam for beam in beams if int(beam.BeamNumber) == number)


def _given(plan: Dataset, number: int) -> Dataset:
    """Return what the fraction groups say of a beam."""
    given: list[Dataset] = [
        one for group in plan.FractionGroupSequence for one in group.ReferencedBeamSequence
    ]
    return next(one for one in given if int(one.ReferencedBeamNumber) == number)


def _energy(plan: Dataset) -> None:
    for point in _beam(plan, 1).ControlPointSequence:
        if "NominalBeamEnergy" in point:
            point.NominalBeamEnergy = "10"


def _wedge_angle(plan: Dataset) -> None:
    _beam(plan, 1).WedgeSequence[0].WedgeAngle = "30"


def _wedge_mu(plan: Dataset) -> None:
    _given(plan, 1).BeamMeterset = ds(12.0)


def _mu(plan: Dataset) -> None:
    _given(plan, 4).BeamMeterset = ds(900.0)


def _distance(plan: Dataset) -> None:
    _beam(plan, 4).ControlPointSequence[0].SourceToSurfaceDistance = ds(1250.0)


def _calculation_point(plan: Dataset) -> None:
    given = _given(plan, 4)
    x, y, z = (float(value) for value in given.BeamDoseSpecificationPoint)
    given.BeamDoseSpecificationPoint = all_ds((x + 15.0, y, z))


def _beam_dose(plan: Dataset) -> None:
    given = _given(plan, 4)
    given.BeamDose = ds(float(given.BeamDose) + 0.05)


def _arc_turns_back(plan: Dataset) -> None:
    points = _beam(plan, 3).ControlPointSequence
    points[len(points) // 2].GantryRotationDirection = "CC"


def _isocentre(plan: Dataset) -> None:
    first = _beam(plan, 2).ControlPointSequence[0]
    x, y, z = (float(value) for value in first.IsocenterPosition)
    first.IsocenterPosition = all_ds((x, y + 5.0, z))


def _no_patient(plan: Dataset) -> None:
    plan.PatientID = ""


def _second_block(plan: Dataset) -> None:
    blocks = _beam(plan, 4).BlockSequence
    second = deepcopy(blocks[0])
    second.BlockNumber, second.BlockTrayID, second.AccessoryCode = "2", "TRAY 9", "TRAY 9"
    blocks.append(second)
    _beam(plan, 4).NumberOfBlocks = "2"


PLAN_VARIANTS = tuple(PlanVariant(*row) for row in (
    ("energy", "10 MV, which the machine does not offer", "LEX-D2", STOPS, "AP VW60", _energy),
    ("wedge_angle", "a virtual wedge of 30 degrees", "LEX-B1", STOPS, "AP VW60", _wedge_angle),
    ("wedge_mu", "12 MU with a virtual wedge", "LEX-B3", STOPS, "AP VW60", _wedge_mu),
    ("arc_turns_back", "an arc turns back half way", "LEX-C4", STOPS, "ARC 1", _arc_turns_back),
    ("two_blocks", "two blocks in one field", "LEX-C1", STOPS, "", _second_block),
    ("no_patient_id", "the patient has no ID", "LEX-D7", STOPS, "", _no_patient),
    ("mu", "900 MU in a still field", "LEX-B2", ASKS, "", _mu),
    ("ssd", "an SSD of 125 cm", "LEX-B4", ASKS, "", _distance),
    ("calculation_point", "one beam has another calculation point", "LEX-P3", ASKS, "",
     _calculation_point),
    ("beam_dose", "the beam doses do not add up", "LEX-C8", ASKS, "", _beam_dose),
    ("isocentre", "one beam has another isocentre", "LEX-C6", ASKS, "", _isocentre),
))  # fmt: skip


def plan_index_file() -> bytes:
    """Return INDEX.json: for each plan its error and the rule that must speak."""
    rows = [
        {"file": f"{one.name}.dcm", "error": one.error, "rule": one.rule, "policy": one.policy}
        for one in PLAN_VARIANTS
    ]
    return (json.dumps(rows, indent=2) + "\n").encode("ascii")
