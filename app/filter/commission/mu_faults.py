"""Monitor units that the dosimetry book does not confirm (R-10): in one field, and in all."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Row
from app.filter.commission.fault import Fault
from app.filter.commission.moved import number_in, written_as
from core.errors import RemedyError
from core.findings import State

ROW = "monitor units"
TOO_MUCH = Decimal("1.15")
"""A warning starts at 3 % as shipped; the fault is well beyond any limit a clinic may set."""
NONE_PASSES = "the book confirms no field of this export as it is"


def mu_faults() -> Iterator[Fault]:
    """Yield the faults of the second calculation."""
    # A field that is too high takes the sum of its prescription along.
    yield Fault(ROW, "F-MU-BEAM", How.MU, _one_field, frozenset({"F-MU-TOTAL"}))
    yield Fault(ROW, "F-MU-TOTAL", How.MU, _every_field, frozenset({"F-MU-BEAM"}))


def _confirmed(clinic: Clinic) -> list[Row]:
    """Return the records of the fields whose MU the book confirms, last first.

    Raises:
        RemedyError: There is no book that can be read.

    """
    fine = {one.field for one in clinic.base(How.MU).findings
            if one.rule == "F-MU-BEAM" and one.state == State.PASS}  # fmt: skip
    rows = [row for field in reversed(clinic.treating) if field.id in fine
            for row in clinic.export.of("FIELD_DEF", field=field.id)]  # fmt: skip
    return [row for row in rows if number_in(row.text("field_monitor_units"))]


def _raised(clinic: Clinic, rows: Sequence[Row]) -> bytes:
    changes = {}
    for row in rows:
        text = row.text("field_monitor_units")
        value = (number_in(text) or Decimal(0)) * TOO_MUCH
        new = written_as(row.column("field_monitor_units"), text, value)
        changes[row.place] = {"field_monitor_units": new}
    return clinic.export.with_values(changes)


def _one_field(clinic: Clinic) -> Injected | str:
    try:
        rows = _confirmed(clinic)
    except RemedyError as fault:
        return fault.what
    if not rows:
        return NONE_PASSES
    words = f"Field {rows[0].field}: 15 % more MU than the plan has"
    return Injected(_raised(clinic, rows[:1]), words, rows[0].field)


def _every_field(clinic: Clinic) -> Injected | str:
    try:
        rows = _confirmed(clinic)
        sums = [one for one in clinic.base(How.MU).findings
                if one.rule == "F-MU-TOTAL" and one.state == State.PASS]  # fmt: skip
    except RemedyError as fault:
        return fault.what
    if not rows or not sums:
        return "the book confirms no sum of a prescription as it is"
    words = f"Fields {', '.join(row.field for row in rows)}: 15 % more MU than the plan has"
    return Injected(_raised(clinic, rows), words)
