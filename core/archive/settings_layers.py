"""archive.toml of several layers made into one: systems and rules by name, the rest by line."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import ClinicFileError

NAMED = {"node": ("name", "ae_title", "url"), "rule": ("name",), "watch": ("folder",)}
TABLES = ("listener", "mirror")


def told_by(text: str, file: Path) -> dict[str, Any]:
    """Return what a text says, folders and certificates as full paths from its file.

    Raises:
        ClinicFileError: It cannot be read as TOML.

    """
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise unreadable(file, fault) from fault
    watch = told.get("watch")
    for row in watch if isinstance(watch, list) else ():
        if isinstance(row, dict) and isinstance(row.get("folder"), str):
            row["folder"] = str(file.parent / row["folder"])
    listener = told.get("listener")
    tls = listener.get("tls") if isinstance(listener, dict) else None
    if isinstance(listener, dict) and isinstance(tls, dict):
        listener["tls"] = {key: str(file.parent / str(value)) for key, value in tls.items()}
    return told


def over(weaker: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a weaker layer says with a stronger one put over it."""
    made = {**weaker, **told}
    for key, names in NAMED.items():
        rows, own = weaker.get(key), told.get(key)
        if isinstance(rows, list) and isinstance(own, list):
            made[key] = _rows(rows, own, names)
    for key in TABLES:
        table, own = weaker.get(key), told.get(key)
        if isinstance(table, dict) and isinstance(own, dict):
            made[key] = table | own
    return made


def name_of(row: object, names: tuple[str, ...]) -> str:
    """Return the name of a row: the first of some keys that says one."""
    told = row if isinstance(row, Mapping) else {}
    return next((str(told[key]) for key in names if told.get(key)), "")


def _rows(weaker: list[Any], own: list[Any], names: tuple[str, ...]) -> list[Any]:
    """Return the weaker rows, each in its place exchanged for the own one of its name."""
    by_name = {name_of(row, names): row for row in own}
    kept = [name_of(row, names) for row in weaker]
    made = [by_name.get(name, row) for name, row in zip(kept, weaker, strict=True)]
    # A name that stands twice in one file is for the reader to refuse.
    return made + [
        row for row in own
        if name_of(row, names) not in kept or row is not by_name[name_of(row, names)]
    ]  # fmt: skip


def unreadable(file: Path, fault: Exception) -> ClinicFileError:
    """Return the error for a file that cannot be read."""
    return ClinicFileError(
        f"the settings cannot be read: {fault}", where=file.name, remedy="Correct this line."
    )
