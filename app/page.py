"""What every room's page has: a title, what it can open, whose data it shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from app.choosing import choose_file, choose_folder, choose_new_file
from app.recognise import Kind


class Page(QWidget):
    """One room of the window.

    Signals:
        patient_changed: Words for the patient banner; empty when no patient is shown.
        opened: A file or folder was read successfully; it goes to the recent list.
        paths_for_room: Title of another room, and files that it shall open together.
        history_changed: `history` answers anew.
        go_to_room: Title of another room, a file for it, and the plan that belongs to the file.

    """

    title = ""
    help_page = "index"
    opens_together = False  # whether several dropped files are one set here
    patient_changed = Signal(str)
    opened = Signal(Path)
    history_changed = Signal()
    go_to_room = Signal(str, Path, Path)
    paths_for_room = Signal(str, object)

    def accepts(self, kind: Kind) -> bool:
        """Return whether the room can do something with a file of this kind."""
        del kind
        return False

    def open_path(self, path: Path) -> None:
        """Open what `accepts` agreed to. Reading runs in the background."""
        raise NotImplementedError(f"{type(self).__name__} opens nothing, asked for {path.name}")

    def open_paths(self, paths: list[Path]) -> None:
        """Open several files together; a room that opens one thing at a time takes the first."""
        self.open_path(paths[0])

    def prepare(self) -> None:
        """Load what the room will need. Runs off the GUI thread, once, when all is shown."""

    def take_over(self, path: Path, plan: Path) -> None:
        """Go on in this room with a file that another room made, and its plan."""
        raise NotImplementedError(f"{type(self).__name__} takes over nothing ({path}, {plan})")

    def open_demo(self, folder: Path) -> None:
        """Open this room's part of a demonstration set."""
        raise NotImplementedError(f"{type(self).__name__} has no demonstration ({folder})")

    def offer_demo(self, folder: Path) -> None:
        """Learn where a demonstration set lies; the room may offer it on its empty page."""
        del folder

    def history(self) -> QUndoStack | None:
        """Return the steps that can be undone in what is in view; None where nothing has any."""
        return None

    def state(self) -> dict[str, Any]:
        """Return what is open, as plain values that `resume` takes; {} when nothing is."""
        return {}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Open again what `state` told in an earlier run; reading runs in the background."""
        del state

    def tables_changed(self) -> None:
        """Learn that tables of the clinic were written in the settings."""

    def under_way(self) -> str:
        """Return what closing now would interrupt, in words; empty where nothing would be."""
        return ""

    def ask_for_file(self, title: str, kinds: str) -> Path | None:
        """Let the user pick one file; None when the user thinks better of it."""
        return choose_file(self, title, kinds)

    def ask_for_new_file(self, title: str, name: str, kinds: str) -> Path | None:
        """Let the user name a file to write; None when the user thinks better of it."""
        return choose_new_file(self, title, name, kinds)

    def ask_for_folder(self, title: str) -> Path | None:
        """Let the user pick one folder; None when the user thinks better of it."""
        return choose_folder(self, title)
