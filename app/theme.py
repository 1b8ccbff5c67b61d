"""Colours and signs of the states, for light and dark; every status is sign + word + colour."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)

from app.contrast import contrast, readable
from core.findings import State


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks.

    Attributes:
        word: What the user reads.
        banner: Background of the summary banner (R-26: red, light yellow, green).
        banner_text: Text on the banner; contrast at least 4.5:1.
        light: Colour of sign and word on a light page.
        dark: Colour of sign and word on a dark page.

    """

    word: str
    banner: str
    banner_text: str
    light: str
    dark: str


LOOKS = {
    State.ERROR: Look("Error", "#b3261e", "#ffffff", "#b3261e", "#ff8a80"),
    State.WARNING: Look("Warning", "#fff3b0", "#3b2f00", "#7a5900", "#ffd54f"),
    State.NOT_RUN: Look("Not run", "#dfe1e5", "#1f2328", "#57606a", "#b0b8c1"),
    State.MANUAL: Look("Manual", "#dfe1e5", "#1f2328", "#5b3f9c", "#c5b3f5"),
    State.INFO: Look("Info", "#dbeafe", "#10305c", "#1a56b0", "#90c2ff"),
    State.PASS: Look("Pass", "#1e7a34", "#ffffff", "#1e7a34", "#81d994"),
}


# What cannot be used at present need not reach the contrast of words, but is to be seen.
LEAST_DISABLED = 3.0
# Fusion's own colours follow the system only where the platform tells them; these are for a
# scheme the user has chosen, and for words that could not be read in the system's.
PALETTES = {
    "Light": {
        "Window": "#f0f0f0", "WindowText": "#1b1b1b", "Base": "#ffffff",
        "AlternateBase": "#f6f6f6",
        "Text": "#1b1b1b", "Button": "#f0f0f0", "ButtonText": "#1b1b1b", "Highlight": "#2874b2",
        "HighlightedText": "#ffffff", "ToolTipBase": "#ffffe1", "ToolTipText": "#1b1b1b",
        "PlaceholderText": "#6b6b6b", "Mid": "#b8b8b8", "Midlight": "#e2e2e2", "Dark": "#9a9a9a",
        "Link": "#1a56b0",
    },
    "Dark": {
        "Window": "#2b2b2b", "WindowText": "#ececec", "Base": "#1e1e1e",
        "AlternateBase": "#262626",
        "Text": "#ececec", "Button": "#383838", "ButtonText": "#ececec", "Highlight": "#2874b2",
        "HighlightedText": "#ffffff", "ToolTipBase": "#383838", "ToolTipText": "#ececec",
        "PlaceholderText": "#a0a0a0", "Mid": "#555555", "Midlight": "#454545", "Dark": "#1a1a1a",
        "Link": "#90c2ff",
    },
}  # fmt: skip


def palette(name: str) -> QPalette:
    """Return the colours of a scheme the user has chosen; the system's for any other name."""
    if name in PALETTES:
        made = QPalette()
        for word, value in PALETTES[name].items():
            made.setColor(QPalette.ColorRole[word], QColor(value))
    else:
        made = readable(QGuiApplication.palette(), PALETTES["Dark" if is_dark() else "Light"])
    off, ground = QPalette.ColorGroup.Disabled, made.window().color()
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text,
                 QPalette.ColorRole.ButtonText):  # fmt: skip
        if name in PALETTES or contrast(made.color(off, role), ground) < LEAST_DISABLED:
            made.setColor(off, role, QColor("#8a8a8a"))
    return made


def is_dark() -> bool:
    """Return whether the page is dark at present."""
    return QGuiApplication.palette().window().color().lightness() < 128


def colour(state: State) -> QColor:
    """Return the colour of a state's sign and word on the present page."""
    look = LOOKS[state]
    return QColor(look.dark if is_dark() else look.light)


def icon(state: State, colour_name: str | None = None, size: int = 32) -> QIcon:
    """Return the sign of a state: cross, triangle, dash, hand-drawn ring, "i" or tick.

    On a selected row it has the colour of the words there.
    """
    made = QIcon(_sign(state, QColor(colour_name) if colour_name else colour(state), size))
    selected = QGuiApplication.palette().highlightedText().color()
    made.addPixmap(_sign(state, selected, size), QIcon.Mode.Selected)
    return made


def _sign(state: State, ink: QColor, size: int) -> QPixmap:
    """Draw the sign of a state."""
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 16, size / 16)
    pen = QPen(ink, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    _DRAWINGS[state](painter)
    painter.end()
    return picture


def _cross(painter: QPainter) -> None:
    painter.drawLine(QPointF(3.5, 3.5), QPointF(12.5, 12.5))
    painter.drawLine(QPointF(12.5, 3.5), QPointF(3.5, 12.5))


def _triangle(painter: QPainter) -> None:
    pen = painter.pen()
    pen.setWidthF(1.6)
    painter.setPen(pen)
    painter.drawPolygon(QPolygonF([QPointF(8, 2), QPointF(14.5, 13.5), QPointF(1.5, 13.5)]))
    painter.drawLine(QPointF(8, 6.5), QPointF(8, 9.5))
    painter.drawPoint(QPointF(8, 11.6))


def _dash(painter: QPainter) -> None:
    painter.drawLine(QPointF(3.5, 8), QPointF(12.5, 8))


def _eye(painter: QPainter) -> None:
    pen = painter.pen()
    pen.setWidthF(1.6)
    painter.setPen(pen)
    painter.drawEllipse(QRectF(1.5, 4, 13, 8))
    painter.setBrush(pen.color())
    painter.drawEllipse(QPointF(8, 8), 1.6, 1.6)


def _letter_i(painter: QPainter) -> None:
    painter.drawLine(QPointF(8, 7), QPointF(8, 13))
    painter.drawPoint(QPointF(8, 3.2))


def _tick(painter: QPainter) -> None:
    painter.drawPolyline(QPolygonF([QPointF(3, 8.5), QPointF(6.5, 12), QPointF(13, 4)]))


_DRAWINGS = {
    State.ERROR: _cross,
    State.WARNING: _triangle,
    State.NOT_RUN: _dash,
    State.MANUAL: _eye,
    State.INFO: _letter_i,
    State.PASS: _tick,
}
