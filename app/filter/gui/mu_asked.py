"""What the MU tab asks to be calculated, and the calculation, off the GUI thread."""

from dataclasses import dataclass, field
from pathlib import Path

from app.background import Progress
from app.filter.mu.book import Book
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.check import Choices, mu_report
from app.filter.mu.report import MuReport


@dataclass(frozen=True, slots=True)
class Asked:
    """What to calculate, and by what."""

    rv: Path
    plan: Path
    book: Path | None = None
    choices: Choices = field(default_factory=Choices)
    ct: Path | None = None


def calculated(asked: Asked, progress: Progress) -> tuple[MuReport, Book]:
    """Open the book and calculate. No widget in sight."""
    progress(0.1, "reading the dosimetry book")
    book = open_book(own_book_folder(asked.book))
    progress(0.3, "calculating the fields")
    return mu_report(asked.rv, asked.plan, book, asked.choices, ct=asked.ct), book
