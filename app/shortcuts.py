"""Keys of the window's actions: those shipped, those a user chose instead, and conflicts."""

from collections.abc import Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from app.deeds import menu_actions, plain
from app.settings_store import user_settings

GROUP = "shortcuts"
SHIPPED, NAME = "shipped_keys", "name_for_keys"
_PORTABLE = QKeySequence.SequenceFormat.PortableText


def name_actions(action: QAction, name: str) -> None:
    """Keep the name under which an action's keys are stored while its words change."""
    action.setProperty(NAME, name)


def actions_by_name(window: QMainWindow) -> dict[str, QAction]:
    """Return the actions that may have keys, by "menu: title"; files opened last have none."""
    found: dict[str, QAction] = {}
    for place, action in menu_actions(window):
        if action.text() and "recent" not in place:
            words = str(action.property(NAME) or plain(action.text()).rstrip("…"))
            found[f"{place}: {words}"] = action
    return found


def keys_of(window: QMainWindow) -> dict[str, str]:
    """Return the keys in use, by action, as they are stored."""
    return {
        name: one.shortcut().toString(_PORTABLE) for name, one in actions_by_name(window).items()
    }


def shipped_keys(window: QMainWindow) -> dict[str, str]:
    """Return the keys each action was born with."""
    return {
        name: str(one.property(SHIPPED))
        if one.property(SHIPPED) is not None
        else one.shortcut().toString(_PORTABLE)
        for name, one in actions_by_name(window).items()
    }


def conflicts(keys: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the keys that more than one action has, with the actions' names."""
    users: dict[str, list[str]] = {}
    for name, own in keys.items():
        if own:
            users.setdefault(own, []).append(name)
    return {own: names for own, names in users.items() if len(names) > 1}


def chosen_keys() -> dict[str, str]:
    """Return what this user chose instead of the shipped keys; an empty one takes keys away."""
    stored = user_settings().value(GROUP, {})
    return (
        {str(name): str(own) for name, own in stored.items()} if isinstance(stored, dict) else {}
    )


def apply(window: QMainWindow, chosen: Mapping[str, str]) -> None:
    """Give the actions the chosen keys, all others the shipped ones."""
    for name, action in actions_by_name(window).items():
        if action.property(SHIPPED) is None:
            action.setProperty(SHIPPED, action.shortcut().toString(_PORTABLE))
        own = chosen.get(name, str(action.property(SHIPPED)))
        if own != action.shortcut().toString(_PORTABLE):  # one born with several keeps them
            action.setShortcut(QKeySequence.fromString(own, _PORTABLE))


def choose(window: QMainWindow, wanted: Mapping[str, str]) -> None:
    """Keep and apply what differs from the shipped keys.

    Raises:
        ValueError: Two actions would have the same keys; nothing is changed.

    """
    double = conflicts(wanted)
    if double:
        own, names = next(iter(double.items()))
        raise ValueError(
            f"{own} would be for {' and for '.join(names)}. Choose other keys for one."
        )
    shipped = shipped_keys(window)
    chosen = {name: own for name, own in wanted.items() if own != shipped.get(name, "")}
    settings = user_settings()
    settings.setValue(GROUP, chosen)
    settings.sync()
    apply(window, chosen)
