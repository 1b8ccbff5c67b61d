"""Checks that the transfer file can carry what the plan holds: nothing may get lost on the way."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from app.lex.checks.case import Case, Miss, check
from app.lex.field_records import point_rates, wedges_of
from app.lex.fields import Field
from app.lex.plan import Device, Prescription
from app.lex.records import common_isocentre, total_cgy
from app.lex.rtp_columns import layout
from app.lex.rtp_write import rounded
from core.findings import State

IN_PLAN = "Change it in the planning system, save, and read the plan again."
BOOK = "Enter the field doses in the R&V system, so that they add up to the fraction dose."
LOOK = "Compare it with the planning system before going on."
MOST_POINTS = 999
POSITIONS = ("HFS", "HFP", "HFDL", "HFDR", "FFS", "FFP", "FFDL", "FFDR")
SHARE_DECIMALS = 6


def by_prescription(case: Case) -> Iterator[tuple[Prescription, tuple[Field, ...]]]:
    """Yield each prescription that is written with its fields."""
    for _, group in groupby(case.fields, key=lambda one: id(one.prescription)):
        fields = tuple(group)
        yield fields[0].prescription, fields


@check("LEX-C1", "Each column for a device holds the only one of its kind", State.ERROR, IN_PLAN)
def one_device_per_column(case: Case) -> Iterator[Miss]:
    """Refuse two different codes where the file has room for one, and a device without code."""
    for field in case.fields:
        beam = field.beam
        columns: dict[str, Sequence[Device]] = {
            "wedge": wedges_of(beam, "physical", "motorised"),
            "dynamic_wedge": wedges_of(beam, "virtual"),
            "block": beam.blocks,
            "compensator": beam.compensators,
            "bolus": beam.boluses,
            "e_applicator": (beam.applicator,) if beam.applicator else (),
            "e_field_def_aperture": (beam.cutout,) if beam.cutout else (),
        }
        known = (*columns["wedge"], *columns["dynamic_wedge"])
        strange = [wedge for wedge in beam.wedges if wedge not in known]
        for wedge in strange:
            message = f"Wedge {wedge.code!r} is of an unknown kind: {wedge.kind!r}."
            yield Miss(message, beam.name, item="wedge", found=wedge.kind)
        for item, devices in columns.items():
            codes = sorted({device.code for device in devices})
            if len(codes) > 1:
                message = f"The file has room for one {item}; the beam has {', '.join(codes)}."
                yield Miss(message, beam.name, item=item, found=", ".join(codes))
            elif "" in codes:
                yield Miss(f"The {item} of the beam has no code.", beam.name, item=item)


@check(
    "LEX-C2",
    "The position of every motorised wedge is known and changes only while the beam is off",
    State.ERROR,
    IN_PLAN,
)
def motorised_wedges_have_positions(case: Case) -> Iterator[Miss]:
    """Ask every control point: without it the wedged MU cannot be told.

    A wedge that is elsewhere at the point where its MU end is only warned of. DICOM counts these
    MU to the point before (PS3.3, C.8.8.14), and so does LEX; RTP-Connect lets a point stand for
    the state reached, so a receiver may count them to the other position.
    """
    for field in case.fields:
        if not wedges_of(field.beam, "motorised"):
            continue
        for number, point in enumerate(field.beam.segments):
            if point.wedge_in is None:
                message = "Whether the motorised wedge is in is not known."
                yield Miss(message, field.beam.name, number, "wedge_position")
        for number, (here, there) in enumerate(pairwise(field.beam.segments), start=1):
            given = here.meterset_share < there.meterset_share
            if given and None not in (here.wedge_in, there.wedge_in):
                yield from _wedge_step(field, number, bool(here.wedge_in), bool(there.wedge_in))


def _wedge_step(field: Field, number: int, before: bool, after: bool) -> Iterator[Miss]:
    """Yield a warning when the wedge changes place across a step that gives dose."""
    if before == after:
        return
    words = {True: "IN", False: "OUT"}
    message = (
        f"The motorised wedge goes from {words[before]} to {words[after]} in a step that gives "
        f"dose; its MU count as {words[before]}."
    )
    yield Miss(
        message, field.beam.name, number, "wedge_position", words[before], words[after],
        state=State.WARNING,
    )  # fmt: skip


@check("LEX-C3", "The running total of monitor units can be written", State.ERROR, IN_PLAN)
def running_totals_can_be_written(case: Case) -> Iterator[Miss]:
    """Look for a start off 0, an end off 1, a fall, and a dose lost in the sixth decimal."""
    for field in case.fields:
        beam = field.beam
        shares = [point.meterset_share for point in beam.segments]
        if not 1 <= len(shares) <= MOST_POINTS:
            message = f"{len(shares)} control points; the file takes 1 to {MOST_POINTS}."
            yield Miss(message, beam.name, item="total_control_points", found=str(len(shares)))
        if len(shares) > 1 and (abs(shares[0]) > 1e-9 or abs(shares[-1] - 1) > 1e-9):
            message = f"The running total goes from {shares[0]:g} to {shares[-1]:g}, not 0 to 1."
            yield Miss(message, beam.name, item="monitor_units")
        for number, (before, after) in enumerate(pairwise(shares), start=1):
            if after < before:
                message = f"The running total falls from {before:g} to {after:g}."
                yield Miss(message, beam.name, number, "monitor_units")
            elif before < after and rounded(before, SHARE_DECIMALS) == rounded(
                after, SHARE_DECIMALS
            ):
                message = f"{(after - before) * beam.mu:.6f} MU are lost in the sixth decimal."
                yield Miss(message, beam.name, number, "monitor_units", state=State.WARNING)


@check("LEX-C4", "An arc turns one way all through", State.ERROR, IN_PLAN)
def arcs_turn_one_way(case: Case) -> Iterator[Miss]:
    """Refuse an arc that turns back, or is called one and does not turn."""
    for field in case.fields:
        beam = field.beam
        turns = {point.gantry_turn for point in beam.segments if point.gantry_turn}
        couch = any(point.couch_turn for point in beam.segments)
        if len(turns) > 1:
            message = "The gantry turns both ways; the field has one direction."
            yield Miss(message, beam.name, item="arc_direction", found=", ".join(sorted(turns)))
        elif beam.technique in ("Arc", "VMAT") and not turns and not couch:
            message = f"The beam is called {beam.technique}, but the gantry does not turn."
            yield Miss(message, beam.name, item="arc_direction")
        for number, (here, there) in enumerate(pairwise(beam.segments)):
            if here.gantry_deg != there.gantry_deg and not here.gantry_turn:
                message = "The gantry stands elsewhere at the next point; the way is not known."
                yield Miss(message, beam.name, number, "gantry_dir")


@check("LEX-C5", "Both jaws of a pair are known or none is", State.ERROR, IN_PLAN)
def jaw_pairs_are_whole(case: Case) -> Iterator[Miss]:
    """Refuse one jaw without the other, and a field without any edge."""
    for field in case.fields:
        for number, point in enumerate(field.beam.segments):
            pairs = {"x": (point.x1_cm, point.x2_cm), "y": (point.y1_cm, point.y2_cm)}
            for axis, pair in pairs.items():
                if pair.count(None) == 1:
                    message = f"One jaw of the {axis.upper()} pair is not known."
                    yield Miss(message, field.beam.name, number, f"field_{axis}_mode")
            one_sided = all(pair.count(None) == 2 for pair in pairs.values())
            if one_sided and not point.left_cm and field.beam.applicator is None:
                message = "Neither jaws nor leaves are known."
                yield Miss(message, field.beam.name, number, "field_x_mode")


@check("LEX-C6", "The isocentre of every field reaches the file", State.WARNING, LOOK)
def isocentres_reach_the_file(case: Case) -> Iterator[Miss]:
    """Warn where the layout has one isocentre for a site and the beams have several, or none."""
    columns = layout("FIELD_DEF", case.system.layout)
    per_field = any(column.name == "isocenter_position_x" for column in columns)
    for rx, fields in by_prescription(case):
        lacking = [field.beam.name for field in fields if field.beam.isocentre_cm is None]
        for name in lacking:
            message = "The plan gives no isocentre in patient axes; it stays empty."
            yield Miss(message, name, item="isocenter_position_x")
        shared = common_isocentre([field.beam for field in fields])
        if shared is None and not lacking and not per_field:
            message = (
                f"Prescription {rx.name!r} has several isocentres; the layout of "
                f"{case.system.name} has one for a site, so it stays empty."
            )
            yield Miss(message, item="isocenter_position_x")


@check("LEX-C7", "Prescribed doses are known and whole centigray", State.WARNING, LOOK)
def prescribed_doses_are_whole(case: Case) -> Iterator[Miss]:
    """Warn of a dose that is not there or does not fit the fractions after rounding."""
    for rx, fields in by_prescription(case):
        total = total_cgy(rx)
        for item, words, dose_cgy in (
            ("dose_ttl", "total dose", total),
            ("dose_tx", "dose of a fraction", rx.fraction_cgy),
        ):
            if dose_cgy is None:
                message = f"Prescription {rx.name!r} has no {words}; it stays empty."
                yield Miss(message, item=item)
        if total is None or rx.fraction_cgy is None or rx.fractions is None:
            continue
        stated = rounded(total, 0) == rx.fractions * rounded(rx.fraction_cgy, 0)
        if not stated:
            message = (
                f"Prescription {rx.name!r}: {rx.fractions} fractions of {rx.fraction_cgy:g} cGy "
                f"are not {total:g} cGy in whole numbers."
            )
            yield Miss(
                message, item="dose_ttl", expected=f"{total:g}",
                found=f"{rx.fractions * rounded(rx.fraction_cgy, 0)}", unit="cGy",
            )  # fmt: skip
        modalities = sorted({field.beam.modality for field in fields})
        if len(modalities) > 1:
            message = f"Prescription {rx.name!r} has {' and '.join(modalities)}; none is written."
            yield Miss(message, item="modality", found=", ".join(modalities))


@check("LEX-C8", "The doses of the fields add up to the fraction dose", State.WARNING, BOOK)
def field_doses_add_up(case: Case) -> Iterator[Miss]:
    """Warn where no field dose is written, because the plan's do not add up or one is missing."""
    for rx, fields in by_prescription(case):
        doses = [field.beam.dose_cgy for field in fields if field.beam.dose_cgy is not None]
        if not doses:
            message = f"The plan gives no beam doses for {rx.name!r}; none is written."
            yield Miss(message, item="field_dose", state=State.INFO)
        elif fields[0].dose_cgy is None:
            total = f"{sum(doses):.2f}"
            message = (
                f"The beam doses of {rx.name!r} add up to {total} cGy for {len(doses)} of "
                f"{len(fields)} fields; none is written."
            )
            expected = "" if rx.fraction_cgy is None else f"{rx.fraction_cgy:g}"
            yield Miss(message, item="field_dose", expected=expected, found=total, unit="cGy")


