"""What the user stops in the Filter says so in a word, also before its turn; it is no fault."""

import pytest

from app.background import CancelledError
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.extra import beside
from app.filter.gui.worklist_panel import WorkListPanel
from core.findings import State

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def strip(qtbot):
    made = AskStrip()
    qtbot.addWidget(made)
    return made


def test_that_a_stop_is_no_fault_of_the_program(strip):
    strip.tell_fault(CancelledError())
    assert strip.answer.text() == "Cancelled."
    strip.tell_fault(ValueError("x"))
    assert strip.answer.text() == "Error: the program has a fault: ValueError: x"


def test_that_what_is_cancelled_before_its_turn_is_told_beside_the_report(
    strip, cancelled_before_its_turn
):
    made, ended = [], []
    strip.tell(State.PASS, "page saved")
    cancelled_before_its_turn(
        lambda: beside(
            strip, strip, "Reading the log", lambda: 1, made.append, lambda: ended.append("over")
        )
    )
    assert (made, ended) == ([], ["over"])
    assert strip.answer.text() == "Cancelled."


def test_that_a_cancelled_reading_of_the_work_list_is_told(qtbot, cancelled_before_its_turn):
    panel = WorkListPanel(lambda: None)
    qtbot.addWidget(panel)
    cancelled_before_its_turn(panel.refresh)
    assert panel.strip.answer.text() == "Cancelled."
