"""The DVH plot: colours, areas, places of limits, what is drawn, and the mouse."""

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QColor

from app.viewer.dvh_lines import (
    banded_text,
    contrast,
    differential,
    differential_lines,
    mark_of,
    seen_on,
)
from core.dose.constraints import judge, parse
from core.dose.dvh_values import Banded
from tests.core.linear_cube import dvh
from tests.gui.dvh_toys import filled, pixels_like, place_of, shown_panel, toy

pytestmark = pytest.mark.usefixtures("plain_numbers")


@pytest.fixture
def panel(qtbot):
    return shown_panel(qtbot)


# --- pure parts ------------------------------------------------------------------------------


def test_that_values_are_written_with_their_half_band_as_the_country_does():
    assert banded_text(Banded(45.214, 44.9, 45.5)) == "45.21 ± 0.30"
    assert "nan" not in banded_text(Banded(np.nan, np.nan, np.nan))
    QLocale.setDefault(QLocale(QLocale.Language.German))
    assert banded_text(Banded(45.214, 44.9, 45.5)) == "45,21 ± 0,30"


@pytest.mark.parametrize("ground", ["#ffffff", "#1e1e1e"])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 255, 0), (0, 0, 90)])
def test_that_no_structure_is_drawn_in_a_colour_that_cannot_be_seen(colour, ground):
    made = seen_on(QColor(*colour), QColor(ground))
    assert contrast(made, QColor(ground)) >= 3.0


def test_that_a_colour_that_can_be_seen_stays():
    assert seen_on(QColor(200, 0, 0), QColor("white")) == QColor(200, 0, 0)


def test_that_the_area_of_the_differential_curve_is_the_volume():
    own = dvh().curves
    doses, volumes = differential(own.edges_gy, own.rule)
    assert volumes.sum() * (doses[1] - doses[0]) == pytest.approx(own.rule[0], rel=1e-9)
    _, percent, low, high = differential_lines(own, in_cc=False)
    assert percent.sum() * (doses[1] - doses[0]) == pytest.approx(100.0)
    assert np.all(low <= percent + 1e-9)
    assert np.all(high >= percent - 1e-9)
    # 1 Gy per mm along a cube of 1600 mm² section: 1.6 cc per Gy.
    inside = (doses > 12) & (doses < 48)
    np.testing.assert_allclose(volumes[inside], 1.6, rtol=0.05)


@pytest.mark.parametrize(
    ("metric", "unit", "percent", "cc"),
    [
        ("D50%", "Gy", (20.0, 50.0), (20.0, 32.0)),
        ("D6.4cc", "Gy", (20.0, 10.0), (20.0, 6.4)),
        ("V30Gy", "%", (30.0, 20.0), (30.0, 12.8)),
        ("V75%[cc]", "cc", (30.0, 31.25), (30.0, 20.0)),
        ("CV30Gy", "%", (30.0, 80.0), (30.0, 51.2)),
        ("Max", "Gy", (20.0, 0.0), (20.0, 0.0)),
        ("Min", "Gy", (20.0, 100.0), (20.0, 64.0)),
    ],
)
def test_that_limits_lie_where_the_curve_must_pass(metric, unit, percent, cc):
    own = dvh()
    text = (
        'title = "T"\nfractionation = "any"\n[[constraint]]\nstructure = ["PTV"]\n'
        f'metric = "{metric}"\nrelation = "<="\nlimit = 20\nlimit_unit = "{unit}"\nsource = "t"\n'
    )
    (verdict,) = judge(parse(text, "t"), [own], 40.0)
    for in_cc, (dose_gy, volume) in ((False, percent), (True, cc)):
        mark = mark_of(verdict, own.curves, 40.0, in_cc=in_cc)
        assert (mark.dose_gy, mark.volume) == pytest.approx((dose_gy, volume), rel=0.005)


# --- the plot --------------------------------------------------------------------------------


def test_that_curves_bands_and_the_exported_curve_are_drawn(qtbot, panel):
    filled(panel)
    drawn = panel.plot.drawn
    assert set(drawn) == {1, 2, 3}
    doses, volumes = drawn[1].line.getData()
    np.testing.assert_allclose(volumes, np.clip((50 - doses) / 40, 0, 1) * 100, atol=1.0)
    assert drawn[1].exported is not None
    assert drawn[2].exported is None
    around, bounds = drawn[1].band.getData()
    assert len(around) == len(bounds) > 500
    assert pixels_like(panel.plot, drawn[1].colour) > 300
    assert pixels_like(panel.plot, drawn[2].colour) > 300


