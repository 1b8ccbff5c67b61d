"""Institution, patients and plans are listed as the index files have them (L-03)."""

import pytest

from app.lex.patient_index import read_institution, read_patient
from core.errors import UnreadableFileError
from tests.lex import pinnacle_sample as sample


def write_index(folder, *patients: dict, **entries: object):
    text = sample.many(Name="Clinic", **entries, PatientLiteList={"PatientLite": list(patients)})
    (folder / "Institution").write_bytes(text.encode("latin-1"))
    return folder


def patient(description: str, path: str = "Institution_1/Mount_0/Patient_1") -> dict:
    return {"PatientID": 1, "PatientPath": path, "FormattedDescription": description}


WHOLE = "DOE&&JO&&Q&&77&&DR WHO&&2024-01-01 10:00:00"


@pytest.mark.req("L-03")
@pytest.mark.parametrize(
    ("description", "parts"),
    [
        (WHOLE, ("DOE", "JO", "Q", "77", "DR WHO", "2024-01-01 10:00:00")),
        ("DOE&&&&&&77&&&&", ("DOE", "", "", "77", "", "")),
        ("DOE", ("DOE", "", "", "", "", "")),
        ("", ("", "", "", "", "", "")),
    ],
)
def test_that_a_description_is_split_into_its_six_parts(tmp_path, description, parts):
    (found,) = read_institution(write_index(tmp_path, patient(description))).patients
    assert parts == (
        found.last_name, found.first_name, found.middle_name, found.record_number,
        found.physician, found.written,
    )  # fmt: skip


@pytest.mark.req("L-03")
def test_that_patients_stand_in_file_order_and_absent_ones_are_told(tmp_path):
    there = tmp_path / "Institution_1" / "Mount_0" / "Patient_1"
    there.mkdir(parents=True)
    (there / "Patient").write_text("PatientID = 1;\n")
    absent = patient("B", "Institution_1/Mount_1/Patient_2")
    index = read_institution(write_index(tmp_path, patient("A"), absent) / "Institution")
    assert [(p.last_name, p.present) for p in index.patients] == [("A", True), ("B", False)]
    assert (index.name, index.patients[0].folder) == ("Clinic", there)


def test_that_an_index_inside_its_own_folder_finds_its_patients(tmp_path):
    inside = tmp_path / "Institution_1"
    there = inside / "Mount_0" / "Patient_1"
    there.mkdir(parents=True)
    (there / "Patient").write_text("PatientID = 1;\n")
    write_index(inside, patient("A"), InstitutionPath="Institution_1")
    assert read_institution(inside).patients[0].folder == there


@pytest.mark.parametrize("path", ["", "/etc", "Institution_1/../../other", ".."])
def test_that_a_patient_path_that_leaves_the_root_is_refused(tmp_path, path):
    with pytest.raises(UnreadableFileError, match="below the root"):
        read_institution(write_index(tmp_path, patient("A", path)))


@pytest.mark.req("L-03")
def test_that_a_listed_plan_without_folder_is_shown_as_such(tmp_path):
    folder = sample.write_plan(tmp_path)
    found = read_patient(folder.parent)
    assert (found.last_name, found.first_name, found.record_number) == ("DOE", "JO", "77")
    assert [(p.name, p.plan_id, p.present) for p in found.plans] == [
        ("PELVIS", "0", True), ("LOST", "1", False),
    ]  # fmt: skip
    assert found.plans[0].folder == folder


def test_that_a_plan_number_that_is_none_is_refused(tmp_path):
    text = sample.many(PlanList={"Plan": [{"PlanID": "../x", "PlanName": "A"}]})
    (tmp_path / "Patient").write_text(text)
    with pytest.raises(UnreadableFileError, match="plan number"):
        read_patient(tmp_path)


@pytest.mark.req("L-03")
def test_that_the_real_index_leads_to_the_real_plan(shared_data):
    index = read_institution(shared_data / "pinnacle" / "institution_01")
    (found,) = index.patients
    assert (found.last_name, found.record_number, found.present) == ("LAST", "000000", True)
    plans = read_patient(found.folder).plans
    assert [(p.name, p.present) for p in plans] == [("BRAIN", True), ("CopyOf_1_BRAIN", False)]
