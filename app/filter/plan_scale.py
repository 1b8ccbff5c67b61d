"""Numbers and scales of plan sources brought to IEC 61217 and mm, in RTP-Filter's own arithmetic.

Facts about the Pinnacle scale: the angle blocks of plan.Pinnacle.Machines say where the machine's
own scale has its zero and which way it grows. Only scales that a real plan or a second reader has
confirmed are converted; any other is left unread rather than guessed.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from app.filter.field import Jaws, LeafBanks, Point
from core.errors import UnsupportedPlanError

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
LARGEST_EXPONENT = 9
SMALLEST_EXPONENT = -40
TURN_DEG = Decimal(360)


@lru_cache(maxsize=1 << 15)  # leaf positions come back again and again
def number_of(text: str) -> Decimal:
    """Return the number with exactly the digits written.

    Raises:
        ValueError: No plain decimal number, or none a plan can hold (beyond 10 000 million).

    """
    text = text.strip()
    if not NUMBER.fullmatch(text):
        raise ValueError("no number")
    number = Decimal(text)
    if number.adjusted() > LARGEST_EXPONENT or number.adjusted() < SMALLEST_EXPONENT:
        raise ValueError("an impossible number")
    return number


def cgy_of_gray(dose_gy: Decimal) -> Decimal:
    """Return a dose in cGy; a dose written in whole Gy does not become coarser than 1 cGy."""
    return _plain(dose_gy.scaleb(2))


def mm_of_cm(length_cm: Decimal) -> Decimal:
    """Return a length in mm with the digits it had in cm."""
    return _plain(length_cm.scaleb(1))


def _plain(number: Decimal) -> Decimal:
    """Return the number written out to its last whole digit at least, and without a minus zero."""
    return number + Decimal(0)


def _within_turn(angle_deg: Decimal) -> Decimal:
    """Return the same angle from 0 to below 360."""
    rest_deg = angle_deg % TURN_DEG  # Decimal's remainder has the sign of the dividend
    return rest_deg + TURN_DEG if rest_deg < 0 else rest_deg + Decimal(0)


@dataclass(frozen=True, slots=True)
class AngleScale:
    """The scale of one rotation as Pinnacle describes it.

    Attributes:
        zero_deg: TwelveOClockAngle, the value shown at the IEC zero or opposite it.
        clockwise: ClockwiseIncreases.

    """

    zero_deg: Decimal | None
    clockwise: bool | None


@dataclass(frozen=True, slots=True)
class PinnacleScale:
    """What one machine says of its scales.

    Attributes:
        jaws: Names (without sign) the R&V system has for Pinnacle's left, right, top, bottom jaw.
        rows_cm: Position of each leaf row across the leaf travel, in file order.
        widths_cm: Width of each leaf row; empty where the machine does not state all of them.
        along_left_right: True when the leaves move in the direction of the left and right jaws.

    """

    gantry: AngleScale
    couch: AngleScale
    collimator: AngleScale
    jaws: tuple[str, str, str, str]
    rows_cm: tuple[Decimal, ...] = ()
    widths_cm: tuple[Decimal, ...] = ()
    along_left_right: bool | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One control point in IEC 61217; an angle that cannot be converted is None."""

    gantry_deg: Decimal | None
    couch_deg: Decimal | None
    collimator_deg: Decimal | None
    jaws: Jaws
    layers: tuple[LeafBanks, ...]


@dataclass(frozen=True, slots=True)
class NativeSetting:
    """One control point as Pinnacle stores it: machine degrees, cm, distances from the axis."""

    gantry_deg: Decimal
    couch_deg: Decimal
    collimator_deg: Decimal
    left_cm: Decimal
    right_cm: Decimal
    top_cm: Decimal
    bottom_cm: Decimal
    leaves_cm: tuple[tuple[Decimal, Decimal], ...] = ()


UPRIGHT = ("X1", "X2", "Y2", "Y1")
TURNED = ("X2", "X1", "Y1", "Y2")
"""R&V names of the left, right, top and bottom jaw with the collimator's zero at 180 and at 0."""


def setting_from_pinnacle_to_iec(
    native: NativeSetting, scale: PinnacleScale, where: str
) -> Setting:
    """Bring one control point to IEC 61217 and mm; the only place where Pinnacle signs change.

    With the collimator's zero at 180 degrees left is X1, top is Y2 and the first leaf row lies at
    +Y; with it at 0 the frame is turned by half a turn. The jaw names the site set for its R&V
    system must say the same.

    Raises:
        UnsupportedPlanError: The jaw names and the collimator scale contradict each other, or
            the leaves are described in a way that no known plan uses.

    """
    turned = _is_turned(scale, where)
    left, right, top, bottom = (
        mm_of_cm(edge_cm)
        for edge_cm in (native.left_cm, native.right_cm, native.top_cm, native.bottom_cm)
    )
    jaws = Jaws(-right, left, -top, bottom) if turned else Jaws(-left, right, -bottom, top)
    return Setting(
        gantry_iec_deg(native.gantry_deg, scale.gantry),
        couch_iec_deg(native.couch_deg, scale.couch),
        collimator_iec_deg(native.collimator_deg, scale.collimator),
        jaws,
        (_banks(native, scale, where, turned=turned),) if native.leaves_cm else (),
    )


