"""The demonstration plan as the R&V system exports it: IEC scale, cm, cumulative MU fractions."""

import base64
from collections.abc import Iterator

from app.demo.dicom_beam import bolus_words
from app.demo.dicom_items import DATE, FRAME, RTPLAN, STRUCTURES, TIME, uid
from app.demo.rv_records import RvRecord
from app.demo.truth import PLAN, DemoBeam, DemoPoint, DemoPrescription

MM_PER_CM = 10
MODALITY = {"photon": "Xrays", "electron": "Elect"}
TYPE = {"static": "Static", "step and shoot": "StepNShoot", "arc": "VMAT"}
MLC_TYPE = "5"
SCALE_IEC = "2"
MU_FRACTION = "1"


def cm(value_mm: float, decimals: int = 1) -> str:
    """Return a length as the export writes it, never a negative zero."""
    return f"{value_mm / MM_PER_CM + 0.0:.{decimals}f}"


def deg(angle_deg: float) -> str:
    """Return an angle with one decimal."""
    return f"{angle_deg:.1f}"


def export_records() -> tuple[RvRecord, ...]:
    """Return every record of the export, in the order of the file."""
    records = [_plan(), _full_name()]
    for prescription in PLAN.prescriptions:
        beams = PLAN.beams_of(prescription)
        records += [_prescription(prescription, len(beams)), _setup(prescription)]
        for beam in beams:
            records += field_records(beam)
    records += [_dose_tracking(prescription) for prescription in PLAN.prescriptions]
    return tuple(records)


def field_records(beam: DemoBeam) -> list[RvRecord]:
    """Return the field of a beam, its link to the plan, and its control points."""
    return [_field(beam), _link(beam), *_points(beam)]


def _plan() -> RvRecord:
    return RvRecord(
        "PLAN_DEF",
        {
            "patient_id": PLAN.patient_id,
            "patient_last_name": PLAN.last_name,
            "patient_first_name": PLAN.first_name,
            "plan_id": PLAN.label,
            "plan_date": DATE,
            "plan_time": TIME,
            "course_id": str(PLAN.course),
            "rtp_mfg": "EQS",
            "rtp_model": "demonstration",
            "rtp_version": "1",
            "rtp_if_protocol": "EQS-DEMONSTRATION",
            "rtp_if_version": "2.60",
        },
    )


def _full_name() -> RvRecord:
    name = f"{PLAN.last_name}^{PLAN.first_name}".encode("utf-16-le")
    return RvRecord(
        "EXTENDED_PLAN_DEF",
        {
            "encoding": "ENCODING=BASE64",
            "fullname": f"FULLNAME={base64.b64encode(name).decode('ascii')}",
        },
    )


def _prescription(prescription: DemoPrescription, fields: int) -> RvRecord:
    return RvRecord(
        "RX_DEF",
        {
            "course_id": str(PLAN.course),
            "rx_site_name": prescription.site,
            "technique": prescription.technique,
            "modality": prescription.modality,
            "dose_ttl": str(prescription.dose_cgy * prescription.fractions),
            "dose_tx": str(prescription.dose_cgy),
            "number_of_fields": str(fields),
        },
    )


def _couch(couch_deg: float) -> dict[str, str]:
    return {
        "couch_vertical": cm(PLAN.couch_vertical_mm),
        "couch_lateral": cm(PLAN.couch_lateral_mm),
        "couch_longitudinal": cm(PLAN.couch_longitudinal_mm),
        "couch_angle": deg(couch_deg),
        "couch_pedestal": deg(0),
    }


def _setup(prescription: DemoPrescription) -> RvRecord:
    x_mm, y_mm, z_mm = prescription.isocentre_mm
    return RvRecord(
        "SITE_SETUP_DEF",
        {
            "rx_site_name": prescription.site,
            "patient_orientation": "HFS",
            "treatment_machine": PLAN.machine,
            "tolerance_table": str(PLAN.tolerance_table),
            "isocenter_position_x": cm(x_mm, 2),
            "isocenter_position_y": cm(y_mm, 2),
            "isocenter_position_z": cm(z_mm, 2),
            "structure_set_uid": uid(STRUCTURES),
            "frame_of_reference_uid": uid(FRAME),
            **_couch(0),
        },
    )


def _jaws(beam: DemoBeam) -> dict[str, str]:
    jaws = beam.jaws
    return {
        "field_x_mode": "ASY",
        "field_x": cm(jaws.x2_mm - jaws.x1_mm),
        "collimator_x1": cm(jaws.x1_mm),
        "collimator_x2": cm(jaws.x2_mm),
        "field_y_mode": "ASY",
        "field_y": cm(jaws.y2_mm - jaws.y1_mm),
        "collimator_y1": cm(jaws.y1_mm),
        "collimator_y2": cm(jaws.y2_mm),
    }


