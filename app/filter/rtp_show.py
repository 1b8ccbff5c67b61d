"""An RTP-Connect file for people: every record with the names of its values."""

from itertools import groupby
from typing import Any

from app.filter.rtp_columns import columns
from app.filter.rtp_text import Line, RtpFile

LEAF = "mlc_"


def describe(file: RtpFile) -> dict[str, Any]:
    """Return the file as a mapping that JSON can hold; blank values are left out."""
    return {
        "file": file.where,
        "records": [
            {"line": line.number, "record": line.keyword, "values": _values(line)}
            for line in file.records
        ],
    }


def table(file: RtpFile) -> str:
    """Return the file as text: a heading per record, one value a line, leaves by bank."""
    parts = []
    for line in file.records:
        parts.append(f"{line.keyword}  (line {line.number})")
        values = _values(line)
        parts += [f"    {name:32} {text}" for name, text in values.items() if LEAF not in name]
        banks = [(name, text) for name, text in values.items() if name.startswith(LEAF)]
        for bank, leaves in groupby(banks, key=lambda pair: pair[0][len(LEAF)]):
            texts = [text for _, text in leaves]
            parts.append(f"    mlc bank {bank.upper()} ({len(texts)} leaves)")
            parts += ["        " + " ".join(texts[i : i + 10]) for i in range(0, len(texts), 10)]
    return "\n".join(parts)


def _values(line: Line) -> dict[str, str]:
    layout = columns(line.keyword, len(line.cells)) or ()
    names = [column.name for column in layout]
    names += [f"value_{place}" for place in range(len(names), len(line.cells) - 1)]
    named = zip(names, line.cells, strict=False)
    return {name: cell.strip() for name, cell in named if cell.strip() and name != "keyword"}
