"""The Filter page holds an export against more than a plan: exports, templates, nothing."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.filter.gui.against import ENTRIES, SUBJECTS, Against
from app.filter.gui.page import FilterPage
from core.findings import State
from tests.filter.test_templates import srs_file

ACROSS = Qt.Orientation.Horizontal


@pytest.fixture
def page(qtbot):
    made = FilterPage()
    qtbot.addWidget(made)
    return made


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


def check(qtbot, page, path, against):
    page.check(path, against)
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)


def tabs(page):
    return [page.view.tabs.tabText(place) for place in range(page.view.tabs.count())]


@pytest.mark.req("R-07", "R-27")
def test_that_a_final_export_is_held_against_the_initial_one(qtbot, page, demo):
    final = demo.variant_index.parent / "gantry.rtp"
    check(qtbot, page, final, Against("initial", demo.export))
    assert page.view.banner.state == State.ERROR
    assert "final export" in page.view.banner.text.lower()
    assert "against   DEMO-0001_IE.rtp" in page.sources.text()
    assert [one.item for one in page.opened_export.report.findings
            if one.state == State.ERROR] == ["gantry_angle"]  # fmt: skip


@pytest.mark.req("R-21")
def test_that_arcs_by_isocentre_have_a_tab_of_their_own_and_only_then(qtbot, page, demo, tmp_path):
    check(qtbot, page, srs_file(tmp_path), Against("srs"))
    assert "Arcs by isocentre" in tabs(page)
    assert "Isocentre 1 A" in page.printout.toPlainText()
    check(qtbot, page, demo.export, Against("plan", demo.plan))
    assert "Arcs by isocentre" not in tabs(page)


@pytest.mark.req("O-11", "R-20")
@pytest.mark.parametrize(
    ("kind", "state"), [("clinical", State.PASS), ("vsim", State.PASS), ("tbi", State.ERROR)]
)
def test_that_an_export_can_be_held_against_nothing_or_a_template(qtbot, page, demo, kind, state):
    check(qtbot, page, demo.export, Against(kind))
    assert page.view.banner.state == state
    assert page.again_button.isEnabled()
    page.again_button.click()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    assert page.against.kind == kind


def test_that_every_entry_of_the_menu_says_what_it_does(page):
    kinds = {kind for kind, _, _ in ENTRIES if kind}
    assert kinds == set(SUBJECTS) - {"alone"}
    texts = [action.text() for action in page.plan_button.menu().actions() if action.text()]
    assert texts == [text for _, text, _ in ENTRIES if text]


@pytest.mark.req("R-06")
def test_that_leaves_of_a_static_field_stand_beside_those_of_the_plan(qtbot, page, demo):
    check(qtbot, page, demo.export, Against("plan", demo.plan))
    fields = page.field_tab
    fields.field_view.selectRow(0)
    model = fields.leaves
    titles = [model.headerData(one, ACROSS) for one in range(model.columnCount())]
    own, planned = titles.index("A cm"), titles.index("A plan")
    shown = [
        (model.index(row, own).data(), model.index(row, planned).data())
        for row in range(model.rowCount())
    ]
    assert len(shown) > 1
    assert all(other and Decimal(one) == Decimal(other) for one, other in shown)
