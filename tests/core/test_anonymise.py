"""Anonymised export: the patient gone from the bytes, everything a plan needs still there."""

import copy

import pydicom
import pytest
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    PositronEmissionTomographyImageStorage,
)

from core.dicom import anonymise as module
from core.dicom.anonymise import anonymise, export_anonymised
from core.dicom.files import read_items
from core.dicom.images import image_series
from tests.core.personal_set import (
    LEAKS,
    NEW,
    ROOT,
    SECRET,
    WELL_KNOWN_FRAME,
    by_name,
    item_of,
    make_dose,
    make_plan,
    make_registration,
    make_set,
    make_slice,
    make_structures,
    numbers_of,
    plain_object,
    references,
    saved,
    uids_of,
    walk,
)


@pytest.fixture
def exported(tmp_path):
    items = saved(tmp_path / "in", *make_set())
    report = export_anonymised(items, tmp_path / "out", NEW, SECRET)
    return tmp_path / "out", report


def test_that_nothing_of_the_patient_is_left_in_the_written_bytes(exported):
    folder, report = exported
    assert report.written == 7
    for path in folder.iterdir():
        content = path.read_bytes().lower()
        for text in (*LEAKS, ROOT):
            for form in (text.encode(), text.encode("latin-1"), text.encode("utf-16-le")):
                assert form.lower() not in content, (path.name, text)
        data = pydicom.dcmread(path)
        assert str(data.PatientName) == "Case^Seven"
        assert data.PatientID == "STUDY-007"
        assert data.PatientIdentityRemoved == "YES"
        assert data.DeidentificationMethod
        assert data.PatientBirthDate == ""
        assert data.AccessionNumber == ""
        assert "PatientAge" not in data
        assert not any(element.tag.is_private for element in walk(data))


def test_that_the_file_header_names_only_the_new_object(exported):
    data = by_name(exported[0], "RTPLAN_0001.dcm")
    assert data.preamble == bytes(128)
    assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
    assert data.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert "SourceApplicationEntityTitle" not in data.file_meta


def test_that_references_inside_the_set_lead_where_they_led(exported):
    names = ("CT_0001", "CT_0002", "CT_0003", "RTSTRUCT_0001", "RTPLAN_0001", "RTDOSE_0001")
    after = [by_name(exported[0], f"{name}.dcm") for name in names]
    before = make_set()[: len(names)]
    assert references(after) == references(before)
    assert references(before)[4] == [3, 5]
    frames = {
        str(element.value)
        for data in (*after, by_name(exported[0], "REG_0001.dcm"))
        for element in walk(data)
        if element.keyword in ("FrameOfReferenceUID", "ReferencedFrameOfReferenceUID")
    }
    assert len(frames) == 2
    assert WELL_KNOWN_FRAME in frames
    assert len({data.StudyInstanceUID for data in after}) == 1
    series = {str(data.SeriesInstanceUID) for data in after[:3]}
    listed = {str(e.value) for e in walk(after[3]) if e.keyword == "SeriesInstanceUID"}
    assert series == listed - {str(after[3].SeriesInstanceUID)}


def test_that_pixels_and_every_number_stay_as_they_were_spelt():
    for data in make_set():
        changed = anonymise(data, NEW, SECRET)
        assert changed.get("PixelData") == data.get("PixelData")
        assert numbers_of(changed) == numbers_of(data)


def test_that_what_a_plan_needs_is_kept(exported):
    plan = by_name(exported[0], "RTPLAN_0001.dcm")
    beam = plan.BeamSequence[0]
    assert (beam.BeamNumber, beam.TreatmentMachineName) == (7, "TrueBeam1")
    assert plan.RTPlanGeometry == "PATIENT"
    assert plan.ApprovalStatus == "APPROVED"
    assert plan.ReviewerName == ""
    assert plan.PatientSetupSequence[0].SetupTechnique == "ISOCENTRIC"
    assert "RTPlanDescription" not in plan
    assert "BeamDescription" not in beam
    rois = by_name(exported[0], "RTSTRUCT_0001.dcm").StructureSetROISequence
    assert rois[1].ROIName == "Lung_L"
    assert "DoseComment" not in by_name(exported[0], "RTDOSE_0001.dcm")
    assert list(by_name(exported[0], "CT_0001.dcm").ImageType) == ["ORIGINAL", "", "AXIAL"]


