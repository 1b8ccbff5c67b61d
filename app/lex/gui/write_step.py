"""Step 6: record by record what will be written, where, and what came of it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
)

from app.choosing import choose_new_file
from app.findings_view import Banner, FindingsView
from app.lex.gui.preview_tree import PreviewTree
from app.lex.gui.step import Step
from app.lex.preview import Record
from app.said import Said
from core.findings import Finding, State

KINDS = "RTP-Connect files (*.rtp)"


class WriteStep(Step):
    """Ask where; the page writes in the background and shows the Filter's answer here.

    Signals:
        write_wanted: The file shall be written.
        check_wanted: The file just written shall be opened in the Filter.
        system_wanted: The file shall be for another R&V system, by its id.

    """

    title = "Write"
    guidance = (
        "The file gets its name only after the Filter has read it back and found no difference "
        "to the plan."
    )
    write_wanted = Signal()
    check_wanted = Signal()
    system_wanted = Signal(str)

    def __init__(self, systems: Sequence[str]) -> None:
        super().__init__()
        self._written: Path | None = None
        self.system = QComboBox()
        self.system.setAccessibleName("Dialect of the file")
        for name in systems:
            self.system.addItem(name, name)
        self.system.activated.connect(
            lambda _: self.system_wanted.emit(str(self.system.currentData()))
        )
        self.tree = PreviewTree()
        self.path = QLineEdit()
        self.path.setAccessibleName("File to write")
        self.path.setPlaceholderText("File to write, e.g. PATIENT.rtp")
        self.path.textChanged.connect(lambda _: self._on_path())
        self._suggestion: Path | None = None
        self.choose_button = QPushButton("Ch&oose…")
        self.choose_button.clicked.connect(self._choose)
        self.write_button = QPushButton("&Write file")
        self.write_button.clicked.connect(self.write_wanted)
        self.taken = Said(wrap=False)
        self.replace = QCheckBox("&Replace it")
        self.replace.toggled.connect(lambda _: self.changed.emit())
        self.banner = Banner()
        self.banner.hide()
        self.differences = FindingsView()
        self.differences.banner.hide()
        self.differences.hide()
        self.check_button = QPushButton("Check this file in the &Filter")
        self.check_button.clicked.connect(self.check_wanted)
        self.check_button.hide()
        self._lay_out()
        self._on_path()

    def _lay_out(self) -> None:
        dialect = QLabel("&Dialect of the file")
        dialect.setBuddy(self.system)
        above = QHBoxLayout()
        above.addWidget(dialect)
        above.addWidget(self.system)
        above.addStretch(1)
        row = QHBoxLayout()
        label = QLabel("F&ile")
        label.setBuddy(self.path)
        row.addWidget(label)
        row.addWidget(self.path, 1)
        row.addWidget(self.choose_button)
        row.addWidget(self.write_button)
        asked = QHBoxLayout()
        asked.addWidget(self.taken)
        asked.addWidget(self.replace)
        asked.addStretch(1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.tree)
        split.addWidget(self.differences)
        below = QHBoxLayout()
        below.addWidget(self.banner, 1)
        below.addWidget(self.check_button)
        self.column.addLayout(above)
        self.column.addWidget(split, 1)
        self.column.addLayout(row)
        self.column.addLayout(asked)
        self.column.addLayout(below)

    def target(self) -> Path:
        """Return the file to write."""
        return Path(self.path.text().strip())

    def show_records(self, records: Sequence[Record], system: str, suggestion: Path) -> None:
        """Show what the file will say, and propose a name."""
        self.tree.show_records(records)
        self.system.setCurrentIndex(max(self.system.findData(system), 0))
        if suggestion != self._suggestion or not self.path.text().strip():
            self.path.setText(str(suggestion))  # a name chosen for another patient is no name
        self._suggestion = suggestion
        self.banner.hide()
        self.differences.hide()
        self.check_button.hide()
        self._written = None
        self._on_path()

    def show_result(
        self,
        state: State,
        words: str,
        findings: Sequence[Finding],
        written: Path | None,
        *,
        is_written: bool = False,
    ) -> None:
        """Show what came of the writing; `written` is None when there is no file.

        A file of another transfer, which cannot be checked from here, is told with `is_written`.
        """
        there = written is not None or is_written
        self.banner.show_state(state, words, "Written" if there else "Not written")
        self.banner.show()
        self.differences.show_report(findings, [])
        self.differences.banner.hide()
        self.differences.setVisible(bool(findings))
        self.check_button.setVisible(written is not None)
        self._written = written
        self._on_path()

    def missing(self) -> tuple[str, ...]:
        """Return the file name while it is missing or taken, or its folder is not there."""
        text = self.path.text().strip()
        if not text:
            return ("a file name",)
        target = Path(text)
        if target.is_dir() or not target.parent.is_dir():
            return ("a file name in a folder that exists",)
        if self._asks() and target != self._written:
            return ("a new file name, or the tick to replace the file",)
        return ()

    def may_write(self) -> bool:
        """Return whether the name will do; the file written just now needs the tick as well."""
        return not self.missing() and not self._asks()

    def _asks(self) -> bool:
        """Return whether there is a file that nobody has given up."""
        return self.target().exists() and not self.replace.isChecked()

    def _on_path(self) -> None:
        """Ask again whether the file may be replaced: the answer was for another one."""
        text = self.path.text().strip()
        target = Path(text)
        taken = bool(text) and target.is_file()
        asked = taken and target != self._written
        self.replace.setChecked(False)
        self.replace.setVisible(asked)
        self.taken.say(State.WARNING, f"There is a file {target.name} already." if asked else "")
        self.changed.emit()

    def _choose(self) -> None:
        # The tick below the box asks about an existing file: once is enough.
        file = choose_new_file(
            self, "Write transfer file", self.path.text(), KINDS, asks_to_replace=False
        )
        if file:
            self.path.setText(str(file))
