"""DICOM RT Plans become LEX's trials; what cannot be meant is refused in one sentence."""

import re

import pytest

from app.lex.dicom_plan import read_dicom_plan
from core.errors import RemedyError, UnreadableFileError, UnsupportedPlanError
from tests.lex import dicom_sample as sample
from tests.lex.dicom_sample import beam, group, item, plan, point, positions


def read(tmp_path, dataset, **how):
    return read_dicom_plan(sample.write(tmp_path, dataset, **how))


def only_beam(tmp_path, made):
    (found,) = read(tmp_path, plan(made)).beams
    return found


@pytest.mark.parametrize("how", [{}, {"implicit": True}, {"bare": True}])
def test_that_a_static_beam_is_read_in_cm_whatever_the_encoding(tmp_path, how):
    trial = read(tmp_path, plan(), **how)
    (found,) = trial.beams
    first, last = found.segments
    assert (first.meterset_share, last.meterset_share) == (0, 1)
    assert (first.x1_cm, first.x2_cm, first.y1_cm, first.y2_cm) == (-4, 5, -7, 6)
    assert first.left_cm == (-1, -1.1, -1.2, -1.3, -1.4)
    assert first.right_cm == (2, 2.1, 2.2, 2.3, 2.4)
    assert (first.gantry_deg, first.collimator_deg, first.couch_deg) == (30, 10, 350)
    assert (first.ssd_cm, first.dose_rate_mu_min) == (90.5, 400)
    assert (found.isocentre_cm, found.sad_cm, found.mu) == ((1, -2, 3.05), 100, 101)
    assert (found.technique, found.modality, found.energy) == ("Static", "Xrays", 6)
    assert (found.dose_cgy, found.leaf_axis, found.setup) == (125, "X", False)


def test_that_patient_plan_and_references_come_along(tmp_path):
    trial = read(tmp_path, plan())
    person = trial.person
    assert (person.id, person.last_name, person.first_name, person.middle_name) == (
        "77", "DOE", "JO", "Q",
    )  # fmt: skip
    assert (trial.name, trial.plan_name, trial.uid) == ("PELVIS", "Pelvis plan", "1.2.3")
    assert (trial.structure_set_uid, trial.frame_uid) == ("1.2.5", "1.2.4")
    assert (trial.position, trial.approved, trial.notes) == ("HFS", "APPROVED", ())
    assert (trial.system_maker, trial.system_model, trial.system_version) == ("ACME", "TPS", "1.0")


def test_that_what_a_point_leaves_out_stands_as_before(tmp_path):
    second = point(1, 0.5, BeamLimitingDevicePositionSequence=positions(ASYMY=[-10, 10]))
    third = point(2, 1, DoseRateSet=100, SourceToSurfaceDistance=800)
    found = only_beam(tmp_path, beam(points=[point(0, 0), second, third]))
    assert [s.y1_cm for s in found.segments] == [-7, -1, -1]
    assert [s.x1_cm for s in found.segments] == [-4, -4, -4]
    assert {s.left_cm for s in found.segments} == {found.segments[0].left_cm}
    assert [s.dose_rate_mu_min for s in found.segments] == [400, 400, 100]
    assert [s.ssd_cm for s in found.segments] == [90.5, 90.5, 80]
    assert [s.gantry_deg for s in found.segments] == [30, 30, 30]


def leaves(shift: float) -> object:
    return positions(MLCX=[place + shift for place in sample.LEAVES_MM])


def moved(index: int, share: float, shift: float, **changes: object):
    return point(index, share, BeamLimitingDevicePositionSequence=leaves(shift), **changes)


@pytest.mark.parametrize(
    ("points", "technique"),
    [
        ([point(0, 0), point(1, 0.5), point(2, 0.5), point(3, 1)], "Static"),
        ([point(0, 0), point(1, 0.5), moved(2, 0.5, 1), point(3, 1)], "StepNShoot"),
        ([point(0, 0), moved(1, 0.5, 1), moved(2, 1, 2)], "DMLC"),
        ([point(0, 0, GantryRotationDirection="CW"), point(1, 1, GantryAngle=60)], "Arc"),
        ([point(0, 0, GantryRotationDirection="CC"), moved(1, 1, 1, GantryAngle=0)], "VMAT"),
    ],
)
def test_that_the_technique_is_what_the_geometry_shows(tmp_path, points, technique):
    assert only_beam(tmp_path, beam(points=points)).technique == technique


