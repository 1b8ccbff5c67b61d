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

    def show_sets(self, sets: Sequence[PlanSet]) -> None:
        """List the sets; the first is selected."""
        self.clear()
        for own in sets:
            self.addTopLevelItem(_set_item(own))
        for column in range(len(TITLES) - 1):
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, self.columnWidth(column) + 12)
        first = self.topLevelItem(0)
        if first is not None:
            self.setCurrentItem(first)
        self.chosen.emit()

    def plan_sets(self) -> tuple[PlanSet, ...]:
        """Return the selected sets, also where one of their objects is selected."""
        found: dict[int, PlanSet] = {}
        for item in self.selectedItems():
            parent = item.parent()
            own = (parent if parent is not None else item).data(0, SET)
            if isinstance(own, PlanSet):
                found[id(own)] = own
        return tuple(found.values())


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
