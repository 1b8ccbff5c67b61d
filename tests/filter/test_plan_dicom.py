"""RTP-Filter reads a DICOM RT Plan, from a planning system or from an R&V system."""

from decimal import Decimal

import pytest

from app.filter.field import Accessory, Couch, Jaws, LeafBanks, Patient, Point
from app.filter.plan_dicom import read_dicom_plan
from tests.filter.plan_samples import dicom_bytes, dicom_plan, item, photon_beam

D = Decimal


def read(tmp_path, plan=None):
    file = tmp_path / "RP.dcm"
    file.write_bytes(dicom_bytes(plan))
    return read_dicom_plan(file)


def words_of(number):
    return None if number is None else str(number)


@pytest.mark.req("R-04", "R-25")
def test_that_a_beam_becomes_a_field_with_the_digits_of_the_file(tmp_path):
    field = read(tmp_path).fields[0]
    assert (field.number, field.name, field.site, field.note) == (1, "1A RAO", "PELVIS", "chin up")
    assert (field.machine, field.tolerance_table) == ("LINAC 1", "STATIC")
    assert (field.modality, field.fff, field.setup) == ("Xrays", False, False)
    assert field.treatment_type == "StepNShoot"
    numbers = (field.energy, field.mu, field.dose_cgy, field.gantry_deg, field.ssd_mm)
    assert [str(n) for n in numbers] == ["6", "101.50", "120", "320.50", "912.3"]
    assert (field.collimator_deg, field.couch_deg) == (D("10.0"), D(350))
    assert field.jaws == Jaws(D(-30), D(30), D("-15.0"), D("15.0"))
    assert field.isocentre == Point(D("1.5"), D("-2.50"), D(3))
    assert field.couch == Couch(vertical_mm=D("-120.5"))
    assert field.arc_direction == ""
    assert field.source_plan_uid.startswith("1.2.826")


@pytest.mark.req("R-06")
def test_that_a_control_point_keeps_what_the_one_before_said_and_knows_what_it_said_itself(
    tmp_path,
):
    points = read(tmp_path).fields[0].control_points
    assert [point.cumulative for point in points] == [0, D("0.5"), D("0.5"), 1]
    assert points[0].layers == (
        LeafBanks(
            (D("-10.0"), D("-20.25"), D("-30.0")),
            (D("10.0"), D("20.0"), D("30.0")),
            "X",
            (D(-15), D(-5), D(5), D(15)),
        ),
    )
    assert points[1].layers == points[0].layers
    assert points[2].layers[0].a_mm[0] == D("-5.0")
    assert points[3].jaws == points[0].jaws
    assert points[3].gantry_deg == D("320.50")
    assert points[1].stated == {"cumulative"}
    assert points[2].stated == {"cumulative", "layers"}
    assert {"gantry_deg", "x1_mm", "vertical_mm", "layers"} <= points[0].stated
    assert "longitudinal_mm" not in points[0].stated


def test_that_accessories_carry_every_name_and_an_electron_block_is_a_cutout(tmp_path):
    photons, electrons = read(tmp_path).fields
    assert (photons.wedges, photons.blocks, photons.boluses, photons.cutouts) == ((),) * 4
    assert photons.applicators == ()
    assert electrons.applicators == (Accessory(("A10", "4001"), "ELECTRON_SQUARE"),)
    assert electrons.cutouts == (Accessory(("FDA10", "Cutout 7"), "APERTURE"),)
    assert electrons.blocks == ()
    assert electrons.boluses == (Accessory(("BOL5", "5 mm flap")),)
    assert electrons.modality == "Elect"


def test_that_electrons_without_an_applicator_list_say_nothing_of_an_applicator(tmp_path):
    plan = dicom_plan()
    del plan.BeamSequence[1].ApplicatorSequence
    assert read(tmp_path, plan).fields[1].applicators is None


def test_that_a_photon_block_stays_a_block(tmp_path):
    plan = dicom_plan()
    plan.BeamSequence[0].NumberOfBlocks = 1
    plan.BeamSequence[0].BlockSequence = [item(BlockTrayID="T1", BlockType="SHIELDING")]
    field = read(tmp_path, plan).fields[0]
    assert (field.blocks, field.cutouts) == ((Accessory(("T1",), "SHIELDING"),), ())


def test_that_an_announced_accessory_that_is_not_described_is_unread_and_not_none(tmp_path):
    plan = dicom_plan()
    plan.BeamSequence[0].NumberOfWedges = 1
    field = read(tmp_path, plan).fields[0]
    assert field.wedges is None
    assert [what for what, _ in field.unread] == ["wedge"]


def test_that_the_mu_of_a_motorised_wedge_are_those_given_while_it_is_in(tmp_path):
    plan = dicom_plan()
    beam = plan.BeamSequence[0]
    beam.NumberOfWedges = 1
    beam.WedgeSequence = [item(WedgeID="MW60", WedgeType="MOTORIZED", WedgeAngle="60")]
    for number, place in ((0, "IN"), (2, "OUT")):
        beam.ControlPointSequence[number].WedgePositionSequence = [item(WedgePosition=place)]
    field = read(tmp_path, plan).fields[0]
    assert field.wedge_mu == D("101.50") / 2
    assert [point.wedge_in for point in field.control_points] == [True, True, False, False]
    assert field.wedges == (Accessory(("MW60",), "MOTORIZED", D(60)),)


def test_that_patient_prescription_and_position_are_read(tmp_path):
    plan = read(tmp_path)
    assert plan.patient == Patient("D-0017", "Demo", "Anna", "Maria")
    (prescription,) = plan.prescriptions
    assert (prescription.site, prescription.fractions) == ("PELVIS", 28)
    assert (prescription.total_cgy, prescription.fraction_cgy) == (5040, 180)
    assert (plan.plan_id, plan.position, prescription.field_count) == ("PELVIS 1", "HFS", 2)


