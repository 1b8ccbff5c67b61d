"""The help pages on checks, made of the checks: Filter, monitor units, certificate, writing."""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from app.filter.cards import card_of
from app.filter.compare_exports import TEXTS
from app.filter.compare_plan import PATIENT
from app.filter.limits import SHIPPED as LIMITS_FILE
from app.filter.mu.check import LEFT_OUT
from app.filter.parameters import DIRECTIONS, FIELD_PARAMETERS, FITTINGS, POINT_PARAMETERS
from app.filter.rules import SHIPPED as RULES_FILE
from app.filter.sentences import sentences
from core.dicom import certificate_answers, certificate_contours
from core.dicom.certificate import ASSERTIONS
from core.paths import RESOURCES
from installer.rule_survey import FILTER, LEX, OF_LEX, OPEN, Said, survey

WORDS = {
    "ERROR": "Error", "WARNING": "Warning", "NOT_RUN": "Not run", "MANUAL": "Question",
    "INFO": "Note",
}  # fmt: skip
# Requirements of families of rules, beside those their functions name.
NEEDS = {
    "F-OPEN": ("R-02",), "F-RTP": ("O-07",), "F-HINT": ("R-23",), "F-CMP": ("R-04",),
    "F-CMP-MLC": ("R-04", "R-06"), "F-CMP-TIE": ("R-05",), "F-CMP-PAIRING": ("R-05",),
    "F-FORM": ("L-07", "L-10"), "F-TPL": ("R-20", "R-21"), "F-CLINIC": ("R-04", "R-30"),
    "F-CB": ("R-24",), "F-NOTE": ("R-23", "O-15"), "F-FILM": ("R-18",),
    "F-GAMMA": ("R-18", "O-05"), "LEX-OPEN": ("L-01",), "F-SIDE": ("R-02",),
    "F-PLAN-APPROVAL": ("R-31",),
    "F-MU": ("R-10", "R-16", "R-17", "R-19"), "F-MU-MISSING": ("R-22",), "B": ("R-16",),
}  # fmt: skip
CARDS = RESOURCES / "help" / "cards.toml"
UNIT_SUFFIXES = {"_MM": " mm", "_SHARE": " of the distance of slices", "_INDEX": " voxel"}
ONE_RULE = re.compile(r"\n{3,}")
FILTER_HEAD = """# Filter: what is checked

This page is made from the rules themselves, so it says what the program does. Select a finding
and press F1 to come here. Each entry tells what must hold, what a finding of it says (… stands for
what changes), why it is asked, what to do, which limits it compares with, and where it comes from.

**Error** colours the report red, **Warning** yellow; a **Question** is for you to answer; a
**Note** colours nothing; **Not run** never counts as passed. Comparisons of single values have a
page of their own: [compared values](filter-compared.md). Monitor units: [MU checks](mu-checks.md).

Numbers are the shipped ones; where the clinic has set another, the help window says so beside it.
"""
COMPARED_HEAD = """# Filter: every value that is compared

This page is made from the table the comparison uses (Siochi 2009, Table 1, and what is beside it).
Two numbers agree when the plan's number, rounded to the digits the export is written with, is the
export's; a limit above 0 widens that. A value that only one source holds is listed under "Not
checked". What to do is the same for all of them: **find out which of the two is right; correct the
R&V system or the plan, and check again.**
"""
MU_HEAD = """# Monitor units: what is checked, and why a field is not

This page is made from the rules and from the program's own refusals. How the dose is calculated:
[Monitor units](mu.md). A field that was not calculated is never a pass.
"""
REASONS = """## Why a field was not calculated

The program's own words, by the part of the calculation that says them.
"""
CERTIFICATE_HEAD = """# Viewer: the geometry certificate

Every set is asked these sentences when it is opened. What could not be examined says so and never
counts as passed. Select a row of the certificate and press F1 to come here.
"""
LEX_HEAD = """# LEX: findings of writing and of recipes

Beside [its checks](lex-checks.md) LEX tells what it did to the order and number of segments, and
what a recipe for a repaired file met.
"""


def filter_page() -> str:
    """Return resources/help/filter-checks.md."""
    said = survey()
    rows = [one for one in sentences() if not one.startswith("F-MU-") or one == "F-MU-MISSING"]
    return _page(
        FILTER_HEAD, (_rule(rule, said.get(rule), sentences()[rule].says) for rule in rows)
    )


