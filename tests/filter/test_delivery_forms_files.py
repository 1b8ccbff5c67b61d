"""The forms of delivery in whole files: the demonstration export, rewritten line by line."""

import json
from decimal import Decimal as D

import pytest

from app.both_channels import reader_back
from app.command_line import main
from app.demo.write_demo import write_demo
from app.filter.delivery_forms import FORMS, OPENED, RESEQUENCED, RULES, SPLIT
from app.filter.report import as_text, compare_report
from core.findings import State
from tests.one_change.records import Line, data_of, lines_of, names

SOURCES = ("plan", "pinnacle_plan")
COVERED = (*range(1, 24), *range(39, 61))
"""Pairs wholly outside the Y jaws at -3.5 and 4.0 cm: 1 cm leaves outside -10 to 10, else 0.5."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


def set_cells(line, **values):
    cells, columns = list(line.cells), names(line)
    for item, value in values.items():
        cells[columns.index(item)] = value
    return Line(tuple(cells), line.end)


def cell(line, item):
    return line.cells[names(line).index(item)]


def of_field(line):
    place = {"FIELD_DEF": 3, "EXTENDED_FIELD_DEF": 1, "CONTROL_PT_DEF": 1}.get(line.cells[0])
    return place is not None and line.cells[place] == "2"


def split_lines(lines, order=(0, 1, 2, 3)):
    """Return the file with field 2 as four static fields 2A to 2D."""
    own = [line for line in lines if of_field(line)]
    field, extended, *points = own
    total = D(cell(field, "field_monitor_units"))
    made = []
    for number, place in enumerate(order):
        first, last = points[2 * place : 2 * place + 2]
        share = D(cell(last, "monitor_units")) - D(cell(first, "monitor_units"))
        name = f"2{'ABCD'[number]}"
        dose = D(cell(field, "field_dose")) * share
        static = set_cells(
            field, field_id=name, field_name=f"RPO IMRT {number + 1}", treatment_type="Static",
            field_monitor_units=f"{(total * share).normalize():f}", field_dose=f"{dose:.2f}",
        )  # fmt: skip
        cells = (extended.cells[0], name, *extended.cells[2:])
        point = set_cells(
            first, field_id=name, total_control_points="1", control_pt_number="0",
            monitor_units="0.000000",
        )  # fmt: skip
        made += [static, Line(cells), point]
    start = lines.index(field)
    rest = [line for line in lines if not of_field(line)]
    rest = [line for line in rest if line.cells[0] != "DOSE_DEF"]
    place = next(
        row for row, line in enumerate(rest) if line.cells[0] == "RX_DEF"
    )  # the first prescription announces its fields
    rest[place] = Line((*rest[place].cells[:11], "7", *rest[place].cells[12:]))
    return [*rest[:start], *made, *rest[start:]]


def opened_lines(lines, gap="0.20", pairs=COVERED, only=None):
    """Return the file with pairs of the step-and-shoot field opened about their middle."""
    made = []
    for line in lines:
        is_ours = line.cells[0] == "CONTROL_PT_DEF" and line.cells[1].startswith("2")
        if is_ours and (only is None or cell(line, "control_pt_number") in only):
            tips = {}
            for pair in pairs:
                for bank, sign in (("a", -1), ("b", 1)):
                    tip = D(cell(line, f"mlc_{bank}{pair}")) + sign * D(gap) / 2
                    tips[f"mlc_{bank}{pair}"] = f"{tip:.2f}"
            line = set_cells(line, **tips)  # noqa: PLW2901  (the line as it is written)
        made.append(line)
    return made


@pytest.fixture
def write(demo, tmp_path):
    def to_file(change):
        file = tmp_path / "export.rtp"
        file.write_bytes(data_of(change(lines_of(demo.export.read_bytes()))))
        return file

    return to_file


def told(report):
    return [one for one in report.findings if one.state in (State.ERROR, State.WARNING)]


@pytest.mark.req("L-07", "L-10")
@pytest.mark.parametrize("source", SOURCES)
def test_that_a_split_and_opened_export_is_clean_when_declared(demo, write, source):
    file = write(lambda lines: opened_lines(split_lines(lines)))
    report = compare_report(file, getattr(demo, source), expected={SPLIT, OPENED})
    assert told(report) == []
    assert report.status == State.PASS
    assert {match.deviation for match in report.matches} == {0}
    hints = [one for one in report.findings if one.rule == RULES[OPENED]]
    assert [one.field for one in hints] == ["2A", "2B", "2C", "2D"]
    assert all("45 leaf pairs wholly under Y1 and Y2" in one.message for one in hints)
    page = as_text(report)
    for number in range(1, 5):
        assert f"RPO IMRT, segment {number} of 4" in page


@pytest.mark.req("L-07", "L-09", "L-10")
@pytest.mark.parametrize("source", SOURCES)
def test_that_undeclared_forms_are_warnings_and_keep_lex_from_writing(demo, write, source):
    file = write(lambda lines: opened_lines(split_lines(lines, (1, 0, 2, 3))))
    plan = getattr(demo, source)
    assert {one.rule for one in told(compare_report(file, plan))} == set(RULES.values())
    assert {one.state for one in told(compare_report(file, plan))} == {State.WARNING}
    assert {one.rule for one in reader_back(plan)(file)} == set(RULES.values())
    assert {one.state for one in reader_back(plan)(file)} == {State.ERROR}
    assert reader_back(plan, expected=FORMS)(file) == []
    missed = reader_back(plan, expected=(SPLIT, OPENED))(file)
    assert [one.rule for one in missed] == [RULES[RESEQUENCED]]


@pytest.mark.req("L-10", "R-30")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("pair", [24, 38])
def test_that_the_first_and_the_last_pair_in_the_field_may_not_be_opened(
    demo, write, source, pair
):
    """Pair 24 begins at -10 + 13 x 0.5 = -3.5 cm, where Y1 stands; pair 38 ends at Y2, 4.0 cm."""
    file = write(lambda lines: opened_lines(lines, pairs=(pair,), only=("2", "3")))
    report = compare_report(file, getattr(demo, source), expected=FORMS)
    assert {one.control_point for one in told(report)} == {2, 3}
    assert {one.item for one in told(report)} == {f"mlc_a{pair}", f"mlc_b{pair}"}


@pytest.mark.req("L-07", "R-30")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("field", "item", "value"),
    [
        ("2B", "field_monitor_units", "21"), ("2B", "field_dose", "9.91"),
        ("2C", "gantry_angle", "220.1"), ("2C", "field_dose", ""), ("2D", "couch_angle", "349.9"),
        ("2A", "collimator_x1", "-4.1"),
    ],
)  # fmt: skip
def test_that_one_change_of_a_split_export_is_one_finding(demo, write, source, field, item, value):
    def change(lines):
        return [
            set_cells(line, **{item: value})
            if line.cells[0] == "FIELD_DEF" and line.cells[3] == field
            else line
            for line in split_lines(lines)
        ]

    report = compare_report(write(change), getattr(demo, source), expected=FORMS)
    assert [(one.field, one.item, one.state) for one in told(report)] == [
        (field, item, State.ERROR)
    ]


@pytest.mark.req("L-07", "R-30")
def test_that_a_missing_split_field_is_one_error_in_a_whole_file(demo, write):
    def change(lines):
        keep = split_lines(lines)
        return [line for line in keep if "2C" not in (line.cells[1], line.cells[3])]

    report = compare_report(write(change), demo.plan, expected=FORMS)
    (error,) = told(report)
    assert "segment 3 of beam 'RPO IMRT'" in error.message


@pytest.mark.req("L-07")
def test_that_the_command_takes_what_was_declared(demo, write, capsys):
    file = write(split_lines)
    words = ["filter", "compare", "--rv", str(file), "--plan", str(demo.plan), "--json"]
    assert main([*words, "--expected", SPLIT, OPENED]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "pass"
    assert [row["segment"] for row in answer["matches"] if row["segment"]] == [1, 2, 3, 4]
    assert main(words) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "warning"
    assert main([*words, "--expected", "anything"]) == 2
