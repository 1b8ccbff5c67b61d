"""An index of a department without its files: persons, studies, series, instances by the rules."""

import hashlib
import random
from pathlib import Path

from core.archive.facts import Facts
from core.archive.store import Received

ROWS_OF_A_PERSON = 50
# Family names as they are: many bear a few of them.
FAMILIES = ("Smith", "Müller", "García", "Nguyen", "Kowalski", "Rossi", "Jensen", "Okafor",
            "Yamada", "Dubois", "Novak",
            "Petrov", "Haddad", "Lindqvist", "O'Brien", "van Dijk")  # fmt: skip
GIVEN = ("Anna", "Maria", "Jan", "Peter", "Li", "Ahmed", "Sofia", "Thomas", "Eva", "José",
         "Ingrid", "Paul", "Fatima", "John", "Chloé", "Ivan")  # fmt: skip
SYLLABLES = ("ba", "de", "fo", "gu", "ka", "le", "mi", "no", "pa", "ro", "su", "ta", "vi", "zo")
CT, STRUCTURES, PLAN, DOSE = (f"1.2.840.10008.5.1.4.1.1.{end}"
                              for end in ("2", "481.3", "481.5", "481.2"))  # fmt: skip
NOWHERE = Path("nowhere")


def name_of(number):
    rng = random.Random(number)
    family = FAMILIES[number % len(FAMILIES)] + rng.choice(("", "", *SYLLABLES))
    return f"{family}{''.join(rng.choices(SYLLABLES, k=2))}^{rng.choice(GIVEN)}"


def number_of(number):
    return f"{100_000 + 37 * number}"


def date_of(number):
    return f"{2005 + number % 20}{1 + number // 20 % 12:02d}{1 + number // 240 % 28:02d}"


def facts_of(person):
    """The objects of one person: a CT of 47 slices, structures, plan, dose."""
    base = f"1.2.826.0.1.3680043.10.999.{person}"
    kinds = [(CT, "CT", "1", cut) for cut in range(ROWS_OF_A_PERSON - 3)]
    kinds += [(STRUCTURES, "RTSTRUCT", "2", 0), (PLAN, "RTPLAN", "3", 0), (DOSE, "RTDOSE", "4", 0)]
    for sop_class, modality, series, cut in kinds:
        yield Facts(
            f"{base}.{series}.{cut}", sop_class, modality, "1.2.840.10008.1.2.1", str(cut + 1),
            number_of(person), name_of(person), "19600101", "F", f"{base}.9", date_of(person),
            "Planning", f"A{person}", f"{base}.{series}", series, modality, f"{base}.8", None,
        )  # fmt: skip


def fill(index, first, last):
    """Add persons from `first` up to `last`."""
    for start in range(first, last, 500):
        with index.writing():
            for person in range(start, min(start + 500, last)):
                for facts in facts_of(person):
                    digest = hashlib.sha256(facts.sop_uid.encode()).hexdigest()
                    index.add(facts, Received(NOWHERE, digest, 525_000), "SCANNER")
