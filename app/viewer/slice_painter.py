"""Everything that is drawn over a slice: structures, isodoses, letters, scale, legend, words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pyqtgraph.functions import arrayToQPath
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from app.viewer.display import Display
from app.viewer.outlines import Cut
from app.viewer.painted_words import WHITE, broken_words, font_of, write_words
from app.viewer.planes import Orientation, ViewPlane
from core.dose.geometry import Floats

Colour = tuple[int, int, int]
FAINT = QColor(235, 235, 235, 120)
SHADOW = QColor(0, 0, 0, 150)
MARGIN = 8
# Strong lines take twice the time; with many structures thin ones are clearer, too.
STRONG_PEN, FEW_STRUCTURES = 1.6, 12
LEGEND_WIDTH, LEGEND_FROM = 78, 220
BAR_SHARE, LEAST_BAR = 0.3, 44
BAR_LENGTHS_MM = (200, 100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True, eq=False, slots=True)
class Overlay:
    """What lies over one slice.

    Attributes:
        structures: Colour and cut of each structure that is shown, and whether it may be filled
            (the patient's outline would colour everything).
        lines: For each isodose level its colour, words and lines.
        dashed: The same for a second dose, drawn dashed.
        cross: Pixel of the cross-hair, or None.
        title: Words at the top left, one line each.
        notes: Words at the bottom left.
        ruler: Two pixels between which a distance is measured, or None.
        ratio: The screen's pixels per unit of size: words and margins grow with it.

    """

    structures: Sequence[tuple[Colour, Cut, bool]]
    lines: Sequence[tuple[Colour, str, Sequence[Floats]]]
    dashed: Sequence[tuple[Colour, str, Sequence[Floats]]]
    cross: Floats | None
    title: Sequence[str]
    notes: Sequence[str]
    ruler: tuple[Floats, Floats] | None = None
    ratio: float = 1.0


def to_image(picture: npt.NDArray[np.uint8]) -> QImage:
    """Return a picture of shape (height, width, 4) as an image that owns its pixels."""
    height, width, _ = picture.shape
    image = QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return image.copy()


def paint_overlay(
    painter: QPainter, plane: ViewPlane, overlay: Overlay, display: Display, unit: str
) -> None:
    """Paint everything over a slice that is already painted.

    Args:
        painter: Painter whose unit is the plane's pixel.
        plane: What the slice shows.
        overlay: What to draw.
        display: How.
        unit: Unit of the dose, for the legend; empty without a dose.

    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shown = [row for row in overlay.structures if not row[1].is_empty]
    width = STRONG_PEN if len(shown) <= FEW_STRUCTURES else 1.0
    for colour, cut, fills in shown:
        pen = QPen(QColor(*colour), width)
        _structure(painter, pen, cut, display.fill if fills else 0.0)
    for colour, _, lines in overlay.lines:
        _isodose(painter, QColor(*colour), lines, Qt.PenStyle.SolidLine)
    for colour, _, lines in overlay.dashed:
        _isodose(painter, QColor(*colour), lines, Qt.PenStyle.DashLine)
    height, width = plane.size
    if overlay.cross is not None and display.show_cross:
        _cross(painter, overlay.cross, width, height)
    if overlay.ruler is not None:
        _ruler(painter, plane, overlay.ruler)
    ratio = overlay.ratio
    seen = replace(
        plane,
        size=(round(height / ratio), round(width / ratio)),
        pixel_mm=plane.pixel_mm * ratio,
    )
    if min(seen.size) < 90:
        return
    painter.scale(ratio, ratio)
    _scale_bar(painter, seen)
    below = _texts(painter, overlay, seen.size, beside_legend=_has_legend(unit, seen.size))
    end = _legend(painter, overlay, display, unit, seen.size)
    _letters(painter, seen, below, beside_legend=end > seen.size[0] / 2 - 12)


def _polygon(points: Floats) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])


def _path(lines: Sequence[Floats], *, closed: bool) -> QPainterPath:
    """Return polylines as one path, made from the arrays without a call per point."""
    if not lines:
        return QPainterPath()
    parts = [np.concatenate([line, line[:1]]) for line in lines] if closed else list(lines)
    points = np.concatenate(parts)
    joined = np.ones(len(points), dtype=np.int32)
    joined[np.cumsum([len(part) for part in parts]) - 1] = 0
    made: QPainterPath = arrayToQPath(
        points[:, 0], points[:, 1], connect=joined, finiteCheck=False
    )
    return made


