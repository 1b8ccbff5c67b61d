"""Values of a data set as numbers, or a sentence that says which one is missing or odd."""

import math
from typing import Any, Protocol

import numpy as np
from pydicom.dataset import Dataset

from core.dose.geometry import Floats
from core.errors import UnreadableRecordError

EXPORT_AGAIN = "Export the object again from where it came."


class Readable(Protocol):
    """What has values by keyword: a data set, or an object whose header is not decoded."""

    def get(self, key: str, /) -> Any:  # noqa: ANN401  (whatever the file holds)
        """Return a value; None when it is not there."""


def _value(data: Readable, keyword: str) -> Any:  # noqa: ANN401  (whatever the file holds)
    """Return a value as pydicom gives it; None when it is not there.

    Raises:
        UnreadableRecordError: Its bytes are damaged.

    """
    try:
        return data.get(keyword)
    except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
        raise UnreadableRecordError(
            f"{keyword} is damaged ({fault})", where=keyword, remedy=EXPORT_AGAIN
        ) from fault


def text(data: Readable, keyword: str) -> str:
    """Return a value as trimmed text; empty when it is not there."""
    value = _value(data, keyword)
    return "" if value is None else str(value).strip()


def name_words(name: str) -> str:
    """Return a person's name for people: "Doe^Jane" as "Doe, Jane" (PS3.5 6.2.1); maybe empty."""
    parts = [part.strip() for part in name.split("=", maxsplit=1)[0].split("^")]
    return ", ".join(part for part in parts if part)


def items(data: Readable, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; none when it is not there.

    Raises:
        UnreadableRecordError: The sequence is damaged or cut short.

    """
    value = _value(data, keyword)
    return list(value) if value is not None and not isinstance(value, str) else []


def maybe_float(data: Readable, keyword: str) -> float | None:
    """Return one finite number, or None when it is not there or no number."""
    try:
        value = float(_value(data, keyword))
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def maybe_int(data: Readable, keyword: str) -> int | None:
    """Return one whole number, or None when it is not there or none."""
    value = maybe_float(data, keyword)
    return int(value) if value is not None and value == int(value) else None


def numbers(data: Readable, keyword: str) -> Floats | None:
    """Return all values as numbers, or None when one of them is none or nothing is there."""
    try:
        value = _value(data, keyword)
        if value is None:
            return None
        found = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if len(found) and bool(np.isfinite(found).all()) else None


def need_numbers(data: Readable, keyword: str, count: int | None, where: str) -> Floats:
    """Return `count` finite numbers (any count for None).

    Raises:
        UnreadableRecordError: There are not that many, or one is no number.

    """
    found = numbers(data, keyword)
    if found is None or (count is not None and len(found) != count):
        have = "is missing" if found is None else f"has {len(found)} values"
        wanted = "numbers" if count is None else f"{count} numbers" if count > 1 else "a number"
        raise UnreadableRecordError(
            f"{keyword} {have}; {wanted} must be there", where=where, remedy=EXPORT_AGAIN
        )
    return found


def need_float(data: Readable, keyword: str, where: str) -> float:
    """Return one finite number.

    Raises:
        UnreadableRecordError: It is not there or no number.

    """
    return float(need_numbers(data, keyword, 1, where)[0])


def frame_axes(data: Readable, where: str) -> tuple[Floats, Floats]:
    """Return the unit vectors of ImageOrientationPatient: along columns, along rows.

    Raises:
        UnreadableRecordError: It is missing, or the two are no perpendicular unit vectors.

    """
    six = need_numbers(data, "ImageOrientationPatient", 6, where)
    along_columns, along_rows = six[:3], six[3:]
    lengths = np.linalg.norm(along_columns), np.linalg.norm(along_rows)
    square = abs(along_columns @ along_rows) < 1e-3
    if not (square and all(abs(length - 1) < 1e-3 for length in lengths)):
        raise UnreadableRecordError(
            "ImageOrientationPatient holds no two perpendicular unit vectors",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    along_columns = along_columns / lengths[0]
    along_rows = along_rows - (along_rows @ along_columns) * along_columns
    return along_columns, along_rows / np.linalg.norm(along_rows)


def pixel_spacing(data: Readable, where: str) -> tuple[float, float]:
    """Return the distance of columns and of rows in mm (PixelSpacing gives rows first).

    Raises:
        UnreadableRecordError: It is missing or not positive.

    """
    row_mm, column_mm = need_numbers(data, "PixelSpacing", 2, where)
    if not (row_mm > 0 and column_mm > 0):
        raise UnreadableRecordError(
            f"PixelSpacing {row_mm:g} x {column_mm:g} mm is impossible",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    return float(column_mm), float(row_mm)
