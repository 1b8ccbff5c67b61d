"""Commission the Filter on the clinic's own plan: the coverage matrix (R-30).

Siochi 2009 commissioned the checker by changing one parameter at a time; here every row of Table 1
and every rule gets its fault, in copies in memory. A row is covered only when its fault was found
and nothing else was told; what is switched off or has no place on this plan is said as such.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.filter.commission.book_state import ACTION, book_in_use
from app.filter.commission.book_state import KEY as BOOK
from app.filter.commission.clinic import Clinic
from app.filter.commission.export import Export
from app.filter.commission.fault import Fault
from app.filter.commission.hint_faults import hint_faults
from app.filter.commission.logic_faults import logic_faults
from app.filter.commission.machine_faults import machine_faults
from app.filter.commission.mu_faults import mu_faults
from app.filter.commission.record_faults import record_faults
from app.filter.commission.run import Ending, Progress, Tried, try_all
from app.filter.commission.side_faults import side_faults
from app.filter.commission.special_faults import special_faults
from app.filter.commission.table_faults import table_faults
from app.filter.coverage import COLUMNS, ROWS, table_1_coverage
from app.filter.ledger_log import record
from app.filter.notes import read_rules
from app.filter.plan_source import read_plan_source
from app.filter.report import Source, source_of
from app.filter.rtp_text import read_file
from app.filter.rule_set import rule_set
from app.filter.rv_source import is_dicom, read_rv_file
from app.filter.settings import read_settings
from core.errors import RemedyError
from core.findings import State

OURS = COLUMNS[:2]
LOGIC_ROWS = {"Interlocks": "F-INT-", "Rx modality": "F-RX-MODALITY"}
TOLD = (Ending.FOUND, Ending.MISSED, Ending.MORE, Ending.OFF, Ending.NOT_SHOWN, Ending.BY_HAND)
OPEN_ENDINGS = (Ending.MISSED, Ending.MORE, Ending.OFF, Ending.NOT_SHOWN)
# Rules no copy of an export can provoke, or whose proof is another one. Names or their beginnings.
LEFT_OUT = {
    "F-CMP-TIE": "a hint on how fields were paired, no fault",
    "F-CMP-PAIRING": "a hint on how fields were paired, no fault",
    "F-CMP-SEGMENT": "belongs to a beam sent as one field per segment, which the plan decides",
    "F-FORM": "forms of delivery are declared by who transfers the plan",
    "F-BASE": "needs a signed baseline; eqs filter baseline verify proves it",
    "F-MU-GENERIC": "tells which dosimetry book is in use",
    "F-MU-CALIBRATION": "needs a plan whose machine is calibrated otherwise than the book",
    "F-MU-N": "tells that a field could not be calculated",
    "F-FILM": "needs a measured film",
    "F-GAMMA": "needs a measured film",
    "F-TBI-DOSE": "needs the thickness of the body, measured on verification day",
    "F-LOG": "tells that the log could not be written",
    "F-RV-NOTE": "a decision of the reader, no fault",
    "F-PLAN-APPROVAL": "is read in the plan, which is not changed",
    "F-PLAN-NOTE": "a decision of the reader, no fault",
    "F-RTP-PLAN": "tells why a file that was refused cannot be opened",
}


@dataclass(frozen=True, slots=True)
class Commissioned:
    """One export with its plan: what became of every fault.

    Attributes:
        rows: Faults in the order of Table 1, then of the rules.
        rules: Version of the rules and limits it holds for.
        tables: Which tables are not as shipped, in words.

    """

    sources: tuple[Source, ...]
    rows: tuple[Tried, ...]
    patient_id: str
    plan_id: str
    rules: str
    tables: str = ""

    @property
    def counts(self) -> Counter[Ending]:
        """How many faults ended how."""
        return Counter(one.ending for one in self.rows)

    @property
    def status(self) -> State:
        """ERROR when a fault was missed; PASS only when every row was shown and found alone."""
        counts = self.counts
        if counts[Ending.MISSED]:
            return State.ERROR
        return State.WARNING if any(counts[one] for one in OPEN_ENDINGS) else State.PASS

    @property
    def headline(self) -> str:
        """What was proved, in one line."""
        counts = self.counts
        return ", ".join(
            f"{counts[one]} {one.value}" for one in TOLD if counts[one] or one is Ending.MISSED
        )

    def to_json(self) -> dict[str, Any]:
        """Return the matrix as a mapping that JSON can hold."""
        return {
            "status": self.status.value,
            "headline": self.headline,
            "rules": self.rules,
            "tables": self.tables,
            "sources": [{"path": one.path, "sha256": one.sha256} for one in self.sources],
            "counts": {one.value: self.counts[one] for one in Ending},
            "rows": [
                {"row": one.row, "column": one.column, "rule": one.rule, "report": one.report,
                 "found": one.ending is Ending.FOUND, "ending": one.ending.value,
                 "fault": one.words, "other_findings": list(one.others)}
                for one in self.rows
            ],
            "not_part": LEFT_OUT,
        }  # fmt: skip


def commission(
    rv_path: Path,
    plan_path: Path,
    trial: str | None = None,
    scale: str | None = None,
    progress: Progress = lambda _share, _words: None,
) -> Commissioned:
    """Put one fault per row and rule into copies of an export; no file is changed or written.

    Args:
        rv_path: RTP-Connect file of the R&V system.
        plan_path: Its plan.
        trial: Of a Pinnacle plan.
        scale: Scale of a native export that does not say it.
        progress: Told before each fault; may raise to cancel.

    Raises:
        RemedyError: A source is damaged or of another kind.

    """
    progress(0.0, f"reading {rv_path.name} and {plan_path.name}")
    clinic = clinic_of(rv_path, plan_path, trial, scale)
    rules = clinic.settings.rule_set or rule_set(clinic.settings.folder)
    rows = tuple(try_all(clinic, tuple(faults_for(clinic)), progress))
    return Commissioned(
        (source_of(rv_path), source_of(plan_path)), tuple(_in_order(rows)), clinic.rv.patient.id,
        clinic.rv.plan_id, rules.version, rules.words,
    )  # fmt: skip


def clinic_of(
    rv_path: Path, plan_path: Path, trial: str | None = None, scale: str | None = None
) -> Clinic:
    """Read an export and its plan; see `commission`.

    Raises:
        RemedyError: A source is damaged or of another kind.

    """
    if is_dicom(rv_path):
        raise RemedyError(
            "commissioning changes the lines of an RTP-Connect file; this is a DICOM export",
            where=str(rv_path),
            remedy="Write it as RTP-Connect with `eqs filter translate`, and commission that.",
        )
    file = read_file(rv_path)
    return Clinic(
        Export(file), read_rv_file(file, scale), read_plan_source(plan_path, trial),
        read_settings(), read_rules(), scale, trial,
    )  # fmt: skip


def faults_for(clinic: Clinic) -> Iterator[Fault]:
    """Yield every fault; which templates there are depends on what the clinic has laid down."""
    for column in OURS:
        yield from table_faults(column)
    yield from record_faults()
    yield from logic_faults()
    yield from hint_faults()
    yield from side_faults()
    yield from machine_faults()
    yield from special_faults(clinic)
    yield from mu_faults()


def _in_order(rows: Sequence[Tried]) -> Iterator[Tried]:
    """Yield the rows with those of Table 1 that have no fault of their own at their place."""
    for column in OURS:
        for covered in table_1_coverage(column):
            own = [one for one in rows if (one.row, one.column) == (covered.row, column)]
            yield from own
            prefix = LOGIC_ROWS.get(covered.row, "")
            if not own and prefix:
                yield _by_rules(covered.row, column, prefix, rows)
            elif not own:
                yield Tried(covered.row, column, "", "", Ending.BY_HAND, covered.words)
        yield from (one for one in rows if one.column == column and one.row not in ROWS)
    yield from (one for one in rows if not one.column)


def _by_rules(row: str, column: str, prefix: str, rows: Sequence[Tried]) -> Tried:
    """Return a row of Table 1 that rules of their own cover: as good as the worst one shown."""
    own = [one for one in rows if one.rule.startswith(prefix) and not one.column]
    shown = [one.ending for one in own if one.ending is not Ending.NOT_SHOWN]
    ending = min(shown, key=list(Ending).index, default=Ending.NOT_SHOWN)
    words = f"by the rules {prefix}…: {len(shown)} of {len(own)} shown on this plan"
    return Tried(row, column, prefix.rstrip("-"), "", ending, words)


def together(runs: Sequence[Commissioned]) -> Commissioned:
    """Return several plans as one proof: a row is covered when one plan shows it and none misses.

    Args:
        runs: At least one, all under the same rules.

    Raises:
        RemedyError: A table was changed between two of them.

    """
    if len({one.rules for one in runs}) > 1:
        raise RemedyError(
            "a table was changed between two runs, so they are no proof of the same rules",
            where="eqs filter commission", remedy="Run it again with all plans.",
        )  # fmt: skip
    rows = []
    for group in zip(*(one.rows for one in runs), strict=True):
        shown = [one for one in group if one.ending is not Ending.NOT_SHOWN]
        best = min(shown or group[:1], key=lambda one: list(Ending).index(one.ending))
        names = [Path(run.sources[0].path).name for run, one in zip(runs, group, strict=True)
                 if one is best]  # fmt: skip
        many = len(runs) > 1 and best in shown and best.ending is not Ending.BY_HAND
        rows.append(replace(best, words=f"{names[0]}: {best.words}") if many else best)
    ids = [", ".join(dict.fromkeys(getattr(one, name) for one in runs))
           for name in ("patient_id", "plan_id")]  # fmt: skip
    sources = tuple(source for one in runs for source in one.sources)
    return Commissioned(sources, tuple(rows), ids[0], ids[1], runs[0].rules, runs[0].tables)


def on_log(made: Commissioned, person: str) -> None:
    """Put a commissioning into the log: sources, rules, book, counts, and every row not covered.

    Raises:
        LogError: The log cannot be written.

    """
    counts = made.counts
    # Several plans together are no matter of one patient.
    one_plan = len(made.sources) == len(("export", "plan"))
    record(ACTION, {
        "title": made.headline, "status": made.status.value, "person": person,
        "patient_id": made.patient_id if one_plan else "",
        "plan_id": made.plan_id if one_plan else "",
        "plans": f"{made.patient_id}: {made.plan_id}", "rules": made.rules,
        "tables": made.tables,
        BOOK: book_in_use(),
        "sources": [[Path(one.path).name, one.path, one.sha256] for one in made.sources],
        "counts": {one.value: counts[one] for one in Ending},
        "not_covered": [[one.ending.value, one.row, one.column, one.rule] for one in made.rows
                        if one.ending in OPEN_ENDINGS],
    })  # fmt: skip


def as_text(made: Commissioned) -> str:
    """Return the matrix for the terminal: what is not covered first."""
    lines = [f"Commissioning: {made.headline}", f"Rules {made.rules}; {made.tables}.", ""]
    for one in sorted(made.rows, key=lambda row: list(Ending).index(row.ending)):
        where = f"{one.row} ({one.column})" if one.column else one.row
        lines.append(f"{one.ending.value:25} {one.rule:27} {where:40} {one.words}")
        lines += [f"{'':25} also told: {other}" for other in one.others]
    lines += ["", "Not part of commissioning by mutation:"]
    lines += [f"  {rule}: {why}" for rule, why in LEFT_OUT.items()]
    return "\n".join(lines)
