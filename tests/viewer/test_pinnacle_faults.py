"""What is missing or odd in a Pinnacle folder is told in one sentence; the rest still shows."""

from contextlib import suppress

import numpy as np
import pytest

from app.command_line import main
from app.viewer.pinnacle_set import read_institution, read_one_plan, read_patient
from app.viewer.pinnacle_text import Elsewhere, parse
from app.viewer.sources import read_sets
from core.dicom.certificate import certify
from core.errors import RemedyError, UnreadableFileError
from core.findings import State
from tests.viewer.pinnacle_maker import write_patient

DOSE = "Plan_0/plan.Trial.binary.001"


def change(file, old, new, count=-1):
    content = file.read_bytes()
    assert old.encode() in content
    file.write_bytes(content.replace(old.encode(), new.encode(), count))


def why(own):
    return [f"{one.name}: {one.why}" for one in own.refused]


def cut(file):
    file.write_bytes(file.read_bytes()[:-6])


def turn_grid(folder):
    change(folder / "Plan_0/plan.Trial", "VolRotDelta .Z = 0", "VolRotDelta .Z = 5")


def trial(old, new, count=1):
    return lambda folder: change(folder / "Plan_0/plan.Trial", old, new, count)


NO_DOSE = {
    "missing": (lambda f: (f / DOSE).unlink(), "plan.Trial.binary.001 is not here"),
    "empty": (lambda f: (f / DOSE).write_bytes(b""), "was not calculated"),
    "cut": (lambda f: cut(f / DOSE), "has 11514 bytes, not 11520 for 20 x 18 x 8 voxels"),
    "zero": (lambda f: (f / DOSE).write_bytes(bytes(11520)), "holds no dose"),
    "odd": (lambda f: (f / DOSE).write_bytes(b"\x7f\xc0\0\0" * 2880), "holds no dose"),
    "turned": (turn_grid, "the dose grid is turned"),
    "no grid": (trial("Dimension .X = 20", "Dimension .X = 0"), "missing or impossible"),
    "huge grid": (trial("Dimension .X = 20", "Dimension .X = 9000000"), "voxels"),
    "mu": (trial("MonitorUnitsValid = 1", "MonitorUnitsValid = 0"), "not valid in Pinnacle"),
    "unnamed point": (
        trial("UsePoiForPrescriptionPoint = 1", "UsePoiForPrescriptionPoint = 0"),
        "prescription point has no name",
    ),
    "unknown point": (trial('PointName = "calc"', 'PointName = "gone"'), "'gone' is not in"),
    "fractions": (trial("NumberOfFractions = 10", "NumberOfFractions = 0"), "the fractions"),
    "half fractions": (trial("Fractions = 10", "Fractions = 2.5"), "the fractions"),
    "endless mu": (trial("PrescriptionDose = 80.0", "PrescriptionDose = 1e999"), "not valid"),
    "no file named": (trial("DoseVolume = \\XDR:1\\", "DoseVolume = 0"), "names no dose file"),
}


@pytest.mark.parametrize("name", NO_DOSE)
def test_that_a_dose_that_is_not_certain_is_not_shown_and_the_reason_is(patient, name):
    spoil, words = NO_DOSE[name]
    spoil(patient)
    own = read_patient(patient)
    assert own.doses == ()
    (told,) = [text for text in why(own) if "its dose is not shown" in text]
    assert words in told
    assert len(own.plans) == len(own.structure_sets) == len(own.series) == 1


NO_IMAGES = {
    "no pixels": (lambda f: (f / "ImageSet_0.img").unlink(), "ImageSet_0.img: the pixels"),
    "cut": (lambda f: cut(f / "ImageSet_0.img"), "has 13386 bytes, 13392 belong to 9 slices"),
    "8 bits": (
        lambda f: change(f / "ImageSet_0.header", "bitpix = 16", "bitpix = 8"),
        "no 16-bit numbers",
    ),
    "step": (
        lambda f: change(f / "ImageSet_0.header", "x_pixdim = 0.5", "x_pixdim = 0.0"),
        "x_pixdim is 0",
    ),
}


