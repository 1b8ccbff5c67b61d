"""The clinic's own export and plan, and what each report says of a copy with a fault in it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from app.filter.commission.export import Export
from app.filter.field import Field, Plan
from app.filter.mu.book import Book
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.check import Choices, report_of
from app.filter.mu.plan_points import Stated, stated_points
from app.filter.notes import Note, NoteRules
from app.filter.notes_compare import compare_notes
from app.filter.other_reports import arcs_report, body_report, later_report
from app.filter.report import Report, comparing_report, opening_report
from app.filter.rtp_check import check_file
from app.filter.rtp_text import parse
from app.filter.rv_source import RvRead, read_rv_file
from app.filter.settings import Settings
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State

TITLE = "commissioning"
REFUSAL = "F-OPEN"


class How(StrEnum):
    """The report a fault has to be found in."""

    OPEN = "on opening"
    COMPARE = "against the plan"
    LATER = "final against initial export"
    CHECK = "eqs rtp check"
    SRS = "stereotactic requirements"
    TBI = "TBI template"
    NOTES = "chart notes"
    MU = "monitor units by the dosimetry book"


@dataclass(frozen=True, slots=True)
class Injected:
    """A copy with one fault.

    Attributes:
        data: The export with the fault in it; the export itself where the fault is in `note`.
        words: What was done, for the matrix.
        field: Field the finding has to name; empty for any.
        point: Control point it has to name; None for any.
        items: Elements of which it has to name one; empty for any.
        note: Text of a chart note, where the fault is in the notes.
        rule: Rule that has to find it where it is not the fault's own: a native export keeps an
            IEC item, after which the rule is called, in another element.

    """

    data: bytes
    words: str
    field: str = ""
    point: int | None = None
    items: frozenset[str] = frozenset()
    note: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What one report says: its findings, and what it has not checked."""

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()


@dataclass(frozen=True, slots=True)
class Clinic:
    """One export with its plan, as they are.

    Attributes:
        export: Records of the export.
        read: The export as the Filter reads it.
        scale: Scale of a native export that does not say it.
        trial: Of a Pinnacle plan.

    """

    export: Export
    read: RvRead
    plan: Plan
    settings: Settings
    notes: NoteRules
    scale: str | None = None
    trial: str | None = None
    _base: dict[How, Said] = field(default_factory=dict, repr=False)
    _mu: list[tuple[Book, dict[int | None, Stated]]] = field(default_factory=list, repr=False)

    @property
    def rv(self) -> Plan:
        """The export."""
        return self.read.plan

    @property
    def treating(self) -> tuple[Field, ...]:
        """Treatment fields whose ID is their own."""
        return tuple(one for one in self._named if not one.setup)

    @property
    def setting_up(self) -> tuple[Field, ...]:
        """Set-up fields whose ID is their own."""
        return tuple(one for one in self._named if one.setup)

    @property
    def _named(self) -> tuple[Field, ...]:
        count = Counter(one.id for one in self.rv.fields)
        return tuple(one for one in self.rv.fields if count[one.id] == 1)

    def base(self, how: How) -> Said:
        """Return what a report says of the export as it is."""
        if how not in self._base:
            self._base[how] = said(self, how, Injected(self.export.file.to_bytes(), ""))
        return self._base[how]

    def for_mu(self) -> tuple[Book, dict[int | None, Stated]]:
        """Return the clinic's dosimetry book, and what the plan states of its points.

        Raises:
            RemedyError: There is no book that can be read.

        """
        if not self._mu:
            self._mu.append((open_book(own_book_folder()), stated_points(self.plan, self.trial)))
        return self._mu[0]

    def compares(self, how: How, field_id: str, *items: str) -> bool:
        """Return whether a report compares one of the items of a field."""
        return not any(
            (not one.field or field_id in one.field.split(", "))
            and any(item == one.item or item.startswith(f"{one.item}_") for item in items)
            for one in self.base(how).not_checked
        )

    def clean(self, how: How) -> tuple[Field, ...]:
        """Return treatment fields of which a report says nothing but hints, last first."""
        told = {one.field for one in self.base(how).findings
                if one.state not in (State.PASS, State.INFO)}  # fmt: skip
        return tuple(one for one in reversed(self.treating) if one.id not in told)

    def is_told(self, how: How, field_id: str, item: str, *, alone: bool = False) -> bool:
        """Return whether a report already has a finding on an item of a field.

        Args:
            how: The report.
            field_id: The field; empty for the whole plan.
            item: The element.
            alone: Whether a finding that names no field does not count.

        """
        places = (field_id,) if alone else (field_id, "")
        return any(
            one.item == item and one.field in places and one.state != State.PASS
            for one in self.base(how).findings
        )


def said(clinic: Clinic, how: How, fault: Injected) -> Said:
    """Return what a report says of a copy; a refusal to read it is one finding."""
    if how is How.NOTES:
        notes = [Note(fault.note)] if fault.note else []
        answer = compare_notes(notes, clinic.rv, clinic.notes, clinic.plan)
        return Said(answer.findings, answer.not_checked)
    try:
        file = parse(fault.data, clinic.export.file.where)
        if how is How.CHECK:
            return Said(check_file(file))
        read = read_rv_file(file, clinic.scale)
    except RemedyError as refusal:
        return Said((Finding(REFUSAL, State.ERROR, f"{refusal.what} ({refusal.where})"),))
    if how is How.MU:
        book, stated = clinic.for_mu()
        return Said(report_of(read.plan, clinic.plan, book, Choices(), stated).findings)
    report = _REPORTS[how](clinic, read)
    return Said(report.findings, report.not_checked)


def _compared(clinic: Clinic, read: RvRead) -> Report:
    return comparing_report(read, clinic.plan, clinic.settings, TITLE)


def _later(clinic: Clinic, read: RvRead) -> Report:
    return later_report(read, clinic.rv, clinic.settings, TITLE)


def _body(clinic: Clinic, read: RvRead) -> Report:
    """Hold a copy to the template, as if the SSD of the export itself had been measured."""
    measured = {one.id: one.ssd_mm for one in clinic.treating if one.ssd_mm is not None}
    return body_report(read, clinic.settings, TITLE, measured)


_REPORTS: dict[How, Callable[[Clinic, RvRead], Report]] = {
    How.OPEN: lambda clinic, read: opening_report(read, clinic.settings, TITLE),
    How.COMPARE: _compared,
    How.LATER: _later,
    How.SRS: lambda clinic, read: arcs_report(read, clinic.settings, TITLE).report,
    How.TBI: _body,
}
