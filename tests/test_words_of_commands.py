"""Wrong words of a command: one sentence, exit code 2, JSON where asked, no source touched."""

import json
import shutil
import sys
from argparse import ArgumentTypeError

import pytest

from app.answers import date
from app.command_line import main
from app.demo.write_demo import write_demo


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration").folder


@pytest.fixture
def folder(shipped, tmp_path):
    return shutil.copytree(shipped, tmp_path / "demonstration")


def refused(capsys, *words):
    """Run a command that cannot run; return its only sentence."""
    assert main([str(word) for word in words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (sentence,) = said.err.splitlines()
    return sentence


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "'nonsense'"),
        (["filter", "compare"], "--rv"),
        (["filter", "compare", "--rv", "a", "--plan", "b", "--scale", "nix"], "'nix'"),
        (["filter", "worklist", "done", "mu"], "--patient"),
        (["archive", "find", "--since", "nix"], "20241231"),
    ],
)
def test_that_wrong_words_are_one_sentence_and_json_where_asked(capsys, words, told):
    sentence = refused(capsys, *words)
    assert told in sentence
    assert "--help shows how." in sentence
    assert main([*words, "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "could-not-run"
    assert told in answer["error"]["what"]


def test_that_no_source_is_written_over(capsys, folder):
    plan, dicom = folder / "dicom" / "plan.dcm", folder / "dicom"
    export = folder / "export" / "DEMO-0001_IE.rtp"
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for words in (
        ("dvh", dicom, "--csv", plan),
        ("render", dicom, "--out", dicom / "structures.dcm"),
        ("filter", "mu", "--plan", plan, "--xlsx", plan),
        ("lex", "write", "--plan", plan, "--treatment", folder / "treatment.toml", "--out",
         dicom / "ct_01.dcm", "--replace"),
        ("lex", "write", "--plan", plan, "--treatment", folder / "treatment.toml", "--out",
         dicom / "new.rtp"),
    ):  # fmt: skip
        assert main([str(word) for word in words]) in (1, 2)
        capsys.readouterr()
    told = refused(capsys, "filter", "translate", "--in", export, "--out", export)
    assert "one of the sources" in told
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("typed", "taken"), [("20240301", "20240301"), ("2024-03-01", "20240301"), ("", "")]
)
def test_that_a_date_is_typed_either_way(typed, taken):
    assert date(typed) == taken


@pytest.mark.parametrize("typed", ["2024311", "20241331", "2024-3-01", "march"])
def test_that_what_could_be_several_days_is_no_date(typed):
    with pytest.raises(ArgumentTypeError):
        date(typed)


def test_that_studies_are_found_by_either_form_of_date(capsys, folder, tmp_path):
    archive = ("--archive", str(tmp_path / "archive"))
    assert main(["archive", "import", str(folder / "dicom"), *archive]) == 0
    capsys.readouterr()
    for option, day, found in (
        ("--since", "2024-12-31", 0), ("--since", "20241231", 0), ("--until", "2024-12-31", 1),
        ("--since", "2024-03-01", 1), ("--until", "2024-02-29", 0),
    ):  # fmt: skip
        assert main(["archive", "find", option, day, *archive, "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["patients"]) == found


def test_that_a_window_without_a_screen_is_one_sentence(capsys, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "no screen" in refused(capsys)


@pytest.mark.skipif(sys.platform != "linux", reason="DISPLAY names a screen on Linux")
def test_that_a_screen_that_does_not_answer_is_one_sentence(capsys, monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    for platform in ("", "xcb"):
        monkeypatch.setenv("QT_QPA_PLATFORM", platform)
        assert "the screen :4711 (DISPLAY) does not answer" in refused(capsys)


def test_that_a_path_to_import_that_is_not_there_stops_before_anything_is_taken_in(
    capsys, folder, tmp_path
):
    own = tmp_path / "archive"
    words = ("archive", "import", folder / "dicom", tmp_path / "none", "--archive", own)
    assert f"there is no such file or folder ({tmp_path / 'none'})" in refused(capsys, *words)
    assert not own.exists()


@pytest.mark.parametrize("words", [("verify",), ("attention",), ("find",), ("sets", "--id", "1")])
def test_that_an_archive_that_is_not_there_is_refused_and_not_made(capsys, tmp_path, words):
    own = tmp_path / "none"
    assert "there is no archive in this place" in refused(capsys, "archive", *words,
                                                           "--archive", own)  # fmt: skip
    assert not own.exists()
