"""Total body and arcs in the window, depths by CT, and a window that keeps to 1280 x 720."""

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QFileDialog

from app.background import JOBS
from app.demo.rv_edits import Edit, elements, to
from app.demo.rv_export import export_records
from app.demo.write_demo import write_demo
from app.filter.gui.mu_panel import MuPanel
from app.filter.gui.page import FilterPage
from app.filter.gui.special_panel import CHANGED
from app.filter.gui.srs_panel import SrsPanel, numbers_of
from app.filter.gui.tbi_panel import TbiPanel
from core.errors import ClinicFileError
from core.findings import State

pytestmark = pytest.mark.usefixtures("qapp")
PRINTOUT = """Prescription 500 cGy to 80 %
Arc 1  cone 20.0 mm  weight 0.5  MU 424.4  depths 6.2 6.8 7.5 8.1 8.6 8.9 9.0 8.7 8.1
Arc 2  cone 20.0 mm  weight 0.5  MU 480.0  depths 6.2 6.8 7.5 8.1 8.6 8.9 9.0 8.7 8.1
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


@pytest.fixture
def far(tmp_path):
    """An export whose field 4 stands at 385 cm."""
    path = tmp_path / "far.rtp"
    path.write_bytes(elements(Edit("FIELD_DEF", "4", to(ssd="385.0")))(export_records()))
    return path


def shown(qtbot, panel, rv):
    qtbot.addWidget(panel)
    panel.resize(1000, 400)
    panel.set_source(rv)
    panel.show()
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0 and not JOBS.running, timeout=30_000)
    return panel


def cells(panel, title):
    place = panel.titles.index(title)
    return [panel.model.index(row, place).data() for row in range(panel.model.rowCount())]


@pytest.mark.req("R-20")
def test_that_thickness_and_measured_ssd_are_typed_and_the_dose_calculated(qtbot, far):
    panel = shown(qtbot, TbiPanel(), far)
    panel.calculate()
    assert "thickness" in panel.banner.accessibleName()
    panel.thickness.setValue(30.0)
    panel.table.selectRow(3)
    panel.measured.setValue(385.4)
    panel.table.selectRow(0)
    assert panel.measured.value() == 0
    qtbot.mouseClick(panel.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
    found = panel.report.doses[3]
    assert (found.measured_ssd_cm, found.ssd_state) == (385.4, State.PASS)
    assert found.factors["away_cm"] == 400
    assert cells(panel, "SSD")[3] == "Pass"
    assert cells(panel, "Mid-plane cGy")[3] == f"{found.dose_cgy:.2f}"
    assert "Not calculated: 1, 2, 3, 5" in panel.banner.accessibleName()
    assert "lung blocks" in panel.words.text()
    assert panel.report.book.digest[:12] in panel.words.text()


@pytest.mark.req("R-20")
def test_that_another_export_forgets_what_was_typed(qtbot, far, demo):
    panel = shown(qtbot, TbiPanel(), far)
    panel.table.selectRow(3)
    panel.measured.setValue(385.4)
    panel.set_source(next((demo / "export").glob("*.rtp")))
    assert panel.body.ssd_mm == {}
    assert panel.body.thickness_mm is None
    assert panel.report is None
    assert not panel.save.isEnabled()


def test_that_a_cancelled_listing_of_the_fields_is_made_up_for(
    qtbot, far, cancelled_before_its_turn
):
    panel = TbiPanel()
    qtbot.addWidget(panel)
    panel.set_source(far)
    cancelled_before_its_turn(panel.show)
    assert (panel.words.text(), panel.fields) == ("Cancelled.", ())
    panel.hide()
    panel.show()
    assert not panel.go.isEnabled()  # nothing is calculated of fields that are not there yet
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0 and not JOBS.running, timeout=30_000)
    assert panel.words.text() == panel.start
    cancelled_before_its_turn(lambda: panel.set_source(far))
    panel.thickness.setValue(30.0)
    panel.go.click()
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
    assert len(panel.report.doses) == len(panel.fields) > 0


@pytest.mark.req("O-02")
def test_that_a_printout_gives_the_arcs_and_their_sheet(qtbot, far, tmp_path, monkeypatch):
    panel = shown(qtbot, SrsPanel(), far)
    path = tmp_path / "plan.txt"
    path.write_text(PRINTOUT, encoding="utf-8")
    panel.use_printout(path)
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
    assert cells(panel, "Status") == ["Pass", "Error"]
    assert panel.banner.state == State.ERROR
    out = tmp_path / "arcs.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: out.exists() and "Saved" in panel.words.text(), timeout=30_000)


@pytest.mark.req("O-02")
def test_that_arcs_of_the_export_take_typed_cone_isodose_and_depths(qtbot, far):
    panel = shown(qtbot, SrsPanel(), far)
    assert cells(panel, "Arc") == ["3"]
    panel.calculate()
    assert "isodose or cone" in panel.banner.accessibleName()
    panel.isodose.setValue(80)
    panel.cone.setValue(20)
    panel.depths.setText("9 10 x")
    panel.depths.editingFinished.emit()
    panel.calculate()
    assert "'x' is no depth" in panel.banner.accessibleName()
    panel.depths.setText(" ".join(QLocale().toString(one, "f", 1) for one in (9.0, 10.5, 11.0)))
    panel.depths.editingFinished.emit()
    panel.calculate()
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
    assert panel.report.arcs[0].arc.depths_cm == (9.0, 10.5, 11.0)
    panel.beam.setText("4X")
    assert panel.report is None
    panel.calculate()
    qtbot.waitUntil(lambda: not panel.banner.isHidden() and not JOBS.running, timeout=30_000)
    assert "no beam 4X" in panel.banner.accessibleName()


@pytest.mark.req("O-02")
def test_that_no_result_of_arcs_stands_beside_other_values(qtbot, far, tmp_path):
    panel = shown(qtbot, SrsPanel(), far)
    panel.isodose.setValue(80)
    panel.cone.setValue(20)
    panel.depths.setText(" ".join(QLocale().toString(one, "f", 1) for one in (9.0, 10.5, 11.0)))
    panel.depths.editingFinished.emit()

    def calculated():
        panel.calculate()
        qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
        return not panel.banner.isHidden()

    assert calculated()
    panel.depths.editingFinished.emit()  # left as it was
    assert panel.report is not None
    for change in (lambda: panel.cone.setValue(15), lambda: panel.isodose.setValue(90)):
        change()
        assert (panel.report, panel.words.text()) == (None, CHANGED)
        assert panel.banner.isHidden()
        assert not panel.save.isEnabled()
        assert calculated()
    panel.calculate()
    panel.cone.setValue(20)  # while it is calculated
    assert panel.go.isEnabled()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    assert (panel.report, panel.words.text()) == (None, CHANGED)
    path = tmp_path / "plan.txt"
    path.write_text(PRINTOUT, encoding="utf-8")
    panel.use_printout(path)
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
    assert len(panel.report.arcs) == 2
    assert not panel.depths.isEnabled()
    panel.cone.setValue(25)  # what is typed is of the export's arcs
    assert panel.report is None
    assert panel.depths.isEnabled()
    assert calculated()
    assert len(panel.report.arcs) == 1


@pytest.mark.req("R-20")
def test_that_no_result_of_total_body_stands_beside_another_patients_square(qtbot, far):
    panel = shown(qtbot, TbiPanel(), far)
    panel.thickness.setValue(30.0)
    panel.calculate()
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=30_000)
    panel.side.setValue(35.0)
    assert (panel.report, panel.words.text()) == (None, CHANGED)


def test_that_depths_are_read_as_the_language_writes_them():
    before = QLocale()
    try:
        QLocale.setDefault(QLocale(QLocale.Language.German))
        assert numbers_of("6,2; 6,8 7") == [6.2, 6.8, 7.0]
        with pytest.raises(ClinicFileError, match="no depth"):
            numbers_of("6.2.1")
    finally:
        QLocale.setDefault(before)


@pytest.mark.req("R-16")
def test_that_depths_are_traced_through_a_chosen_ct_and_taken_back(qtbot, demo, monkeypatch):
    panel = MuPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 500)
    panel.set_sources(next((demo / "export").glob("*.rtp")), demo / "dicom")
    panel.show()
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=60_000)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(demo / "dicom"))
    before = panel.report
    panel.ct.click()
    qtbot.waitUntil(lambda: panel.report is not before and not JOBS.running, timeout=60_000)
    assert "depth traced through the CT" in panel.report.beams[1].point
    assert panel.ct.isChecked()
    before = panel.report
    panel.ct.click()
    qtbot.waitUntil(lambda: panel.report is not before and not JOBS.running, timeout=60_000)
    assert "depth of the plan" in panel.report.beams[1].point
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    panel.ct.click()
    assert not panel.ct.isChecked()


def test_that_only_what_the_selected_field_needs_can_be_typed(qtbot, demo):
    panel = MuPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 500)
    panel.set_sources(next((demo / "export").glob("*.rtp")), demo / "dicom")
    panel.show()
    qtbot.waitUntil(lambda: panel.report is not None and not JOBS.running, timeout=60_000)
    for row, electron in ((0, False), (4, True)):
        panel.field_view.selectRow(row)
        assert panel.depth_box.isVisible() is not electron
        assert panel.isodose_box.isVisible() is electron
    panel.tabs.setCurrentWidget(panel.tbi)
    assert not panel.banner.isVisible()
    assert not panel.isodose_box.isVisible()
    panel.tabs.setCurrentIndex(0)
    assert panel.banner.isVisible()
    assert panel.isodose_box.isVisible()


def test_that_monitor_units_and_film_fit_a_small_screen(qtbot, demo):
    """1280 x 720 less the list of rooms, menu, title and status line."""
    page = FilterPage()
    qtbot.addWidget(page)
    page.resize(1130, 620)
    page.show()
    page.run(next((demo / "export").glob("*.rtp")), demo / "dicom")
    qtbot.waitUntil(lambda: page.opened_export is not None and not JOBS.running, timeout=60_000)
    for panel in (page.mu, page.mu.film):
        page.view.tabs.setCurrentWidget(panel)
        qtbot.waitUntil(lambda: not JOBS.running, timeout=60_000)
    for row in range(page.mu.fields.rowCount()):
        page.mu.field_view.selectRow(row)
        least = page.minimumSizeHint()
        assert least.width() <= 1130, row
        assert least.height() <= 650, row
