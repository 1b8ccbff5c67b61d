"""RTP-Filter reads a Pinnacle plan straight from its folder."""

from decimal import Decimal

import pytest

from app.filter.field import Accessory, Jaws, LeafBanks, Patient, Point
from app.filter.plan_trial import read_pinnacle_plan, trial_names
from core.errors import (
    UnreadableFileError,
)
from tests.filter.plan_samples_pinnacle import (
    beam_text,
    block,
    dose_bytes,
    machine_text,
    segment,
    trial_text,
    two_segments,
    values,
    write_pinnacle,
)

D = Decimal


def read(tmp_path, *beams, trial=None, machine=None, **trial_values):
    text = trial_text(*(beams or (two_segments(),)), **trial_values)
    return read_pinnacle_plan(write_pinnacle(tmp_path, text, machine=machine), trial)


def only_field(tmp_path, *beams, **changes):
    (field,) = read(tmp_path, *beams, **changes).fields
    return field


@pytest.mark.req("R-04", "R-31")
def test_that_a_beam_becomes_a_field_on_the_iec_scale(tmp_path):
    field = only_field(tmp_path)
    assert (field.id, field.number, field.name) == ("01", 1, "AP; with = and {")
    assert (field.site, field.machine, field.treatment_type) == ("Pelvis", "Demo", "StepNShoot")
    assert (field.modality, field.energy, field.fff) == ("Xrays", 6, False)
    assert (field.gantry_deg, field.couch_deg, field.collimator_deg) == (120, 350, 0)
    assert field.jaws == Jaws(D(-42), D(82), D(-90), D(85))
    assert (str(field.ssd_mm), field.sad_mm) == ("918.093", 1000)
    assert (field.dose_rate_mu_min, field.dose_cgy) == (400, 80)
    assert field.isocentre == Point(D("12.5"), D(20), D(-30))
    assert (field.arc_direction, field.unread) == ("", ())
    nothing = (field.wedges, field.blocks, field.cutouts, field.boluses, field.applicators)
    assert nothing == ((),) * 5


@pytest.mark.req("R-06")
def test_that_a_segment_becomes_two_points_of_one_shape(tmp_path):
    points = only_field(tmp_path).control_points
    assert [str(point.cumulative) for point in points] == ["0", "0.75", "0.75", "1.00"]
    assert points[0].layers == points[1].layers
    assert points[0].layers == (
        LeafBanks((D(-10), D(5), D(-30), D(-40)), (D("12.5"), D(30), D("25.0"), D(10)), "X"),
    )
    assert points[2].layers[0].b_mm == (10, 10, 10, 10)
    assert points[1].stated == {"cumulative"}
    assert {"layers", "x1_mm", "gantry_deg"} <= points[2].stated
    assert points[0].stated - points[2].stated == {
        "energy",
        "isocentre",
        "dose_rate_mu_min",
        "ssd_mm",
    }


@pytest.mark.req("R-04")
def test_that_mu_come_from_the_dose_at_the_point_rounded_to_the_machines_decimals(tmp_path):
    # dose 1 + 0.25 * 0.5 + 0.125 * 1 - 0.0625 * 2 = 1.125 cGy per MU; 80 / 1.125 = 71.11
    field = only_field(tmp_path)
    assert str(field.mu) == "71.1"


def test_that_rounding_follows_the_machine(tmp_path):
    plain = read(tmp_path / "a", machine=machine_text(decimals=0)).fields[0]
    fine = read(tmp_path / "b", machine=machine_text(decimals=3)).fields[0]
    assert (str(plain.mu), str(fine.mu)) == ("71", "71.111")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"UsePoiForPrescriptionPoint": 0}, "not a named point"),
        ({"PrescriptionPointName": "gone"}, "no point 'gone'"),
        ({"DoseVolume": "\\XDR:77\\"}, "plan.Trial.binary.077 is not there"),
        ({"DoseVolume": ""}, "names no dose file"),
    ],
)
def test_that_without_a_dose_the_factors_give_the_mu_and_a_sentence_says_so(tmp_path, change, why):
    plan = read(tmp_path, beam_text([segment(0, 1)], **change))
    assert str(plan.fields[0].mu) == "160.0"  # 80 / (0.625 * 1 * 1 * 0.8)
    assert any("stored output factors" in note and why in note for note in plan.notes)


