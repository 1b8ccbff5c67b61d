"""What the plan does not hold and the user must say (L-05): TREATMENT.toml or the form.

Couch positions are centimetres on the R&V system's own scale. What is absent is None, never zero;
`missing` names it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.lex.field_ids import Ambiguous, beams_by_key, is_field_id, written_beams
from app.lex.options import FIELD_PER_POINT, ONE_FIELD, OPEN_LEAVES, RESEQUENCED
from app.lex.plan import Trial
from app.lex.questions import OF_FIELD, OF_PRESCRIPTION, QUESTIONS, Question
from app.lex.rv_systems import DEFAULT, rv_system_ids
from app.lex.treatment_answers import (
    answers,
    entries_of,
    names_of,
    refuse_unknown,
    strip,
    table_of,
    within,
)
from app.lex.treatment_text import treatment_text
from core.errors import ClinicFileError

__all__ = [
    "QUESTIONS", "FieldEntry", "Missing", "PrescriptionEntry", "Question", "Treatment", "missing",
    "parse_treatment", "read_treatment", "read_treatment_table", "rv_system_ids", "treatment_text",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PrescriptionEntry:
    """Name of a prescription in the R&V system, and its technique in words."""

    id: str | None = None
    technique: str = ""


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """What is said of one field; None where the entry for the whole plan holds."""

    id: str | None = None
    dose_rate_mu_min: int | None = None
    gated: bool | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """The entries; None where nothing was entered.

    Attributes:
        machine: Name in the R&V system.
        machine_type: Stem of the machine description.
        vertical_cm, lateral_cm, longitudinal_cm: Couch, on the R&V system's own scale.
        segments: "one field" or "field per control point" for a beam of several segments.
        resequence: Whether segments may be put in the order of least travel.
        open_covered_leaves: Whether leaf pairs behind a Y jaw get the machine's gap.
        beams: Names or numbers of the beams to write; None for every treatment beam.
        prescriptions: By name in the plan.
        fields: By beam name, or by beam number as text.

    """

    course: int | None = None
    machine: str | None = None
    machine_type: str | None = None
    dose_rate_mu_min: int | None = None
    tolerance_table: int | None = None
    vertical_cm: float | None = None
    lateral_cm: float | None = None
    longitudinal_cm: float | None = None
    gated: bool = False
    segments: str = ONE_FIELD
    resequence: bool = False
    open_covered_leaves: bool = False
    rv_system: str = DEFAULT
    trial: str | None = None
    beams: tuple[str, ...] | None = None
    prescriptions: Mapping[str, PrescriptionEntry] = field(default_factory=dict)
    fields: Mapping[str, FieldEntry] = field(default_factory=dict)

    @property
    def options(self) -> tuple[str, ...]:
        """Return what is asked beyond a plain transfer, in the words both channels use."""
        asked = {
            FIELD_PER_POINT: self.segments == FIELD_PER_POINT,
            RESEQUENCED: self.resequence,
            OPEN_LEAVES: self.open_covered_leaves,
        }
        return tuple(words for words, wanted in asked.items() if wanted)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing the user has still to say: where it belongs and what it is called."""

    key: str
    label: str


_TABLES = ("couch", "prescriptions", "fields", "beams")


def parse_treatment(entries: Mapping[str, Any], where: str) -> Treatment:
    """Return the treatment data of a mapping shaped like TREATMENT.toml.

    Args:
        entries: The mapping; anything may be left out.
        where: File or form, for the error.

    Raises:
        ClinicFileError: An unknown key, or a value of the wrong kind or outside its limits.

    """
    plain = [question for question in QUESTIONS if "." not in question.key]
    couch = [within(question, "couch") for question in QUESTIONS if "." in question.key]
    top = {key: value for key, value in entries.items() if key not in _TABLES}
    refuse_unknown(top, [*(q.key for q in plain), *_TABLES], where)
    values = answers(top, plain, where)
    values |= answers(table_of(entries, "couch", where), couch, f"{where}, couch")
    for key in ("gated", "resequence", "open_covered_leaves"):
        values[key] = bool(values.get(key))
    values["segments"] = values.get("segments") or ONE_FIELD
    values["rv_system"] = values.get("rv_system") or DEFAULT
    return Treatment(
        **values,
        beams=names_of(entries.get("beams"), where),
        prescriptions={
            name: PrescriptionEntry(**strip(entry))
            for name, entry in entries_of(entries, "prescriptions", OF_PRESCRIPTION, where)
        },
        fields={
            name: FieldEntry(**strip(entry))
            for name, entry in entries_of(entries, "fields", OF_FIELD, where)
        },
    )


def read_treatment(path: Path) -> Treatment:
    """Read a TREATMENT.toml file; errors as in `parse_treatment` and `read_treatment_table`."""
    return parse_treatment(read_treatment_table(path), path.name)


def read_treatment_table(path: Path) -> dict[str, Any]:
    """Return the entries of a TREATMENT.toml file as they stand.

    Raises:
        ClinicFileError: The file cannot be opened, or is not TOML in UTF-8.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        what = f"the treatment data cannot be opened: {fault.strerror or fault}"
        remedy = "Choose the file again."
    except (ValueError, RecursionError) as fault:
        what = f"the treatment data cannot be read as TOML: {fault}"
        remedy = "Correct the file at that place."
    raise ClinicFileError(what, where=str(path), remedy=remedy)


def missing(trial: Trial, treatment: Treatment) -> tuple[Missing, ...]:
    """Return what has still to be said before this trial may be written (L-05).

    A name of a prescription or beam the trial does not have counts as missing, too.
    """
    gaps = [
        Missing(question.key, question.label)
        for question in QUESTIONS
        if question.required and _of(treatment, question.key) is None
    ]
    written = written_beams(trial, treatment.beams)
    for prescription in dict.fromkeys(rx.name for rx, _ in written):
        entry = treatment.prescriptions.get(prescription)
        if entry is None or entry.id is None:
            label = f"R&V name of prescription {prescription!r}"
            gaps.append(Missing(f"prescriptions.{prescription}.id", label))
    if not written:
        gaps.append(Missing("beams", "a beam to write"))
    return (*gaps, *_strangers(trial, treatment))


def _of(treatment: Treatment, key: str) -> Any:  # noqa: ANN401  (any entry)
    """Return an entry by its place in the file."""
    return getattr(treatment, key.rpartition(".")[2])


def _strangers(trial: Trial, treatment: Treatment) -> Iterable[Missing]:
    """Yield every name the trial does not have: what was said of it would be lost."""
    names = [rx.name for rx in trial.prescriptions]
    for name in treatment.prescriptions:
        if name not in names:
            yield Missing(f"prescriptions.{name}", f"a prescription called {name!r} in the plan")
    found = beams_by_key(trial, (*(treatment.beams or ()), *treatment.fields))
    for name, beam in found.items():
        if isinstance(beam, Ambiguous):
            count = f"{beam.count} beams" if beam.count else "no beam"
            yield Missing(
                f"fields.{name}", f"a beam for {name!r}, which names {count} of the plan"
            )
    for name, entry in treatment.fields.items():
        if entry.id is not None and not is_field_id(entry.id):
            yield Missing(f"fields.{name}.id", f"field ID {entry.id!r} of {name!r}: use A-Z, 0-9")
