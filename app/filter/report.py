"""The two reports of RTP-Filter: on opening an export, and against a plan (R-02, R-26)."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.filter.cards import card_of
from app.filter.compare import Comparison, Match, compare
from app.filter.coverage import ALWAYS_MANUAL, NEVER_IN_THE_FILE
from app.filter.delivery_forms import judged
from app.filter.field import Plan
from app.filter.isodose import isodose_lines
from app.filter.logic import Logic, logic
from app.filter.plan_source import read_plan_source
from app.filter.rule_set import RuleSet, printed, rule_set
from app.filter.rv_source import RvRead, read_rv
from app.filter.settings import Settings, read_settings
from app.filter.sides import side_findings_with_plan
from app.filter.sites import without_off
from app.filter.views import PLAN_TO_RV, View
from core.findings import Finding, NotChecked, State, overall

NO_PLAN = NotChecked("comparison with the plan", "no plan has been imported yet")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read, with the digest of its bytes (a folder has none)."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; every page, print and command shows these lists and no others."""

    title: str
    sources: tuple[Source, ...]
    status: State
    matches: tuple[Match, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    rv: Plan | None = None
    plan: Plan | None = None
    rules: RuleSet | None = None

    @property
    def rule_set(self) -> RuleSet:
        """The rules it was made by; those in force where it was made without the clinic's."""
        return self.rules or rule_set()

    def to_json(self) -> dict[str, Any]:
        """Return the report as a mapping that JSON can hold."""
        return {
            "status": self.status.value,
            "title": self.title,
            "rules": self.rule_set.to_json(),
            "sources": [{"path": one.path, "sha256": one.sha256} for one in self.sources],
            "matches": [
                {
                    "rv_field": one.rv_field,
                    "plan_beam": one.plan_beam,
                    "deviation": one.deviation,
                    "segment": one.segment,
                }
                for one in self.matches
            ],
            "findings": [_finding_json(finding) for finding in self.findings],
            "not_checked": [
                {"item": one.item, "why": one.why, "field": one.field} for one in self.not_checked
            ],
        }


def open_report(rv_path: Path, machine_scale: str | None = None) -> Report:
    """Report on an R&V export alone.

    Raises:
        RemedyError: The file is damaged or of another kind.

    """
    settings = read_settings()
    read = read_rv(rv_path, machine_scale)
    report = opening_report(read, settings, f"R&V export {rv_path.name}")
    return replace(report, sources=(source_of(rv_path),))


def opening_report(read: RvRead, settings: Settings, title: str) -> Report:
    """Return the report on an export that is already read; it names no sources."""
    rv, opening = read.plan, opened(read, settings)
    not_checked = (
        NO_PLAN, *opening.not_checked, *unread(rv), *gaps(rv), *NEVER_IN_THE_FILE
    )  # fmt: skip
    status = overall(opening.findings)
    report = Report(title, (), status, (), opening.findings, not_checked, rv)
    return settled(report, settings)


def compare_report(
    rv_path: Path,
    plan_path: Path,
    trial: str | None = None,
    machine_scale: str | None = None,
    expected: Collection[str] = frozenset(),
    view: View = PLAN_TO_RV,
) -> Report:
    """Report on an R&V export against a plan.

    Args:
        rv_path: RTP-Connect file or DICOM RT Plan of the R&V system.
        plan_path: DICOM RT Plan, folder with one, Pinnacle plan folder or plan.Trial.
        trial: Which trial of a Pinnacle plan; None takes the rule of decision 0007.
        machine_scale: Scale of a native export.
        expected: Forms of delivery that the person who transferred the plan has declared; see
            `app.filter.delivery_forms`.
        view: Which column of Table 1 it is.

    Raises:
        RemedyError: One of the sources is damaged or of another kind, or no form is called so.

    """
    settings = read_settings()
    read = read_rv(rv_path, machine_scale)
    plan = read_plan_source(plan_path, trial)
    kind = "R&V" if view is PLAN_TO_RV else view.checked
    title = f"{kind} export {rv_path.name} against plan {plan_path.name}"
    report = comparing_report(read, plan, settings, title, expected, view)
    return replace(report, sources=(source_of(rv_path), source_of(plan_path)))


def comparing_report(
    read: RvRead,
    plan: Plan,
    settings: Settings,
    title: str,
    expected: Collection[str] = frozenset(),
    view: View = PLAN_TO_RV,
) -> Report:
    """Return the report on an export against a plan, both already read; it names no sources.

    Raises:
        RemedyError: No form of delivery is called so.

    """
    rv = read.plan
    comparison = compare(rv, plan, settings.limits, view)
    logical = opened(read, settings)
    opening = logical.findings
    if all(rx.fractions is not None for rx in plan.prescriptions):
        # The plan's own number of fractions settles what rounding left open.
        opening = tuple(one for one in opening if not _is_open_question(one))
    findings = tuple(judged(without_echoes(comparison, opening), expected))
    findings += tuple(side_findings_with_plan(rv, plan, settings))
    findings += tuple(_approval(plan))
    findings += tuple(Finding("F-PLAN-NOTE", State.INFO, note) for note in plan.notes)
    not_checked = (
        *comparison.not_checked, *logical.not_checked, *gaps(rv), *gaps(plan),
        *NEVER_IN_THE_FILE, *isodose_lines(rv, plan), *ALWAYS_MANUAL,
    )  # fmt: skip
    status, matches = overall(findings), comparison.matches
    report = Report(title, (), status, matches, findings, not_checked, rv, plan)
    return settled(report, settings)


def settled(report: Report, settings: Settings) -> Report:
    """Return a report without the rules the clinic does not ask, each told as not checked.

    It bears the rules it was made by.
    """
    report = replace(report, rules=settings.rule_set)
    kept, rows = without_off(report.findings, report.rv, settings.sites)
    if not rows:
        return report
    plain = report.status == overall(report.findings)
    status = overall(kept) if plain else report.status
    told = (*report.not_checked, *rows)
    return replace(report, findings=kept, not_checked=told, status=status)


def opened(read: RvRead, settings: Settings) -> Logic:
    """Return what an export shows on opening: structure, logic, and what the reader notes."""
    asked = logic(read.plan, settings)
    notes = tuple(Finding("F-RV-NOTE", State.INFO, note) for note in read.plan.notes)
    return replace(asked, findings=(*read.structure, *asked.findings, *notes))


def _approval(plan: Plan) -> Iterator[Finding]:
    """Say that nobody has approved the plan, or that somebody has rejected it (TG-275)."""
    state = {"REJECTED": State.ERROR, "UNAPPROVED": State.INFO}.get(plan.approval.upper())
    if state is not None:
        yield Finding(
            "F-PLAN-APPROVAL", state,
            f"The planning system says that the plan is {plan.approval.lower()}",
            item="approval", expected="APPROVED", found=plan.approval,
            remedy="Have the physician approve the plan, and export it again.",
        )  # fmt: skip


# A value that differs from the plan is often a contradiction within the export too; the second
# finding would tell the same error twice. Rule on opening: items of the comparison that say it.
ECHOES = {
    "F-DOSE-SUM": ("field_dose", "dose_tx", "field_id"),
    "F-RX-COUNT": ("field_id",),
    "F-DOSE-MISSING": ("field_dose",),
    "F-RX-FRACTIONS": ("dose_ttl", "dose_tx", "fractions"),
    "F-RX-MODALITY": ("modality", "energy"),
    "F-SHARE-FALLS": ("monitor_units",),
    "F-SHARE-ENDS": ("monitor_units",),
    "F-LEAVES-CROSS": ("mlc",),
    "F-RTP-COUNT": ("total_control_points",),
    "F-APPLICATOR": ("e_applicator", "modality"),
    "F-SIDE-ISOCENTRE": ("isocenter_position_x",),
    "F-NAME-ANGLE": ("field_name", "gantry_angle", "arc_start_angle"),
}
ANSWERED = ("F-HINT-DOSERATE", "F-HINT-TOLERANCE-TABLE", "F-HINT-MU")
LEAVES = ("mlc_leaves", "total_control_points")
ENERGIES = ("energy", "modality")


def _is_open_question(finding: Finding) -> bool:
    return finding.rule == "F-RX-FRACTIONS" and finding.state == State.WARNING


def without_echoes(comparison: Comparison, opening: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return what a comparison and the opening found, each error told once."""
    told = {(finding.field, finding.item) for finding in comparison.findings}
    silent = {one.item for one in comparison.not_checked}

    def is_echo(finding: Finding) -> bool:
        items = ECHOES.get(finding.rule, ())
        if finding.rule.startswith("F-INT-"):
            items = _interlocked(finding.item)
        if finding.rule in ANSWERED:  # by the plan, if it holds the value
            return finding.item not in silent
        return any(
            item == name or (name == "mlc" and item.startswith("mlc_"))
            for name in items
            for field, item in told
            if not finding.field or field == finding.field or not field
        )

    return (*comparison.findings, *(one for one in opening if not is_echo(one)))


def _interlocked(item: str) -> tuple[str, ...]:
    """Return the items of the comparison that explain an interlock of `item`."""
    if item.startswith("mlc_"):
        return ("mlc", *LEAVES)
    applied = (item, "e_applicator", *ENERGIES)
    if item.startswith("collimator_y"):
        return ("mlc", *applied)
    jaws_or_beam = item.startswith("collimator_x") or item in ("doserate", "energy")
    return applied if jaws_or_beam else (item, *ENERGIES) if item == "e_applicator" else (item,)


def unread(rv: Plan) -> Iterator[NotChecked]:
    """Return what stands in an export and cannot be brought to IEC."""
    fields: dict[tuple[str, str], list[str]] = {}
    for field in rv.fields:
        for place in field.unread:
            fields.setdefault(place, []).append(field.id)
    for (item, why), ids in fields.items():
        yield NotChecked(item, why, ", ".join(ids))


def gaps(plan: Plan) -> Iterator[NotChecked]:
    """Return what holds for the whole of a source."""
    for item, why in plan.gaps:
        yield NotChecked(item, f"{plan.kind}: {why}")


def source_of(path: Path) -> Source:
    """Return a source with its digest."""
    if path.is_dir():
        return Source(str(path), "")
    return Source(str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def _finding_json(finding: Finding) -> dict[str, Any]:
    card = card_of(finding.rule)
    return {
        "rule": finding.rule, "severity": finding.state.value, "field": finding.field,
        "control_point": finding.control_point, "item": finding.item,
        "expected": finding.expected, "found": finding.found, "unit": finding.unit,
        "message": finding.message, "remedy": finding.remedy,
        "difference": finding.difference, "tolerance": finding.tolerance,
        "why": card.why, "source": card.source,
    }  # fmt: skip


def beam_words(match: Match) -> str:
    """Return the plan beam of a match, with the segment where the beam was split."""
    if match.segment is None:
        return match.plan_beam
    return f"{match.plan_beam}, segment {match.segment} of {match.segments}"


def as_text(report: Report) -> str:
    """Return the report as a page of plain text for the terminal."""
    lines = [report.title, f"Status: {report.status.value.upper()}", ""]
    if report.matches:
        lines.append("R&V field  plan beam                 deviation")
        lines += [
            f"{match.rv_field:10} {beam_words(match):25} {match.deviation:g}"
            for match in report.matches
        ]
        lines.append("")
    shown = [finding for finding in report.findings if finding.state != State.PASS]
    for finding in shown:
        unit = f" {finding.unit}" if finding.unit else ""
        tolerance = f" (tolerance {finding.tolerance}{unit})" if finding.tolerance else ""
        lines.append(f"{finding.state.value:8} {finding.message}{tolerance}")
    if not shown:
        lines.append("No difference found.")
    lines += ["", "Not checked:"]
    for one in report.not_checked:
        fields = f" [fields {one.field}]" if one.field else ""
        lines.append(f"  {one.item}{fields}: {one.why}")
    lines += ["", printed(report.rule_set)]
    return "\n".join(lines)