def test_that_an_arc_carries_its_direction_up_to_the_last_point(tmp_path):
    first = point(0, 0, GantryRotationDirection="CC", GantryAngle=179)
    found = only_beam(tmp_path, beam(points=[first, point(1, 0.5, GantryAngle=0),
                                             point(2, 1, GantryAngle=181)]))  # fmt: skip
    assert [s.gantry_turn for s in found.segments] == ["CCW", "CCW", ""]
    assert [s.gantry_deg for s in found.segments] == [179, 0, 181]


def test_that_weights_are_shares_of_the_final_weight(tmp_path):
    points = [point(0, 0), point(1, 30), point(2, 120)]
    found = only_beam(tmp_path, beam(points=points, FinalCumulativeMetersetWeight=120))
    assert [s.meterset_share for s in found.segments] == [0, 0.25, 1]


def test_that_leaves_listed_from_the_top_are_turned_round(tmp_path):
    made = beam()
    made.BeamLimitingDeviceSequence[2].LeafPositionBoundaries = sample.EDGES_MM[::-1]
    assert only_beam(tmp_path, made).segments[0].left_cm == (-1.4, -1.3, -1.2, -1.1, -1)


def test_that_leaves_along_y_are_told(tmp_path):
    made = beam()
    made.BeamLimitingDeviceSequence[2].RTBeamLimitingDeviceType = "MLCY"
    place = made.ControlPointSequence[0].BeamLimitingDevicePositionSequence
    place[2].RTBeamLimitingDeviceType = "MLCY"
    assert only_beam(tmp_path, made).leaf_axis == "Y"


def test_that_a_missing_jaw_is_none_and_no_mlc_is_empty(tmp_path):
    made = beam(BeamLimitingDeviceSequence=[item(RTBeamLimitingDeviceType="Y")])
    made.ControlPointSequence[0].BeamLimitingDevicePositionSequence = positions(Y=[-50, 50])
    found = only_beam(tmp_path, made)
    assert (found.segments[0].x1_cm, found.segments[0].y2_cm) == (None, 5)
    assert (found.segments[0].left_cm, found.leaf_axis) == ((), "")


def wedge(kind: str, **changes: object):
    made = item(WedgeNumber=1, WedgeType=kind, WedgeID="W60", WedgeAngle=60, WedgeOrientation=90)
    made.update(item(**changes))
    return made


def at_wedge(word: str) -> dict[str, object]:
    return {"WedgePositionSequence": [item(ReferencedWedgeNumber=1, WedgePosition=word)]}


@pytest.mark.parametrize(
    ("kind", "word"),
    [("STANDARD", "physical"), ("DYNAMIC", "virtual"), ("PARTIAL_STANDARD", "physical")],
)
def test_that_a_wedge_that_stays_in_is_named(tmp_path, kind, word):
    points = [point(0, 0, **at_wedge("IN")), point(1, 1)]
    found = only_beam(tmp_path, beam(points=points, WedgeSequence=[wedge(kind)]))
    (one,) = found.wedges
    assert (one.code, one.kind, one.angle_deg, one.orientation_deg) == ("W60", word, 60, 90)
    assert found.segments[0].wedge_in is None


def test_that_a_motorised_wedge_tells_where_it_is_in(tmp_path):
    points = [point(0, 0, **at_wedge("IN")), point(1, 0.5), point(2, 0.5, **at_wedge("OUT")),
              point(3, 1)]  # fmt: skip
    found = only_beam(tmp_path, beam(points=points, WedgeSequence=[wedge("MOTORIZED")]))
    assert [s.wedge_in for s in found.segments] == [True, True, False, False]
    assert found.wedges[0].kind == "motorised"


def test_that_a_wedge_that_is_never_in_is_left_out(tmp_path):
    points = [point(0, 0, **at_wedge("OUT")), point(1, 1)]
    assert (
        only_beam(tmp_path, beam(points=points, WedgeSequence=[wedge("MOTORIZED")])).wedges == ()
    )


