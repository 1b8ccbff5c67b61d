"""The archive's service in the window: one switch, and a line that says what it does (Y-02)."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app import theme
from app.archive import network
from app.archive.gui.faults import told_of
from app.background import JOBS, CancelledError, Job
from core.archive.archive import Archive
from core.archive.service import Service
from core.archive.settings import ArchiveSettings, read_settings
from core.findings import State

LOOK_EVERY_MS = 1000
BAD = ("DAMAGED", "NOT EQUAL")
OFF = "The archive does not listen: no system can send to it."
ENDING = "Listening is being ended."
HALF = "Listening was not ended whole: stop it once more."


class ServiceStrip(QWidget):
    """Switch and status of listener, rules, watched folders, scrub and mirror.

    Signals:
        told: State and words for the room's banner.
        arrived: Something new came into the archive.

    """

    told = Signal(object, str)
    arrived = Signal()

    def __init__(
        self, read: Callable[[], ArchiveSettings] = read_settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.service: Service | None = None
        self._read = read
        self._archive: Archive | None = None
        self._job: Job | None = None  # listening is being begun or ended
        self._average = ""
        self._stored = 0
        self.switch = QPushButton("Lis&ten")
        self.switch.setCheckable(True)
        self.switch.setEnabled(False)
        self.sign = QLabel()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.switch)
        row.addWidget(self.sign)
        row.addWidget(self.words, 1)
        self.switch.toggled.connect(self._on_switch)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_EVERY_MS)
        self._look.timeout.connect(self.refresh)
        own = QCoreApplication.instance()
        if own is not None:
            own.aboutToQuit.connect(self.stop_now)
        self.refresh()

    def set_archive(self, archive: Archive) -> None:
        """Learn which archive is served."""
        self._archive = archive
        self.switch.setEnabled(True)
        self.read_words()

    def read_words(self) -> None:
        """Read how long retrievals took so far, and how the stored files are (Y-12, Y-13)."""
        archive, read = self._archive, self._read
        if archive is None:
            return

        def work(_: object) -> str:
            care = network.care_words(archive, scrub_days=read().scrub_days)
            return " ".join(part for part in (network.average_words(archive), care) if part)

        JOBS.start(self, "Reading times", work, done=self._show_average,
                   failed=lambda fault: self.told.emit(*told_of(fault)))  # fmt: skip

    def _show_average(self, words: str) -> None:
        self._average = words
        self.refresh()

    def renew(self, settings: ArchiveSettings) -> None:
        """Let the service go on with other settings; say so where it must be started anew."""
        service = self.service
        if service is not None and service.renew(settings):
            self.told.emit(State.INFO, f"{network.OLD_LISTENER}.".capitalize())
        self.refresh()

    # On and off.

    @property
    def is_busy(self) -> bool:
        """Whether the archive listens, or is about to."""
        return self.service is not None or self._job is not None

    def _on_switch(self, is_on: bool) -> None:
        archive, service = self._archive, self.service
        self.switch.setEnabled(False)
        if is_on and archive is not None:
            read = self._read
            self._job = JOBS.start(
                self, "Starting to listen", lambda _: network.started(archive, read()),
                done=self._on_started, failed=self._on_fault,
            )  # fmt: skip
        elif service is not None:
            self._look.stop()
            self._job = JOBS.start(
                self, "Ending to listen", lambda _: service.stop(),
                done=lambda _: self._on_stopped(), failed=self._on_fault,
            )  # fmt: skip
        self.refresh()

    def _on_started(self, service: Service) -> None:
        self.service, self._stored = service, 0
        self._settle()

    def _on_stopped(self) -> None:
        service, self.service = self.service, None
        self._settle()
        if service is not None and service.listener.counts.stored != self._stored:
            self.arrived.emit()  # it came while listening was being ended

    def _settle(self) -> None:
        """Show the switch as things are, and let it be pressed again."""
        self._job = None
        is_on = self.service is not None
        self.switch.blockSignals(True)
        self.switch.setChecked(is_on)
        self.switch.blockSignals(False)
        self.switch.setEnabled(self._archive is not None)
        if is_on:
            self._look.start()
        self.refresh()

    def _on_fault(self, fault: Exception) -> None:
        self._settle()
        state, words = told_of(fault)
        if isinstance(fault, CancelledError):
            words += " The archive goes on listening." if self.service is not None else f" {OFF}"
        self.told.emit(state, words)

    def stop_now(self) -> None:
        """End the service before the program ends."""
        service, self.service = self.service, None
        if service is not None:
            service.stop()

    # What it says.

    def refresh(self) -> None:
        """Say what the service does now."""
        service = self.service
        self.switch.setText("Stop lis&tening" if service is not None else "Lis&ten")
        state = State.PASS if service is not None else State.INFO
        if service is None:
            words = OFF
        elif self._job is not None:
            words, state = ENDING, State.INFO
        elif not service.listener.port:
            words, state = HALF, State.ERROR
        else:
            counts = service.listener.counts
            words = network.service_words(service)
            if counts.refused:
                state = State.WARNING
            if counts.stored != self._stored:
                self._stored = counts.stored
                self.arrived.emit()
        if self._average:
            words = f"{words} {self._average}"
        if state is not State.ERROR and any(word in self._average for word in BAD):
            state = State.WARNING
        self.sign.setPixmap(theme.icon(state).pixmap(18, 18))
        self.sign.setAccessibleName(theme.LOOKS[state].word)
        self.words.setText(words)