@check(
    "LEX-C10",
    "Beams without a flattening filter are marked in the file",
    State.ERROR,
    "Choose an R&V system whose layout has the mark, or enter the field by hand there.",
)
def unflattened_beams_are_marked(case: Case) -> Iterator[Miss]:
    """Refuse where the layout has no mark: the energy alone would name the flattened beam."""
    if any(column.name == "isfff" for column in layout("EXTENDED_FIELD_DEF", case.system.layout)):
        return
    for field in case.fields:
        if field.beam.fff:
            message = (
                f"Beam {field.beam.name!r} has no flattening filter, which the layout of "
                f"{case.system.name} cannot say."
            )
            yield Miss(message, field.beam.name, item="isfff", expected="1")


@check("LEX-C11", "The patient position is one of the eight the file knows", State.WARNING, LOOK)
def patient_position_is_known(case: Case) -> Iterator[Miss]:
    """Compare with the enumeration of LED17001; a plan that names none leaves it empty."""
    position = case.trial.position
    if not position:
        message = "The plan does not name the patient position; it stays empty."
        yield Miss(message, item="patient_orientation", state=State.INFO)
    elif position not in POSITIONS:
        message = f"The patient position is {position!r}."
        known = ", ".join(POSITIONS)
        yield Miss(message, item="patient_orientation", expected=known, found=position)


