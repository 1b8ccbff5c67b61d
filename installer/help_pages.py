"""Write the generated help pages anew: `python installer/help_pages.py`; a test keeps them so."""

import sys
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from app import keys
from core.safe_write import write_whole
from installer import help_conformance, help_documents, help_rules, lex_checks_page

FOLDER = CHECKOUT / "resources" / "help"
PAGES: dict[str, Callable[[], str]] = {
    "lex-checks": lex_checks_page.page,
    "lex-writing": help_rules.lex_more_page,
    "filter-checks": help_rules.filter_page,
    "filter-compared": help_rules.compared_page,
    "mu-checks": help_rules.mu_page,
    "certificate": help_rules.certificate_page,
    "dicom-conformance": help_conformance.conformance_page,
    "keys": keys.page_text,
    "soup": help_documents.soup_page,
    "risks": help_documents.risks_page,
    "traceability": help_documents.trace_page,
}


def main() -> None:
    """Write every page whose text is not as it should be."""
    for name, make in PAGES.items():
        file, text = FOLDER / f"{name}.md", make()
        old = file.read_text(encoding="utf-8") if file.is_file() else ""
        if old != text:
            write_whole(file, text.encode())
        print(f"{name}.md {'as it was' if old == text else 'written'}")


if __name__ == "__main__":
    main()