def block(**changes: object):
    made = item(
        BlockNumber=1, BlockName="cut", BlockType="APERTURE", BlockNumberOfPoints=3,
        BlockData=[-30, -20, 30, -20, 0, 40],
    )  # fmt: skip
    made.update(item(**changes))
    return made


def test_that_electrons_bring_applicator_and_cutout(tmp_path):
    made = beam(
        RadiationType="ELECTRON",
        ApplicatorSequence=[item(ApplicatorID="A10", ApplicatorType="ELECTRON_SQUARE")],
        BlockSequence=[block(BlockTrayID="T7", AccessoryCode="X")],
    )
    found = only_beam(tmp_path, made)
    assert (found.modality, found.applicator.code) == ("Elect", "A10")
    assert (found.cutout.code, found.blocks) == ("T7", ())
    assert found.cutout.outline_cm == ((-3, -2), (3, -2), (0, 4))


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ({"BlockTrayID": "T", "AccessoryCode": "A"}, "T"),
        ({"AccessoryCode": "A"}, "A"),
        ({}, "cut"),
    ],
)
def test_that_a_block_is_coded_by_tray_then_accessory_then_name(tmp_path, codes, code):
    found = only_beam(tmp_path, beam(BlockSequence=[block(BlockType="SHIELDING", **codes)]))
    assert [(one.code, one.kind) for one in found.blocks] == [(code, "block")]


def test_that_bolus_and_compensator_are_named(tmp_path):
    made = beam(
        ReferencedBolusSequence=[item(ReferencedROINumber=4, BolusID="B1")],
        CompensatorSequence=[item(CompensatorID="C1")],
    )
    found = only_beam(tmp_path, made)
    assert ([b.code for b in found.boluses], [c.code for c in found.compensators]) == (
        ["B1"], ["C1"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "fff"),
    [
        ({"FluenceMode": "NON_STANDARD", "FluenceModeID": "FFF"}, True),
        ({"FluenceMode": "NON_STANDARD"}, True),
        ({"FluenceMode": "NON_STANDARD", "FluenceModeID": "SRS"}, False),
        ({"FluenceMode": "STANDARD"}, False),
        (None, None),
    ],
)
def test_that_the_flattening_filter_is_read_from_the_fluence_mode(tmp_path, mode, fff):
    extra = {} if mode is None else {"PrimaryFluenceModeSequence": [item(**mode)]}
    assert only_beam(tmp_path, beam(**extra)).fff is fff


def test_that_setup_beams_have_no_mu_and_stand_with_the_first_group(tmp_path):
    setup = beam(2, TreatmentDeliveryType="SETUP")
    trial = read(tmp_path, plan(beam(), setup, groups=(group(1),)))
    assert [(b.number, b.setup, b.mu) for b in trial.beams] == [(1, False, 101), (2, True, 0)]


def test_that_mu_of_a_setup_beam_are_left_out_and_told(tmp_path):
    setup = beam(2, TreatmentDeliveryType="SETUP")
    trial = read(tmp_path, plan(beam(), setup))
    assert [b.mu for b in trial.beams] == [101, 0]
    assert any("102 MU" in note for note in trial.notes)


def test_that_each_fraction_group_is_a_prescription_and_a_shared_beam_stands_in_both(tmp_path):
    second = group(1, place=2, NumberOfFractionsPlanned=5)
    second.ReferencedBeamSequence[0].BeamMeterset = 50
    trial = read(tmp_path, plan(beam(1), beam(2), groups=(group(1, 2), second)))
    assert [(rx.name, rx.fractions, [(b.number, b.mu) for b in rx.beams])
            for rx in trial.prescriptions] == [
        ("PELVIS", 20, [(1, 101), (2, 102)]), ("PELVIS 2", 5, [(1, 50)]),
    ]  # fmt: skip
    assert [rx.fraction_cgy for rx in trial.prescriptions] == [250, 125]


