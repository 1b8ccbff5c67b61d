"""Bring Pinnacle's angles, jaws, leaves, outlines and points to IEC 61217 and DICOM axes.

One function per border. A machine says in its own angle blocks how its scale runs; a scale that
nobody has compared with a treatment yet is refused rather than guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.lex.pinnacle_text import Block
from core.errors import UnsupportedPlanError

_ASK = "Ask the physicist to compare one beam with Pinnacle's own DICOM export of this machine."

# (value shown when the part stands at twelve o'clock, 1 when the values grow clockwise)
# -> (sign, offset): IEC = sign * value + offset. Only scales whose direction is known.
_GANTRY = {(0, 0): (1, 0), (180, 1): (-1, 180)}
_COUCH = {(0, 1): (-1, 0), (180, 1): (-1, 180)}
_COLLIMATOR = {(180, 1): (1, 0), (0, 1): (1, 0)}

# Which IEC jaw is Pinnacle's (left, right, top, bottom), by the collimator's twelve o'clock value.
_JAWS = {180: ("X1", "X2", "Y2", "Y1"), 0: ("X2", "X1", "Y1", "Y2")}

# Signs of Pinnacle's (x, y, z) along the DICOM axes.
_PATIENT_SIGNS = {
    "HFS": (1, -1, -1),
    "HFP": (-1, 1, -1),
    "FFS": (-1, -1, 1),
    "FFP": (1, 1, 1),
}


@dataclass(frozen=True, slots=True)
class Jaws:
    """Jaw edges at the isocentre plane along IEC X and Y."""

    x1_cm: float
    x2_cm: float
    y1_cm: float
    y2_cm: float


@dataclass(frozen=True, slots=True)
class Scale:
    """How one machine counts: factors to IEC 61217.

    Attributes:
        gantry, couch, collimator: Sign and offset in degrees, IEC = sign * value + offset.
        turned: True when Pinnacle's beam axes lie half a turn from the usual ones, so that its
            left jaw is X2 and its top jaw is Y1.

    """

    gantry: tuple[int, int]
    couch: tuple[int, int]
    collimator: tuple[int, int]
    turned: bool


def scale_of(machine: Block) -> Scale:
    """Return the scale a machine of plan.Pinnacle.Machines states in its angle blocks.

    Raises:
        UnsupportedPlanError: The direction of a scale is not known, or the names of the jaws
            contradict the collimator's twelve o'clock value.

    """
    gantry, _ = _turn(machine, "GantryAngle", _GANTRY)
    couch, _ = _turn(machine, "CouchAngle", _COUCH)
    collimator, twelve_deg = _turn(machine, "CollimatorAngle", _COLLIMATOR)
    _require_jaw_names(machine, _JAWS[twelve_deg])
    return Scale(gantry, couch, collimator, turned=twelve_deg == 0)


def _turn(
    machine: Block, key: str, known: dict[tuple[int, int], tuple[int, int]]
) -> tuple[tuple[int, int], int]:
    """Return sign and offset of one angle, and its value at twelve o'clock."""
    angle = machine.need(key)
    twelve_deg = angle.number("TwelveOClockAngle")
    clockwise = angle.number("ClockwiseIncreases")
    found = known.get((int(twelve_deg), int(clockwise))) if twelve_deg % 1 == 0 else None
    if found is None:
        raise UnsupportedPlanError(
            f"the {key} scale of machine {machine.text('Name')!r} (twelve o'clock "
            f"{twelve_deg:g}, clockwise increases {clockwise:g}) has no known direction",
            where=angle.where,
            remedy=_ASK,
        )
    return found, int(twelve_deg)


def _require_jaw_names(machine: Block, expected: tuple[str, str, str, str]) -> None:
    """Refuse a machine whose R&V jaw names differ from what its collimator scale implies."""
    config = machine.block("ConfigRV")
    sides = ("Left", "Right", "Top", "Bottom")
    for side, jaw in zip(sides, expected, strict=True):
        name = config.text(f"{side}Jaw") if config is not None else ""
        name = (name or machine.text(f"{side}JawName")).strip().lstrip("-").upper()
        if name != jaw:
            raise UnsupportedPlanError(
                f"machine {machine.text('Name')!r} calls its {side.lower()} jaw {name!r}, its "
                f"collimator scale says {jaw}",
                where=machine.where,
                remedy=_ASK,
            )


