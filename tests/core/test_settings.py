"""Settings changed, refused, logged, undone, exported and taken in again."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from app.command_line import main
from app.filter.limits import limits_in_force
from app.lex.limits import read_limits as read_lex_limits
from app.lex.rv_systems import read_rv_system, rv_system_ids
from app.settings_readers import faults
from core.audit import entries, verify
from core.layers import MARK_FILE, Layer, own_layers
from core.paths import RESOURCES, clinic_folder, data_folder, machine_folder
from core.settings.edit import HEAD, with_row, without_row
from core.settings.rows import rows_of, table_names

WHO = ("--person", "Jane Roe", "--reason", "measured again")


def run(capsys, *words, code=0):
    assert main(["settings", *map(str, words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def tree(folder):
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def row(name, key):
    return next(one for one in rows_of(name, own_layers()) if one.key == key)


def test_that_every_shipped_table_is_listed_and_read():
    assert faults(own_layers()) == {}
    for name in table_names(own_layers()):
        rows = rows_of(name, own_layers())
        assert all(one.layer == Layer.SHIPPED and one.file.exists() for one in rows), name
        assert len({one.key for one in rows}) == len(rows), name
    assert row("tolerances.toml", "consistency.field_dose_sum_cgy").leaf.unit == "cGy"
    assert row("gamma/presets.toml", "preset[tg218].dose_percent").leaf.value == 3.0


def test_that_the_list_says_what_the_readers_say(machine, share):
    (machine / "tolerances.toml").write_text("[comparison]\nangle_deg = 1.0\nlength_mm = 1.5")
    (share / "tolerances.toml").write_text("[comparison]\nangle_deg = { value = 0.5 }")
    (machine / "lex_limits.toml").write_text("most_mu = 400")
    (share / "lex_limits.toml").write_text("[most_mu.special]\nArc = 800")
    (share / "nomenclature").mkdir()
    (share / "nomenclature" / "varis.toml").write_text('[machines.names]\n"A" = "1"')
    read = limits_in_force()
    for one in rows_of("tolerances.toml", own_layers()):
        assert float(read[one.key]) == one.leaf.value
    assert row("tolerances.toml", "comparison.angle_deg").layer == Layer.CLINIC
    assert row("tolerances.toml", "comparison.length_mm").layer == Layer.MACHINE
    for name, limit in read_lex_limits(own_layers()).items():
        listed = {one.path: one.leaf.value for one in rows_of("lex_limits.toml", own_layers())}
        assert listed[(name,)] == limit.value
        special = {path[2]: value for path, value in listed.items()
                   if path[0] == name and len(path) == 3}  # fmt: skip
        assert special == dict(limit.special)
    for stem in rv_system_ids():
        names = read_rv_system(stem, own_layers()).names
        listed = {one.path: one.leaf.value
                  for one in rows_of(f"nomenclature/{stem}.toml", own_layers())}  # fmt: skip
        for kind in ("machines", "energies", "wedges"):
            unmapped = listed.get((kind, "unmapped"), "as planned")
            assert (unmapped == "as planned") == getattr(names, kind).as_planned


def test_that_a_value_set_is_in_force_logged_and_undone(machine, share, capsys):
    answer = run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO)
    assert answer["changes"][0] | {"file": ""} == {
        "table": "tolerances.toml", "layer": "clinic share", "file": "",
        "key": "comparison.angle_deg", "old": "", "new": "0.5",
    }  # fmt: skip
    assert float(limits_in_force()["comparison.angle_deg"]) == 0.5
    found = row("tolerances.toml", "comparison.angle_deg")
    assert found.leaf.source == "measured again (Jane Roe)"
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.75", *WHO)
    log = share / "settings.jsonl"
    assert verify(log) == ()
    last = entries(log)[-1]
    assert [last[key] for key in ("person", "reason", "table", "layer", "action")] == [
        "Jane Roe", "measured again", "tolerances.toml", "clinic share", "setting changed",
    ]  # fmt: skip
    assert last["changes"] == [{"key": "comparison.angle_deg", "old": "0.5", "new": "0.75"}]
    assert last["time"]
    assert last["user"]
    run(capsys, "undo", "--person", "Jane Roe")
    assert float(limits_in_force()["comparison.angle_deg"]) == 0.5
    run(capsys, "undo", "--person", "Jane Roe")
    assert not (share / "tolerances.toml").exists()
    assert [one["action"] for one in entries(log)] == ["setting changed"] * 2 + [
        "change undone"
    ] * 2
    run(capsys, "undo", "--person", "Jane Roe", code=2)
    assert main(["audit", "show"]) == 0
    assert "comparison.angle_deg: 0.5 -> 0.75" in capsys.readouterr().out


def test_that_a_change_undone_by_hand_is_not_undone_again(share, capsys):
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO)
    (share / "tolerances.toml").write_text("[comparison]\nangle_deg = 0.25")
    run(capsys, "undo", "--person", "Jane Roe", code=2)
    assert "0.25" in (share / "tolerances.toml").read_text()


@pytest.mark.parametrize(
    ("table", "key", "value", "words"),
    [
        ("tolerances.toml", "comparison.angle_deg", "7", "allowed are 0.0 to 2.0 deg"),
        ("tolerances.toml", "comparison.angle_deg", "wide", "is not a number"),
        ("tolerances.toml", "comparison.angle_degs", "1", "Did you mean 'comparison.angle_deg'?"),
        ("lex_limits.toml", "most_mu", "1e9", "Enter a number from 50 to 10000"),
        ("filter/machine_names.toml", 'names."L1"', "no_such", "has no description"),
        ("gamma/presets.toml", "preset[tg218].tolerance_percent", "101.0", "pass rates"),
        ("filter/rules.toml", "setup.words", "[1]", "not written like the shipped entry"),
        ("filter/srs.toml", "setup_note.pattern", "(", "cannot be read"),
        ("machines/demo_linac.toml", "mlc.transmission", "true", "is not a number"),
        ("nomenclature/lantis.toml", "machines.longest", "99", "from 1 to 20"),
        ("electron_density.toml", "point[#1].hu", "5000", "must both rise"),
        ("archive.toml", "scrub_days", "-1", "Choose 0 to 3650"),
        ("no_such.toml", "x", "1", "there is no table"),
        ("tolerances.toml", "a b", "1", "is no key"),
    ],
)
def test_that_a_bad_value_is_refused_and_nothing_is_written(
    share, capsys, table, key, value, words
):
    layer = "user" if table == "archive.toml" else "clinic"
    (share / "tolerances.toml").write_text("# ours\n[comparison]\nangle_deg = 1.0\n")
    before = tree(share), tree(data_folder())
    answer = run(capsys, "set", table, key, f" {value}", "--layer", layer, *WHO, code=2)
    assert words in " ".join(answer["error"].values()), answer
    assert "eqs-settings-" not in answer["error"]["where"]
    assert (tree(share), tree(data_folder())) == before


def test_that_comments_and_all_else_stay_to_the_letter(share, capsys):
    text = "# ours, 2024\n[comparison]\nangle_deg = 1.0  # agreed\n\n# lengths\nlength_mm = 0.5\n"
    (share / "tolerances.toml").write_text(text)
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO)
    assert (share / "tolerances.toml").read_text() == text.replace("1.0", "0.5")


def test_that_a_whole_table_is_copied_with_its_comments_before_it_is_changed(share, capsys):
    key = "mlc.minimum_gap_mm"
    run(capsys, "set", "machines/demo_linac.toml", key, "3", *WHO)
    made = (share / "machines" / "demo_linac.toml").read_text()
    shipped = (RESOURCES / "machines" / "demo_linac.toml").read_text()
    different = [
        (a, b) for a, b in zip(shipped.splitlines(), made.splitlines(), strict=True) if a != b
    ]
    assert [b for _, b in different] == [
        'minimum_gap_mm = { value = 3, confidence = "S", source = "measured again (Jane Roe)" }'
    ]
    assert row("machines/demo_linac.toml", key).layer == Layer.CLINIC
    run(capsys, "set", "gamma/presets.toml", "preset[tg218].dose_percent", "2.5", *WHO)
    assert row("gamma/presets.toml", "preset[tg218].dose_percent").leaf.value == 2.5
    assert row("gamma/presets.toml", "preset[2-2].dose_percent").layer == Layer.SHIPPED


def test_that_a_user_sets_no_tolerance_beside_a_share(share, capsys):
    for table, key in (("tolerances.toml", "comparison.angle_deg"),
                       ("machines/demo_linac.toml", "mlc.speed_mm_s")):  # fmt: skip
        answer = run(capsys, "set", table, key, "1", "--layer", "user", *WHO, code=2)
        assert "cannot be changed for one user" in answer["error"]["what"]
    assert not clinic_folder().exists()
    run(capsys, "set", "copies.toml", "copies.keep_days", "10", "--layer", "user", *WHO)
    assert row("copies.toml", "copies.keep_days").layer == Layer.USER


def test_that_a_single_computer_sets_its_own_and_then_moves_to_the_machine(capsys, tmp_path):
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "1", *WHO)
    assert row("tolerances.toml", "comparison.angle_deg").layer == Layer.USER
    assert entries(data_folder() / "audit" / "settings.jsonl")
    words = ("set", "lex_limits.toml", "most_mu", "600", "--layer", "machine", *WHO)
    answer = run(capsys, *words, code=2)
    assert "tolerances.toml, which would count no more" in answer["error"]["what"]
    assert not machine_folder().exists()
    run(capsys, "export", tmp_path / "ours.zip")
    run(capsys, "import", tmp_path / "ours.zip", "--layer", "machine", *WHO)
    assert row("tolerances.toml", "comparison.angle_deg").layer == Layer.MACHINE
    answer = run(capsys, "list", "--find", "angle_deg machine", code=1)
    assert "tolerances.toml is not used" in answer["ignored"][0]
    assert {one["key"] for one in answer["rows"]} >= {"comparison.angle_deg"}


def test_that_nobody_and_no_reason_is_refused(share, capsys):
    words = ("set", "tolerances.toml", "comparison.angle_deg", "1")
    assert run(capsys, *words, "--reason", "why not", code=2)["error"]["what"] == "nobody is named"
    answer = run(capsys, *words, "--person", "Jane Roe", code=2)
    assert answer["error"]["what"] == "no reason is given"


def test_that_only_a_physicist_changes_what_is_protected_once_people_are_listed(share, capsys):
    import getpass

    text = (RESOURCES / "filter" / "record.toml").read_text()
    people = f'[people.{getpass.getuser()}]\nname = "Jane Roe"\nroles = ["therapist"]\n'
    (share / "filter").mkdir()
    (share / "filter" / "record.toml").write_text(text.replace("[people]\n", people))
    answer = run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "1", *WHO, code=2)
    assert "asked for is physicist" in answer["error"]["what"]


def test_that_a_value_taken_out_lets_the_layer_below_hold(machine, share, capsys):
    (machine / "tolerances.toml").write_text("[comparison]\nangle_deg = 1.5")
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO)
    run(capsys, "reset", "tolerances.toml", "comparison.angle_deg", "--layer", "clinic", *WHO)
    assert row("tolerances.toml", "comparison.angle_deg").layer == Layer.MACHINE
    answer = run(
        capsys, "set", "tolerances.toml", "comparison.mu", "1", "--layer", "machine", *WHO
    )
    assert "clinic share' has tolerances.toml too" in answer["notes"][0]


def test_that_an_export_taken_in_elsewhere_is_the_same(share, tmp_path, capsys, monkeypatch):
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO)
    run(capsys, "set", "machines/demo_linac.toml", "mlc.minimum_gap_mm", "3", *WHO)
    run(capsys, "set", "nomenclature/lantis.toml", 'machines.names."Linac"', "L1", *WHO)
    shutil.copytree(RESOURCES / "book_generic", tmp_path / "book")
    run(capsys, "put", "dosimetry_book", tmp_path / "book", *WHO)
    pack = tmp_path / "settings.zip"
    run(capsys, "export", pack)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(share / MARK_FILE, other)
    monkeypatch.setenv("EQS_CLINIC", str(other))
    before = tree(other)
    answer = run(capsys, "import", pack, "--dry-run")
    assert ("comparison.angle_deg", "0.5") in {
        (one["key"], one["new"]) for one in answer["changes"]
    }
    assert tree(other) == before
    run(capsys, "import", pack, *WHO)
    kept = {file.relative_to(other): data for file, data in tree(other).items()
            if file.suffix != ".jsonl" and ".jsonl." not in file.name}  # fmt: skip
    assert kept == {file.relative_to(share): data for file, data in tree(share).items()
                    if file.suffix != ".jsonl" and ".jsonl." not in file.name}  # fmt: skip
    assert run(capsys, "import", pack, *WHO)["changes"] == []
    assert "imported from settings.zip" in {
        one["action"] for one in entries(other / "settings.jsonl")
    }


def test_that_a_faulty_or_strange_file_is_not_taken_in(share, tmp_path, capsys):
    import zipfile
    from hashlib import sha256

    def pack(tables, digest=None):
        file = tmp_path / "bad.zip"
        with zipfile.ZipFile(file, "w") as bundle:
            told = {
                name: digest or sha256(text.encode()).hexdigest() for name, text in tables.items()
            }
            bundle.writestr("settings.json", json.dumps(
                {"format": "EQS Workstation settings 1", "tables": told}))  # fmt: skip
            for name, text in tables.items():
                bundle.writestr(name, text)
        return file

    good = "[comparison]\nangle_deg = 1.0"
    for file in (
        pack({"tolerances.toml": good, "lex_limits.toml": "most_mu = 1"}),
        pack({"tolerances.toml": good}, digest="0" * 64),
        pack({"../tolerances.toml": good}),
        pack({"filter/../../x.toml": good}),
        pack({"tolerances.toml": "[comparison"}),
        Path(__file__),
    ):
        before = tree(share), tree(data_folder())
        run(capsys, "import", file, *WHO, code=2)
        assert (tree(share), tree(data_folder())) == before


def test_that_a_faulty_book_is_not_put_in(share, tmp_path, capsys):
    book = tmp_path / "book"
    shutil.copytree(RESOURCES / "book_generic", book)
    (book / "6X" / "tmr.csv").write_text("nothing")
    before = tree(share)
    run(capsys, "put", "dosimetry_book", book, *WHO, code=2)
    assert tree(share) == before


def test_that_nothing_is_left_when_the_log_or_a_file_cannot_be_written(share, capsys):
    (share / "settings.jsonl").mkdir()
    answer = run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO, code=2)
    assert "log cannot be written" in answer["error"]["what"]
    assert not (share / "tolerances.toml").exists()
    assert list(share.glob(".*")) == []


def test_that_a_share_is_named_by_command(tmp_path, capsys, machine):
    folder = tmp_path / "new share"
    run(capsys, "share", folder, *WHO, code=2)
    folder.mkdir()
    run(capsys, "share", folder, "--name", "Our clinic", *WHO)
    assert own_layers().folder(Layer.CLINIC) == folder
    run(capsys, "check")
    run(capsys, "set", "tolerances.toml", "comparison.angle_deg", "0.5", *WHO)
    shutil.rmtree(folder)
    answer = run(capsys, "list", code=2)
    assert "out of reach" in answer["error"]["what"]
    assert main(["audit", "verify"]) == 1
    assert "The log of settings is not looked at" in capsys.readouterr().out


def test_that_the_first_book_of_a_layer_is_undone_to_no_book(share, capsys):
    from app.filter.mu.books import GENERIC, own_book_folder

    run(capsys, "put", "dosimetry_book", GENERIC, *WHO)
    assert own_book_folder() == share / "dosimetry_book"
    run(capsys, "undo", *WHO)
    assert own_book_folder() == GENERIC
    assert not (share / "dosimetry_book").exists()


@pytest.mark.parametrize("gone", ["a", "b", "c"])
def test_that_the_comment_of_a_row_goes_with_it_and_that_of_the_next_one_stays(gone):
    rows = {
        "a": '[[site]]\nname = "a"\nwords = "one"\n\n',
        "b": '# why b\n# is here\n[[site]]\nname = "b"\n[site.more]\nx = 1\n',
        "c": '# why c\n[[site]]\nname = "c"\n\n',
    }
    text = "# head\n\n" + "".join(rows.values()) + "# after\n[other]\ny = 2\n"
    left = without_row(text, "site", gone, {"site": "name"})
    its = {"a": [], "b": ["# why b", "# is here"], "c": ["# why c"]}[gone]
    assert re.findall("# .*", left) == [one for one in re.findall("# .*", text) if one not in its]
    assert [one["name"] for one in tomllib.loads(left)["site"]] == [*"abc".replace(gone, "")]
    assert tomllib.loads(left)["other"] == {"y": 2}


def test_that_a_comment_goes_also_where_a_text_or_list_has_lines_like_heads():
    text = (
        '[["site"]]\nname = "a"\nwords = """\n# kept\n[[site]]\n"""\n# apart\n\n# why b\n'
        "[[site]]\n"
        'name = "b"\npoints = [\n  # in it\n  [1, 2],\n  [3, 4],\n]\n# why c\n'
        '[[ site ]]\nname = "c"\n'
    )
    left = without_row(text, "site", "b", {"site": "name"})
    assert re.findall("# .*", left) == ["# kept", "# apart", "# why c"]
    assert [one["name"] for one in tomllib.loads(left)["site"]] == ["a", "c"]
    left = without_row(text, "site", "c", {"site": "name"})
    assert re.findall("# .*", left) == ["# kept", "# apart", "# why b", "# in it"]


