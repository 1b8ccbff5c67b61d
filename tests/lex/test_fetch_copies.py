"""What lies in the folder of copies is opened only when its manifest proves every byte of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.lex.browse import browse
from app.lex.copies import (
    FILES,
    MANIFEST,
    Limits,
    copies_folder,
    read_limits,
    remove_old_copies,
    server_folder,
    verify,
)
from app.lex.planning_server import copy_plans, list_patients, list_plans
from app.lex.sources import open_source
from core.errors import ClinicFileError, UnreadableFileError
from core.paths import clinic_folder
from tests.lex.planning_tree import FOLDER, served, write_tree


def quiet(*_):
    pass


@pytest.fixture
def copy(tmp_path):
    """A whole copy with one plan."""
    with served("folder", write_tree(tmp_path / "root")) as (server, password, _):
        patient = list_plans(server, password, list_patients(server, password, quiet)[0], quiet)
        return copy_plans(server, password, (patient.plans[0],), quiet).parents[3]


def plan(copy):
    return copy / FILES / FOLDER / "Plan_0"


def edit_manifest(copy, change):
    data = json.loads((copy / MANIFEST).read_text())
    change(data)
    (copy / MANIFEST).write_text(json.dumps(data))


DAMAGE = {
    "one byte": lambda copy: (plan(copy) / "plan.Points").write_bytes(
        (plan(copy) / "plan.Points").read_bytes().replace(b"1", b"2", 1)
    ),
    "a file missing": lambda copy: (plan(copy) / "plan.Points").unlink(),
    "a file more": lambda copy: (plan(copy) / "plan.PlanInfo").touch(),
    "no manifest": lambda copy: (copy / MANIFEST).unlink(),
    "half a manifest": lambda copy: (copy / MANIFEST).write_bytes(
        (copy / MANIFEST).read_bytes()[:-20]
    ),
    "an empty manifest": lambda copy: (copy / MANIFEST).write_text("{}"),
    "a list for a manifest": lambda copy: (copy / MANIFEST).write_text("[]"),
    "another format": lambda copy: edit_manifest(copy, lambda data: data.update(format="x")),
    "no files": lambda copy: edit_manifest(copy, lambda data: data.pop("files")),
    "no hash": lambda copy: edit_manifest(copy, lambda data: data["files"][0].pop("sha256")),
}


@pytest.mark.req("L-02")
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("reader", [open_source, browse])
def test_that_a_copy_that_is_not_whole_is_not_opened(copy, damage, reader):
    reader(plan(copy))
    DAMAGE[damage](copy)
    for place in (plan(copy), plan(copy) / "plan.Trial", plan(copy).parent, copy / FILES):
        with pytest.raises(UnreadableFileError, match="Fetch the plan from the planning server"):
            reader(place)


@pytest.mark.req("L-02")
def test_that_an_unfinished_copy_is_not_opened_even_with_a_manifest(copy):
    unfinished = copy.rename(copy.parent / f".unfinished-{copy.name}")
    with pytest.raises(UnreadableFileError, match="never finished"):
        open_source(plan(unfinished))


def test_that_the_folder_of_copies_itself_is_no_source(copy):
    for place in (copies_folder(), copy.parent):
        with pytest.raises(UnreadableFileError, match="no copy of a plan"):
            open_source(place)


def test_that_a_plan_elsewhere_needs_no_manifest(tmp_path):
    tree = write_tree(tmp_path / "elsewhere")
    assert open_source(tree / FOLDER / "Plan_0").trials


@pytest.mark.req("L-02")
def test_that_copies_go_when_they_are_too_old(copy):
    limits = Limits(keep_days=30, unfinished_days=1)
    stale = server_folder("Test") / ".unfinished-1"
    stale.mkdir()
    now = datetime.now(UTC)
    assert remove_old_copies(now + timedelta(hours=23), limits) == ()
    assert remove_old_copies(now + timedelta(days=2), limits) == (stale.name,)
    verify(copy)
    assert copy.name in remove_old_copies(now + timedelta(days=30, hours=1), limits)
    assert not copy.exists()


def test_that_a_copy_without_valid_time_goes_by_its_folder(copy):
    edit_manifest(copy, lambda data: data.update(when="yesterday"))
    limits = Limits(keep_days=30, unfinished_days=1)
    assert copy.name not in remove_old_copies(datetime.now(UTC) + timedelta(days=29), limits)
    assert copy.name in remove_old_copies(datetime.now(UTC) + timedelta(days=31), limits)


@pytest.mark.req("L-02")
def test_that_a_new_fetch_removes_old_copies(copy, tmp_path):
    edit_manifest(copy, lambda data: data.update(when="2001-01-01T00:00:00+00:00"))
    with served("folder", tmp_path / "root") as (server, password, _):
        list_patients(server, password, quiet)
    assert not copy.exists()


def own_limits(text):
    clinic_folder().mkdir(parents=True, exist_ok=True)
    (clinic_folder() / "copies.toml").write_text(text)


ENTRY = '{ value = %s, unit = "days", least = 1, most = 90, source = "ours" }'
BOTH = f"[copies]\nkeep_days = {ENTRY}\nunfinished_days = {ENTRY}\n"


def test_that_the_clinic_may_set_the_limits():
    assert read_limits() == Limits(30, 1)
    own_limits(BOTH % (7, 2))
    assert read_limits() == Limits(7, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOTH % (0, 2), "keep_days is 0, not between 1 and 90 days"),
        (BOTH % ("nan", 2), "keep_days is nan"),
        (BOTH % ('"x"', 2), "keep_days lacks value"),
        ("[copies]\nkeep_days = 7\n", "keep_days lacks value"),
        ("[copies]\nkeep_day = 7\n", "unknown limit 'keep_day'.*Did you mean 'keep_days'"),
        ("", "keep_days lacks"),
        ("copies = 3\n", "copies is 3, not a table"),
        ("[copies", "cannot be read"),
    ],
)
def test_that_faulty_limits_are_refused_in_words(text, words):
    own_limits(text)
    with pytest.raises(ClinicFileError, match=words):
        read_limits()
