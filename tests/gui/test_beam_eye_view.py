"""The beam's eye view panel: control points, keys, mouse, words, and a clean end."""

import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QComboBox, QSlider, QSpinBox, QTableWidget

from app.background import JOBS
from app.viewer import beam_eye_geometry as geometry
from app.viewer.beam_eye_canvas import ROWS
from app.viewer.beam_eye_view import BUSY, NO_BEAM, NO_PLAN
from core.dicom.text_table import NONE
from tests.gui.beam_eye_scenes import (
    BLACK,
    at,
    beam,
    body,
    cell,
    eye_panel,
    finish,
    images,
    is_leaf,
    marker,
    notes,
    pixels,
    plan,
    point,
    real_scene,
    scene,
    shown,
)


@pytest.fixture
def panel(qtbot):
    made = eye_panel(qtbot)
    yield made
    made.close()


def test_that_the_slider_moves_the_leaves_and_the_values(qtbot, panel):
    shown(qtbot, panel, scene(plans=(plan(beam(point(), point(1, tip=4.0))),)))
    assert at(panel, 2.0, 23.0) == BLACK
    assert (cell(panel, "MU so far"), cell(panel, "MU of this segment")) == ("0.00 MU", "10.00 MU")
    panel.slider.setValue(1)
    assert panel.spin.value() == 1
    assert is_leaf(at(panel, 2.0, 23.0))
    assert (cell(panel, "MU so far"), cell(panel, "MU of this segment")) == ("10.00 MU", NONE)
    panel.spin.setValue(0)
    assert panel.slider.value() == 0
    assert at(panel, 2.0, 23.0) == BLACK


def test_that_values_the_plan_does_not_tell_are_a_dash(qtbot, panel):
    own = point(energy=None, gantry_deg=None, isocentre_mm=None, meterset_mu=None)
    shown(qtbot, panel, scene(plans=(plan(beam(own, source_axis_mm=None)),)))
    for name in ("Gantry", "Energy", "MU so far", "Jaw X1", "Isocentre y", "SAD"):
        assert cell(panel, name) == NONE, name
    assert cell(panel, "Jaw Y1") == "-40.0 mm"
    assert cell(panel, "Open leaf pairs") == "8 of 10"
    assert cell(panel, "Couch") == "0.0°"


def test_that_play_goes_on_to_the_last_control_point_and_stops(qtbot, panel):
    shown(qtbot, panel, scene(plans=(plan(beam(*(point(n) for n in range(4)))),)))
    qtbot.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    assert panel.is_playing
    assert panel.play.text() == "Pause"
    qtbot.waitUntil(lambda: panel.slider.value() == 3, timeout=3000)
    qtbot.waitUntil(lambda: not panel.is_playing, timeout=1000)
    assert panel.play.text() == "Play"
    panel.toggle_play()
    assert (panel.slider.value(), panel.is_playing) == (0, True)
    panel.toggle_play()
    assert not panel.is_playing


def test_that_keys_step_and_play(qtbot, panel):
    shown(qtbot, panel, scene(plans=(plan(beam(*(point(n) for n in range(4)))),)))
    for key, place in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Right, 2), (Qt.Key.Key_Left, 1)):
        qtbot.keyClick(panel.canvas, key)
        assert panel.slider.value() == place
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Space)
    assert panel.is_playing
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Space)
    assert not panel.is_playing


def test_that_a_radiograph_is_made_once_for_each_direction(qtbot, panel, monkeypatch):
    made = []
    real = geometry.radiograph

    def counted(scene, frame, pixels, progress):
        made.append(pixels)
        return real(scene, frame, pixels, progress)

    monkeypatch.setattr(geometry, "radiograph", counted)
    turned = point(1, gantry_deg=90.0)
    what = scene(plans=(plan(beam(point(), turned)),), series=images(), volume=body((0, 0, 0)))
    shown(qtbot, panel, what)
    assert made == [geometry.QUICK_PIXELS, geometry.FINE_PIXELS]
    panel.set_point(1)
    assert panel.canvas.view.grey is None
    assert BUSY in notes(panel)
    finish(qtbot)
    panel.set_point(0)
    finish(qtbot)
    assert panel.canvas.view.grey is not None
    assert BUSY not in notes(panel)
    assert made == [geometry.QUICK_PIXELS, geometry.FINE_PIXELS] * 2