def test_that_a_wedge_without_a_dose_has_no_mu_rather_than_a_wrong_one(tmp_path):
    wedge = ("30 degree", "WedgeLeftToRight", "Fixed")
    beam = beam_text([segment(0, 1, wedge=wedge)], kind="Static", xdr=77)
    field = only_field(tmp_path, beam)
    assert field.mu is None
    assert field.unread[0][0] == "field_monitor_units"


def test_that_two_beams_of_a_trial_cannot_share_a_dose_file(tmp_path):
    plan = read(tmp_path, two_segments(), two_segments())
    assert [str(field.mu) for field in plan.fields] == ["160.0", "160.0"]
    assert sum("two beams name" in note for note in plan.notes) == 2


def test_that_a_dose_file_of_another_trial_counts_only_if_the_factors_confirm_it(tmp_path):
    both = trial_text(two_segments()) + trial_text(two_segments(), name="Trial_2", chosen=0)
    doubted = read_pinnacle_plan(write_pinnacle(tmp_path / "a", both)).fields[0]
    assert doubted.mu is None
    assert "shared" in doubted.unread[0][1]
    folder = write_pinnacle(tmp_path / "b", both)
    (folder / "plan.Trial.binary.002").write_bytes(dose_bytes(lambda *_: 0.5))
    confirmed = read_pinnacle_plan(folder)
    assert str(confirmed.fields[0].mu) == "160.0"
    assert any("the factors confirm it" in note for note in confirmed.notes)


def test_that_a_dose_file_of_another_length_is_refused(tmp_path):
    folder = write_pinnacle(tmp_path, trial_text(two_segments()))
    (folder / "plan.Trial.binary.002").write_bytes(dose_bytes()[4:])
    with pytest.raises(UnreadableFileError, match="bytes"):
        read_pinnacle_plan(folder)


def test_that_a_beam_without_dose_has_no_mu_to_give(tmp_path):
    assert only_field(tmp_path, beam_text([segment(0, 1)], dose=0)).mu == 0


def test_that_a_physical_wedge_has_the_code_of_its_direction_and_its_nominal_angle(tmp_path):
    wedge = ("30 degree", "WedgeLeftToRight", "Fixed")
    field = only_field(tmp_path, beam_text([segment(0, 1, wedge=wedge)], kind="Static"))
    assert field.wedges == (Accessory(("30LEFT", "30 degree"), "STANDARD", D(30)),)
    assert [point.wedge_in for point in field.control_points] == [True, True]
    assert str(field.mu) == "71.1"
    assert field.treatment_type == "Static"


def test_that_the_angle_of_a_dynamic_wedge_goes_into_its_code(tmp_path):
    wedge = ("DYNAMIC", "WedgeTopToBottom", 45)
    field = only_field(tmp_path, beam_text([segment(0, 1, wedge=wedge)], kind="Static"))
    assert field.wedges == (Accessory(("ED45-Y2", "DYNAMIC"), "DYNAMIC", D(45)),)


def test_that_a_wedge_without_a_code_says_so(tmp_path):
    wedge = ("30 Degree", "WedgeTopToBottom", "Fixed")
    field = only_field(tmp_path, beam_text([segment(0, 1, wedge=wedge)], kind="Static"))
    assert field.wedges == (Accessory(("30 Degree",), "STANDARD", D(30)),)
    assert field.unread[0][0] == "wedge"


def test_that_a_motorised_wedge_counts_the_mu_of_its_segments(tmp_path):
    wedge = ("30 Degree", "WedgeLeftToRight", "Fixed")
    segments = [segment(0, 0.25, wedge=wedge), segment(1, 0.75)]
    field = only_field(tmp_path, beam_text(segments, kind="Motorized Wedge"))
    assert field.wedge_mu == field.mu / 4
    assert field.wedges[0].kind == "MOTORIZED"
    assert [point.wedge_in for point in field.control_points] == [True, True, False, False]


def electrons(**changes):
    """Return a static electron beam with cone, bolus and cutout, control points unwrapped."""
    shape = block(
        "BeamModifier",
        values(Name="BeamModifier_1", AutoBlock=1, InsideMode="Expose", OutsideMode="Block"),
        "ContourList ={\n};",
    )
    text = beam_text(
        [segment(0, 1, modifiers=shape)],
        kind="Static",
        wrapped=False,
        **{
            "Modality": "Electrons",
            "MachineEnergyName": "12e",
            "UseMLC": 0,
            "ElectronApplicatorName": "10X10 cone",
            "BlockExportName": "CUT7",
            **changes,
        },
    )
    return text.replace('"No bolus"', '"Uniform"')


