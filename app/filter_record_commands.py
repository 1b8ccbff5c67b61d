"""`eqs filter acknowledge|sign|statistics`: what people say of a report, and what became of it."""

import argparse
from typing import Any

from app.answers import finish, new_file, say
from app.filter.acknowledged import NO, YES, acknowledge, answers_json, chosen, unanswered
from app.filter.people import read_record_rules
from app.filter.signoff import sign_report, signatures, signatures_json
from app.filter.statistics import statistics_csv, statistics_json
from app.filter_desk_commands import add_person, add_sources, by, report_of
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

CLEAN, FINDINGS = 0, 1


def add_record_commands(commands: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add acknowledgement, signature and statistics to the Filter's commands."""
    word = commands.add_parser(
        "acknowledge", help="acknowledge findings with a reason, or answer a question"
    )
    add_sources(word)
    word.add_argument("rule", metavar="RULE", nargs="?", help="none: list what is still open")
    word.add_argument("--field", default="", metavar="ID", help="only of this field")
    word.add_argument("--item", default="", metavar="ITEM", help="only of this element")
    word.add_argument("--answer", choices=(YES, NO), default="", help="to a question")
    word.add_argument("--reason", default="", metavar="TEXT")
    add_person(word)
    finish(word, _acknowledge)
    signed = commands.add_parser("sign", help="sign a report: name, time, meaning")
    add_sources(signed)
    signed.add_argument("--meaning", metavar="NAME", help="as in record.toml; none: list them")
    signed.add_argument("--words", default="", metavar="TEXT", help="anything to add")
    add_person(signed)
    finish(signed, _sign)
    counts = commands.add_parser("statistics", help="how often rules fired and were overridden")
    counts.add_argument(
        "--csv", type=new_file(".csv"), metavar="FILE.csv", help="write it to a new file"
    )
    finish(counts, _statistics)


def _acknowledge(words: argparse.Namespace) -> int:
    report = report_of(words)
    if words.rule:
        own = chosen(report.findings, words.rule, words.field, words.item)
        if not own:
            raise RemedyError(
                f"the report has no finding {words.rule!r} that asks for it", where=report.title,
                remedy="Leave RULE out to see what is open.",
            )  # fmt: skip
        acknowledge(report, own, by(words), words.reason, words.answer)
    still = unanswered(report)
    rows = [
        {"rule": one.rule, "severity": one.state, "field": one.field, "item": one.item,
         "message": one.message}
        for one in still
    ]  # fmt: skip
    said = answers_json(report)
    lines = [f"{one.state:8} {one.rule:22} {one.message}" for one in still]
    lines += [f"{'said':8} {one['rule']:22} {one['person']}: {one['reason']}" for one in said]
    say(words, {"open": rows, "said": said}, "\n".join(lines) or "Nothing is open.")
    return FINDINGS if still else CLEAN


def _sign(words: argparse.Namespace) -> int:
    report = report_of(words)
    if words.meaning:
        sign_report(report, words.meaning, by(words), words.words)
    meanings = read_record_rules().meanings.values()
    rows = [{"meaning": one.id, "words": one.words, "roles": list(one.roles)} for one in meanings]
    known = "\n".join(f"  {one.id:15} {one.words} ({', '.join(one.roles)})" for one in meanings)
    lines = [one.text for one in signatures(report)] or ["Nobody has signed this report."]
    text = "\n".join(lines) if words.meaning else "\n".join([*lines, "Meanings:", known])
    say(words, {"signatures": signatures_json(report), "meanings": rows}, text)
    return CLEAN


def _statistics(words: argparse.Namespace) -> int:
    if words.csv is not None:
        if words.csv.exists():
            raise RemedyError(
                "the file is there already", where=str(words.csv), remedy="Name a new file."
            )
        write_whole(words.csv, statistics_csv().encode())
    text = f"{words.csv} written" if words.csv is not None else statistics_csv().rstrip()
    say(words, {"status": State.PASS, "rules": statistics_json()}, text)
    return CLEAN
