"""Hold a later export, plan folder or DICOM object against what was checked (R-31, O-08)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.filter.baseline import Baseline, baselines, object_file
from app.filter.baseline_compare import findings_of
from app.filter.baseline_content import Content, Member, read_content, require_unchanged
from app.filter.baseline_expected import ExpectedList, read_expected
from app.filter.baseline_values import changes, values_of
from app.filter.report import Report, Source
from app.filter.rule_set import RuleSet, rule_set, what_changed
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State, overall

ONLY_CHANGES = NotChecked(
    "everything but changes", "this report only tells what differs from what was checked before"
)
REMEDY = "Check the plan again and save a new baseline."


class NoBaselineError(RemedyError):
    """Nobody has kept a clean check of this source."""


@dataclass(frozen=True, slots=True)
class Since:
    """What has become of one source since it was checked, in one sentence."""

    source: str
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """A later source, and the same source as it was checked."""

    now: Content
    was: dict[str, Any]
    expected: ExpectedList


def check_against(path: Path, baseline: str | None = None, trial: str | None = None) -> Report:
    """Report what has changed since the check.

    Args:
        path: A later export, plan file or plan folder.
        baseline: Identifier; None takes the latest of the same patient, plan and kind.
        trial: Trial of a Pinnacle plan.

    Raises:
        RemedyError: The source cannot be read, there is no baseline for it, or the baseline
            itself is damaged.

    """
    expected = read_expected()
    now = read_content(path, expected.passed_over, trial)
    found, was = _choose(now, baseline)
    if found.faults:
        raise RemedyError(
            f"the baseline cannot be trusted: {' '.join(found.faults)}",
            where=f"baseline {found.id}", remedy="Bring the data folder's backup back, or "
            "check the plan again and save a new baseline.",
        )  # fmt: skip
    rules = rule_set()
    findings = (*_findings(_Pair(now, was, expected)), *_other_rules(found, rules))
    require_unchanged(now, expected.passed_over)
    gaps = [NotChecked(one["item"], one["why"], one["field"]) for one in found.body["not_checked"]]
    return Report(
        title=f"{path.name} since the check: {found.title}",
        sources=(Source(str(path), now.digest), Source(str(found.file), found.sha256)),
        status=overall(findings), matches=(), findings=findings,
        not_checked=(ONLY_CHANGES, *gaps), rules=rules,
    )  # fmt: skip


def since_check(*paths: Path) -> tuple[Since, ...]:
    """Return one row for each source somebody has kept a clean check of (R-31)."""
    rows = []
    for path in paths:
        try:
            report = check_against(path)
        except NoBaselineError:
            continue
        except RemedyError as fault:
            rows.append(Since(path.name, State.NOT_RUN, str(fault)))
            continue
        told = [one for one in report.findings if one.state in (State.ERROR, State.WARNING)]
        errors = sum(one.state == State.ERROR for one in told)
        words = f"{errors} unexpected and {len(told) - errors} expected changes"
        if not told:
            words = "nothing has changed"
        rows.append(Since(path.name, report.status, f"{words} in {report.title}"))
    return tuple(rows)


def _choose(now: Content, wanted: str | None) -> tuple[Baseline, dict[str, Any]]:
    """Return the baseline asked for, or the latest that fits; and its source of this kind."""
    own = [now.kind, now.patient_id, now.plan_id]

    def is_meant(entry: dict[str, Any]) -> bool:
        # Who names a baseline wants to see a changed patient or plan as a change.
        return entry.get("baseline") == wanted if wanted else own in entry.get("keys", [])

    for one in reversed(baselines(is_meant)):
        sources = [source for source in one.body.get("sources", []) if source["kind"] == now.kind]
        if one.faults or sources:
            return one, sources[0] if sources else {}
    what = f"there is no baseline {wanted} for it" if wanted else "there is no baseline for it"
    where = f"{now.path.name}: patient {now.patient_id or '-'}, plan {now.plan_id or '-'}"
    remedy = "Check export and plan, then save the baseline."
    raise NoBaselineError(what, where=f"{where}, {now.kind}", remedy=remedy)


def _findings(pair: _Pair) -> Iterator[Finding]:
    was = {name: Member(name, digest, spoken) for name, digest, spoken in pair.was["files"]}
    now = {one.name: one for one in pair.now.members}
    if len(was) == len(now) == 1:
        # A single file may bear another name now; it is the same source all the same.
        was = dict(zip(now, was.values(), strict=True))
    told = False
    for name in {**was, **now}:
        for finding in _of_file(pair, was.get(name), now.get(name)):
            told = True
            yield finding
    if not told:
        yield Finding("F-BASE-SAME", State.PASS, "Nothing has changed since the plan was checked")


def _other_rules(found: Baseline, rules: RuleSet) -> Iterator[Finding]:
    """Say that the plan was checked by other rules; a record kept by an older program too."""
    if found.body["rules"] != rules.version:
        what = what_changed(found.body.get("tables"), rules)
        yield Finding(
            "F-BASE-RULES", State.INFO,
            f"The plan was checked with rules {found.body['rules']}; these are {rules.version}"
            f"{f' ({what})' if what else ''}",
            remedy="Check the plan again when a rule for it is new.",
        )  # fmt: skip


def _of_file(pair: _Pair, was: Member | None, now: Member | None) -> Iterator[Finding]:
    if was is None or now is None:
        name = (was or now or Member("", "", spoken=False)).name
        what = "was not there" if was is None else "is gone; it was there"
        yield Finding(
            "F-BASE-FILE", State.ERROR, f"{name} {what} when the plan was checked",
            item=name, remedy=REMEDY,
        )  # fmt: skip
        return
    if was.sha256 == now.sha256:
        return
    if not (was.spoken and now.spoken):
        yield Finding(
            "F-BASE-FILE", State.ERROR, f"{now.name} has changed since the plan was checked",
            item=now.name, expected=was.sha256[:12], found=now.sha256[:12], remedy=REMEDY,
        )  # fmt: skip
        return
    kind = pair.now.kind
    before = values_of(kind, object_file(was.sha256), now.name)
    changed = changes(before, values_of(kind, pair.now.path_of(now), now.name))
    yield from findings_of(kind, changed, set(before), pair.expected)
    if not changed:
        yield Finding(
            "F-BASE-WRITING", State.INFO,
            f"{now.name} is written another way (order or digits); every value is as checked",
        )  # fmt: skip
