"""A report as one self-contained page for the record system's documents (O-12, R-29)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from app.filter.acknowledged import with_record
from app.filter.baseline_content import plan_of_source
from app.filter.cards import why_of
from app.filter.field import Plan
from app.filter.item_words import sentence_in_words
from app.filter.ledger import Blind, ledger
from app.filter.ledger_log import program_version, record
from app.filter.ledger_names import name_by_rule, parts_of
from app.filter.people import signer
from app.filter.report import Report, beam_words
from app.filter.rule_set import printed
from app.filter.signoff import Signature, signatures
from core.findings import Finding, State
from core.safe_write import write_whole

# Sign, word and colours; a page that is printed grey still says which it is.
LOOKS = {
    State.ERROR: ("&#10007;", "Errors", "#b3261e", "#ffffff"),
    State.WARNING: ("&#9888;", "Warnings", "#fff3b0", "#3b2f00"),
    State.PASS: ("&#10003;", "Clean", "#1e7a34", "#ffffff"),
}
SIGNS = {
    State.ERROR: "\u2717", State.WARNING: "\u26a0", State.NOT_RUN: "\u2013",
    State.MANUAL: "\u270d", State.INFO: "\u2139", State.PASS: "\u2713",
}  # fmt: skip
STYLE = (
    "body{font-family:'DejaVu Sans',Arial,sans-serif;font-size:9pt;color:#1b1b1b}"
    "h1{font-size:14pt}h2{font-size:11pt}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #b8b8b8;padding:3px 5px;text-align:left;vertical-align:top}"
    "th{background:#eeeeee}th[align=right]{text-align:right}.banner{padding:8px;font-weight:bold;font-size:12pt}"
    ".small{font-size:8pt;color:#444444}"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What stands around the lists of a report."""

    plan: Plan
    stage: str
    person: str
    time: datetime


def write_page(report: Report, folder: Path, stage: str, person: str) -> Path:
    """Write a report as HTML under the clinic's name for it, and put that into the log.

    Raises:
        RemedyError: The export cannot be read, or the clinic's rule for names is wrong.

    """
    page = page_of(report, stage, person)
    file = folder / f"{page_name(report, page)}.html"
    write_logged(file, page_html(report, page).encode(), report, person)
    return file


def write_logged(file: Path, data: bytes, report: Report, person: str) -> None:
    """Write a page whole, then its entry of the log."""
    who = signer(person, what="write a report")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, data)
    record("report written", {
        "file": file.name, "title": report.title, "status": report.status.value,
        "sources": [one.sha256 for one in report.sources], "person": who.name,
        "role": " and ".join(who.roles),
    })  # fmt: skip


def page_of(report: Report, stage: str, person: str) -> Page:
    """Return what stands around a report; patient and plan are those of its first source."""
    time, who = datetime.now().astimezone(), signer(person, what="write a report")
    return Page(plan_of_source(Path(report.sources[0].path)), stage, who.name, time)


def page_name(report: Report, page: Page) -> str:
    """Return the file's name without its ending, by the clinic's rule."""
    parts = parts_of(
        page.plan, stage=page.stage, digest=report.sources[0].sha256, time=page.time,
        status=report.status.value,
    )  # fmt: skip
    return name_by_rule("report_file", parts)


def page_html(report: Report, page: Page) -> str:
    """Return the whole page; it refers to nothing outside itself.

    Args:
        report: As it was made; what people have said of it is added here.
        page: What stands around it.

    """
    made, report = report, with_record(report)
    patient = page.plan.patient
    name = ", ".join(part for part in (patient.last_name, patient.first_name) if part)
    head = f"{name or 'No name'}, ID {patient.id or '-'}, plan {page.plan.plan_id or '-'}"
    sign, word, back, front = LOOKS[report.status]
    body = [
        f"<h1>{escape(head)}</h1>",
        f"<p>{escape(report.title)} ({escape(page.stage)})</p>",
        (f'<table width="100%"><tr><td class="banner" style="background:{back};color:{front}" '
        f'bgcolor="{back}"><font color="{front}">{sign} {word}: {_counts(report.findings)}; '
        f"{len(report.not_checked)} items not checked</font></td></tr></table>"),
        *_signatures(signatures(made)), *_findings(report.findings), *_ledger(ledger(made)),
        *_matches(report), *_sources(report),
        (f'<p class="small">EQS Workstation {escape(program_version())}, '
        f"{page.time:%Y-%m-%d %H:%M %z}, "
        f"{escape(page.person)}. {escape(printed(report.rule_set))}</p>"),
    ]  # fmt: skip
    title = escape(report.title)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>"
    )


def _counts(findings: Sequence[Finding]) -> str:
    parts = []
    for state, one, many in (
        (State.ERROR, "error", "errors"), (State.WARNING, "warning", "warnings"),
        (State.NOT_RUN, "check not run", "checks not run"), (State.MANUAL, "by hand", "by hand"),
        (State.INFO, "note", "notes"),
    ):  # fmt: skip
        count = sum(finding.state == state for finding in findings)
        if count:
            parts.append(f"{count} {one if count == 1 else many}")
    return ", ".join(parts) or "nothing found"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    shown = sorted(
        (one for one in findings if one.state != State.PASS),
        key=lambda one: list(State).index(one.state),
    )
    yield "<h2>Findings</h2>"
    if not shown:
        yield "<p>No difference found.</p>"
        return
    yield _table(
        ("State", "Finding", "Expected", "Found", "Why it matters", "Next", "Rule"),
        [
            (
                f"{SIGNS[one.state]} {one.state.value}",
                sentence_in_words(one.message),
                _valued(one.expected, one.unit),
                _valued(one.found, one.unit),
                why_of(one),
                one.remedy,
                one.rule,
            )
            for one in shown
        ],
    )


def _valued(text: str, unit: str) -> str:
    return f"{text} {unit}".strip() if text else ""


def _signatures(rows: Sequence[Signature]) -> Iterator[str]:
    """Yield printed name, date and time, and meaning of each signature (21 CFR 11.50)."""
    yield "<h2>Signatures</h2>"
    if not rows:
        yield "<p>Nobody has signed this report.</p>"
        return
    yield _table(
        ("Printed name", "Role", "Date and time", "Meaning", "Remark"),
        [
            (one.person, one.role or "not enforced",
             f"{datetime.fromisoformat(one.time).astimezone():%Y-%m-%d %H:%M:%S %z}", one.meaning,
             "; ".join(filter(None, (one.words, one.doubt))))
            for one in rows
        ],
    )  # fmt: skip


def _ledger(rows: Sequence[Blind]) -> Iterator[str]:
    yield "<h2>Not checked by this program</h2>"
    yield _table(
        ("Item", "Fields", "Why", "Looked at by hand"),
        [
            (sentence_in_words(one.item), one.field, sentence_in_words(one.why),
             "; ".join(f"{a.person}, {a.time[:16]}: {a.words}" for a in one.attested) or "nobody")
            for one in rows
        ],
    )  # fmt: skip


def _matches(report: Report) -> Iterator[str]:
    if report.matches:
        yield "<h2>Fields and beams</h2>"
        rows = [(one.rv_field, beam_words(one), f"{one.deviation:g}") for one in report.matches]
        yield _table(("R&V field", "Plan beam", "Deviation"), rows)


def _sources(report: Report) -> Iterator[str]:
    yield "<h2>Sources</h2>"
    yield _table(
        ("File", "SHA-256"),
        [(Path(one.path).name, one.sha256 or "folder") for one in report.sources],
    )


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in titles)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<table width="100%"><tr>{head}</tr>{lines}</table>'
