"""Checks of the beams against the machine chosen and what the R&V system accepts."""

from collections.abc import Iterator

from app.lex.checks.case import Case, Miss, check
from app.lex.field_records import is_still, wedges_of
from core.findings import State

MU_TOLERANCE = 1e-3
X_JAW_TOLERANCE_CM = 0.05
USUAL_MU = {"Static": (5.0, 500.0), "Arc": (5.0, 500.0)}
USUAL_MU_SEGMENT = (1.0, 500.0)
USUAL_MU_MODULATED = (5.0, 1500.0)
SSD_RANGE_CM = (70.0, 110.0)
DEPTH_RANGE_CM = (0.0, 30.0)
IN_PLAN = "Change it in the planning system, save, and read the plan again."


@check(
    "LEX-D2",
    "The machine offers the energy of every beam",
    State.ERROR,
    "Choose the machine the plan was made for, or plan for this one.",
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


@check("LEX-B6", "Every control point gives whole monitor units", State.ERROR, IN_PLAN)
def control_points_give_whole_mu(case: Case) -> Iterator[Miss]:
    """Look at the running total where the R&V system refuses fractions (L-19); never round."""
    if case.system.fractional_mu:
        return
    for field in case.fields:
        points = () if is_still(field.beam) else field.beam.segments
        totals: list[tuple[int | None, float]] = [(None, field.beam.mu)]
        totals += [(n, field.beam.mu * point.meterset_share) for n, point in enumerate(points)]
        for number, mu in totals:
            if not abs(mu - round(mu)) < MU_TOLERANCE:
                message = f"{case.system.name} takes whole MU only; this is {mu:.3f} MU."
                yield Miss(
                    message, field.beam.name, number, "monitor_units", f"{round(mu)}",
                    f"{mu:.3f}", "MU",
                )  # fmt: skip


@check(
    "LEX-B8",
    "Every beam has as many leaf pairs as the machine",
    State.ERROR,
    "Choose the machine the plan was made for.",
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


@check("LEX-B1", "Every virtual wedge has an angle the clinic allows", State.ERROR, IN_PLAN)
def virtual_wedge_angles_are_allowed(case: Case) -> Iterator[Miss]:
    """Compare with the machine description (L-15; 60 degrees only in Siochi 2009, II.B)."""
    for field in case.fields:
        for wedge in wedges_of(field.beam, "virtual"):
            allowed = case.need_machine().wedges.allowed_dynamic_deg.require()
            if wedge.angle_deg not in allowed:
                words = ", ".join(f"{angle:g}" for angle in allowed)
                message = f"Virtual wedge of {wedge.angle_deg} degrees; allowed: {words}."
                yield Miss(
                    message, field.beam.name, None, "dynamic_wedge", words,
                    str(wedge.angle_deg), "deg",
                )  # fmt: skip


@check("LEX-B3", "Every virtual wedge has enough monitor units", State.ERROR, IN_PLAN)
def virtual_wedges_have_enough_mu(case: Case) -> Iterator[Miss]:
    """Compare with the least MU of the machine description (L-17)."""
    for field in case.fields:
        if not wedges_of(field.beam, "virtual"):
            continue
        least_mu = case.need_machine().wedges.dynamic_minimum_mu.require()
        if not field.beam.mu >= least_mu:
            message = f"{field.beam.mu:.2f} MU are too few for a virtual wedge: {least_mu:g}."
            yield Miss(
                message, field.beam.name, None, "field_monitor_units", f">= {least_mu:g}",
                f"{field.beam.mu:.2f}", "MU",
            )  # fmt: skip


@check("LEX-B2", "Monitor units are in their usual range", State.WARNING, IN_PLAN)
def monitor_units_are_usual(case: Case) -> Iterator[Miss]:
    """Compare with a range by technique (L-16); the ranges are this program's proposal."""
    for field in case.fields:
        beam = field.beam
        low, high = USUAL_MU.get(beam.technique, USUAL_MU_MODULATED)
        if field.segment is not None:
            low, high = USUAL_MU_SEGMENT
        if not low <= beam.mu <= high:
            none = not beam.mu > 0
            message = f"{beam.mu:.2f} MU; usual for {beam.technique} is {low:g} to {high:g}."
            yield Miss(
                message, beam.name, None, "field_monitor_units", f"{low:g} to {high:g}",
                f"{beam.mu:.2f}", "MU", State.ERROR if none else None,
            )  # fmt: skip


@check("LEX-B4", "SSD and depth are in their usual range", State.WARNING, IN_PLAN)
def ssd_and_depth_are_usual(case: Case) -> Iterator[Miss]:
    """Compare where the plan gives them (L-18); the ranges are this program's proposal."""
    for field in case.fields:
        ssds = [point.ssd_cm for point in field.beam.segments]
        depths = [field.beam.depth_cm]
        for item, values, (low, high) in (
            ("ssd", ssds, SSD_RANGE_CM),
            ("rx_depth", depths, DEPTH_RANGE_CM),
        ):
            value = next(
                (one for one in values if one is not None and not low <= one <= high), None
            )
            if value is not None:
                message = f"{item} is {value:.1f} cm, outside {low:g} to {high:g} cm."
                yield Miss(
                    message, field.beam.name, None, item, f"{low:g} to {high:g}",
                    f"{value:.1f}", "cm",
                )  # fmt: skip


@check(
    "LEX-B7",
    "Where leaves stand in for the X jaw, the planned X jaw is the widest leaf opening",
    State.WARNING,
    IN_PLAN,
)
def x_jaws_follow_the_leaves(case: Case) -> Iterator[Miss]:
    """Compare each side with the outermost leaf tip of an open pair (L-20)."""
    mlc = case.need_machine().mlc
    if mlc is None or not any(field.beam.leaf_axis for field in case.fields):
        return
    if mlc.replaces_jaw.require() != "X":
        return
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
                if not abs(jaw_cm - tip_cm) <= X_JAW_TOLERANCE_CM:
                    message = f"Jaw {jaw.upper()} is {abs(jaw_cm - tip_cm) * 10:.1f} mm off."
                    yield Miss(
                        message, field.beam.name, number, f"collimator_{jaw}",
                        f"{tip_cm:.2f}", f"{jaw_cm:.2f}", "cm",
                    )  # fmt: skip
