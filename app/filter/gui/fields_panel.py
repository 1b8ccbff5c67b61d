"""Fields, control points and leaves of an export, with the beam's eye view beside them."""

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QSplitter

from app.filter.field import ControlPoint, Field
from app.filter.gui.against import Opened
from app.filter.gui.outline_plot import OutlinePlot
from app.filter.outline import aperture_at, with_edges
from app.filter.segments import fitted
from app.filter.settings import Settings
from app.filter.tables import field_table, leaf_table, point_table
from app.findings_model import GridModel
from app.findings_view import plain_table
from core.findings import Finding

NUMERIC = (
    "Energy", "MU", "Dose cGy", "Gantry deg", "Collimator deg", "Couch deg", "X1 cm", "X2 cm",
    "Y1 cm", "Y2 cm", "Points", "Point", "MU share", "Open pairs", "Dose rate MU/min", "Leaf",
    "A cm", "A plan", "A diff.", "B cm", "B plan", "B diff.", "Opening cm",
)  # fmt: skip


class FieldsPanel(QSplitter):
    """Above the fields; below the points of the one selected, its leaves, and the picture."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._opened: Opened | None = None
        self._settings: Settings | None = None
        self._item = ""
        self.fields = GridModel(numeric=NUMERIC)
        self.points = GridModel(numeric=NUMERIC)
        self.leaves = GridModel(numeric=NUMERIC, marked=("A diff.", "B diff."))
        self.field_view = plain_table(self.fields)
        self.point_view = plain_table(self.points)
        self.leaf_view = plain_table(self.leaves)
        for view, name in (
            (self.field_view, "Fields"), (self.point_view, "Control points of the field"),
            (self.leaf_view, "Leaf pairs of the control point"),
        ):  # fmt: skip
            view.setAccessibleName(name)
        self.leaf_view.horizontalHeader().setStretchLastSection(False)
        self.field_view.selectionModel().currentRowChanged.connect(self._on_field)
        self.point_view.selectionModel().currentRowChanged.connect(self._on_point)
        self.leaf_view.selectionModel().currentRowChanged.connect(self._on_leaf)
        self.picture = OutlinePlot()
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.addWidget(self.point_view)
        tables.addWidget(self.leaf_view)
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.addWidget(tables)
        lower.addWidget(self.picture)
        lower.setSizes([720, 480])
        self.addWidget(self.field_view)
        self.addWidget(lower)
        self.setSizes([170, 470])

    def show_opened(self, opened: Opened | None) -> None:
        """Show an export; None empties every table."""
        self._opened, self._item = opened, ""
        self._settings = opened.tables.settings if opened is not None else None
        for model in (self.fields, self.points, self.leaves):
            model.show((), ())
        self.picture.show_apertures(None, None)
        if opened is None:
            return
        table = field_table(opened.rv)
        self.fields.show(table.titles, table.rows)
        self.field_view.resizeColumnsToContents()
        if table.rows:
            self.field_view.selectRow(0)

    def show_place(self, finding: Finding) -> bool:
        """Show field, control point and leaf a finding speaks of; return whether it has one."""
        fields = self._opened.rv.fields if self._opened else ()
        for row, field in enumerate(fields):
            if field.id == finding.field:
                self.field_view.selectRow(row)
                if finding.control_point is not None:
                    self.point_view.selectRow(finding.control_point)
                if finding.item.startswith(("mlc_a", "mlc_b")) and finding.item[5:].isdigit():
                    self.leaf_view.selectRow(int(finding.item[5:]) - 1)
                self._item = finding.item
                self._draw()
                return True
        return False

    def _on_field(self, current: QModelIndex) -> None:
        field = self._field(current.row())
        if field is None:
            return
        self._item = ""
        table = point_table(field)
        self.points.show(table.titles, table.rows)
        self.point_view.resizeColumnsToContents()
        self.leaves.show((), ())
        if table.rows:
            self.point_view.selectRow(0)
        else:
            self._draw()

    def _on_point(self, current: QModelIndex) -> None:
        field = self._field(self.field_view.currentIndex().row())
        if field is None or not 0 <= current.row() < len(field.control_points):
            return
        table = leaf_table(field.control_points[current.row()], self._point(field, current.row()))
        self.leaves.show(table.titles, table.rows)
        self.leaf_view.resizeColumnsToContents()
        self._draw()

    def _on_leaf(self, current: QModelIndex) -> None:
        if current.isValid():
            self._item = f"mlc_a{current.row() + 1}"
            self._draw()

    def _draw(self) -> None:
        field = self._field(self.field_view.currentIndex().row())
        if field is None or self._settings is None:
            self.picture.show_apertures(None, None)
            return
        place = max(self.point_view.currentIndex().row(), 0)
        beam = self._planned(field)
        found = aperture_at(field, place)
        planned = aperture_at(beam, place, len(field.control_points)) if beam else None
        if found is None:
            return
        if planned is not None and beam is not None:
            planned = with_edges(planned, found, beam, self._settings)
        found = with_edges(found, planned, field, self._settings)
        where = f", control point {place}" if field.control_points else ""
        self.picture.show_apertures(found, planned, self._item, f"Field {field.id}{where}")

    def _field(self, row: int) -> Field | None:
        fields = self._opened.rv.fields if self._opened else ()
        return fields[row] if 0 <= row < len(fields) else None

    def _point(self, field: Field, row: int) -> ControlPoint | None:
        planned = self._planned(field)
        if planned is None:
            return None
        points = fitted(planned.control_points, len(field.control_points))
        return points[row] if len(points) == len(field.control_points) else None

    def _planned(self, field: Field) -> Field | None:
        if self._opened is None or self._opened.plan is None:
            return None
        pairs = {match.rv_field: match.plan_beam for match in self._opened.report.matches}
        name = pairs.get(field.id)
        beams = self._opened.plan.fields
        return next((beam for beam in beams if name in (beam.name, beam.id)), None)
