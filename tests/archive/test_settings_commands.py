"""`eqs archive rule|node|attention|drill|repair`: what the room does, by command and as JSON."""

import csv
import json
from datetime import UTC, datetime

import pytest

from app.command_line import main
from core.archive.archive import Archive
from core.archive.listener import Listener
from core.archive.nodes import Kind, ListenerSettings
from core.archive.settings import read_settings
from tests.archive.servers import HERE
from tests.core.dicom_maker import clean_set


@pytest.fixture
def run(tmp_path, capsys):
    settings, archive = str(tmp_path / "archive.toml"), str(tmp_path / "own")

    def call(*words):
        code = main(["archive", *map(str, words), "--settings", settings, "--archive", archive,
                     "--json"])  # fmt: skip
        return code, json.loads(capsys.readouterr().out)

    call.file = tmp_path / "archive.toml"
    return call


@pytest.mark.req("Y-02")
def test_that_a_rule_is_written_tried_listed_and_removed(run, tmp_path):
    folder = clean_set().write(tmp_path / "set")
    run("import", folder)
    run("node", "set", "--ae-title", "LINAC", "--host", "10.1.2.3", "--port", 104)
    words = ("rule", "set", "--name", "plans", "--send", "LINAC", "--modality", "rtplan", "RTDOSE")
    assert run(*words, "--calling", "import", "--whole-set")[0] == 0
    code, told = run("rule", "try", "--name", "plans")
    assert (code, len(told["objects"])) == (0, 12)
    before = datetime.now(UTC).isoformat()
    run(*words, "--approval", "approved", "--set-complete", "--pseudonymise", "--since", "now")
    (rule,) = read_settings(run.file).rules
    assert (rule.modality, rule.approval, rule.calling) == (("RTPLAN", "RTDOSE"), "APPROVED", ())
    assert (rule.set_complete, rule.whole_set, rule.pseudonymise) == (True, False, True)
    assert before[:16] <= rule.since[:16] <= datetime.now(UTC).isoformat()[:16]
    assert run("rule", "try", "--name", "plans")[1]["objects"] == []
    code, told = run("rule", "list")
    assert (code, told["rules"][0]["sent"], told["rules"][0]["failed"]) == (0, 0, 0)
    assert run("rule", "remove", "--name", "plans")[0] == 0
    assert read_settings(run.file).rules == ()


@pytest.mark.req("Y-02", "Y-09")
def test_that_what_cannot_be_is_one_sentence(run, capsys):
    for words in (
        ("rule", "set", "--name", "r", "--send", "nobody"),
        ("rule", "set", "--name", "r", "--send", "x", "--since", "yesterday"),
        ("rule", "remove", "--name", "r"), ("rule", "try", "--name", "r"),
        ("node", "set", "--ae-title", "MUCH TOO LONG A TITLE", "--host", "h"),
        ("node", "remove", "--name", "n"), ("drill", "--node", "n"), ("repair", "--node", "n"),
    ):  # fmt: skip
        assert main(["archive", *words, "--settings", str(run.file)]) == 2, words
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert told.strip()
    assert not run.file.is_file()


@pytest.mark.req("Y-09")
def test_that_a_dicomweb_server_is_written_and_removed(run):
    run("node", "set", "--url", "https://pacs/dicom-web", "--name", "PACS", "--user", "eqs")
    (node,) = read_settings(run.file).nodes
    assert (node.kind, node.user, node.title) == (Kind.WEB, "eqs", "PACS")
    run("node", "set", "--url", "https://other/dicom-web", "--name", "PACS")
    assert [one.url for one in read_settings(run.file).nodes] == ["https://other/dicom-web"]
    run("node", "remove", "--name", "PACS")
    assert run("nodes")[1]["nodes"] == []


@pytest.mark.req("Y-03", "Y-13")
def test_that_trouble_is_told_and_a_backup_is_drilled_and_mends(run, tmp_path):
    folder = clean_set().write(tmp_path / "set")
    backup = Archive(tmp_path / "backup")
    backup.take_in_files([folder], "CD")
    listener = Listener(backup, ListenerSettings(port=0))
    run("node", "set", "--ae-title", "EQS", "--host", HERE, "--port", listener.port,
        "--name", "Backup")  # fmt: skip
    (folder / "broken.dcm").write_bytes(b"no")
    code, told = run("import", folder, "--report", tmp_path / "report.csv")
    assert (code, told["counts"]["new"], told["counts"]["refused"]) == (1, 12, 1)
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 14
    code, told = run("attention", "--looked-at")
    assert (code, told["counts"]["refused"]) == (1, 1)
    assert run("attention")[0] == 0
    code, told = run("drill", "--node", "Backup", "--persons", 2)
    assert (code, {one["proof"] for one in told["objects"]}) == (0, {"came back equal"})
    dose = backup.index.instances("r.modality = 'RTDOSE'")[0]
    with backup.index.writing():
        backup.index.rows("DELETE FROM instance WHERE sop_uid = ?", dose.sop_uid)
    code, told = run("drill", "--node", "Backup", "--id", "TOY1")
    lost = [one for one in told["objects"] if one["proof"] != "came back equal"]
    assert (code, [one["sop_uid"] for one in lost]) == (1, [dose.sop_uid])
    assert run("drill", "--node", "Backup", "--id", "TOY1", "--resend")[0] == 0
    assert run("repair", "--node", "Backup") == (0, {"status": "pass", "objects": []})
    listener.stop()
    backup.close()
