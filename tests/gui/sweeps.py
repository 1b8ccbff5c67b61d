"""What is wrong with the widgets of a page: no name, unreachable by Tab, cut-off, overlapping.

Every sweep takes a window that is shown (the main one, or a dialog) and names what it finds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAccessible, QImage, QTextDocumentFragment
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
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
    QStyleOptionViewItem,
    QTabBar,
    QTextBrowser,
    QTextEdit,
    QWidget,
)

from tests.gui.all_pages import shown

USED = (
    QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
    QSlider, QTextEdit,
)  # fmt: skip
MOST_TABS, MOST_PARTS, MOST_LINKS = 1000, 6, 800
ACTIVE_MS = 2000
ARROW_PX = 24
LINE_EDGE_PX = 4
LEAST_CONTRAST = 4.5
BLENDED = 0.5  # thin strokes are mixed with the ground at 100 %


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


def plain(text: str) -> str:
    """Return what is read of a text with or without marks."""
    return QTextDocumentFragment.fromHtml(text).toPlainText().strip()


def without_name(window: QWidget) -> Iterator[str]:
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


def out_of_reach(window: QWidget) -> list[str]:
    """Return widgets that Tab never comes to, and those it never leaves."""
    wanted = {
        widget
        for kind in USED
        for widget in shown(window, kind)
        if widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not own_parts(widget)
        and not _is_unchosen_radio(widget)
    }
    start = next((one for one in _in_order(window) if one in wanted), None)
    if start is None:
        return []
    came, stays = [start], 0
    window.activateWindow()
    QTest.qWaitForWindowActive(window, ACTIVE_MS)
    start.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(MOST_TABS):
        before = QApplication.focusWidget()
        if before is None:
            break
        QTest.keyClick(before, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is before and len(wanted) > 1:
            # Tab goes from part to part of a date, and from link to link of a page.
            stays += 1
            most = MOST_LINKS if isinstance(before, QTextBrowser) else MOST_PARTS
            if stays > most:
                return [f"Tab never leaves {called(before)}"]
            continue
        stays = 0
        if now is start or now is None:
            break
        came.append(now)
    else:
        return [f"Tab never comes back to {called(start)}"]
    reached = set(came) | {one.focusProxy() for one in came if one.focusProxy()}
    reached |= {one.parentWidget() for one in came if own_parts(one)}
    return [f"Tab never comes to {called(one)}" for one in wanted
            if one not in reached and one.focusProxy() not in reached]  # fmt: skip


def _in_order(window: QWidget) -> Iterator[QWidget]:
    """Yield the widgets of a window in the order of Tab."""
    one = window.nextInFocusChain()
    while one is not None and one is not window:
        yield one
        one = one.nextInFocusChain()


def _is_unchosen_radio(widget: QWidget) -> bool:
    return (
        isinstance(widget, QAbstractButton) and widget.autoExclusive() and not widget.isChecked()
    )


def cut_off(window: QWidget) -> Iterator[str]:
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
    yield from _fields_cut_off(window)
    yield from _cells_cut_off(window)


def _buttons_cut_off(window: QWidget) -> Iterator[str]:
    for button in shown(window, QAbstractButton):
        if button.text() and not own_parts(button):
            needs = button.fontMetrics().horizontalAdvance(button.text().replace("&", ""))
            if button.width() < needs:
                yield f"{called(button)} needs {needs} has {button.width()}"


def _labels_cut_off(window: QWidget) -> Iterator[str]:
    for label in shown(window, QLabel):
        if not label.text() or not label.pixmap().isNull():
            continue
        words = plain(label.text())
        if label.wordWrap():
            needs = QSize(0, label.heightForWidth(label.width()))
        else:
            needs = label.sizeHint()
        if label.width() + 1 < needs.width() or label.height() + 1 < needs.height():
            yield f"{called(label)}: {words[:60]!r} needs {needs} has {label.size()}"


def _fields_cut_off(window: QWidget) -> Iterator[str]:
    for line in shown(window, QLineEdit):
        words = line.text() if line.isReadOnly() else line.placeholderText()
        needs = line.fontMetrics().horizontalAdvance(words)
        if words and not line.toolTip() and line.width() < needs + 2 * LINE_EDGE_PX:
            yield f"{called(line)} {words!r} needs {needs} has {line.width()}"
    for spin in shown(window, QAbstractSpinBox):
        line = spin.findChild(QLineEdit)
        needs = line.fontMetrics().horizontalAdvance(line.text())
        if line.width() < needs:
            yield f"{called(spin)} {line.text()!r} needs {needs} has {line.width()}"


def _cells_cut_off(window: QWidget) -> Iterator[str]:
    for head in shown(window, QHeaderView):
        if head.orientation() != Qt.Orientation.Horizontal or head.model() is None:
            continue
        for number in range(head.count()):
            words = str(head.model().headerData(number, head.orientation()) or "")
            has = head.sectionSize(number)
            needs = head.sectionSizeFromContents(number).width()
            if words and not head.isSectionHidden(number) and 0 < has < needs:
                yield f"title {words!r} of {called(head.parentWidget())} needs {needs} has {has}"
    for view in shown(window, QAbstractItemView):
        if isinstance(view, QHeaderView) or view.model() is None:
            continue
        for index in _cells_in_sight(view):
            needs, has = _width_needed(view, index), view.visualRect(index).width()
            words = str(index.data() or "")
            if has < needs and words not in str(index.data(Qt.ItemDataRole.ToolTipRole) or ""):
                yield f"{words[:60]!r} in {called(view)} needs {needs} has {has}"


def _cells_in_sight(view: QAbstractItemView) -> Iterator[QModelIndex]:
    """Yield the cells that can be seen, each once."""
    port = view.viewport().rect()
    head = view.findChild(QHeaderView, options=Qt.FindChildOption.FindDirectChildrenOnly)
    columns, at = head.count() if head is not None else 1, 0
    while at < port.height():
        index = view.indexAt(QPoint(2, at))
        if not index.isValid():
            at += 4
            continue
        for column in range(columns):
            cell = index.siblingAtColumn(column)
            if view.visualRect(cell).width() > 0:
                yield cell
        at = view.visualRect(index).bottom() + 2


def _width_needed(view: QAbstractItemView, index: QModelIndex) -> int:
    """Return the width a cell would like; 0 where its words go on in another line."""
    words = str(index.data() or "")
    wraps = getattr(view, "wordWrap", lambda: False)()
    height = view.fontMetrics().height()
    if not words or (wraps and view.visualRect(index).height() >= 2 * height):
        return 0
    option = QStyleOptionViewItem()
    view.initViewItemOption(option)
    option.features = QStyleOptionViewItem.ViewItemFeature.None_
    return view.itemDelegateForIndex(index).sizeHint(option, index).width()


def overlapping(window: QWidget) -> Iterator[str]:
    """Yield texts, inputs, tables and plots that lie over each other, and rows that do."""
    yield from _rows_over_rows(window)
    kinds = (
        QLabel, QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractScrollArea,
    )  # fmt: skip
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


def _rows_over_rows(window: QWidget) -> Iterator[str]:
    for view in shown(window, QAbstractItemView):
        if isinstance(view, QHeaderView) or view.model() is None:
            continue
        ends: dict[int, int] = {}
        for index in _cells_in_sight(view):
            place = view.visualRect(index)
            if place.top() <= ends.get(index.column(), -1):
                yield f"row {index.row()} of {called(view)} lies under the row above"
            ends[index.column()] = place.bottom()


def outside(window: QWidget) -> Iterator[str]:
    """Yield inputs that reach out of the window, and are in no area that scrolls to them."""
    frame = QRect(QPoint(0, 0), window.size())
    never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    for kind in (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox):
        for widget in shown(window, kind):
            area = _area_of(widget)
            at = widget.mapTo(window, QPoint(0, 0))
            if area is None and not frame.contains(QRect(at, widget.size())):
                yield f"{called(widget)} at {at.x()},{at.y()}"
            if isinstance(area, QScrollArea):
                over = widget.mapTo(area.widget(), QPoint(widget.width(), 0)).x()
                blocked = area.horizontalScrollBarPolicy() == never
                if blocked and over > area.viewport().width():
                    yield f"{called(widget)} ends at {over} of {area.viewport().width()}"


def _area_of(widget: QWidget) -> QWidget | None:
    above = widget.parentWidget()
    while above is not None and not isinstance(above, (QScrollArea, QAbstractItemView)):
        above = above.parentWidget()
    return above


def faint(window: QWidget) -> Iterator[str]:
    """Yield words that are painted with less contrast than 4.5:1 (WCAG 2.1, 1.4.3)."""
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ratio = image.devicePixelRatio()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    for kind in (QLabel, QAbstractButton):
        for widget in shown(window, kind):
            seen = widget.visibleRegion().boundingRect()
            if not widget.isEnabled() or not plain(widget.text()) or seen != widget.rect():
                continue
            at = widget.mapTo(window, seen.topLeft())
            left, top = round(at.x() * ratio), round(at.y() * ratio)
            wide, high = round(seen.width() * ratio), round(seen.height() * ratio)
            found = contrast_of(rows[top : top + high, left : left + wide, 2::-1])
            if found < (LEAST_CONTRAST if ratio >= 2 else LEAST_CONTRAST - BLENDED):
                yield f"{called(widget)} has a contrast of {found:.1f}"


def contrast_of(pixels: np.ndarray) -> float:
    """Return the contrast between the commonest colour of a picture and the one farthest off.

    Args:
        pixels: Red, green, blue from 0 to 255, shape (rows, columns, 3).

    """
    colours = Counter(map(tuple, pixels.reshape(-1, 3).tolist()))
    if not colours:
        return 21.0
    parts = np.array(list(colours), float) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    bright = linear @ (0.2126, 0.7152, 0.0722)
    ground = bright[list(colours).index(colours.most_common(1)[0][0])]
    high, low = np.maximum(bright, ground), np.minimum(bright, ground)
    return float(((high + 0.05) / (low + 0.05)).max())


SWEEPS: tuple[Callable[[QWidget], Iterable[str]], ...] = (
    without_name, cut_off, overlapping, outside, faint, out_of_reach,
)  # fmt: skip
