"""Whether the tables of a dosimetry book are believable: every doubt as one plain sentence.

An error keeps the book from being used; a warning asks a person to look at a value.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from app.filter.limits import limits_in_force
from app.filter.mu.book import Book, BookBeam, Table
from app.filter.mu.book_read import book_of, files_of
from app.filter.mu.collimator_scatter import CSF_FIELDS
from app.filter.mu.quantities import QUANTITIES
from core.dose.geometry import Floats
from core.errors import ClinicFileError
from core.findings import Finding, State

KINK = "mu.book_curve_percent"
"""Limit: distance from the curve through the neighbours that asks for a look."""

SCATTER = ("difference", "khan")
FALL = 5e-4
"""A step against the rule smaller than this is noise of the measurement."""

MEASURE = "Measure the value again or correct the file; the field cannot be trusted meanwhile."
LOOK = "Compare the value with the measurement; correct the file if it was mistyped."


def open_book(folder: Path) -> Book:
    """Read a book and refuse it when a check finds an error.

    Raises:
        ClinicFileError: It cannot be read, or a value cannot be.

    """
    book = book_of(files_of(folder), str(folder))
    wrong = [one for one in check_book(book) if one.state == State.ERROR]
    if wrong:
        more = f" (and {len(wrong) - 1} more: eqs book check)" if len(wrong) > 1 else ""
        raise ClinicFileError(wrong[0].message + more, where=str(folder), remedy=wrong[0].remedy)
    return book


def check_book(book: Book) -> list[Finding]:
    """Return every doubt about a book, and that it is not for clinical use if it is not."""
    kink = float(limits_in_force()[KINK]) / 100
    found = [one for beam in book.beams for one in _of_beam(beam, kink)]
    if not book.clinical:
        found.append(Finding("B-GENERIC", State.INFO, book.notice))
    return found


def _of_beam(beam: BookBeam, kink: float) -> Iterator[Finding]:
    for quantity in QUANTITIES:
        needed = quantity.required and beam.modality in quantity.modalities
        if needed and quantity.name not in beam.tables:
            words = f"{beam.id}: the book has no {quantity.name}"
            remedy = f"Add {quantity.name}.csv."
            yield Finding("B-MISSING", State.ERROR, words, beam.id, remedy=remedy)
    yield from _of_model(beam)
    for table in beam.tables.values():
        yield from _of_table(beam, table, kink)
    for name, rule in RULES:
        if name in beam.tables:
            yield from rule(beam, beam.tables[name])
    for wedge in beam.wedges:
        yield from _of_wedge(beam, wedge.kind, wedge.table, wedge.names)


def _of_model(beam: BookBeam) -> Iterator[Finding]:
    """Refuse a word of the model that the program does not know."""
    for name, known in (("scatter", SCATTER), ("csf_field", CSF_FIELDS)):
        word = getattr(beam.model, name, known[0])
        if word not in known:
            words = f"{beam.id}: [model] {name} is {word!r}; {' and '.join(known)} are known"
            yield Finding("B-MODEL", State.ERROR, words, beam.id, remedy="Correct beam.toml.")


def _of_table(beam: BookBeam, table: Table, kink: float) -> Iterator[Finding]:
    quantity, values = table.quantity, table.values
    low = np.argwhere((values < quantity.least) | (values > quantity.most))
    for row, column in low[:5]:
        value = values[row, column]
        yield _error(beam, table, f"{place_words(table, row, column)} is {value:g}, "
                     f"possible are {quantity.least:g} to {quantity.most:g}")  # fmt: skip
    for axis_name in quantity.rises:
        axis = 0 if axis_name == "rows" else 1
        for row, column in np.argwhere(np.diff(values, axis=axis) < -FALL)[:3]:
            place = place_words(table, row + (axis == 0), column + (axis == 1))
            yield _error(beam, table, f"{place} is smaller than the value before it")
    yield from _kinks(beam, table, kink)


def _kinks(beam: BookBeam, table: Table, kink: float) -> Iterator[Finding]:
    """Find values off the parabola through their neighbours, along the rows and the columns."""
    for axis, along in ((0, table.rows), (1, table.columns)):
        if len(along) < 5 or (axis == 1 and table.quantity.columns == "depth_cm"):
            continue
        grid = table.values if axis == 0 else table.values.T
        for line in range(grid.shape[1]):
            for point in _off_the_curve(along, grid[:, line], table.quantity.name, kink)[:2]:
                row, column = (point, line) if axis == 0 else (line, point)
                words = f"{place_words(table, row, column)} stands off the curve of its neighbours"
                yield Finding("B-SMOOTH", State.WARNING, f"{beam.id} {table.name}: {words}",
                              beam.id, item=table.name, remedy=LOOK)  # fmt: skip


def _off_the_curve(axis: Floats, values: Floats, name: str, kink: float) -> list[int]:
    """Return the points that a cubic through the two neighbours on each side misses."""
    most = float(np.abs(values).max())
    first = 2 if name != "tmr" else max(2, int(np.argmax(values)) + 3)
    found: list[tuple[float, int]] = []
    for k in range(first, len(axis) - 2):
        near = [k - 2, k - 1, k + 1, k + 2]
        expected = 0.0
        for i in near:
            share = 1.0
            for j in near:
                if j != i:
                    share *= (axis[k] - axis[j]) / (axis[i] - axis[j])
            expected += share * values[i]
        miss = abs(values[k] - expected)
        wide = (axis[k + 1] - axis[k - 1]) / (axis[k + 2] - axis[k - 2])
        if miss > kink * most and wide < 0.7:
            found.append((miss, k))
    return [point for _, point in sorted(found, reverse=True)]


def _tmr(beam: BookBeam, table: Table) -> Iterator[Finding]:
    model = beam.model
    if model is None:
        return
    if table.columns[0] != 0:
        yield _error(beam, table, "there is no column for side 0: the zero-field TMR is needed")
    if not table.rows[0] <= model.dmax_cm <= table.rows[-1]:
        yield _error(beam, table, f"dmax {model.dmax_cm:g} cm lies outside the depths")
        return
    for column in table.columns:
        value = table.at(model.dmax_cm, float(column))
        if abs(value - 1) > 0.01:
            yield _error(beam, table, f"side {column:g} at dmax is {value:.3f}, not 1")
    deep = table.rows >= model.dmax_cm + 1
    beyond, depths = table.values[deep], table.rows[deep]
    for row, column in np.argwhere(np.diff(beyond, axis=0) > FALL)[:3]:
        at = f"depth {depths[row + 1]:g}, side {table.columns[column]:g}"
        yield _error(beam, table, f"{at} is larger than at the depth before it")
    for row, column in np.argwhere(np.diff(beyond, axis=1) < -0.004)[:3]:
        at = f"depth {depths[row]:g}, side {table.columns[column + 1]:g}"
        yield _error(beam, table, f"{at} is smaller than for the smaller field")


def _one_at_ten(beam: BookBeam, table: Table) -> Iterator[Finding]:
    field_cm = beam.calibration.field_cm
    if table.rows[0] != 0:
        yield _error(beam, table, "there is no row for side 0: the value of no field is needed")
    if not table.rows[0] <= field_cm <= table.rows[-1]:
        yield _error(beam, table, f"the calibration field {field_cm:g} cm is not in the table")
    elif abs(table.at(field_cm) - 1) > 0.001:
        words = f"side {field_cm:g} (the calibration field) is {table.at(field_cm):.4f}, not 1"
        yield _error(beam, table, words)


def _one_on_axis(beam: BookBeam, table: Table) -> Iterator[Finding]:
    if table.columns[0] != 0 or np.abs(table.values[:, 0] - 1).max() > 0.001:
        yield _error(beam, table, "the value on the axis is not 1")


def _half_at_edge(beam: BookBeam, table: Table) -> Iterator[Finding]:
    if not table.rows[0] < 0 < table.rows[-1]:
        yield _error(beam, table, "the distances do not go from outside (negative) to inside")
        return
    for depth in table.columns:
        if not 0.3 < table.at(0.0, float(depth)) < 0.7:
            yield _error(beam, table, f"depth {depth:g}: the value at the edge is not about 0.5")


def _wedge_profile(beam: BookBeam, table: Table) -> Iterator[Finding]:
    if not table.rows[0] <= 0 <= table.rows[-1] or abs(table.at(0.0) - 1) > 0.001:
        yield _error(beam, table, "the value on the axis is not 1")


def _of_wedge(beam: BookBeam, kind: str, table: str, names: tuple[str, ...]) -> Iterator[Finding]:
    needed = {
        "physical": (f"wedge_factor_{table}", f"wedge_profile_{table}"),
        "virtual": (),
        "enhanced": ("stt",),
    }
    if kind not in needed:
        words = f"{beam.id}: wedge {', '.join(names)} is {kind!r}; {', '.join(needed)} are known"
        yield Finding("B-WEDGE", State.ERROR, words, beam.id, remedy=MEASURE)
    for name in needed.get(kind, ()):
        if name not in beam.tables:
            words = f"{beam.id}: wedge {', '.join(names)} needs the table {name}"
            yield Finding("B-WEDGE", State.ERROR, words, beam.id, remedy=f"Add {name}.csv.")


def place_words(table: Table, row: int, column: int) -> str:
    """Return a place of a table as the messages begin with it: 'depth 10, side 5'."""
    rows = table.quantity.rows.rpartition("_")[0].replace("_", " ")
    words = f"{rows} {table.rows[row]:g}"
    if table.quantity.columns:
        heading = table.quantity.columns.rpartition("_")[0].replace("_", " ")
        words += f", {heading} {table.columns[column]:g}"
    return words


def _error(beam: BookBeam, table: Table, words: str) -> Finding:
    message = f"{beam.id} {table.name}: {words}"
    return Finding("B-VALUE", State.ERROR, message, beam.id, item=table.name, remedy=MEASURE)


Rule = Callable[[BookBeam, Table], Iterator[Finding]]
RULES: tuple[tuple[str, Rule], ...] = (
    ("tmr", _tmr),
    ("psf", _one_at_ten),
    ("csf", _one_at_ten),
    ("oar", _one_on_axis),
    ("penumbra", _half_at_edge),
)
