"""What is wrong with the widgets of a page: no name, unreachable by Tab, cut-off, overlapping."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAccessible, QTextDocumentFragment
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSlider,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.main_window import MainWindow
from tests.gui.all_pages import shown

USED = (
    QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
    QSlider, QTextEdit,
)  # fmt: skip
MOST_TABS = 400
ARROW_PX = 24


def own_parts(widget: QWidget) -> bool:
    """Return whether Qt made the widget as a part of another one."""
    name = widget.objectName()
    parents = (QAbstractSpinBox, QComboBox, QTabBar, QHeaderView)
    return (
        name.startswith("qt_")
        or isinstance(widget, QHeaderView)
        or isinstance(widget.parentWidget(), parents)
        or type(widget).__name__ in ("QTableCornerButton", "QToolBarExtension")
        or (isinstance(widget, QAbstractButton) and isinstance(
            widget.parentWidget(), QAbstractItemView))
    )  # fmt: skip


def called(widget: QWidget) -> str:
    """Return what a widget is called in a report."""
    words = getattr(widget, "text", None)
    text = words() if isinstance(widget, (QAbstractButton, QLabel)) and words else ""
    return f"{type(widget).__name__} {widget.objectName() or widget.accessibleName() or text!r}"


def without_name(window: MainWindow) -> Iterator[str]:
    """Yield widgets that a screen reader cannot name."""
    for kind in USED:
        for widget in shown(window, kind):
            if own_parts(widget) or widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
                continue
            told = QAccessible.queryAccessibleInterface(widget)
            if not told or not told.text(QAccessible.Text.Name).strip():
                chain = []
                above = widget.parentWidget()
                while above is not None and len(chain) < 3:
                    chain.append(type(above).__name__)
                    above = above.parentWidget()
                yield f"{called(widget)} in {' in '.join(chain)}"


def out_of_reach(window: MainWindow) -> list[str]:
    """Return widgets that Tab never comes to, and those it never leaves."""
    wanted = {
        widget
        for kind in USED
        for widget in shown(window, kind)
        if widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not own_parts(widget)
        and not _is_unchosen_radio(widget)
        and widget is not window.rail
    }
    came: list[QWidget] = []
    QApplication.setActiveWindow(window)
    window.rail.setFocus()
    for _ in range(MOST_TABS):
        before = QApplication.focusWidget()
        if before is None:
            break
        QTest.keyClick(before, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is before:
            return [f"Tab never leaves {called(before)}"]
        if now is window.rail:
            break
        if now is not None:
            came.append(now)
    reached = set(came) | {one.focusProxy() for one in came if one.focusProxy()}
    reached |= {one.parentWidget() for one in came if own_parts(one)}
    return [f"Tab never comes to {called(one)}" for one in wanted
            if one not in reached and one.focusProxy() not in reached]  # fmt: skip


def _is_unchosen_radio(widget: QWidget) -> bool:
    return (
        isinstance(widget, QAbstractButton) and widget.autoExclusive() and not widget.isChecked()
    )


def cut_off(window: MainWindow) -> Iterator[str]:
    """Yield texts that do not fit into their widgets."""
    yield from _labels_cut_off(window)
    yield from _buttons_cut_off(window)
    for box in shown(window, QComboBox):
        needs = box.fontMetrics().horizontalAdvance(box.currentText()) + ARROW_PX
        if box.width() < needs:
            yield f"{called(box)} {box.currentText()!r} needs {needs} has {box.width()}"
    for bar in shown(window, QTabBar):
        for number in range(bar.count()):
            if bar.isTabVisible(number) and not bar.rect().contains(bar.tabRect(number)):
                yield f"tab {bar.tabText(number)!r} is out of sight"
    for group in shown(window, QGroupBox):
        needs = group.fontMetrics().horizontalAdvance(group.title().replace("&", ""))
        if group.title() and group.width() < needs:
            yield f"{called(group)} {group.title()!r}"


def _buttons_cut_off(window: MainWindow) -> Iterator[str]:
    for button in shown(window, QAbstractButton):
        if button.text() and not own_parts(button):
            needs = button.fontMetrics().horizontalAdvance(button.text().replace("&", ""))
            if button.width() < needs:
                yield f"{called(button)} needs {needs} has {button.width()}"


def _labels_cut_off(window: MainWindow) -> Iterator[str]:
    for label in shown(window, QLabel):
        if not label.text() or not label.pixmap().isNull():
            continue
        words = QTextDocumentFragment.fromHtml(label.text()).toPlainText()
        if label.wordWrap():
            needs = QSize(0, label.heightForWidth(label.width()))
        else:
            needs = label.sizeHint()
        if label.width() + 1 < needs.width() or label.height() + 1 < needs.height():
            yield f"{called(label)}: {words[:60]!r} needs {needs} has {label.size()}"


def overlapping(window: MainWindow) -> Iterator[str]:
    """Yield texts and inputs that lie over each other."""
    kinds = (QLabel, QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox)
    families: dict[QWidget, list[QWidget]] = {}
    for widget in {one for kind in kinds for one in shown(window, kind)}:
        parent = widget.parentWidget()
        if parent is not None and not own_parts(widget):
            families.setdefault(parent, []).append(widget)
    for parent, children in families.items():
        if isinstance(parent, (QStackedWidget, QSplitter, QScrollArea)) or parent.layout() is None:
            continue
        for place, one in enumerate(children):
            for other in children[place + 1 :]:
                if one.geometry().adjusted(1, 1, -1, -1).intersects(other.geometry()):
                    yield f"{called(one)} over {called(other)}"


def outside(window: MainWindow) -> Iterator[str]:
    """Yield inputs that reach out of the window, and are in no area that scrolls."""
    frame = QRect(QPoint(0, 0), window.size())
    for kind in (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox):
        for widget in shown(window, kind):
            above = widget.parentWidget()
            while above is not None and not isinstance(above, (QScrollArea, QAbstractItemView)):
                above = above.parentWidget()
            at = widget.mapTo(window, QPoint(0, 0))
            if above is None and not frame.contains(QRect(at, widget.size())):
                yield f"{called(widget)} at {at.x()},{at.y()}"
