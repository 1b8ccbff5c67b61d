"""Findings acknowledged with a reason, and questions answered: who, when, why (R-03, R-22).

Both hold for the very files of the report: when one changes, nobody has said anything. An
acknowledged finding keeps its state and colour; the answer to a question settles the question.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.filter.ledger import subject_of, with_attestations
from app.filter.ledger_log import record, recorded
from app.filter.people import PHYSICIST, signer
from app.filter.report import Report
from app.filter.setup_fields import gives
from core.errors import RemedyError
from core.findings import Finding, State, overall

ACTION = "acknowledged"
ASKED = (State.ERROR, State.WARNING, State.NOT_RUN, State.MANUAL)
YES, NO = "yes", "no"
QUESTION = "F-SETUP-ASK"
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody has said of a finding; `answer` is "yes", "no" or empty."""

    person: str
    role: str
    time: str
    user: str
    reason: str
    answer: str

    @property
    def text(self) -> str:
        """Who, when, why."""
        what = f"answered {self.answer}" if self.answer else "acknowledged"
        role = f" ({self.role})" if self.role else ""
        return f"{what} by {self.person}{role}, {self.time[:16].replace('T', ' ')}: {self.reason}"


def key_of(finding: Finding) -> Key:
    """Return what makes a finding the same in a report on the same files."""
    point = "" if finding.control_point is None else str(finding.control_point)
    return (finding.rule, finding.field, point, finding.item, finding.message)


def acknowledge(
    report: Report, findings: Sequence[Finding], person: str, reason: str, answer: str = ""
) -> Report:
    """Put into the log that the physicist has seen findings, and return the report with that.

    Args:
        report: The report as it was made, without what others have said.
        findings: Which of its findings.
        person: Who; see `app.filter.people.signer`.
        reason: Why it may stand, or what is done about it.
        answer: "yes" or "no" to a question; every one of `findings` must then be one.

    Raises:
        RemedyError: Nothing is chosen, person or reason are missing, or the answer fits no
            question.
        LogError: The log cannot be written.

    """
    who = signer(person, PHYSICIST, "acknowledge")
    chosen = [one for one in findings if one.state in ASKED]
    if not chosen:
        raise _wrong("no finding is chosen that asks for it", report, "Choose a finding.")
    if not reason.strip():
        raise _wrong("a reason is missing", report, "Say why, or what is done about it.")
    questions = [one.rule == QUESTION for one in chosen]
    if answer not in ("", YES, NO) or (answer and not all(questions)):
        raise _wrong(f"{answer!r} answers no question", report, "Answer yes or no to a question.")
    if not answer and any(questions):
        raise _wrong("a question is asked", report, "Answer it with yes or no.")
    record(ACTION, {
        "subject": subject_of(report), "report": report.title, "person": who.name,
        "role": " and ".join(who.roles), "reason": reason.strip(), "answer": answer,
        "patient_id": report.rv.patient.id if report.rv else "",
        "plan_id": report.rv.plan_id if report.rv else "",
        "findings": [list(key_of(one)) for one in chosen],
    })  # fmt: skip
    return with_record(report)


def words_on(report: Report) -> dict[Key, Word]:
    """Return the latest word on each finding of these very files."""
    said = recorded(ACTION)
    if not said:
        return {}
    subject = subject_of(report)
    return {
        tuple(key): _word(entry)
        for entry in said
        if entry.get("subject") == subject
        for key in entry["findings"]
    }


def unanswered(report: Report) -> tuple[Finding, ...]:
    """Return what nobody has acknowledged or answered yet, of the report as it was made."""
    said = words_on(report)
    return tuple(one for one in report.findings if one.state in ASKED and key_of(one) not in said)


def with_record(report: Report) -> Report:
    """Return the report with attestations, acknowledgements and answers told in their places.

    An answer settles its question: "no" makes it a note; "yes" makes a field that gives dose or
    MU an error, because it is entered as treatment.
    """
    told = with_attestations(report)
    said = words_on(report)
    if not said:
        return told
    findings = tuple(
        _told(one, said[key_of(one)], report) if key_of(one) in said else one
        for one in report.findings
    )
    return replace(told, findings=findings, status=overall(findings))


def answers_json(report: Report) -> list[dict[str, Any]]:
    """Return every word on a finding of the report, as JSON can hold it."""
    said = words_on(report)
    return [
        {
            "rule": one.rule, "field": one.field, "item": one.item, "message": one.message,
            "person": word.person, "role": word.role, "time": word.time, "user": word.user,
            "reason": word.reason, "answer": word.answer,
        }
        for one in report.findings
        if (word := said.get(key_of(one))) is not None
    ]  # fmt: skip


def chosen(findings: Iterable[Finding], rule: str, field: str, item: str) -> tuple[Finding, ...]:
    """Return the findings of a rule that ask for an answer; field and item narrow them down."""
    return tuple(
        one for one in findings
        if one.state in ASKED and one.rule.casefold() == rule.strip().casefold()
        and field in ("", one.field) and item in ("", one.item)
    )  # fmt: skip


def _told(finding: Finding, word: Word, report: Report) -> Finding:
    if finding.rule == QUESTION and word.answer == NO:
        words = f"{finding.message} No. [{word.text}]"
        return replace(finding, state=State.INFO, message=words, remedy="")
    if finding.rule == QUESTION and word.answer == YES:
        fields = report.rv.fields if report.rv is not None else ()
        dosed = any(one.id == finding.field and gives(one) for one in fields)
        remedy = "Enter it as a set-up field"
        remedy += " and take dose and MU off it." if dosed else "."
        state = State.ERROR if dosed else State.WARNING
        return replace(
            finding, state=state, message=f"{finding.message} Yes. [{word.text}]", remedy=remedy
        )
    return replace(finding, message=f"{finding.message} [{word.text}]")


def _word(entry: dict[str, Any]) -> Word:
    names = ("person", "role", "time", "user", "reason", "answer")
    return Word(**{name: str(entry.get(name, "")) for name in names})


def _wrong(what: str, report: Report, remedy: str) -> RemedyError:
    return RemedyError(what, where=report.title, remedy=remedy)
