"""What the user stops in LEX says so in a word, also before its turn came; it is no fault."""

import pytest

from app.background import CancelledError
from app.lex.checks.standard import standard_case
from app.lex.gui.chosen import in_words
from app.lex.gui.server_form import ServerForm
from tests.gui import lex_wizard as hand


@pytest.fixture
def page(qtbot, monkeypatch, plan):
    return hand.opened(qtbot, monkeypatch, standard_case(), plan)


def test_that_a_stop_is_no_fault_of_the_program():
    assert in_words(CancelledError()) == "Cancelled."
    assert in_words(ValueError("x")) == "The program has a fault: ValueError: x"


def test_that_cancelled_checks_say_so_and_are_made_when_asked_again(
    qtbot, page, cancelled_before_its_turn
):
    checks = page.steps.index(page.checks_step)
    cancelled_before_its_turn(lambda: page.go(checks))
    assert [one.message for one in page.checks_step.view.model.rows] == ["Cancelled."]
    assert page.checking.checked is None
    page.go(checks)
    hand.quiet(qtbot)
    assert page.checking.checked is not None


def test_that_a_cancelled_opening_says_so_and_leaves_the_step_in_hand(
    page, plan, cancelled_before_its_turn
):
    cancelled_before_its_turn(lambda: page.open_path(plan.parent))
    assert page.source_step.fault.text() == "Cancelled."
    assert page.stack.currentWidget() is page.treatment_step
    assert page.chosen is not None


def test_that_a_server_whose_saving_is_cancelled_is_not_saved(qtbot, cancelled_before_its_turn):
    form = ServerForm()
    qtbot.addWidget(form)
    form.edit((), None)
    form.protocol.setCurrentIndex(form.protocol.findData("folder"))
    form.texts["name"].setText("Backups")
    form.texts["root"].setText("/backups")
    cancelled_before_its_turn(form.save_button.click)
    assert form.fault.text() == "Not saved: Cancelled."
    assert form.isEnabled()
