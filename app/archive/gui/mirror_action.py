"""A mirror on demand: compare first, ask with the counts, then bring both together (Y-04)."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton

from app.archive import network
from app.archive.gui.faults import told_of
from app.archive.gui.transfer_list import Told, TransferList, Way
from app.background import JOBS
from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.mirror import MirrorReport
from core.archive.nodes import Node
from core.archive.transfer import Effort
from core.findings import State

TIP = (
    "Compares this archive with the system, tells what only one of them has, and asks before "
    "anything is sent or fetched. Nothing is ever deleted."
)


class MirrorButton(QPushButton):
    """Mirrors the archive with one system.

    Signals:
        told: State and words for the room's banner.
        begun: The transfer has begun.

    """

    told = Signal(object, str)
    begun = Signal()

    def __init__(self, transfers: TransferList, sure: Callable[[str], bool]) -> None:
        super().__init__("&Mirror…")
        self.setToolTip(TIP)
        self._transfers, self._sure = transfers, sure

    def mirror(self, caller: Caller, node: Node, archive: Archive) -> None:
        """Compare, and ask whether to go on."""
        self.setEnabled(False)
        JOBS.start(
            self, f"Comparing with {node.title}",
            lambda _: network.compared(caller, node, archive),
            done=lambda report: self._ask(caller, node, archive, report), failed=self._on_fault,
        )  # fmt: skip

    def _ask(self, caller: Caller, node: Node, archive: Archive, report: MirrorReport) -> None:
        self.setEnabled(True)
        if report.is_equal and not report.unchecked:
            self.told.emit(State.PASS, f"{node.title} holds the same: {report.words()}.")
            return
        if not (report.here_only or report.there_only or report.differ):
            state = State.INFO if report.is_equal else State.WARNING
            self.told.emit(state, f"{node.title}: {report.words()}.")
            return
        question = (
            f"{node.title}: {report.words()}.\n\nSend what is only here, and fetch what is only "
            "there? Other contents are fetched into quarantine; nothing is deleted."
        )
        if self._sure(question):
            self.begun.emit()
            self._transfers.begin(
                f"Mirror with {node.title}", lambda effort: _work(caller, node, archive, effort),
                Way.BOTH,
            )  # fmt: skip

    def _on_fault(self, fault: Exception) -> None:
        self.setEnabled(True)
        self.told.emit(*told_of(fault))


def _work(caller: Caller, node: Node, archive: Archive, effort: Effort) -> Told:
    report = network.mirrored(caller, node, archive, effort)
    state = State.PASS if report.is_equal else State.WARNING
    return Told(report.results(), state, report.words())
