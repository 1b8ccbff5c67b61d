"""A value taken out of a layer: what the layer below says holds again, in every kind of table."""

import getpass
import tomllib

import pytest

from app.filter.tbi import read_tbi_templates
from core.audit import entries
from core.layers import Layer, own_layers
from core.paths import RESOURCES
from core.settings.rows import kind_of, rows_of, shipped_file, table_names
from tests.core.test_settings import WHO, row, run

TBI = "filter/tbi.toml"


def set_value(capsys, table, key, value, *more):
    return run(capsys, "set", table, key, value, *more, *WHO)


def reset(capsys, table, key, *more, code=0):
    return run(capsys, "reset", table, key, *more, *WHO, code=code)


def key_of(name, *ends):
    return next(one.key for one in rows_of(name, own_layers()) if one.key.endswith(ends))


def test_that_the_check_of_a_template_value_is_there_again(share, capsys):
    key = key_of(TBI, "gantry_angle")
    before = read_tbi_templates(own_layers())
    set_value(capsys, TBI, key, "100")
    set_value(capsys, TBI, key_of(TBI, "collimator_angle"), "10")
    answer = reset(capsys, TBI, key)
    assert [(one["key"], one["old"], one["new"]) for one in answer["changes"]] == [
        (key, "100", "90")
    ]
    assert row(TBI, key).leaf.value == 90
    assert row(TBI, key).layer == Layer.CLINIC
    assert 'name = "LAT 1"' in (share / TBI).read_text()
    reset(capsys, TBI, key_of(TBI, "collimator_angle"))
    assert not (share / TBI).exists()
    assert read_tbi_templates(own_layers()) == before


def test_that_in_every_kind_of_table_a_value_goes_back_to_the_one_below(share, capsys):
    """First and last number of one table of each kind: changed, then taken out again."""
    tried = 0
    by_kind = {kind_of(name).name: name for name in table_names(own_layers())}
    for name in by_kind.values():
        rows = [
            one
            for one in rows_of(name, own_layers())
            if isinstance(one.leaf.value, int | float) and not isinstance(one.leaf.value, bool)
        ]
        shipped = shipped_file(name)
        if not rows or shipped is None or name == "dosimetry_book":
            continue
        before = {one.key: one.leaf for one in rows_of(name, own_layers())}
        for one in (rows[0], rows[-1]):
            for value in (one.leaf.value * 1.01, one.leaf.value + 1, one.leaf.value / 1.01):
                typed = repr(type(one.leaf.value)(value))
                if main_code(capsys, "set", name, one.key, typed) == 0:
                    break
            else:
                continue
            tried += 1
            assert main_code(capsys, "reset", name, one.key) == 0, (name, one.key)
            after = {one.key: one.leaf for one in rows_of(name, own_layers())}
            assert after == before, (name, one.key)
    assert tried > 14


def main_code(capsys, *words):
    from app.command_line import main

    code = main(["settings", *words, *WHO, "--json"])
    capsys.readouterr()
    return code


def test_that_the_source_goes_back_with_the_value(share, capsys):
    name, key = "machines/demo_linac.toml", "mlc.minimum_gap_mm"
    before = row(name, key).leaf
    set_value(capsys, name, "mlc.speed_mm_s", "24.0")
    set_value(capsys, name, key, "3")
    assert row(name, key).leaf.source != before.source
    reset(capsys, name, key)
    assert row(name, key).leaf == before
    assert row(name, "mlc.speed_mm_s").leaf.value == 24.0


def test_that_a_whole_table_takes_the_value_of_the_nearest_layer(machine, share, capsys):
    set_value(capsys, TBI, key_of(TBI, "gantry_angle"), "80", "--layer", "machine")
    set_value(capsys, TBI, key_of(TBI, "gantry_angle"), "100")
    set_value(capsys, TBI, key_of(TBI, "collimator_angle"), "10")
    reset(capsys, TBI, key_of(TBI, "gantry_angle"))
    assert row(TBI, key_of(TBI, "gantry_angle")).leaf.value == 80


def test_that_a_value_no_layer_below_has_is_refused_in_words(share, capsys):
    text = (RESOURCES / TBI).read_text().replace(
        'name = "LAT 2"\n', 'name = "LAT 2"\nnominal_ssd = { value = 400, unit = "cm" }\n'
    )  # fmt: skip
    (share / "filter").mkdir()
    (share / TBI).write_text(text)
    answer = reset(capsys, TBI, key_of(TBI, "nominal_ssd"), code=2)
    assert "no layer below 'clinic share' has" in answer["error"]["what"]
    assert (share / TBI).read_text() == text


