"""Settings in a window of their own: tables at the left, values with their layer at the right."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QListWidgetItem, QWidget

from app import settings_book as cells
from app import settings_desk as desk
from app.background import JOBS
from app.choosing import choose_file, choose_new_file
from app.filter.mu.books import OWN
from app.help_limits import in_force
from app.help_window import HelpWindow
from app.key_use import shipped_sequence
from app.settings_layout import LAYER_WORDS, PERSON, SettingsLayout
from app.settings_model import VALUE
from app.settings_store import user_settings
from core.errors import RemedyError
from core.findings import State
from core.layers import Layer, is_protected, own_layers
from core.paths import machine_folder
from core.settings.change import Author
from core.settings.draft import Draft, text_in
from core.settings.pack import export, strongest_layer
from core.settings.rows import Row, kind_of, matches, shipped_file


class SettingsWindow(SettingsLayout):
    """Look, search, change in place, undo, export and import; all work runs in JOBS.

    Signals:
        written: Something was written into a layer.

    """

    written = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loaded: desk.Loaded | None = None
        self.help_window = HelpWindow(self, in_force)
        key = QAction("Help", self)
        key.setShortcut(shipped_sequence("settings.help"))
        key.triggered.connect(lambda: self.help_window.show_page("settings"))
        self.addAction(key)
        self.search.textChanged.connect(lambda _: self._show_rows())
        self.list.currentItemChanged.connect(lambda *_: self._show_rows())
        self.model.asked.connect(self._set)
        self.model.refused.connect(lambda words: self._say(State.ERROR, words))
        self.view.selectionModel().currentChanged.connect(lambda *_: self._on_row())
        for button, action in (
            (self.reset_button, self._reset), (self.edit_button, self._edit_file),
            (self.undo_button, self._undo), (self.export_button, self._export),
            (self.import_button, self._import),
        ):  # fmt: skip
            button.clicked.connect(action)
        self.book.write_asked.connect(self._write_book)
        self.book.copy_asked.connect(self._copy_book)
        self.book.closed.connect(self._close_book)
        self.book.refused.connect(lambda words: self._say(State.ERROR, words))
        self.text.write_asked.connect(self._save_text)
        self.text.closed.connect(lambda: self.pages.setCurrentWidget(self.table_page))
        self.text.changed.connect(self._keep_to_text)
        self.reload()

    # What is shown.

    def reload(self) -> None:
        """Read everything again, keeping the table and the row that are looked at."""
        JOBS.start(self, "Reading the settings", lambda _: desk.load(),
                   done=self._take, failed=self._tell_fault)  # fmt: skip

    def table_name(self) -> str:
        """Return the name of the table that is looked at; empty for none."""
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole) or "") if item is not None else ""

    def current_row(self) -> Row | None:
        """Return the value that is looked at."""
        place = self.view.currentIndex().row()
        return self.model.rows[place] if 0 <= place < len(self.model.rows) else None

    def choose_table(self, name: str) -> None:
        """Look at a table."""
        for place in range(self.list.count()):
            if self.list.item(place).data(Qt.ItemDataRole.UserRole) == name:
                self.list.setCurrentRow(place)

    def _take(self, loaded: desk.Loaded) -> None:
        name, row = self.table_name(), self.current_row()
        self.loaded = loaded
        self.undo_button.setEnabled(loaded.undo and not self.text.is_changed)
        if loaded.person:
            self.person.setText(loaded.person)
        if loaded.ignored:
            self.notice.tell(State.WARNING, " ".join(loaded.ignored))
        self._fill_list()
        self.choose_table(name or next(iter(loaded.tables)))
        self._show_rows()
        if row is not None:
            self._look_at(row)

    def _look_at(self, row: Row) -> None:
        for place, one in enumerate(self.model.rows):
            if (one.table, one.path) == (row.table, row.path):
                self.view.setCurrentIndex(self.model.index(place, VALUE))

    def _fill_list(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        group = ""
        for name, rows in self.loaded.tables.items() if self.loaded is not None else ():
            kind = kind_of(name)
            if kind.group != group:
                group = kind.group
                head = QListWidgetItem(group)
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                font = QFont(self.font())
                font.setBold(True)
                head.setFont(font)
                head.setForeground(self.palette().text())
                self.list.addItem(head)
            own = sum(row.layer != Layer.SHIPPED for row in rows)
            title = desk.title_of(name)
            item = QListWidgetItem(f"    {title}" + (f" ({own} own)" if own else ""))
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setToolTip(f"{title}: {name}, {len(rows)} values, {own} not shipped")
            self.list.addItem(item)
        self.list.blockSignals(False)

    def changeEvent(self, event: QEvent) -> None:
        """Give the group titles the colours of another scheme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and getattr(self, "loaded", None) is not None:
            for place in range(self.list.count()):
                item = self.list.item(place)
                if not item.data(Qt.ItemDataRole.UserRole):
                    item.setForeground(self.palette().text())

    def _show_rows(self) -> None:
        if self.loaded is None:
            return
        words, name = self.search.text().strip(), self.table_name()
        tables = self.loaded.tables
        listed = tables.values() if words else [tables.get(name, ())]
        rows = [row for one in listed for row in one if matches(row, words)]
        self.model.show_rows(rows, named=bool(words))
        protected = "protected: not set per user" if is_protected(name) else "may be set per user"
        title = f"{len(rows)} values found" if words else f"{desk.title_of(name)} ({protected})"
        self.title.setText(title)
        self.empty.setVisible(not rows)
        self.empty.setText(
            "No value has these words." if words
            else "Nothing is laid down here. Press Edit file to write the clinic's table."
        )  # fmt: skip
        self.edit_button.setText("Edit tabl&es" if name == OWN and not words else "Edit f&ile")
        text_stays = self.pages.currentWidget() is self.text and self.text.is_changed
        book_stays = not words and name == OWN and self.pages.currentWidget() is self.book
        if not (text_stays or book_stays):
            self.pages.setCurrentWidget(self.table_page)
        self._on_row()

    def _on_row(self) -> None:
        """Offer the layers a change of this row may go to."""
        row = self.current_row()
        name = row.table if row is not None else self.table_name()
        if self.loaded is None or not name:
            return
        layers = self.loaded.layers
        offered = [
            one for one in LAYER_WORDS
            if (one == Layer.MACHINE or layers.folder(one)) and layers.counts(one, name)
        ]  # fmt: skip
        if [self.layer.itemData(place) for place in range(self.layer.count())] != offered:
            self.layer.clear()
            for one in offered:
                self.layer.addItem(LAYER_WORDS[one], one)
            usual = self.layer.findData(desk.usual_layer(layers, name))
            self.layer.setCurrentIndex(max(0, usual))
        self._fix_layer()
        can_reset = row is not None and row.layer != Layer.SHIPPED and not self.text.is_changed
        self.reset_button.setEnabled(can_reset)
        self.file_words.setText(f"{row.table} from {row.file}" if row is not None else "")

    # What is done.

    def author(self) -> Author:
        """Return who changes something, and why."""
        return Author(self.person.text(), self.reason.text())

    def _set(self, row: Row, typed: str) -> None:
        layer = Layer(self.layer.currentData())
        author = self.author()
        self._do(
            "Setting a value", lambda: desk.set_value(row.table, row.key, typed, layer, author)
        )

    def _reset(self) -> None:
        row, author = self.current_row(), self.author()
        if row is not None:
            self._do("Taking a value out",
                     lambda: desk.reset_value(row.table, row.key, row.layer, author))  # fmt: skip

    def _undo(self) -> None:
        author = self.author()
        self._do("Undoing the last change", lambda: desk.undo(author))

    def _do(
        self, title: str, work: Callable[[], tuple[Draft, ...]],
        more: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:  # fmt: skip
        user_settings().setValue(PERSON, self.person.text())

        def written(_: object) -> tuple[tuple[Draft, ...], tuple[str, ...]]:
            drafts = work()
            return drafts, (*more(), *desk.notes_of(drafts))

        JOBS.start(self, title, written, done=self._on_done, failed=self._tell_fault)

    def _on_done(self, answer: tuple[tuple[Draft, ...], tuple[str, ...]]) -> None:
        drafts, notes = answer
        told = [
            f"{one.key} {one.old or 'shipped'} → {one.new or desk.gone_words(draft, one)} in the "
            f"layer '{draft.layer}'"
            for draft in drafts for one in draft.changes
        ]  # fmt: skip
        more = f" and {len(told) - 2} more" if len(told) > 2 else ""
        words = f"Written: {'; '.join(told[:2])}{more}. " if told else "Nothing is different. "
        self._say(State.PASS if told else State.INFO, words + " ".join(notes))
        if told:
            self.written.emit()
        if not self.text.isEnabled():  # it was the text that is written
            self.text.forget()
            self.text.setEnabled(True)
        self.reload()
        if self.pages.currentWidget() is self.book or not self.book.isEnabled():
            self._read_book()

    def _tell_fault(self, fault: Exception) -> None:
        self.book.setEnabled(True)
        self.text.setEnabled(True)
        where = Path(fault.where).name if isinstance(fault, RemedyError) else ""
        words = (f"{fault.what} ({where}). {fault.remedy}" if isinstance(fault, RemedyError)
                 else f"{fault}")  # fmt: skip
        self._say(State.ERROR, f"Not written: {words}" if self.loaded is not None else words)

    def _say(self, state: State, words: str) -> None:
        self.notice.tell(state, words)

    def _edit_file(self) -> None:
        """Show the table's file of the chosen layer, or what it would begin with."""
        name, layer = self.table_name(), self.layer.currentData()
        row = self.current_row()
        name = row.table if row is not None and self.search.text().strip() else name
        if self.loaded is None or layer is None:
            return
        if name == OWN:
            self._edit_book()
            return
        folder = machine_folder() if layer == Layer.MACHINE else self.loaded.layers.folder(layer)
        file = (folder or machine_folder()) / name
        try:
            seen, shipped = text_in(file), shipped_file(name)
            whole = kind_of(name).merge == "whole" and shipped is not None
            begin = (text_in(shipped) or "") if whole and shipped is not None else ""
        except RemedyError as fault:
            self._tell_fault(fault)
            return
        self.pages.setCurrentWidget(self.text)
        self.text.show_file(name, Layer(layer), file, seen, begin)

    def _save_text(self) -> None:
        name, layer, text = self.text.name, self.text.layer, self.text.content
        author, seen = self.author(), self.text.seen
        self.text.setEnabled(False)  # what is typed meanwhile would be lost
        self._do("Writing the table", lambda: desk.put_text(name, text, layer, author, seen))

    def _keep_to_text(self, changed: bool) -> None:
        """Leave nothing to press that would take a changed text away."""
        for one in (self.search, self.list, self.layer, self.edit_button, self.import_button):
            one.setDisabled(changed)
        self.undo_button.setEnabled(not changed and self.loaded is not None and self.loaded.undo)
        self._on_row()

    # The dosimetry book's tables.

    def _edit_book(self) -> None:
        """Show the book in force by its cells; what is not written yet stays."""
        self.search.clear()
        self.choose_table(OWN)
        self.pages.setCurrentWidget(self.book)
        if not self.book.is_changed:
            self._read_book()
        self._fix_layer()

    def _read_book(self) -> None:
        def read(_: object) -> cells.BookIn:
            book = cells.book_in_force()
            beam, tables = next(iter(book.beams.items()))
            book.marks(book.grid(beam, tables[0]))  # the check is compiled here, not in the window
            return book

        JOBS.start(self, "Reading the dosimetry book", read,
                   done=self._take_book, failed=self._tell_fault)  # fmt: skip

    def _take_book(self, book: cells.BookIn) -> None:
        self.book.setEnabled(True)
        self.book.show_book(book)
        self._fix_layer()

    def _fix_layer(self) -> None:
        """While a book is edited the layer is its own; the shipped one is copied into any."""
        book = self.book.book if self.pages.currentWidget() is self.book else None
        own = self.layer.findData(book.layer) if book is not None else -1
        if own >= 0:
            self.layer.setCurrentIndex(own)
        self.layer.setEnabled(own < 0 and not self.text.is_changed)

    def _write_book(self) -> None:
        before, grid = self.book.book, self.book.model.grid
        if before is None or grid is None:
            return
        seen, author = self.book.seen(), self.author()
        self.book.setEnabled(False)  # what is typed meanwhile would be lost
        self._do("Writing the table", lambda: cells.write_grid(grid, before.layer, author, seen),
                 lambda: cells.state_words(before, cells.book_of_layer(before.layer)))  # fmt: skip

    def _copy_book(self) -> None:
        layer, author = Layer(self.layer.currentData()), self.author()
        self._do("Copying the book", lambda: cells.copy_shipped(layer, author))

    def reject(self) -> None:
        """Close the window; what is not written is asked about first."""
        grid = self.book.model.grid
        left = [grid.file] if self.book.is_changed and grid is not None else []
        left += [self.text.name] if self.text.is_changed else []
        if not left:
            super().reject()
            return
        self.notice.tell(
            State.WARNING, f"Changed and not written: {' and '.join(left)}.",
            {"Close without &writing": self._leave}, "&Keep editing",
        )  # fmt: skip

    def _leave(self) -> None:
        super().reject()

    def _close_book(self) -> None:
        self.pages.setCurrentWidget(self.table_page)
        self._fix_layer()

    def _export(self) -> None:
        name = choose_new_file(
            self, "Export the clinic's settings", "eqs-settings.zip", "Zip (*.zip)"
        )
        if not name:
            return
        JOBS.start(
            self, "Exporting the settings",
            lambda _: export(own_layers(), strongest_layer(own_layers()), name),
            done=lambda found: self._say(State.PASS, f"{name} holds {len(found)} tables."),
            failed=self._tell_fault,
        )  # fmt: skip

    def _import(self) -> None:
        name = choose_file(self, "Import settings", "Zip (*.zip)")
        if name:
            self.offer_import(name)

    def offer_import(self, file: Path) -> None:
        """Show what an import would change; it is written once the user agrees."""
        # No layer stands in the box while the settings are read.
        chosen = self.layer.currentData()

        def work() -> tuple[Layer, tuple[Draft, ...]]:
            layer = Layer(chosen) if chosen is not None else strongest_layer(own_layers())
            return layer, desk.import_drafts(file, layer)

        def tell(found: tuple[Layer, tuple[Draft, ...]]) -> None:
            layer, drafts = found
            changes = sum(len(one.changes) for one in drafts)
            if not drafts:
                self._say(State.INFO, f"{file.name} holds what the layer '{layer}' has already.")
                return
            names = ", ".join(one.name for one in drafts)
            self.notice.tell(
                State.WARNING, f"{file.name} changes {changes} values of the layer '{layer}' in "
                f"{names}.", {"&Import them": lambda: self._import_now(file, layer)},
            )  # fmt: skip

        JOBS.start(self, "Trying the import", lambda _: work(),
                   done=tell, failed=self._tell_fault)  # fmt: skip

    def _import_now(self, file: Path, layer: Layer) -> None:
        author = self.author()
        self._do("Importing the settings", lambda: desk.import_file(file, layer, author))
