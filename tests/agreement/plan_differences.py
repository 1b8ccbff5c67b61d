"""Hold LEX's reading of a plan against RTP-Filter's: every number, in words when they differ."""

from collections.abc import Iterator

LENGTH_MM = 1e-6
ANGLE_DEG = 1e-6
# LEX takes the MU of a Pinnacle beam from factors, the Filter from the dose file; both are then
# rounded to the machine's decimals, so one unit of the last decimal is the most they may differ.
MU_SHARE = 2e-5


def differences(trial, plan) -> list[str]:
    """Return a sentence for each number on which the channels do not agree."""
    lex = sorted(trial.beams, key=lambda beam: beam.number)
    checker = sorted(plan.fields, key=lambda field: field.number)
    if len(lex) != len(checker):
        return [f"LEX reads {len(lex)} beams, the Filter {len(checker)}"]
    found = [*of_patient(trial, plan), *of_prescriptions(trial, plan)]
    for beam, field in zip(lex, checker, strict=True):
        found += [f"{beam.name}: {words}" for words in of_beam(beam, field)]
    return found


def of_patient(trial, plan) -> Iterator[str]:
    for ours, theirs, name in (
        (trial.person.id, plan.patient.id, "ID"),
        (trial.person.last_name, plan.patient.last_name, "last name"),
        (trial.person.first_name, plan.patient.first_name, "first name"),
        (trial.position, plan.position or "", "position"),
        (trial.uid, plan.plan_uid, "plan UID"),
    ):
        if ours != theirs:
            yield f"{name}: {ours!r} / {theirs!r}"


def of_prescriptions(trial, plan) -> Iterator[str]:
    if len(trial.prescriptions) != len(plan.prescriptions):
        yield f"{len(trial.prescriptions)} / {len(plan.prescriptions)} prescriptions"
        return
    for rx, other in zip(trial.prescriptions, plan.prescriptions, strict=True):
        if rx.fractions != other.fractions:
            yield f"{rx.name} fractions {rx.fractions} / {other.fractions}"
        # LEX needs a dose for the file and adds up the beams' doses where the plan states none;
        # the Filter compares stated doses only.
        if other.fraction_cgy is not None:
            yield from unequal(f"{rx.name} dose a fraction", rx.fraction_cgy, other.fraction_cgy)
        if other.total_cgy is not None:
            yield from unequal(f"{rx.name} total dose", rx.total_cgy, other.total_cgy)


def of_beam(beam, field) -> Iterator[str]:
    for ours, theirs, name in (
        (beam.number, field.number, "number"),
        (beam.name, field.name, "name"),
        (beam.machine, field.machine or "", "machine"),
        (beam.modality, field.modality, "modality"),
        (beam.setup, field.setup, "setup"),
        (beam.fff, field.fff if beam.fff is not None else None, "fff"),
        (beam.field_id, field.id, "field id"),
    ):
        if ours != theirs:
            yield f"{name}: {ours!r} / {theirs!r}"
    yield from unequal("energy", beam.energy, field.energy, 1e-9)
    if not (beam.setup and field.setup):
        yield from unequal("MU", beam.mu, field.mu, MU_SHARE * max(beam.mu, 1.0))
    yield from unequal("dose", beam.dose_cgy, field.dose_cgy, 1e-6)
    yield from of_devices(beam, field)
    yield from of_isocentre(beam, field)
    if len(beam.segments) != len(field.control_points):
        yield f"{len(beam.segments)} / {len(field.control_points)} control points"
        return
    for segment, point in zip(beam.segments, field.control_points, strict=True):
        if not beam.setup:
            yield from unequal("share", segment.meterset_share, point.cumulative, 1e-9)
        yield from (f"point {point.number}: {words}" for words in of_point(segment, point))


def of_devices(beam, field) -> Iterator[str]:
    pairs = (
        ("wedges", beam.wedges, field.wedges),
        ("blocks", beam.blocks, field.blocks),
        ("boluses", beam.boluses, field.boluses),
        ("compensators", beam.compensators, field.compensators),
        ("applicator", (beam.applicator,) if beam.applicator else (), field.applicators),
        ("cutout", (beam.cutout,) if beam.cutout else (), field.cutouts),
    )
    for name, ours, theirs in pairs:
        if len(ours) != len(theirs or ()):
            yield f"{len(ours)} / {len(theirs or ())} {name}"
            continue
        for device, accessory in zip(ours, theirs or (), strict=True):
            known = {text.strip().casefold() for text in accessory.names}
            if known and device.code.strip().casefold() not in known:
                yield f"{name} {device.code!r}/{device.name!r} not among {accessory.names}"
            if device.angle_deg is not None and accessory.angle_deg is not None:
                yield from unequal(f"{name} angle", device.angle_deg, accessory.angle_deg, 1e-6)


def of_isocentre(beam, field) -> Iterator[str]:
    if (beam.isocentre_cm is None) != (field.isocentre is None):
        yield f"isocentre {beam.isocentre_cm} / {field.isocentre}"
    elif beam.isocentre_cm is not None:
        there = (field.isocentre.x_mm, field.isocentre.y_mm, field.isocentre.z_mm)
        for axis, ours, theirs in zip("xyz", beam.isocentre_cm, there, strict=True):
            yield from unequal(f"isocentre {axis}", 10 * ours, theirs, 1e-5)


def of_point(segment, point) -> Iterator[str]:
    for name, ours, theirs in (
        ("gantry", segment.gantry_deg, point.gantry_deg),
        ("collimator", segment.collimator_deg, point.collimator_deg),
        ("couch", segment.couch_deg, point.couch_deg),
        ("couch top", segment.couch_top_deg, point.pedestal_deg or 0),
    ):
        if theirs is None or angle_apart(ours, float(theirs)) > ANGLE_DEG:
            yield f"{name} {ours} / {theirs}"
    if segment.gantry_turn != (point.gantry_direction or ""):
        yield f"turn {segment.gantry_turn!r} / {point.gantry_direction!r}"
    for name in ("x1", "x2", "y1", "y2"):
        ours, theirs = getattr(segment, f"{name}_cm"), getattr(point.jaws, f"{name}_mm")
        yield from unequal(name, None if ours is None else 10 * ours, theirs, LENGTH_MM)
    yield from unequal("dose rate", segment.dose_rate_mu_min, point.dose_rate_mu_min, 1e-6)
    ssd_cm = segment.ssd_cm
    yield from unequal("SSD", None if ssd_cm is None else 10 * ssd_cm, point.ssd_mm, 1e-6)
    yield from of_leaves(segment, point)


def of_leaves(segment, point) -> Iterator[str]:
    layer = point.layers[0] if point.layers else None
    banks = (layer.a_mm, layer.b_mm) if layer else ((), ())
    for name, ours, theirs in zip("AB", (segment.left_cm, segment.right_cm), banks, strict=True):
        if len(ours) != len(theirs):
            yield f"{len(ours)} / {len(theirs)} leaves of bank {name}"
            continue
        for leaf, (a, b) in enumerate(zip(ours, theirs, strict=True), start=1):
            yield from unequal(f"leaf {name}{leaf}", 10 * a, b, LENGTH_MM)


def unequal(name, ours, theirs, most=1e-6) -> Iterator[str]:
    if ours is None and theirs is None:
        return
    if ours is None or theirs is None or not abs(ours - float(theirs)) <= most:
        yield f"{name} {ours} / {theirs}"


def angle_apart(one: float, other: float) -> float:
    apart = abs(one - other) % 360
    return min(apart, 360 - apart)
