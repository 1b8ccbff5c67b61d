"""Pinnacle plans become LEX's trials: geometry, devices, prescriptions, patient, refusals."""

import csv

import pytest

from app.lex.pinnacle_plan import read_pinnacle_plan
from core.errors import RemedyError, UnreadableFileError, UnsupportedPlanError
from tests.lex import pinnacle_sample as sample
from tests.lex.pinnacle_sample import arc_beam, beam, electron, machine, point, prescription, trial


def only(folder):
    """The only trial of a plan folder; its refusal goes on as an error."""
    (reading,) = read_pinnacle_plan(folder)
    if reading.fault is not None:
        raise reading.fault
    return reading.trial


def only_beam(tmp_path, *args, **kwargs):
    (found,) = only(sample.write_plan(tmp_path, *args, **kwargs)).beams
    return found


def test_that_a_static_beam_has_two_equal_points_in_iec_angles_and_signs(tmp_path):
    found = only_beam(tmp_path)
    assert [s.meterset_share for s in found.segments] == [0.0, 1.0]
    for segment in found.segments:
        assert (segment.gantry_deg, segment.couch_deg, segment.collimator_deg) == (30, 10, 10)
        assert (segment.x1_cm, segment.x2_cm, segment.y1_cm, segment.y2_cm) == (-4, 5, -7, 6)
        assert (segment.ssd_cm, segment.dose_rate_mu_min) == (90, 400)
    assert (found.technique, found.modality, found.energy) == ("Static", "Xrays", 6)
    assert (found.machine, found.field_id, found.number) == ("DemoLinac", "01", 1)
    assert (found.dose_cgy, found.depth_cm, found.sad_cm) == (80, 10, 100)


def test_that_leaf_one_is_the_last_stored_row_and_the_left_bank_is_negative(tmp_path):
    rows = [(1, 2), (1.5, 2.5), (0, 0), (-0.5, 3), (4, 5)]
    found = only_beam(tmp_path, trial(beam([point(rows)])))
    assert found.leaf_axis == "X"
    assert found.segments[0].left_cm == (-4, 0.5, 0, -1.5, -1)
    assert found.segments[0].right_cm == (5, 3, 0, 2.5, 2)


def test_that_each_stored_segment_becomes_its_start_and_its_end(tmp_path):
    first, second = point(Weight=0.7), point([(1, 1)] * 5, Weight=0.3)
    found = only_beam(tmp_path, trial(beam([first, second], SetBeamType="Step & Shoot MLC")))
    assert found.technique == "StepNShoot"
    assert [s.meterset_share for s in found.segments] == [0, 0.7, 0.7, 1]
    assert [s.right_cm[0] for s in found.segments] == [3, 3, 1, 1]


def test_that_an_arc_keeps_its_points_and_gives_each_weight_on_the_way_to_the_next(tmp_path):
    found = only_beam(tmp_path, trial(arc_beam()))
    assert found.technique == "VMAT"
    assert [s.gantry_deg for s in found.segments] == [350, 0, 20]
    assert [s.meterset_share for s in found.segments] == [0, 0.25, 1]
    assert [s.gantry_turn for s in found.segments] == ["CW", "CW", ""]


def test_that_an_arc_against_its_stated_direction_is_refused(tmp_path):
    turned = arc_beam()
    turned["CPManager"]["CPManagerObject"]["GantryIsCCW"] = 1
    with pytest.raises(UnreadableFileError, match="do not run CCW"):
        only_beam(tmp_path, trial(turned))


def test_that_an_arc_whose_last_point_has_weight_is_refused(tmp_path):
    points = [point(Gantry=0, Weight=0.5), point(Gantry=90, Weight=0.5)]
    with pytest.raises(UnsupportedPlanError, match="stop angle"):
        only_beam(tmp_path, trial(beam(points, SetBeamType="Dynamic Arc")))


def test_that_electrons_bring_applicator_code_and_cutout(tmp_path):
    found = only_beam(tmp_path, trial(electron()))
    assert (found.modality, found.energy, found.leaf_axis) == ("Elect", 12, "")
    assert (found.applicator.code, found.applicator.name) == ("A10", "10x10 cone")
    assert found.cutout.code == "T7"
    assert found.cutout.outline_cm == ((-3, 2), (3, 2), (0, -4))
    assert found.blocks == ()


