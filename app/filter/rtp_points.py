"""CONTROL_PT_DEF records to control points: carried values, cumulative shares, IEC scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.filter.field import ControlPoint, Couch, Jaws, LeafBanks, Point
from app.filter.rtp_values import Record
from app.filter.scale import IEC, Native, to_iec

ONE = Decimal(1)
FIVE_PLACES = Decimal("0.00001")
SIX_PLACES = -6
DIRECTIONS = {"CW": "CW", "CCW": "CCW", "": ""}
JAW_NAMES = ("x1_mm", "x2_mm", "y1_mm", "y2_mm")
COUCH_NAMES = ("vertical_mm", "lateral_mm", "longitudinal_mm")
NUMBERS = (
    ("gantry_deg", "gantry_angle"), ("collimator_deg", "collimator_angle"),
    ("couch_deg", "couch_angle"), ("pedestal_deg", "couch_pedestal"),
    ("vertical_mm", "couch_vertical"), ("lateral_mm", "couch_lateral"),
    ("longitudinal_mm", "couch_longitudinal"), ("energy", "energy"),
    ("dose_rate_mu_min", "doserate"), ("ssd_mm", "ssd"),
)  # fmt: skip
UNKNOWN_AT_ZERO = ("energy", "dose_rate_mu_min")  # 0 is written where they are not known
MOST_PAIRS = 100
TURNS = (
    ("gantry_direction", "gantry_dir"), ("collimator_direction", "collimator_dir"),
    ("couch_direction", "couch_dir"), ("pedestal_direction", "couch_ped_dir"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldFrame:
    """What the points of a field need from the field.

    Attributes:
        base: State of the machine as the field's own record says it; point 0 takes from it what
            it leaves out.
        mu: Total MU of the field.
        scale: Scale in which the points are counted.
        axes_known: Whether the isocentre stands in DICOM patient axes.

    """

    base: ControlPoint
    mu: Decimal | None
    scale: str
    axes_known: bool


def native_jaws(record: Record, scale: str) -> Native:
    """Return the jaws of a record as it says them, in cm, with the signs of `scale`.

    In a symmetric mode half the stated width counts on each side (interface document), unless the
    two jaws themselves give that width. Those of a mode "Unspecified" (images) are none.
    """
    x1, x2 = _pair(record, "x", scale)
    y1, y2 = _pair(record, "y", scale)
    return Native(x1, x2, y1, y2)


def _pair(record: Record, axis: str, scale: str) -> tuple[Decimal | None, Decimal | None]:
    one = record.number(f"collimator_{axis}1")
    two = record.number(f"collimator_{axis}2")
    width = record.number(f"field_{axis}")
    mode = record.text(f"field_{axis}_mode").casefold()
    if mode == "unspecified":
        return None, None
    if mode != "sym" or not width:
        return one, two
    half = width / 2
    if one is None or two is None or not abs(one) == abs(two) == half:
        one = two = half
    return (-abs(one) if scale == IEC else abs(one)), abs(two)


def couch_of(record: Record) -> Couch:
    """Return the table position of a record, mm in the scale of its source."""
    names = ("couch_vertical", "couch_lateral", "couch_longitudinal")
    return Couch(*(_mm(record.number(name)) for name in names))


def isocentre_of(record: Record) -> Point | None:
    """Return the isocentre of a record in mm; None when blank, mixed or not in the dialect."""
    parts = [_mm(record.number(f"isocenter_position_{axis}")) for axis in "xyz"]
    x, y, z = parts
    return None if x is None or y is None or z is None else Point(x, y, z)


def _mm(value_cm: Decimal | None) -> Decimal | None:
    return None if value_cm is None else value_cm.scaleb(1)


def direction(record: Record, name: str) -> str | None:
    """Return CW, CCW or "" (no turn); None when this dialect has no such column.

    Raises:
        UnreadableRecordError: The cell holds another word.

    """
    if not record.holds(name):
        return None
    text = record.text(name).upper()
    if text not in DIRECTIONS:
        raise record.fault(name, f"{text!r} is neither CW nor CCW")
    return DIRECTIONS[text]


def read_points(records: Sequence[Record], frame: FieldFrame) -> tuple[ControlPoint, ...]:
    """Return the control points of one field, in the order of the file.

    Raises:
        UnreadableRecordError: A value cannot be read; names line, record and item.

    """
    shares = _shares(records, frame.mu)
    offsets = _offsets(records, frame.base)
    points: list[ControlPoint] = []
    for record, share in zip(records, shares, strict=True):
        before = points[-1] if points else frame.base
        points.append(_point(record, share, before, frame, offsets if points else {}))
    return tuple(points)


def _offsets(records: Sequence[Record], base: ControlPoint) -> dict[str, Decimal]:
    """Return what table values of later points count from, in the units of the result.

    A table value that point 0 leaves blank makes those of the later points relative to the
    field's own (interface document).
    """
    if len(records) < 2:
        return {}
    starts = {name: getattr(base.couch, name) for name in COUCH_NAMES}
    starts |= {name: getattr(base, name) for name in ("couch_deg", "pedestal_deg")}
    elements = dict(NUMBERS)
    return {
        name: start
        for name, start in starts.items()
        if start is not None and not records[0].text(elements[name])
    }


def _point(
    record: Record,
    share: Decimal,
    before: ControlPoint,
    frame: FieldFrame,
    offsets: Mapping[str, Decimal],
) -> ControlPoint:
    values = _values(record, offsets)
    stated = {"cumulative", *values}
    turns = {attribute: direction(record, element) for attribute, element in TURNS}
    jaws, layers, own = _aperture(record, before, frame.scale)
    couch = {name: values.pop(name) for name in COUCH_NAMES if name in values}
    isocentre = isocentre_of(record) if frame.axes_known else None
    wedge_in = _wedge_in(record)
    if isocentre is not None:
        stated.add("isocentre")
    if wedge_in is not None:
        stated.add("wedge_in")
    number = record.whole("control_pt_number")
    return replace(
        before,
        number=before.number + 1 if number is None else number,
        cumulative=share,
        jaws=jaws,
        layers=layers,
        couch=replace(before.couch, **couch),
        isocentre=isocentre or before.isocentre,
        wedge_in=before.wedge_in if wedge_in is None else wedge_in,
        stated=frozenset(stated | set(turns) | own),
        **values,  # type: ignore[arg-type]  # names and types are those of the tables above
        **turns,  # type: ignore[arg-type]
    )


def _values(record: Record, offsets: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the numbers this record writes itself; table values in mm, absolute."""
    found = {}
    for attribute, element in NUMBERS:
        value = record.number(element)
        if value is None or (not value and attribute in UNKNOWN_AT_ZERO):
            continue
        value = value.scaleb(1) if attribute.endswith("_mm") else value
        found[attribute] = value + offsets[attribute] if attribute in offsets else value
    return found


