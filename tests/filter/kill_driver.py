"""Kill a writer at random moments, many times, and say what was lost; its own process.

Usage: python kill_driver.py ROUNDS SEED. Prints one JSON object: rounds, acknowledged, faults.
Runs alone, without threads, because it forks.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.filter.baseline import Wanted, baseline_faults, baselines, save_baseline
from app.filter.baseline_check import check_against
from app.filter.ledger import attest, ledger
from app.filter.ledger_log import log_file, recorded
from app.filter.ledger_page import write_page
from app.filter.report import open_report
from core.audit import entries, verify
from core.findings import State
from tests.filter.desk_samples import write_export

LONGEST_S = 0.25


def write_for_ever(kind, work, report, acknowledge):
    """Write one kind of thing after another; name each only after it has been acknowledged."""
    number = 0
    while True:
        number += 1
        word = f"{os.getpid()}-{number}"
        if kind == "log":
            attest(report, "gating", "Ann", word)
        elif kind == "baseline":
            word = save_baseline(Wanted(work / "export.rtp", None, "IE", word)).id
        else:
            word = write_page(report, work / "emr" / word, "IE", word).parent.name
        os.write(acknowledge, f"{word}\n".encode())


def killed_writer(kind, work, report, after_s):
    """Fork a writer, kill it after a while, and return what it had acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            write_for_ever(kind, work, report, writing)
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit("the writer ended by itself")
    data = b""
    while part := os.read(reading, 65536):
        data += part
    os.close(reading)
    return data.decode().split("\n")[:-1]


def faults_after(kind, words, work, report):
    """Return everything that was acknowledged and is not there whole, or half and accepted."""
    if kind == "log":
        told = {a.words for one in ledger(report) for a in one.attested}
        yield from (f"attestation {word} is lost" for word in words if word not in told)
    elif kind == "baseline":
        found = {one.id: one.faults for one in baselines()}
        yield from (f"baseline {word} is lost" for word in words if word not in found)
        yield from (f"baseline {name}: {fault[0]}" for name, fault in found.items() if fault)
    else:
        files = {file.parent.name: file for file in (work / "emr").rglob("*.html")}
        yield from (f"report {word} is lost" for word in words if word not in files)
        for file in files.values():
            if not file.read_bytes().endswith(b"</html>"):
                yield f"{file.name} is half"
        names = {entry["person"] for entry in recorded("report written")}
        yield from (f"report {word} is not in the log" for word in words if word not in names)


def main(rounds, seed):
    """Kill as often as asked; the log must stay whole but for lines torn by the killing."""
    dice = random.Random(seed)
    count, faults = 0, []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        os.environ["EQS_DATA"] = str(work / "data")
        report = open_report(write_export(work))
        for number in range(rounds):
            kind = ("log", "baseline", "report")[number % 3]
            words = killed_writer(kind, work, report, dice.uniform(0.0, LONGEST_S))
            count += len(words)
            faults += faults_after(kind, words, work, report)
            torn = sum(bool(one.get("follows_a_torn_line")) for one in entries(log_file()))
            broken = [one for one in verify(log_file()) if "torn" not in one]
            faults += broken if len(broken) > torn else []
        if baselines() and check_against(work / "export.rtp").status != State.PASS:
            faults.append("the baseline does not hold")
        faults += [
            one for one in baseline_faults() if "torn" not in one and "log.jsonl" not in one
        ]
    print(json.dumps({"rounds": rounds, "acknowledged": count, "faults": faults[:20]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
