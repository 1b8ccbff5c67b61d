"""The geometry certificate: its verdict in one line, and every assertion with what was found."""

from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionFocusRect,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.findings_model import AnyIndex, GridModel
from app.findings_view import Banner, plain_table
from app.key_use import does, room_sequence
from core.dicom.certificate import Certificate
from core.findings import State

COLUMNS = ("State", "Assertion", "What was found")
NOT_OPEN = "No set is open: nothing was examined."
NOT_EXAMINED = "Not examined"
PADDING = "QTableView::item { padding: 4px 6px; } QHeaderView::section { padding: 2px 8px; }"
STRIPE = 5
GAP = 8


def state_word(state: State) -> str:
    """Return the word for the state of an assertion."""
    return NOT_EXAMINED if state == State.NOT_RUN else theme.LOOKS[state].word


def verdict_word(state: State) -> str:
    """Return the word for the state of a whole certificate."""
    return "Incomplete" if state == State.NOT_RUN else theme.LOOKS[state].word


class StateLine(QFrame):
    """One line: sign and word in the colour of a state, then words that may be cut short."""

    def __init__(self) -> None:
        super().__init__()
        self._state = State.NOT_RUN
        self._word = ""
        self._words = ""
        self._margin = 0
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def show_state(self, state: State, word: str, words: str = "") -> None:
        """Show a state; `words` are cut short where there is no room, and shown as tooltip."""
        self._state, self._word, self._words = state, word, words
        self.setAccessibleName(self.text)
        self.setToolTip(words)
        self.updateGeometry()
        self.update()

    @property
    def state(self) -> State:
        """The state shown."""
        return self._state

    @property
    def text(self) -> str:
        """Word and words, in full."""
        return f"{self._word}: {self._words}" if self._words else self._word

    def sizeHint(self) -> QSize:
        """Take the whole line."""
        least = self.minimumSizeHint()
        more = self.fontMetrics().horizontalAdvance(self._words) + GAP if self._words else 0
        return QSize(least.width() + more, least.height())

    def minimumSizeHint(self) -> QSize:
        """Take at least sign and word."""
        word = QFontMetrics(self._bold()).horizontalAdvance(self._word)
        height = self.fontMetrics().height()
        return QSize(2 * self._margin + self._icon_size() + 6 + word + 2, height + 2 * GAP // 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw everything in the colours of the present page."""
        painter = QPainter(self)
        self._paint(painter, self.rect().adjusted(self._margin, 0, -self._margin, 0))
        painter.end()

    def _paint(self, painter: QPainter, room: QRect) -> None:
        side = self._icon_size()
        top = room.top() + (room.height() - side) // 2
        theme.icon(self._state).paint(painter, QRect(room.left(), top, side, side))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        rest = room.adjusted(side + 6, 0, 0, 0)
        painter.setFont(self._bold())
        painter.setPen(theme.colour(self._state))
        painter.drawText(rest, middle, self._word)
        rest.setLeft(rest.left() + painter.fontMetrics().horizontalAdvance(self._word) + GAP)
        painter.setFont(self.font())
        painter.setPen(self.palette().windowText().color())
        shown = self.fontMetrics().elidedText(
            self._words, Qt.TextElideMode.ElideRight, rest.width()
        )
        painter.drawText(rest, middle, shown)

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _icon_size(self) -> int:
        return self.fontMetrics().height()


class VerdictStrip(StateLine):
    """The verdict in one line, with a stripe in the colour of its state.

    Signals:
        clicked: The user wants to see the whole certificate (mouse, Enter or Space).

    """

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._margin = STRIPE + GAP
        self._pressed = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleDescription("Opens the geometry certificate")
        self.set_certificate(None)

    def set_certificate(self, certificate: Certificate | None) -> None:
        """Show a verdict; nothing is shown without a certificate."""
        self.setVisible(certificate is not None)
        if certificate is None:
            self.show_state(State.NOT_RUN, NOT_EXAMINED, NOT_OPEN)
            return
        self.show_state(certificate.state, verdict_word(certificate.state), certificate.verdict)
        self.setToolTip(f"{certificate.verdict}.\nClick for the whole certificate.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where the click began."""
        self._pressed = event.button() == Qt.MouseButton.LeftButton

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Click when the button comes up within the strip."""
        if self._pressed and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        self._pressed = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Click by Enter or Space."""
        if does(event, "certificate.open"):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw ground, stripe, line and the focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().base())
        painter.fillRect(0, 0, STRIPE, self.height(), theme.colour(self.state))
        painter.setPen(self.palette().mid().color())
        painter.drawLine(QPointF(STRIPE, self.height() - 0.5), self.rect().bottomRight())
        self._paint(painter, self.rect().adjusted(self._margin, 0, -GAP, 0))
        if self.hasFocus():
            ring = QStyleOptionFocusRect()
            ring.initFrom(self)
            ring.rect = self.rect().adjusted(STRIPE + 1, 1, -1, -1)
            self.style().drawPrimitive(
                QStyle.PrimitiveElement.PE_FrameFocusRect, ring, painter, self
            )
        painter.end()


class _Assertions(GridModel):
    """State, title and details of each assertion."""

    def __init__(self) -> None:
        super().__init__()
        self._states: tuple[State, ...] = ()

    def show_certificate(self, certificate: Certificate | None) -> None:
        """Replace all rows."""
        rows = certificate.assertions if certificate is not None else ()
        self._states = tuple(one.state for one in rows)
        cells = [(state_word(one.state), one.title, "\n".join(one.details)) for one in rows]
        self.show(COLUMNS, cells)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text, sign or colour of one cell."""
        state = self._states[index.row()]
        if index.column() == 0 and role == Qt.ItemDataRole.DecorationRole:
            return theme.icon(state)
        if index.column() == 0 and role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour(state)
        if role == Qt.ItemDataRole.ToolTipRole:
            return None
        return super().data(index, role)


class CertificatePanel(QWidget):
    """Verdict, and all assertions with what was found; details wrap, none is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._certificate: Certificate | None = None
        self.banner = Banner()
        self.empty = QLabel(NOT_OPEN)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.model = _Assertions()
        self.model.show_certificate(None)  # the columns must be there for the last to stretch
        self.table = plain_table(self.model, stretch=len(COLUMNS) - 1)
        self.table.setAccessibleName("Assertions of the geometry certificate")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.setStyleSheet(PADDING)
        self._fit_later = QTimer(self)
        self._fit_later.setSingleShot(True)
        self._fit_later.timeout.connect(self.table.resizeRowsToContents)
        self.table.horizontalHeader().sectionResized.connect(lambda: self._fit_later.start(0))
        self.copy = QPushButton("&Copy certificate")
        self.copy.setToolTip("Copy verdict and all assertions, columns separated by tabs")
        self.copy.clicked.connect(self.copy_all)
        action = QAction("Copy rows", self)
        action.setShortcut(room_sequence("certificate.copy"))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(self.copy_rows)
        self.addAction(action)
        row = QHBoxLayout()
        row.addWidget(self.banner, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(row)
        column.addWidget(self.empty, 1)
        column.addWidget(self.table, 1)
        self.set_certificate(None)

    def set_certificate(self, certificate: Certificate | None) -> None:
        """Show a certificate, or that there is none."""
        self._certificate = certificate
        for part in (self.banner, self.table, self.copy):
            part.setVisible(certificate is not None)
        self.empty.setVisible(certificate is None)
        self.model.show_certificate(certificate)
        if certificate is None:
            return
        state = certificate.state
        self.banner.show_state(state, certificate.verdict, verdict_word(state))
        for column in (0, 1):
            self.table.resizeColumnToContents(column)
        self.table.resizeRowsToContents()

    def help_topic(self) -> str:
        """Return the assertion of the current row."""
        row = self.table.currentIndex().row()
        shown = self._certificate.assertions if self._certificate is not None else ()
        return shown[row].id if 0 <= row < len(shown) else ""

    def copy_all(self) -> None:
        """Put verdict and all assertions on the clipboard, columns separated by tabs."""
        if self._certificate is not None:
            rows = range(self.model.rowCount())
            lines = [self._certificate.verdict, *self._lines(rows)]
            QGuiApplication.clipboard().setText("\n".join(lines))

    def copy_rows(self) -> None:
        """Put the selected assertions on the clipboard; all when none is selected."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        if rows:
            QGuiApplication.clipboard().setText("\n".join(self._lines(rows)))
        else:
            self.copy_all()

    def _lines(self, rows: range | list[int]) -> list[str]:
        columns = range(len(COLUMNS))
        cells = [[str(self.model.index(row, at).data()) for at in columns] for row in rows]
        return ["\t".join(" ".join(one.split()) for one in line) for line in [COLUMNS, *cells]]

    def changeEvent(self, event: QEvent) -> None:
        """Fit the rows anew for another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_fit_later"):
            self._fit_later.start(0)
