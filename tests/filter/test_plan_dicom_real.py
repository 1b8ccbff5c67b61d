"""Every real public DICOM RT Plan opens with its own digits or is refused in words."""

from decimal import Decimal
from hashlib import sha256

import pydicom
import pytest

from app.filter.field import Accessory
from app.filter.plan_dicom import read_dicom_plan
from core.errors import RemedyError

D = Decimal


def plan_files(shared_data):
    """Return every file that the DICOM toolkit alone recognises as an RT Plan, with its data."""
    for file in sorted([*shared_data.glob("dicom/**/*"), *shared_data.glob("rtp-pairs/*.dcm")]):
        if not file.is_file() or file.suffix in (".md", ".xz", ".txt", ".tsv", ".zip"):
            continue
        try:
            head = pydicom.dcmread(file, force=True, specific_tags=["Modality"])
        except Exception:  # noqa: BLE001  (the oracle need not read what is broken)
            continue
        if head.get("Modality") == "RTPLAN":
            yield file


@pytest.mark.req("R-04", "R-25")
def test_that_every_real_plan_opens_or_is_refused_in_words_and_stays_unchanged(shared_data):
    opened, refusals = [], {}
    for file in plan_files(shared_data):
        before = sha256(file.read_bytes()).hexdigest()
        try:
            opened.append(read_dicom_plan(file))
        except RemedyError as error:
            refusals[file.name] = str(error)
        assert sha256(file.read_bytes()).hexdigest() == before
    sound = {name for name in refusals if not name.startswith(("rp_", "rtplan_truncated"))}
    ions = {"ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm"}
    assert sound == {"brachy_plan.dcm"} | (ions & sound)
    assert len(opened) >= 45
    assert sum(len(plan.fields) for plan in opened) > 150


REFUSED = {
    "rp_cmw_mismatch.dcm": "the final one",
    "rp_dangling_beam.dcm": "no beam 99",
    "rp_duplicate_beam_number.dcm": "used twice",
    "rp_final_cmw_zero.dcm": "FinalCumulativeMetersetWeight",
    "rp_flip40.dcm": "damaged",
    "rp_gantry_725.dcm": "725",
    "rp_gantry_empty.dcm": "GantryAngle",
    "rp_negative_mu.dcm": "negative",
    "rp_no_beams.dcm": "no beam",
    "rp_no_control_points.dcm": "no control point",
    "rp_odd_leaf_count.dcm": "79 positions",
    "rp_trunc_200.dcm": "DICOM",
    "rp_trunc_half.dcm": "damaged",
    "rp_trunc_last7.dcm": "cut off",
    "rp_zero_fractions.dcm": "0 fractions",
}


@pytest.mark.parametrize("name", REFUSED)
def test_that_each_prepared_defect_is_named(shared_data, name):
    with pytest.raises(RemedyError, match=REFUSED[name]):
        read_dicom_plan(shared_data / "dicom" / "bad_inputs" / "generated" / name)


def test_that_plans_that_lack_only_optional_things_open(shared_data):
    folder = shared_data / "dicom" / "bad_inputs" / "generated"
    assert read_dicom_plan(folder / "rp_no_isocentre.dcm").fields[0].isocentre is None
    assert read_dicom_plan(folder / "rp_no_fraction_group.dcm").gaps
    assert len(read_dicom_plan(folder / "rp_no_preamble.dcm").fields) == 3


def test_that_damage_inside_a_reference_does_not_change_a_field(shared_data):
    """The defect lies in the text of a UID the comparison never uses: nothing else may move."""
    folder = shared_data / "dicom" / "bad_inputs" / "generated"
    damaged = read_dicom_plan(folder / "rp_hugelen.dcm")
    assert damaged.fields == read_dicom_plan(folder / "rp_no_preamble.dcm").fields


def test_that_numbers_of_real_plans_are_the_texts_the_toolkit_sees(shared_data):
    """The toolkit's own conversion is the second opinion: metersets, angles, jaws and leaves."""
    compared = 0
    for file in plan_files(shared_data):
        if "bad_inputs" in file.parts:
            continue
        try:
            plan = read_dicom_plan(file)
        except RemedyError:
            continue
        source = pydicom.dcmread(file, force=True)
        beams = {int(beam.BeamNumber): beam for beam in source.BeamSequence}
        metersets = {
            (int(group.FractionGroupNumber), int(booked.ReferencedBeamNumber)): booked
            for group in source.FractionGroupSequence
            for booked in group.ReferencedBeamSequence
        }
        texts = [
            str(b.BeamMeterset) for b in metersets.values() if b.get("BeamMeterset") is not None
        ]
        assert sorted(texts) == sorted(str(f.mu) for f in plan.fields if f.mu is not None)
        for field in plan.fields:
            compared += same_points(beams[field.number], field)
    assert compared > 4000


def same_points(beam, field):
    seen = {}
    for stored, point in zip(beam.ControlPointSequence, field.control_points, strict=True):
        if "GantryAngle" in stored:
            seen["gantry"] = float(stored.GantryAngle)
        for device in stored.get("BeamLimitingDevicePositionSequence") or []:
            kind = device.RTBeamLimitingDeviceType.removeprefix("ASYM")
            seen[kind] = [float(n) for n in device.LeafJawPositions]
        assert float(point.gantry_deg) == seen["gantry"]
        jaws = point.jaws
        for kind, pair in (("X", (jaws.x1_mm, jaws.x2_mm)), ("Y", (jaws.y1_mm, jaws.y2_mm))):
            assert pair == tuple(map(Decimal, map(repr, seen[kind]))) if kind in seen else True
        leaves = [float(n) for layer in point.layers for n in (*layer.a_mm, *layer.b_mm)]
        assert leaves == [n for kind in seen if kind.startswith("MLC") for n in seen[kind]]
    return len(field.control_points)


def test_that_real_accessories_and_modes_are_seen(shared_data):
    mixed = shared_data / "dicom" / "plans_mixed"
    wedge = read_dicom_plan(mixed / "koala" / "YellowLvlIII_4a.dcm").fields[0]
    assert wedge.wedges == (Accessory(("Y2-OUT 60",), "DYNAMIC", D(60), D(180)),)
    assert read_dicom_plan(mixed / "koala" / "YellowLvlIII_1c6FFF.dcm").fields[0].fff is True
    (electrons,) = (mixed / "pps" / "chestwall_photon_electron").glob("*1041433*")
    field = read_dicom_plan(electrons).fields[0]
    assert field.applicators[0].names == ("A15", "4002")
    assert field.cutouts[0].names == ("CustomFFDA", "Block1")
    (halcyon,) = (mixed / "pps" / "halcyon").glob("RP*.dcm")
    imaging, *_, treating = read_dicom_plan(halcyon).fields
    assert imaging.setup
    assert [len(layer.a_mm) for layer in treating.control_points[0].layers] == [28, 29]
    groups = read_dicom_plan(mixed / "pmp" / "monaco_two_fraction_groups.dcm")
    assert {field.site for field in groups.fields} == {"ALT BREAST", "BLT BREAST BOOST"}
