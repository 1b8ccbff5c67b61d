"""The MU sheet: a workbook whose formulas recalculate every dose from its factors (R-16, R-19).

One page with the result, one sheet a field. Factors that come out of a table of the book are
values; everything made of them is a formula.
"""

from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.filter.mu.cells import Formula, put_row
from app.filter.mu.electron import ElectronDose
from app.filter.mu.photon import PhotonDose
from app.filter.mu.report import BeamResult, MuReport
from app.filter.rule_set import printed
from core.safe_write import write_whole

FORMULA = "MU k ISF OAR WF WOA TF CSF PSF (TMR(0,d) (PF + leakage (1 - PF)) + SMR)"
BOLD = Font(bold=True)
FORMS = {"cm": "0.00", "MU": "0.0", "cGy": "0.00", "%": "0.0"}
"""How a number of an electron sheet is shown, by its unit; others have four decimals."""
STATE_HEADS = (
    "State", "Point", "MU", "cGy/MU", "SCD cm", "z cm", "ISF", "OAR", "WF", "WOA", "TF", "CSF",
    "PSF", "TMR(0,d)", "SMR", "Region", "PF", "Leakage", "Dose cGy",
    "Depth cm", "s_eq cm", "x cm", "y cm", "To edge cm",
)  # fmt: skip
COLUMN = {name: get_column_letter(place) for place, name in enumerate(STATE_HEADS, start=1)}


def write_sheet(report: MuReport, path: Path) -> None:
    """Write the workbook whole or not at all."""
    data = BytesIO()
    workbook_of(report).save(data)
    write_whole(path, data.getvalue())


def workbook_of(report: MuReport) -> Workbook:
    """Return the report as a workbook with live formulas."""
    made = Workbook()
    first = made.active
    if not isinstance(first, Worksheet):
        first = made.create_sheet()
    first.title = "MU check"
    places: list[str | None] = []
    for number, one in enumerate(report.beams, start=1):
        title = f"{number} {_plain(one.field_id)}"[:31]
        places.append(_field_sheet(made, title, report, one))
    _summary(first, report, places)
    return made


def _plain(text: str) -> str:
    """Return a text without the letters that a sheet's name may not have."""
    return "".join("_" if letter in "[]:*?/\\'" else letter for letter in text)


def _heading(sheet: Worksheet, report: MuReport, title: str) -> None:
    if report.notice:
        sheet.cell(put_row(sheet, [report.notice]), 1).font = Font(bold=True, color="C00000")
    sheet.cell(put_row(sheet, [title]), 1).font = Font(bold=True, size=14)
    put_row(sheet, ["Patient", report.patient_name, "ID", report.patient_id])
    put_row(sheet, ["R&V", report.rv])
    put_row(sheet, ["Plan", report.plan])
    put_row(sheet, ["Book", report.book])
    put_row(sheet, ["SHA-256", report.book_digest])
    words = [printed(report.rules)] if report.rules is not None else []
    put_row(sheet, ["Rules", report.rule_version, *words])
    sheet.append([])