def gantry_iec_deg(scale: Scale, value_deg: float) -> float:
    """Convert a stored gantry angle to IEC 61217, 0 up to 360."""
    return _iec_deg(scale.gantry, value_deg)


def couch_iec_deg(scale: Scale, value_deg: float) -> float:
    """Convert a stored couch angle to the IEC 61217 patient support angle, 0 up to 360."""
    return _iec_deg(scale.couch, value_deg)


def collimator_iec_deg(scale: Scale, value_deg: float) -> float:
    """Convert a stored collimator angle to IEC 61217, 0 up to 360."""
    return _iec_deg(scale.collimator, value_deg)


def _iec_deg(turn: tuple[int, int], value_deg: float) -> float:
    """Apply sign and offset; -0 and a rounding up to 360 become 0."""
    sign, offset_deg = turn
    return ((sign * value_deg + offset_deg) % 360.0) % 360.0 + 0.0


def jaws_iec_cm(
    scale: Scale, *, left_cm: float, right_cm: float, top_cm: float, bottom_cm: float
) -> Jaws:
    """Convert the stored distances from the axis (positive outward) to IEC edges."""
    if scale.turned:
        return Jaws(0.0 - right_cm, left_cm, 0.0 - top_cm, bottom_cm)
    return Jaws(0.0 - left_cm, right_cm, 0.0 - bottom_cm, top_cm)


def leaves_iec_cm(
    scale: Scale, rows: Sequence[tuple[float, float]]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Convert stored leaf rows to X1 and X2 tips, leaf 1 at the Y1 end.

    Args:
        scale: The machine's scale.
        rows: First and second value of each stored row (cm at the isocentre plane, positive
            outward), in stored order.

    """
    if scale.turned:
        return tuple(0.0 - right for _, right in rows), tuple(left for left, _ in rows)
    ordered = rows[::-1]
    return tuple(0.0 - left for left, _ in ordered), tuple(right for _, right in ordered)


def leaf_edges_iec_cm(scale: Scale, edges_cm: Sequence[float]) -> tuple[float, ...]:
    """Convert the rising boundaries of the stored leaf rows to IEC Y, rising again."""
    if scale.turned:
        return tuple(edges_cm)
    return tuple(0.0 - edge for edge in reversed(edges_cm))


def outline_iec_cm(scale: Scale, corners: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Convert stored x, y, x, y, ... of a block or cutout to IEC corners."""
    sign = -1 if scale.turned else 1
    pairs = zip(corners[::2], corners[1::2], strict=True)
    return tuple((sign * x_cm + 0.0, -sign * y_cm + 0.0) for x_cm, y_cm in pairs)


def point_dicom_cm(
    position: str, point_cm: tuple[float, float, float]
) -> tuple[float, float, float] | None:
    """Convert a point to DICOM patient axes, still in cm; None for a decubitus position.

    Holds for plans whose coordinates lie in the image frame of the DICOM slices.
    """
    signs = _PATIENT_SIGNS.get(position)
    if signs is None:
        return None
    x_cm, y_cm, z_cm = point_cm
    return signs[0] * x_cm + 0.0, signs[1] * y_cm + 0.0, signs[2] * z_cm + 0.0


def position_of(setup: Block | None) -> str:
    """Return the patient position of plan.PatientSetup in DICOM words; "" when unknown."""
    if setup is None:
        return ""
    orientation = setup.text("Orientation").lower()
    words = setup.text("Position").lower()
    head = {"head first": "HF", "feet first": "FF"}
    side = {
        "supine": "S",
        "prone": "P",
        "right side down": "DR",
        "decubitus right": "DR",
        "left side down": "DL",
        "decubitus left": "DL",
    }
    starts = [code for phrase, code in head.items() if phrase in orientation]
    ends = [code for phrase, code in side.items() if phrase in words]
    return starts[0] + ends[0] if len(starts) == 1 and len(set(ends)) == 1 else ""
