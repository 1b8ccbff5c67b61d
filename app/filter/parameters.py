"""Every value that is compared, one row each: Table 1 of Siochi 2009 and what is beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.filter.field import Accessory, ControlPoint, Couch, Field, Jaws, Point
from core.findings import State

ERROR, WARNING = State.ERROR, State.WARNING


class Kind(StrEnum):
    """How two values of a row are compared."""

    ANGLE = "angle"
    NUMBER = "number"
    LENGTH = "length"
    TEXT = "text"
    WORD = "word"


Value = Decimal | str | bool | int | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One compared value of a field or of a control point.

    Attributes:
        item: Element of the record table, lower case.
        row: Row of Table 1 it belongs to; "" for values the table does not name.
        kind: LENGTH is kept in mm and shown in cm, as the record table does.
        state: State of a difference.
        limit: Name of the limit in tolerances.toml; "" for texts.
        stated: Name under which a control point says that it states the value itself.
        letters: Letters the record has for a text; a longer plan text is cut before comparing.

    """

    item: str
    row: str
    kind: Kind
    unit: str
    get: Callable[..., Value]
    state: State = ERROR
    limit: str = ""
    stated: str = ""
    letters: int = 0


def _angle(item: str, row: str, name: str, state: State = ERROR) -> Parameter:
    limit = "comparison.angle_deg"
    return Parameter(item, row, Kind.ANGLE, "deg", _attribute(name), state, limit, name)


def _length(item: str, row: str, name: str, state: State = ERROR) -> Parameter:
    limit = "comparison.length_mm"
    return Parameter(item, row, Kind.LENGTH, "cm", _attribute(name), state, limit, name)


def _attribute(name: str) -> Callable[..., Value]:
    def get(thing: object) -> Value:
        value: Value = getattr(thing, name)
        return value

    return get


def _jaw(name: str) -> Callable[..., Value]:
    def get(thing: Field | ControlPoint) -> Value:
        jaws: Jaws = thing.jaws
        value: Value = getattr(jaws, name)
        return value

    return get


def _table(name: str) -> Callable[..., Value]:
    def get(thing: Field | ControlPoint) -> Value:
        couch: Couch = thing.couch
        value: Value = getattr(couch, name)
        return value

    return get


def _isocentre(name: str) -> Callable[..., Value]:
    def get(thing: Field | ControlPoint) -> Value:
        point: Point | None = thing.isocentre
        value: Value = None if point is None else getattr(point, name)
        return value

    return get


def arc_length_deg(field: Field) -> Decimal | None:
    """Return the angle the gantry travels; None for a fixed gantry or one that is not known."""
    start, stop = field.arc_start_deg, field.arc_stop_deg
    if not field.arc_direction or start is None or stop is None:
        return None
    travel = stop - start if field.arc_direction == "CW" else start - stop
    # The remainder of a negative decimal is negative.
    return (travel % 360 + 360) % 360 or Decimal(360)


def _arc_mu_per_deg(field: Field) -> Value:
    """Return MU per degree as stated, or as it follows from MU and arc."""
    if field.arc_mu_per_deg is not None:
        return field.arc_mu_per_deg
    length = arc_length_deg(field)
    return None if length is None or field.mu is None else field.mu / length


def _source_name(field: Field) -> Value:
    return field.source_name or None


def _plan_uid(field: Field) -> Value:
    return field.source_plan_uid or None


def _table_number(field: Field) -> Value:
    """Return the tolerance table's number; a planning system's own label is no number."""
    text = field.tolerance_table or ""
    return text if text.isdigit() else None


def _id(field: Field) -> Value:
    return field.id or None


def _note(field: Field) -> Value:
    return field.note or None


def _name(field: Field) -> Value:
    return field.name or None


def _number(item: str, row: str, unit: str, name: str, limit: str, state: State) -> Parameter:
    key = f"comparison.{limit}"
    return Parameter(item, row, Kind.NUMBER, unit, _attribute(name), state, key, name)


_JAWS = tuple(
    Parameter(
        f"collimator_{side}", "Jaws", Kind.LENGTH, "cm", _jaw(f"{side}_mm"), ERROR,
        "comparison.length_mm", f"{side}_mm",
    )
    for side in ("x1", "x2", "y1", "y2")
)  # fmt: skip
_COUCH = tuple(
    # Table positions are entered on verification day; Table 1 does not ask for them (N/A).
    Parameter(
        f"couch_{name}", row, Kind.LENGTH, "cm", _table(f"{name}_mm"), State.INFO,
        "comparison.table_mm", f"{name}_mm",
    )
    for name, row in (
        ("vertical", "Couch Vert."), ("lateral", "Couch Lat."), ("longitudinal", "Couch Long."),
    )
)  # fmt: skip
_ISOCENTRE = tuple(
    Parameter(
        f"isocenter_position_{axis}", "Isocenter", Kind.LENGTH, "cm", _isocentre(f"{axis}_mm"),
        ERROR, "comparison.length_mm", "isocentre",
    )
    for axis in "xyz"
)  # fmt: skip
_DOSE_RATE = _number(
    "doserate", "Dose Rate", "MU/min", "dose_rate_mu_min", "dose_rate_mu_min", WARNING
)
_ENERGY = _number("energy", "Energy", "MV or MeV", "energy", "energy", ERROR)

