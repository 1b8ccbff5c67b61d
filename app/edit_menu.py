"""The Edit menu: undo and redo of the page in hand, in words that say what."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QUndoGroup
from PySide6.QtWidgets import QMenu

from app.page import Page
from app.room_area import RoomStack
from app.shortcuts import name_actions


class EditMenu(QObject):
    """Undo and redo; both rest while nothing in view has steps."""

    def __init__(self, menu: QMenu, rooms: RoomStack) -> None:
        super().__init__(menu)
        self._rooms = rooms
        self._group = QUndoGroup(self)
        self.undo = self._group.createUndoAction(menu, "Undo")
        self.redo = self._group.createRedoAction(menu, "Redo")
        self.undo.setShortcut(QKeySequence("Ctrl+Z"))
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        name_actions(self.undo, "Undo")
        name_actions(self.redo, "Redo")
        menu.addActions([self.undo, self.redo])

        rooms.currentChanged.connect(self.follow)
        rooms.page_made.connect(lambda _, page: page.history_changed.connect(self.follow))

    def follow(self) -> None:
        """Undo and redo what is in view from now on; nothing where it has no steps."""
        page = self._rooms.currentWidget()
        stack = page.history() if isinstance(page, Page) else None
        if stack is not None and stack not in self._group.stacks():
            self._group.addStack(stack)
        # Qt takes a null pointer here.
        self._group.setActiveStack(stack)  # type: ignore[arg-type]
