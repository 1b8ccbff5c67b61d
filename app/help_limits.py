"""What is the clinic's own in the help: limits in force beside the shipped ones, and its rules."""

import re
from functools import lru_cache

from app.filter.limits import read_limits as filter_limits
from app.filter.rules import read_rules
from app.help_book import LIMIT_LINE, names_limits
from app.lex.checks.own import own_checks
from app.lex.limits import read_limits as lex_limits
from app.lex.rules_page import policy_words
from core.errors import RemedyError
from core.layers import own_files, own_layers

LEX_PAGE = "# LEX: what is checked"


def in_force(text: str) -> str:
    """Return a page with what the clinic has set beside each shipped limit it names.

    A clinic's file that cannot be used is told at the head of the page: the limits below it are
    then the shipped ones, and no check runs with them until the file is right.
    """
    if not names_limits(text):
        return text
    try:
        own = own_values()
        if text.startswith(LEX_PAGE):
            text += _own_rules()
    except RemedyError as fault:
        head, _, rest = text.partition("\n")
        words = f"**The clinic's limits cannot be read: {fault.what} ({fault.where}).**"
        return f"{head}\n\n{words} {fault.remedy}\n{rest}"

    def told(line: re.Match[str]) -> str:
        value = own.get(line[1])
        return line[0] if value is None else f"{line[0]} **In force here: {value}.**"

    return LIMIT_LINE.sub(told, text)


def _own_rules() -> str:
    """Return the entries of the clinic's own rules of LEX."""
    parts = [
        f"\n## {one.rule}: {one.title}\n\n**{policy_words(one)}.** {one.why}\n\n"
        f"What to do: {one.remedy}\n\n- Source: {one.source}\n"
        for one in own_checks(own_layers())
    ]
    return "".join(parts)


def own_values() -> dict[str, str]:
    """Return what the clinic has set otherwise than shipped, by name, in words.

    Raises:
        ClinicFileError: A file of the clinic cannot be used.

    """
    layers = own_layers()
    found = {
        one.name: f"{one.value:g} {one.unit}"
        + "".join(f", {key}: {value:g} {one.unit}" for key, value in sorted(one.special.items()))
        for one in lex_limits(layers).values()
        if one.own
    }
    limits = filter_limits(*own_files(layers, "tolerances.toml")).entries
    for name, limit in limits.items():
        if limit.value != _shipped_limits()[name]:
            found[name] = f"{limit.value:f} {limit.unit}"
    rules, shipped = read_rules(*own_files(layers, "filter/rules.toml")).entries, read_rules()
    for name, rule in rules.items():
        if rule.value != shipped.entries[name].value:
            value = rule.value
            listed = value if isinstance(value, str) else ", ".join(f"{one}" for one in value)
            found[name] = f"`{listed}`" if isinstance(value, str) else listed
    return found


@lru_cache(maxsize=1)
def _shipped_limits() -> dict[str, object]:
    return {name: one.value for name, one in filter_limits().entries.items()}
