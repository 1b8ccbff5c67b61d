"""The summary report: colour, word and counts; search; copy; what was not checked."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QColor, QGuiApplication

from app import theme
from app.findings_model import COLUMNS
from app.findings_view import FindingsView, summary
from core.findings import Finding, NotChecked, State

LEAF = Finding(
    "F-CMP-MLC", State.ERROR, "Leaf A17 is 1 mm off", "2", 4, "mlc_a17", "-2.35", "-2.25", "cm",
    "0.005", "Transfer the plan again.", "0.10",
)  # fmt: skip
NOTE = Finding("F-CMP-NAME", State.WARNING, "The field name differs", "1", item="field_name")
HINT = Finding("F-CMP-ORDER", State.INFO, "Segments are in another order", "3")
GATING = NotChecked("gating", "RTP-Connect does not hold it")


@pytest.fixture
def view(qtbot):
    view = FindingsView()
    qtbot.addWidget(view)
    view.resize(1100, 600)
    view.show()
    return view


def banner_colour(view):
    return view.banner.grab().toImage().pixelColor(6, view.banner.height() // 2)


@pytest.mark.req("R-26")
@pytest.mark.parametrize(
    ("findings", "state"),
    [([LEAF, NOTE], State.ERROR), ([NOTE, HINT], State.WARNING), ([HINT], State.PASS)],
)
def test_that_the_worst_state_colours_the_banner(view, findings, state):
    view.show_report(findings, [GATING])
    assert banner_colour(view) == QColor(theme.LOOKS[state].banner)
    assert view.banner.text.startswith(theme.LOOKS[state].word)


def contrast(one: QColor, other: QColor) -> float:
    def light(colour):
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("state", list(State))
def test_that_every_state_can_be_read_on_its_ground(state):
    look = theme.LOOKS[state]
    assert contrast(QColor(look.banner), QColor(look.banner_text)) >= 4.5
    assert contrast(QColor(look.light), QColor("#ffffff")) >= 4.5
    assert contrast(QColor(look.dark), QColor("#2d2d2d")) >= 4.5


def test_that_the_worst_findings_stand_first(view):
    view.show_report([HINT, NOTE, LEAF], [])
    assert [finding.state for finding in view.model.rows] == [
        State.ERROR, State.WARNING, State.INFO,
    ]  # fmt: skip


def test_that_the_selected_finding_says_what_to_do(view):
    view.show_report([LEAF], [])
    assert "Leaf A17 is 1 mm off" in view.detail.text()
    assert "Transfer the plan again." in view.detail.text()


def test_that_search_keeps_only_matching_rows(view, qtbot):
    view.show_report([LEAF, NOTE, HINT], [])
    qtbot.keyClicks(view.search, "mlc 17")
    assert view.table.model().rowCount() == 1
    view.search.clear()
    assert view.table.model().rowCount() == 3


def test_that_copied_rows_carry_every_column(view):
    view.show_report([LEAF], [])
    view.table.selectRow(0)
    view.copy_rows()
    header, row = QGuiApplication.clipboard().text().splitlines()
    values = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert (values["item"], values["expected"], values["found"]) == ("mlc_a17", "-2.35", "-2.25")


@pytest.mark.req("R-23")
def test_that_what_was_not_checked_is_counted_beside_a_pass(view):
    view.show_report([], [GATING])
    assert "1 item not checked" in view.banner.text
    assert view.tabs.tabText(1) == "Not checked (1)"
    assert view.not_checked.model().index(0, 2).data() == GATING.why


@pytest.mark.req("R-23")
def test_that_the_whole_reason_is_seen_where_nothing_was_checked(view, qtbot):
    view.resize(600, 400)
    view.show()
    view.show_report([], [GATING, replace(GATING, why="no record of the file states it. " * 8)])
    view.tabs.setCurrentWidget(view.not_checked)
    line = view.not_checked.fontMetrics().height()
    qtbot.waitUntil(lambda: view.not_checked.rowHeight(1) >= 3 * line)
    assert view.not_checked.rowHeight(0) < 2 * line


def test_that_counts_are_said_in_words():
    assert summary([LEAF, LEAF, NOTE], []) == "2 errors, 1 warning"
    assert summary([], []) == "No difference found"


def test_that_a_column_no_finding_fills_is_not_shown(qtbot):
    view = FindingsView(item_words=str.upper)
    qtbot.addWidget(view)
    bare = Finding("R-1", State.ERROR, "Something is wrong.", item="energy")
    view.show_report([bare], [])
    hidden = {COLUMNS[n][0] for n in range(len(COLUMNS)) if view.table.isColumnHidden(n)}
    assert hidden == {title for title, _ in COLUMNS} - {"Status", "Item", "What it means"}
    assert view.model.index(0, 3).data() == "ENERGY"
    view.show_report([bare, replace(bare, unit="cm", expected="0")], [])
    shown = {COLUMNS[n][0] for n in range(len(COLUMNS)) if not view.table.isColumnHidden(n)}
    assert {"Unit", "Expected"} <= shown


def test_that_names_are_shown_in_words_and_found_by_either(qtbot):
    view = FindingsView(
        item_words=lambda item: item.replace("mlc_a", "leaf A"),
        sentence_words=lambda text: text.replace("Leaf A17", "The leaf"),
    )
    qtbot.addWidget(view)
    view.show_report([LEAF, NOTE], [NotChecked("Leaf A17", "nobody knows")])
    shown = [view.model.index(0, column).data() for column in range(len(COLUMNS))]
    assert "leaf A17" in shown
    assert "The leaf is 1 mm off" in shown
    assert view.detail.text().startswith("The leaf is 1 mm off")
    assert view.not_checked_model.index(0, 0).data() == "The leaf"
    for words in ("leaf a17", "mlc_a17", "f-cmp-mlc"):
        view.search.setText(words)
        assert view.table.model().rowCount() == 1
    assert view.model.rows[0].item == "mlc_a17"  # what programs read stays as it is


def test_that_a_report_without_findings_says_so_in_place_of_an_empty_table(view):
    view.show_report([], [GATING])
    assert not view.table.isVisible()
    assert view.detail.text().startswith("Nothing to report")
    view.show_report([LEAF], [])
    assert view.table.isVisible()
    assert view.search.isVisible()


def test_that_where_nothing_was_done_nothing_is_passed(view):
    view.show_nothing("Nothing was calculated.")
    assert view.banner.state is State.NOT_RUN
    assert view.detail.text() == "Nothing was calculated."
    assert not view.table.isVisible()
