"""The MU sheet and the book's workbook: formulas give the program's numbers, and go both ways."""

from dataclasses import replace

import pytest
from openpyxl import load_workbook

from app.demo.write_demo import write_demo
from app.filter.mu.book_check import open_book
from app.filter.mu.book_generic import generic_book
from app.filter.mu.book_read import digest_of
from app.filter.mu.book_sheet import export_workbook, import_workbook
from app.filter.mu.book_write import write_book
from app.filter.mu.books import GENERIC
from app.filter.mu.check import Choices, mu_report
from app.filter.mu.electron import ElectronInput
from app.filter.mu.sheet import write_sheet
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.mu.workbook import Recalculated, by_libreoffice

SUMMARY = "MU check"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    demo = write_demo(tmp_path_factory.mktemp("demo") / "demo").folder
    given = Choices(electrons={"5": ElectronInput(100.0, bolus_cm=0.5)})
    export = next((demo / "export").glob("*.rtp"))
    return mu_report(export, demo / "dicom", open_book(GENERIC), given)


@pytest.fixture(scope="module")
def path(report, tmp_path_factory):
    made = tmp_path_factory.mktemp("sheet") / "mu.xlsx"
    write_sheet(report, made)
    return made


def rows(sheet):
    """Return field rows of the summary: their row numbers by field ID."""
    return {
        str(row[0].value): row[0].row
        for row in sheet.iter_rows()
        if row[0].value is not None and row[4].value is not None and row[0].row > 9
    }


def expected(report):
    return {one.field_id: one for one in report.beams if one.dose is not None}


@pytest.mark.req("R-16", "R-19")
def test_that_the_formulas_give_the_dose_of_every_field(report, path):
    sheet = Recalculated(path)
    places = rows(sheet.book[SUMMARY])
    for field_id, one in expected(report).items():
        row = places[field_id]
        assert sheet.value(SUMMARY, f"F{row}") == pytest.approx(one.dose_cgy, rel=1e-12)
        assert sheet.value(SUMMARY, f"H{row}") == pytest.approx(one.difference_percent, rel=1e-9)
        assert sheet.value(SUMMARY, f"I{row}") == one.state.value
    assert set(places) >= {"1", "2", "3", "4", "5"}


@pytest.mark.req("R-16", "R-19")
def test_that_libreoffice_shows_the_dose_of_every_field(report, path, tmp_path):
    book = by_libreoffice(path, tmp_path)
    places = rows(book[SUMMARY])
    for field_id, one in expected(report).items():
        row = places[field_id]
        assert book[SUMMARY][f"F{row}"].value == pytest.approx(one.dose_cgy, rel=1e-9)
        assert book[SUMMARY][f"H{row}"].value == pytest.approx(one.difference_percent, rel=1e-9)
        assert book[SUMMARY][f"I{row}"].value == one.state.value
    texts = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
    assert not any(text.startswith("#") and text.endswith(("!", "?")) for text in texts)


@pytest.mark.req("R-16")
def test_that_a_changed_factor_changes_the_dose(report, path, tmp_path):
    """The formulas live: MU doubled in the sheet is dose doubled on the summary."""
    book = load_workbook(path)
    name = next(title for title in book.sheetnames if title.startswith("1 "))
    head = next(row[0].row for row in book[name].iter_rows() if row[0].value == "State")
    book[name].cell(head + 1, 3).value *= 2
    book.save(tmp_path / "changed.xlsx")
    sheet = Recalculated(tmp_path / "changed.xlsx")
    row = rows(sheet.book[SUMMARY])["1"]
    assert sheet.value(SUMMARY, f"F{row}") == pytest.approx(2 * report.beams[0].dose_cgy)


@pytest.mark.req("R-19")
def test_that_the_electron_sheet_fits_one_page_and_names_the_mu(report, path):
    sheet = Recalculated(path)
    name = next(title for title in sheet.book.sheetnames if title.startswith("5 "))
    page = sheet.book[name]
    assert page.page_setup.orientation == "portrait"
    assert page.sheet_properties.pageSetUpPr.fitToPage
    cells = {str(row[0].value): row[0].row for row in page.iter_rows()}
    dose = report.beams[4].dose
    assert sheet.value(name, f"B{cells['Cutout factor']}") == pytest.approx(dose.cutout_factor)
    assert sheet.value(name, f"B{cells['Inverse square']}") == pytest.approx(dose.isf)
    assert sheet.value(name, f"B{cells['MU for it']}") == pytest.approx(
        dose.mu_for(report.beams[4].plan_cgy)
    )


