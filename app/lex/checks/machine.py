"""Checks of the beams against the machine chosen."""

from collections.abc import Iterator

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.checks.standard import AP, still_points
from app.lex.limits import Limit
from core.findings import State

IN_PLAN = "Change it in the planning system, save, and read the plan again."


@check(
    "LEX-D2",
    "The machine offers the energy of every beam",
    State.ERROR,
    "Choose the machine the plan was made for, or plan for this one.",
    requirements=["L-06"],
    source="Siochi 2009, II.B",
    why="A field of an energy the machine does not have cannot be treated there.",
    good=[Change(f"{AP}.energy", 15.0)],
    bad=[Change(f"{AP}.energy", 10.0, "AP, energy")],
)
def energies_are_offered(case: Case) -> Iterator[Miss]:
    """Ask the machine description (L-06; Siochi 2009, II.B); what it cannot tell is not run."""
    machine = case.need_machine()
    for field in case.fields:
        beam = field.beam
        offered = machine.offers(beam.modality, beam.energy, beam.fff)
        what = f"{beam.modality} {beam.energy:g}{' FFF' if beam.fff else ''}"
        if offered is None:
            message = (
                f"Energy {what} of beam {beam.name!r} not checked: the description of "
                f"{machine.name} does not list its beams for certain."
            )
            yield Miss(message, beam.name, item="energy", found=what, state=State.NOT_RUN)
        elif not offered:
            message = f"{machine.name} does not offer {what} of beam {beam.name!r}."
            yield Miss(message, beam.name, item="energy", found=what)


@check(
    "LEX-B8",
    "Every beam has as many leaf pairs as the machine",
    State.ERROR,
    "Choose the machine the plan was made for.",
    source="LED17001, CONTROL_PT_DEF",
    why="Leaves of another collimator would be set by the wrong leaf numbers.",
    good=[Change(f"{AP}.segments", still_points(60))],
    bad=[Change(f"{AP}.segments", still_points(59), "AP, mlc_leaves")],
)
def leaf_counts_match(case: Case) -> Iterator[Miss]:
    """Compare with the machine's leaf boundaries; fields without leaves have none to compare."""
    machine = case.need_machine()
    for field in case.fields:
        counts = {len(point.left_cm) for point in field.beam.segments if point.left_cm}
        if not counts:
            continue
        pairs = machine.mlc.pairs if machine.mlc is not None else 0
        for count in sorted(counts - {pairs}):
            message = f"The beam has {count} leaf pairs, {machine.name} has {pairs}."
            yield Miss(message, field.beam.name, None, "mlc_leaves", str(pairs), str(count))


@check(
    "LEX-B9",
    "Leaves move along X, and every control point has them or none has",
    State.ERROR,
    "Plan for a machine whose leaves move along X.",
    source="LED17001, CONTROL_PT_DEF",
    why="The file gives leaf positions only; along the other axis they would be another field.",
    good=[Change(f"{AP}.leaf_axis", "")],
    bad=[Change(f"{AP}.leaf_axis", "Y", "AP, mlc_leaves")],
)
def leaves_move_along_x(case: Case) -> Iterator[Miss]:
    """Refuse leaves along Y: a leaf element of the transfer file does not say its axis."""
    for field in case.fields:
        beam = field.beam
        if beam.leaf_axis == "Y":
            message = "The leaves move along Y, which the transfer file cannot say."
            yield Miss(message, beam.name, None, "mlc_leaves", "X", "Y")
        if len({len(point.left_cm) for point in beam.segments}) > 1:
            message = "Some control points have leaves and some have not."
            yield Miss(message, beam.name, None, "mlc_leaves")


@check(
    "LEX-B7",
    "Where leaves stand in for the X jaw, the planned X jaw is the widest leaf opening",
    State.WARNING,
    IN_PLAN,
    requirements=["L-20"],
    source="Siochi 2009, II.B (Siemens ONCOR)",
    why="The dose was calculated with an X jaw the machine has not: what it shields is open.",
    on=[Change("machine.mlc.replaces_jaw.value", "X")],
    good=[Change(f"{AP}.segments[0].x1_cm", -4.04)],
    bad=[Change(f"{AP}.segments[0].x1_cm", -4.06, "AP, point 0, collimator_x1")],
)
def x_jaws_follow_the_leaves(case: Case, *, x_jaw_tolerance_cm: Limit) -> Iterator[Miss]:
    """Compare each side with the outermost leaf tip of an open pair (L-20).

    A reason is asked for rather than a cure: the machine has no such jaw to treat wrongly with,
    but the dose was calculated with it.
    """
    mlc = case.need_machine().mlc
    if mlc is None or not any(field.beam.leaf_axis for field in case.fields):
        return
    if mlc.replaces_jaw.require() != "X":
        return
    tolerance_cm = x_jaw_tolerance_cm.at(machine=case.need_machine().id)
    for field in case.fields:
        for number, point in enumerate(field.beam.segments):
            pairs = zip(point.left_cm, point.right_cm, strict=True)
            opened = [(left, right) for left, right in pairs if right > left]
            if not opened or point.x1_cm is None or point.x2_cm is None:
                continue
            tips_cm = (min(left for left, _ in opened), max(right for _, right in opened))
            for jaw, jaw_cm, tip_cm in zip(
                ("x1", "x2"), (point.x1_cm, point.x2_cm), tips_cm, strict=True
            ):
                if not abs(jaw_cm - tip_cm) <= tolerance_cm:
                    message = f"Jaw {jaw.upper()} is {abs(jaw_cm - tip_cm) * 10:.1f} mm off."
                    yield Miss(
                        message, field.beam.name, number, f"collimator_{jaw}",
                        f"{tip_cm:.2f}", f"{jaw_cm:.2f}", "cm", tolerance=f"{tolerance_cm:g}",
                    )  # fmt: skip
