"""A copy is whole and proven or it is not there; the source is what it was before (L-01, L-02)."""

import hashlib
import json
import random
from itertools import count
from pathlib import Path

import pytest

from app.lex import planning_server
from app.lex.connect import connect
from app.lex.copies import FILES, MANIFEST, copies_folder, verify
from app.lex.fetch import PLAN_FILES as PLAN
from app.lex.fetch import Wish, fetch
from app.lex.patient_index import read_patient
from app.lex.pinnacle_plan import read_pinnacle_plan
from app.lex.remote import ServerError
from app.lex.sources import open_source
from core.errors import RemedyError
from tests.lex.planning_tree import (
    FOLDER,
    PROTOCOLS,
    copy_of_the_real_one,
    served,
    state_of,
    write_tree,
)

NETWORK = ("ftp", "sftp")
DOSE_FILE = f"{FOLDER}/Plan_0/plan.Trial.binary.099"


class StoppedError(Exception):
    """What a user's cancel raises."""


def quiet(share, words):
    assert 0 <= share <= 1
    assert words


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "root")


def plan_of(server, password, progress=quiet):
    patient = planning_server.list_plans(
        server, password, planning_server.list_patients(server, password, quiet)[0], quiet
    )
    return planning_server.copy_plans(server, password, (patient.plans[0],), progress)


def copy_once(server, password, progress=quiet):
    """Copy the plan without asking for the patient first, so that no other copy is made."""
    remote = connect(server, password)
    try:
        return fetch(remote, server.name, [Wish(f"{FOLDER}/Plan_0", PLAN)], progress)
    finally:
        remote.close()


def left_over():
    return [path for path in copies_folder().rglob("*") if path.is_file()]


def refused(server, password, progress, words):
    with pytest.raises(RemedyError, match=words) as caught:
        copy_once(server, password, progress)
    assert left_over() == []
    assert "\n" not in str(caught.value)


def at(verb, work):
    """Call `work` once, when the progress first says `verb`."""
    done = []

    def progress(share, words):
        quiet(share, words)
        if words.startswith(verb) and not done:
            done.append(words)
            work()

    return progress


