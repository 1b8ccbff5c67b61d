"""Transfers of this session: how far each is, what became of each object, cancel, try again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTreeWidgetItem

from app.archive.gui.faults import told_of
from app.archive.gui.plain_tree import PlainTree, show_state
from app.background import JOBS, CancelledError, Progress
from core.archive.transfer import GOOD, Effort, Fate, Result, state_of, summary
from core.findings import State

TRANSFERS = ("Transfer", "State", "Progress", "Result")
WIDTHS = (260, 110, 150)
SHOWN = 50  # results that are not simply done, below a transfer


class Way(StrEnum):
    """Where the objects of a transfer go, as what a cut one leaves to be said."""

    OUT = "part of it may have gone"
    IN = "part of it may have arrived"
    BOTH = "part of it may have gone, and part arrived"
    NONE = "nothing was changed, and not all was compared"


@dataclass(frozen=True, slots=True)
class Told:
    """What a transfer has come to, where counts of objects alone do not tell it."""

    results: Sequence[Result]
    state: State
    words: str


Work = Callable[[Effort], Sequence[Result] | Told]
Again = Callable[[Sequence[str]], None]


@dataclass(eq=False)
class _Transfer:
    """One transfer, its row, and how what failed is tried once more."""

    item: QTreeWidgetItem
    again: Again | None
    done: str
    way: Way
    has_begun: bool = False
    effort: Effort = field(default_factory=Effort)
    is_over: bool = False
    failed: tuple[str, ...] = ()


class TransferList(PlainTree):
    """One row per transfer; the objects that have not simply arrived unfold below.

    Signals:
        told: State and words for the room's banner.
        arrived: A transfer is over, or was cut on its way.
        chosen: Another one is selected, or the selected one has changed.

    """

    told = Signal(object, str)
    arrived = Signal()
    chosen = Signal()

    def __init__(self) -> None:
        super().__init__(TRANSFERS, "Transfers")
        self._transfers: list[_Transfer] = []
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, width)
        self.itemSelectionChanged.connect(self.chosen)

    @property
    def under_way(self) -> int:
        """How many transfers are under way."""
        return sum(not one.is_over for one in self._transfers)

    def begin(
        self, title: str, work: Work, way: Way, again: Again | None = None, done: str = Fate.DONE
    ) -> None:
        """Start a transfer.

        Args:
            title: What it is.
            work: Does it.
            way: Where its objects go.
            again: Tries objects once more, by their UIDs.
            done: What is said of an object for which all went well.

        """
        item = QTreeWidgetItem([title, "Under way", "", ""])
        self.insertTopLevelItem(0, item)
        self.setCurrentItem(item)
        own = _Transfer(item, again, done, way)
        self._transfers.append(own)

        def begun(progress: Progress) -> Sequence[Result] | Told:
            own.has_begun = True
            return work(replace(own.effort, progress=progress))

        JOBS.start(
            self, title, begun,
            done=lambda results: self._on_over(own, results),
            failed=lambda fault: self._on_fault(own, fault),
            progressed=lambda _, words: item.setText(2, words),
        )  # fmt: skip
        self.chosen.emit()

    def _on_over(self, own: _Transfer, told: Sequence[Result] | Told) -> None:
        own.is_over = True
        if isinstance(told, Told):
            results, state, words = told.results, told.state, told.words
        else:
            results, words = told, summary(told, own.done)
            state = state_of(results) if results else State.WARNING
        show_state(own.item, state)
        own.failed = tuple(one.sop_uid for one in results if one.fate not in GOOD)
        own.item.setText(2, f"{len(results) - len(own.failed)} of {len(results)} objects")
        own.item.setText(3, words)
        own.item.setToolTip(3, words)
        reasons: dict[tuple[str, str], list[str]] = {}
        for one in results:
            if one.why:
                reasons.setdefault((one.fate.value, one.why), []).append(one.sop_uid)
        for (fate, why), uids in list(reasons.items())[:SHOWN]:
            title = uids[0] if len(uids) == 1 else f"{len(uids)} objects"
            child = QTreeWidgetItem([title, fate, "", why])
            child.setToolTip(0, "\n".join(uids[:SHOWN]))
            child.setToolTip(3, why)
            own.item.addChild(child)
        own.item.setExpanded(bool(reasons))
        first = f": {next(iter(reasons))[1]}" if reasons else ""
        self.told.emit(state, f"{own.item.text(0)}: {words}{first}")
        self.chosen.emit()
        self.arrived.emit()

    def _on_fault(self, own: _Transfer, fault: Exception) -> None:
        own.is_over = True
        state, words = told_of(fault)
        if isinstance(fault, CancelledError) and own.has_begun:
            state, words = State.WARNING, f"Cancelled: {own.way}."
        show_state(own.item, state)
        own.item.setText(3, words)
        own.item.setToolTip(3, words)
        self.told.emit(state, f"{own.item.text(0)}: {words}")
        self.chosen.emit()
        if own.has_begun:
            self.arrived.emit()

    def _selected(self) -> _Transfer | None:
        item = self.currentItem()
        top = item.parent() or item if item is not None else None
        return next((one for one in self._transfers if one.item is top), None)

    @property
    def may_cancel(self) -> bool:
        """Whether the selected transfer is under way."""
        own = self._selected()
        return own is not None and not own.is_over

    @property
    def may_try_again(self) -> bool:
        """Whether something of the selected transfer failed and can be tried again."""
        own = self._selected()
        return own is not None and own.again is not None and bool(own.failed)

    def cancel(self) -> None:
        """Stop the selected transfer; what has arrived stays."""
        own = self._selected()
        if own is not None and not own.is_over:
            own.effort.stop.set()
            own.item.setText(1, "Being cancelled")

    def try_again(self) -> None:
        """Try once more what has failed of the selected transfer, and only that (Y-08)."""
        own = self._selected()
        if own is not None and own.again is not None and own.failed:
            own.again(own.failed)