def test_that_an_electron_beam_has_applicator_code_cutout_and_bolus(tmp_path):
    field = only_field(tmp_path, electrons())
    assert (field.modality, field.energy) == ("Elect", 12)
    assert field.applicators == (Accessory(("A10", "10X10 cone")),)
    assert field.cutouts == (Accessory(("CUT7", "BeamModifier_1")),)
    assert field.blocks == ()
    assert field.boluses == (Accessory(("2 cm", "Uniform")),)
    assert field.control_points[0].layers == ()


def test_that_a_contour_without_mlc_is_a_block_and_with_mlc_the_shape_of_its_leaves(tmp_path):
    photons = {"Modality": "Photons", "MachineEnergyName": "6X", "ElectronApplicatorName": "None"}
    blocked = read(tmp_path / "a", electrons(**photons)).fields[0]
    assert blocked.blocks == (Accessory(("CUT7", "BeamModifier_1")),)
    assert blocked.cutouts == ()
    shaped = read(tmp_path / "b", electrons(**photons, UseMLC=1)).fields[0]
    assert (shaped.blocks, shaped.cutouts) == ((), ())
    assert shaped.control_points[0].layers


def arc(*angles, ccw=0):
    weights = [1 / (len(angles) - 1)] * (len(angles) - 1) + [0]
    segments = [
        segment(k, weight, gantry=angle)
        for k, (angle, weight) in enumerate(zip(angles, weights, strict=True))
    ]
    return beam_text(segments, kind="Dynamic Arc").replace(
        "GantryIsCCW = 0", f"GantryIsCCW = {ccw}"
    )


def test_that_an_arc_gives_each_share_on_the_way_to_the_next_point(tmp_path):
    plan = read(tmp_path, arc(340, 0, 20))
    (field,) = plan.fields
    assert "arcs" in plan.notes[0]
    assert (field.arc_direction, field.treatment_type) == ("CW", "VMAT")
    assert (field.arc_start_deg, field.arc_stop_deg) == (340, 20)
    points = field.control_points
    assert [point.cumulative for point in points] == [0, D("0.5"), 1]
    assert [point.gantry_direction for point in points] == ["CW", "CW", ""]


@pytest.mark.parametrize(
    ("angles", "ccw", "why"),
    [((340, 0, 20), 1, "contradicts"), ((0, 20, 10), 0, "reverses"), ((0, 170), 0, "too far")],
)
def test_that_the_direction_of_an_arc_is_not_guessed(tmp_path, angles, ccw, why):
    field = only_field(tmp_path, arc(*angles, ccw=ccw))
    assert field.arc_direction is None
    assert why in dict(field.unread)["arc_direction"]


def test_that_a_counter_clockwise_arc_is_one(tmp_path):
    assert only_field(tmp_path, arc(20, 0, 340, ccw=1)).arc_direction == "CCW"


def test_that_fff_is_read_from_the_energy_name(tmp_path):
    beam = beam_text([segment(0, 1)], MachineEnergyName="10 MV FFF")
    field = only_field(tmp_path, beam)
    assert (field.energy, field.fff) == (10, True)
    odd = beam_text([segment(0, 1)], MachineEnergyName="6SRS")
    assert only_field(tmp_path / "b", odd).fff is None


def test_that_patient_prescription_and_position_are_read(tmp_path):
    plan = read(tmp_path)
    assert plan.patient == Patient("D-0017", "DEMO", "ANNA")
    assert (plan.plan_id, plan.position, plan.kind) == ("PELVIS", "HFS", "Pinnacle plan")
    (prescription,) = plan.prescriptions
    assert (prescription.total_cgy, prescription.fraction_cgy) == (5000, 200)
    assert (prescription.fractions, prescription.field_count) == (25, 1)
    assert (plan.notes, plan.gaps) == ((), ())


def test_that_a_dose_for_the_whole_course_is_divided_and_an_isodose_is_named(tmp_path):
    plan = read(tmp_path, period="Overall", dose=4500, percent=90)
    (prescription,) = plan.prescriptions
    assert (prescription.total_cgy, prescription.fraction_cgy) == (4500, 180)
    assert "90 % isodose: 180.00 cGy" in plan.notes[0]
    assert "200.00 cGy at the prescription point" in plan.notes[0]