def test_that_low_confidence_is_dotted_and_the_exported_curve_dashed(panel):
    filled(panel)
    drawn = panel.plot.drawn
    assert drawn[3].own.low_confidence
    pens = [drawn[1].line, drawn[3].line, drawn[1].exported]
    patterns = [item.opts["pen"].dashPattern() for item in pens]
    assert patterns[0] == []
    assert patterns[1] != patterns[2] != []


def test_that_a_hidden_structure_is_not_drawn_but_keeps_its_values(panel):
    filled(panel)
    colour = panel.plot.drawn[2].colour
    panel.set_hidden(frozenset({2}))
    assert set(panel.plot.drawn) == {1, 3}
    assert pixels_like(panel.plot, colour) < 20
    assert panel.model.rowCount() == 4
    panel.set_hidden(frozenset())
    assert pixels_like(panel.plot, colour) > 300


def test_that_the_volume_is_shown_in_cc_or_percent(panel):
    filled(panel)
    assert panel.plot.drawn[2].line.getData()[1].max() == pytest.approx(100)
    panel.unit.setCurrentIndex(1)
    assert panel.plot.drawn[2].line.getData()[1].max() == pytest.approx(32, rel=0.01)
    assert panel.plot.getAxis("left").labelText == "Volume (cc)"
    exported = panel.plot.drawn[1].exported.getData()[1]
    assert exported.max() == pytest.approx(64, rel=0.01)
    top = panel.plot.viewRange()[1][1]
    assert 60 < top < 80


def test_that_the_differential_curve_has_the_volume_as_its_area(panel):
    filled(panel)
    panel.kind.setCurrentIndex(1)
    panel.unit.setCurrentIndex(1)
    doses, volumes = panel.plot.drawn[1].line.getData()
    area = volumes.sum() * (doses[1] - doses[0])
    assert area == pytest.approx(64, rel=0.01)
    assert panel.plot.getAxis("left").labelText == "Volume (cc per Gy)"
    panel.plot.point_at(place_of(panel, 30.0, 1.0))
    assert "cc/Gy" in panel.read_out.text()


def test_that_the_top_axis_is_in_percent_of_the_reference_dose(panel):
    filled(panel)
    assert panel.plot.getAxis("top").scale == pytest.approx(2.5)
    assert "40.00 Gy" in panel.plot.getAxis("top").labelText
    panel.set_dvhs(toy(), "no reference", 0.0)
    assert not panel.plot.getAxis("top").isVisible()


def test_that_fit_shows_the_whole_after_zooming(panel):
    filled(panel)
    whole = panel.plot.viewRange()
    panel.plot.setRange(xRange=(20, 25), yRange=(40, 60), padding=0)
    panel.set_hidden(frozenset({2}))
    assert panel.plot.viewRange()[0] == pytest.approx([20, 25], abs=0.1)
    panel.buttons["Fit"].click()
    np.testing.assert_allclose(panel.plot.viewRange(), whole, atol=0.5)


def test_that_dragging_zooms_to_the_rectangle(qtbot, panel):
    filled(panel)
    qtbot.waitExposed(panel)
    start, end = (place_of(panel, *at).toPoint() for at in ((20.0, 80.0), (30.0, 40.0)))
    port = panel.plot.viewport()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.3, 0.7, 1.0):
        qtbot.mouseMove(port, start + (end - start) * part)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)
    (low, high), _ = panel.plot.viewRange()
    assert (low, high) == pytest.approx((20, 30), abs=1.0)


def test_that_the_curve_under_the_mouse_is_read_and_stands_out(panel):
    filled(panel)
    panel.plot.point_at(place_of(panel, 20.0, 75.0))
    words = panel.read_out.text()
    assert words.startswith("20.0")
    assert "(50" in words
    assert "PTV 75" in words
    pens = {number: one.line.opts["pen"] for number, one in panel.plot.drawn.items()}
    assert pens[2].color().alpha() < 255
    near = max(pens, key=lambda number: pens[number].widthF())
    assert near in (1, 3)
    panel.plot.forget_mouse()
    assert all(one.line.opts["pen"].color().alpha() == 255 for one in panel.plot.drawn.values())


def test_that_a_click_on_a_curve_selects_its_row(qtbot, panel):
    filled(panel)
    panel.plot.picked.emit(2)
    assert panel.table.currentIndex().row() == 1
    assert panel.plot.selected == 2


def test_that_selecting_a_row_brings_its_curve_to_the_front(panel):
    filled(panel)
    panel.table.selectRow(1)
    drawn = panel.plot.drawn
    assert drawn[2].line.opts["pen"].widthF() > drawn[1].line.opts["pen"].widthF()
    assert drawn[2].line.zValue() > drawn[1].line.zValue()
    panel.table.selectRow(3)
    assert drawn[2].line.opts["pen"].widthF() == drawn[1].line.opts["pen"].widthF()
