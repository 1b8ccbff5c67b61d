"""FastPlanFixer: recipe and file, every change shown, a new file; the original stays the same."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.command_line import main
from app.lex.fix import plan_fix, save_fix
from app.lex.fix_lines import read_lines
from app.lex.fix_recipe import parse_recipe, read_recipe
from app.lex.rtp_write import checksum
from core.errors import ClinicFileError, UnreadableFileError, UnreadableRecordError
from core.findings import State
from core.paths import RESOURCES

RECIPE = RESOURCES / "recipes" / "fastplan_example.toml"
EXPORT = RECIPE.with_suffix(".rtp")
FIXED = RECIPE.with_name("fastplan_example_fixed.rtp")


def edit(item="tolerance_table", record="FIELD_DEF", **action: object) -> dict[str, object]:
    return {"record": record, "item": item, "reason": "the test", **(action or {"set": "7"})}


def recipe(*edits: dict[str, object], **top: object):
    return parse_recipe({"name": "test", "edit": list(edits or [edit()]), **top}, "test.toml")


def planned(*edits, file: Path = EXPORT):
    return plan_fix(recipe(*edits), file)


def news(plan) -> list[tuple[str, str]]:
    return [(one.old, one.new) for one in plan.changes]


def crc(*cells: str) -> bytes:
    body = "".join(f'"{cell}",' for cell in cells).encode("latin-1")
    return body + f'"{checksum(body)}"'.encode()


@pytest.mark.req("O-01")
def test_that_the_example_gives_exactly_the_file_beside_it_and_the_export_is_untouched(tmp_path):
    before = sha256(EXPORT.read_bytes()).hexdigest()
    plan = plan_fix(read_recipe(RECIPE), EXPORT)
    save_fix(plan, tmp_path / "fixed.rtp")
    assert (tmp_path / "fixed.rtp").read_bytes() == FIXED.read_bytes()
    assert sha256(EXPORT.read_bytes()).hexdigest() == before
    assert plan.findings == ()
    assert all(one.reason and one.old != one.new for one in plan.changes)


@pytest.mark.req("O-01")
def test_that_the_example_repairs_coordinates_and_missing_items():
    changes = {
        (one.field, one.item): one.new for one in plan_fix(read_recipe(RECIPE), EXPORT).changes
    }
    assert changes["1", "gantry_angle"] == "130.0"
    assert changes["2", "couch_angle"] == "35.0"
    assert changes["1", "collimator_x1"] == "-2.5"
    assert changes["1", "arc_direction"] == "CC"
    assert changes["3", "treatment_machine"] == "ONCOR 1"
    assert {changes["4", item] for item in ("tolerance_table", "doserate", "energy", "block")} == {
        "3", "0", "6 ST", "STEREO",
    }  # fmt: skip
    assert changes["", "tolerance_table"] == "3"


@pytest.mark.req("O-01")
def test_that_only_changed_lines_change_and_each_gets_its_checksum():
    plan = planned(edit(where={"field_id": "2"}, set="7"))
    old, new = EXPORT.read_bytes().split(b"\r\n"), plan.data.split(b"\r\n")
    assert [n for n, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b] == [5]
    body, _, stated = new[4].rpartition(b",")
    assert int(stated.strip(b'"')) == checksum(body + b",")
    assert [(one.line, one.field) for one in plan.changes] == [(5, "2")]


@pytest.mark.req("O-01")
def test_that_unknown_records_padding_line_ends_and_the_end_mark_stay_byte_for_byte(tmp_path):
    file = tmp_path / "odd.rtp"
    head = crc("PLAN_DEF", " 1 ", 'O"Neil', *[""] * 24) + b"\n"
    rest = crc("STRANGE", "a,b", "  7") + b"\n\r" + b"\r" + crc("stranger", "\xff") + b"\r\x1a"
    file.write_bytes(head + rest)
    plan = planned(edit("plan_id", "PLAN_DEF", set="X"), file=file)
    assert plan.data.endswith(rest)
    assert plan.data.startswith(b'"PLAN_DEF"," 1 ","O"Neil"')
    assert planned(edit("plan_id", "PLAN_DEF", fill="X"), file=file).changes[0].old == ""


@settings(max_examples=50)
@given(st.lists(st.lists(st.text(st.characters(codec="latin-1", exclude_characters='\r\n"'),
                                 max_size=8), min_size=1, max_size=6), max_size=5))  # fmt: skip
def test_that_reading_without_a_change_gives_the_same_bytes(rows):
    data = b"\r\n".join([crc("PLAN_DEF", "1"), *(crc("X", *row) for row in rows)])
    assert b"".join(line.data() for line in read_lines(data, "x")) == data


@pytest.mark.req("O-01")
@pytest.mark.parametrize(
    ("action", "old", "new"),
    [
        ({"item": "gantry_angle", "scale": "varian_standard"}, "50.0", "130.0"),
        ({"item": "arc_stop_angle", "scale": "mirrored"}, "150.0", "210.0"),
        ({"item": "couch_angle", "scale": "full_turn"}, "180.0", None),
        ({"item": "collimator_x2", "negate": True}, "2.5", "-2.5"),
        ({"item": "couch_lateral", "negate": True}, "0.0", None),
        ({"item": "couch_vertical", "add_cm": -12.5}, "12.5", "0.0"),
        ({"item": "collimator_y2", "add_cm": 0.25}, "2.5", "2.75"),
        ({"item": "field_name", "map": {"ARC 1": "A1"}}, "ARC 1", "A1"),
        ({"item": "energy", "map": {"6.0": "10"}}, "6", "10"),
        ({"item": "doserate", "fill": "300"}, "", "300"),
        ({"item": "energy", "fill": "18"}, "6", None),
        ({"item": "bolus", "set": ""}, "", None),
    ],
)
def test_that_each_action_does_what_it_says(action, old, new):
    plan = planned(edit(where={"field_id": "1"}, **action))
    assert news(plan) == ([] if new is None else [(old, new)])
    assert plan.data


@pytest.mark.req("O-01")
def test_that_edits_follow_each_other_and_the_field_of_a_record_can_be_asked(tmp_path):
    file = tmp_path / "points.rtp"
    fields = [crc("FIELD_DEF", "S", f"N{n}", str(n), *[""] * 5, kind, *[""] * 38)
              for n, kind in ((1, "Arc"), (2, "Static"))]  # fmt: skip
    points = [crc("EXTENDED_FIELD_DEF", str(n), "uid", "1", "beam") for n in (1, 2)]
    head = crc("PLAN_DEF", *[""] * 26)
    file.write_bytes(b"\r\n".join([head, fields[0], points[0], fields[1], points[1]]))
    plan = planned(
        edit("treatment_type", map={"Static": "StepNShoot"}),
        edit("original_beam_name", "EXTENDED_FIELD_DEF", set="new",
             of_field={"treatment_type": ["StepNShoot", "DMLC"]}),
        file=file,
    )  # fmt: skip
    assert [(one.line, one.new) for one in plan.changes] == [(4, "StepNShoot"), (5, "new")]


@pytest.mark.req("O-01")
def test_that_an_edit_that_matches_nothing_is_told_and_the_rest_is_done():
    plan = planned(edit(), edit("gantry_angle", where={"field_id": "9"}, set="1"))
    assert [(one.rule, one.state) for one in plan.findings] == [("LEX-F1", State.WARNING)]
    assert "Edit 2" in plan.findings[0].message
    assert len(plan.changes) == 4


@pytest.mark.req("O-01")
def test_that_a_record_of_unknown_length_is_left_and_told(tmp_path):
    file = tmp_path / "long.rtp"
    head, point = crc("PLAN_DEF", *[""] * 26), crc("CONTROL_PT_DEF", "1", *["0"] * 240)
    file.write_bytes(head + b"\r\n" + point)
    plan = planned(edit("gantry_angle", "CONTROL_PT_DEF", set="1"), file=file)
    assert {one.rule for one in plan.findings} == {"LEX-F1", "LEX-F3"}
    assert plan.data.endswith(point)


@pytest.mark.req("O-01")
@pytest.mark.parametrize(
    "action", [{"item": "couch_vertical", "add_cm": 995}, {"item": "field_x", "negate": True}]
)
def test_that_a_value_its_column_cannot_hold_stops_the_file(action, tmp_path):
    plan = planned(edit(**action))
    assert plan.data == b""
    assert {one.state for one in plan.findings} == {State.ERROR}
    with pytest.raises(ClinicFileError, match="cannot be written"):
        save_fix(plan, tmp_path / "out.rtp")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.req("O-01")
def test_that_the_original_is_never_replaced_however_it_is_named(tmp_path):
    file = tmp_path / "in.rtp"
    file.write_bytes(EXPORT.read_bytes())
    plan = planned(file=file)
    link = tmp_path / "link.rtp"
    link.hardlink_to(file)
    for out in (file, tmp_path / "x" / ".." / "in.rtp", link):
        with pytest.raises(ClinicFileError, match="replace the original"):
            save_fix(plan, out)
    assert file.read_bytes() == EXPORT.read_bytes()
    file.write_bytes(FIXED.read_bytes())
    with pytest.raises(ClinicFileError, match="has changed"):
        save_fix(plan, tmp_path / "out.rtp")


@pytest.mark.req("O-01")
def test_that_a_file_that_was_fixed_is_not_fixed_again():
    with pytest.raises(ClinicFileError, match="EQS-FIX"):
        plan_fix(read_recipe(RECIPE), FIXED)


@pytest.mark.req("O-01")
@pytest.mark.parametrize(
    ("data", "words", "kind"),
    [(b"", "begin with PLAN_DEF", UnreadableFileError),
     (b"\x00\x01DICM", "not a record", UnreadableRecordError),
     (crc("RX_DEF", "1"), "begin with PLAN_DEF", UnreadableFileError),
     (crc("PLAN_DEF", "1").replace(b'"1"', b'"2"', 1), "checksum", UnreadableRecordError)],
)  # fmt: skip
def test_that_a_file_that_is_damaged_or_no_export_is_refused(data, words, kind, tmp_path):
    file = tmp_path / "bad.rtp"
    file.write_bytes(data)
    with pytest.raises(kind, match=words):
        planned(file=file)
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        planned(file=tmp_path / "none.rtp")


@pytest.mark.req("O-01")
@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({**edit(), "resaon": "x"}, "Did you mean 'reason'"),
        (edit("gantry_angel"), "Did you mean 'gantry_angle'"),
        (edit(record="FEILD_DEF"), "Did you mean 'FIELD_DEF'"),
        (edit("gantry_angle", scale="varian_standart"), "Did you mean 'varian_standard'"),
        (edit(where={"feild_id": "1"}, set="1"), "Did you mean 'field_id'"),
        (edit(set="1", fill="2"), "set, fill"),
        ({"record": "FIELD_DEF", "item": "block", "reason": "x"}, "asks for nothing"),
        ({**edit(), "reason": " "}, "no reason"),
        (edit("energy", set="6 ST"), "text = true"),
        (edit("energy", set="200"), "1 to 99"),
        (edit("field_id", set="TOOLONG"), "longer than 5"),
        (edit("block", negate=True), "is a text"),
        (edit("field_x", scale="mirrored"), "scale of field_x"),
        (edit("couch_vertical", add_cm=0.25), "at most 1 decimals"),
        (edit("gantry_angle", add_cm=1), "no length"),
        (edit("block", set='a"b'), "plain text"),
        (edit("block", set="\u0142"), "plain text"),
        (edit("gantry_angle", scale="mirrored", text=True), "text = true with set"),
        (edit(negate=False), "negate is False"),
        (edit(set="1", where={"field_id": 1}), "a text in quotes"),
        (edit("crc"), "no item 'crc'"),
        ("edit", "not a table"),
    ],
)
def test_that_a_recipe_with_a_slip_is_refused_with_what_was_meant(row, words):
    with pytest.raises(ClinicFileError, match=r"test\.toml, edit 1") as refused:
        parse_recipe({"name": "test", "edit": [row]}, "test.toml")
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["name = ", 'name = "x"\nedits = []', "", 'name = "x"'])
def test_that_a_recipe_that_is_none_is_refused(text, tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text(text)
    with pytest.raises(ClinicFileError):
        read_recipe(file)


@pytest.mark.req("O-01")
def test_that_the_command_shows_changes_and_tells_by_its_exit_code(tmp_path, capsys):
    out = tmp_path / "out.rtp"
    words = ["lex", "fix", "--recipe", str(RECIPE), "--in", str(EXPORT)]
    assert main([*words, "--dry-run"]) == 0
    assert "'50.0' -> '130.0'" in capsys.readouterr().out
    assert not out.exists()
    assert main([*words, "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["status"], answer["written"]) == ("pass", str(out))
    assert set(answer["changes"][0]) == {
        "line", "record", "field", "item", "old", "new", "reason", "edit",
    }  # fmt: skip
    assert out.read_bytes() == FIXED.read_bytes()
    assert main(words) == 2
    assert main([*words, "--out", str(EXPORT)]) == 2
    assert main(["lex", "fix", "--recipe", str(RECIPE), "--in", str(out), "--dry-run"]) == 2
    capsys.readouterr()


@pytest.mark.req("O-01")
def test_that_the_command_ends_with_1_when_an_edit_found_nothing(tmp_path, capsys):
    odd = tmp_path / "odd.toml"
    odd.write_text('name = "x"\n[[edit]]\nrecord = "DOSE_DEF"\nitem = "region_name"\n'
                   'set = "A"\nreason = "x"\n')  # fmt: skip
    words = ["lex", "fix", "--recipe", str(odd), "--in", str(EXPORT), "--dry-run"]
    assert main(words) == 1
    assert "found nothing" in capsys.readouterr().out


@pytest.mark.req("O-01")
def test_that_another_file_is_replaced_only_when_somebody_has_agreed(tmp_path):
    out = tmp_path / "new.rtp"
    out.write_bytes(b"old")
    plan = plan_fix(read_recipe(RECIPE), EXPORT)
    with pytest.raises(ClinicFileError, match="already"):
        save_fix(plan, out)
    assert out.read_bytes() == b"old"
    save_fix(plan, out, overwrite=True)
    assert out.read_bytes() == plan.data
