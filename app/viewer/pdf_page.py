"""One printable page of what the slice views show."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import QFont, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

DOTS_PER_INCH = 300
HEAD_SHARE, FOOT_SHARE = 0.09, 0.035
GAP_SHARE = 0.008


@dataclass(frozen=True, slots=True)
class PageWords:
    """What stands above and below the pictures.

    Attributes:
        patient: Name, ID, birth date.
        lines: Plan, dose and reference dose, geometry verdict; one line each.
        foot: Program, version, date and time.

    """

    patient: str
    lines: tuple[str, ...]
    foot: str


def pdf_page(pictures: Sequence[QImage], words: PageWords) -> bytes:
    """Return a PDF page, A4 across, with up to four pictures.

    Args:
        pictures: Finished views; the first largest where there are one or three.
        words: What stands above and below.

    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DOTS_PER_INCH)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageOrientation(QPageLayout.Orientation.Landscape)
    writer.setPageMargins(QMarginsF(10, 10, 10, 10), QPageLayout.Unit.Millimeter)
    writer.setTitle(words.patient)
    painter = QPainter(writer)
    page = QRectF(0, 0, writer.width(), writer.height())
    _head(painter, page, words)
    _pictures(painter, page, pictures)
    _foot(painter, page, words)
    painter.end()
    return bytes(buffer.data().data())


def _font(page: QRectF, share: float, *, bold: bool = False) -> QFont:
    font = QFont("DejaVu Sans")
    font.setPixelSize(max(round(page.height() * share), 1))
    font.setBold(bold)
    return font


def _head(painter: QPainter, page: QRectF, words: PageWords) -> None:
    area = QRectF(0, 0, page.width(), page.height() * HEAD_SHARE)
    painter.setFont(_font(page, 0.024, bold=True))
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words.patient)
    painter.setFont(_font(page, 0.015))
    below = area.adjusted(0, page.height() * 0.034, 0, 0)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(below, int(flags), "\n".join(words.lines))


def _foot(painter: QPainter, page: QRectF, words: PageWords) -> None:
    area = QRectF(0, page.height() * (1 - FOOT_SHARE), page.width(), page.height() * FOOT_SHARE)
    painter.setFont(_font(page, 0.012))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
    painter.drawText(area, int(flags), words.foot)


def _pictures(painter: QPainter, page: QRectF, pictures: Sequence[QImage]) -> None:
    top = page.height() * HEAD_SHARE
    area = QRectF(0, top, page.width(), page.height() * (1 - FOOT_SHARE) - top)
    gap = page.width() * GAP_SHARE
    columns = 1 if len(pictures) == 1 else 2
    rows = (len(pictures) + columns - 1) // columns
    for number, picture in enumerate(pictures):
        width = (area.width() - gap * (columns - 1)) / columns
        height = (area.height() - gap * (rows - 1)) / max(rows, 1)
        place = QRectF(
            area.left() + number % columns * (width + gap),
            area.top() + number // columns * (height + gap),
            width,
            height,
        )
        size = picture.size().scaled(place.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        inner = QRectF(0, 0, size.width(), size.height())
        inner.moveCenter(place.center())
        painter.drawImage(inner, picture)
