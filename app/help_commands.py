"""`eqs help`: the pages of the manual and the entry of every check, in a terminal."""

import argparse
from typing import Any

from app.answers import finish, say
from app.help_book import (
    OWN_RULE,
    OWN_RULES_PAGE,
    Section,
    contents,
    entry_in,
    entry_of,
    find,
    plain,
    read_page,
)
from app.help_limits import in_force
from core.errors import RemedyError

CLEAN = 0


def add_help_commands(rooms: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `eqs help [WORDS]`."""
    one = rooms.add_parser("help", help="read the manual: a page, a rule, or search words")
    one.add_argument(
        "words", nargs="*", metavar="WORDS",
        help="name of a page, a rule such as F-DOSE-SUM, or words to search for",
    )  # fmt: skip
    finish(one, _help)


def _help(words: argparse.Namespace) -> int:
    asked = " ".join(words.words).strip()
    if not asked:
        say(words, {"status": "pass", "contents": _contents_json()}, _contents_text())
        return CLEAN
    section = _entry(asked.upper()) if "-" in asked and " " not in asked else None
    if section is not None:
        say(words, {"status": "pass", "entries": [_entry_json(section)]}, _entry_text(section))
        return CLEAN
    if asked in {name for chapter in contents() for name in chapter.pages}:
        page = read_page(asked)
        text = in_force(page.text)
        say(words, {"status": "pass", "page": asked, "title": page.title, "text": text}, text)
        return CLEAN
    hits = find(asked)
    if not hits:
        raise RemedyError(
            f"the help says nothing about {asked!r}", where="eqs help",
            remedy="Try fewer or other words; eqs help alone lists all pages.",
        )  # fmt: skip
    rows = [
        {"page": hit.section.page, "title": hit.section.title, "excerpt": hit.excerpt}
        for hit in hits
    ]
    lines = [f"{hit.section.title}  [{hit.section.page}]\n    {hit.excerpt}" for hit in hits]
    say(words, {"status": "pass", "hits": rows}, "\n".join(lines))
    return CLEAN


def _entry(rule: str) -> Section | None:
    if rule.startswith(OWN_RULE):
        return entry_in(OWN_RULES_PAGE, in_force(read_page(OWN_RULES_PAGE).text), rule)
    return entry_of(rule)


def _contents_json() -> list[dict[str, Any]]:
    return [
        {
            "chapter": chapter.title,
            "pages": [{"name": name, "title": read_page(name).title} for name in chapter.pages],
        }
        for chapter in contents()
    ]


def _contents_text() -> str:
    lines = []
    for chapter in contents():
        lines.append(chapter.title)
        lines += [f"  {name:24} {read_page(name).title}" for name in chapter.pages]
    return "\n".join([*lines, "", "eqs help PAGE, eqs help RULE (F-DOSE-SUM), eqs help WORDS"])


def _entry_json(section: Section) -> dict[str, str]:
    rule, _, title = section.title.partition(": ")
    return {
        "rule": rule, "title": title, "page": section.page, "text": in_force(section.text),
    }  # fmt: skip


def _entry_text(section: Section) -> str:
    return f"{section.title}\n\n{plain(in_force(section.text))}\n\n[{section.page}]"
