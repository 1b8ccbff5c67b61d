"""How a plan was calculated and prescribed, as far as each format says it; never a guess."""

import pytest

from app.lex.dicom_plan import read_dicom_plan
from app.lex.pinnacle_plan import read_pinnacle_plan
from app.lex.plan import Point
from app.lex.sources import open_source
from app.lex.transfer import prepare
from core.errors import UnreadableFileError
from core.findings import State
from tests.lex import dicom_sample, pinnacle_sample
from tests.lex.pinnacle_sample import beam, electron, prescription, trial
from tests.lex.transfer_sample import treatment

ISO = Point("iso", (1.0, 2.0, -1.0))
ENGINE = {"TypeName": "Adaptive Convolve", "ConvolveHomogeneous": 0, "FluenceHomogeneous": 0,
          "FlatWaterPhantom": 0, "ElectronHomogeneous": 0}  # fmt: skip


def read(tmp_path, *beams: dict, rx: dict | None = None, **changes: object):
    made = trial(*beams, prescriptions=[prescription(**rx or {})], **changes)
    [reading] = read_pinnacle_plan(pinnacle_sample.write_plan(tmp_path, made))
    assert reading.trial is not None, reading.fault
    return reading.trial


@pytest.mark.req("L-12")
@pytest.mark.parametrize(
    ("flags", "words"),
    [({}, "heterogeneous"), ({"ConvolveHomogeneous": 1, "FluenceHomogeneous": 1}, "homogeneous"),
     ({"FlatWaterPhantom": 1}, "in a water phantom"), ({"ConvolveHomogeneous": 7}, ""),
     ({"ConvolveHomogeneous": 1}, "with homogeneous scatter only"),
     ({"ElectronHomogeneous": 1}, "heterogeneous")],
)  # fmt: skip
def test_that_the_dose_model_follows_from_the_flags_of_the_engine(tmp_path, flags, words):
    [one] = read(tmp_path, beam(DoseEngine=ENGINE | flags)).beams
    assert (one.dose_model, one.dose_engine) == (words, "Adaptive Convolve")


@pytest.mark.req("L-12")
def test_that_electrons_have_a_flag_of_their_own_and_no_engine_says_nothing(tmp_path):
    flags = ENGINE | {"ElectronHomogeneous": 1}
    one, two = read(tmp_path, electron(DoseEngine=flags), beam()).beams
    assert (one.dose_model, two.dose_model) == ("homogeneous", "")


@pytest.mark.req("L-13")
def test_that_the_calculation_point_has_name_and_place(tmp_path):
    [one] = read(tmp_path, beam(PrescriptionPointName="ISO")).beams
    assert one.dose_point == Point("ISO", (1.0, 2.0, -1.0))
    assert one.dose_point.same_as(ISO, 0.01)


@pytest.mark.req("L-13")
def test_that_a_beam_without_a_named_point_has_one_of_its_own(tmp_path):
    loose = {"UsePoiForPrescriptionPoint": 0, "PrescriptionPointDepth": 5}
    one, two = read(tmp_path, beam(**loose), beam(Name="PA", **loose)).beams
    assert str(one.dose_point) == "5 cm deep on the axis of AP"
    assert not one.dose_point.same_as(two.dose_point, 0.01)


@pytest.mark.req("L-11", "L-14")
def test_that_method_normalisation_and_point_of_a_prescription_are_read(tmp_path):
    said = {"NormalizationMethod": "ROI Mean", "PrescriptionPoint": "iso"}
    relative = {"ComputeRelativeDose": 1, "IsodoseNormPointName": "elsewhere"}
    [rx] = read(tmp_path, rx=said, **relative).prescriptions
    assert (rx.method, rx.normalisation, rx.point) == ("Prescribe", "ROI Mean", ISO)
    assert rx.isodose_point == Point("elsewhere")


@pytest.mark.req("L-11")
@pytest.mark.parametrize(
    "said",
    [{"ComputeRelativeDose": 0, "IsodoseNormPointName": "elsewhere"},
     {"ComputeRelativeDose": 1, "IsodoseNormPointName": "<None>"}, {}],
)  # fmt: skip
def test_that_absolute_isodoses_are_normalised_to_no_point(tmp_path, said):
    [rx] = read(tmp_path, **said).prescriptions
    assert (rx.isodose_point, rx.normalisation, rx.point) == (None, "", None)


def dicom(tmp_path, *given: dict):
    group = dicom_sample.group(*range(1, len(given) + 1))
    for item, values in zip(group.ReferencedBeamSequence, given, strict=True):
        item.update(dicom_sample.item(**values))
    beams = [dicom_sample.beam(number) for number in range(1, len(given) + 1)]
    file = dicom_sample.write(tmp_path, dicom_sample.plan(*beams, groups=(group,)))
    return read_dicom_plan(file)


@pytest.mark.req("L-13")
def test_that_a_dicom_plan_gives_the_place_or_the_reference_of_a_dose_point(tmp_path):
    place = {"BeamDoseSpecificationPoint": [10, -20, 30]}
    one, two, three = dicom(tmp_path, place, {"ReferencedDoseReferenceUID": "1.2.9"}, {}).beams
    assert one.dose_point == Point("", (1.0, -2.0, 3.0))
    assert str(one.dose_point) == "(1.00, -2.00, 3.00) cm"
    assert (two.dose_point, three.dose_point) == (Point("1.2.9"), None)


def test_that_half_a_dose_point_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match="BeamDoseSpecificationPoint has 2 values"):
        dicom(tmp_path, {"BeamDoseSpecificationPoint": [10, -20]})


@pytest.mark.req("L-11", "L-12", "L-14", "R-23")
def test_that_what_a_dicom_plan_does_not_say_is_not_run_and_no_pass(tmp_path):
    plan = dicom(tmp_path, {}, {})
    findings = prepare(plan, treatment()).findings
    states = {one.rule: one.state for one in findings if one.rule.startswith("LEX-P")}
    unknown = dict.fromkeys(("LEX-P1", "LEX-P2", "LEX-P3"), State.NOT_RUN)
    # The two beams are still: nothing of L-14 to ask.
    assert states == {**unknown, "LEX-P4": State.PASS}


@pytest.mark.req("L-11", "L-12", "L-13", "L-14")
@pytest.mark.parametrize(
    ("folder", "model"),
    [("patient_6204/Plan_0", "heterogeneous"), ("patient_6204/Plan_1", "homogeneous")],
)
def test_that_real_plans_say_all_of_it(shared_data, folder, model):
    for one in open_source(shared_data / "pinnacle" / folder).trials:
        for rx in one.prescriptions:
            assert (rx.method, rx.normalisation) == ("Prescribe", "Point Dose")
            assert rx.point is not None
            assert rx.point.place_cm is not None
            assert {beam.dose_model for beam in rx.beams} == {model}
            assert all(beam.dose_point.same_as(rx.point, 0.01) for beam in rx.beams)
