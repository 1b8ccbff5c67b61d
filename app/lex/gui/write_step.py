"""Step 6: the exact list of what will be written, where, and what came of it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton

from app.findings_model import GridModel
from app.findings_view import Banner, FindingsView, plain_table
from app.lex.gui.step import Step
from core.findings import Finding, State


class WriteStep(Step):
    """Ask where; the page writes in the background and shows the Filter's answer here."""

    title = "Write"
    guidance = (
        "The file gets its name only after the Filter has read it back and found no difference "
        "to the plan."
    )
    write_wanted = Signal()
    check_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model = GridModel(numeric=("MU", "Points"))
        self.table = plain_table(self.model)
        self.path = QLineEdit()
        self.path.setAccessibleName("File to write")
        self.path.setPlaceholderText("File to write, e.g. PATIENT.rtp")
        self.path.textChanged.connect(lambda _: self.changed.emit())
        browse = QPushButton("Choose…")
        browse.clicked.connect(self._choose)
        self.write_button = QPushButton("&Write file")
        self.write_button.clicked.connect(self.write_wanted)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        row.addWidget(self.write_button)
        self.banner = Banner()
        self.banner.hide()
        self.differences = FindingsView()
        self.differences.banner.hide()
        self.differences.hide()
        self.check_button = QPushButton("Check this file in the &Filter")
        self.check_button.clicked.connect(self.check_wanted)
        self.check_button.hide()
        self.column.addWidget(self.table, 2)
        self.column.addLayout(row)
        self.column.addWidget(self.banner)
        self.column.addWidget(self.differences, 2)
        below = QHBoxLayout()
        below.addWidget(self.check_button)
        below.addStretch(1)
        self.column.addLayout(below)

    def target(self) -> Path:
        """Return the file to write."""
        return Path(self.path.text().strip())

    def show_fields(self, rows: Sequence[Sequence[str]], suggestion: Path) -> None:
        """List the fields of the transfer and propose a file name."""
        self.model.show(("Field ID", "MU", "Points", "Beam", "Prescription"), rows)
        self.table.resizeColumnsToContents()
        if not self.path.text():
            self.path.setText(str(suggestion))
        self.banner.hide()
        self.differences.hide()
        self.check_button.hide()

    def show_result(self, state: State, words: str, findings: Sequence[Finding]) -> None:
        """Show what came of the writing."""
        self.banner.show_state(state, words, "Written" if state != State.ERROR else "Not written")
        self.banner.show()
        self.differences.show_report(findings, [])
        self.differences.banner.hide()
        self.differences.setVisible(bool(findings))
        self.check_button.setVisible(state != State.ERROR)

    def missing(self) -> tuple[str, ...]:
        """Return the file name while it is missing or its folder is not there."""
        text = self.path.text().strip()
        if not text:
            return ("a file name",)
        target = Path(text)
        if target.is_dir() or not target.parent.is_dir():
            return ("a file name in a folder that exists",)
        return ()

    def _choose(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Write transfer file", self.path.text(), "RTP-Connect files (*.rtp)"
        )
        if name:
            self.path.setText(name)
