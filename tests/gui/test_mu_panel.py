"""The MU tab: calculates when looked at, shows factors, aperture and book, survives bad books."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.background import JOBS
from app.filter.gui.aperture_plot import rectangles_of
from app.filter.gui.book_plot import BookPlot, chosen_columns
from app.filter.gui.mu_panel import STATUS, MuPanel, _about
from app.filter.gui.page import FilterPage
from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC

pytestmark = pytest.mark.usefixtures("qapp")


def sources(demo):
    return next((demo / "export").glob("*.rtp")), demo / "dicom"


@pytest.fixture
def panel(qtbot, demo):
    made = MuPanel()
    qtbot.addWidget(made)
    made.resize(1100, 600)
    made.set_sources(*sources(demo))
    made.show()
    qtbot.waitUntil(lambda: made.report is not None, timeout=60_000)
    return made


@pytest.mark.req("R-16")
def test_that_fields_show_difference_status_and_factors(panel):
    model = panel.fields
    titles = [model._titles[n] for n in range(model.columnCount())]
    assert {"CSF", "PSF", "TMR(0,d)", "SMR", "OAR", "WF", "WOA", "Diff. %"} <= set(titles)
    assert model.rowCount() == 5
    status = model.index(1, STATUS)
    assert model.data(status) == "Pass"
    assert not model.data(status, Qt.ItemDataRole.DecorationRole).isNull()
    assert model.data(status, Qt.ItemDataRole.ForegroundRole).isValid()
    assert model.data(model.index(4, STATUS)) == "Not run"


@pytest.mark.req("R-17")
def test_that_a_field_shows_its_segments_and_a_segment_its_aperture(panel):
    panel.field_view.selectRow(1)
    assert panel.states.rowCount() == 4
    panel.state_view.selectRow(2)
    dose, state = panel.aperture._shown
    assert state == 2
    bars = [item for item in panel.aperture.getPlotItem().items if hasattr(item, "opts")]
    assert len(rectangles_of(dose, 2)) > 5
    assert any(len(item.opts.get("x0") or ()) == len(rectangles_of(dose, 2)) for item in bars)


def test_that_what_was_not_calculated_says_why_and_what_to_do(panel):
    panel.field_view.selectRow(4)
    assert "isodose" in panel.detail.text()
    assert "--isodose" in panel.detail.text()
    assert panel.states.rowCount() == 0


@pytest.mark.req("R-17")
def test_that_a_field_that_is_no_check_shows_its_reason(panel):
    steep = replace(panel.report.beams[1], why="the point lies in a gradient")
    assert _about(steep).startswith("Not checked: the point lies in a gradient. ")
    assert "depth of the plan" in _about(panel.report.beams[1])


@pytest.mark.req("R-19")
def test_that_an_isodose_typed_for_the_electron_field_is_used(panel, qtbot):
    panel.field_view.selectRow(4)
    panel.isodose_box.setValue(90.0)
    panel.length_box.setValue(8.0)
    panel.width_box.setValue(6.0)
    before = panel.report
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.report is not before, timeout=30_000)
    dose = panel.report.beams[4].dose
    assert (dose.isodose_percent, dose.cutout.length_cm, dose.cutout.width_cm) == (90, 8, 6)
    panel.field_view.selectRow(4)
    assert panel.states.rowCount() > 8


def test_that_one_side_of_a_cutout_is_asked_about(panel):
    panel.field_view.selectRow(4)
    before = panel.asked
    panel.length_box.setValue(8.0)
    panel.again.click()
    assert panel.asked is before
    assert "type the other" in panel.words.text()
    panel.field_view.selectRow(0)
    assert "SHA-256" in panel.words.text()


def test_that_the_use_of_the_generic_book_is_refused_in_words(panel):
    assert panel.notice.isVisible()
    assert "NOT FOR CLINICAL USE" in panel.notice.text()
    assert panel.report.book_digest[:12] in panel.words.text()


def test_that_a_folder_without_a_book_is_one_sentence(panel, qtbot, tmp_path):
    panel.use_book(tmp_path)
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    assert "no dosimetry book" in panel.words.text()
    assert panel.report is None
    assert not panel.save.isEnabled()


def test_that_the_sheet_is_saved_where_asked(panel, qtbot, tmp_path, monkeypatch):
    out = tmp_path / "mu.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(out.exists, timeout=30_000)
    qtbot.waitUntil(lambda: "Saved" in panel.words.text(), timeout=10_000)


def test_that_the_answer_for_an_earlier_export_is_dropped(qtbot, demo):
    made = MuPanel()
    qtbot.addWidget(made)
    made.set_sources(*sources(demo))
    made.calculate()
    made.set_sources(None, None)
    qtbot.waitUntil(lambda: not JOBS.running, timeout=60_000)
    assert made.report is None
    assert made.fields.rowCount() == 0


def test_that_nothing_is_calculated_before_the_tab_is_seen(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    page.run(*sources(demo))
    qtbot.waitUntil(lambda: page.opened_export is not None and not JOBS.running, timeout=60_000)
    assert page.mu.report is None
    page.view.tabs.setCurrentWidget(page.mu)
    qtbot.waitUntil(lambda: page.mu.report is not None, timeout=60_000)


def test_that_every_table_of_the_book_can_be_drawn(qtbot):
    book, plot = open_book(GENERIC), BookPlot()
    qtbot.addWidget(plot)
    plot.show_book(book)
    for beam in book.beams:
        for name, table in beam.tables.items():
            plot.show_table(beam.id, name)
            curves = plot.plot.getPlotItem().listDataItems()
            assert len(curves) == len(chosen_columns(table)) <= 8
            assert "NOT FOR CLINICAL USE" in plot.words.text()
            assert table.head["who"] in plot.words.text()
