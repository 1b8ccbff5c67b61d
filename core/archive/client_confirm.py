"""Looking whether objects that were acknowledged are really there (Y-08, Y-13).

A system may acknowledge an object and lose it; only what it shows afterwards counts as sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.client_query import querying
from core.archive.client_store import send
from core.archive.facts import read_facts
from core.archive.index import Instance
from core.archive.nodes import Node
from core.archive.transfer import GOOD, Effort, Fate, Outgoing, Result
from core.dicom.files import Source
from core.errors import RemedyError

NOT_SHOWN = "it was acknowledged, but the other side does not show it"


def send_and_look(
    caller: Caller, node: Node, objects: Sequence[Outgoing], effort: Effort | None = None
) -> list[Result]:
    """Send objects, look whether they are there, and send once more what is not."""
    how = effort if effort is not None else Effort()
    results = looked_at(caller, node, objects, send(caller, node, objects, how))
    lost = {one.sop_uid for one in results if one.why == NOT_SHOWN}
    if not lost or how.stop.is_set():
        return results
    again = [one for one in objects if one.sop_uid in lost]
    # One at a time: losing objects is how some servers bear two writers badly.
    alone = replace(node, parallel=1)
    second = looked_at(caller, alone, again, send(caller, alone, again, how))
    by_uid = {one.sop_uid: replace(one, attempts=one.attempts + 1) for one in second}
    return [by_uid.get(one.sop_uid, one) for one in results]


def looked_at(
    caller: Caller, node: Node, objects: Sequence[Outgoing], results: Sequence[Result]
) -> list[Result]:
    """Return the results; an object that is not shown counts as failed, whatever was said.

    Where the system answers no queries, the results stay and say so.
    """
    sent = {one.sop_uid for one in results if one.fate in (*GOOD, Fate.CHANGED)}
    series = {(one.study_uid, one.series_uid) for one in objects if one.sop_uid in sent}
    if not sent or not all(all(pair) for pair in series):
        return list(results)
    try:
        shown = _shown(caller, node, series)
    except RemedyError as problem:
        why = f"acknowledged; whether it is there could not be asked ({problem.what})"
        return [replace(one, why=why) if one.sop_uid in sent else one for one in results]
    return [
        replace(one, fate=Fate.FAILED, why=NOT_SHOWN)
        if one.sop_uid in sent and one.sop_uid not in shown
        else one
        for one in results
    ]


def _shown(caller: Caller, node: Node, series: Iterable[tuple[str, str]]) -> set[str]:
    with querying(caller, node) as query:
        return {
            str(one.SOPInstanceUID)
            for study, own in sorted(series)
            for one in query.ask("IMAGE", {"StudyInstanceUID": study, "SeriesInstanceUID": own})
        }


def outgoing_of(archive: Archive, wanted: Iterable[Instance]) -> list[Outgoing]:
    """Return objects of the archive as they are to be sent."""
    found = []
    for one in wanted:
        path = archive.path_of(one)
        # A file that is gone is told when it is its turn, like one that cannot be read.
        source = Source(path if path is not None else archive.store.objects / f"{one.digest}.dcm")
        found.append(
            Outgoing(source, one.sop_uid, one.sop_class, one.transfer_syntax, one.digest,
                     one.study_uid, one.series_uid)
        )  # fmt: skip
    return found


def outgoing_files(paths: Iterable[Path]) -> tuple[list[Outgoing], list[Result]]:
    """Return files as they are to be sent, and a result for each that is no DICOM object."""
    found, refused = [], []
    for path in paths:
        try:
            facts = read_facts(path)
        except RemedyError as problem:
            refused.append(Result(path.name, Fate.FAILED, problem.what, 0))
            continue
        found.append(
            Outgoing(Source(path), facts.sop_uid, facts.sop_class, facts.transfer_syntax, "",
                     facts.study_uid, facts.series_uid)
        )  # fmt: skip
    return found, refused