def target(number: int, dose_gy: float, kind: str = "TARGET"):
    return item(DoseReferenceNumber=number, DoseReferenceType=kind, TargetPrescriptionDose=dose_gy)


@pytest.mark.parametrize(
    ("references", "fraction", "total"),
    [
        ([target(1, 50)], 250, 5000),
        ([target(1, 60), target(2, 50, "ORGAN_AT_RISK")], 300, 6000),
        ([target(1, 60), target(2, 50)], 125, 2500),
        ([], 125, 2500),
    ],
)
def test_that_one_target_gives_the_dose_and_several_leave_it_to_the_beams(
    tmp_path, references, fraction, total
):
    (rx,) = read(tmp_path, plan(DoseReferenceSequence=references)).prescriptions
    assert (rx.fraction_cgy, rx.total_cgy) == (fraction, total)


def test_that_no_dose_is_made_up_when_a_beam_has_none(tmp_path):
    given = group(1, 2)
    del given.ReferencedBeamSequence[1].BeamDose
    (rx,) = read(tmp_path, plan(beam(1), beam(2), groups=(given,))).prescriptions
    assert (rx.fraction_cgy, rx.total_cgy) == (None, None)


def test_that_a_treatment_beam_of_no_group_and_a_missing_isocentre_are_noted(tmp_path):
    made = beam(2)
    del made.ControlPointSequence[0].IsocenterPosition
    trial = read(tmp_path, plan(beam(1), made, groups=(group(1),)))
    assert [b.number for b in trial.beams] == [1]
    assert any("Beam 2 'B2' is in no fraction group" in note for note in trial.notes)
    assert any("no isocentre" in note for note in trial.notes)


def layered() -> object:
    made = beam()
    made.BeamLimitingDeviceSequence[2].RTBeamLimitingDeviceType = "MLCX1"
    return plan(made)


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (layered(), "MLCX1"),
        (plan(ApplicationSetupSequence=[item(ApplicationSetupNumber=1)]), "brachytherapy"),
        (plan(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.8"), "ion plan"),
        (plan(beam(RadiationType="PROTON")), "PROTON"),
        (plan(beam(PrimaryDosimeterUnit="MINUTE")), "MINUTE"),
        (plan(beam(points=[point(0, 0, TableTopPitchAngle=1), point(1, 1)])), "PitchAngle is 1"),
        (plan(beam(points=[point(0, 0), point(1, 1, IsocenterPosition=[0, 0, 0])])), "moves"),
        (plan(beam(points=[point(0, 0, **at_wedge("IN")), point(1, 1, **at_wedge("OUT"))],
                   WedgeSequence=[wedge("STANDARD")])), "comes and goes"),
    ],
)  # fmt: skip
def test_that_a_sound_plan_of_another_kind_is_refused_in_words(tmp_path, dataset, words):
    with pytest.raises(UnsupportedPlanError, match=words):
        read(tmp_path, dataset)


def no_mu() -> object:
    given = group(1)
    del given.ReferencedBeamSequence[0].BeamMeterset
    return plan(groups=(given,))


def mu(value: float) -> object:
    given = group(1)
    given.ReferencedBeamSequence[0].BeamMeterset = value
    return plan(groups=(given,))