def _wedge_in(record: Record) -> bool | None:
    text = record.text("wedge_position").casefold()
    if text not in ("", "in", "out"):
        raise record.fault("wedge_position", f"{text!r} is neither IN nor OUT")
    return None if not text else text == "in"


def _aperture(
    record: Record, before: ControlPoint, scale: str
) -> tuple[Jaws, tuple[LeafBanks, ...], set[str]]:
    """Return jaws and leaves in IEC mm, and the names of those this record states itself."""
    jaws = native_jaws(record, scale)
    pairs = record.whole("mlc_leaves") or 0
    if not 0 <= pairs <= MOST_PAIRS:
        raise record.fault("mlc_leaves", f"{pairs} leaf pairs do not fit into the record")
    blank = not record.text("mlc_a1") and bool(before.layers)
    left, right = ((), ()) if blank or not pairs else _banks(record, pairs)
    converted = to_iec(replace(jaws, a_cm=left, b_cm=right), scale)
    stated = {
        name: tip for name in JAW_NAMES if (tip := getattr(converted.jaws, name)) is not None
    }
    own = {*stated, "layers"} if converted.layers else set(stated)
    return replace(before.jaws, **stated), converted.layers or before.layers, own


def _banks(record: Record, pairs: int) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    return record.numbers("mlc_a1", pairs), record.numbers("mlc_b1", pairs)


def _shares(records: Sequence[Record], mu: Decimal | None) -> list[Decimal]:
    """Return the cumulative share of each point with the digits it was really written to.

    Some R&V systems round to five places and pad a sixth with 0. When, of three or more shares
    between 0 and 1, all but at most one end in 0, those that do are taken as five places.
    """
    raw = [_share(record, mu, len(records)) for record in records]
    inner = [share for share in raw if 0 < share < ONE]
    padded = [share for share in inner if _is_padded(share)]
    if len(inner) < 3 or len(padded) < len(inner) - 1:
        return raw
    return [share.quantize(FIVE_PLACES) if _is_padded(share) else share for share in raw]


def _is_padded(share: Decimal) -> bool:
    exponent = share.as_tuple().exponent
    return exponent == SIX_PLACES and share == share.quantize(FIVE_PLACES)


def _share(record: Record, mu: Decimal | None, count: int) -> Decimal:
    value = record.number("monitor_units")
    convention = record.whole("mu_convention") or 1
    if value is None:
        if count == 1:
            return Decimal("0.000000")
        raise record.fault("monitor_units", "the cumulative share is missing")
    if convention == 1:
        return value
    if convention != 2:
        raise record.fault("mu_convention", f"{convention} is neither 1 nor 2")
    if not mu:
        raise record.fault("monitor_units", "centi-MU are given, but the field has no MU")
    return (value / (mu * 100)).quantize(Decimal("0.000001"))