def test_that_a_beam_in_two_fraction_groups_is_two_fields_with_their_own_sites(tmp_path):
    plan = dicom_plan()
    plan.FractionGroupSequence.append(
        item(
            FractionGroupNumber=2,
            FractionGroupDescription="BOOST",
            NumberOfFractionsPlanned=5,
            NumberOfBeams=1,
            ReferencedBeamSequence=[item(ReferencedBeamNumber=1, BeamMeterset="50.25")],
        )
    )
    made = read(tmp_path, plan)
    booked = [(field.number, field.site, words_of(field.mu)) for field in made.fields]
    assert booked == [(1, "PELVIS 1", "101.50"), (1, "BOOST", "50.25"), (2, "PELVIS 1", "88")]
    assert [p.fractions for p in made.prescriptions] == [28, 5]


def test_that_targets_of_different_dose_leave_the_prescribed_dose_open(tmp_path):
    plan = dicom_plan()
    plan.DoseReferenceSequence.append(
        item(
            DoseReferenceNumber=2,
            DoseReferenceStructureType="SITE",
            DoseReferenceType="TARGET",
            TargetPrescriptionDose="60",
        )
    )
    made = read(tmp_path, plan)
    assert made.prescriptions[0].total_cgy is None
    assert "5040, 6000 cGy" in made.notes[0].replace("5040.0", "5040")


def arc(*angles, direction="CW"):
    """Return the sample plan with its photon beam turned into an arc."""
    plan = dicom_plan()
    points = plan.BeamSequence[0].ControlPointSequence
    for point, angle in zip(points, angles, strict=True):
        point.GantryAngle = angle
    points[0].GantryRotationDirection = direction
    points[3].GantryRotationDirection = "NONE"
    return plan


def test_that_an_arc_has_direction_start_and_stop(tmp_path):
    field = read(tmp_path, arc("170", "100", "20", "350.5", direction="CC")).fields[0]
    assert (field.arc_direction, field.treatment_type) == ("CCW", "VMAT")
    assert (field.arc_start_deg, field.arc_stop_deg) == (170, D("350.5"))
    directions = [point.gantry_direction for point in field.control_points]
    assert directions == ["CCW", "CCW", "CCW", ""]


def test_that_a_gantry_that_moves_without_a_stated_direction_is_unread(tmp_path):
    field = read(tmp_path, arc("170", "100", "20", "350", direction="NONE")).fields[0]
    assert field.arc_direction is None
    assert field.unread[0][0] == "arc_direction"


def test_that_leaves_moving_while_mu_are_given_make_it_dynamic(tmp_path):
    plan = dicom_plan()
    plan.BeamSequence[0].ControlPointSequence[2].CumulativeMetersetWeight = "1.5"
    assert read(tmp_path, plan).fields[0].treatment_type == "DMLC"


@pytest.mark.req("R-22")
def test_that_an_imaging_beam_is_a_setup_field_and_needs_no_meterset(tmp_path):
    plan = dicom_plan()
    setup = photon_beam(9)
    setup.TreatmentDeliveryType = "SETUP"
    del setup.FinalCumulativeMetersetWeight
    for point in setup.ControlPointSequence:
        del point.CumulativeMetersetWeight
    plan.BeamSequence.append(setup)
    field = read(tmp_path, plan).fields[2]
    assert (field.setup, field.treatment_type, field.mu) == (True, "Setup", None)


def test_that_two_layers_of_leaves_and_leaves_along_y_keep_their_axis(tmp_path):
    plan = dicom_plan()
    beam = plan.BeamSequence[0]
    for number, kind in ((0, "MLCX1"), (1, "MLCY")):
        device = item(RTBeamLimitingDeviceType=kind, NumberOfLeafJawPairs=2 + number)
        beam.BeamLimitingDeviceSequence.append(device)
        positions = [str(n) for n in range(2 * (2 + number))]
        beam.ControlPointSequence[0].BeamLimitingDevicePositionSequence.append(
            item(RTBeamLimitingDeviceType=kind, LeafJawPositions=positions)
        )
    layers = read(tmp_path, plan).fields[0].control_points[3].layers
    assert [layer.along for layer in layers] == ["X", "X", "Y"]
    assert layers[1] == LeafBanks((D(0), D(1)), (D(2), D(3)), "X")


def test_that_a_symmetric_jaw_pair_written_for_an_asymmetric_one_is_accepted(tmp_path):
    plan = dicom_plan()
    plan.BeamSequence[0].BeamLimitingDeviceSequence[0].RTBeamLimitingDeviceType = "X"
    assert read(tmp_path, plan).fields[0].jaws.x1_mm == -30


def test_that_a_meterset_in_minutes_is_no_mu(tmp_path):
    plan = dicom_plan()
    plan.BeamSequence[0].PrimaryDosimeterUnit = "MINUTE"
    field = read(tmp_path, plan).fields[0]
    assert field.mu is None
    assert field.unread[0][0] == "field_monitor_units"


def test_that_a_dose_rate_of_zero_is_not_stated(tmp_path):
    plan = dicom_plan()
    plan.BeamSequence[0].ControlPointSequence[0].DoseRateSet = "0"
    assert read(tmp_path, plan).fields[0].dose_rate_mu_min is None


def test_that_a_plan_without_fraction_group_says_that_mu_cannot_be_checked(tmp_path):
    plan = dicom_plan()
    del plan.FractionGroupSequence
    made = read(tmp_path, plan)
    assert [field.mu for field in made.fields] == [None, None]
    assert made.gaps[0][0] == "field_monitor_units"