def points(*made: object, **changes: object) -> object:
    return plan(beam(points=list(made), **changes))


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (no_mu(), "BeamMeterset of beam 1"),
        (mu(-100), "BeamMeterset of beam 1.* is -100"),
        (plan(groups=(group(1, 99),)), "99"),
        (plan(groups=(group(1, 1),)), "stands twice"),
        (plan(beam(1), beam(1)), "BeamNumber 1 stands twice"),
        (plan(BeamSequence=[]), "no beam"),
        (plan(FractionGroupSequence=[]), "FractionGroupSequence"),
        (plan(groups=(group(1, NumberOfFractionsPlanned=0),)), "NumberOfFractionsPlanned is 0"),
        (plan(Modality="RTDOSE"), "RTDOSE"),
        (points(), "beam 1 'B1'"),
        (points(point(0, 0)), "1 control points"),
        (points(point(0, 0), point(1, 1), FinalCumulativeMetersetWeight=0), "Final"),
        (points(point(0, 0), point(1, 0.9)), "CumulativeMetersetWeight does not run"),
        (points(point(0, 0), point(1, 0.6), point(2, 0.4), point(3, 1)), "control point 2"),
        (points(point(0, 0, GantryAngle=None), point(1, 1)), "GantryAngle is missing.*point 0"),
        (points(point(0, 0, GantryAngle=725), point(1, 1)), "GantryAngle is 725"),
        (points(point(0, 0, GantryRotationDirection="UP"), point(1, 1)), "'UP'"),
        (points(point(0, 0), point(1, 1, NominalBeamEnergy=10)), "6, 10"),
        (points(point(0, 0), point(2, 1)), "ControlPointIndex is 2, not 1"),
        (points(point(0, 0), point(1, 1), NumberOfControlPoints=3), "NumberOfControlPoints is 3"),
        (points(point(0, 0), point(1, 1, BeamLimitingDevicePositionSequence=positions(
            MLCX=sample.LEAVES_MM[:-1]))), "9 values where 10.*control point 1"),
        (plan(beam(WedgeSequence=[wedge("STANDARD")])), "WedgePosition"),
        (plan(beam(BlockSequence=[block(BlockNumberOfPoints=4)])), "BlockData"),
    ],
)  # fmt: skip
def test_that_a_value_that_cannot_be_is_refused_by_name_and_place(tmp_path, dataset, words):
    with pytest.raises(UnreadableFileError) as caught:
        read(tmp_path, dataset)
    assert re.search(words, str(caught.value))
    assert "RP.dcm" in caught.value.where


def test_that_every_real_plan_opens_or_is_refused_in_words(shared_data):
    refused = {}
    opened = 0
    for file in sorted((shared_data / "dicom").rglob("*")):
        named = file.name.lower().startswith(("rp", "rtpl")) or "plan" in file.name.lower()
        if not file.is_file() or not (named or "plans_mixed" in file.parts):
            continue
        if "bad_inputs" in file.parts or file.suffix == ".md":
            continue
        try:
            trial = read_dicom_plan(file)
        except RemedyError as fault:
            refused[file.name[:20]] = fault.what
        else:
            opened += 1
            assert trial.beams
            assert all(one.mu > 0 or one.setup for one in trial.beams), file
            assert all(one.segments[-1].meterset_share == 1 or one.setup for one in trial.beams)
    assert opened >= 30
    assert sorted("MLCX1" in what or "brachy" in what for what in refused.values()) == [True] * 2


REFUSED = {
    "rp_cmw_mismatch": "CumulativeMetersetWeight", "rp_dangling_beam": "99",
    "rp_duplicate_beam_number": "BeamNumber 1", "rp_final_cmw_zero": "Final",
    "rp_flip40": "damaged", "rp_gantry_725": "725", "rp_gantry_empty": "GantryAngle",
    "rp_negative_mu": "-100", "rp_no_beams": "no beam", "rp_no_control_points": "0 control",
    "rp_no_fraction_group": "FractionGroupSequence", "rp_odd_leaf_count": "79 values",
    "rp_trunc_200": "empty or no DICOM", "rp_trunc_half": "damaged", "rp_trunc_last7": "cut off",
    "rp_zero_fractions": "is 0",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_that_a_broken_real_plan_is_refused_for_its_own_fault(shared_data, name):
    with pytest.raises(RemedyError) as caught:
        read_dicom_plan(shared_data / "dicom" / "bad_inputs" / "generated" / f"{name}.dcm")
    assert REFUSED[name] in caught.value.what


@pytest.mark.parametrize("name", ["rp_hugelen", "rp_no_preamble", "rp_no_isocentre"])
def test_that_a_blemish_that_changes_no_field_leaves_the_plan_as_it_is(shared_data, name):
    folder = shared_data / "dicom"
    (whole,) = (folder / "phantom_oncentra" / "simple_phantom_case").glob("RP*")
    found = read_dicom_plan(folder / "bad_inputs" / "generated" / f"{name}.dcm")
    for here, there in zip(found.beams, read_dicom_plan(whole).beams, strict=True):
        assert (here.mu, here.segments) == (there.mu, there.segments)
