"""The connection to another system, step by step, each shown as soon as it is done (Y-09)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTreeWidgetItem

from app import theme
from app.archive.gui.faults import told_of
from app.archive.gui.plain_tree import PlainTree, show_state
from app.background import JOBS, CancelledError, Job
from core.archive.archive import Archive
from core.archive.connection_check import STEPS, WEB_STEPS, Step, check_connection, is_sound
from core.archive.nodes import Kind, ListenerSettings, Node
from core.findings import State

TITLES = ("Step", "Result", "What was found", "What to do")
WIDTHS = (120, 110, 420)


class ConnectionSteps(PlainTree):
    """One row per step: waiting, under way, then what was found and who must do what.

    Signals:
        told: State and words for the room's banner.

    """

    told = Signal(object, str)

    def __init__(self) -> None:
        super().__init__(TITLES, "Connection check", is_flat=True)
        self._job: Job | None = None
        self._title = ""
        self._steps: list[Step] = []
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, width)

    def forget(self) -> None:
        """Show nothing; a check under way is not heard any more."""
        if self._job is not None:
            self._job.drop()
            self._job = None
        self.clear()

    def try_out(
        self, node: Node, listener: ListenerSettings, archive: Archive | None, *, with_object: bool
    ) -> None:
        """Try every step of a connection."""
        self.forget()
        self._title = node.title
        names = STEPS if node.kind is Kind.DIMSE else WEB_STEPS
        for name in names:
            item = QTreeWidgetItem([name, "Waiting", "", ""])
            item.setIcon(1, theme.icon(State.NOT_RUN))
            self.addTopLevelItem(item)
        done: list[Step] = []
        self._steps = done
        self._begin(0)

        def work(progress: object) -> list[Step]:
            def tell(step: Step) -> None:
                done.append(step)
                if callable(progress):
                    progress(len(done) / len(names), step.name)

            return check_connection(node, listener, archive, with_object=with_object, tell=tell)

        self._job = JOBS.start(self, f"Trying {node.title}", work, done=self._on_over,
                               failed=self._on_fault, progressed=self._on_step)  # fmt: skip

    def _begin(self, row: int) -> None:
        item = self.topLevelItem(row)
        if item is not None:
            item.setText(1, "Under way")

    def _on_step(self, share: float, name: str) -> None:
        del share, name
        for row, one in enumerate(self._steps):
            self._show(row, one)
        self._begin(len(self._steps))

    def _show(self, row: int, one: Step) -> None:
        item = self.topLevelItem(row)
        if item is not None:
            show_state(item, one.state)
            for column, words in ((2, one.words), (3, one.remedy)):
                item.setText(column, words)
                item.setToolTip(column, words)

    def _on_over(self, steps: list[Step]) -> None:
        self._job = None
        for row, one in enumerate(steps):
            self._show(row, one)
        self.fit()
        if is_sound(steps):
            self.told.emit(State.PASS, f"{self._title}: every step that was tried works.")
        else:
            worst = next(one for one in steps if one.state is State.ERROR)
            self.told.emit(
                State.ERROR, f"{self._title}, {worst.name}: {worst.words}. {worst.remedy}"
            )

    def _on_fault(self, fault: Exception) -> None:
        self._job = None
        if isinstance(fault, CancelledError):
            for row in range(len(self._steps), self.topLevelItemCount()):
                item = self.topLevelItem(row)
                if item is not None:
                    show_state(item, State.NOT_RUN)
        else:
            self.clear()
        self.told.emit(*told_of(fault))
