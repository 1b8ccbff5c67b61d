"""`eqs filter commission`: prove on the clinic's own plan that every rule finds its fault."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from app.answers import finish, say
from app.filter.commission.commissioning import Commissioned, as_text, commission, on_log, together
from app.filter.commission.page import commission_html
from app.filter.people import signer
from app.filter_desk_commands import add_person, by
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

CLEAN, FINDINGS = 0, 1
ENDINGS = (".html", ".pdf")


def add_commission_command(commands: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the command to the Filter's."""
    one = commands.add_parser(
        "commission", help="put one fault per rule into copies of an export, and see each found"
    )
    one.add_argument("--rv", type=Path, required=True, nargs="+", metavar="FILE",
                     help="one or several exports")  # fmt: skip
    one.add_argument("--plan", type=Path, required=True, nargs="+", metavar="SOURCE",
                     help="the plan of each, in the same order")  # fmt: skip
    one.add_argument("--trial", metavar="NAME")
    one.add_argument("--scale", help="scale of an export that does not say it")
    one.add_argument("--out", type=Path, metavar="FILE", help="new .html or .pdf file")
    add_person(one)
    finish(one, _commission)


def _commission(words: argparse.Namespace) -> int:
    if len(words.rv) != len(words.plan):
        raise RemedyError(
            f"{len(words.rv)} exports and {len(words.plan)} plans are named",
            where="eqs filter commission", remedy="Name the plan of each export, in order.",
        )  # fmt: skip
    _require_new(words.out)
    who = signer(by(words), what="commission")
    runs = []
    for rv, plan in zip(words.rv, words.plan, strict=True):
        runs.append(commission(rv, plan, words.trial, words.scale, _tell(rv, quiet=words.json)))
    made = together(runs)
    on_log(made, who.name)
    if words.out is not None:
        _write(words.out, made, who.name)
    say(words, made.to_json(), as_text(made))
    return CLEAN if made.status == State.PASS else FINDINGS


def _tell(rv: Path, *, quiet: bool) -> Any:  # noqa: ANN401  (a function of share and words)
    def progress(share: float, words: str) -> None:
        if not quiet and sys.stderr.isatty():
            print(f"\r{rv.name}: {share:4.0%} {words:60}", end="", file=sys.stderr)  # noqa: T201  (progress of a command)

    return progress


def _require_new(file: Path | None) -> None:
    if file is None:
        return
    if file.suffix.lower() not in ENDINGS:
        raise RemedyError(
            f"{file.name} is neither .html nor .pdf", where="--out", remedy="Name such a file."
        )
    if file.exists():
        raise RemedyError("the file is there already", where=str(file), remedy="Name a new file.")


def _write(file: Path, made: Commissioned, person: str) -> None:
    html = commission_html(made, person, datetime.now().astimezone())
    if file.suffix.lower() == ".html":
        write_whole(file, html.encode())
        return
    from app.filter.gui.page_pdf import pdf_of  # noqa: PLC0415  (Qt only when a PDF is asked for)

    write_whole(file, pdf_of(html, "Commissioning of the Filter", landscape=True))
