"""Real public files: values read off by eye, and an independent translation as second opinion."""

from decimal import Decimal

import pydicom
import pytest

from app.filter.field import Accessory, Couch, Jaws, LeafBanks, Point
from app.filter.rtp_read import read_plan
from core.errors import UnreadableRecordError

D = Decimal
MADE_WRONG = "invalid_crc.rtp"
# Fields and control points of every whole sample, counted in the files.
COUNTS = {
    "mosaiq_2.4": (15, 15),
    "mosaiq_2.5_vmat_scale_convention_1": (1, 22),
    "mosaiq_2.6": (2, 2),
    "mosaiq_2.81": (10, 302),
    "mosaiq_electron_dt": (1, 0),
    "oncentra_columna_dose": (1, 1),
    "oncentra_prostate_nodose_boost": (5, 5),
    "oncentra_tangmam_nodose": (3, 3),
    "simulation_field": (3, 0),
    "varian_imrt_scale_convention_1": (3, 22),
}


@pytest.fixture
def sample(shared_data):
    return lambda name, scale=None: read_plan(shared_data / "rtp" / f"{name}.rtp", scale)


@pytest.mark.req("R-02")
def test_that_every_sample_opens_but_the_one_with_wrong_checksums(shared_data):
    for path in sorted((shared_data / "rtp").glob("*.rtp")):
        if path.name == MADE_WRONG:
            with pytest.raises(UnreadableRecordError) as caught:
                read_plan(path)
            assert caught.value.where == "invalid_crc.rtp, line 1, PLAN_DEF"
            assert "says 999, its text gives 30585" in caught.value.what
        else:
            found = read_plan(path)
            points = sum(len(one.control_points) for one in found.fields)
            assert (len(found.fields), points) == COUNTS.get(path.stem, (0, 0)), path.name


def test_the_electron_field_as_read_by_eye(sample):
    found = sample("mosaiq_electron_dt")
    (one,) = found.fields
    (rx,) = found.prescriptions
    assert (rx.site, rx.technique, rx.pattern) == ("V.Orbita 0-30", "DPL m/MV", "Daily")
    assert (rx.total_cgy, rx.fraction_cgy) == (3000, 300)
    assert (one.id, one.name, one.machine) == ("6", "El.Forfra", "AL01")
    assert (one.modality, one.energy, str(one.mu), one.dose_cgy) == ("Elect", 18, "282.0", 300)
    assert (one.sad_mm, one.ssd_mm, one.dose_rate_mu_min) == (1000, 985, 400)
    assert one.jaws == Jaws(D(-50), D(50), D(-50), D(50))
    assert one.couch == Couch(D(-244), D(-35), D(409))
    assert one.applicators == (Accessory(("Square",)),)
    assert (one.cutouts, one.blocks) == ((Accessory(("6",)),), ())
    assert (one.tolerance_table, one.isocentre) == ("2", None)
    assert one.control_points == ()


def test_a_field_of_the_second_arc_file_as_read_by_eye(sample):
    found = sample("mosaiq_2.81")
    one = found.fields[0]
    assert (one.id, one.treatment_type, str(one.mu)) == ("17", "Dynamic", "374.36")
    assert (one.arc_direction, one.arc_start_deg, one.arc_stop_deg) == ("CW", 181, 179)
    assert one.jaws == Jaws(D(-47), D(72), D(-120), D(90))
    assert one.isocentre == Point(D("-9.4"), D("109.8"), D("-178.5"))
    assert one.control_points[1].jaws.x1_mm == -57
    assert len(one.control_points) == 91
    assert one.control_points[0].gantry_direction == "CW"
    assert one.control_points[-1].gantry_direction == ""
    assert {field.isocentre.z_mm for field in found.fields} == {
        D("-178.5"), D("-490.5"), D("-766.5"),
    }  # fmt: skip


