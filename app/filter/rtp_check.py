"""What can be said of an RTP-Connect file without any plan: checksums, layout, values, counts."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from app.filter.rtp_columns import KEYWORDS, KNOWN_LENGTHS, columns
from app.filter.rtp_text import EXPORT_AGAIN, Line, RtpFile, checksum_fault, read_file
from app.filter.rtp_values import MIXED, Record
from core.errors import UnreadableRecordError
from core.findings import Finding, State


def check(path: Path) -> tuple[Finding, ...]:
    """Return everything odd in a file, line by line.

    Raises:
        RemedyError: It is no RTP-Connect file at all.

    """
    file = read_file(path)
    lines = [finding for line in file.records for finding in _of_line(line, file.where)]
    return (*lines, *structure_findings(file))


def structure_findings(file: RtpFile) -> tuple[Finding, ...]:
    """Return what does not fit between the records: order, links, counts."""
    return tuple(_of_structure(file))


def _of_line(line: Line, where: str) -> Iterator[Finding]:
    place = f"line {line.number}, {line.keyword}"
    words = checksum_fault(line)
    if words:
        yield _error("F-RTP-CRC", f"{place}: {words}", "crc")
    if line.odd:
        message = f"{place}: {line.odd}"
        yield Finding("F-RTP-QUOTE", State.WARNING, message, remedy=EXPORT_AGAIN)
    if line.keyword not in KEYWORDS:
        message = f"{place}: a record of this type is not known; it is kept but not read"
        yield Finding("F-RTP-RECORD", State.INFO, message, item="keyword", found=line.keyword)
        return
    if columns(line.keyword, len(line.cells)) is None:
        message = f"{place}: {len(line.cells)} values fit no known layout"
        yield _error("F-RTP-LENGTH", message, "keyword")
        return
    if len(line.cells) not in KNOWN_LENGTHS[line.keyword]:
        message = f"{place}: {len(line.cells)} values; known files have {_lengths(line.keyword)}"
        yield Finding("F-RTP-LENGTH", State.INFO, message, item="keyword")
    yield from _of_values(Record(line, where), place)


def _of_values(record: Record, place: str) -> Iterator[Finding]:
    for column in record.layout:
        text = record.text(column.name)
        if column.decimals is None:
            if column.most and len(text) > column.most:
                message = f"{place}, {column.name}: {len(text)} letters, prescribed are at most "
                yield Finding(
                    "F-RTP-TEXT", State.INFO, f"{message}{column.most}",
                    item=column.name, found=text,
                )  # fmt: skip
        elif text and text != MIXED:
            try:
                record.number(column.name)
            except UnreadableRecordError as fault:
                yield _error("F-RTP-NUMBER", f"{place}, {fault.what}", column.name, text)


def _of_structure(file: RtpFile) -> Iterator[Finding]:
    records = [line for line in file.records if columns(line.keyword, len(line.cells))]
    if not file.records or file.records[0].keyword != "PLAN_DEF":
        yield _error("F-RTP-ORDER", "the file does not begin with PLAN_DEF", "keyword")
    if sum(line.keyword == "PLAN_DEF" for line in records) > 1:
        yield _error("F-RTP-ORDER", "PLAN_DEF stands more than once", "keyword")
    points: Counter[str] = Counter()
    stated: dict[str, str] = {}
    for line in records:
        if line.keyword == "CONTROL_PT_DEF":
            record = Record(line, file.where)
            field = record.text("field_id")
            number = record.text("control_pt_number")
            if number.isdigit() and int(number) != points[field]:
                yield Finding(
                    "F-RTP-POINT", State.ERROR,
                    f"line {line.number}: control point {number} stands where {points[field]} is "
                    f"expected in field {field}", field, item="control_pt_number",
                    expected=str(points[field]), found=number, remedy=EXPORT_AGAIN,
                )  # fmt: skip
            points[field] += 1
            stated[field] = record.text("total_control_points")
    for field, words in stated.items():
        if words.isdigit() and int(words) != points[field]:
            yield Finding(
                "F-RTP-COUNT", State.ERROR,
                f"field {field} announces {words} control points, {points[field]} are there",
                field, item="total_control_points", expected=words, found=str(points[field]),
                remedy=EXPORT_AGAIN,
            )  # fmt: skip


def _lengths(keyword: str) -> str:
    return ", ".join(str(length) for length in sorted(KNOWN_LENGTHS[keyword]))


def _error(rule: str, message: str, item: str, found: str = "") -> Finding:
    return Finding(rule, State.ERROR, message, item=item, found=found, remedy=EXPORT_AGAIN)
