"""Watched folders on the screen: which, whether they are watched, what was filed (O-03)."""

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QTimer
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS, CancelledError
from app.choosing import choose_folder
from app.filter.gui.ask_strip import AskStrip
from app.filter.watch import Event, Folders, Watch
from app.findings_model import GridModel
from app.findings_view import plain_table
from app.settings_store import user_settings
from core.findings import State

EVERY_MS = 5000
MOST_LINES = 200
ROWS = (("IE", "Initial exports"), ("FE", "Final exports"), ("out", "File them in"))
WORDS = {"filed": "✓ filed", "waiting": "… waiting", "refused": "✗ not filed"}


class WatchPanel(QWidget):
    """Folders, a switch, and the events; the looking itself runs off the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: dict[str, QLineEdit] = {}
        self.strip = AskStrip()
        self.switch = QPushButton("&Watch")
        self.switch.setCheckable(True)
        self.switch.toggled.connect(self._on_switch)
        self.events = GridModel()
        self.table = plain_table(self.events)
        self.table.setAccessibleName("What happened in the watched folders")
        self._lines: list[tuple[str, str, str, str]] = []
        self._watch: Watch | None = None
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        grid = QGridLayout()
        for number, (key, title) in enumerate(ROWS):
            line = QLineEdit(str(user_settings().value(f"filter/watch_{key}", "")))
            line.setAccessibleName(title)
            one_each = "Folder with one folder per patient"
            line.setPlaceholderText(one_each if key == "out" else "Folder; may be left empty")
            browse = QPushButton("Choose…")
            browse.setAccessibleName(f"Choose: {title}")
            browse.clicked.connect(lambda _=False, line=line: self._choose(line))
            label = QLabel(title)
            label.setBuddy(line)
            grid.addWidget(label, number, 0)
            grid.addWidget(line, number, 1)
            grid.addWidget(browse, number, 2)
            self.paths[key] = line
        row = QHBoxLayout()
        row.addWidget(self.switch)
        row.addWidget(self.strip, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(grid)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        self.strip.tell(State.INFO, "Not watched. Originals stay where they are.")

    def look(self) -> None:
        """Look once, unless the last look is still under way."""
        watcher = self._watch
        if watcher is None or self._looking:
            return
        self._looking = True
        JOBS.start(
            self, "Looking for new exports", lambda _progress: watcher.round(),
            done=self._take, failed=self._failed,
        )  # fmt: skip

    def _on_switch(self, on: bool) -> None:
        for key, line in self.paths.items():
            line.setEnabled(not on)
            user_settings().setValue(f"filter/watch_{key}", line.text())
        self._timer.stop()
        self._watch = None
        if not on:
            self.switch.setText("&Watch")
            self.strip.tell(State.INFO, "Not watched. Originals stay where they are.")
            return
        texts = {key: line.text().strip() for key, line in self.paths.items()}
        watched = {key: Path(texts[key]) for key in ("IE", "FE") if texts[key]}
        if not watched or not texts["out"]:
            self.switch.setChecked(False)
            self.strip.tell(State.ERROR, "Name a folder to watch and one to file in.")
            return
        self._watch = Watch(Folders(watched, Path(texts["out"])))
        self.switch.setText("Stop &watching")
        self.strip.tell(State.INFO, "Watching; a new export is filed once it has stopped growing.")
        self._timer.start()
        self.look()

    def _take(self, events: tuple[Event, ...]) -> None:
        self._looking = False
        now = QLocale().toString(QDateTime.currentDateTime(), QLocale.FormatType.ShortFormat)
        new = [(now, WORDS[one.what], f"{one.stage}  {one.source.name}", one.words)
               for one in events]  # fmt: skip
        if new:
            self._lines = [*reversed(new), *self._lines][:MOST_LINES]
            self.events.show(("When", "State", "File", "What happened"), self._lines)
            self.table.resizeColumnsToContents()

    def _failed(self, fault: Exception) -> None:
        self._looking = False
        if not isinstance(fault, CancelledError):
            self.switch.setChecked(False)
            self.strip.tell_fault(fault)

    def _choose(self, line: QLineEdit) -> None:
        name = choose_folder(self, "Choose a folder", line.text())
        if name:
            line.setText(str(name))
