"""The Archive room: whoever is selected stays, what cannot be known is said, closing asks."""

from copy import deepcopy
from threading import Event

import pytest
from PySide6.QtWidgets import QMessageBox

from app.archive import retrieve as copies
from app.archive.gui import importing, network_pane
from app.archive.gui.page import ArchivePage
from app.background import JOBS
from app.main_window import MainWindow
from core.archive.archive import Archive
from core.archive.nodes import ListenerSettings, Node
from core.archive.settings import ArchiveSettings
from core.archive.transfer import Fate, Result
from core.errors import RemedyError
from core.paths import data_folder
from tests.archive.servers import HERE, free_port
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import clean_set
from tests.gui.held_jobs import cancelled, no_free_thread, quiet


def plan_of(name, number, label="Plan"):
    data = deepcopy(clean_set().plan)
    data.PatientID, data.PatientName, data.RTPlanLabel = name, f"{name}^Test", label
    data.SOPInstanceUID = maker.uid(5, number)
    data.StudyInstanceUID, data.SeriesInstanceUID = maker.uid(6, number), maker.uid(7, number)
    return data


def refuse():
    raise RemedyError("locked", where="own", remedy="Wait.")


@pytest.fixture
def room(qtbot, tmp_path):
    """The room in a window, with two persons; the second has two plans."""
    own = Archive(data_folder() / "archive")
    toy = clean_set()
    toy.more = [deepcopy(toy.plan)]
    toy.more[0].SOPInstanceUID, toy.more[0].RTPlanLabel = maker.uid(5, 777), "Second"
    maker.write(tmp_path / "first", [plan_of("Able", 1)])
    own.take_in_files([tmp_path / "first", toy.write(tmp_path / "toy")], "TPS")
    own.close()
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    page = window.go_to("Archive")
    qtbot.waitUntil(lambda: page.people.rowCount() == 2, timeout=20_000)
    quiet(qtbot)
    yield page
    quiet(qtbot)


def named(page):
    """Return ID of the person and labels of the sets that are selected."""
    row = page.table.currentIndex().row()
    known = page.people.index(row, 1).data() if row >= 0 else ""
    return known, [one.label for one in page.sets.plan_sets()]


def ends(monkeypatch, answer=QMessageBox.StandardButton.No):
    """Let the question at closing be answered; return the list of what was asked."""
    asked = []
    monkeypatch.setattr(QMessageBox, "question", lambda *words: asked.append(words[2]) or answer)
    return asked


@pytest.mark.req("Y-05")
def test_that_who_is_selected_stays_when_something_comes(qtbot, room, tmp_path):
    room.table.selectRow(1)
    quiet(qtbot)
    labels = [room.sets.topLevelItem(row).text(1) for row in range(2)]
    room.sets.setCurrentItem(room.sets.topLevelItem(1))
    before = (maker.clean_set().plan.PatientID, [labels[1]])
    assert named(room) == before
    study = room.tree.topLevelItem(0)
    study.setExpanded(True)
    room.tree.setCurrentItem(study.child(1))
    tree = study.child(1).text(4)
    maker.write(tmp_path / "more", [plan_of("Aaron", 2)])
    room.take_in([tmp_path / "more"])
    quiet(qtbot)
    assert room.people.rowCount() == 3
    assert named(room) == before
    assert room.tree.currentItem().text(4) == tree
    assert room.tree.topLevelItem(0).isExpanded()
    room.name.setText("Test")
    quiet(qtbot)
    qtbot.waitUntil(lambda: room.table.currentIndex().row() == 0, timeout=10_000)
    quiet(qtbot)
    assert named(room)[0] == "Aaron"


@pytest.mark.req("Y-05")
@pytest.mark.parametrize("is_cancelled", [True, False])
def test_that_a_search_without_answer_lists_nobody_and_says_so(
    qtbot, room, monkeypatch, is_cancelled
):
    def broken(*_):
        raise OSError("the disk is gone")

    if is_cancelled:
        cancelled(qtbot, lambda: qtbot.keyClicks(room.name, "\r"))
    else:
        monkeypatch.setattr(room.archive.index, "rows", broken)
        qtbot.keyClicks(room.name, "\r")
        quiet(qtbot)
    assert room.people.rowCount() == 0
    assert room.words.isVisible()
    assert "came to no answer" in room.words.text()
    assert room.banner.text == ("Not run: Cancelled." if is_cancelled
                                else "Error: the disk is gone")  # fmt: skip
    assert room.sets.topLevelItemCount() == 0
    assert not room.view_button.isEnabled()


