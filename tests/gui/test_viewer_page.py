"""The Viewer as its user sees it: real widgets, synthetic and real sets."""

import gc
import weakref
import zipfile

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QFileDialog

from app.background import JOBS
from app.main_window import MainWindow
from app.recognise import Kind, recognise
from tests.core.dicom_maker import OTHER_FRAME, clean_set, dose, gray, hounsfield, lattice

LONG_MS = 60_000


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    return window


@pytest.fixture
def folder(tmp_path):
    return clean_set().write(tmp_path / "set")


def quiet(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)


def opened(qtbot, window, path):
    window.go_to("Viewer")
    window.open_path(path)
    page = window.page("Viewer")
    qtbot.waitUntil(lambda: page.desk is not None or not page.fault.isHidden(), timeout=LONG_MS)
    quiet(qtbot)
    return page


def pixel(view, point_mm):
    """Return the colour shown at a patient point."""
    column, row = view.plane.pixels(np.asarray(point_mm, dtype=float)).round().astype(int)
    return view.picture().pixelColor(int(column), int(row))


@pytest.mark.req("Y-10")
def test_that_a_folder_shows_patient_verdict_slices_and_dvh(qtbot, window, folder):
    page = opened(qtbot, window, folder)
    desk = page.desk
    assert desk.scene.volume is not None
    assert "Geometry is sound" in desk.strip.text
    assert desk.structures.list.count() == 2
    assert len(desk.dvh.dvhs) == 2
    assert window.banner.text() != "No patient open"


