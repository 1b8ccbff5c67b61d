"""`eqs selftest`: green here, red for the step whose part is broken, and nothing left behind."""

import json
import math
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.demo.anatomy import CONTOUR_POINTS, ORGANS
from app.selftest.steps import NAMES, STEPS

CHECKOUT = Path(__file__).resolve().parent.parent
TABLE = CHECKOUT / "resources" / "selftest.toml"
pytestmark = pytest.mark.timeout(600)  # each step is a new process


def run(home, *words):
    """Run a command as a user with an empty home."""
    own = {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "share"), "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1", "QT_QPA_PLATFORM": "offscreen",
    }  # fmt: skip
    inherited = {name: one for name, one in os.environ.items() if not name.startswith("EQS_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *words], cwd=CHECKOUT, capture_output=True, text=True,
        env={**inherited, **own}, check=False,
    )  # fmt: skip


def files_of(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_that_every_step_is_green_and_nothing_is_left_behind(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = run(home, "selftest", "--json")
    told = json.loads(done.stdout)
    states = {one["name"]: (one["state"], one["words"]) for one in told["steps"]}
    assert (done.returncode, told["status"]) == (0, "pass"), states
    assert tuple(states) == NAMES
    unknown = [name for name, (state, _) in states.items() if state != "pass"]
    assert unknown in ([], ["installed"])  # a checkout has no list of installed files
    assert files_of(home) == []


def copied(folder):
    """Return a copy of the program that a test may break."""
    for name in ("app", "core", "resources"):
        shutil.copytree(
            CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return folder


def changed(file, before, after):
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def steps_of(folder, *names):
    """Run some steps of a program folder; return state and words of each."""
    words = (
        "import json; from dataclasses import asdict; from app.selftest.run import run_all; "
        f"print(json.dumps([asdict(one) for one in run_all(lambda _: None, {names!r})]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return {one["name"]: (one["state"], one["words"]) for one in json.loads(done.stdout)}


def test_that_changed_leaf_banks_in_lex_are_red_and_what_needs_the_file_is_not_run(tmp_path):
    folder = copied(tmp_path)
    changed(
        folder / "app/lex/field_records.py", '(("a", point.left_cm), ("b", point.right_cm))',
        '(("b", point.left_cm), ("a", point.right_cm))',
    )  # fmt: skip
    told = steps_of(folder, "demonstration", "lex", "filter", "mu")
    assert {name: state for name, (state, _) in told.items()} == {
        "demonstration": "pass", "lex": "error", "filter": "not-run", "mu": "not-run",
    }  # fmt: skip
    assert "wrote no file" in told["lex"][1]
    assert "'LEX', which failed" in told["filter"][1]


def test_that_a_lenient_filter_is_red(tmp_path):
    folder = copied(tmp_path)
    changed(folder / "app/filter/report.py", "    comparison = compare(rv, plan,",
            "    comparison = compare(plan, plan,")  # fmt: skip
    told = steps_of(folder, "demonstration", "lex", "filter")
    assert told["lex"][0] == "pass"
    assert told["filter"][0] == "error"
    assert "leaf_1_mm" in told["filter"][1]


def test_that_a_table_of_the_book_that_lacks_or_is_changed_is_red(tmp_path):
    folder = copied(tmp_path)
    file = folder / "resources/book_generic/6X/csf.csv"
    table = file.read_text(encoding="utf-8")
    head, _, rows = table.rpartition("#")
    title, *lines = rows.splitlines()
    scaled = [lines[0], *(one.split(",")[0] + f",{float(one.split(',')[1]) * 1.001:.5f}"
                          for one in lines[1:])]  # fmt: skip
    file.write_text(head + "#" + "\n".join([title, *scaled]) + "\n", encoding="utf-8")
    told = steps_of(folder, "tables", "demonstration", "lex", "mu")
    assert (told["tables"][0], told["mu"][0]) == ("pass", "error")
    assert "(MU, field 1)" in told["mu"][1]
    file.unlink()
    told = steps_of(folder, "tables")
    assert told["tables"][0] == "error"
    assert "csf" in told["tables"][1]


def test_that_a_step_that_takes_its_process_down_is_one_red_row(tmp_path):
    folder = copied(tmp_path)
    changed(folder / "app/viewer/desk.py", "class Desk(", "import os\nos.abort()\n\n\nclass Desk(")
    told = steps_of(folder, "demonstration", "pages", "archive")
    assert told["pages"][0] == "error"
    assert "process ended with" in told["pages"][1]
    assert told["archive"][0] == "pass"


def test_that_a_room_that_cannot_be_loaded_is_one_red_row(tmp_path):
    folder = copied(tmp_path)
    file = folder / "app/archive/network.py"
    file.write_text("raise ImportError('DLL load failed')\n", encoding="utf-8")
    told = steps_of(folder, "tables", "demonstration", "archive", "portal")
    assert {name: state for name, (state, _) in told.items()} == {
        "tables": "pass", "demonstration": "pass", "archive": "error", "portal": "not-run",
    }  # fmt: skip
    assert "DLL load failed" in told["archive"][1]


def test_that_a_fault_in_a_slot_of_a_page_is_red(tmp_path):
    folder = copied(tmp_path)
    changed(
        folder / "app/archive/gui/page.py",
        "    def _refresh(self) -> None:\n",
        "    def _refresh(self) -> None:\n        assert self.archive is None, 'seeded'\n",
    )
    told = steps_of(folder, "demonstration", "pages")
    assert told["pages"][0] == "error"
    assert "seeded" in told["pages"][1]


def test_that_an_archive_that_changes_what_it_keeps_is_red(tmp_path):
    folder = copied(tmp_path)
    changed(
        folder / "app/archive/network.py", "write_whole(part, data)",
        "write_whole(part, data.replace(b'PELVIS', b'PELVIT'))",
    )  # fmt: skip
    told = steps_of(folder, "demonstration", "archive")
    assert told["archive"][0] == "error"
    assert "differs" in told["archive"][1]


def test_that_a_dvh_a_little_off_is_red(tmp_path):
    folder = copied(tmp_path)
    text = (folder / "resources/selftest.toml").read_text(encoding="utf-8")
    (folder / "resources/selftest.toml").write_text(text.replace("44.9845", "44.99"), "utf-8")
    told = steps_of(folder, "demonstration", "dvh")
    assert told["dvh"][0] == "error"
    assert "DVH of PTV, d95_gy" in told["dvh"][1]


def test_that_the_known_volumes_are_those_of_the_formulas():
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))["dvh"]
    # An outline of 48 corners holds a little less than its ellipse.
    turn = 2 * math.pi / CONTOUR_POINTS
    share = math.sin(turn) / turn
    for organ in ORGANS:
        x_mm, y_mm, z_mm = organ.half_mm
        length = 2 * z_mm if organ.cylinder else 4 / 3 * z_mm
        formula = math.pi * x_mm * y_mm * length * share / 1000
        assert table[organ.name]["volume_cc"]["value"] == pytest.approx(formula, rel=0.04)


def test_that_people_get_one_line_per_step_and_the_exit_code_of_the_worst(tmp_path):
    folder = copied(tmp_path)
    for file in (folder / "resources/machines").glob("*.toml"):
        file.write_text("[broken", encoding="utf-8")
    own = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-m", "app", "selftest"], cwd=folder, env=own,
                          capture_output=True, text=True, check=False)  # fmt: skip
    rows = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert [one.title for one in STEPS] == [row[:18].strip() for row in rows[1:-1]]
    assert "FAILED" in rows[2]
    assert rows[-1].startswith("Self-test:")
    assert "Traceback" not in done.stdout + done.stderr


def test_that_no_place_to_write_is_exit_code_2(tmp_path):
    own = {**os.environ, "TMPDIR": str(tmp_path / "absent")}
    words = (
        "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: [sys.argv[1]]; "
        "from app.command_line import main; sys.exit(main(['selftest', '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", words, str(tmp_path / "absent")], cwd=CHECKOUT,
                          env=own, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 2, done.stdout
    assert json.loads(done.stdout)["status"] == "could-not-run"
