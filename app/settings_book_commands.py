"""`eqs settings book`: a table of the dosimetry book by its cells, shown or changed."""

# ruff: noqa: PLC0415  (the readers of all rooms are loaded by the command that needs them)

import argparse
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.errors import RemedyError
from core.findings import State
from core.layers import Layer

CLEAN, FINDINGS = 0, 1
LAYERS = {"machine": Layer.MACHINE, "clinic": Layer.CLINIC, "user": Layer.USER}
HELP = "show a table of the dosimetry book with its doubts; change one value of it, or all"


def add_book_command(own: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the command to those of the settings."""
    one = own.add_parser("book", help=HELP)
    one.add_argument("beam", metavar="BEAM", help="folder of the beam in the book, e.g. 6X")
    one.add_argument("table", metavar="TABLE", help="e.g. tmr or wedge_factor_W30")
    one.add_argument("--row", metavar="AT", help="value of the first axis, in its unit")
    one.add_argument("--column", metavar="AT", help="value of the second axis, if there is one")
    one.add_argument("--to", metavar="VALUE", help="the new value of that cell")
    one.add_argument("--csv", type=Path, metavar="FILE",
                     help="axes and values anew; rows and columns may come or go")  # fmt: skip
    one.add_argument("--layer", choices=tuple(LAYERS), help="default: that of the book in use")
    one.add_argument("--person", default="", metavar="NAME", help="who changes it")
    one.add_argument("--reason", default="", metavar="WORDS", help="why; it is logged")
    finish(one, _book)


def _book(words: argparse.Namespace) -> int:
    from app.filter.mu.book_cells import grid_of, place_of, with_cell
    from app.settings_book import book_in_force, book_of_layer

    book = book_of_layer(LAYERS[words.layer]) if words.layer else book_in_force()
    grid = before = book.grid(words.beam, words.table)
    if words.csv is not None:
        if words.to is not None:
            raise _not_written("--csv and --to exclude each other")
        grid = grid_of(_text(words.csv, before.notes), before.file)
    elif words.to is not None:
        if words.row is None:
            raise _not_written("--to needs --row")
        row = place_of(grid.rows, words.row, grid.quantity.rows, grid.file)
        if words.column is None and len(grid.columns) > 1:
            raise _not_written(f"--to needs --column ({grid.quantity.columns})")
        column = 0 if words.column is None else place_of(
            grid.columns, words.column, grid.quantity.columns or "column", grid.file
        )  # fmt: skip
        grid = with_cell(grid, row, column, words.to)
    else:
        return _show(words, book, grid)
    return _write(words, book, grid)


def _show(words: argparse.Namespace, book: Any, grid: Any) -> int:  # noqa: ANN401  (loaded late)
    marks = book.marks(grid)
    state = State.ERROR if any(one.state == State.ERROR for one in marks) else (
        State.WARNING if marks else State.PASS
    )  # fmt: skip
    quantity = grid.quantity
    answer = {
        "status": state, "file": grid.file, "layer": str(book.layer), "folder": str(book.folder),
        "title": quantity.title, "unit": quantity.unit, "rows_axis": quantity.rows,
        "columns_axis": quantity.columns, "rows": list(grid.rows), "columns": list(grid.columns),
        "values": [list(line) for line in grid.cells], "commissioning": book.state,
        "marks": [_mark(one) for one in marks],
    }  # fmt: skip
    lines = [f"{quantity.title} ({quantity.unit}), {grid.file}  [{book.layer}]",
             "\t".join([f"{quantity.rows} \\ {quantity.columns}", *grid.columns])]  # fmt: skip
    lines += ["\t".join([at, *row]) for at, row in zip(grid.rows, grid.cells, strict=True)]
    lines += [*(f"{one.state.value}: {one.message}" for one in marks), book.state]
    say(words, answer, "\n".join(lines))
    return FINDINGS if marks else CLEAN


def _write(words: argparse.Namespace, book: Any, grid: Any) -> int:  # noqa: ANN401  (loaded late)
    from app.settings_book import book_of_layer, state_words, write_grid
    from app.settings_desk import notes_of
    from core.settings.change import Author

    author = Author(words.person, words.reason)
    drafts = write_grid(grid, book.layer, author, book.files[grid.file])
    after = book_of_layer(book.layer)
    marks = after.marks(grid)
    notes = [*state_words(book, after), *notes_of(drafts)]
    changes = [
        {"file": grid.file, "layer": str(book.layer), "key": one.key, "old": one.old,
         "new": one.new} for draft in drafts for one in draft.changes
    ]  # fmt: skip
    lines = [f"{grid.file} {one['key']}: {one['old'] or 'nothing'} -> {one['new'] or 'nothing'}"
             f"  [{one['layer']}]" for one in changes]  # fmt: skip
    lines += [*(f"{one.state.value}: {one.message}" for one in marks), *notes]
    say(words, {"status": State.WARNING if marks else State.PASS, "changes": changes,
                "marks": [_mark(one) for one in marks], "notes": notes},
        "\n".join(lines) or "Nothing is different.")  # fmt: skip
    return FINDINGS if marks else CLEAN


def _mark(one: Any) -> dict[str, Any]:  # noqa: ANN401  (loaded late)
    return {"state": one.state, "message": one.message, "row": one.row, "column": one.column}


def _text(file: Path, notes: tuple[str, ...]) -> str:
    """Return a file's rows below the table's own comment lines, unless it brings its own."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise RemedyError(
            f"the file cannot be read: {fault}", where=str(file), remedy="Save it as CSV in UTF-8."
        ) from fault
    return text if text.startswith("#") else "".join(f"{one}\n" for one in notes) + text


def _not_written(what: str) -> RemedyError:
    return RemedyError(
        what, where="eqs settings book", remedy="eqs settings book --help shows how it is written."
    )
