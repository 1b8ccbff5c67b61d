"""`eqs filter baseline|watch|notes|worklist|attest|batch|report`: the Filter's desk."""

import argparse
import getpass
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from app.answers import finish, new_file, say
from app.filter import worklist
from app.filter.acknowledged import answers_json, with_record
from app.filter.baseline import STAGES, Wanted, baseline_faults, baselines, save_baseline
from app.filter.baseline_check import check_against, since_check
from app.filter.batch import COULD_NOT_RUN, Row, check_folder
from app.filter.checks_log import batch_on_record, on_record
from app.filter.ledger import attest, ledger, ledger_json
from app.filter.ledger_page import page_html, page_name, page_of, write_logged, write_page
from app.filter.notes import Note, read_rules
from app.filter.notes_compare import compare_notes, with_notes
from app.filter.notes_sql import notes_of, read_sources
from app.filter.people import printed_name
from app.filter.report import Report, as_text, compare_report, open_report
from app.filter.signoff import signatures, signatures_json
from app.filter.watch import SETTLED_S, Event, Folders, Watch, watch
from app.filter.worklist_sheet import sheet_html, sheet_of, sheet_text
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

CLEAN, FINDINGS, COULD_NOT = 0, 1, 2


def add_desk_commands(commands: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add what happens around a check to the Filter's commands."""
    _baseline(commands)
    _watch(commands)
    notes = commands.add_parser("notes", help="compare chart notes with an export")
    add_sources(notes)
    notes.add_argument("--text", type=Path, metavar="FILE", help="pasted notes; - reads the input")
    notes.add_argument("--database", action="store_true", help="ask the sources of notes.toml")
    finish(notes, _notes)
    _worklist(commands)
    word = commands.add_parser(
        "attest", help="say that an item was looked at by hand; or list them"
    )
    add_sources(word)
    word.add_argument("item", nargs="?", metavar="ITEM", help="as the list names it")
    word.add_argument("--field", default="", metavar="IDS", help="fields as the list names them")
    word.add_argument("--words", default="", metavar="TEXT", help="what was seen")
    add_person(word)
    finish(word, _attest)
    many = commands.add_parser("batch", help="check every export of a folder")
    many.add_argument("folder", type=Path, metavar="FOLDER")
    many.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    many.add_argument("--scale", help="scale of exports that do not say it")
    finish(many, _batch)
    page = commands.add_parser("report", help="write a report for the record system")
    add_sources(page)
    page.add_argument("--stage", choices=STAGES, required=True)
    page.add_argument("--folder", type=Path, required=True, metavar="DIR")
    page.add_argument("--pdf", action="store_true", help="PDF in place of HTML")
    add_person(page)
    finish(page, _page)


def _baseline(commands: Any) -> None:  # noqa: ANN401
    group = commands.add_parser("baseline", help="keep a clean check, and see what has changed")
    own = group.add_subparsers(required=True)
    save = own.add_parser("save", help="check once more and keep it when it is clean")
    add_sources(save)
    save.add_argument("--stage", choices=STAGES, required=True)
    save.add_argument("--accept", default="", metavar="REASON", help="why warnings are accepted")
    add_person(save)
    finish(save, _save)
    later = own.add_parser("check", help="what has changed in an export, plan or plan folder")
    later.add_argument("source", type=Path, metavar="SOURCE")
    later.add_argument("--id", metavar="BASELINE", help="one baseline, not the latest one")
    later.add_argument("--trial", metavar="NAME")
    finish(later, _check)
    finish(own.add_parser("list", help="every baseline"), _list)
    finish(own.add_parser("verify", help="find every changed byte"), _verify)


def _watch(commands: Any) -> None:  # noqa: ANN401
    looker = commands.add_parser("watch", help="name and file new exports of two folders")
    looker.add_argument("--initial", type=Path, metavar="DIR", help='"Initial Exports"')
    looker.add_argument("--final", type=Path, metavar="DIR", help='"Final Exports"')
    looker.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to file")
    looker.add_argument("--once", action="store_true", help="file what is there, then end")
    looker.add_argument("--every", type=float, default=5.0, metavar="S", help="from look to look")
    looker.add_argument(
        "--settled", type=float, default=SETTLED_S, metavar="S", help="seconds without change"
    )
    finish(looker, _look)


def _worklist(commands: Any) -> None:  # noqa: ANN401
    own = commands.add_parser("worklist", help="steps of each plan").add_subparsers(required=True)
    show = own.add_parser("show", help="plans and their open items")
    show.add_argument("--role", choices=worklist.ROLES)
    finish(show, _show)
    for name, words in (
        ("done", "a step is done"), ("skip", "leave a step out, with a reason"),
        ("reopen", "open a step and all after it again, with a reason"),
    ):  # fmt: skip
        one = own.add_parser(name, help=words)
        one.add_argument("step", choices=tuple(worklist.ORDER), metavar="STEP",
                         help=", ".join(worklist.ORDER))  # fmt: skip
        one.add_argument("--patient", required=True, metavar="ID")
        one.add_argument("--plan", required=True, metavar="ID")
        one.add_argument("--reason", default="", metavar="TEXT")
        one.set_defaults(what=name)
        add_person(one)
        finish(one, _step)
    finish(own.add_parser("times", help="minutes per step, as CSV"), _times)
    sheet = own.add_parser("sheet", help="the therapist's page: angles, jaws, SSD")
    sheet.add_argument("--rv", type=Path, required=True, metavar="FILE")
    sheet.add_argument("--plan", type=Path, required=True, metavar="SOURCE")
    sheet.add_argument("--trial", metavar="NAME")
    sheet.add_argument("--pdf", type=new_file(".pdf"), metavar="FILE.pdf")
    finish(sheet, _sheet)


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Let a command name an export and what it is held against."""
    parser.add_argument("--rv", type=Path, required=True, metavar="FILE")
    parser.add_argument("--plan", type=Path, metavar="SOURCE")
    parser.add_argument("--trial", metavar="NAME")
    parser.add_argument("--scale", help="scale of an export that does not say it")


def add_person(parser: argparse.ArgumentParser) -> None:
    """Let a command name who signs."""
    parser.add_argument("--by", default="", metavar="NAME", help="who; else the login")


def by(words: argparse.Namespace) -> str:
    """Return who signs: as named, else the printed name of the login, else the login."""
    return str(words.by).strip() or printed_name() or getpass.getuser()


def report_of(words: argparse.Namespace) -> Report:
    """Return the report a command speaks of, as it is made."""
    if words.plan is None:
        return open_report(words.rv, words.scale)
    return compare_report(words.rv, words.plan, words.trial, words.scale)


def say_report(words: argparse.Namespace, report: Report) -> int:
    """Print a report with its blind-spot ledger (R-23), and what became of a kept check (R-31)."""
    report = on_record(report, "command")
    told = with_record(report)
    since = since_check(*(Path(one.path) for one in report.sources))
    rows = [{"source": one.source, "severity": one.state, "message": one.words} for one in since]
    answer = {
        **told.to_json(),
        "ledger": ledger_json(ledger(report)),
        "since_check": rows,
        "answers": answers_json(report),
        "signatures": signatures_json(report),
    }
    lines = [f"{one.state:8} {one.words}" for one in since]
    signed = [f"  {one.text}" for one in signatures(report)]
    parts = [as_text(told), *(["", "Since the check:"] if lines else []), *lines]
    say(words, answer, "\n".join([*parts, *(["", "Signatures:"] if signed else []), *signed]))
    return CLEAN if told.status == State.PASS else FINDINGS


def _save(words: argparse.Namespace) -> int:
    wanted = Wanted(
        words.rv, words.plan, words.stage, by(words), words.accept, words.trial, words.scale
    )
    one = save_baseline(wanted)
    say(words, {"status": "pass", "baseline": one.id, **one.body}, f"{one.id}  {one.title}")
    return CLEAN


def _check(words: argparse.Namespace) -> int:
    report = check_against(words.source, words.id, words.trial)
    say(words, report.to_json(), as_text(report))
    return CLEAN if report.status == State.PASS else FINDINGS


def _list(words: argparse.Namespace) -> int:
    found = baselines()
    rows = [{"baseline": one.id, "title": one.title, "faults": list(one.faults)} for one in found]
    lines = [f"{one.id}  {one.title}{'  DAMAGED' if one.faults else ''}" for one in found]
    say(words, {"baselines": rows}, "\n".join(lines) or "No baseline has been saved.")
    return FINDINGS if any(one.faults for one in found) else CLEAN


def _verify(words: argparse.Namespace) -> int:
    faults = list(baseline_faults())
    status = State.ERROR if faults else State.PASS
    text = "\n".join(faults) or f"{len(baselines())} baselines and the log are as written."
    say(words, {"status": status, "faults": faults}, text)
    return FINDINGS if faults else CLEAN


def _look(words: argparse.Namespace) -> int:
    given = (("IE", words.initial), ("FE", words.final))
    watched = {stage: folder for stage, folder in given if folder is not None}
    if not watched:
        raise RemedyError(
            "no folder is named", where="eqs filter watch", remedy="Give --initial or --final."
        )
    folders = Folders(watched, words.out)

    def tell(event: Event) -> None:
        row = {"what": event.what, "stage": event.stage, "source": str(event.source),
               "words": event.words, "filed": str(event.filed or "")}  # fmt: skip
        text = f"{event.what:8} {event.stage} {event.source.name}: {event.words}"
        print(json.dumps(row, ensure_ascii=False) if words.json else text, flush=True)  # noqa: T201  (the command's answer)

    try:
        if words.once:
            return _once(folders, words.settled, tell)
        watch(folders, every_s=words.every, tell=tell, stop=lambda: False, settled_s=words.settled)
    except KeyboardInterrupt:
        pass  # the way a person ends a watch
    return CLEAN


def _once(folders: Folders, settled_s: float, tell: Any) -> int:  # noqa: ANN401
    """File what stands still; a file that goes on growing is left for the next time."""
    watcher = Watch(folders, settled_s)
    events: list[Event] = []
    for _ in range(3):
        new = watcher.round()
        for event in new:
            tell(event)
        events += new
        if new:
            time.sleep(settled_s + 0.1)
    last = {event.source: event.what for event in events}
    return FINDINGS if any(what != "filed" for what in last.values()) else CLEAN


def _notes(words: argparse.Namespace) -> int:
    report = report_of(words)
    if report.rv is None:
        raise RemedyError("nothing was read", where=str(words.rv), remedy="Name an export.")
    if words.text is None and not words.database:
        raise RemedyError(
            "no notes were given", where="command line", remedy="Name --text or --database."
        )
    notes: list[Note] = []
    if words.database:
        sources = read_sources()
        if not sources:
            raise RemedyError(
                "no database is named", where="notes.toml", remedy="Add a [[source]] to it."
            )
        notes += [one for source in sources for one in notes_of(source, report.rv.patient.id)]
    if words.text is not None:
        text = sys.stdin.read() if str(words.text) == "-" else words.text.read_text("utf-8")
        notes.append(Note(text))
    answer = compare_notes(notes, report.rv, read_rules(), report.plan)
    whole = with_record(on_record(with_notes(report, answer), "command"))
    hits = [
        {"word": one.word, "sentence": one.sentence, "at": one.at, "date": one.note.date,
         "author": one.note.author, "source": one.note.source}
        for one in answer.hits
    ]  # fmt: skip
    lines = [f"  {one.note.date} {one.word!r}: {one.sentence}" for one in answer.hits]
    text = "\n".join([as_text(whole), "", "Key words in the notes:", *(lines or ["  none"])])
    say(words, {**whole.to_json(), "key_words": hits}, text)
    return CLEAN if whole.status == State.PASS else FINDINGS


def _show(words: argparse.Namespace) -> int:
    found = worklist.cases()
    if words.role:
        keys = {case.key for case, _ in worklist.open_items(words.role)}
        found = tuple(case for case in found if case.key in keys)
    rows = [worklist.case_json(case) for case in found]
    say(words, {"plans": rows}, worklist.case_text(found))
    return CLEAN


def _step(words: argparse.Namespace) -> int:
    case = worklist.case_of(words.patient, words.plan)
    if words.what == "done":
        case = worklist.complete(case, words.step, by(words), words=words.reason)
    elif words.what == "skip":
        case = worklist.skip(case, words.step, by(words), words.reason)
    else:
        case = worklist.reopen(case, words.step, by(words), words.reason)
    say(words, worklist.case_json(case), worklist.case_text((case,)))
    return CLEAN


def _times(words: argparse.Namespace) -> int:
    say(words, {"minutes": worklist.durations()}, worklist.duration_table())
    return CLEAN


def _sheet(words: argparse.Namespace) -> int:
    sheet = sheet_of(words.rv, words.plan, words.trial)
    if words.pdf is not None:
        write_whole(words.pdf, _pdf(sheet_html(sheet), "Therapist check"))
    rows = [
        {"field": one.field, "name": one.name, "beam": one.beam,
         "values": [[cell.plan, cell.rv, cell.differs] for cell in one.cells]}
        for one in sheet.lines
    ]  # fmt: skip
    say(words, {"plan": sheet.plan, "machine": sheet.machine, "fields": rows}, sheet_text(sheet))
    differs = any(cell.differs for line in sheet.lines for cell in line.cells)
    return FINDINGS if differs else CLEAN


def _attest(words: argparse.Namespace) -> int:
    report = report_of(words)
    if words.item:
        attest(report, words.item, by(words), words.words, words.field)
    rows = ledger(report)
    lines = []
    for one in rows:
        fields = f" [fields {one.field}]" if one.field else ""
        lines.append(f"{one.item}{fields}: {one.why}")
        lines += [f"    {a.time[:16]}  {a.person}: {a.words}" for a in one.attested] or [
            "    nobody"
        ]
    say(words, {"ledger": ledger_json(rows)}, "\n".join(lines))
    return CLEAN


def _batch(words: argparse.Namespace) -> int:
    def tell(row: Row) -> None:
        if not words.json:
            counts = f"{row.errors} errors, {row.warnings} warnings"
            print(f"{row.status:14} {row.file}  {counts}  {row.words}", flush=True)  # noqa: T201  (the command's answer)

    rows = check_folder(words.folder, jobs=words.jobs, scale=words.scale, tell=tell)
    batch_on_record(words.folder, [row.to_json() for row in rows])
    counts = Counter(row.status for row in rows)
    order = ("error", COULD_NOT_RUN, "warning", "pass")
    status = next((one for one in order if counts[one]), COULD_NOT_RUN)
    answer = {"status": status, "counts": dict(counts), "files": [row.to_json() for row in rows]}
    told = ", ".join(f"{counts[one]} {one}" for one in order if counts[one])
    say(words, answer, f"{len(rows)} files: {told or 'no export found'}")
    if not rows:
        return COULD_NOT
    return CLEAN if set(counts) == {"pass"} else FINDINGS


def _page(words: argparse.Namespace) -> int:
    report = report_of(words)
    if words.pdf:
        page = page_of(report, words.stage, by(words))
        file = words.folder / f"{page_name(report, page)}.pdf"
        write_logged(file, _pdf(page_html(report, page), "Filter report"), report, by(words))
    else:
        file = write_page(report, words.folder, words.stage, by(words))
    say(words, {"status": report.status, "file": str(file)}, str(file))
    return CLEAN if report.status == State.PASS else FINDINGS


def _pdf(html: str, title: str) -> bytes:
    from app.filter.gui.page_pdf import pdf_of  # noqa: PLC0415  (Qt only when a PDF is asked for)

    return pdf_of(html, title)
