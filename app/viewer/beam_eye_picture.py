"""The beam's eye view as a picture: jaws, leaves, blocks over radiograph and structures.

No widget. For the coordinates see `beam_eye_geometry`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QLineF, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from app.viewer.beam_eye_geometry import (
    FINE_PIXELS,
    HALF_WIDTH_MM,
    Grey,
    Shadow,
    Window,
    aim,
    drawn_of,
    path_of,
    radiograph,
    shadow_of,
    window_of,
)
from app.viewer.painted_words import WHITE, broken_words, font_of, write_words
from app.viewer.planes import letters_of
from app.viewer.scene import Scene
from core.dicom.plan import X_JAWS, Y_JAWS, Beam, ControlPoint, LeafBank, Plan
from core.dose.beam_frame import BeamFrame
from core.dose.geometry import Floats

# How far out leaves and jaws are drawn.
FAR_MM = 400.0
MARGIN = 8
SHADOW, AXIS = QColor(0, 0, 0, 150), QColor(235, 235, 235, 190)
JAW, BLOCK, TITLE = QColor(240, 170, 30), QColor(0, 190, 130), QColor(255, 235, 60)
LEAVES = (QColor(86, 180, 233), QColor(214, 132, 190))
TINT = 125
BAR_LENGTHS_MM = (100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True, eq=False, slots=True)
class BeamView:
    """What a beam's eye view shows.

    Attributes:
        beam: The beam.
        point: The control point; None when the beam has none.
        frame: Where the beam looks; None when the plan does not tell it.
        grey: Radiograph, or None.
        shadows: Structures.
        notes: What is not drawn or was assumed, one line each.
        jaws: Whether jaws are drawn.
        leaves: Whether leaves are drawn.
        blocks: Whether blocks are drawn.

    """

    beam: Beam
    point: ControlPoint | None
    frame: BeamFrame | None
    grey: Grey | None = None
    shadows: tuple[Shadow, ...] = ()
    notes: tuple[str, ...] = ()
    jaws: bool = True
    leaves: bool = True
    blocks: bool = True


def render_beam_eye(
    scene: Scene | None, plan: Plan, beam: Beam, point_index: int, pixels: int
) -> QImage:
    """Return a finished square view, radiograph and structures made here and now.

    Raises:
        IndexError: The beam has control points, but none at `point_index`.

    """
    point = beam.points[point_index] if beam.points else None
    frame, notes = aim(scene, plan, beam, point)
    with_images, with_structures, more = drawn_of(scene, plan)
    view = BeamView(beam, point, frame, notes=notes + more)
    if scene is not None and frame is not None:
        if with_images and scene.volume is not None:
            view = replace(view, grey=radiograph(scene, frame, FINE_PIXELS, None))
        if with_structures:
            shadows = tuple(shadow_of(one.structure, frame) for one in scene.outlines)
            view = replace(view, shadows=shadows)
    image = QImage(pixels, pixels, QImage.Format.Format_RGB32)
    window = window_of(beam)
    painter = QPainter(image)
    try:
        paint_beam_view(painter, (pixels, pixels), view, window)
    finally:  # a painter that outlives its image ends the program
        painter.end()
    return image


def paint_beam_view(
    painter: QPainter, size: QSize | tuple[int, int], view: BeamView, window: Window
) -> None:
    """Paint a view.

    Args:
        painter: Painter whose unit is a pixel of the view.
        size: Width and height.
        view: What to draw.
        window: Which part of it.

    """
    width, height = size.toTuple() if isinstance(size, QSize) else size
    painter.fillRect(QRectF(0, 0, width, height), Qt.GlobalColor.black)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    to_pixels = window.to_pixels(width, height)
    if view.grey is not None and view.frame is not None:
        side = view.grey.shape[0]
        image = QImage(view.grey.data, side, side, side, QImage.Format.Format_Grayscale8)
        field = QRectF(-HALF_WIDTH_MM, -HALF_WIDTH_MM, 2 * HALF_WIDTH_MM, 2 * HALF_WIDTH_MM)
        painter.drawImage(to_pixels.mapRect(field), image)
    painter.save()
    painter.setTransform(to_pixels, True)
    legend, notes = _devices(painter, view, window.scale(width, height))
    for shadow in view.shadows if view.frame is not None else ():
        _shadow(painter, shadow, 5 / window.scale(width, height))
    painter.restore()
    paint_axes(painter, (width, height), to_pixels, window.scale(width, height))
    _words(painter, (width, height), view, legend, (*view.notes, *notes))
    paint_scale_bar(painter, (width, height), window.scale(width, height))


def _devices(
    painter: QPainter, view: BeamView, scale: float
) -> tuple[list[tuple[str, QColor]], list[str]]:
    """Draw leaves, jaws and blocks; return the legend and what could not be drawn."""
    legend: list[tuple[str, QColor]] = []
    notes: list[str] = []
    if view.point is None:
        return legend, notes
    if view.leaves:
        banks = view.beam.leaf_banks
        for number, bank in enumerate(banks):
            colour = LEAVES[number % len(LEAVES)]
            problem = leaf_problem(bank, view.point)
            if problem:
                notes.append(problem)
            else:
                _leaves(painter, bank, view.point.leaves[bank.kind], colour, scale)
                legend.append((f"Leaves {bank.kind}", colour))
        loose = set(view.point.leaves) - {bank.kind for bank in banks}
        notes += [f"{kind} is not drawn: the plan tells no leaf widths" for kind in sorted(loose)]
    if view.jaws:
        legend += _jaws(painter, view.point)
    if view.blocks and view.beam.blocks:
        legend += _blocks(painter, view.beam)
    return legend, notes


def leaf_problem(bank: LeafBank, point: ControlPoint) -> str:
    """Return why the leaves of a collimator cannot be drawn; empty when they can."""
    leaves, pairs = point.leaves.get(bank.kind), len(bank.edges_mm) - 1
    if leaves is None:
        return f"{bank.kind} is not drawn: no usable positions of its {pairs} pairs in the plan"
    if len(leaves) != 2 * pairs:
        return f"{bank.kind} is not drawn: {len(leaves)} positions for {pairs} pairs of leaves"
    return "" if np.isfinite(leaves).all() else f"{bank.kind} is not drawn: no numbers"


def _leaves(
    painter: QPainter, bank: LeafBank, leaves: Floats, colour: QColor, scale: float
) -> None:
    """Draw both banks: each leaf from far outside to its tip."""
    low, high = bank.edges_mm[:-1], bank.edges_mm[1:]
    path, tips = QPainterPath(), QPainterPath()
    for tip_mm, outside in zip(np.split(leaves, 2), (-FAR_MM, FAR_MM), strict=True):
        out = np.full(len(low), outside)
        # tip-low, out-low, out-high, tip-high, tip-low: (pairs, 5, along and across)
        along = np.stack([tip_mm, out, out, tip_mm, tip_mm], axis=1)
        across = np.stack([low, low, high, high, low], axis=1)
        boxes = np.stack([along, across] if bank.along_x else [across, along], axis=2)
        path.addPath(path_of(boxes))
        tips.addPath(path_of(boxes[:, 3:]))
        front = np.stack([np.repeat(tip_mm, 2), np.stack([low, high], axis=1).reshape(-1)])
        tips.addPath(path_of((front if bank.along_x else front[::-1]).T[np.newaxis]))
    _tint(painter, path, colour)
    if scale * float(np.abs(high - low).min()) > 3:
        painter.strokePath(path, _pen(colour, 0.6, 110))
    painter.strokePath(tips, _pen(colour, 1.5, 255))


def _jaws(painter: QPainter, point: ControlPoint) -> list[tuple[str, QColor]]:
    pair_x, pair_y = point.jaw_mm(X_JAWS), point.jaw_mm(Y_JAWS)
    if pair_x is None and pair_y is None:
        return []
    x, y = pair_x or (-FAR_MM, FAR_MM), pair_y or (-FAR_MM, FAR_MM)
    if not np.isfinite([*x, *y]).all():
        return []
    path = _everywhere()
    path.addRect(QRectF(QPointF(x[0], y[0]), QPointF(max(x), max(y))))
    _tint(painter, path, JAW)
    painter.setPen(_pen(JAW, 1.5, 255))
    for place in pair_x or ():
        painter.drawLine(QLineF(place, -FAR_MM, place, FAR_MM))
    for place in pair_y or ():
        painter.drawLine(QLineF(-FAR_MM, place, FAR_MM, place))
    kinds = [kind for kind in (*X_JAWS, *Y_JAWS) if kind in point.jaws]
    return [(f"Jaws {', '.join(kinds)}", JAW)]


def _blocks(painter: QPainter, beam: Beam) -> list[tuple[str, QColor]]:
    """Fill what blocks shield and what lies outside apertures; outline any other kind."""
    shields, holes, legend = QPainterPath(), QPainterPath(), []
    for block in beam.blocks:
        own = path_of(np.concatenate([block.outline_mm, block.outline_mm[:1]])[np.newaxis])
        (holes if block.kind == "APERTURE" else shields).addPath(own)
        legend.append((f"{block.kind.capitalize() or 'Block'} {block.name}".strip(), BLOCK))
    shields.setFillRule(Qt.FillRule.WindingFill)
    _tint(painter, shields, BLOCK)
    if not holes.isEmpty():
        outside = _everywhere()
        outside.addPath(holes)
        _tint(painter, outside, BLOCK)
    painter.strokePath(shields, _pen(BLOCK, 1.8, 255))
    painter.strokePath(holes, _pen(BLOCK, 1.8, 255))
    return legend


def _everywhere() -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(-FAR_MM, -FAR_MM, 2 * FAR_MM, 2 * FAR_MM))
    return path


def _tint(painter: QPainter, path: QPainterPath, colour: QColor) -> None:
    """Fill what is covered: darker than the open part on bright grey, seen on black."""
    soft = colour.darker(200)
    soft.setAlpha(TINT)
    painter.fillPath(path, soft)


def _pen(colour: QColor, width: float, alpha: int) -> QPen:
    pen = QPen(QColor(colour.red(), colour.green(), colour.blue(), alpha), width)
    pen.setCosmetic(True)
    return pen


def _shadow(painter: QPainter, shadow: Shadow, arm_mm: float) -> None:
    painter.setPen(_pen(QColor(*shadow.colour), 1.2, 255))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for line in shadow.lines:
        painter.drawPath(path_of(line[np.newaxis]))
    painter.setPen(_pen(QColor(*shadow.colour), 1.8, 255))
    for x, y in shadow.points.tolist():
        painter.drawLine(QLineF(x - arm_mm, y, x + arm_mm, y))
        painter.drawLine(QLineF(x, y - arm_mm, x, y + arm_mm))


def paint_axes(
    painter: QPainter, size: tuple[int, int], to_pixels: QTransform, scale: float
) -> None:
    """Draw the collimator's axes through the isocentre, a tick each cm, longer each 5 cm."""
    width, height = size
    zero = to_pixels.map(QPointF(0, 0))
    lines = [QLineF(0, zero.y(), width, zero.y()), QLineF(zero.x(), 0, zero.x(), height)]
    ticks = [n for n in range(-40, 41) if n and (n % 5 == 0 or scale * 10 >= 5)]
    for n in ticks:
        reach = 6 if n % 5 == 0 else 3
        at = to_pixels.map(QPointF(10 * n, 10 * n))
        lines.append(QLineF(at.x(), zero.y() - reach, at.x(), zero.y() + reach))
        lines.append(QLineF(zero.x() - reach, at.y(), zero.x() + reach, at.y()))
    for pen in (QPen(SHADOW, 3), QPen(AXIS, 1)):
        painter.setPen(pen)
        painter.drawLines(lines)
    painter.setPen(QPen(TITLE, 2))
    painter.drawLine(QLineF(zero.x() - 9, zero.y(), zero.x() + 9, zero.y()))
    painter.drawLine(QLineF(zero.x(), zero.y() - 9, zero.x(), zero.y() + 9))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(zero, 5.0, 5.0)


