"""The user manual: pages of `resources/help`, opened at the page in hand (F1)."""

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from core.paths import RESOURCES

FOLDER = RESOURCES / "help"


class HelpWindow(QDialog):
    """A window beside the program; links between the pages work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("EQS Workstation help")
        self.resize(760, 720)
        self.browser = QTextBrowser()
        self.browser.setSearchPaths([str(FOLDER)])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.browser)

    def show_page(self, name: str) -> None:
        """Open the page `name` (file stem in resources/help)."""
        self.browser.setSource(QUrl.fromLocalFile(str(FOLDER / f"{name}.md")))
        self.show()
        self.raise_()
