"""The program's own style: Fusion, its colours and what its rooms add to them."""

import sys

from PySide6.QtCore import QLocale, QObject, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from app import theme
from app.collector import Collector
from app.wheel_guard import WheelGuards
from core.paths import RESOURCES

FOLLOW = "Follow the system"
SCHEMES = {
    FOLLOW: Qt.ColorScheme.Unknown,
    "Light": Qt.ColorScheme.Light,
    "Dark": Qt.ColorScheme.Dark,
}
TICK = (RESOURCES / "icons" / "tick.svg").as_posix()
STYLE = """
QAbstractItemView::indicator, QCheckBox::indicator { width: 14px; height: 14px;
    border: 1px solid palette(placeholder-text); border-radius: 2px; background: palette(base); }
QAbstractItemView::indicator:checked, QCheckBox::indicator:checked {
    background: palette(highlight); border-color: palette(highlight); image: url(@TICK@); }
#rail { border: none; background: palette(window); padding-top: 8px; font-size: 11pt; outline: 0; }
#rail::item { padding-left: 14px; border-left: 4px solid transparent; }
#rail::item:selected { background: palette(base); color: palette(text);
                       border-left: 4px solid palette(highlight); }
#rail::item:focus { background: palette(midlight); }
#patient { padding: 8px 16px; font-size: 11pt; font-weight: 600;
           border-bottom: 1px solid palette(mid); background: palette(base); }
#patient[empty="true"] { font-weight: 400; color: palette(placeholder-text); }
#steps { border: 1px solid palette(mid); outline: 0; background: palette(base); }
#steps::item { padding: 8px 6px; }
QTreeView::item { padding: 4px 2px; }
QListView::item { padding: 3px; }
#demo { padding: 6px 16px; background: #dbeafe; color: #10305c; }
#fault { font-weight: 600; }
QToolTip { padding: 4px; }
""".replace("@TICK@", TICK)


def application() -> QApplication:
    """Return the Qt application in the program's own style, made at the first call."""
    existing = QApplication.instance()
    program = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    for helper in (Collector, WheelGuards, Follower):
        if program.findChild(helper) is None:
            helper(program)
    # No marks between thousands: "1.234" is a thousand to some and one to others.
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    QLocale.setDefault(locale)
    program.setApplicationName("EQS Workstation")
    program.setStyle("Fusion")
    return program


class Follower(QObject):
    """Lays the colours on anew when the system turns light or dark, if the user follows it."""

    def __init__(self, program: QApplication) -> None:
        super().__init__(program)
        self.scheme = ""
        program.styleHints().colorSchemeChanged.connect(self._on_changed)

    def _on_changed(self) -> None:
        if self.scheme == FOLLOW:
            apply_scheme(FOLLOW)


def apply_scheme(name: str) -> None:
    """Give every widget the colours of a scheme; the style sheet is laid on anew to follow."""
    program = application()
    follower = program.findChild(Follower)
    if isinstance(follower, Follower):
        follower.scheme = ""  # what is asked of the system here is no change of the system
        program.styleHints().setColorScheme(SCHEMES[name])
        follower.scheme = name
    program.setStyleSheet("")
    program.setPalette(QPalette())  # the system's own again
    program.setPalette(theme.palette(name))
    program.setStyleSheet(STYLE)
