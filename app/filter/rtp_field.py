"""One field of an export: FIELD_DEF (or PDF_FIELD_DEF) with the records that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.filter.field import Accessory, ControlPoint, Field, Point
from app.filter.rtp_points import (
    JAW_NAMES,
    FieldFrame,
    couch_of,
    direction,
    isocentre_of,
    native_jaws,
    read_points,
)
from app.filter.rtp_values import Record
from app.filter.scale import (
    BY_MLC_TYPE,
    ELEMENTS,
    IEC,
    NO_JAWS,
    OUTWARD,
    Converted,
    Native,
    jaw_vote,
    scale_fault,
    scale_of,
    scale_of_open_field,
    to_iec,
)

SETUP_TYPES = ("setup", "kv setup", "ct", "mv ct", "port")
NOTHING = ("", "none")
AXES_OPEN = "the axes of the isocentre in native exports are not proven"


@dataclass(slots=True)
class FieldRecords:
    """Records of one field as they come, before anything is read from them."""

    own: Record
    extended: Record | None = None
    mlc: Record | None = None
    points: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rest of the file says of a field.

    Attributes:
        isocentre: Of the site set-up, for files that give none per field.
        scale: Chosen by the user for fields that do not say IEC; None takes the machine's.
        machine_scale: Of the other fields of the same machine; None where no field says it.
        native_export: Whether the R&V system itself wrote the file, whose axes are not proven.

    """

    isocentre: Point | None = None
    scale: str | None = None
    machine_scale: str | None = None
    native_export: bool = False


def read_field(records: FieldRecords, around: Surroundings) -> Field:
    """Return the field in IEC, mm, degrees, MU.

    Raises:
        UnreadableRecordError: A value cannot be read; names line, record and item.

    """
    own, extended = records.own, records.extended
    scale, axes_known = _scale(records, around)
    converted = to_iec(_with_leaves(native_jaws(own, scale), records.mlc), scale)
    isocentre = (isocentre_of(own) or around.isocentre) if axes_known else None
    mu = _mu(own)
    base = _base(own, converted, isocentre)
    points = read_points(records.points, FieldFrame(base, mu, scale, axes_known))
    points = points or _static_points(base)
    leaves = bool(records.points or records.mlc)
    unread = _unread(converted.fault, leaves=leaves, axes_known=axes_known)
    fault = scale_fault([layer for point in points for layer in point.layers], scale)
    if fault:
        unread += (("collimator", fault), ("mlc", fault))
        points = tuple(_without_aperture(point) for point in points)
        converted = Converted(fault=fault)
    return Field(
        id=own.text("field_id"),
        name=own.text("field_name"),
        number=extended.whole("original_beam_number") if extended else None,
        source_name=extended.text("original_beam_name") if extended else "",
        source_plan_uid=extended.text("original_plan_uid") if extended else "",
        site=own.text("rx_site_name"),
        note=own.text("field_note") or None,
        treatment_type=own.text("treatment_type"),
        setup=_is_setup(own),
        machine=own.text("treatment_machine") or None,
        tolerance_table=own.text("tolerance_table") or None,
        modality=own.text("modality") or None,
        energy=own.number("energy") or None,
        fff=_flag(extended),
        dose_rate_mu_min=own.number("doserate") or None,
        mu=mu,
        wedge_mu=own.number("wedge_monitor_units"),
        dose_cgy=own.number("field_dose"),
        sad_mm=_mm(own.number("sad")),
        ssd_mm=_mm(own.number("ssd")),
        gantry_deg=own.number("gantry_angle"),
        collimator_deg=own.number("collimator_angle"),
        couch_deg=own.number("couch_angle"),
        pedestal_deg=own.number("couch_pedestal"),
        jaws=converted.jaws,
        couch=couch_of(own),
        isocentre=isocentre,
        arc_direction=direction(own, "arc_direction"),
        arc_start_deg=own.number("arc_start_angle"),
        arc_stop_deg=own.number("arc_stop_angle"),
        arc_mu_per_deg=own.number("arc_mu_degree"),
        wedges=_accessories(own, ("wedge", ""), ("dynamic_wedge", "dynamic")),
        blocks=_accessories(own, ("block", "")),
        compensators=_accessories(own, ("compensator", "")),
        boluses=_accessories(own, ("bolus", "")),
        applicators=_accessories(own, ("e_applicator", "")),
        cutouts=_accessories(own, ("e_field_def_aperture", "")),
        control_points=points,
        unread=unread,
        elements=ELEMENTS.get(scale, ()),
    )


