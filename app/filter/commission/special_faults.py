"""Faults in what the clinic lays down itself: templates, chart notes, lost and added fields."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import changed_line
from app.filter.commission.fault import NO_PLACE, Fault
from app.filter.commission.leaf_faults import BANK
from app.filter.commission.moved import moved, number_in, reworded, written_as
from app.filter.commission.table_faults import points_of
from app.filter.field import Field
from app.filter.limits import Limits
from app.filter.parameters import Kind, arc_length_deg
from app.filter.srs import is_stereotactic
from app.filter.srs_rules import read_srs_rules
from app.filter.tbi import read_tbi_templates
from app.filter.template import ROWS, Template, against
from core.findings import Finding

ANOTHER = Decimal("12.3")
Chosen = Callable[[Clinic], Sequence[Field]]


def special_faults(clinic: Clinic) -> Iterator[Fault]:
    """Yield the faults that depend on what the clinic has laid down."""
    group = "fields as a whole"
    yield Fault(group, "F-CMP-BEAM", How.COMPARE, _lost, frozenset({"F-RX-COUNT"}))
    yield Fault(group, "F-CMP-FIELD", How.COMPARE, _added, frozenset({"F-DOSE-SUM"}))
    yield Fault(group, "F-CMP-TOTAL-CONTROL-POINTS", How.COMPARE, _segment_lost)
    yield Fault(group, "F-CMP-ORDER", How.COMPARE, _reordered)
    yield from _site_faults(clinic)
    yield from _cone_beam_faults(clinic)
    yield from _arc_faults(clinic)
    yield from _body_faults(clinic)
    for item in ("dose_rate", "tolerance_table", "isodose", "gating", "cb_filter"):
        rule = f"F-NOTE-{item.upper().replace('_', '-')}"
        yield Fault("chart notes", rule, How.NOTES, partial(_note, item=item))
    yield Fault("chart notes", "F-NOTE-TWICE", How.NOTES, _notes_differ,
                frozenset({"F-NOTE-DOSE-RATE", "F-NOTE-GATING"}))  # fmt: skip
    yield Fault("chart notes", "F-NOTE-UNREAD", How.NOTES, _note_unread)


def _lost(clinic: Clinic) -> Injected | str:
    if len(clinic.treating) < 2:
        return "the export has one treatment field"
    last = clinic.treating[-1].id
    places = [row.place for row in clinic.export.rows if row.field == last]
    return Injected(clinic.export.without(places), f"Field {last} is left out",
                    items=frozenset({"field_id"}))  # fmt: skip


def _added(clinic: Clinic) -> Injected | str:
    """Copy a field under another ID, at another gantry angle."""
    fields = clinic.clean(How.COMPARE)
    if not fields:
        return "every field has a finding of its own"
    last = fields[0]
    rows = [row for row in clinic.export.rows if row.field == last.id]
    new = next(name for n in range(1, 1000)
               if (name := f"Q{n}") not in {one.id for one in clinic.rv.fields})  # fmt: skip
    lines = [changed_line(row, {"field_id": new}) for row in rows]
    counts = {
        row.place: {"number_of_fields": str(int(row.text("number_of_fields")) + 1)}
        for row in clinic.export.of("RX_DEF")
        if row.text("rx_site_name") == last.site and row.text("number_of_fields").isdigit()
    }
    data = clinic.export.with_lines(rows[-1].place, lines, counts)
    return Injected(data, f"Field {last.id} is there once more, as {new}",
                    items=frozenset({"field_id"}))  # fmt: skip


def _segment_lost(clinic: Clinic) -> Injected | str:
    """Leave out a control point; the others are numbered anew."""
    for field in clinic.clean(How.COMPARE):
        rows = points_of(clinic, field)
        if len(rows) < 4 or not clinic.compares(How.COMPARE, field.id, "control points"):
            continue
        gone = len(rows) // 2
        kept = [row for place, row in enumerate(rows) if place != gone]
        changes = {
            row.place: {"control_pt_number": str(n), "total_control_points": str(len(kept))}
            for n, row in enumerate(kept)
        }
        data = clinic.export.without([rows[gone].place], changes)
        words = f"Field {field.id}: control point {gone} is left out, the others numbered anew"
        return Injected(data, words, field.id, None, frozenset({"total_control_points"}))
    return "no field has four control points"


def _reordered(clinic: Clinic) -> Injected | str:
    """Let the first two segments of a step-and-shoot field change places."""
    for field in clinic.clean(How.COMPARE):
        rows, points = points_of(clinic, field), field.control_points
        if len(rows) < 6 or field.arc_direction or len(points) != len(rows):
            continue
        steps = [points[n].cumulative == points[n + 1].cumulative for n in (1, 3)]
        still = points[0].layers == points[1].layers and points[2].layers == points[3].layers
        if not all(steps) or not still or points[0].layers == points[2].layers:
            continue
        first, second = points[1].cumulative, points[3].cumulative - points[1].cumulative
        shares = (Decimal(0), second, second, second + first)
        order = (2, 3, 0, 1)
        texts = [rows[n].text("monitor_units") for n in range(4)]
        column = rows[0].column("monitor_units")
        if any(number_in(text) != points[n].cumulative for n, text in enumerate(texts)):
            continue
        made = {}
        for place, source in enumerate(order):
            share = written_as(column, texts[1], shares[place])
            values = {"control_pt_number": str(place), "monitor_units": share}
            made[rows[place].place] = changed_line(rows[source], values)
        data = clinic.export.in_order(range(len(clinic.export.file.lines)), made)
        return Injected(data, f"Field {field.id}: its first two segments change places", field.id)
    return "no field has three segments of step and shoot"


def _template_faults(
    template: Template, chosen: Chosen, group: str, prefix: str, how: How
) -> Iterator[Fault]:
    """Yield a fault per value and accessory of a template, in the fields it is held against."""
    for item in template.values:
        rule = f"{prefix}-{item.upper().replace('_', '-')}"
        inject = partial(_off_template, chosen=chosen, item=item, template=template, how=how)
        yield Fault(group, rule, how, inject, BESIDE_TEMPLATE)
    for item in template.fittings:
        rule = f"{prefix}-{item.upper().replace('_', '-')}"
        inject = partial(_off_fitting, chosen=chosen, item=item, how=how)
        # An arc with another tray is no stereotactic arc any more.
        other = "F-SRS-MIXED" if how is How.SRS and item == "block" else ""
        yield Fault(group, rule, how, inject, BESIDE_TEMPLATE, or_rule=other)
    if template.tips_mm is not None:
        inject = partial(_off_leaf, chosen=chosen, tips=template.tips_mm, how=how)
        yield Fault(group, f"{prefix}-MLC", how, inject, BESIDE_TEMPLATE)


# What an element says by itself when it is changed without a plan to explain it.
BESIDE_TEMPLATE = frozenset({
    "F-RX-MODALITY", "F-APPLICATOR", "F-INT-ENERGY", "F-INT-RATE", "F-INT-RANGE", "F-INT-YJAW",
    "F-INT-APPL-JAWS", "F-DOSE-SUM", "F-TABLE-POSITION", "F-RTP-SYM", "F-SRS-MIXED", "F-SRS-SET",
    "F-INT-APPLICATOR", "F-INT-VW-ANGLE", "F-INT-VW-MU", "F-INT-ARC", "F-NAME-ANGLE",
    "F-SRS-COLLISION", "F-TPL-BLOCK", "F-SITE-UNKNOWN",
})  # fmt: skip


def _off_template(
    clinic: Clinic, chosen: Chosen, item: str, template: Template, how: How
) -> Injected | str:
    row_of, limits = ROWS[item], clinic.settings.limits
    for field in reversed(chosen(clinic)):
        for row in clinic.export.of("FIELD_DEF", field=field.id):
            text = row.text(item)
            if not row.holds(item) or clinic.is_told(how, field.id, item):
                continue
            if not text and not (item == "doserate" and template.values[item] == 0):
                continue
            limit = limits[row_of.limit] if row_of.limit else Decimal(0)
            passes = limit.scaleb(-1) if row_of.kind == Kind.LENGTH else limit
            words = row_of.kind in (Kind.TEXT, Kind.WORD) and row.column(item).kind == "text"
            new = reworded(text) if words else moved(row.column(item), text or "0", passes)
            if item == "doserate":  # 0 and blank are the same
                new = f"{(number_in(text) or 0) + 100:.0f}"
            if new is not None:
                mode = {f"field_{item[11]}_mode": "ASY"} if item.startswith("collimator_") and \
                    item[11] in "xy" else {}  # fmt: skip
                data = clinic.export.with_values({row.place: {item: new, **mode}})
                said = f"Field {field.id}: {item} {text} → {new}"
                return Injected(data, said, field.id, None, frozenset({item}))
    return f"no field of this kind holds {item} (template {template.name})"


def _off_fitting(clinic: Clinic, chosen: Chosen, item: str, how: How) -> Injected | str:
    for field in reversed(chosen(clinic)):
        for row in clinic.export.of("FIELD_DEF", field=field.id):
            if row.holds(item) and not clinic.is_told(how, field.id, item):
                new = "EQS TEST"
                data = clinic.export.with_values({row.place: {item: new}})
                said = f"Field {field.id}: {item} {row.text(item) or 'blank'} → {new}"
                return Injected(data, said, field.id, None, frozenset({item}))
    return "the export holds no field of this kind"


def _off_leaf(
    clinic: Clinic, chosen: Chosen, tips: tuple[Decimal, Decimal], how: How
) -> Injected | str:
    for field in reversed(chosen(clinic)):
        for row in points_of(clinic, field):
            for leaf in range(1, 101):
                item = f"{BANK}{leaf}"
                value = number_in(row.text(item)) if row.holds(item) else None
                if value is not None and value.scaleb(1) == tips[0] and not field.elements:
                    new = written_as(row.column(item), row.text(item), value - Decimal("0.1"))
                    data = clinic.export.with_values({row.place: {item: new}})
                    return Injected(data, f"Field {field.id}: {item} {value} → {new}", field.id,
                                    None, frozenset({item}))  # fmt: skip
    del how
    return "no field of this kind has leaves as the template"


def _site_faults(clinic: Clinic) -> Iterator[Fault]:
    group = "the clinic's templates by site"
    sites = clinic.settings.sites.sites
    if not sites:
        reason = "the clinic has laid down no template (filter/sites.toml)"
        yield Fault(group, "F-CLINIC", How.OPEN, lambda _clinic: reason)
    for site in sites:

        def own(one: Clinic, pattern: str = site.name) -> Sequence[Field]:
            return [
                f
                for f in one.treating
                if (s := one.settings.sites.of(f.site)) is not None and s.name == pattern
            ]

        yield from _template_faults(site.template, own, group, "F-CLINIC", How.OPEN)
        if "fields" in site.spans:
            yield Fault(group, "F-CLINIC-FIELDS", How.OPEN,
                        partial(_too_few, chosen=own, least=site.spans["fields"][0]),
                        frozenset({"F-RX-COUNT", "F-DOSE-SUM"}))  # fmt: skip
        if "fraction_dose" in site.spans:
            high = site.spans["fraction_dose"][1]
            yield Fault(group, "F-CLINIC-FRACTION-DOSE", How.OPEN,
                        partial(_fraction_dose, chosen=own, new=high + 100),
                        frozenset({"F-DOSE-SUM", "F-RX-FRACTIONS"}))  # fmt: skip


def _fraction_dose(clinic: Clinic, chosen: Chosen, new: Decimal) -> Injected | str:
    names = {field.site for field in chosen(clinic)}
    for row in clinic.export.of("RX_DEF"):
        if row.text("rx_site_name") in names and row.text("dose_tx"):
            data = clinic.export.with_values({row.place: {"dose_tx": f"{new:.0f}"}})
            words = f"{row.text('rx_site_name')}: dose_tx {row.text('dose_tx')} → {new:.0f}"
            return Injected(data, words, items=frozenset({"dose_tx"}))
    return "no prescription of this site holds a fraction dose"


def _too_few(clinic: Clinic, chosen: Chosen, least: Decimal) -> Injected | str:
    """Leave fields out until there is one less than the template has."""
    own = list(chosen(clinic))
    gone = own[max(int(least) - 1, 0) :]
    if least < 2 or len(own) < least or not gone:
        return "the template allows a single field, or the plan has no such site"
    names = {field.id for field in gone}
    places = [row.place for row in clinic.export.rows if row.field in names]
    return Injected(clinic.export.without(places), f"{len(gone)} fields are left out",
                    items=frozenset({"number_of_fields"}))  # fmt: skip


def _cone_beam_faults(clinic: Clinic) -> Iterator[Fault]:
    group, rules = "cone beam", clinic.settings.cone_beam
    if not rules.templates:
        reason = "the clinic has laid down no template (filter/cone_beam.toml)"
        yield Fault(group, "F-CB", How.OPEN, lambda _clinic: reason)

    def own(one: Clinic) -> Sequence[Field]:
        return [field for field in one.rv.fields if one.settings.cone_beam.is_one(field)]

    for template in rules.templates:
        yield from _template_faults(template, own, group, "F-CB", How.OPEN)


def _arc_faults(clinic: Clinic) -> Iterator[Fault]:
    group, rules = "stereotactic arcs", read_srs_rules(clinic.settings.folder)

    def arcs(one: Clinic) -> Sequence[Field]:
        return [field for field in one.treating if is_stereotactic(field, rules)]

    yield from _template_faults(rules.template, arcs, group, "F-TPL", How.SRS)
    yield Fault(group, "F-SRS-MIXED", How.SRS, partial(_stranger, chosen=arcs),
                frozenset({"F-SRS-SET"}))  # fmt: skip
    yield Fault(group, "F-SRS-NOTE", How.SRS, partial(_no_note, chosen=arcs),
                frozenset({"F-SRS-SET"}))  # fmt: skip
    yield Fault(group, "F-SRS-SET", How.SRS, partial(_odd_arc, chosen=arcs),
                frozenset({"F-NAME-ANGLE", "F-INT-ARC"}))  # fmt: skip
    yield Fault(group, "F-SRS-COLLISION", How.SRS, partial(_into_zone, chosen=arcs),
                frozenset({"F-SRS-SET", "F-INT-RANGE"}))  # fmt: skip


def _into_zone(clinic: Clinic, chosen: Chosen) -> Injected | str:
    """Turn the couch into a zone that the arc goes through."""
    for field in reversed(chosen(clinic)):
        length, start, stop = arc_length_deg(field), field.arc_start_deg, field.arc_stop_deg
        if length is None or start is None or stop is None:
            continue
        low = start if field.arc_direction == "CW" else stop
        for zone in read_srs_rules(clinic.settings.folder).zones:
            if ((zone.gantry.low_deg - low) % 360 + 360) % 360 <= length:
                return _in_field(clinic, field, "couch_angle", f"{zone.couch.low_deg:.1f}")
    return "the clinic has laid down no zone (filter/srs.toml), or no arc goes through one"


def _stranger(clinic: Clinic, chosen: Chosen) -> Injected | str:
    """Take the tray code off one of several arcs."""
    own = chosen(clinic)
    if len(own) < 3:
        return "the export holds no three stereotactic arcs"
    return _in_field(clinic, own[-1], "block", "")


def _no_note(clinic: Clinic, chosen: Chosen) -> Injected | str:
    for field in reversed(chosen(clinic)):
        if field.note:
            return _in_field(clinic, field, "field_note", "EQS TEST")
    return "no stereotactic arc has a set-up note"


def _odd_arc(clinic: Clinic, chosen: Chosen) -> Injected | str:
    """Let an arc stop elsewhere, so that the set is none of the clinic's."""
    for field in reversed(chosen(clinic)):
        if field.arc_stop_deg is not None:
            made = _in_field(clinic, field, "arc_stop_angle",
                             f"{(field.arc_stop_deg + ANOTHER) % 360:.1f}")  # fmt: skip
            return made if isinstance(made, str) else Injected(made.data, made.words)
    return "the export holds no stereotactic arc"


