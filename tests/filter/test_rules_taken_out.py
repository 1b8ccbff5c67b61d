"""Every row of the Filter has a test that fails once its rule is taken out.

R-01 is proved by the import contracts alone (test_layout.py), R-16 to R-19 by tests/filter/mu.
"""

import ast
import json
import os
import subprocess
import sys

import pytest

from installer.trace import marked_ids
from tests.conftest import CHECKOUT
from tests.filter.rule_taken_out import RULES

ROWS = {
    *(f"R-{n:02d}" for n in range(2, 16)), *(f"R-{n}" for n in range(20, 32)),
    "O-03", "O-06", "O-08", "O-09", "O-10", "O-11", "O-12", "O-15",
}  # fmt: skip


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


@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_that_the_test_of_every_row_passes_with_its_rule_and_fails_without():
    done = subprocess.run(
        [sys.executable, "-m", "tests.filter.rule_taken_out"],
        cwd=CHECKOUT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    answer = json.loads(done.stdout or "{}")
    assert (answer.get("whole"), answer.get("control")) == (0, 0), done.stderr[-4000:]
    ends = zip(RULES, answer["without"], strict=True)
    assert [(rule.row, rule.place, code) for rule, code in ends if code != 1] == []
