"""R&V scale to IEC 61217, the one border where signs, banks and axes of an export change.

What is known (interface document; one real native export each of Varian and Elekta):
scale 2 is IEC. Scale 1 is the machine's own: jaws count outwards; Varian's bank A stands on the X2
side; Elekta's native Y axis is IEC X. Angles of native exports are taken as IEC: the samples fit
it, none proves it, and the plan's notes say so.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.filter.field import Jaws, LeafBanks

IEC, VARIAN, ELEKTA, UNKNOWN = "iec", "varian_native", "elekta_native", "unknown"
OUTWARD = "outward"
SCALES = (IEC, VARIAN, ELEKTA)
BY_MLC_TYPE = {5: VARIAN, 2: ELEKTA}
MOST_MM = Decimal(250)
CROSSED_MM = Decimal(1)
MOST_CROSSED = 0.05
NOT_KNOWN = (
    "the file does not say in which machine's scale this is counted; choose the machine's scale"
)
NO_JAWS = Jaws()
# Element of the record that holds an IEC item, where the names differ.
ELEMENTS = {
    VARIAN: (("mlc_a", "mlc_b"), ("mlc_b", "mlc_a")),
    ELEKTA: tuple(
        (f"collimator_{one}{side}", f"collimator_{other}{side}")
        for one, other in ("xy", "yx")
        for side in "12"
    ),
}


@dataclass(frozen=True, slots=True)
class Native:
    """Jaws and leaf banks as the file says them, in cm; None where a jaw is not given."""

    x1_cm: Decimal | None
    x2_cm: Decimal | None
    y1_cm: Decimal | None
    y2_cm: Decimal | None
    a_cm: tuple[Decimal, ...] = ()
    b_cm: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Converted:
    """Jaws and leaves in IEC mm; `fault` says why there are none."""

    jaws: Jaws = NO_JAWS
    layers: tuple[LeafBanks, ...] = ()
    fault: str = ""


def scale_of(convention: int | None, mlc_type: int | None, wanted: str | None) -> str:
    """Return the scale of a field's numbers: the file's own word first, then the machine's."""
    if convention == 2:
        return IEC
    if wanted is not None:
        return wanted
    return BY_MLC_TYPE.get(mlc_type or 0, UNKNOWN)


def jaw_vote(one_cm: Decimal | None, two_cm: Decimal | None, width_cm: Decimal | None) -> str:
    """Return what the stated width says of the signs of one jaw pair.

    Returns:
        `OUTWARD` when the two positions add up to the width, `IEC` when their difference is the
        width, empty when both or neither holds or a number is missing.

    """
    if one_cm is None or two_cm is None or not width_cm:
        return ""
    outward, signed = one_cm + two_cm == width_cm, two_cm - one_cm == width_cm
    if outward == signed:
        return ""
    return OUTWARD if outward else IEC


def scale_of_open_field(votes: Collection[str], known: str | None) -> str:
    """Return the scale of a field without control points, whose record does not name it.

    Args:
        votes: Answers of `jaw_vote` for its jaw pairs.
        known: Scale of the other fields of the machine or the user's choice; None for neither.

    Returns:
        `UNKNOWN` where the jaws contradict what is known, and where they count outwards but
        nothing tells the machine: on some machines X and Y are exchanged as well.

    """
    native = known in (VARIAN, ELEKTA)
    if (IEC if native else OUTWARD) in votes:
        return UNKNOWN
    return known or IEC


def to_iec(native: Native, scale: str) -> Converted:
    """Convert jaws and leaves of one record to IEC mm.

    Returns:
        The reason in `fault` instead of positions when the scale is unknown.

    """
    if scale == UNKNOWN:
        return Converted(fault=NOT_KNOWN)
    x1, x2, y1, y2 = (_mm(v) for v in (native.x1_cm, native.x2_cm, native.y1_cm, native.y2_cm))
    left, right = _bank(native.a_cm), _bank(native.b_cm)
    if scale == VARIAN:
        x1, y1 = _turned(x1), _turned(y1)
        left, right = _turned_bank(right), left
    elif scale == ELEKTA:
        x1, x2, y1, y2 = _turned(y1), y2, _turned(x1), x2
        left = _turned_bank(left)
    layers = (LeafBanks(left, right),) if left else ()
    return Converted(Jaws(x1, x2, y1, y2), layers)


def scale_fault(apertures: Iterable[LeafBanks], scale: str) -> str:
    """Return why leaves cannot have been counted in a native `scale`; empty when they can.

    A wrong scale makes leaves cross all over the field or stand far outside the machine. A few
    crossed pairs are left for the checks to find: they may be what is wrong with the plan.
    """
    if scale not in (VARIAN, ELEKTA):
        return ""
    pairs = [pair for one in apertures for pair in zip(one.a_mm, one.b_mm, strict=True)]
    crossed = sum(a - b > CROSSED_MM for a, b in pairs)
    if crossed > len(pairs) * MOST_CROSSED:
        return f"taken as {scale}, {crossed} of {len(pairs)} leaf pairs would cross"
    far = max((abs(tip) for pair in pairs for tip in pair), default=Decimal(0))
    if far > MOST_MM:
        return f"taken as {scale}, a leaf would stand {far.scaleb(-1):f} cm off the axis"
    return ""


def _mm(value_cm: Decimal | None) -> Decimal | None:
    return None if value_cm is None else value_cm.scaleb(1)


def _turned(value: Decimal | None) -> Decimal | None:
    return None if value is None else value * -1


def _bank(values_cm: Sequence[Decimal]) -> tuple[Decimal, ...]:
    return tuple(value.scaleb(1) for value in values_cm)


def _turned_bank(values: Sequence[Decimal]) -> tuple[Decimal, ...]:
    return tuple(value * -1 for value in values)
