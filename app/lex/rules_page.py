"""The registry in words: the help page, the coverage table, and `eqs lex check --rules`."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.lex.checks import CHECKS
from app.lex.checks.case import Check
from app.lex.checks.own import own_checks
from app.lex.limits import Limit, read_limits
from app.lex.own_items import ITEMS
from app.lex.policy import Policy
from core.findings import State
from core.layers import own_layers

POLICIES = {State.ERROR: Policy.HARD, State.WARNING: Policy.ACK}
HEAD = """# LEX: what is checked

This page is made from the checks themselves. A finding does one of three things:

- **Stops the file** - nothing is written until the plan or the treatment data are corrected.
- **Needs a reason** - you may go on: type why in the line below the findings, then Enter. User,
  time, rule, place, plan and reason are kept in the log. A check that stops the file but could not
  be run needs a reason, too: nobody has looked.
- **For information** - it is shown, nothing more.

A check that lacks a value is "not run" and never counts as passed. LEX is no editor: correct the
plan in the planning system, save, and press **Read the plan again**; the earlier findings stay in
the log.

Numbers are the shipped ones. The clinic changes them in `lex_limits.toml` of its own folder; that
file may hold numbers only, within the bounds given here.
"""
OWN = """## Rules of the clinic

A rule the program does not have is written in `lex_rules.toml` of the clinic's folder; the program
need not be built again. It can only ask: nothing in a plan is ever changed by it.

```toml
version = "2026-11, physics"

[[rule]]
id = "CLINIC-SSD-E"                  # CLINIC- and up to 20 of A-Z, 0-9 and -
sentence = "Electron fields are treated at 100 cm"
needs = "reason"                     # stop, reason or info
of = "beam"                          # plan, beam or control point
when = [{ item = "modality", is = "Elect" }]
must = [{ item = "ssd_cm", least = 99.5, most = 100.5 }]
why = "The cutout factors of the clinic hold at 100 cm only."
remedy = "Change the set-up in the planning system, or say who has agreed."
```

All of `when` must hold for the rule to be asked, all of `must` for it to pass. Compare by `is`,
`is_not`, `one_of`, `none_of` (lists), `least`, `most` (numbers), `matches` (a regular expression
for the whole text). What the plan does not tell is "not run", never passed. A file with a fault
lets no plan through; the message names rule and fault. Items and the widest level that has them:
"""


def policy_words(one: Check) -> str:
    """Return what a finding of the check does to the file."""
    return POLICIES.get(one.state, Policy.INFO).value


def help_page(tests: Mapping[str, Sequence[str]]) -> str:
    """Return resources/help/lex-checks.md.

    Args:
        tests: Names of the tests that prove a requirement, by its ID.

    """
    limits = read_limits()
    parts = [HEAD, *(_card(one, limits) for one in CHECKS), _own(), _coverage(tests)]
    return "\n".join(parts)


def _card(one: Check, limits: Mapping[str, Limit]) -> str:
    """Return the section of one check."""
    lines = [f"## {one.rule}: {one.title}", "", f"**{policy_words(one)}.** {one.why}", ""]
    lines += [f"What to do: {one.remedy}", ""]
    lines += [f"- Limit {_limit(limits[name])}" for name in one.limits]
    needs = f" ({', '.join(one.requirements)})" if one.requirements else ""
    lines += [f"- Source: {one.source}{needs}", ""]
    return "\n".join(lines)


def _own() -> str:
    """Return the section on the clinic's own rules."""
    rows = [f"| `{item.name}` | {item.level} | {item.unit} |" for item in ITEMS]
    return "\n".join([OWN, "| item | of | unit |", "|---|---|---|", *rows, ""])


def _limit(limit: Limit) -> str:
    """Return one limit with unit, bounds and source."""
    special = "".join(
        f", {key}: {value:g} {limit.unit}" for key, value in sorted(limit.special.items())
    )
    bounds = f"{limit.least:g} to {limit.most:g}"
    source = limit.source[:1].upper() + limit.source[1:]
    return (
        f"`{limit.name}`: {limit.value:g} {limit.unit}{special}; may be set from {bounds}. "
        f"{source}."
    )


def _coverage(tests: Mapping[str, Sequence[str]]) -> str:
    """Return the table requirement, checks, tests."""
    lines = ["## Which requirement is met by which check", ""]
    lines += ["Named is the test that fails when the rule is taken out; all other tests of a"]
    lines += ["requirement: `python -m pytest tests/test_requirements.py -s`.", ""]
    lines += ["| requirement | check | test |", "|---|---|---|"]
    rows = sorted({row for one in CHECKS for row in one.requirements})
    for row in rows:
        rules = ", ".join(one.rule for one in CHECKS if row in one.requirements)
        named = [f"`{name}`" for name in tests.get(row, ())]
        lines.append(f"| {row} | {rules} | {'<br>'.join(named)} |")
    return "\n".join([*lines, ""])


def rules_text() -> str:
    """Return every rule with the limits that hold here, for a terminal."""
    limits = read_limits(own_layers())
    lines = []
    for one in (*CHECKS, *own_checks(own_layers())):
        needs = f" [{', '.join(one.requirements)}]" if one.requirements else ""
        lines.append(f"{one.rule:<8} {policy_words(one):<16} {one.title}{needs}")
        for name in one.limits:
            own = " (set by the clinic)" if limits[name].own else ""
            lines.append(f"{'':25} {_limit(limits[name])}{own}")
    return "\n".join(lines)


def rules_json() -> list[dict[str, Any]]:
    """Return every rule as plain values."""
    limits = read_limits(own_layers())
    return [
        {
            "rule": one.rule, "title": one.title, "policy": policy_words(one),
            "requirements": list(one.requirements), "source": one.source, "why": one.why,
            "remedy": one.remedy,
            "limits": [
                {
                    "name": name, "value": limits[name].value, "unit": limits[name].unit,
                    "special": dict(limits[name].special), "least": limits[name].least,
                    "most": limits[name].most, "source": limits[name].source,
                    "own": limits[name].own,
                }
                for name in one.limits
            ],
        }
        for one in (*CHECKS, *own_checks(own_layers()))
    ]  # fmt: skip
