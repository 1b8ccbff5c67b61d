"""`eqs lex list`, `eqs lex fetch`, and `eqs lex write` from the copy that was fetched."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.command_line import main
from app.demo.write_demo import write_demo
from app.lex.copies import copies_folder
from app.lex.servers import write_servers
from tests.lex.planning_tree import PROTOCOLS, served, state_of, write_tree


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "root")


def run(capsys, *words):
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def piped(monkeypatch, password):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))


def levels(answer):
    """Names from patient to beam as they nest in the JSON answer."""
    return [
        (patient["id"], plan["name"], trial["name"], rx["name"], beam["name"])
        for patient in answer["patients"]
        for plan in patient["plans"]
        for trial in plan.get("trials", ())
        for rx in trial["prescriptions"]
        for beam in rx["beams"]
    ]


@pytest.mark.req("L-03")
def test_that_a_dicom_folder_is_listed_down_to_the_beams(capsys, demo):
    code, text, _ = run(capsys, "lex", "list", demo.folder / "dicom", "--json")
    rows = levels(json.loads(text))
    assert code == 0
    assert {row[0] for row in rows} == {"DEMO-0001"}
    assert len(rows) > 1
    code, text, _ = run(capsys, "lex", "list", demo.folder / "dicom")
    assert all(f"beam {row[4]}" in text for row in rows)


@pytest.mark.req("L-03")
def test_that_an_institution_lists_patients_first_and_one_patient_down_to_the_beams(capsys, tree):
    (tree / "Institution_1/Mount_0/Patient_2").mkdir()
    other = tree / "Institution_1/Mount_0/Patient_2/Patient"
    other.write_text('LastName = "ROE";\nMedicalRecordNumber = "78";\n')
    source = tree / "Institution_1"
    _, text, _ = run(capsys, "lex", "list", source)
    assert "DOE, JO   ID 77" in text
    assert "ROE" in text
    assert "beam" not in text
    _, text, _ = run(capsys, "lex", "list", source, "--patient", "77", "--json")
    answer = json.loads(text)
    assert levels(answer) == [("77", "PELVIS", "Trial_1", "Pelvis", "AP")]
    assert [plan["present"] for plan in answer["patients"][0]["plans"]] == [True, False]
    code, _, fault = run(capsys, "lex", "list", source, "--patient", "7")
    assert (code, "0 patients have the ID '7'" in fault) == (2, True)
    code, _, fault = run(capsys, "lex", "list", source, "--patient", "77", "--plan", "LOST")
    assert (code, "Choose one of 'PELVIS'" in fault) == (2, True)
    code, _, fault = run(capsys, "lex", "list", source, "--plan", "PELVIS")
    assert (code, "2 patients are there" in fault) == (2, True)


@pytest.mark.req("L-03")
def test_that_a_folder_with_plans_of_two_patients_keeps_them_apart(capsys, demo, tmp_path):
    import pydicom

    plan = pydicom.dcmread(demo.plan)
    plan.save_as(tmp_path / "one.dcm")
    plan.PatientID, plan.PatientName = "OTHER", "Roe^Ann"
    plan.save_as(tmp_path / "two.dcm")
    _, text, _ = run(capsys, "lex", "list", tmp_path, "--json")
    patients = json.loads(text)["patients"]
    assert [(one["id"], one["plans"][0]["about"]) for one in patients] == [
        ("DEMO-0001", "one.dcm"), ("OTHER", "two.dcm"),
    ]  # fmt: skip
    _, text, _ = run(capsys, "lex", "list", tmp_path, "--patient", "OTHER", "--json")
    assert {row[0] for row in levels(json.loads(text))} == {"OTHER"}


@pytest.mark.req("L-02", "L-03")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_a_server_is_listed_and_its_plan_fetched(capsys, monkeypatch, tree, protocol):
    before = state_of(tree)
    with served(protocol, tree) as (server, password, _):
        write_servers([server])
        piped(monkeypatch, password)
        code, text, _ = run(capsys, "lex", "list", "--server", "Test")
        assert (code, text) == (0, "DOE, JO   ID 77\nROE, ANN   ID 78\n")
        piped(monkeypatch, password)
        words = ("--server", "Test", "--patient", "77")
        _, text, _ = run(capsys, "lex", "list", *words, "--json")
        assert levels(json.loads(text)) == [("77", "PELVIS", "Trial_1", "Pelvis", "AP")]
        piped(monkeypatch, password)
        code, text, _ = run(capsys, "lex", "fetch", *words)
    assert code == 0
    assert Path(text.strip()).is_relative_to(copies_folder())
    assert (Path(text.strip()) / "plan.Trial").is_file()
    assert state_of(tree) == before


@pytest.mark.req("L-02")
def test_that_what_a_server_refuses_ends_with_2_and_one_sentence(capsys, monkeypatch, tree):
    with served("ftp", tree) as (server, _, running):
        write_servers([server, replace(server, name="Dead", port=1)])
        for name, words in (
            ("Test", "refuses this user name or password"),
            ("Dead", "nothing answers"),
            ("Tset", "Did you mean 'Test'"),
        ):
            piped(monkeypatch, "wrong")
            code, text, fault = run(
                capsys, "lex", "fetch", "--server", name, "--patient", "77", "--json"
            )
            assert code == 2
            assert words in json.loads(text)["error"]["what"] + json.loads(text)["error"]["remedy"]
            assert len(fault.splitlines()) == 1
        assert running.only_read()


def test_that_source_and_server_are_not_both_listed(capsys, tree):
    for words in ((), (tree, "--server", "Test")):
        code, _, fault = run(capsys, "lex", "list", *words)
        assert (code, "Give SOURCE, or --server NAME" in fault) == (2, True)


@pytest.mark.req("L-01", "L-02")
def test_that_the_demonstration_plan_goes_from_the_server_to_a_transfer_file(
    capsys, monkeypatch, demo, tmp_path
):
    root = next(path.parent for path in demo.folder.rglob("Institution") if path.is_file())
    before = state_of(root)
    target = tmp_path / "out.rtp"
    with served("sftp", root) as (server, password, running):
        write_servers([server])
        piped(monkeypatch, password)
        _, text, _ = run(
            capsys, "lex", "fetch", "--server", "Test", "--patient", "DEMO-0001", "--json"
        )
        assert running.only_read()
    code, text, fault = run(
        capsys, "lex", "write", "--plan", json.loads(text)["path"],
        "--treatment", demo.folder / "treatment.toml", "--out", target,
    )  # fmt: skip
    assert code in (0, 1), text + fault
    assert target.read_bytes().startswith(b'"PLAN_DEF"')
    assert state_of(root) == before
