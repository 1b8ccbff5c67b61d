"""Which of the clinic's files apply, and in which order: shipped < machine < clinic share < user.

Every layer is one folder with the same names below it. What a reader makes of the files is its
own affair; here stands only which there are. A protected table (resources/settings.toml) is read
from the machine's and the clinic's folder; from the user's only while neither is set up, so that
a clinic of one computer needs no more than one folder (decision 12).

A clinic's share out of reach is an error in words. It never lets a weaker layer's number pass for
the clinic's: wherever a file of the share is not found, the share itself is looked for.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from core.errors import ClinicFileError
from core.paths import RESOURCES, clinic_folder, data_folder, machine_folder

CLINIC_VARIABLE = "EQS_CLINIC"
LAYERS_FILE = "layers.toml"
"""Names the share: `clinic_share = "..."`."""
MARK_FILE = "clinic.toml"
"""Lies in the share and says whose it is; an empty mount point has none."""
CATALOGUE = RESOURCES / "settings.toml"


class Layer(StrEnum):
    """Where a value comes from, weakest first, in the words of the screen."""

    SHIPPED = "shipped"
    MACHINE = "machine"
    CLINIC = "clinic share"
    USER = "user"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file or folder of a layer."""

    layer: Layer
    path: Path


@dataclass(frozen=True, slots=True)
class Layers:
    """The clinic's folders that are set up, weakest first.

    Attributes:
        places: Folder of each layer; the user's need not exist.
        instead: Files that stand in for those of a layer while they are tried; None for a file
            that is tried away. By layer and name.

    """

    places: tuple[OwnFile, ...]
    instead: Mapping[tuple[Layer, str], Path | None] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Whether a machine folder or a share is set up, so that one person sets no tolerance."""
        return any(place.layer != Layer.USER for place in self.places)

    def folder(self, layer: Layer) -> Path | None:
        """Return the folder of a layer; None where it is not set up."""
        return next((place.path for place in self.places if place.layer == layer), None)

    def counts(self, layer: Layer, name: str) -> bool:
        """Tell whether a table is read from a layer."""
        return layer != Layer.USER or not self.is_shared or not is_protected(name)

    def files(self, name: str) -> tuple[OwnFile, ...]:
        """Return the files (or folders) of this name that apply, weakest first.

        Raises:
            ClinicFileError: A folder cannot be looked into, or the share is out of reach.

        """
        return tuple(
            OwnFile(place.layer, path)
            for place in self.places
            if self.counts(place.layer, name) and (path := self._at(place, name)) is not None
        )

    def strongest(self, name: str) -> Path | None:
        """Return the file (or folder) that holds alone; None where no layer has one."""
        found = self.files(name)
        return found[-1].path if found else None

    def listing(self, folder: str, pattern: str = "*.toml") -> dict[str, OwnFile]:
        """Return the strongest file of each name in a folder of the layers, sorted by name."""
        names = set()
        for place in self.places:
            try:
                names |= {path.name for path in (place.path / folder).glob(pattern)}
            except OSError as fault:
                raise _unreadable(place.path / folder, fault) from fault
            self._require_there(place)
        names |= {
            name.rpartition("/")[2] for _, name in self.instead
            if name.rpartition("/")[0] == folder and fnmatchcase(name.rpartition("/")[2], pattern)
        }  # fmt: skip
        found = {name: self.files(f"{folder}/{name}") for name in sorted(names)}
        return {name: files[-1] for name, files in found.items() if files}

    def ignored(self) -> tuple[OwnFile, ...]:
        """Return protected tables in the user's folder that do not count."""
        own = self.folder(Layer.USER)
        if own is None or not self.is_shared or not own.is_dir():
            return ()
        names = {
            path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file()
        }  # fmt: skip
        tables = {name.partition("/")[0] if name.startswith("dosimetry_book/") else name
                  for name in names if known(name) is not None}  # fmt: skip
        return tuple(
            OwnFile(Layer.USER, own / name) for name in sorted(tables) if is_protected(name)
        )

    def _at(self, place: OwnFile, name: str) -> Path | None:
        if (place.layer, name) in self.instead:
            return self.instead[place.layer, name]
        path = place.path / name
        try:
            if path.is_file() or (is_folder(name) and path.is_dir()):
                return path
        except OSError as fault:
            raise _unreadable(path, fault) from fault
        self._require_there(place)
        return None

    def _require_there(self, place: OwnFile) -> None:
        """Refuse a layer out of reach, but for a machine folder that is only tried."""
        if not any(layer == place.layer for layer, _ in self.instead):
            require_there(place)


Own = Path | Layers | None
"""What a reader is given: one folder alone, all that are set up, or None for shipped alone."""

_TRIED: ContextVar[Layers | None] = ContextVar("layers on trial", default=None)


