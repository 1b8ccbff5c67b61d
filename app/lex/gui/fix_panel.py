"""Repair an RTP-Connect file by a recipe: choose both, look at each change, save a new file."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.choosing import choose_file, choose_new_file
from app.findings_model import GridModel
from app.findings_view import Banner, FindingsView, plain_table
from app.lex.fix import FixPlan, plan_fix, save_fix
from app.lex.fix_recipe import read_recipe
from app.lex.gui.chosen import in_words
from core.findings import State
from core.paths import RESOURCES

TITLES = ("Line", "Record", "Field", "Item", "Old", "New", "Reason")
RECIPES, FILES = "Recipes (*.toml)", "RTP-Connect files (*.rtp);;All files (*)"
NOTHING = "No file chosen"
EXAMPLE = (
    "Each change is listed here before anything is written. An example, recipe and export, lies "
    f"in {RESOURCES / 'recipes'}."
)


class FixPanel(QWidget):
    """A page of its own: nothing is written before the user has seen the changes."""

    def __init__(self) -> None:
        super().__init__()
        self.recipe: Path | None = None
        self.source: Path | None = None
        self.plan: FixPlan | None = None
        self.recipe_button = QPushButton("Choose &recipe…")
        self.source_button = QPushButton("Choose &file…")
        self.save_button = QPushButton("&Save as…")
        self.recipe_button.clicked.connect(self._ask_recipe)
        self.source_button.clicked.connect(self._ask_source)
        self.save_button.clicked.connect(self._ask_target)
        self.recipe_label, self.source_label = QLabel(NOTHING), QLabel(NOTHING)
        for label in (self.recipe_label, self.source_label):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setWordWrap(True)
        self.model = GridModel(numeric=("Line",))
        self.table = plain_table(self.model)
        self.table.setAccessibleName("Changes")
        self.banner = Banner()
        self.banner.hide()
        self.findings = FindingsView()
        self.findings.banner.hide()
        self.findings.hide()
        self._lay_out()
        self._refresh()

    def show_recipe(self, path: Path) -> None:
        """Take a recipe; with a file chosen already, show what it would change."""
        self.recipe = path
        self.recipe_label.setText(str(path))
        self._look()

    def show_source(self, path: Path) -> None:
        """Take the file to repair; with a recipe chosen already, show what it would change."""
        self.source = path
        self.source_label.setText(str(path))
        self._look()

    def save(self, target: Path, *, overwrite: bool = False) -> None:
        """Write the new file in the background; `overwrite` when the user gave up an old one."""
        plan = self.plan
        if plan is None:
            return
        self.save_button.setEnabled(False)
        JOBS.start(
            self, f"Writing {target.name}", lambda _: save_fix(plan, target, overwrite=overwrite),
            done=lambda _: self._show_saved(plan, target), failed=self._show_fault,
        )  # fmt: skip

    def _lay_out(self) -> None:
        form = QFormLayout()
        for button, label in (
            (self.recipe_button, self.recipe_label), (self.source_button, self.source_label),
        ):  # fmt: skip
            form.addRow(button, label)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        below = QHBoxLayout()
        below.addWidget(self.banner, 1)
        below.addStretch(0)
        below.addWidget(self.save_button)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.findings)
        split.setStretchFactor(0, 3)
        guidance = QLabel(
            "A recipe makes the same repairs in every export. The changes are shown here first; "
            "the original is never written to."
        )
        guidance.setWordWrap(True)
        head = QLabel("Repair an export")
        head.setStyleSheet("font-size: 14pt; font-weight: 600;")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(head)
        column.addWidget(guidance)
        column.addLayout(form)
        column.addWidget(split, 1)
        column.addLayout(below)

    def _ask_recipe(self) -> None:
        name = choose_file(self, "Choose recipe", RECIPES)
        if name:
            self.show_recipe(name)

    def _ask_source(self) -> None:
        name = choose_file(self, "Choose file to repair", FILES)
        if name:
            self.show_source(name)

    def _ask_target(self) -> None:
        if self.source is not None:
            proposed = self.source.with_name(f"{self.source.stem}_fixed.rtp")
            name = choose_new_file(self, "Save as", str(proposed), FILES)
            if name:
                # The dialog has asked about a file that exists.
                self.save(name, overwrite=True)

    def _look(self) -> None:
        """Work out the changes in the background; nothing is written."""
        self.plan = None
        recipe, source = asked = self.recipe, self.source
        self._refresh()
        if recipe is not None and source is not None:
            self._tell(State.INFO, f"Reading {source.name}", "Working")
            JOBS.start(
                self, f"Reading {source.name}", lambda _: plan_fix(read_recipe(recipe), source),
                done=lambda plan: self._answer(asked, lambda: self._show_plan(plan)),
                failed=lambda fault: self._answer(asked, lambda: self._show_fault(fault)),
            )  # fmt: skip

    def _answer(self, asked: tuple[Path | None, Path | None], show: Callable[[], None]) -> None:
        """Show an answer, unless another recipe or file was chosen in the meantime."""
        if asked == (self.recipe, self.source):
            show()

    def _show_plan(self, plan: FixPlan) -> None:
        self.plan = plan
        rows = [
            (str(one.line), one.record, one.field, one.item, one.old or "(empty)",
             one.new or "(empty)", one.reason) for one in plan.changes
        ]  # fmt: skip
        self.model.show(TITLES, rows)
        self.table.resizeColumnsToContents()
        count = f"{len(rows)} change{'' if len(rows) == 1 else 's'}, nothing written yet"
        state = plan.status if plan.status != State.PASS else State.INFO
        self._tell(state, count, "" if state != State.INFO else "Ready")
        self.findings.show_report(plan.findings, [])
        self.findings.banner.hide()
        self.findings.setVisible(bool(plan.findings))
        self._refresh()

    def _show_saved(self, plan: FixPlan, target: Path) -> None:
        words = f"{target} - {len(plan.changes)} changes; the original is as it was"
        self._tell(plan.status, words, "Written")
        self._refresh()

    def _show_fault(self, fault: Exception) -> None:
        self._tell(State.ERROR, in_words(fault), "Not written")
        self._refresh()

    def _tell(self, state: State, words: str, word: str) -> None:
        self.banner.show_state(state, words, word)
        self.banner.show()

    def _refresh(self) -> None:
        """Offer to save only what has been shown and may be written."""
        if self.plan is None:
            self.model.show(TITLES, [])
            self.findings.hide()
            left = [
                words for words, chosen in (("a recipe", self.recipe), ("a file", self.source))
                if chosen is None
            ]  # fmt: skip
            if left:
                self._tell(State.INFO, f"Choose {' and '.join(left)}. {EXAMPLE}", "Next")
        self.save_button.setEnabled(self.plan is not None and bool(self.plan.data))