def title_of(view: BeamView) -> list[str]:
    """Return the words at the top left."""
    beam, point = view.beam, view.point
    setup = " (setup)" if beam.is_setup else ""
    title = [f"Beam {beam.number} {beam.name}{setup}"]
    if point is not None:
        names = ("Gantry", "Collimator", "Couch")
        angles = (point.gantry_deg, point.collimator_deg, point.couch_deg)
        title += [
            f"{name} {QLocale().toString(angle, 'f', 1)}°"
            for name, angle in zip(names, angles, strict=True)
            if angle is not None
        ]
    return title + ([f"Applicator {beam.applicator}"] if beam.applicator else [])


def _words(
    painter: QPainter, size: tuple[int, int], view: BeamView,
    legend: Sequence[tuple[str, QColor]], notes: Sequence[str],
) -> None:  # fmt: skip
    width, height = size
    painter.setFont(font_of(painter, 11))
    metrics = painter.fontMetrics()
    step, ascent = metrics.height(), metrics.ascent()
    room, end = round(width / 2 - 2 * MARGIN), Qt.TextElideMode.ElideRight
    title = [line for words in title_of(view) for line in broken_words(painter, words, room)]
    for number, words in enumerate(title):
        place = MARGIN + ascent + number * step
        write_words(painter, MARGIN, place, metrics.elidedText(words, end, room))
    for number, (words, colour) in enumerate(legend):
        seen = metrics.elidedText(words, end, room - 2 * MARGIN)
        place = width - MARGIN - metrics.horizontalAdvance(seen)
        write_words(painter, place, MARGIN + ascent + number * step, seen, colour)
    notes = [line for words in notes for line in broken_words(painter, words, 0.66 * width)]
    for number, words in enumerate(reversed(notes)):
        write_words(painter, MARGIN, height - MARGIN - 3 - number * step, words, TITLE)
    long = max((metrics.horizontalAdvance(words) for words in notes), default=0)
    above = len(notes) * step if long > width / 2 - 10 else 0
    if view.frame is None:
        return
    painter.setFont(font_of(painter, 15, bold=True))
    metrics = painter.fontMetrics()
    x, y = view.frame.x_axis, view.frame.y_axis
    beside, below = width / 2 + 10, height / 2 - 10
    write_words(painter, MARGIN, below, letters_of(-x))
    right = letters_of(x)
    write_words(painter, width - MARGIN - metrics.horizontalAdvance(right), below, right)
    write_words(painter, beside, MARGIN + metrics.ascent(), letters_of(y))
    write_words(painter, beside, height - MARGIN - above, letters_of(-y))


def paint_scale_bar(
    painter: QPainter, size: tuple[int, int], scale: float, where: str = ""
) -> None:
    """Draw a length at the isocentre plane; `scale` are pixels per mm."""
    width, height = size
    length_mm = next((one for one in BAR_LENGTHS_MM if one * scale <= 0.25 * width), 1)
    painter.setFont(font_of(painter, 11))
    x, y = width - MARGIN - length_mm * scale, height - MARGIN - 4
    bar = QLineF(x, y, x + length_mm * scale, y)
    for pen in (QPen(SHADOW, 4), QPen(WHITE, 2)):
        painter.setPen(pen)
        painter.drawLine(bar)
    words = (f"{length_mm // 10} cm" if length_mm >= 10 else f"{length_mm} mm") + where
    left = min(x, width - MARGIN - painter.fontMetrics().horizontalAdvance(words))
    write_words(painter, left, y - 5, words)
