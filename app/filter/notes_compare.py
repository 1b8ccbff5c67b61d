"""What the chart notes state against what the export holds (R-23, O-03, O-15)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.filter.field import Field, Plan
from app.filter.isodose import isodose_lines
from app.filter.notes import Hit, Note, NoteRules, Stated, hits_in, stated_in
from app.filter.report import Report
from core.findings import Finding, NotChecked, State, overall

NO_NOTES = NotChecked("chart notes", "no notes of the chart were given; read them by hand")
SILENT = "the notes do not state it in the form of the template; read them by hand"
NAMES = {
    "gating": "gating", "dose_rate": "dose rate", "isodose": "Rx isodose",
    "tolerance_table": "tolerance table", "cb_filter": "CB filter",
}  # fmt: skip
REMEDY = "Find out which of the two is right; correct the R&V system or the note."
BY_HAND = "Compare it by hand, then attest that you have looked."


@dataclass(frozen=True, slots=True)
class NotesAnswer:
    """What the notes gave: findings, what stays unchecked, and the key words."""

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    hits: tuple[Hit, ...]


def compare_notes(
    notes: Sequence[Note], rv: Plan, rules: NoteRules, plan: Plan | None = None
) -> NotesAnswer:
    """Compare every item of the template with the export.

    An item that the export does not hold is told as the notes state it, for a person to compare;
    an item that two notes state differently is told, and the later note is compared.

    Args:
        notes: Notes of the chart, oldest first; empty when there are none.
        rv: The export.
        rules: Template and key words.
        plan: The plan, for the isodose line that follows from it.

    """
    if not any(note.text.strip() for note in notes):
        return NotesAnswer((), (NO_NOTES,), ())
    stated = stated_in(notes, rules)
    findings: list[Finding] = []
    gaps: list[NotChecked] = []
    for item in dict.fromkeys(one.item for one in rules.items):
        own = [one for one in stated if one.item == item]
        if not own:
            gaps.append(NotChecked(f"{NAMES[item]} in the notes", SILENT))
            continue
        findings += _contradictions(item, own)
        findings += _of_item(own[-1], rv, plan, gaps)
    return NotesAnswer(tuple(findings), tuple(gaps), hits_in(notes, rules))


def with_notes(report: Report, answer: NotesAnswer) -> Report:
    """Return the report with what the notes gave."""
    findings = (*report.findings, *answer.findings)
    gaps = (*report.not_checked, *answer.not_checked)
    return replace(report, findings=findings, not_checked=gaps, status=overall(findings))


def _contradictions(item: str, own: Sequence[Stated]) -> Iterator[Finding]:
    values = {one.number if one.number is not None else one.value.casefold() for one in own}
    if len(values) > 1:
        listed = "; ".join(f"{one.line} ({one.note.date or one.note.source})" for one in own)
        yield Finding(
            "F-NOTE-TWICE", State.WARNING, f"The notes state {NAMES[item]} differently: {listed}",
            item=item, remedy="Ask who wrote them; the last one was compared.",
        )  # fmt: skip


def _of_item(
    stated: Stated, rv: Plan, plan: Plan | None, gaps: list[NotChecked]
) -> Iterator[Finding]:
    fields = [field for field in rv.fields if not field.setup]
    if stated.item == "dose_rate":
        yield from _dose_rates(stated, fields, gaps)
    elif stated.item == "tolerance_table":
        yield from _tolerance_tables(stated, fields, gaps)
    else:
        name = NAMES[stated.item]
        words = "the export does not hold it"
        if stated.item == "isodose" and plan is not None:
            words = "; ".join(one.why for one in isodose_lines(rv, plan))
        yield Finding(
            f"F-NOTE-{stated.item.upper().replace('_', '-')}", State.MANUAL,
            f"The notes state {name} as {stated.value or 'empty'!r}; {words}",
            item=stated.item, expected=stated.value, remedy=BY_HAND,
        )  # fmt: skip


def _dose_rates(
    stated: Stated, fields: Sequence[Field], gaps: list[NotChecked]
) -> Iterator[Finding]:
    if stated.number is None:
        yield _unreadable(stated)
        return
    silent = [field.id for field in fields if field.dose_rate_mu_min is None]
    if silent:
        why = "the notes state it, the export does not hold it"
        gaps.append(NotChecked("dose rate in the notes", why, ", ".join(silent)))
    told = [(field.id, field.dose_rate_mu_min) for field in fields]
    yield from _judged(stated, [(name, value) for name, value in told if value is not None])


def _tolerance_tables(
    stated: Stated, fields: Sequence[Field], gaps: list[NotChecked]
) -> Iterator[Finding]:
    silent = [field.id for field in fields if not field.tolerance_table]
    if silent:
        why = "the notes state it, the export does not hold it"
        gaps.append(NotChecked("tolerance table in the notes", why, ", ".join(silent)))
    told = [(field.id, field.tolerance_table) for field in fields if field.tolerance_table]
    yield from _judged(stated, told)


def _judged(stated: Stated, told: Sequence[tuple[str, Decimal | str]]) -> Iterator[Finding]:
    wanted = stated.number if stated.number is not None else stated.value.strip().casefold()
    rule = f"F-NOTE-{stated.item.upper().replace('_', '-')}"
    wrong = False
    for field, value in told:
        found = value.strip().casefold() if isinstance(value, str) else value
        if found != wanted:
            wrong = True
            yield Finding(
                rule, State.WARNING,
                f"Field {field}: {NAMES[stated.item]} is {value} in the R&V system, the notes "
                f"state {stated.value}", field, item=stated.item, expected=stated.value,
                found=str(value), remedy=REMEDY,
            )  # fmt: skip
    if told and not wrong:
        words = f"{NAMES[stated.item]} is {stated.value} in the notes and in the R&V system"
        yield Finding(rule, State.PASS, words, item=stated.item)


def _unreadable(stated: Stated) -> Finding:
    return Finding(
        "F-NOTE-UNREAD", State.NOT_RUN,
        f"The note's line {stated.line!r} does not state a number in the unit asked for",
        item=stated.item, found=stated.value, remedy=BY_HAND,
    )  # fmt: skip
