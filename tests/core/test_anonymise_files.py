"""Files that the anonymiser refuses or writes: damage, syntaxes, real sets."""

import json

import pydicom
import pytest
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from core.dicom import anonymise as module
from core.dicom.anonymise import Pseudonym, anonymise, export_anonymised
from core.dicom.files import read_items, read_whole
from core.dicom.rt_set import read_rt_sets
from core.errors import RemedyError
from tests.core.personal_set import (
    NEW,
    SECRET,
    STUDY,
    WELL_KNOWN_FRAME,
    by_name,
    in_order,
    make_dose,
    make_plan,
    make_slice,
    make_structures,
    numbers_below,
    numbers_of,
    people_of,
    references,
    saved,
    texts_of,
    uids_of,
)


def test_that_text_hidden_as_a_number_refuses_the_object(tmp_path):
    data = make_plan()
    data.add(pydicom.DataElement(0x00200011, "LO", "Hannelore"))
    report = export_anonymised(saved(tmp_path / "in", data), tmp_path / "out", NEW, SECRET)
    assert report.written == 0
    assert "SeriesNumber" in report.refused[0].why
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SOPClassUID"])
def test_that_an_object_without_its_uids_is_refused_and_the_rest_written(tmp_path, keyword):
    items = saved(tmp_path / "in", make_plan(), make_dose())
    broken = make_dose()
    delattr(broken, keyword)
    pydicom.dcmwrite(tmp_path / "in" / "9.dcm", broken)
    items, _ = read_items([tmp_path / "in"])
    report = export_anonymised(items, tmp_path / "out", NEW, SECRET)
    assert report.written == 2
    assert [one.name for one in report.refused] == ["9.dcm"]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_that_the_transfer_syntax_is_kept(tmp_path, syntax):
    data = make_structures()
    data.file_meta.TransferSyntaxUID = syntax
    items = saved(tmp_path / "in", data)
    export_anonymised(items, tmp_path / "out", NEW, SECRET)
    after = by_name(tmp_path / "out", "RTSTRUCT_0001.dcm")
    assert after.file_meta.TransferSyntaxUID == syntax
    assert numbers_of(after) == numbers_of(data)


def test_that_an_object_without_file_header_gets_one(tmp_path):
    data = make_plan()
    del data.file_meta
    del data.preamble
    (tmp_path / "in").mkdir()
    pydicom.dcmwrite(tmp_path / "in" / "bare", data, implicit_vr=True, little_endian=True)
    items, _ = read_items([tmp_path / "in"])
    export_anonymised(items, tmp_path / "out", NEW, SECRET)
    after = by_name(tmp_path / "out", "RTPLAN_0001.dcm")
    assert after.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID


def test_that_a_folder_with_something_in_it_is_refused(tmp_path):
    items = saved(tmp_path / "in", make_plan())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "other.txt").write_text("mine")
    with pytest.raises(RemedyError, match="not empty"):
        export_anonymised(items, tmp_path / "out", NEW, SECRET)
    with pytest.raises(RemedyError, match="cannot be used"):
        export_anonymised(items, tmp_path / "out" / "other.txt", NEW, SECRET)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["other.txt"]


def test_that_a_full_disc_leaves_only_whole_files(tmp_path, monkeypatch):
    items = saved(tmp_path / "in", make_plan(), make_dose())
    whole = module.write_whole

    def first_only(path, content):
        if "RTDOSE" in path.name:
            monkeypatch.setattr("core.safe_write.os.fsync", full)
        whole(path, content)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", first_only)
    with pytest.raises(RemedyError, match="No space left"):
        export_anonymised(items, tmp_path / "out", NEW, SECRET)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["RTPLAN_0001.dcm"]
    by_name(tmp_path / "out", "RTPLAN_0001.dcm").BeamSequence[0]


@pytest.mark.parametrize(
    ("pseudonym", "secret"),
    [
        (Pseudonym("", "Case"), SECRET),
        (Pseudonym("1", " "), SECRET),
        (Pseudonym("1", "Müller"), SECRET),
        (Pseudonym("a\\b", "Case"), SECRET),
        (Pseudonym("1" * 65, "Case"), SECRET),
        (NEW, b""),
    ],
)
def test_that_an_unusable_pseudonym_or_secret_is_refused(pseudonym, secret, tmp_path):
    with pytest.raises(RemedyError):
        anonymise(make_plan(), pseudonym, secret)
    with pytest.raises(RemedyError):
        export_anonymised([], tmp_path / "out", pseudonym, secret)


