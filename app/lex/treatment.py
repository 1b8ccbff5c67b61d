"""What the plan does not hold and the user must say (L-05): TREATMENT.toml or the form.

Couch positions are centimetres on the R&V system's own scale. What is absent is None, never zero;
`missing` names it.
"""

import difflib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from app.lex.field_ids import Ambiguous, beams_by_key, is_field_id, written_beams
from app.lex.options import FIELD_PER_POINT, ONE_FIELD, OPEN_LEAVES, RESEQUENCED, SEGMENT_CHOICES
from app.lex.plan import Trial
from app.lex.rv_systems import DEFAULT, rv_system_ids
from core.errors import ClinicFileError
from core.machines import machine_ids

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


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask, for the file and the form alike.

    Attributes:
        key: Place in TREATMENT.toml; "couch.vertical_cm" stands in the table [couch].
        kind: "whole", "decimal", "text", "choice" or "yes".
        limits: Lowest and highest number, or shortest and longest text.
        choices: What a "choice" may be.

    """

    key: str
    label: str
    kind: str
    unit: str = ""
    required: bool = True
    limits: tuple[float, float] = (0, 0)
    choices: Callable[[], tuple[str, ...]] | None = None
    help: str = ""


_SCALE = "On the scale the R&V system shows; the plan does not know it."
_CM = (-999, 999)
QUESTIONS = (
    Question("course", "course", "whole", limits=(1, 99), help="Course number in the R&V."),
    Question("machine", "machine", "text", limits=(1, 20), help="Its name in the R&V system."),
    Question("machine_type", "machine type", "choice", choices=machine_ids),
    Question("dose_rate_mu_min", "dose rate", "whole", "MU/min", limits=(1, 9999)),
    Question("tolerance_table", "tolerance table", "whole", limits=(0, 99)),
    Question("couch.vertical_cm", "couch vertical", "decimal", "cm", limits=_CM, help=_SCALE),
    Question("couch.lateral_cm", "couch lateral", "decimal", "cm", limits=_CM, help=_SCALE),
    Question(
        "couch.longitudinal_cm", "couch longitudinal", "decimal", "cm", limits=_CM, help=_SCALE
    ),
    Question("gated", "gated", "yes", required=False, help="Every field is delivered gated."),
    Question("rv_system", "R&V system", "choice", required=False, choices=rv_system_ids),
    Question("trial", "trial", "text", required=False, limits=(1, 200)),
    Question("segments", "segments", "choice", required=False, choices=lambda: SEGMENT_CHOICES),
    Question("resequence", "resequence segments", "yes", required=False),
    Question("open_covered_leaves", "open covered leaves", "yes", required=False),
)  # fmt: skip
_OF_PRESCRIPTION = (
    Question("id", "name in the R&V", "text", limits=(1, 20)),
    Question("technique", "technique", "text", required=False, limits=(0, 20)),
)
_OF_FIELD = (
    Question("id", "field ID", "text", required=False, limits=(1, 5)),
    Question("dose_rate_mu_min", "dose rate", "whole", "MU/min", False, limits=(1, 9999)),
    Question("gated", "gated", "yes", required=False),
)
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
    couch = [_within(question, "couch") for question in QUESTIONS if "." in question.key]
    top = {key: value for key, value in entries.items() if key not in _TABLES}
    _refuse_unknown(top, [*(q.key for q in plain), *_TABLES], where)
    values = _answers(top, plain, where)
    values |= _answers(_table(entries, "couch", where), couch, f"{where}, couch")
    for key in ("gated", "resequence", "open_covered_leaves"):
        values[key] = bool(values.get(key))
    values["segments"] = values.get("segments") or ONE_FIELD
    values["rv_system"] = values.get("rv_system") or DEFAULT
    return Treatment(
        **values,
        beams=_names(entries.get("beams"), where),
        prescriptions={
            name: PrescriptionEntry(**_strip(entry))
            for name, entry in _entries(entries, "prescriptions", _OF_PRESCRIPTION, where)
        },
        fields={
            name: FieldEntry(**_strip(entry))
            for name, entry in _entries(entries, "fields", _OF_FIELD, where)
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


def treatment_text(entries: Mapping[str, Any]) -> str:
    """Return entries as the text of a TREATMENT.toml file; None is left out."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in entries.items() if _plain(value)]
    for name, table in entries.items():
        if not isinstance(table, Mapping):
            continue
        own = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if _plain(value)]
        if own:
            lines += ["", f"[{_key(name)}]", *own]
        for inner, values in table.items():
            if isinstance(values, Mapping):
                lines += ["", f"[{_key(name)}.{_key(inner)}]"]
                lines += [f"{_key(k)} = {_value(v)}" for k, v in values.items() if _plain(v)]
    return "\n".join(lines).lstrip("\n") + "\n"


