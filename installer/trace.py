"""Which test proves which requirement, and whether it passed.

python installer/trace.py                     every requirement with its tests
python -m pytest --junitxml=results.xml       then
python installer/trace.py results.xml         the same with results, as CSV
"""

import ast
import csv
import sys
import tomllib
import xml.etree.ElementTree as Tree
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TESTS = CHECKOUT / "tests"
SENTENCES = CHECKOUT / "resources" / "help" / "requirements.toml"
WORST = ("failed", "skipped", "passed")
NOT_RUN = "not run"


def marked_ids(function: ast.FunctionDef) -> list[str]:
    """Return the requirement IDs in a test's own marks."""
    ids = []
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.req"):
            ids += [one.value for one in mark.args if isinstance(one, ast.Constant)]
    return [str(one) for one in ids]


def matrix() -> dict[str, list[str]]:
    """Return the tests of each requirement, as file::name below the tests folder."""
    rows = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for name in marked_ids(node):
                    rows[name].append(f"{file.relative_to(TESTS).as_posix()}::{node.name}")
    return dict(sorted(rows.items()))


def requirements() -> dict[str, str]:
    """Return what each requirement asks, in one line."""
    return tomllib.loads(SENTENCES.read_text(encoding="utf-8"))


def results(file: Path) -> dict[str, str]:
    """Return the worst result of each test function in a JUnit file, by file::name."""
    found: dict[str, str] = {}
    for case in Tree.parse(file).getroot().iter("testcase"):  # our own tests' own file
        parts = str(case.get("classname")).split(".")
        name = f"{'/'.join(parts[1:])}.py::{str(case.get('name')).partition('[')[0]}"
        tags = {child.tag for child in case}
        state = "failed" if tags & {"failure", "error"} else (
            "skipped" if "skipped" in tags else "passed"
        )  # fmt: skip
        found[name] = min(found.get(name, state), state, key=WORST.index)
    return found


def rows_with(states: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield requirement, what it asks, test, result."""
    asked = requirements()
    for name, tests in matrix().items():
        for test in tests:
            yield name, asked.get(name, ""), test, states.get(test, NOT_RUN)


def main() -> int:
    """Print the matrix; exit code 1 when a test of a requirement failed."""
    states = results(Path(sys.argv[1])) if len(sys.argv) > 1 else {}
    writer = csv.writer(sys.stdout)
    writer.writerow(("requirement", "asks", "test", "result"))
    rows = list(rows_with(states))
    writer.writerows(rows)
    return 1 if any(row[3] == "failed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
