"""A table of the dosimetry book as a picture in a file, without a window."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtWidgets import QApplication

from app.filter.gui.book_plot import BookPlot
from app.filter.mu.book import Book, OutOfBookError
from app.no_screen import ensure_application
from core.safe_write import write_whole

SIZE = (1100, 640)


def write_plot(book: Book, beam: str, table: str, path: Path) -> None:
    """Draw one table as the window shows it and write it as PNG, whole or not at all.

    Raises:
        OutOfBookError: The book has no such beam or table.

    """
    own = next((one for one in book.beams if one.id == beam), None)
    if own is None:
        raise OutOfBookError(
            f"the book has no beam {beam}; it has {', '.join(one.id for one in book.beams)}",
            where="dosimetry book", remedy="Name one of its beams (--beam).",
        )  # fmt: skip
    own.table(table)
    ensure_application()
    plot = BookPlot()
    plot.resize(*SIZE)
    plot.show_book(book)
    plot.choose(beam, table)
    plot.show()
    QApplication.processEvents()
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    plot.grab().save(data, "PNG")
    plot.close()
    write_whole(path, bytes(data.data().data()))
