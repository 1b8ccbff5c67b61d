"""Every row of the Filter has a test that fails once its rule is taken out.

R-01 is proved by the import contracts alone (test_layout.py), R-16 to R-19 by tests/filter/mu.
"""

import ast
import os
import subprocess
import sys

import pytest

from tests.conftest import CHECKOUT
from tests.filter.rule_taken_out import RULES, VARIABLE
from tests.test_requirements import marked_ids

ROWS = {
    *(f"R-{n:02d}" for n in range(2, 16)), *(f"R-{n}" for n in range(20, 32)),
    "O-03", "O-06", "O-08", "O-09", "O-10", "O-11", "O-12", "O-15",
}  # fmt: skip


def run(tests, number=""):
    """How pytest ends, 0 passed and 1 failed, and what it says; without one rule, or with all."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider",
        "-p", "tests.filter.rule_taken_out", *(f"tests/{test}" for test in tests),
    ]  # fmt: skip
    environment = {**os.environ, VARIABLE: str(number)}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_that_every_row_is_there():
    assert {rule.row for rule in RULES} == ROWS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.row} {rule.place}")
def test_that_the_test_bears_the_row_s_id(rule):
    file, _, name = rule.test.partition("::")
    tree = ast.parse((CHECKOUT / "tests" / file).read_text(encoding="utf-8"))
    (own,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert rule.row in marked_ids(own)


@pytest.mark.timeout(300)
def test_that_the_tests_pass_with_all_rules_in():
    code, words = run(sorted({rule.test for rule in RULES}))
    assert code == 0, words


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "number", range(len(RULES)), ids=[f"{rule.row} {rule.place}" for rule in RULES]
)
def test_that_the_test_of_a_row_fails_without_its_rule(number):
    code, words = run([RULES[number].test], number)
    assert code == 1, words
    assert " failed" in words
