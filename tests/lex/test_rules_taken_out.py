"""Every row of LEX that is no check has a test that fails once its rule is taken out.

The checks' own rows prove the same in test_lex_rows.py.
"""

import os
import subprocess
import sys

import pytest

from tests.conftest import CHECKOUT
from tests.lex.rule_taken_out import RULES, VARIABLE


def run(tests, number=""):
    """How pytest ends, 0 passed and 1 failed, and what it says; without one rule, or with all."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
        "-p", "tests.lex.rule_taken_out", *(f"tests/lex/{test}" for test in tests),
    ]  # fmt: skip
    environment = {**os.environ, VARIABLE: str(number)}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_that_every_row_is_there():
    rows = {"L-01", "L-02", "L-03", "L-05", "L-07", "L-08", "L-09", "L-10", "O-01"}
    assert {rule.row for rule in RULES} == rows | {f"L-{n}" for n in range(21, 27)}


def test_that_the_tests_pass_with_all_rules_in():
    code, words = run(sorted({rule.test for rule in RULES}))
    assert code == 0, words


@pytest.mark.parametrize(
    "number", range(len(RULES)), ids=[f"{rule.row} {rule.place}" for rule in RULES]
)
def test_that_the_test_of_a_row_fails_without_its_rule(number):
    code, words = run([RULES[number].test], number)
    assert code == 1, words
    assert " failed" in words
