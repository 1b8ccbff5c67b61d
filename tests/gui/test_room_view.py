"""The room view: what is drawn where, pixels and not only "no fault", and a clean end."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRectF, Qt
from PySide6.QtWidgets import QApplication, QToolButton

from app.background import JOBS
from app.viewer import room_view
from app.viewer.display import Display
from app.viewer.room_picture import free_of_each_other
from app.viewer.room_view import FRONT, HEAD, RoomView
from app.viewer.scene_build import build_scene, reference_dose
from app.viewer.surfaces import structure_surface
from core.dicom.rt_set import read_rt_sets
from core.dicom.structures import Contour, Structure
from tests.gui.beam_eye_scenes import plan
from tests.gui.room_scenes import (
    BLUE,
    GREEN,
    RED,
    beam,
    cube,
    dose_ball,
    finish,
    pixels,
    places,
    point,
    scene,
    shown,
    sphere,
)

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def view(qtbot):
    made = RoomView()
    qtbot.addWidget(made)
    made.resize(420, 360)
    yield made
    made.close()


def test_that_a_cube_is_seen_in_its_colour(qtbot, view):
    shown(qtbot, view, scene(cube(1, RED)))
    picture = pixels(view.picture)
    assert picture.max() > 150
    assert picture[2, -3].tolist() == [38, 38, 41]
    rows, columns = places(picture, RED)
    assert len(rows) > 5000
    assert abs(columns.min() + columns.max() - view.picture.width()) < 10
    assert abs(rows.min() + rows.max() - view.picture.height()) < 10


def test_that_the_first_image_of_a_set_goes_before_its_surfaces(qtbot, view, monkeypatch):
    monkeypatch.setattr(room_view, "AFTER_SLICE_MS", 60_000)
    shown(qtbot, view, replace(scene(cube(1, RED)), series=object()))
    assert pixels(view.picture).max() < 60
    view.picture.draw_later(0)
    qtbot.waitUntil(lambda: len(places(pixels(view.picture), RED)[0]) > 5000)


def test_that_from_the_front_the_left_is_at_the_right_and_the_head_is_up(qtbot, view):
    left_head = sphere(1, RED, (60.0, 0.0, 50.0))
    right_feet = sphere(2, GREEN, (-60.0, 0.0, -50.0))
    shown(qtbot, view, scene(left_head, right_feet))
    picture = pixels(view.picture)
    red, green = places(picture, RED), places(picture, GREEN)
    assert min(len(red[0]), len(green[0])) > 500
    assert red[1].mean() > green[1].mean() + 80
    assert red[0].mean() < green[0].mean() - 60


@pytest.mark.parametrize(
    ("name", "near", "right", "up"),
    [
        ("Front", (0, -1, 0), (1, 0, 0), (0, 0, 1)),
        ("Left", (1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ("Head", (0, 0, 1), (-1, 0, 0), (0, -1, 0)),
    ],
)
def test_that_the_standard_views_look_from_where_they_say(qtbot, view, name, near, right, up):
    front, beside = sphere(1, RED, 80.0 * np.array(near)), sphere(2, GREEN, 80.0 * np.array(right))
    above, behind = sphere(3, BLUE, 80.0 * np.array(up)), sphere(4, BLUE, -80.0 * np.array(near))
    shown(qtbot, view, scene(front, beside, above, behind))
    next(action for action in view.tools.actions() if action.text() == name).trigger()
    middle, side = view.picture.pixels(np.zeros(3)), view.picture.pixels(80.0 * np.array(right))
    top = view.picture.pixels(80.0 * np.array(up))
    assert side[0] > middle[0] + 50
    assert top[1] < middle[1] - 50
    picture = pixels(view.picture)
    column, row = (round(value) for value in middle)
    assert picture[row + 10, column + 10, 0] > 90
    assert picture[row + 10, column + 10, 2] < 60
    assert places(picture, GREEN)[1].mean() > middle[0] + 50


def test_that_hiding_a_structure_takes_it_away_and_showing_makes_it(qtbot, view):
    what = scene(cube(1, RED, centre=(40, 0, 0)), cube(2, GREEN, centre=(-40, 0, 0)))
    shown(qtbot, view, what, replace(Display(), hidden=frozenset({2})))
    assert set(view._made) == {1}
    view.set_display(replace(Display(), hidden=frozenset({1})))
    finish(qtbot)
    picture = pixels(view.picture)
    assert len(places(picture, RED)[0]) == 0
    assert len(places(picture, GREEN)[0]) > 1000


def test_that_nothing_is_made_before_the_view_is_seen(qtbot, view):
    view.set_scene(scene(cube(1, RED)))
    view.set_display(Display())
    assert JOBS.running == ()
    assert view._made == {}
    view.show()
    finish(qtbot)
    assert set(view._made) == {1}


def test_that_the_surfaces_of_structures_that_stay_are_kept(qtbot, view):
    what = scene(cube(1, RED), sphere(2, GREEN, (80.0, 0.0, 0.0)))
    shown(qtbot, view, what)
    before = view._made[1][1]
    view.picture.rotate(30, 10)
    turned = view.picture.camera.GetPosition()
    view.set_scene(replace(what, outlines=what.outlines[:1]))
    finish(qtbot)
    assert set(view._made) == {1}
    assert view._made[1][1] is before
    assert view.picture.camera.GetPosition() == turned


def test_that_beams_are_seen_and_can_be_switched_off(qtbot, view):
    what = scene(cube(1, BLUE), plans=(plan(beam(point(0.0)), beam(point(90.0), name="B")),))
    shown(qtbot, view, what)
    assert [view.beam.itemText(n) for n in range(view.beam.count())] == ["A", "B"]
    yellow = (1, 1, 0)
    with_beams = len(places(pixels(view.picture), yellow)[0])
    assert with_beams > 300
    view.parts["Beams"].setChecked(False)
    assert len(places(pixels(view.picture), yellow)[0]) < 20


def test_that_the_beams_own_view_looks_from_its_source(qtbot, view):
    what = scene(cube(1, BLUE), plans=(plan(beam(point(90.0))),))
    shown(qtbot, view, what)
    view.look_along_beam()
    assert view.picture.camera.GetPosition() == pytest.approx((1000.0, 0.0, 0.0), abs=1e-6)
    corners = view.picture.pixels(view._shapes[0].field)
    # Xb = -30 to 50 is to the back (+y) and to the right; Yb = 40 is to the head and up.
    middle = view.picture.pixels(np.zeros(3))
    assert corners[1, 0] - middle[0] == pytest.approx((middle[0] - corners[0, 0]) * 5 / 3)
    assert middle[1] - corners[2, 1] == pytest.approx((corners[0, 1] - middle[1]) * 2)


def test_that_a_plan_of_another_frame_of_reference_is_not_drawn(qtbot, view):
    shown(qtbot, view, scene(cube(1, BLUE), plans=(plan(beam(point(0.0)), frame="9.9"),)))
    assert view._shapes == ()
    assert "another frame of reference" in view.picture.notes.plan[0]


def test_that_an_isodose_is_made_in_the_words_and_colour_of_its_line(qtbot, view):
    display = replace(Display(), reference_gy=60.0)
    shown(qtbot, view, scene(cube(1, BLUE, half=60.0), dose=dose_ball()), display)
    assert view.picture.notes.dose[0] == "Isodose 95 % = 57.00 Gy"
    assert view.picture.notes.dose[1].getRgb()[:3] == display.line_colour(3)
    view.isodose.setCurrentIndex(0)
    finish(qtbot)
    assert view.picture.notes.dose is None
    view.set_display(replace(Display(), reference_gy=80.0))
    view.isodose.setCurrentIndex(1)
    finish(qtbot)
    assert view.picture.notes.dose[0] == "Isodose 100 % = 80.00 Gy is not reached"


def test_that_points_are_balls_and_open_lines_are_told(qtbot, view):
    marker = Structure(
        1, "iso", "ISOCENTER", RED, "1.2", (Contour(np.zeros((1, 3)), "POINT", ""),)
    )
    line = Structure(2, "wire", "", GREEN, "1.2", (Contour(np.eye(3), "OPEN_PLANAR", ""),))
    shown(qtbot, view, scene(marker, line, cube(3, BLUE, centre=(0.0, 60.0, 0.0))))
    assert view._made[1][1].GetMapper().GetInput().GetNumberOfCells() > 100
    assert view.picture.notes.plan == ("wire is not in 3D: it has no closed contours",)


def test_that_no_set_and_an_empty_set_say_so(qtbot, view):
    shown(qtbot, view, None)
    assert view.picture.notes.empty == room_view.NO_SET
    shown(qtbot, view, scene(cube(1, RED), plans=(plan(beam(point(0.0))),)))
    assert view.picture.notes.empty == ""
    shown(qtbot, view, scene())
    assert view.picture.notes.empty == room_view.EMPTY
    assert pixels(view.picture).max() > 150
    view.set_scene(None)
    assert view._made == {}
    assert view.beam.count() == 0
    assert view.picture.renderer.GetViewProps().GetNumberOfItems() == 0
    assert len(places(pixels(view.picture), RED)[0]) == 0


def test_that_another_size_is_filled_and_fits_again(qtbot, view):
    shown(qtbot, view, scene(cube(1, RED)))
    small = len(places(pixels(view.picture), RED)[0])
    view.resize(840, 720)
    picture = pixels(view.picture)
    assert picture.shape[:2] == (view.picture.height(), view.picture.width())
    rows, columns = places(picture, RED)
    assert len(rows) > 2.5 * small
    assert abs(columns.min() + columns.max() - view.picture.width()) < 10
    view.resize(260, 720)
    columns = places(pixels(view.picture), RED)[1]
    assert 5 < columns.min() < columns.max() < view.picture.width() - 6


def test_that_mouse_wheel_and_keys_move_and_settle_to_the_fine_picture(qtbot, view):
    shown(qtbot, view, scene(cube(1, RED)))
    picture, camera = view.picture, view.picture.camera
    pixels(picture)
    picture.frame_s = 1.0
    start, middle = camera.GetPosition(), QPoint(150, 150)
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(picture, middle + QPoint(40, 0))
    qtbot.waitUntil(lambda: camera.GetPosition()[0] < start[0] - 10)
    pixels(picture)
    assert picture._image.width() == round(picture.width() / 2)
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=middle)
    pixels(picture)
    assert picture._image.width() == picture.width()
    angle = camera.GetViewAngle()
    qtbot.keyClick(picture, Qt.Key.Key_Plus)
    assert camera.GetViewAngle() < angle
    before = camera.GetPosition()
    qtbot.keyClick(picture, Qt.Key.Key_Up)
    assert camera.GetPosition() != before
    seen = picture.pixels(np.zeros(3))
    picture.pan(30.0, 20.0)
    np.testing.assert_allclose(picture.pixels(np.zeros(3)) - seen, (30.0, 20.0), atol=1.5)
    pixels(picture)
    drawn = picture._image
    view.show_point(np.array([10.0, 0.0, 0.0]))
    assert picture._image is drawn
    view.look(FRONT, HEAD)
    assert camera.GetPosition() == pytest.approx(start)


def test_that_closing_while_surfaces_are_made_is_clean(qtbot, monkeypatch):
    def slowly(outline, most):
        time.sleep(0.2)  # however busy the machine is, not all are made when one looks
        return structure_surface(outline, most)

    monkeypatch.setattr(room_view, "structure_surface", slowly)
    for way in ("close", "deleteLater"):
        made = RoomView()
        made.set_scene(scene(*(cube(number, RED) for number in range(1, 12))))
        made.show()
        qtbot.waitUntil(lambda own=made: len(own._made) >= 2, timeout=30_000)
        assert len(made._made) < 11
        getattr(made, way)()
        finish(qtbot)
        assert len(made._made) < 11
        assert made.picture.renderer is not None


def resident_mb():
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_that_opening_and_closing_does_not_eat_the_memory(qtbot):
    what = scene(cube(1, RED), sphere(2, GREEN, (0.0, 0.0, 0.0), 40.0), dose=dose_ball())

    def cycle():
        made = RoomView()
        made.resize(400, 300)
        shown(qtbot, made, what, replace(Display(), reference_gy=60.0))
        assert len(places(pixels(made.picture), RED)[0]) > 200
        made.close()
        made.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    for _ in range(3):
        cycle()
    before = resident_mb()
    for _ in range(20):
        cycle()
    grown = resident_mb() - before
    assert grown < 60


def test_that_a_sharp_screen_gets_a_sharp_and_whole_picture(tmp_path):
    """A screen of two pixels per unit, in a process of its own."""
    code = """if True:
        from PySide6.QtWidgets import QApplication
        application = QApplication([])
        import numpy as np
        from app.viewer.room_view import RoomView
        from tests.gui.room_scenes import *
        view = RoomView()
        view.resize(420, 360)
        view.set_scene(scene(cube(1, RED)))
        view.show()
        while JOBS.running:
            application.processEvents()
        picture = pixels(view.picture)
        assert view.picture.devicePixelRatioF() == 2.0
        height, width = picture.shape[:2]
        assert (width, height) == (2 * view.picture.width(), 2 * view.picture.height())
        assert view.picture._image.width() == width
        rows, columns = places(picture, RED)
        assert abs(columns.min() + columns.max() - width) < 12
        assert abs(rows.min() + rows.max() - height) < 12
        view.close()
    """
    environment = os.environ | {"QT_SCALE_FACTOR": "2", "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("folder", "beams"), [("breast_dicompyler", 4), ("brain_srs_raystation/vmat", 8)]
)
def test_that_real_sets_are_shown(qtbot, view, shared_data, folder, beams):
    (own,) = read_rt_sets([shared_data / "dicom" / folder])
    dose = own.chief_dose()
    what = build_scene(own, own.chief_series(), None, own.chief_structures(), dose)
    gray, words = reference_dose(own.plan_of(dose), dose)
    shown(qtbot, view, what, replace(Display(), reference_gy=gray, reference_words=words))
    assert view.beam.count() == beams
    drawn = [one for one in what.outlines if one.structure.contours]
    assert len(view._made) == len(drawn)
    cells = [actor.GetMapper().GetInput().GetNumberOfCells() for _, actor in view._made.values()]
    assert sum(cells) < 300_000
    assert max(cells, default=0) < 30_000
    assert view.picture.notes.dose[0].startswith("Isodose 95 % =")
    background = (np.abs(pixels(view.picture) - [38, 38, 41]).max(axis=-1) < 4).mean()
    assert 0.3 < background < 0.97


def test_that_names_of_beams_do_not_cover_each_other():
    boxes = [QRectF(0, 0, 60, 12), QRectF(30, 4, 60, 12), QRectF(40, 2, 60, 12),
             QRectF(300, 5, 60, 12)]  # fmt: skip
    placed = free_of_each_other(boxes)
    assert placed[0] == boxes[0]
    assert placed[3] == boxes[3]
    assert [one.left() for one in placed] == [one.left() for one in boxes]
    assert not any(a.intersects(b) for a, b in combinations(placed, 2))


def test_that_all_tools_are_in_sight_in_a_quarter_of_a_small_window(view):
    view.beam.addItem("AP VW60")
    view.resize(408, 230)
    view.show()
    QApplication.processEvents()
    more = view.tools.findChild(QToolButton, "qt_toolbar_ext_button")
    assert more.isHidden()
    view.resize(300, 230)
    QApplication.processEvents()
    assert not more.isHidden()
    assert view.tools.iconSize().width() >= 12  # of the arrow: at 1 pixel nobody finds it