def test_that_the_report_is_plain_and_progress_is_told(tmp_path):
    told = []
    report = export_anonymised(
        saved(tmp_path / "in", make_plan(), make_dose()), tmp_path / "out", NEW, SECRET,
        progress=lambda part, words: told.append((part, words)),
    )  # fmt: skip
    assert json.loads(json.dumps(report.to_json()))["written"] == 2
    assert [part for part, _ in told] == [0, 0.5]


def test_that_a_damaged_element_that_swallowed_others_is_refused(shared_data, tmp_path):
    items, _ = read_items([shared_data / "dicom" / "bad_inputs" / "fo-dicom" / "GH179A.dcm"])
    report = export_anonymised(items, tmp_path / "out", NEW, SECRET)
    assert report.written == 0
    assert "ends early" in report.refused[0].why


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00180015, "CS", "Hannelore Müller of Nirgendwo 1"),
        (0x00180015, "CS", "A" * 40),
        (0x00280120, "US", b"Hannelore!"),
        (0x00280010, "UN", b"abc"),
    ],
)
def test_that_codes_and_numbers_hold_nothing_else(tmp_path, tag, vr, value):
    data = make_plan()
    content = value if isinstance(value, bytes) else value.encode()
    data[tag] = pydicom.dataelem.RawDataElement(
        pydicom.tag.Tag(tag), vr, len(content), content, 0, False, True
    )
    with pytest.raises(RemedyError, match="something else"):
        anonymise(data, NEW, SECRET)


def test_that_a_sequence_that_holds_no_items_is_refused():
    data = make_plan()
    data.add(pydicom.DataElement(0x300A00B0, "LO", "beams"))
    with pytest.raises(RemedyError, match="BeamSequence"):
        anonymise(data, NEW, SECRET)


def test_that_a_frame_of_reference_of_the_standard_stays_and_is_no_leak(tmp_path):
    data = make_slice(0)
    data.FrameOfReferenceUID = WELL_KNOWN_FRAME
    report = export_anonymised(saved(tmp_path / "in", data), tmp_path / "out", NEW, SECRET)
    assert report.written == 1
    assert by_name(tmp_path / "out", "CT_0001.dcm").FrameOfReferenceUID == WELL_KNOWN_FRAME


def test_that_a_file_that_would_still_hold_an_old_uid_is_refused(tmp_path):
    data = make_plan()
    data.BeamSequence[0].TreatmentMachineName = STUDY
    report = export_anonymised(saved(tmp_path / "in", data), tmp_path / "out", NEW, SECRET)
    assert report.written == 0
    assert "old UIDs" in report.refused[0].why


REAL_SETS = ("hn_proknow", "breast_dicompyler", "orientation_doses/tinyvmat", "plans_mixed")


@pytest.mark.parametrize("name", REAL_SETS)
def test_that_real_sets_keep_references_and_numbers_and_lose_the_patient(
    shared_data, tmp_path, name
):
    items, _ = read_items([shared_data / "dicom" / name])
    items = [item for item in items if item.sop_uid]
    report = export_anonymised(items, tmp_path / "out", NEW, SECRET)
    assert not report.refused
    before = [read_whole(item) for item in items]
    after = in_order(items, tmp_path / "out")
    assert references(after) == references(before)
    for old, new, item in zip(before, after, items, strict=True):
        assert new.get("PixelData") == old.get("PixelData")
        for keyword in ("ROIContourSequence", "BeamSequence", "FractionGroupSequence"):
            assert numbers_below(new, keyword) == numbers_below(old, keyword), item.source.name
        assert not uids_of(new) & uids_of(old)
        assert not people_of(old) & texts_of(new)


@pytest.mark.parametrize("name", ["hn_proknow", "breast_dicompyler"])
def test_that_the_viewer_reads_the_exported_set_as_it_read_the_given_one(
    shared_data, tmp_path, name
):
    folder = shared_data / "dicom" / name
    export_anonymised(read_items([folder])[0], tmp_path / "out", NEW, SECRET)
    (old,), (new,) = read_rt_sets([folder]), read_rt_sets([tmp_path / "out"])
    assert (new.patient_id, new.told("PatientBirthDate")) == ("STUDY-007", ())
    assert [len(one.items) for one in new.series] == [len(one.items) for one in old.series]
    assert (new.chief_series() is None) == (old.chief_series() is None)
    assert new.plan_of(new.chief_dose()) is new.plans[0]
    assert old.plan_of(old.chief_dose()) is old.plans[0]
    drawn = [one.structures for one in (old.chief_structures(), new.chief_structures())]
    assert len(drawn[0]) == len(drawn[1]) > 0
