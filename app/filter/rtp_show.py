"""An RTP-Connect file for people: every record with the names of its values."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from app.filter.rtp_check import FIELDS
from app.filter.rtp_columns import columns
from app.filter.rtp_text import Line, RtpFile

LEAVES_A_ROW = 10
_LEAF = re.compile(r"mlc_([ab])\d+")
_OF_PATIENT = ("patient_id", "patient_last_name", "patient_first_name", "course_id")
_OF_FIELD = ("field_id", "field_name", "treatment_type", "field_monitor_units")


def describe(file: RtpFile) -> dict[str, Any]:
    """Return the file as a mapping that JSON can hold; blank values are left out.

    Returns:
        "patient", "sites" (the tree of sites and their fields), and "records" with line number,
        keyword and values by element name; a value beyond the known layout is "value_<index>".

    """
    records = [(line, _values(line)) for line in file.records]
    plan = next((values for line, values in records if line.keyword == "PLAN_DEF"), {})
    return {
        "file": file.where,
        "patient": {name: plan[name] for name in _OF_PATIENT if name in plan},
        "sites": _sites(records),
        "records": [
            {"line": line.number, "keyword": line.keyword, "values": values}
            for line, values in records
        ],
    }


def table(file: RtpFile) -> str:
    """Return the file as text: a heading per record, one value a line, leaves by bank."""
    return "\n".join(row for line in file.records for row in _rows(line))


def _rows(line: Line) -> Iterator[str]:
    yield f"{line.keyword}  (line {line.number})"
    values = _values(line)
    leaves = [(found[1], text) for name, text in values.items() if (found := _LEAF.match(name))]
    yield from (f"    {name:32} {text}" for name, text in values.items() if not _LEAF.match(name))
    for bank, pairs in groupby(leaves, key=lambda pair: pair[0]):
        texts = [text for _, text in pairs]
        yield f"    mlc bank {bank.upper()} ({len(texts)} leaves)"
        for start in range(0, len(texts), LEAVES_A_ROW):
            row = texts[start : start + LEAVES_A_ROW]
            yield f"        {start + 1:3}: " + " ".join(f"{text:>6}" for text in row)


def _sites(records: list[tuple[Line, dict[str, str]]]) -> list[dict[str, Any]]:
    """Return each site with its fields, each field with the number of its control points."""
    sites: dict[str, list[dict[str, Any]]] = {}
    field: dict[str, Any] = {}
    for line, values in records:
        site = values.get("rx_site_name", "")
        if line.keyword == "RX_DEF":
            sites.setdefault(site, [])
        elif line.keyword in FIELDS:
            shown = {name: values[name] for name in _OF_FIELD if name in values}
            field = {"line": line.number, **shown, "control_points": 0}
            sites.setdefault(site, []).append(field)
        elif line.keyword == "CONTROL_PT_DEF" and field:
            field["control_points"] += 1
    return [{"site": name, "fields": fields} for name, fields in sites.items()]


def _values(line: Line) -> dict[str, str]:
    layout = columns(line.keyword, len(line.cells)) or ()
    names = [column.name for column in layout]
    names += [f"value_{place}" for place in range(len(names), len(line.cells) - 1)]
    named = zip(names, line.cells, strict=False)
    return {name: cell.strip() for name, cell in named if cell.strip() and name != "keyword"}
