"""The tutorial, walked step by step with real widgets: every word in bold is there to be seen."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QListWidget,
    QMenu,
    QTableView,
    QTabWidget,
    QToolButton,
    QWidget,
)

from app.background import JOBS
from app.help_book import read_page
from app.main_window import MainWindow
from core.findings import State

LONG_MS = 60_000
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def plain(text):
    return " ".join(TAG.sub("", text).replace("&&", "\0").replace("&", "").split()).replace(
        "\0", "&"
    )


def seen(window):
    """Return every text that can be read in the window now, menus included."""
    texts = []
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QMenu):
            texts += [widget.title(), *(action.text() for action in widget.actions())]
        elif not widget.isVisible():
            continue
        elif isinstance(widget, QAbstractButton | QLabel):
            texts.append(widget.text())
        elif isinstance(widget, QTabWidget):
            texts += [widget.tabText(n) for n in range(widget.count()) if widget.isTabVisible(n)]
        elif isinstance(widget, QListWidget):
            texts += [widget.item(n).text() for n in range(widget.count())]
        if isinstance(widget, QToolButton) and widget.menu() is not None:
            texts += [action.text() for action in widget.menu().actions()]
        if isinstance(widget, QTableView):
            model = widget.model()
            texts += [str(model.index(row, 0).data() or "") for row in range(model.rowCount())]
    return "\n".join(plain(text) for text in texts)


class Walk:
    """One window, one step after the other."""

    def __init__(self, qtbot, window, tmp_path, monkeypatch):
        self.bot, self.window, self.folder = qtbot, window, tmp_path
        self.monkeypatch = monkeypatch
        self.demo = None

    def quiet(self, until=lambda: True):
        self.bot.waitUntil(lambda: JOBS.running == () and until(), timeout=LONG_MS)

    def press(self, button):
        assert button.isVisible()
        assert button.isEnabled(), button.text()
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.quiet()

    @property
    def lex(self):
        return self.window.page("LEX")

    @property
    def checker(self):
        return self.window.page("Filter")

    def step_1(self):
        self.window.help_menu.open_demo()
        self.quiet(lambda: self.lex.plan_step.trial is not None)
        self.demo = self.window.page("Viewer")._demo.parent
        assert "DEMO-0001" in self.window.banner.text()

    def step_2(self):
        while self.lex.stack.currentWidget() is not self.lex.treatment_step:
            self.press(self.lex.next_button)
        course = self.lex.treatment_step.course
        course.setFocus()
        self.bot.keyClick(course, Qt.Key.Key_Down)
        assert course.text() == "—"
        assert not self.lex.next_button.isEnabled()
        assert "ourse" in self.lex.note.text()
        self.bot.keyClick(course, Qt.Key.Key_Up)
        assert self.lex.next_button.isEnabled()

    def step_3(self):
        self.press(self.lex.next_button)
        view = self.lex.checks_step.view
        assert view.banner.state is State.PASS
        not_run = [n for n, one in enumerate(view.model.rows) if one.state is State.NOT_RUN]
        assert not_run
        view.table.selectRow(not_run[0])
        view.table.setFocus()
        rule = view.help_topic()
        self.window.help_window.show_topic(rule, "lex")
        page, section = self.window.help_window.place
        assert read_page(page).sections[section].title.startswith(f"{rule}:")
        self.window.help_window.hide()

    def step_4(self):
        self.press(self.lex.next_button)
        target = self.folder / "tutorial.rtp"
        self.lex.write_step.path.setText(str(target))
        self.press(self.lex.write_step.write_button)
        assert target.read_bytes().startswith(b'"PLAN_DEF"')

    def step_5(self):
        self.press(self.lex.write_step.check_button)
        assert self.checker.view.banner.state is State.PASS
        self.checker.view.tabs.setCurrentWidget(self.checker.view.not_checked)
        assert self.checker.view.not_checked_model.rowCount() > 0
        self.checker.view.tabs.setCurrentWidget(self.checker.field_tab)

    def step_6(self):
        begun_at = []

        def choose(_parent, _title, folder, _kinds):
            begun_at.append(folder)
            return str(self.demo / "export" / "variants" / "leaf_1_mm.rtp"), ""

        self.monkeypatch.setattr("app.choosing.QFileDialog.getOpenFileName", choose)
        assert "seeded:" in self.window.demo_strip.text()
        self.window.demo_strip.linkActivated.emit("seeded:")
        assert begun_at == [str(self.demo / "export" / "variants")]
        self.quiet()
        self.monkeypatch.setattr(
            self.checker, "ask_for_file", lambda *_: self.demo / "dicom" / "plan.dcm"
        )
        entry = self.checker.plan_button.menu().actions()[0]
        assert entry.text() == "Plan file (DICOM RT Plan or plan.Trial)…"
        entry.trigger()
        self.quiet()
        errors = [one for one in self.checker.view.model.rows if one.state is State.ERROR]
        assert {(one.field, one.item) for one in errors} == {("2", "mlc_a30")}
        assert len(errors) == 2

    def step_7(self):
        view = self.checker.view
        view.table.selectRow(0)
        view.table.doubleClicked.emit(view.table.currentIndex())
        assert view.tabs.currentWidget() is self.checker.field_tab
        assert self.checker.field_view.currentIndex().siblingAtColumn(0).data() == "2"

    def step_8(self):
        self.checker.view.tabs.setCurrentWidget(self.checker.mu)
        self.quiet()
        self.checker.mu.tabs.setCurrentWidget(self.checker.mu.findings)
        assert "F-MU-GENERIC" in {one.rule for one in self.checker.mu.findings.model.rows}

    def step_9(self):
        viewer = self.window.go_to("Viewer")
        before = seen(self.window)
        self.press(viewer.demo_button)
        self.quiet(lambda: viewer.desk is not None and viewer.desk.scene is not None)
        return before

    def step_10(self):
        archive = self.window.go_to("Archive")
        self.quiet(lambda: archive.archive is not None)
        assert archive.import_folder.isVisible()
        archive.open_path(self.demo / "dicom")
        self.quiet()
        assert archive.people.rowCount() == 1


@pytest.mark.timeout(400)
@pytest.mark.req("L-05", "R-26")
def test_that_the_tutorial_can_be_walked_as_it_is_written(qtbot, tmp_path, monkeypatch):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    walk = Walk(qtbot, window, tmp_path, monkeypatch)
    sections = [one for one in read_page("tutorial").sections if one.title[0].isdigit()]
    assert [one.title.split(".")[0] for one in sections] == [str(n) for n in range(1, 11)]
    for number, section in enumerate(sections, 1):
        texts = [seen(window), getattr(walk, f"step_{number}")() or "", seen(window)]
        read = "\n".join(texts)
        for words in BOLD.findall(section.text):
            assert plain(words) in read, f"step {number}: {words!r} is not on the screen"
    window.close()
