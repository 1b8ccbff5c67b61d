"""Faults of side and isocentre: names that contradict, an isocentre on the other side (TG-275)."""

from collections.abc import Iterator
from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Row, Values
from app.filter.commission.fault import Fault
from app.filter.commission.logic_faults import ROW
from app.filter.commission.moved import number_in
from app.filter.sides import side_of

NAMES = {"left": "LEFT EQS", "right": "RIGHT EQS"}
NO_NAMES = "the clinic's patterns of the two sides could not be met"
X, Z = "isocenter_position_x", "isocenter_position_z"


def side_faults() -> Iterator[Fault]:
    """Yield the faults of side and isocentre."""
    yield Fault(ROW, "F-SIDE-NAMES", How.OPEN, _names, frozenset({"F-SIDE-ISOCENTRE"}))
    yield Fault(ROW, "F-SIDE-ISOCENTRE", How.OPEN, _isocentre, frozenset({"F-SIDE-NAMES"}))
    yield Fault(ROW, "F-HINT-ISOCENTRES", How.OPEN, _two, frozenset())


def _can(clinic: Clinic) -> bool:
    return all(side_of(name, clinic.settings) == side for side, name in NAMES.items())


def _named(clinic: Clinic, site: str, name: str) -> dict[int, Values]:
    """Return what calls a site otherwise, wherever it stands."""
    changes: dict[int, Values] = {}
    for row in clinic.export.rows:
        own = [item for item in ("rx_site_name", "region_name") if row.text(item) == site]
        if own and site:
            changes[row.place] = dict.fromkeys(own, name)
    return changes


def _sites(clinic: Clinic) -> list[str]:
    return [rx.site for rx in clinic.rv.prescriptions
            if any(field.site == rx.site for field in clinic.treating)]  # fmt: skip


def _names(clinic: Clinic) -> Injected | str:
    """Call the plan left and its only site right."""
    sites = _sites(clinic)
    others = {side_of(rx.site, clinic.settings) for rx in clinic.rv.prescriptions
              if rx.site not in sites[:1]}  # fmt: skip
    if not _can(clinic):
        return NO_NAMES
    if not sites or others & {"left", "right"}:
        return "another prescription of the plan names a side"
    plan = clinic.export.of("PLAN_DEF")[0]
    changes = _named(clinic, sites[0], NAMES["right"])
    changes[plan.place] = {"plan_id": NAMES["left"]}
    words = f"The plan is called {NAMES['left']}, the site {NAMES['right']}"
    return Injected(clinic.export.with_values(changes), words, items=frozenset({"rx_site_name"}))


def _isocentre(clinic: Clinic) -> Injected | str:
    """Call a site left and put the isocentre of its fields to the right."""
    if not _can(clinic):
        return NO_NAMES
    limit = clinic.settings.limits["consistency.side_mm"].scaleb(-1)
    new = f"{-(limit + 1):.2f}"
    for site in _sites(clinic):
        names = {field.id for field in clinic.rv.fields if field.site == site}
        rows = [row for row in clinic.export.rows if number_in(row.text(X)) is not None
                and (row.field in names or row.text("rx_site_name") == site)]  # fmt: skip
        known = [one for one in clinic.treating if one.site == site and one.isocentre is not None]
        if rows and known:
            changes = _named(clinic, site, NAMES["left"])
            for row in rows:
                changes[row.place] = {**changes.get(row.place, {}), X: new}
            words = f"The site is called {NAMES['left']}, {X} → {new}"
            data = clinic.export.with_values(changes)
            return Injected(data, words, items=frozenset({X}))
    return "no field has an isocentre in the patient's coordinates"


def _two(clinic: Clinic) -> Injected | str:
    """Put the isocentre of one of several fields 5 cm away."""
    for field in reversed(clinic.treating):
        others = [one for one in clinic.treating if one.site == field.site and one is not field]
        alike = [one for one in others if one.isocentre == field.isocentre]
        rows = [row for row in clinic.export.rows if row.field == field.id and _moves(row)]
        own = any(row.keyword == "FIELD_DEF" for row in rows)
        if field.isocentre is None or not alike or not own or len(alike) < len(others):
            continue
        changes: dict[int, Values] = {
            row.place: {Z: f"{(number_in(row.text(Z)) or 0) + Decimal(5):.2f}"} for row in rows
        }
        words = f"Field {field.id}: {Z} is 5 cm farther"
        return Injected(clinic.export.with_values(changes), words, items=frozenset({"isocentre"}))
    return "no two fields of a prescription state their isocentre"


def _moves(row: Row) -> bool:
    return number_in(row.text(Z)) is not None