def test_that_the_exported_slices_are_one_series_again(exported):
    items, refused = read_items([exported[0]])
    series, unused = image_series([item for item in items if item.modality == "CT"])
    assert not refused
    assert not unused
    assert [len(one.items) for one in series] == [3]


def test_that_a_name_or_id_inside_a_label_is_masked_and_warned_about(exported):
    folder, report = exported
    rois = by_name(folder, "RTSTRUCT_0001.dcm").StructureSetROISequence
    plan = by_name(folder, "RTPLAN_0001.dcm")
    assert rois[0].ROIName == "PTV XXXXXX 60"
    assert plan.RTPlanLabel == "XXXXXXXXXBoost"
    assert plan.BeamSequence[0].BeamName == "G180 XXXXXXX"
    assert by_name(folder, "REG_0001.dcm").ContentLabel == "XXXXXX"
    told = "\n".join(report.warnings)
    for keyword in ("ROIName", "RTPlanLabel", "BeamName", "StructureSetLabel", "ContentLabel"):
        assert keyword in told
    assert "ller" not in told.lower()
    assert "4711" not in told


@pytest.mark.parametrize(
    ("name", "label", "expected"),
    [
        ("Müller^Eva", "MUELLER_Eva_PTV", "XXXXXXX_XXX_PTV"),
        ("Muller^E", "Ptv MÜLLER e", "Ptv XXXXXX e"),
        ("Li^Bo", "Liver Bowel", "Liver Bowel"),
        ("Ana^^^Prof", "banana", "bXXXXX"),
        ("Yamada^Tarou=山田^太郎", "PTV 山田", "PTV XX"),
    ],
)
def test_that_names_are_found_however_they_are_spelt(name, label, expected):
    data = make_structures()
    data.PatientName = name
    data.StructureSetROISequence[0].ROIName = label
    changed = anonymise(data, NEW, SECRET)
    assert changed.StructureSetROISequence[0].ROIName == expected


def test_that_a_name_known_from_one_object_is_masked_in_all(tmp_path):
    structures = make_structures()
    structures.PatientName = "Anonymous"
    items = saved(tmp_path / "in", structures, make_plan())
    export_anonymised(items, tmp_path / "out", NEW, SECRET)
    rois = by_name(tmp_path / "out", "RTSTRUCT_0001.dcm").StructureSetROISequence
    assert rois[0].ROIName == "PTV XXXXXX 60"


def test_that_a_machine_name_like_the_patients_is_kept_and_told():
    data = make_plan()
    data.PatientName = "Beam^True"
    notes = []
    cleaner = module._Cleaner(
        NEW, SECRET, module.identity_words([data]), module.clock_of(data, 0), notes
    )
    cleaner.clean_object(data)
    assert data.BeamSequence[0].TreatmentMachineName == "TrueBeam1"
    assert any("TreatmentMachineName" in note for note in notes)


def test_that_the_same_secret_maps_alike_and_another_one_does_not():
    data = make_structures()
    once, again = (anonymise(data, NEW, SECRET) for _ in range(2))
    other = anonymise(data, NEW, b"another secret of mine")
    assert uids_of(once) == uids_of(again)
    assert not uids_of(once) & uids_of(other)
    assert not uids_of(once) & uids_of(data)
    assert len(uids_of(once)) == len(uids_of(data))
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids_of(once))


def test_that_without_a_secret_two_exports_cannot_be_joined(tmp_path):
    items = saved(tmp_path / "in", make_plan())
    uids = set()
    for name in ("one", "two"):
        export_anonymised(items, tmp_path / name, NEW)
        uids.add(str(by_name(tmp_path / name, "RTPLAN_0001.dcm").SOPInstanceUID))
    assert len(uids) == 2