@pytest.mark.req("L-01", "L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_the_source_is_the_same_to_the_byte_and_the_second_after_a_fetch(tree, protocol):
    before = state_of(tree)
    with served(protocol, tree) as (server, password, running):
        folder = plan_of(server, password)
        assert running is None or running.only_read()
    assert state_of(tree) == before
    assert open_source(folder / "Plan_0").trials[0].person.id == "77"


@pytest.mark.req("L-01", "L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_a_real_plan_is_read_from_its_copy_as_from_the_source(
    shared_data, tmp_path, protocol
):
    root = copy_of_the_real_one(shared_data, tmp_path / "root")
    before = state_of(root)
    with served(protocol, root) as (server, password, running):
        folder = plan_of(server, password)
        assert running is None or running.only_read()
    assert state_of(root) == before
    assert read_pinnacle_plan(folder / "Plan_0") == read_pinnacle_plan(root / FOLDER / "Plan_0")


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_only_what_the_plan_needs_is_copied_with_its_hashes(tree, protocol):
    with served(protocol, tree) as (server, password, _):
        folder = plan_of(server, password)
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"Patient", "ImageSet_0.header", "plan.Trial", "plan.Trial.binary.007"} <= names
    assert not names & {"ImageSet_0.img", "core", "Institution"}
    assert not (folder / "Plan_7").exists()
    copy = folder.parents[3]
    manifest = json.loads((copy / MANIFEST).read_text())
    assert manifest["source"] == server.words
    assert password == "" or password not in (copy / MANIFEST).read_text()
    assert {row["path"].rpartition("/")[2] for row in manifest["files"]} == names
    for row in manifest["files"]:
        data = (tree / row["path"]).read_bytes()
        assert (row["size"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert (copy / FILES / row["path"]).read_bytes() == data


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_nothing_is_left_when_the_server_dies_while_copying(tree, protocol):
    (tree / DOSE_FILE).write_bytes(bytes(20_000_000))
    with served(protocol, tree) as (server, password, running):
        progress = at("Copying plan.Trial.binary.099", running.kill)
        refused(server, password, progress, "connection was lost")


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_nothing_is_left_when_the_server_dies_before_the_proof(tree, protocol):
    with served(protocol, tree) as (server, password, running):
        refused(server, password, at("Looking", running.kill), "connection was lost")


@pytest.mark.req("L-01", "L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("verb", ["Copying plan.Trial.binary.099", "Looking", "Proving"])
def test_that_a_file_that_grows_while_it_is_copied_is_not_kept(tree, protocol, verb):
    def grow():
        with (tree / DOSE_FILE).open("ab") as file:
            file.write(b"more")

    with served(protocol, tree) as (server, password, _):
        refused(server, password, at(verb, grow), "changed while it was copied")


@pytest.mark.req("L-01", "L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_a_change_that_keeps_size_and_time_is_found_by_the_second_reading(tree, protocol):
    file = tree / FOLDER / "Plan_0" / "plan.Points"

    def change():
        state = file.stat()
        file.write_bytes(file.read_bytes().replace(b"XCoord = 1", b"XCoord = 9"))
        import os

        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))

    with served(protocol, tree) as (server, password, _):
        refused(server, password, at("Looking", change), r"plan\.Points changed while")


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("verb", ["Copying", "Looking", "Proving"])
def test_that_a_file_that_vanishes_leaves_no_copy(tree, protocol, verb):
    file = tree / FOLDER / "Plan_0" / "plan.Trial.binary.007"
    with served(protocol, tree) as (server, password, _):
        refused(server, password, at(verb, file.unlink), "is not there|changed while")


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_a_file_that_appears_while_copying_leaves_no_copy(tree, protocol):
    file = tree / FOLDER / "Plan_0" / "plan.Trial.binary.008"
    with served(protocol, tree) as (server, password, _):
        refused(server, password, at("Copying", file.touch), "binary.008 changed while")


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_cancelling_at_any_moment_leaves_no_copy(tree, protocol):
    told = []
    with served(protocol, tree) as (server, password, _):
        whole = copy_once(server, password, lambda *what: told.append(what))
        before = left_over()
        rounds = random.Random(4)
        for moment in {0, len(told) - 1, *(rounds.randrange(len(told)) for _ in range(8))}:
            steps = count()

            def stop(share, words, steps=steps, moment=moment):
                # Chunks of a network are not of one size: the end may come some steps earlier.
                if share == 1 or next(steps) == moment:
                    raise StoppedError(words)

            with pytest.raises(StoppedError):
                copy_once(server, password, stop)
            assert left_over() == before
    verify(whole.parent)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


@pytest.mark.req("L-02")
def test_that_a_full_disk_is_told_and_leaves_no_copy(tree):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with served("folder", tree) as (server, password, _):
        try:
            # The nearest to a full disk that needs no disk: no file may outgrow this size.
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
            refused(server, password, quiet, "cannot be stored on this computer")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.req("L-02")
def test_that_a_data_folder_that_cannot_be_written_is_told(tree, monkeypatch, tmp_path):
    (tmp_path / "a file").write_text("no folder")
    monkeypatch.setenv("EQS_DATA", str(tmp_path / "a file"))
    with (
        served("folder", tree) as (server, password, _),
        pytest.raises(RemedyError, match="cannot be stored on this computer"),
    ):
        copy_once(server, password)


@pytest.mark.req("L-02")
def test_that_a_folder_without_any_index_is_told(tmp_path):
    (tmp_path / "Institution_1").mkdir()
    with (
        served("folder", tmp_path) as (server, password, _),
        pytest.raises(ServerError, match="neither an Institution index nor a patient"),
    ):
        planning_server.list_patients(server, password, quiet)
    assert left_over() == []


@pytest.mark.req("L-03")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_a_root_that_is_one_patient_works_too(tree, protocol):
    with served(protocol, tree / FOLDER) as (server, password, _):
        folder = plan_of(server, password)
    assert read_patient(folder).record_number == "77"
    assert open_source(folder / "Plan_0").trials


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_listing_patients_fetches_the_indexes_and_no_patient(tree, protocol):
    with served(protocol, tree) as (server, password, _):
        patients = planning_server.list_patients(server, password, quiet)
    assert [(one.name, one.id, one.plans) for one in patients] == [
        ("DOE, JO", "77", ()), ("ROE, ANN", "78", ()),
    ]  # fmt: skip
    assert {path.name for path in left_over()} == {"Institution", MANIFEST}


@pytest.mark.req("L-03")
def test_that_a_patient_of_the_index_who_was_moved_away_is_told(tree):
    with served("folder", tree) as (server, password, _):
        gone = planning_server.list_patients(server, password, quiet)[1]
        with pytest.raises(ServerError, match="Patient_2 is not there"):
            planning_server.list_plans(server, password, gone, quiet)


def test_that_copies_of_two_servers_do_not_mix():
    from app.lex.copies import server_folder

    assert server_folder("A/B") != server_folder("A:B")
    for name in ("A/B", "../..", "CON", "x" * 300, "ü ß"):
        folder = server_folder(name)
        assert folder.parent == copies_folder()
        assert Path(folder.name).name == folder.name
