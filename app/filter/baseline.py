"""Baselines: what was checked and found clean, signed, so that any later change shows (R-31).

A baseline is a file of its own, written whole, signed, and named with its digest in the chained
log. One that is not in the log was never acknowledged and is not used; one whose signature, log
entry or kept files do not fit is named and not used either.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.filter.acknowledged import answers_json, with_record
from app.filter.baseline_content import Content, read_content, require_unchanged
from app.filter.baseline_expected import read_expected
from app.filter.ledger_log import filter_folder, log_file, record, recorded
from app.filter.people import PHYSICIST, signer
from app.filter.report import Report, compare_report, open_report
from app.filter.signing import canonical, sign, signature_fits
from core.audit import verify
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

ACTION = "baseline saved"
STAGES = ("IE", "FE")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become a baseline.

    Attributes:
        rv: Export of the R&V system.
        plan: Plan it was compared with; None for an export without a plan.
        stage: "IE" for the initial export, "FE" for the final one.
        person: Who has checked.
        accepted: Why warnings are accepted; empty when there is none.
        trial: Trial of a Pinnacle plan.
        scale: Scale of a native export.

    """

    rv: Path
    plan: Path | None
    stage: str
    person: str
    accepted: str = ""
    trial: str | None = None
    scale: str | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline as stored; `faults` is empty when signature, log and kept files fit."""

    id: str
    file: Path
    sha256: str
    body: dict[str, Any]
    faults: tuple[str, ...]

    @property
    def title(self) -> str:
        """Who checked what, in words."""
        body = self.body
        time = f"{str(body.get('time', ''))[:16].replace('T', ' ')} UTC"
        return (
            f"{body.get('stage')} of {body.get('patient_name') or body.get('patient_id')}, plan "
            f"{body.get('plan_id') or '-'}, checked {time} by {body.get('person')}"
        )


def baseline_folder() -> Path:
    """Return where baselines lie; it is made when missing."""
    folder = filter_folder() / "baselines"
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    return folder


def object_file(digest: str) -> Path:
    """Return where a kept file lies; its name is the digest of its content."""
    return baseline_folder() / "objects" / digest


def save_baseline(wanted: Wanted) -> Baseline:
    """Check once more, and keep what was checked when it is clean.

    Raises:
        RemedyError: There are errors, or warnings that nobody has accepted with a reason; a
            source changed meanwhile; or it cannot be written.

    """
    if wanted.stage not in STAGES:
        raise _refused(f"{wanted.stage!r} is no stage", "stage", "Choose IE or FE.")
    who = signer(wanted.person, PHYSICIST, "save a baseline")
    passed_over = read_expected().passed_over
    contents = [read_content(wanted.rv)]
    if wanted.plan is not None:
        contents.append(read_content(wanted.plan, passed_over, wanted.trial))
    made = _report(wanted)
    report = with_record(made)
    _require_clean(report, wanted)
    for content in contents:
        _keep(content)
        require_unchanged(content, passed_over)
    body = _body(replace(wanted, person=who.name), contents, report, answers_json(made))
    name = sha256(canonical(body)).hexdigest()[:12]
    file = baseline_folder() / f"{name}.json"
    stored = {"body": body, "signature": sign(body)}
    data = json.dumps(stored, ensure_ascii=False, indent=1, sort_keys=True).encode()
    write_whole(file, data)
    digest = sha256(data).hexdigest()
    record(ACTION, {
        "baseline": name, "sha256": digest, "stage": wanted.stage,
        "patient_id": body["patient_id"], "plan_id": body["plan_id"], "person": who.name,
        "role": " and ".join(who.roles),
        "keys": [[one.kind, one.patient_id, one.plan_id] for one in contents],
    })  # fmt: skip
    return Baseline(name, file, digest, body, ())


def _report(wanted: Wanted) -> Report:
    if wanted.plan is None:
        return open_report(wanted.rv, machine_scale=wanted.scale)
    return compare_report(wanted.rv, wanted.plan, wanted.trial, machine_scale=wanted.scale)


def _require_clean(report: Report, wanted: Wanted) -> None:
    counts = {
        state: sum(one.state == state for one in report.findings)
        for state in (State.ERROR, State.WARNING, State.NOT_RUN)
    }
    if counts[State.ERROR]:
        what = f"the check has {counts[State.ERROR]} errors, so there is nothing clean to keep"
        raise _refused(what, wanted.rv.name, "Correct them, check again, then save the baseline.")
    open_questions = counts[State.WARNING] + counts[State.NOT_RUN]
    if open_questions and not wanted.accepted.strip():
        what = f"the check has {open_questions} warnings that nobody has accepted"
        raise _refused(what, wanted.rv.name, "Accept them with a reason, or correct them.")


def _keep(content: Content) -> None:
    """Keep every file whose values are compared, under the digest of its content."""
    for member in content.members:
        target = object_file(member.sha256)
        if member.spoken and not target.exists():
            data = content.path_of(member).read_bytes()
            if sha256(data).hexdigest() != member.sha256:
                raise _refused(
                    "the source changed while it was read", str(content.path), "Check again."
                )
            write_whole(target, data)


def _body(
    wanted: Wanted, contents: list[Content], report: Report, answers: list[dict[str, Any]]
) -> dict[str, Any]:
    export = contents[0]
    return {
        "stage": wanted.stage, "person": wanted.person.strip(),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "meaning": "checked and found clean", "answers": answers,
        "accepted": wanted.accepted.strip(),
        "rules": report.rule_set.version, "tables": dict(report.rule_set.tables),
        "not_as_shipped": [one.words for one in report.rule_set.own],
        "status": report.status.value,
        "warnings": [one.message for one in report.findings if one.state == State.WARNING],
        "not_checked": [
            {"item": one.item, "why": one.why, "field": one.field} for one in report.not_checked
        ],
        "patient_id": export.patient_id, "patient_name": export.patient_name,
        "plan_id": export.plan_id,
        "sources": [
            {
                "path": str(one.path), "kind": one.kind, "patient_id": one.patient_id,
                "plan_id": one.plan_id, "digest": one.digest,
                "files": [[own.name, own.sha256, own.spoken] for own in one.members],
            }
            for one in contents
        ],
    }  # fmt: skip


def baselines(wanted: Callable[[dict[str, Any]], bool] | None = None) -> tuple[Baseline, ...]:
    """Return acknowledged baselines, oldest first, each with what does not fit.

    Args:
        wanted: Asked of the log's entry, so that only the files of those meant are read; None
            returns all.

    """
    return tuple(_of_entry(entry) for entry in recorded(ACTION) if wanted is None or wanted(entry))


def baseline_faults() -> Iterator[str]:
    """Yield one sentence for each place where log or baselines are not what was written."""
    for fault in verify(log_file()):
        yield f"{log_file().name}: {fault}"
    for one in baselines():
        for fault in one.faults:
            yield f"Baseline {one.id}: {fault}"


def _of_entry(entry: dict[str, Any]) -> Baseline:
    name, digest = Path(str(entry.get("baseline", ""))).name, str(entry.get("sha256", ""))
    file = baseline_folder() / f"{name}.json"
    try:
        data = file.read_bytes()
    except OSError:
        return Baseline(name, file, digest, dict(entry), ("its file is gone.",))
    if sha256(data).hexdigest() != digest:
        words = "its file is not the one the log names."
        return Baseline(name, file, digest, dict(entry), (words,))
    stored = json.loads(data)
    body = stored["body"]
    faults = []
    if not signature_fits(body, str(stored["signature"])):
        faults.append("its signature does not fit.")
    spoken = [one for source in body["sources"] for _, one, kept in source["files"] if kept]
    for one in spoken:
        kept = object_file(one)
        if not kept.is_file() or sha256(kept.read_bytes()).hexdigest() != one:
            faults.append(f"a file kept with it is damaged or gone ({one[:12]}).")
    return Baseline(name, file, digest, body, tuple(faults))


def _refused(what: str, where: str, remedy: str) -> RemedyError:
    return RemedyError(what, where=where, remedy=remedy)
