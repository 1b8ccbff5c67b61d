"""Checks of each beam against the clinic's practice and what the R&V system accepts."""

from collections.abc import Iterator

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.checks.standard import AP, ARC, ELECTRONS, PA
from app.lex.field_records import is_still, wedges_of
from app.lex.limits import SEGMENT, Limit
from core.findings import State

IN_PLAN = "Change it in the planning system, save, and read the plan again."


@check(
    "LEX-B6",
    "Every control point gives whole monitor units",
    State.ERROR,
    IN_PLAN,
    requirements=["L-19"],
    source="Siochi 2009, II.B",
    why="The R&V system does not accept fractions; a rounded point is not the plan.",
    good=[Change(f"{ELECTRONS}.mu", 210.0005)],
    bad=[
        Change(f"{ELECTRONS}.mu", 210.5, "E, monitor_units"),
        Change(f"{ARC}.segments[1].meterset_share", 0.255, "ARC, point 1, monitor_units"),
    ],
)
def control_points_give_whole_mu(case: Case, *, whole_mu_tolerance_mu: Limit) -> Iterator[Miss]:
    """Look at the running total where the R&V system refuses fractions (L-19); never round."""
    if case.system.fractional_mu:
        return
    for field in case.fields:
        points = () if is_still(field.beam) else field.beam.segments
        totals: list[tuple[int | None, float]] = [(None, field.beam.mu)]
        totals += [(n, field.beam.mu * point.meterset_share) for n, point in enumerate(points)]
        for number, mu in totals:
            if not abs(mu - round(mu)) <= whole_mu_tolerance_mu.value:
                message = f"{case.system.name} takes whole MU only; this is {mu:.3f} MU."
                yield Miss(
                    message, field.beam.name, number, "monitor_units", f"{round(mu)}",
                    f"{mu:.3f}", "MU",
                )  # fmt: skip


@check(
    "LEX-B1",
    "Every virtual wedge has an angle the clinic allows",
    State.ERROR,
    IN_PLAN,
    requirements=["L-15"],
    source="Siochi 2009, II.B",
    why="The clinic has commissioned and checks these angles only.",
    good=[Change("machine.wedges.allowed_dynamic_deg.value", (45.0, 60.0))],
    bad=[Change(f"{AP}.wedges[0].angle_deg", 45.0, "AP, dynamic_wedge")],
)
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


@check(
    "LEX-B3",
    "Every virtual wedge has enough monitor units",
    State.ERROR,
    IN_PLAN,
    requirements=["L-17"],
    source="Siochi 2009, II.B and II.C.3",
    why="With too few MU the jaw cannot make the wedge; the machine stops with an interlock.",
    good=[Change(f"{AP}.mu", 20.0)],
    bad=[Change(f"{AP}.mu", 19.0, "AP, field_monitor_units")],
)
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


@check(
    "LEX-B2",
    "Monitor units are in their usual range",
    State.WARNING,
    IN_PLAN,
    requirements=["L-16"],
    source="Siochi 2009, II.B; the numbers are proposed here",
    why="Unusual MU point to a wrong prescription, weight, wedge or normalisation.",
    good=[Change(f"{AP}.mu", 500.0), Change(f"{ARC}.mu", 1500.0)],
    bad=[
        Change(f"{AP}.mu", 501.0, "AP, field_monitor_units"),
        Change(f"{PA}.mu", 4.0, "PA, field_monitor_units"),
        Change(f"{ARC}.mu", 1504.0, "ARC, field_monitor_units"),
    ],
)
def monitor_units_are_usual(case: Case, *, least_mu: Limit, most_mu: Limit) -> Iterator[Miss]:
    """Compare with a range by technique and machine (L-16)."""
    for field in case.fields:
        beam = field.beam
        technique = beam.technique if field.segment is None else SEGMENT
        low, high = (one.at(technique, case.machine_id) for one in (least_mu, most_mu))
        if not low <= beam.mu <= high:
            none = not beam.mu > 0
            message = f"{beam.mu:.2f} MU; usual for {beam.technique} is {low:g} to {high:g}."
            yield Miss(
                message, beam.name, None, "field_monitor_units", f"{low:g} to {high:g}",
                f"{beam.mu:.2f}", "MU", State.ERROR if none else None,
            )  # fmt: skip


@check(
    "LEX-B4",
    "SSD and depth are in their usual range",
    State.WARNING,
    IN_PLAN,
    requirements=["L-18"],
    source="Siochi 2009, II.B; the numbers are proposed here",
    why="An unusual distance or depth points to a misplaced isocentre, point or body outline.",
    good=[Change(f"{AP}.segments[0].ssd_cm", 70.0), Change(f"{AP}.depth_cm", None)],
    bad=[
        Change(f"{AP}.segments[0].ssd_cm", 69.9, "AP, ssd"),
        Change(f"{AP}.depth_cm", 30.1, "AP, rx_depth"),
    ],
)
def ssd_and_depth_are_usual(
    case: Case,
    *,
    least_ssd_cm: Limit,
    most_ssd_cm: Limit,
    least_depth_cm: Limit,
    most_depth_cm: Limit,
) -> Iterator[Miss]:
    """Compare where the plan gives them (L-18)."""
    for field in case.fields:
        ssds = [point.ssd_cm for point in field.beam.segments]
        depths = [field.beam.depth_cm]
        for item, words, values, limits in (
            ("ssd", "SSD", ssds, (least_ssd_cm, most_ssd_cm)),
            ("rx_depth", "Depth", depths, (least_depth_cm, most_depth_cm)),
        ):
            low, high = (one.at(field.beam.technique, case.machine_id) for one in limits)
            value = next(
                (one for one in values if one is not None and not low <= one <= high), None
            )
            if value is not None:
                message = f"{words} is {value:.1f} cm, outside {low:g} to {high:g} cm."
                yield Miss(
                    message, field.beam.name, None, item, f"{low:g} to {high:g}",
                    f"{value:.1f}", "cm",
                )  # fmt: skip