def test_that_a_block_is_metal_in_an_open_beam_and_only_a_template_in_an_mlc_beam(tmp_path):
    modifiers = electron()["CPManager"]["ControlPointList"]["#0"]["ModifierList"]
    points = [point(ModifierList=modifiers)]
    open_beam = beam(points, Name="A", UseMLC=0, TrayNumber="T1")
    found = only(sample.write_plan(tmp_path, trial(open_beam, beam(points, Name="B"))))
    assert [[block.code for block in one.blocks] for one in found.beams] == [["T1"], []]
    assert [one.leaf_axis for one in found.beams] == ["", "X"]


def test_that_an_outline_that_is_not_stored_is_told(tmp_path):
    automatic = {"BeamModifier": {"Name": "M", "StructureToBlock": "boost", "ContourList": {}}}
    found = only(sample.write_plan(tmp_path, trial(
        beam([point(ModifierList=automatic)], UseMLC=0))))  # fmt: skip
    assert found.beams[0].blocks[0].outline_cm == ()
    assert any("'boost'" in note for note in found.notes)


def test_that_bolus_and_compensator_come_along(tmp_path):
    found = only_beam(tmp_path, trial(beam(Bolus={"Type": "Box", "Thickness": 0.5})))
    assert [(one.code, one.name) for one in found.boluses] == [("0.5 cm", "Box")]
    assert found.compensators == ()


@pytest.mark.parametrize(
    ("name", "fff"), [("6X", None), ("10 MV FFF", True), ("6 FFF", True), ("6MV", None)]
)
def test_that_the_energy_is_the_number_that_begins_its_name(tmp_path, name, fff):
    lists = machine()["PhotonEnergyList"]
    lists["MachineEnergy"][0]["Name"] = name
    found = only_beam(
        tmp_path, trial(beam(MachineEnergyName=name)), machines=[machine(PhotonEnergyList=lists)]
    )
    assert found.energy == (10 if name.startswith("10") else 6)
    assert found.fff is fff


@pytest.mark.parametrize(
    ("changes", "fraction", "total"),
    [
        ({}, 200, 5000),
        ({"PrescriptionPeriod": "Overall", "PrescriptionDose": 4250, "NumberOfFractions": 16},
         265.625, 4250),
        ({"Method": "Set Monitor Units", "PrescriptionDose": 1}, 160, 4000),
    ],
)  # fmt: skip
def test_that_a_prescription_is_read_by_its_period_and_method(tmp_path, changes, fraction, total):
    beams = [beam(Name="A"), beam(Name="B")]
    found = only(
        sample.write_plan(tmp_path, trial(*beams, prescriptions=[prescription(**changes)]))
    )
    (rx,) = found.prescriptions
    assert (rx.name, rx.fraction_cgy, rx.total_cgy) == ("Pelvis", fraction, total)
    assert [one.name for one in rx.beams] == ["A", "B"]


def test_that_beams_stand_under_their_own_prescription_with_their_place_as_number(tmp_path):
    beams = [beam(Name="A"), beam(Name="B", PrescriptionName="Boost"), beam(Name="C")]
    rx = [prescription(), prescription(Name="Boost"), prescription(Name="Spare")]
    found = only(sample.write_plan(tmp_path, trial(*beams, prescriptions=rx)))
    assert [(p.name, [b.number for b in p.beams]) for p in found.prescriptions] == [
        ("Pelvis", [1, 3]), ("Boost", [2]),
    ]  # fmt: skip
    assert any("Spare" in note for note in found.notes)


def test_that_requested_mu_that_do_not_fit_the_beams_are_noted(tmp_path):
    rx = [prescription(RequestedMonitorUnitsPerFraction=140)]
    found = only(sample.write_plan(tmp_path, trial(prescriptions=rx)))
    assert any("140 MU" in note for note in found.notes)


