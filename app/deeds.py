"""What can be done in the window at this moment, found in its own menus, tabs and buttons."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QMenu, QTabWidget, QToolButton, QWidget

_NATIVE = QKeySequence.SequenceFormat.NativeText


@dataclass(frozen=True)
class Deed:
    """One thing to do.

    Attributes:
        place: Menu, room or page it belongs to.
        title: What it is called there, without the mark of its key.
        keys: Its shortcut as written on this computer; empty where it has none.
        run: Does it.

    """

    place: str
    title: str
    keys: str
    run: Callable[[], object]

    @property
    def name(self) -> str:
        """What the deed is remembered by."""
        return f"{self.place}: {self.title}"


def plain(words: str) -> str:
    """Return a label without the marks of its key."""
    return words.replace("&&", "\0").replace("&", "").replace("\0", "&").strip()


def menu_actions(window: QMainWindow) -> Iterator[tuple[str, QAction]]:
    """Yield the actions of every menu with the menu's title, then the window's own."""
    for top in window.menuBar().actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            yield from _of_menu(menu, plain(top.text()))
    for action in window.actions():
        if action.text():
            yield "Room", action


def _of_menu(menu: QMenu, place: str) -> Iterator[tuple[str, QAction]]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from _of_menu(inner, f"{place} > {plain(action.text())}")
        elif not action.isSeparator():
            yield place, action


def deeds_of(window: QMainWindow, room: QWidget, title: str) -> list[Deed]:
    """Return all that can be done now: menus, rooms, and tabs and buttons of the room in hand.

    Args:
        window: The main window.
        room: The room in hand.
        title: Its name.

    """
    found = [
        Deed(place, plain(action.text()), action.shortcut().toString(_NATIVE), action.trigger)
        for place, action in menu_actions(window)
        if action.isEnabled() and action.isVisible()
    ]
    return [*found, *_tabs_of(room, title), *_buttons_of(room, title)]


def _tabs_of(room: QWidget, title: str) -> Iterator[Deed]:
    for tabs in room.findChildren(QTabWidget):
        if tabs.isVisible():
            for number in range(tabs.count()):
                if tabs.isTabVisible(number) and tabs.isTabEnabled(number):
                    words = plain(tabs.tabText(number))
                    yield Deed(f"{title}, page", words, "", _turning(tabs, number))


def _turning(tabs: QTabWidget, number: int) -> Callable[[], object]:
    return lambda: tabs.setCurrentIndex(number)


def _buttons_of(room: QWidget, title: str) -> Iterator[Deed]:
    for button in room.findChildren(QAbstractButton):
        words = plain(button.text())
        menu = button.menu() if hasattr(button, "menu") else None
        if not words or not button.isVisible() or not button.isEnabled():
            continue
        if isinstance(menu, QMenu):
            for place, action in _of_menu(menu, f"{title} > {words}"):
                if action.isEnabled() and action.text():
                    yield Deed(place, plain(action.text()), "", action.trigger)
        elif not isinstance(button, QToolButton) or button.defaultAction() is None:
            yield Deed(title, words, button.shortcut().toString(_NATIVE), button.click)
        else:
            action = button.defaultAction()
            yield Deed(title, words, action.shortcut().toString(_NATIVE), action.trigger)


def matching(deeds: Sequence[Deed], typed: str, recent: Sequence[str] = ()) -> list[Deed]:
    """Return the deeds that hold every typed word, those used last first.

    Args:
        deeds: What there is.
        typed: Words in any order; capitals do not matter.
        recent: Names of deeds, the one used last first.

    """
    words = typed.casefold().split()
    kept = [one for one in deeds if all(word in one.name.casefold() for word in words)]
    order = {name: number for number, name in enumerate(recent)}
    return sorted(kept, key=lambda one: order.get(one.name, len(order)))
