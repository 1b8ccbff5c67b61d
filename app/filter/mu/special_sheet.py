"""Sheets of total body irradiation and radiosurgery arcs, with formulas that recalculate."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.filter.mu.book import Book
from app.filter.mu.cells import Formula, put_row
from app.filter.mu.sheet import bold, page
from app.filter.mu.srs_arcs import ArcMu
from app.filter.mu.tbi_dose import TbiDose
from core.safe_write import write_whole

TBI_HEADS = (
    "Field", "MU", "cGy/MU", "CSF", "PSF", "TMR", "SCD cm", "SSD cm", "Depth cm", "ISF",
    "Distance", "Spoiler", "Tray", "Dose cGy", "Prescribed cGy", "Difference %", "Status",
    "MU for it", "SSD measured cm", "SSD",
)  # fmt: skip
SRS_HEADS = (
    "Arc", "Cone mm", "Dose cGy", "cGy/MU", "ScT", "Mean TMR", "SCD cm", "SAD cm", "ISF",
    "MU book", "MU plan", "Difference %", "Status", "Depth cm and TMR, along the arc",
)  # fmt: skip


def write_tbi(
    doses: Sequence[TbiDose], book: Book, about: str, limit: tuple[float, float], path: Path
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
    _finish(made, sheet, (12, *[10] * 19), path)


def write_srs(
    arcs: Sequence[ArcMu], book: Book, about: str, limits: tuple[float, float], path: Path
) -> None:
    """Write the sheet of arcs; `limits` are where a difference warns and fails, per cent."""
    made, sheet = _book("SRS", book, "Radiosurgery: MU of every arc", about)
    row = put_row(sheet, ["Warn at %", limits[0], "Fail at %", limits[1]])
    put_row(sheet, ["MU = dose / (k ScT mean TMR (SCD / SAD)^2)"])
    bold(sheet, put_row(sheet, SRS_HEADS))
    first = len(SRS_HEADS)
    for one in arcs:
        n = int(sheet.max_row) + 1
        if one.mu is None:
            put_row(sheet, [one.arc.name, 10 * one.arc.cone_cm, "not calculated", one.why])
            continue
        pairs = [value for pair in zip(one.arc.depths_cm, one.tmr, strict=True) for value in pair]
        samples = ",".join(
            f"{get_column_letter(first + 1 + 2 * k)}{n}" for k in range(len(one.tmr))
        )
        planned = one.arc.mu is not None
        verdict = Formula(
            f'=IF(ABS(L{n})>=$D${row},"error",IF(ABS(L{n})>=$B${row},"warning","pass"))'
        )
        put_row(sheet, [
            one.arc.name, 10 * one.arc.cone_cm, one.arc.dose_cgy, one.cgy_per_mu, one.output,
            Formula(f"=AVERAGE({samples})"), one.scd_cm, one.sad_cm, Formula(f"=(G{n}/H{n})^2"),
            Formula(f"=C{n}/(D{n}*E{n}*F{n}*I{n})"), one.arc.mu,
            Formula(f"=100*(K{n}/J{n}-1)") if planned else None,
            verdict if planned else "not-run", *pairs,
        ])  # fmt: skip
    _finish(made, sheet, (12, *[10] * 40), path)


def _book(title: str, book: Book, words: str, about: str) -> tuple[Workbook, Worksheet]:
    made = Workbook()
    sheet = made.active
    if not isinstance(sheet, Worksheet):
        sheet = made.create_sheet()
    sheet.title = title
    if book.notice:
        bold(sheet, put_row(sheet, [book.notice]))
    bold(sheet, put_row(sheet, [words]))
    put_row(sheet, ["Source", about])
    put_row(sheet, ["Book", book.name, "SHA-256", book.digest])
    sheet.append([])
    return made, sheet


def _finish(made: Workbook, sheet: Worksheet, widths: tuple[int, ...], path: Path) -> None:
    sheet.append([])
    put_row(sheet, ["Calculated by", "", "Checked by", ""])
    page(sheet, widths)
    data = BytesIO()
    made.save(data)
    write_whole(path, data.getvalue())
