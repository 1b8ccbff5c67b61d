"""Keys of the window's actions: those shipped, those a user chose instead, and conflicts."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from app.deeds import menu_actions, plain
from app.key_use import GROUP, PORTABLE
from app.keys import UNDERLINED, WINDOW, is_underlined, used_by
from app.settings_store import user_settings

SHIPPED, NAME = "shipped_keys", "name_for_keys"
TOLD = "shortcuts_told"
USED = "These keys are used already."
_APART = "\n"


@dataclass(frozen=True, slots=True)
class Lost:
    """Keys that are shipped for one thing while the user has them for another.

    Attributes:
        keys: The keys.
        chosen: Name of the action that has them, as the user chose.
        shipped: What is shipped with them, in words.

    """

    keys: str
    chosen: str
    shipped: str

    @property
    def sentence(self) -> str:
        """Tell it in one sentence."""
        kept = f"{self.keys} stays with {self.chosen}, as you chose;"
        if self.shipped == UNDERLINED:
            return f"{kept} {self.shipped} does not answer to it (View > Keyboard shortcuts)."
        return (
            f"{kept} {self.shipped}, shipped with it in this version, has no key now (View > "
            "Keyboard shortcuts)."
        )


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
        name: one.shortcut().toString(PORTABLE) for name, one in actions_by_name(window).items()
    }


def shipped_keys(window: QMainWindow) -> dict[str, str]:
    """Return the keys each action was born with; of several, the first."""
    return {name: _born(one)[0] for name, one in actions_by_name(window).items()}


def _born(action: QAction) -> list[str]:
    """Return all keys an action was born with; the first is "" where it had none."""
    kept = action.property(SHIPPED)
    if kept is None:
        kept = _APART.join(own.toString(PORTABLE) for own in action.shortcuts())
        action.setProperty(SHIPPED, kept)
    return str(kept).split(_APART)


def conflicts(keys: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the keys that more than one action has, with the actions' names."""
    users: dict[str, list[str]] = {}
    for name, own in keys.items():
        if own:
            users.setdefault(own, []).append(name)
    return {own: names for own, names in users.items() if len(names) > 1}


def refusals(window: QMainWindow, wanted: Mapping[str, str]) -> list[str]:
    """Return why keys cannot be as wanted, a phrase for each that cannot; rooms count as well.

    Keys that an action has by shipment are never refused for a room's sake, nor are those that
    a user has already: of these the start has told.
    """
    told = [f"{own}: {' and '.join(names)}" for own, names in conflicts(wanted).items()]
    actions, present = actions_by_name(window), keys_of(window)
    for name, own in wanted.items():
        if own and own not in _born(actions[name]) and own != present[name]:
            user = _user_of(own)
            if user:
                told.append(f"{own} for {name}: {user}")
    return told


def _user_of(own: str) -> str:
    """Return in words what has keys besides the actions, or nothing."""
    return used_by(own) or (UNDERLINED if is_underlined(own) else "")


def apply(window: QMainWindow, chosen: Mapping[str, str]) -> list[Lost]:
    """Give the actions the chosen keys, all others the shipped ones.

    Two shortcuts with the same keys do nothing in Qt: the one the user chose keeps them.

    Returns:
        What lost its shipped keys by that, in the menus, in the rooms and on their pages.

    """
    actions = actions_by_name(window)
    taken: dict[str, str] = {}
    for name in actions:
        own = chosen.get(name, "")
        if own:
            taken.setdefault(own, name)
    lost: list[Lost] = []
    for name, action in actions.items():
        born = _born(action)
        own = chosen.get(name, born[0])
        wanted = born if own == born[0] else [own]
        kept = [one for one in wanted if taken.get(one, name) == name]
        action.setShortcuts([QKeySequence.fromString(one, PORTABLE) for one in kept if one])
        lost += [Lost(one, taken[one], name) for one in wanted if one and one not in kept]
    for own, name in taken.items():
        user = _user_of(own)
        if user and not user.startswith(WINDOW) and own not in _born(actions[name]):
            lost.append(Lost(own, name, user))
    return lost


def choose(window: QMainWindow, wanted: Mapping[str, str]) -> None:
    """Keep and apply what differs from the shipped keys.

    Raises:
        ValueError: Two actions would have the same keys, or an action those of a room; nothing is
            changed.

    """
    refused = refusals(window, wanted)
    if refused:
        raise ValueError(f"{USED} {'; '.join(refused)}. Choose others.")
    shipped = shipped_keys(window)
    chosen = {name: own for name, own in wanted.items() if own != shipped.get(name, "")}
    settings = user_settings()
    settings.setValue(GROUP, chosen)
    settings.sync()
    apply(window, chosen)


def lost_words(lost: list[Lost]) -> str:
    """Return one sentence for each loss that the user has not been told of and closed."""
    told = _told()
    return " ".join(one.sentence for one in lost if one.sentence not in told)


def remember_told(lost: list[Lost]) -> None:
    """Do not tell these losses again at the next start."""
    user_settings().setValue(TOLD, [one.sentence for one in lost])


def _told() -> list[str]:
    stored = user_settings().value(TOLD, [])
    return [str(one) for one in (stored if isinstance(stored, list) else [stored])]
