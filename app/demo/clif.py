"""Write the planner's ASCII object files: `key = value;`, nested objects, repeated keys.

Latin-1, LF, two blanks for each level. A body is a list of pairs, since keys repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass

STAMP = "2024-03-01 08:00:00"
VERSION = "Pinnacle v9.10"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A value kept in the binary file of this number."""

    number: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of points, one row of numbers each."""

    rows: Sequence[Sequence[float]]


Value = str | int | float | Elsewhere | Rows | Sequence[tuple[str, "Value"]]
Body = Sequence[tuple[str, Value]]


def clif(body: Body) -> bytes:
    """Return the file of a body."""
    return ("\n".join(_lines(body, "")) + "\n").encode("latin-1")


def numbered(bodies: Sequence[Body]) -> Body:
    """Return bodies under the keys #0, #1, ..."""
    return [(f"#{k}", body) for k, body in enumerate(bodies)]


def labels(texts: Sequence[str]) -> Body:
    """Return a list of display strings."""
    return numbered([[("String", text)] for text in texts])


def number(value: float) -> str:
    """Return a number as the planner prints it, 6 significant digits."""
    return str(value) if isinstance(value, int) else f"{value + 0.0:.6g}"


def object_version() -> Body:
    """Return who wrote an object and when; always the same here."""
    return [
        ("WriteVersion", VERSION),
        ("CreateVersion", VERSION),
        ("LoginName", "demo"),
        ("CreateTimeStamp", STAMP),
        ("WriteTimeStamp", STAMP),
        ("LastModifiedTimeStamp", ""),
    ]


def _lines(body: Body, indent: str) -> list[str]:
    made: list[str] = []
    for key, value in body:
        if isinstance(value, str):
            made.append(f'{indent}{key} = "{value}";')
        elif isinstance(value, int | float):
            made.append(f"{indent}{key} = {number(value)};")
        elif isinstance(value, Elsewhere):
            made.append(f"{indent}{key} = \\XDR:{value.number}\\;")
        elif isinstance(value, Rows):
            rows = [",".join(number(part) for part in row) for row in value.rows]
            points = ",\n".join(f"{indent}  {row}" for row in rows)
            made.append(f"{indent}{key} ={{\n{points}\n{indent}}};")
        else:
            made += [f"{indent}{key} ={{", *_lines(value, f"{indent}  "), f"{indent}}};"]
    return made
