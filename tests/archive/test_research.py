"""A cohort leaves without names, with everything that belongs together, and its tables."""

import csv
import json

import pydicom
import pytest

from app.archive.research import export_cohort, who_is
from app.command_line import main
from core.archive.archive import Archive
from core.archive.connection_check import small_object
from core.archive.find import Wanted, find_patients
from core.archive.plan_sets import plan_sets
from core.errors import RemedyError
from tests.core.dicom_maker import clean_set


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path / "archive")
    made.take_in_files([clean_set().write(tmp_path / "set")], "CD")
    yield made
    made.close()


def everybody(archive):
    return find_patients(archive.index, Wanted())


@pytest.mark.req("Y-14")
def test_that_a_cohort_keeps_its_sets_and_loses_its_names(archive, tmp_path):
    done = export_cohort(archive, everybody(archive), tmp_path / "out")
    assert (done.persons, done.objects, done.plans, done.refused) == (1, 12, 1, [])
    again = Archive(tmp_path / "again")
    again.take_in_files([tmp_path / "out"], "export")
    (person,) = everybody(again)
    (own,) = plan_sets(again.instances_of_patient(person.id))
    assert (len(own.images), own.slices_asked, len(own.doses), len(own.structures)) == (9, 9, 1, 1)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"TOY1" not in data
            assert b"Toy^" not in data
    for path in (tmp_path / "out").rglob("*.dcm"):
        assert pydicom.dcmread(path).PatientIdentityRemoved == "YES"
    again.close()


@pytest.mark.req("Y-14")
def test_that_the_tables_tell_plans_and_dvh_values(archive, tmp_path):
    export_cohort(archive, everybody(archive), tmp_path / "out")
    plans = list(csv.DictReader((tmp_path / "out" / "plans.csv").open()))
    curves = list(csv.DictReader((tmp_path / "out" / "dvh.csv").open()))
    assert [row["plan"] for row in plans] == ["XXXplan"]  # the label held the name
    assert int(plans[0]["beams"]) >= 1
    assert curves
    assert all(row["patient"] == plans[0]["patient"] for row in curves)
    for row in curves:
        if row["mean_gy"]:
            assert float(row["min_gy"]) <= float(row["mean_gy"]) <= float(row["max_gy"])


@pytest.mark.req("Y-14")
def test_that_two_exports_agree_and_only_the_archive_knows_who_it_was(archive, tmp_path):
    for name in ("one", "two"):
        export_cohort(archive, everybody(archive), tmp_path / name)
    folders = [sorted(one.name for one in (tmp_path / name).iterdir()) for name in ("one", "two")]
    assert folders[0] == folders[1]
    code = folders[0][0]
    assert who_is(archive, code).patient_id == "TOY1"
    stranger = Archive(tmp_path / "other")
    stranger.take_in_files([tmp_path / "set"], "CD")
    assert who_is(stranger, code) is None
    stranger.close()
    assert not list((tmp_path / "one").rglob("*.key"))


@pytest.mark.req("Y-14")
def test_that_pictures_stay_unless_somebody_has_looked(archive, tmp_path):
    picture = small_object()
    picture.PatientID, picture.PatientName = "TOY1", "Toy^Test"
    pydicom.dcmwrite(tmp_path / "picture.dcm", picture, enforce_file_format=True)
    archive.take_in_files([tmp_path / "picture.dcm"], "CD")
    done = export_cohort(archive, everybody(archive), tmp_path / "out")
    assert (done.objects, len(done.refused)) == (12, 1)
    assert (
        export_cohort(archive, everybody(archive), tmp_path / "all", pictures=True).objects == 13
    )


@pytest.mark.req("Y-14")
def test_that_a_folder_with_names_in_it_is_refused(archive, tmp_path):
    with pytest.raises(RemedyError, match="not empty"):
        export_cohort(archive, everybody(archive), tmp_path / "set")


@pytest.mark.req("Y-14")
def test_that_the_command_exports_and_tells_who(archive, tmp_path, capsys):
    words = ["--archive", str(tmp_path / "archive"), "--json"]
    code = main(
        ["archive", "export", "--modality", "RTPLAN", "--out", str(tmp_path / "o"), *words]
    )
    told = json.loads(capsys.readouterr().out)
    assert (code in (0, 1), told["persons"], told["objects"]) == (True, 1, 12)
    name = next(one.name for one in (tmp_path / "o").iterdir() if one.is_dir())
    assert main(["archive", "export", "--who", name, *words]) == 0
    assert json.loads(capsys.readouterr().out)["patients"][0]["patient_id"] == "TOY1"
