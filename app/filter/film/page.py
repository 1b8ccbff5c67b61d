"""The printable report of an IMRT QA by film: one self-contained page (O-05)."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape

from app.filter.film.quality import RULE_VERSION, FilmQuality, FilmReport
from app.filter.ledger_log import program_version
from app.filter.ledger_page import LOOKS, STYLE
from app.filter.rule_set import printed
from core.dose.gamma_presets import words_of
from core.findings import State

WIDTH, COLUMNS = 218, 3
ORDER = ("plan", "film", "difference", "gamma", "distance", "profile x", "profile y")
TITLES = {
    "patient_id": "Patient ID", "patient_name": "Patient", "plan_id": "Plan", "export": "Export",
    "fields": "Fields", "setup": "Virtual film", "book": "Dosimetry book",
    "book_sha256": "Book, SHA-256", "rules": "Rules",
}  # fmt: skip


def film_page(report: FilmReport, pictures: Sequence[Mapping[str, bytes]], person: str) -> str:
    """Return the report as HTML that refers to nothing outside itself.

    Args:
        report: What was found.
        pictures: PNGs by what they show, one mapping a film.
        person: Who made the report.

    """
    about = dict(report.about)
    sign, word, back, front = LOOKS[report.status]
    notice = about.get("notice", "")
    name = f"{about.get('patient_name', 'No name')}, ID {about.get('patient_id', '-')}, "
    body = [
        f"<h1>{escape(name)}plan {escape(about.get('plan_id', '-'))}</h1>",
        "<p>IMRT QA: films against the plan's dose</p>",
        f'<p style="color:#b3261e"><b>{escape(notice)}</b></p>' if notice else "",
        (f'<table width="100%"><tr><td class="banner" style="background:{back};color:{front}" '
         f'bgcolor="{back}"><font color="{front}">{sign} {word}: {escape(report.verdict)}'
         "</font></td></tr></table>"),
    ]  # fmt: skip
    body += [
        f"<p>{escape(one.message)}. {escape(one.remedy)}</p>"
        for one in report.findings
        if not one.field and one.state != State.PASS
    ]
    for film, images in zip(report.films, pictures, strict=True):
        body += _film(film, images, first=film is report.films[0])
    body += _table(
        "Not checked", ("Item", "Why"), [(one.item, one.why) for one in report.not_checked]
    )
    body += _table("Sources", ("File", "What", "SHA-256"), _sources(report))
    rows = [(TITLES[key], about[key]) for key in TITLES if key in about]
    body += _table("Virtual film and plan", ("", ""), rows) if rows else []
    own = report.rule.preset
    values = {name: getattr(report.rule, name) for name in report.rule.sources}
    values["preset"] = own.id
    rules = [(own.title, own.source)]
    rules += [(f"{name} = {values[name]}", words) for name, words in report.rule.sources.items()]
    body += _table("Rule of the clinic", ("Entry", "Source"), rules)
    now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %z}"
    words = f"EQS Workstation {program_version()}, rules {RULE_VERSION}, {now}, {person}"
    words += f". {printed(report.rules)}" if report.rules is not None else ""
    body.append(f'<p class="small">{escape(words)}</p><p>Physicist: ______________________</p>')
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>IMRT QA by film</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>"
    )


def _film(film: FilmQuality, images: Mapping[str, bytes], *, first: bool) -> Iterator[str]:
    gamma = film.gamma
    style = "" if first else ' style="page-break-before:always"'
    yield f"<h2{style}>{escape(film.label.capitalize())}: {escape(gamma.evaluated.file)}</h2>"
    points = gamma.points
    counts = (
        f"{points.reference} of the plan's plane, {points.below} below the threshold, "
        f"{points.outside} not covered, {points.no_dose} without dose"
    )
    rows = [
        ("Gamma", f"{gamma.gamma.pass_percent:.2f} % of {points.judged} points pass"),
        ("Criteria", words_of(gamma.criteria)),
        ("Mean difference", f"{film.mean_percent:+.2f} % of {gamma.largest_gy:.4f} Gy"),
        ("Registered by", film.pair.registered),
        ("Points", counts),
    ]  # fmt: skip
    rows += [
        (one.state.value, f"{one.message} {one.remedy}".strip())
        for one in film.findings
        if one.state != State.PASS
    ]
    yield from _table("", ("", ""), rows)
    shown = [_picture(name, images[name]) for name in ORDER if name in images]
    yield '<table width="100%">'
    for start in range(0, len(shown), COLUMNS):
        cells = "".join(
            f'<td style="border:none;padding:0">{one}</td>'
            for one in shown[start : start + COLUMNS]
        )
        yield f"<tr>{cells}</tr>"
    yield "</table>"


def _picture(name: str, png: bytes) -> str:
    data = b64encode(png).decode("ascii")
    return f'<img width="{WIDTH}" alt="{escape(name)}" src="data:image/png;base64,{data}">'


def _sources(report: FilmReport) -> list[tuple[str, str, str]]:
    sides = [report.plan, *(one.gamma.evaluated for one in report.films)]
    return [(one.file, one.words, one.sha256) for one in sides]


def _table(title: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if title:
        yield f"<h2>{escape(title)}</h2>"
    yield '<table width="100%">'
    if any(titles):
        yield f"<tr>{''.join(f'<th>{escape(one)}</th>' for one in titles)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</table>"
