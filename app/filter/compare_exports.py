"""The final export of the R&V system against the initial one (R-07, R-27)."""

from collections.abc import Iterator
from dataclasses import replace

from app.filter.compare import Comparison, Match
from app.filter.compare_plan import compare_plan
from app.filter.field import Field, Plan, Prescription
from app.filter.judge import Judge, element
from app.filter.same_beam import deviation_cm, pair_exports
from app.filter.settings import Settings
from app.filter.views import View, exports
from core.findings import Finding, State

REMEDY = (
    "Find out who changed it and why; correct the R&V system, or check the plan again from its "
    "initial export on."
)
TEXTS = (
    ("technique", "technique"), ("modality", "modality"), ("dose_spec", "dose_spec"),
    ("pattern", "pattern"), ("rx_note", "note"), ("number_of_fields", "field_count"),
)  # fmt: skip


def compare_exports(final: Plan, initial: Plan, settings: Settings) -> Comparison:
    """Compare every field and prescription of a final export with the initial one.

    Differences that are rightly made between the two (rules.toml, expected.final) are warnings,
    as is a couch angle within the tolerance table; every other one is an error.
    """
    digits = "DICOM RT Plan" not in (final.kind, initial.kind)
    view = exports(settings.rules.words("expected.final"))
    # Two kinds of files leave different things out; there a blank says nothing.
    view = replace(view, blank_differs=final.kind == initial.kind)
    beams = replace(view, states={**view.states, "couch_angle": State.WARNING})
    alike = Judge(settings.limits, digits_count=digits, view=beams)
    other = Judge(settings.limits, digits_count=digits, view=view)
    findings = list(compare_plan(final, initial, settings.limits, digits_count=digits, view=view))
    findings += _of_prescriptions(final, initial)
    pairs = pair_exports(final.fields, initial.fields, settings)
    matches = []
    for place, before, amount in pairs.same:
        one, reference = final.fields[place], initial.fields[before]
        findings += _of_pair(alike, one, reference)
        matches.append(Match(one.id, reference.id, round(amount, 6)))
    for place, before in pairs.by_id:
        one, reference = final.fields[place], initial.fields[before]
        findings += _of_pair(other, one, reference)
        matches.append(Match(one.id, reference.id, deviation_cm(one, reference, settings)))
    findings += [_lost(view, final.fields[place], extra=True) for place in pairs.spare_final]
    findings += [_lost(view, initial.fields[place], extra=False) for place in pairs.spare_initial]
    rows = (*alike.not_checked(), *other.not_checked())
    return Comparison(tuple(matches), tuple(findings), tuple(dict.fromkeys(rows)))


def _of_pair(judge: Judge, final: Field, initial: Field) -> Iterator[Finding]:
    judge.unread(final, initial)
    names = dict(final.elements)  # a native export keeps an IEC item in another element
    for one in judge.differences(final, initial):
        yield replace(one, item=element(one.item, names), remedy=REMEDY)
    for item, found, expected in (
        ("treatment_type", final.treatment_type, initial.treatment_type),
        ("rx_site_name", final.site, initial.site),
    ):
        if found.strip().casefold() != expected.strip().casefold():
            yield _text(f"Field {final.id}", item, found, expected, final.id)


def _of_prescriptions(final: Plan, initial: Plan) -> Iterator[Finding]:
    before = {_name(rx): rx for rx in initial.prescriptions}
    after = {_name(rx): rx for rx in final.prescriptions}
    for name in before.keys() - after.keys():
        yield _text(before[name].site, "rx_site_name", "none", before[name].site)
    for name in after.keys() - before.keys():
        yield _text(after[name].site, "rx_site_name", after[name].site, "none")
    for name in before.keys() & after.keys():
        for item, attribute in TEXTS:
            found, expected = getattr(after[name], attribute), getattr(before[name], attribute)
            if found != expected:
                yield _text(after[name].site, item, str(found or "none"), str(expected or "none"))


def _name(rx: Prescription) -> str:
    return rx.site.strip().casefold()


def _text(where: str, item: str, found: str, expected: str, field: str = "") -> Finding:
    return Finding(
        f"F-CMP-{item.upper().replace('_', '-')}", State.ERROR,
        f"{where}: {item} is {found} in the final export, {expected} in the initial export",
        field, item=item, expected=expected, found=found, remedy=REMEDY,
    )  # fmt: skip


def _lost(view: View, field: Field, *, extra: bool) -> Finding:
    here, there = (view.checked, view.reference) if extra else (view.reference, view.checked)
    return Finding(
        "F-CMP-FIELD" if extra else "F-CMP-BEAM", State.ERROR,
        f"Field {field.id} ({field.name}) of {here} has no counterpart in {there}",
        field.id, item="field_id", expected="none" if extra else field.id,
        found=field.id if extra else "none", remedy=REMEDY,
    )  # fmt: skip
