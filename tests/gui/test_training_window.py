"""Training with real widgets: answers, score, watermark, nothing on record."""

from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.background import JOBS
from app.main_window import MainWindow
from app.training.cases import Decision, Level
from app.training_window import WORD
from app.watermark import Watermark
from core.findings import State
from core.paths import data_folder

LONG_MS = 20_000
PLACE_OF = {Decision.ACCEPT: 0, Decision.ASK: 1, Decision.REJECT: 2}


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def training(qtbot, window):
    training = window.help_menu.start_training()
    yield training
    with suppress(RuntimeError):  # closed by the test, and deleted
        training.accept()


def quiet(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)


def begin(qtbot, training, *, cases=3, seed=5, level=0):
    training.count.setValue(cases)
    training.seed.setValue(seed)
    training.level.setCurrentIndex(level)
    qtbot.mouseClick(training.start_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    quiet(qtbot)


def answer(qtbot, training, decision, field=""):
    panel = training.case
    panel.choices.buttons()[PLACE_OF[decision]].click()
    if decision is not Decision.ACCEPT:
        panel.place.setCurrentIndex(max(0, panel.place.findData(field)))
    qtbot.mouseClick(panel.answer_button, Qt.MouseButton.LeftButton)


def go_on(qtbot, training):
    qtbot.mouseClick(training.case.next_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.req("O-14")
def test_that_right_answers_get_every_point(qtbot, training, level):
    before = sorted(data_folder().rglob("*"))
    begin(qtbot, training, level=level)
    for case in training.training.cases:
        assert training.pages.currentWidget() is training.case
        assert not training.case.answer_button.isEnabled()
        answer(qtbot, training, case.right, case.field)
        assert training.case.banner.state is State.PASS
        assert case.words in training.case.explanation.text()
        go_on(qtbot, training)
    assert training.pages.currentWidget() is training.results_page
    assert "nothing was missed" in training.banner.text
    assert training.results.rowCount() == 3
    assert sorted(data_folder().rglob("*")) == before


@pytest.mark.req("O-14")
def test_that_what_was_missed_is_told_with_its_rule_and_why(qtbot, training):
    begin(qtbot, training)
    for _ in training.training.cases:
        answer(qtbot, training, Decision.ACCEPT)
        go_on(qtbot, training)
    assert training.banner.state is State.WARNING
    wrong = [one for one in training.marks if not one.is_right]
    assert wrong
    rows = [
        [training.results.index(row, column).data() for column in range(6)] for row in range(3)
    ]
    for one in wrong:
        assert any(one.rule in row[5] and one.why in row[5] for row in rows)


def test_that_by_eye_the_report_is_seen_only_after_the_answer(qtbot, training):
    begin(qtbot, training, level=1)
    tabs = training.case.tabs
    assert training.training.level is Level.BY_EYE
    assert "Report" not in [tabs.tabText(number) for number in range(tabs.count())]
    answer(qtbot, training, Decision.REJECT)
    assert "Report" in [tabs.tabText(number) for number in range(tabs.count())]


def test_that_an_answer_is_given_once_and_accepting_names_no_field(qtbot, training):
    begin(qtbot, training)
    panel = training.case
    panel.choices.buttons()[0].click()
    assert not panel.place.isEnabled()
    answer(qtbot, training, Decision.ACCEPT)
    assert not panel.answer_button.isEnabled()
    panel._answer()
    assert len(training.marks) == 1


@pytest.mark.req("O-14")
def test_that_the_word_lies_over_both_windows_until_the_training_is_closed(
    qtbot, window, training
):
    for one in (window, training):
        (mark,) = one.findChildren(Watermark, options=Qt.FindChildOption.FindDirectChildrenOnly)
        assert mark.word == WORD
        assert mark.geometry() == one.rect()
        assert mark.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    assert WORD in training.windowTitle()
    assert training.isModal()
    training.resize(1300, 800)
    qtbot.waitUntil(lambda: training.watermark.geometry() == training.rect())
    training.accept()
    qtbot.waitUntil(
        lambda: (
            not window.findChildren(Watermark, options=Qt.FindChildOption.FindDirectChildrenOnly)
        )
    )


def test_that_the_word_can_be_seen_on_the_page(qtbot, training):
    training.watermark.hide()
    without = training.grab().toImage()
    training.watermark.show()
    assert training.grab().toImage() != without


def test_that_f1_explains_the_rule_of_the_case_and_else_the_training(qtbot, training):
    training._help()
    assert training.help_window.place == ("training", 0)
    begin(qtbot, training)
    answer(qtbot, training, Decision.ACCEPT)
    while not training.case.rule:
        go_on(qtbot, training)
        answer(qtbot, training, Decision.ACCEPT)
    training.case.next_button.setFocus()
    training._help()
    page, section = training.help_window.place
    assert section > 0
    assert page.startswith(("filter", "lex"))


def test_that_closing_takes_the_files_away_also_while_a_job_runs(qtbot, training):
    folder = Path(training._folder.name)
    training.start()
    training.accept()
    quiet(qtbot)
    assert not folder.exists()
