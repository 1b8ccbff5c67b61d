"""Commissioning in the Filter room: the matrix, cancel, the report, and what stays with what."""

import pytest

from app.filter.commission.run import Ending
from app.filter.gui.against import Against
from app.filter.ledger_log import recorded
from core.findings import State
from tests.filter.desk_samples import write_export, write_plan


@pytest.fixture
def page(filter_page):
    return filter_page


@pytest.fixture
def opened(page, settle, tmp_path):
    page.check(write_export(tmp_path), Against("plan", write_plan(tmp_path)))
    settle()
    return page


@pytest.mark.req("R-30")
def test_that_one_button_shows_the_matrix_and_saves_it(opened, settle, tmp_path):
    panel = opened.commissioning
    opened.desk.commission_button.click()
    assert panel.cancel_button.isVisible()
    assert opened.view.tabs.currentWidget() is panel
    settle()
    assert panel.banner.state == State.WARNING
    assert "0 missed" in panel.banner.text
    assert panel.model.tried[0].ending is Ending.NOT_SHOWN  # what is not covered stands first
    assert len(recorded("commissioning")) == 1
    whole = panel.model.rowCount()
    panel.only.setChecked(True)
    assert 0 < panel.model.rowCount() < whole
    assert panel.detail.text()
    for name, start in (("matrix.pdf", b"%PDF"), ("matrix.html", b"<!DOCTYPE html>")):
        panel.save(tmp_path / name, "Ann")
        settle()
        assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.req("R-30")
def test_that_cancelling_leaves_nothing_that_looks_like_a_proof(opened, settle):
    panel = opened.commissioning
    opened.desk.commission_button.click()
    panel.cancel_button.click()
    settle()
    assert panel.made is None
    assert panel.banner.state == State.NOT_RUN
    assert panel.model.rowCount() == 0
    assert not panel.save_button.isEnabled()
    assert recorded("commissioning") == ()


@pytest.mark.req("R-30")
def test_that_a_matrix_goes_with_the_files_it_was_made_of(opened, settle):
    opened.desk.commission_button.click()
    settle()
    opened._again()
    settle()
    assert opened.view.tabs.indexOf(opened.commissioning) < 0
    assert opened.commissioning.made is None
    opened.check(opened.rv_path, Against())
    settle()
    assert not opened.desk.commission_button.isEnabled()


def test_that_the_room_with_all_its_tabs_fits_a_screen_of_1280_by_768(opened, settle):
    """The window adds 150 for the list of rooms, and the menu and status line."""
    opened.desk.commission_button.click()
    settle()
    assert opened.minimumSizeHint().width() <= 1100
    assert opened.minimumSizeHint().height() <= 680
