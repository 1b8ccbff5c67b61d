"""The film room: proposes fields, calculates, compares, tells the verdict, saves the report."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from app.background import JOBS
from app.filter.film.plane import FilmPlane
from app.filter.film.read import read_film
from app.filter.film.write import write_plane
from app.filter.gui import film_panel
from app.filter.gui.film_panel import FilmPanel
from app.filter.gui.film_picture import Map, Paper, frame_of, map_image
from core.findings import State
from tests.filter.mu.film_samples import tiff

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def panel(qtbot, demo):
    made = FilmPanel()
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.set_sources(next((demo / "export").glob("*.rtp")), demo / "dicom")
    made.show()
    qtbot.waitUntil(lambda: bool(made.controls.fields.chosen), timeout=60_000)
    for _, action in made.controls.fields._actions[2:]:
        action.setChecked(False)
    made.controls.step.setValue(4.0)
    return made


@pytest.fixture
def filmed(panel, qtbot):
    qtbot.mouseClick(panel.controls.calculate, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.film is not None, timeout=100_000)
    return panel


def compared(panel, qtbot, folder, factor=1.0):
    plane = panel.film.plane
    # A book of the clinic's own says no "not for clinical use".
    about = {name: words for name, words in plane.about.items() if name != "notice"}
    own = FilmPlane(plane.values, plane.x_mm, plane.y_mm, plane.place, plane.title, about)
    object.__setattr__(panel.film, "plane", own)
    values = (plane.values * np.float32(factor)).astype(np.float32)
    write_plane(FilmPlane(values, plane.x_mm, plane.y_mm, plane.place), folder / "plan.dcm")
    panel.controls.dose.show_path(folder / "plan.dcm")
    qtbot.mouseClick(panel.controls.compare, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.report is not None, timeout=60_000)


@pytest.mark.req("R-18")
def test_that_fields_are_proposed_and_the_others_say_why(panel):
    assert panel.controls.fields.text() == "Fields: 1, 2 of 5"
    words = [action.text() for _, action in panel.controls.fields._actions]
    assert "no photon field" in words[4]
    assert "Left out: 3" in panel.controls.fields.toolTip()


@pytest.mark.req("R-18")
def test_that_the_film_is_drawn_with_its_notice_and_gaps(filmed):
    assert "NOT FOR CLINICAL USE" in filmed.notice.text()
    assert isinstance(filmed.views["film"].shown, Map)
    assert filmed.views["plan"].shown is None
    assert not filmed.views["film"].grab().toImage().isNull()
    fields = {one.field for one in filmed.film.not_checked}
    assert {"3", "4", "5"} <= fields
    assert filmed.controls.save_film.isEnabled()
    assert not filmed.controls.save_report.isEnabled()


@pytest.mark.req("R-18")
@pytest.mark.parametrize(
    ("factor", "state", "words"), [(1.0, State.PASS, "Accepted"), (1.15, State.ERROR, "measure")]
)
def test_that_the_verdict_is_sign_word_and_colour(filmed, qtbot, tmp_path, factor, state, words):
    compared(filmed, qtbot, tmp_path, factor)
    assert filmed.banner.state == state
    assert words in filmed.banner.text
    assert (filmed.findings.model.rowCount() > 0) == (state == State.ERROR)
    assert all(view.shown is not None for view in filmed.views.values())


@pytest.mark.req("O-05")
def test_that_a_measured_film_stands_beside_the_virtual_one(filmed, qtbot, tmp_path):
    values = filmed.film.plane.values[::-1]
    (tmp_path / "scan.tif").write_bytes(tiff(np.rint(60000 - 20000 * values).astype("u2")))
    (tmp_path / "film.toml").write_text('source = "b"\npoints = [[1000, 2.95], [60000, 0.0]]\n')
    filmed.controls.measured.show_path(tmp_path / "scan.tif")
    filmed.controls.calibration.show_path(tmp_path / "film.toml")
    filmed.controls.pixel.setValue(4.0)
    compared(filmed, qtbot, tmp_path)
    assert [filmed.which.itemText(n) for n in range(2)] == ["Virtual film", "Measured film"]
    filmed.which.setCurrentIndex(1)
    assert filmed.views["film"].shown.title == "Measured film, Gy"
    filmed.third.setCurrentIndex(1)
    assert filmed.views["third"].shown.title.startswith("Distance")


@pytest.mark.req("O-05")
def test_that_a_click_lets_the_profiles_run_through_the_point(filmed, qtbot):
    view = filmed.views["film"]
    box = frame_of(view.shown, view._paper())
    at = QPoint(round(box.left() + box.width() * 0.75), round(box.top() + box.height() * 0.25))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
    y, x = filmed.lines_mm
    assert (x, y) == pytest.approx((50, 50), abs=3)
    assert filmed.views["x"].shown.at_mm == y
    qtbot.mouseMove(view, at)
    view.pointed.emit("here")
    assert filmed.words.text() == "here"


@pytest.mark.req("O-05")
def test_that_film_and_report_are_saved(filmed, qtbot, tmp_path, monkeypatch):
    compared(filmed, qtbot, tmp_path)
    for button, name in (
        (filmed.controls.save_film, "film.csv"), (filmed.controls.save_report, "qa.pdf"),
        (filmed.controls.save_report, "qa.html"),
    ):  # fmt: skip
        file = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, one=file: (str(one), ""))
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda one=name: filmed.words.text() == f"Saved: {one}", timeout=30_000)
    assert read_film(tmp_path / "film.csv").values == pytest.approx(
        filmed.film.plane.values, abs=1e-5
    )
    assert (tmp_path / "qa.pdf").read_bytes().startswith(b"%PDF")


def test_that_a_fault_is_a_sentence_and_the_room_goes_on(filmed, qtbot, tmp_path):
    (tmp_path / "plan.dcm").write_bytes(b"no dose")
    filmed.controls.dose.show_path(tmp_path / "plan.dcm")
    filmed.compare()
    qtbot.waitUntil(lambda: filmed.banner.state == State.ERROR, timeout=30_000)
    assert "Not done" in filmed.banner.text
    assert filmed.controls.compare.isEnabled()


def test_that_an_impossible_phantom_is_told_at_once(panel):
    panel.controls.iso_depth.setValue(30.0)
    panel.calculate()
    assert "isocentre 30 cm deep" in panel.banner.text
    assert not JOBS.running


def test_that_without_a_plan_nothing_can_be_calculated(panel):
    panel.set_sources(None, None)
    assert not panel.controls.calculate.isEnabled()
    assert "Import the plan" in panel.words.text()


def test_that_colours_of_a_map_are_those_of_its_values():
    values = np.array([[0.0, 1.0], [np.nan, 2.0]], dtype=np.float32)
    axis = np.array([0.0, 1.0])
    grey = ((0.0, (0, 0, 0)), (1.0, (200, 200, 200)))
    own = Map("", "", values, axis, axis, 0.0, 2.0, grey)
    paper = Paper(width=600, height=500)
    image, box = map_image(own, paper), frame_of(own, paper)

    def at(across, down):
        colour = image.pixelColor(round(box.left() + across * box.width()),
                                  round(box.top() + down * box.height()))  # fmt: skip
        return colour.red()

    # The top row holds the highest y: no value at the left, 2 at the right.
    assert at(0.05, 0.05) == 0xC9
    assert at(0.95, 0.05) == pytest.approx(200, abs=3)
    assert at(0.05, 0.95) == pytest.approx(0, abs=3)
    assert at(0.95, 0.95) == pytest.approx(100, abs=3)


def test_that_a_file_name_is_shown_and_its_path_in_the_tip(panel):
    panel.controls.dose.show_path(Path("/a/b/plan.dcm"))
    assert panel.controls.dose.name.text() == "plan.dcm"


def test_that_a_verdict_stands_only_beside_what_it_was_made_of(filmed, qtbot, tmp_path):
    own = filmed.controls
    compared(filmed, qtbot, tmp_path)
    own.measured.show_path(tmp_path / "another.tif")
    assert (filmed.report, filmed.banner.isHidden()) == (None, True)
    assert not own.save_report.isEnabled()
    assert own.save_film.isEnabled()
    assert filmed.views["plan"].shown is None
    own.measured.show_path(None)
    compared(filmed, qtbot, tmp_path)
    own.compare.click()
    own.fractions.setValue(25)  # while it compares
    qtbot.waitUntil(lambda: not JOBS.running, timeout=60_000)
    assert filmed.report is None
    assert own.compare.isEnabled()
    own.offset.setValue(10.0)
    assert (filmed.film, filmed.views["film"].shown) == (None, None)
    assert not own.save_film.isEnabled()
    assert "calculate again" in filmed.words.text()
    filmed.set_sources(None, None)
    assert not own.compare.isEnabled()


def test_that_a_fault_is_told_beside_the_plan_it_is_of_alone(panel, qtbot, demo, tmp_path):
    own = panel.controls
    (tmp_path / "plan.dcm").write_bytes(b"no dose")
    (tmp_path / "film.csv").write_bytes(b"1,2")
    own.dose.show_path(tmp_path / "plan.dcm")
    own.measured.show_path(tmp_path / "film.csv")
    own.compare.click()
    panel.set_sources(demo / "other.rtp", demo / "dicom")
    qtbot.waitUntil(lambda: not JOBS.running, timeout=60_000)
    assert panel.banner.isHidden() or "other.rtp" in panel.banner.text


class Gate:
    """Work that waits until it is let go, and then does what it stands for."""

    def __init__(self, work):
        self.work, self.go, self.asked = work, threading.Event(), []

    def __call__(self, *words):
        self.asked.append(words)
        assert self.go.wait(20)
        return self.work(*words)


@pytest.mark.parametrize("faulty", [False, True])
def test_that_a_set_up_changed_during_the_calculation_is_told_and_its_film_not_shown(
    panel, qtbot, monkeypatch, faulty
):
    own = panel.controls
    gate = Gate(film_panel.calculated if not faulty else lambda *_: 1 / 0)
    monkeypatch.setattr(film_panel, "calculated", gate)
    own.calculate.click()
    own.offset.setValue(10.0)
    assert panel.words.text() == "Changed during the calculation; calculate again."
    assert own.calculate.isEnabled()
    gate.go.set()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=60_000)
    assert (panel.film, panel.banner.isHidden()) == (None, True)
    assert panel.words.text() == "Changed during the calculation; calculate again."


def test_that_a_film_asked_for_anew_during_the_calculation_is_that_of_the_boxes(
    panel, qtbot, monkeypatch
):
    gate = Gate(film_panel.calculated)
    monkeypatch.setattr(film_panel, "calculated", gate)
    panel.controls.calculate.click()
    panel.controls.offset.setValue(10.0)
    panel.controls.calculate.click()
    gate.go.set()
    qtbot.waitUntil(lambda: panel.film is not None, timeout=100_000)
    assert panel.film.setup.offset_mm == 10.0
    assert panel.words.text() == panel.film.setup.words


def test_that_files_changed_during_the_comparison_are_told(filmed, qtbot, monkeypatch, tmp_path):
    gate = Gate(film_panel.film_report)
    monkeypatch.setattr(film_panel, "film_report", gate)
    filmed.controls.dose.show_path(tmp_path / "plan.dcm")
    filmed.controls.compare.click()
    filmed.controls.fractions.setValue(25)
    assert filmed.words.text() == "Changed during the comparison; compare again."
    gate.go.set()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=60_000)
    assert (filmed.report, filmed.banner.isHidden()) == (None, True)
    assert filmed.film is not None


def test_that_a_fault_of_a_set_up_goes_with_it(panel):
    panel.controls.iso_depth.setValue(30.0)
    panel.calculate()
    assert not panel.banner.isHidden()
    panel.controls.dose.show_path(Path("/a/b/plan.dcm"))
    assert not panel.banner.isHidden()  # it says nothing of the files
    panel.controls.iso_depth.setValue(10.0)
    assert panel.banner.isHidden()


def test_that_a_cancelled_listing_of_the_fields_is_made_up_for(
    qtbot, demo, cancelled_before_its_turn
):
    sources = (next((demo / "export").glob("*.rtp")), demo / "dicom")
    panel = FilmPanel()
    qtbot.addWidget(panel)
    panel.set_sources(*sources)
    cancelled_before_its_turn(panel.show)
    assert (panel.words.text(), panel.controls.fields.chosen) == ("Cancelled.", ())
    panel.hide()
    panel.show()
    qtbot.waitUntil(lambda: bool(panel.controls.fields.chosen), timeout=60_000)
    cancelled_before_its_turn(lambda: panel.set_sources(*sources))
    assert panel.controls.fields.chosen == ()
    panel.controls.calculate.click()
    qtbot.waitUntil(lambda: bool(panel.controls.fields.chosen), timeout=60_000)
