"""Radiosurgery arcs on the screen: from a printout, or the R&V arcs with cone and depths typed."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLocale, QModelIndex
from PySide6.QtWidgets import QLineEdit, QPushButton

from app.choosing import choose_file
from app.filter.gui.special_panel import SpecialPanel, small_box
from app.filter.mu.book import Book
from app.filter.mu.special import SrsReport, TbiReport, srs_report
from app.filter.mu.srs_arcs import arcs_of, read_printout
from app.filter.mu.tell import number, signed
from app.typed import typed_float
from core.errors import ClinicFileError

TITLES = (
    "Arc", "Cone mm", "Dose cGy", "ScT", "Mean TMR", "ISF", "Book MU", "Plan MU", "Diff. %",
    "Status", "Depths cm",
)  # fmt: skip
START = "Choose the planning system's printout, or type isodose, cone and depths of each arc."


class SrsPanel(SpecialPanel):
    """Arcs of a printout, or of the export."""

    titles = TITLES
    start = START
    job = "Calculating arcs"
    table_name = "SRS arcs"

    def __init__(self) -> None:
        super().__init__()
        self.typed: dict[str, str] = {}
        self.printout: Path | None = None
        self.choose = QPushButton("Printout…")
        self.choose.setToolTip("The planning system's printout as text; without it, the R&V arcs")
        self.choose.clicked.connect(self._ask_printout)
        self.isodose = small_box("Isodose of the R&V doses", "isodose: ", " %", 100.0, "not typed")
        self.cone = small_box("Cone of the R&V arcs", "cone: ", " mm", 60.0, "not typed")
        self.depths = QLineEdit()
        self.depths.setPlaceholderText("depths of the selected arc, cm")
        self.depths.setAccessibleName("Depths along the selected arc in cm, apart by blanks")
        self.depths.setToolTip(self.depths.accessibleName())
        self.depths.editingFinished.connect(self._on_depths)
        for box in (self.isodose, self.cone):
            box.valueChanged.connect(self._on_typed)
        self.beam = QLineEdit("6X")
        self.beam.setMaximumWidth(70)
        self.beam.setAccessibleName("Beam of the book")
        self.beam.setToolTip("Beam of the book")
        self.beam.textChanged.connect(self._changed)
        for widget in (self.choose, self.isodose, self.cone, self.beam):
            self.row.addWidget(widget)
        self.row.addWidget(self.depths, 1)
        for widget in (self.go, self.save):
            self.row.addWidget(widget)
        self.set_source(None)

    def set_source(self, rv: Path | None, book: Path | None = None) -> None:
        """Forget what was typed for another export."""
        if rv != self.rv:
            self.typed, self.printout = {}, None
            for box in (self.cone, self.isodose):
                box.setValue(0.0)
        super().set_source(rv, book)

    def _on_typed(self) -> None:
        """Calculate the R&V arcs from now on: what is typed is not of a printout."""
        if self.printout is not None:
            self.printout, self._stale = None, not self.fields
        self._changed()
        if self._stale and self.isVisible():
            self._list()

    def _ready(self) -> None:
        super()._ready()
        self.depths.setEnabled(self.printout is None)  # a printout has its own

    def use_printout(self, path: Path) -> None:
        """Calculate the arcs of a printout."""
        self._changed()
        self.printout = path
        self._stale = False  # the printout has the arcs
        self.calculate()

    def _work(self) -> Callable[[Book], TbiReport | SrsReport]:
        beam, path, fields = self.beam.text().strip(), self.printout, self.fields
        if path is not None:
            return lambda book: srs_report(read_printout(path), str(path), book, beam)
        cone, line, about = self.cone.value() / 10, self.isodose.value(), str(self.rv)
        if not cone or not line:
            raise ClinicFileError(
                "isodose or cone are not typed", where="radiosurgery arcs",
                remedy="Type both and the depths of each arc, or choose the printout.",
            )  # fmt: skip
        depths = {name: numbers_of(text) for name, text in self.typed.items()}
        return lambda book: srs_report(
            arcs_of(fields, {"": cone}, depths, line), about, book, beam
        )

    def _rows(self) -> list[tuple[str, ...]]:
        report = self.report
        if not isinstance(report, SrsReport):
            arcs = [one for one in self.fields if one.arc_direction and not one.setup]
            return [
                (one.id, "", number(float(one.dose_cgy or 0), 2), "", "", "", "",
                 number(float(one.mu or 0), 1), "", "", self.typed.get(one.id, ""))
                for one in arcs
            ]  # fmt: skip
        return [
            (one.arc.name, f"{10 * one.arc.cone_cm:g}", number(one.arc.dose_cgy, 2),
             number(one.output or None, 4),
             number(sum(one.tmr) / len(one.tmr) if one.tmr else None, 4),
             number(one.isf or None, 4), number(one.mu, 1), number(one.arc.mu, 1),
             signed(one.difference_percent), one.state.value,
             self.typed.get(one.arc.name) or _listed(one.arc.depths_cm))
            for one in report.arcs
        ]  # fmt: skip

    def _told(self) -> str:
        report = self.report
        if not isinstance(report, SrsReport):
            return ""
        bad = [one for one in report.arcs if one.why]
        if bad:
            return f"Arc {bad[0].arc.name}: {bad[0].why}. {bad[0].remedy}"
        return f"{len(report.arcs)} arcs: MU by the book against {Path(report.about).name}"

    def _arc(self) -> str:
        row = self.table.currentIndex().row()
        return str(self.model.index(row, 0).data() or "") if row >= 0 else ""

    def _on_row(self, _current: QModelIndex) -> None:
        self.depths.setText(self.typed.get(self._arc(), ""))

    def _on_depths(self) -> None:
        name, text = self._arc(), self.depths.text().strip()
        if not name or text == self.typed.get(name, ""):
            return
        self.typed.pop(name, None)
        if text:
            self.typed[name] = text
        self._on_typed()

    def _ask_printout(self) -> None:
        name = choose_file(self, "Choose the printout", "Texts (*.txt)")
        if name:
            self.use_printout(name)


def numbers_of(text: str) -> list[float]:
    """Return the numbers of a line as the user's language writes them.

    Raises:
        ClinicFileError: A word is no number.

    """
    found = []
    for word in text.replace(";", " ").split():
        value = typed_float(word)
        if value is None:
            raise ClinicFileError(
                f"{word!r} is no depth", where="depths along the arc",
                remedy="Type depths in cm with blanks between them, e.g. "
                f"{_listed((6.2, 6.8, 7.5))}.",
            )  # fmt: skip
        found.append(value)
    return found


def _listed(values: tuple[float, ...]) -> str:
    return " ".join(QLocale().toString(value, "f", 1) for value in values)