def _field(beam: DemoBeam) -> RvRecord:
    first = beam.apertures[0]
    return RvRecord(
        "FIELD_DEF",
        {
            "rx_site_name": beam.prescription.site,
            "field_name": beam.name,
            "field_id": beam.id,
            "field_dose": f"{beam.field_dose_cgy:.2f}",
            "field_monitor_units": str(beam.mu),
            "treatment_machine": PLAN.machine,
            "treatment_type": TYPE[beam.kind],
            "modality": MODALITY[beam.modality],
            "energy": str(beam.energy),
            "doserate": str(beam.dose_rate_mu_min),
            "sad": "100.0",
            "ssd": cm(first.ssd_mm),
            "gantry_angle": deg(first.gantry_deg),
            "collimator_angle": deg(beam.collimator_deg),
            **_jaws(beam),
            **_couch(beam.couch_deg),
            "tolerance_table": str(PLAN.tolerance_table),
            **_arc(beam),
            **_accessories(beam),
        },
    )


def _arc(beam: DemoBeam) -> dict[str, str]:
    if beam.kind != "arc":
        return {}
    start_deg, stop_deg = beam.apertures[0].gantry_deg, beam.apertures[-1].gantry_deg
    turned_deg = (stop_deg - start_deg) % 360
    return {
        "arc_direction": beam.arc_direction,
        "arc_start_angle": deg(start_deg),
        "arc_stop_angle": deg(stop_deg),
        "arc_mu_degree": f"{beam.mu / turned_deg:.2f}",
    }


def _accessories(beam: DemoBeam) -> dict[str, str]:
    wedge = beam.wedge
    return {
        "wedge": wedge.code if wedge and not wedge.dynamic else "",
        "dynamic_wedge": wedge.code if wedge and wedge.dynamic else "",
        "block": beam.block.code if beam.block else "",
        "e_applicator": beam.applicator,
        "e_field_def_aperture": beam.cutout.code if beam.cutout else "",
        "bolus": bolus_words(beam),
    }


def _link(beam: DemoBeam) -> RvRecord:
    return RvRecord(
        "EXTENDED_FIELD_DEF",
        {
            "field_id": beam.id,
            "original_plan_uid": uid(RTPLAN),
            "original_beam_number": str(beam.number),
            "original_beam_name": beam.name,
            "isfff": "0",
        },
    )


def _points(beam: DemoBeam) -> Iterator[RvRecord]:
    """Yield the control points: one for a static MLC field, none without an MLC."""
    if not beam.apertures[0].leaves:
        return
    points = beam.points() if beam.kind != "static" else beam.points()[:1]
    for number, point in enumerate(points):
        moves = beam.kind == "arc" and number < len(points) - 1
        yield RvRecord(
            "CONTROL_PT_DEF",
            {
                "field_id": beam.id,
                "mlc_type": MLC_TYPE,
                "mlc_leaves": str(len(point.leaves)),
                "total_control_points": str(len(points)),
                "control_pt_number": str(number),
                "mu_convention": MU_FRACTION,
                "monitor_units": f"{point.mu_before / beam.mu:.6f}",
                "energy": str(beam.energy),
                "doserate": str(beam.dose_rate_mu_min),
                "ssd": cm(point.ssd_mm),
                "scale_convention": SCALE_IEC,
                "gantry_angle": deg(point.gantry_deg),
                "gantry_dir": beam.arc_direction if moves else "",
                "collimator_angle": deg(beam.collimator_deg),
                **(_jaws(beam) if len(points) > 1 else {}),
                **_couch(beam.couch_deg),
                **leaf_elements(point),
            },
        )


def leaf_elements(point: DemoPoint) -> dict[str, str]:
    """Return the leaf elements: bank A on the X1 side, B on the X2 side, signed alike."""
    made = {}
    for pair, (x1_mm, x2_mm) in enumerate(point.leaves, 1):
        made[f"mlc_a{pair}"] = cm(x1_mm, 2)
        made[f"mlc_b{pair}"] = cm(x2_mm, 2)
    return made


def _dose_tracking(prescription: DemoPrescription) -> RvRecord:
    made = {"region_name": prescription.site}
    for number, beam in enumerate(PLAN.beams_of(prescription), 1):
        made |= {f"field_id{number}": beam.id, f"reg_coeff{number}": "1.00000"}
    return RvRecord("DOSE_DEF", made)
