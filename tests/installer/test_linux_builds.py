"""The wheel in an empty environment, whole and pruned, and the frozen program: all started."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.installer.places import CHECKOUT

import linux_build as build  # isort: skip
import tree  # isort: skip
import windows_stage as stage  # isort: skip

pytestmark = [pytest.mark.build, pytest.mark.timeout(1500)]


def built(what):
    done = subprocess.run([sys.executable, "installer/build.py", what], cwd=CHECKOUT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel():
    """Return what the build of the wheel and its self-test said."""
    return built("wheel")


def test_that_the_wheel_runs_its_self_test_in_an_empty_environment(wheel):
    assert "Installed files    ok" in wheel
    assert "12 ok" in wheel


def test_that_the_wheel_holds_every_file_of_the_program_and_no_other(wheel):
    (file,) = build.DIST.glob("eqs-*.whl")
    with zipfile.ZipFile(file) as pack:
        held = {name for name in pack.namelist() if ".dist-info/" not in name}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "app", "core",
         "resources"], cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    wanted = {f"eqs/{name}" for name in listed if (CHECKOUT / name).is_file()}
    assert held == wanted | {"eqs/__init__.py", "eqs/__main__.py"}


def test_that_the_frozen_program_runs_its_self_test(wheel):
    told = built("linux")
    assert "Installed files    ok" in told
    assert "12 ok" in told
    assert "MB  in" in told


def test_that_a_changed_file_of_the_frozen_program_is_told(wheel, tmp_path):
    program = build.DIST / "eqs"
    table = program / "_internal" / "resources" / "tolerances.toml"
    before = table.read_bytes()
    table.write_bytes(before + b"\n# changed\n")
    try:
        words = [program / "eqs", "selftest", "--step", "installed", "--folder", tmp_path]
        subprocess.run(words, check=True)
    finally:
        table.write_bytes(before)
    told = json.loads((tmp_path / "installed.json").read_text())
    assert told["state"] == "error"
    assert "tolerances.toml" in told["words"]


def test_that_what_is_left_out_on_windows_is_not_missed(wheel):
    """The same files are removed from this environment: nothing that runs asks for them."""
    python = build.BUILD / "installed" / "bin" / "python"
    (packages,) = Path(python.parents[1] / "lib").glob("python3*/site-packages")
    stage._drop(packages, stage.contents()["drop"]["patterns"])
    left_out = [one["package"] for one in stage.contents()["without"]]
    subprocess.run([python, "-m", "pip", "-q", "uninstall", "-y", *left_out], check=True)
    assert tree.self_test([python, "-m", "eqs"]) == 0
