"""The matrix requirement -> tests; `pytest tests/test_requirements.py -s` prints it."""

import ast
import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ID = re.compile(r"[LROY]-\d{2}")


def marked_ids(function: ast.FunctionDef) -> list[str]:
    ids = []
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.req"):
            ids += [argument.value for argument in mark.args if isinstance(argument, ast.Constant)]
    return ids


def matrix() -> dict[str, list[str]]:
    rows = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for name in marked_ids(node):
                    rows[name].append(f"{file.relative_to(TESTS)}::{node.name}")
    return dict(sorted(rows.items()))


# What the present version builds; later versions add rows, none may lose its proof.
BUILT = {
    *(f"L-{number:02d}" for number in range(1, 27)),
    *(f"R-{number:02d}" for number in range(1, 18)), *(f"R-{number}" for number in range(19, 32)),
    "O-01", "O-03", "O-06", "O-07", "O-08", "O-09", "O-10", "O-11", "O-12", "O-15", "O-16",
}  # fmt: skip


def test_that_every_requirement_built_has_a_proof():
    rows = matrix()
    for name, tests in rows.items():
        print(f"{name}  {len(tests):3d}  {tests[0]}")
        for test in tests[1:]:
            print(f"           {test}")
    assert set() == BUILT - set(rows)


def test_that_every_mark_names_a_requirement():
    assert [name for name in matrix() if not ID.fullmatch(name)] == []


def test_that_every_mark_names_a_requirement_of_the_list(shared_data):
    text = (shared_data.parent / "design" / "requirements.md").read_text(encoding="utf-8")
    assert set(matrix()) <= set(ID.findall(text))
