"""Import of folders, CDs and zip archives, with a report of every file (Y-03)."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pydicom

from core.archive.archive import Archive, Progress, TakenIn
from core.archive.index import Outcome
from core.archive.ledger import Ledger
from core.dicom.files import INDEX_NAMES, Refused, Source, find_sources
from core.findings import State
from core.safe_write import write_whole

NOT_THERE = "the index of the CD (DICOMDIR) names it, and it is not there"
NOT_READ = "the index of the CD (DICOMDIR) cannot be read: whether it is complete was not checked"
NAMED = 3


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every file.

    Attributes:
        taken: New objects and those that were here already.
        others: Refused, quarantined, or named by a CD's index and not there.
        passed_over: Files that are no DICOM: texts, programs, the index of a CD.
        indexed: How many files the indexes of CDs name; None when there was no index.

    """

    taken: tuple[TakenIn, ...]
    others: tuple[TakenIn, ...]
    passed_over: tuple[TakenIn, ...]
    indexed: int | None

    @property
    def state(self) -> State:
        """WARNING when something was not taken that should have been."""
        return State.WARNING if self.others else State.PASS

    @property
    def counts(self) -> dict[str, int]:
        """Objects and files by what became of them."""
        told = {one.value: sum(each.outcome is one for each in (*self.taken, *self.others))
                for one in Outcome}  # fmt: skip
        told["refused"] = sum(one.outcome is None for one in self.others)
        told["no DICOM"] = len(self.passed_over)
        return told

    def words(self) -> str:
        """Return counts, the first reasons and what the index of a CD says, as one line."""
        told = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        if self.indexed is not None and not any(one.why == NOT_THERE for one in self.others):
            told += f". All {self.indexed} files that the CD's index names are there"
        if self.others:
            told += f". {'; '.join(f'{one.name}: {one.why}' for one in self.others[:NAMED])}"
            more = len(self.others) - NAMED
            told += f"; and {more} more" if more > 0 else ""
        return told or "nothing was found"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "status": self.state, "counts": self.counts, "not_taken": _plain(self.others),
            "passed_over": _plain(self.passed_over), "indexed": self.indexed,
        }  # fmt: skip

    def text(self) -> str:
        """Return the report for people."""
        told = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        return "\n".join([told, *(f"  {one.name}: {one.why}" for one in self.others)])

    def table(self) -> bytes:
        """Return every file as a row of a table (CSV, UTF-8 with its mark)."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("file", "what became of it", "SOPInstanceUID", "why"))
        for group, fate in ((self.others, "refused"), (self.taken, ""),
                            (self.passed_over, "passed over")):  # fmt: skip
            for one in group:
                told = str(one.outcome or fate)
                writer.writerow((_safe(one.name), told, one.sop_uid, _safe(one.why)))
        return out.getvalue().encode("utf-8-sig")


def take_in(
    archive: Archive, paths: Sequence[Path], progress: Progress | None = None
) -> ImportReport:
    """Take in everything under some paths; what was refused is kept until somebody has looked."""
    named = {path.name for path in paths if path.is_file()}
    report = archive.take_in_files(paths, "import", progress)
    missing, indexed = _against_index(paths)
    # One that was named itself was meant.
    passed = tuple(one for one in report if one.is_other_file and one.name not in named)
    taken = tuple(one for one in report if one.outcome in (Outcome.NEW, Outcome.SAME))
    rest = [one for one in report if one not in {*passed, *taken}]
    made = ImportReport(taken, (*missing, *rest), passed, indexed)
    with closing(Ledger(archive)) as ledger:
        ledger.note_refused(
            (one.name, "import", one.why) for one in made.others if one.outcome is None
        )
    return made


def save_report(report: ImportReport, path: Path) -> None:
    """Write the table of every file.

    Raises:
        OSError: It cannot be written.

    """
    write_whole(path, report.table())


def _against_index(paths: Sequence[Path]) -> tuple[list[TakenIn], int | None]:
    """Return what the indexes of CDs name and what is not there, and how many files they name."""
    ignored: list[Refused] = []
    sources = list(find_sources(paths, ignored))
    indexes = [one for one in sources if _place(one).name.upper() in INDEX_NAMES]
    if not indexes:
        return [], None
    there = {str(_place(one)).casefold() for one in sources}
    missing: list[TakenIn] = []
    count = 0
    for one in indexes:
        try:
            for name, uid in _named_by(one):
                count += 1
                place = _place(one).parent / name
                # A CD's names lose their case, or the ";1" of their version, from drive to drive.
                if str(place).casefold() not in there:
                    missing.append(TakenIn(name, uid, None, NOT_THERE))
        except Exception:  # noqa: BLE001  (pydicom raises what the broken bytes provoke)
            missing.append(TakenIn(one.name, "", None, NOT_READ))
    return missing, count


def _place(source: Source) -> PurePosixPath:
    inside = source.path.as_posix()
    return PurePosixPath(f"{inside}/{source.member}" if source.member else inside)


def _named_by(index: Source) -> Iterator[tuple[str, str]]:
    with index.open() as stream:
        for record in pydicom.dcmread(stream).DirectoryRecordSequence:
            told = record.get("ReferencedFileID")
            if told:
                parts = [told] if isinstance(told, str) else list(told)
                uid = str(record.get("ReferencedSOPInstanceUIDInFile", ""))
                yield "/".join(map(str, parts)), uid


def _plain(rows: Sequence[TakenIn]) -> list[dict[str, str]]:
    return [{"name": one.name, "sop_uid": one.sop_uid, "why": one.why} for one in rows]


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