@pytest.mark.parametrize(
    ("marks", "asked", "found", "words"),
    [
        ((0, 1), None, "B", "marked for treatment; the plan also has A"),
        ((0, 0), None, "A", "the first; the plan also has B"),
        ((1, 1), None, "A", "the first; the plan also has B"),
        ((1, 0), "B", "B", ""),
    ],
)
def test_that_the_trial_read_is_the_one_meant_and_the_others_are_named(
    tmp_path, marks, asked, found, words
):
    text = "".join(
        trial_text(beam_text([segment(0, 1)], xdr=2 + k, FieldID=name), name=name, chosen=mark)
        for k, (name, mark) in enumerate(zip("AB", marks, strict=True))
    )
    folder = write_pinnacle(tmp_path, text, doses=(2, 3))
    plan = read_pinnacle_plan(folder / "plan.Trial", asked)
    assert plan.fields[0].id == found
    assert words in " ".join(plan.notes)
    assert trial_names(folder / "plan.Trial") == ("A", "B")
    with pytest.raises(UnreadableFileError, match="Choose one of: A, B"):
        read_pinnacle_plan(folder, "C")


def test_that_an_old_frame_leaves_the_isocentre_open(tmp_path):
    folder = write_pinnacle(tmp_path, trial_text(two_segments()), dicom_frame=0)
    plan = read_pinnacle_plan(folder)
    assert plan.fields[0].isocentre is None
    assert plan.gaps[0][0] == "isocenter_position"


def test_that_the_image_header_answers_for_the_frame_with_a_sentence(tmp_path):
    folder = write_pinnacle(tmp_path, trial_text(two_segments()))
    (folder / "plan.Pinnacle").unlink()
    header = folder.parent / "ImageSet_0.header"
    header.write_text("\ty_start = -74.9;\n", encoding="latin-1")
    assert read_pinnacle_plan(folder).fields[0].isocentre is None
    header.write_text("\ty_start_dicom = -24.9;\n", encoding="latin-1")
    plan = read_pinnacle_plan(folder)
    assert plan.fields[0].isocentre is not None
    assert "ImageSet_0.header" in plan.notes[0]


@pytest.mark.parametrize(
    ("turned", "entered", "position", "words"),
    [
        ("On front (prone)", "Head First Into Scanner", "HFP", "The patient lies HFP"),
        ("On back (supine)", "Feet First Into Scanner", "FFS", "The patient lies FFS"),
        ("Left side down", "Head First Into Scanner", None, ""),
    ],
)
def test_that_another_position_is_read_with_a_warning(tmp_path, turned, entered, position, words):
    folder = write_pinnacle(tmp_path, trial_text(two_segments()))
    setup = values(Position=turned, Orientation=entered)
    (folder / "plan.PatientSetup").write_text(setup, encoding="latin-1")
    plan = read_pinnacle_plan(folder)
    assert plan.position == position
    assert words in " ".join(plan.notes)
    assert (position is None) == any(item == "patient_orientation" for item, _ in plan.gaps)


def test_that_a_scale_nobody_has_proven_leaves_the_angle_unread(tmp_path):
    field = only_field(tmp_path, machine=machine_text(gantry=(0, 1), couch=(180, 1)))
    assert (field.gantry_deg, field.couch_deg) == (None, None)
    assert {item for item, _ in field.unread} == {"gantry_angle", "couch_angle"}


def test_that_a_turned_collimator_angle_comes_with_a_sentence(tmp_path):
    plan = read(tmp_path, beam_text([segment(0, 1, collimator=90)]))
    assert plan.fields[0].collimator_deg == 90
    assert any("Collimator angles" in note for note in plan.notes)


def test_that_a_machine_of_another_version_is_used_with_a_sentence_and_a_strange_one_refused(
    tmp_path,
):
    renamed = read(tmp_path / "a", machine=machine_text(name="Other"))
    assert "no machine 'Demo: 2024-01-01 08:00:00'" in renamed.notes[0]
    unable = machine_text(name="Other").replace('"6X"', '"4X"')
    with pytest.raises(UnreadableFileError, match="no machine"):
        read(tmp_path / "b", machine=unable)
