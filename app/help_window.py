"""The user manual in a window: contents at the left, search above, page at the right (F1)."""

import posixpath
from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QTextBrowser,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import help_text
from app.help_book import (
    FOLDER,
    OWN_RULE,
    OWN_RULES_PAGE,
    Hit,
    contents,
    entry_in,
    entry_of,
    find,
    names_limits,
    read_page,
)
from app.help_reading import ReadingLine

PLACE = Qt.ItemDataRole.UserRole
SEARCH_MS = 150
MARGIN = 60
Place = tuple[str, int]
"""Name of a page, and the number of a heading on it."""


def topic_of(widget: QWidget | None) -> str:
    """Return the rule that the focus is on: the nearest widget around it that knows one."""
    while widget is not None:
        told = getattr(widget, "help_topic", None)
        topic = told() if callable(told) else ""
        if topic:
            return str(topic)
        widget = widget.parentWidget()
    return ""


class HelpWindow(QDialog):
    """A window beside the program.

    Args:
        in_force: Puts beside the shipped limits of a page what the clinic has set.

    """

    def __init__(
        self, parent: QWidget | None = None, in_force: Callable[[str], str] = str
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("EQS Workstation help")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        room = self.screen().availableSize()
        self.resize(min(1080, room.width() - MARGIN), min(760, room.height() - MARGIN))
        self.reading = ReadingLine(in_force)
        self._history: list[Place] = []
        self._at = -1
        self._page = ""
        self._words: tuple[str, ...] = ()
        self._syncing = False
        self._items: dict[Place, QTreeWidgetItem] = {}
        self._make_parts()
        self._make_actions()
        self._lay_out()

    @property
    def place(self) -> Place:
        """The page shown, and the number of the heading it was opened at."""
        return self._history[self._at] if self._history else ("", 0)

    def show_page(self, name: str, section: int = 0) -> None:
        """Open a page (file stem in resources/help) at one of its headings."""
        self._go((name, section))
        self.show()
        self.raise_()
        self.activateWindow()
        self._scroll_to(section)

    def show_topic(self, topic: str, otherwise: str) -> None:
        """Open the entry of a rule; another page where the help has no entry of it."""
        section = entry_of(topic) if topic else None
        if topic.startswith(OWN_RULE):
            self._look_for_own(topic)
        if section is None:
            self.show_page(otherwise)
        else:
            self.show_page(section.page, section.number)

    def _look_for_own(self, topic: str) -> None:
        """Go on to the entry of a clinic's own rule once its rules are read."""
        text = read_page(OWN_RULES_PAGE).text

        def done(told: str) -> None:
            section = entry_in(OWN_RULES_PAGE, told, topic)
            if section is not None:
                self.show_page(section.page, section.number)

        self.reading.ask(text, done)

    def back(self) -> None:
        """Go back to the place seen before."""
        self._move(-1)

    def forward(self) -> None:
        """Undo one step back."""
        self._move(1)

    # How it is made.

    def _make_parts(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search all pages, e.g. leaf gap or F-DOSE-SUM (Ctrl+F)")
        self.search.setAccessibleName("Search the help")
        self.search.setClearButtonEnabled(True)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(SEARCH_MS)
        self._later.timeout.connect(self.look_up)
        self.search.textChanged.connect(self._search_soon)
        self.search.returnPressed.connect(self._open_first)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Table of contents")
        self.tree.setHeaderHidden(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._fill_tree()
        self.tree.currentItemChanged.connect(self._on_item)
        self.tree.itemClicked.connect(self._on_item)
        self.results = QListWidget()
        self.results.setAccessibleName("What was found")
        self.results.setWordWrap(True)
        self.results.setSpacing(2)
        self.results.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.results.currentItemChanged.connect(self._on_item)
        self.results.itemClicked.connect(self._on_item)
        self.left = QStackedWidget()
        self.left.addWidget(self.tree)
        self.left.addWidget(self.results)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Help page")
        self.browser.setOpenLinks(False)
        self.browser.setSearchPaths([str(FOLDER)])
        self.browser.document().setDocumentMargin(18)
        self.browser.anchorClicked.connect(self._on_link)

    def _make_actions(self) -> None:
        self.back_button = self._button("Back", self.back, Qt.ArrowType.LeftArrow, "Alt+Left")
        self.forward_button = self._button(
            "Forward", self.forward, Qt.ArrowType.RightArrow, "Alt+Right"
        )
        find_key = QAction("Search the help", self)
        find_key.setShortcut(QKeySequence.StandardKey.Find)
        find_key.triggered.connect(self._to_search)
        self.addAction(find_key)
        self._show_history()

    def _button(
        self, words: str, done: Callable[[], None], arrow: Qt.ArrowType, keys: str
    ) -> QToolButton:
        button = QToolButton()
        button.setArrowType(arrow)
        button.setText(words)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAccessibleName(words)
        button.setToolTip(f"{words} ({keys})")
        button.setShortcut(QKeySequence(keys))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(done)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 0)
        for widget in (self.back_button, self.forward_button, self.search):
            row.addWidget(widget)
        row.setStretch(2, 1)
        splitter = QSplitter()
        splitter.addWidget(self.left)
        splitter.addWidget(self.browser)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([340, 740])
        splitter.setChildrenCollapsible(False)
        self.left.setMinimumSize(QSize(200, 200))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.reading)
        column.addWidget(splitter, 1)
        order = (self.search, self.back_button, self.forward_button, self.tree, self.results)
        for one, other in zip(order, (*order[1:], self.browser), strict=True):
            QWidget.setTabOrder(one, other)

    def _fill_tree(self) -> None:
        for chapter in contents():
            top = QTreeWidgetItem([chapter.title])
            top.setFlags(top.flags() & ~Qt.ItemFlag.ItemIsSelectable)
            font = self.font()
            font.setBold(True)
            top.setFont(0, font)
            self.tree.addTopLevelItem(top)
            for name in chapter.pages:
                page = read_page(name)
                item = self._items[name, 0] = _tree_item(page.title, (name, 0))
                top.addChild(item)
                for section in page.sections[1:]:
                    if section.level == 2:
                        place = (name, section.number)
                        self._items[place] = _tree_item(section.title, place)
                        item.addChild(self._items[place])
            top.setExpanded(True)

    # Where the user goes.

    def _go(self, place: Place) -> None:
        if not self._history or place != self.place:
            self._history = [*self._history[: self._at + 1], place]
            self._at = len(self._history) - 1
        self._show_place()

    def _move(self, step: int) -> None:
        if 0 <= self._at + step < len(self._history):
            self._at += step
            self._show_place()

    def _show_place(self) -> None:
        name, section = self.place
        if name != self._page:
            self._render(name)
        self._scroll_to(section)
        self._mark_in_tree()
        self._show_history()

    def _show_history(self) -> None:
        self.back_button.setEnabled(self._at > 0)
        self.forward_button.setEnabled(self._at + 1 < len(self._history))

    def _render(self, name: str) -> None:
        self._page = name
        text = read_page(name).text
        self._put(text)
        if names_limits(text):
            self.reading.ask(text, lambda told: self._put_in_force(name, text, told))

    def _put_in_force(self, name: str, shipped: str, told: str) -> None:
        """Show what the clinic has set; who reads on meanwhile stays where he is."""
        if self._page != name or told == shipped:
            return
        bar, section = self.browser.verticalScrollBar(), self.place[1]
        before = bar.value()
        self._scroll_to(section)
        stayed = bar.value() == before or before == 0
        self._put(told)
        if stayed:
            self._scroll_to(section)
        else:
            bar.setValue(before)

    def _put(self, text: str) -> None:
        self.browser.setMarkdown(text)
        help_text.dress(self.browser.document(), self.palette())
        self._highlight()

    def _scroll_to(self, section: int) -> None:
        help_text.scroll_to_heading(self.browser, section)

    def _mark_in_tree(self) -> None:
        """Make the place the current one of the tree, and fold the sections of other pages."""
        for (name, section), item in self._items.items():
            if section == 0 and name != self.place[0]:
                item.setExpanded(False)
        wanted = self._items.get(self.place) or self._items.get((self.place[0], 0))
        self._syncing = True
        if wanted is None:
            self.tree.clearSelection()
        else:
            self.tree.setCurrentItem(wanted)
        self._syncing = False

    def _on_item(self, item: QTreeWidgetItem | QListWidgetItem | None, *_: object) -> None:
        if item is None or self._syncing:
            return
        place = item.data(0, PLACE) if isinstance(item, QTreeWidgetItem) else item.data(PLACE)
        if place is not None:
            self._go((str(place[0]), int(place[1])))

    def _on_link(self, url: QUrl) -> None:
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
            return
        here = posixpath.dirname(self.place[0])
        name = posixpath.normpath(posixpath.join(here, url.path())).removesuffix(".md")
        section = entry_of(url.fragment().upper()) if url.fragment() else None
        if section is not None:
            self._go((section.page, section.number))
        elif (FOLDER / f"{name}.md").is_file():
            self._go((name, 0))

    # Search.

    def _search_soon(self, _text: str) -> None:
        self._later.start()

    def look_up(self) -> None:
        """Show what holds the words of the search field; the contents when it is empty."""
        self._later.stop()
        text = self.search.text().strip()
        self._words = tuple(text.casefold().split())
        self._syncing = True
        self.results.clear()
        hits = find(text)
        for hit in hits:
            self.results.addItem(_result_item(hit))
        if text and not hits:
            nothing = QListWidgetItem(f"Nothing found for “{text}”. Try fewer or other words.")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.results.addItem(nothing)
        self._syncing = False
        self.left.setCurrentWidget(self.results if text else self.tree)
        self._highlight()

    def _open_first(self) -> None:
        self.look_up()
        if self.left.currentWidget() is self.results and self.results.item(0).data(PLACE):
            self.results.setCurrentRow(0)
            self.results.setFocus()

    def _highlight(self) -> None:
        help_text.highlight(self.browser, self._words)

    def _to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    # Events.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the search first, then closes; Enter in a field closes nothing."""
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            self.look_up()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the page anew in the colours of another scheme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.__dict__.get("_page"):
            self._render(self._page)
            self._scroll_to(self.place[1])


def _tree_item(title: str, place: Place) -> QTreeWidgetItem:
    item = QTreeWidgetItem([title])
    item.setData(0, PLACE, place)
    item.setToolTip(0, title)
    return item


def _result_item(hit: Hit) -> QListWidgetItem:
    section = hit.section
    page = read_page(section.page).title
    where = "" if section.title == page else f"\n{page}"
    item = QListWidgetItem(f"{section.title}{where}\n{hit.excerpt}")
    item.setData(PLACE, (section.page, section.number))
    return item
