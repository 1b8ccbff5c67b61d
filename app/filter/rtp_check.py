"""What can be said of an RTP-Connect file without any plan: checksums, layout, values, counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from app.filter.rtp_columns import KEYWORDS, KNOWN_LENGTHS, Column, columns
from app.filter.rtp_read import plan_of
from app.filter.rtp_text import EXPORT_AGAIN, Line, RtpFile, checksum_fault, read_file
from app.filter.rtp_values import MIXED, Record
from app.filter.rtp_words import REFUSED, REQUIRED, limits_of, words_of
from core.errors import RemedyError, UnreadableRecordError
from core.findings import Finding, State

FIELDS = ("FIELD_DEF", "PDF_FIELD_DEF")
MOST_PAIRS = 100
CHILDREN = ("EXTENDED_FIELD_DEF", "MLC_DEF", "CONTROL_PT_DEF", "MLC_SHAPE_DEF")


def check(path: Path) -> tuple[Finding, ...]:
    """Return everything odd in a file, line by line.

    Raises:
        RemedyError: It is no RTP-Connect file at all, or a line is not made of quoted values.

    """
    return check_file(read_file(path))


def check_file(file: RtpFile) -> tuple[Finding, ...]:
    """Return everything odd in a file that is already read; see `check`."""
    found = [finding for line in file.records for finding in _of_line(line, file.where)]
    found += structure_findings(file)
    found += _of_field_counts(file)
    if not any(finding.state == State.ERROR for finding in found):
        found += _of_plan(file)
    return tuple(found)


def structure_findings(file: RtpFile) -> tuple[Finding, ...]:
    """Return what is odd about the lines as such and about their order, links and counts."""
    layout = [finding for line in file.records for finding in _of_layout(line)]
    records = [
        Record(line, file.where)
        for line in file.records
        if columns(line.keyword, len(line.cells)) is not None
    ]
    inside = [finding for record in records for finding in _of_contradictions(record)]
    return (*layout, *inside, *_of_order(file), *_of_tree(records))


def _of_line(line: Line, where: str) -> Iterator[Finding]:
    """Check what stands in one line: its checksum and its values."""
    words = checksum_fault(line)
    if words:
        yield _error("F-RTP-CRC", f"{_place(line)}: {words}", "crc")
    if columns(line.keyword, len(line.cells)) is None:
        return
    record = Record(line, where)
    for column in record.layout:
        yield from _of_value(record, column)
    for name in REQUIRED.get(line.keyword, ()):
        if not record.text(name):
            message = f"{_place(line)}: {name} is blank"
            yield Finding("F-RTP-BLANK", State.WARNING, message, item=name, remedy=EXPORT_AGAIN)


def _of_value(record: Record, column: Column) -> Iterator[Finding]:
    text = record.text(column.name)
    if not text or text == MIXED:
        return
    place = _place(record.line)
    if column.decimals is not None:
        yield from _of_number(record, column.name)
    elif column.most and len(text) > column.most:
        message = f"{place}: {column.name} has {len(text)} letters, prescribed are {column.most}"
        yield Finding("F-RTP-TEXT", State.INFO, message, item=column.name, found=text)
    known = words_of(record.keyword, column.name)
    if known and text.casefold() not in known:
        state = State.ERROR if column.name in REFUSED else State.WARNING
        message = f"{place}: {column.name} is {text!r}, known are {', '.join(sorted(known))}"
        yield Finding(
            "F-RTP-WORD", state, message, item=column.name, found=text, remedy=EXPORT_AGAIN
        )


def _of_number(record: Record, name: str) -> Iterator[Finding]:
    text = record.text(name)
    try:
        value = record.number(name)
    except UnreadableRecordError as fault:
        yield _error("F-RTP-NUMBER", f"{_place(record.line)}: {fault.what}", name, text)
        return
    limits = limits_of(name)
    if limits and value is not None and not limits[0] <= value <= limits[1]:
        message = f"{_place(record.line)}: {name} is {text}, the format has {limits[0]} to "
        yield Finding(
            "F-RTP-RANGE", State.WARNING, f"{message}{limits[1]}",
            item=name, found=text, remedy=EXPORT_AGAIN,
        )  # fmt: skip


def _of_contradictions(record: Record) -> Iterator[Finding]:
    """Report values of one record that cannot all hold."""
    if record.holds("mlc_a1"):
        yield from _of_leaf_slots(record)
    for axis in "xy":
        if record.text(f"field_{axis}_mode").casefold() == "sym":
            yield from _of_symmetric_jaws(record, axis)


def _of_leaf_slots(record: Record) -> Iterator[Finding]:
    """Report leaf positions beyond the number of pairs the record announces: one of them lies."""
    pairs = record.text("mlc_leaves")
    if not _is_number(pairs):
        return
    slots = _leaf_slots(record.keyword, len(record.line.cells))
    beyond = [name for name in slots[2 * int(pairs) :] if record.text(name)]
    if beyond:
        message = (
            f"{_place(record.line)}: {pairs} leaf pairs are announced, but {beyond[0]} is set"
        )
        yield _error("F-RTP-LEAVES", message, beyond[0], record.text(beyond[0]))


@cache
def _leaf_slots(keyword: str, count: int) -> tuple[str, ...]:
    """Return the elements of a record of this length that hold leaves: a1, b1, a2, ..."""
    names = {column.name for column in columns(keyword, count) or ()}
    slots = [f"mlc_{bank}{leaf}" for leaf in range(1, MOST_PAIRS + 1) for bank in "ab"]
    return tuple(name for name in slots if name in names)


def _of_symmetric_jaws(record: Record, axis: str) -> Iterator[Finding]:
    """Report a symmetric mode whose jaws do not give the stated width: the width was taken."""
    try:
        width = record.number(f"field_{axis}")
        jaws = [record.number(f"collimator_{axis}{side}") for side in "12"]
    except UnreadableRecordError:
        return  # reported as a number
    for side, jaw in zip("12", jaws, strict=True):
        if width and jaw is not None and abs(jaw) != width / 2:
            name = f"collimator_{axis}{side}"
            message = f"{_place(record.line)}: {name} is {jaw}, but the mode is symmetric and the "
            yield Finding(
                "F-RTP-SYM", State.WARNING, f"{message}width {width}; half the width was taken",
                record.text("field_id"), item=name, expected=str(width / 2), found=str(jaw),
                unit="cm", remedy=EXPORT_AGAIN,
            )  # fmt: skip


def _of_layout(line: Line) -> Iterator[Finding]:
    count = len(line.cells)
    if line.odd:
        message = f"{_place(line)}: {line.odd}"
        yield Finding("F-RTP-QUOTE", State.WARNING, message, remedy=EXPORT_AGAIN)
    if line.keyword not in KEYWORDS:
        message = f"{_place(line)}: a record of this type is not known; it is kept but not read"
        yield Finding("F-RTP-RECORD", State.INFO, message, item="keyword", found=line.keyword)
    elif columns(line.keyword, count) is None:
        yield _error(
            "F-RTP-LENGTH", f"{_place(line)}: {count} values fit no known layout", "keyword"
        )
    elif count not in KNOWN_LENGTHS[line.keyword]:
        known = ", ".join(str(length) for length in sorted(KNOWN_LENGTHS[line.keyword]))
        message = f"{_place(line)}: {count} values; known files have {known}"
        yield Finding("F-RTP-LENGTH", State.INFO, message, item="keyword", found=str(count))


def _of_order(file: RtpFile) -> Iterator[Finding]:
    plans = [line for line in file.records if line.keyword == "PLAN_DEF"]
    if file.records[0].keyword != "PLAN_DEF":
        yield _error("F-RTP-ORDER", "the file does not begin with PLAN_DEF", "keyword")
    for line in plans[1:]:
        yield _error("F-RTP-ORDER", f"{_place(line)}: PLAN_DEF stands more than once", "keyword")


@dataclass(slots=True)
class _OpenField:
    """The field whose children are being walked through, and its points so far."""

    name: str
    numbers: list[str] = field(default_factory=list)
    announced: list[tuple[str, Line]] = field(default_factory=list)


def _of_tree(records: Sequence[Record]) -> Iterator[Finding]:
    """Walk through the fields: links by Field_ID, numbers and counts of control points."""
    current: _OpenField | None = None
    for record in records:
        line = record.line
        if line.keyword in FIELDS:
            yield from _of_points(current)
            current = _OpenField(record.text("field_id"))
        elif line.keyword in CHILDREN:
            if current is None or record.text("field_id") != current.name:
                yield _orphan(record, current)
            elif line.keyword == "CONTROL_PT_DEF":
                current.numbers.append(record.text("control_pt_number"))
                current.announced.append((record.text("total_control_points"), line))
    yield from _of_points(current)


def _orphan(record: Record, current: _OpenField | None) -> Finding:
    own = record.text("field_id")
    before = f"the field before it is {current.name!r}" if current else "no field stands before it"
    message = f"{_place(record.line)}: it belongs to field {own!r}, but {before}"
    return _error("F-RTP-TREE", message, "field_id", own)


def _of_points(current: _OpenField | None) -> Iterator[Finding]:
    if current is None:
        return
    for place, text in enumerate(current.numbers):
        if _is_number(text) and int(text) != place:
            line = current.announced[place][1]
            yield Finding(
                "F-RTP-POINT", State.ERROR,
                f"{_place(line)}: control point {text} stands where {place} is expected in field "
                f"{current.name}; one may be missing", current.name, item="control_pt_number",
                expected=str(place), found=text, remedy=EXPORT_AGAIN,
            )  # fmt: skip
            break
    count = len(current.numbers)
    for text, line in current.announced:
        if _is_number(text) and int(text) != count:
            yield Finding(
                "F-RTP-COUNT", State.ERROR,
                f"{_place(line)}: field {current.name} announces {text} control points, {count} "
                "are there", current.name, item="total_control_points", expected=text,
                found=str(count), remedy=EXPORT_AGAIN,
            )  # fmt: skip
            break


def _of_field_counts(file: RtpFile) -> Iterator[Finding]:
    """Compare the number of fields each prescription announces with those that name its site."""
    records = [
        Record(line, file.where)
        for line in file.records
        if line.keyword in ("RX_DEF", *FIELDS) and columns(line.keyword, len(line.cells))
    ]
    sites = {one.text("rx_site_name") for one in records if one.keyword == "RX_DEF"}
    there = Counter(one.text("rx_site_name") for one in records if one.keyword in FIELDS)
    for one in records:
        announced = one.text("number_of_fields")
        site = one.text("rx_site_name")
        if one.keyword == "RX_DEF" and _is_number(announced) and int(announced) != there[site]:
            yield Finding(
                "F-RTP-COUNT", State.WARNING,
                f"{_place(one.line)}: site {site!r} announces {announced} fields, {there[site]} "
                "are there", item="number_of_fields", expected=announced, found=str(there[site]),
                remedy=EXPORT_AGAIN,
            )  # fmt: skip
        if one.keyword in FIELDS and site not in sites:
            message = f"{_place(one.line)}: no prescription is there for its site {site!r}"
            yield Finding(
                "F-RTP-SITE", State.WARNING, message, one.text("field_id"), item="rx_site_name",
                found=site, remedy=EXPORT_AGAIN,
            )  # fmt: skip


def _of_plan(file: RtpFile) -> Iterator[Finding]:
    """Say why a file that looks sound line by line cannot be opened as a plan."""
    try:
        plan_of(file)
    except RemedyError as fault:
        yield Finding(
            "F-RTP-PLAN", State.ERROR, f"{fault.where}: {fault.what}", remedy=fault.remedy
        )


def _place(line: Line) -> str:
    return f"line {line.number}, {line.keyword}"


def _is_number(text: str) -> bool:
    """Tell whether a cell is a count; no format has one of more than five digits."""
    return text.isascii() and text.isdigit() and len(text) <= 5


def _error(rule: str, message: str, item: str, found: str = "") -> Finding:
    return Finding(rule, State.ERROR, message, item=item, found=found, remedy=EXPORT_AGAIN)