def own_layers() -> Layers:
    """Return the folders that are set up on this computer for this user.

    Raises:
        ClinicFileError: A layers.toml cannot be used.

    """
    tried = _TRIED.get()
    if tried is not None:
        return tried
    machine, share = machine_folder(), clinic_share()
    places = [OwnFile(Layer.MACHINE, machine)] if _is_there(machine) else []
    places += [OwnFile(Layer.CLINIC, share)] if share is not None else []
    return Layers((*places, OwnFile(Layer.USER, clinic_folder())))


@contextmanager
def on_trial(layers: Layers) -> Iterator[None]:
    """Let every reader of this thread take these layers for the ones set up."""
    token = _TRIED.set(layers)
    try:
        yield
    finally:
        _TRIED.reset(token)


def own_files(own: Own, name: str) -> tuple[Path, ...]:
    """Return the clinic's files of a name that apply, weakest first."""
    if isinstance(own, Layers):
        return tuple(one.path for one in own.files(name))
    path = own / name if own is not None else None
    return (path,) if path is not None and path.is_file() else ()


def strongest_file(own: Own, name: str) -> Path | None:
    """Return the clinic's file of a name that holds alone; None where there is none."""
    found = own_files(own, name)
    return found[-1] if found else None


def clinic_share() -> Path | None:
    """Return the clinic's share; None where none is named. It is not looked for here.

    The machine's layers.toml names it; where that does not, the variable EQS_CLINIC; and only
    where there is no machine folder either, the user's own layers.toml: a person must not be able
    to point somewhere else for tolerances.
    """
    machine = machine_folder()
    named = _named_share(machine / LAYERS_FILE)
    variable = os.environ.get(CLINIC_VARIABLE)
    if named is None and variable:
        return Path(variable)
    if named is None and not _is_there(machine):
        named = _named_share(data_folder() / LAYERS_FILE)
    return named


def _is_there(folder: Path) -> bool:
    """Tell whether a folder is there; one that cannot be looked at is no answer."""
    try:
        return folder.is_dir()
    except OSError as fault:
        raise _unreadable(folder, fault) from fault


def _named_share(file: Path) -> Path | None:
    """Return the share a layers.toml names."""
    try:
        if not file.is_file():
            return None
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise _unreadable(file, fault) from fault
    share = told.get("clinic_share", "")
    if set(told) - {"clinic_share"} or not isinstance(share, str):
        raise ClinicFileError(
            "layers.toml holds something else than one line clinic_share",
            where=str(file),
            remedy='Write clinic_share = "FOLDER", or nothing for no share.',
        )
    return Path(share) if share.strip() else None


def require_there(place: OwnFile) -> None:
    """Refuse a share out of reach: nothing may be checked with weaker numbers unnoticed.

    A machine folder that went away while it was read is refused as well.

    Raises:
        ClinicFileError: It is not there, or cannot be looked at.

    """
    try:
        if place.layer == Layer.USER:
            return
        mark = place.path if place.layer == Layer.MACHINE else place.path / MARK_FILE
        if mark.exists():
            return
        why = f"it holds no {MARK_FILE}" if place.path.is_dir() else "it is not there"
    except OSError as fault:
        why = f"{fault.strerror or fault}"
    raise ClinicFileError(
        f"the folder of the layer '{place.layer}' is out of reach: {why}",
        where=str(place.path),
        remedy="Connect the drive it lies on; nothing is checked or written with other tolerances "
        "than the clinic's meanwhile.",
    )


def _unreadable(path: Path, fault: Exception) -> ClinicFileError:
    why = fault.strerror if isinstance(fault, OSError) and fault.strerror else f"{fault}"
    return ClinicFileError(
        f"the clinic's file or folder cannot be read: {why}",
        where=str(path),
        remedy="Ask whoever keeps the clinic's folders to make it readable.",
    )


# The catalogue.


@dataclass(frozen=True, slots=True)
class Table:
    """One row of the catalogue; see resources/settings.toml for what the keys mean."""

    name: str
    title: str
    group: str
    merge: str
    protected: bool
    shipped: str
    rows_by: Mapping[str, str]


@lru_cache(maxsize=1)
def catalogue() -> tuple[Table, ...]:
    """Return every kind of table there is, in the order of the file."""
    rows = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["table"]
    return tuple(
        Table(
            row["name"], row["title"], row["group"], row["merge"], row["protected"],
            row.get("shipped", row["name"]), row.get("rows_by", {}),
        )
        for row in rows
    )  # fmt: skip


@lru_cache(maxsize=512)
def known(name: str) -> Table | None:
    """Return the row of the catalogue for a table's name; None where there is none."""
    book = next((one for one in catalogue() if name.startswith(f"{one.name}/")), None)
    return next((one for one in catalogue() if fnmatchcase(name, one.name)), book)


def is_protected(name: str) -> bool:
    """Tell whether one person may not lay this table down; one nobody knows is protected."""
    row = known(name)
    return row is None or row.protected


def is_folder(name: str) -> bool:
    """Tell whether a table is a folder of files."""
    row = known(name)
    return row is not None and row.merge == "folder" and row.name == name
