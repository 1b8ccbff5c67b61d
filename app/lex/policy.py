"""What a finding asks of the user: nothing may be written while one of them is not answered."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.lex.checks import CHECKS
from app.lex.checks.own import own_checks
from app.lex.own_rules import PREFIX
from core.errors import RemedyError
from core.findings import Finding, State
from core.layers import own_layers

SHORTEST, LONGEST = 3, 500


class Policy(StrEnum):
    """What a finding does to the file, in the words of the screen."""

    HARD = "Stops the file"
    ACK = "Needs a reason"
    INFO = "For information"


class ReasonError(RemedyError):
    """A reason that cannot be taken, or for a finding that asks for none."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody goes on in spite of a finding."""

    finding: Finding
    words: str


def stopping_rules() -> frozenset[str]:
    """Return the checks, of the program and of the clinic, that stop the file.

    Raises:
        ClinicFileError: The clinic's own rules cannot be read.

    """
    checks = (*CHECKS, *own_checks(own_layers()))
    return frozenset(one.rule for one in checks if one.state == State.ERROR)


def policy_of(finding: Finding, stopping: Collection[str] | None = None) -> Policy:
    """Return what a finding asks for.

    A check that stops the file and could not be run asks for a reason: nobody has looked, and
    somebody must take that upon themselves.

    Args:
        finding: What a check found.
        stopping: From `stopping_rules` when the check ran; None asks the clinic's rules anew,
            and waits as long as its share does.

    """
    if finding.state == State.ERROR:
        return Policy.HARD
    if finding.state == State.NOT_RUN:
        stops = _stops(finding.rule) if stopping is None else finding.rule in stopping
        return Policy.ACK if stops else Policy.INFO
    return Policy.ACK if finding.state == State.WARNING else Policy.INFO


def _stops(rule: str) -> bool:
    """Tell whether a check, of the program or of the clinic, stops the file."""
    checks = own_checks(own_layers()) if rule.startswith(PREFIX) else CHECKS
    return any(one.rule == rule and one.state == State.ERROR for one in checks)


def unanswered(
    findings: Iterable[Finding],
    reasons: Iterable[Reason],
    stopping: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Return the findings that need a reason and have none; `stopping` as in `policy_of`."""
    given = [reason.finding for reason in reasons]
    return tuple(
        one for one in findings if policy_of(one, stopping) == Policy.ACK and one not in given
    )  # fmt: skip


def reason_for(finding: Finding, words: str, stopping: Collection[str] | None = None) -> Reason:
    """Return the reason for one finding; `stopping` as in `policy_of`.

    Raises:
        ReasonError: The words say nothing, or the finding asks for none.

    """
    said = " ".join(words.split())
    if policy_of(finding, stopping) != Policy.ACK:
        raise ReasonError(
            f"{finding.rule} does not ask for a reason: {finding.message}",
            where=finding.rule,
            remedy=finding.remedy or "Leave the reason out.",
        )
    if not SHORTEST <= len(said) <= LONGEST:
        raise ReasonError(
            f"the reason {said!r:.60} has {len(said)} characters",
            where=finding.rule,
            remedy=f"Say in {SHORTEST} to {LONGEST} characters why the plan may go on.",
        )
    return Reason(finding, said)


def reasons_by_rule(findings: Iterable[Finding], said: Iterable[str]) -> tuple[Reason, ...]:
    """Return the reasons of a command line, each for every finding of its rule.

    Args:
        findings: What the checks found.
        said: Texts of the form "RULE=REASON".

    Raises:
        ReasonError: A text of another form, or a rule that has found nothing to give one for.

    """
    open_ones = unanswered(findings, ())
    reasons: list[Reason] = []
    for text in said:
        rule, sign, words = text.partition("=")
        meant = [one for one in open_ones if one.rule == rule.strip()]
        if not sign or not meant:
            rules = ", ".join(dict.fromkeys(one.rule for one in open_ones)) or "none"
            raise ReasonError(
                f"--acknowledge {text!r:.80} answers no finding",
                where="command line",
                remedy=f"Write RULE=REASON; rules that need a reason: {rules}.",
            )
        reasons += [reason_for(one, words) for one in meant]
    return tuple(reasons)