@pytest.mark.req("R-04")
def test_the_native_varian_field_as_read_by_eye(sample):
    """Point 1 of the file: leaves 24 of bank A and B stand at -6.73 and 6.73 (closed)."""
    found = sample("varian_imrt_scale_convention_1")
    one = found.fields[0]
    assert (one.id, one.name, one.tolerance_table) == ("6-260", "260", "22")
    assert (one.mu, one.gantry_deg, one.ssd_mm) == (81, 260, 806)
    assert one.jaws == Jaws(D(-63), D(45), D(-33), D(48))
    assert one.couch.lateral_mm == 9986
    assert (one.wedges, one.blocks) == ((), ())
    point = one.control_points[1]
    (layer,) = point.layers
    assert (layer.a_mm[0], layer.b_mm[0]) == (-68, -68)
    assert [str(tip) for tip in layer.b_mm[23:27]] == ["-67.3", "-2.1", "-0.1", "-0.7"]
    assert str(point.cumulative) == "0.09091"  # five places, padded to six in the file
    assert point.wedge_in is False


@pytest.mark.req("R-04")
@pytest.mark.parametrize(
    "name", ["varian_imrt_scale_convention_1", "mosaiq_2.5_vmat_scale_convention_1"]
)
def test_that_native_leaves_stay_behind_their_jaws_and_do_not_cross(sample, name):
    """Of all ways to take signs and banks only the right one does this."""
    for one in sample(name).fields:
        for point in one.control_points:
            (layer,) = point.layers
            pairs = list(zip(layer.a_mm, layer.b_mm, strict=True))
            assert all(b >= a for a, b in pairs)
            # A gap of 1.5 mm or less is how both machines park pairs, wherever that is.
            wide = [pair for pair in pairs if pair[1] - pair[0] > D("1.5")]
            assert all(a >= point.jaws.x1_mm for a, _ in wide)
            assert all(b <= point.jaws.x2_mm for _, b in wide)


def test_that_the_elekta_axes_are_exchanged(sample):
    (one,) = sample("mosaiq_2.5_vmat_scale_convention_1").fields
    assert one.jaws == Jaws(D(-105), D(105), D(-80), D(80))
    assert (one.arc_start_deg, one.arc_stop_deg, one.arc_direction) == (182, 178, "CW")
    # A slit of 0.2 cm moves across: A -9.8 and B 10.0 in the first point of the file.
    first, last = (one.control_points[end].layers[0] for end in (0, -1))
    assert (first.a_mm[0], first.b_mm[0]) == (98, 100)
    assert (last.a_mm[0], last.b_mm[0]) == (-100, -98)


def test_that_the_setup_field_is_one_and_fields_of_an_unknown_native_scale_say_so(sample):
    image, front, back = sample("simulation_field").fields
    assert (image.setup, image.energy, image.jaws) == (True, None, Jaws())
    assert (front.setup, front.jaws, front.mu) == (False, Jaws(), D("235.1"))
    assert "choose the machine's scale" in dict(front.unread)["collimator"]
    assert back.gantry_deg == 180


def test_that_the_chosen_scale_brings_such_fields_to_iec(sample):
    _, front, _ = sample("simulation_field", "elekta_native").fields
    assert front.jaws == Jaws(x1_mm=D(-45), x2_mm=D(45), y1_mm=D(0), y2_mm=D(108))
    _, front, _ = sample("simulation_field", "varian_native").fields
    assert front.jaws == Jaws(x1_mm=D(0), x2_mm=D(108), y1_mm=D(-45), y2_mm=D(45))


def test_that_a_motorised_wedge_is_in(sample):
    second = sample("oncentra_prostate_nodose_boost").fields[1]
    assert (second.id, str(second.wedge_mu)) == ("LAO", "124.35")
    assert second.control_points[0].wedge_in is True


# The translation of the same files to DICOM by an independent public program.

IEC_PAIRS = (
    "mosaiq_2.4", "mosaiq_2.6", "oncentra_columna_dose", "oncentra_prostate_nodose_boost",
    "oncentra_tangmam_nodose",
)  # fmt: skip
NATIVE_PAIRS = ("varian_imrt_scale_convention_1", "mosaiq_2.5_vmat_scale_convention_1")


@pytest.fixture
def pair(shared_data, sample):
    def both(name):
        path = shared_data / "rtp-pairs" / f"{name}.dcm"
        return sample(name), pydicom.dcmread(path, force=True)

    return both


def positions(point):
    found = point.get("BeamLimitingDevicePositionSequence", [])
    return {
        one.RTBeamLimitingDeviceType: [D(str(tip)) for tip in one.LeafJawPositions]
        for one in found
    }


