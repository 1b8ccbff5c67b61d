"""What the clinic's own rules may ask about: name, unit, and where the plan says it (L-21)."""

from collections.abc import Callable
from dataclasses import dataclass

from app.lex.fields import Field
from app.lex.plan import Device, Segment, Trial
from app.lex.treatment import Treatment

Value = str | float | bool | None
PLAN, BEAM, POINT = "plan", "beam", "control point"


@dataclass(frozen=True, slots=True)
class Place:
    """One plan, one beam of it, or one of its control points, depending on the rule."""

    trial: Trial
    treatment: Treatment
    field: Field | None = None
    segment: Segment | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A value that rules may name; None says that the plan does not tell it.

    Attributes:
        level: The widest place that has it: "plan", "beam" or "control point".

    """

    name: str
    level: str
    unit: str
    of: Callable[[Place], Value]


def _field(place: Place) -> Field:
    if place.field is None:
        raise ValueError("a plan is no beam")
    return place.field


def _segment(place: Place) -> Segment:
    if place.segment is None:
        raise ValueError("a beam is no control point")
    return place.segment


def _first(place: Place) -> Segment | None:
    """Return the control point asked about, or the first one of the beam."""
    if place.segment is not None:
        return place.segment
    return next(iter(_field(place).beam.segments), None)


def _angle(name: str) -> Callable[[Place], Value]:
    """Return the reader of an angle where the beam begins, or at the control point asked about."""

    def read(place: Place) -> Value:
        first = _first(place)
        return None if first is None else float(getattr(first, name))

    return read


def _opening(low: str, high: str) -> Callable[[Place], Value]:
    """Return the reader of the distance between two jaws."""

    def read(place: Place) -> Value:
        ends = getattr(_segment(place), low), getattr(_segment(place), high)
        return None if None in ends else float(ends[1] - ends[0])

    return read


def _code(device: Device | None) -> str:
    return "" if device is None else device.code


def _total_mu(place: Place) -> float:
    return _field(place).beam.mu * _segment(place).meterset_share


ITEMS = (
    Item("plan_name", PLAN, "", lambda at: at.trial.plan_name or at.trial.name),
    Item("approved", PLAN, "", lambda at: at.trial.approved or None),
    Item("patient_position", PLAN, "", lambda at: at.trial.position or None),
    Item("planning_system", PLAN, "", lambda at: at.trial.system_model or None),
    Item("planning_system_version", PLAN, "", lambda at: at.trial.system_version or None),
    Item("tolerance_table", PLAN, "", lambda at: at.treatment.tolerance_table),
    Item("machine", PLAN, "", lambda at: at.treatment.machine),
    Item("beam_name", BEAM, "", lambda at: _field(at).beam.name),
    Item("field_id", BEAM, "", lambda at: _field(at).id),
    Item("modality", BEAM, "", lambda at: _field(at).beam.modality),
    Item("technique", BEAM, "", lambda at: _field(at).beam.technique),
    Item("energy", BEAM, "MV or MeV", lambda at: _field(at).beam.energy),
    Item("mu", BEAM, "MU", lambda at: _field(at).beam.mu),
    Item("dose_rate_mu_min", BEAM, "MU/min", lambda at: _field(at).dose_rate_mu_min),
    Item("gated", BEAM, "", lambda at: _field(at).gated),
    Item("beam_dose_cgy", BEAM, "cGy", lambda at: _field(at).beam.dose_cgy),
    Item("depth_cm", BEAM, "cm", lambda at: _field(at).beam.depth_cm),
    Item("dose_model", BEAM, "", lambda at: _field(at).beam.dose_model or None),
    Item("dose_engine", BEAM, "", lambda at: _field(at).beam.dose_engine or None),
    Item("wedges", BEAM, "", lambda at: float(len(_field(at).beam.wedges))),
    Item("blocks", BEAM, "", lambda at: float(len(_field(at).beam.blocks))),
    Item("boluses", BEAM, "", lambda at: float(len(_field(at).beam.boluses))),
    Item("applicator", BEAM, "", lambda at: _code(_field(at).beam.applicator)),
    Item("control_points", BEAM, "", lambda at: float(len(_field(at).beam.segments))),
    Item("prescription", BEAM, "", lambda at: _field(at).prescription.name),
    Item("fractions", BEAM, "", lambda at: _field(at).prescription.fractions),
    Item("fraction_dose_cgy", BEAM, "cGy", lambda at: _field(at).prescription.fraction_cgy),
    Item("total_dose_cgy", BEAM, "cGy", lambda at: _field(at).prescription.total_cgy),
    Item("gantry_deg", BEAM, "deg", _angle("gantry_deg")),
    Item("collimator_deg", BEAM, "deg", _angle("collimator_deg")),
    Item("couch_deg", BEAM, "deg", _angle("couch_deg")),
    Item("ssd_cm", BEAM, "cm", lambda at: getattr(_first(at), "ssd_cm", None)),
    Item("x_opening_cm", POINT, "cm", _opening("x1_cm", "x2_cm")),
    Item("y_opening_cm", POINT, "cm", _opening("y1_cm", "y2_cm")),
    Item("total_mu", POINT, "MU", _total_mu),
)
"""In the order of the help page; angles and SSD of a beam are those where it begins."""

BY_NAME = {item.name: item for item in ITEMS}
LEVELS = (PLAN, BEAM, POINT)
