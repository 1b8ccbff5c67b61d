"""The pages of the room that need DICOM's network: other systems, rules, what to look at."""

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QTabWidget

from app.archive.gui.attention_pane import AttentionPane
from app.archive.gui.network_pane import NetworkPane
from app.archive.gui.rules_pane import RulesPane
from app.archive.gui.service_strip import ServiceStrip
from core.archive.archive import Archive
from core.archive.settings import ArchiveSettings

LOOK = "To look at"
LATER_MS = 5000


class Others(QObject):
    """Makes the pages, adds them to the room's tabs and lets them know of each other.

    Signals:
        told: State and words for the room's banner.
        arrived: Something new came into the archive.

    """

    told = Signal(object, str)
    arrived = Signal()

    def __init__(self, tabs: QTabWidget) -> None:
        super().__init__(tabs)
        self._tabs = tabs
        self.service = ServiceStrip()
        self.network = NetworkPane()
        self.rules = RulesPane()
        self.attention = AttentionPane()
        for page, title in ((self.network, "Other systems"), (self.rules, "Rules"),
                            (self.attention, LOOK)):  # fmt: skip
            tabs.addTab(page, title)
        for one in (self.service, self.network, self.rules, self.attention):
            one.told.connect(self.told)
        for one in (self.service, self.network):
            one.arrived.connect(self.arrived)
        # While a set comes in, something arrives every second: looking once in a while is enough.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LATER_MS)
        self._later.timeout.connect(self._on_arrived)
        self.network.arrived.connect(self._on_arrived)
        self.service.arrived.connect(self._notice)
        self.network.begun.connect(lambda: tabs.setCurrentWidget(self.network))
        self.network.changed.connect(self._on_changed)
        self.rules.changed.connect(self._on_changed)
        self.attention.counted.connect(self._on_counted)
        self.attention.back_button.menu().aboutToShow.connect(self._list_backups)
        tabs.currentChanged.connect(lambda _: self._on_shown())
        self.rules.show_settings(self.network.settings)

    def set_archive(self, archive: Archive) -> None:
        """Learn which archive all of them work with."""
        for one in (self.network, self.service, self.rules, self.attention):
            one.set_archive(archive)

    def under_way(self) -> list[str]:
        """Return what closing now would interrupt, in words."""
        told = []
        if self.network.transfers.under_way:
            told.append(f"transfers under way: {self.network.transfers.under_way}")
        if self.service.is_busy:
            told.append("the archive listens")
        return told

    def _notice(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _on_arrived(self) -> None:
        self.service.read_words()
        self.attention.refresh()

    def _on_changed(self, settings: ArchiveSettings) -> None:
        if self.network.settings is not settings:
            self.network.show_settings(settings)
        if self.rules.settings is not settings:
            self.rules.show_settings(settings)
        self.service.renew(settings)

    def _list_backups(self) -> None:
        menu = self.attention.back_button.menu()
        menu.clear()
        for node in self.network.settings.nodes:
            menu.addAction(node.title, partial(self.network.repair, node))
        if menu.isEmpty():
            menu.addAction("No other system is named yet").setEnabled(False)

    def _on_shown(self) -> None:
        """Read again what may have changed while the page was not seen."""
        if self._tabs.currentWidget() is self.rules:
            self.rules.refresh()
        elif self._tabs.currentWidget() is self.attention:
            self.attention.refresh()

    def _on_counted(self, count: int) -> None:
        self._tabs.setTabText(
            self._tabs.indexOf(self.attention), f"{LOOK} ({count})" if count else LOOK
        )
