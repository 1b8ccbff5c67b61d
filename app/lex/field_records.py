"""The records of one field: FIELD_DEF, EXTENDED_FIELD_DEF and its control points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from app.lex.fields import Field
from app.lex.plan import Beam, Device, Segment, Trial
from app.lex.rtp_columns import layout
from app.lex.rtp_write import Cell, Row
from app.lex.treatment import Treatment
from core.machines import Machine

IEC, FRACTION = 2, 1
OTHER_LEAF_MAKER = 11
ARCS = ("Arc", "VMAT")


def field_rows(
    field: Field, trial: Trial, treatment: Treatment, machine: Machine | None, dialect: str
) -> Iterator[Row]:
    """Yield the records of one field; arguments as in `records.rows_of`."""
    beam = field.beam
    has_isocentre = any(
        column.name == "isocenter_position_x" for column in layout("FIELD_DEF", dialect)
    )
    isocentre = _isocentre(beam) if has_isocentre else {}
    couch: dict[str, Cell] = {
        "couch_vertical": treatment.vertical_cm,
        "couch_lateral": treatment.lateral_cm,
        "couch_longitudinal": treatment.longitudinal_cm,
    }
    start = beam.segments[0].plan_point
    yield Row("FIELD_DEF", _field(field, treatment) | couch | isocentre, beam.name, None, start)
    origin = _origin(beam, trial, dialect) | {"field_id": field.id}
    yield Row("EXTENDED_FIELD_DEF", origin, beam.name)
    points = control_points(beam)
    maker = machine.mlc_type.value if machine is not None else None
    for number, point in enumerate(points):
        values: dict[str, Cell] = {
            "field_id": field.id,
            "mlc_type": OTHER_LEAF_MAKER if maker is None else maker,
            "total_control_points": len(points),
            "control_pt_number": number,
        }
        values |= _point(field, point) | couch | isocentre
        if len(points) > 1:
            values |= jaws_of(point)
        if number < len(points) - 1:
            values |= _turns(point)
        yield Row("CONTROL_PT_DEF", values, beam.name, number, point.plan_point)


def control_points(beam: Beam) -> tuple[Segment, ...]:
    """Return the control points a beam has in the file.

    A still beam has one when it has leaves and none otherwise (LED17001); all others have all.
    """
    if not is_still(beam):
        return beam.segments
    first = beam.segments[0]
    return (replace(first, meterset_share=0.0),) if first.left_cm else ()


def is_still(beam: Beam) -> bool:
    """Tell whether nothing moves: one point, or two that differ in the meterset alone."""
    states = {
        replace(
            point, meterset_share=0.0, gantry_turn="", collimator_turn="", couch_turn="",
            ssd_cm=None, dose_rate_mu_min=None,
        )
        for point in beam.segments
    }  # fmt: skip
    turning = any(point.gantry_turn for point in beam.segments)
    return len(beam.segments) <= 2 and len(states) == 1 and not turning


def wedge_mu(beam: Beam) -> float | None:
    """Return the MU with the motorised wedge in; None without one.

    The wedge stays as a control point says until the next one (DICOM PS3.3, C.8.8.14).
    """
    if all(point.wedge_in is None for point in beam.segments):
        return None
    if len(beam.segments) == 1:
        return beam.mu if beam.segments[0].wedge_in else 0.0
    shares = [
        b.meterset_share - a.meterset_share for a, b in pairwise(beam.segments) if a.wedge_in
    ]
    return beam.mu * sum(shares)


def arc_deg(beam: Beam) -> float:
    """Return the degrees the gantry turns through, point by point in the stated direction."""
    length_deg = 0.0
    for a, b in pairwise(beam.segments):
        step_deg = b.gantry_deg - a.gantry_deg
        if a.gantry_turn:
            way_deg = step_deg if a.gantry_turn == "CW" else -step_deg
            full = len(beam.segments) == 2 and way_deg % 360 == 0
            length_deg += 360.0 if full else way_deg % 360
    return length_deg


def arc_direction(beam: Beam) -> str:
    """Return the first direction the gantry turns in, "" when it stands."""
    return next((point.gantry_turn for point in beam.segments if point.gantry_turn), "")


def one_code(devices: Sequence[Device]) -> str:
    """Return the code of the devices; several different ones are for a check to refuse."""
    return devices[0].code if devices else ""


def wedges_of(beam: Beam, *kinds: str) -> tuple[Device, ...]:
    """Return the wedges of these kinds."""
    return tuple(wedge for wedge in beam.wedges if wedge.kind in kinds)


def point_rates(beam: Beam) -> tuple[float | None, ...]:
    """Return the dose rate of each point when the plan varies it, else nothing."""
    rates = tuple(point.dose_rate_mu_min for point in beam.segments)
    return rates if len(set(rates)) > 1 else ()


def _field(field: Field, treatment: Treatment) -> dict[str, Cell]:
    """Return what FIELD_DEF says; its geometry is that of the first point."""
    beam, first = field.beam, field.beam.segments[0]
    note = f"GATED {beam.note}".strip() if field.gated else beam.note
    return {
        "rx_site_name": field.site,
        "field_name": field.names.field,
        "field_id": field.id,
        "field_note": note,
        "field_dose": field.dose_cgy,
        "field_monitor_units": beam.mu,
        "wedge_monitor_units": wedge_mu(beam),
        "treatment_machine": treatment.machine,
        "treatment_type": field.names.technique,
        "modality": beam.modality,
        "energy": field.names.energy,
        "doserate": field.dose_rate_mu_min,
        "sad": beam.sad_cm,
        "ssd": first.ssd_cm,
        "gantry_angle": first.gantry_deg,
        "collimator_angle": first.collimator_deg,
        "couch_angle": first.couch_deg,
        "couch_pedestal": first.couch_top_deg,
        "tolerance_table": treatment.tolerance_table,
        **jaws_of(first),
        **_arc(beam),
        **_devices(field),
    }


def jaws_of(point: Segment) -> Mapping[str, Cell]:
    """Return mode, opening and positions of both jaw pairs; empty for a pair that is not there."""
    cells: dict[str, Cell] = {}
    pairs = {"x": (point.x1_cm, point.x2_cm), "y": (point.y1_cm, point.y2_cm)}
    for axis, (one_cm, two_cm) in pairs.items():
        if one_cm is not None and two_cm is not None:
            cells |= {
                f"field_{axis}_mode": "ASY",
                f"field_{axis}": two_cm - one_cm,
                f"collimator_{axis}1": one_cm,
                f"collimator_{axis}2": two_cm,
            }
    return cells


def _arc(beam: Beam) -> dict[str, Cell]:
    """Return direction, start, stop and MU per degree of an arc."""
    length_deg = arc_deg(beam)
    if not length_deg:
        return {}
    return {
        "arc_direction": arc_direction(beam),
        "arc_start_angle": beam.segments[0].gantry_deg,
        "arc_stop_angle": beam.segments[-1].gantry_deg,
        "arc_mu_degree": beam.mu / length_deg,
    }


def _devices(field: Field) -> dict[str, Cell]:
    """Return what is in the beam, each in its column, by the R&V system's own names."""
    beam, codes = field.beam, field.names.codes
    wedge = one_code(wedges_of(beam, "physical", "motorised"))
    dynamic = one_code(wedges_of(beam, "virtual"))
    applicator = beam.applicator.code if beam.applicator else ""
    return {
        "wedge": codes.get(wedge, wedge),
        "dynamic_wedge": codes.get(dynamic, dynamic),
        "block": one_code(beam.blocks),
        "compensator": one_code(beam.compensators),
        "e_applicator": codes.get(applicator, applicator),
        "e_field_def_aperture": beam.cutout.code if beam.cutout else "",
        "bolus": one_code(beam.boluses),
    }


