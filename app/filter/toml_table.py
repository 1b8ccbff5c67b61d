"""The clinic's TOML tables: read whole, with one sentence where an entry is wrong."""

import difflib
import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from core.errors import ClinicFileError

MOST_NAMED = 12
"""Most names told where none is near."""


def read_table(file: Path, known: Collection[str] = ()) -> dict[str, object]:
    """Return a TOML file as it stands.

    Args:
        file: To be read.
        known: Its groups and entries; empty where the caller asks for each itself.

    Raises:
        ClinicFileError: It cannot be read as TOML, or has a group that nobody would read: what
            the clinic laid down there would count for nothing.

    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        words = f"the file cannot be read: {fault}"
        raise ClinicFileError(
            words, where=str(file), remedy="Correct it at that place."
        ) from fault
    if known:
        refuse_unknown("entry", table, known, file)
    return table


def refuse_unknown(
    kind: str, row: Iterable[str], known: Collection[str], file: Path, of: str = ""
) -> None:
    """Refuse a row that says something nobody reads.

    Args:
        kind: What its entries are called.
        row: Names of its entries.
        known: Names that are read.
        file: For the message.
        of: Name of the row, for the message.

    Raises:
        ClinicFileError: With the nearest name that is known.

    """
    for name in row:
        if name not in known:
            raise unknown_entry(kind, name, known, file, of)


def require_unit(name: str, entry: object, unit: str, file: Path) -> None:
    """Refuse a value in another unit than the one it is read in.

    Raises:
        ClinicFileError: Names both.

    """
    told = entry.get("unit", unit) if isinstance(entry, dict) else unit
    if told != unit:
        raise ClinicFileError(
            f"{name} is in {told!r}, it is read in {unit}", where=str(file),
            remedy=f"Write the value in {unit}.",
        )  # fmt: skip


def entries_of(file: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield each entry of a file of groups as "group.name" and its table.

    An entry that is a value alone stands for a table with that value; one outside every group is
    given by its name alone, which is none that is known.

    Raises:
        ClinicFileError: See `read_table`.

    """
    for group, rows in read_table(file).items():
        if not isinstance(rows, dict):
            yield group, {"value": rows}
            continue
        for name, row in rows.items():
            yield f"{group}.{name}", row if isinstance(row, dict) else {"value": row}


def unknown_entry(
    kind: str, name: str, known: Iterable[str], file: Path, of: str = ""
) -> ClinicFileError:
    """Return the error for an entry that the shipped file does not have, with the nearest name."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    few = f"Known are {', '.join(known)}." if len(known) <= MOST_NAMED else "Remove the entry."
    return ClinicFileError(
        f"unknown {kind} {name!r}" + (f" of {of}" if of else ""),
        where=str(file),
        remedy=f"Did you mean {near[0]!r}?" if near else few,
    )
