"""The widgets of the settings window and where they stand; what they do is in the window."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.book_editor import BookEditor
from app.key_use import shipped_sequence
from app.keys import first
from app.notice import Notice
from app.settings_model import KEY, LAYER, SOURCE, VALUE, SettingsModel
from app.settings_store import user_settings
from app.settings_text import TableText
from core.layers import Layer

LAYER_WORDS = {
    Layer.MACHINE: "Machine: everybody on this computer",
    Layer.CLINIC: "Clinic share: every computer of the clinic",
    Layer.USER: "User: you on this computer",
}
MARGIN = 60
PERSON = "settings/person"
WIDTHS = {KEY: 300, VALUE: 150, 2: 90, 3: 100, LAYER: 100}
BUTTONS = (
    "&Back to the layer below", "Edit f&ile", "&Undo last change", "E&xport…", "I&mport…",
)  # fmt: skip


class SettingsLayout(QDialog):
    """Search and tables at the left; values, who and why, and buttons at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings - EQS Workstation")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        room = self.screen().availableSize()
        self.resize(min(1240, room.width() - MARGIN), min(760, room.height() - MARGIN))
        self.notice = Notice()
        self._make_left()
        self._make_table()
        self._make_foot()
        self._lay_out()

    def _make_left(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText(f"Search all tables ({first('settings.find')})")
        self.search.setAccessibleName("Search all tables")
        self.search.setClearButtonEnabled(True)
        find = QAction("Find", self)
        find.setShortcut(shipped_sequence("settings.find"))
        find.triggered.connect(self.search.setFocus)
        self.addAction(find)
        self.list = QListWidget()
        self.list.setAccessibleName("Tables")

    def _make_table(self) -> None:
        self.model = SettingsModel(self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Values with their layer")
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setTabKeyNavigation(False)
        self.view.setAlternatingRowColors(True)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        head = self.view.horizontalHeader()
        head.setSectionResizeMode(SOURCE, QHeaderView.ResizeMode.Stretch)
        for number, width in WIDTHS.items():
            self.view.setColumnWidth(number, width)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.table_page = QWidget()
        column = QVBoxLayout(self.table_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)

    def _make_foot(self) -> None:
        self.layer = QComboBox()
        self.layer.setAccessibleName("Layer a change goes to")
        self.person = QLineEdit(str(user_settings().value(PERSON, "")))
        self.person.setPlaceholderText("your name, for the log")
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("why, for the log and beside the value")
        self.file_words = QLabel()
        self.file_words.setWordWrap(True)
        self.file_words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.buttons = QHBoxLayout()
        made = []
        for words in BUTTONS:
            button = QPushButton(words)
            button.setAutoDefault(False)
            self.buttons.addWidget(button)
            made.append(button)
        (self.reset_button, self.edit_button, self.undo_button, self.export_button,
         self.import_button) = made  # fmt: skip
        self.buttons.addStretch(1)

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.title = QLabel()
        self.title.setObjectName("fault")
        self.pages = QStackedWidget()
        self.pages.addWidget(self.table_page)
        self.text = TableText()
        self.pages.addWidget(self.text)
        self.book = BookEditor()
        self.pages.addWidget(self.book)
        self.pages.currentChanged.connect(self._on_page)
        form = QFormLayout()
        form.addRow("&Change in", self.layer)
        form.addRow("&Person", self.person)
        form.addRow("&Reason", self.reason)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.pages, 1)
        column.addWidget(self.file_words)
        column.addLayout(form)
        column.addLayout(self.buttons)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([310, 930])
        split.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.addWidget(self.notice)
        outer.addWidget(split, 1)

    def _on_page(self) -> None:
        """Leave the room of the other buttons to the editor of the book."""
        editing = self.pages.currentWidget() is self.book
        for place in range(self.buttons.count()):
            item = self.buttons.itemAt(place)
            button = item.widget() if item is not None else None
            if button is not None:
                button.setVisible(not editing)
        self.file_words.setVisible(not editing)
