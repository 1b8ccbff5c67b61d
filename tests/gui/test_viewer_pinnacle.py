"""A Pinnacle folder in the window: which room takes it, and what the Viewer shows of it."""

import pytest

from app.background import JOBS
from app.main_window import MainWindow
from tests.viewer.pinnacle_maker import write_patient

LONG_MS = 60_000


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    return window


@pytest.fixture
def patient(tmp_path):
    return write_patient(tmp_path / "Patient_1")


def opened(qtbot, window, path):
    window.go_to("Viewer")
    window.open_path(path)
    page = window.page("Viewer")
    qtbot.waitUntil(lambda: page.desk is not None or not page.fault.isHidden(), timeout=LONG_MS)
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)
    return page


def test_that_the_viewer_shows_a_pinnacle_patient_dropped_on_it(qtbot, window, patient):
    desk = opened(qtbot, window, patient).desk
    assert desk.scene.volume is not None
    assert desk.scene.dose is not None
    assert desk.structures.list.count() == 4
    assert len([one for one in desk.dvh.dvhs if not one.problem]) == 1
    assert "DOE, JANE   ID P-77   born 1950-02-03   Plan PELVIS" in window.banner.text()
    assert window.stack.currentWidget() is window.page("Viewer")


@pytest.mark.parametrize("where", [".", "Plan_0", "Plan_0/plan.Trial"])
def test_that_every_pinnacle_folder_stays_in_the_room_that_is_shown(qtbot, window, patient, where):
    page = opened(qtbot, window, patient / where)
    assert page.fault.isHidden()
    assert page.desk.dose.unit == "Gy"


def test_that_outside_the_viewer_a_pinnacle_folder_goes_to_lex(qtbot, window, patient):
    window.go_to("LEX")
    window.open_path(patient)
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)
    assert window.stack.currentWidget() is window.page("LEX")
    assert window.page("Viewer").desk is None


def test_that_a_folder_without_anything_to_show_is_told_in_words(qtbot, window, patient):
    for file in ("ImageSet_0.header", "Plan_0/plan.PatientSetup"):
        (patient / file).unlink()
    page = opened(qtbot, window, patient)
    assert "nothing of the Pinnacle folder can be shown" in page.fault.text
    assert "Traceback" not in page.fault.text


# Real folders, and the plan whose dose is shown first.
REAL = {"patient_6204": "LT BREAST", "institution_01": "BRAIN (Trial_1)"}


@pytest.mark.parametrize("name", REAL)
def test_that_a_real_pinnacle_folder_shows_and_has_its_dvhs(qtbot, window, shared_data, name):
    page = opened(qtbot, window, shared_data / "pinnacle" / name)
    desk = page.desk
    assert page.fault.isHidden(), page.fault.text
    assert desk.scene.volume is None
    assert desk.scene.dose is not None
    assert desk.rt_set.plan_of(desk.scene.dose).label == REAL[name]
    drawn = [one.structure for one in desk.dvh.dvhs if one.structure.closed]
    assert drawn
    assert [one.structure for one in desk.dvh.dvhs if not one.problem] == drawn
    assert "could not be examined" in desk.strip.text
    for place in range(desk.tabs.count()):
        if desk.tabs.isTabVisible(place):
            desk.tabs.setCurrentIndex(place)
            assert not desk.grab().isNull()
