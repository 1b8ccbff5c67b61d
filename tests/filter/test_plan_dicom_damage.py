"""A DICOM RT Plan that cannot be is refused in words, with the place."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import RTIonPlanStorage

from app.filter.plan_dicom import read_dicom_plan
from core.errors import (
    RemedyError,
    UnreadableFileError,
    UnreadableRecordError,
    UnsupportedPlanError,
)
from tests.filter.plan_samples import dicom_bytes, dicom_plan, photon_beam


def read(tmp_path, plan=None):
    file = tmp_path / "RP.dcm"
    file.write_bytes(dicom_bytes(plan))
    return read_dicom_plan(file)


def refused(tmp_path, plan, *words):
    with pytest.raises(RemedyError) as error:
        read(tmp_path, plan)
    for word in words:
        assert word in str(error.value)
    return error.value


def read_or_refusal(file):
    try:
        return read_dicom_plan(file)
    except RemedyError as error:
        return error


FIRST = "beam 1 (1A RAO), control point 0"


def set_first(keyword, value):
    def change(plan):
        setattr(plan.BeamSequence[0].ControlPointSequence[0], keyword, value)

    return change


def set_beam(keyword, value):
    return lambda plan: setattr(plan.BeamSequence[0], keyword, value)


def set_group(keyword, value):
    return lambda plan: setattr(plan.FractionGroupSequence[0], keyword, value)


def set_booking(keyword, value):
    def change(plan):
        setattr(plan.FractionGroupSequence[0].ReferencedBeamSequence[0], keyword, value)

    return change


def lose_leaf(plan):
    points = plan.BeamSequence[0].ControlPointSequence
    points[2].BeamLimitingDevicePositionSequence[0].LeafJawPositions = ["1"] * 5


def swap_weights(plan):
    plan.BeamSequence[0].ControlPointSequence[1].CumulativeMetersetWeight = "1.5"


def drop_point(plan):
    del plan.BeamSequence[0].ControlPointSequence[3]


BROKEN = {
    "gantry beyond a turn": (set_first("GantryAngle", "725"), (FIRST, "GantryAngle", "725")),
    "gantry empty": (set_first("GantryAngle", ""), (FIRST, "GantryAngle")),
    "final weight zero": (
        set_beam("FinalCumulativeMetersetWeight", "0"),
        ("FinalCumulativeMetersetWeight",),
    ),
    "last weight is not the final one": (
        set_beam("FinalCumulativeMetersetWeight", "3"),
        ("control point 3", "the final one 3"),
    ),
    "weights fall": (swap_weights, ("control point 2", "CumulativeMetersetWeight")),
    "first weight is not zero": (set_first("CumulativeMetersetWeight", "0.1"), (FIRST, "not 0")),
    "a leaf is missing": (lose_leaf, ("control point 2", "LeafJawPositions", "5 positions")),
    "a control point is missing": (drop_point, ("NumberOfControlPoints", "4 control points")),
    "unknown direction": (set_first("GantryRotationDirection", "LEFT"), (FIRST, "LEFT")),
    "isocentre of two numbers": (set_first("IsocenterPosition", ["1", "2"]), ("2 coordinates",)),
    "unknown device": (
        lambda plan: setattr(
            plan.BeamSequence[0].BeamLimitingDeviceSequence[0], "RTBeamLimitingDeviceType", "IRIS"
        ),
        ("IRIS",),
    ),
    "leaf edges fall": (
        lambda plan: setattr(
            plan.BeamSequence[0].BeamLimitingDeviceSequence[2],
            "LeafPositionBoundaries",
            ["15", "5", "-5", "-15"],
        ),
        ("LeafPositionBoundaries",),
    ),
    "unknown radiation": (set_beam("RadiationType", "MAGIC"), ("MAGIC",)),
    "negative meterset": (set_booking("BeamMeterset", "-1"), ("beam 1", "negative")),
    "booking of no beam": (set_booking("ReferencedBeamNumber", 99), ("no beam 99",)),
    "no fractions": (set_group("NumberOfFractionsPlanned", 0), ("0 fractions",)),
    "beams not all listed": (set_group("NumberOfBeams", 5), ("5 beams",)),
    "number used twice": (lambda plan: plan.BeamSequence.append(photon_beam()), ("used twice",)),
    "no control point": (set_beam("ControlPointSequence", []), ("no control point",)),
    "no beam": (lambda plan: setattr(plan, "BeamSequence", []), ("no beam",)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_that_an_impossible_value_is_refused_with_its_place(tmp_path, name):
    change, words = BROKEN[name]
    plan = dicom_plan()
    change(plan)
    error = refused(tmp_path, plan, *words)
    assert isinstance(error, UnreadableRecordError)
    assert "RP.dcm" in error.where


@pytest.mark.parametrize("text", ["NaN   ", "inf   ", "1,5   ", "1e99  ", "0x10  ", "--1   "])
def test_that_text_that_is_no_number_is_refused(tmp_path, text):
    data = dicom_bytes().replace(b"320.50", text.encode())
    file = tmp_path / "RP.dcm"
    file.write_bytes(data)
    with pytest.raises(UnreadableRecordError, match="GantryAngle"):
        read_dicom_plan(file)


def test_that_ions_and_brachytherapy_are_refused_by_name(tmp_path):
    plan = dicom_plan()
    plan.SOPClassUID = RTIonPlanStorage
    assert isinstance(refused(tmp_path, plan, "ion plan"), UnsupportedPlanError)
    plan = dicom_plan()
    del plan.BeamSequence
    plan.BrachyTreatmentType = "HDR"
    assert isinstance(refused(tmp_path, plan, "brachytherapy"), UnsupportedPlanError)
    plan = dicom_plan()
    plan.BeamSequence[0].RadiationType = "PROTON"
    assert isinstance(refused(tmp_path, plan, "PROTON"), UnsupportedPlanError)


def test_that_another_kind_of_file_is_named(tmp_path):
    plan = dicom_plan()
    plan.SOPClassUID, plan.Modality = "1.2.840.10008.5.1.4.1.1.2", "CT"
    assert isinstance(refused(tmp_path, plan, "modality CT"), UnreadableFileError)
    for data in (b"", b"\0" * 300, b"PLAN_DEF,no dicom\r\n" * 20):
        file = tmp_path / "other"
        file.write_bytes(data)
        with pytest.raises(UnreadableFileError):
            read_dicom_plan(file)
    with pytest.raises(UnreadableFileError):
        read_dicom_plan(tmp_path / "not there")


def test_that_a_file_without_preamble_reads_the_same(tmp_path):
    file = tmp_path / "RP.dcm"
    file.write_bytes(dicom_bytes()[132:])
    bare = read_dicom_plan(file)
    assert bare == replace(read(tmp_path), source=bare.source)


def test_that_a_plan_cut_off_anywhere_is_refused_or_complete_in_every_field(tmp_path):
    data, whole = dicom_bytes(), read(tmp_path)
    file = tmp_path / "cut.dcm"
    opened = 0
    for end in range(0, len(data), 5):
        file.write_bytes(data[:end])
        try:
            cut = read_dicom_plan(file)
        except RemedyError:
            continue
        opened += 1
        assert (cut.fields, cut.prescriptions) == (whole.fields, whole.prescriptions)
    assert opened <= 3  # only where nothing but what a plan may lack was lost


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_random_damage_is_refused_in_words_or_read(tmp_path_factory, data):
    damaged = bytearray(dicom_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    file = tmp_path_factory.getbasetemp() / "damaged.dcm"
    file.write_bytes(bytes(damaged))
    outcome = read_or_refusal(file)
    if isinstance(outcome, RemedyError):
        assert outcome.what
        assert outcome.where
        assert outcome.remedy[0].isupper()
    else:
        assert outcome.fields
