"""Small RTP-Connect files made by the tests, all values known; own checksum, bit by bit."""

POINT_HEAD = (
    "field_id", "mlc_type", "mlc_leaves", "total_control_points", "control_pt_number",
    "mu_convention", "monitor_units", "wedge_position", "energy", "doserate", "ssd",
    "scale_convention", "gantry_angle", "gantry_dir", "collimator_angle", "collimator_dir",
    "field_x_mode", "field_x", "collimator_x1", "collimator_x2", "field_y_mode", "field_y",
    "collimator_y1", "collimator_y2", "couch_vertical", "couch_lateral", "couch_longitudinal",
    "couch_angle", "couch_dir", "couch_pedestal", "couch_ped_dir",
)  # fmt: skip
FIELD_HEAD = (
    "rx_site_name", "field_name", "field_id", "field_note", "field_dose", "field_monitor_units",
    "wedge_monitor_units", "treatment_machine", "treatment_type", "modality", "energy", "time",
    "doserate", "sad", "ssd", "gantry_angle", "collimator_angle", "field_x_mode", "field_x",
    "collimator_x1", "collimator_x2", "field_y_mode", "field_y", "collimator_y1", "collimator_y2",
    "couch_vertical", "couch_lateral", "couch_longitudinal", "couch_angle", "couch_pedestal",
    "tolerance_table", "arc_direction", "arc_start_angle", "arc_stop_angle", "arc_mu_degree",
    "wedge", "dynamic_wedge", "block", "compensator", "e_applicator", "e_field_def_aperture",
    "bolus",
)  # fmt: skip
PAIRS = 3


def crc(data):
    register = 0x0521
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


def line(*cells, end=b"\r\n"):
    """Return one line with its checksum; a cell is text or bytes."""
    texts = [cell if isinstance(cell, bytes) else str(cell).encode("cp1252") for cell in cells]
    body = b"".join(b'"' + text + b'",' for text in texts)
    return body + f'"{crc(body)}"'.encode() + end


def plan(**changes):
    cells = ["PLAN_DEF", "4711", "Doe", "Jane", "M", "Plan A", "20260102", "101500", "1"]
    cells += [""] * 16 + [changes.get("protocol", "IMPAC_DCM_SCP"), "2.60"]
    return line(*cells)


def prescription(site="PELVIS", fields=1):
    return line("RX_DEF", "1", site, "IMRT", "Xrays", "Plan", "", "6000", "200", "", "", fields)


def setup(site="PELVIS", **changes):
    iso = changes.get("iso", ("1.25", "-2.50", "30.00"))
    cells = ["SITE_SETUP_DEF", site, "HFS", "LINAC 1", "2", *iso, "", "", *[""] * 5]
    return line(*cells, "", "", "")


def named(keyword, names, values, length, newer=()):
    """Return a record of `length` values from the ones that differ from blank."""
    unknown = set(values) - set(names)
    assert not unknown, unknown
    cells = [keyword, *(values.get(name, "") for name in names)]
    return line(*cells, *[""] * (length - len(cells) - 1 - len(newer)), *newer)


def field(newer=(), **changes):
    values = {
        "rx_site_name": "PELVIS", "field_name": "RAO", "field_id": "1", "field_dose": "100.50",
        "field_monitor_units": "120.50", "treatment_machine": "LINAC 1",
        "treatment_type": "StepNShoot", "modality": "Xrays", "energy": "6", "doserate": "400",
        "sad": "100.0", "ssd": "87.5", "gantry_angle": "315.0", "collimator_angle": "10.0",
        "field_x_mode": "ASY", "field_x": "0.0", "collimator_x1": "-5.0", "collimator_x2": "4.5",
        "field_y_mode": "ASY", "field_y": "0.0", "collimator_y1": "-7.5", "collimator_y2": "8.0",
        "couch_angle": "0.0", "couch_pedestal": "0.0", "tolerance_table": "2",
    }  # fmt: skip
    values |= changes
    return named("FIELD_DEF", FIELD_HEAD, values, 52 if newer else 49, newer)


def extended(**changes):
    values = {"field_id": "1", "uid": "1.2.3.4", "number": "7", "name": "7 RAO", "fff": ""}
    values |= changes
    return line("EXTENDED_FIELD_DEF", *values.values(), *[""] * 3)


def point(number=0, total=2, leaves=None, iso=None, **changes):
    """Return a control point; `leaves` are one list per bank, `iso` makes the newer layout."""
    bank_a, bank_b = leaves or (("-1.00", "-2.00", "-3.00"), ("1.00", "2.00", "3.00"))
    values = {
        "field_id": "1", "mlc_type": "11", "mlc_leaves": len(bank_a),
        "total_control_points": total, "control_pt_number": number, "mu_convention": "1",
        "monitor_units": f"{number / max(total - 1, 1):.6f}", "energy": "6", "doserate": "0",
        "scale_convention": "2", "gantry_angle": "315.0", "collimator_angle": "10.0",
        "couch_angle": "0.0", "couch_pedestal": "0.0",
    }  # fmt: skip
    values |= changes
    cells = ["CONTROL_PT_DEF", *(values.get(name, "") for name in POINT_HEAD), *(iso or ())]
    for bank in (bank_a, bank_b):
        cells += [*bank, *[""] * (100 - len(bank))]
    return line(*cells)


def export(*records, head=None):
    """Return a whole file: the records of one plan, or its usual head and the given fields."""
    return (head if head is not None else plan() + prescription() + setup()) + b"".join(records)


def whole():
    """Return a file with one step-and-shoot field of two control points."""
    return export(field(), extended(), point(0), point(1))
