"""The page of errors known from other viewers names tests that are there."""

import re
from pathlib import Path

from core.paths import RESOURCES

TESTS = Path(__file__).resolve().parents[1]
PAGE = (RESOURCES / "help" / "viewer-known-errors.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)


def test_that_every_group_has_rows_and_every_row_a_test():
    groups = re.split(r"^## ", PAGE, flags=re.M)[1:]
    assert [group[0] for group in groups] == list("ABCDEF")
    rows = [row for group in groups for row in group.splitlines() if row.startswith("| ")]
    rows = [row for row in rows if not row.startswith("| Told of")]
    assert len(rows) > 30
    assert all("::test_that_" in row for row in rows)


def test_that_every_named_test_is_there():
    gone = [
        f"{file}::{name}"
        for file, name in NAMED
        if f"def {name}(" not in (TESTS / file).read_text(encoding="utf-8")
    ]
    assert gone == []
