"""Which beams are written, by what name they are meant, and what their fields are called."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.lex.nomenclature import IdRule
from app.lex.plan import Beam, Prescription, Trial

LONGEST = 5
LETTERS = "ABCDEFGHJKLMNP"


class Entry(Protocol):
    """What is said of one field."""

    @property
    def id(self) -> str | None:
        """Field ID entered; None for none."""


class Entries(Protocol):
    """The part of the treatment data that names beams and fields."""

    @property
    def beams(self) -> tuple[str, ...] | None:
        """Beams to write; None for all."""

    @property
    def fields(self) -> Mapping[str, Entry]:
        """Entries by beam name or number."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A name that stands for no beam or for more than one."""

    count: int


def is_field_id(text: str) -> bool:
    """Tell whether `text` is one to five letters and digits of ASCII (R-15)."""
    return text.isascii() and text.isalnum() and len(text) <= LONGEST


def beams_by_key(trial: Trial, keys: Iterable[str]) -> dict[str, Beam | Ambiguous]:
    """Return the beam each key means: the beam of this name, else the one of this number."""
    found: dict[str, Beam | Ambiguous] = {}
    for key in keys:
        named = [beam for beam in trial.beams if beam.name == key]
        meant = named or [beam for beam in trial.beams if str(beam.number) == key]
        # One beam given in two prescriptions is still one beam.
        numbers = {beam.number for beam in meant}
        found[key] = meant[0] if len(numbers) == 1 else Ambiguous(len(numbers))
    return found


def written_beams(
    trial: Trial, chosen: Sequence[str] | None
) -> tuple[tuple[Prescription, Beam], ...]:
    """Return the beams to write with their prescriptions, in the order of the plan.

    Args:
        trial: The plan.
        chosen: Names or numbers; None for all. Set-up beams are never written.

    """
    meant = beams_by_key(trial, chosen or ()).values()
    numbers = {beam.number for beam in meant if isinstance(beam, Beam)}
    return tuple(
        (prescription, beam)
        for prescription in trial.prescriptions
        for beam in prescription.beams
        if not beam.setup and (chosen is None or beam.number in numbers)
    )


def entry_of(trial: Trial, entries: Mapping[str, Entry], beam: Beam) -> Entry | None:
    """Return what is said of a beam, or None; a name comes before a number."""
    for key, meant in beams_by_key(trial, entries).items():
        if isinstance(meant, Beam) and meant.number == beam.number:
            return entries[key]
    return None


def field_ids(trial: Trial, treatment: Entries, rule: IdRule | None = None) -> tuple[str, ...]:
    """Return the field ID of every written beam, in the order of `written_beams`.

    The ID entered counts, then the clinic's rule, then the planner's own, then the beam number.
    Only proposals are kept apart from each other and from what was entered: two equal entries
    stay equal, for the check to find.
    """
    written = written_beams(trial, treatment.beams)
    beams = [beam for _, beam in written]
    ruled = _by_rule(trial, written, rule or IdRule())
    entered = [_entered(trial, treatment, beam) for beam in beams]
    taken = {text.upper() for text in entered if text}
    ids = []
    for beam, text, wanted in zip(beams, entered, ruled, strict=True):
        id = text or _free(beam, wanted, taken)
        taken.add(id.upper())
        ids.append(id)
    return tuple(ids)


def proposed_field_ids(
    trial: Trial, treatment: Entries, rule: IdRule | None = None
) -> dict[str, str]:
    """Return a field ID for every written beam by its name: unique, one to five characters."""
    written = written_beams(trial, treatment.beams)
    ids = field_ids(trial, treatment, rule)
    return {beam.name: id for (_, beam), id in zip(written, ids, strict=True)}


def _entered(trial: Trial, treatment: Entries, beam: Beam) -> str:
    """Return the ID entered for a beam, "" for none."""
    entry = entry_of(trial, treatment.fields, beam)
    return "" if entry is None else entry.id or ""


def id_by_code(beam: Beam, rule: IdRule) -> str | None:
    """Return the field ID a block code of the beam asks for (R-15); None when none does."""
    for block in beam.blocks:
        for code, pattern in rule.block_codes.items():
            if match := re.fullmatch(code, block.code):
                groups = [group or "" for group in match.groups()]
                return pattern.format("", *groups, number=beam.number, place="", letter="", rx="")
    return None


def _by_rule(
    trial: Trial, written: Sequence[tuple[Prescription, Beam]], rule: IdRule
) -> list[str]:
    """Return the ID the clinic's rule gives each beam, "" where it gives none."""
    names = [rx.name for rx in trial.prescriptions]
    places: dict[str, int] = {}
    ids = []
    for rx, beam in written:
        place = places[rx.name] = places.get(rx.name, 0) + 1
        letter = LETTERS[(place - 1) % len(LETTERS)]
        by_code = id_by_code(beam, rule)
        ids.append(
            rule.pattern.format(
                number=beam.number, place=place, letter=letter, rx=names.index(rx.name) + 1
            )
            if by_code is None
            else by_code
        )
    return ids


def _free(beam: Beam, wanted: str, taken: set[str]) -> str:
    """Return an ID nobody has: by the rule, the planner's own, the number, with a letter."""
    number = str(beam.number)[-(LONGEST - 1) :]
    for text in (wanted, beam.field_id, number, *(f"{number}{letter}" for letter in LETTERS)):
        if is_field_id(text) and text.upper() not in taken:
            return text
    # Every nearby one is taken: count.
    return next(str(one) for one in range(1, 100_000) if str(one) not in taken)
