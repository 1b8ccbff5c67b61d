"""The dosimetry book changed by its cells: tried by its reader, written whole, logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.filter.commission.book_state import book_state
from app.filter.mu.book_cells import Grid, Mark, beams_of, grid_of, marks_of
from app.filter.mu.book_read import book_of, digest_of, files_of
from app.filter.mu.books import GENERIC, OWN
from app.settings_desk import allowed, put_file
from app.settings_readers import faults
from core.errors import ClinicFileError
from core.findings import State
from core.layers import Layer, Layers, own_layers
from core.settings import change
from core.settings.change import Author
from core.settings.draft import Draft, draft_text

SHORT = 12


@dataclass(frozen=True, slots=True)
class BookIn:
    """A book in its layer.

    Attributes:
        files: Texts by name, "6X/tmr.csv".
        state: How it stands to the last commissioning, in a sentence.

    """

    layer: Layer
    folder: Path
    files: Mapping[str, str]
    state: str = ""

    @property
    def beams(self) -> dict[str, tuple[str, ...]]:
        """The tables of each beam."""
        return beams_of(self.files)

    @property
    def is_shipped(self) -> bool:
        """Whether it is the program's own, which is looked at only."""
        return self.layer == Layer.SHIPPED

    def grid(self, beam: str, table: str) -> Grid:
        """Return the cells of a table.

        Raises:
            ClinicFileError: The book does not have it, or it cannot be read.

        """
        known = self.beams
        if beam not in known:
            raise _fault(f"the book has no beam {beam}; it has {', '.join(known)}", self.folder)
        if table not in known[beam]:
            raise _fault(f"{beam} has no table {table}; it has {', '.join(known[beam])}",
                         self.folder)  # fmt: skip
        name = f"{beam}/{table}.csv"
        return grid_of(self.files[name], name)

    def marks(self, grid: Grid) -> tuple[Mark, ...]:
        """Return what is to be said of a table as it would be."""
        return marks_of(grid, self.files)


def book_in_force(layers: Layers | None = None) -> BookIn:
    """Return the book that is used, and its layer.

    Raises:
        ClinicFileError: It cannot be read, or a layer is out of reach.

    """
    own = (layers or own_layers()).files(OWN)
    layer, folder = (own[-1].layer, own[-1].path) if own else (Layer.SHIPPED, GENERIC)
    return _book(layer, folder)


def book_of_layer(layer: Layer, layers: Layers | None = None) -> BookIn:
    """Return the book of one layer.

    Raises:
        ClinicFileError: It has none.

    """
    for one in (layers or own_layers()).files(OWN):
        if one.layer == layer:
            return _book(layer, one.path)
    raise ClinicFileError(
        f"the layer '{layer}' has no dosimetry book", where=OWN,
        remedy="Put one in first: eqs settings put dosimetry_book FOLDER",
    )  # fmt: skip


def write_grid(
    grid: Grid, layer: Layer, author: Author, seen: str | None = None
) -> tuple[Draft, ...]:
    """Write one table of a layer's book; old and new value of each cell stand in the log.

    Args:
        grid: As it is to be.
        layer: Whose book is changed; it must have one.
        author: Who and why.
        seen: The file's text that was looked at; the table is refused when it is another by now.

    Raises:
        ClinicFileError: The first cell that is wrong, or what forbids the change.
        RemedyError: Nobody is named, or somebody who may not.

    """
    layers = own_layers()
    name = f"{OWN}/{grid.file}"
    author = allowed(author, [name])
    change.refuse_forbidden(layers, layer, [name])
    book = book_of_layer(layer, layers)
    if seen is not None and book.files.get(grid.file) != seen:
        raise _fault(f"somebody has changed {grid.file} meanwhile", book.folder,
                     "Look at it again, then change it.")  # fmt: skip
    wrong = [one for one in book.marks(grid) if one.state == State.ERROR]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise ClinicFileError(
            f"{wrong[0].message}{more}", where=f"dosimetry book, {grid.file}",
            remedy="Correct the value.",
        )  # fmt: skip
    draft = draft_text(layers, layer, name, grid.text)
    return change.write(layers, [draft], author, faults, "book changed")


def copy_shipped(layer: Layer, author: Author) -> tuple[Draft, ...]:
    """Begin a layer's book with the shipped generic one, which stays not for clinical use.

    Raises:
        ClinicFileError: The layer has a book already.

    """
    if any(one.layer == layer for one in own_layers().files(OWN)):
        raise _fault(f"the layer '{layer}' has a dosimetry book already", Path(OWN),
                     "Change it cell by cell.")  # fmt: skip
    return put_file(OWN, GENERIC, layer, author)


def state_words(before: BookIn, after: BookIn) -> tuple[str, ...]:
    """Return what a change means for results and for the commissioning of the book."""
    old, new = digest_of(before.files), digest_of(after.files)
    if old == new:
        return ()
    book = book_of(after.files, str(after.folder))
    told = f"The book is another one now: SHA-256 {new[:SHORT]}, before {old[:SHORT]}."
    if not book.clinical:
        return (told, f"{book.notice}.", after.state)
    since = (
        "It was changed since it was called clinical (book.toml): compare it with measurements "
        "again."
    )
    return (told, since, after.state)


def _book(layer: Layer, folder: Path) -> BookIn:
    files = files_of(folder)
    return BookIn(layer, folder, files, book_state(digest_of(files)))


def _fault(what: str, folder: Path, remedy: str = "") -> ClinicFileError:
    return ClinicFileError(
        what, where=str(folder), remedy=remedy or "Look at its tables with: eqs book show"
    )
