"""The user's own walk: demonstration plan, transfer file, check; real widgets, real files."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.main_window import MainWindow
from core.findings import State

LONG_MS = 20_000


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


def quiet(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)


def started(qtbot, window, demo):
    window.start_demo(demo.folder)
    lex = window.page("LEX")
    qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
    quiet(qtbot)
    return lex


@pytest.mark.req("L-05", "L-24")
def test_that_a_newcomer_writes_and_checks_a_file_with_next_and_one_button(
    qtbot, window, demo, tmp_path
):
    lex = started(qtbot, window, demo)
    while lex.next_button.isVisible():
        assert lex.next_button.isEnabled(), lex.note.text()
        qtbot.mouseClick(lex.next_button, Qt.MouseButton.LeftButton)
        quiet(qtbot)
    target = tmp_path / "transfer.rtp"
    lex.write_step.path.setText(str(target))
    qtbot.mouseClick(lex.write_step.write_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    assert lex.write_step.banner.state != State.ERROR, lex.write_step.banner.text
    assert target.read_bytes().startswith(b'"PLAN_DEF"')
    qtbot.mouseClick(lex.write_step.check_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    checker = window.page("Filter")
    assert window.stack.currentWidget() is checker
    assert checker.view.banner.state == State.PASS, checker.view.banner.text
    assert "DEMO-0001" in window.banner.text()


@pytest.mark.req("L-05")
def test_that_next_stays_grey_and_names_what_is_missing(qtbot, window, demo):
    lex = window.page("LEX")
    lex.open_path(demo.plan)
    qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
    lex.go(3)
    assert not lex.next_button.isEnabled()
    assert "ourse" in lex.note.text()
    lex.treatment_step.course.set_number(1)
    assert "ourse" not in lex.note.text()
    lex.go(5)
    assert lex.stack.currentWidget() is lex.treatment_step


@pytest.mark.req("L-03")
def test_that_each_list_shows_only_what_belongs_to_the_choice_on_its_left(qtbot, window, demo):
    lex = window.page("LEX")
    lex.open_path(demo.pinnacle)
    qtbot.waitUntil(lambda: lex.plan_step.trials.count() > 0, timeout=LONG_MS)
    quiet(qtbot)
    lists = (lex.plan_step.patients, lex.plan_step.plans, lex.plan_step.trials)
    assert [listing.count() for listing in lists] == [1, 1, 1]
    lex.plan_step.patients.setCurrentRow(-1)
    assert [listing.count() for listing in lists] == [1, 0, 0]


@pytest.mark.req("R-02", "R-26")
def test_that_the_report_comes_first_and_a_seeded_error_is_named(qtbot, window, demo):
    checker = window.go_to("Filter")
    variant = demo.export.parent / "variants" / "leaf_1_mm.rtp"
    checker.run(variant, None)
    quiet(qtbot)
    assert checker.view.tabs.currentIndex() == 0
    checker.run(variant, demo.plan)
    quiet(qtbot)
    assert checker.view.banner.state == State.ERROR
    errors = [row for row in checker.view.model.rows if row.state == State.ERROR]
    assert {row.item for row in errors} == {"mlc_a30"}
    checker.show_place(errors[0])
    assert checker.field_view.currentIndex().siblingAtColumn(0).data() == errors[0].field


def test_that_a_damaged_file_is_refused_in_one_sentence_and_can_be_replaced(qtbot, window, demo):
    checker = window.go_to("Filter")
    checker.run(demo.export.parent / "variants" / "checksum_damaged.rtp", None)
    quiet(qtbot)
    (row,) = checker.view.model.rows
    assert "checksum" in row.message
    assert "Traceback" not in row.message
    assert not checker.plan_button.isEnabled()
    checker.run(demo.export, None)
    quiet(qtbot)
    assert checker.view.banner.state == State.PASS
    assert checker.plan_button.isEnabled()


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.dropEvent(
        QDropEvent(
            QPoint(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip


def test_that_a_dropped_export_opens_in_the_filter_and_a_dropped_plan_joins_it(
    qtbot, window, demo
):
    drop(window, demo.export)
    quiet(qtbot)
    checker = window.page("Filter")
    assert window.stack.currentWidget() is checker
    drop(window, demo.pinnacle_plan)
    quiet(qtbot)
    assert checker.plan_path == demo.pinnacle_plan
    assert checker.matches.rowCount() == 5


def test_that_a_dropped_plan_opens_in_lex(qtbot, window, demo):
    window.go_to("Archive")
    drop(window, demo.pinnacle_plan)
    quiet(qtbot)
    assert window.stack.currentWidget() is window.page("LEX")


def test_that_a_dropped_photograph_is_refused_in_words(qtbot, window, tmp_path):
    picture = tmp_path / "holiday.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    drop(window, picture)
    assert "holiday.jpg was not opened" in window.statusBar().currentMessage()


def test_that_opened_files_are_remembered(qtbot, window, demo):
    window.open_path(demo.export)
    quiet(qtbot)
    assert window.recent_paths() == [str(demo.export)]
    window._fill_recent()
    assert window.recent_menu.actions()[0].text() == str(demo.export)


def test_that_closing_while_a_job_runs_ends_it(qtbot, window, demo):
    checker = window.go_to("Filter")
    checker.run(demo.export, demo.pinnacle_plan)
    window.close()
    assert not window.isVisible()
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)


def test_that_the_demonstration_is_not_told_over_a_real_patient(qtbot, window, demo):
    started(qtbot, window, demo)
    assert "DEMONSTRATION" in window.windowTitle()
    assert window.demo_strip.isVisible()
    window.page("LEX").patient_changed.emit("Doe, Jane   ID 4711   Plan PELVIS")
    assert window.windowTitle() == "EQS Workstation"
    assert not window.demo_strip.isVisible()
    window.go_to("Filter")  # nobody's room
    assert "DEMONSTRATION" in window.windowTitle()
    window.page("Filter").patient_changed.emit("DEMO, DEMO   ID DEMO-0001")
    assert window.demo_strip.isVisible()
    window.go_to("LEX")
    assert "DEMONSTRATION" not in window.windowTitle()
