"""Ways to spoil an export: change elements, drop or add records, cut or scratch the file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.demo.rv_records import RvRecord, file_of

Records = Sequence[RvRecord]
Values = Callable[[RvRecord], dict[str, str]]
Spoil = Callable[[Records], bytes]


@dataclass(frozen=True, slots=True)
class Edit:
    """New values for the elements of some records.

    Attributes:
        owner: Field ID, or site name where the record belongs to a prescription; "" for any.
        numbers: Control points concerned; None for all of them, and for other records.

    """

    keyword: str
    owner: str
    values: Values
    numbers: tuple[int, ...] | None = None

    def concerns(self, record: RvRecord) -> bool:
        """Say whether the record is one of those to change."""
        if record.keyword != self.keyword:
            return False
        owners = (record["field_id"], record["rx_site_name"], record["region_name"])
        if self.owner and self.owner not in owners:
            return False
        return self.numbers is None or int(record["control_pt_number"]) in self.numbers


def to(**values: str) -> Values:
    """Return the same values for every record."""
    return lambda _: values


def moved(element: str, by_cm: float) -> Values:
    """Return an element of a length moved, with its number of decimals."""

    def values(record: RvRecord) -> dict[str, str]:
        decimals = len(record[element].partition(".")[2])
        return {element: f"{float(record[element]) + by_cm:.{decimals}f}"}

    return values


def swapped(one: str, other: str) -> Values:
    """Return two elements with each other's value."""
    return lambda record: {one: record[other], other: record[one]}


def mirrored(pairs: Sequence[tuple[str, str]]) -> Values:
    """Return facing elements (jaws, leaves) mirrored on the axis: each -value of the other."""

    def values(record: RvRecord) -> dict[str, str]:
        made = {}
        for one, other in pairs:
            if record[one]:
                made[one], made[other] = _minus(record[other]), _minus(record[one])
        return made

    return values


def _minus(text: str) -> str:
    decimals = len(text.partition(".")[2])
    return f"{0.0 - float(text):.{decimals}f}"


def elements(*edits: Edit) -> Spoil:
    """Change elements, leaving every record where it is."""

    def spoil(records: Records) -> bytes:
        made = []
        for record in records:
            changed = record
            for edit in edits:
                if edit.concerns(record):
                    changed = changed.changed(**edit.values(changed))
            made.append(changed)
        return file_of(made)

    return spoil


def without_field(field_id: str, site: str) -> Spoil:
    """Leave a field out as if it had never been there: count and dose tracking follow."""

    def spoil(records: Records) -> bytes:
        kept = []
        for record in records:
            if record["field_id"] == field_id:
                continue
            kept.append(_recount(_untrack(record, field_id), site, -1))
        return file_of(kept)

    return spoil


def _recount(record: RvRecord, site: str, by: int) -> RvRecord:
    if record.keyword != "RX_DEF" or record["rx_site_name"] != site:
        return record
    return record.changed(number_of_fields=str(int(record["number_of_fields"]) + by))


def _untrack(record: RvRecord, field_id: str) -> RvRecord:
    tracked = [name for name, value in record.elements.items() if value == field_id]
    if record.keyword != "DOSE_DEF" or not tracked:
        return record
    return record.changed(**{tracked[0]: "", tracked[0].replace("field_id", "reg_coeff"): ""})


def with_field(model_id: str, site: str, **values: str) -> Spoil:
    """Add a field after a field without control points, as a copy of it with new values."""

    def spoil(records: Records) -> bytes:
        made = []
        for record in records:
            made.append(_recount(record, site, 1))
            if record.keyword == "EXTENDED_FIELD_DEF" and record["field_id"] == model_id:
                model = next(r for r in records if _is_field(r, model_id))
                link = {"original_beam_number": "", "original_beam_name": ""}
                made.append(model.changed(**values))
                made.append(record.changed(field_id=values["field_id"], **link))
        return file_of(made)

    return spoil


def _is_field(record: RvRecord, field_id: str) -> bool:
    return record.keyword == "FIELD_DEF" and record["field_id"] == field_id


def without_segment(field_id: str, first_point: int) -> Spoil:
    """Leave out the two control points of a segment; its share of the MU goes to the others."""

    def spoil(records: Records) -> bytes:
        own = [r for r in records if r.keyword == "CONTROL_PT_DEF" and r["field_id"] == field_id]
        low, high = (float(own[first_point + k]["monitor_units"]) for k in (0, 1))
        total = str(len(own) - 2)
        made = []
        for record in records:
            if not any(record is each for each in own):
                made.append(record)
                continue
            number, reached = int(record["control_pt_number"]), float(record["monitor_units"])
            if number in (first_point, first_point + 1):
                continue
            after = number > first_point
            share = (reached - (high - low if after else 0.0)) / (1 - (high - low))
            made.append(
                record.changed(
                    total_control_points=total,
                    control_pt_number=str(number - 2 * after),
                    monitor_units=f"{share:.6f}",
                )
            )
        return file_of(made)

    return spoil


def checksum_scratched(keyword: str, field_id: str) -> Spoil:
    """Change the last digit of one record's checksum."""

    def spoil(records: Records) -> bytes:
        lines = []
        for record in records:
            text = file_of([record])
            if record.keyword == keyword and record["field_id"] == field_id:
                digit = str((int(text[-4:-3]) + 1) % 10).encode("ascii")
                text = text[:-4] + digit + text[-3:]
            lines.append(text)
        return b"".join(lines)

    return spoil


def cut_short(share: float) -> Spoil:
    """Cut the file after a share of its bytes, within a line."""
    return lambda records: (whole := file_of(records))[: int(len(whole) * share)]
