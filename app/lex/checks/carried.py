"""Checks that the transfer file can carry what the beams hold: nothing may get lost on the way."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.checks.standard import AP, ARC, PA
from app.lex.field_records import wedges_of
from app.lex.fields import Field
from app.lex.plan import Device
from app.lex.rtp_write import rounded
from core.findings import State

IN_PLAN = "Change it in the planning system, save, and read the plan again."
MOST_POINTS = 999
SHARE_DECIMALS = 6


@check(
    "LEX-C1",
    "Each column for a device holds the only one of its kind",
    State.ERROR,
    IN_PLAN,
    source="LED17001, FIELD_DEF",
    why="A device that is left out of the file is left out of the beam.",
    good=[Change(f"{AP}.blocks", (Device("A"), Device("A", "second")))],
    bad=[Change(f"{AP}.blocks", (Device("A"), Device("B")), "AP, block")],
)
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
    source="DICOM PS3.3, C.8.8.14",
    why="Without it nobody can tell which MU are given with the wedge in.",
    good=[Change(f"{PA}.wedges", ())],
    bad=[Change(f"{PA}.segments[0].wedge_in", None, "PA, point 0, wedge_position")],
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


@check(
    "LEX-C3",
    "The running total of monitor units can be written",
    State.ERROR,
    IN_PLAN,
    source="LED17001, CONTROL_PT_DEF",
    why="Dose that the file does not carry is not given.",
    good=[Change(f"{ARC}.segments[1].meterset_share", 0.5)],
    bad=[Change(f"{ARC}.segments[0].meterset_share", 0.25, "ARC, monitor_units")],
)
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


@check(
    "LEX-C4",
    "An arc turns one way all through",
    State.ERROR,
    IN_PLAN,
    source="LED17001, FIELD_DEF",
    why="A field has one direction; turned the other way it treats another path.",
    good=[Change(f"{ARC}.technique", "Arc")],
    bad=[Change(f"{ARC}.segments[1].gantry_turn", "CCW", "ARC, arc_direction")],
)
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


@check(
    "LEX-C5",
    "Both jaws of a pair are known or none is",
    State.ERROR,
    IN_PLAN,
    source="LED17001, FIELD_DEF",
    why="A field without one of its edges is not the planned field.",
    good=[Change(f"{AP}.segments[0].y1_cm", -2.0)],
    bad=[Change(f"{AP}.segments[0].x1_cm", None, "AP, point 0, field_x_mode")],
)
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