def test_that_the_job_is_cancelled_when_the_panel_is_closed(qtbot, panel):
    what = scene(plans=(plan(beam(point())),), series=images(), volume=body((0, 0, 0)))
    panel.set_scene(what)
    assert JOBS.running == ()
    panel.show()
    (job,) = JOBS.running
    panel.close()
    assert job.cancelled
    finish(qtbot)
    assert panel.canvas.view.grey is None


def test_that_the_job_is_cancelled_when_the_beam_changes(qtbot, panel):
    two = beam(point(gantry_deg=90.0), number=2)
    what = scene(plans=(plan(beam(point()), two),), series=images(), volume=body((0, 0, 0)))
    panel.set_scene(what)
    panel.show()
    (job,) = JOBS.running
    panel.beams.setCurrentIndex(1)
    assert job.cancelled
    finish(qtbot)
    assert panel.canvas.view.grey is not None


def test_that_a_fault_of_the_radiograph_is_told_and_the_rest_stays_usable(
    qtbot, panel, monkeypatch
):
    def fault(*arguments):
        raise MemoryError("no room")

    monkeypatch.setattr(geometry, "radiograph", fault)
    what = scene(plans=(plan(beam(point())),), series=images(), volume=body((0, 0, 0)))
    shown(qtbot, panel, what)
    assert "could not be made: no room" in notes(panel)
    assert is_leaf(at(panel, -22.0, 17.0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"isocentre_mm": None}, "No isocentre in the plan"),
        ({"gantry_deg": None}, "No gantry angle in the plan"),
        ({"couch_deg": None, "isocentre_mm": None}, "No isocentre, no couch angle in the plan"),
        ({"isocentre_mm": np.array([0.0, np.nan, 0.0])}, "is not three numbers"),
    ],
)
def test_that_a_beam_without_a_place_says_so_and_still_shows_its_leaves(
    qtbot, panel, changes, words
):
    shown(qtbot, panel, scene(marker((0, 0, 0)), plans=(plan(beam(point(**changes))),)))
    assert words in notes(panel)
    assert panel.canvas.view.shadows == ()
    assert is_leaf(at(panel, -22.0, 17.0))
    bare = panel.canvas.grab().toImage()
    panel.canvas.show_view(replace(panel.canvas.view, notes=()))
    low = pixels(bare)[-40:] - pixels(panel.canvas.grab().toImage())[-40:]
    assert np.abs(low).max() > 100


def test_that_another_frame_of_reference_is_told_and_not_drawn(qtbot, panel):
    what = scene(
        marker((0, 0, 0)), plans=(plan(beam(point()), frame="9.9"),), series=images(),
        volume=body((0, 0, 0)),
    )  # fmt: skip
    shown(qtbot, panel, what)
    assert "No DRR: the images are in another frame of reference" in notes(panel)
    assert "No structures: they are in another frame of reference" in notes(panel)
    assert panel.canvas.view.grey is None
    assert panel.canvas.view.shadows == ()
    drawn = geometry.drawn_of(what, plan(beam(point()), frame=""))
    assert drawn[:2] == (True, True)
    assert drawn[2] == ("The plan names no frame of reference; drawn in that of the set",)


def test_that_wheel_drag_and_double_click_zoom_move_and_reset(qtbot, panel):
    shown(qtbot, panel, scene(plans=(plan(beam(point())),)))
    canvas = panel.canvas
    first = canvas.window_shown
    corner = QPointF(50, 60)
    before = canvas.mm_at(corner)
    canvas.zoom(2.0, corner)
    after = canvas.mm_at(corner)
    assert canvas.window_shown.half_mm == pytest.approx(first.half_mm / 2)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    under = canvas.mm_at(QPointF(100, 100))
    move = QPoint(160, 130)
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(move), canvas.mapToGlobal(QPointF(move)),
        Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    canvas.mouseMoveEvent(event)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=move)
    now = canvas.mm_at(QPointF(move))
    assert (now.x(), now.y()) == pytest.approx((under.x(), under.y()))
    assert panel.probe.text() == (
        f"Xb {now.x():.1f} mm   Yb {now.y():.1f} mm   at the isocentre plane"
    )
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    assert canvas.window_shown == first


