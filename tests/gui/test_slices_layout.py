"""Slice views keep what is seen when layouts and sizes change; words stay within their view."""

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from app.viewer.display import Display
from app.viewer.painted_words import broken_words, font_of
from app.viewer.planes import Orientation, fitting_pixel_mm, view_plane
from app.viewer.scene_build import build_scene
from app.viewer.slice_painter import Overlay, paint_overlay
from app.viewer.slices_panel import LAYOUTS, SlicesPanel
from core.dicom.pixels import read_volume
from core.dicom.rt_set import read_rt_sets
from core.dose.colour_wash import scales
from tests.core.dicom_maker import clean_set

SIZES = ((900, 620), (500, 900), (1200, 400), (900, 620))
LONG = "100 % = 14.00 Gy (highest of 2 prescribed doses of a plan with a long name)"


@pytest.fixture
def scene(tmp_path):
    (own,) = read_rt_sets([clean_set().write(tmp_path)])
    (series,) = own.series
    grid = read_volume(series, lambda *_: None)
    return build_scene(own, series, grid, own.structure_sets[0], own.doses[0], None)


@pytest.fixture
def panel(qtbot, scene):
    panel = SlicesPanel()
    qtbot.addWidget(panel)
    panel.resize(*SIZES[0])
    panel.show()
    panel.set_scene(scene, Display())
    return panel


def zooms(panel, scene):
    """Return how large each view shows the patient, compared with the whole in its size."""
    return [
        fitting_pixel_mm(view.plane, scene.box_mm, view.plane.size) / view.plane.pixel_mm
        for view in panel.views
    ]


def test_that_no_order_of_layouts_and_sizes_makes_the_patient_smaller(qtbot, panel, scene):
    before = zooms(panel, scene)
    for size, name in itertools.product(SIZES, [*LAYOUTS, next(iter(LAYOUTS))]):
        panel.resize(*size)
        panel.set_layout(name)
        qtbot.wait(5)
        assert zooms(panel, scene) == pytest.approx(before, rel=1e-6)
        for view in panel.shown_views():
            assert view.plane.size == (view.height(), view.width())


def test_that_what_the_user_has_enlarged_stays_enlarged(qtbot, panel, scene):
    view = panel.views[0]
    view.set_plane(view.plane.zoomed(3.0, view.plane.centre_mm))
    middle = view.plane.centre_mm
    panel.set_layout("Axial only")
    qtbot.wait(5)
    panel.set_layout("Four views")
    qtbot.wait(5)
    assert zooms(panel, scene)[0] == pytest.approx(3.0, rel=1e-6)
    assert view.plane.centre_mm == pytest.approx(middle)


@pytest.mark.parametrize("width", [200, 300, 420])
def test_that_long_words_are_broken_before_the_legend_and_keep_every_word(qapp, width):
    image = QImage(width, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setFont(font_of(painter, 11))
    lines = broken_words(painter, LONG, width - 90)
    assert " ".join(lines) == LONG
    assert all(painter.fontMetrics().horizontalAdvance(line) <= width - 90 for line in lines)
    painter.end()


def painted(size, levels):
    """Return the picture of a title and a legend on black."""
    height, width = size
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    plane = view_plane(Orientation.AXIAL, np.array([[-1.0] * 3, [1.0] * 3]), np.zeros(3), size)
    lines = [((number * 20 + 5, 255, 0), f"{number} %", []) for number in range(levels)]
    overlay = Overlay([], lines, [], None, [LONG], [LONG])
    painter = QPainter(image)
    paint_overlay(painter, plane, overlay, Display(reference_gy=60.0, scale=scales()[0]), "Gy")
    painter.end()
    return image


def test_that_the_words_of_a_small_view_do_not_run_into_its_legend():
    image = painted((240, 400), 0)
    # Between title and legend a strip is black from the top to the middle.
    assert any(
        all(image.pixelColor(column, row).lightness() < 8 for row in range(60))
        for column in range(300, 330)
    )


def test_that_a_small_view_names_every_level_it_draws():
    image = painted((240, 400), 10)
    colours = {image.pixelColor(380, row).getRgb()[:3] for row in range(image.height())}
    assert {(number * 20 + 5, 255, 0) for number in range(10)} <= colours