def scale_stated(records: FieldRecords, wanted: str | None) -> str | None:
    """Return the scale the control points of a field name; None for a field without points.

    Raises:
        UnreadableRecordError: The record names another scale than the format knows, or the points
            of the field do not agree.

    """
    read = (one.whole("scale_convention") for one in records.points)
    found = {convention for convention in read if convention is not None}
    if not found <= {1, 2} or len(found) > 1:
        words = " and ".join(str(one) for one in sorted(found))
        raise records.points[-1].fault("scale_convention", f"the field says {words}, not 1 or 2")
    if not records.points:
        return None
    return scale_of(next(iter(found), None), records.points[0].whole("mlc_type"), wanted)


def _scale(records: FieldRecords, around: Surroundings) -> tuple[str, bool]:
    """Return the scale of a field's numbers, and whether its isocentre has DICOM axes."""
    stated = scale_stated(records, around.scale)
    if stated is not None:
        says_iec = records.points[0].whole("scale_convention") == 2
        return stated, says_iec
    own = records.own
    votes = {_vote(own, axis) for axis in "xy"}
    known = around.machine_scale or around.scale
    if known is None and records.mlc is not None and OUTWARD in votes:
        known = BY_MLC_TYPE.get(records.mlc.whole("mlc_type") or 0)
    scale = scale_of_open_field(votes, known)
    return scale, scale == IEC and not around.native_export


def _vote(own: Record, axis: str) -> str:
    one, two = (own.number(f"collimator_{axis}{side}") for side in "12")
    vote = jaw_vote(one, two, own.number(f"field_{axis}"))
    symmetric = own.text(f"field_{axis}_mode").casefold() == "sym"
    return "" if symmetric and vote == IEC else vote  # its signs have no meaning


def _with_leaves(native: Native, mlc: Record | None) -> Native:
    """Add the leaves of an MLC_DEF, the older record for a static field."""
    pairs = (mlc.whole("mlc_leaves") or 0) if mlc is not None else 0
    if mlc is None or not pairs:
        return native
    if not 0 <= pairs <= 50:
        raise mlc.fault("mlc_leaves", f"{pairs} leaf pairs do not fit into the record")
    return replace(native, a_cm=mlc.numbers("mlc_a1", pairs), b_cm=mlc.numbers("mlc_b1", pairs))


def _base(own: Record, converted: Converted, isocentre: Point | None) -> ControlPoint:
    """Return the state of the machine as the field's own records say it."""
    return ControlPoint(
        number=-1,
        cumulative=Decimal("0.000000"),
        gantry_deg=own.number("gantry_angle"),
        collimator_deg=own.number("collimator_angle"),
        couch_deg=own.number("couch_angle"),
        pedestal_deg=own.number("couch_pedestal"),
        jaws=converted.jaws,
        layers=converted.layers,
        couch=couch_of(own),
        isocentre=isocentre,
        energy=own.number("energy") or None,
        dose_rate_mu_min=own.number("doserate") or None,
        ssd_mm=_mm(own.number("ssd")),
    )


def _static_points(base: ControlPoint) -> tuple[ControlPoint, ...]:
    """Return the one point of a field whose leaves stand in an MLC_DEF."""
    if not base.layers:
        return ()
    return (replace(base, number=0, stated=frozenset({"layers"})),)


def _without_aperture(point: ControlPoint) -> ControlPoint:
    stated = point.stated - {"layers", *JAW_NAMES}
    return replace(point, jaws=NO_JAWS, layers=(), stated=stated)


def _unread(fault: str, *, leaves: bool, axes_known: bool) -> tuple[tuple[str, str], ...]:
    rows = [("collimator", fault), ("mlc", fault if leaves else "")]
    rows.append(("isocenter_position", "" if axes_known else AXES_OPEN))
    return tuple((item, why) for item, why in rows if why)


def _mu(own: Record) -> Decimal | None:
    if own.keyword != "PDF_FIELD_DEF":
        return own.number("field_monitor_units")
    return own.number("meterset") if own.text("primary_dosimeter_units").upper() == "MU" else None


def _is_setup(own: Record) -> bool:
    kind = own.text("treatment_type").casefold()
    return kind in SETUP_TYPES or own.text("modality").casefold() == "unspecified"


def _flag(extended: Record | None) -> bool | None:
    text = extended.text("isfff") if extended else ""
    if text not in ("", "0", "1") and extended is not None:
        raise extended.fault("isfff", f"{text!r} is neither 0 nor 1")
    return None if not text else text == "1"


def _accessories(own: Record, *places: tuple[str, str]) -> tuple[Accessory, ...] | None:
    """Return what the record names; an empty tuple when it has the columns and they are blank."""
    if not any(own.holds(name) for name, _ in places):
        return None
    texts: Sequence[tuple[str, str]] = [(own.text(name), kind) for name, kind in places]
    return tuple(
        Accessory((text,), kind) for text, kind in texts if text.casefold() not in NOTHING
    )


def _mm(value_cm: Decimal | None) -> Decimal | None:
    return None if value_cm is None else value_cm.scaleb(1)