def _summary(sheet: Worksheet, report: MuReport, places: list[str | None]) -> None:
    _heading(sheet, report, "Check of the monitor units")
    warn, fail, electron = report.limits
    row = put_row(sheet, ["Warn at %", warn, "Fail at %", fail, "Electrons %", electron])
    warn_at, fail_at, electron_at = f"$B${row}", f"$D${row}", f"$F${row}"
    heads = ("Field", "Plan beam", "Site", "Book", "MU", "Book cGy", "Plan cGy", "Difference %",
             "Status", "Point, or why it was not calculated")  # fmt: skip
    bold(sheet, put_row(sheet, heads))
    rows: list[int] = []
    for one, place in zip(report.beams, places, strict=True):
        at = int(sheet.max_row) + 1
        is_electron = isinstance(one.dose, ElectronDose)
        compared = place is not None and one.plan_cgy is not None and not one.why
        limits = (electron_at, electron_at) if is_electron else (warn_at, fail_at)
        put_row(sheet, [
            one.field_id, one.beam, one.site, one.book_beam, one.mu,
            Formula(f"={place}") if place else "not calculated", one.plan_cgy,
            Formula(f"=100*(F{at}/G{at}-1)") if compared else None,
            _verdict(f"H{at}", *limits) if compared else one.state.value,
            "; ".join(words for words in (one.why, one.point) if words),
        ])  # fmt: skip
        rows.append(at)
    for total in report.totals:
        at = int(sheet.max_row) + 1
        if total.dose_cgy is None:
            put_row(sheet, ["Sum", total.label, *[None] * 6, total.state.value, total.why])
            continue
        dose = "+".join(f"F{rows[member]}" for member in total.members)
        put_row(sheet, [
            "Sum", total.label, None, None, None, Formula(f"={dose}"), total.plan_cgy,
            None if total.why else Formula(f"=100*(F{at}/G{at}-1)"),
            total.state.value if total.why else _verdict(f"H{at}", warn_at, fail_at), total.why,
        ])  # fmt: skip
    _numbers(sheet, "FG", "0.00")
    _numbers(sheet, "H", "+0.0;-0.0;0.0")
    sheet.append([])
    sheet.cell(put_row(sheet, ["Not part of the calculation"]), 1).font = BOLD
    for item in report.not_checked:
        put_row(sheet, [item.item, item.why])
    page(sheet, (12, 22, 14, 8, 10, 11, 11, 13, 10, 50))


def _verdict(difference: str, warn: str, fail: str) -> Formula:
    return Formula(
        f'=IF(ABS({difference})>={fail},"error",IF(ABS({difference})>={warn},"warning","pass"))'
    )


def _field_sheet(made: Workbook, title: str, report: MuReport, one: BeamResult) -> str | None:
    """Add the sheet of a field and return where its dose stands; None without one."""
    if one.dose is None:
        return None
    sheet = made.create_sheet(title)
    _heading(sheet, report, f"Field {one.field_id}, plan beam {one.beam}, book {one.book_beam}")
    if isinstance(one.dose, ElectronDose):
        cell = _electron(sheet, one, one.dose)
        sheet.page_setup.orientation = "portrait"
    else:
        cell = _photon(sheet, one, one.dose)
    return f"'{title}'!{cell}"


def _photon(sheet: Worksheet, one: BeamResult, dose: PhotonDose) -> str:
    put_row(sheet, ["Point", one.point])
    put_row(sheet, ["Wedge", dose.wedge or "none"])
    result = put_row(sheet, ["Dose cGy"])
    put_row(sheet, [FORMULA])
    head = put_row(sheet, STATE_HEADS)
    bold(sheet, head)
    for n in range(len(dose.mu)):
        put_row(sheet, _state_cells(dose, n, head + 1 + n))
    last = head + len(dose.mu)
    column = COLUMN["Dose cGy"]
    cell = sheet.cell(result, 2)
    cell.value, cell.font = f"=SUM({column}{head + 1}:{column}{last})", BOLD
    cell.number_format = "0.00"
    _numbers(sheet, "".join(COLUMN[name] for name in STATE_HEADS[6:15]), "0.0000", head)
    shown = ("Dose cGy", "Depth cm", "s_eq cm", "x cm", "y cm", "To edge cm", "z cm", "MU")
    _numbers(sheet, "".join(COLUMN[name] for name in shown), "0.00", head)
    _numbers(sheet, COLUMN["PF"] + COLUMN["Leakage"], "0.0000", head)
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    page(sheet, (10, 12, *[9] * 22))
    return f"B{result}"


