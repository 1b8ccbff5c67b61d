"""The plan sets of one person: what is there, what is missing, in one line each."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from app import theme
from app.archive.command import iso_date
from core.archive.plan_sets import Link, PlanSet
from core.findings import State

TITLES = ("State", "Plan", "Date", "Approval", "Slices", "Structures", "Doses", "Remarks")
WORDS = {State.PASS: "Complete", State.INFO: "Complete", State.WARNING: "Incomplete"}
SET = Qt.ItemDataRole.UserRole


class PlanSetTable(QTreeWidget):
    """One row per set; the objects behind it, with the evidence for each link, unfold below.

    Signals:
        chosen: Another set is selected, or none.

    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderLabels(list(TITLES))
        self.setAlternatingRowColors(True)
        self.setAccessibleName("Plan sets")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        self.itemSelectionChanged.connect(self.chosen)

    def show_sets(self, sets: Sequence[PlanSet], *, keep: bool = False) -> None:
        """List the sets and select the first; or keep what is selected and unfolded."""
        keep = keep and self.topLevelItemCount() > 0
        before = {_key(own) for own in self.plan_sets()}
        unfolded = {_key(own) for own, item in self._rows() if item.isExpanded()}
        self.clear()
        for own in sets:
            item = _set_item(own)
            self.addTopLevelItem(item)
            item.setExpanded(keep and _key(own) in unfolded)
        for column in range(len(TITLES) - 1):
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, self.columnWidth(column) + 12)
        for own, item in self._rows():
            item.setSelected(keep and _key(own) in before)
        first = self.topLevelItem(0)
        if first is not None and not keep:
            self.setCurrentItem(first)
        self.chosen.emit()

    def _rows(self) -> list[tuple[PlanSet, QTreeWidgetItem]]:
        items = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [(one.data(0, SET), one) for one in items if one is not None]

    def plan_sets(self) -> tuple[PlanSet, ...]:
        """Return the selected sets, also where one of their objects is selected."""
        found: dict[int, PlanSet] = {}
        for item in self.selectedItems():
            parent = item.parent()
            own = (parent if parent is not None else item).data(0, SET)
            if isinstance(own, PlanSet):
                found[id(own)] = own
        return tuple(found.values())


def _key(own: PlanSet) -> str:
    """Return what a set is known by though objects of it have come since."""
    named = [own.plan] if own.plan is not None else [one.instance for one in own.structures]
    return next((one.sop_uid for one in (*named, *own.instances)), "")


def _set_item(own: PlanSet) -> QTreeWidgetItem:
    rt = own.plan.rt if own.plan is not None else None
    slices = str(len(own.images))
    if own.slices_asked and own.slices_asked != len(own.images):
        slices = f"{len(own.images)} of {own.slices_asked}"
    item = QTreeWidgetItem([
        WORDS.get(own.state, "Incomplete"),
        own.label or ("plan without label" if own.plan is not None else "no plan"),
        iso_date(rt.date) if rt is not None else "",
        rt.approval.capitalize() if rt is not None else "",
        slices,
        str(len(own.structures)),
        str(len(own.doses)),
        "; ".join(one.words for one in own.remarks),
    ])  # fmt: skip
    state = State.PASS if own.state is State.INFO else own.state
    item.setIcon(0, theme.icon(state))
    item.setToolTip(7, item.text(7))
    for column in (4, 5, 6):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setData(0, SET, own)
    for words, links in (
        ("Structures", own.structures), ("Images", own.images), ("Dose", own.doses),
        ("Records and RT images", own.records), ("Registrations", own.registrations),
    ):  # fmt: skip
        if links:
            item.addChild(_links_item(words, links))
    return item


def _links_item(words: str, links: Sequence[Link]) -> QTreeWidgetItem:
    evidence = ", ".join(sorted({link.evidence.value for link in links}))
    first = links[0].instance.rt
    label = first.label or first.summation if len(links) == 1 and first is not None else ""
    return QTreeWidgetItem([words, label or str(len(links)), "", "", "", "", "", evidence])
