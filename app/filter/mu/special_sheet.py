"""Sheets of total body irradiation and radiosurgery arcs, with formulas that recalculate."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.filter.mu.book import Book
from app.filter.mu.cells import Formula, put_row
from app.filter.mu.sheet import bold, page
from app.filter.mu.srs_arcs import ArcMu
from app.filter.mu.tbi_dose import TbiDose
from core.findings import NotChecked
from core.safe_write import write_whole

BEFORE_TABLE = 9
TBI_HEADS = (
    "Field", "MU", "cGy/MU", "CSF", "PSF", "TMR", "SCD cm", "SSD cm", "Depth cm", "ISF",
    "Distance", "Spoiler", "Tray", "Dose cGy", "Prescribed cGy", "Difference %", "Status",
    "MU for it", "SSD measured cm", "SSD",
)  # fmt: skip
SRS_HEADS = (
    "Arc", "Cone mm", "Dose cGy", "cGy/MU", "ScT", "Mean TMR", "SCD cm", "SAD cm", "ISF",
    "MU book", "MU plan", "Difference %", "Status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """What stands on a sheet beside its table: source, rules, what is left out."""

    source: str
    rule_version: str
    not_checked: tuple[NotChecked, ...]


def write_tbi(
    doses: Sequence[TbiDose], book: Book, about: About, limit: tuple[float, float], path: Path
) -> None:
    """Write the sheet of total body fields; `limit` is dose in per cent and SSD in mm."""
    made, sheet = _book("TBI", book, "Total body irradiation: dose at mid-plane", about)
    row = put_row(sheet, ["Fail above %", limit[0], "SSD within mm", limit[1]])
    put_row(sheet, ["MU k CSF PSF TMR (SCD / (SSD + depth))^2 distance spoiler tray"])
    bold(sheet, put_row(sheet, TBI_HEADS))
    at = {name: get_column_letter(n) for n, name in enumerate(TBI_HEADS, start=1)}
    for one in doses:
        n = int(sheet.max_row) + 1
        if one.dose_cgy is None:
            put_row(sheet, [one.field_id, one.mu, "not calculated", one.why])
            continue
        f = one.factors
        cell = {name: f"{letter}{n}" for name, letter in at.items()}
        product = "*".join(cell[name] for name in (
            "MU", "cGy/MU", "CSF", "PSF", "TMR", "ISF", "Distance", "Spoiler", "Tray"
        ))  # fmt: skip
        compared = one.planned_cgy is not None
        difference = Formula(f"=100*({cell['Dose cGy']}/{cell['Prescribed cGy']}-1)")
        status = Formula(f'=IF(ABS({cell["Difference %"]})>$B${row},"error","pass")')
        measured = one.measured_ssd_cm is not None
        ssd = Formula(
            f'=IF(ABS({cell["SSD cm"]}-{cell["SSD measured cm"]})*10>$D${row},"error","pass")'
        )
        put_row(sheet, [
            one.field_id, one.mu, f["cgy_per_mu"], f["csf"], f["psf"], f["tmr"], f["scd_cm"],
            one.ssd_cm, f["depth_cm"],
            Formula(f"=({cell['SCD cm']}/({cell['SSD cm']}+{cell['Depth cm']}))^2"),
            f["distance"], f["spoiler"], f["tray"], Formula(f"={product}"), one.planned_cgy,
            difference if compared else None, status if compared else "not-run",
            Formula(f"={cell['MU']}*{cell['Prescribed cGy']}/{cell['Dose cGy']}")
            if compared else None,
            one.measured_ssd_cm, ssd if measured else "not-run",
        ])  # fmt: skip
    _formats(sheet, TBI_HEADS)
    _finish(made, sheet, (12, *[10] * 19), about, path)


def write_srs(
    arcs: Sequence[ArcMu], book: Book, about: About, limits: tuple[float, float], path: Path
) -> None:
    """Write the sheet of arcs; `limits` are where a difference warns and fails, per cent."""
    made, sheet = _book("SRS", book, "Radiosurgery: MU of every arc", about)
    row = put_row(sheet, ["Warn at %", limits[0], "Fail at %", limits[1]])
    put_row(sheet, ["MU = dose / (k ScT mean TMR (SCD / SAD)^2)"])
    bold(sheet, put_row(sheet, SRS_HEADS))
    first = int(sheet.max_row) + len(arcs) + 4
    for place, one in enumerate(arcs):
        n = int(sheet.max_row) + 1
        if one.mu is None:
            put_row(sheet, [one.arc.name, 10 * one.arc.cone_cm, "not calculated", one.why])
            continue
        column = get_column_letter(2 * place + 2)
        samples = f"{column}{first}:{column}{first + len(one.tmr) - 1}"
        planned = one.arc.mu is not None
        verdict = Formula(
            f'=IF(ABS(L{n})>=$D${row},"error",IF(ABS(L{n})>=$B${row},"warning","pass"))'
        )
        put_row(sheet, [
            one.arc.name, 10 * one.arc.cone_cm, one.arc.dose_cgy, one.cgy_per_mu, one.output,
            Formula(f"=AVERAGE({samples})"), one.scd_cm, one.sad_cm, Formula(f"=(G{n}/H{n})^2"),
            Formula(f"=C{n}/(D{n}*E{n}*F{n}*I{n})"), one.arc.mu,
            Formula(f"=100*(K{n}/J{n}-1)") if planned else None,
            verdict if planned else "not-run",
        ])  # fmt: skip
    _formats(sheet, SRS_HEADS)
    sheet.append([])
    put_row(sheet, ["Samples along the arc: depth cm and TMR of each"])
    bold(sheet, put_row(sheet, [f"{one.arc.name} {what}" for one in arcs
                                for what in ("depth", "TMR")]))  # fmt: skip
    for k in range(max((len(one.tmr) for one in arcs), default=0)):
        row = put_row(sheet, [value for one in arcs for value in _sample(one, k)])
        for cell in sheet[row]:
            cell.number_format = "0.00" if cell.column % 2 else "0.0000"
    _finish(made, sheet, (12, *[11] * 40), about, path)


def _sample(one: ArcMu, k: int) -> tuple[float | None, float | None]:
    """Return depth and TMR of a sample; none behind the last."""
    return (one.arc.depths_cm[k], one.tmr[k]) if k < len(one.tmr) else (None, None)


def _formats(sheet: Worksheet, heads: Sequence[str]) -> None:
    """Give every column of the table the decimals of its kind; rows so far."""
    for row in sheet.iter_rows():
        for cell, head in zip(row, heads, strict=False):
            if cell.data_type in ("n", "f") and row[0].row > BEFORE_TABLE:
                words = head.split()
                cell.number_format = (
                    "+0.0;-0.0;0.0" if words[-1] == "%" else "0.0" if "MU" in words
                    else "0.00" if words[-1] in ("cGy", "cm", "mm") else "0.0000"
                )  # fmt: skip


def _book(title: str, book: Book, words: str, about: About) -> tuple[Workbook, Worksheet]:
    made = Workbook()
    sheet = made.active
    if not isinstance(sheet, Worksheet):
        sheet = made.create_sheet()
    sheet.title = title
    if book.notice:
        sheet.cell(put_row(sheet, [book.notice]), 1).font = Font(bold=True, color="C00000")
    sheet.cell(put_row(sheet, [words]), 1).font = Font(bold=True, size=14)
    put_row(sheet, ["Source", about.source])
    put_row(sheet, ["Book", book.name])
    put_row(sheet, ["SHA-256", book.digest])
    put_row(sheet, ["Rules", about.rule_version])
    sheet.append([])
    return made, sheet


def _finish(
    made: Workbook, sheet: Worksheet, widths: tuple[int, ...], about: About, path: Path
) -> None:
    sheet.append([])
    sheet.cell(put_row(sheet, ["Not part of the calculation"]), 1).font = Font(bold=True)
    for item in about.not_checked:
        put_row(sheet, [item.item, item.why])
    sheet.append([])
    put_row(sheet, ["Calculated by", "", "Checked by", ""])
    page(sheet, widths)
    data = BytesIO()
    made.save(data)
    write_whole(path, data.getvalue())
