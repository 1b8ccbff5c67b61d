"""The blue strip that says: all this is made up; and leads to tutorial and seeded errors."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel

from app.choosing import choose_file

SEEDED = "seeded:"
TITLE = "EQS Workstation"
DEMO_TITLE = f"{TITLE} - DEMONSTRATION DATA, not a patient"
OF_DEMO = "ID DEMO-"
LINK = "<a style='color:#10305c' href='{}'>{}</a>"
WORDS = (
    "<b>Demonstration data, not a patient.</b> Press <b>Next</b> to the last step, write the file "
    "and check it in the Filter. Then open one of the "
    f"{LINK.format(SEEDED, 'exports with a seeded error')}. "
    f"{LINK.format('tutorial', 'Ten-minute tutorial')}"
)


class DemoStrip(QLabel):
    """Hidden until a demonstration set is there.

    Attributes:
        help_wanted: The page of the help whose link was followed.
        export_chosen: The export with a seeded error that the user picked.

    """

    help_wanted = Signal(str)
    export_chosen = Signal(Path)

    def __init__(self) -> None:
        super().__init__()
        self._variants = Path()
        self.setObjectName("demo")
        self.setAccessibleName("Demonstration data")
        self.setWordWrap(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.linkActivated.connect(self._follow)
        self.hide()

    def offer(self, demo: Path) -> None:
        """Have the strip ready for a demonstration set."""
        self._variants = demo / "export" / "variants"
        self.setText(WORDS)

    def title_for(self, patient: str) -> str:
        """Return the window's title beside the words of the patient banner.

        Over a patient who is not the demonstration's, the strip is hidden.
        """
        is_demo = self._variants != Path() and (not patient or OF_DEMO in patient)
        self.setVisible(is_demo)
        return DEMO_TITLE if is_demo else TITLE

    def _follow(self, link: str) -> None:
        if link != SEEDED:
            self.help_wanted.emit(link)
            return
        title, kinds = "Open an export with a seeded error", "R&V export (*.rtp)"
        path = choose_file(self, title, kinds, str(self._variants))
        if path:
            self.export_chosen.emit(path)