@pytest.mark.parametrize("gone", ["a", "b", "c"])
def test_that_the_comment_goes_with_a_row_of_a_list_in_brackets(gone):
    text = (
        'site = [\n  # why a\n  {name = "a"},\n  # why b\n  {name = "b"}, # beside b\n\n'
        '  # why c\n  {name = "c"}\n]\n'
    )
    left = without_row(text, "site", gone, {"site": "name"})
    rest = "abc".replace(gone, "")
    assert re.findall("# why (.)", left) == [*rest]
    assert [one["name"] for one in tomllib.loads(left)["site"]] == [*rest]
    short = 'site = [{name = "a"}, {name = "b"}, {name = "c"}]\n# after\n'
    left = without_row(short, "site", gone, {"site": "name"})
    assert [one["name"] for one in tomllib.loads(left)["site"]] == [*rest]
    assert "# after" in left


def test_that_the_head_of_a_file_of_the_program_stays_when_its_first_row_goes():
    text = with_row(with_row("", "site", {"name": "a"}), "site", {"name": "b"})
    left = without_row(f"{HEAD}{text.removeprefix(HEAD).lstrip()}", "site", "a", {"site": "name"})
    assert left.startswith(HEAD)
    assert [one["name"] for one in tomllib.loads(left)["site"]] == ["b"]


def test_that_a_row_goes_where_a_text_of_many_lines_looks_like_another():
    text = '[[site]]\nname = "a"\nwords = """\n[[site]]\n"""\n[[site]]\nname = "b"\n'
    left = without_row(text, "site", "b", {"site": "name"})
    assert tomllib.loads(left) == {"site": [{"name": "a", "words": "[[site]]\n"}]}
    assert tomllib.loads(without_row(text, "site", "a", {"site": "name"})) == {
        "site": [{"name": "b"}]
    }