def test_that_the_given_object_is_not_changed():
    for data in make_set():
        before = copy.deepcopy(data)
        anonymise(data, NEW, SECRET, shift_days=-3)
        assert data == before
        assert data.preamble == before.preamble
        assert data.file_meta == before.file_meta


def test_that_dates_are_moved_together_by_the_given_days():
    data = make_plan()
    data.TimezoneOffsetFromUTC = "+0100"
    changed = anonymise(data, NEW, SECRET, shift_days=-14)
    assert changed.StudyDate == changed.RTPlanDate == changed.ReviewDate == "20190228"
    assert changed.AcquisitionDateTime == "20190228101112.5"
    assert changed.StudyTime == "101112"
    assert changed.PatientBirthDate == ""
    assert changed.LongitudinalTemporalInformationModified == "MODIFIED"


@pytest.mark.parametrize(
    ("old", "new"),
    [("2019.03.14", "20190315"), ("2019", ""), ("99991231", ""), ("20190230", ""), ("", "")],
)
def test_that_odd_dates_are_moved_or_removed(old, new):
    data = make_plan()
    data.add(pydicom.DataElement(0x00080020, "DA", old, validation_mode=0))
    assert anonymise(data, NEW, SECRET, shift_days=1).StudyDate == new


def test_that_without_a_shift_dates_go_and_needed_ones_mean_nothing():
    plan = anonymise(make_plan(), NEW, SECRET)
    registration = anonymise(make_registration(), NEW, SECRET)
    assert plan.StudyDate == plan.RTPlanDate == plan.RTPlanTime == ""
    assert plan.LongitudinalTemporalInformationModified == "REMOVED"
    assert registration.ContentDate == "19000101"
    assert registration.ContentTime == "000000"


def test_that_pet_keeps_the_times_of_its_decay_even_over_midnight():
    data = plain_object(PositronEmissionTomographyImageStorage, f"{ROOT}.70", "PT", f"{ROOT}.71")
    data.SeriesDate, data.SeriesTime, data.AcquisitionTime = "20190315", "001500", "001600"
    data.RadiopharmaceuticalInformationSequence = Sequence([
        item_of(RadiopharmaceuticalStartDateTime="20190314231500", RadionuclideHalfLife="6588",
                RadiopharmaceuticalStartTime="231500", RadionuclideTotalDose="3.7e8")
    ])  # fmt: skip
    changed = anonymise(data, NEW, SECRET)
    drug = changed.RadiopharmaceuticalInformationSequence[0]
    assert (changed.SeriesDate, changed.SeriesTime) == ("19000101", "001500")
    assert drug.RadiopharmaceuticalStartDateTime == "18991231231500"
    assert (drug.RadiopharmaceuticalStartTime, drug.RadionuclideTotalDose) == ("231500", 3.7e8)
    assert changed.PatientWeight == 71.5
    assert changed.StudyDate == changed.StudyTime == ""


def test_that_burned_in_text_and_hidden_overlays_are_warned_about(tmp_path):
    data = make_slice(0)
    data.BurnedInAnnotation = "YES"
    del data[0x60003000]
    other = make_slice(1)
    other.BurnedInAnnotation = "YES"
    report = export_anonymised(saved(tmp_path / "in", data, other), tmp_path / "out", NEW, SECRET)
    assert any("CT_0001.dcm and 1 more: BurnedIn" in told for told in report.warnings)
    assert any("overlay" in told for told in report.warnings)


def test_that_a_set_of_two_patients_is_warned_about(tmp_path):
    plan = make_plan()
    plan.PatientID = "SOMEONE"
    report = export_anonymised(
        saved(tmp_path / "in", plan, make_dose()), tmp_path / "out", NEW, SECRET
    )
    assert any("2 patient IDs" in told for told in report.warnings)
