"""The DVH page: plot, values of each structure with their bands, and constraints."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.choosing import choose_new_file, named_after
from app.findings_view import plain_table
from app.viewer.constraint_choice import ConstraintChoice
from app.viewer.dvh_plot import TOLD, DvhPlot
from app.viewer.dvh_tables import TITLES, VERDICTS, DvhModel, VerdictModel, summary, table_row
from app.viewer.render import png_bytes
from app.viewer.whole_part import WholePart
from core.dicom.dvh_export import dvh_table_csv
from core.dicom.structure_dvh import StructureDvh
from core.dose.constraints import Verdict, judge
from core.safe_write import write_whole

HOW = (
    "Rule: half-way slabs, end caps half a slice; band: what lies between slices and sampling; "
    "see Help: DVH accuracy. Dashed: exported by the planning system. Dotted: low confidence."
)
MARKED = " Triangles: limits, hollow when missed."
PADDING = "QTableView::item { padding: 0 4px; } QHeaderView::section { padding: 2px 5px; }"
WIDEST = 460


class DvhPanel(QWidget):
    """The DVHs of one structure set in one dose."""

    def __init__(self) -> None:
        super().__init__()
        self.dvhs: tuple[StructureDvh, ...] = ()
        self._patient = self._patient_id = self._words = ""
        self.reference_gy = 0.0
        self._prescribed = True
        self._part = self._course = ""
        self._make_plot()
        self._make_tables()
        self._lay_out()
        self.set_dvhs([], "", 0.0)

    # --- making ------------------------------------------------------------------------------

    def _make_plot(self) -> None:
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.kind = QComboBox()
        self.kind.addItems(["Cumulative", "Differential"])
        self.kind.setAccessibleName("Kind of DVH")
        self.unit = QComboBox()
        self.unit.addItems(["Volume in %", "Volume in cc"])
        self.unit.setAccessibleName("Unit of the volume")
        for combo in (self.kind, self.unit):
            combo.currentIndexChanged.connect(self._on_kind)
        self.plot = DvhPlot()
        self.read_out = QLabel()
        self.read_out.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot.read.connect(self.read_out.setText)
        self.plot.picked.connect(self._on_picked)
        self.how = QLabel()
        self.how.setWordWrap(True)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.hide()

    def _make_tables(self) -> None:
        self.model = DvhModel()
        self.table = _table(self.model, "DVH values", one_line=True)
        self.table.setIconSize(QSize(44, 16))
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.template = ConstraintChoice()
        self.template.chosen.connect(self._on_template)
        self.template.told.connect(self._tell)
        self.verdict_words = QLabel()
        self.verdict_words.setWordWrap(True)
        self.verdict_model = VerdictModel()
        self.verdict_table = _table(self.verdict_model, "Verdicts", one_line=True)
        self.verdict_table.selectionModel().currentRowChanged.connect(self._on_verdict)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.addWidget(self.title, 1)
        self.buttons: dict[str, QPushButton] = {}
        for widget in (self.kind, self.unit):
            bar.addWidget(widget)
        for words, act in (
            ("Fit", self.plot.fit),
            ("Copy table", self.copy_table),
            ("Save CSV…", self.save_csv),
            ("Save picture…", self.save_picture),
        ):
            button = QPushButton(words)
            button.clicked.connect(lambda _=False, act=act: act())
            self.buttons[words] = button
            bar.addWidget(button)
        upper = _column(bar, self.told, self.plot, self.read_out, self.how, stretch=2)
        line = QHBoxLayout()
        line.addWidget(QLabel("Constraints"))
        line.addWidget(self.template)
        line.addWidget(self.verdict_words, 1)
        lower = _column(line, self.verdict_table, stretch=1)
        lower.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.judged = lower
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        for number, part in enumerate((upper, self.table, lower)):
            self.splitter.addWidget(part)
            self.splitter.setCollapsible(number, False)
        self.splitter.setSizes([520, 150, 40])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)

    # --- what is shown -----------------------------------------------------------------------

    def set_patient(self, words: str, patient_id: str) -> None:
        """Learn whose DVHs are to come; those of another person go, and the choice of limits."""
        self._patient, self._patient_id = words, patient_id
        self.set_busy("")
        self.template.choose_none()

    def set_busy(self, words: str) -> None:
        """Say what is being done; the old curves go."""
        self.set_dvhs([], words, 0.0)

    def set_dvhs(
        self,
        dvhs: Sequence[StructureDvh],
        dose_words: str,
        reference_gy: float,
        *,
        prescribed: bool = True,
        part: str = "",
        course: str = "",
    ) -> None:
        """Show other DVHs.

        Args:
            dvhs: One per structure.
            dose_words: Which dose, and what 100 % is.
            reference_gy: Dose that 100 % stands for, in Gy.
            prescribed: Whether it is prescribed; else no limit in percent of it is judged.
            part: What the dose is of where not of a whole course; then no limit is judged.
            course: Fractions and kind of the dose, shown beside what the limits hold for.

        """
        self.dvhs, self._words = tuple(dvhs), dose_words
        self.reference_gy, self._prescribed = reference_gy if dvhs else 0.0, prescribed
        self._part, self._course = part, course
        self._tell("")
        self.title.setText(dose_words)
        self.plot.dvhs, self.plot.reference_gy = self.dvhs, self.reference_gy
        self.plot.selected = None
        self.model.show_dvhs(self.dvhs)
        self.table.clearSpans()
        for row, own in enumerate(self.dvhs):
            if own.problem:
                self.table.setSpan(row, 1, 1, len(TITLES) - 1)
        for button in self.buttons.values():
            button.setEnabled(bool(self.dvhs))
        self._judge()
        self.plot.draw()
        self._colour()
        _fit_columns(self.table, TITLES.index("Notes"))
        self.read_out.setText(TOLD if self.plot.drawn else "")

    def set_hidden(self, numbers: frozenset[int]) -> None:
        """Leave out the curves of some structures; their values and verdicts stay."""
        if numbers != self.plot.hidden:
            self.plot.hidden = numbers
            self.plot.draw(keep_range=True)
            self._colour()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "template"):
            self._colour()

    def _colour(self) -> None:
        self.model.show_colours(self.plot.curve_colour, self.plot.hidden)

    def _how_words(self) -> str:
        without = [own for own in self.dvhs if own.problem]
        words = HOW + (MARKED if self.plot.verdicts else "")
        if without:
            words += (
                f" {len(without)} of {len(self.dvhs)} structures have no DVH; the table says why."
            )
        return words

    def _judge(self) -> None:
        verdicts: tuple[Verdict, ...] = ()
        template = self.template.template
        if template is not None and self.dvhs and not self._part:
            reference = self.reference_gy if self._prescribed else None
            verdicts = judge(template, self.dvhs, reference)
        self.plot.verdicts = verdicts
        self.verdict_model.show_verdicts(verdicts)
        self.verdict_table.setVisible(bool(verdicts))
        _fit_columns(self.verdict_table, VERDICTS.index("Source"))
        words = ""
        if template is not None:
            words = f"{template.note} Limits for: {template.fractionation}. {self._course}".strip()
            words = f"{summary(verdicts)}. {words}" if verdicts else words
            if self._part and self.dvhs:
                words = f"Not judged: this is the dose of {self._part}, not of a whole course."
        self.verdict_words.setText(words)
        self.judged.setMaximumHeight(
            16777215 if verdicts else self.judged.minimumSizeHint().height()
        )
        self.how.setText(self._how_words())

    # --- what the user does ------------------------------------------------------------------

    def _on_kind(self) -> None:
        self.plot.differentially = self.kind.currentIndex() == 1
        self.plot.in_cc = self.unit.currentIndex() == 1
        self.plot.draw()

    def _on_row(self, current: QModelIndex) -> None:
        row = current.row()
        self.plot.select(self.dvhs[row].structure.number if 0 <= row < len(self.dvhs) else None)

    def _on_picked(self, number: int) -> None:
        for row, own in enumerate(self.dvhs):
            if own.structure.number == number:
                self.table.selectRow(row)

    def _on_verdict(self, current: QModelIndex) -> None:
        if not 0 <= current.row() < len(self.verdict_model.verdicts):
            return
        name = self.verdict_model.verdicts[current.row()].structure_name
        for row, own in enumerate(self.dvhs):
            if own.structure.name == name:
                self.table.selectRow(row)

    def _on_template(self) -> None:
        was_shown = bool(self.plot.verdicts)
        self._judge()
        self.plot.draw(keep_range=True)
        if self.plot.verdicts and not was_shown:
            whole = sum(self.splitter.sizes())
            self.splitter.setSizes([whole * 54 // 100, whole * 22 // 100, whole * 24 // 100])

    def copy_table(self) -> None:
        """Put the table on the clipboard, cells separated by tabs."""
        titles = [title.replace("\n", " ") for title in TITLES]
        head = [["Patient", self._patient], ["Dose", self._words]]
        rows = [*head, titles, *(table_row(own) for own in self.dvhs)]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))
        self._tell("The table is on the clipboard.")

    def save_csv(self) -> None:
        """Write the table as CSV."""
        # The mark at the start lets spreadsheets read the file as UTF-8.
        data = dvh_table_csv(self.dvhs, self._patient, self._words).encode("utf-8-sig")
        self._save("Save the DVH values", "dvh.csv", "CSV (*.csv)", data)

    def save_picture(self) -> None:
        """Write the plot with its legend as PNG."""
        self._save("Save the DVH plot", "dvh.png", "PNG (*.png)", png_bytes(self.picture()))

    def ask_for_new_file(self, title: str, suggestion: str, kinds: str) -> Path | None:
        """Ask where to write; None when the user does not want to."""
        return choose_new_file(self, title, suggestion, kinds)

    def _save(self, title: str, name: str, kinds: str, data: bytes) -> None:
        """Write what was shown when asked: behind the question another set may come."""
        path = self.ask_for_new_file(title, named_after(self._patient_id, name), kinds)
        if path is None:
            return
        try:
            write_whole(path, data)
        except OSError as fault:
            self._tell(f"{path.name} could not be written: {fault.strerror or fault}")
        else:
            self._tell(f"Written: {path.name}")

    def _tell(self, words: str) -> None:
        self.told.setText(words)
        self.told.setVisible(bool(words))

    def picture(self) -> QImage:
        """Return the plot with title, legend of the structures shown, and how it was made."""
        self.plot.forget_mouse()
        plot = self.plot.grab()
        ratio, line = plot.devicePixelRatio(), self.fontMetrics().height() + 6
        width, height = self.plot.width(), self.plot.height()
        shown = [own for own in self.dvhs if own.structure.number in self.plot.drawn]
        columns = max(width // 220, 1)
        rows = -(-len(shown) // columns)
        top = 2 * line
        whole = top + height + rows * line + 3 * line
        image = QImage(QSize(width, whole) * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(self.plot.ground)
        painter = QPainter(image)
        painter.setPen(self.palette().text().color())
        for number, words in enumerate((self._patient, self._words)):
            painter.drawText(QRectF(8, 2 + number * line, width - 16, line), words)
        painter.drawPixmap(0, top, plot)
        for place, own in enumerate(shown):
            x, y = 8 + place % columns * 220, top + height + place // columns * line
            icon = self.model.index(self.dvhs.index(own), 0).data(Qt.ItemDataRole.DecorationRole)
            icon.paint(painter, x, y, 44, line)
            painter.drawText(QRectF(x + 50, y + 3, 164, line), own.structure.name)
        below = QRectF(8, top + height + rows * line + 4, width - 16, 3 * line)
        painter.drawText(below, Qt.TextFlag.TextWordWrap, self.how.text())
        painter.end()
        return image


def _column(*parts: QWidget | QHBoxLayout, stretch: int) -> QWidget:
    whole = WholePart()
    column = QVBoxLayout(whole)
    column.setContentsMargins(6, 4, 6, 2)
    column.setSpacing(4)
    for number, part in enumerate(parts):
        if isinstance(part, QWidget):
            column.addWidget(part, int(number == stretch))
        else:
            column.addLayout(part)
    return whole


def _table(model: DvhModel | VerdictModel, name: str, *, one_line: bool) -> QTableView:
    table = plain_table(model)
    table.setAccessibleName(name)
    table.setWordWrap(not one_line)
    table.setStyleSheet(PADDING)
    return table


def _fit_columns(table: QTableView, last: int) -> None:
    table.resizeColumnsToContents()
    for column in range(table.model().columnCount()):
        if table.columnWidth(column) > WIDEST and column != last:
            table.setColumnWidth(column, WIDEST)
