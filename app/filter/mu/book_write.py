"""A dosimetry book to files: TOML, CSV, a whole folder."""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.errors import ClinicFileError

DIGITS = 6


def toml_text(values: Mapping[str, object]) -> str:
    """Return a mapping as TOML: plain values first, then tables, then lists of tables."""
    plain = [
        f"{key} = {_toml_value(value)}"
        for key, value in values.items()
        if not isinstance(value, Mapping) and not _is_tables(value)
    ]
    parts = ["\n".join(plain)]
    for key, value in values.items():
        if isinstance(value, Mapping):
            parts.append(f"[{key}]\n{toml_text(value)}".rstrip())
        elif _is_tables(value) and isinstance(value, list):
            parts += [f"[[{key}]]\n{toml_text(one)}".rstrip() for one in value]
    return "\n\n".join(part for part in parts if part) + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(one) for one in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(" " if ord(letter) < 32 else letter for letter in text) + '"'


def csv_text(
    head: Mapping[str, str],
    rows_name: str,
    rows: Sequence[float],
    columns: Sequence[float] | None,
    value: Callable[[float, float], float],
) -> str:
    """Return a table as the text of its CSV.

    Args:
        head: What the file says of itself.
        rows_name: Name of the first column.
        rows: Values of the first column.
        columns: Headings of the others; None for one column of values.
        value: Of a row and a column.

    """
    lines = [f"# {key} = {_toml_value(words)}" for key, words in head.items()]
    heads = [f"{column:g}" for column in columns] if columns is not None else ["0"]
    lines.append(",".join([rows_name, *heads]))
    for row in rows:
        cells = [f"{value(row, column):.{DIGITS}g}" for column in columns or (0.0,)]
        lines.append(",".join([f"{row:g}", *cells]))
    return "\n".join(lines) + "\n"


def write_book(files: Mapping[str, str], folder: Path) -> None:
    """Write a book whole or not at all; an existing folder is not touched.

    Raises:
        ClinicFileError: The folder exists already.

    """
    if folder.exists():
        raise ClinicFileError(
            "the folder exists already",
            where=str(folder),
            remedy="Choose a new name; a book in use is never overwritten.",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, text in files.items():
            target = made / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        made.chmod(0o755)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