def test_that_what_a_layer_does_not_have_is_not_taken_out_of_it(machine, share, capsys):
    set_value(capsys, "tolerances.toml", "comparison.angle_deg", "0.5")
    answer = reset(capsys, "tolerances.toml", "comparison.length_mm", code=2)
    assert answer["error"]["what"] == "the layer 'clinic share' does not have comparison.length_mm"
    answer = reset(capsys, "tolerances.toml", "comparison.angle_deg", "--layer", "machine", code=2)
    assert answer["error"]["what"] == "the layer 'machine' has no tolerances.toml"


def test_that_a_row_holds_whole_and_goes_once_nothing_is_its_own(share, capsys):
    name = "gamma/presets.toml"
    for key, value in (("dose_percent", "2.5"), ("distance_mm", "1.0")):
        set_value(capsys, name, f"preset[tg218].{key}", value)
    set_value(capsys, name, "preset[2-2].dose_percent", "1.5")
    reset(capsys, name, "preset[tg218].dose_percent")
    assert row(name, "preset[tg218].dose_percent").leaf.value == 3.0
    assert row(name, "preset[tg218].distance_mm").leaf.value == 1.0
    reset(capsys, name, "preset[tg218].distance_mm")
    assert row(name, "preset[tg218].distance_mm").layer == Layer.SHIPPED
    assert [one["id"] for one in tomllib.loads((share / name).read_text())["preset"]] == ["2-2"]
    reset(capsys, name, "preset[2-2].dose_percent")
    assert not (share / name).exists()


def test_that_a_first_change_tells_the_one_value_and_that_the_table_is_whole(share, capsys):
    key = key_of(TBI, "gantry_angle")
    answer = set_value(capsys, TBI, key, "100")
    assert [(one["key"], one["old"], one["new"]) for one in answer["changes"]] == [
        (key, "90", "100")
    ]
    assert "now holds the whole of filter/tbi.toml" in answer["notes"][0]
    assert entries(share / "settings.jsonl")[-1]["changes"] == [
        {"key": key, "old": "90", "new": "100"}
    ]
    assert set_value(capsys, TBI, key, "110")["notes"] == []
    answer = set_value(capsys, "gamma/presets.toml", "preset[tg218].dose_percent", "2.5")
    assert [(one["old"], one["new"]) for one in answer["changes"]] == [("3.0", "2.5")]
    answer = run(capsys, "undo", *WHO)
    assert [(one["old"], one["new"]) for one in answer["changes"]] == [("2.5", "3.0")]


def test_that_special_limits_taken_away_by_a_new_one_are_told(share, capsys):
    """A limit set anew holds for every kind of field; what was special before is named."""
    answer = set_value(capsys, "lex_limits.toml", "most_mu", "900")
    told = {one["key"]: (one["old"], one["new"]) for one in answer["changes"]}
    assert told.pop("most_mu") == ("", "900")
    assert set(told) == {f"most_mu.special.{kind}" for kind in ("DMLC", "StepNShoot", "VMAT")}
    assert all(old and not new for old, new in told.values())
    assert entries(share / "settings.jsonl")[-1]["changes"] == [
        {"key": one["key"], "old": one["old"], "new": one["new"]} for one in answer["changes"]
    ]
    answer = run(capsys, "undo", *WHO)
    assert len(answer["changes"]) == 4


def test_that_a_first_name_of_a_category_tells_that_it_blocks_the_others(share, capsys):
    name = "nomenclature/mosaiq_2.6.toml"
    answer = set_value(capsys, name, 'machines.names."DEMO LINAC"', "L1")
    told = {one["key"]: (one["old"], one["new"]) for one in answer["changes"]}
    assert told == {
        'machines.names."DEMO LINAC"': ("", '"L1"'),
        "machines.unmapped": ('"as planned"', '"refuse"'),
    }
    assert row(name, "machines.unmapped").leaf.value == "refuse"
    answer = set_value(capsys, name, 'machines.names."LINAC 2"', "L2")
    assert [one["key"] for one in answer["changes"]] == ['machines.names."LINAC 2"']
    set_value(capsys, name, "machines.unmapped", "as planned")
    answer = reset(capsys, name, "machines.unmapped")
    assert [(one["old"], one["new"]) for one in answer["changes"]] == [
        ('"as planned"', '"refuse"')
    ]


