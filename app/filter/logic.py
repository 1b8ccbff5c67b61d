"""Everything that is asked of an export on opening, before any plan is there (R-02)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.filter.cone_beam import cone_beam_findings
from app.filter.consistency import allowed_beams, consistency
from app.filter.field import Plan, Prescription
from app.filter.hints import hints
from app.filter.interlocks import applicator_for_electrons, interlocks
from app.filter.settings import Settings
from app.filter.setup_fields import setup_findings
from app.filter.sides import side_findings
from app.filter.sites import site_findings
from core.findings import Finding, NotChecked

Asked = Finding | NotChecked


@dataclass(frozen=True, slots=True)
class Logic:
    """What the questions found, and which could not be asked."""

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]


def logic(rv: Plan, settings: Settings) -> Logic:
    """Return the answers of every logical check of an export (R-08 to R-15, R-22).

    The rules are those of Siochi 2009, II.C.3; what is not stated there stands in the source of
    each limit.
    """
    asked: list[Asked] = [*consistency(rv, settings), *setup_findings(rv, settings.rules)]
    for field in rv.fields:
        asked += applicator_for_electrons(field)
    asked += [*interlocks(rv, settings), *hints(rv, settings), *_unasked(rv)]
    asked += side_findings(rv, settings)
    asked += cone_beam_findings(rv, settings.cone_beam, settings.limits)
    asked += site_findings(rv, settings.sites, settings.limits)
    return Logic(tuple(one for one in asked if isinstance(one, Finding)), tuple(_joined(asked)))


def _joined(asked: Iterable[Asked]) -> Iterator[NotChecked]:
    """Return what was not checked, one row per item and reason with all its fields."""
    rows: dict[tuple[str, str], list[str]] = {}
    for one in asked:
        if isinstance(one, NotChecked):
            rows.setdefault((one.item, one.why), []).append(one.field)
    for (item, why), fields in rows.items():
        yield NotChecked(item, why, ", ".join(dict.fromkeys(name for name in fields if name)))


def _unasked(rv: Plan) -> Iterator[NotChecked]:
    """Return the logical checks an export gives no data for; silence is no pass."""
    if not rv.prescriptions and rv.fields:
        yield NotChecked("prescription", "the export holds none, so fields were not held to it")
    for rx in rv.prescriptions:
        yield from _of_prescription(rv, rx)


def _of_prescription(rv: Plan, rx: Prescription) -> Iterator[NotChecked]:
    treating = [field for field in rv.fields if field.site == rx.site and not field.setup]
    if not treating:
        return
    if not (rx.total_cgy and rx.fraction_cgy):
        why = "the export holds no total or no fraction dose"
        yield NotChecked(f"number of fractions of {rx.site}", why)
    booked = [field for field in treating if field.dose_cgy]
    if not booked:
        yield NotChecked(f"field doses of {rx.site}", "no field is booked with dose")
    elif not rx.fraction_cgy:
        yield NotChecked(f"sum of the field doses of {rx.site}", "there is no fraction dose")
    if allowed_beams(rx.modality or "") is None:
        text = repr(rx.modality) if rx.modality else "blank"
        why = f"the prescription's modality is {text}, which names no particle or energy"
        yield NotChecked(f"modality of {rx.site}", why)
    places = [field for field in treating if field.couch.vertical_mm is not None]
    if len(treating) > 1 and not places:
        why = "the export holds no table positions"
        yield NotChecked(f"table positions of {rx.site}", why)