def _origin(beam: Beam, trial: Trial, dialect: str) -> dict[str, Cell]:
    """Return the link to the planning system's beam, and whether it is unflattened."""
    cells: dict[str, Cell] = {
        "original_plan_uid": trial.uid,
        "original_beam_number": beam.number,
        "original_beam_name": beam.name,
    }
    known = {column.name for column in layout("EXTENDED_FIELD_DEF", dialect)}
    if "isfff" in known and beam.fff is not None:
        cells["isfff"] = int(beam.fff)
    return cells


def _point(field: Field, point: Segment) -> dict[str, Cell]:
    """Return the state of one control point, without jaws and turns."""
    rate = point.dose_rate_mu_min if point_rates(field.beam) else field.dose_rate_mu_min
    cells: dict[str, Cell] = {
        "mlc_leaves": len(point.left_cm),
        "mu_convention": FRACTION,
        "monitor_units": point.meterset_share,
        "wedge_position": {None: "", True: "IN", False: "OUT"}[point.wedge_in],
        "energy": field.names.energy,
        "doserate": rate,
        "ssd": point.ssd_cm,
        "scale_convention": IEC,
        "gantry_angle": point.gantry_deg,
        "collimator_angle": point.collimator_deg,
        "couch_angle": point.couch_deg,
        "couch_pedestal": point.couch_top_deg,
    }
    for bank, tips_cm in (("a", point.left_cm), ("b", point.right_cm)):
        cells |= {f"mlc_{bank}{leaf}": tip_cm for leaf, tip_cm in enumerate(tips_cm, start=1)}
    return cells


def _turns(point: Segment) -> dict[str, Cell]:
    """Return the directions towards the next point."""
    return {
        "gantry_dir": point.gantry_turn,
        "collimator_dir": point.collimator_turn,
        "couch_dir": point.couch_turn,
    }


def _isocentre(beam: Beam) -> dict[str, Cell]:
    """Return the isocentre in cm, DICOM patient axes."""
    if beam.isocentre_cm is None:
        return {}
    return {f"isocenter_position_{a}": p for a, p in zip("xyz", beam.isocentre_cm, strict=True)}
