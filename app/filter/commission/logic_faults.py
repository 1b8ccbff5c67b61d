"""Faults that an export shows by itself, on opening: one per rule of `app.filter.logic`."""

from collections.abc import Iterator
from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Row, Values
from app.filter.commission.fault import NO_PLACE, Fault, Inject
from app.filter.commission.leaf_faults import BANK, wide_pair
from app.filter.commission.moved import number_in, written_as
from app.filter.commission.table_faults import everywhere, points_of
from app.filter.field import Field, Prescription
from app.filter.setup_fields import looks_so, named_so

ROW = "logic on opening"


def logic_faults() -> Iterator[Fault]:
    """Yield one fault per rule that is asked on opening."""
    rules: tuple[tuple[str, Inject, set[str]], ...] = (
        ("F-ID-UNIQUE", _id_twice, {"F-DOSE-SUM"}), ("F-ID-LENGTH", _id_long, {"F-ID-MODULEAF"}),
        ("F-ID-LETTERS", _id_letters, {"F-ID-MODULEAF"}), ("F-ID-MODULEAF", _moduleaf, set()),
        ("F-SITE-UNKNOWN", _site, {"F-RX-COUNT"}), ("F-RX-COUNT", _count, set()),
        ("F-RX-FRACTIONS", _fractions, set()), ("F-RX-MODALITY", _rx_modality, set()),
        ("F-DOSE-MISSING", _dose_missing, set()), ("F-DOSE-SUM", _dose_sum, set()),
        ("F-TABLE-POSITION", _table, set()), ("F-TABLE-BLANK", _table_blank, set()),
        ("F-MU-MISSING", _no_mu, set()), ("F-SHARE-FALLS", _falls, set()),
        ("F-SHARE-ENDS", _ends, set()), ("F-LEAVES-CROSS", _cross, {"F-INT-DIGIT", "F-INT-GAP"}),
        ("F-SETUP-ASK", _called_setup, set()), ("F-SETUP-DOSE", _setup_with_dose, {"F-DOSE-SUM"}),
        ("F-APPLICATOR", _applicator, {"F-INT-APPLICATOR"}),
    )  # fmt: skip
    for rule, inject, beside in rules:
        yield Fault(ROW, rule, How.OPEN, inject, frozenset(beside))


def own_row(clinic: Clinic, field: Field) -> Row | None:
    """Return the record of a field."""
    rows = clinic.export.of("FIELD_DEF", field=field.id)
    return rows[0] if rows else None


def put(
    clinic: Clinic, field: Field, item: str, new: str, more: Values | None = None
) -> Injected | str:
    """Change one element of a field's record, and others that belong to it."""
    row = own_row(clinic, field)
    if row is None or not row.holds(item):
        return NO_PLACE
    data = clinic.export.with_values({row.place: {item: new, **(more or {})}})
    words = f"Field {field.id}: {item} {row.text(item) or 'blank'} → {new or 'blank'}"
    return Injected(data, words, field.id, None, frozenset({item}))


def quiet(clinic: Clinic, *items: str) -> list[Field]:
    """Return treatment fields, last first, that nothing is said of for these elements."""
    return [
        field
        for field in reversed(clinic.treating)
        if not any(clinic.is_told(How.OPEN, field.id, item) for item in items)
    ]


def _rename(clinic: Clinic, new: str, words: str) -> Injected | str:
    fields = clinic.clean(How.OPEN)
    if not fields or any(field.id == new for field in clinic.rv.fields):
        return NO_PLACE
    data = clinic.export.with_values(everywhere(clinic, fields[0].id, new))
    return Injected(data, f"Field {fields[0].id}: {words}", items=frozenset({"field_id"}))


def _id_twice(clinic: Clinic) -> Injected | str:
    fields = clinic.clean(How.OPEN)
    if len(fields) < 2:
        return "the export has no two treatment fields without a finding"
    last, first = fields[0].id, fields[-1].id
    data = clinic.export.with_values(everywhere(clinic, last, first))
    return Injected(data, f"Field {last}: field_id → {first}, which is another field's",
                    items=frozenset({"field_id"}))  # fmt: skip


def _id_long(clinic: Clinic) -> Injected | str:
    most = int(clinic.settings.limits["consistency.field_id_letters"])
    new = "Q" * (most + 1)
    return _rename(clinic, new, f"field_id → {new}")


def _id_letters(clinic: Clinic) -> Injected | str:
    return _rename(clinic, "Q!", "field_id → Q!")


