"""A page that is scrolled never changes the value that comes by under the mouse."""

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.main_window import MainWindow
from app.wheel_guard import WheelGuard


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
    return made


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
