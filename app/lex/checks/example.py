"""Test data of a check: one value of the standard case changed, and the place to be named."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from core.findings import Finding

_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a case set to another.

    Attributes:
        path: From the case, e.g. "trial.prescriptions[0].beams[1].mu"; a key of a mapping stands
            in brackets as well.
        place: Where the finding must be, as `place_of` writes it; only of a bad example.

    """

    path: str
    value: Any
    place: str = ""


def place_of(finding: Finding) -> str:
    """Return the place of a finding in words: field, point and item, as far as they are told."""
    point = "" if finding.control_point is None else f"point {finding.control_point}"
    return ", ".join(part for part in (finding.field, point, finding.item) if part)


def with_change(part: Any, change: Change) -> Any:  # noqa: ANN401  (any part of a case)
    """Return a part of a case with one value changed.

    Raises:
        KeyError: There is no such place.

    """
    steps = [name or key for name, key in _STEP.findall(change.path)]
    return _put(part, steps, change.value)


def _put(part: Any, steps: Sequence[str], value: Any) -> Any:  # noqa: ANN401  (any part of a case)
    """Return `part` with the value at the end of the steps replaced."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(part, tuple):
        place = int(step)
        return (*part[:place], _put(part[place], rest, value), *part[place + 1 :])
    if isinstance(part, Mapping):
        return {**part, step: _put(part.get(step), rest, value)}
    if not is_dataclass(part) or step not in {entry.name for entry in fields(part)}:
        raise KeyError(f"{step} of {type(part).__name__}")
    return replace(part, **{step: _put(getattr(part, step), rest, value)})  # type: ignore[type-var]