@check("LEX-C12", "No field is gated", State.INFO, "Set the gating up at the machine as well.")
def gated_fields_are_named(case: Case) -> Iterator[Miss]:
    """Name the gated fields in every report (L-08): the file has only their note to say it."""
    for field in case.fields:
        if field.gated:
            message = f"Field {field.id} is gated; its note says so, no column does."
            yield Miss(message, field.beam.name, item="field_note", found="GATED")


@check("LEX-C9", "All of the plan is written as it stands", State.INFO, LOOK)
def remarks_on_the_plan(case: Case) -> Iterator[Miss]:
    """Tell what is not written and what the reader of the plan had to choose."""
    chosen = {field.beam.number for field in case.fields}
    for beam in case.trial.beams:
        if beam.setup:
            yield Miss("A set-up beam gives no dose and is not written.", beam.name)
        elif beam.number not in chosen:
            yield Miss("The beam was not chosen and is not written.", beam.name)
    for field in case.fields:
        planned = {point.dose_rate_mu_min for point in field.beam.segments} - {None}
        if not point_rates(field.beam) and planned - {field.dose_rate_mu_min}:
            found = ", ".join(f"{rate:g}" for rate in planned if rate is not None)
            message = f"The plan says {found} MU/min; what was entered is written."
            yield Miss(
                message, field.beam.name, item="doserate", found=str(field.dose_rate_mu_min),
                expected=found, unit="MU/min",
            )  # fmt: skip
    for note in case.trial.notes:
        yield Miss(note)
