"""The demonstration machine in a clinic's folder, as it is or with one text changed."""

import re
from pathlib import Path

from core.paths import RESOURCES

DEMO = (RESOURCES / "machines" / "demo_linac.toml").read_text(encoding="utf-8")


def clinic(folder: Path, text: str | bytes, stem: str = "demo_linac") -> Path:
    """A clinic's folder with one machine file."""
    (folder / "machines").mkdir()
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "machines" / f"{stem}.toml").write_bytes(data)
    return folder


def replaced(old: str, new: str) -> str:
    """The demonstration machine with one text replaced, which must stand there once."""
    assert DEMO.count(old) == 1, old
    return DEMO.replace(old, new)


def with_line(key: str, line: str) -> str:
    """The demonstration machine with another line for `key`."""
    text, count = re.subn(rf"(?m)^{key} = .*$", lambda _: line, DEMO)
    assert count == 1, key
    return text
