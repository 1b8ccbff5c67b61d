"""The cells of a dosimetry book's table (CSV) by place, for the log of changes."""

import csv
import tomllib

from core.settings.keys import Leaf, Path

MOST_CELLS = 400
"""More cells than these changed at once are logged as a whole file with its digest."""


def cell_leaves(text: str) -> dict[Path, Leaf]:
    """Return what a table says of itself, and its cells as ("depth_cm 10", "5").

    A number counts as number: 0.50 and 0.5 are the same value. A text that is no table has none.
    """
    lines = text.splitlines()
    try:
        head = tomllib.loads("\n".join(one[1:].strip() for one in lines if one.startswith("#")))
    except tomllib.TOMLDecodeError:
        return {}
    found: dict[Path, Leaf] = {(key,): Leaf(value) for key, value in head.items()}
    rows = list(csv.reader(one for one in lines if one.strip() and not one.startswith("#")))
    if not rows or not rows[0]:
        return {}
    first, *headings = (cell.strip() for cell in rows[0])
    unit = str(head.get("unit", ""))
    for row in rows[1:]:
        for heading, cell in zip(headings, row[1:], strict=False):
            found[f"{first} {row[0].strip()}", heading] = Leaf(_value(cell), unit)
    return found


def _value(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell.strip()
