"""A page of the Filter as PDF (O-10, O-12): A4, fonts inside, archivable (PDF/A-1b)."""

import os
import sys

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextDocument,
)

DOTS_PER_INCH = 150
MARGIN_MM = 12.0
_APPLICATION: QGuiApplication | None = None


def pdf_of(html: str, title: str, *, landscape: bool = False) -> bytes:
    """Return a page as PDF; long tables go on over as many pages as they need.

    Args:
        html: A self-contained page.
        title: Title of the document; no name of a patient belongs into it.
        landscape: Whether the sheet lies across.

    """
    require_fonts()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPdfVersion(QPagedPaintDevice.PdfVersion.PdfVersion_A1b)
    writer.setResolution(DOTS_PER_INCH)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    across = QPageLayout.Orientation.Landscape if landscape else QPageLayout.Orientation.Portrait
    writer.setPageOrientation(across)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    writer.setTitle(title)
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    document.setDefaultFont(QFont("DejaVu Sans", 9))
    document.setHtml(html)
    document.setPageSize(QSizeF(writer.width(), writer.height()))
    document.print_(writer)
    return bytes(buffer.data().data())


def require_fonts() -> None:
    """Make Qt's fonts usable in a command without a window."""
    global _APPLICATION  # noqa: PLW0603  (Qt keeps one application a process)
    if QGuiApplication.instance() is None:
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _APPLICATION = QGuiApplication([])
