"""The support bundle says what runs, and nothing about any patient."""

import json
import sys
import zipfile

import pytest

from app.command_line import main
from core.fault_log import log_folder, note_fault
from core.paths import PROGRAM, clinic_folder, data_folder


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
