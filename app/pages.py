"""The rooms of the window: one row per room."""

from collections.abc import Callable
from dataclasses import dataclass

from app.both_channels import reader_back
from app.filter.gui.page import FilterPage
from app.lex.gui.page import LexPage
from app.page import Page
from app.placeholder import PlaceholderPage
from app.viewer.page import ViewerPage


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the list at the left."""

    title: str
    hint: str
    make: Callable[[], Page]


def _archive() -> Page:
    page = PlaceholderPage(
        "Archive",
        "0.3",
        (
            "an RT PACS that receives plans when they are approved, from every planning system",
            "search by patient name or number; patient, studies, series, instances",
            "retrieve and forward at any level; two archives that back up each other",
        ),
        "Until then open plans from files and folders.",
    )
    page.help_page = "archive"
    return page


ROOMS = (
    Room("LEX", "Write a transfer file from a plan", lambda: LexPage(reader_back)),
    Room("Filter", "Check an R&V export against the plan", FilterPage),
    Room("Viewer", "Dose and structures on images, DVH, beams", ViewerPage),
    Room("Archive", "Not in this version", _archive),
)
