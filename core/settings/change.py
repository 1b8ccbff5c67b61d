"""A table of a layer changed: tried by its readers first, written whole, put into the log.

Nothing is written unless the readers take the table, no other reader that was content takes
offence, and the log has the change. The log of the machine's and the clinic's layer lies beside
their tables, so that everybody reads the same; the user's lies with the user's other logs.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path as File
from typing import Any

from core.audit import append
from core.errors import ClinicFileError, RemedyError
from core.layers import Layer, Layers, OwnFile, is_protected
from core.paths import clinic_folder, data_folder, machine_folder
from core.safe_write import write_whole
from core.settings.draft import Draft, held_below, layer_folder, text_in
from core.settings.rows import kind_of

LOG = "settings.jsonl"
UNDO = "settings-undo.json"
MOST_UNDO = 20
Faults = Callable[[Layers], Mapping[str, ClinicFileError]]
"""What the readers of all tables say of some layers, by the name of the reader."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, and why."""

    person: str
    reason: str = ""


def refuse_forbidden(layers: Layers, layer: Layer, names: Iterable[str]) -> None:
    """Refuse what must not be: a person's own tolerance, or tables that would count no more.

    Raises:
        ClinicFileError: With what to do instead.

    """
    for name in names:
        kind_of(name)
        if not layers.counts(layer, name):
            raise ClinicFileError(
                f"{name} cannot be changed for one user",
                where=f"layer '{layer}'",
                remedy="Change it in the machine's layer or on the clinic's share.",
            )
    if layer == Layer.MACHINE and not layers.is_shared:
        left = [name for name in _protected_of(layers) if name not in set(names)]
        if left:
            raise ClinicFileError(
                f"the user's folder holds {', '.join(left)}, which would count no more once there "
                "is a machine folder",
                where=f"layer '{layer}'",
                remedy="Export the settings first and import them into the machine's layer.",
            )


def refuse_faulty(layers: Layers, drafts: Iterable[Draft], faults: Faults) -> None:
    """Let every reader read the tables as they would be.

    Raises:
        ClinicFileError: What the first reader says that was content before.

    """
    drafts = tuple(drafts)
    with tempfile.TemporaryDirectory(prefix="eqs-settings-") as name:
        folder = File(name)
        instead = _laid_out(drafts, folder)
        before, after = faults(layers), faults(tried_layers(layers, instead))
        own = {draft.name.split("/")[0] if kind_of(draft.name).merge == "folder" else draft.name
               for draft in drafts}  # fmt: skip
        for reader, fault in after.items():
            if reader not in before or own & set(reader.split()):
                where = fault.where
                for draft in drafts:
                    where = where.replace(str(folder / draft.name), str(draft.file))
                raise ClinicFileError(fault.what, where=where, remedy=fault.remedy)


def _laid_out(drafts: Iterable[Draft], folder: File) -> dict[tuple[Layer, str], File | None]:
    """Write drafts into a folder to be tried, a book beside the files of it that stay."""
    instead: dict[tuple[Layer, str], File | None] = {}
    for draft in drafts:
        tried = folder / draft.name
        kind = kind_of(draft.name)
        if kind.merge == "folder" and (draft.layer, kind.name) not in instead:
            instead[draft.layer, kind.name] = folder / kind.name
            there = next(one for one in draft.file.parents if one.name == kind.name)
            if there.is_dir():
                shutil.copytree(there, folder / kind.name)
        tried.parent.mkdir(parents=True, exist_ok=True)
        if draft.text is not None:
            tried.write_text(draft.text, encoding="utf-8", newline="")
        else:
            tried.unlink(missing_ok=True)
        if kind.merge != "folder":
            instead[draft.layer, draft.name] = tried if draft.text is not None else None
    # A book without files is no book: the layer below holds.
    return {
        key: path if path is None or path.is_file() or any(path.rglob("*.*")) else None
        for key, path in instead.items()
    }


def tried_layers(layers: Layers, instead: Mapping[tuple[Layer, str], File | None]) -> Layers:
    """Return layers with some files tried; a machine folder that is not there yet is added."""
    places = list(layers.places)
    if any(layer == Layer.MACHINE for layer, _ in instead) and not layers.folder(Layer.MACHINE):
        places.insert(0, OwnFile(Layer.MACHINE, machine_folder()))
    return replace(layers, places=tuple(places), instead={**layers.instead, **instead})


def write(
    layers: Layers, drafts: Iterable[Draft], author: Author, faults: Faults, action: str
) -> tuple[Draft, ...]:
    """Write tables once everything about them is right, all of them or none.

    Args:
        layers: In force.
        drafts: All of one layer.
        author: Who; a reason is kept where one is given.
        faults: Asks the readers.
        action: For the log, e.g. "setting changed".

    Returns:
        The drafts that were different from what stood there.

    Raises:
        ClinicFileError: A table must not be changed, or a reader refuses it.
        LogError: The change cannot be logged, so it has not happened.
        OSError: The folder cannot be written.

    """
    drafts = tuple(one for one in drafts if one.text != one.before)
    if not drafts:
        return ()
    if not author.person.strip():
        raise RemedyError("nobody is named", where=action, remedy="Give your name.")
    layer = drafts[0].layer
    refuse_forbidden(layers, layer, [one.name for one in drafts])
    refuse_faulty(layers, drafts, faults)
    done: list[Draft] = []
    try:
        for draft in drafts:
            _refuse_overtaken(draft)
            draft.file.parent.mkdir(parents=True, exist_ok=True)
            done.append(draft)
            _replace(draft, partial(_log, layers, draft, author, action))
    except BaseException:
        why = Author(author.person, "not all could be written")
        for draft in reversed(done):
            if text_in(draft.file) != draft.before:
                back = replace(draft, text=draft.before, before=draft.text)
                _replace(back, partial(_log, layers, back, why, "change taken back"))
        raise
    if action != UNDONE:
        _note_undo(drafts)
    return drafts