@pytest.mark.req("Y-02")
def test_that_only_one_plan_opens_in_lex_and_filter(qtbot, room):
    room.table.selectRow(1)
    quiet(qtbot)
    assert room.lex_button.isEnabled()
    room.sets.selectAll()
    for button in (room.lex_button, room.filter_button):
        assert not button.isEnabled()
        assert button.toolTip() == "2 plans are selected: select one."
    room.sets.clearSelection()
    assert room.filter_button.toolTip() == "No plan is selected: select one."
    room.sets.setCurrentItem(room.sets.topLevelItem(1))
    assert room.filter_button.isEnabled()
    assert room.filter_button.toolTip() == ""


# Opening, import and closing.


@pytest.mark.req("Y-03")
@pytest.mark.parametrize("is_cancelled", [True, False])
def test_that_an_import_does_not_wait_for_an_archive_that_does_not_open(
    qtbot, tmp_path, is_cancelled
):
    own = Archive(tmp_path / "own")
    faults = [] if is_cancelled else [refuse, lambda: 1 / 0]
    answers = iter([*faults, lambda: own])
    page = ArchivePage(lambda: next(answers)())  # noqa: PLW0108  (each time another)
    qtbot.addWidget(page)
    folder = clean_set().write(tmp_path / "set")

    def enter():
        page.show()
        page.open_path(folder)

    if is_cancelled:
        with no_free_thread():
            enter()
            next(job for job in JOBS.running if "archive" in job.title).cancel()
        quiet(qtbot)
        assert page.banner.text == "Not run: Cancelled. Not imported: set."
    else:
        enter()
        quiet(qtbot)
        assert page.banner.text == "Error: locked (own). Wait. Not imported: set."
        page.open_path(folder)
        quiet(qtbot)
        assert "The program has a fault: ZeroDivisionError" in page.banner.text
    assert page.words.text().startswith("The archive could not be opened")
    assert not page.under_way()
    page.open_path(folder)
    quiet(qtbot)
    assert page.people.rowCount() == 1
    own.close()


@pytest.mark.req("Y-03")
def test_that_the_longer_of_two_imports_is_asked_about(qtbot, room, tmp_path, monkeypatch):
    go, held = Event(), importing.take_in

    def one_slow(archive, paths, progress):
        if paths[0].name == "toy":
            go.wait(20)
        return held(archive, paths, progress)

    monkeypatch.setattr(importing, "take_in", one_slow)
    asked = ends(monkeypatch)
    room.take_in([tmp_path / "toy"])
    room.take_in([tmp_path / "first"])
    qtbot.waitUntil(lambda: room.report_button.report is not None, timeout=20_000)
    assert not room.window().close()
    assert asked == ["An import is under way. Stop this and close the program?"]
    go.set()
    quiet(qtbot)
    assert not room.under_way()


@pytest.mark.req("Y-07", "Y-08")
def test_that_closing_asks_while_copies_transfers_or_listening_are_under_way(
    qtbot, room, tmp_path, monkeypatch
):
    go, held = Event(), copies.file_name
    monkeypatch.setattr(copies, "file_name", lambda *words: (go.wait(20), held(*words))[1])
    monkeypatch.setattr(
        network_pane, "send_to", lambda *_: (go.wait(20), [Result("1", Fate.DONE)])[1]
    )
    monkeypatch.setattr(room, "ask_for_new_file", lambda *_: tmp_path / "copy.zip")
    strip = room.others.service
    strip._read = lambda: ArchiveSettings(listener=ListenerSettings(port=free_port()))
    strip.switch.click()
    quiet(qtbot)
    room.copy_button.click()
    room.others.network.send(
        room.chosen() or room.archive.index.instances("1"), Node("FIRST", HERE, 1)
    )
    asked = ends(monkeypatch)
    assert not room.window().close()
    (words,) = asked
    assert words.startswith(
        "A copy is being written, transfers under way: 1, the archive listens."
    )
    go.set()
    quiet(qtbot)
    assert (tmp_path / "copy.zip").is_file()
    strip.switch.click()
    quiet(qtbot)
    assert room.window().close()
    assert len(asked) == 1


@pytest.mark.req("Y-07")
def test_that_a_cancelled_copy_says_that_there_is_none(qtbot, room, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "ask_for_new_file", lambda *_: tmp_path / "copy.zip")
    cancelled(qtbot, room.copy_button.click)
    assert room.banner.text == "Not run: Cancelled. There is no copy."
    assert not (tmp_path / "copy.zip").exists()
