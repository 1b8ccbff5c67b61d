"""Pictures of dose planes and profiles, painted: for the report, the page and the command."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageWriter, QPainter, QPen, QPolygonF

from app.filter.film.analysis import Profile
from app.filter.film.plane import FilmPlane
from app.no_screen import ensure_application
from core.dose.geometry import Floats

Anchors = tuple[tuple[float, tuple[int, int, int]], ...]
# Dark to light through blue, green and yellow: grows in lightness throughout, so that it can be
# read in grey print and by people who do not tell red from green.
DOSE: Anchors = (
    (0.0, (68, 1, 84)), (0.25, (59, 82, 139)), (0.5, (33, 145, 140)), (0.75, (94, 201, 98)),
    (1.0, (253, 231, 37)),
)  # fmt: skip
DIFFERENCE: Anchors = ((0.0, (33, 102, 172)), (0.5, (247, 247, 247)), (1.0, (178, 24, 43)))
# Up to 1 in greys and greens, beyond it in a colour that no passing point has.
GAMMA: Anchors = (
    (0.0, (240, 244, 240)), (0.499, (120, 170, 130)), (0.5, (245, 130, 32)), (1.0, (170, 20, 30)),
)  # fmt: skip
DISTANCE: Anchors = ((0.0, (245, 245, 250)), (0.5, (158, 154, 200)), (1.0, (63, 0, 125)))
ONE, OTHER = "#0072b2", "#d55e00"
"""Okabe and Ito's blue and vermillion; the line of the evaluated dose is dashed as well."""
LEFT, TOP, RIGHT, BOTTOM = 58, 28, 74, 40
FONT_PIXELS = 13
TICKS, LEAST_APART = 5, 46


@dataclass(frozen=True, slots=True)
class Paper:
    """Colours of a picture's ground and ink, and its size."""

    ground: str = "#ffffff"
    ink: str = "#1b1b1b"
    missing: str = "#c9c9c9"
    width: int = 420
    height: int = 360


@dataclass(frozen=True, eq=False, slots=True)
class Map:
    """Values on the points of a plane, and how they are coloured."""

    title: str
    unit: str
    values: npt.NDArray[np.float32]
    x_mm: Floats
    y_mm: Floats
    low: float
    high: float
    colours: Anchors


def dose_map(title: str, plane: FilmPlane, high: float) -> Map:
    """Return the picture of a dose."""
    return Map(title, "Gy", plane.values, plane.x_mm, plane.y_mm, 0.0, high, DOSE)


def map_image(own: Map, paper: Paper | None = None) -> QImage:
    """Paint a map with its axes in mm and its scale; the top is the highest y."""
    paper = paper or Paper()
    image, painter = _canvas(paper)
    rows, columns = own.values.shape
    box = frame_of(own, paper)
    pixels = _coloured(own, paper)
    picture = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(box, picture)
    painter.setPen(QColor(paper.ink))
    painter.drawRect(box)
    painter.drawText(QRectF(0, 2, paper.width, TOP - 4), Qt.AlignmentFlag.AlignCenter, own.title)
    _ticks(painter, box, (own.x_mm[0], own.x_mm[-1]), (own.y_mm[0], own.y_mm[-1]))
    _axis_names(painter, paper, box, "x (mm)", "y (mm)")
    _scale(painter, paper, box, own)
    painter.end()
    return image


def frame_of(own: Map, paper: Paper) -> QRectF:
    """Return where the plane lies in its picture; one scale across and up."""
    inside = QRectF(LEFT, TOP, paper.width - LEFT - RIGHT, paper.height - TOP - BOTTOM)
    wide, tall = float(np.ptp(own.x_mm)), float(np.ptp(own.y_mm))
    scale = max(min(inside.width() / wide, inside.height() / tall), 1e-6)
    box = QRectF(inside.left(), inside.top(), wide * scale, tall * scale)
    box.moveCenter(inside.center())
    return box


def profile_image(own: Profile, labels: tuple[str, ...], paper: Paper | None = None) -> QImage:
    """Paint two doses along a line."""
    paper = paper or Paper()
    image, painter = _canvas(paper)
    box = QRectF(LEFT, TOP, paper.width - LEFT - 16, paper.height - TOP - BOTTOM)
    most = max(
        (float(np.nanmax(line)) for line in (own.reference, own.evaluated)
         if np.isfinite(line).any()), default=1.0,
    )  # fmt: skip
    ends = (float(own.mm[0]), float(own.mm[-1]))
    top = 1.08 * most if most > 0 else 1.0
    painter.setPen(QColor(paper.ink))
    painter.drawRect(box)
    painter.drawText(QRectF(0, 2, paper.width, TOP - 4), Qt.AlignmentFlag.AlignCenter, own.words)
    _ticks(painter, box, ends, (0.0, top))
    _axis_names(painter, paper, box, f"{own.along} (mm)", "Gy")
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    styles = ((ONE, Qt.PenStyle.SolidLine), (OTHER, Qt.PenStyle.DashLine))
    for row, (line, label, (colour, style)) in enumerate(
        zip((own.reference, own.evaluated), labels, styles, strict=False)
    ):
        pen = QPen(QColor(colour), 2, style)
        painter.setPen(pen)
        for part in _parts(own.mm, line, box, ends, top):
            painter.drawPolyline(part)
        y = box.top() + 12 + 17 * row
        painter.drawLine(QPointF(box.left() + 8, y), QPointF(box.left() + 36, y))
        painter.setPen(QColor(paper.ink))
        painter.drawText(QPointF(box.left() + 42, y + 4), label)
    painter.end()
    return image


