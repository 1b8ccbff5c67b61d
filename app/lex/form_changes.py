"""What changed between two states of the treatment form, and how it is called."""

from collections.abc import Mapping
from typing import Any

from app.lex.questions import OF_FIELD, OF_PRESCRIPTION, QUESTIONS

Key = tuple[str, ...]
Change = tuple[Any, Any]
# The boxes the user types into, letter by letter.
TYPED = ("course", "machine", "dose_rate_mu_min", "tolerance_table", "couch")
# What is proposed anew follows of these: they name a change of several entries.
LEADING: tuple[Key, ...] = (("rv_system",), ("machine_type",))
_ROWS = {"prescriptions": OF_PRESCRIPTION, "fields": OF_FIELD}


def flat(entries: Mapping[str, Any]) -> dict[Key, Any]:
    """Return nested entries as one mapping; what is empty or not ticked is left out."""
    found: dict[Key, Any] = {}
    for key, value in entries.items():
        if isinstance(value, Mapping):
            found |= {(key, *inner): one for inner, one in flat(value).items()}
        elif value is not None and value is not False and value != "":
            found[(key,)] = value
    return found


def nested(entries: Mapping[Key, Any]) -> dict[str, Any]:
    """Return entries as the mapping of a TREATMENT.toml file; None is left out."""
    whole: dict[str, Any] = {}
    for key, value in entries.items():
        if value is not None:
            table = whole
            for part in key[:-1]:
                table = table.setdefault(part, {})
            table[key[-1]] = value
    return whole


def changes(before: Mapping[Key, Any], after: Mapping[Key, Any]) -> dict[Key, Change]:
    """Return what differs: before and after by key, None for nothing."""
    keys = [*before, *(key for key in after if key not in before)]
    return {
        key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    }


def joined(first: Mapping[Key, Change], then: Mapping[Key, Change]) -> dict[Key, Change]:
    """Return two changes, one after the other, as one; empty when the second undoes the first."""
    whole = dict(first)
    for key, (before, after) in then.items():
        whole[key] = (whole[key][0] if key in whole else before, after)
    return {key: change for key, change in whole.items() if change[0] != change[1]}


def in_words(changed: Mapping[Key, Change]) -> str:
    """Return what changed, as it stands behind "Undo": "course", "field ID, AP"."""
    named = [key for key in LEADING if key in changed] or list(changed)
    return _label(named[0]) if len(named) == 1 else f"{len(named)} entries"


def typed_key(changed: Mapping[Key, Change]) -> Key | None:
    """Return the key of a change made by typing into one box; None for any other."""
    only = next(iter(changed)) if len(changed) == 1 else None
    return only if only is not None and only[0] in TYPED else None


def _label(key: Key) -> str:
    if key[0] in _ROWS:
        of = {question.key: question.label for question in _ROWS[key[0]]}
        return f"{of[key[-1]]}, {key[1]}"
    labels = {question.key: question.label for question in QUESTIONS}
    return labels[".".join(key)]
