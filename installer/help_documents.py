"""Documents for the auditor, made of the code: parts of others, risks, requirements and tests."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires
from typing import Any

from packaging.requirements import Requirement

from app.help_book import entry_of
from installer.trace import CHECKOUT, matrix, requirements

PLACES = (
    {"extra": "", "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"extra": "", "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
)
SOUP = """# Parts made by others (SOUP)

Every package the program needs at run time, with the exact version it is tested with. The tables
are made from `pyproject.toml` (purpose), `installer/constraints.txt` (version) and the packages
themselves (licence). Python itself and Qt's libraries come on top.

A new version is taken in by raising its line there and running all tests. Known anomalies that
concern us are written beside the line in `pyproject.toml` that excludes the version.
"""
RISKS = """# Risk table

Hazard, cause, what the program does about it, and which tests prove that it does. Severity and
likelihood (1 small to 4 great) are before the control and the team's own judgement; the clinic
adds its own for its way of working. No control replaces a physicist: see
[intended use](intended-use.md).
"""
TRACE = """# Requirements and their tests

Each requirement with the files of the tests that bear its ID. Every single test with its result:

```
python -m pytest --junitxml=results.xml
python installer/trace.py results.xml > trace.csv
```

from the source of the program. A requirement without a test fails the tests, and so does a rule of
LEX or the Filter that can be taken out without a test noticing.
"""


def soup_page() -> str:
    """Return resources/help/soup.md."""
    rows = ["| package | version | licence | what it is for |", "|---|---|---|---|"]
    rows += [
        f"| {name} | {version} | {licence} | {why} |" for name, version, licence, why in soup()
    ]
    rows += ["", "## Packages that these need in turn", "",
             "| package | version | licence | needed by |", "|---|---|---|---|"]  # fmt: skip
    pins = dict(_pins())
    rows += [
        f"| {name} | {pins.get(name, 'not pinned')} | {licence_of(name)} | {', '.join(whose)} |"
        for name, whose in needed_in_turn().items()
    ]
    return "\n".join([SOUP, *rows, ""])


def soup() -> list[tuple[str, str, str, str]]:
    """Return name, version, licence and purpose of every package needed at run time."""
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("dependencies = [")[2].partition("\n]")[0]
    pins = dict(_pins())
    row = re.compile(r'^ *"([A-Za-z0-9_.-]+?)[<>=!].*?" *,? *# (.+)$', re.MULTILINE)
    return [(name, pins[_key(name)], licence_of(name), why) for name, why in row.findall(block)]


def needed_in_turn() -> dict[str, list[str]]:
    """Return what the direct packages need, Linux and Windows, with who needs it."""
    direct = [_key(name) for name, _, _, _ in soup()]
    found: dict[str, set[str]] = {}
    waiting = list(direct)
    while waiting:
        whose = waiting.pop()
        for name in _needs(whose):
            if name not in found and name not in direct:
                waiting.append(name)
            found.setdefault(name, set()).add(whose)
    return {name: sorted(found[name]) for name in sorted(found) if name not in direct}


def _needs(name: str) -> Iterator[str]:
    try:
        told = requires(name) or ()
    except PackageNotFoundError:
        return
    for one in map(Requirement, told):
        if one.marker is None or any(one.marker.evaluate(place) for place in PLACES):
            yield _key(one.name)


def _pins() -> Iterator[tuple[str, str]]:
    file = CHECKOUT / "installer" / "constraints.txt"
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, version = line.partition("==")
        if equals:
            yield _key(name), version.partition(";")[0].strip()


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def licence_of(name: str) -> str:
    """Return the licence a package states, in few words; "not stated" for none."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "not installed here"
    for key in ("License-Expression", "License"):
        value = str(told.get(key) or "").strip()
        if value and value != "LICENSE" and len(value) < 60 and "\n" not in value:
            return value
    classified = [
        str(one).rpartition("::")[2].strip()
        for one in told.get_all("Classifier") or ()
        if str(one).startswith("License ::")
    ]
    return ", ".join(dict.fromkeys(classified)) or "not stated"


def risks() -> list[dict[str, Any]]:
    """Return the rows of the risk table."""
    file = CHECKOUT / "resources" / "help" / "risks.toml"
    rows: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["risk"]
    return rows


def risks_page() -> str:
    """Return resources/help/risks.md."""
    parts = [RISKS, "| | hazard | severity | likelihood |", "|---|---|---|---|"]
    parts += [
        f"| {row['id']} | {row['hazard']} | {row['severity']} | {row['likelihood']} |"
        for row in risks()
    ]
    tests = matrix()
    for row in risks():
        named = ", ".join(_rule_link(rule) for rule in row["rules"])
        parts += ["", f"## {row['id']} {row['hazard']}", "", f"- Cause: {row['cause']}.",
                  f"- Control: {row['control']}."]  # fmt: skip
        parts += [f"- Rules: {named}"] if named else []
        parts += [f"- {name}: {requirements()[name]}. Tests: {_files(tests[name])}"
                  for name in row["needs"]]  # fmt: skip
    return "\n".join([*parts, ""])


def _rule_link(rule: str) -> str:
    section = entry_of(rule)
    if section is None:
        raise KeyError(f"{rule} has no entry in the help")
    return f"[{rule}]({section.page}.md#{rule.lower()})"


def _files(tests: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(f"`{test.partition('::')[0]}`" for test in tests))


def trace_page() -> str:
    """Return resources/help/traceability.md."""
    tests = matrix()
    parts = [TRACE, "| requirement | what it asks | tests |", "|---|---|---|"]
    parts += [
        f"| {name} | {asks} | {_files(tests.get(name, ()))} |"
        for name, asks in requirements().items()
    ]
    return "\n".join([*parts, ""])
