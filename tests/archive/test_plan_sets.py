"""Plan sets follow the references, and say what is missing by count and kind."""

from copy import deepcopy

import pydicom
import pytest

from core.archive.archive import Archive
from core.archive.plan_sets import Evidence, plan_sets
from core.findings import State
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import clean_set


def sets_of(tmp_path, toy, *, leave_out=()):
    folder = toy.write(tmp_path / "set")
    for pattern in leave_out:
        for path in sorted(folder.glob(pattern))[:1]:
            path.unlink()
    archive = Archive(tmp_path / "archive")
    archive.take_in_files([folder], "TPS")
    found = plan_sets(archive.index.instances("1"))
    archive.close()
    return found


def words(own):
    return {one.words for one in own.remarks}


@pytest.mark.req("Y-02")
def test_that_a_whole_set_is_one_set_without_a_warning(tmp_path):
    (own,) = sets_of(tmp_path, clean_set())
    assert (own.label, own.slices_asked, len(own.images)) == ("Toyplan", 9, 9)
    assert len(own.instances) == 12
    assert {link.evidence for link in own.images} == {Evidence.REFERENCE}
    assert own.state in (State.PASS, State.INFO)


@pytest.mark.req("Y-02")
def test_that_one_missing_slice_is_counted(tmp_path):
    (own,) = sets_of(tmp_path, clean_set(), leave_out=["CT*"])
    assert "8 of 9 slices" in words(own)
    assert own.state is State.WARNING


@pytest.mark.req("Y-02")
@pytest.mark.parametrize(
    ("pattern", "remark"),
    [("RTDOSE*", "dose missing"), ("RTSTRUCT*", "structures missing")],
)
def test_that_a_missing_object_is_named(tmp_path, pattern, remark):
    own = sets_of(tmp_path, clean_set(), leave_out=[pattern])[0]
    assert remark in words(own)
    assert own.state is State.WARNING


@pytest.mark.req("Y-02")
def test_that_a_dose_without_its_plan_and_structures_without_one_stand_alone(tmp_path):
    alone, orphans = sets_of(tmp_path, clean_set(), leave_out=["RTPLAN*"])
    assert alone.plan is None
    assert len(alone.structures) == 1
    assert words(orphans) == {"1 dose whose plan is not here"}


@pytest.mark.req("Y-02")
def test_that_records_without_their_plan_stand_alone(tmp_path):
    toy = clean_set()
    record = deepcopy(toy.plan)
    record.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.4"
    record.SOPInstanceUID, record.Modality = maker.uid(5, 991), "RTRECORD"
    record.SeriesInstanceUID = maker.uid(5, 992)
    reference = pydicom.Dataset()
    reference.ReferencedSOPClassUID = toy.plan.SOPClassUID
    reference.ReferencedSOPInstanceUID = toy.plan.SOPInstanceUID
    record.ReferencedRTPlanSequence = [reference]
    toy.more = [record]
    (whole,) = sets_of(tmp_path / "whole", toy)
    assert len(whole.records) == 1
    *_, orphan = sets_of(tmp_path / "orphan", toy, leave_out=["RTPLAN*"])
    assert words(orphan) == {"1 record or RT image whose plan is not here"}
    assert len(orphan.records) == 1


@pytest.mark.req("Y-02")
def test_that_an_approved_plan_is_told_from_an_unapproved_one(tmp_path):
    toy = clean_set()
    toy.plan.ApprovalStatus = "UNAPPROVED"
    (own,) = sets_of(tmp_path, toy)
    assert "plan is unapproved" in words(own)


@pytest.mark.req("Y-02")
def test_that_a_second_version_of_a_plan_is_told(tmp_path):
    toy = clean_set()
    second = maker.plan(toy.structures)
    second.SOPInstanceUID = maker.uid(5, 990)
    toy.more = [second]
    sets = sets_of(tmp_path, toy)
    assert len(sets) == 2
    assert all("1 other plan is labelled Toyplan" in words(own) for own in sets)
