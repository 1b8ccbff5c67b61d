"""Certificate, DVHs and picture of Pinnacle folders; what is missing is never a pass."""

import json

import pytest

from app.command_line import main
from app.viewer import pinnacle_gaps
from app.viewer.pinnacle_set import read_patient
from core.dicom.certificate import ASSERTIONS, certify
from core.dicom.pixels import read_volume
from core.errors import RemedyError
from core.findings import State
from tests.viewer.pinnacle_maker import write_dicom_slices, write_patient

# Every folder of the real data that can be opened, and how many doses are in it.
FOLDERS = {
    "patient_6204": 2,
    "patient_6204/Plan_0": 1,
    "patient_6204/Plan_1": 1,
    "institution_01": 2,
    "institution_01/Institution_1/Mount_0/Patient_1": 2,
    "institution_01/Institution_1/Mount_0/Patient_1/Plan_0": 2,
}
OPEN = (State.NOT_RUN, State.WARNING, State.ERROR)


def answer(capsys, *words):
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def states(folder):
    return {one.id: one.state for one in certify(read_patient(folder)).assertions}


def change(file, old, new):
    content = file.read_bytes()
    assert old.encode() in content
    file.write_bytes(content.replace(old.encode(), new.encode(), 1))


@pytest.mark.req("O-04")
@pytest.mark.parametrize("name", FOLDERS)
def test_that_a_real_folder_is_answered_in_json(qapp, capsys, shared_data, tmp_path, name):
    folder = shared_data / "pinnacle" / name
    code, out, _ = answer(capsys, "certificate", folder, "--json")
    told = json.loads(out)
    rows = {row["id"]: row["state"] for row in told["assertions"]}
    assert code == 1
    assert told["status"] == "warning"
    assert all(row["details"] for row in told["assertions"])
    # No real folder has its pixels: what asks for them must not pass.
    for key in ("SLICES", "POSITION", "ON-SLICE", "IN-IMAGE", "ISOCENTRE"):
        assert rows[f"V-CER-{key}"] == "not-run"
    assert rows["V-CER-DOSE"] == "pass"
    (dose,) = (row for row in told["assertions"] if row["id"] == "V-CER-DOSE")
    assert len(dose["details"]) == FOLDERS[name]
    code, out, _ = answer(capsys, "dvh", folder, "--json")
    told = json.loads(out)
    assert (code, told["status"]) == (1, "warning")
    assert any("the pixels are not here" in words for words in told["not_used"])
    computed = [one for one in told["structures"] if not one["problem"]]
    assert len(computed) >= 2
    assert told["plan"]
    picture = tmp_path / "view.png"
    code, out, _ = answer(capsys, "render", folder, "--out", picture, "--json")
    told = json.loads(out)
    assert (code, told["status"]) == (1, "warning")
    assert any("the pixels are not here" in words for words in told["not_used"])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_that_a_whole_folder_is_answered_without_a_warning(qapp, capsys, patient, tmp_path):
    code, out, _ = answer(capsys, "dvh", patient, "--structure", "box", "--json")
    told = json.loads(out)
    assert (code, told["status"], told["not_used"]) == (0, "pass", [])
    assert "Trial_1" in told["dose"]
    assert told["plan"] == "PELVIS"
    picture = tmp_path / "view.png"
    code, out, _ = answer(capsys, "render", patient, "--out", picture, "--json")
    assert (code, json.loads(out)["status"]) == (0, "pass")


def test_that_a_dvh_without_dose_says_why_in_one_sentence(capsys, patient):
    file = patient / "Plan_0/plan.Trial.binary.001"
    file.write_bytes(file.read_bytes()[:-6])
    code, out, err = answer(capsys, "dvh", patient, "--json")
    told = json.loads(out)
    assert (code, told["status"]) == (2, "could-not-run")
    assert "has 11514 bytes, not 11520" in told["error"]["what"]
    code, out, err = answer(capsys, "dvh", patient)
    assert (code, out) == (2, "")
    assert "there is no dose (PELVIS: its dose is not shown: its dose file" in err
    assert "has 11514 bytes, not 11520" in err
    assert len(err.strip().splitlines()) == 1


def test_that_a_picture_that_lacks_its_dose_is_no_pass(qapp, capsys, patient, tmp_path):
    (patient / "Plan_0/plan.Trial.binary.000").unlink()
    code, out, _ = answer(capsys, "render", patient, "--out", tmp_path / "view.png")
    assert code == 1
    assert "Not used: PELVIS: its dose is not shown" in out


def longer(file):
    file.write_bytes(file.read_bytes() + bytes(4))


