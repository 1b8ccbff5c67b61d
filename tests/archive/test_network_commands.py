"""`eqs archive ...` against other systems: what it prints, its exit codes, what arrives."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest

from app.command_line import main
from core.archive.archive import Archive
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from tests.archive.servers import HERE, free_port, wait_for
from tests.core.dicom_maker import clean_set

CHECKOUT = Path(__file__).resolve().parents[2]


class Desk:
    """Our command line, a server of ours, and a third archive as the receiver of moves."""

    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys
        self.set = clean_set().write(folder / "set")
        self.server, self.third = Archive(folder / "server"), Archive(folder / "third")
        receiver = Listener(self.third, ListenerSettings(ae_title="THIRD", port=0))
        nodes = (Node("EQS", HERE, free_port()), Node("THIRD", HERE, receiver.port))
        listener = Listener(self.server, ListenerSettings(ae_title="PACS", port=0, nodes=nodes))
        self.listeners = (receiver, listener)
        self.settings = folder / "archive.toml"
        self.settings.write_text(
            f"[listener]\nport = {nodes[0].port}\n[[node]]\nname = 'pacs'\nae_title = 'PACS'\n"
            f"host = '{HERE}'\nport = {listener.port}\n"
            f"[[node]]\nname = 'dead'\nae_title = 'DEAD'\nhost = '{HERE}'\nport = {free_port()}\n"
        )

    def run(self, *words):
        code = main(["archive", *words, "--settings", str(self.settings), "--archive",
                     str(self.folder / "own"), "--json"])  # fmt: skip
        return code, json.loads(self.capsys.readouterr().out)

    def close(self):
        for one in self.listeners:
            one.stop()
        self.server.close()
        self.third.close()


@pytest.fixture
def desk(tmp_path, capsys):
    made = Desk(tmp_path, capsys)
    yield made
    made.close()


@pytest.mark.req("Y-07", "Y-08", "Y-09")
def test_that_a_set_is_sent_found_fetched_and_moved(desk):
    code, told = desk.run("send", str(desk.set), "--node", "pacs", "--commit")
    assert (code, told["counts"]["done"], told["status"]) == (0, 12, "pass")
    code, told = desk.run("find", "--node", "pacs", "--name", "TOY*")
    assert (code, [one["PatientID"] for one in told["found"]]) == (0, ["TOY1"])
    study = told["found"][0]["StudyInstanceUID"]
    code, told = desk.run("find", "--node", "pacs", "--level", "series", "--study", study)
    assert {one["Modality"] for one in told["found"]} == {"CT", "RTSTRUCT", "RTPLAN", "RTDOSE"}
    code, told = desk.run("get", "--node", "pacs", "--id", "TOY1")
    assert (code, told["counts"]["done"]) == (0, 12)
    code, told = desk.run("get", "--node", "pacs", "--id", "TOY1")
    assert (code, told["counts"]["already there"]) == (0, 12)
    code, told = desk.run("get", "--node", "pacs", "--id", "TOY1", "--out",
                          str(desk.folder / "copy"))  # fmt: skip
    assert (code, len(list((desk.folder / "copy").iterdir()))) == (0, 12)
    code, told = desk.run("move", "--node", "pacs", "--to", "THIRD", "--id", "TOY1")
    assert (code, told["studies"][0]["completed"]) == (0, 12)
    assert len(desk.third.index.instances("1")) == 12
    code, told = desk.run("move", "--node", "pacs", "--to", "NOBODY", "--id", "TOY1")
    assert (code, told["status"]) == (1, "error")


@pytest.mark.req("Y-09")
def test_that_echo_and_check_say_what_is_wrong(desk):
    assert desk.run("echo", "--node", "pacs")[0] == 0
    code, told = desk.run("echo", "--node", "dead")
    assert code == 2
    assert "nothing listens" in json.dumps(told)
    code, told = desk.run("check", "--node", "pacs", "--store")
    assert (code, [one["state"] for one in told["steps"]]) == (0, ["pass"] * 6)
    code, told = desk.run("check", "--node", "dead")
    assert (code, told["steps"][0]["state"]) == (1, "error")
    code, told = desk.run("echo", "--node", "nobody")
    assert code == 2
    assert "known are pacs, dead" in json.dumps(told)


@pytest.mark.req("Y-08")
def test_that_a_failure_is_exit_code_1_and_named(desk):
    code, told = desk.run("send", str(desk.set), "--node", "dead")
    assert (code, told["status"], told["counts"]["failed"]) == (1, "error", 12)
    assert "nothing listens" in told["objects"][0]["why"]


@pytest.mark.req("Y-04")
def test_that_sync_reports_and_quarantine_shows_side_by_side(desk):
    files = sorted(desk.set.iterdir())
    main(["archive", "import", *map(str, files[:8]), "--archive", str(desk.folder / "own")])
    desk.server.take_in_files(files[5:], "CD")
    desk.capsys.readouterr()
    code, told = desk.run("sync", "--node", "pacs", "--dry-run")
    assert (code, len(told["here_only"]), len(told["there_only"])) == (1, 5, 4)
    code, told = desk.run("sync", "--node", "pacs")
    assert (code, told["equal"]) == (0, True)
    assert desk.run("sync", "--node", "pacs")[1]["same"] == 12
    assert desk.run("quarantine")[0] == 0
    data = pydicom.dcmread(files[-1])
    data.OperatorsName = "Miller"
    data.save_as(files[-1])
    main(["archive", "import", str(files[-1]), "--archive", str(desk.folder / "own")])
    desk.capsys.readouterr()
    code, told = desk.run("quarantine")
    assert code == 1
    assert told["quarantined"][0]["differences"] == [
        {"place": "OperatorsName", "kept": "", "quarantined": "Miller"}
    ]


@pytest.mark.req("Y-02")
@pytest.mark.skipif(os.name == "nt", reason="ends the service by a signal")
def test_that_serve_listens_until_it_is_ended(desk):
    port = free_port()
    desk.settings.write_text(f"[listener]\nport = {port}\n")
    command = [sys.executable, "-c", "from app.command_line import main; main()", "archive",
               "serve", "--settings", str(desk.settings), "--archive",
               str(desk.folder / "own")]  # fmt: skip
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    wait_for(port, process)
    time.sleep(1.0)
    desk.settings.write_text(f"scrub_days = 3\n[listener]\nport = {port}\n")
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, log = process.communicate(timeout=40)
    assert process.returncode == 0
    assert "the settings were read again" in log
    assert f"EQS listens at {HERE}:{port}" in out
