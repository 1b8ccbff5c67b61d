"""One door to every plan: file or folder, DICOM or Pinnacle."""

import shutil

import pytest

from app.filter.plan_source import read_plan_source
from core.errors import UnreadableFileError
from tests.filter.plan_samples import dicom_bytes, dicom_plan
from tests.filter.plan_samples_pinnacle import trial_text, two_segments, write_pinnacle


def refused(path, words, trial=None):
    with pytest.raises(UnreadableFileError) as error:
        read_plan_source(path, trial)
    assert words in str(error.value)


@pytest.fixture
def plan_folder(tmp_path):
    return write_pinnacle(tmp_path, trial_text(two_segments()))


@pytest.mark.req("R-04")
def test_that_a_pinnacle_plan_opens_by_patient_folder_plan_folder_and_file(plan_folder):
    for path in (plan_folder.parent, plan_folder, plan_folder / "plan.Trial"):
        plan = read_plan_source(path)
        assert (plan.kind, plan.fields[0].id) == ("Pinnacle plan", "01")
    assert read_plan_source(plan_folder, "Trial_1").fields
    refused(plan_folder, "no trial named 'X'", trial="X")


def test_that_a_trial_file_is_known_by_its_content(plan_folder):
    copy = plan_folder / "kept.txt"
    shutil.copy(plan_folder / "plan.Trial", copy)
    assert read_plan_source(copy).kind == "Pinnacle plan"


def test_that_a_patient_with_two_plans_asks_which(plan_folder):
    shutil.copytree(plan_folder, plan_folder.parent / "Plan_7")
    refused(plan_folder.parent, "2 plans: Plan_0, Plan_7")


@pytest.mark.req("R-25")
def test_that_a_dicom_plan_opens_by_file_and_by_a_folder_that_holds_others_too(tmp_path):
    file = tmp_path / "plan without suffix"
    file.write_bytes(dicom_bytes())
    image = dicom_plan()
    image.Modality, image.SOPClassUID = "CT", "1.2.840.10008.5.1.4.1.1.2"
    (tmp_path / "CT.dcm").write_bytes(dicom_bytes(image))
    (tmp_path / "notes.txt").write_text("no DICOM", encoding="ascii")
    assert read_plan_source(file) == read_plan_source(tmp_path)
    refused(file, "no trials", trial="Trial_1")


def test_that_a_folder_with_two_dicom_plans_lists_their_labels(tmp_path):
    for name, label in (("a.dcm", "PELVIS"), ("b.dcm", "BOOST")):
        plan = dicom_plan()
        plan.RTPlanLabel = label
        (tmp_path / name).write_bytes(dicom_bytes(plan))
    refused(tmp_path, "2 DICOM plans: a.dcm (PELVIS), b.dcm (BOOST)")


def test_that_everything_else_is_refused_in_one_sentence(tmp_path):
    refused(tmp_path, "neither a DICOM RT Plan nor a Pinnacle plan")
    refused(tmp_path / "gone", "no such file or folder")
    text = tmp_path / "export.rtp"
    text.write_text('"PLAN_DEF","1"\r\n', encoding="ascii")
    refused(text, "no DICOM RT Plan")


def test_that_real_folders_open_or_ask_which_plan(shared_data):
    assert read_plan_source(shared_data / "dicom" / "hn_proknow").plan_id == "APlan1"
    patient = shared_data / "pinnacle/institution_01/Institution_1/Mount_0/Patient_1"
    assert len(read_plan_source(patient).fields) == 2
    refused(shared_data / "pinnacle" / "patient_6204", "Plan_0, Plan_1")
    refused(shared_data / "dicom/plans_mixed/pps/brainlab_dynarc", "5 DICOM plans")
