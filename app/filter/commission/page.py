"""The coverage matrix as one self-contained page (R-30, O-12)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from app.filter.commission.commissioning import LEFT_OUT, OPEN_ENDINGS, OURS, Commissioned
from app.filter.commission.run import Ending, Tried
from app.filter.coverage import ROWS
from app.filter.item_words import sentence_in_words
from app.filter.ledger_log import program_version
from app.filter.ledger_page import LOOKS, STYLE
from core.findings import State

# Sign and colour of an ending; printed grey, the word still says it.
SIGNS = {
    Ending.FOUND: ("&#10003;", "#1e7a34"), Ending.BY_HAND: ("&#9997;", "#444444"),
    Ending.NOT_SHOWN: ("&#9675;", "#7a5b00"), Ending.OFF: ("&#8856;", "#b3261e"),
    Ending.MORE: ("&#9888;", "#7a5b00"), Ending.MISSED: ("&#10007;", "#b3261e"),
}  # fmt: skip
VERDICTS = {
    State.PASS: "Every row is covered",
    State.WARNING: "Nothing was missed; some rows are not covered",
    State.ERROR: "Faults were missed",
}


def commission_html(made: Commissioned, person: str, time: datetime) -> str:
    """Return the whole page; it refers to nothing outside itself."""
    sign, _, back, front = LOOKS[made.status]
    body = [
        "<h1>Commissioning of the Filter by mutation</h1>",
        ("<p>One fault at a time was put into a copy of the clinic's own export (patient "
         f"{escape(made.patient_id or '-')}, plan {escape(made.plan_id or '-')}). A row is "
         "covered when its rule has told the fault and nothing else was told. The export and the "
         "plan themselves were not changed.</p>"),
        ("<p>Of the columns of Table 1, the first two have their own faults. The FASTPLAN column "
         "is proved by the rules of stereotactic arcs (F-TPL, F-SRS); the VARIS column is the "
         "first one without table positions and dose rate.</p>"),
        (f'<table width="100%"><tr><td class="banner" style="background:{back};color:{front}" '
         f'bgcolor="{back}"><font color="{front}">{sign} {VERDICTS[made.status]}: '
         f"{escape(made.headline)}</font></td></tr></table>"),
        "<h2>Table 1</h2>", *_summary(made.rows),
        "<h2>Not covered</h2>", *_rows(made.rows, OPEN_ENDINGS, "Every row is covered."),
        "<h2>Covered</h2>", *_rows(made.rows, (Ending.FOUND,), "Nothing."),
        "<h2>Left to people</h2>", *_rows(made.rows, (Ending.BY_HAND,), "Nothing."),
        "<h2>Not part of commissioning by mutation</h2>",
        *_table(("Rule", "Why"), [(escape(a), escape(b)) for a, b in LEFT_OUT.items()]),
        "<h2>Sources</h2>",
        *_table(("File", "SHA-256"), [
            (escape(Path(one.path).name), one.sha256 or "folder") for one in made.sources
        ]),
        (f'<p class="small">EQS Workstation {escape(program_version())}, rules '
         f"{escape(made.rules)} ({escape(made.tables)}), {time:%Y-%m-%d %H:%M %z}, "
         f"{escape(person)}</p>"),
    ]  # fmt: skip
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Commissioning of the Filter</title><style>{STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>"
    )


def _summary(rows: Sequence[Tried]) -> Iterator[str]:
    """Yield Table 1 with its faults counted by ending, per column."""
    cells = []
    for row in ROWS:
        line = [escape(row)]
        for column in OURS:
            own = [one for one in rows if (one.row, one.column) == (row, column)]
            endings = {one.ending: sum(a.ending is one.ending for a in own) for one in own}
            parts = [f"{_sign(ending)} {endings[ending]} {ending.value}"
                     for ending in Ending if ending in endings]  # fmt: skip
            line.append("<br>".join(parts))
        cells.append(tuple(line))
    yield from _table(("Row", *(column[:1].upper() + column[1:] for column in OURS)), cells)


def _sign(ending: Ending) -> str:
    sign, colour = SIGNS[ending]
    return f'<font color="{colour}">{sign}</font>'


def _rows(rows: Sequence[Tried], wanted: Sequence[Ending], none: str) -> Iterator[str]:
    own = [one for one in rows if one.ending in wanted]
    own.sort(key=lambda one: list(Ending).index(one.ending))
    if not own:
        yield f"<p>{none}</p>"
        return
    yield from _table(
        ("Result", "Row or group", "Rule", "Fault put in, or why not", "Also told"),
        [
            (f"{_sign(one.ending)} {one.ending.value}",
             escape(f"{one.row}, {one.column}" if one.column else one.row), escape(one.rule),
             escape(sentence_in_words(one.words)),
             "<br>".join(escape(sentence_in_words(other)) for other in one.others))
            for one in own
        ],
    )  # fmt: skip


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    head = "".join(f"<th>{escape(one)}</th>" for one in titles)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    yield f'<table width="100%"><tr>{head}</tr>{lines}</table>'
