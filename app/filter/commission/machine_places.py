"""Where a fault that a machine would refuse can be put in: shared by jaws, beams and leaves."""

from collections.abc import Callable
from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Row, Values
from app.filter.field import Field
from core.machines import Machine

UNKNOWN = "the machine's description does not state it, or no field has it"
BEYOND_CM = Decimal(1)
Asked = Callable[[Clinic, Field, Machine], Injected | None]


def first_place(ask: Asked) -> Callable[[Clinic], Injected | str]:
    """Return what asks the treatment fields one by one, last first, for a place."""

    def inject(clinic: Clinic) -> Injected | str:
        described = False
        for field in reversed(clinic.treating):
            machine = clinic.settings.machine(field.machine)
            described = described or machine is not None
            made = ask(clinic, field, machine) if machine is not None else None
            if made is not None:
                return made
        return UNKNOWN if described else "no machine description is named for the machine"

    return inject


def own_record(clinic: Clinic, field: Field) -> Row | None:
    """Return the record of a field; None for one that has none of the usual kind."""
    rows = clinic.export.of("FIELD_DEF", field=field.id)
    return rows[0] if rows else None


def put(
    clinic: Clinic, field: Field, item: str, new: str, more: Values | None = None
) -> Injected | None:
    """Change one element of a field, and others that belong to it."""
    row = own_record(clinic, field)
    if row is None or not row.holds(item) or is_told(clinic, field, item):
        return None
    data = clinic.export.with_values({row.place: {item: new, **(more or {})}})
    words = f"Field {field.id}: {item} {row.text(item) or 'blank'} → {new}"
    return Injected(data, words, field.id, None, frozenset({item}))


def is_told(clinic: Clinic, field: Field, item: str) -> bool:
    """Return whether the report on opening names this element of this very field."""
    return clinic.is_told(How.OPEN, field.id, item, alone=True)


def cm(value_mm: Decimal) -> Decimal:
    """Return a length of the Filter as the file writes it."""
    return value_mm.scaleb(-1)


def sign_of(cell: Decimal | None, iec_mm: Decimal | None) -> int:
    """Return -1 where the file writes a length with the other sign than IEC; 0 where unsure."""
    if cell is None or iec_mm is None or not cell:
        return 0
    return 1 if cell.scaleb(1) == iec_mm else -1 if cell.scaleb(1) == -iec_mm else 0
