"""The Edit menu: undo and redo of the page in hand, in words that say what."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QUndoGroup, QUndoStack
from PySide6.QtWidgets import QMenu

from app.shortcuts import name_actions


class EditMenu(QObject):
    """Undo and redo; both rest while nothing in view has steps."""

    def __init__(self, menu: QMenu) -> None:
        super().__init__(menu)
        self._group = QUndoGroup(self)
        self.undo = self._group.createUndoAction(menu, "Undo")
        self.redo = self._group.createRedoAction(menu, "Redo")
        self.undo.setShortcut(QKeySequence("Ctrl+Z"))
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        name_actions(self.undo, "Undo")
        name_actions(self.redo, "Redo")
        menu.addActions([self.undo, self.redo])

    def follow(self, stack: QUndoStack | None) -> None:
        """Undo and redo in this stack from now on; None for nowhere."""
        if stack is not None and stack not in self._group.stacks():
            self._group.addStack(stack)
        # Qt takes a null pointer here.
        self._group.setActiveStack(stack)  # type: ignore[arg-type]
