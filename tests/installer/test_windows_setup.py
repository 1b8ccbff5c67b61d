"""The set-up for Windows, compiled by NSIS and run in wine: installs, replaces, removes."""

import subprocess
import tomllib

import pytest

from tests.installer.places import CHECKOUT, NSIS, Windows, files_of, need_nsis, need_wine

import windows_build as build  # isort: skip
import windows_stage as stage  # isort: skip

pytestmark = [pytest.mark.build, pytest.mark.timeout(900)]
NAME = "EQS Workstation"
VERSION = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    need_wine()
    return Windows(tmp_path_factory.mktemp("windows"))


def toy_stage(folder, *names):
    """Write a stage of a few files, as quickly compiled as installed."""
    for name in ("LICENSE.txt", "eqs.cmd", "files.sha256", "licences/README.txt", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Return a small set-up and its stage."""
    need_nsis()
    folder = tmp_path_factory.mktemp("toy")
    made = toy_stage(folder / "stage", "python/pythonw.exe", "python/Lib/new.py")
    return compiled(made, folder), made


def compiled(made, folder):
    """Compile a stage; return the set-up in a folder of its own."""
    before = build.DIST
    build.DIST = folder
    try:
        return build.compile_setup(NSIS, made, with_python=False, quick=True)
    finally:
        build.DIST = before


@pytest.fixture
def empty(windows):
    """Return Windows 10 without the program."""
    windows.be("win10")
    yield windows
    windows.be("win10")
    for uninstall in list(windows.drive.rglob("uninstall.exe")):
        windows.run(uninstall, "/S")


def installed_without_uninstaller(folder):
    return {name: data for name, data in files_of(folder).items() if name != "uninstall.exe"}


def test_that_the_real_set_up_installs_its_stage_byte_for_byte_and_removes_it(empty):
    done = subprocess.run(
        ["python3", "installer/build.py", "windows", "--no-python", "--quick"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    set_up = build.DIST / f"EQS-Setup-{VERSION}-test.exe"
    assert empty.run(set_up, "/S") == 0
    own = empty.programs / NAME
    laid = files_of(build.STAGE)
    assert installed_without_uninstaller(own) == laid
    assert len(laid) > 5000
    packages = stage.PACKAGES.as_posix()
    for name in ("eqs/app/__main__.py", "eqs/resources/selftest.toml", "numpy/__init__.py"):
        assert f"{packages}/{name}" in laid
    listed = dict(
        reversed(line.split("  ", 1)) for line in laid["files.sha256"].decode().splitlines()
    )
    assert set(listed) == set(laid) - {"files.sha256"}
    assert not any(b"build/windows-stage" in data or str(CHECKOUT).encode() in data
                   for data in laid.values())  # fmt: skip
    told = empty.registry()
    assert told["DisplayVersion"] == VERSION
    assert told["QuietUninstallString"] == rf'"C:\Program Files\{NAME}\uninstall.exe" /S'
    assert int(told["EstimatedSize"], 16) == sum(map(len, laid.values())) // 1024
    assert empty.run(own / "uninstall.exe", "/S") == 0
    assert not own.exists()
    assert empty.registry() == {}


def test_that_it_lays_links_for_everybody_and_nothing_that_was_not_asked_for(empty, toy):
    assert empty.run(toy[0], "/S") == 0
    assert {file.stem for file in (empty.menu / NAME).iterdir()} == {
        NAME, "Demonstration patient", "Self-test",
    }  # fmt: skip
    link = (empty.menu / NAME / f"{NAME}.lnk").read_bytes()
    assert "-m eqs".encode("utf-16-le") in link
    assert not (empty.desktop / f"{NAME}.lnk").exists()
    assert not list((empty.menu / "StartUp").glob("EQS*"))


def test_that_the_switches_add_link_and_listener_and_the_uninstaller_takes_them_away(empty, toy):
    assert empty.run(toy[0], "/S", "/DESKTOP", "/LISTENER", "/FIREWALL", "/PORT=104") == 0
    links = [empty.desktop / f"{NAME}.lnk", *(empty.menu / "StartUp").glob("EQS*.lnk")]
    assert len(links) == 2
    assert all(link.is_file() for link in links)
    assert empty.run(empty.programs / NAME / "uninstall.exe", "/S") == 0
    assert not any(link.exists() for link in links)
    assert not (empty.menu / NAME).exists()


def test_that_an_upgrade_goes_to_the_old_place_and_leaves_no_module_of_the_old_version(
    empty, toy, tmp_path
):
    old = toy_stage(tmp_path / "old", "python/pythonw.exe", "python/Lib/gone.py")
    place = empty.drive / "Prüfung" / "EQS"
    assert empty.run(compiled(old, tmp_path), "/S", r"/D=C:\Prüfung\EQS") == 0
    assert (place / "python/Lib/gone.py").is_file()
    assert empty.run(toy[0], "/S") == 0
    assert installed_without_uninstaller(place) == files_of(toy[1])
    assert not (empty.programs / NAME).exists()


def test_that_removing_keeps_data_and_what_others_have_put_into_the_folder(empty, toy):
    data = empty.drive / "users" / "somebody" / "AppData/Local/EQS/EQS Workstation/archive/x.dcm"
    data.parent.mkdir(parents=True)
    data.write_bytes(b"a plan")
    assert empty.run(toy[0], "/S") == 0
    own = empty.programs / NAME
    (own / "notes of the physicist.txt").write_text("keep")
    assert empty.run(own / "uninstall.exe", "/S") == 0
    assert [file.name for file in own.iterdir()] == ["notes of the physicist.txt"]
    assert data.read_bytes() == b"a plan"
    (own / "notes of the physicist.txt").unlink()
    own.rmdir()


def test_that_a_program_that_runs_is_neither_replaced_nor_removed(empty, toy):
    place = empty.drive / "EQS"
    assert empty.run(toy[0], "/S", r"/D=C:\EQS") == 0
    before = files_of(place)
    with empty.running(place / "python" / "pythonw.exe"):
        before["python/pythonw.exe"] = (place / "python" / "pythonw.exe").read_bytes()
        assert empty.run(toy[0], "/S", settle=False) == 3
        # The last word keeps the uninstaller in this process, whose exit code is looked at.
        assert empty.run(place / "uninstall.exe", "/S", r"_?=C:\EQS", settle=False) == 3
    assert files_of(place) == before
    assert empty.run(toy[0], "/S") == 0
    assert installed_without_uninstaller(place) == files_of(toy[1])


def test_that_set_up_and_uninstaller_are_signed_and_a_signature_refused_ends_the_build(
    toy, tmp_path, monkeypatch
):
    script, signed = tmp_path / "sign.sh", tmp_path / "signed"
    script.write_text(f'test -s "$1" && basename "$1" >> "{signed}"\n')
    monkeypatch.setenv(build.SIGN_VARIABLE, f"sh {script}")
    made = compiled(toy[1], tmp_path)
    names = signed.read_text().split()
    assert len(names) == 2
    assert names[-1] == made.name
    script.write_text("exit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        compiled(toy[1], tmp_path)


def test_that_an_old_windows_is_refused_and_nothing_is_laid(empty, toy):
    empty.be("win7")
    assert empty.run(toy[0], "/S") == 2
    assert not (empty.programs / NAME).exists()
    assert empty.registry() == {}


def test_that_a_file_that_cannot_be_written_leaves_the_old_version(empty, toy, tmp_path):
    assert empty.run(toy[0], "/S") == 0
    own = empty.programs / NAME
    before = installed_without_uninstaller(own)
    (own / "eqs.cmd").unlink()
    (own / "eqs.cmd").mkdir()
    assert empty.run(toy[0], "/S") == 2
    assert {name: data for name, data in before.items() if name.startswith("python/")} == {
        name: data for name, data in files_of(own).items() if name.startswith("python/")
    }
    (own / "eqs.cmd").rmdir()
    (own / "eqs.cmd").write_text("eqs.cmd")
