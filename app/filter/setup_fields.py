"""Set-up fields: they give no dose, and what looks like one is asked about (R-22, SU-1, SU-2)."""

from collections.abc import Iterator
from decimal import Decimal

from app.filter.field import Field, Plan
from app.filter.rules import Rules
from core.findings import Finding, State

CURE = "Correct the R&V system, export again, and check again."
ANSWER = (
    "Say whether it is a set-up field. If so, enter it as one and take dose and MU off it; if "
    "not, acknowledge with the reason."
)


def setup_findings(rv: Plan, rules: Rules) -> Iterator[Finding]:
    """Return set-up fields that give dose, and the question for those that may be set-up fields.

    A name that says so makes a warning. So does the geometry when the field gives neither dose nor
    MU; geometry alone cannot tell an open treatment field from a set-up field, so there it stays a
    question that does not colour the report.
    """
    for field in rv.fields:
        if field.setup:
            yield from _dose_on(field)
            continue
        word = named_so(field, rules)
        if word:
            words = f"Field {field.id} is called {field.name!r} but is entered as treatment"
            yield _question(field, State.WARNING, words)
        elif looks_so(field, rules):
            state = State.MANUAL if gives(field) else State.WARNING
            words = (
                f"Field {field.id} ({field.name}) has the gantry angle and the field size of a "
                "set-up field but is entered as treatment"
            )
            yield _question(field, state, words)


def asked_about(field: Field, rules: Rules) -> bool:
    """Return whether a field without dose or MU is already asked about as a set-up field."""
    if field.setup or gives(field):
        return False
    return bool(named_so(field, rules)) or looks_so(field, rules)


def gives(field: Field) -> bool:
    """Return whether the field gives MU or is booked with dose."""
    return bool(field.mu or field.dose_cgy)


def named_so(field: Field, rules: Rules) -> str:
    """Return the word in a field's name that says set-up; empty when there is none."""
    name = f"{field.name} {field.id}".casefold()
    return next((word for word in rules.words("setup.words") if word in name), "")


def looks_so(field: Field, rules: Rules) -> bool:
    """Return whether gantry and field size are those of a set-up field.

    A field with anything in the beam, leaves included, is none.
    """
    jaws = field.jaws
    edges = (jaws.x1_mm, jaws.x2_mm, jaws.y1_mm, jaws.y2_mm)
    if field.gantry_deg is None or field.arc_direction or field.modality == "Elect":
        return False
    fitted = field.wedges or field.blocks or field.boluses or field.applicators
    if fitted or any(point.layers for point in field.control_points):
        return False
    width, length = rules.numbers("setup.field_size_mm")
    wanted = (-width / 2, width / 2, -length / 2, length / 2)
    return edges == wanted and field.gantry_deg % Decimal(360) in rules.numbers("setup.gantry_deg")


def _dose_on(field: Field) -> Iterator[Finding]:
    if field.mu or field.dose_cgy:
        words = f"Set-up field {field.id} carries {field.mu} MU and {field.dose_cgy} cGy"
        yield Finding(
            "F-SETUP-DOSE", State.ERROR, words, field.id, item="field_dose",
            found=str(field.dose_cgy), remedy=CURE,
        )  # fmt: skip


def _question(field: Field, state: State, words: str) -> Finding:
    carries = f"it carries {field.mu or 0} MU and {field.dose_cgy or 0} cGy"
    return Finding(
        "F-SETUP-ASK", state, f"{words}; {carries}. Is it a set-up field?", field.id,
        item="treatment_type", found=field.treatment_type, remedy=ANSWER,
    )  # fmt: skip
