"""What the Windows set-up consists of, as far as it can be told without building it."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib

import pytest

from tests.installer.places import CHECKOUT

import tree  # isort: skip
import windows_stage as stage  # isort: skip
from environment import SetUpError  # isort: skip

LINE = re.compile(r"([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOADED = """
import importlib, json, pkgutil, sys, app, core
for root in (app, core):
    for one in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
print(json.dumps(sorted(
    name for name in sys.modules if name.startswith(("vtkmodules.", "PySide6.Qt")))))
"""


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked():
    lines = stage.LOCK.read_text(encoding="utf-8").splitlines()
    found = [LINE.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(found)
    return {one[1]: one[2] for one in found}


def test_that_every_wheel_is_pinned_by_the_version_the_tests_run_with():
    lines = (CHECKOUT / "installer/constraints.txt").read_text(encoding="utf-8").split()
    pinned = {plain(line.split("==")[0]): line.split("==")[1] for line in lines}
    assert {name: pinned.get(name) for name in locked()} == locked()


def test_that_every_dependency_of_the_program_is_locked():
    names = {plain(re.match(r"[A-Za-z0-9_.-]+", one)[0]) for one in PROJECT["dependencies"]}
    assert names <= set(locked())
    left_out = {one["package"] for one in stage.contents()["without"]}
    assert not left_out & set(locked())


def test_that_every_library_the_program_loads_stays():
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=CHECKOUT, capture_output=True,
                          text=True, check=True)  # fmt: skip
    loaded = [name.split(".")[:2] for name in json.loads(done.stdout.splitlines()[-1])]
    rules = stage.contents()["libraries"]
    qt = {name for front, name in loaded if front == "PySide6"}
    vtk = {name for front, name in loaded if front == "vtkmodules" and name.startswith("vtk")}
    assert qt
    assert qt <= set(rules["qt"])
    assert vtk == set(rules["vtk"])


@pytest.fixture
def release(tmp_path, monkeypatch):
    """An empty place for Python's archive, within a checkout of its own."""
    here = tmp_path / "installer" / "windows"
    here.mkdir(parents=True)
    table = (stage.HERE / "contents.toml").read_bytes()
    (here / "contents.toml").write_bytes(table)
    monkeypatch.setattr(stage, "HERE", here)
    monkeypatch.setattr(stage, "CHECKOUT", tmp_path)
    return here


def test_that_the_build_is_refused_without_python(release):
    with pytest.raises(SetUpError, match=r"place python-3\.11.*embed-amd64\.zip") as told:
        stage.python_archive()
    assert "--no-python" in str(told.value)


def test_that_another_python_than_the_pinned_one_is_refused(release):
    file = release / stage.contents()["python"]["file"]
    file.write_bytes(b"another")
    with pytest.raises(SetUpError, match=hashlib.sha256(b"another").hexdigest()):
        stage.python_archive()


def test_that_the_pinned_python_is_taken(release):
    data = b"as if it were Python"
    text = (release / "contents.toml").read_text(encoding="utf-8")
    old = stage.contents()["python"]
    (release / "contents.toml").write_text(
        text.replace(old["sha256"], hashlib.sha256(data).hexdigest()), encoding="utf-8"
    )
    (release / old["file"]).write_bytes(data)
    assert stage.python_archive() == release / old["file"]


def test_that_only_files_of_the_patterns_are_dropped(tmp_path):
    for name in ("a/tests/one.py", "a/keep.py", "a/b/c.pyi", "testsuite/x.py", "bin/eqs",
                 "PySide6/lupdate.exe", "PySide6/plugins/keep.exe"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    stage._drop(tmp_path, stage.contents()["drop"]["patterns"])
    left = sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file())
    assert left == ["PySide6/plugins/keep.exe", "a/keep.py", "testsuite/x.py"]
    assert not (tmp_path / "bin").exists()


def test_that_a_library_nobody_brings_is_told_with_who_asks_for_it():
    system = {"libraries": ["kernel32.dll"], "prefixes": ["api-ms-win-"]}
    asks = {
        "a/one.pyd": ["kernel32.dll", "two.dll", "api-ms-win-crt-heap-l1-1-0.dll"],
        "b/Two.dll": ["absent.dll"],
    }
    assert stage.missing(asks, system) == ["absent.dll (for b/Two.dll)"]


def test_that_unused_libraries_go_and_what_used_ones_ask_for_stays(tmp_path):
    asks = {
        "PySide6/QtCore.pyd": ["qt6core.dll"], "PySide6/Qt6Core.dll": ["deep.dll"],
        "PySide6/Qt6Quick.dll": [], "PySide6/deep.dll": [], "other/x.pyd": ["vtkodd.dll"],
        "vtk.libs/vtkOdd.dll": [], "vtkmodules/vtkWeb.cp311.pyd": [],
    }  # fmt: skip
    for name in asks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    rules = {"folders": ["PySide6", "vtkmodules", "vtk.libs"], "qt": ["QtCore"],
             "qt_plugins": [], "qt_extra": [], "vtk": []}  # fmt: skip
    named = {f"{stage.PACKAGES.as_posix()}/{name}": libraries for name, libraries in asks.items()}
    stage._keep_used(tmp_path, rules, named)
    left = {str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file()}
    assert left == set(asks) - {"PySide6/Qt6Quick.dll", "vtkmodules/vtkWeb.cp311.pyd"}
    with pytest.raises(SetUpError, match=r"QtGone\.pyd"):
        stage._keep_used(tmp_path, {**rules, "qt": ["QtGone"]}, named)


def test_that_the_list_of_a_folder_names_every_file_with_its_digest(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"a")
    assert tree.write_list(tmp_path) == 1
    text = (tmp_path / tree.LIST).read_text(encoding="utf-8")
    assert text == f"{hashlib.sha256(b'a').hexdigest()}  in/a\n"
    assert "in 2 files" in tree.size_table(tmp_path)
