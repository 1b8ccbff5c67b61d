"""Chart notes on the screen: pasted or from the database, key words in their sentences (O-03)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.filter.desk_tables import DeskTables
from app.filter.field import Plan
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.extra import patient_key
from app.filter.notes import Hit, Note, read_rules
from app.filter.notes_compare import NotesAnswer, compare_notes
from app.filter.notes_sql import notes_of, read_sources
from app.theme import colour
from core.errors import RemedyError
from core.findings import NotChecked, State

HINT = (
    "Paste the chart notes here, then press Compare. One item a line is compared or shown:\n"
    "Gating: none\nDose rate: 300\nIsodose: 97.5 %\nTolerance table: 2\nCB filter: full fan"
)
NO_SOURCE = "No database is named; add a [[source]] to filter/notes.toml of the clinic's folder."
NO_TABLES = DeskTables()
COMPARE_FIRST = (
    "Notes stand in the tab “Chart notes” that are not in this report; "
    "press Compare there, or take them out"
)
TAKE_OUT = (
    "Notes that were taken out of the tab “Chart notes” are in this report still; press Compare"
)
ON_THE_WAY = "The chart notes are being compared"
NOT_JOINED = "The chart notes are not in this report; press Compare there again"
NO_ANSWER = "The database of chart notes was asked and has not answered"
NOT_READ = "notes of the database"
NONE = "No key word of filter/notes.toml stands in the notes."


class NotesPanel(QWidget):
    """Text at the left, its key words in their sentences at the right.

    Signals:
        compared: What the notes gave against the export, for the report.

    """

    compared = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rv: Plan | None = None
        self._plan: Plan | None = None
        self._asked: tuple[Note, ...] = ()
        self._gap: tuple[NotChecked, ...] = ()
        self.asks_database = False
        self._is_asking = False
        self._compared = ""
        self._under_way: object = None  # a comparison, its answer, or why it came to nothing
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(HINT)
        self.text.setAccessibleName("Chart notes")
        self.text.setTabChangesFocus(True)
        self.compare_button = QPushButton("&Compare")
        self.compare_button.setToolTip("Compare the notes with the export")
        self.compare_button.clicked.connect(self.compare)
        self.database_button = QPushButton("Ask the &database")
        self.database_button.clicked.connect(self.ask_database)
        self.hits = QTextBrowser()
        self.hits.setAccessibleName("Key words in their sentences")
        self.strip = AskStrip()
        self._lay_out()
        self.show_for(None, None)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.compare_button, self.database_button):
            row.addWidget(button)
        row.addWidget(self.strip, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(QLabel("Key words in their sentences"))
        column.addWidget(self.hits, 1)
        left = QWidget()
        side = QVBoxLayout(left)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(QLabel("Notes of the chart"))
        side.addWidget(self.text, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([500, 500])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 6, 0, 0)
        whole.addLayout(row)
        whole.addWidget(split, 1)

    def show_for(
        self,
        rv: Plan | None,
        plan: Plan | None,
        tables: DeskTables = NO_TABLES,
        kept: tuple[str, bool] | None = None,
    ) -> None:
        """Take over the export the notes belong to; notes of another patient are taken away.

        What stands here, and what the database was asked for, counts for the export that is read
        again, too.

        Args:
            rv: The export.
            plan: What it is held against.
            tables: The clinic's tables beside the report.
            kept: Text, and whether the database was asked, of an earlier run of the program.

        """
        before = patient_key(self._rv) if self._rv is not None else ""
        if rv is None or patient_key(rv) != before:
            self.text.clear()
            self.asks_database = False
        if kept is not None:
            self.text.setPlainText(kept[0])
            self.asks_database = kept[1]
        self._rv, self._plan, self._asked, self._gap = rv, plan, (), ()
        self._compared, self._is_asking, self._under_way = "", False, None
        self.hits.clear()
        self.strip.clear()
        for button in (self.compare_button, self.database_button):
            button.setEnabled(rv is not None)
        if tables.notes_fault is not None:
            self.strip.tell_fault(tables.notes_fault)
        self.database_button.setEnabled(tables.has_notes_source)
        if rv is not None and self.asks_database:
            self.ask_database()
        elif rv is not None and self._pasted:
            self.compare()
        has_all = tables.has_notes_source or rv is None
        self.database_button.setToolTip("" if has_all else NO_SOURCE)

    @property
    def _pasted(self) -> str:
        return self.text.toPlainText().strip()

    @property
    def open_words(self) -> str:
        """Why the report is not whole for want of notes; empty where it is."""
        if self._is_asking:
            return NO_ANSWER
        if self._under_way is not None:
            return self._under_way if isinstance(self._under_way, str) else ON_THE_WAY
        if self._pasted != self._compared:
            return COMPARE_FIRST if self._pasted else TAKE_OUT
        return ""

    def joined(self, answer: NotesAnswer) -> None:
        """Learn that an answer is in the report."""
        if answer is self._under_way:
            self._under_way = None

    def not_joined(self, answer: NotesAnswer) -> None:
        """Learn that an answer could not be put into the report."""
        if answer is self._under_way:
            self._under_way = NOT_JOINED

    def compare(self) -> None:
        """Compare what stands in the text, and what the database gave, with the export."""
        rv, plan, gap = self._rv, self._plan, self._gap
        pasted, before = self._pasted, self._compared
        notes = (*self._asked, *((Note(self.text.toPlainText()),) if pasted else ()))
        if rv is None:
            return
        if not notes and not before and not gap and self._under_way is None:
            self.strip.tell(State.INFO, "Paste notes first; nothing was compared.")
            self.text.setFocus()
            return

        def work() -> NotesAnswer:
            if not notes:
                return NotesAnswer((), gap, ())
            answer = compare_notes(notes, rv, read_rules(), plan)
            return replace(answer, not_checked=(*gap, *answer.not_checked))

        mine = self._under_way = object()

        def take(answer: NotesAnswer) -> None:
            if self._under_way is mine:
                self._compared, self._under_way = pasted, answer
                self._take(answer)

        def failed(fault: Exception) -> None:
            if self._under_way is mine:
                self._under_way = NOT_JOINED
                self.strip.tell_fault(fault)

        self._run("Comparing the notes", work, take, failed)

    def ask_database(self) -> None:
        """Read the patient's notes by the clinic's queries, then compare them."""
        rv = self._rv
        if rv is None:
            return
        self.asks_database = self._is_asking = True

        def done(found: tuple[Note, ...]) -> None:
            self._asked, self._gap, self._is_asking = found, (), False
            if found or self._pasted or self._compared:
                self.compare()
            else:
                self.strip.tell(State.INFO, f"The database holds no note of {rv.patient.id}.")

        def failed(fault: Exception) -> None:
            why = f"{fault.what}. {fault.remedy}" if isinstance(fault, RemedyError) else f"{fault}"
            self._asked, self._gap, self._is_asking = (), (NotChecked(NOT_READ, why),), False
            self.compare()

        def work() -> tuple[Note, ...]:
            return tuple(one for own in read_sources() for one in notes_of(own, rv.patient.id))

        self._run("Asking the database for notes", work, done, failed)

    def _run(
        self,
        title: str,
        work: Callable[[], object],
        done: Callable[[Any], None],
        otherwise: Callable[[Exception], None],
    ) -> None:
        rv = self._rv

        def answered(answer: object) -> None:
            if rv is self._rv:  # notes of one patient never get into another's report
                done(answer)

        def failed(fault: Exception) -> None:
            if rv is self._rv:
                otherwise(fault)

        JOBS.start(self, title, lambda _progress: work(), done=answered, failed=failed)

    def _take(self, answer: NotesAnswer) -> None:
        self.hits.setHtml(hits_html(answer.hits, colour(State.ERROR).name()))
        self.compared.emit(answer)
        bad = [one for one in answer.findings if one.state in (State.ERROR, State.WARNING)]
        told = len(answer.findings)
        state = State.WARNING if bad else State.INFO
        silent = len(answer.not_checked)
        words = (
            f"{told} findings on the notes, {len(bad)} of them differences; not stated: {silent}"
        )
        words = f"{words}. See “Findings” and “Not checked”."
        if self._gap:
            state, words = State.ERROR, f"Not read from the database: {self._gap[0].why} {words}"
        self.strip.tell(state, words)


def hits_html(hits: Sequence[Hit], mark: str) -> str:
    """Return key words in their sentences, each word in bold and colour; date and source before.

    Args:
        hits: In the order of the notes.
        mark: Colour of the words, as "#rrggbb".

    """
    rows: dict[tuple[str, str, str, str], list[Hit]] = {}
    for hit in hits:
        note = hit.note
        rows.setdefault((note.date, note.author, note.source, hit.sentence), []).append(hit)
    parts = []
    for (date, author, source, sentence), own in rows.items():
        text, end = "", 0
        for hit in sorted(own, key=lambda one: one.at):
            if hit.at >= end:
                word = escape(sentence[hit.at : hit.at + len(hit.word)])
                text += escape(sentence[end : hit.at])
                text += f"<b style='color:{mark}'>{word}</b>"
                end = hit.at + len(hit.word)
        head = ", ".join(part for part in (date, author, source) if part)
        parts.append(f"<p><small>{escape(head)}</small><br>{text}{escape(sentence[end:])}</p>")
    return "".join(parts) or f"<p>{NONE}</p>"