@pytest.mark.parametrize("name", NO_IMAGES)
def test_that_images_that_cannot_be_shown_are_told_and_the_rest_shows(patient, name):
    spoil, words = NO_IMAGES[name]
    spoil(patient)
    own = read_patient(patient)
    assert own.series == ()
    assert words in " ".join(why(own))
    assert len(own.doses) == len(own.plans) == 1
    assert certify(own).state in (State.WARNING, State.NOT_RUN)


NO_PLACE = {
    "slice list": lambda f: (f / "ImageSet_0.ImageInfo").unlink(),
    "header": lambda f: (f / "ImageSet_0.header").unlink(),
    "slices": lambda f: change(f / "ImageSet_0.header", "z_dim = 9", "z_dim = 8"),
}


@pytest.mark.parametrize("name", NO_PLACE)
def test_that_a_plan_without_its_image_set_has_a_frame_of_its_own(patient, name):
    full = read_patient(patient)
    NO_PLACE[name](patient)
    own = read_patient(patient)
    assert own.series == ()
    assert own.plans[0].frame_uid != full.plans[0].frame_uid
    assert own.doses[0].grid.values == pytest.approx(full.doses[0].grid.values)
    assert "ImageSet_" in " ".join(why(own))


def test_that_a_missing_region_file_is_told_and_the_points_show(patient):
    (patient / "Plan_0/plan.roi").unlink()
    own = read_patient(patient)
    assert [one.name for one in own.structure_sets[0].structures] == ["iso", "calc"]
    assert "Plan_0/plan.roi: plan.roi is not here" in why(own)
    assert len(own.doses) == 1


def test_that_a_region_file_that_ends_early_is_refused_whole(patient):
    file = patient / "Plan_0/plan.roi"
    file.write_bytes(file.read_bytes()[:600])
    own = read_patient(patient)
    assert "ends early" in " ".join(why(own))
    assert len(own.doses) == 1


