"""The page RT images: present when there are any, picture, isocentre, grey window, facts."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from app.background import JOBS
from app.viewer.desk import Desk
from app.viewer.loading import load_sets
from app.viewer.slice_picture import Window
from tests.core.dicom_maker import clean_set
from tests.core.rt_image_maker import AXIS_COLUMN, AXIS_ROW, portal


def desk_of(qtbot, path):
    desk = Desk()
    qtbot.addWidget(desk)
    desk.resize(1200, 700)
    desk.show_loaded(load_sets([path], lambda *_: None))
    desk.show()
    return desk


def looked_at(qtbot, desk):
    desk.tabs.setCurrentWidget(desk.rt_images)
    qtbot.waitUntil(
        lambda: JOBS.running == () and desk.rt_images.canvas.has_picture, timeout=20000
    )
    return desk.rt_images


@pytest.fixture
def panel(qtbot, tmp_path):
    toy = clean_set()
    toy.more = [portal(toy.plan), portal(number=71)]
    desk = desk_of(qtbot, toy.write(tmp_path / "set"))
    yield looked_at(qtbot, desk)
    desk.leave()


@pytest.mark.parametrize("count", [0, 1])
def test_that_the_page_is_there_only_with_images(qtbot, tmp_path, count):
    toy = clean_set()
    toy.more = [portal()] * count
    desk = desk_of(qtbot, toy.write(tmp_path / "set"))
    assert desk.tabs.isTabVisible(desk.tabs.indexOf(desk.rt_images)) == bool(count)
    desk.leave()


@pytest.mark.req("Y-10")
def test_that_the_isocentre_is_drawn_on_the_pixel_of_the_axis(panel):
    canvas = panel.canvas
    place = canvas.window_shown.to_pixels(canvas.width(), canvas.height()).map(QPointF(0, 0))
    panel._tell(canvas.mm_at(place))
    assert f"column {AXIS_COLUMN + 1:.0f}" in panel.probe.text()
    assert f"row {AXIS_ROW + 1:.0f}" in panel.probe.text()
    assert "value 4000" in panel.probe.text().replace(",", "")


def test_that_x_grows_to_the_right_and_y_upwards(panel):
    canvas = panel.canvas
    middle = QPointF(canvas.width() / 2, canvas.height() / 2)
    at = canvas.mm_at(middle)
    assert canvas.mm_at(middle + QPointF(10, 0)).x() > at.x()
    assert canvas.mm_at(middle + QPointF(0, -10)).y() > at.y()


def test_that_the_scale_is_that_of_the_isocentre(panel):
    from app.viewer.rt_image_canvas import field_mm

    field = field_mm(panel.image)
    assert field.width() == pytest.approx(40 * 0.4)
    assert field.height() == pytest.approx(30 * 0.5)


def test_that_the_facts_name_plan_and_beam(panel):
    facts = {
        panel.table.item(row, 0).text(): panel.table.item(row, 1).text()
        for row in range(panel.table.rowCount())
    }
    assert facts["Plan"] == "Toyplan"
    assert facts["Beam"] == "2  Field 2"
    assert facts["Gantry"] == "80.0°"
    assert facts["SID"].replace(",", "") == "1500 mm"
    assert facts["Pixel at isocentre"] == "0.400 x 0.500 mm"
    panel.choice.setCurrentIndex(1)
    assert panel.table.item(3, 1).text() == "–"  # noqa: RUF001  (the dash of the tables)


def test_that_the_window_is_the_stored_one_and_can_be_dragged_typed_and_set_back(qtbot, panel):
    assert (panel.low.value(), panel.high.value()) == (50, 550)
    middle = QPoint(200, 200)
    qtbot.mousePress(panel.canvas, Qt.MouseButton.RightButton, pos=middle)
    panel.canvas.drag(QPointF(middle), QPointF(260, 230), Qt.MouseButton.RightButton)
    assert panel.high.value() - panel.low.value() > 500
    panel.low.setValue(7)
    assert panel.canvas.shown.grey.low == 7
    panel.set_grey(Window(10, 20))
    panel._reset_grey()
    assert (panel.low.value(), panel.high.value()) == (50, 550)


def test_that_inverting_exchanges_black_and_white(panel):
    from app.viewer.rt_image_canvas import grey_image

    before = grey_image(panel.canvas.shown).pixelColor(0, 0).red()
    panel.invert.setChecked(True)
    assert grey_image(panel.canvas.shown).pixelColor(0, 0).red() == pytest.approx(
        255 - before, abs=1
    )


def test_that_pixels_that_end_early_are_told_on_the_picture(qtbot, tmp_path):
    toy, data = clean_set(), portal()
    data.PixelData = data.PixelData[:100]
    toy.more = [data]
    desk = desk_of(qtbot, toy.write(tmp_path / "set"))
    desk.tabs.setCurrentWidget(desk.rt_images)
    qtbot.waitUntil(lambda: "could not be read" in desk.rt_images.canvas.empty, timeout=20000)
    desk.leave()


def test_that_every_real_image_shows(qtbot, shared_data):
    desk = desk_of(qtbot, shared_data / "dicom/phantom_oncentra/simple_phantom_case")
    panel = looked_at(qtbot, desk)
    for place in range(panel.choice.count()):
        panel.choice.setCurrentIndex(place)
        qtbot.waitUntil(lambda: JOBS.running == () and panel.canvas.has_picture, timeout=20000)
        assert np.ptp(panel.canvas.shown.values) > 0
    desk.leave()
