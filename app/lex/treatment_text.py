"""Treatment data as the text of a TREATMENT.toml file."""

import json
from collections.abc import Mapping
from typing import Any


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