def test_that_an_empty_set_and_a_plan_without_beams_say_so(qtbot, panel):
    shown(qtbot, panel, None)
    assert panel.canvas.empty == NO_PLAN
    assert not panel.play.isEnabled()
    panel.set_scene(scene(plans=(plan(),)))
    assert panel.canvas.empty == NO_BEAM
    panel.set_scene(scene(plans=(plan(beam()),)))
    assert "The beam has no control points" in notes(panel)
    assert {cell(panel, name) for name in ROWS} == {NONE}
    panel.toggle_play()
    assert not panel.is_playing
    panel.canvas.grab()


def test_that_beam_and_point_stay_while_the_set_is_the_same(qtbot, panel):
    what = scene(plans=(plan(beam(point()), beam(point(), point(1), number=2)),))
    shown(qtbot, panel, what)
    panel.beams.setCurrentIndex(1)
    panel.set_point(1)
    panel.set_scene(replace(what, left_out=("x",)))
    assert (panel.beams.currentIndex(), panel.slider.value()) == (1, 1)
    panel.set_scene(scene(plans=what.rt_set.plans))
    assert (panel.beams.currentIndex(), panel.slider.value()) == (0, 0)


def test_that_a_setup_field_is_marked_where_a_narrow_list_shows_it(qtbot, panel):
    what = scene(plans=(plan(beam(point()), beam(point(), number=9, delivery="SETUP")),))
    shown(qtbot, panel, what)
    panel.beams.setCurrentIndex(1)
    assert [panel.beams.itemText(row) for row in range(2)] == ["1  A", "9 (setup)  A"]


def test_that_every_control_has_an_accessible_name(panel):
    for kind in (QComboBox, QSlider, QSpinBox, QTableWidget):
        for widget in panel.findChildren(kind):
            assert widget.accessibleName(), widget
    assert panel.play.accessibleName() == "Play the control points"
    assert panel.canvas.accessibleName() == "Beam's eye view"


def test_that_head_and_neck_shows_bone_and_targets_behind_its_leaves(qtbot, panel, shared_data):
    shown(qtbot, panel, real_scene(shared_data / "dicom" / "hn_proknow"))
    assert panel.beams.itemText(0) == "1  RT LAT"
    view = panel.canvas.view
    assert view.grey.max() > 200
    assert len(view.shadows) == 3
    assert all(one.lines for one in view.shadows)
    leaves = view.point.leaves["MLCX"]
    edges = view.beam.leaf_banks[0].edges_mm
    pair = next(n for n in range(80) if edges[n] >= 0 and leaves[80 + n] > leaves[n] + 10)
    y, tip = float(edges[pair] + 2.5), float(leaves[pair])
    panel.parts["DRR"].setChecked(False)
    panel.parts["Structures"].setChecked(False)
    assert is_leaf(at(panel, tip - 2, y))
    assert at(panel, tip + 2, y) == BLACK


def test_that_the_target_of_the_breast_plan_lies_in_the_opening(
    qtbot, panel, shared_data, tmp_path
):
    folder = shared_data / "dicom" / "breast_dicompyler"
    with tarfile.open(folder / "ct_derived.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    shown(qtbot, panel, real_scene(tmp_path, folder / "rtplan.dcm", folder / "rtss.dcm"))
    panel.set_point(30)
    finish(qtbot)
    view = panel.canvas.view
    assert view.notes == ()
    x1, x2 = view.point.jaw_mm(("X", "ASYMX"))
    targets = [one for one in view.shadows if one.name == "Tumor Bed"]
    assert targets
    for one in targets:
        line = np.concatenate(one.lines)
        assert x1 < line[:, 0].min() < line[:, 0].max() < x2
