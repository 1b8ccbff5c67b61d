"""The two tables beside the DVH plot: values of each structure, and verdicts of constraints."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPen, QPixmap

from app import theme
from app.findings_model import AnyIndex, GridModel
from app.viewer.dvh_lines import DASHES, DOTS, banded_text, line_pen, number_text
from core.dicom.structure_dvh import Statistics, StructureDvh, statistics
from core.dose.constraints import Verdict
from core.dose.dvh_values import Banded
from core.findings import State

TITLES = (
    "Structure", "Confidence", "Contours\ncc", "Sampled\ncc", "Min\nGy", "Mean\nGy", "Max\nGy",
    "D98\nGy", "D95\nGy", "D50\nGy", "D2\nGy", "D0.03cc\nGy", "Exported\ndiffers by", "Notes",
)  # fmt: skip
NUMBERS = TITLES[2:13]
CONFIDENCE, SAMPLED, D003CC = 1, 3, 11
VERDICTS = ("Verdict", "Structure", "Constraint", "Value", "Limit", "What it means", "Source")
# "Error" and "Pass" are words for files; of a limit one says met and missed.
WORDS = {
    State.PASS: "Met",
    State.WARNING: "Doubtful",
    State.ERROR: "Missed",
    State.NOT_RUN: "Not judged",
    State.INFO: "Reported",
}
ROLE = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
FIGURES = ("Value", "Limit")


def table_row(own: StructureDvh) -> tuple[str, ...]:
    """Return one row of the table; without a DVH the reason stands under Notes."""
    found = statistics(own)
    if found is None:
        return (own.structure.name, *[""] * (len(TITLES) - 2), f"no DVH: {own.problem}")
    exported = ""
    if own.exported is not None:
        percent = number_text(own.exported.largest_difference)
        exported = f"{percent} %-pt at {number_text(own.exported.at_gy, 1)} Gy"
    volume, contours, *doses = values_of(found)
    return (
        own.structure.name,
        ("low" if own.low_confidence else "usual") + (" (notes)" if own.notes else ""),
        number_text(contours, volume_digits(contours)),
        banded_text(volume, volume_digits(volume.value)),
        *(banded_text(value) for value in doses),
        exported,
        "; ".join(own.notes),
    )


def volume_digits(volume_cc: float) -> int:
    """Return how many decimals of a volume are worth showing."""
    return 3 if volume_cc < 1 else 2 if volume_cc < 100 else 1


def values_of(found: Statistics) -> tuple[Any, ...]:
    """Return the values in the order of the table: volume, contours' volume, doses."""
    return tuple(getattr(found, one.name) for one in fields(found))


def band_words(value: Banded, unit: str) -> str:
    """Return a value with the ends of its band, which need not lie evenly around it."""
    ends = [number_text(one, 3) for one in astuple(value)]
    return f"{ends[0]} {unit}, between {ends[1]} and {ends[2]} {unit}"


def swatch(own: StructureDvh, drawn: QColor, *, shown: bool, dashed: bool) -> QIcon:
    """Return the structure's colour, and beside it its line as drawn; empty when hidden."""
    picture = QPixmap(88, 32)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setPen(QPen(drawn, 1))
    painter.setBrush(QColor(*own.structure.colour) if shown else Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(1.5, 2.5, 11, 11))
    if shown:
        painter.setPen(line_pen(drawn, 2.5, DOTS if own.low_confidence else (), cosmetic=False))
        height = 5 if dashed else 8
        painter.drawLine(17, height, 42, height)
        if dashed:
            painter.setPen(line_pen(drawn, 1.5, DASHES, cosmetic=False))
            painter.drawLine(17, 11, 42, 11)
    painter.end()
    return QIcon(picture)


