"""Write resources/help/lex-checks.md anew from the checks themselves."""

import ast
import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from app.lex.rules_page import help_page
from core.safe_write import write_whole

PAGE = CHECKOUT / "resources" / "help" / "lex-checks.md"
ROW = re.compile(r"test_that_([a-z])_(\d\d)_")


def tests_by_row() -> dict[str, list[str]]:
    """Return the tests named after a requirement, by its ID."""
    found: dict[str, list[str]] = {}
    for file in sorted((CHECKOUT / "tests" / "lex").glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (row := ROW.match(node.name)):
                name = f"{row[1].upper()}-{row[2]}"
                found.setdefault(name, []).append(f"{file.name}::{node.name}")
    return found


def page() -> str:
    """Return the page as it should be."""
    return help_page(tests_by_row())


if __name__ == "__main__":
    write_whole(PAGE, page().encode())
    print(f"Written: {PAGE}")
