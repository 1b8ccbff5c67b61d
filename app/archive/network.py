"""The archive and other systems, without a window: serve, ask, send, fetch, move, mirror."""

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.archive.archive import Archive, TakenIn
from core.archive.calls import Caller
from core.archive.client_query import querying
from core.archive.client_retrieve import Moved, get, move
from core.archive.client_web import Web
from core.archive.connection_check import Step
from core.archive.drill import drawn, drill
from core.archive.facts import read_facts
from core.archive.getting import Taker
from core.archive.index import Outcome
from core.archive.ledger import Ledger
from core.archive.mirror import Mirroring, MirrorReport, mirror
from core.archive.nodes import Kind, ListenerSettings, Node
from core.archive.repair import repair
from core.archive.service import Service
from core.archive.settings import ArchiveSettings, read_settings
from core.archive.transfer import Effort, Fate, Remote, Result, state_of, summary
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

OLD_LISTENER = (
    "rules hold at once; who is answered, and where, stays as it was until listening is ended and "
    "begun again, so that what comes in now is not cut off"
)
ROWS = {
    "PATIENT": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "STUDY": ("PatientID", "PatientName", "StudyDate", "StudyDescription", "ModalitiesInStudy",
              "StudyInstanceUID"),
    "SERIES": ("Modality", "SeriesNumber", "SeriesDescription", "SeriesInstanceUID"),
    "IMAGE": ("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for on another system; empty texts ask for nothing."""

    patient_id: str = ""
    name: str = ""
    study_uid: str = ""
    series_uid: str = ""
    since: str = ""
    until: str = ""
    modality: str = ""

    def keys(self, level: str) -> dict[str, str]:
        """Return the DICOM keys of one level."""
        dates = f"{self.since}-{self.until}" if self.since or self.until else ""
        told = {
            "PatientID": self.patient_id,
            "PatientName": self.name,
            "StudyInstanceUID": self.study_uid,
            "StudyDate": dates,
            "SeriesInstanceUID": self.series_uid,
        }
        if self.modality:
            told["ModalitiesInStudy" if level == "STUDY" else "Modality"] = self.modality
        ours = {
            "PATIENT": ("PatientID", "PatientName"),
            "STUDY": ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate",
                      "ModalitiesInStudy"),
            "SERIES": ("StudyInstanceUID", "SeriesInstanceUID", "Modality"),
            "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID"),
        }  # fmt: skip
        return {key: told[key] for key in ours[level] if told.get(key)}


def caller_of(settings: ArchiveSettings) -> Caller:
    """Return how we introduce ourselves."""
    return Caller(settings.listener.ae_title, settings.listener.tls)


def found_there(caller: Caller, node: Node, level: str, asked: Asked) -> list[dict[str, str]]:
    """Return what another system has at one level, as rows of texts.

    Raises:
        RemedyError: It cannot be asked.

    """
    keys = asked.keys(level)
    if node.kind is Kind.WEB:
        # Below STUDY level the UIDs stand in the address.
        in_address = () if level == "STUDY" else ("StudyInstanceUID", "SeriesInstanceUID")
        own = {key: one for key, one in keys.items() if key not in in_address}
        answers = Web(node).ask(level, own, asked.study_uid, asked.series_uid)
    else:
        with querying(caller, node) as query:
            answers = query.ask(level, keys)
    return [{key: _text(one.get(key)) for key in ROWS[level]} for one in answers]


def _text(value: object) -> str:
    if value is None:
        return ""
    many = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return " ".join(str(one) for one in many)  # type: ignore[attr-defined]  # a list by its append


def objects_there(caller: Caller, node: Node, asked: Asked) -> list[Remote]:
    """Return every object of a person, study or series of another system.

    Raises:
        RemedyError: It cannot be asked, or nothing is asked for.

    """
    if not (asked.patient_id or asked.study_uid):
        raise RemedyError(
            "nothing is asked for", where=node.title, remedy="Name a patient ID or a study."
        )
    words = {"patient_id": asked.patient_id, "study_uid": asked.study_uid,
             "series_uid": asked.series_uid}  # fmt: skip
    if node.kind is Kind.WEB:
        return list(Web(node).instances(**words))
    with querying(caller, node) as query:
        return list(query.instances(**words))


def fetch(
    caller: Caller, node: Node, wanted: Sequence[Remote], archive: Archive, effort: Effort
) -> list[Result]:
    """Fetch objects of another system into the archive; those that are here stay untouched."""

    def take(objects: Sequence[bytes], sender: str) -> list[TakenIn | OSError]:
        return archive.take_in_many(objects, "retrieved", sender)

    start = time.monotonic()
    results = _fetched(caller, node, wanted, take, effort)
    seconds = time.monotonic() - start
    came = sum(one.fate is Fate.DONE for one in results)
    # One that was cut, or brought nothing, says nothing of how long a retrieval takes.
    if came and came == len(results):
        with closing(Ledger(archive)) as ledger:
            ledger.note_retrieved(node.title, came, seconds)
    return results


