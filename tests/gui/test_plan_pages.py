"""Plan pages, certificate panel and verdict strip: real widgets, real plans."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QTableView

from app import theme
from app.viewer.certificate_panel import CertificatePanel, VerdictStrip
from app.viewer.plan_pages import NO_PLAN, PlanPages, approval, two_lines
from core.dicom import plan_tables as tables
from core.dicom.certificate import Assertion, Certificate
from core.dicom.rt_set import RtSet, read_rt_sets
from core.dicom.text_table import NONE
from core.findings import State

VMAT = "plans_mixed/pps/VMAT_PLAN_WITH_SETUP_FIELDS.dcm"
CHESTWALL = "plans_mixed/pps/chestwall_photon_electron"
BRACHY = "phantom_oncentra/single_brachy_plan"
EVERY = Certificate(
    tuple(
        Assertion(f"V-CER-{state}", f"Assertion {state}", state, (f"Found {state}.", "And more."))
        for state in State
    )
)


def own_set(shared_data, name):
    return read_rt_sets([shared_data / "dicom" / name])[0]


@pytest.fixture
def pages(qtbot):
    pages = PlanPages()
    qtbot.addWidget(pages)
    pages.resize(1150, 720)
    pages.show()
    return pages


@pytest.fixture
def vmat(pages, shared_data):
    pages.set_rt_set(own_set(shared_data, VMAT))
    pages.tabs.setCurrentIndex(1)
    return pages


def clipboard():
    return QGuiApplication.clipboard().text().split("\n")


def cell(box, row, title):
    return box.view.model().index(row, box.table.columns.index(title)).data()


def test_that_the_strip_tells_what_the_plan_is(vmat):
    shown = {name: label.text() for name, label in vmat.strip.values.items()}
    assert shown["Label"] == "_Prostata_RA"
    assert shown["Name"] == NONE
    assert shown["Prescribed"] == "4 Gy"
    assert shown["Fractions"] == "2"
    assert shown["Patient position"] == "HFS"
    assert vmat.strip.approval.text == "Not approved"
    assert vmat.strip.approval.state == State.WARNING
    assert vmat.plans.itemText(0) == "_Prostata_RA, not approved, 2018-03-05"


def test_that_a_chosen_beam_shows_its_control_points(vmat, qtbot):
    assert len(vmat.points.table.rows) == 178
    assert vmat.points.title.text() == "Control points of beam 1 (CW)"
    qtbot.keyClick(vmat.beams.view, Qt.Key.Key_Down)
    assert vmat.points.title.text() == "Control points of beam 2 (CCW)"
    assert cell(vmat.points, 0, "Gantry (°)") == "179.0"
    vmat.beams.view.selectRow(2)
    assert len(vmat.points.table.rows) == 2


def test_that_a_chosen_control_point_shows_its_leaves(vmat):
    assert vmat.leaves.table == tables.leaf_table(vmat.beam, 0)
    vmat.points.view.selectRow(50)
    assert vmat.leaves.table == tables.leaf_table(vmat.beam, 50)
    assert vmat.leaves.title.text() == "Leaves at control point 50"


def test_that_leaves_can_be_put_away_and_hide_where_there_are_none(vmat, qtbot):
    assert vmat.leaves.isVisible()
    qtbot.mouseClick(vmat.with_leaves, Qt.MouseButton.LeftButton)
    assert not vmat.leaves.isVisible()
    vmat.points.view.selectRow(3)
    qtbot.mouseClick(vmat.with_leaves, Qt.MouseButton.LeftButton)
    assert vmat.leaves.isVisible()
    assert vmat.leaves.table == tables.leaf_table(vmat.beam, 3)
    vmat.beams.view.selectRow(2)
    assert not vmat.leaves.isVisible()
    assert not vmat.with_leaves.isVisible()


def test_that_selected_rows_are_copied_with_tabs(vmat, qtbot):
    # Keys reach an active window only, and without a window manager (Xvfb) none is.
    QApplication.setActiveWindow(vmat.window())
    vmat.beams.view.setFocus()
    vmat.beams.view.selectRow(1)
    qtbot.keyClick(vmat.beams.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    titles, row = clipboard()
    assert titles.split("\t") == list(vmat.beams.table.columns)
    assert row.split("\t")[:2] == ["2", "CCW"]


def test_that_the_button_copies_the_whole_table(vmat, qtbot):
    qtbot.mouseClick(vmat.points.copy_button, Qt.MouseButton.LeftButton)
    assert len(clipboard()) == 1 + 178
    assert clipboard()[1].startswith("0\t0.00\t" + NONE)


def test_that_another_plan_of_the_set_can_be_chosen(pages, shared_data, qtbot):
    pages.set_rt_set(own_set(shared_data, CHESTWALL))
    assert pages.plans.count() == 4
    shown = pages.beams.table
    pages.plans.setFocus()
    qtbot.keyClick(pages.plans, Qt.Key.Key_Down)
    assert pages.plan.label == pages.strip.values["Label"].text()
    assert pages.beams.table != shown
    assert pages.tabs.tabText(1) == f"Beams ({len(pages.plan.beams)})"


def test_that_a_beam_of_the_plan_before_is_not_shown(vmat, shared_data):
    vmat.beams.view.selectRow(4)
    vmat.set_rt_set(own_set(shared_data, BRACHY))
    assert vmat.beam is None
    assert not vmat.points.table.rows
    assert not vmat.details.isVisible()
    assert "Brachytherapy" in vmat.beams.notes.text()
    assert vmat.strip.approval.state == State.PASS


@pytest.mark.parametrize("told", ["", "APPROVED", "UNAPPROVED", "REJECTED", "UNA"])
def test_that_only_an_approved_plan_looks_approved(shared_data, told):
    plan = replace(own_set(shared_data, VMAT).plans[0], approval=told)
    state, word = approval(plan)
    expected = {"": State.NOT_RUN, "APPROVED": State.PASS}.get(told, State.WARNING)
    assert state == expected
    assert word


def test_that_missing_references_stand_out(vmat):
    vmat.tabs.setCurrentIndex(2)
    box = vmat.references
    at = box.table.columns.index("Is it here?")
    rows = [row for row, cells in enumerate(box.table.rows) if cells[at] == tables.NOT_HERE]
    assert rows
    index = box.view.model().index(rows[0], at)
    assert index.data(Qt.ItemDataRole.ForegroundRole) == theme.colour(State.WARNING)
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()


def empty_set():
    return RtSet("", "", (), (), (), (), (), (), (), ())


@pytest.mark.parametrize("own", [None, empty_set()])
def test_that_a_set_without_plan_says_so(vmat, own):
    vmat.set_rt_set(own)
    assert vmat.empty.isVisible()
    assert vmat.empty.text() == NO_PLAN
    assert not vmat.strip.isVisible()
    assert not vmat.plans.isVisible()
    assert not vmat.tabs.isTabVisible(1)
    assert vmat.plan is None
    assert vmat.beam is None


def test_that_tables_keep_their_order_and_cut_no_text(vmat):
    for view in vmat.findChildren(QTableView):
        assert not view.isSortingEnabled()
        assert view.accessibleName()
        model = view.model()
        for column in range(model.columnCount()):
            assert view.columnWidth(column) >= view.sizeHintForColumn(column)
            assert view.columnWidth(column) >= view.horizontalHeader().sectionSizeHint(column)


def test_that_the_pages_fit_beside_the_lists_of_a_small_screen(vmat):
    long = replace(vmat.plan, name="a rather long name of a plan " * 2)
    vmat.strip.show_plan(long)
    assert vmat.minimumSizeHint().width() <= 1366 - 270 - 150 - 40
    vmat.resize(900, 600)
    label = vmat.strip.values["Name"]
    assert label.width() > 0
    assert label.heightForWidth(label.width()) <= label.height()


def test_that_numbers_and_their_titles_stand_to_the_right(vmat):
    model = vmat.beams.view.model()
    role, across = Qt.ItemDataRole.TextAlignmentRole, Qt.Orientation.Horizontal
    at = vmat.beams.table.columns.index("MU")
    assert model.index(0, at).data(role) & Qt.AlignmentFlag.AlignRight
    assert model.headerData(at, across, role) & Qt.AlignmentFlag.AlignRight


def test_that_a_title_is_broken_into_two_short_lines():
    assert two_lines("Dose per fraction (Gy)") == "Dose per\nfraction (Gy)"
    assert two_lines("MU") == "MU"


def test_that_every_control_can_be_reached_by_keyboard_and_has_a_name(vmat):
    for control in (vmat.plans, vmat.beams.view, vmat.points.view, vmat.with_leaves):
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert vmat.plans.accessibleName() == "Plan"
    assert vmat.beams.copy_button.accessibleName() == "Copy table: Beams"


# The certificate.


@pytest.fixture
def panel(qtbot):
    panel = CertificatePanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    return panel


def test_that_every_state_has_sign_word_and_colour(panel):
    panel.set_certificate(EVERY)
    assert panel.model.rowCount() == len(State)
    words = []
    for row, state in enumerate(State):
        index = panel.model.index(row, 0)
        words.append(index.data())
        assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
        assert index.data(Qt.ItemDataRole.ForegroundRole) == theme.colour(state)
    assert len(set(words)) == len(State)


def test_that_what_was_not_examined_is_never_green(panel):
    only = Certificate((Assertion("V-CER-X", "Title", State.NOT_RUN, ("No images.",)),))
    panel.set_certificate(only)
    assert panel.model.index(0, 0).data() == "Not examined"
    colour = panel.model.index(0, 0).data(Qt.ItemDataRole.ForegroundRole)
    assert colour == theme.colour(State.NOT_RUN)
    assert colour != theme.colour(State.PASS)
    assert panel.banner.state == State.NOT_RUN
    assert "Pass" not in panel.banner.text
    ground = panel.banner.grab().toImage().pixelColor(6, panel.banner.height() // 2)
    assert ground == QColor(theme.LOOKS[State.NOT_RUN].banner)


def test_that_all_details_are_seen_when_the_panel_is_narrow(panel, qtbot):
    many = tuple(f"Structure number {n} lies outside of what was looked at." for n in range(9))
    panel.set_certificate(Certificate((Assertion("V-CER-X", "Title", State.ERROR, many),)))
    view = panel.table
    qtbot.waitUntil(lambda: view.rowHeight(0) >= 9 * view.fontMetrics().lineSpacing())
    wide = view.rowHeight(0)
    panel.resize(420, 600)
    qtbot.waitUntil(lambda: view.rowHeight(0) > wide)
    panel.resize(900, 600)
    qtbot.waitUntil(lambda: view.rowHeight(0) == wide)


def test_that_the_certificate_is_copied_with_its_verdict(panel, qtbot):
    panel.set_certificate(EVERY)
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert clipboard()[0] == EVERY.verdict
    assert clipboard()[2] == "Error\tAssertion error\tFound error. And more."
    panel.table.selectRow(2)
    panel.copy_rows()
    assert clipboard()[1].startswith("Not examined\t")


def test_that_the_panel_says_when_no_set_is_open(panel):
    panel.set_certificate(EVERY)
    panel.set_certificate(None)
    assert panel.empty.isVisible()
    assert not panel.banner.isVisible()
    assert panel.model.rowCount() == 0


@pytest.fixture
def strip(qtbot):
    strip = VerdictStrip()
    qtbot.addWidget(strip)
    strip.set_certificate(EVERY)
    strip.resize(600, strip.sizeHint().height())
    strip.show()
    return strip


def test_that_the_strip_is_one_line_with_word_verdict_and_tooltip(strip):
    assert strip.text == f"Error: {EVERY.verdict}"
    assert strip.accessibleName() == strip.text
    assert EVERY.verdict in strip.toolTip()
    assert strip.height() < 3 * strip.fontMetrics().height()
    strip.resize(120, strip.height())
    assert strip.minimumSizeHint().width() < 200


def test_that_a_click_or_enter_opens_the_certificate(strip, qtbot):
    with qtbot.waitSignal(strip.clicked):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        with qtbot.waitSignal(strip.clicked):
            qtbot.keyClick(strip, key)


def test_that_a_click_taken_back_opens_nothing(strip, qtbot):
    with qtbot.assertNotEmitted(strip.clicked):
        qtbot.mousePress(strip, Qt.MouseButton.LeftButton)
        qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(5, 300))
        qtbot.mouseClick(strip, Qt.MouseButton.RightButton)


@pytest.mark.parametrize("state", [State.PASS, State.NOT_RUN, State.ERROR])
def test_that_the_stripe_has_the_colour_of_the_state(strip, state):
    strip.set_certificate(Certificate((Assertion("V-CER-X", "Title", state, ()),)))
    colour = strip.grab().toImage().pixelColor(2, strip.height() // 2)
    assert colour == theme.colour(state)


def test_that_the_strip_goes_without_a_certificate(strip):
    strip.set_certificate(None)
    assert not strip.isVisible()
    assert "Not examined" in strip.text


def test_that_the_pages_open_with_the_prescription_and_keep_the_page_chosen(qtbot, shared_data):
    fresh = PlanPages()
    qtbot.addWidget(fresh)
    fresh.set_rt_set(own_set(shared_data, VMAT))
    assert fresh.tabs.currentIndex() == 0
    fresh.tabs.setCurrentIndex(1)
    fresh.set_rt_set(own_set(shared_data, VMAT))
    assert fresh.tabs.currentIndex() == 1
