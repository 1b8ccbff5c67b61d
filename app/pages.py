"""The rooms of the window: one row per room."""

from collections.abc import Callable
from dataclasses import dataclass

from app.archive.gui.page import ArchivePage
from app.both_channels import reader_back
from app.filter.gui.page import FilterPage
from app.lex.gui.page import LexPage
from app.page import Page
from app.viewer.page import ViewerPage


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the list at the left."""

    title: str
    hint: str
    make: Callable[[], Page]


ROOMS = (
    Room("LEX", "Write a transfer file from a plan", lambda: LexPage(reader_back)),
    Room("Filter", "Check an R&V export against the plan", FilterPage),
    Room("Viewer", "Dose and structures on images, DVH, beams", ViewerPage),
    Room("Archive", "Find and keep plans, images, doses of every system", ArchivePage),
)
