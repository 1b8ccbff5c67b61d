"""Find a person: two boxes, and the list of who was found or why nobody is listed."""

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.archive.command import iso_date, person_words
from app.archive.gui.faults import told_of
from app.background import JOBS, Job
from app.findings_model import GridModel
from app.findings_view import plain_table
from core.archive.archive import Archive
from core.archive.find import PatientRow, Wanted, find_patients

COLUMNS = ("Patient", "ID", "Born", "Last study", "Studies", "Objects of")
PAUSE_MS = 250
EMPTY = (
    "The archive is empty. Import a folder, a CD or zip archives: every DICOM object is kept "
    "byte for byte, found by name or number, and its plan sets are examined for what is missing."
)
OPENING = "The archive is being opened."
NOT_OPEN = (
    "The archive could not be opened: what is in it is not known. It is tried again when the room "
    "is entered anew."
)
NOT_SEARCHED = "The search came to no answer: who is in the archive is not known."
NOBODY = "Nobody was found. Part of the name is enough; * and ? stand for any letters."


class PersonSearch(QWidget):
    """The list of persons; the boxes lie where the room puts them.

    Signals:
        told: State and words for the room's banner.
        chosen: Another person is selected, or none, or more of the same may have come.

    """

    told = Signal(object, str)
    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._archive: Archive | None = None
        self._job: Job | None = None
        self._listed: Wanted | None = None
        self._people: Sequence[PatientRow] = ()
        self.name = _box("Name", "any part", "Part of the name; * and ? allowed")
        self.number = _box("Patient ID", "beginning", "Beginning of the patient's number")
        self.people = GridModel(numeric=("Studies",))
        self.table: QTableView = plain_table(self.people)
        self.table.setAccessibleName("Patients")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.words = QLabel(OPENING)
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addWidget(self.words)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.search)
        for box in (self.name, self.number):
            box.textChanged.connect(lambda _: self.search_soon())
            box.returnPressed.connect(self.search)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self.chosen.emit())

    def set_archive(self, archive: Archive) -> None:
        """Learn where to search, and list everybody."""
        self._archive = archive
        self.search()

    def search_soon(self) -> None:
        """Search once nothing has been typed, and nothing has come, for a moment."""
        self._pause.start()

    def search(self) -> None:
        """Find persons by what stands in the two boxes."""
        archive = self._archive
        if archive is None:
            return
        self._pause.stop()
        if self._job is not None:
            self._job.drop()
        wanted = Wanted(self.name.text(), self.number.text())
        self._job = JOBS.start(
            self, "Searching", lambda _: find_patients(archive.index, wanted),
            done=lambda people: self._show(wanted, people), failed=self._on_fault,
        )  # fmt: skip

    def person(self) -> PatientRow | None:
        """Return the person that is selected."""
        row = self.table.currentIndex().row()
        return self._people[row] if 0 <= row < len(self._people) else None

    def _show(self, wanted: Wanted, people: Sequence[PatientRow]) -> None:
        """List who was found: of a new search the first is selected, else whoever was."""
        before = self.person()
        is_new = wanted != self._listed or not self._people
        self._listed = wanted
        has_words = bool(wanted.name.strip() or wanted.patient_id.strip())
        ids = [one.id for one in people]
        row = 0 if is_new and people else -1
        if not is_new and before is not None and before.id in ids:
            row = ids.index(before.id)
        self._list(people, row, NOBODY if has_words else EMPTY)

    def _on_fault(self, fault: Exception) -> None:
        self._list((), -1, NOT_SEARCHED)
        self.told.emit(*told_of(fault))

    def _list(self, people: Sequence[PatientRow], row: int, nobody: str) -> None:
        self._job = None
        self._people = people
        locale = QLocale()
        self.people.show(COLUMNS, [
            (
                person_words(one.name),
                one.patient_id, iso_date(one.birth_date), iso_date(one.last_study),
                locale.toString(one.studies), " ".join(one.modalities),
            )
            for one in people
        ])  # fmt: skip
        if people:
            self.table.resizeColumnsToContents()
        self.words.setText(nobody)
        self.words.setVisible(not people)
        if row >= 0:
            self.table.selectRow(row)
        else:
            self.chosen.emit()


def _box(name: str, hint: str, tip: str) -> QLineEdit:
    box = QLineEdit()
    box.setPlaceholderText(hint)
    box.setToolTip(tip)
    box.setClearButtonEnabled(True)
    box.setAccessibleName(name)
    return box
