"""Change one element of an RTP-Connect file by the smallest amount its format can express.

Own arithmetic on the text of the lines: neither LEX nor RTP-Filter has a hand in it. The layouts
come from the format's field table (index of each element), typed in `rtp_samples` for the two
records that Table 1 speaks of.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from tests.filter.rtp_samples import FIELD_HEAD, POINT_HEAD, crc

FIELD_DEF = ["keyword", *FIELD_HEAD]
POINT = ["keyword", *POINT_HEAD]
DECIMALS = {
    "field_dose": 2, "field_monitor_units": 2, "wedge_monitor_units": 2, "energy": 0,
    "doserate": 0, "sad": 1, "ssd": 1, "gantry_angle": 1, "collimator_angle": 1,
    "collimator_x1": 1, "collimator_x2": 1, "collimator_y1": 1, "collimator_y2": 1,
    "couch_vertical": 1, "couch_lateral": 1, "couch_longitudinal": 1, "couch_angle": 1,
    "couch_pedestal": 1, "arc_start_angle": 1, "arc_stop_angle": 1, "arc_mu_degree": 2,
    "monitor_units": 6, "mlc": 2, "isocenter": 2,
}  # fmt: skip
TEXTS = {
    "wedge", "dynamic_wedge", "block", "compensator", "e_applicator", "e_field_def_aperture",
    "bolus", "field_name", "field_note", "field_id", "treatment_machine",
}  # fmt: skip
OTHER_WORD = {
    "modality": {"Xrays": "Elect", "Elect": "Xrays"},
    "arc_direction": {"CW": "CCW", "CCW": "CW", "": "CW"},
    "gantry_dir": {"CW": "CCW", "CCW": "CW", "": "CW"},
    "collimator_dir": {"": "CW"}, "couch_dir": {"": "CW"}, "couch_ped_dir": {"": "CW"},
    "wedge_position": {"IN": "OUT", "OUT": "IN"},
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    cells: tuple[str, ...]
    end: str = "\r\n"

    @lru_cache(maxsize=20_000)  # noqa: B019  (few lines, many files made of them)
    def text(self) -> str:
        body = "".join(f'"{cell}",' for cell in self.cells[:-1])
        return f'{body}"{crc(body.encode("latin-1"))}"{self.end}'


def lines_of(data: bytes) -> list[Line]:
    rows = csv.reader(io.StringIO(data.decode("latin-1"), newline=""))
    return [Line(tuple(row)) for row in rows if row]


def data_of(lines: list[Line]) -> bytes:
    return "".join(line.text() for line in lines).encode("latin-1")


def names(line: Line) -> list[str]:
    """Return the element name of every cell but the checksum; "" where Table 1 is silent."""
    if line.cells[0] == "FIELD_DEF":
        found = [*FIELD_DEF, *[""] * 5]
        iso = len(line.cells) > 49
    else:
        found = list(POINT)
        iso = len(line.cells) > 233
    if iso:
        found += [f"isocenter_position_{axis}" for axis in "xyz"]
    if line.cells[0] == "CONTROL_PT_DEF":
        found += [f"mlc_{bank}{leaf}" for bank in "ab" for leaf in range(1, 101)]
    return found[: len(line.cells) - 1]


@dataclass(frozen=True)
class Change:
    """One element of one record, before and after."""

    row: int
    field: str
    point: int | None
    item: str
    before: str
    after: str

    def __str__(self) -> str:
        where = f"{self.field}" if self.point is None else f"{self.field}/{self.point}"
        return f"{where} {self.item} {self.before!r} -> {self.after!r}"


def changes(lines: list[Line]) -> Iterator[Change]:
    """Return every smallest change of every element that has a smallest change."""
    for row, line in enumerate(lines):
        keyword = line.cells[0]
        if keyword not in ("FIELD_DEF", "CONTROL_PT_DEF"):
            continue
        field = line.cells[3 if keyword == "FIELD_DEF" else 1].strip()
        point = int(line.cells[5]) if keyword == "CONTROL_PT_DEF" else None
        for item, cell in zip(names(line), line.cells, strict=False):
            yield from (
                Change(row, field, point, item, cell, after) for after in neighbours(item, cell)
            )


def neighbours(item: str, cell: str) -> list[str]:
    """Return the values nearest to `cell` that the element's format can hold."""
    if item in TEXTS:
        return [f"{cell[:-1]}{'Z' if cell.upper().endswith('Q') else 'Q'}"]
    if item in OTHER_WORD:
        word = cell.strip()
        return [OTHER_WORD[item][word]] if word in OTHER_WORD[item] else []
    leaf = item.startswith(("mlc_a", "mlc_b"))
    kind = "mlc" if leaf else item.partition("_position_")[0]
    decimals = DECIMALS.get(kind)
    decimals = DECIMALS.get(item, decimals)
    if decimals is None or not cell.strip() or cell.strip() == "?":
        return []
    value = Decimal(cell.strip())
    written = max(decimals, -int(value.as_tuple().exponent))
    step = Decimal(1).scaleb(-written)
    return [f"{value + step:.{written}f}", f"{value - step:.{written}f}"]


def changed(lines: list[Line], change: Change) -> list[Line]:
    cells = list(lines[change.row].cells)
    column = names(lines[change.row]).index(change.item)
    cells[column] = change.after
    return [
        Line(tuple(cells), line.end) if row == change.row else line
        for row, line in enumerate(lines)
    ]
