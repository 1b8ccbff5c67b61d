"""Choose a planning server, log in, see how far the fetch is and what went wrong; all in place."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.lex.gui.chosen import in_words
from app.lex.gui.progress_row import ProgressRow
from app.lex.gui.server_form import ServerForm, with_key
from app.lex.passwords import NO_STORE, has_store
from app.lex.remote import HostKeyError
from app.lex.servers import Server, read_servers, write_servers
from app.said import Said
from core.findings import State

NO_SERVER = "No planning server yet"


class ServerBox(QGroupBox):
    """The clinic's planning servers.

    Signals:
        connect_wanted: A `Server`, the password typed, and whether to keep it in the store.

    """

    connect_wanted = Signal(object, str, bool)

    def __init__(self) -> None:
        super().__init__("Planning server")
        self.servers: tuple[Server, ...] = ()
        self._store_known = False
        self._asked = 0
        self._offered = ""
        self.choice = QComboBox()
        self.choice.setMinimumWidth(280)
        self.connect_button = QPushButton("&Connect")
        self.add_button = QPushButton("&Add server…")
        self.edit_button = QPushButton("&Edit server…")
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText("empty: the one in the password store")
        self.password.setMinimumWidth(280)
        self.keep = QCheckBox("Keep in this computer's password store")
        self.keep.setEnabled(False)
        self.store_words = QLabel()
        self.store_words.setWordWrap(True)
        self.store_words.hide()
        self.progress = ProgressRow()
        self.fault = Said()
        self.accept_button = QPushButton("Accept this host ke&y")
        self.accept_button.hide()  # until a server has shown a key that nobody knows
        self.form = ServerForm()
        self._lay_out()
        self._connect()
        self.form.hide()
        self._read_at_first()

    def _read_at_first(self) -> None:
        """Read the clinic's list; it may lie on a share that is slow, and the window is begun."""
        self._show((), "", "The list of planning servers is being read")
        self._read("", lambda: None)

    def reload(self, name: str, then: Callable[[], None] = lambda: None) -> None:
        """Read the clinic's list again and choose the server of this name."""
        self.form.hide()
        self.show_fault(None)
        self._read(name, then)

    def _read(self, name: str, then: Callable[[], None]) -> None:
        """Read the list beside; nothing is added, changed or asked by an older one meanwhile."""
        self._asked += 1
        mine = self._asked
        self._allow(busy=True)
        self.add_button.setEnabled(False)

        def done(servers: tuple[Server, ...]) -> None:
            if mine == self._asked:
                self._show(servers, name)
                then()

        def failed(fault: Exception) -> None:
            if mine == self._asked:
                self.show_fault(fault)
                self._show((), "")

        JOBS.start(self, "Reading the planning servers", lambda _progress: read_servers(),
                   done=done, failed=failed)  # fmt: skip

    def _show(self, servers: tuple[Server, ...], name: str, none: str = NO_SERVER) -> None:
        self.servers = servers
        self.choice.clear()
        for server in self.servers:
            self.choice.addItem(server.words, server.name)
        if not self.servers:
            self.choice.addItem(none)
        self.choice.setCurrentIndex(max(self.choice.findData(name), 0))
        # A faulty list must be mended by hand: saving would write over what it says.
        self.add_button.setEnabled(self.fault.isHidden())
        self._on_choice()

    def server(self) -> Server | None:
        """Return the server chosen."""
        place = self.choice.currentIndex()
        return self.servers[place] if 0 <= place < len(self.servers) else None

    def begin(self, words: str) -> None:
        """Show that the connection is being made."""
        self.show_fault(None)
        self.progress.begin(words)
        self._allow(busy=True)

    def end(self, state: State, words: str) -> None:
        """Show that it has ended, and what there is to say about it."""
        self.progress.hide()
        self.password.clear()
        self.fault.say(state, words)
        self._allow(busy=False)

    def fail(self, fault: Exception) -> None:
        """Show why it failed; the password stays for another try."""
        self.progress.hide()
        self.show_fault(fault)
        self._allow(busy=False)

    def show_fault(self, fault: Exception | None) -> None:
        """Say what went wrong; a host key nobody knows yet can be accepted here."""
        self.fault.say(State.ERROR, "" if fault is None else in_words(fault))
        unknown = isinstance(fault, HostKeyError) and not fault.changed
        self._offered = fault.fingerprint if isinstance(fault, HostKeyError) else ""
        self.accept_button.setVisible(unknown)

    def showEvent(self, event: QShowEvent) -> None:
        """Find out, off the GUI thread, whether this computer keeps passwords."""
        super().showEvent(event)
        if not self._store_known:
            self._store_known = True
            JOBS.start(
                self, "Looking for the password store", lambda _: has_store(),
                done=self._show_store, failed=lambda _: self._show_store(there=False),
            )  # fmt: skip

    def _lay_out(self) -> None:
        label = QLabel("Se&rver")
        label.setBuddy(self.choice)
        first = _row(label, self.choice, self.connect_button, self.add_button, self.edit_button)
        label = QLabel("Pass&word")
        label.setBuddy(self.password)
        self.login = QWidget()
        self.login.setLayout(_row(label, self.password, self.keep))
        column = QVBoxLayout(self)
        column.addLayout(first)
        column.addWidget(self.login)
        column.addWidget(self.store_words)
        column.addWidget(self.progress)
        column.addWidget(self.fault)
        column.addLayout(_row(self.accept_button))
        column.addWidget(self.form)

    def _connect(self) -> None:
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.connect_button.clicked.connect(self._ask)
        self.password.returnPressed.connect(self._ask)
        self.add_button.clicked.connect(lambda: self.form.edit(self.servers, None))
        self.edit_button.clicked.connect(
            lambda: self.form.edit(self.servers, self.choice.currentIndex())
        )
        self.form.closed.connect(self._close_form)
        self.form.saved.connect(self.reload)
        self.accept_button.clicked.connect(self._accept)

    def _ask(self) -> None:
        server = self.server()
        if server is not None and self.connect_button.isEnabled():
            self.connect_wanted.emit(server, self.password.text(), self.keep.isChecked())

    def _on_choice(self) -> None:
        server = self.server()
        self.login.setVisible(server is not None and server.needs_password)
        self.password.clear()
        self._show_store(there=None)
        self._allow(busy=False)

    def _allow(self, *, busy: bool) -> None:
        there = self.server() is not None
        self.connect_button.setEnabled(there and not busy)
        self.edit_button.setEnabled(there and not busy)
        self.choice.setEnabled(there and not busy)

    def _show_store(self, there: bool | None) -> None:
        """Tell once whether there is a store; None repeats what is known for another server."""
        if there is not None:
            self.keep.setEnabled(there)
            self.store_words.setText("" if there else NO_STORE)
            if not there:
                self.password.setPlaceholderText("")
        self.store_words.setVisible(bool(self.store_words.text()) and not self.login.isHidden())

    def _close_form(self) -> None:
        self.form.hide()
        self.choice.setFocus()

    def _accept(self) -> None:
        server = self.server()
        if server is None or not self._offered:
            return
        listed, name = with_key(self.servers, server.name, self._offered), server.name
        typed = self.password.text()
        self.accept_button.setEnabled(False)

        def accepted() -> None:
            self.password.setText(typed)
            self.fault.say(State.INFO, "The host key is accepted. Press Connect.")
            self.connect_button.setFocus()

        def done(_: object) -> None:
            self.accept_button.setEnabled(True)
            self.reload(name, accepted)

        def failed(fault: Exception) -> None:
            self.accept_button.setEnabled(True)
            if isinstance(fault, OSError):
                self.fault.say(State.ERROR, f"The list cannot be written: {fault.strerror}.")
            else:
                self.show_fault(fault)

        JOBS.start(self, "Keeping the host key", lambda _progress: write_servers(listed),
                   done=done, failed=failed)  # fmt: skip


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row
