"""From a trial and the treatment data to a transfer file that both channels agree on (L-24)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.lex.arrange import arranged
from app.lex.checks import check_case
from app.lex.checks.case import Case
from app.lex.field_records import control_points
from app.lex.fields import Field, fields_of
from app.lex.plan import Trial
from app.lex.policy import Reason, unanswered
from app.lex.records import rows_of
from app.lex.rtp_write import Row, write_records
from app.lex.rv_systems import read_rv_system
from app.lex.treatment import Treatment
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State
from core.layers import own_layers
from core.machines import read_machine
from core.safe_write import write_whole

# What this program does not do, said with every transfer (L-23, L-25; Siochi 2009, II.B).
LIMITS = (
    NotChecked("Monitor units", "LEX carries the plan's MU and does not calculate any."),
    NotChecked("Prescription", "LEX cannot judge whether prescription and objectives are right."),
    NotChecked("Cone-beam imaging", "LEX does not transfer cone-beam field sizes and MU."),
)  # fmt: skip
READ_BACK_STOPS = (State.ERROR, State.WARNING)


class TransferRefusedError(RemedyError):
    """The file was not written; `findings` say why."""

    def __init__(
        self, what: str, *, where: str, remedy: str, findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class WrittenField:
    """One row of the list of what is written; `points` counts control points."""

    field_id: str
    beam: str
    prescription: str
    mu: float
    points: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer file ready to be written, or the reasons why it may not be.

    Attributes:
        data: The file; empty while a finding is an error.
        options: What was done to segments beyond a plain transfer, e.g. "resequenced"; the other
            channel has to expect it.
        reasons: What somebody has said to the findings that need a reason.
        rows: The records of the file, before they become text.

    """

    data: bytes
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    fields: tuple[WrittenField, ...]
    options: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    rows: tuple[Row, ...] = ()

    @property
    def unanswered(self) -> tuple[Finding, ...]:
        """Return the findings that need a reason and have none."""
        return unanswered(self.findings, self.reasons)

    def with_reasons(self, reasons: Iterable[Reason]) -> "Transfer":
        """Return the transfer with more reasons; a later one for a finding takes the place."""
        more = tuple(reasons)
        answered = [reason.finding for reason in more]
        kept = tuple(one for one in self.reasons if one.finding not in answered)
        return replace(self, reasons=kept + more)


def prepare(trial: Trial, treatment: Treatment) -> Transfer:
    """Check a trial and make its transfer file.

    Args:
        trial: The plan as read.
        treatment: What the plan does not hold; gaps are errors among the findings.

    Raises:
        ClinicFileError: The description of the machine or of the R&V system cannot be used.

    """
    system = read_rv_system(treatment.rv_system, own_layers())
    machine = (
        None
        if treatment.machine_type is None
        else read_machine(treatment.machine_type, own_layers())
    )
    done = arranged(fields_of(trial, treatment, system), treatment, machine, system.names)
    fields = done.fields
    findings = done.findings + check_case(Case(trial, treatment, fields, machine, system))
    # A beam without control points is an error of LEX-C3 already and has nothing to write.
    whole = all(field.beam.segments for field in fields)
    rows = tuple(rows_of(trial, treatment, fields, machine, system.layout)) if whole else ()
    written = write_records(rows, system)
    findings += written.findings
    sound = not any(finding.state == State.ERROR for finding in findings)
    return Transfer(
        data=written.data if sound else b"",
        findings=findings,
        not_checked=LIMITS,
        fields=tuple(_row(field) for field in fields),
        options=treatment.options,
        rows=rows,
    )


def write(
    transfer: Transfer,
    out: Path,
    read_back: Callable[[Path], Sequence[Finding]],
    *,
    source: Path | None = None,
    overwrite: bool = False,
) -> tuple[Finding, ...]:
    """Write the transfer file, but only once the other channel has read it back without objection.

    Args:
        transfer: As `prepare` made it.
        out: File to write.
        read_back: Given the finished file under its temporary name, returns what the other
            channel finds; an error or a warning among it refuses the file.
        source: The plan; nothing is written over or into it (L-01).
        overwrite: Whether somebody has agreed that an existing file may go.

    Returns:
        The findings of the checks and those of the read-back.

    Raises:
        TransferRefusedError: An error stands, a finding has no reason yet, the other channel
            objects, or the place is taken or cannot be written. `out` is then as it was.

    """
    _require_permission(transfer, out)
    _require_place(out, source, overwrite=overwrite)
    seen: list[Finding] = []

    def approve(temporary: Path) -> None:
        try:
            seen.extend(read_back(temporary))
        except OSError as fault:
            raise TransferRefusedError(
                f"the file could not be read back: {fault.strerror or fault}",
                where=str(out),
                remedy="Check that plan and folder can still be reached, then try again.",
            ) from fault
        objections = [finding for finding in seen if finding.state in READ_BACK_STOPS]
        if objections:
            raise TransferRefusedError(
                f"read back, the file differs from the plan in {len(objections)} places, "
                f"the first: {objections[0].message}",
                where=str(out),
                remedy="Do not transfer this plan; report the differences to the physicist.",
                findings=objections,
            )
        # Another program may have put a file there in the meantime.
        _require_place(out, source, overwrite=overwrite)

    try:
        write_whole(out, transfer.data, approve=approve)
    except OSError as fault:
        raise TransferRefusedError(
            f"the file cannot be written: {fault.strerror or fault}",
            where=str(out),
            remedy="Choose a folder that exists and that you may write to.",
        ) from fault
    return (*transfer.findings, *seen)


def _require_permission(transfer: Transfer, out: Path) -> None:
    """Refuse while an error stands or a finding has no reason."""
    errors = [finding for finding in transfer.findings if finding.state == State.ERROR]
    if errors or not transfer.data:
        raise TransferRefusedError(
            f"{len(errors)} errors stand, the first: {errors[0].message}"
            if errors
            else "there is nothing to write",
            where=str(out),
            remedy="Cure them in the planning system or the treatment data, then try again.",
            findings=errors,
        )
    if transfer.unanswered:
        rules = ", ".join(dict.fromkeys(one.rule for one in transfer.unanswered))
        raise TransferRefusedError(
            f"{len(transfer.unanswered)} findings need a reason: {rules}, "
            f"the first: {transfer.unanswered[0].message}",
            where=str(out),
            remedy="Give a reason for each (--acknowledge RULE=REASON), or correct the plan.",
            findings=transfer.unanswered,
        )


def _require_place(out: Path, source: Path | None, *, overwrite: bool) -> None:
    """Refuse a place in the plan itself, and an existing file nobody has given up.

    A plan that is a file lies among its images, structures and doses: its folder is the plan's.
    """
    place = None if source is None else source.resolve()
    into = place is not None and (
        out.resolve().parent == place.parent if place.is_file()
        else place in (out.resolve(), *out.resolve().parents)
    )  # fmt: skip
    if into:
        raise TransferRefusedError(
            "the file would be written into the plan's own folder",
            where=str(out),
            remedy="Choose another folder; LEX never changes its source.",
        )
    if out.exists() and not overwrite:
        raise TransferRefusedError(
            "there is a file of this name already",
            where=str(out),
            remedy="Choose another name, or say that it may be replaced (--replace).",
        )


def _row(field: Field) -> WrittenField:
    """Return the row of one field for the list of what is written."""
    points = len(control_points(field.beam))
    name = field.beam.name if field.segment is None else field.names.field
    return WrittenField(field.id, name, field.prescription.name, field.beam.mu, points)
