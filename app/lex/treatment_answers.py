"""Read the answers to LEX's questions from a mapping, strictly: unknown keys and values refuse."""

import difflib
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from app.lex.questions import Question
from core.errors import ClinicFileError


def within(question: Question, table: str) -> Question:
    """Return a question as asked inside its own table."""
    key = question.key.removeprefix(f"{table}.")
    return Question(key, question.label, question.kind, question.unit, limits=question.limits)


def refuse_unknown(entries: Iterable[str], known: list[str], where: str) -> None:
    """Refuse a key nobody asked for: a slip of the pen must not be passed over."""
    for key in entries:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            remedy = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}."
            raise ClinicFileError(f"unknown entry {key!r}", where=where, remedy=remedy)


def answers(
    entries: Mapping[str, Any], questions: Iterable[Question], where: str
) -> dict[str, Any]:
    """Return the answer to each question, None where there is none."""
    asked = {question.key: question for question in questions}
    refuse_unknown(entries, list(asked), where)
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


def table_of(entries: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """Return a table of the entries, empty when it is not there."""
    table = entries.get(name, {})
    if not isinstance(table, Mapping):
        raise ClinicFileError(
            f"{name} is {table!r}, not a table", where=where, remedy=f"Begin it with [{name}]."
        )
    return table


def entries_of(
    entries: Mapping[str, Any], name: str, questions: Iterable[Question], where: str
) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the rows of [prescriptions] or [fields] with their answers."""
    table = table_of(entries, name, where)
    for key in table:
        inner = table_of(table, key, f"{where}, {name}")
        yield key, answers(inner, questions, f"{where}, {name}, {key!r}")


def strip(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not answered, so that the entry's own default holds."""
    return {key: value for key, value in answers.items() if value is not None}


def names_of(value: Any, where: str) -> tuple[str, ...] | None:  # noqa: ANN401  (TOML value)
    """Return the list of beams to write."""
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ClinicFileError(
            f"beams is {value!r}", where=where, remedy="Enter a list of beam names in quotes."
        )
    return tuple(value)