def mu_page() -> str:
    """Return resources/help/mu-checks.md."""
    said = survey()
    cards = read_cards()
    rules = [one for one in sentences() if one.startswith("F-MU-") and one != "F-MU-MISSING"]
    parts = [_rule(rule, said.get(rule), sentences()[rule].says) for rule in rules]
    parts += [_rule(rule, said.get(rule), cards[rule]["says"]) for rule in cards if rule[0] == "B"]
    lines = [f"| {row.item} | {row.why} |" for row in LEFT_OUT]
    parts.append("\n".join(["## What no field is checked for", "", "| item | why |", "|---|---|",
                            *lines, ""]))  # fmt: skip
    parts += [REASONS, *_reasons()]
    return _page(MU_HEAD, parts)


def lex_more_page() -> str:
    """Return resources/help/lex-writing.md."""
    said = survey(LEX, OF_LEX)
    rows = [one for one in read_cards() if one.startswith("LEX-")]
    return _page(
        LEX_HEAD, (_rule(rule, said.get(rule), read_cards()[rule]["says"]) for rule in rows)
    )


def certificate_page() -> str:
    """Return resources/help/certificate.md."""
    cards = read_cards()
    return _page(
        CERTIFICATE_HEAD,
        (_assertion(key, title, ask, cards[key]) for key, title, ask in ASSERTIONS),
    )


def compared_page() -> str:
    """Return resources/help/filter-compared.md."""
    return _page(COMPARED_HEAD, _compared())


@lru_cache(maxsize=1)
def read_cards() -> dict[str, dict[str, object]]:
    """Return the cards of rules that have none in the code."""
    return tomllib.loads(CARDS.read_text(encoding="utf-8"))


def _page(head: str, parts: Iterator[str] | Sequence[str]) -> str:
    return ONE_RULE.sub("\n\n", "\n".join([head, *parts]).rstrip("\n") + "\n")


def _rule(rule: str, said: Said | None, title: object) -> str:
    """Return the entry of one rule."""
    family = said is None
    said = said or Said(rule)
    card = card_of(rule)
    own = read_cards().get(rule, {})
    why, source = card.why or own.get("why", ""), card.source or own.get("source", "")
    states = " or ".join(WORDS[one] for one in WORDS if one in said.states)
    lines = [f"## {rule}: {title}", ""]
    if family:
        lines += [f"The name goes on with what differs, e.g. {rule}-ENERGY.", ""]
    lead = f"**{states}.** " if states else ""
    if lead or why:
        lines += [f"{lead}{why}", ""]
    told = [one for one in said.messages if re.search(r"[a-z]{3}", one.replace(OPEN, ""))]
    lines += [f"It says: {' / '.join(f'*{_plain(one)}*' for one in told)}", ""] if told else []
    lines += [f"What to do: {' / '.join(said.remedies)}", ""] if said.remedies else []
    lines += [_limit(name) for name in _limits_of(rule)]
    asked = sorted({*said.needs, *_needs_of(rule)})
    needs = f" ({', '.join(asked)})" if asked else ""
    if source or needs:
        lines.append(f"- Source: {source or 'ours'}{needs}")
    return "\n".join([*lines, ""])


def _needs_of(rule: str) -> tuple[str, ...]:
    """Return the requirements of the nearest family of a rule."""
    parts = rule.split("-")
    names = ("-".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((NEEDS[name] for name in names if name in NEEDS), ())


def _limits_of(rule: str) -> tuple[str, ...]:
    row = sentences().get(rule)
    if row is not None:
        return row.limits
    listed = read_cards().get(rule, {}).get("limits", [])
    return tuple(str(one) for one in listed) if isinstance(listed, list) else ()


def _plain(text: str) -> str:
    """Return a text that Markdown leaves as it is, in one line, without the place before it."""
    return text.removeprefix(f"{OPEN}: ").replace("*", "").replace("_", "\\_").replace("<", "&lt;")


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, object], dict[str, object]]:
    limits, rules = (file.read_text(encoding="utf-8") for file in (LIMITS_FILE, RULES_FILE))
    return tomllib.loads(limits), tomllib.loads(rules)


def _limit(name: str) -> str:
    """Return one limit with unit, bounds and source, or a list of words."""
    group, key = name.split(".")
    limits, rules = _tables()
    row = _entry(limits, group, key)
    if row is not None:
        bounds = f"{row['least']:g} to {row['most']:g}"
        return (
            f"- Limit `{name}`: {row['value']:g} {row['unit']}; may be set from {bounds}. "
            f"{_sentence(str(row['source']))}"
        )
    row = _entry(rules, group, key)
    if row is None:
        raise KeyError(f"{name} is neither a limit nor an entry of rules.toml")
    value = row["value"]
    shown = f"`{value}`" if isinstance(value, str) else ", ".join(f"{one}" for one in value)
    return f"- Entry `{name}`: {shown} ({row['unit']}). {_sentence(str(row['source']))}"