def test_that_every_page_says_book_and_use(report, path):
    book = load_workbook(path)
    for sheet in book:
        texts = [str(cell.value) for row in sheet.iter_rows(max_row=9) for cell in row]
        assert any("NOT FOR CLINICAL USE" in text for text in texts), sheet.title
        assert report.book_digest in texts
        assert report.rule_version in texts


def test_that_a_name_that_looks_like_a_formula_is_text(report, tmp_path):
    write_sheet(replace(report, patient_name="=1+1"), tmp_path / "odd.xlsx")
    cell = load_workbook(tmp_path / "odd.xlsx")[SUMMARY]["B3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_that_field_names_no_sheet_may_have_are_replaced(report, tmp_path):
    odd = replace(report.beams[1], field_id="A/B:[x]'*?")
    write_sheet(replace(report, beams=(odd,), totals=()), tmp_path / "odd.xlsx")
    sheet = Recalculated(tmp_path / "odd.xlsx")
    row = rows(sheet.book[SUMMARY])["A/B:[x]'*?"]
    assert sheet.value(SUMMARY, f"F{row}") == pytest.approx(odd.dose_cgy)


def test_that_a_sum_that_is_no_check_says_why(report, tmp_path):
    total = replace(report.totals[0], why="the point lies in a gradient", state=State.NOT_RUN)
    missing = replace(total, dose_cgy=None, why="not every field of it was calculated")
    write_sheet(replace(report, totals=(total, missing)), tmp_path / "why.xlsx")
    sheet = Recalculated(tmp_path / "why.xlsx")
    page = sheet.book[SUMMARY]
    one, two = (row for row in page.iter_rows() if row[0].value == "Sum")
    assert (one[8].value, one[9].value) == ("not-run", "the point lies in a gradient")
    assert one[7].value is None
    assert sheet.value(SUMMARY, one[5].coordinate) == pytest.approx(total.dose_cgy)
    assert two[9].value == "not every field of it was calculated"
    assert two[5].value is None


def test_that_a_book_goes_to_a_workbook_and_back_unchanged(tmp_path):
    files = generic_book()
    export_workbook(files, tmp_path / "book.xlsx")
    back = import_workbook(tmp_path / "book.xlsx")
    assert back.keys() == files.keys()
    assert digest_of(back) == digest_of(files)
    write_book(back, tmp_path / "again")
    assert open_book(tmp_path / "again").digest == digest_of(files)


def test_that_a_book_survives_libreoffice(tmp_path):
    files = generic_book()
    export_workbook(files, tmp_path / "book.xlsx")
    by_libreoffice(tmp_path / "book.xlsx", tmp_path)
    back = import_workbook(tmp_path / "out" / "book.xlsx")
    assert digest_of(back) == digest_of(files)


def test_that_a_value_changed_in_the_workbook_arrives(tmp_path):
    export_workbook(generic_book(), tmp_path / "book.xlsx")
    book = load_workbook(tmp_path / "book.xlsx")
    title = next(row[0].value for row in book["Files"].iter_rows() if row[1].value == "6X/csf.csv")
    last = book[title].max_row
    book[title].cell(last, 2).value = 1.2345
    book.save(tmp_path / "book.xlsx")
    assert import_workbook(tmp_path / "book.xlsx")["6X/csf.csv"].strip().endswith(",1.2345")


@pytest.mark.parametrize("damage", ["no workbook", "no index", "sheet missing"])
def test_that_a_workbook_that_is_no_book_is_refused(tmp_path, damage):
    path = tmp_path / "book.xlsx"
    if damage == "no workbook":
        path.write_bytes(b"hello")
    else:
        export_workbook(generic_book(), path)
        book = load_workbook(path)
        del book["Files" if damage == "no index" else book.sheetnames[1]]
        book.save(path)
    with pytest.raises(ClinicFileError) as caught:
        import_workbook(path)
    assert caught.value.remedy