DAMAGED = {
    "count": ("num_points =  4", "num_points =  5"),
    "letters": ("-1 2 -0\n", "-1 x -0\n"),
    "height": ("-1 2 -0\n", "-1 2 -0.5\n"),
    "curves": ("num_curve = 3", "num_curve = 4"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_that_a_damaged_region_is_named_or_its_file_refused(patient, name):
    change(patient / "Plan_0/plan.roi", *DAMAGED[name], 1)
    own = read_patient(patient)
    names = [one.name for one in own.structure_sets[0].structures]
    assert "box" not in names
    told = " ".join([*why(own), *(odd.message for odd in own.structure_sets[0].oddities)])
    assert "'box' is not shown" in told or "no number" in told
    assert len(own.doses) == 1


def test_that_what_was_drawn_on_other_images_is_not_shown(patient):
    change(patient / "Plan_0/plan.roi", "volume_name: DOE^JANE", "volume_name: MR", 1)
    assert len(read_patient(patient).structure_sets[0].structures) == 4
    second = "  ImageSet ={\n    ImageSetID = 1;\n  };\n};\nPlanList"
    change(patient / "Patient", "};\nPlanList", second)
    own = read_patient(patient)
    assert len(own.structure_sets[0].structures) == 3
    assert "drawn on the images 'MR'" in own.structure_sets[0].oddities[0].message


SETUP = "Plan_0/plan.PatientSetup"
NOTHING = {
    "decubitus": (lambda f: change(f / SETUP, "On back (supine)", "Left side down"), "Left side"),
    "other": (lambda f: change(f / SETUP, "Head First", "Feet First"), "images are HFS"),
    "frame": (
        lambda f: (f / "Plan_0/plan.Pinnacle").write_text("StartWithDICOM = 0;\n"),
        "StartWithDICOM is 0",
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_that_a_plan_of_unknown_place_is_not_shown_and_its_images_are(patient, name):
    spoil, words = NOTHING[name]
    spoil(patient)
    own = read_patient(patient)
    assert (own.plans, own.doses, own.structure_sets) == ((), (), ())
    assert len(own.series) == 1
    assert words in " ".join(why(own))


def test_that_a_position_that_neither_plan_nor_images_tell_ends_in_one_sentence(patient):
    (patient / SETUP).unlink()
    change(patient / "ImageSet_0.header", "patient_position : HFS", "patient_position : HFDL")
    with pytest.raises(UnreadableFileError, match=r"nothing of the Pinnacle folder.*HFDL"):
        read_patient(patient)


def test_that_a_dose_file_two_trials_name_needs_the_output_factors_to_agree(patient):
    file = patient / "Plan_0/plan.Trial"
    whole = file.read_text("latin-1")
    body = whole[: whole.rindex("/*")]
    other = body.replace('Name = "Trial_1"', 'Name = "Trial_2"')
    file.write_text(body + other, "latin-1", newline="\n")
    assert len(read_patient(patient).doses) == 2
    # The second trial's first beam now asks for other output factors than the file's.
    number = other.index("NormalizedDose = ")
    changed = other[:number] + "NormalizedDose = 9;" + other[other.index("\n", number) :]
    file.write_text(body + changed, "latin-1", newline="\n")
    own = read_patient(patient)
    assert [own.plan_of(dose).name for dose in own.doses] == ["Trial_1"]
    assert "several trials name its dose file" in " ".join(why(own))


def test_that_output_factors_that_disagree_with_the_dose_are_told(patient):
    change(
        patient / "Plan_0/plan.Trial", "CollimatorOutputFactor = 1", "CollimatorOutputFactor = 2"
    )
    (dose,) = read_patient(patient).doses
    assert "-50.0 %" in dose.oddities[0].message
    assert dose.oddities[0].state == State.WARNING


def test_that_a_beam_of_weight_0_adds_nothing(patient):
    full = read_patient(patient).doses[0].grid.values
    file = patient / "Plan_0/plan.Trial"
    change(file, "PrescriptionDose = 80.0", "PrescriptionDose = 0")
    head, _, tail = file.read_text("latin-1").rpartition("Weight = 50;")
    file.write_text(f"{head}Weight = 0;{tail}", "latin-1", newline="\n")
    (dose,) = read_patient(patient).doses
    assert float(dose.grid.values.max()) < float(full.max())
    assert "weight 0" in dose.oddities[0].message


def test_that_angles_of_an_unknown_scale_are_not_shown(patient):
    file = patient / "Plan_0/plan.Pinnacle.Machines"
    change(file, "TwelveOClockAngle = 180", "TwelveOClockAngle = 0")
    own = read_patient(patient)
    first = own.plans[0].beams[0].points[0]
    assert first.collimator_deg is None
    assert (first.jaws, first.leaves) == ({}, {})
    assert first.gantry_deg == 79
    assert "CollimatorAngle, jaws and leaves" in " ".join(why(own))


def test_that_a_missing_machine_file_leaves_angles_out_and_the_dose_in(patient):
    (patient / "Plan_0/plan.Pinnacle.Machines").unlink()
    own = read_patient(patient)
    first = own.plans[0].beams[0].points[0]
    assert first.gantry_deg is None
    assert len(own.doses) == 1


def test_that_a_plan_folder_alone_shows_all_but_images(patient, tmp_path):
    home = (patient / "Plan_0").rename(tmp_path / "Plan_0")
    own = read_one_plan(home)
    assert len(own.doses) == len(own.plans) == 1
    assert own.series == ()
    assert "Patient: Patient is not here" in " ".join(why(own))


def test_that_an_institution_finds_its_patients_from_both_places(tmp_path):
    write_patient(tmp_path / "Institution_1/Mount_0/Patient_1")
    lines = "".join(
        f'PatientLite ={{\nPatientPath = "{path}";\n}};\n'
        for path in ("Institution_1/Mount_0/Patient_1", "Institution_1/gone", "/etc", "../x")
    )
    index = f"PatientLiteList ={{\n{lines}}};\n"
    for home in (tmp_path, tmp_path / "Institution_1"):
        (home / "Institution").write_text(index)
        (own,) = read_institution(home)
        assert own.patient_id == "P-77"
        assert own.patient_name == "DOE, JANE"
        assert own.told("PatientBirthDate") == ("19500203",)


def test_that_too_many_patients_are_not_read_at_once(tmp_path):
    lines = ""
    for number in range(11):
        (tmp_path / f"Patient_{number}").mkdir()
        (tmp_path / f"Patient_{number}" / "Patient").write_text("")
        lines += f'PatientLite ={{\nPatientPath = "Patient_{number}";\n}};\n'
    (tmp_path / "Institution").write_text(f"PatientLiteList ={{\n{lines}}};\n")
    with pytest.raises(UnreadableFileError, match="11 patients"):
        read_institution(tmp_path)


def test_that_a_lone_trial_file_says_what_to_choose(patient):
    lone = patient / "example.txt"
    (patient / "Plan_0/plan.Trial").rename(lone)
    with pytest.raises(RemedyError, match="plan's folder"):
        read_sets([lone])


TEXTS = {
    "early": ("A ={\n  B = 1;\n", "ends early"),
    "points": ("A ={\nPoints[] ={\n1,2\n", "ends early"),
    "text": ('A = "b\n', "ends early"),
    "closed twice": ("A ={\n};\n};\n", "line 3"),
    "noise": ("A = 1;\n???\n", "line 2"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_that_a_text_that_does_not_follow_its_grammar_is_refused(name):
    text, words = TEXTS[name]
    with pytest.raises(UnreadableFileError, match=words):
        parse(text, "plan.x")


def test_that_the_text_reader_keeps_repeated_names_and_odd_texts():
    text = (
        'A ={\n  B .C = -5.8e-07;\n};\nA ={\n  B .C = 2;\n};\nT = "a \\"b\\" = {;";\n'
        "X = \\XDR_COPY:7\\;\nname : A = B: c\nPoints[] ={\n   1,2,\n  3\n        };\n#0 ={\n};\n"
    )
    tree = parse(text, "x")
    assert [one.number("B.C") for one in tree.blocks("A")] == [-5.8e-07, 2]
    assert tree.text("T") == 'a "b" = {;'
    assert tree.pairs[3] == ("X", Elsewhere(7))
    assert tree.text("name") == "A = B: c"
    assert tree.rows("Points[]").tolist() == [1, 2, 3]
    assert len(tree.numbered()) == 1


def test_that_damage_anywhere_ends_in_words_never_in_a_traceback(patient):
    random = np.random.default_rng(6204)
    names = ("Patient", "ImageSet_0.header", "ImageSet_0.ImageInfo", "Plan_0/plan.Trial",
             "Plan_0/plan.roi", "Plan_0/plan.Points", "Plan_0/plan.Pinnacle.Machines")  # fmt: skip
    for name in names:
        file = patient / name
        whole = file.read_bytes()
        for _ in range(25):
            content = bytearray(whole)
            for place in random.integers(0, len(whole), 6):
                content[place] = random.integers(0, 256)
            file.write_bytes(bytes(content[: random.integers(1, len(whole) + 1)]))
            with suppress(RemedyError):
                certify(read_patient(patient))
        file.write_bytes(whole)


@pytest.mark.req("O-04")
def test_that_the_commands_take_pinnacle_folders(qapp, capsys, patient, tmp_path):
    picture = tmp_path / "view.png"
    assert main(["dvh", str(patient), "--structure", "box"]) == 0
    assert "box," in capsys.readouterr().out
    assert main(["render", str(patient / "Plan_0"), "--out", str(picture), "--size", "64x64"]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["certificate", str(patient)]) in (0, 1)
    assert "ImageSet_0" in capsys.readouterr().out


def test_that_no_anonymised_copy_is_made_of_pinnacle_data(capsys, patient, tmp_path):
    out = tmp_path / "out"
    assert main(["anonymise", str(patient), "--out", str(out), "--id", "X"]) == 2
    assert "Pinnacle data, no DICOM" in capsys.readouterr().err
    assert not out.exists()
