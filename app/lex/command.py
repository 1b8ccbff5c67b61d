"""LEX from files alone, for the command line: plan and treatment data in, transfer file out."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from app.lex.log import log_checks, log_reasons, log_written
from app.lex.plan import Trial
from app.lex.policy import reasons_by_rule
from app.lex.report import CheckReport, WriteReport
from app.lex.sources import choose_trial, open_source
from app.lex.transfer import Transfer, TransferRefusedError, prepare, write
from app.lex.treatment import read_treatment
from core.findings import Finding

__all__ = ["CheckReport", "WriteReport", "check_from_files", "write_from_files"]


def check_from_files(plan: Path, treatment: Path, trial: str | None = None) -> CheckReport:
    """Read plan and treatment data and check them; nothing but the log is written.

    Arguments and errors as in `write_from_files`.
    """
    chosen, transfer = _prepared(plan, treatment, trial)
    return CheckReport(
        chosen.name,
        transfer.findings,
        transfer.not_checked,
        transfer.fields,
        options=transfer.options,
    )


def write_from_files(
    plan: Path,
    treatment: Path,
    out: Path,
    read_back: Callable[[Path], Sequence[Finding]],
    trial: str | None = None,
    reasons: Iterable[str] = (),
    *,
    overwrite: bool = False,
) -> WriteReport:
    """Read plan and treatment data, check them, and write the transfer file.

    Args:
        plan: Any source `open_source` knows.
        treatment: A TREATMENT.toml file.
        out: File to write.
        read_back: As in `transfer.write`.
        trial: Trial to take; None takes the one the treatment data name, else the plan's own
            choice.
        reasons: Texts "RULE=REASON" for the findings that need a reason.
        overwrite: Whether an existing file may be replaced.

    Raises:
        RemedyError: Plan, treatment data or a description cannot be read, a reason answers no
            finding, or the log cannot be written. A plan that is read but refused is no error
            here: the report says so, and nothing is written.

    """
    chosen, transfer = _prepared(plan, treatment, trial)
    transfer = transfer.with_reasons(reasons_by_rule(transfer.findings, reasons))
    log_reasons(chosen, transfer.reasons)
    try:
        findings = write(transfer, out, read_back, source=plan, overwrite=overwrite)
    except TransferRefusedError as refused:
        more = tuple(one for one in refused.findings if one not in transfer.findings)
        return _report(chosen, transfer, transfer.findings + more, None, str(refused))
    log_written(chosen, out, transfer.data)
    return _report(chosen, transfer, findings, out)


def _prepared(plan: Path, treatment: Path, trial: str | None) -> tuple[Trial, Transfer]:
    """Return the trial and its transfer; what was found is in the log by then."""
    entries = read_treatment(treatment)
    chosen = choose_trial(open_source(plan), trial or entries.trial)
    transfer = prepare(chosen, entries)
    log_checks(chosen, transfer.findings)
    return chosen, transfer


def _report(
    chosen: Trial,
    transfer: Transfer,
    findings: tuple[Finding, ...],
    out: Path | None,
    refusal: str = "",
) -> WriteReport:
    """Return the report of a transfer."""
    return WriteReport(
        chosen.name, findings, transfer.not_checked, transfer.fields, transfer.reasons,
        transfer.options, out, refusal,
    )  # fmt: skip
