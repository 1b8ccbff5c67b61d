"""The clinic's TOML tables: read whole, with one sentence where an entry is wrong."""

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import ClinicFileError


def read_table(file: Path) -> dict[str, object]:
    """Return a TOML file as it stands.

    Raises:
        ClinicFileError: It cannot be read as TOML.

    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        words = f"the file cannot be read: {fault}"
        raise ClinicFileError(
            words, where=str(file), remedy="Correct it at that place."
        ) from fault


def entries_of(file: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield each entry of a file of groups as "group.name" and its table.

    An entry that is a value alone stands for a table with that value.

    Raises:
        ClinicFileError: See `read_table`.

    """
    for group, rows in read_table(file).items():
        for name, row in rows.items() if isinstance(rows, dict) else ():
            yield f"{group}.{name}", row if isinstance(row, dict) else {"value": row}


def unknown_entry(kind: str, name: str, known: Iterable[str], file: Path) -> ClinicFileError:
    """Return the error for an entry that the shipped file does not have, with the nearest name."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return ClinicFileError(
        f"unknown {kind} {name!r}",
        where=str(file),
        remedy=f"Did you mean {near[0]!r}?" if near else "Remove the entry.",
    )
