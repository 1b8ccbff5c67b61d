"""Pinnacle's object files as a stream, and the dose file."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.filter.pinnacle_dose import DoseGrid, dose_file_number, dose_per_mu
from app.filter.pinnacle_stream import read_text, stream
from app.filter.plan_trial_keys import keys_of
from core.errors import MissingDataError, RemedyError, UnreadableFileError, UnreadableRecordError
from tests.filter.plan_samples_pinnacle import block, dose_at, dose_bytes, values


def paths(text):
    return [(entry.path, entry.value) for entry in stream(text, "plan.Trial")]


def test_that_list_members_count_and_other_objects_keep_their_name():
    text = block(
        "Trial",
        values(Name="A"),
        block("BeamList", block("Beam", values(Name="1")), block("Beam", values(Name="2"))),
    ) + block("Trial", values(Name="B"))
    assert paths(text) == [
        ("Trial[0].Name", "A"),
        ("Trial[0].BeamList.Beam[0].Name", "1"),
        ("Trial[0].BeamList.Beam[1].Name", "2"),
        ("Trial[1].Name", "B"),
    ]


def test_that_a_name_used_twice_never_hides_the_first():
    assert paths("Weight = 1;\nWeight = 2;\n") == [("Weight", "1"), ("Weight[1]", "2")]


def test_that_numbered_and_dotted_keys_and_points_keep_their_form():
    text = block("List", block("#0", "DoseGrid .Origin .X = -1.50;"), block("#1", "A = 1;"))
    text += "roi={\n Points[] ={\n  1,2,\n  -3,4e-1\n     };\n};\n"
    found = paths(text)
    assert found[:2] == [("List.#0.DoseGrid.Origin.X", "-1.50"), ("List.#1.A", "1")]
    assert found[2][0] == "roi.Points[]"
    assert keys_of(stream(text, ""), "").pairs("roi.Points[]") == (
        (Decimal(1), Decimal(2)),
        (Decimal(-3), Decimal("0.4")),
    )


def test_that_quoted_text_may_hold_the_signs_of_the_grammar():
    written = r'Name = "a; b = { c }; \"quoted\" \\ // no comment";' + "\n"
    assert paths(written) == [("Name", r'a; b = { c }; "quoted" \ // no comment')]


def test_that_comments_the_trailer_and_references_are_understood():
    text = "// first\nA = \\XDR:12\\;\n};\n".replace("};\n", "") + "B = 1; // why\n\n/* }\x07 */\n"
    assert paths(text) == [("A", "\\XDR:12\\"), ("B", "1")]


def test_that_the_line_of_a_value_is_known():
    assert [e.line for e in stream('A = 1;\n\nB ={\n  C = "x\ny";\n  D = 2;\n};\n', "")] == [
        1,
        4,
        6,
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A = 1;\nB ={\n  C = 2;\n", 3),
        ("A = 1;\n};\n", 2),
        ("A = 1;\nA 2;\n", 2),
        ('A = "x;\n', 1),
    ],
)
def test_that_text_outside_the_grammar_is_refused_with_its_line(text, line):
    with pytest.raises(UnreadableRecordError, match=rf"plan\.Trial, line {line}\b"):
        paths(text)


def test_that_nesting_without_end_is_refused():
    with pytest.raises(UnreadableRecordError):
        paths("A ={\n" * 500 + "};\n" * 500)


def test_that_an_empty_or_binary_file_is_no_text(tmp_path):
    for data in (b"", b" \n\n", b"A = 1;\0\0\0\0\0"):
        file = tmp_path / "plan.Trial"
        file.write_bytes(data)
        with pytest.raises(UnreadableFileError):
            read_text(file)


@given(st.text('ABc1 =;{}"\\/*#.,\n[]', max_size=60))
@settings(max_examples=300, deadline=None)
def test_that_any_text_is_read_or_refused(text):
    try:
        found = paths(text)
    except RemedyError:
        return
    assert len({path for path, _ in found}) == len(found)


def test_that_a_value_that_stands_twice_is_refused_when_it_is_asked_for():
    keys = keys_of(stream("Weight = 1;\nWeight = 2;\n", ""), "beam AP")
    with pytest.raises(UnreadableRecordError, match="beam AP, Weight, line 1"):
        keys.number("Weight")


def test_that_members_that_do_not_count_up_are_refused():
    keys = keys_of(stream(block("L", block("#0", "A = 1;"), block("#2", "A = 1;")), ""), "beam")
    with pytest.raises(UnreadableRecordError):
        keys.numbered("L")


GRID = DoseGrid((4, 3, 2), (1, 2, 3), (-1, -2, 1))


@pytest.fixture
def dose_file(tmp_path):
    file = tmp_path / "plan.Trial.binary.002"
    file.write_bytes(dose_bytes())
    return file


@given(st.floats(-1, 2, allow_nan=False), st.floats(-2, 2, allow_nan=False), st.floats(1, 4))
def test_that_a_linear_dose_comes_back_at_every_point_of_the_grid(tmp_path_factory, x, y, z):
    file = tmp_path_factory.getbasetemp() / "linear.binary"
    file.write_bytes(dose_bytes())
    assert dose_per_mu(file, GRID, (x, y, z)) == pytest.approx(dose_at(x, y, z), rel=1e-6)


@pytest.mark.parametrize("point", [(-1.01, 0, 2), (0, 2.01, 2), (0, 0, 4.5)])
def test_that_a_point_outside_the_grid_has_no_dose(dose_file, point):
    with pytest.raises(MissingDataError, match="outside"):
        dose_per_mu(dose_file, GRID, point)


def test_that_missing_empty_and_impossible_doses_are_told_apart(dose_file, tmp_path):
    point = (0, 0, 2)
    with pytest.raises(MissingDataError, match="not there"):
        dose_per_mu(tmp_path / "no.binary", GRID, point)
    for value in (0.0, -1.0, float("nan"), float("inf")):
        dose_file.write_bytes(dose_bytes(lambda *_, value=value: value))
        with pytest.raises(MissingDataError, match="prescription point"):
            dose_per_mu(dose_file, GRID, point)
    dose_file.write_bytes(b"")
    with pytest.raises(MissingDataError, match="empty"):
        dose_per_mu(dose_file, GRID, point)
    dose_file.write_bytes(dose_bytes()[:-4])
    with pytest.raises(UnreadableFileError, match="92 bytes, the dose grid needs 96"):
        dose_per_mu(dose_file, GRID, point)


def test_that_a_dose_file_is_known_by_its_number():
    assert dose_file_number("\\XDR:8\\") == (8, False)
    assert dose_file_number("\\XDR_COPY:12\\") == (12, True)
    assert dose_file_number("8") is None
