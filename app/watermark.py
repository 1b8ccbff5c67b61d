"""A word over a whole window, seen through and clicked through: nobody takes it for the clinic."""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

SLANT_DEG = -24.0
OPACITY = 0.20
INK = "#d9480f"
STEP_ACROSS, STEP_DOWN = 420, 210


class Watermark(QWidget):
    """Lies over its parent until it is closed, and follows its size."""

    def __init__(self, parent: QWidget, word: str) -> None:
        super().__init__(parent)
        self.word = word
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(word)
        parent.installEventFilter(self)
        self._cover()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the parent anew when its size or its children change."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._cover()
        return super().eventFilter(watched, event)

    def _cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Write the word across the window, again and again."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setOpacity(OPACITY)
        painter.setPen(QColor(INK))
        font = QFont(self.font())
        font.setPointSize(34)
        font.setWeight(QFont.Weight.Bold)
        painter.setFont(font)
        for row, down in enumerate(range(120, self.height() + STEP_DOWN, STEP_DOWN)):
            for across in range(-60 + 200 * (row % 2), self.width(), STEP_ACROSS):
                painter.save()
                painter.translate(QPoint(across, down))
                painter.rotate(SLANT_DEG)
                painter.drawText(0, 0, self.word)
                painter.restore()
        painter.end()
