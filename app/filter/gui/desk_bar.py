"""Under the report: baseline, what has changed, attestation, page and sheet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.choosing import choose_folder, choose_new_file
from app.filter.acknowledged import NO, QUESTION, YES, acknowledge
from app.filter.baseline import Wanted, save_baseline
from app.filter.baseline_check import Since, check_against, since_check
from app.filter.desk_tables import DeskTables
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.page_pdf import pdf_of
from app.filter.ledger import attest
from app.filter.ledger_page import page_html, page_name, page_of, write_logged
from app.filter.report import Report
from app.filter.signoff import Signature, sign_report, signatures
from app.filter.worklist_sheet import differences, sheet_from, sheet_html
from core.findings import Finding, NotChecked, State
from core.safe_write import write_whole

NOT_SIGNED = "Not signed."


@dataclass(frozen=True, slots=True)
class Shown:
    """The report on the screen and what it was made of."""

    report: Report
    rv: Path
    plan: Path | None
    scale: str | None
    tables: DeskTables = field(default_factory=DeskTables)


def _subject(shown: Shown) -> tuple[object, ...]:
    """Return what a report is of, whatever has come into it since."""
    return (shown.report.sources, shown.report.title, shown.scale)


class DeskBar(QWidget):
    """What a person does with a report.

    Signals:
        changes: A report on what has changed since the check, to be shown.
        attested: An item was attested; the list is to be shown anew.
        commission: The rules are to be proved on the open export and plan.

    """

    changes = Signal(object)
    attested = Signal()
    commission = Signal()

    def __init__(
        self,
        chosen: Callable[[], NotChecked | None],
        findings: Callable[[], tuple[Finding, ...]],
        open_words: Callable[[], str] = str,
    ) -> None:
        """Ask the page for what is chosen, and why the report is not whole yet ("" if it is)."""
        super().__init__()
        self.open_words = open_words
        self._chosen = chosen
        self._findings = findings
        self.shown: Shown | None = None
        self.strip = AskStrip()
        self._make_buttons()
        row = QHBoxLayout()
        for widget in (
            self.acknowledge_button, self.attest_button, self.sign_button, self.baseline_button,
            self.page_button, self.sheet_button, self.commission_button,
        ):  # fmt: skip
            row.addWidget(widget)
        self.signed = QLabel()
        self.signed.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.signed, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.strip)
        column.addLayout(row)
        self.show_for(None)

    def _make_buttons(self) -> None:
        self.baseline_button = QToolButton()
        self.baseline_button.setText("Baseline")
        self.baseline_button.setAccessibleName("Baseline: save a clean check, or see what changed")
        self.baseline_button.setStyleSheet("padding-right: 14px;")
        self.baseline_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.baseline_button)
        menu.addAction("Save as clean initial export (IE)…", lambda: self._ask_save("IE"))
        menu.addAction("Save as clean final export (FE)…", lambda: self._ask_save("FE"))
        menu.addSeparator()
        menu.addAction("What has changed in the export?", lambda: self._hold(plan=False))
        self.plan_action = menu.addAction(
            "What has changed in the plan?", lambda: self._hold(plan=True)
        )
        self.baseline_button.setMenu(menu)
        self.acknowledge_button = QPushButton("Acknowledge…")
        self.acknowledge_button.setToolTip(
            "Say why the selected findings may stand, or answer the selected question"
        )
        self.acknowledge_button.clicked.connect(self._ask_acknowledge)
        self.sign_button = QToolButton()
        self.sign_button.setText("Sign")
        self.sign_button.setAccessibleName("Sign this report: name, time, meaning")
        self.sign_button.setStyleSheet("padding-right: 14px;")
        self.sign_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.sign_button.setMenu(QMenu(self.sign_button))
        self.attest_button = QPushButton("Looked at by hand…")
        self.attest_button.setToolTip("Say that the selected item of “Not checked” was looked at")
        self.attest_button.clicked.connect(self._ask_attest)
        self.page_button = QToolButton()
        self.page_button.setText("Save report")
        self.page_button.setAccessibleName("Save the report as PDF for the record system")
        self.page_button.setStyleSheet("padding-right: 14px;")
        self.page_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        pages = QMenu(self.page_button)
        pages.addAction("PDF, as initial export (IE)…", lambda: self._ask_page("IE"))
        pages.addAction("PDF, as final export (FE)…", lambda: self._ask_page("FE"))
        self.page_button.setMenu(pages)
        self.sheet_button = QPushButton("Therapist's sheet…")
        self.sheet_button.setToolTip("Angles, jaws and SSD of each field on one page")
        self.sheet_button.clicked.connect(self._save_sheet)
        self.commission_button = QPushButton("Commission")
        self.commission_button.setToolTip(
            "Put one fault per rule into copies of this export and see that each is found"
        )
        self.commission_button.clicked.connect(self.commission)

    def show_for(self, shown: Shown | None) -> None:
        """Take over the report on the screen; None when there is none."""
        self.shown = shown
        self.strip.clear()
        for widget in (
            self.baseline_button, self.attest_button, self.page_button, self.acknowledge_button,
            self.sign_button,
        ):  # fmt: skip
            widget.setEnabled(shown is not None)
        self._fill_sign_menu()
        self.signed.clear()
        self.signed.setToolTip("")
        self.look_for_signatures()
        has_plan = shown is not None and shown.plan is not None and shown.report.plan is not None
        self.plan_action.setEnabled(has_plan)
        self.sheet_button.setEnabled(has_plan)
        self.commission_button.setEnabled(has_plan)
        if shown is not None:
            paths = [path for path in (shown.rv, shown.plan) if path is not None]
            self._run(
                "Looking for a check that was kept", lambda: since_check(*paths),
                partial(self._tell_since, shown),
            )  # fmt: skip

    def _tell_since(self, shown: Shown, rows: tuple[Since, ...]) -> None:
        """Show the worst of what has changed since the check; nothing when none was kept."""
        if not self._is_here(shown) or not rows:
            return
        row = min(rows, key=lambda one: list(State).index(one.state))
        self.strip.tell(State.INFO if row.state == State.PASS else row.state, row.words)

    def _is_here(self, shown: Shown) -> bool:
        """Return whether a report on the same files is shown still."""
        now = self.shown
        return now is not None and _subject(now) == _subject(shown)

    def _tell(self, shown: Shown, state: State, words: str) -> None:
        """Tell what came of it; another report may be shown by now, and it is not of that one."""
        name = "" if self._is_here(shown) else f"{shown.report.title}: "
        self.strip.tell(state, f"{name}{words}")

    def _run(self, title: str, work: Callable[[], object], done: Callable[[Any], None]) -> None:
        shown = self.shown

        def failed(fault: Exception) -> None:
            if shown is None or self._is_here(shown):
                self.strip.tell_fault(fault)
            else:
                self._tell(shown, State.ERROR, f"{title}: {fault}")

        JOBS.start(self, title, lambda _progress: work(), done=done, failed=failed)

    def _ask_save(self, stage: str) -> None:
        shown = self.shown
        if shown is None:
            return
        open_questions = sum(
            one.state in (State.WARNING, State.NOT_RUN) for one in shown.report.findings
        )
        hint = f"Why the {open_questions} warnings are accepted" if open_questions else "Remark"

        def save(person: str, words: str) -> None:
            plan = shown.plan if shown.report.plan is not None else None
            wanted = Wanted(shown.rv, plan, stage, person, words, scale=shown.scale)
            self._run(
                f"Checking and saving {shown.rv.name}",
                lambda: save_baseline(wanted).title,
                lambda title: self._tell(shown, State.PASS, f"baseline saved: {title}"),
            )

        self.strip.ask(f"Save this check as clean {stage}", hint, "Sign and save", save)

    def _hold(self, *, plan: bool) -> None:
        shown = self.shown
        if shown is None:
            return
        path = shown.plan if plan and shown.plan is not None else shown.rv

        def show(report: Report) -> None:
            if self._is_here(shown):
                self.changes.emit(report)

        self._run(f"Looking for changes in {path.name}", lambda: check_against(path), show)

    def _fill_sign_menu(self) -> None:
        """Offer the meanings of the clinic's list; a damaged list is told on signing."""
        menu = self.sign_button.menu()
        menu.clear()
        tables = self.shown.tables if self.shown is not None else DeskTables()
        if tables.meanings_fault is not None:
            self.strip.tell_fault(tables.meanings_fault)
        for one in tables.meanings:
            text = one.words[:1].upper() + one.words[1:] + "…"
            menu.addAction(text, partial(self._ask_sign, one.id, one.words))

    def _ask_sign(self, meaning: str, words: str) -> None:
        shown = self.shown
        if shown is None:
            return

        def put(person: str, remark: str) -> None:
            now = self.shown  # notes may have come into the report while the name was typed
            if now is None or not self._is_here(shown) or self._is_open():
                return
            self._run(
                f"Signing: {words}",
                lambda: sign_report(now.report, meaning, person, remark),
                lambda one: self._signed(now, one.text),
            )

        if self._is_open():
            return
        self.strip.ask(f"I sign: {words}", "Remark", "Sign", put)

    def _is_open(self) -> bool:
        """Tell why the report is not whole, if it is not."""
        words = self.open_words()
        if words:
            self.strip.clear()  # no question stands before the answer
            self.strip.tell(State.WARNING, f"{NOT_SIGNED} {words}.")
        return bool(words)

    def _signed(self, shown: Shown, text: str) -> None:
        self._tell(shown, State.PASS, f"signed: {text}")
        self.look_for_signatures()

    def show_changes_of(self, words: str) -> None:
        """Take what belongs to the report itself away while something else is shown."""
        for widget in (
            self.attest_button, self.acknowledge_button, self.sign_button, self.page_button,
            self.sheet_button, self.commission_button,
        ):  # fmt: skip
            widget.setEnabled(False)
        self.signed.clear()
        self.strip.clear()
        self.strip.tell(State.INFO, words)

    def look_for_signatures(self) -> None:
        """Show who has signed the report; the whole text stands in the tip and in the PDF."""
        shown = self.shown
        if shown is None:
            return

        def show(found: tuple[Signature, ...]) -> None:
            if self.shown is shown:
                short = "; ".join(f"{one.person} ({one.doubt or one.meaning})" for one in found)
                self.signed.setText(f"  Signed by {short}" if found else "")
                self.signed.setToolTip("\n".join(one.text for one in found))

        self._run("Looking for signatures", lambda: signatures(shown.report), show)

    def _ask_acknowledge(self) -> None:
        shown, own = self.shown, self._findings()
        if shown is None:
            return
        if not own:
            self.strip.tell(
                State.INFO, "Select an error, a warning or a question of “Findings” first."
            )
            return
        names = f"{len(own)} findings" if len(own) > 1 else own[0].rule

        def put(person: str, reason: str, answer: str = "") -> None:
            self._run(
                f"Noting {names}",
                lambda: acknowledge(shown.report, own, person, reason, answer),
                lambda _report: self._noted(shown, names),
            )

        if all(one.rule == QUESTION for one in own):
            self.strip.ask(
                "Is it a set-up field?", "How you know", "Yes, set-up",
                lambda person, words: put(person, words, YES),
                ("No, it treats", lambda person, words: put(person, words, NO)),
            )  # fmt: skip
        else:
            hint = "Why it may stand, or what is done about it"
            self.strip.ask(f"Acknowledge {names}", hint, "Sign", put)

    def _ask_attest(self) -> None:
        shown, item = self.shown, self._chosen()
        if shown is None:
            return
        if item is None:
            self.strip.tell(State.INFO, "Select an item in the tab “Not checked” first.")
            return

        def put(person: str, words: str) -> None:
            self._run(
                f"Noting {item.item}",
                lambda: attest(shown.report, item.item, person, words, item.field),
                lambda _row: self._noted(shown, item.item),
            )

        self.strip.ask(
            f"I have looked at {item.item}", "With what, and what was found", "Sign", put
        )

    def _noted(self, shown: Shown, item: str) -> None:
        if self._is_here(shown):
            self.attested.emit()
        self._tell(shown, State.PASS, f"{item} stands in the report with your name and words")

    def _ask_page(self, stage: str) -> None:
        def write(person: str, _words: str) -> None:
            folder = choose_folder(self, "Folder of the record system")
            if folder:
                self.save_page(folder, person, stage)

        if self.shown is not None:
            self.strip.ask(f"Save the report ({stage})", "", "Choose folder…", write)

    def save_page(self, folder: Path, person: str, stage: str) -> None:
        """Write the report as PDF under the clinic's name for it."""
        shown = self.shown
        if shown is None:
            return

        def work() -> Path:
            page = page_of(shown.report, stage, person)
            file = folder / f"{page_name(shown.report, page)}.pdf"
            data = pdf_of(page_html(shown.report, page), "Filter report")
            write_logged(file, data, shown.report, person)
            return file

        self._run("Saving the report", work, lambda file: self._tell(shown, State.PASS, str(file)))

    def _save_sheet(self) -> None:
        if self.shown is None:
            return
        name = choose_new_file(
            self, "Save the therapist's sheet", "therapist-check.pdf", "PDF (*.pdf)"
        )
        if name:
            self.save_sheet(name)

    def save_sheet(self, file: Path) -> None:
        """Write the therapist's sheet."""
        shown = self.shown
        if shown is None:
            return

        def work() -> int:
            sheet = sheet_from(shown.report)
            write_whole(file, pdf_of(sheet_html(sheet), "Therapist check"))
            return differences(sheet.lines)

        def told(count: object) -> None:
            state = State.WARNING if count else State.PASS
            self._tell(shown, state, f"{file.name} written, {count} values differ")

        self._run("Saving the therapist's sheet", work, told)
