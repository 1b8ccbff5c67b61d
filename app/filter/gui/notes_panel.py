"""Chart notes on the screen: pasted or from the database, key words in their sentences (O-03)."""

from collections.abc import Callable, Sequence
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

from app.background import JOBS, CancelledError
from app.filter.desk_tables import DeskTables
from app.filter.field import Plan
from app.filter.gui.ask_strip import AskStrip
from app.filter.notes import Hit, Note, read_rules
from app.filter.notes_compare import NotesAnswer, compare_notes
from app.filter.notes_sql import notes_of, read_sources
from app.theme import colour
from core.findings import State

HINT = (
    "Paste the chart notes here, then press Compare. One item a line is compared or shown:\n"
    "Gating: none\nDose rate: 300\nIsodose: 97.5 %\nTolerance table: 2\nCB filter: full fan"
)
NO_SOURCE = "No database is named; add a [[source]] to filter/notes.toml of the clinic's folder."
NO_TABLES = DeskTables()
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
        self.show_for(None, None)

    def show_for(self, rv: Plan | None, plan: Plan | None, tables: DeskTables = NO_TABLES) -> None:
        """Take over the export the notes belong to; notes of another patient are taken away."""
        before = self._rv.patient.id if self._rv is not None else ""
        if rv is None or rv.patient.id != before:
            self.text.clear()
        self._rv, self._plan, self._asked = rv, plan, ()
        self.hits.clear()
        self.strip.clear()
        for button in (self.compare_button, self.database_button):
            button.setEnabled(rv is not None)
        if tables.notes_fault is not None:
            self.strip.tell_fault(tables.notes_fault)
        self.database_button.setEnabled(tables.has_notes_source)
        if rv is not None and self.text.toPlainText().strip():
            self.compare()  # notes that stand here count for the export that is read again, too
        has_all = tables.has_notes_source or rv is None
        self.database_button.setToolTip("" if has_all else NO_SOURCE)

    def compare(self) -> None:
        """Compare what stands in the text, and what the database gave, with the export."""
        rv, plan = self._rv, self._plan
        pasted = self.text.toPlainText()
        notes = (*self._asked, *((Note(pasted),) if pasted.strip() else ()))
        if rv is None:
            return
        if not notes:
            self.strip.tell(State.INFO, "Paste notes first; nothing was compared.")
            self.text.setFocus()
            return
        self._run(
            "Comparing the notes", lambda: compare_notes(notes, rv, read_rules(), plan), self._take
        )

    def ask_database(self) -> None:
        """Read the patient's notes by the clinic's queries, then compare them."""
        rv = self._rv
        if rv is None:
            return

        def done(found: tuple[Note, ...]) -> None:
            self._asked = found
            if found:
                self.compare()
            else:
                self.strip.tell(State.INFO, f"The database holds no note of {rv.patient.id}.")

        def work() -> tuple[Note, ...]:
            return tuple(one for own in read_sources() for one in notes_of(own, rv.patient.id))

        self._run("Asking the database for notes", work, done)

    def _run(self, title: str, work: Callable[[], object], done: Callable[[Any], None]) -> None:
        rv = self._rv

        def answered(answer: object) -> None:
            if rv is self._rv:  # notes of one patient never get into another's report
                done(answer)

        def failed(fault: Exception) -> None:
            if rv is self._rv and not isinstance(fault, CancelledError):
                self.strip.tell_fault(fault)

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
        self.strip.tell(state, f"{words}. See “Findings” and “Not checked”.")


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
