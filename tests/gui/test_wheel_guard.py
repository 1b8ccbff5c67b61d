"""A page that is scrolled never changes the value that comes by under the mouse."""

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QScrollArea,
    QScrollBar,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.main_window import MainWindow
from app.style import application
from app.wheel_guard import VALUES, WATCHED, WheelGuard, guard
from tests.gui.all_pages import dialogs


class Form(QScrollArea):
    """Values in a page that is longer than its place."""

    def __init__(self):
        super().__init__()
        inside = QWidget()
        column = QVBoxLayout(inside)
        self.number, self.choice, self.slider = QDoubleSpinBox(), QComboBox(), QSlider()
        self.number.setValue(50.0)
        self.choice.addItems(["6 MV", "10 MV", "15 MV"])
        self.choice.setCurrentIndex(1)
        self.slider.setValue(50)
        self.values = {self.number: self.number.value, self.choice: self.choice.currentIndex,
                       self.slider: self.slider.value}  # fmt: skip
        for widget in self.values:
            column.addWidget(widget)
        column.addStretch(1)
        inside.setMinimumSize(200, 3000)
        self.setWidget(inside)
        self.resize(300, 500)


@pytest.fixture
def form(qtbot):
    made = Form()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    forget_guards(made)
    return made


def forget_guards(window):
    """Leave a window as one that nobody guards: another test may have made the program's own."""
    handle = window.windowHandle()
    handle.setProperty(WATCHED, True)  # the program's own would come when the window gets the keys
    for own in handle.findChildren(WheelGuard):
        handle.removeEventFilter(own)
        own.setParent(None)


def told(widget):
    """What stands in a widget that has a value."""
    if isinstance(widget, QAbstractSpinBox):
        return widget.text()
    return widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()


def wheel(window, widget):
    """Turn the wheel over a widget as the system tells it: to the window."""
    at = widget.mapTo(window, widget.rect().center())
    QTest.wheelEvent(window.windowHandle(), QPointF(at), QPoint(0, -120))


NAMES = ("number", "choice", "slider")


@pytest.mark.parametrize("name", NAMES)
def test_that_without_the_guard_a_value_would_change(form, name):
    read = form.values[getattr(form, name)]
    before = read()
    wheel(form, getattr(form, name))
    assert read() != before


def test_that_one_window_is_guarded_once(form):
    handle = form.windowHandle()
    handle.setProperty(WATCHED, False)
    guard(form)
    guard(form)
    assert len(handle.findChildren(WheelGuard)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_that_the_wheel_over_a_value_without_focus_scrolls_the_page(form, name):
    WheelGuard(form)
    read = form.values[getattr(form, name)]
    before = read()
    wheel(form, getattr(form, name))
    assert read() == before
    assert form.verticalScrollBar().value() > 0


def test_that_the_wheel_changes_a_value_the_user_has_gone_to(form):
    WheelGuard(form)
    form.activateWindow()
    form.number.setFocus()
    if not form.number.hasFocus():
        pytest.skip("this screen gives no window the focus")
    wheel(form, form.number)
    assert form.number.value() == 49.0


def test_that_the_window_of_the_program_is_guarded(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    checker = window.go_to("Filter")
    box = next(one for one in checker.findChildren(QComboBox) if one.isVisible())
    assert box.count() > 1
    before = box.currentIndex()
    window.rail.setFocus()
    wheel(window, box)
    assert box.currentIndex() == before


def test_that_values_of_every_separate_window_are_guarded(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    tried = {}
    for name, beside in dialogs(window):
        if QApplication.focusWindow() is None:
            pytest.skip("this screen gives no window the focus")
        for value in (one for kind in VALUES for one in beside.findChildren(kind)):
            if not value.isVisible() or value.hasFocus() or isinstance(value, QScrollBar):
                continue
            if isinstance(value, QAbstractSpinBox):
                value.stepBy(1)  # from the end it may stand at, where the wheel could not go
            before = told(value)
            wheel(beside, value)
            assert told(value) == before, f"{name}: {value.accessibleName()}"
            tried[name] = tried.get(name, 0) + 1
    assert {"Archive, system", "Archive, rule", "Settings", "Training, start"} <= tried.keys()


def test_that_the_list_of_a_choice_in_a_dialog_still_scrolls(qtbot):
    application()
    dialog = QDialog()
    qtbot.addWidget(dialog)
    choice = QComboBox(dialog)
    choice.addItems([f"Machine {number}" for number in range(200)])
    dialog.show()
    qtbot.waitExposed(dialog)
    choice.showPopup()
    view = choice.view()
    qtbot.waitUntil(view.isVisible)
    before = view.verticalScrollBar().value()
    wheel(view.window(), view.viewport())
    assert view.verticalScrollBar().value() > before
    choice.hidePopup()
