"""The reader of Pinnacle's text files, on text written here and on the real files."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lex.pinnacle_text import parse_pinnacle, read_colon_lines, read_pinnacle_file
from core.errors import RemedyError, UnreadableFileError
from tests.lex import pinnacle_sample as sample
from tests.lex.damage import damages


def parsed(text: str):
    return parse_pinnacle(text.encode("latin-1"), "plan.Trial")


def test_that_repeated_names_stay_apart_in_file_order():
    root = parsed('B ={\n  N = "1";\n};\nC = 2;\nB ={\n  N = "3";\n};\n')
    assert [block.text("N") for block in root.blocks("B")] == ["1", "3"]
    assert [entry.key for entry in root.entries] == ["B", "C", "B"]


def test_that_a_name_that_stands_twice_is_not_taken_for_one():
    with pytest.raises(UnreadableFileError, match="stands 2 times"):
        parsed("B ={\n};\nB ={\n};\n").block("B")
    with pytest.raises(UnreadableFileError, match="does not have one value"):
        parsed("A = 1;\nA = 2;\n").number("A")


def test_that_a_string_may_hold_braces_semicolons_and_escaped_quotes():
    root = parsed('A = "x = {1}; \\"y\\" // no comment \\\\";\nB = 1;\n')
    assert root.text("A") == 'x = {1}; "y" // no comment \\'
    assert root.number("B") == 1


def test_that_dotted_and_numbered_keys_and_file_links_are_read():
    root = parsed("DoseGrid .VoxelSize .X = 0.3;\nL ={\n  #0 ={\n  A = 1;\n  };\n  #1 ={\n"
                  "    A = 2;\n  };\n};\nV = \\XDR:12\\;\n")  # fmt: skip
    assert root.number("DoseGrid.VoxelSize.X") == 0.3
    assert [one.number("A") for one in root.need("L").numbered()] == [1, 2]
    assert root.text("V") == "\\XDR:12\\"


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [("\n 1,2,\n -3.5,4e1\n", (1, 2, -3.5, 40)), ("\n         ", ()), ("1,2,", (1, 2))],
)
def test_that_rows_of_points_are_read(rows, numbers):
    assert parsed(f"R ={{\n Points[] ={{{rows}}};\n}};\n").need("R", "Points[]").points == numbers


@pytest.mark.parametrize("pair", [b"\n\xf4", b"*/", b"/*", b'"{', b"\x00\xff", b"};"])
def test_that_the_two_bytes_of_the_trailer_may_be_anything(pair):
    root = parse_pinnacle(b"A = 1;\n\n/* " + pair + b" */\n", "f")
    assert [entry.key for entry in root.entries] == ["A"]


def test_that_comments_are_left_out():
    root = parsed("// one { \nA = 1; // two\n/* three\n};\n*/\nB = 2;\n")
    assert [entry.line for entry in root.entries] == [2, 6]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A ={\n B = 1;\n", "A is never closed"),
        ("A = 1;\n};\n", "line 2"),
        ("A = 1\nB = 2;\n", "line 1"),
        ('A = "1;\n', "does not end with a semicolon"),
        ("A = 1;\n\nnonsense\n", "line 3"),
        ("Points[] ={\n 1,2,\n", "never closed"),
        ("Points[] ={\n 1,,2\n};\n", "not a number"),
        ("Points[] ={\n 1,nan\n};\n", "not a number"),
        ("= 1;\n", "line 1"),
    ],
)
def test_that_a_damaged_file_is_refused_with_its_line(text, words):
    with pytest.raises(UnreadableFileError, match=words):
        parsed(text)


@pytest.mark.parametrize("value", ["", '"x"', "nan", "inf", "1e999", '"1,2"'])
def test_that_what_is_not_a_finite_number_is_refused_with_key_and_line(value):
    root = parsed(f"X = 1;\nA = {value};\n")
    with pytest.raises(UnreadableFileError, match=r"A is .*line 2"):
        root.number("A")


def test_that_a_missing_number_is_a_refusal_not_a_zero():
    with pytest.raises(UnreadableFileError, match="Weight"):
        parsed("X = 1;\n").number("Weight")
    assert parsed("X = 1;\n").maybe("Weight") is None


def test_that_depth_of_nesting_does_not_matter():
    depth = 20_000
    root = parsed("A ={\n" * depth + "};\n" * depth)
    assert root.entries[0].key == "A"


def test_that_reading_time_grows_with_the_length_only():
    def seconds(count: int) -> float:
        data = sample.many(Trial=[sample.trial(*[sample.beam()] * count)]).encode()
        start = time.process_time()
        parse_pinnacle(data, "f")
        return time.process_time() - start

    few = min(seconds(60) for _ in range(3))
    many = min(seconds(600) for _ in range(3))
    assert many < 30 * few


def test_that_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"plan\.Trial cannot be read"):
        read_pinnacle_file(tmp_path / "plan.Trial")


def test_that_header_lines_are_read_in_both_forms(tmp_path):
    file = tmp_path / "ImageSet_0.header"
    file.write_bytes(b"\tx_dim = 512;\n\tdb_name : A^B\n\tdate : \n\timage_file : ../I = 0\n")
    assert read_colon_lines(file) == {
        "x_dim": "512", "db_name": "A^B", "date": "", "image_file": "../I = 0",
    }  # fmt: skip
    assert read_colon_lines(tmp_path / "none") == {}


WHOLE = sample.many(Trial=[sample.trial(sample.beam(), sample.electron())]).encode("latin-1")


@settings(deadline=None)  # a busy machine is no fault
@given(st.data())
def test_that_damage_gives_a_tree_or_a_refusal(data):
    damaged = data.draw(damages(WHOLE))
    try:
        root = parse_pinnacle(damaged, "plan.Trial")
    except RemedyError:
        return
    assert root.entries or not damaged.strip()


def test_that_every_real_object_file_is_read_whole(shared_data):
    folder = shared_data / "pinnacle"
    names = {"Patient", "Institution", "Pinnacle.Machine", "plan.Trial", "plan.Points",
             "plan.PatientSetup", "plan.Pinnacle.Machines", "plan.VolumeInfo",
             "plan.PlanInfo"}  # fmt: skip
    files = [file for file in sorted(folder.rglob("*")) if file.name in names]
    assert len(files) > 10
    for file in files:
        assert read_pinnacle_file(file).entries, file
