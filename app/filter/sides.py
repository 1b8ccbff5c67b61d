"""Left or right: do names agree with each other and with where the isocentre lies (TG-275)."""

from collections.abc import Iterator
from itertools import combinations

from app.filter.compare_plan import prescription_pairs
from app.filter.field import Field, Plan
from app.filter.settings import Settings
from core.findings import Finding, State

CURE = (
    "Find out which side is ordered; correct the name, or stop the plan if it is the other side."
)
Named = tuple[str, str]
"""What bears the name, and the name."""


def side_of(name: str, settings: Settings) -> str:
    """Return "left" or "right" where a name says just one of them, else an empty text."""
    said = [side for side in ("left", "right")
            if settings.rules.pattern(f"laterality.{side}").search(name)]  # fmt: skip
    return said[0] if len(said) == 1 else ""


def side_findings(rv: Plan, settings: Settings) -> Iterator[Finding]:
    """Return where the names of an export, or a name and the isocentre, say different sides.

    DICOM patient coordinates: x rises towards the patient's left, whatever the position.
    """
    sites = _one_side([rx.site for rx in rv.prescriptions], settings)
    if sites is not None:
        yield from _apart([("the plan's name", rv.plan_id), ("its site", sites)], settings)
    for rx in rv.prescriptions:
        side = side_of(rx.site, settings)
        for field in rv.fields if side else ():
            if field.site == rx.site and not field.setup:
                yield from _beside(field, rx.site, side, settings)


def side_findings_with_plan(rv: Plan, plan: Plan, settings: Settings) -> Iterator[Finding]:
    """Return where export and plan name different sides, or the plan's isocentre says another."""
    for found, planned in prescription_pairs(rv, plan):
        names = [("the R&V system's site", found.site), ("the plan's", planned.site)]
        yield from _apart(names, settings)
    own = [rx.site for rx in (rv.prescriptions or plan.prescriptions)]
    sites = _one_side(own, settings)
    names = [("the R&V system's plan", rv.plan_id), ("the planning system's", plan.plan_id)]
    yield from _apart(names, settings)
    if sites is None or side_of(rv.plan_id, settings):
        return
    yield from _apart([("the site", sites), ("the plan's name", plan.plan_id)], settings)
    side = side_of(sites, settings) or side_of(plan.plan_id, settings)
    silent = all(field.isocentre is None for field in rv.fields)
    for beam in plan.fields if side and silent else ():
        if not beam.setup:
            yield from _beside(beam, sites or plan.plan_id, side, settings)


def _one_side(names: list[str], settings: Settings) -> str | None:
    """Return a name that says the side of all; None where they say both, as for both breasts."""
    sides = {side_of(name, settings) for name in names} - {""}
    if len(sides) > 1:
        return None
    return next((name for name in names if side_of(name, settings)), "")


def _apart(names: list[Named], settings: Settings) -> Iterator[Finding]:
    for (one, name), (other, its) in combinations(names, 2):
        side, another = side_of(name, settings), side_of(its, settings)
        if side and another and side != another:
            yield Finding(
                "F-SIDE-NAMES", State.WARNING,
                f"{one[:1].upper()}{one[1:]} {name!r} says {side}, {other} {its!r} says {another}",
                item="rx_site_name", expected=another, found=side, remedy=CURE,
            )  # fmt: skip


def _beside(field: Field, name: str, side: str, settings: Settings) -> Iterator[Finding]:
    point, limit = field.isocentre, settings.limits["consistency.side_mm"]
    if point is None:
        return
    to_left = point.x_mm if side == "left" else -point.x_mm
    if to_left < -limit:
        other = "right" if side == "left" else "left"
        cm = abs(point.x_mm).scaleb(-1)
        yield Finding(
            "F-SIDE-ISOCENTRE", State.WARNING,
            f"Field {field.id or field.name}: {name!r} says {side}, but the isocentre lies "
            f"{cm:f} cm to the {other} of the image's origin", field.id,
            item="isocenter_position_x", expected=side, found=other, remedy=CURE,
        )  # fmt: skip
