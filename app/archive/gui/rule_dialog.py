"""One forward rule as a form: IF an object is so, THEN send it (Y-02)."""

from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.archive import forwarding
from app.archive.gui.faults import told_of
from app.background import JOBS, CancelledError, Job
from app.findings_view import Banner
from core.archive.archive import Archive
from core.archive.rules import Rule
from core.archive.settings import ArchiveSettings
from core.archive.settings_write import put_rule
from core.errors import RemedyError

KINDS = ("RTPLAN", "RTDOSE", "RTSTRUCT", "CT", "MR", "PT", "RTIMAGE", "RTRECORD", "REG")
IN_A_ROW = 5
APPROVALS = (("any", ""), ("approved", "APPROVED"), ("unapproved", "UNAPPROVED"),
             ("rejected", "REJECTED"))  # fmt: skip


class RuleDialog(QDialog):
    """A new rule, or one that is changed.

    Signals:
        saved: The settings as they stand in archive.toml now.

    """

    saved = Signal(object)

    def __init__(
        self, archive: Archive, settings: ArchiveSettings, rule: Rule | None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Forward rule")
        self._archive, self._rule = archive, rule
        self._job: Job | None = None
        self._make_widgets(settings)
        self._lay_out()
        self._fill(rule)
        self._connect()
        self._on_change()

    def _make_widgets(self, settings: ArchiveSettings) -> None:
        self.name = QLineEdit(placeholderText="as it shall stand in the log")
        self.kinds = {kind: QCheckBox(kind) for kind in KINDS}
        self.approval = QComboBox()
        for words, value in APPROVALS:
            self.approval.addItem(words, value)
        self.calling = QLineEdit(placeholderText="any; several with commas between")
        self.complete = QCheckBox("nothing of its plan set is &missing")
        self.is_since = QCheckBox("it &came after")
        self.since = QDateTimeEdit(QDateTime.currentDateTime())
        self.since.setCalendarPopup(True)
        self.since.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.since.setAccessibleName("Time after which it came")
        self.send = QComboBox()
        for one in settings.nodes:
            self.send.addItem(one.title, one.title)
        self.whole_set = QCheckBox("with its w&hole plan set")
        self.pseudonymise = QCheckBox("&without the person (pseudonymised)")
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName("The rule in words")
        self.try_button = QPushButton("What would it send &now?")
        self.would = QLabel("")
        self.would.setWordWrap(True)
        self.fault = Banner()
        self.fault.hide()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )

    def _lay_out(self) -> None:
        top = QFormLayout()
        top.addRow("Na&me", self.name)
        condition = QGroupBox("IF all of this holds for an object")
        form = QFormLayout(condition)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        for number, box in enumerate(self.kinds.values()):
            grid.addWidget(box, number // IN_A_ROW, number % IN_A_ROW)
        grid.setColumnStretch(IN_A_ROW, 1)
        form.addRow("Kind", grid)
        form.addRow("", QLabel("None chosen: any kind."))
        form.addRow("A&pproval", self.approval)
        form.addRow("S&ender's AE title", self.calling)
        form.addRow("", self.complete)
        form.addRow(self.is_since, self.since)
        act = QGroupBox("THEN")
        below = QFormLayout(act)
        below.addRow("Send it &to", self.send)
        below.addRow("", self.whole_set)
        below.addRow("", self.pseudonymise)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(condition)
        column.addWidget(act)
        column.addWidget(self.words)
        column.addWidget(self.try_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.would)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)
        self.setMinimumWidth(640)

    def _fill(self, rule: Rule | None) -> None:
        if rule is None:
            # A new rule should not surprise anybody with the objects of ten years.
            self.is_since.setChecked(True)
            return
        self.name.setText(rule.name)
        for kind in rule.modality:
            box = self.kinds.get(kind)
            if box is not None:
                box.setChecked(True)
        self.approval.setCurrentIndex(max(self.approval.findData(rule.approval), 0))
        self.calling.setText(", ".join(rule.calling))
        self.complete.setChecked(rule.set_complete)
        self.is_since.setChecked(bool(rule.since))
        if rule.since:
            at = datetime.fromisoformat(rule.since)
            self.since.setDateTime(QDateTime.fromSecsSinceEpoch(round(at.timestamp())))
        self.send.setCurrentIndex(max(self.send.findText(rule.send), 0))
        self.whole_set.setChecked(rule.whole_set)
        self.pseudonymise.setChecked(rule.pseudonymise)

    def _connect(self) -> None:
        for line in (self.name, self.calling):
            line.textChanged.connect(self._on_change)
        checks = (self.complete, self.is_since, self.whole_set, self.pseudonymise)
        for box in (*self.kinds.values(), *checks):
            box.toggled.connect(self._on_change)
        for choice in (self.approval, self.send):
            choice.currentIndexChanged.connect(self._on_change)
        self.since.dateTimeChanged.connect(self._on_change)
        self.try_button.clicked.connect(self.try_it)
        self.buttons.accepted.connect(self.save)
        self.buttons.rejected.connect(self.reject)

    def rule(self) -> Rule:
        """Return the rule as entered."""
        # What the form cannot show, somebody has written by hand: it stays.
        old = self._rule.modality if self._rule is not None else ()
        kinds = [kind for kind, box in self.kinds.items() if box.isChecked()]
        kinds += [kind for kind in old if kind not in KINDS]
        at = datetime.fromtimestamp(self.since.dateTime().toSecsSinceEpoch(), UTC)
        since = at.isoformat(timespec="milliseconds") if self.is_since.isChecked() else ""
        calling = [part.strip() for part in self.calling.text().split(",")]
        return Rule(
            self.name.text().strip(), str(self.send.currentData() or ""), tuple(kinds),
            str(self.approval.currentData()), tuple(part for part in calling if part),
            self.complete.isChecked(), self.whole_set.isChecked(), self.pseudonymise.isChecked(),
            since,
        )  # fmt: skip

    def _on_change(self) -> None:
        self.since.setEnabled(self.is_since.isChecked())
        when, then = self.rule().words()
        self.words.setText(f"<b>IF</b> {when} <b>THEN</b> {then}.")
        self._forget()
        ready = bool(self.name.text().strip()) and self.send.count() > 0
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(ready)

    def _forget(self) -> None:
        """Say nothing of what a rule would send: the answer may be another rule's."""
        if self._job is not None:
            self._job.drop()
        self._job = None
        self.would.setText("")

    def try_it(self) -> None:
        """Find out what the rule would send now; nothing is sent."""
        self._forget()
        archive, rule = self._archive, self.rule()
        self.would.setText("Looking …")
        self._job = JOBS.start(
            self, "Trying a rule", lambda progress: forwarding.would_send(archive, rule, progress),
            done=lambda found: self.would.setText(forwarding.would_send_words(found)),
            failed=self._on_not_tried, progressed=self._on_progress,
        )  # fmt: skip

    def _on_progress(self, share: float, words: str) -> None:
        del words
        self.would.setText(f"Looking … {QLocale().toString(round(share * 100))} %")

    def save(self) -> None:
        """Write the rule into archive.toml and close."""
        try:
            rule = self.rule()
        except RemedyError as problem:
            self._show_fault(problem)
            return
        before = self._rule.name if self._rule is not None else ""
        self.setEnabled(False)

        def done(settings: ArchiveSettings) -> None:
            self.setEnabled(True)
            self.saved.emit(settings)
            self.accept()

        def failed(problem: Exception) -> None:
            self.setEnabled(True)
            self._show_fault(problem)

        JOBS.start(self, "Writing archive.toml", lambda _progress: put_rule(rule, before),
                   done=done, failed=failed)  # fmt: skip

    def _on_not_tried(self, fault: Exception) -> None:
        self.would.setText(told_of(fault)[1] if isinstance(fault, CancelledError) else "")
        if not isinstance(fault, CancelledError):
            self._show_fault(fault, "Not tried")

    def _show_fault(self, fault: Exception, word: str = "Not saved") -> None:
        state, words = told_of(fault)
        self.fault.show_state(state, words, word)
        self.fault.show()
