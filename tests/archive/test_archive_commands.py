"""`eqs archive`: what it answers, and with which exit code."""

import json
import zipfile

import pytest

from app.command_line import main
from tests.core.dicom_maker import clean_set


@pytest.fixture
def folder(tmp_path):
    return clean_set().write(tmp_path / "set")


def run(capsys, *words):
    code = main(["archive", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("Y-03", "Y-05")
def test_that_what_is_imported_is_found_again(capsys, folder):
    code, told = run(capsys, "import", folder)
    assert (code, told["counts"]["new"]) == (0, 12)
    code, told = run(capsys, "find", "--name", "toy")
    assert (code, [one["patient_id"] for one in told["patients"]]) == (0, ["TOY1"])


@pytest.mark.req("Y-03")
def test_that_a_refused_file_is_a_finding(capsys, folder):
    (folder / "broken.dcm").write_text("no DICOM")
    (folder / "notes.txt").write_text("no DICOM either")
    code, told = run(capsys, "import", folder)
    assert (code, [one["name"] for one in told["not_taken"]]) == (1, ["broken.dcm"])
    assert [one["name"] for one in told["passed_over"]] == ["notes.txt"]
    # One that was named itself was meant.
    code, told = run(capsys, "import", folder / "notes.txt")
    assert (code, told["not_taken"][0]["why"]) == (1, "this is no DICOM object")


@pytest.mark.req("Y-02")
def test_that_an_incomplete_set_is_a_finding(capsys, folder):
    next(folder.glob("RTDOSE*")).unlink()
    run(capsys, "import", folder)
    code, told = run(capsys, "sets", "--id", "TOY1")
    assert (code, told["status"]) == (1, "warning")
    assert "dose missing" in told["sets"][0]["remarks"]


@pytest.mark.req("Y-07")
def test_that_a_copy_holds_the_bytes_that_came(capsys, folder, tmp_path):
    run(capsys, "import", folder)
    for target in (tmp_path / "copy", tmp_path / "copy.zip"):
        code, told = run(capsys, "get", "--id", "TOY1", "--out", target)
        assert (code, told["copied"]) == (0, 12)
    copies = {path.read_bytes() for path in (tmp_path / "copy").rglob("*.dcm")}
    assert copies == {path.read_bytes() for path in folder.iterdir()}
    with zipfile.ZipFile(tmp_path / "copy.zip") as packed:
        assert {packed.read(name) for name in packed.namelist()} == copies
    assert main(["archive", "get", "--id", "TOY1", "--out", str(tmp_path / "copy")]) == 2
    for layout, depth in (("flat", 1), ("series", 2), ("study", 3)):
        code, _ = run(
            capsys, "get", "--id", "TOY1", "--out", tmp_path / layout, "--layout", layout
        )
        names = [
            path.relative_to(tmp_path / layout) for path in (tmp_path / layout).rglob("*.dcm")
        ]
        assert (code, {len(name.parts) for name in names}, len(names)) == (0, {depth}, 12)


@pytest.mark.req("Y-13")
def test_that_a_scrub_tells_a_changed_file(capsys, folder, tmp_path):
    run(capsys, "import", folder, "--archive", tmp_path / "a")
    assert run(capsys, "verify", "--archive", tmp_path / "a")[0] == 0
    path = next((tmp_path / "a" / "objects").rglob("*.dcm"))
    path.write_bytes(path.read_bytes() + b"x")
    code, told = run(capsys, "verify", "--archive", tmp_path / "a")
    assert (code, len(told["damaged"])) == (1, 1)


def test_that_nobody_of_this_number_is_told(capsys):
    assert main(["archive", "sets", "--id", "NOBODY"]) == 2
    assert "nobody has this number" in capsys.readouterr().err