def test_that_person_and_plan_name_come_from_the_patient_file(tmp_path):
    found = only(sample.write_plan(tmp_path))
    assert (found.person.id, found.person.last_name, found.person.first_name) == (
        "77",
        "DOE",
        "JO",
    )
    assert (found.plan_name, found.name, found.position) == ("PELVIS", "Trial_1", "HFS")
    assert found.notes == ()


def test_that_the_isocentre_is_in_dicom_axes_only_when_the_plan_says_so(tmp_path):
    with_frame = only(sample.write_plan(tmp_path / "a"))
    assert with_frame.beams[0].isocentre_cm == (1, -2, 1)
    older = sample.write_plan(tmp_path / "b", plan__Pinnacle=sample.many(StartWithDICOM=0))
    without = only(older)
    assert without.beams[0].isocentre_cm is None
    assert any("isocentre is left out" in note for note in without.notes)


def broken(**changes: object) -> dict:
    return trial(beam(**changes))


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (broken(MonitorUnitsValid=0), "not valid"),
        (broken(IsocenterName="iso 2"), "isocentre 'iso 2'"),
        (broken(PrescriptionName="other"), "'other'"),
        (broken(Modality="Protons"), "Protons"),
        (broken(MachineEnergyName="18X"), "18X"),
        (broken(SetBeamType="Dynamic MLC"), "no known meaning"),
        (broken(points=[point(Weight=0.5)] * 2), "no known meaning"),
        (broken(points=[point(Weight=0.9)]), "0.9, not 1"),
        (broken(points=[point(Weight="")]), "Weight"),
        (broken(points=[point(Gantry=725)]), "Gantry is 725"),
        (broken(points=[point([(1, 1)] * 4)]), "8 leaf positions"),
        (broken(points=[]), "0 control points"),
        (trial(electron(ElectronApplicatorName="6x6 cone")), "6x6 cone"),
        (trial(prescriptions=[prescription(NumberOfFractions=0)]), "0 fractions"),
        (trial(prescriptions=[prescription(PrescriptionPeriod="")]), "period"),
        (trial(BeamList={}), "no beam"),
    ],
)
def test_that_a_broken_beam_is_refused_in_one_sentence(tmp_path, damaged, words):
    with pytest.raises(RemedyError, match=words) as caught:
        only(sample.write_plan(tmp_path, damaged))
    assert "plan.Trial" in caught.value.where
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["plan.Pinnacle.Machines", "plan.Points", "../Patient"])
def test_that_a_missing_file_is_refused(tmp_path, missing):
    folder = sample.write_plan(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(UnreadableFileError):
        only(folder)


def test_that_a_plan_of_another_patient_is_refused(tmp_path):
    folder = sample.write_plan(tmp_path, plan__PlanInfo=sample.many(MedicalRecordNumber="78"))
    with pytest.raises(UnreadableFileError, match="different patients"):
        read_pinnacle_plan(folder)


def test_that_a_renamed_machine_is_used_only_when_it_is_the_only_one(tmp_path):
    renamed = trial(beam(MachineNameAndVersion="Other: 1"))
    found = only(sample.write_plan(tmp_path / "a", renamed))
    assert any("'Other: 1'" in note for note in found.notes)
    assert found.beams[0].machine == "Other"
    two = [machine(), machine(Name="Second")]
    with pytest.raises(UnreadableFileError, match="'Other: 1'"):
        only(sample.write_plan(tmp_path / "b", renamed, machines=two))


def test_that_a_refused_trial_does_not_hide_a_sound_one(tmp_path):
    folder = sample.write_plan(tmp_path, broken(MonitorUnitsValid=0), trial(Name="Trial_2"))
    first, second = read_pinnacle_plan(folder)
    assert (first.trial, second.fault) == (None, None)
    assert second.trial.name == "Trial_2"


@pytest.mark.req("L-24")
def test_that_the_hand_made_trial_gives_the_mu_worked_out_for_it(tmp_path, shared_formats):
    text = (shared_formats / "plan-trial-example.txt").read_text(encoding="latin-1")
    lists = machine()["PhotonEnergyList"]["MachineEnergy"]
    per_mu = {"PhysicsData": {"OutputFactor": {"DosePerMuAtCalibration": 0.9}}}
    energies = {"MachineEnergy": [*lists, {"Name": "18X", **per_mu}]}
    points = [{"Name": n, "XCoord": 0, "YCoord": 0, "ZCoord": 0} for n in ("iso", "e iso")]
    folder = sample.write_plan(
        tmp_path,
        machines=[machine(MonitorUnitDecimalPlaces=2, PhotonEnergyList=energies)],
        plan__Trial=text,
        plan__Points=sample.many(Poi=points),
    )
    sample.write_dose(folder, [80 / 159.69] * (60 * 50 * 40), number=2)
    found = only(folder)
    assert [one.mu for one in found.beams] == [159.69, 90.42, 108.77, 236.28]
    imrt = found.beams[2]
    shares = [s.meterset_share for s in imrt.segments]
    assert [round(108.77 * (shares[n + 1] - shares[n]), 2) for n in (0, 2)] == [76.14, 32.63]
    assert found.beams[1].blocks[0].outline_cm[0] == (2, 6)
    assert [p.fraction_cgy for p in found.prescriptions] == [200, 200]


ROWS = {
    "patient_6204/Plan_0": "sMLC",
    "patient_6204/Plan_1": "Direct Electron",
    "institution_01/Institution_1/Mount_0/Patient_1/Plan_0": "Trial_1",
}


@pytest.mark.req("L-03", "L-24")
@pytest.mark.parametrize("folder", ROWS)
def test_that_real_beams_agree_with_values_worked_out_independently(shared_data, folder):
    with (shared_data / "pinnacle" / "derived.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["sample"] == folder]
    trials = {r.name: r.trial for r in read_pinnacle_plan(shared_data / "pinnacle" / folder)}
    assert {row["trial"] for row in rows} == set(trials)
    for row in rows:
        beams = {one.name: one for one in trials[row["trial"]].beams}
        found = beams[row["beam"]]
        first = found.segments[0]
        # The truth is unrounded; the machines round to 3 decimals and to whole MU.
        assert found.mu == pytest.approx(float(row["MU_formula"]), abs=2e-3)
        assert first.gantry_deg == float(row["gantry"])
        assert first.couch_deg == float(row["couch_iec360minus"])
        assert first.collimator_deg == float(row["coll"])
        jaws = (first.x1_cm, first.x2_cm, first.y2_cm, first.y1_cm)
        sides = [float(row[side]) for side in ("left", "right", "top", "bottom")]
        assert jaws == (-sides[0], sides[1], sides[2], -sides[3])
        assert (found.field_id, found.dose_cgy) == (
            row["field_id"], float(row["beam_dose_cGy_per_fx"]),
        )  # fmt: skip
        assert found.machine == row["machine"].split(": ")[0]
        assert first.ssd_cm == float(row["ssd_cm"])
        shares = [s.meterset_share for s in found.segments]
        given = [b - a for a, b in zip(shares[::2], shares[1::2], strict=True)]
        assert given == pytest.approx([float(w) for w in row["cp_weights"].split()], abs=1e-6)


def test_that_real_leaves_face_each_other_and_open_towards_the_target(shared_data):
    (reading,) = read_pinnacle_plan(shared_data / "pinnacle" / "patient_6204" / "Plan_0")
    for found in reading.trial.beams:
        for segment in found.segments:
            gaps = [r - x for x, r in zip(segment.left_cm, segment.right_cm, strict=True)]
            assert len(gaps) == 60
            assert min(gaps) >= 0
            assert max(gaps) > 1


def test_that_the_isocentre_of_a_real_plan_is_given_or_left_out_as_its_version_allows(shared_data):
    folder = shared_data / "pinnacle"
    first, _ = read_pinnacle_plan(folder / list(ROWS)[2])
    assert first.trial.beams[0].isocentre_cm == (-1.20199, -1.89459, -2)
    (old,) = read_pinnacle_plan(folder / "patient_6204" / "Plan_0")
    assert old.trial.beams[0].isocentre_cm is None
