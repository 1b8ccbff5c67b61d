"""Plans open from every kind of source; the right trial is chosen; the source stays untouched."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lex.sources import choose_trial, open_source
from core.errors import RemedyError, UnreadableFileError
from tests.lex import dicom_sample, pinnacle_sample
from tests.lex.damage import cuts, damages
from tests.lex.pinnacle_sample import arc_beam, beam, electron, trial


@pytest.fixture
def plan_folder(tmp_path):
    trials = (trial(Name="One", UseTrialForTreatment=0), trial(Name="Two"))
    return pinnacle_sample.write_plan(tmp_path, *trials)


@pytest.mark.req("L-03")
def test_that_a_pinnacle_plan_opens_by_folder_and_by_file(plan_folder):
    for path in (plan_folder, plan_folder / "plan.Trial"):
        source = open_source(path)
        assert source.kind == "Pinnacle plan"
        assert [one.name for one in source.trials] == ["One", "Two"]


@pytest.mark.req("L-03")
def test_that_a_patient_opens_with_the_plan_in_each_trial_name(plan_folder):
    for path in (plan_folder.parent, plan_folder.parent / "Patient"):
        assert [one.name for one in open_source(path).trials] == ["PELVIS/One", "PELVIS/Two"]


def test_that_a_dicom_plan_opens_by_file_and_by_folder(tmp_path):
    file = dicom_sample.write(tmp_path, dicom_sample.plan())
    dicom_sample.write(tmp_path, dicom_sample.plan(Modality="CT"), "CT.dcm")
    (tmp_path / "notes.txt").write_text("not a plan")
    for path in (file, tmp_path):
        source = open_source(path)
        assert source.kind == "DICOM RT Plan"
        assert [one.name for one in source.trials] == ["PELVIS"]


def test_that_several_plans_of_a_folder_are_told_apart_by_file_name(tmp_path):
    for name in ("b.dcm", "a.dcm"):
        dicom_sample.write(tmp_path, dicom_sample.plan(), name)
    source = open_source(tmp_path)
    assert [one.name for one in source.trials] == ["a.dcm", "b.dcm"]
    assert choose_trial(source, "b.dcm").name == "b.dcm"
    assert "2 plans in this folder; a.dcm used, b.dcm not looked at." in (
        choose_trial(source, None).notes
    )


def test_that_a_cut_plan_beside_a_sound_one_is_kept_as_refused(tmp_path):
    dicom_sample.write(tmp_path, dicom_sample.plan(), "RP2.dcm")
    (tmp_path / "RP1.dcm").write_bytes(dicom_sample.encode(dicom_sample.plan())[:-3])
    source = open_source(tmp_path)
    assert [one.name for one in source.refused] == ["RP1.dcm"]
    with pytest.raises(UnreadableFileError, match="cut off"):
        choose_trial(source, None)
    assert choose_trial(source, "RP2.dcm").name == "RP2.dcm"


def test_that_the_trial_for_treatment_is_chosen_and_the_others_are_named(plan_folder):
    chosen = choose_trial(open_source(plan_folder), None)
    assert chosen.name == "Two"
    assert chosen.notes[0] == "2 trials in this plan; Two used, One not looked at."


@pytest.mark.parametrize(
    ("marks", "name"), [((0, 0, 0), "A"), ((1, 1, 1), "A"), ((0, 1, 1), "B"), ((0, 0, 1), "C")]
)
def test_that_the_first_marked_trial_is_chosen_else_the_first_of_all(tmp_path, marks, name):
    trials = [
        trial(Name=one, UseTrialForTreatment=mark) for one, mark in zip("ABC", marks, strict=True)
    ]
    source = open_source(pinnacle_sample.write_plan(tmp_path, *trials))
    assert choose_trial(source, None).name == name
    assert choose_trial(source, "C").notes == ()


@pytest.mark.parametrize("name", ["one", "One ", "Three", ""])
def test_that_a_name_must_fit_exactly(plan_folder, name):
    with pytest.raises(RemedyError, match="'One', 'Two'"):
        choose_trial(open_source(plan_folder), name)


def test_that_a_name_given_twice_is_not_chosen(tmp_path):
    source = open_source(pinnacle_sample.write_plan(tmp_path, trial(), trial()))
    with pytest.raises(RemedyError, match="2 trials are called 'Trial_1'"):
        choose_trial(source, "Trial_1")


def test_that_a_refused_trial_for_treatment_is_not_replaced_by_another(tmp_path):
    bad = trial(beam(MonitorUnitsValid=0), Name="Two")
    good = trial(Name="One", UseTrialForTreatment=0)
    source = open_source(pinnacle_sample.write_plan(tmp_path, good, bad))
    assert [one.name for one in source.trials] == ["One"]
    for name in (None, "Two"):
        with pytest.raises(UnreadableFileError, match="not valid"):
            choose_trial(source, name)
    assert choose_trial(source, "One").name == "One"


def test_that_a_source_with_nothing_sound_tells_why_at_once(tmp_path):
    with pytest.raises(UnreadableFileError, match="not valid"):
        open_source(pinnacle_sample.write_plan(tmp_path, trial(beam(MonitorUnitsValid=0))))


@pytest.mark.parametrize("what", ["nothing", "folder", "text", "zero", "institution"])
def test_that_what_is_no_plan_is_refused_with_a_next_step(tmp_path, what):
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "institution":
        path = tmp_path / "Institution"
        path.write_text("InstitutionID = 1;\n")
    elif what != "nothing":
        path.write_bytes(b"plain text" * 20 if what == "text" else b"")
    with pytest.raises(RemedyError) as caught:
        open_source(path)
    assert caught.value.remedy


def hashes(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of change of every file."""
    return {
        str(file.relative_to(folder)): (
            hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns,
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }  # fmt: skip


@pytest.mark.req("L-01")
def test_that_reading_leaves_the_source_as_it_was(tmp_path):
    made = pinnacle_sample.write_plan(tmp_path, trial(beam(), electron(), arc_beam()))
    dicom_sample.write(tmp_path, dicom_sample.plan())
    before = hashes(tmp_path)
    for path in (made, made.parent, tmp_path):
        choose_trial(open_source(path), None)
    assert hashes(tmp_path) == before


@pytest.mark.req("L-01")
def test_that_reading_leaves_the_real_plans_as_they_were(shared_data):
    folders = [shared_data / "pinnacle", shared_data / "dicom" / "hn_proknow"]
    before = [hashes(folder) for folder in folders]
    for path in (
        folders[0] / "patient_6204",
        folders[0] / "institution_01" / "Institution_1" / "Mount_0" / "Patient_1" / "Plan_0",
        folders[1],
    ):
        choose_trial(open_source(path), None)
    assert [hashes(folder) for folder in folders] == before


MADE = dicom_sample.plan(dicom_sample.beam(1), dicom_sample.beam(2))
DICOM_BYTES = {how: dicom_sample.encode(MADE, implicit=how) for how in (False, True)}


def opened(folder: Path, data: bytes):
    file = folder / "RP.dcm"
    file.write_bytes(data)
    return open_source(file).trials[0]


@settings(deadline=None)  # files are written; a busy disk is no fault
@given(st.data(), st.booleans())
def test_that_a_damaged_dicom_plan_opens_or_is_refused_in_words(data, implicit):
    damaged = data.draw(damages(DICOM_BYTES[implicit]))
    with TemporaryDirectory() as folder:
        try:
            found = opened(Path(folder), damaged)
        except RemedyError:
            return
        assert found.prescriptions


@settings(deadline=None)  # files are written; a busy disk is no fault
@given(st.data(), st.booleans())
def test_that_a_cut_dicom_plan_never_loses_a_beam_or_a_point(data, implicit):
    whole = DICOM_BYTES[implicit]
    with TemporaryDirectory() as folder:
        complete = opened(Path(folder), whole)
        try:
            found = opened(Path(folder), data.draw(cuts(whole)))
        except RemedyError:
            return
        assert found.beams == complete.beams


FILES = ("plan.Trial", "plan.Pinnacle.Machines", "plan.Points", "plan.PatientSetup", "../Patient")


@pytest.fixture(scope="module")
def whole_plan(tmp_path_factory):
    made = trial(beam(), electron(), arc_beam())
    return pinnacle_sample.write_plan(tmp_path_factory.mktemp("plan"), made)


@settings(deadline=None)  # files are written; a busy disk is no fault
@given(st.data(), st.sampled_from(FILES))
def test_that_a_damaged_pinnacle_plan_opens_or_is_refused_in_words(whole_plan, data, name):
    file = whole_plan / name
    whole = file.read_bytes()
    try:
        file.write_bytes(data.draw(damages(whole)))
        found = open_source(whole_plan).trials
    except RemedyError:
        return
    else:
        assert found
    finally:
        file.write_bytes(whole)