def _entry(table: dict[str, object], group: str, key: str) -> dict[str, object] | None:
    rows = table.get(group)
    row = rows.get(key) if isinstance(rows, dict) else None
    return row if isinstance(row, dict) else None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _compared() -> Iterator[str]:
    """Yield the entry of every compared value; a rule with a sentence of its own stands there."""
    told: set[str] = set()
    for item, where, row, state, unit, limit in _values():
        rule = f"F-CMP-{item.upper().replace('_', '-')}"
        if item not in told and rule not in sentences():
            told.add(item)
            yield _value(rule, item, where, row, state, unit, limit)


def _values() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield item, place, row of Table 1, state, unit and limit of all that is compared."""
    points = {one.item for one in POINT_PARAMETERS}
    for one in FIELD_PARAMETERS:
        where = "field and control point" if one.item in points else "field"
        yield one.item, where, one.row, one.state.name, one.unit, one.limit
    for one in POINT_PARAMETERS:
        yield one.item, "control point", one.row, one.state.name, one.unit, one.limit
    for item, _ in DIRECTIONS:
        yield item, "control point", "", "ERROR", "", ""
    for fitting in FITTINGS:
        yield fitting.item, "field", fitting.row, "ERROR", "", ""
    for item in ("total_control_points", "mlc_leaves"):
        yield item, "field", "MLC leaves", "ERROR", "", ""
    for item, _, state, _ in PATIENT:
        yield item, "plan", "", state.name, "", ""
    yield "patient_orientation", "plan", "", "ERROR", "", ""
    for item in ("dose_ttl", "dose_tx"):
        yield item, "prescription", "", "ERROR", "cGy", "comparison.dose_cgy"
    yield "fractions", "prescription", "", "ERROR", "", ""
    for item in ("treatment_type", "rx_site_name", *(name for name, _ in TEXTS)):
        yield item, "initial against final export", "", "ERROR", "", ""


def _value(rule: str, item: str, where: str, row: str, state: str, unit: str, limit: str) -> str:
    card = card_of(rule)
    of_table = f"Table 1, {row}" if row else "beside Table 1"
    lines = [f"## {rule}: {item.replace('_', ' ')} of the R&V system is that of the plan", ""]
    lines += [f"**{WORDS[state]}.** {card.why}", ""]
    lines += [f"- Compared for each {where}" + (f", in {unit}" if unit not in ("", "1") else "")
              + f" ({of_table})"]  # fmt: skip
    lines += [_limit(limit)] if limit else ["- Compared exactly, as far as the record has letters"]
    return "\n".join([*lines, f"- Source: {card.source} (R-04)", ""])


def _assertion(key: str, title: str, ask: object, card: dict[str, object]) -> str:
    doc = (getattr(ask, "__doc__", None) or "").partition("\n")[0]
    lines = [f"## {key}: {title}", "", f"{card['why']}", ""]
    lines += [f"What is done: {doc[:1].lower()}{doc[1:]}", "", f"What to do: {card['remedy']}", ""]
    for name in card.get("numbers", ()):
        module, _, constant = str(name).partition(".")
        where = {"certificate_answers": certificate_answers,
                 "certificate_contours": certificate_contours}[module]  # fmt: skip
        unit = next(words for end, words in UNIT_SUFFIXES.items() if constant.endswith(end))
        lines.append(f"- Number `{constant}`: {getattr(where, constant):g}{unit}; fixed")
    return "\n".join([*lines, f"- Source: {card['source']} (Y-10)", ""])


def _reasons() -> Iterator[str]:
    """Yield what each part of the MU calculation refuses, in its own words."""
    for file in sorted((FILTER / "mu").glob("*.py")):
        if file.name.startswith("book_"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        rows = [row for call in ast.walk(tree) if isinstance(call, ast.Call)
                for row in _refusal(call)]  # fmt: skip
        if rows:
            about = (ast.get_docstring(tree) or file.stem).partition("\n")[0].rstrip(".")
            table = [f"| {what} | {cure} |" for what, cure in dict.fromkeys(rows)]
            yield "\n".join(
                [f"### {about}", "", "| reason | what to do |", "|---|---|", *table, ""]
            )


def _refusal(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = ast.unparse(call.func)
    if not name.endswith("Error") or not call.args:
        return
    what = _shown(call.args[0])
    cure = next((_shown(one.value) for one in call.keywords if one.arg == "remedy"), "")
    if re.search(r"[a-z]{3}", what.replace(OPEN, "")):
        yield _plain(what).replace("|", "/"), _plain(cure).replace("|", "/")


def _shown(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_shown(one) for one in node.values)
    if isinstance(node, ast.BinOp):
        return _shown(node.left) + _shown(node.right)
    return OPEN
