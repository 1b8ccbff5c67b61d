"""One fault per element of Table 1: a value is changed by as little as must be found.

Fields first (FIELD_DEF), then control points; accessories are taken away where there is one, put
in where there is none.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Row, Values
from app.filter.commission.fault import NO_PLACE, Fault, Inject
from app.filter.commission.leaf_faults import one_leaf
from app.filter.commission.moved import moved, number_in, reworded, step_of, written_as
from app.filter.commission.plan_faults import PLAN_FAULTS
from app.filter.coverage import COLUMNS, ROWS
from app.filter.field import Field
from app.filter.parameters import (
    DIRECTIONS,
    FIELD_PARAMETERS,
    FITTINGS,
    POINT_PARAMETERS,
    Fitting,
    Kind,
    Parameter,
)
from app.filter.rtp_values import MIXED

ENTERED = {"bolus": "0.5 cm", "e_applicator": "10x10"}
NEW = "EQS TEST"
SAME_ERROR = {
    "modality": frozenset({"F-CMP-ENERGY", "F-CMP-ISFFF", "F-APPLICATOR", "F-INT-ENERGY"}),
    **dict.fromkeys(
        ("couch_vertical", "couch_lateral", "couch_longitudinal"), frozenset({"F-TABLE-POSITION"})
    ),
    "isfff": frozenset({"F-INT-ENERGY", "F-INT-RATE"}),
    "e_applicator": frozenset({"F-INT-APPLICATOR", "F-INT-APPL-JAWS"}),
}
# Texts of the prescription that no plan holds in the same words.
ONLY_LATER = ("technique", "modality", "pattern", "dose_spec", "rx_note")
BESIDE = "beside Table 1"
ELEMENTS = (*((one.item, one) for one in FITTINGS), ("dynamic_wedge", FITTINGS[0]))
# Rows of the final export that set-up fields stand for.
CONE_BEAM = {"CB MU": "field_monitor_units", "CB Start": "arc_start_angle",
             "CB Stop": "arc_stop_angle"}  # fmt: skip
# What is entered in the final export where the initial one is blank.
LATER = {"field_note": NEW, "wedge_monitor_units": "5.00"}
HOWS = {COLUMNS[0]: How.COMPARE, COLUMNS[1]: How.LATER}


def table_faults(column: str) -> Iterator[Fault]:
    """Yield the faults of one column of Table 1, in the order of its rows."""
    for row in ROWS:
        yield from _of_values(row, row, column)
        for element, fitting in ELEMENTS:
            if fitting.row == row:
                inject = partial(_fitting, fitting=fitting, element=element, how=HOWS[column])
                yield _fault(row, element, column, inject)
        if row == "MLC leaves":
            yield _fault(row, "mlc", column, partial(one_leaf, how=HOWS[column]))
        if row == "Arc Start":
            for item, _ in DIRECTIONS:
                inject = partial(_direction, item=item, how=HOWS[column])
                yield _fault(row, item, column, inject)
        yield from _of_plan(row, column)
        if row in CONE_BEAM and column == COLUMNS[1]:
            (parameter,) = [one for one in FIELD_PARAMETERS if one.item == CONE_BEAM[row]]
            inject = partial(_in_field, parameter=parameter, how=HOWS[column], setup=True)
            made = _fault(row, parameter.item, column, inject)
            yield replace(made, beside=made.beside | {"F-SETUP-DOSE"})
    yield from _of_values("", BESIDE, column)
    for element, fitting in ELEMENTS:
        if not fitting.row:
            inject = partial(_fitting, fitting=fitting, element=element, how=HOWS[column])
            yield _fault(BESIDE, element, column, inject)
    yield from _of_plan(BESIDE, column)


def _of_values(row: str, shown: str, column: str) -> Iterator[Fault]:
    """Yield a fault per value of a row: in a field, and in a control point."""
    places = ((_in_field, FIELD_PARAMETERS), (_in_point, POINT_PARAMETERS))
    for put, parameters in places:
        for parameter in parameters:
            if parameter.row == row:
                inject = partial(put, parameter=parameter, how=HOWS[column])
                yield _fault(shown, parameter.item, column, inject)


def _of_plan(row: str, column: str) -> Iterator[Fault]:
    for item, of_row, inject_of in PLAN_FAULTS:
        if of_row == row and (column == COLUMNS[1] or item not in ONLY_LATER):
            yield _fault(row, item, column, inject_of(HOWS[column]))


def _fault(row: str, item: str, column: str, inject: Inject) -> Fault:
    rule = f"F-CMP-{item.upper().replace('_', '-')}"
    beside = SAME_ERROR.get(item, frozenset())
    # A changed number of fractions is told by the total dose where both sides hold it.
    other = "F-CMP-DOSE-TTL" if item == "fractions" else ""
    return Fault(row, rule, HOWS[column], inject, beside, column, other)


def open_fields(
    clinic: Clinic, how: How, *items: str, setup: bool = False
) -> Iterator[Field]:  # fmt: skip
    """Yield treatment (or set-up) fields, last first: compared, and nothing is said of them."""
    for field in reversed(clinic.setting_up if setup else clinic.treating):
        quiet = not any(clinic.is_told(how, field.id, item) for item in items)
        # What was not checked is listed by IEC items, which a native export keeps elsewhere.
        iec = [own for own, element in field.elements if element in items]
        if quiet and clinic.compares(how, field.id, *(iec or items)):
            yield field


def _in_field(
    clinic: Clinic, parameter: Parameter, how: How, *, setup: bool = False
) -> Injected | str:
    item = parameter.item
    for field in open_fields(clinic, how, item, setup=setup):
        for row in clinic.export.of("FIELD_DEF", "EXTENDED_FIELD_DEF", field=field.id):
            if not row.holds(item):
                continue
            new = _new(clinic, row, parameter, row.text(item))
            if how is How.LATER and not row.text(item):
                new = new or LATER.get(item)
            if new is None:
                break
            if item == "field_id":
                if field not in clinic.clean(how):
                    break  # its findings would come again under another name
                return renamed(clinic, field.id)
            values = {item: new, **_asymmetric(row, item)}
            data = clinic.export.with_values({row.place: values})
            return Injected(data, _words(field.id, None, item, row, new), field.id, None,
                            frozenset({item}), rule=_iec_rule(field, item))  # fmt: skip
    made = _of_site(clinic, parameter, how) if item.startswith("isocenter") else None
    if made is not None:
        return made
    what = "set-up field" if setup else "field"
    return _why(clinic, how, item, f"no {what} states it")


def _iec_rule(field: Field, element: str) -> str:
    """Return the rule of the IEC item that an element of a native export holds."""
    item = next((iec for iec, name in field.elements if name == element), "")
    return f"F-CMP-{item.upper().replace('_', '-')}" if item else ""


def _of_site(clinic: Clinic, parameter: Parameter, how: How) -> Injected | None:
    """Move the isocentre of a site, where the fields state none of their own."""
    item = parameter.item
    fields = {field.site for field in open_fields(clinic, how, item) if field.isocentre}
    for row in clinic.export.of("SITE_SETUP_DEF"):
        if row.text("rx_site_name") in fields and row.holds(item):
            new = _new(clinic, row, parameter, row.text(item))
            if new is not None:
                data = clinic.export.with_values({row.place: {item: new}})
                words = f"{row.text('rx_site_name')}: {item} {row.text(item)} → {new}"
                return Injected(data, words, items=frozenset({item}))
    return None


def _why(clinic: Clinic, how: How, item: str, otherwise: str, of: str = "") -> str:
    """Return why an element could not be changed: what the report itself says, where it does."""
    reason = next((one.why for one in clinic.base(how).not_checked if one.item == item), "")
    return f"{item}{of}: {reason or otherwise}"


def _new(clinic: Clinic, row: Row, parameter: Parameter, text: str) -> str | None:
    """Return the changed text of an element; None where it is not compared as it stands."""
    if _is_unspecified(row, parameter.item):
        return None
    if not text or text == MIXED:
        blank_turn = parameter.item == "arc_direction" and not text
        return "CW" if blank_turn else None
    if parameter.item == "tolerance_table" and not text.isdigit():
        return None
    column = row.column(parameter.item)
    if parameter.kind in (Kind.TEXT, Kind.WORD) and not column.kind.startswith("int"):
        return reworded(text)
    if parameter.item == "isfff":
        return reworded(text)
    limit = clinic.settings.limits[parameter.limit] if parameter.limit else Decimal(0)
    passes = limit.scaleb(-1) if parameter.kind == Kind.LENGTH else limit
    return moved(column, text, passes)


def _is_unspecified(row: Row, item: str) -> bool:
    """Return whether the file calls the jaw unspecified, so that nobody reads it."""
    axis = item[11:12] if item.startswith("collimator_") else ""
    return axis in ("x", "y") and row.text(f"field_{axis}_mode").casefold() == "unspecified"


def _asymmetric(row: Row, item: str) -> Values:
    """Return the mode a moved jaw needs: a symmetric one would be read from the width."""
    axis = item[11:12] if item.startswith("collimator_") else ""
    mode = f"field_{axis}_mode"
    return {mode: "ASY"} if axis in ("x", "y") and row.text(mode).upper() == "SYM" else {}


def _words(field: str, point: int | None, item: str, row: Row, new: str) -> str:
    where = f"Field {field}" if point is None else f"Field {field}, control point {point}"
    return f"{where}: {item} {row.text(item) or 'blank'} → {new or 'blank'}"


def points_of(clinic: Clinic, field: Field) -> list[Row]:
    """Return the control points of a field in the file, where the numbers are theirs."""
    rows = clinic.export.of("CONTROL_PT_DEF", field=field.id)
    numbers = [row.text("control_pt_number") for row in rows]
    return rows if numbers == [str(n) for n in range(len(rows))] else []


def _in_point(clinic: Clinic, parameter: Parameter, how: How) -> Injected | str:
    item = parameter.item
    for field in open_fields(clinic, how, item, "control points"):
        rows = points_of(clinic, field)
        if item == "monitor_units":
            made = _share(clinic, field, rows)
            if made is not None:
                return made
            continue
        for place in _middle_first(len(rows)):
            row = rows[place]
            new = _new(clinic, row, parameter, row.text(item)) if row.holds(item) else None
            if new is None:
                continue
            values = {item: new, **_asymmetric(row, item)}
            data = clinic.export.with_values({row.place: values})
            return Injected(data, _words(field.id, place, item, row, new), field.id, place,
                            frozenset({item}), rule=_iec_rule(field, item))  # fmt: skip
    return _why(clinic, how, item, "none states it", " of control points")


def _middle_first(count: int) -> list[int]:
    middle = (count - 1) // 2
    return sorted(range(count), key=lambda place: abs(place - middle))


def _share(clinic: Clinic, field: Field, rows: list[Row]) -> Injected | None:
    """Give MU of a segment to the one before it; the last point of a field with one segment."""
    least = clinic.settings.limits["comparison.share"] + Decimal("0.001")
    values = [number_in(row.text("monitor_units")) for row in rows]
    if len(rows) < 2 or any(value is None for value in values) or not values[-1]:
        return None
    total = values[-1]
    for place in [*_middle_first(len(rows) - 1), len(rows) - 1]:
        value, row = values[place], rows[place]
        if place and value is not None and total is not None and value:
            column, text = row.column("monitor_units"), row.text("monitor_units")
            step = max(least * total, step_of(column, text))
            room = place < len(rows) - 1 and (values[place + 1] or value) >= value + step
            new = written_as(column, text, value + step if room else value - step)
            data = clinic.export.with_values({row.place: {"monitor_units": new}})
            return Injected(data, _words(field.id, place, "monitor_units", row, new), field.id,
                            place, frozenset({"monitor_units"}))  # fmt: skip
    return None


def _direction(clinic: Clinic, item: str, how: How) -> Injected | str:
    for field in open_fields(clinic, how, item, "control points"):
        rows = points_of(clinic, field)
        if len(rows) < 2 or not rows[0].holds(item):
            continue
        row = rows[(len(rows) - 1) // 2]
        new = {"CW": "CCW", "CCW": "CW"}.get(row.text(item).upper(), "CW")
        place = int(row.text("control_pt_number"))
        data = clinic.export.with_values({row.place: {item: new}})
        return Injected(data, _words(field.id, place, item, row, new), field.id, place,
                        frozenset({item}))  # fmt: skip
    return NO_PLACE


def _fitting(clinic: Clinic, fitting: Fitting, element: str, how: How) -> Injected | str:
    """Take an accessory away; where no field has one, put one into the last that can tell."""
    added: Injected | None = None
    for field in open_fields(clinic, how, fitting.item, element):
        for row in clinic.export.of("FIELD_DEF", field=field.id):
            if not row.holds(element):
                continue
            there = row.text(element).casefold() not in ("", "none")
            new = "" if there else ENTERED.get(element, NEW)
            data = clinic.export.with_values({row.place: {element: new}})
            made = Injected(data, _words(field.id, None, element, row, new), field.id, None,
                            frozenset({element}))  # fmt: skip
            if there:
                return made
            added = added or made
    return added or _why(clinic, how, fitting.item, "neither side states it")


def renamed(clinic: Clinic, field_id: str) -> Injected:
    """Give a field another ID wherever it stands."""
    taken = {field.id for field in clinic.rv.fields}
    new = next(name for n in range(1, 1000) if (name := f"Q{n}") not in taken)
    data = clinic.export.with_values(everywhere(clinic, field_id, new))
    return Injected(data, f"Field {field_id}: field_id {field_id} → {new}",
                    items=frozenset({"field_id"}))  # fmt: skip


def everywhere(clinic: Clinic, field_id: str, new: str) -> dict[int, Values]:
    """Return what puts another ID of a field into every record that names it."""
    changes: dict[int, Values] = {}
    for row in clinic.export.rows:
        own = [
            column.name
            for column in row.layout
            if column.name.startswith("field_id") and row.text(column.name) == field_id
        ]
        if own:
            changes[row.place] = dict.fromkeys(own, new)
    return changes
