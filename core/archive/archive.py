"""The archive of one folder: take objects in, find them, hand them out, look after them (Y-01)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.archive.content import same_content
from core.archive.facts import Facts, read_facts
from core.archive.index import Conflict, Index, Instance, Outcome
from core.archive.store import Received, Store, chunks_of, digest_of
from core.dicom.files import Refused, Source, find_sources
from core.errors import RemedyError

Progress = Callable[[float, str], None]
BATCH = 100


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of one object.

    Attributes:
        name: File or sender, for reports.
        outcome: None when it was refused.
        why: Why it was refused or quarantined; empty otherwise.

    """

    name: str
    sop_uid: str
    outcome: Outcome | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Damage:
    """An object whose file is gone or no longer what was received."""

    sop_uid: str
    digest: str
    what: str


class Archive:
    """One archive; several threads may use it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(folder)
        self.index = Index(folder / "index.sqlite")
        self._index_what_a_crash_left()

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def take_in(self, chunks: Iterable[bytes], name: str, sender: str) -> TakenIn:
        """Take in the bytes of one object; they are durable and found when this returns.

        Raises:
            OSError: The bytes cannot be written.

        """
        return self.take(self.store.receive(chunks), name, sender)

    def take(self, received: Received, name: str, sender: str) -> TakenIn:
        """Index one object whose bytes are durable; it is found when this returns."""
        return self._index_all([(received, name)], sender)[0]

    def take_in_files(
        self, paths: Sequence[Path], sender: str, progress: Progress | None = None
    ) -> list[TakenIn]:
        """Take in every DICOM object under some paths; what is no DICOM is reported (Y-03)."""
        unopened: list[Refused] = []
        sources = list(find_sources(paths, unopened))
        report = [TakenIn(one.name, "", None, one.why) for one in unopened]
        waiting: list[tuple[Received, str]] = []
        for number, source in enumerate(sources):
            if progress is not None:
                progress(number / len(sources), f"{number} of {len(sources)} files")
            try:
                waiting.append((self._copied(source), source.name))
            except OSError as fault:
                report.append(TakenIn(source.name, "", None, fault.strerror or "cannot be read"))
            if len(waiting) == BATCH:
                report += self._index_all(waiting, sender)
                waiting = []
        return report + self._index_all(waiting, sender)

    def _copied(self, source: Source) -> Received:
        with source.open() as stream:
            return self.store.receive(chunks_of(stream))

    def _index_all(self, waiting: Sequence[tuple[Received, str]], sender: str) -> list[TakenIn]:
        """Index durable objects in one change, then move each to its place."""
        # Reading takes its time: nobody shall wait for it before the change begins.
        told = [(received, name, _facts_or_why(received)) for received, name in waiting]
        with self.index.writing():
            report = [self._indexed(*one, sender) for one in told]
        for (received, _), taken in zip(waiting, report, strict=True):
            self._put_away(received, taken)
        return report

    def _indexed(
        self, received: Received, name: str, facts: Facts | str, sender: str
    ) -> TakenIn:  # fmt: skip
        if isinstance(facts, str):
            return TakenIn(name, "", None, facts)
        kept = self.index.digest_of(facts.sop_uid)
        if kept is None:
            self.index.add(facts, received, sender)
            return TakenIn(name, facts.sop_uid, Outcome.NEW)
        if kept == received.digest or self._says_the_same(kept, received):
            return TakenIn(name, facts.sop_uid, Outcome.SAME)
        self.index.add_conflict(facts.sop_uid, kept, received, sender)
        why = "another content is here under the same SOPInstanceUID; both are kept apart"
        return TakenIn(name, facts.sop_uid, Outcome.QUARANTINED, why)

    def _says_the_same(self, kept: str, received: Received) -> bool:
        """Whether the kept object and a new one differ only in how they are written down."""
        path = self.store.path_of(kept)
        return path is not None and same_content(path, received.path)

    def _put_away(self, received: Received, taken: TakenIn) -> None:
        outcome = taken.outcome
        if outcome is Outcome.NEW:
            self.store.keep(received)
        elif outcome is Outcome.QUARANTINED:
            self.store.quarantine(received)
        elif outcome is None:
            self.store.drop(received)
        else:
            self._drop_copy(received, taken.sop_uid)

    def _drop_copy(self, received: Received, sop_uid: str) -> None:
        """Remove a second copy, unless it turns out to be the only file of its object."""
        own = self.index.digest_of(sop_uid) == received.digest
        if own and not self.store.has(received.digest):
            self.store.keep(received)
        else:
            self.store.drop(received)

    def _index_what_a_crash_left(self) -> None:
        left = list(self.store.left_in_incoming())
        if left:
            self._index_all([(one, one.path.name) for one in left], "found at start")

    # Handing out.

    def path_of(self, instance: Instance) -> Path | None:
        """Return the file of an object; None when it is gone."""
        return self.store.path_of(instance.digest)

    def instances_of_patient(self, patient: int) -> list[Instance]:
        """Return every object of a person."""
        return self.index.instances("p.id = ?", patient)

    def instances_of_study(self, study: int) -> list[Instance]:
        """Return every object of a study."""
        return self.index.instances("s.id = ?", study)

    def instances_of_series(self, series: int) -> list[Instance]:
        """Return every object of a series."""
        return self.index.instances("r.id = ?", series)

    def conflicts(self) -> list[Conflict]:
        """Return what was quarantined."""
        return self.index.conflicts()

    def verify(self, progress: Progress | None = None) -> list[Damage]:
        """Read every stored file again and compare it with what was received (Y-13)."""
        everything = self.index.instances("1")
        found = []
        for number, one in enumerate(everything):
            if progress is not None:
                progress(number / len(everything), f"{number} of {len(everything)} objects")
            path = self.path_of(one)
            if path is None:
                found.append(Damage(one.sop_uid, one.digest, "the file is gone"))
            elif digest_of(path) != one.digest:
                found.append(Damage(one.sop_uid, one.digest, "the file has changed on the disk"))
        return found


def _facts_or_why(received: Received) -> Facts | str:
    """Return what the index keeps of an object, or why it is not taken."""
    try:
        return read_facts(received.path)
    except RemedyError as problem:
        return problem.what
