"""The Viewer room: opens sets in the background; the desk is made when it is first needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from app.background import JOBS, CancelledError, Job, Progress
from app.empty_page import empty_page
from app.findings_view import Banner
from app.page import Page
from app.recognise import Kind
from core.errors import RemedyError
from core.findings import State

if TYPE_CHECKING:
    from app.viewer.desk import Desk
    from app.viewer.loading import Loaded

ACCEPTED = (
    Kind.DICOM, Kind.DICOM_FOLDER, Kind.ZIP,
    Kind.PINNACLE, Kind.PINNACLE_PATIENT, Kind.PINNACLE_ROOT,
)  # fmt: skip
INVITATION = "Drop a DICOM folder, file or zip archive, or a Pinnacle folder here"
WORDS = (
    "CT, MR or PET images, RT structures, plans, doses and registrations of one or several "
    "persons; Pinnacle plan, patient and institution folders. The geometry is examined on "
    "loading; dose, structures, DVH and beams follow."
)
FILES = "DICOM files and zip archives (*.dcm *.zip);;All files (*)"


class ViewerPage(Page):
    """Dose and structures on images, DVH, beams, plan, certificate (Y-10, O-04)."""

    title = "Viewer"
    help_page = "viewer"
    opens_together = True
    # Across threads: the libraries are there, the desk can be made.
    _prepared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self._job: Job | None = None
        self._prepared.connect(self._make_desk)
        self.open_folder = QPushButton("Open &folder…")
        self.open_folder.clicked.connect(self._ask_folder)
        self.open_file = QPushButton("Open file or &zip…")
        self.open_file.clicked.connect(self._ask_file)
        self.source = QLabel("")
        self.source.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fault = Banner()
        self.fault.hide()
        self.pages = QStackedWidget()
        self._demo: Path | None = None
        self._shown: list[Path] = []
        self.demo_button = QPushButton("Open the &demonstration patient")
        self.demo_button.clicked.connect(self._open_offered)
        self.demo_button.hide()
        self.pages.addWidget(empty_page(INVITATION, WORDS, self.demo_button))
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 8, 0)
        row.addWidget(self.open_folder)
        row.addWidget(self.open_file)
        row.addWidget(self.source, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 4)
        column.addLayout(row)
        column.addWidget(self.fault)
        column.addWidget(self.pages, 1)

    def accepts(self, kind: Kind) -> bool:
        """Take DICOM files, folders and zip archives, and Pinnacle's own folders."""
        return kind in ACCEPTED

    def open_path(self, path: Path) -> None:
        """Open everything under a path."""
        self.open_paths([path])

    def prepare(self) -> None:
        """Load the libraries before the first set asks for them."""
        from app.viewer.warm_up import warm_up  # noqa: PLC0415  (not at the start: it takes seconds)

        warm_up()
        self._prepared.emit()

    def offer_demo(self, folder: Path) -> None:
        """Offer the demonstration patient on the empty page."""
        self._demo = folder / "dicom"
        self.demo_button.show()

    def open_demo(self, folder: Path) -> None:
        """Open the demonstration patient."""
        self.open_paths([folder / "dicom"])

    def _open_offered(self) -> None:
        if self._demo is not None:
            self.open_paths([self._demo])

    def open_paths(self, paths: list[Path]) -> None:
        """Read in the background, then show."""
        if self._job is not None:
            self._job.drop()
        name = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
        self.fault.hide()
        self.source.setText(f"  Reading {name}…")
        self._job = JOBS.start(
            self,
            f"Opening {name}",
            lambda progress: _load(paths, progress),
            done=lambda loaded: self._show(paths, loaded),
            failed=lambda fault: self._show_fault(name, fault),
        )

    def state(self) -> dict[str, Any]:
        """Return the files and folders that are shown."""
        return {"paths": [str(path) for path in self._shown]} if self._shown else {}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Show what was shown in an earlier run."""
        self.open_paths([Path(name) for name in state["paths"]])

    def _show(self, paths: list[Path], loaded: "Loaded") -> None:
        self._job = None
        desk = self._make_desk()
        desk.show_loaded(loaded)
        self._shown = paths
        self._tell_source()
        self.pages.setCurrentWidget(desk)
        for path in paths[:1]:
            self.opened.emit(path)

    def _tell_source(self) -> None:
        """Name what is shown."""
        self.source.setText("  " + ", ".join(path.name for path in self._shown[:3]))
        self.source.setToolTip("\n".join(str(path) for path in self._shown))

    def _take_off(self, fault: Exception) -> None:
        """Show nothing rather than parts of two sets side by side."""
        desk, self.desk = self.desk, None
        if desk is not None:
            self.pages.setCurrentIndex(0)
            self.pages.removeWidget(desk)
            desk.leave()
            desk.deleteLater()
        self._shown = []
        self.patient_changed.emit("")
        self._show_fault("The set", fault)

    def _tell_unwritten(self, words: str) -> None:
        self.fault.show_state(State.ERROR, words, "Not written")
        self.fault.show()

    def tables_changed(self) -> None:
        """Read the clinic's constraints anew: the verdicts follow."""
        if self.desk is not None:
            self.desk.dvh.template.read()

    def _make_desk(self) -> "Desk":
        from app.viewer.desk import Desk  # noqa: PLC0415  (VTK is loaded only when it is needed)

        if self.desk is None:
            self.desk = Desk()
            self.desk.patient_changed.connect(self.patient_changed)
            self.desk.not_written.connect(self._tell_unwritten)
            self.desk.spoiled.connect(self._take_off)
            self.pages.addWidget(self.desk)
        return self.desk

    def _show_fault(self, name: str, fault: Exception) -> None:
        self._job = None
        self._tell_source()
        if isinstance(fault, CancelledError):
            return
        words = f"{name}: {fault}"
        if not isinstance(fault, RemedyError):
            words = f"{name}: the program has a fault: {type(fault).__name__}: {fault}"
        self.fault.show_state(State.ERROR, words, "Not opened")
        self.fault.show()

    def _ask_folder(self) -> None:
        path = self.ask_for_folder("Open a folder with DICOM files, or of a Pinnacle patient")
        if path is not None:
            self.open_path(path)

    def _ask_file(self) -> None:
        path = self.ask_for_file("Open a DICOM file or zip archive", FILES)
        if path is not None:
            self.open_path(path)


def _load(paths: list[Path], progress: Progress) -> "Loaded":
    from app.viewer.loading import load_sets  # noqa: PLC0415  (numba is loaded only when needed)

    return load_sets(paths, progress)