def _segments(lines: Floats) -> QPainterPath:
    """Return single straight lines (n, 4) as one path."""
    points = lines.reshape(-1, 2)
    made: QPainterPath = arrayToQPath(
        points[:, 0], points[:, 1], connect="pairs", finiteCheck=False
    )
    return made


def _structure(painter: QPainter, pen: QPen, cut: Cut, fill: float) -> None:
    colour = pen.color()
    path = _path(cut.loops, closed=True)
    path.setFillRule(Qt.FillRule.OddEvenFill)
    pen.setCosmetic(True)
    if fill > 0:
        soft = QColor(colour)
        soft.setAlphaF(fill)
        painter.fillPath(path, soft)
        for x0, y0, x1, y1 in cut.boxes.tolist():
            painter.fillRect(QRectF(QPointF(x0, y0), QPointF(x1, y1)).normalized(), soft)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if len(cut.lines):
        # Along rows and columns there is nothing to smooth, and the sharp line is quicker.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawPath(_segments(cut.lines))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for band, outlines in cut.banded:
        _banded(painter, colour, band, outlines, fill)
    for x, y in cut.points.tolist():
        painter.drawLine(QLineF(x - 5, y, x + 5, y))
        painter.drawLine(QLineF(x, y - 5, x, y + 5))


def _banded(
    painter: QPainter, colour: QColor, band: Floats, outlines: Sequence[Floats], fill: float
) -> None:
    clip = QPainterPath()
    clip.addPolygon(_polygon(band))
    painter.save()
    painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
    path = _path(outlines, closed=True)
    path.setFillRule(Qt.FillRule.OddEvenFill)
    if fill > 0:
        soft = QColor(colour)
        soft.setAlphaF(fill)
        painter.fillPath(path, soft)
    painter.drawPath(path)
    painter.restore()


def _isodose(
    painter: QPainter, colour: QColor, lines: Sequence[Floats], style: Qt.PenStyle
) -> None:
    pen = QPen(colour, 1.3, style)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_path(lines, closed=False))


def _cross(painter: QPainter, at: Floats, width: int, height: int) -> None:
    pen = QPen(FAINT, 1)
    pen.setCosmetic(True)
    painter.setPen(pen)
    x, y = float(at[0]), float(at[1])
    gap = 10
    painter.drawLine(QLineF(0, y, x - gap, y))
    painter.drawLine(QLineF(x + gap, y, width, y))
    painter.drawLine(QLineF(x, 0, x, y - gap))
    painter.drawLine(QLineF(x, y + gap, x, height))


def _ruler(painter: QPainter, plane: ViewPlane, ends: tuple[Floats, Floats]) -> None:
    start, end = ends
    painter.setPen(QPen(QColor(255, 235, 60), 1.5))
    painter.drawLine(QLineF(*start.tolist(), *end.tolist()))
    length_mm = float(np.linalg.norm(end - start)) * plane.pixel_mm
    write_words(painter, float(end[0]) + 8, float(end[1]) - 6, f"{length_mm:.1f} mm")


def _letters(painter: QPainter, plane: ViewPlane, below: float, *, beside_legend: bool) -> None:
    height, width = plane.size
    left, right, top, bottom = plane.letters
    font = font_of(painter, 15, bold=True)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    middle = height / 2 + metrics.ascent() / 2
    write_words(painter, MARGIN, middle, left)
    far = MARGIN + (LEGEND_WIDTH if beside_legend else 0)
    write_words(painter, width - far - metrics.horizontalAdvance(right), middle, right)
    write_words(painter, width / 2, below + metrics.ascent(), top)
    write_words(painter, width / 2, height - MARGIN, bottom)


