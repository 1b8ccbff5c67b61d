"""Let the user choose a file or folder; each question begins where it was answered last."""

import re
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.settings_store import user_settings

KEY, LAST = "folders/{}", "folders/last"


def choose_file(parent: QWidget, title: str, kinds: str = "", begin: str = "") -> Path | None:
    """Return the file the user picks; None when the user thinks better of it."""
    name, _ = QFileDialog.getOpenFileName(parent, title, begin or begin_at(title), kinds)
    return _kept(title, name, is_folder=False)


def choose_new_file(
    parent: QWidget, title: str, name: str, kinds: str = "", *, asks_to_replace: bool = True
) -> Path | None:
    """Return the file to write; None when the user thinks better of it.

    Args:
        parent: Over whose window to ask.
        title: What is asked; the key under which the folder is remembered.
        name: What to propose: a name, or a whole path, which then says where to begin.
        kinds: Qt's words for the kinds of files.
        asks_to_replace: Whether the dialog asks about a file that exists.

    """
    how = QFileDialog.Option(0) if asks_to_replace else QFileDialog.Option.DontConfirmOverwrite
    proposed = str(Path(begin_at(title)) / name)
    chosen, _ = QFileDialog.getSaveFileName(parent, title, proposed, kinds, "", how)
    return _kept(title, chosen, is_folder=False)


def named_after(patient_id: str, name: str) -> str:
    """Return a file name to propose that begins with the patient's ID, where there is one."""
    own = re.sub(r"[^\w.-]+", "_", patient_id).strip("._")
    return f"{own} {name}" if own else name


def choose_folder(parent: QWidget, title: str, begin: str = "") -> Path | None:
    """Return the folder the user picks; None when the user thinks better of it."""
    name = QFileDialog.getExistingDirectory(parent, title, begin or begin_at(title))
    return _kept(title, name, is_folder=True)


def begin_at(title: str) -> str:
    """Return the folder of the last answer to this question, else to any, else the documents."""
    settings = user_settings()
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    known = (str(settings.value(key, "")) for key in (KEY.format(title), LAST))
    there = (folder for folder in known if folder and Path(folder).is_dir())
    return next(there, QStandardPaths.writableLocation(documents))


def _kept(title: str, name: str, *, is_folder: bool) -> Path | None:
    if not name:
        return None
    path, settings = Path(name), user_settings()
    for key in (KEY.format(title), LAST):
        settings.setValue(key, str(path if is_folder else path.parent))
    return path
