"""A part of a splitter that is never lower than its words need in their lines."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget


class WholePart(QWidget):
    """Keeps the least height its layout needs at the width there is.

    A splitter asks for the least height alone: words that take more lines in a narrow window would
    lie over what stands beside them.
    """

    def event(self, event: QEvent) -> bool:
        """Follow the width, and words that take more lines or fewer."""
        done = super().event(event)
        layout = self.layout()
        if layout is not None and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self.setMinimumHeight(layout.minimumHeightForWidth(self.width()))
        return done