def _moduleaf(clinic: Clinic) -> Injected | str:
    """Give a field a MODULEAF code that is not its own; the pattern is the clinic's."""
    pattern = clinic.settings.rules.pattern("moduleaf.block")
    code = next((one for one in ("ML 987", "ML987", "ML 9") if pattern.fullmatch(one)), "")
    fields = quiet(clinic, "block")
    if not code or not fields:
        return "no block code of the clinic's pattern could be made up"
    return put(clinic, fields[0], "block", code)


def _site(clinic: Clinic) -> Injected | str:
    fields = [one for one in quiet(clinic, "rx_site_name") if clinic.rv.prescriptions]
    return put(clinic, fields[0], "rx_site_name", "EQS TEST") if fields else NO_PLACE


def _rx_rows(clinic: Clinic, item: str) -> list[tuple[Row, Prescription]]:
    """Return prescriptions with treatment fields that nothing is said of for an element."""
    sites = {field.site for field in clinic.treating}
    rows = zip(clinic.export.of("RX_DEF"), clinic.rv.prescriptions, strict=True)
    return [
        (row, rx)
        for row, rx in rows
        if rx.site in sites and not clinic.is_told(How.OPEN, "", item)
    ]


def _prescribed(row: Row, item: str, new: str, clinic: Clinic) -> Injected:
    data = clinic.export.with_values({row.place: {item: new}})
    words = f"{row.text('rx_site_name')}: {item} {row.text(item) or 'blank'} → {new}"
    return Injected(data, words, items=frozenset({item}))


def _count(clinic: Clinic) -> Injected | str:
    for row, rx in _rx_rows(clinic, "number_of_fields"):
        if rx.field_count is not None:
            return _prescribed(row, "number_of_fields", str(rx.field_count + 1), clinic)
    return "the export does not announce the number of fields"


def _fractions(clinic: Clinic) -> Injected | str:
    for row, rx in _rx_rows(clinic, "dose_ttl"):
        if rx.total_cgy and rx.fraction_cgy:
            new = f"{rx.total_cgy + (rx.fraction_cgy / 2).to_integral_value():f}"
            return _prescribed(row, "dose_ttl", new, clinic)
    return "the export holds no total and fraction dose"


def _rx_modality(clinic: Clinic) -> Injected | str:
    for row, rx in _rx_rows(clinic, "modality"):
        own = {field.modality for field in clinic.treating if field.site == rx.site}
        if own in ({"Xrays"}, {"Elect"}):
            return _prescribed(row, "modality", ({"Xrays", "Elect"} - own).pop(), clinic)
    return "no prescription has fields of one particle"


def _dose_missing(clinic: Clinic) -> Injected | str:
    for field in quiet(clinic, "field_dose"):
        others = [one for one in clinic.treating if one.site == field.site and one is not field]
        if field.dose_cgy and field.mu and any(one.dose_cgy for one in others):
            if named_so(field, clinic.settings.rules) or looks_so(field, clinic.settings.rules):
                continue
            return put(clinic, field, "field_dose", "")
    return "no prescription has two fields with dose"


def _dose_sum(clinic: Clinic) -> Injected | str:
    limit = clinic.settings.limits["consistency.field_dose_sum_cgy"]
    for row, rx in _rx_rows(clinic, "dose_tx"):
        own = [field for field in clinic.treating if field.site == rx.site]
        if rx.fraction_cgy and own and all(field.dose_cgy for field in own):
            last = own[-1]
            new = f"{(last.dose_cgy or 0) + limit + 1:f}"
            made = put(clinic, last, "field_dose", new)
            if isinstance(made, Injected):
                del row
                return Injected(made.data, made.words, items=frozenset({"dose_tx"}))
    return "no prescription has a fraction dose and doses of all fields"


def _shared(clinic: Clinic) -> Iterator[tuple[Field, str]]:
    """Yield fields with table positions that two others of the same isocentre share."""
    for name in ("vertical", "lateral", "longitudinal"):
        for field in quiet(clinic, f"couch_{name}"):
            alike = [
                one for one in clinic.treating
                if one.site == field.site and one.isocentre == field.isocentre
                and getattr(one.couch, f"{name}_mm") == getattr(field.couch, f"{name}_mm")
            ]  # fmt: skip
            if getattr(field.couch, f"{name}_mm") is not None and len(alike) > 2:
                yield field, f"couch_{name}"


def _table(clinic: Clinic) -> Injected | str:
    slack = clinic.settings.limits["consistency.table_position_mm"].scaleb(-1)
    for field, item in _shared(clinic):
        row = own_row(clinic, field)
        value = number_in(row.text(item)) if row is not None else None
        if row is not None and value is not None:
            column, text = row.column(item), row.text(item)
            return put(clinic, field, item, written_as(column, text, value + slack + 1))
    return "no three fields of one isocentre have table positions"