# Reading.


def _within(question: Question, table: str) -> Question:
    """Return a question as asked inside its own table."""
    key = question.key.removeprefix(f"{table}.")
    return Question(key, question.label, question.kind, question.unit, limits=question.limits)


def _refuse_unknown(entries: Iterable[str], known: list[str], where: str) -> None:
    """Refuse a key nobody asked for: a slip of the pen must not be passed over."""
    for key in entries:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            remedy = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}."
            raise ClinicFileError(f"unknown entry {key!r}", where=where, remedy=remedy)


def _answers(
    entries: Mapping[str, Any], questions: Iterable[Question], where: str
) -> dict[str, Any]:
    """Return the answer to each question, None where there is none."""
    asked = {question.key: question for question in questions}
    _refuse_unknown(entries, list(asked), where)
    return {key: _answer(question, entries.get(key), where) for key, question in asked.items()}


def _answer(question: Question, value: Any, where: str) -> Any:  # noqa: ANN401  (TOML value)
    """Return one answer of the right kind and within its limits."""
    if value is None or value == "":
        return None
    low, high = question.limits
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match question.kind:
        case "yes":
            good, wanted = isinstance(value, bool), "true or false"
        case "whole":
            good = isinstance(value, int) and number and low <= value <= high
            wanted = f"a whole number from {low:g} to {high:g}"
        case "decimal":
            good = number and isfinite(value) and low <= value <= high
            wanted = f"a number from {low:g} to {high:g}"
        case "choice":
            choices = question.choices() if question.choices else ()
            good, wanted = value in choices, f"one of {', '.join(choices)}"
        case _:
            good = isinstance(value, str) and low <= len(value) <= high and value.isprintable()
            wanted = f"text of {low:g} to {high:g} characters"
    if not good:
        raise ClinicFileError(
            f"{question.label} is {value!r}",
            where=f"{where}, {question.key}",
            remedy=f"Enter {wanted}.",
        )
    return float(value) if question.kind == "decimal" else value


def _table(entries: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """Return a table of the entries, empty when it is not there."""
    table = entries.get(name, {})
    if not isinstance(table, Mapping):
        raise ClinicFileError(
            f"{name} is {table!r}, not a table", where=where, remedy=f"Begin it with [{name}]."
        )
    return table


def _entries(
    entries: Mapping[str, Any], name: str, questions: Iterable[Question], where: str
) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the rows of [prescriptions] or [fields] with their answers."""
    table = _table(entries, name, where)
    for key in table:
        inner = _table(table, key, f"{where}, {name}")
        yield key, _answers(inner, questions, f"{where}, {name}, {key!r}")


def _strip(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not answered, so that the entry's own default holds."""
    return {key: value for key, value in answers.items() if value is not None}


def _names(value: Any, where: str) -> tuple[str, ...] | None:  # noqa: ANN401  (TOML value)
    """Return the list of beams to write."""
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ClinicFileError(
            f"beams is {value!r}", where=where, remedy="Enter a list of beam names in quotes."
        )
    return tuple(value)


# Checking and writing.


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


def _plain(value: object) -> bool:
    """Tell whether a value stands on one line."""
    return value is not None and not isinstance(value, Mapping)


def _key(name: str) -> str:
    """Return a key, in quotes when it is not a bare one."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _value(name)


def _value(value: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    # TOML's basic strings are JSON's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