def test_that_the_grey_of_a_pixel_is_the_image_value_there(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    desk.controls.wash.setChecked(False)
    desk.controls.lines.setChecked(False)
    desk.structures.set_all(False)
    desk.controls.cross.setChecked(False)
    view = desk.slices.views[0]
    point = np.array([-14.0, 9.0, view.plane.centre_mm[2]])
    display = desk.display
    wanted = (hounsfield(*point) - display.window.low) / (display.window.high - display.window.low)
    assert pixel(view, point).red() == pytest.approx(np.clip(wanted, 0, 1) * 255, abs=6)


def test_that_wheel_and_keys_go_from_slice_to_slice(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    view = desk.slices.views[0]
    start = view.plane.centre_mm[2]
    middle = QPointF(view.width() / 2, view.height() / 2)
    wheel = QWheelEvent(
        middle, view.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    view.wheelEvent(wheel)
    assert abs(view.plane.centre_mm[2] - start) == pytest.approx(3.0)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.plane.centre_mm[2] == pytest.approx(start)
    assert desk.slices.cross_mm[2] == pytest.approx(start)


def test_that_the_slices_end_at_the_last_one(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    view = desk.slices.views[0]
    for _ in range(30):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert abs(view.plane.centre_mm[2]) == pytest.approx(12.0)


@pytest.mark.req("Y-10")
def test_that_a_click_links_the_cross_hair_of_all_views(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    axial, coronal, sagittal = desk.slices.views[:3]
    point = np.array([8.0, -6.0, axial.plane.centre_mm[2]])
    column, row = axial.plane.pixels(point) / axial.devicePixelRatioF()
    qtbot.mouseClick(axial, Qt.MouseButton.LeftButton, pos=QPoint(round(column), round(row)))
    assert coronal.plane.centre_mm[1] == pytest.approx(-6.0, abs=0.3)
    assert sagittal.plane.centre_mm[0] == pytest.approx(8.0, abs=0.3)


def test_that_the_probe_tells_value_dose_and_structure(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    point = np.array([2.0, -3.0, 0.0])
    desk.slices.set_cross(point)
    words = desk.slices.probe.text()
    assert f"{hounsfield(*point):.0f} HU" in words
    assert f"{gray(*point):.2f} Gy" in words
    assert "PTV" in words
    assert "BODY" in words


def test_that_a_hidden_structure_is_not_drawn(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    view = desk.slices.views[0]
    corner = np.array([20.0, 0.0, view.plane.centre_mm[2]])
    desk.controls.wash.setChecked(False)
    desk.controls.lines.setChecked(False)
    desk.controls.cross.setChecked(False)
    shown = pixel(view, corner)
    assert shown.red() > shown.blue() + 60
    desk.structures.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    hidden = pixel(view, corner)
    assert abs(hidden.red() - hidden.blue()) < 3


def test_that_colours_are_not_reset_by_loading_another_set(qtbot, window, folder, tmp_path):
    desk = opened(qtbot, window, folder).desk
    desk.controls.wash_from.setValue(33)
    desk.controls.levels.setText("80 40")
    desk.controls.levels.editingFinished.emit()
    opened(qtbot, window, clean_set().write(tmp_path / "other"))
    assert desk.display.lower_percent == 33
    assert desk.display.levels == (80.0, 40.0)


@pytest.mark.parametrize(("text", "kept"), [("80; 40", (80.0, 40.0)), ("80 x", None)])
def test_that_levels_that_are_no_numbers_are_not_taken(qtbot, window, folder, text, kept):
    desk = opened(qtbot, window, folder).desk
    before = desk.display.levels
    desk.controls.levels.setText(text)
    desk.controls.levels.editingFinished.emit()
    assert desk.display.levels == (kept or before)
    told = desk.controls.level_fault
    assert told.isHidden() == bool(kept)
    assert kept or desk.controls.levels.text() == text  # in sight, to be corrected
    desk.controls.levels.setText("70")
    desk.controls.levels.editingFinished.emit()
    assert (told.isHidden(), desk.display.levels) == (True, (70.0,))


def test_that_the_levels_show_their_beginning_once_they_are_left(qtbot, window, folder):
    line = opened(qtbot, window, folder).desk.controls.levels
    line.setFocus()
    line.selectAll()
    assert line.cursorPosition() > 0
    QCoreApplication.sendEvent(
        line, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    )
    assert line.cursorPosition() == 0


def test_that_levels_turn_into_gy_and_back_without_moving(qtbot, window, folder):
    del qtbot
    desk = opened_without_wait(window, folder)
    before = desk.display.levels_gy
    desk.controls.unit.setCurrentText("Gy")
    desk.controls.unit.activated.emit(1)
    assert desk.display.levels_in_gy
    np.testing.assert_allclose(desk.display.levels_gy, before, atol=1e-3)


def opened_without_wait(window, folder):
    from app.viewer.desk import Desk
    from app.viewer.loading import load_sets

    desk = Desk()
    desk.setParent(window)
    desk.show_loaded(load_sets([folder], lambda *_: None))
    return desk


def test_that_a_zip_and_a_nested_folder_open_too(qtbot, window, folder, tmp_path):
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.iterdir():
            packed.write(file, f"inner/{file.name}")
    assert recognise(archive) == Kind.ZIP
    assert recognise(tmp_path) == Kind.DICOM_FOLDER
    desk = opened(qtbot, window, archive).desk
    assert desk.scene.volume is not None


def test_that_nothing_of_another_frame_is_drawn_and_it_is_said(qtbot, window, tmp_path):
    toy = clean_set()
    toy.dose = dose(lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 4.0)), frame=OTHER_FRAME)
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    assert desk.scene.dose is None
    assert any("another frame of reference" in words for words in desk.scene.left_out)
    assert "NOT sound" in desk.strip.text


def test_that_a_broken_folder_is_told_in_one_sentence(qtbot, window, tmp_path):
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"\0" * 128 + b"DICM" + b"nonsense")
    page = opened(qtbot, window, bad)
    assert not page.fault.isHidden()
    assert "bad.dcm" in page.fault.text
    assert "Traceback" not in page.fault.text


def test_that_a_measured_line_shows_its_length_and_dose(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    desk.slices.measure.setChecked(True)
    view = desk.slices.views[0]
    start, end = view.plane.point_mm(100, 150), view.plane.point_mm(200, 150)
    desk.slices.measured.emit(start, end)
    length = float(np.linalg.norm(end - start))
    assert f"{length:.1f} mm" in desk.profile.words.text()


def test_that_a_second_dose_is_drawn_dashed(qtbot, window, tmp_path):
    toy = clean_set()
    toy.more = [dose(lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0)), number=60)]
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    assert desk.scene.second is None
    desk.controls.second.setCurrentIndex(2)
    desk.controls.second.activated.emit(2)
    quiet(qtbot)
    assert desk.scene.second is desk.rt_set.doses[1]


@pytest.mark.req("Y-15")
def test_that_a_sum_made_here_is_shown_and_listed(qtbot, window, tmp_path):
    toy = clean_set()
    toy.more = [dose(lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0)), number=60)]
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    for row in desk.compare._rows:
        row.chosen.setChecked(True)
    qtbot.mouseClick(desk.compare.button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    assert len(desk.doses) == 3
    assert desk.dose.summation == "SUM"
    _, shown = desk.scene.values_at(np.zeros(3))
    assert shown == pytest.approx(2 * gray(0, 0, 0), abs=1e-3)


def test_that_every_layout_shows_its_views(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    wanted = {"Four views": 3, "Axial large": 3, "Three views": 3, "Axial only": 1}
    for name, count in wanted.items():
        desk.slices.set_layout(name)
        assert sum(view.isVisible() for view in desk.slices.views[:3]) == count
    desk.slices.set_layout("Four views")
    qtbot.mouseDClick(desk.slices.views[1], Qt.MouseButton.LeftButton)
    assert [view.isVisible() for view in desk.slices.views[:3]] == [False, True, False]


@pytest.mark.parametrize(
    "name", ["hn_proknow", "breast_dicompyler", "brain_srs_raystation", "phantom_oncentra"]
)
@pytest.mark.req("Y-10")
def test_that_every_real_set_opens_shows_and_scrolls(qtbot, window, shared_data, name):
    desk = opened(qtbot, window, shared_data / "dicom" / name).desk
    for number in range(len(desk.loaded.sets)):
        desk.show_set(number)
        quiet(qtbot)
        for view in desk.slices.views[:3]:
            view.go(1)
            assert not view.picture().isNull()


@pytest.mark.parametrize(
    ("action", "start"), [("picture_wanted", b"\x89PNG"), ("page_wanted", b"%PDF")]
)
def test_that_the_views_are_saved_as_picture_and_page(
    qtbot, window, folder, monkeypatch, action, start
):
    desk = opened(qtbot, window, folder).desk
    target = folder.parent / "views"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    getattr(desk.slices, action).emit()
    assert target.read_bytes().startswith(start)
    assert target.stat().st_size > 10_000


def test_that_an_oblique_view_turns_about_the_cross_hair(qtbot, window, folder):
    desk = opened(qtbot, window, folder).desk
    desk.slices.oblique.setChecked(True)
    view = desk.slices.views[3]
    assert view.isVisible()
    before = view.plane.normal
    qtbot.keyClick(view, Qt.Key.Key_W)
    assert float(view.plane.normal @ before) == pytest.approx(np.cos(np.deg2rad(5.0)))
    assert abs(view.plane.depth_mm(desk.slices.cross_mm)) < 1e-9


def test_that_a_desk_that_goes_takes_its_volumes_with_it(qtbot, window, folder):
    page = opened(qtbot, window, folder)
    desk = page.desk
    volume = weakref.ref(desk.scene.volume)
    desk.leave()
    page.pages.removeWidget(desk)
    page.desk = None
    desk.deleteLater()
    del desk
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def gone():
        gc.collect()
        return volume() is None

    qtbot.waitUntil(gone, timeout=5000)


def test_that_without_a_dose_nothing_can_be_combined_and_it_is_said(qtbot, window, tmp_path):
    toy = clean_set()
    toy.dose = None
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    desk.tabs.setCurrentWidget(desk.compare)
    assert desk.compare.words.text() == "The set has no dose."
    assert not desk.compare.button.isEnabled()
    assert not desk.compare.overlap_button.isEnabled()
    assert not desk.compare.alpha_beta.isVisible()
