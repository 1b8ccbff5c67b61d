"""Studies, series and instances of one person; each level is read when it is unfolded (Y-06)."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from app.archive.command import iso_date
from core.archive.archive import Archive
from core.archive.find import SeriesRow, StudyRow, series_of, studies_of
from core.archive.index import Instance

TITLES = ("Study / series / object", "Date", "Kind", "Objects", "UID")
NAME_WIDTH = 320
UID = TITLES.index("UID")
ROW = Qt.ItemDataRole.UserRole


class ObjectTree(QTreeWidget):
    """The standard DICOM hierarchy of one person.

    Signals:
        chosen: Something else is selected.

    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.archive: Archive | None = None
        self._patient: int | None = None
        self.setHeaderLabels(list(TITLES))
        self.setAlternatingRowColors(True)
        self.setUniformRowHeights(True)
        self.setColumnWidth(0, NAME_WIDTH)
        self.setAccessibleName("Studies, series and objects")
        self.itemExpanded.connect(self._unfold)
        self.itemSelectionChanged.connect(self.chosen)

    def show_person(self, archive: Archive, patient: int) -> None:
        """List the studies of a person; of the same one, what is selected and unfolded stays."""
        items = list(self._all()) if patient == self._patient else []
        unfolded = {item.text(UID) for item in items if item.isExpanded()}
        before = {item.text(UID) for item in items if item.isSelected()}
        self.archive, self._patient = archive, patient
        self.clear()
        for study in studies_of(archive.index, patient):
            item = _item([study.description or "Study", iso_date(study.date), "",
                          f"{study.series} series", study.study_uid], study)  # fmt: skip
            self.addTopLevelItem(item)
        for one in self._all():
            one.setExpanded(one.text(UID) in unfolded)
            if one.text(UID) in before:
                self.setCurrentItem(one)
        first = self.topLevelItem(0)
        if first is not None and not items:
            first.setExpanded(self.topLevelItemCount() == 1)
            self.setCurrentItem(first)
        self.setColumnWidth(0, NAME_WIDTH)
        for column in (1, 2, 3):
            self.resizeColumnToContents(column)

    def forget(self) -> None:
        """List nobody's studies."""
        self._patient = None
        self.clear()

    def _all(self) -> Iterator[QTreeWidgetItem]:
        """Every row that was read, each before those below it; these may be read meanwhile."""
        rows = [self.topLevelItem(row) for row in reversed(range(self.topLevelItemCount()))]
        while rows:
            one = rows.pop()
            if one is not None:
                yield one
                rows += [one.child(row) for row in reversed(range(one.childCount()))]

    def instances(self) -> Sequence[Instance]:
        """Return the objects of what is selected."""
        item = self.currentItem()
        row = item.data(0, ROW) if item is not None and item.isSelected() else None
        if self.archive is None or row is None:
            return ()
        if isinstance(row, StudyRow):
            return self.archive.instances_of_study(row.id)
        if isinstance(row, SeriesRow):
            return self.archive.instances_of_series(row.id)
        return (row,) if isinstance(row, Instance) else ()

    def _unfold(self, item: QTreeWidgetItem) -> None:
        row = item.data(0, ROW)
        if self.archive is None or item.childCount():
            return
        if isinstance(row, StudyRow):
            for series in series_of(self.archive.index, row.id):
                words = series.description or f"Series {series.number}".strip()
                own = [words, "", series.modality, str(series.instances), series.series_uid]
                item.addChild(_item(own, series))
        elif isinstance(row, SeriesRow):
            for one in self.archive.instances_of_series(row.id):
                own = [f"{one.modality} {one.number}".strip(), one.received[:10], one.modality,
                       "1", one.sop_uid]  # fmt: skip
                item.addChild(_item(own, one))


def _item(words: list[str], row: StudyRow | SeriesRow | Instance) -> QTreeWidgetItem:
    item = QTreeWidgetItem(words)
    item.setData(0, ROW, row)
    item.setToolTip(UID, words[UID])
    item.setTextAlignment(3, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if not isinstance(row, Instance):
        item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item
