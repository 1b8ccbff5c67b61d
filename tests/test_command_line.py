"""The commands: exit codes, JSON, and one sentence for every kind of bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.command_line import main
from app.demo.write_demo import write_demo

CHECKOUT = Path(__file__).resolve().parent.parent
FINDING_KEYS = {
    "rule", "severity", "field", "control_point", "item", "expected", "found", "unit", "message",
    "remedy",
}  # fmt: skip


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


def run(capsys, *words):
    """Run a command; return exit code, standard output and standard error."""
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def variant(demo, name):
    return demo.variant_index.parent / f"{name}.rtp"


@pytest.mark.req("R-04", "R-23", "R-26")
def test_that_a_clean_comparison_exits_with_0_and_says_what_was_not_checked(capsys, demo):
    words = ("filter", "compare", "--rv", demo.export, "--plan", demo.plan)
    code, text, _ = run(capsys, *words)
    assert code == 0
    assert "Not checked:" in text
    code, text, _ = run(capsys, *words, "--json")
    answer = json.loads(text)
    assert (code, answer["status"], answer["findings"]) == (0, "pass", [])
    assert set(answer["matches"][0]) == {"rv_field", "plan_beam", "deviation", "segment"}
    assert {"item", "why"} <= set(answer["not_checked"][0])
    assert "gating" in {row["item"] for row in answer["not_checked"]}


@pytest.mark.req("R-04", "R-26")
@pytest.mark.parametrize(
    ("name", "status"), [("gantry", "error"), ("leaf_1_mm", "error"), ("dose_rate", "warning")]
)
def test_that_findings_exit_with_1(capsys, demo, name, status):
    code, text, _ = run(
        capsys, "filter", "compare", "--rv", variant(demo, name), "--plan", demo.pinnacle_plan,
        "--json",
    )  # fmt: skip
    answer = json.loads(text)
    assert (code, answer["status"]) == (1, status)
    assert all(set(row) >= FINDING_KEYS for row in answer["findings"])
    assert answer["findings"][0]["severity"] == status


@pytest.mark.req("R-02")
def test_that_an_export_opens_alone(capsys, demo):
    code, text, _ = run(capsys, "filter", "open", demo.export, "--json")
    assert (code, json.loads(text)["status"]) == (0, "pass")
    code, text, _ = run(capsys, "filter", "open", variant(demo, "rx_modality"))
    assert code == 1
    assert "PELVIS" in text


def test_that_a_dicom_plan_is_an_rv_source_too(capsys, demo):
    code, text, _ = run(
        capsys, "filter", "compare", "--rv", demo.plan, "--plan", demo.pinnacle_plan, "--json"
    )
    assert code in (0, 1)
    assert len(json.loads(text)["matches"]) == 5


@pytest.mark.req("O-07")
def test_that_rtp_files_are_shown_and_checked(capsys, demo):
    code, text, _ = run(capsys, "rtp", "show", demo.export)
    assert code == 0
    assert "gantry_angle" in text
    code, text, _ = run(capsys, "rtp", "show", demo.export, "--json")
    assert json.loads(text)["records"][0]["keyword"] == "PLAN_DEF"
    assert run(capsys, "rtp", "check", demo.export)[0] == 0
    code, text, _ = run(capsys, "rtp", "check", variant(demo, "checksum_damaged"), "--json")
    answer = json.loads(text)
    assert (code, answer["status"]) == (1, "error")
    assert "checksum" in answer["findings"][0]["message"]


@pytest.mark.req("L-05", "L-24")
@pytest.mark.parametrize("source", ["plan", "pinnacle_plan"])
def test_that_lex_writes_a_file_that_the_filter_passes(capsys, demo, tmp_path, source):
    out = tmp_path / "transfer.rtp"
    words = ("--plan", getattr(demo, source), "--treatment", demo.treatment, "--out", out)
    code, text, _ = run(capsys, "lex", "write", *words, "--json")
    assert (code, json.loads(text)["written"]) == (0, str(out))
    compare = ("filter", "compare", "--rv", out, "--plan", getattr(demo, source))
    assert run(capsys, *compare)[0] == 0


@pytest.mark.req("L-05")
def test_that_lex_names_what_is_missing_and_writes_nothing(capsys, demo, tmp_path):
    treatment = tmp_path / "treatment.toml"
    whole = demo.treatment.read_text(encoding="utf-8")
    treatment.write_text(whole.replace("tolerance_table = 2\n", ""), encoding="utf-8")
    out = tmp_path / "transfer.rtp"
    words = ("--plan", demo.plan, "--treatment", treatment, "--out", out)
    code, text, _ = run(capsys, "lex", "write", *words)
    assert code == 2
    assert "olerance table" in text
    assert not out.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["treatment.toml"]


def bad_files(folder, demo):
    plain = demo.export.read_bytes()
    bad = {
        "empty.rtp": b"",
        "binary.rtp": bytes(range(256)) * 20,
        "utf16.rtp": plain.decode("latin-1").encode("utf-16"),
        "cut.rtp": plain[: len(plain) // 2],
        "page.rtp": b"<html><body>login</body></html>",
        "crc.rtp": plain.replace(b'"DEMO"', b'"DEMI"', 1),
        "plan.Trial": demo.pinnacle_plan.joinpath("plan.Trial").read_bytes()[:3000],
        "cut.dcm": demo.plan.read_bytes()[:1500],
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in bad] + [folder / "absent.rtp", folder, demo.ct[0]]


def refused(capsys, *words):
    code, text, err = run(capsys, *words)
    assert code == 2, (words, text, err)
    assert "Traceback" not in err
    assert "fault" not in err, err
    assert len(err.strip().splitlines()) == 1, err
    return err


def test_that_every_bad_export_is_one_sentence_and_exit_code_2(capsys, demo, tmp_path):
    for path in bad_files(tmp_path, demo):
        refused(capsys, "filter", "open", path)
        refused(capsys, "filter", "compare", "--rv", path, "--plan", demo.plan)


def test_that_every_bad_plan_is_one_sentence_and_leaves_no_file(capsys, demo, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    out = tmp_path / "transfer.rtp"
    for path in bad_files(folder, demo):
        refused(capsys, "filter", "compare", "--rv", demo.export, "--plan", path)
        words = ("--plan", path, "--treatment", demo.treatment, "--out", out)
        refused(capsys, "lex", "write", *words)
        assert not out.exists()


def test_that_a_bad_treatment_file_is_one_sentence(capsys, demo, tmp_path):
    out = tmp_path / "transfer.rtp"
    for text in ("course = ", "corse = 1", "course = 'x'", "\x00\x01"):
        treatment = tmp_path / "t.toml"
        treatment.write_text(text, encoding="utf-8")
        words = ("--plan", demo.plan, "--treatment", treatment, "--out", out)
        refused(capsys, "lex", "write", *words)
        assert not out.exists()


def test_that_json_says_why_it_could_not_run(capsys, tmp_path):
    code, text, _ = run(capsys, "filter", "open", tmp_path / "absent.rtp", "--json")
    answer = json.loads(text)
    assert (code, answer["status"]) == (2, "could-not-run")
    assert set(answer["error"]) == {"what", "where", "remedy"}


def test_that_the_demonstration_is_written_and_a_foreign_folder_left_alone(capsys, tmp_path):
    assert run(capsys, "demo", tmp_path / "new")[0] == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("hello")
    refused(capsys, "demo", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_that_commands_start_without_a_window():
    words = (
        "import sys; from app.command_line import parser; parser(); "
        "print('PySide6' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def without_console(folder, *words):
    """Run a command as a link of Windows does: no standard output, no standard error."""
    own = {**os.environ, "EQS_DATA": str(folder)}
    return subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-m", "app", *words],
        cwd=CHECKOUT, env=own, check=False,
    ).returncode  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="closed by a shell of another system")
def test_that_without_a_console_what_is_said_goes_to_a_file_that_stays_small(tmp_path):
    assert without_console(tmp_path, "book", "check") == 0
    assert "Generic sample book" in (tmp_path / "messages.log").read_text(encoding="utf-8")
    assert without_console(tmp_path, "filter", "open", str(tmp_path / "absent.rtp")) == 2
    said = (tmp_path / "messages.log").read_text(encoding="utf-8")
    assert "absent.rtp" in said
    (tmp_path / "messages.log").write_text("x" * 5_000_001, encoding="utf-8")
    assert without_console(tmp_path, "book", "check") == 0
    assert (tmp_path / "messages.log").stat().st_size < 10_000
    assert (tmp_path / "messages.before.log").stat().st_size == 5_000_001


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is told otherwise there")
def test_that_output_nobody_reads_any_more_ends_quietly():
    line = [sys.executable, "-m", "app", "help", "leaf"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 2
