"""The Archive room: find, see what is missing, open in the Viewer, import with a report."""

import zipfile
from copy import deepcopy
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.main_window import MainWindow
from core.archive.archive import Archive
from core.findings import State
from core.paths import data_folder
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import clean_set


def quiet(qtbot):
    qtbot.waitUntil(lambda: not JOBS.running, timeout=20_000)


@pytest.fixture
def folder(tmp_path):
    return clean_set().write(tmp_path / "set")


@pytest.fixture
def window(qtbot):
    made = MainWindow()
    qtbot.addWidget(made)
    made.show()
    return made


def entered(qtbot, window):
    page = window.go_to("Archive")
    qtbot.waitUntil(lambda: page.archive is not None, timeout=5000)
    quiet(qtbot)
    return page


def filled(qtbot, window, folder):
    archive = Archive(data_folder() / "archive")
    archive.take_in_files([folder], "TPS")
    archive.close()
    return entered(qtbot, window)


@pytest.mark.req("Y-05", "Y-06")
def test_that_an_empty_archive_tells_what_to_do(qtbot, window):
    page = entered(qtbot, window)
    assert page.words.isVisible()
    assert "Import" in page.words.text()
    assert not page.view_button.isEnabled()


@pytest.mark.req("Y-03")
def test_that_an_import_reports_what_was_refused(qtbot, window, folder):
    (folder / "notes.dcm").write_text("no DICOM")
    page = entered(qtbot, window)
    page.take_in([folder])
    quiet(qtbot)
    assert page.banner.state is State.WARNING
    assert "notes.dcm" in page.banner.toolTip()
    assert page.people.rowCount() == 1


@pytest.mark.req("Y-03")
def test_that_an_import_waits_for_the_archive_and_closing_asks_about_it(
    qtbot, window, folder, monkeypatch
):
    go = Event()
    page = window.page("Archive")
    held = page._open_archive
    monkeypatch.setattr(page, "_open_archive", lambda: (go.wait(20), held())[1])
    monkeypatch.setattr(page, "ask_for_folder", lambda _: folder)
    window.go_to("Archive")
    page.import_folder.click()
    assert page.under_way()
    asked = []
    monkeypatch.setattr(
        QMessageBox,
        "question",
        lambda *words: asked.append(words) or QMessageBox.StandardButton.No,
    )
    assert not window.close()
    assert len(asked) == 1
    go.set()
    quiet(qtbot)
    quiet(qtbot)
    assert page.people.rowCount() == 1
    assert not page.under_way()


@pytest.mark.req("Y-05")
def test_that_typing_a_name_finds_and_another_finds_nobody(qtbot, window, folder):
    page = filled(qtbot, window, folder)
    qtbot.keyClicks(page.name, "toy")
    qtbot.keyClick(page.name, Qt.Key.Key_Return)
    quiet(qtbot)
    assert page.people.rowCount() == 1
    qtbot.keyClicks(page.name, "x")
    qtbot.keyClick(page.name, Qt.Key.Key_Return)
    quiet(qtbot)
    assert page.people.rowCount() == 0
    assert "Nobody" in page.words.text()


@pytest.mark.req("Y-02", "Y-10")
def test_that_a_plan_set_opens_in_the_viewer(qtbot, window, folder):
    page = filled(qtbot, window, folder)
    assert page.sets.topLevelItemCount() == 1
    assert len(page.chosen()) == 12
    qtbot.mouseClick(page.view_button, Qt.MouseButton.LeftButton)
    viewer = window.page("Viewer")
    qtbot.waitUntil(lambda: viewer.desk is not None, timeout=20_000)
    quiet(qtbot)
    assert window.stack.currentWidget() is viewer
    assert len(viewer.desk.rt_set.items) == 12
    assert viewer.desk.scene.volume is not None


@pytest.mark.req("Y-15")
def test_that_all_plans_of_a_person_open_together(qtbot, window, folder, tmp_path):
    toy = clean_set()
    second = deepcopy(toy.plan)
    second.SOPInstanceUID, second.RTPlanLabel = maker.uid(5, 777), "Second"
    toy.more = [second]
    page = filled(qtbot, window, toy.write(tmp_path / "two"))
    page.sets.selectAll()
    qtbot.mouseClick(page.view_button, Qt.MouseButton.LeftButton)
    viewer = window.page("Viewer")
    qtbot.waitUntil(lambda: viewer.desk is not None, timeout=20_000)
    quiet(qtbot)
    assert {plan.label for plan in viewer.desk.rt_set.plans} == {"Toyplan", "Second"}


@pytest.mark.req("Y-06", "Y-07")
def test_that_a_series_of_the_tree_is_saved_as_zip(qtbot, window, folder, tmp_path, monkeypatch):
    page = filled(qtbot, window, folder)
    page.tabs.setCurrentWidget(page.tree)
    study = page.tree.topLevelItem(0)
    series = next(study.child(n) for n in range(study.childCount())
                  if study.child(n).text(2) == "CT")  # fmt: skip
    page.tree.setCurrentItem(series)
    target = tmp_path / "ct.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    qtbot.mouseClick(page.copy_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    with zipfile.ZipFile(target) as packed:
        copies = {packed.read(name) for name in packed.namelist()}
    assert copies == {path.read_bytes() for path in folder.glob("CT*")}
    assert page.banner.state is State.PASS


@pytest.mark.req("Y-02")
def test_that_a_plan_opens_in_lex(qtbot, window, folder):
    page = filled(qtbot, window, folder)
    qtbot.mouseClick(page.lex_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    assert window.stack.currentWidget() is window.page("LEX")


@pytest.mark.req("Y-02")
def test_that_a_plan_opens_in_the_filter(qtbot, window, tmp_path):
    write_demo(tmp_path / "demo")
    page = filled(qtbot, window, tmp_path / "demo" / "dicom")
    qtbot.mouseClick(page.filter_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    checker = window.page("Filter")
    assert window.stack.currentWidget() is checker
    assert checker.rv_path == page.archive.path_of(page._plan())


def test_that_an_object_that_lost_its_file_is_told_and_not_passed_over(qtbot, window, folder):
    page = filled(qtbot, window, folder)
    page.archive.path_of(page.chosen()[0]).unlink()
    qtbot.mouseClick(page.view_button, Qt.MouseButton.LeftButton)
    assert page.banner.state is State.ERROR
    assert "1 of 12 objects" in page.banner._words.text()
