"""The help window: F1 on a finding, contents, search, back and forward, both schemes."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from app import help_text, theme
from app.background import JOBS
from app.demo.rv_variants import VARIANTS
from app.help_limits import in_force
from app.help_window import PLACE, HelpWindow, topic_of
from app.main_window import MainWindow, apply_scheme
from core.paths import clinic_folder

LONG_MS = 20_000
OWN_RULE = """version = "1"
[[rule]]
id = "CLINIC-SSD-E"
sentence = "Electron fields are treated at 100 cm"
needs = "reason"
of = "beam"
must = [{ item = "ssd_cm", least = 99.5, most = 100.5 }]
why = "The cutout factors hold at 100 cm only."
remedy = "Change the set-up."
"""


@pytest.fixture
def help_window(qtbot):
    window = HelpWindow(None, in_force)
    qtbot.addWidget(window)
    return window


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


def top_line(window):
    """Return the paragraph at the top of what is seen of the page."""
    return window.browser.cursorForPosition(window.browser.viewport().rect().topLeft()).block()


def first_heading_seen(window):
    block = top_line(window)
    while block.isValid() and not block.blockFormat().headingLevel():
        block = block.next()
    return block.text()


@pytest.mark.req("O-14")
def test_that_f1_on_a_selected_finding_opens_the_entry_of_its_rule(qtbot, window, tmp_path):
    export = tmp_path / "export.rtp"
    export.write_bytes(next(one for one in VARIANTS if one.name == "field_id_twice").data())
    checker = window.go_to("Filter")
    checker.run(export, None)
    qtbot.waitUntil(lambda: JOBS.running == () and checker.view.model.rowCount() > 0,
                    timeout=LONG_MS)  # fmt: skip
    checker.view.table.setFocus()
    row = next(n for n, one in enumerate(checker.view.model.rows) if one.rule == "F-ID-UNIQUE")
    checker.view.table.selectRow(row)
    assert topic_of(checker.view.table) == "F-ID-UNIQUE"
    assert "F1" in checker.view.detail.text()
    window.activateWindow()
    qtbot.waitUntil(checker.view.table.hasFocus)
    qtbot.keyClick(checker.view.table, Qt.Key.Key_F1)
    assert window.help_window.place[0] == "filter-checks"
    assert first_heading_seen(window.help_window).startswith("F-ID-UNIQUE:")


@pytest.mark.parametrize(
    ("room", "page"), [("LEX", "lex"), ("Filter", "filter"), ("Viewer", "viewer"),
                       ("Archive", "archive")],
)  # fmt: skip
def test_that_f1_elsewhere_opens_the_page_of_the_room(window, room, page):
    window.go_to(room)
    window.help_menu.show_here()
    assert window.help_window.place == (page, 0)
    assert window.help_window.isVisible()


def test_that_the_demonstration_strip_leads_to_the_tutorial(window):
    window.demo_strip.linkActivated.emit("tutorial")
    assert window.help_window.place == ("tutorial", 0)


def test_that_a_rule_without_an_entry_opens_the_page_of_the_room(help_window):
    help_window.show_topic("X-NONE", "filter")
    assert help_window.place == ("filter", 0)


def test_that_the_contents_lead_to_page_and_section_and_follow_them(help_window):
    help_window.show_page("index")
    item = help_window._items["mu-checks", 2]
    help_window.tree.setCurrentItem(item)
    assert help_window.place == ("mu-checks", 2)
    assert first_heading_seen(help_window) == item.text(0)
    help_window.show_page("viewer")
    assert help_window.tree.currentItem().data(0, PLACE) == ("viewer", 0)
    assert not help_window._items["mu-checks", 0].isExpanded()


def test_that_the_search_lists_opens_and_marks_what_it_finds(qtbot, help_window):
    help_window.show_page("index")
    help_window.search.setFocus()
    qtbot.keyClicks(help_window.search, "leaf gap")
    qtbot.keyClick(help_window.search, Qt.Key.Key_Return)
    assert help_window.left.currentWidget() is help_window.results
    assert help_window.results.item(0).text().startswith("F-INT-GAP")
    assert help_window.place[0] == "filter-checks"
    assert first_heading_seen(help_window).startswith("F-INT-GAP")
    marked = {one.cursor.selectedText().casefold() for one in
              help_window.browser.extraSelections()}  # fmt: skip
    assert marked == {"leaf", "gap"}
    qtbot.keyClick(help_window, Qt.Key.Key_Escape)
    assert help_window.search.text() == ""
    assert help_window.left.currentWidget() is help_window.tree
    assert help_window.browser.extraSelections() == []
    assert help_window.isVisible()


def test_that_a_search_in_vain_says_so(qtbot, help_window):
    help_window.search.setText("xyzzyx")
    qtbot.waitUntil(lambda: help_window.results.count() == 1)
    assert "Nothing found for “xyzzyx”" in help_window.results.item(0).text()
    help_window._open_first()
    assert help_window.place == ("", 0)


def test_that_back_and_forward_go_the_way_again(help_window):
    for name in ("index", "lex", "filter"):
        help_window.show_page(name)
    assert not help_window.forward_button.isEnabled()
    help_window.back_button.click()
    help_window.back_button.click()
    assert help_window.place[0] == "index"
    assert not help_window.back_button.isEnabled()
    help_window.forward_button.click()
    assert help_window.place[0] == "lex"
    help_window.show_page("viewer")
    assert not help_window.forward_button.isEnabled()
    help_window.back()
    assert help_window.place[0] == "lex"


def test_that_links_lead_from_page_to_page_also_out_of_a_folder(help_window):
    from PySide6.QtCore import QUrl

    help_window.show_page("index")
    help_window._on_link(QUrl("filter.md"))
    assert help_window.place == ("filter", 0)
    help_window.show_page("decisions")
    help_window._on_link(QUrl("decisions/0004-not-run.md"))
    assert help_window.place == ("decisions/0004-not-run", 0)
    help_window._on_link(QUrl("../no-such-page.md"))
    assert help_window.place == ("decisions/0004-not-run", 0)


def test_that_the_page_names_the_limit_in_force(help_window, settle):
    clinic_folder().mkdir(parents=True, exist_ok=True)
    (clinic_folder() / "tolerances.toml").write_text(
        "[consistency]\nfield_dose_sum_cgy = { value = 0.3 }\n"
    )
    help_window.show_topic("F-DOSE-SUM", "index")
    assert "is being read" in help_window.reading.text()
    assert help_window.reading.isVisible()
    assert "In force" not in help_window.browser.toPlainText()
    settle()
    assert not help_window.reading.isVisible()
    assert "In force here: 0.3 cGy." in help_window.browser.toPlainText()


def test_that_f1_on_a_rule_of_the_clinic_opens_its_entry(help_window, settle):
    clinic_folder().mkdir(parents=True, exist_ok=True)
    (clinic_folder() / "lex_rules.toml").write_text(OWN_RULE)
    help_window.show_topic("CLINIC-SSD-E", "lex")
    settle()
    assert help_window.place[0] == "lex-checks"
    assert "CLINIC-SSD-E: Electron fields" in help_window.browser.toPlainText()
    assert help_window.browser.verticalScrollBar().value() > 0
    help_window.show_topic("CLINIC-OTHER", "lex")
    settle()
    assert help_window.place == ("lex", 0)


def test_that_everything_is_reached_by_the_tab_key(qtbot, help_window):
    help_window.show_page("lex")
    help_window.show_page("index")
    help_window.search.setFocus()
    seen = []
    while help_window.focusWidget() not in seen:
        seen.append(help_window.focusWidget())
        qtbot.keyClick(help_window.focusWidget(), Qt.Key.Key_Tab)
    for part in (help_window.back_button, help_window.tree, help_window.browser):
        assert part in seen
        assert part.accessibleName()


@pytest.mark.parametrize("scheme", ["Light", "Dark"])
def test_that_words_links_and_marks_can_be_read(scheme, help_window):
    palette = theme.palette(scheme)
    ground = palette.color(QPalette.ColorRole.Base)
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Link):
        assert contrast(palette.color(role), ground) >= 4.5
    assert contrast(QColor(help_text.FOUND[0]), QColor(help_text.FOUND[1])) >= 4.5
    table_head = palette.color(QPalette.ColorRole.AlternateBase)
    assert contrast(palette.color(QPalette.ColorRole.Text), table_head) >= 4.5


def contrast(one, other):
    def light(colour):
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_that_the_page_stays_where_it_is_when_the_scheme_changes(qtbot, help_window):
    apply_scheme("Light")
    help_window.show_topic("F-TABLE-POSITION", "index")
    apply_scheme("Dark")
    qtbot.wait(50)
    assert first_heading_seen(help_window).startswith("F-TABLE-POSITION")
    apply_scheme("Light")


def test_that_a_widget_without_a_topic_has_none(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    assert topic_of(widget) == ""
    assert topic_of(None) == ""
