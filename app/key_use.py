"""Keys of the table in Qt's terms: for actions and buttons, and for keys that are pressed."""

from PySide6.QtGui import QKeyEvent, QKeySequence

from app.keys import KEYS, first
from app.settings_store import user_settings

GROUP = "shortcuts"
PORTABLE = QKeySequence.SequenceFormat.PortableText


def chosen_keys() -> dict[str, str]:
    """Return what this user chose instead of the shipped keys; an empty one takes keys away."""
    stored = user_settings().value(GROUP, {})
    return (
        {str(name): str(own) for name, own in stored.items()} if isinstance(stored, dict) else {}
    )


def shipped_sequence(name: str) -> QKeySequence:
    """Return the first keys of an entry, whatever a user has chosen."""
    return QKeySequence.fromString(first(name), PORTABLE)


def shipped_sequences(name: str) -> list[QKeySequence]:
    """Return all keys of an entry, whatever a user has chosen."""
    return [QKeySequence.fromString(own, PORTABLE) for own in KEYS[name].keys]


def room_sequence(name: str) -> QKeySequence:
    """Return the first keys of a room's entry; none where the user gave them to an action.

    Of two shortcuts with the same keys Qt does neither: those the user chose have them.
    """
    own = first(name)
    return QKeySequence.fromString("" if own in chosen_keys().values() else own, PORTABLE)


def pressed(event: QKeyEvent) -> str:
    """Return the key of an event as the table writes it; Shift and its like do not matter."""
    return QKeySequence(event.key()).toString(PORTABLE)


def does(event: QKeyEvent, name: str) -> bool:
    """Return whether a pressed key is one of an entry's."""
    return pressed(event) in KEYS[name].keys


def combines(event: QKeyEvent, name: str) -> bool:
    """Return whether a pressed combination is one of an entry's; Shift and its like do matter."""
    return QKeySequence(event.keyCombination()) in shipped_sequences(name)
