"""The support bundle says what runs, and nothing about any patient."""

import json
import sys
import zipfile

import pytest

from app.command_line import main
from core.fault_log import log_folder, note_fault
from core.paths import PROGRAM, RESOURCES, clinic_folder, data_folder, machine_folder


@pytest.fixture
def used():
    """A data folder as one that is in use: a session, logs, a clinic's table."""
    try:
        int("DOE^JANE 4711")
    except ValueError as fault:
        note_fault(fault, "the window")
    running = data_folder() / "running"
    running.mkdir()
    (running / "one.json").write_text('{"rooms": {"LEX": {"plan": "/plans/DOE_JANE"}}}')
    (data_folder() / "audit.jsonl").write_text('{"patient": "DOE^JANE"}\n')
    file = f'File "{PROGRAM}/app/page.py", line 12 in open_path\n'
    (log_folder() / "crash-1.txt").write_text(f"Current thread:\n  {file}")
    clinic_folder().mkdir(parents=True)
    (clinic_folder() / "tolerances.toml").write_text("# by DOE\n")


def test_that_the_bundle_tells_versions_and_places_and_no_patient(used, tmp_path, capsys):
    target = tmp_path / "bundle.zip"
    assert main(["support", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == str(target)
    with zipfile.ZipFile(target) as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert set(parts) == {"README.txt", "about.json", "tables.json", "faults.jsonl", "crash-1.txt"}
    about = json.loads(parts["about.json"])
    assert about["python"] == sys.version.split()[0]
    assert "pydicom" in {name.lower() for name in about["libraries"]}
    assert json.loads(parts["faults.jsonl"])["kind"] == "ValueError"
    assert 'File "app/page.py"' in parts["crash-1.txt"]
    assert set(json.loads(parts["tables.json"])) == {"tolerances.toml"}
    assert not [name for name, text in parts.items() if "DOE" in text or "4711" in text]


def test_that_a_bundle_that_cannot_be_written_is_told_in_words(tmp_path, capsys):
    assert main(["support", str(tmp_path / "nowhere" / "bundle.zip")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("told", ['clinic_share = "/DOE\n', "DOE = 1\n", "clinic_share = 4711\n"])
@pytest.mark.parametrize("folder", [data_folder, machine_folder])
def test_that_damaged_layers_do_not_hold_the_bundle_up(used, tmp_path, capsys, told, folder):
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / "layers.toml").write_text(told)
    target = tmp_path / "bundle.zip"
    assert main(["support", str(target)]) == 1
    with zipfile.ZipFile(target) as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    said = parts["layers.txt"].strip()
    assert said.startswith("The layers of the clinic's tables could not be read (layers.toml): ")
    assert said.count("\n") == 0
    assert said in capsys.readouterr().out
    assert "tolerances.toml" in json.loads(parts["tables.json"])
    assert {"about.json", "faults.jsonl", "crash-1.txt"} < set(parts)
    assert not [name for name, text in parts.items() if "DOE" in text or "4711" in text]


def test_that_a_share_out_of_reach_is_said_in_the_bundle(used, tmp_path, capsys, share):
    (share / "tolerances.toml").write_text("# of the clinic\n")
    target = tmp_path / "bundle.zip"
    assert main(["support", str(target)]) == 0
    (share / "clinic.toml").unlink()
    capsys.readouterr()
    assert main(["support", str(target), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "warning"
    with zipfile.ZipFile(target) as bundle:
        assert bundle.read("layers.txt").decode().splitlines() == told["unread"]
        rows = json.loads(bundle.read("tables.json"))
    assert "layer 'clinic share' could not be read" in told["unread"][0]
    assert set(rows["tolerances.toml"]) == {"shipped", "clinic"}


def test_that_each_table_stands_beside_the_shipped_one_it_replaces(used, tmp_path, share):
    named = {
        "nomenclature/varis.toml": "rv_systems/varis.toml",
        "dosimetry_book/book.toml": "book_generic/book.toml",
        "machines/demo_linac.toml": "machines/demo_linac.toml",
    }
    for name, shipped in named.items():
        (share / name).parent.mkdir(exist_ok=True)
        (share / name).write_bytes((RESOURCES / shipped).read_bytes())
    (share / "lex_rules.toml").write_text('version = "1"')
    target = tmp_path / "bundle.zip"
    assert main(["support", str(target)]) == 0
    with zipfile.ZipFile(target) as bundle:
        rows = json.loads(bundle.read("tables.json"))
    for name in named:
        (digest,) = set(rows[name].values())
        assert digest, name
        assert len(rows[name]) == 2, name
    assert rows["lex_rules.toml"]["shipped"] == ""