FIELD_PARAMETERS = (
    Parameter("modality", "Modality", Kind.TEXT, "", _attribute("modality"), letters=5),
    _ENERGY,
    Parameter("isfff", "Energy", Kind.WORD, "", _attribute("fff")),
    _angle("gantry_angle", "Gantry", "gantry_deg"),
    _angle("collimator_angle", "Collimator", "collimator_deg"),
    _angle("couch_angle", "Couch Angle", "couch_deg"),
    _angle("couch_pedestal", "Couch Angle", "pedestal_deg"),
    *_COUCH,
    *_JAWS,
    _number("field_monitor_units", "MU", "MU", "mu", "mu", ERROR),
    _number("wedge_monitor_units", "MU", "MU", "wedge_mu", "mu", ERROR),
    Parameter("arc_direction", "Arc Start", Kind.WORD, "", _attribute("arc_direction")),
    _angle("arc_start_angle", "Arc Start", "arc_start_deg"),
    _angle("arc_stop_angle", "Arc Stop", "arc_stop_deg"),
    Parameter(
        "arc_mu_degree", "", Kind.NUMBER, "MU/deg", _arc_mu_per_deg, WARNING, "comparison.mu"
    ),
    _DOSE_RATE,
    *_ISOCENTRE,
    _number("field_dose", "Field doses", "cGy", "dose_cgy", "dose_cgy", ERROR),
    Parameter("field_id", "Field ID", Kind.TEXT, "", _id, WARNING, letters=5),
    Parameter("field_name", "Field Names", Kind.TEXT, "", _name, WARNING, letters=20),
    Parameter("field_note", "Set-up notes", Kind.TEXT, "", _note, WARNING, letters=60),
    _length("sad", "", "sad_mm", WARNING),
    _length("ssd", "", "ssd_mm", WARNING),
    Parameter(
        "treatment_machine", "", Kind.TEXT, "", _attribute("machine"), WARNING, letters=20
    ),
    Parameter(
        "tolerance_table", "", Kind.TEXT, "", _table_number, WARNING
    ),
    Parameter("original_beam_number", "", Kind.WORD, "", _attribute("number"), WARNING),
    Parameter("original_beam_name", "", Kind.TEXT, "", _source_name, WARNING, letters=64),
    Parameter("original_plan_uid", "", Kind.TEXT, "", _plan_uid, WARNING, letters=64),
)  # fmt: skip

POINT_PARAMETERS = (
    Parameter(
        "monitor_units", "MU", Kind.NUMBER, "1", _attribute("cumulative"), ERROR,
        "comparison.share", "cumulative",
    ),
    _angle("gantry_angle", "Gantry", "gantry_deg"),
    _angle("collimator_angle", "Collimator", "collimator_deg"),
    _angle("couch_angle", "Couch Angle", "couch_deg"),
    _angle("couch_pedestal", "Couch Angle", "pedestal_deg"),
    *_JAWS,
    *_COUCH,
    *_ISOCENTRE,
    _ENERGY,
    _DOSE_RATE,
    _length("ssd", "", "ssd_mm", WARNING),
    Parameter(
        "wedge_position", "Wedges", Kind.WORD, "", _attribute("wedge_in"), stated="wedge_in"
    ),
)  # fmt: skip

DIRECTIONS = (
    ("gantry_dir", "gantry_direction"), ("collimator_dir", "collimator_direction"),
    ("couch_dir", "couch_direction"), ("couch_ped_dir", "pedestal_direction"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fitting:
    """One kind of accessory: its element, its row of Table 1, and where a field keeps it."""

    item: str
    row: str
    get: Callable[[Field], tuple[Accessory, ...] | None]


FITTINGS = (
    Fitting("wedge", "Wedges", lambda field: field.wedges),
    Fitting("block", "Block codes", lambda field: field.blocks),
    Fitting("compensator", "", lambda field: field.compensators),
    Fitting("e_applicator", "e- Applicator", lambda field: field.applicators),
    Fitting("e_field_def_aperture", "Cutouts", lambda field: field.cutouts),
    Fitting("bolus", "Bolus", lambda field: field.boluses),
)
