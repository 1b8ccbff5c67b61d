"""What comes into an open report after it was made: notes, people's words, other tables."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.filter.acknowledged import with_record
from app.filter.checks_log import on_record
from app.filter.gui.against import Opened
from app.filter.gui.desk_bar import NOT_SIGNED, DeskBar
from app.filter.gui.extra import beside
from app.filter.notes_compare import NotesAnswer, with_notes
from app.filter.report import Report
from app.filter.signoff import what_differs


class Joining(QObject):
    """The report that is open, with what has come into it.

    An answer that comes when another export is open is dropped.

    Attributes:
        opened: The export that is open with its report as it is now; None for none.

    Signals:
        said: The report as it is to be shown.
        outdated: Why it does not hold any more; empty where it does.
        joined, not_joined: An answer on notes that came into the report, or could not.

    """

    said = Signal(object)
    outdated = Signal(str)
    joined = Signal(object)
    not_joined = Signal(object)

    def __init__(self, owner: QWidget, desk: DeskBar) -> None:
        super().__init__(owner)
        self._owner, self._desk = owner, desk
        self.opened: Opened | None = None
        self._without_notes: Report | None = None
        self._newest: NotesAnswer | None = None
        desk.attested.connect(self.look_again)

    def begin(self, opened: Opened | None) -> None:
        """Take over another report."""
        self.opened = opened
        self._without_notes = opened.report if opened is not None else None
        self.outdated.emit("")

    def take_notes(self, answer: NotesAnswer) -> None:
        """Put what the notes gave into the report; notes compared before are taken out again."""
        before = self._without_notes
        if before is None:
            return
        self._newest = answer

        def work() -> tuple[Report, Report]:
            report = on_record(with_notes(before, answer), "window")
            return report, with_record(report)

        def done(made: tuple[Report, Report]) -> None:
            report, said = made
            if self.opened is None or self._without_notes is not before:
                return  # another export was opened meanwhile
            if answer is not self._newest:
                return  # other notes were compared meanwhile
            self.opened = replace(self.opened, report=report, said=said)
            if self._desk.shown is not None:
                self._desk.shown = replace(self._desk.shown, report=report)
                self._desk.look_for_signatures()
            self.joined.emit(answer)
            if not self._desk.open_words():
                self._desk.strip.take_back(NOT_SIGNED)
            self.said.emit(said)

        beside(
            self._owner, self._desk.strip, "Putting the notes into the report", work, done,
            lambda: self.not_joined.emit(answer),
        )  # fmt: skip

    def look_again(self) -> None:
        """Show what people have said of the report meanwhile."""
        opened = self.opened
        if opened is None:
            return

        def done(said: Report) -> None:
            now = self.opened
            if now is not None and now.report is opened.report:
                self.opened = replace(now, said=said)
                self.said.emit(said)

        beside(
            self._owner, self._desk.strip, "Reading the log",
            lambda: with_record(opened.report), done,
        )  # fmt: skip

    def tables_changed(self) -> None:
        """Say of a report that was made by other tables than those in force."""
        opened = self.opened
        if opened is None:
            return

        def done(tables: str) -> None:
            if self.opened is None or self.opened.report.rules is not opened.report.rules:
                return
            words = f"The clinic's tables have changed since ({tables}); read again."
            self.outdated.emit(words if tables else "")

        beside(
            self._owner, self._desk.strip, "Comparing the tables",
            lambda: what_differs(opened.report), done,
        )  # fmt: skip