def average_words(archive: Archive) -> str:
    """Return how long retrievals took so far, for people; empty when there was none (Y-12)."""
    with closing(Ledger(archive)) as ledger:
        told = ledger.retrievals()
    if not told.count:
        return ""
    many = "1 retrieval" if told.count == 1 else f"{told.count} retrievals"
    return (
        f"{many} so far: {told.mean_s:.1f} s on average for {told.mean_objects:.0f} objects, "
        f"{told.longest_s:.1f} s the longest."
    )


def drilled(
    caller: Caller, node: Node, archive: Archive, persons: int, effort: Effort
) -> list[Result]:
    """Run a restore drill with some persons drawn by lot; return it as results of a transfer."""
    with closing(Ledger(archive)) as ledger:
        return drill(ledger, caller, node, drawn(archive, persons), effort=effort).results()


def compared(caller: Caller, node: Node, archive: Archive) -> MirrorReport:
    """Compare the archive with another system; nothing is sent or fetched (Y-04)."""
    with closing(Ledger(archive)) as ledger:
        return mirror(ledger, caller, node, Mirroring(dry=True))


def mirrored(caller: Caller, node: Node, archive: Archive, effort: Effort) -> MirrorReport:
    """Bring the archive and another system together (Y-04)."""
    with closing(Ledger(archive)) as ledger:
        return mirror(ledger, caller, node, Mirroring(effort=effort))


def repaired(caller: Caller, node: Node, archive: Archive, effort: Effort) -> list[Result]:
    """Bring every file that is known to be damaged back from a backup."""
    with closing(Ledger(archive)) as ledger:
        return repair(ledger, caller, node, effort)


def care_words(archive: Archive, *, scrub_days: float) -> str:
    """Return how the stored files are, and when a restore was drilled last (Y-13)."""
    with closing(Ledger(archive)) as ledger:
        scrubbed, last = ledger.scrub_told(), ledger.last_drill()
        mirrors = ledger.mirrored()
    words = ""
    if scrubbed.damaged:
        files = (
            "1 stored file is" if scrubbed.damaged == 1 else f"{scrubbed.damaged} stored files are"
        )
        words = f"{files} DAMAGED, see To look at."
    elif scrubbed.begun and scrub_days:
        share = f"{scrubbed.share:.0%} since {scrubbed.begun[:10]}"
        words = f"Stored files read again: {share}, all sound."
    for one in mirrors:
        how = "equal" if one.is_equal else "NOT EQUAL, see To look at"
        words += f" Mirror {one.node} {one.at[:10]}: {how}."
    if last is not None:
        words += (
            f" Last restore drill {last.at[:10]} with {last.node}: {last.equal} of {last.objects} "
            "objects came back equal."
        )
    return words.strip()


def started(archive: Archive, settings: ArchiveSettings) -> Service:
    """Start listening, forwarding, watching, reading again and mirroring.

    Raises:
        RemedyError: The port cannot be opened, or a certificate not be read.

    """
    try:
        return Service(archive, settings)
    except OSError as fault:
        raise RemedyError(
            f"port {settings.listener.port} cannot be opened: {fault.strerror}",
            where=settings.listener.host,
            remedy="End the other program that listens there, or choose another port.",
        ) from fault


def renewed(service: Service, path: Path | None = None) -> str:
    """Let a running service go on with the settings as they stand now; return what to say."""
    try:
        old = service.renew(read_settings(path))
    except RemedyError as problem:
        return f"the settings have changed and cannot be used, so the old ones hold: {problem}"
    return "the settings were read again" + (f"; {OLD_LISTENER}" if old else "")


def service_words(service: Service) -> str:
    """Return what the service does, for people."""
    own, counts = service.settings, service.listener.counts
    listener = service.listener.settings  # what it was started with
    who = "other computers too" if listener.is_open else "this computer only"
    words = f"{listener.ae_title} listens at {listener.host}:{service.listener.port}, {who}."
    words += f" {counts.stored} received"
    if counts.last_sender:
        words += f", last from {counts.last_sender}"
    if counts.refused:
        words += f"; {counts.refused} refused, see the senders' lists"
    if counts.rejected:
        words += f"; {counts.rejected} calls from strangers turned away"
    rest = [
        (len(own.rules), "rule", "rules"), (len(own.watched), "watched folder", "watched folders"),
        (len(own.mirrors), "mirror", "mirrors"),
    ]  # fmt: skip
    told = ", ".join(
        f"{count} {one if count == 1 else many}" for count, one, many in rest if count
    )
    return f"{words}. At work: {told}." if told else f"{words}."


