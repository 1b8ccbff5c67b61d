"""The rooms of the window: one row per room. A room's code is loaded when the room is wanted."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.page import Page
from core.findings import Finding

# Loading takes long (numbers, DICOM, pictures): the window is there before.
# ruff: noqa: PLC0415


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the list at the left.

    Attributes:
        load: Loads the room's code, in any thread, and returns what makes the page, in the
            window's own.

    """

    title: str
    hint: str
    load: Callable[[], Callable[[], Page]]


def _reader_back(
    plan: Path,
    trial: str | None = None,
    beams: Collection[str] | None = None,
    expected: Collection[str] = (),
) -> Callable[[Path], Sequence[Finding]]:
    from app.both_channels import reader_back

    return reader_back(plan, trial, beams, expected)


def _lex() -> Callable[[], Page]:
    from app.lex.gui.page import LexPage

    return lambda: LexPage(_reader_back)


def _filter() -> Callable[[], Page]:
    from app.filter.gui.page import FilterPage

    return FilterPage


def _viewer() -> Callable[[], Page]:
    from app.viewer.page import ViewerPage

    return ViewerPage


def _archive() -> Callable[[], Page]:
    from app.archive.gui.page import ArchivePage

    return ArchivePage


ROOMS = (
    Room("LEX", "Write a transfer file from a plan", _lex),
    Room("Filter", "Check an R&V export against the plan", _filter),
    Room("Viewer", "Dose and structures on images, DVH, beams", _viewer),
    Room("Archive", "Find and keep plans, images, doses of every system", _archive),
)
