"""Every value a source holds, by its place: nothing that a file says is left out.

A baseline is held against texts as written, not against what a reader makes of them: an element
that no check looks at must not change unseen either (R-31).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from app.filter.pinnacle_stream import stream
from app.filter.plan_dicom import load_plan
from app.filter.plan_dicom_item import EXPORT_AGAIN, PARSER_FAULTS
from app.filter.rtp_columns import columns
from app.filter.rtp_text import Line, read_file, require_checksums
from core.errors import UnreadableFileError

RTP, DICOM, PINNACLE = "RTP-Connect", "DICOM RT Plan", "Pinnacle plan"
POINT = "CONTROL_PT_DEF"
# What a record is known by, wherever it stands in the file.
NAMES = {
    "RX_DEF": ("rx_site_name",), "SITE_SETUP_DEF": ("rx_site_name",), "FIELD_DEF": ("field_id",),
    "PDF_FIELD_DEF": ("field_id",), "EXTENDED_FIELD_DEF": ("field_id",), "MLC_DEF": ("field_id",),
    "MLC_SHAPE_DEF": ("field_id",), POINT: ("field_id",), "SIM_DEF": ("field_id",),
}  # fmt: skip
# What an item of a DICOM sequence is known by (PS3.3 C.8.8.9 to C.8.8.14); else its place.
NUMBERS = (
    "BeamNumber", "ReferencedBeamNumber", "ControlPointIndex", "FractionGroupNumber",
    "PatientSetupNumber", "ToleranceTableNumber", "DoseReferenceNumber", "WedgeNumber",
    "ReferencedWedgeNumber", "BlockNumber", "CompensatorNumber", "RTBeamLimitingDeviceType",
    "ReferencedDoseReferenceNumber", "ReferencedSOPInstanceUID",
)  # fmt: skip


class Place(NamedTuple):
    """Where a value stands.

    Attributes:
        record: Record type, path of DICOM sequences, or file of a plan folder.
        field: Field ID or number of the beam; empty for what belongs to the whole plan.
        point: Number of the control point, 0-based; None outside control points.
        item: Element, keyword or path.

    """

    record: str
    field: str
    point: int | None
    item: str


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is not what it was; None where it did not or does not stand in the source."""

    place: Place
    was: str | None
    now: str | None


def values_of(kind: str, path: Path, name: str) -> dict[Place, str]:
    """Return every value of one file.

    Args:
        kind: RTP, DICOM or PINNACLE.
        path: Where its content lies.
        name: Its name, for messages and for the places in a plan folder.

    Raises:
        RemedyError: The content is damaged.

    """
    if kind == RTP:
        file = read_file(path)
        require_checksums(file)
        return _numbered(_of_rtp(file.records))
    if kind == DICOM:
        try:
            return _numbered(_of_dataset(load_plan(path), "", "", None))
        except PARSER_FAULTS as fault:
            raise UnreadableFileError(
                f"the file is damaged: {fault}", where=name, remedy=EXPORT_AGAIN
            ) from fault
    text = path.read_bytes().decode("latin-1")
    return {Place(name, "", None, one.path): one.value for one in stream(text, name)}


def changes(was: dict[Place, str], now: dict[Place, str]) -> tuple[Change, ...]:
    """Return the values that differ, in the order of the later source, then what it lacks."""
    found = [Change(place, was.get(place), value) for place, value in now.items()]
    found += [Change(place, value, None) for place, value in was.items() if place not in now]
    return tuple(one for one in found if not _same(one.was, one.now))


def _same(one: str | None, other: str | None) -> bool:
    """Tell whether two texts mean the same: equal, or equal numbers ("4.2" and "4.20")."""
    if one == other:
        return True
    if one is None or other is None:
        return not one and not other
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _numbered(found: Iterator[tuple[Place, str]]) -> dict[Place, str]:
    """Keep values whose places are equal apart by their count."""
    seen: Counter[Place] = Counter()
    made = {}
    for place, value in found:
        seen[place] += 1
        count = seen[place]
        made[place if count == 1 else place._replace(item=f"{place.item} #{count}")] = value
    return made


def _of_rtp(records: tuple[Line, ...]) -> Iterator[tuple[Place, str]]:
    points: Counter[str] = Counter()
    for line in records:
        layout = columns(line.keyword, len(line.cells)) or ()
        names = [column.name for column in layout]
        names += [f"value_{place}" for place in range(len(names), len(line.cells) - 1)]
        # The last cell is the checksum, which says nothing of its own.
        cells = dict(zip(names[1:], (cell.strip() for cell in line.cells[1:-1]), strict=False))
        known_by = [cells.get(name, "") for name in NAMES.get(line.keyword, ())]
        field = known_by[0] if known_by else ""
        point = None
        if line.keyword == POINT:
            point = points[field]
            points[field] += 1
        for name, value in cells.items():
            yield Place(line.keyword, field, point, name), value


def _of_dataset(
    dataset: Dataset, record: str, field: str, point: int | None
) -> Iterator[tuple[Place, str]]:
    for element in dataset:
        name = element.keyword or str(element.tag)
        value = element.value
        if isinstance(value, Sequence):
            for number, item in enumerate(value):
                yield from _of_item(item, f"{record}/{name}".strip("/"), number, (field, point))
        elif isinstance(value, MultiValue | list):
            for number, one in enumerate(value, start=1):
                yield Place(record, field, point, f"{name}[{number}]"), str(one)
        elif isinstance(value, bytes):
            yield Place(record, field, point, name), f"SHA-256 {sha256(value).hexdigest()}"
        else:
            yield Place(record, field, point, name), "" if value is None else str(value).strip()


def _of_item(
    item: Dataset, record: str, number: int, above: tuple[str, int | None]
) -> Iterator[tuple[Place, str]]:
    field, point = above
    known = next((name for name in NUMBERS if str(item.get(name, "")).strip()), None)
    label = str(item.get(known)) if known else str(number)
    if known in ("BeamNumber", "ReferencedBeamNumber"):
        field = label
    elif known == "ControlPointIndex" and label.isdigit():
        point = int(label)
    else:
        record = f"{record}[{label}]"
    yield from _of_dataset(item, record, field, point)