def _state_cells(dose: PhotonDose, n: int, row: int) -> list[object]:
    values = {name: float(one[n]) for name, one in dose.values.items()}
    at = {name: f"{column}{row}" for name, column in COLUMN.items()}
    scd_cm = values["away_cm"] * values["isf"] ** 0.5
    fluence = "*".join(at[name] for name in ("MU", "cGy/MU", "ISF", "OAR", "WF", "WOA", "TF"))
    opened = f"({at['PF']}+{at['Leakage']}*(1-{at['PF']}))"
    depth = f"{at['CSF']}*{at['PSF']}*({at['TMR(0,d)']}*{opened}+{at['SMR']})"
    to_edge = values["edge_cm"] if abs(values["edge_cm"]) < 1e6 else "closed"
    return [
        n + 1, dose.control_point[n], float(dose.mu[n]), dose.calibration_cgy_per_mu,
        scd_cm, values["away_cm"], Formula(f"=({at['SCD cm']}/{at['z cm']})^2"), values["oar"],
        values["wf"], values["woa"], values["tray"], values["csf"], values["psf"],
        values["tmr0"], values["smr"],
        dose.region[n], values["penumbra"], values["leakage"], Formula(f"={fluence}*{depth}"),
        values["depth_cm"], values["side_cm"], float(dose.x_cm[n]), float(dose.y_cm[n]), to_edge,
    ]  # fmt: skip


def _electron(sheet: Worksheet, one: BeamResult, dose: ElectronDose) -> str:
    rows: dict[str, int] = {}

    def line(label: str, value: object, unit: str = "", note: str = "") -> str:
        rows[label] = put_row(sheet, [label, value, unit, note])
        sheet.cell(rows[label], 2).number_format = FORMS.get(unit, "0.0000")
        return f"B{rows[label]}"

    cut = dose.cutout
    mu = line("MU of the R&V", dose.mu, "MU")
    k = line("Calibration", dose.calibration_cgy_per_mu, "cGy/MU")
    line("Applicator", dose.applicator_cm, "cm")
    inner = [line(f"Rectangle inside, side {n}", cut.inscribed_cm[n - 1], "cm") for n in (1, 2)]
    outer = [line(f"Rectangle around, side {n}", cut.bounding_cm[n - 1], "cm") for n in (1, 2)]
    sides = [Formula(f"=({i}+{o})/2") for i, o in zip(inner, outer, strict=True)]
    line("Average, side 1", sides[0], "cm", cut.source)
    line("Average, side 2", sides[1], "cm")
    length = line("Factor of the longer side", dose.factor_length, "", "book, by table")
    width = line("Factor of the shorter side", dose.factor_width, "", "book, by table")
    factor = line("Cutout factor", Formula(f"=SQRT({length}*{width})"), "", "square-root rule")
    isodose = line("Isodose of the prescription", dose.isodose_percent, "%")
    ssd = line("SSD", dose.ssd_cm, "cm")
    bolus = line("Bolus", dose.bolus_cm, "cm")
    calibration = line("SSD of the calibration", dose.ssd_cm - dose.bolus_cm - dose.gap_cm, "cm")
    gap = line("Gap", Formula(f"={ssd}-{bolus}-{calibration}"), "cm")
    effective = line("Effective SSD", dose.effective_ssd_cm, "cm", "book, by applicator")
    dmax = line("dmax", dose.dmax_cm, "cm")
    isf = line("Inverse square", Formula(f"=(({effective}+{dmax})/({effective}+{dmax}+{gap}))^2"))
    result = line("Dose", Formula(f"={mu}*{k}*{factor}*{isf}*{isodose}/100"), "cGy")
    if one.plan_cgy is not None:
        planned = line("Dose of the plan", one.plan_cgy, "cGy")
        line("MU for it", Formula(f"={planned}/({k}*{factor}*{isf}*{isodose}/100)"), "MU")
        line("Difference", Formula(f"=100*({result}/{planned}-1)"), "%")
    sheet.append([])
    put_row(sheet, ["Calculated by", "", "Checked by", ""])
    page(sheet, (30, 16, 12, 40))
    sheet[result].font = BOLD
    return result


def bold(sheet: Worksheet, row: int) -> None:
    """Make a row of headings bold and wrapped."""
    for cell in sheet[row]:
        cell.font = BOLD
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _numbers(sheet: Worksheet, columns: str, form: str, after: int = 9) -> None:
    for row in sheet.iter_rows(min_row=after + 1):
        for cell in row:
            if get_column_letter(cell.column) in columns:
                cell.number_format = form


def page(sheet: Worksheet, widths: tuple[int, ...]) -> None:
    """Set widths, and print on one page across."""
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.5