GAPS = {
    "dose too long": (
        lambda f: longer(f / "Plan_0/plan.Trial.binary.000"), pinnacle_gaps.WITHOUT_DOSE),
    "other position": (
        lambda f: change(f / "Plan_0/plan.PatientSetup", "Head First", "Feet First"),
        pinnacle_gaps.WITHOUT_PLAN),
    "damaged region": (
        lambda f: change(f / "Plan_0/plan.roi", "num_points =  4", "num_points =  5"),
        pinnacle_gaps.WITHOUT_REGION),
    "no regions": (
        lambda f: (f / "Plan_0/plan.roi").unlink(), pinnacle_gaps.WITHOUT_FILE["plan.roi"]),
    "no trial": (
        lambda f: (f / "Plan_0/plan.Trial").unlink(), pinnacle_gaps.WITHOUT_FILE["plan.Trial"]),
    "no points": (
        lambda f: (f / "Plan_0/plan.Points").unlink(), pinnacle_gaps.WITHOUT_FILE["plan.Points"]),
    "one isocentre": (
        lambda f: change(f / "Plan_0/plan.Trial", '"ISO"', '"gone"'),
        pinnacle_gaps.WITHOUT_ISOCENTRE),
}  # fmt: skip


@pytest.mark.parametrize("name", GAPS)
def test_that_what_could_not_be_examined_is_not_checked(patient, name):
    spoil, left_open = GAPS[name]
    before = states(patient)
    spoil(patient)
    found = {one.id: one for one in certify(read_patient(patient)).assertions}
    for key in left_open:
        # The voxels of the small patient are too coarse for the dose to pass as it is.
        assert key == "V-CER-DOSE" or before[key] in (State.PASS, State.INFO), key
        assert found[key].state in OPEN, key
        assert found[key].details[0].startswith("Not checked: "), key
    assert found["V-CER-FILES"].state == State.WARNING


def test_that_every_gap_is_a_line_of_the_certificate():
    known = {key for key, _, _ in ASSERTIONS}
    groups = (pinnacle_gaps.WITHOUT_PLAN, pinnacle_gaps.WITHOUT_DOSE, pinnacle_gaps.WITHOUT_REGION,
              pinnacle_gaps.WITHOUT_ISOCENTRE, *pinnacle_gaps.WITHOUT_FILE.values())  # fmt: skip
    assert {key for group in groups for key in group} <= known


def move_box(folder, by_cm):
    """Shift the drawn box along the patient's x."""
    file = folder / "Plan_0/plan.roi"
    lines = []
    for line in file.read_bytes().split(b"\n"):
        parts = line.split()
        if len(parts) == 3 and not line.startswith(b" "):
            lines.append(b"%g %s %s" % (float(parts[0]) + by_cm, parts[1], parts[2]))
        else:
            lines.append(line)
    file.write_bytes(b"\n".join(lines))


def test_that_a_region_beside_images_and_dose_is_told(patient):
    move_box(patient, 30)
    found = {one.id: one for one in certify(read_patient(patient)).assertions}
    assert found["V-CER-IN-IMAGE"].state == State.ERROR
    assert "Entirely outside the images: box" in found["V-CER-IN-IMAGE"].details[0]
    assert found["V-CER-COVER"].state == State.WARNING
    assert "Entirely outside the dose grid: box" in found["V-CER-COVER"].details[0]


def test_that_a_region_that_reaches_out_of_the_dose_has_its_share_told(capsys, patient):
    move_box(patient, 2)
    assert "Partly outside the dose grid: box" in " ".join(
        words for one in certify(read_patient(patient)).assertions for words in one.details
    )
    _, out, _ = answer(capsys, "dvh", patient, "--structure", "box", "--json")
    (box,) = json.loads(out)["structures"]
    assert "outside the dose grid" in " ".join([box["problem"], *box["notes"]])


@pytest.mark.parametrize("start", [0, 1])
def test_that_an_old_plan_on_its_dicom_slices_needs_the_start_it_was_made_with(tmp_path, start):
    folder = write_patient(tmp_path / "Patient_1", old=True)
    write_dicom_slices(folder, (0.0, -1009.5, 0.0))
    (folder / "Plan_0/plan.Pinnacle").write_text(f"StartWithDICOM = {start};\n")
    own = read_patient(folder)
    assert len(own.series) == 1
    assert len(own.plans) == (1 if start == 0 else 0)
    assert ("StartWithDICOM is 1" in " ".join(one.why for one in own.refused)) == (start == 1)


def test_that_a_damaged_dicom_slice_is_named_and_the_own_pixels_show(patient):
    write_dicom_slices(patient)
    slice_file = patient / "ImageSet_0.DICOM/3.img"
    slice_file.write_bytes(slice_file.read_bytes()[:300])
    own = read_patient(patient)
    assert "3.img cannot be used" in " ".join(one.why for one in own.refused)
    assert own.series[0].unit == ""


@pytest.mark.parametrize("left", [None, 0, 7])
def test_that_pixels_lost_while_the_viewer_is_open_are_told_in_words(patient, left):
    (series,) = read_patient(patient).series
    file = patient / "ImageSet_0.img"
    if left is None:
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(RemedyError, match=r"ImageSet_0\.img"):
        read_volume(series)


def test_that_dicom_slices_of_another_person_are_told(patient):
    write_dicom_slices(patient)
    for file in (patient / "ImageSet_0.DICOM").iterdir():
        change(file, "P-77", "P-78")
    found = {one.id: one for one in certify(read_patient(patient)).assertions}
    assert found["V-CER-PERSON"].state == State.WARNING
    assert "P-77, P-78" in found["V-CER-PERSON"].details[0]
