"""Add a planning server, or change or remove one; it lies in the page, no window comes up."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.background import JOBS
from app.lex.gui.chosen import in_words
from app.lex.servers import PORTS, PROTOCOLS, Server, refuse_doubles, server_from, write_servers
from app.said import Said
from app.typed_box import WholeSpin
from core.errors import RemedyError
from core.findings import State

_PROTOCOL_WORDS = {"ftp": "FTP", "sftp": "SFTP", "folder": "Folder on this computer or network"}
_TEXTS = {
    "name": ("Na&me", "as it shall stand in the list"),
    "host": ("Host", "name or address of the server"),
    "user": ("&User", "account with the right to read"),
    "root": ("Roo&t folder", "folder that holds Institution_1"),
    "certificate": ("Cert&ificate", "file of the authority; empty: those this computer trusts"),
    "host_key": ("Host &key", "SHA256:…; empty until the server has shown it"),
}  # fmt: skip
_ONLY = {
    "host": ("ftp", "sftp"), "port": ("ftp", "sftp"), "user": ("ftp", "sftp"), "tls": ("ftp",),
    "certificate": ("ftp",), "host_key": ("sftp",),
}  # fmt: skip


class ServerForm(QWidget):
    """One server's entries.

    Signals:
        saved: Name of the server that was written to the clinic's list; "" when it was removed.
        closed: The form is done with.

    """

    saved = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._others: tuple[Server, ...] = ()
        self._place = 0
        self.protocol = QComboBox()
        for name in PROTOCOLS:
            self.protocol.addItem(_PROTOCOL_WORDS[name], name)
        self.port = WholeSpin()
        self.port.setRange(1, 65535)
        self.tls = QCheckBox(
            "Encrypt with T&LS (without it, the password and the plan travel in clear)"
        )
        self.texts = {name: QLineEdit() for name in _TEXTS}
        self.fault = Said()
        self.save_button = QPushButton("&Save server")
        self.remove_button = QPushButton("Remove server")
        self.discard_button = QPushButton("&Discard")
        self._lay_out()
        self.protocol.currentIndexChanged.connect(self._on_protocol)
        self.save_button.clicked.connect(self._save)
        self.remove_button.clicked.connect(self._remove)
        self.discard_button.clicked.connect(self.closed.emit)
        self.hide()

    def edit(self, servers: Sequence[Server], place: int | None) -> None:
        """Show the entries of the server at this place, or of a new one (None)."""
        self._place = len(servers) if place is None else place
        server = Server("", "ftp", "", port=PORTS["ftp"]) if place is None else servers[place]
        self._others = tuple(one for one in servers if one is not server)
        self.protocol.setCurrentIndex(PROTOCOLS.index(server.protocol))
        for name, box in self.texts.items():
            box.setText(getattr(server, name))
        self.port.setValue(server.port or PORTS["ftp"])
        self.tls.setChecked(server.tls)
        self.remove_button.setVisible(place is not None)
        self.fault.say(State.INFO, "")
        self._show_rows()
        self.show()
        self.texts["name"].setFocus()

    def server(self) -> Server:
        """Return the server as entered.

        Raises:
            ClinicFileError: An entry is missing or impossible.

        """
        protocol = str(self.protocol.currentData())
        table: dict[str, object] = {name: box.text().strip() for name, box in self.texts.items()}
        table |= {"protocol": protocol, "port": self.port.value(), "tls": self.tls.isChecked()}
        kept = {
            key: value for key, value in table.items() if protocol in _ONLY.get(key, PROTOCOLS)
        }
        return server_from(kept, "the form")

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 6, 0, 0)
        rows: dict[str, QWidget] = {"name": self.texts["name"], "protocol": self.protocol}
        rows |= {"host": self.texts["host"], "port": self.port, "tls": self.tls}
        self.rows = rows | {name: box for name, box in self.texts.items() if name not in rows}
        titles = {"protocol": "&Protocol", "port": "Port", "tls": ""}
        for name, widget in self.rows.items():
            form.addRow(_TEXTS[name][0] if name in _TEXTS else titles[name], widget)
        for name, box in self.texts.items():
            box.setPlaceholderText(_TEXTS[name][1])
        buttons = QHBoxLayout()
        for button in (self.save_button, self.discard_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        form.addRow(self.fault)
        form.addRow(buttons)
        self.form = form

    def _on_protocol(self) -> None:
        self._show_rows()
        if self.port.value() in PORTS.values():
            self.port.setValue(PORTS[str(self.protocol.currentData())] or PORTS["ftp"])

    def _show_rows(self) -> None:
        protocol = str(self.protocol.currentData())
        for name, widget in self.rows.items():
            self.form.setRowVisible(widget, protocol in _ONLY.get(name, PROTOCOLS))

    def _save(self) -> None:
        try:
            server = self.server()
            listed = (*self._others[: self._place], server, *self._others[self._place :])
            refuse_doubles(listed, "the form")
        except RemedyError as fault:
            self._show_fault(fault.what)
        else:
            self._write(listed, server.name)

    def _remove(self) -> None:
        self._write(self._others, "")

    def _write(self, listed: tuple[Server, ...], name: str) -> None:
        """Write the list beside: the clinic's own is read for it, and its share may be slow."""
        self.setEnabled(False)

        def done(_: object) -> None:
            self.setEnabled(True)
            self.saved.emit(name)

        def failed(fault: Exception) -> None:
            self.setEnabled(True)
            if isinstance(fault, RemedyError):
                self._show_fault(f"{fault.what}. {fault.remedy}")
            elif isinstance(fault, OSError):
                self._show_fault(f"the list cannot be written: {fault.strerror}")
            else:
                self._show_fault(in_words(fault).removesuffix("."))

        JOBS.start(self, "Writing the planning servers", lambda _progress: write_servers(listed),
                   done=done, failed=failed)  # fmt: skip

    def _show_fault(self, words: str) -> None:
        self.fault.say(State.ERROR, f"Not saved: {words}.")


def with_key(servers: Sequence[Server], name: str, key: str) -> tuple[Server, ...]:
    """Return the servers, that of this name with an accepted host key."""
    return tuple(replace(one, host_key=key) if one.name == name else one for one in servers)
