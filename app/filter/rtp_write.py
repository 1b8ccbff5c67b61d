"""A plan of the Filter as an RTP-Connect file: a DICOM export translated for the archive (R-25).

The layouts are those the Filter reads by (`rtp_columns`); the numbers stand on the IEC scale.
What RTP-Connect cannot hold is refused, never left out.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from app.filter.field import Accessory, ControlPoint, Couch, Field, Jaws, Plan, Point
from app.filter.rtp_checksum import checksum
from app.filter.rtp_columns import Column, columns
from core.errors import UnsupportedPlanError

Cell = str | int | Decimal | None
LENGTHS = {
    "PLAN_DEF": 28, "RX_DEF": 13, "SITE_SETUP_DEF": 16, "FIELD_DEF": 52,
    "EXTENDED_FIELD_DEF": 10, "CONTROL_PT_DEF": 236,
}  # fmt: skip
MOST_PAIRS = 100
MOST_CHARACTERS = 20


def rtp_bytes(plan: Plan) -> bytes:
    """Return a plan as RTP-Connect lines with their checksums.

    Raises:
        UnsupportedPlanError: RTP-Connect has no place for it: a second layer of leaves, leaves
            along Y, or more than 100 pairs.

    """
    lines = [_line("PLAN_DEF", _plan(plan))]
    for rx in plan.prescriptions:
        count = sum(field.site == rx.site for field in plan.fields)
        values: dict[str, Cell] = {
            "rx_site_name": rx.site, "technique": rx.technique, "modality": rx.modality,
            "dose_spec": rx.dose_spec, "dose_ttl": rx.total_cgy, "dose_tx": rx.fraction_cgy,
            "pattern": rx.pattern, "rx_note": rx.note, "number_of_fields": count,
        }  # fmt: skip
        lines.append(_line("RX_DEF", values))
    for site in dict.fromkeys(field.site for field in plan.fields):
        first = next(field for field in plan.fields if field.site == site)
        values = {"rx_site_name": site, "patient_orientation": plan.position,
                  "treatment_machine": first.machine, **_point(first.isocentre)}  # fmt: skip
        lines.append(_line("SITE_SETUP_DEF", values))
    for number, field in enumerate(plan.fields, start=1):
        lines += _field(field, field.id or str(field.number or number))
    return b"".join(lines)


def _plan(plan: Plan) -> Mapping[str, Cell]:
    who = plan.patient
    return {
        "patient_id": who.id, "patient_last_name": who.last_name,
        "patient_first_name": who.first_name, "patient_minitial": who.middle_name,
        "plan_id": plan.plan_id, "course_id": plan.course if plan.course.isdigit() else None,
    }  # fmt: skip


def _field(field: Field, name: str) -> list[bytes]:
    fixed: Mapping[str, Cell] = {
        "rx_site_name": field.site, "field_name": field.name, "field_id": name,
        "field_note": field.note, "field_dose": field.dose_cgy, "field_monitor_units": field.mu,
        "wedge_monitor_units": field.wedge_mu, "treatment_machine": field.machine,
        "treatment_type": field.treatment_type, "modality": field.modality,
        "energy": field.energy, "doserate": field.dose_rate_mu_min, "sad": _cm(field.sad_mm),
        "ssd": _cm(field.ssd_mm), "gantry_angle": field.gantry_deg,
        "collimator_angle": field.collimator_deg, "couch_angle": field.couch_deg,
        "couch_pedestal": field.pedestal_deg, "arc_direction": field.arc_direction,
        "arc_start_angle": field.arc_start_deg, "arc_stop_angle": field.arc_stop_deg,
        "arc_mu_degree": field.arc_mu_per_deg,
        "tolerance_table": field.tolerance_table if _is_number(field.tolerance_table) else None,
        **_wedges(field.wedges), "block": _name(field.blocks),
        "compensator": _name(field.compensators), "e_applicator": _name(field.applicators),
        "e_field_def_aperture": _name(field.cutouts), "bolus": _name(field.boluses),
        **_jaws(field.jaws), **_couch(field.couch), **_point(field.isocentre),
    }  # fmt: skip
    extended: Mapping[str, Cell] = {
        "field_id": name, "original_plan_uid": field.source_plan_uid,
        "original_beam_number": field.number, "original_beam_name": field.source_name,
        "isfff": None if field.fff is None else int(field.fff),
    }  # fmt: skip
    lines = [_line("FIELD_DEF", fixed), _line("EXTENDED_FIELD_DEF", extended)]
    for place, point in enumerate(field.control_points):
        values = _control_point(point, place, len(field.control_points), name)
        lines.append(_line("CONTROL_PT_DEF", {**values, **_leaves(point, field)}))
    return lines


def _control_point(point: ControlPoint, place: int, count: int, name: str) -> dict[str, Cell]:
    wedge = {None: None, True: "IN", False: "OUT"}[point.wedge_in]
    return {
        "field_id": name, "total_control_points": count, "control_pt_number": place,
        "mu_convention": 1, "monitor_units": point.cumulative, "wedge_position": wedge,
        "energy": point.energy, "doserate": point.dose_rate_mu_min, "ssd": _cm(point.ssd_mm),
        "scale_convention": 2, "gantry_angle": point.gantry_deg,
        "gantry_dir": point.gantry_direction, "collimator_angle": point.collimator_deg,
        "collimator_dir": point.collimator_direction, "couch_angle": point.couch_deg,
        "couch_dir": point.couch_direction, "couch_pedestal": point.pedestal_deg,
        "couch_ped_dir": point.pedestal_direction, **_jaws(point.jaws), **_couch(point.couch),
        **_point(point.isocentre),
    }  # fmt: skip


def _leaves(point: ControlPoint, field: Field) -> dict[str, Cell]:
    if not point.layers:
        return {"mlc_leaves": 0}
    banks = point.layers[0]
    pairs = len(banks.a_mm)
    if len(point.layers) > 1 or banks.along == "Y" or pairs > MOST_PAIRS:
        raise UnsupportedPlanError(
            "RTP-Connect has no place for leaves of a second layer, along Y, or beyond 100 pairs",
            where=f"beam {field.name or field.id}",
            remedy="Compare the DICOM export itself; it needs no translation.",
        )
    cells: dict[str, Cell] = {"mlc_leaves": pairs}
    for bank, tips in (("a", banks.a_mm), ("b", banks.b_mm)):
        cells |= {f"mlc_{bank}{leaf}": _cm(tip) for leaf, tip in enumerate(tips, start=1)}
    return cells


def _jaws(jaws: Jaws) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for axis in "xy":
        one, two = getattr(jaws, f"{axis}1_mm"), getattr(jaws, f"{axis}2_mm")
        if one is not None and two is not None:
            cells |= {f"field_{axis}_mode": "ASY", f"field_{axis}": _cm(two - one)}
        cells |= {f"collimator_{axis}1": _cm(one), f"collimator_{axis}2": _cm(two)}
    return cells


def _couch(couch: Couch) -> dict[str, Cell]:
    names = ("vertical", "lateral", "longitudinal")
    return {f"couch_{name}": _cm(getattr(couch, f"{name}_mm")) for name in names}


def _point(point: Point | None) -> dict[str, Cell]:
    if point is None:
        return {}
    return {f"isocenter_position_{axis}": _cm(getattr(point, f"{axis}_mm")) for axis in "xyz"}


def _wedges(wedges: tuple[Accessory, ...] | None) -> dict[str, Cell]:
    moving = ("dynamic", "virtual")
    dynamic = tuple(one for one in wedges or () if one.kind.casefold() in moving)
    fixed = tuple(one for one in wedges or () if one not in dynamic)
    return {"wedge": _name(fixed), "dynamic_wedge": _name(dynamic)}


def _name(accessories: tuple[Accessory, ...] | None) -> str:
    names = [one.names[0] if one.names else one.kind or "YES" for one in accessories or ()]
    return ", ".join(names)


def _cm(value_mm: Decimal | None) -> Decimal | None:
    return None if value_mm is None else value_mm.scaleb(-1)


def _is_number(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdigit()


def _line(keyword: str, values: Mapping[str, Cell]) -> bytes:
    layout = columns(keyword, LENGTHS[keyword]) or ()
    cells = [keyword, *(_cell(column, values.get(column.name)) for column in layout[1:])]
    body = "".join(f'"{cell}",' for cell in cells).encode("cp1252", "replace")
    return body + f'"{checksum(body)}"\r\n'.encode("ascii")


def _cell(column: Column, value: Cell) -> str:
    """Return a value as its column writes it; a dose keeps its own digits."""
    if value is None:
        return ""
    if not isinstance(value, Decimal):
        text = " ".join(str(value).split()).replace('"', "'")
        return text[: column.most] if column.most else text
    if column.kind in ("cgy", "int") and value != value.to_integral_value():
        return f"{round(value, 2)}"
    step = Decimal(1).scaleb(-(column.decimals or 0))
    return f"{value.quantize(step, ROUND_HALF_EVEN) + 0:f}"
