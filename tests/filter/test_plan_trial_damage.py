"""A Pinnacle plan that cannot be is refused in words, with trial and beam."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.filter.plan_trial import read_pinnacle_plan
from core.errors import (
    RemedyError,
    UnreadableFileError,
    UnreadableRecordError,
    UnsupportedPlanError,
)
from tests.filter.plan_samples_pinnacle import (
    beam_text,
    block,
    segment,
    trial_text,
    two_segments,
    values,
    write_pinnacle,
)

REFUSED = {
    "MU not valid": (beam_text([segment(0, 1)], MonitorUnitsValid=0), "not valid"),
    "unknown beam type": (beam_text([segment(0, 1)], kind="Conformal Arc"), "Conformal Arc"),
    "protons": (beam_text([segment(0, 1)], Modality="Protons"), "Protons"),
    "isocentre missing": (beam_text([segment(0, 1)], IsocenterName="gone"), "no isocentre"),
    "prescription missing": (beam_text([segment(0, 1)], PrescriptionName="X"), "prescription 'X'"),
    "weights": (beam_text([segment(0, 0.5)]), "add up to 0.5"),
    "static with two points": (
        beam_text([segment(0, 0.5), segment(1, 0.5)], kind="Static"),
        "2 control points",
    ),
    "gantry moves": (
        beam_text([segment(0, 0.5), segment(1, 0.5, gantry=7)]),
        "gantry moves",
    ),
    "points lost": (
        two_segments().replace("NumberOfControlPoints = 2", "NumberOfControlPoints = 3"),
        "3 control points are announced, 2",
    ),
    "leaves lost": (
        two_segments().replace("NumberOfPoints = 4", "NumberOfPoints = 5"),
        "4 pairs are there",
    ),
    "jaw missing": (two_segments().replace("TopJawPosition = 8.5;", ""), "TopJawPosition"),
    "jaw damaged": (two_segments().replace("= 8.5;", "= 8.x;"), "'8.x' is no number"),
    "gantry beyond a turn": (beam_text([segment(0, 1, gantry=725)]), "725"),
    "value twice": (
        two_segments().replace("Gantry = 120;", "Gantry = 120;\nGantry = 1;"),
        "twice",
    ),
    "no control point": (beam_text([]), "no control point"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_that_what_cannot_be_is_refused_with_trial_and_beam(tmp_path, name):
    beam, words = REFUSED[name]
    with pytest.raises((UnreadableRecordError, UnsupportedPlanError)) as error:
        read_pinnacle_plan(write_pinnacle(tmp_path, trial_text(beam)))
    assert words in str(error.value)
    assert "Trial_1" in error.value.where


def test_that_a_trial_without_beams_is_refused(tmp_path):
    folder = write_pinnacle(tmp_path, block("Trial", values(Name="HDR")))
    with pytest.raises(UnsupportedPlanError, match="no external beam"):
        read_pinnacle_plan(folder)


def test_that_a_plan_without_its_machines_is_refused(tmp_path):
    folder = write_pinnacle(tmp_path, trial_text(two_segments()))
    (folder / "plan.Pinnacle.Machines").unlink()
    with pytest.raises(UnreadableFileError, match=r"plan\.Pinnacle\.Machines is not beside"):
        read_pinnacle_plan(folder)


def test_that_a_plan_alone_reads_and_says_what_is_missing(tmp_path):
    folder = write_pinnacle(tmp_path, trial_text(two_segments()))
    for name in ("plan.Points", "plan.PatientSetup", "plan.Pinnacle", "../Patient"):
        (folder / name).unlink()
    plan = read_pinnacle_plan(folder)
    gaps = {item for item, _ in plan.gaps}
    assert gaps == {"patient_id", "patient_orientation", "isocenter_position"}
    assert str(plan.fields[0].mu) == "160.0"


def read_or_refusal(folder):
    try:
        return read_pinnacle_plan(folder)
    except RemedyError as error:
        return error


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_random_damage_to_any_file_is_refused_in_words_or_read(tmp_path_factory, data):
    root = tmp_path_factory.mktemp("damaged")
    folder = write_pinnacle(root, trial_text(two_segments()))
    names = sorted(file.name for file in folder.iterdir())
    file = folder / data.draw(st.sampled_from([*names, "plan.Trial", "../Patient"]))
    damaged = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        damaged[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.one_of(st.binary(max_size=5), st.sampled_from([b"};", b"={", b'"', b"9", b"-"]))
        )
    file.write_bytes(bytes(damaged))
    outcome = read_or_refusal(folder)
    shutil.rmtree(root)
    if isinstance(outcome, RemedyError):
        assert outcome.what
        assert outcome.where
        assert outcome.remedy[0].isupper()
    else:
        assert outcome.fields


def test_that_a_trial_cut_off_anywhere_is_refused(tmp_path):
    whole = trial_text(two_segments())
    folder = write_pinnacle(tmp_path, whole)
    for end in range(0, len(whole) - 4, 41):
        (folder / "plan.Trial").write_text(whole[:end], encoding="latin-1")
        with pytest.raises(RemedyError):
            read_pinnacle_plan(folder)