class DvhModel(GridModel):
    """Rows are structures in the order of the set."""

    def __init__(self) -> None:
        super().__init__(numeric=NUMBERS)
        self.dvhs: tuple[StructureDvh, ...] = ()
        self._swatches: list[QIcon] = []
        self._values: list[tuple[Any, ...] | None] = []
        self.show(TITLES, [])

    def show_dvhs(self, dvhs: Sequence[StructureDvh]) -> None:
        """Replace all rows."""
        self.dvhs = tuple(dvhs)
        found = [statistics(own) for own in self.dvhs]
        self._values = [None if one is None else values_of(one) for one in found]
        self._swatches = []
        self.show(TITLES, [table_row(own) for own in self.dvhs])

    def show_colours(
        self, colour_of: Callable[[StructureDvh], QColor], hidden: frozenset[int]
    ) -> None:
        """Make the swatches anew."""
        self._swatches = [
            swatch(
                own,
                colour_of(own),
                shown=own.curves is not None and own.structure.number not in hidden,
                dashed=own.exported is not None,
            )
            for own in self.dvhs
        ]
        if self.dvhs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.dvhs) - 1, 0))

    def data(self, index: AnyIndex, role: int = ROLE.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text, colour or sign of one cell."""
        row, column = index.row(), index.column()
        own = self.dvhs[row]
        if role == ROLE.DecorationRole:
            if column == 0 and row < len(self._swatches):
                return self._swatches[row]
            return _confidence_icon(own) if column == CONFIDENCE else None
        if own.problem and column == 1:  # the cell spans the row
            return f"No DVH: {own.problem}" if role == ROLE.DisplayRole else _grey_cell(role)
        if role == ROLE.ForegroundRole:
            return _grey() if own.problem else None
        if role == ROLE.ToolTipRole:
            return self._tip(row, column) or super().data(index, role)
        return super().data(index, role)

    def _tip(self, row: int, column: int) -> str:
        values = self._values[row]
        if column == CONFIDENCE:
            return "\n".join(self.dvhs[row].notes)
        if values is None or not SAMPLED <= column <= D003CC:
            return ""
        value = values[0 if column == SAMPLED else column - SAMPLED + 1]
        return band_words(value, "cc" if column == SAMPLED else "Gy")

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return the titles, those of numbers to the right."""
        if role == ROLE.TextAlignmentRole and TITLES[section] in NUMBERS:
            return RIGHT
        return super().headerData(section, orientation, role)


def _confidence_icon(own: StructureDvh) -> QIcon | None:
    if own.problem or not (own.low_confidence or own.notes):
        return None
    return theme.icon(State.WARNING if own.low_confidence else State.INFO)


def _grey_cell(role: int) -> QColor | None:
    return _grey() if role == ROLE.ForegroundRole else None


def _grey() -> QColor:
    palette = QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.PlaceholderText)


def verdict_row(verdict: Verdict) -> tuple[str, ...]:
    """Return one row of the table of verdicts."""
    constraint, unit = verdict.constraint, verdict.constraint.metric.unit
    digits = 1 if unit == "%" else 2
    # What harm a limit is to prevent does not matter where no such structure is.
    sentences = [verdict.words, constraint.note if verdict.structure_name else ""]
    value = "" if verdict.value is None else f"{banded_text(verdict.value, digits)} {unit}"
    limit = "" if verdict.limit is None else f"{number_text(verdict.limit, digits)} {unit}"
    return (
        WORDS[verdict.state],
        verdict.structure_name or constraint.patterns[0],
        constraint.words,
        value,
        limit,
        " ".join(f"{one[0].upper()}{one[1:].removesuffix('.')}." for one in sentences if one),
        constraint.source,
    )


def most_important_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return missed before doubtful before met; structures that are not there come last."""
    order = list(State)
    return sorted(verdicts, key=lambda one: (not one.structure_name, order.index(one.state)))


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return the counts in words, e.g. "1 missed, 2 met, 5 not judged"."""
    counts = {state: sum(one.state == state for one in verdicts) for state in WORDS}
    order = (State.ERROR, State.WARNING, State.PASS, State.INFO, State.NOT_RUN)
    return ", ".join(f"{counts[one]} {WORDS[one].lower()}" for one in order if counts[one])


class VerdictModel(GridModel):
    """Rows are verdicts, the most important first."""

    def __init__(self) -> None:
        super().__init__(numeric=FIGURES)
        self.verdicts: list[Verdict] = []
        self.show(VERDICTS, [])

    def show_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Replace all rows."""
        self.verdicts = most_important_first(verdicts)
        self.show(VERDICTS, [verdict_row(one) for one in self.verdicts])

    def data(self, index: AnyIndex, role: int = ROLE.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text, sign or colour of one cell."""
        verdict = self.verdicts[index.row()]
        if index.column() == 0 and role == ROLE.DecorationRole:
            return theme.icon(verdict.state)
        if index.column() == 0 and role == ROLE.ForegroundRole:
            return theme.colour(verdict.state)
        if role == ROLE.ForegroundRole and verdict.state == State.NOT_RUN:
            return _grey()
        if role == ROLE.ToolTipRole and VERDICTS[index.column()] == "Value" and verdict.value:
            return band_words(verdict.value, verdict.constraint.metric.unit)
        return super().data(index, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return the titles, those of numbers to the right."""
        if role == ROLE.TextAlignmentRole and VERDICTS[section] in FIGURES:
            return RIGHT
        return super().headerData(section, orientation, role)
