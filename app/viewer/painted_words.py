"""Words painted on pictures: readable on any grey, broken where the room ends."""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QPainter

WHITE = QColor(235, 235, 235)


def broken_words(painter: QPainter, words: str, width: float) -> list[str]:
    """Return words in lines that are no wider than there is room."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and painter.fontMetrics().horizontalAdvance(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def font_of(painter: QPainter, pixels: int, *, bold: bool = False) -> QFont:
    """Return the painter's font in another size."""
    font = QFont(painter.font())
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def write_words(painter: QPainter, x: float, y: float, words: str, colour: QColor = WHITE) -> None:
    """Write with a dark shadow, readable on any grey."""
    painter.setPen(QColor(0, 0, 0))
    for right, down in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        painter.drawText(QPointF(x + right, y + down), words)
    painter.setPen(colour)
    painter.drawText(QPointF(x, y), words)