def meterset(plan, number):
    rows = plan.FractionGroupSequence[0].ReferencedBeamSequence
    (value,) = [row.BeamMeterset for row in rows if row.ReferencedBeamNumber == number]
    return D(str(value))


@pytest.mark.req("R-04")
@pytest.mark.parametrize("name", [*IEC_PAIRS, *NATIVE_PAIRS])
def test_that_fields_mu_energy_and_angles_agree_with_the_translation(pair, name):
    found, other = pair(name)
    assert len(found.fields) == len(other.BeamSequence)
    for one, beam in zip(found.fields, other.BeamSequence, strict=True):
        first = beam.ControlPointSequence[0]
        assert one.mu == meterset(other, beam.BeamNumber)
        assert one.gantry_deg == D(str(first.GantryAngle))
        assert one.collimator_deg == D(str(first.BeamLimitingDeviceAngle))
        assert one.energy == D(str(first.NominalBeamEnergy))
        assert one.machine == beam.TreatmentMachineName


@pytest.mark.req("R-04")
@pytest.mark.parametrize("name", IEC_PAIRS)
def test_that_jaws_leaves_and_isocentre_of_iec_files_agree_with_the_translation(pair, name):
    found, other = pair(name)
    for one, beam in zip(found.fields, other.BeamSequence, strict=True):
        theirs = positions(beam.ControlPointSequence[0])
        # Machines without an X jaw have none in the translation of these files either.
        for axis, jaws in (
            ("ASYMX", [one.jaws.x1_mm, one.jaws.x2_mm]),
            ("ASYMY", [one.jaws.y1_mm, one.jaws.y2_mm]),
        ):
            assert jaws == theirs.get(axis, [None, None])
        (layer,) = one.control_points[0].layers
        assert [*layer.a_mm, *layer.b_mm] == theirs["MLCX"]
        iso = one.isocentre
        theirs = beam.ControlPointSequence[0].IsocenterPosition
        assert [iso.x_mm, iso.y_mm, iso.z_mm] == [D(str(value)) for value in theirs]


@pytest.mark.parametrize("name", IEC_PAIRS)
def test_that_a_static_field_has_one_point_where_the_translation_writes_two(pair, name):
    """RTP-Connect needs one record for a static field; DICOM demands at least two points."""
    found, other = pair(name)
    for one, beam in zip(found.fields, other.BeamSequence, strict=True):
        assert (len(one.control_points), len(beam.ControlPointSequence)) == (1, 2)


@pytest.mark.parametrize("name", NATIVE_PAIRS)
def test_that_the_shares_of_native_files_agree_with_the_translation(pair, name):
    found, other = pair(name)
    one, beam = found.fields[0], other.BeamSequence[0]
    ours = [point.cumulative for point in one.control_points]
    theirs = [D(str(point.CumulativeMetersetWeight)) for point in beam.ControlPointSequence]
    assert ours == theirs


@pytest.mark.req("R-04")
@pytest.mark.parametrize("name", NATIVE_PAIRS)
def test_that_native_apertures_differ_from_the_translation_as_the_scales_do(pair, name):
    """The translation leaves native numbers as they stand: jaws +63 / +45, closed pairs crossed.

    Ours are brought to IEC, so undoing the conversion by hand must give the translation back.
    """
    found, other = pair(name)
    one, beam = found.fields[0], other.BeamSequence[0]
    varian = name.startswith("varian")
    for point, their in zip(one.control_points, beam.ControlPointSequence, strict=True):
        theirs = positions(their)
        (layer,) = point.layers
        if varian:
            undone = LeafBanks(layer.b_mm, tuple(-tip for tip in layer.a_mm))
        else:
            undone = LeafBanks(tuple(-tip for tip in layer.a_mm), layer.b_mm)
        assert [*undone.a_mm, *undone.b_mm] == theirs["MLCX"]
    theirs = positions(beam.ControlPointSequence[0])
    jaws = one.jaws
    if varian:
        assert [-jaws.x1_mm, jaws.x2_mm] == theirs["ASYMX"]
        assert [-jaws.y1_mm, jaws.y2_mm] == theirs["ASYMY"]
    else:
        assert [-jaws.y1_mm, jaws.y2_mm] == theirs["ASYMX"]
        assert [-jaws.x1_mm, jaws.x2_mm] == theirs["ASYMY"]