def _is_turned(scale: PinnacleScale, where: str) -> bool:
    zero_deg = scale.collimator.zero_deg
    names = {Decimal(180): UPRIGHT, Decimal(0): TURNED}
    if zero_deg is None or scale.jaws != names.get(zero_deg):
        raise UnsupportedPlanError(
            f"the machine names its left, right, top and bottom jaw {', '.join(scale.jaws)}, "
            f"which does not fit a collimator whose 12 o'clock angle is {zero_deg}",
            where=where,
            remedy="Ask your physicist to compare the jaw names in Pinnacle's machine with the "
            "R&V system.",
        )
    return zero_deg == 0


def _banks(native: NativeSetting, scale: PinnacleScale, where: str, *, turned: bool) -> LeafBanks:
    rows, leaves = scale.rows_cm, native.leaves_cm
    if not scale.along_left_right:
        raise _unknown_leaves("the leaves do not move along the left and right jaws", where)
    if len(rows) != len(leaves):
        raise _unknown_leaves(
            f"the plan has {len(leaves)} leaf pairs, the machine {len(rows)}", where
        )
    if any(upper <= lower for lower, upper in pairwise(rows)):
        raise _unknown_leaves(
            "the machine's leaf rows do not rise from the first to the last", where
        )
    if turned:
        ordered = [(-right, left) for left, right in leaves]
    else:
        ordered = [(-left, right) for left, right in reversed(leaves)]
    return LeafBanks(
        tuple(mm_of_cm(a_cm) for a_cm, _ in ordered),
        tuple(mm_of_cm(b_cm) for _, b_cm in ordered),
        along="X",
        edges_mm=_edges_mm(scale, turned=turned),
    )


def _edges_mm(scale: PinnacleScale, *, turned: bool) -> tuple[Decimal, ...]:
    """Return the edges of the leaf rows in IEC; nothing unless the rows lie side by side."""
    rows, widths = scale.rows_cm, scale.widths_cm
    if len(widths) != len(rows):
        return ()
    lower = [row - width / 2 for row, width in zip(rows, widths, strict=True)]
    upper = [row + width / 2 for row, width in zip(rows, widths, strict=True)]
    if lower[1:] != upper[:-1]:
        return ()
    edges = (*lower, upper[-1])
    signed = edges if turned else tuple(-edge for edge in reversed(edges))
    return tuple(mm_of_cm(edge) for edge in signed)


def _unknown_leaves(what: str, where: str) -> UnsupportedPlanError:
    return UnsupportedPlanError(
        what,
        where=where,
        remedy="Compare this plan by its DICOM export; its leaf order is not known.",
    )


def gantry_iec_deg(value_deg: Decimal, scale: AngleScale) -> Decimal | None:
    """Return the IEC gantry angle, 0 to below 360; None when the machine's scale is not proven.

    Zero up and growing as IEC does is copied; zero down and growing the other way is turned.
    """
    if scale == AngleScale(Decimal(0), clockwise=False):
        return _within_turn(value_deg)
    if scale == AngleScale(Decimal(180), clockwise=True):
        return _within_turn(180 - value_deg)
    return None


def couch_iec_deg(value_deg: Decimal, scale: AngleScale) -> Decimal | None:
    """Return the IEC table angle; None when the machine's scale is not proven.

    0 stays 0 whichever way the scale grows.
    """
    if scale.zero_deg != 0:
        return None
    if _within_turn(value_deg) == 0:
        return _within_turn(value_deg)
    return _within_turn(-value_deg) if scale.clockwise else None


def collimator_iec_deg(value_deg: Decimal, scale: AngleScale) -> Decimal | None:
    """Return the IEC collimator angle; None when the machine's scale is not proven."""
    if scale == AngleScale(Decimal(180), clockwise=True):
        return _within_turn(value_deg)
    return None


AXIS_SIGNS = {
    "HFS": (1, -1, -1),
    "HFP": (-1, 1, -1),
    "FFS": (-1, -1, 1),
    "FFP": (1, 1, 1),
}
"""Signs of Pinnacle's patient axes against DICOM's."""


def point_from_pinnacle_to_dicom(
    x_cm: Decimal, y_cm: Decimal, z_cm: Decimal, position: str
) -> Point | None:
    """Return a plan point in the DICOM patient frame; None for a position without known axes.

    Only for plans whose points stand in the frame of the DICOM images (no offset).
    """
    if position not in AXIS_SIGNS:
        return None
    x, y, z = AXIS_SIGNS[position]
    return Point(mm_of_cm(x * x_cm), mm_of_cm(y * y_cm), mm_of_cm(z * z_cm))
