"""The archive of one folder: take objects in, find them, hand them out, look after them (Y-01)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.archive.content import same_content
from core.archive.facts import NO_DICOM, Facts, read_facts
from core.archive.index import Conflict, Index, Instance, Outcome
from core.archive.settling import Settling
from core.archive.store import Coming, Received, Store, chunks_of, digest_of
from core.dicom.files import INDEX_NAMES, Refused, Source, find_sources
from core.errors import RemedyError

Progress = Callable[[float, str], None]
BATCH = 100
# A file of such a name that is no DICOM object is damaged; a text or a program is none. Files of
# CDs have numbers for their endings, or no ending.
DICOM_ENDINGS = (".dcm", ".dicom", ".ima", ".img")


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

    @property
    def is_other_file(self) -> bool:
        """Whether it is no DICOM object and looks like none: a text, a program, an index."""
        if self.outcome is not None or self.why != NO_DICOM:
            return False
        place = PurePosixPath(self.name.rsplit(":", maxsplit=1)[-1].replace("\\", "/"))
        suffix = place.suffix.lower()
        looks = suffix in DICOM_ENDINGS or suffix[1:].isdigit() or not suffix
        return place.name.upper() in INDEX_NAMES or not looks


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
        self._settling = Settling(self.store, self.index)
        self._index_what_a_crash_left()

    def close(self) -> None:
        """Settle what has come, and close the index."""
        self._settling.close()
        self.index.close()

    def take_in(self, chunks: Iterable[bytes], name: str, sender: str) -> TakenIn:
        """Take in the bytes of one object; they are durable and found when this returns.

        Raises:
            OSError: The bytes cannot be written.

        """
        coming = self.store.coming()
        try:
            for chunk in chunks:
                coming.write(chunk)
        except BaseException:
            coming.abandon()
            raise
        return self.take(coming, name, sender)

    def take(self, coming: Coming, name: str, sender: str) -> TakenIn:
        """Take in one object that has come; it is durable and found when this returns.

        Raises:
            OSError: Its bytes cannot be written.

        """
        (taken,) = self._take([(coming, name)], sender)
        if isinstance(taken, OSError):
            raise taken
        return taken

    def take_in_many(
        self, objects: Sequence[bytes], name: str, sender: str
    ) -> list[TakenIn | OSError]:
        """Take in some objects at once; for each that cannot be written, why it cannot."""
        comings = []
        for data in objects:
            coming = self.store.coming()
            coming.write(data)
            comings.append((coming, name))
        return self._take(comings, sender)

    def _take(self, comings: Sequence[tuple[Coming, str]], sender: str) -> list[TakenIn | OSError]:
        finished = self.store.finish([coming for coming, _ in comings], _facts_or_why)
        sound = [
            (one[0], name, one[1])
            for one, (_, name) in zip(finished, comings, strict=True)
            if not isinstance(one, OSError)
        ]
        taken = iter(self._index_all(sound, sender))
        return [one if isinstance(one, OSError) else next(taken) for one in finished]

    def take_in_files(
        self, paths: Sequence[Path], sender: str, progress: Progress | None = None
    ) -> list[TakenIn]:
        """Take in every DICOM object under some paths; what is no DICOM is reported (Y-03)."""
        unopened: list[Refused] = []
        sources = list(find_sources(paths, unopened))
        report = [TakenIn(one.name, "", None, one.why) for one in unopened]
        waiting: list[tuple[Coming, str]] = []
        for number, source in enumerate(sources):
            if progress is not None:
                progress(number / len(sources), f"{number} of {len(sources)} files")
            try:
                waiting.append((self._copied(source), source.name))
            except OSError as fault:
                report.append(_unwritten(source.name, fault))
            if len(waiting) == BATCH:
                report += self._taken(waiting, sender)
                waiting = []
        report += self._taken(waiting, sender)
        self.settle()
        return report

    def _taken(self, waiting: Sequence[tuple[Coming, str]], sender: str) -> list[TakenIn]:
        return [
            _unwritten(name, one) if isinstance(one, OSError) else one
            for one, (_, name) in zip(self._take(waiting, sender), waiting, strict=True)
        ]

    def _copied(self, source: Source) -> Coming:
        coming = self.store.coming()
        try:
            with source.open() as stream:
                for chunk in chunks_of(stream):
                    coming.write(chunk)
        except BaseException:
            coming.abandon()
            raise
        return coming

    def settle(self) -> None:
        """Let what has come lose its name in `incoming` now, not in a while."""
        self._settling.settle()

    def _index_all(
        self, waiting: Sequence[tuple[Received, str, Facts | str]], sender: str
    ) -> list[TakenIn]:
        """Index durable objects in one change, then give each its place."""
        if not waiting:
            return []
        with self.index.writing():
            report = [self._indexed(*one, sender) for one in waiting]
        if any(taken.outcome is Outcome.QUARANTINED for taken in report):
            self.index.make_durable()
        for (received, _, _), taken in zip(waiting, report, strict=True):
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
            self._settling.add(received)
        elif outcome is Outcome.QUARANTINED:
            self.store.quarantine(received)
        elif outcome is None:
            self.store.drop(received)
        else:
            self._drop_copy(received, taken.sop_uid)

    def _drop_copy(self, received: Received, sop_uid: str) -> None:
        """Remove a second copy, unless the first is gone or is no longer what was received.

        Whoever sent it is told that it is safe here, and may delete it there.
        """
        own = self.index.digest_of(sop_uid) == received.digest
        kept = self.store.path_of(received.digest) if own else None
        if own and (kept is None or not self.store.has(received.digest)):
            self._settling.add(received)
        elif kept is not None and digest_of(kept) != received.digest:
            self.store.put_in_place(received)
        else:
            self.store.drop(received)

    def adopt(self, one: Instance, path: Path) -> None:
        """Let a sound file take the place of a damaged one; the damaged one stays in quarantine.

        Args:
            one: The object as it is here.
            path: A file of the same object whose content was found to be the same.

        Raises:
            OSError: It cannot be written; nothing is changed.

        """
        coming = self.store.coming()
        coming.write(path.read_bytes())
        (made,) = self.store.finish([coming], read_facts)
        if isinstance(made, OSError):
            raise made
        received, facts = made
        with self.index.writing():
            self.index.exchange(one, received, facts)
        self.index.make_durable()
        self.store.set_aside(one.digest)
        self.store.put_in_place(received)

    def _index_what_a_crash_left(self) -> None:
        left = list(self.store.left_in_incoming())
        if left:
            found = [(one, one.path.name, _facts_or_why(one.path)) for one in left]
            self._index_all(found, "found at start")
            self.settle()

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


def _facts_or_why(path: Path) -> Facts | str:
    """Return what the index keeps of an object, or why it is not taken."""
    try:
        return read_facts(path)
    except RemedyError as problem:
        return problem.what


def _unwritten(name: str, fault: OSError) -> TakenIn:
    return TakenIn(name, "", None, fault.strerror or "cannot be read or written")