SERVER = """[[server]]
name = "Pinnacle"
protocol = "sftp"
host = "pinnacle.example"
user = "p3rtp"
root = "/PrimaryPatientData"
"""


def test_that_a_row_of_a_stronger_layer_does_not_get_into_a_weaker_one(share, capsys, tmp_path):
    own = tmp_path / "servers.toml"
    own.write_text(SERVER)
    run(capsys, "put", "servers.toml", own, "--layer", "user", *WHO)
    words = ("set", "servers.toml", "server[Pinnacle].host", "other.example")
    answer = run(capsys, *words, "--layer", "clinic", *WHO, code=2)
    assert "nor one below has server[Pinnacle]" in answer["error"]["what"]
    assert not (share / "servers.toml").exists()
    (share / "servers.toml").write_text(SERVER.replace("p3rtp", "clinic"))
    answer = run(capsys, *words, "--layer", "clinic", *WHO)
    assert [one["key"] for one in answer["changes"]] == ["server[Pinnacle].host"]
    assert 'user = "clinic"' in (share / "servers.toml").read_text()


def test_that_a_named_value_of_a_list_is_set_and_taken_back(machine, share, capsys):
    text = (
        (RESOURCES / TBI).read_text()
        + """
[dose]
[[dose.factor]]
name = "spoiler"
value = 0.97
"""
    )
    (machine / "filter").mkdir()
    (machine / TBI).write_text(text)
    key = "dose.factor[spoiler]"
    answer = set_value(capsys, TBI, key, "0.96")
    assert [(one["old"], one["new"]) for one in answer["changes"]] == [("0.97", "0.96")]
    assert row(TBI, key).leaf.value == 0.96
    reset(capsys, TBI, key)
    assert not (share / TBI).exists()
    assert row(TBI, key).leaf.value == 0.97


def test_that_a_comment_changed_is_told_as_the_file(share, capsys):
    (share / "copies.toml").write_text((RESOURCES / "copies.toml").read_text())
    text = "# ours\n" + (RESOURCES / "copies.toml").read_text()
    file = share.parent / "copies.toml"
    file.write_text(text)
    answer = run(capsys, "put", "copies.toml", file, "--layer", "clinic", *WHO)
    assert [one["key"] for one in answer["changes"]] == ["whole file"]


@pytest.fixture
def people(share):
    """List the person who runs the tests as a therapist, who may not change protected tables."""

    def write(role):
        text = (RESOURCES / "filter" / "record.toml").read_text()
        own = f'[people.{getpass.getuser()}]\nname = "Jane Q. Roe"\nroles = ["{role}"]\n'
        (share / "filter").mkdir(exist_ok=True)
        (share / "filter" / "record.toml").write_text(text.replace("[people]\n", own))

    return write


def test_that_who_may_not_change_a_table_may_not_undo_a_change_of_it(share, capsys, people):
    set_value(capsys, "tolerances.toml", "comparison.angle_deg", "0.5")
    text = (share / "tolerances.toml").read_text()
    people("therapist")
    answer = run(capsys, "undo", "--person", "Jane Q. Roe", code=2)
    assert "asked for is physicist" in answer["error"]["what"]
    assert (share / "tolerances.toml").read_text() == text


def test_that_an_undo_is_logged_by_the_true_name_with_a_reason(share, capsys, people):
    set_value(capsys, "tolerances.toml", "comparison.angle_deg", "0.5")
    people("physicist")
    run(capsys, "undo", "--person", "Jane Q. Roe")
    last = entries(share / "settings.jsonl")[-1]
    assert (last["person"], last["reason"]) == ("Jane Q. Roe", "the last change undone")
    assert not (share / "tolerances.toml").exists()


def test_that_an_undo_of_a_users_own_table_asks_for_no_role(share, capsys, people):
    people("therapist")
    run(
        capsys,
        "set",
        "copies.toml",
        "copies.keep_days",
        "10",
        "--layer",
        "user",
        "--person",
        "Jane Q. Roe",
    )
    run(capsys, "undo", "--person", "Jane Q. Roe")
    assert row("copies.toml", "copies.keep_days").layer == Layer.SHIPPED
