"""The sentence each rule holds a plan to, and the entries it compares with."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache

from core.errors import ClinicFileError
from core.paths import RESOURCES

FILE = RESOURCES / "filter" / "sentences.toml"
AGAIN = "Install the program again."


@dataclass(frozen=True, slots=True)
class Sentence:
    """One row.

    Attributes:
        rule: The rule, or the beginning of the names of a family of rules.
        says: The sentence that must hold, without full stop.
        limits: Entries of tolerances.toml and rules.toml, as "group.name".

    """

    rule: str
    says: str
    limits: tuple[str, ...]


@lru_cache(maxsize=1)
def sentences() -> dict[str, Sentence]:
    """Return every row by its rule, in the order of the file.

    Raises:
        ClinicFileError: The file is damaged, so the installation is.

    """
    found = {}
    try:
        rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ClinicFileError(
            f"the sentences of the rules cannot be read: {fault}", where=str(FILE), remedy=AGAIN
        ) from fault
    for rule, row in rows.items():
        says = row.get("says") if isinstance(row, dict) else None
        limits = row.get("limits", []) if isinstance(row, dict) else None
        if not isinstance(says, str) or not says or not isinstance(limits, list):
            raise ClinicFileError(f"the row {rule} says nothing", where=str(FILE), remedy=AGAIN)
        found[rule] = Sentence(rule, says, tuple(str(one) for one in limits))
    return found


def sentence_of(rule: str) -> str:
    """Return the sentence of a rule, or of the nearest family it belongs to; "" for none."""
    parts = rule.split("-")
    for count in range(len(parts), 1, -1):
        row = sentences().get("-".join(parts[:count]))
        if row is not None:
            return row.says
    return ""
