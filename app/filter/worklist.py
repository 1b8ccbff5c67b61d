"""The work list: per plan the steps from planned to locked, one item open (O-08 to O-10).

Nothing but the chained log holds the state: what stands in it has happened, and the list is what
follows from it. An item is opened by the completion of the step before; a step is left out only
with a reason; a change opens the steps from there on again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Any

from app.filter.baseline import baselines
from app.filter.ledger_log import record, recorded
from app.filter.people import Person, signer
from core.errors import RemedyError

ACTION = "work step"
DONE, SKIPPED, REOPENED = "done", "skipped", "reopened"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan.

    Attributes:
        id: Stable name.
        title: What has happened when it is done.
        role: Who does it.
        item: Name of the work item in the clinic's list (Siochi 2009, II.D).
        baseline: Stage of the baseline that proves it; empty where none does.

    """

    id: str
    title: str
    role: str
    item: str
    baseline: str = ""


DOSIMETRIST, PHYSICIST, THERAPIST = "dosimetrist", "physicist", "therapist"
ROLES = (DOSIMETRIST, PHYSICIST, THERAPIST)
STEPS = (
    Step("planned", "Plan is ready", DOSIMETRIST, "Planning"),
    Step("transferred", "Transferred to the R&V system", DOSIMETRIST, "Transfer"),
    Step("ie-clean", "Initial export is clean", PHYSICIST, "Planning Physics Check", "IE"),
    Step("plan-match", "Export matches the plan", PHYSICIST, "Planning Physics Check"),
    Step("mu", "Monitor units are verified", PHYSICIST, "Planning Physics Check"),
    Step("plan-quality", "Plan quality is reviewed", PHYSICIST, "Planning Physics Check"),
    Step("therapist-check", "Therapist has checked the sheet", THERAPIST, "Therapist Check"),
    Step("verification-day", "Verified at the machine", THERAPIST, "Verification Day"),
    Step("fe-clean", "Final export is clean", PHYSICIST, "Chart Check", "FE"),
    Step("locked", "Approved and locked", PHYSICIST, "Chart Check"),
)
ORDER = {step.id: place for place, step in enumerate(STEPS)}


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and by whom a step was done, left out or opened again; time is ISO 8601, UTC."""

    step: str
    what: str
    person: str
    time: str
    user: str
    reason: str = ""
    evidence: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One plan on its way.

    Attributes:
        standing: The valid stamp of each step that is done or left out, in order.
        history: Every stamp, oldest first.
        open_since: Time at which the open item came to be; of the last stamp.

    """

    patient_id: str
    plan_id: str
    patient_name: str = ""
    standing: tuple[Stamp, ...] = ()
    history: tuple[Stamp, ...] = field(default=())

    @property
    def key(self) -> str:
        """Return patient and plan as one word."""
        return f"{self.patient_id}/{self.plan_id}"

    @property
    def next(self) -> Step | None:
        """Return the step whose item is open; None when the plan is locked."""
        place = len(self.standing)
        return STEPS[place] if place < len(STEPS) else None

    @property
    def open_since(self) -> str:
        """Return when the open item was created."""
        return self.history[-1].time if self.history else ""


def cases() -> tuple[Case, ...]:
    """Return every plan of the log, the one begun first first."""
    found: dict[tuple[str, str], Case] = {}
    for entry in recorded(ACTION):
        key = (str(entry["patient_id"]), str(entry["plan_id"]))
        before = found.get(key) or Case(*key, str(entry.get("patient_name", "")))
        after = _after(before, _stamp(entry))
        if after.history:
            found[key] = after
    return tuple(found.values())


def open_items(role: str = "") -> tuple[tuple[Case, Step], ...]:
    """Return the open item of each plan, of one role or of all; the oldest first."""
    items = [(case, case.next) for case in cases()]
    wanted = [(case, step) for case, step in items if step and role in ("", step.role)]
    return tuple(sorted(wanted, key=lambda pair: pair[0].open_since))


def case_of(patient_id: str, plan_id: str) -> Case:
    """Return a plan; one that nobody has begun has no stamps."""
    wanted = Case(patient_id.strip(), plan_id.strip())
    return next((one for one in cases() if one.key == wanted.key), wanted)


def complete(case: Case, step: str, person: str, *, words: str = "", evidence: str = "") -> Case:
    """Put into the log that a step is done, and return the plan as it then stands.

    Args:
        case: The plan; the first step begins one.
        step: Which step; it must be the open one.
        person: Who has done it.
        words: Anything to remember.
        evidence: The baseline that proves a clean export; None takes the latest that does.

    Raises:
        RemedyError: It is not the open step, nobody is named, or a clean export is claimed
            without a baseline.

    """
    now, who = _require_open(case, step, person)
    own = STEPS[ORDER[step]]
    if own.baseline:
        evidence = _proof(case, own, evidence)
    return _put(replace(now, patient_name=case.patient_name or now.patient_name), Stamp(
        step, DONE, who.name, "", "", words, evidence, " and ".join(who.roles)
    ))  # fmt: skip


def skip(case: Case, step: str, person: str, reason: str) -> Case:
    """Leave the open step out; the reason stands in the log for good.

    Raises:
        RemedyError: It is not the open step, or person or reason are missing.

    """
    now, who = _require_open(case, step, person)
    _require_reason(reason, step)
    return _put(now, Stamp(step, SKIPPED, who.name, "", "", reason, "", " and ".join(who.roles)))


