"""The commands of LEX: check a plan, write its transfer file, fix one, print the rules."""

import argparse
from pathlib import Path
from typing import Any

from app.answers import finish, new_file, say
from app.both_channels import reader_back
from app.lex.command import check_from_files, write_from_files
from app.lex.fix import plan_fix, save_fix
from app.lex.fix_recipe import read_recipe
from app.lex.policy import Policy, policy_of
from app.lex.rules_page import rules_json, rules_text
from app.lex.treatment import read_treatment
from app.lex_source_commands import add_source_commands
from core.errors import ClinicFileError, RemedyError
from core.findings import State, overall

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


def add_lex_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands of LEX."""
    lex = rooms.add_parser("lex", help="find and check plans, write transfer files")
    commands = lex.add_subparsers(required=True)
    add_source_commands(commands)
    check = commands.add_parser("check", help="check a plan; no file is written")
    check.add_argument("--plan", type=Path, metavar="SOURCE")
    check.add_argument("--treatment", type=Path, metavar="TREATMENT.toml")
    check.add_argument("--rules", action="store_true", help="print every rule and its limits")
    write = commands.add_parser("write", help="write one transfer file")
    write.add_argument("--plan", type=Path, required=True, metavar="SOURCE")
    write.add_argument("--treatment", type=Path, required=True, metavar="TREATMENT.toml")
    write.add_argument("--out", type=new_file(".rtp"), required=True, metavar="FILE.rtp")
    write.add_argument(
        "--acknowledge", action="append", default=[], metavar="RULE=REASON",
        help="why the plan may go on in spite of the findings of a rule; once per rule",
    )  # fmt: skip
    write.add_argument("--replace", action="store_true", help="replace FILE.rtp if it is there")
    fix = commands.add_parser("fix", help="repair an RTP-Connect file by a recipe")
    fix.add_argument("--recipe", type=Path, required=True, metavar="RECIPE.toml")
    fix.add_argument("--in", type=Path, required=True, metavar="FILE.rtp", dest="source")
    fix.add_argument(
        "--out", type=new_file(".rtp"), metavar="NEW.rtp", help="not needed with --dry-run"
    )
    fix.add_argument("--dry-run", action="store_true", help="show the changes, write nothing")
    fix.add_argument("--replace", action="store_true", help="replace NEW.rtp if it is there")
    finish(fix, _fix)
    for one, run in ((check, _check), (write, _write)):
        one.add_argument("--trial", metavar="NAME")
        finish(one, run)


def _check(words: argparse.Namespace) -> int:
    """Check and print; exit code 1 when something stops the file or needs a reason."""
    if words.rules:
        say(words, {"status": "pass", "rules": rules_json()}, rules_text())
        return CLEAN
    if words.plan is None or words.treatment is None:
        raise RemedyError(
            "there is no plan to check",
            where="eqs lex check",
            remedy="Name --plan and --treatment, or ask for --rules.",
        )
    report = check_from_files(words.plan, words.treatment, words.trial)
    say(words, report.to_json(), report.as_text())
    asked = [one for one in report.findings if policy_of(one) != Policy.INFO]
    return FINDINGS if asked else CLEAN


def _write(words: argparse.Namespace) -> int:
    """Write, and print what was written or why not."""
    entries = read_treatment(words.treatment)
    back = reader_back(words.plan, words.trial or entries.trial, entries.beams, entries.options)
    report = write_from_files(
        words.plan, words.treatment, words.out, back, words.trial, words.acknowledge,
        overwrite=words.replace,
    )  # fmt: skip
    say(words, report.to_json(), report.as_text())
    if report.out is None:
        return COULD_NOT_RUN
    return CLEAN if overall(report.findings) == State.PASS else FINDINGS


def _fix(words: argparse.Namespace) -> int:
    """Show what a recipe changes, and save the new file."""
    if words.out is None and not words.dry_run:
        raise ClinicFileError(
            "no file to write is named", where="--out", remedy="Name it, or add --dry-run."
        )
    plan = plan_fix(read_recipe(words.recipe), words.source)
    out: Path | None = None if words.dry_run or not plan.data else words.out
    if out is not None:
        save_fix(plan, out, overwrite=words.replace)
    say(words, plan.to_json(out), plan.as_text(out))
    if plan.status == State.ERROR:
        return COULD_NOT_RUN
    return CLEAN if plan.status == State.PASS else FINDINGS