def log_share(folder: File, layer: Layer, author: Author) -> None:
    """Put into the share's log that it was named as the clinic's."""
    append(
        folder / LOG,
        {
            "action": "share named", "person": author.person, "reason": author.reason,
            "file": str(folder), "table": "layers.toml", "layer": str(layer),
        },
    )  # fmt: skip


UNDONE = "change undone"


def undo(layers: Layers, author: Author, faults: Faults) -> tuple[Draft, ...]:
    """Put back what stood there before this user's last change.

    Raises:
        ClinicFileError: There is none, or the table has been changed since.

    """
    kept = _undo_list()
    if not kept:
        raise ClinicFileError(
            "there is no change to undo", where="settings", remedy="Nothing is to be done."
        )
    drafts = []
    for one in kept[-1]:
        file = File(one["file"])
        now = text_in(file)
        if _digest(now) != one["after"]:
            raise ClinicFileError(
                f"{one['name']} has been changed since", where=str(file),
                remedy="Change the value by hand.",
            )  # fmt: skip
        name, layer = one["name"], Layer(one["layer"])
        below = held_below(layers, layer, name)
        drafts.append(Draft(name, layer, file, one["before"], now, below))
    done = write(layers, drafts, author, faults, UNDONE)
    _keep_undo(kept[:-1])
    return done


def log_file(layers: Layers, layer: Layer) -> File:
    """Return the log of a layer's changes."""
    if layer == Layer.USER:
        return data_folder() / "audit" / LOG
    return layer_folder(layers, layer) / LOG


def log_files(layers: Layers) -> tuple[File, ...]:
    """Return the logs of every layer that is set up."""
    return tuple(log_file(layers, place.layer) for place in layers.places)


def _log(layers: Layers, draft: Draft, author: Author, action: str) -> None:
    changes = [{"key": one.key, "old": one.old, "new": one.new} for one in draft.changes]
    append(
        log_file(layers, draft.layer),
        {
            "action": action, "person": author.person, "reason": author.reason,
            "table": draft.name, "layer": str(draft.layer), "file": str(draft.file),
            "changes": changes, "sha256": _digest(draft.text),
        },
    )  # fmt: skip


def _refuse_overtaken(draft: Draft) -> None:
    if text_in(draft.file) != draft.before:
        raise ClinicFileError(
            f"somebody has changed {draft.name} meanwhile", where=str(draft.file),
            remedy="Look at it again, then change it.",
        )  # fmt: skip


def _replace(draft: Draft, log: Callable[[], None]) -> None:
    """Give a file its new content, once it is logged; or take it away."""
    if draft.text is None:
        log()
        draft.file.unlink(missing_ok=True)
        _remove_empty(draft)
    else:
        write_whole(draft.file, draft.text.encode("utf-8"), approve=lambda _: log())


def _remove_empty(draft: Draft) -> None:
    """Remove folders of a book that its last file left empty; they would pass for a book."""
    kind = kind_of(draft.name)
    if kind.merge != "folder":
        return
    for folder in draft.file.parents:
        if not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
        if folder.name == kind.name:
            return


def _note_undo(drafts: Iterable[Draft]) -> None:
    rows = [
        {"name": one.name, "layer": str(one.layer), "file": str(one.file), "before": one.before,
         "after": _digest(one.text)}
        for one in drafts
    ]  # fmt: skip
    _keep_undo([*_undo_list(), rows][-MOST_UNDO:])


def _undo_list() -> list[list[dict[str, Any]]]:
    try:
        kept = json.loads((data_folder() / UNDO).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return kept if isinstance(kept, list) else []


def _keep_undo(kept: list[list[dict[str, Any]]]) -> None:
    write_whole(data_folder() / UNDO, json.dumps(kept, ensure_ascii=False).encode("utf-8"))


def can_undo() -> bool:
    """Tell whether this user has changed something that is kept."""
    return bool(_undo_list())


def undo_names() -> tuple[str, ...]:
    """Return the tables that this user's last change was of."""
    kept = _undo_list()
    return tuple(str(one["name"]) for one in kept[-1]) if kept else ()


def _protected_of(layers: Layers) -> tuple[str, ...]:
    """Return the protected tables of the user's folder."""
    own = clinic_folder()
    shared = replace(layers, places=(OwnFile(Layer.MACHINE, own), OwnFile(Layer.USER, own)))
    return tuple(
        one.path.relative_to(own).as_posix() for one in shared.ignored()
        if is_protected(one.path.relative_to(own).as_posix())
    )  # fmt: skip


def _digest(text: str | None) -> str:
    return "" if text is None else sha256(text.encode("utf-8")).hexdigest()
