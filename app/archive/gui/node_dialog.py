"""One other system as a form: how it is called and where it listens (Y-09)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.archive.gui.faults import told_of
from app.background import JOBS
from app.findings_view import Banner
from app.typed_box import WholeSpin
from core.archive.nodes import Kind, Node
from core.archive.settings import ArchiveSettings
from core.archive.settings_write import put_node
from core.findings import State

TEXTS = {
    "name": ("Na&me", "what people call it; may stay empty"),
    "ae_title": ("&AE title", "as it is set there; capitals count"),
    "host": ("&Host", "name or address of the computer"),
    "addresses": ("Ma&y call from", "its host; else addresses or networks with commas between"),
    "tls_name": ("Certificate's name", "its host; else the name in its certificate"),
    "url": ("&URL", "https://pacs.clinic/dicom-web"),
    "user": ("&User", "empty: without login; the password lies in the system's store"),
}
DIMSE_ROWS = ("ae_title", "host", "port", "addresses", "parallel", "tls", "tls_name")
WEB_ROWS = ("url", "user", "parallel")


class NodeDialog(QDialog):
    """A new system, or one that is changed.

    Signals:
        saved: The settings as they stand in archive.toml now, and the title of the system.

    """

    saved = Signal(object, str)

    def __init__(self, node: Node | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Other system")
        self._node = node
        self.texts = {name: QLineEdit() for name in TEXTS}
        self.kind = QComboBox()
        self.kind.addItem("DICOM network (DIMSE)", Kind.DIMSE)
        self.kind.addItem("DICOMweb", Kind.WEB)
        self.port = WholeSpin()
        self.port.setRange(0, 65535)
        self.port.setSpecialValueText("only sends, does not listen")
        self.parallel = WholeSpin()
        self.parallel.setRange(1, 16)
        self.tls = QCheckBox("called with T&LS (it needs our certificate, see archive.toml)")
        self.fault = Banner()
        self.fault.hide()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self._lay_out()
        self._fill(node if node is not None else Node("", "", 104))
        self.kind.currentIndexChanged.connect(self._show_rows)
        self.tls.toggled.connect(self._show_rows)
        self.buttons.accepted.connect(self.save)
        self.buttons.rejected.connect(self.reject)
        self._show_rows()

    def _lay_out(self) -> None:
        self.form = QFormLayout()
        widgets: dict[str, QWidget] = {"name": self.texts["name"], "kind": self.kind}
        widgets |= {"url": self.texts["url"], "user": self.texts["user"]}
        widgets |= {"ae_title": self.texts["ae_title"], "host": self.texts["host"]}
        widgets |= {"port": self.port, "addresses": self.texts["addresses"]}
        widgets |= {"parallel": self.parallel, "tls": self.tls, "tls_name": self.texts["tls_name"]}
        titles = {"kind": "&Kind", "port": "&Port", "parallel": "Associations at &once", "tls": ""}
        for name, widget in widgets.items():
            self.form.addRow(TEXTS[name][0] if name in TEXTS else titles[name], widget)
        for name, box in self.texts.items():
            box.setPlaceholderText(TEXTS[name][1])
        self.rows = widgets
        column = QVBoxLayout(self)
        column.addLayout(self.form)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)
        self.setMinimumWidth(620)

    def _fill(self, node: Node) -> None:
        for name in ("name", "ae_title", "host", "tls_name", "url", "user"):
            self.texts[name].setText(getattr(node, name))
        self.texts["addresses"].setText(", ".join(node.addresses))
        self.kind.setCurrentIndex(max(self.kind.findData(node.kind), 0))
        self.port.setValue(node.port)
        self.parallel.setValue(node.parallel)
        self.tls.setChecked(node.tls)

    def _show_rows(self) -> None:
        wanted = WEB_ROWS if self.kind.currentData() == Kind.WEB else DIMSE_ROWS
        for name, widget in self.rows.items():
            if name not in ("name", "kind"):
                shown = name in wanted and (name != "tls_name" or self.tls.isChecked())
                self.form.setRowVisible(widget, shown)
        self.adjustSize()

    def node(self) -> Node:
        """Return the system as entered."""
        kind = Kind(self.kind.currentData())
        told = {name: box.text().strip() for name, box in self.texts.items()}
        if kind is Kind.WEB:
            return Node("", "", 0, name=told["name"], kind=kind, url=told["url"],
                        user=told["user"], parallel=self.parallel.value())  # fmt: skip
        addresses = tuple(part.strip() for part in told["addresses"].split(",") if part.strip())
        return Node(
            told["ae_title"], told["host"], self.port.value(), told["name"], addresses,
            tls=self.tls.isChecked(), tls_name=told["tls_name"] if self.tls.isChecked() else "",
            parallel=self.parallel.value(),
        )  # fmt: skip

    def save(self) -> None:
        """Write the system into archive.toml and close."""
        node = self.node()
        if node.kind is Kind.DIMSE and not node.host:
            self._show_fault("No host is given. Give the name or address of its computer.")
            return
        before = self._node.title if self._node is not None else ""
        self.setEnabled(False)

        def done(settings: ArchiveSettings) -> None:
            self.setEnabled(True)
            self.saved.emit(settings, node.title)
            self.accept()

        def failed(problem: Exception) -> None:
            self.setEnabled(True)
            state, words = told_of(problem)
            self._show_fault(words, state)

        JOBS.start(self, "Writing archive.toml", lambda _progress: put_node(node, before),
                   done=done, failed=failed)  # fmt: skip

    def _show_fault(self, words: str, state: State = State.ERROR) -> None:
        self.fault.show_state(state, words, "Not saved")
        self.fault.show()
