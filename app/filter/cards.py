"""Why each rule asks, and where it comes from; one card per rule or family of rules (R-26)."""

from dataclasses import dataclass
from functools import lru_cache

from app.filter.toml_table import read_table
from core.errors import ClinicFileError
from core.findings import Finding
from core.paths import RESOURCES

FILE = RESOURCES / "filter" / "cards.toml"


@dataclass(frozen=True, slots=True)
class Card:
    """What stands behind a rule.

    Attributes:
        name: The rule, or the beginning of the names of a family of rules.
        why: One sentence: what goes wrong for the patient.
        source: Paper, standard or report.

    """

    name: str
    why: str
    source: str


NO_CARD = Card("", "", "")


@lru_cache(maxsize=1)
def cards() -> dict[str, Card]:
    """Return every card by its name.

    Raises:
        ClinicFileError: The file is damaged, so the installation is.

    """
    found = {}
    for name, row in read_table(FILE).items():
        texts = [row.get(key) for key in ("why", "source")] if isinstance(row, dict) else []
        if len(texts) != 2 or not all(isinstance(text, str) and text for text in texts):
            raise ClinicFileError(
                f"the card {name} has no `why` or no `source`", where=str(FILE),
                remedy="Install the program again.",
            )  # fmt: skip
        found[name] = Card(name, str(texts[0]), str(texts[1]))
    return found


def card_of(rule: str) -> Card:
    """Return the card of a rule, or of the nearest family it belongs to."""
    parts = rule.split("-")
    for count in range(len(parts), 1, -1):
        card = cards().get("-".join(parts[:count]))
        if card is not None:
            return card
    return NO_CARD


def why_of(finding: Finding) -> str:
    """Return why a finding matters, with its source in brackets; empty where no card is known."""
    card = card_of(finding.rule)
    return f"{card.why} ({card.source})" if card.why else ""