def fetch_into(
    caller: Caller, node: Node, wanted: Sequence[Remote], folder: Path, effort: Effort
) -> list[Result]:
    """Fetch objects of another system into a new folder.

    Raises:
        RemedyError: The folder is there already.

    """
    if folder.exists():
        raise RemedyError(
            f"{folder.name} is there already", where=str(folder), remedy="Choose another name."
        )
    folder.mkdir(parents=True)
    names = {one.sop_uid: f"{number:05d}.dcm" for number, one in enumerate(wanted)}

    def written(data: bytes) -> TakenIn | OSError:
        part = folder / f".{uuid4().hex}.part"
        try:
            write_whole(part, data)
            uid = read_facts(part).sop_uid
            part.replace(folder / names.get(uid, f"{uid[-24:]}.dcm"))
        except OSError as fault:
            return fault
        except RemedyError as problem:
            part.unlink(missing_ok=True)
            return TakenIn("", "", None, problem.what)
        return TakenIn(uid, uid, Outcome.NEW)

    def take(objects: Sequence[bytes], _: str) -> list[TakenIn | OSError]:
        return [written(data) for data in objects]

    return _fetched(caller, node, wanted, take, effort)


def _fetched(
    caller: Caller,
    node: Node,
    wanted: Sequence[Remote],
    take: Taker,
    effort: Effort,
) -> list[Result]:
    if node.kind is Kind.WEB:
        return Web(node).get(wanted, take, effort)
    return get(caller, node, wanted, take, effort)


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What another system said of a move, beside what it has."""

    expected: int
    told: Moved

    @property
    def state(self) -> State:
        """PASS only when it says that it sent as many objects as it has."""
        whole = self.told.is_whole and self.told.completed == self.expected
        return State.PASS if whole else State.ERROR

    def words(self) -> str:
        """Return the report as one line."""
        told = f"{max(self.told.completed, 0)} of {self.expected} objects sent"
        return f"{told}: {self.told.why}" if self.told.why else told


def move_there(caller: Caller, node: Node, destination: str, asked: Asked) -> list[MoveReport]:
    """Have another system send studies or a series to a third one.

    Raises:
        RemedyError: It cannot be asked, or has nothing of it.

    """
    there = objects_there(caller, node, asked)
    if not there:
        raise RemedyError(
            "it has nothing of this", where=node.place, remedy="Look with 'eqs archive find'."
        )
    studies: dict[str, int] = {}
    for one in there:
        studies[one.study_uid] = studies.get(one.study_uid, 0) + 1
    reports = []
    for study, count in studies.items():
        keys = {"StudyInstanceUID": study}
        if asked.series_uid:
            keys["SeriesInstanceUID"] = asked.series_uid
        reports.append(MoveReport(count, move(caller, node, destination, keys)))
    return reports


def results_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return results as plain values."""
    return {
        "status": state_of(results),
        "counts": {fate: sum(one.fate is fate for one in results) for fate in Fate},
        "objects": [
            {"sop_uid": one.sop_uid, "fate": one.fate, "why": one.why, "attempts": one.attempts}
            for one in results
        ],
    }


def results_text(results: Sequence[Result]) -> str:
    """Return results for people: counts, and each object that has not simply arrived."""
    others = [f"  {one.sop_uid}: {one.fate}: {one.why}" for one in results if one.why]
    return "\n".join([summary(results), *others])


def steps_text(steps: Iterable[Step]) -> str:
    """Return the steps of a connection check for people."""
    lines = []
    for one in steps:
        lines.append(f"{one.state:8} {one.name:12} {one.words}")
        if one.remedy:
            lines.append(f"{'':22}{one.remedy}")
    return "\n".join(lines)


def nodes_text(settings: ArchiveSettings) -> str:
    """Return the nodes for people."""
    if not settings.nodes:
        return "No node is named yet; see 'archive.toml' in the help of the Archive."
    return "\n".join(
        f"{one.title:20} {one.kind:9} {one.place}{'  TLS' if one.tls else ''}"
        for one in settings.nodes
    )


def listening_text(listener: ListenerSettings, port: int) -> str:
    """Return how the listener is reached, for people."""
    who = ", ".join(one.ae_title for one in listener.nodes) or "every system of this computer"
    how = "TLS with certificates" if listener.tls is not None else "no encryption"
    return (
        f"{listener.ae_title} listens at {listener.host}:{port} ({how}); answered: {who}. "
        "Ctrl+C ends it."
    )