def reopen(case: Case, step: str, person: str, reason: str) -> Case:
    """Open a step and all after it again, because something has changed.

    Raises:
        RemedyError: The step has not been done, or person or reason are missing.

    """
    _require_known(step)
    # Whoever does the step sees that it has to be done again; the physicist sees it for all.
    who = signer(person, (STEPS[ORDER[step]].role, PHYSICIST), f"open {step} again")
    _require_reason(reason, step)
    now = case_of(case.patient_id, case.plan_id)
    if ORDER[step] >= len(now.standing):
        raise _wrong(f"the step {step} is not done, so it cannot be opened again", now.key, step)
    return _put(now, Stamp(step, REOPENED, who.name, "", "", reason, "", " and ".join(who.roles)))


def durations() -> dict[str, tuple[float, ...]]:
    """Return how long each step took, in minutes, over all plans (O-16).

    From the stamp before it to its own; steps that were left out are not counted, and waiting is
    part of it: the log knows when a step ended, not when somebody began.
    """
    found: dict[str, list[float]] = {step.id: [] for step in STEPS[1:]}
    for case in cases():
        for before, stamp in zip(case.history, case.history[1:], strict=False):
            if stamp.what == DONE:
                apart = datetime.fromisoformat(stamp.time) - datetime.fromisoformat(before.time)
                found[stamp.step].append(apart.total_seconds() / 60)
    return {step: tuple(minutes) for step, minutes in found.items()}


def duration_table() -> str:
    """Return the minutes per step as CSV: step, count, median, longest."""
    rows = ["step,count,median_min,longest_min"]
    for step, minutes in durations().items():
        if minutes:
            rows.append(f"{step},{len(minutes)},{median(minutes):.1f},{max(minutes):.1f}")
    return "\n".join(rows) + "\n"


def case_json(case: Case) -> dict[str, Any]:
    """Return a plan as a mapping that JSON can hold."""
    step = case.next
    return {
        "patient_id": case.patient_id, "patient_name": case.patient_name, "plan_id": case.plan_id,
        "next": step.id if step else None, "role": step.role if step else None,
        "item": step.item if step else None, "open_since": case.open_since if step else None,
        "history": [
            {
                "step": one.step, "what": one.what, "person": one.person, "time": one.time,
                "user": one.user, "reason": one.reason, "evidence": one.evidence,
                "role": one.role,
            }
            for one in case.history
        ],
    }  # fmt: skip


def case_text(found: Sequence[Case]) -> str:
    """Return plans as a table for the terminal."""
    return "\n".join(_lines(found)) or "No plan is on the list."


def _lines(found: Sequence[Case]) -> Iterator[str]:
    for case in found:
        step = case.next
        ahead = f"open: {step.item}, {step.title} ({step.role})" if step else "locked"
        yield f"{case.patient_id}  {case.patient_name}  plan {case.plan_id}   {ahead}"
        for one in case.history:
            why = f": {one.reason}" if one.reason else ""
            proof = f" [baseline {one.evidence}]" if one.evidence else ""
            yield f"    {one.time[:16]}  {one.step:17} {one.what:9} {one.person}{why}{proof}"


def _put(case: Case, stamp: Stamp) -> Case:
    record(ACTION, {
        "patient_id": case.patient_id, "plan_id": case.plan_id,
        "patient_name": case.patient_name, "step": stamp.step, "what": stamp.what,
        "person": stamp.person.strip(), "reason": stamp.reason.strip(), "evidence": stamp.evidence,
        "role": stamp.role,
    })  # fmt: skip
    return case_of(case.patient_id, case.plan_id)


def _after(case: Case, stamp: Stamp) -> Case:
    """Return a plan after one more stamp; one that came out of turn changes nothing.

    Two people at two desks may complete the same step within a moment: the first one counts.
    """
    place = ORDER.get(stamp.step)
    standing = case.standing
    if place is None:
        return case
    if stamp.what == REOPENED and place < len(standing):
        standing = standing[:place]
    elif stamp.what in (DONE, SKIPPED) and place == len(standing):
        standing = (*standing, stamp)
    else:
        return case
    return replace(case, standing=standing, history=(*case.history, stamp))


def _stamp(entry: dict[str, Any]) -> Stamp:
    names = ("step", "what", "person", "time", "user", "reason", "evidence", "role")
    return Stamp(**{name: str(entry.get(name, "")) for name in names})


def _require_open(case: Case, step: str, person: str) -> tuple[Case, Person]:
    """Return the plan as it stands and who signs, when the step is open and theirs to do."""
    _require_known(step)
    who = signer(person, (STEPS[ORDER[step]].role,), step)
    if not case.patient_id or not case.plan_id:
        raise _wrong("a plan needs patient ID and plan ID", case.key, step)
    now = case_of(case.patient_id, case.plan_id)
    ahead = now.next
    if ahead is None:
        raise _wrong("the plan is locked; open a step again with a reason", now.key, step)
    if ahead.id != step:
        what = f"the open step is {ahead.id}, not {step}"
        raise _wrong(what, now.key, ahead.id)
    return now, who


def _require_known(step: str) -> None:
    if step not in ORDER:
        raise _wrong(f"{step!r} is no step ({', '.join(ORDER)})", "work list", step)


def _require_reason(reason: str, step: str) -> None:
    if not reason.strip():
        raise _wrong("a reason is missing", "work list", step)


def _proof(case: Case, step: Step, wanted: str) -> str:
    own = {"patient_id": case.patient_id, "plan_id": case.plan_id, "stage": step.baseline}
    for one in reversed(baselines(lambda entry: own.items() <= entry.items())):
        if wanted in ("", one.id):
            if one.faults:
                raise _wrong(f"baseline {one.id}: {one.faults[0]}", case.key, step.id)
            return one.id
    what = f"there is no {step.baseline} baseline of this plan that shows a clean export"
    raise _wrong(what, case.key, step.id)


def _wrong(what: str, where: str, step: str) -> RemedyError:
    remedy = f"Do {step} first, or leave a step out with a reason."
    return RemedyError(what, where=where, remedy=remedy)