def png_of(image: QImage) -> bytes:
    """Return an image as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def _canvas(paper: Paper) -> tuple[QImage, QPainter]:
    ensure_application()
    image = QImage(paper.width, paper.height, QImage.Format.Format_RGB32)
    image.fill(QColor(paper.ground))
    painter = QPainter(image)
    font = QFont("DejaVu Sans")
    font.setPixelSize(FONT_PIXELS)
    painter.setFont(font)
    return image, painter


def _coloured(own: Map, paper: Paper) -> npt.NDArray[np.uint8]:
    """Return values as blue, green, red and nothing, from the top; shape (rows, columns, 4)."""
    shares = np.array([share for share, _ in own.colours])
    span = own.high - own.low if own.high > own.low else 1.0
    at = np.clip((own.values[::-1].astype(float) - own.low) / span, 0, 1)
    missing = QColor(paper.missing)
    pixels = np.full((*at.shape, 4), 255, dtype=np.uint8)
    for channel, empty in ((2, missing.red()), (1, missing.green()), (0, missing.blue())):
        values = np.array([colour[2 - channel] for _, colour in own.colours], dtype=float)
        found = np.interp(at, shares, values)
        pixels[..., channel] = np.where(np.isnan(at), empty, np.nan_to_num(found))
    return np.ascontiguousarray(pixels)


def _ticks(
    painter: QPainter, box: QRectF, across: tuple[float, float], up: tuple[float, float]
) -> None:
    """Draw round numbers along the left and lower sides."""
    for at in _round_steps(*across, box.width() / LEAST_APART):
        x = box.left() + box.width() * (at - across[0]) / (across[1] - across[0])
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 3))
        words = QRectF(x - 30, box.bottom() + 3, 60, 16)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, f"{at:g}")
    for at in _round_steps(*up, box.height() / LEAST_APART * 2):
        y = box.bottom() - box.height() * (at - up[0]) / (up[1] - up[0])
        painter.drawLine(QPointF(box.left() - 3, y), QPointF(box.left(), y))
        words = QRectF(box.left() - 47, y - 8, 42, 16)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(words, flags, f"{at:g}")


def _round_steps(low: float, high: float, room: float) -> Sequence[float]:
    """Return round numbers between two, not more than there is room for."""
    rough = (high - low) / max(min(TICKS, room), 1.0)
    power = 10 ** np.floor(np.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough * 0.999)
    first = np.ceil(low / step - 1e-9)
    # Adding 0 turns a zero below zero, which would be written "-0", into plain zero.
    return [float(np.round(n * step, 10)) + 0.0 for n in np.arange(first, high / step + 1e-9)]


def _axis_names(painter: QPainter, paper: Paper, box: QRectF, across: str, up: str) -> None:
    painter.drawText(
        QRectF(box.left(), paper.height - 19, box.width(), 17), Qt.AlignmentFlag.AlignCenter,
        across,
    )  # fmt: skip
    painter.save()
    painter.translate(10, box.center().y())
    painter.rotate(-90)
    painter.drawText(QRectF(-60, -8, 120, 16), Qt.AlignmentFlag.AlignCenter, up)
    painter.restore()


def _scale(painter: QPainter, paper: Paper, box: QRectF, own: Map) -> None:
    """Draw the colours with their values at the right."""
    bar = QRectF(box.right() + 10, box.top(), 12, box.height())
    steps = int(bar.height())
    ramp = np.linspace(own.low, own.high, steps, dtype=np.float32)[:, None]
    column = Map("", "", ramp, own.x_mm, own.y_mm, own.low, own.high, own.colours)
    pixels = _coloured(column, paper)
    painter.drawImage(bar, QImage(pixels.data, 1, steps, 4, QImage.Format.Format_RGB32))
    painter.drawRect(bar)
    for at in _round_steps(own.low, own.high, bar.height() / LEAST_APART * 2):
        y = bar.bottom() - bar.height() * (at - own.low) / (own.high - own.low)
        painter.drawText(QPointF(bar.right() + 4, y + 4), f"{at:g}")


def _parts(
    mm: Floats, line: Floats, box: QRectF, ends: tuple[float, float], top: float
) -> Sequence[QPolygonF]:
    """Return a line in pieces, broken where there is no dose."""
    parts: list[QPolygonF] = []
    broken = True
    for at, dose in zip(mm, line, strict=True):
        if not np.isfinite(dose):
            broken = True
            continue
        if broken:
            parts.append(QPolygonF())
            broken = False
        x = box.left() + box.width() * (at - ends[0]) / (ends[1] - ends[0])
        y = box.bottom() - box.height() * max(min(dose / top, 1.0), 0.0)
        parts[-1].append(QPointF(float(x), float(y)))
    return parts