def _table_blank(clinic: Clinic) -> Injected | str:
    for field, item in _shared(clinic):
        return put(clinic, field, item, "")
    return "no three fields of one isocentre have table positions"


def _no_mu(clinic: Clinic) -> Injected | str:
    rules = clinic.settings.rules
    for field in quiet(clinic, "field_monitor_units"):
        if field.mu and not named_so(field, rules) and not looks_so(field, rules):
            return put(clinic, field, "field_monitor_units", "0.00")
    return NO_PLACE


def _falls(clinic: Clinic) -> Injected | str:
    for field in quiet(clinic, "monitor_units"):
        rows = points_of(clinic, field)
        values = [number_in(row.text("monitor_units")) for row in rows]
        for place in range(2, len(rows) - 1):
            before, value = values[place - 1], values[place]
            if before and value is not None and value >= before:
                row = rows[place]
                new = written_as(row.column("monitor_units"), row.text("monitor_units"),
                                 before / 2)  # fmt: skip
                data = clinic.export.with_values({row.place: {"monitor_units": new}})
                words = f"Field {field.id}, control point {place}: monitor_units → {new}"
                return Injected(data, words, field.id, None, frozenset({"monitor_units"}))
    return "no field has three segments"


def _ends(clinic: Clinic) -> Injected | str:
    for field in quiet(clinic, "monitor_units"):
        rows = points_of(clinic, field)
        value = number_in(rows[-1].text("monitor_units")) if len(rows) > 1 else None
        if value:
            row = rows[-1]
            column, text = row.column("monitor_units"), row.text("monitor_units")
            before = number_in(rows[-2].text("monitor_units")) or Decimal(0)
            new = written_as(column, text, max(value * Decimal("0.99"), (before + value) / 2))
            data = clinic.export.with_values({row.place: {"monitor_units": new}})
            words = f"Field {field.id}, last control point: monitor_units {text} → {new}"
            return Injected(data, words, field.id, None, frozenset({"monitor_units"}))
    return "no field has two control points"


def _cross(clinic: Clinic) -> Injected | str:
    """Let the leaves of an open pair change places."""
    for field in quiet(clinic, "mlc_a1"):
        found = wide_pair(field)
        if found is None:
            continue
        point, leaf = found
        names = dict(field.elements)
        one, two = (f"{names.get(bank, bank)}{leaf}" for bank in (BANK, "mlc_b"))
        for row in points_of(clinic, field):
            if row.text("control_pt_number") == str(point.number) and row.text(one):
                data = clinic.export.with_values(
                    {row.place: {one: row.text(two), two: row.text(one)}}
                )
                flipped = dict(field.elements)  # a native scale turns the sign with the bank
                if flipped:
                    continue
                words = (f"Field {field.id}, control point {point.number}: the leaves of pair "
                         f"{leaf} change places")  # fmt: skip
                return Injected(data, words, field.id)
    return "no field has an open pair of leaves on the IEC scale"


def _called_setup(clinic: Clinic) -> Injected | str:
    words = clinic.settings.rules.words("setup.words")
    fields = [one for one in quiet(clinic, "treatment_type", "field_name")
              if not named_so(one, clinic.settings.rules)
              and not looks_so(one, clinic.settings.rules)]  # fmt: skip
    if not words or not fields:
        return NO_PLACE
    made = put(clinic, fields[0], "field_name", f"{words[0].upper()} AP")
    if isinstance(made, str):
        return made
    return Injected(made.data, made.words, made.field, None, frozenset({"treatment_type"}))


def _setup_with_dose(clinic: Clinic) -> Injected | str:
    """Enter a treatment field as a set-up field: it goes on giving MU."""
    fields = [one for one in quiet(clinic, "field_dose", "treatment_type") if one.mu]
    if not fields:
        return NO_PLACE
    made = put(clinic, fields[0], "treatment_type", "Setup")
    if isinstance(made, str):
        return made
    return Injected(made.data, made.words, made.field, None, frozenset({"field_dose"}))


def _applicator(clinic: Clinic) -> Injected | str:
    for field in quiet(clinic, "e_applicator"):
        if field.modality == "Elect" and field.applicators:
            return put(clinic, field, "e_applicator", "")
    for field in quiet(clinic, "e_applicator"):
        if field.modality == "Xrays" and field.applicators == ():
            return put(clinic, field, "e_applicator", "10x10")
    return NO_PLACE