def _in_field(clinic: Clinic, field: Field, item: str, new: str) -> Injected | str:
    for row in clinic.export.of("FIELD_DEF", field=field.id):
        if row.holds(item):
            data = clinic.export.with_values({row.place: {item: new}})
            words = f"Field {field.id}: {item} {row.text(item) or 'blank'} → {new or 'blank'}"
            return Injected(data, words, field.id, None, frozenset({item}))
    return NO_PLACE


def _body_faults(clinic: Clinic) -> Iterator[Fault]:
    group = "total body irradiation"

    def own(one: Clinic) -> Sequence[Field]:
        """Return the fields of a total body plan: each is as a field of the template."""
        limits, templates = one.settings.limits, read_tbi_templates(one.settings.folder)
        held_to = [
            field for field in one.treating
            if any(not _differs(field, template, limits) for template in templates)
        ]  # fmt: skip
        return held_to if len(held_to) == len(one.treating) else []

    yield Fault(group, "F-TBI-SSD", How.TBI, partial(_other_ssd, chosen=own))
    done: set[str] = set()
    for template in read_tbi_templates(clinic.settings.folder):
        for fault in _template_faults(template, own, group, "F-TPL", How.TBI):
            if fault.rule not in done:
                done.add(fault.rule)
                yield fault


