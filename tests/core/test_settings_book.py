"""A value of the dosimetry book changed by command: tried, written whole, logged, undone."""

import json
import shutil
from pathlib import Path

import pytest

from app.command_line import main
from app.filter.commission.commissioning import Commissioned, on_log
from app.filter.mu.book_cells import (
    grid_of,
    marks_of,
    place_of,
    with_block,
    with_cell,
    with_column,
    with_row,
    without_column,
    without_row,
)  # fmt: skip
from app.filter.mu.book_read import files_of
from app.filter.mu.books import GENERIC
from app.filter.rule_set import rule_set
from app.settings_book import book_of_layer, write_grid
from core.errors import ClinicFileError, RemedyError
from core.findings import State
from core.layers import Layer
from core.settings.change import Author

WHO = ("--person", "Jane Roe", "--reason", "measured again")
FILES = files_of(GENERIC)
TMR = "6X/tmr.csv"


def run(capsys, *words, code=0):
    capsys.readouterr()
    ended = main(["settings", *map(str, words), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert ended == code, answer
    return answer


@pytest.fixture
def book(share):
    """The generic book as that of the share."""
    return Path(shutil.copytree(GENERIC, share / "dosimetry_book"))


def grid(name=TMR):
    return grid_of(FILES[name], name)


def tree(folder):
    return {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def cell(name, row, column="0"):
    found = grid(name)
    return (place_of(found.rows, row, "row", name),
            place_of(found.columns, column, "column", name))  # fmt: skip


def entries(log):
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.mark.req("R-16")
def test_that_every_table_of_the_generic_book_goes_through_unchanged():
    for name, text in FILES.items():
        if name.endswith(".csv"):
            found = grid_of(text, name)
            assert found.text == text
            assert marks_of(found, FILES) == ()


@pytest.mark.req("R-16")
def test_that_one_value_is_changed_logged_with_old_and_new_and_undone(book, share, capsys):
    before = tree(book)
    row, column = cell(TMR, "10", "10")
    old = grid().cells[row][column]
    new = f"{float(old) + 0.001:.6g}"
    answer = run(capsys, "book", "6X", "tmr", "--row", "10", "--column", "10.0", "--to", new, *WHO)
    (told,) = answer["changes"]
    assert (told["key"], told["layer"]) == ("depth_cm 10, 10", "clinic share")
    assert (float(told["old"]), float(told["new"])) == (float(old), float(new))
    assert "NOT FOR CLINICAL USE" in " ".join(answer["notes"])
    changed = {one.name for one, data in tree(book).items() if before[one] != data}
    assert changed == {"tmr.csv"}
    assert run(capsys, "book", "6X", "tmr")["values"][row][column] == new
    last = entries(share / "settings.jsonl")[-1]
    assert (last["action"], last["person"], last["reason"]) == (
        "book changed", "Jane Roe", "measured again",
    )  # fmt: skip
    assert last["changes"][0]["key"] == "depth_cm 10, 10"
    assert float(last["changes"][0]["old"]) == float(old)
    assert main(["audit", "verify"]) == 0
    run(capsys, "undo", *WHO)
    assert tree(book) == before


@pytest.mark.req("R-16")
@pytest.mark.parametrize(
    ("name", "row", "column", "value", "words"),
    [
        (TMR, "10", "10", "7.8", "depth 10, side 10 is 7.8, possible are 0 to 1.1"),
        (TMR, "10", "10", "-0.1", "depth 10, side 10 is -0.1"),
        (TMR, "10", "10", "", "depth 10, side 10 is empty"),
        (TMR, "10", "10", "0,78", "depth 10, side 10 is '0,78', not a number"),
        (TMR, "10", "10", "nan", "not a number"),
        (TMR, "10", "10", "0.95", "depth 10, side 10 is larger than at the depth before it"),
        (TMR, "10", "10", "0.7", "is larger than at the depth before it"),
        ("6X/csf.csv", "12", "0", "0.9", "side 12 is smaller than the value before it"),
        ("6X/csf.csv", "10", "0", "1.005", "side 10 (the calibration field) is 1.0050, not 1"),
        ("6X/oar.csv", "5", "0", "1.01", "the value on the axis is not 1"),
        ("6E/pdd.csv", "0", "10", "400", "depth 0, applicator 10 is 400, possible are 0 to 105"),
    ],
)  # fmt: skip
def test_that_a_wrong_value_is_refused_at_its_cell(  # noqa: PLR0917  (one row of a table each)
    book, share, capsys, name, row, column, value, words
):
    before = tree(share)
    beam, _, table = name.removesuffix(".csv").partition("/")
    where = ["--row", row, "--column", column]
    answer = run(capsys, "book", beam, table, *where, f"--to={value}", *WHO, code=2)
    assert words in answer["error"]["what"]
    assert name in answer["error"]["where"]
    assert tree(share) == before


@pytest.mark.req("R-16")
def test_that_an_error_names_its_cell_and_a_jump_is_a_doubt(share):
    row, column = cell(TMR, "10", "10")
    wrong = marks_of(with_cell(grid(), row, column, "7.8"), FILES)
    assert (wrong[0].state, wrong[0].row, wrong[0].column) == (State.ERROR, row, column)
    higher = marks_of(with_cell(grid(), row, column, "0.95"), FILES)
    assert {one.state for one in higher} == {State.ERROR, State.WARNING}
    assert (higher[0].state, higher[0].row, higher[0].column) == (State.ERROR, row, column)
    name = "6X/oar.csv"
    row, column = cell(name, "10", "6")
    jump = with_cell(grid(name), row, column, f"{float(grid(name).cells[row][column]) + 0.03:g}")
    doubts = marks_of(jump, FILES)
    assert (row, column) in {(one.row, one.column) for one in doubts}
    assert {one.state for one in doubts} == {State.WARNING}
    assert all("stands off the curve of its neighbours" in one.message for one in doubts)
    (share / "tolerances.toml").write_text(
        'mu.book_curve_percent = { value = 5.0, source = "ours" }\n'
    )
    assert marks_of(jump, FILES) == ()


def test_that_a_doubt_is_written_and_told_by_the_exit_code(book, capsys):
    row, column = cell("6X/oar.csv", "10", "6")
    new = f"{float(grid('6X/oar.csv').cells[row][column]) + 0.03:g}"
    where = ("--row", "10", "--column", "6", "--to", new)
    answer = run(capsys, "book", "6X", "oar", *where, *WHO, code=1)
    assert answer["marks"][0]["state"] == "warning"
    assert run(capsys, "book", "6X", "oar", code=1)["values"][row][column] == new


@pytest.mark.req("R-16")
def test_that_rows_and_columns_come_and_go_in_order():
    found = grid()
    more = with_column(with_row(found, "11"), "9")
    row, column = more.rows.index("11"), more.columns.index("9")
    assert (more.rows[row - 1], more.rows[row + 1]) == ("10", "12")
    assert (more.columns[column - 1], more.columns[column + 1]) == ("8", "10")
    empty = marks_of(more, FILES)
    assert {(one.row, one.column) for one in empty} == {
        *((row, k) for k in range(len(more.columns))),
        *((k, column) for k in range(len(more.rows))),
    }  # fmt: skip
    assert without_column(without_row(more, row), column) == found
    for wrong in ("10.0", "x", ""):
        with pytest.raises(ClinicFileError):
            with_row(found, wrong)
    with pytest.raises(ClinicFileError, match="has one column"):
        with_column(grid("6X/csf.csv"), "5")
    with pytest.raises(ClinicFileError, match="do not fit"):
        with_block(found, len(found.rows) - 1, 0, [["1"], ["2"]])
    single = grid("6X/csf.csv")
    while len(single.rows) > 1:
        single = without_row(single, 0)
    with pytest.raises(ClinicFileError, match="last row"):
        without_row(single, 0)


def test_that_an_axis_that_does_not_rise_is_refused(book, share, tmp_path, capsys):
    lines = FILES[TMR].splitlines()
    lines[-1], lines[-2] = lines[-2], lines[-1]
    file = tmp_path / "tmr.csv"
    file.write_text("\n".join(lines))
    before = tree(share)
    answer = run(capsys, "book", "6X", "tmr", "--csv", file, *WHO, code=2)
    assert "depth_cm does not rise" in answer["error"]["what"]
    file.write_text(FILES[TMR].replace('unit = "1"', 'unit = "%"'))
    answer = run(capsys, "book", "6X", "tmr", "--csv", file, *WHO, code=2)
    assert "the unit is %" in answer["error"]["what"]
    assert tree(share) == before


def test_that_a_row_is_added_by_a_file_of_the_rows_alone(book, capsys, tmp_path):
    name = "6X/csf.csv"
    found = with_row(grid(name), "11")
    row = found.rows.index("11")
    between = (float(found.cells[row - 1][0]) + float(found.cells[row + 1][0])) / 2
    found = with_cell(found, row, 0, f"{between:.5f}")
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(one for one in found.text.splitlines() if one[0] != "#"))
    answer = run(capsys, "book", "6X", "csf", "--csv", file, *WHO)
    (told,) = answer["changes"]
    assert (told["key"], told["old"]) == ("side_cm 11, 0", "")
    assert (book / "6X" / "csf.csv").read_text() == found.text


def test_that_the_shipped_book_a_nameless_and_a_reasonless_change_are_refused(
    share, capsys, tmp_path
):
    one = ("book", "6X", "tmr", "--row", "10", "--column", "10", "--to", "0.78")
    shipped = tree(GENERIC)
    answer = run(capsys, *one, *WHO, code=2)
    assert "the layer 'shipped' has no dosimetry book" in answer["error"]["what"]
    assert tree(GENERIC) == shipped
    run(capsys, "put", "dosimetry_book", GENERIC, *WHO)
    before = tree(share)
    assert "nobody" in run(capsys, *one, "--reason", "measured", code=2)["error"]["what"]
    assert "no reason" in run(capsys, *one, "--person", "Jane Roe", code=2)["error"]["what"]
    for wrong in (("7X", "tmr"), ("6X", "pdd"), ("..", "tmr")):
        assert run(capsys, "book", *wrong, code=2)["error"]["what"]
    assert "not in the table" in run(
        capsys, "book", "6X", "tmr", "--row", "10.5", "--column", "10", "--to", "1", *WHO, code=2
    )["error"]["what"]  # fmt: skip
    assert tree(share) == before


def test_that_a_table_changed_meanwhile_is_not_overwritten(book):
    seen = book_of_layer(Layer.CLINIC)
    author = Author("Jane Roe", "measured again")
    row, column = cell(TMR, "10", "10")
    file = book / TMR
    file.write_text(file.read_text().replace("# who", '# comment = "x"\n# who'))
    before = tree(book)
    found = with_cell(seen.grid("6X", "tmr"), row, column, "0.78")
    with pytest.raises(RemedyError, match="meanwhile"):
        write_grid(found, Layer.CLINIC, author, seen.files[TMR])
    assert tree(book) == before


def test_that_a_clinical_book_says_it_was_changed_since(share, tmp_path, capsys):
    own = tmp_path / "own"
    shutil.copytree(GENERIC, own)
    head = own / "book.toml"
    head.write_text(head.read_text().replace("clinical = false", "clinical = true"))
    run(capsys, "put", "dosimetry_book", own, *WHO)
    row, column = cell(TMR, "10", "10")
    new = f"{float(grid().cells[row][column]) + 0.001:.6g}"
    answer = run(capsys, "book", "6X", "tmr", "--row", "10", "--column", "10", "--to", new, *WHO)
    assert "changed since it was called clinical" in " ".join(answer["notes"])
    same = run(capsys, "book", "6X", "tmr", "--row", "10", "--column", "10", "--to", new, *WHO)
    assert (same["changes"], same["notes"]) == ([], [])


def test_that_a_book_says_whether_it_changed_since_commissioning(book, capsys):
    show = ("book", "6X", "tmr")
    assert "No commissioning in the log" in run(capsys, *show)["commissioning"]
    made = Commissioned((), (), "4711", "PLAN", rule_set().version)
    on_log(made, "Jane Roe")
    assert "by Jane Roe was made with this book" in run(capsys, *show)["commissioning"]
    row, column = cell(TMR, "10", "10")
    old = grid().cells[row][column]
    change = (*show, "--row", "10", "--column", "10", "--to")
    answer = run(capsys, *change, f"{float(old) + 0.001:.6g}", *WHO)
    assert answer["notes"][-1].startswith("Changed since the commissioning of 20")
    assert run(capsys, *show)["commissioning"] == answer["notes"][-1]
    assert "was made with this book" in run(capsys, *change, old, *WHO)["notes"][-1]