def _scale_bar(painter: QPainter, plane: ViewPlane) -> None:
    height, width = plane.size
    room_mm = width * BAR_SHARE * plane.pixel_mm
    length_mm = next((length for length in BAR_LENGTHS_MM if length <= room_mm), 1)
    length = length_mm / plane.pixel_mm
    painter.setFont(font_of(painter, 11))
    words = f"{length_mm // 10} cm" if length_mm >= 10 else f"{length_mm} mm"
    x, y = width - MARGIN - length, height - MARGIN - 4
    painter.setPen(QPen(SHADOW, 4))
    painter.drawLine(QLineF(x, y, x + length, y))
    painter.setPen(QPen(WHITE, 2))
    painter.drawLine(QLineF(x, y, x + length, y))
    write_words(painter, x, y - 5, words)


def _texts(
    painter: QPainter, overlay: Overlay, size: tuple[int, int], *, beside_legend: bool
) -> float:
    """Write title and notes; return where the middle of the picture is free at the top."""
    height, width = size
    painter.setFont(font_of(painter, 11))
    metrics = painter.fontMetrics()
    step = metrics.height()
    room: float = width - 2 * MARGIN - (LEGEND_WIDTH + MARGIN if beside_legend else 0)
    title = [line for words in overlay.title for line in broken_words(painter, words, room)]
    for number, words in enumerate(title):
        write_words(painter, MARGIN, MARGIN + metrics.ascent() + number * step, words)
    room = (1 - BAR_SHARE) * width - 3 * MARGIN
    notes = [line for words in overlay.notes for line in broken_words(painter, words, room)]
    for number, words in enumerate(reversed(notes)):
        write_words(painter, MARGIN, height - MARGIN - number * step, words)
    longest = max((metrics.horizontalAdvance(words) for words in title), default=0)
    reaches = MARGIN + longest > width / 2 - 10
    return float(MARGIN + (len(title) * step if reaches else 0))


def _has_legend(unit: str, size: tuple[int, int]) -> bool:
    return bool(unit) and size[0] >= LEGEND_FROM


def _legend(
    painter: QPainter, overlay: Overlay, display: Display, unit: str, size: tuple[int, int]
) -> float:
    """Draw the wash scale and the isodose levels in their colours; return where they end."""
    height, width = size
    if not _has_legend(unit, size):
        return 0.0
    painter.setFont(font_of(painter, 11))
    metrics = painter.fontMetrics()
    step = metrics.height()
    top = MARGIN + 4.0
    wash = display.wash
    if wash is not None:
        levels = len(overlay.lines) + len(overlay.dashed)
        left_over = height - int(top) - (levels + 4) * step  # every level is to find its place
        tall = min(max(left_over, LEAST_BAR), 110, height // 3)
        x = width - MARGIN - 14
        table = wash.scale.table()
        for row in range(tall):
            colour = table[round((1 - row / max(tall - 1, 1)) * (len(table) - 1))]
            painter.fillRect(QRectF(x, top + row, 14, 1.5), QColor(*(int(c) for c in colour)))
        for place, dose in (
            (0.0, wash.upper),
            (0.5, (wash.upper + wash.lower) / 2),
            (1.0, wash.lower),
        ):
            words = f"{dose:.2f} {unit}" if place == 0.0 else f"{dose:.2f}"
            y = top + place * tall + metrics.ascent() / 2 - 1
            write_words(painter, x - 6 - metrics.horizontalAdvance(words), y, words)
        top += tall + step
    shown = [*((*row, False) for row in overlay.lines), *((*row, True) for row in overlay.dashed)]
    for colour, words, _, dashed in shown:
        if top > height - 3 * step:
            break
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        y = top + metrics.ascent() / 2
        painter.setPen(QPen(QColor(*colour), 2, style))
        painter.drawLine(QLineF(width - MARGIN - 22, y, width - MARGIN, y))
        left = width - MARGIN - 28 - metrics.horizontalAdvance(words)
        write_words(painter, left, top + metrics.ascent(), words)
        top += step
    return top


def position_words(plane: ViewPlane) -> str:
    """Return where a plane lies: its distance along the patient axis it is across."""
    axis = {Orientation.AXIAL: "z", Orientation.CORONAL: "y", Orientation.SAGITTAL: "x"}
    name = axis.get(plane.orientation)
    if name is None:
        return "Oblique"
    place = float(plane.centre_mm["xyz".index(name)])
    return f"{plane.orientation.capitalize()}  {name} = {place:.1f} mm"