def _other_ssd(clinic: Clinic, chosen: Chosen) -> Injected | str:
    """Book another SSD than the one taken as measured."""
    limit = clinic.settings.limits["special.tbi_ssd_mm"].scaleb(-1)
    for field in reversed(chosen(clinic)):
        if field.ssd_mm is not None:
            new = f"{field.ssd_mm.scaleb(-1) + limit + 1:.1f}"
            return _in_field(clinic, field, "ssd", new)
    return "no total body field holds an SSD"


def _differs(field: Field, template: Template, limits: Limits) -> bool:
    return any(isinstance(one, Finding) for one in against(field, template, limits))


NUMBERS = {"dose_rate": "123.5 MU/min", "isodose": "12.3 %"}


def _stated(clinic: Clinic, item: str) -> str:
    """Return the name by which the clinic's note template states an item; empty without one."""
    return next((one.names[0] for one in clinic.notes.items if one.item == item), "")


def _note(clinic: Clinic, item: str) -> Injected | str:
    name = _stated(clinic, item)
    if not name:
        return "the clinic's note template does not state it (filter/notes.toml)"
    holds = {
        "dose_rate": any(one.dose_rate_mu_min for one in clinic.treating),
        "tolerance_table": any(one.tolerance_table for one in clinic.treating),
    }.get(item, True)
    if not holds:
        return f"the export does not hold {item}"
    text = f"{name}: {NUMBERS.get(item, 'EQS TEST')}"
    return Injected(b"", f"A note: {text}", items=frozenset({item}), note=text)


def _notes_differ(clinic: Clinic) -> Injected | str:
    name = _stated(clinic, "gating")
    if not name:
        return "the clinic's note template does not state it (filter/notes.toml)"
    text = f"{name}: yes\n{name}: no"
    return Injected(b"", "Two notes: gating yes, gating no", note=text)


def _note_unread(clinic: Clinic) -> Injected | str:
    name = _stated(clinic, "dose_rate")
    if not name:
        return "the clinic's note template does not state it (filter/notes.toml)"
    text = f"{name}: as usual"
    return Injected(b"", f"A note: {text}", items=frozenset({"dose_rate"}), note=text)
