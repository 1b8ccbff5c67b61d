"""The help as a book: chapters, pages and their sections; search; the entry of a rule. No window.

Pages are the Markdown files of resources/help; contents.toml says in which order and chapter.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.errors import RemedyError
from core.paths import RESOURCES

FOLDER = RESOURCES / "help"
CONTENTS = FOLDER / "contents.toml"
HEADING = re.compile(r"^(#{1,3}) +(.+?) *$")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
MARKS = re.compile(r"^\|[-|: ]+\|?$|^[-|] ?| ?\|$|[*`]", re.MULTILINE)
LIMIT_LINE = re.compile(r"^- (?:Limit|Entry) `([a-z0-9_.]+)`: .*$", re.MULTILINE)
OWN_RULE, OWN_RULES_PAGE = "CLINIC-", "lex-checks"
"""How the names of the clinic's own rules begin, and on which page they stand."""
MOST_HITS = 60
EXCERPT = 150


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with the text below it, up to the next.

    Attributes:
        page: Name of the page (file stem).
        number: Place among the headings of the page, from 0.
        level: 1 for the page's own title, 2 and 3 for those below.

    """

    page: str
    number: int
    level: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page; its first section is its title and what stands before the next heading."""

    name: str
    text: str
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """Return the page's own heading."""
        return self.sections[0].title


@dataclass(frozen=True, slots=True)
class Chapter:
    """Pages that belong together, by name."""

    title: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that holds all words asked for, and the line of it to show."""

    section: Section
    excerpt: str


@lru_cache(maxsize=1)
def contents() -> tuple[Chapter, ...]:
    """Return the chapters in their order."""
    rows = tomllib.loads(CONTENTS.read_text(encoding="utf-8"))["chapter"]
    return tuple(Chapter(row["title"], tuple(row["pages"])) for row in rows)


@lru_cache(maxsize=64)
def read_page(name: str) -> HelpPage:
    """Return a page by its name.

    Raises:
        RemedyError: There is no such page.

    """
    file = FOLDER / f"{name}.md"
    if not re.fullmatch(r"[\w/-]+", name) or not file.is_file():
        raise RemedyError(
            f"the help has no page {name!r}", where=str(FOLDER),
            remedy="Look it up in the table of contents: eqs help.",
        )  # fmt: skip
    text = file.read_text(encoding="utf-8")
    return HelpPage(name, text, tuple(sections_of(name, text)))


def sections_of(name: str, text: str) -> list[Section]:
    """Cut a page at its headings; a line in a block of code is none."""
    found: list[tuple[int, str, list[str]]] = []
    in_code = False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        heading = None if in_code else HEADING.match(line)
        if heading is not None:
            found.append((len(heading[1]), heading[2], []))
        elif found:
            found[-1][2].append(line)
        else:
            found.append((1, name, [line]))
    rows = found or [(1, name, [])]
    return [
        Section(name, number, level, title, "\n".join(lines).strip())
        for number, (level, title, lines) in enumerate(rows)
    ]


def all_pages() -> tuple[HelpPage, ...]:
    """Return every page in the order of the contents."""
    return tuple(read_page(name) for chapter in contents() for name in chapter.pages)


def entry_of(rule: str) -> Section | None:
    """Return the entry of a rule, or of the nearest family it belongs to; None for no entry."""
    entries = _entries()
    parts = rule.split("-")
    for count in range(len(parts), 1, -1):
        section = entries.get("-".join(parts[:count]))
        if section is not None:
            return section
    return None


def entry_in(page: str, text: str, rule: str) -> Section | None:
    """Return the entry of a rule in a text that is more than the page's own; None for no entry."""
    named = (one for one in sections_of(page, text) if one.title.startswith(f"{rule}:"))
    return next(named, None)


@lru_cache(maxsize=1)
def _entries() -> dict[str, Section]:
    """Return the sections whose title begins with the name of a rule and a colon."""
    found: dict[str, Section] = {}
    for page in all_pages():
        for section in page.sections:
            rule, colon, _ = section.title.partition(":")
            if colon and re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)+", rule):
                found.setdefault(rule, section)
    return found


def find(words: str | Sequence[str]) -> tuple[Hit, ...]:
    """Return the sections that hold every word, those with all of them in the title first."""
    asked = (words if isinstance(words, str) else " ".join(words)).casefold().split()
    if not asked:
        return ()
    titled, others = [], []
    for page in all_pages():
        for section in page.sections:
            title, text = section.title.casefold(), section.text.casefold()
            if all(word in title for word in asked):
                titled.append(section)
            elif all(word in title or word in text for word in asked):
                others.append(section)
    hits = sorted(titled, key=lambda one: not one.title.casefold().startswith(asked[0]))
    return tuple(Hit(one, excerpt(one, asked)) for one in (*hits, *others)[:MOST_HITS])


def excerpt(section: Section, words: Sequence[str]) -> str:
    """Return the first line of a section that holds one of the words, without its marks."""
    lines = [one for one in plain(section.text).splitlines() if one.strip()]
    for word in words:
        for line in lines:
            place = line.casefold().find(word)
            if place >= 0:
                start = max(0, place - EXCERPT // 2)
                start = line.rfind(" ", 0, start) + 1
                cut = line[start : start + EXCERPT].strip()
                before, after = "…" * (start > 0), "…" * (start + EXCERPT < len(line))
                return f"{before}{cut}{after}"
    return lines[0][:EXCERPT] if lines else ""


def plain(text: str) -> str:
    """Return Markdown as text for a terminal or an excerpt."""
    shown = LINK.sub(r"\1", text).replace("\\_", "_").replace("&lt;", "<")
    return MARKS.sub("", shown)


def names_limits(text: str) -> bool:
    """Tell whether a page names limits a clinic may have set otherwise."""
    return LIMIT_LINE.search(text) is not None
