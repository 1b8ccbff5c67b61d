"""Electronic signatures under a report: printed name, date and time, meaning (21 CFR 11.50).

A signature holds for the very files and findings of the report, and is kept in the chained log.
Who signs is known by the login of the operating system; nothing else is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.filter.acknowledged import key_of, unanswered, with_record
from app.filter.ledger import subject_of
from app.filter.ledger_log import record, recorded
from app.filter.people import read_record_rules, signer
from app.filter.report import Report
from app.filter.rule_set import rule_set, what_changed
from app.filter.signing import canonical, sign, signature_fits
from core.errors import RemedyError
from core.findings import State

ACTION = "signed"
FINAL = "approval"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature.

    Attributes:
        person: Printed name.
        role: Roles of the person when it was given; empty while the clinic lists nobody.
        time: ISO 8601, UTC.
        meaning: What it says, e.g. "approved for treatment".
        words: What the person has added.
        user: Login.
        status: Of the report that was signed.
        fits: Whether the record is as it was signed, with the key of this installation.
        current: Whether the check finds now what it found when it was signed.

    """

    person: str
    role: str
    time: str
    meaning: str
    words: str
    user: str
    status: str
    fits: bool
    current: bool

    @property
    def doubt(self) -> str:
        """Return why the signature does not stand for the report as it is; empty if it does."""
        if not self.fits:
            return "THIS RECORD IS NOT AS IT WAS SIGNED"
        return "" if self.current else "given for an earlier result of this check"

    @property
    def text(self) -> str:
        """Printed name, date and time, and meaning, as 21 CFR 11.50 asks for."""
        local = datetime.fromisoformat(self.time).astimezone()
        role = f", {self.role}" if self.role else ""
        login = f"login {self.user}" if self.role else f"login {self.user}, roles not enforced"
        words = f": {self.words}" if self.words else ""
        damage = f"   ({self.doubt})" if self.doubt else ""
        return (
            f"{self.person}{role} ({login}), {local:%Y-%m-%d %H:%M:%S %z}: "
            f"{self.meaning}{words}{damage}"
        )


def sign_report(report: Report, meaning: str, person: str, words: str = "") -> Signature:
    """Sign a report.

    Args:
        report: As it was made, without what others have said.
        meaning: One of the clinic's meanings ("review", "approval", "responsibility").
        person: Who; see `app.filter.people.signer`.
        words: Anything to add.

    Raises:
        RemedyError: The meaning is unknown, the person may not give it, the clinic's tables are
            others than those of the check, a finding is neither acknowledged nor answered, or an
            error stands where treatment is approved.
        LogError: The log cannot be written.

    """
    meanings = read_record_rules().meanings
    if meaning not in meanings:
        what = f"{meaning!r} is no meaning of a signature"
        raise RemedyError(what, where="sign", remedy=f"Choose one of: {', '.join(meanings)}.")
    own = meanings[meaning]
    _require_present_rules(report)
    who = signer(person, own.roles, own.words)
    told = with_record(report)
    _require_answered(report, told, meaning)
    at = datetime.now().astimezone().isoformat(timespec="milliseconds")
    body = {
        "subject": subject_of(report), "findings": _digest(told), "person": who.name,
        "role": " and ".join(who.roles), "meaning": own.words, "words": words.strip(),
        "status": told.status.value, "rules": report.rule_set.version, "signed_at": at,
    }  # fmt: skip
    record(ACTION, {
        **body, "report": report.title, "signature": sign(body),
        "patient_id": report.rv.patient.id if report.rv else "",
        "plan_id": report.rv.plan_id if report.rv else "",
    })  # fmt: skip
    return next(reversed(tuple(_of(report))))


def signatures(report: Report) -> tuple[Signature, ...]:
    """Return every signature under a report on these very files, oldest first."""
    return tuple(_of(report))


def signatures_json(report: Report) -> list[dict[str, Any]]:
    """Return the signatures as JSON can hold them."""
    return [
        {
            "person": one.person, "role": one.role, "time": one.time, "meaning": one.meaning,
            "words": one.words, "user": one.user, "status": one.status, "fits": one.fits,
            "current": one.current, "doubt": one.doubt, "text": one.text,
        }
        for one in signatures(report)
    ]  # fmt: skip


def what_differs(report: Report) -> str:
    """Say which tables are others now than when a report was made; empty where none is.

    Raises:
        ClinicFileError: A table cannot be read, or a layer is out of reach.

    """
    now = rule_set()
    if report.rules is None or report.rules.version == now.version:
        return ""
    return what_changed(report.rules.tables, now)


def _require_present_rules(report: Report) -> None:
    differs = what_differs(report)
    if differs:
        raise RemedyError(
            f"the clinic's tables have changed since this check ({differs})", where=report.title,
            remedy="Read again, look at what is found by the tables in force, then sign.",
        )  # fmt: skip


def _require_answered(report: Report, told: Report, meaning: str) -> None:
    still = unanswered(report)
    if still:
        raise RemedyError(
            f"neither acknowledged nor answered are {len(still)} finding(s), the first: "
            f"{still[0].message}", where=report.title, remedy="Acknowledge each with a reason.",
        )  # fmt: skip
    errors = sum(one.state == State.ERROR for one in told.findings)
    if meaning == FINAL and errors:
        raise RemedyError(
            f"{errors} errors stand, so treatment cannot be approved", where=report.title,
            remedy="Have them corrected, export again, and check again.",
        )  # fmt: skip


def _of(report: Report) -> Iterator[Signature]:
    entries = recorded(ACTION)
    if not entries:
        return
    subject, now = subject_of(report), _digest(with_record(report))
    for entry in entries:
        if entry.get("subject") == subject:
            names = ("subject", "findings", "person", "role", "meaning", "words", "status",
                     "rules", "signed_at")  # fmt: skip
            body = {name: entry.get(name, "") for name in names}
            # Another set of rules, or another answer, makes another report of the same files.
            yield Signature(
                body["person"], body["role"], entry["time"], body["meaning"], body["words"],
                entry["user"], body["status"], _fits(body, str(entry.get("signature", ""))),
                entry.get("findings") == now,
            )  # fmt: skip


def _fits(body: dict[str, Any], signature: str) -> bool:
    try:
        return signature_fits(body, signature)
    except RemedyError:
        return False  # without its key nothing is known to be as it was signed


def _digest(told: Report) -> str:
    """Return a digest over what a report has found, in any order, and what it has not checked."""
    rows = sorted([*key_of(one), one.state.value] for one in told.findings)
    gaps = sorted([one.item, one.field] for one in told.not_checked)
    return sha256(canonical({"findings": rows, "not_checked": gaps})).hexdigest()
