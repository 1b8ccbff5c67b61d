"""Every check LEX makes before it writes; a new file of checks is a new name here (L-21).

The clinic's own rules join them when they are run: they need no new program.
"""

from collections.abc import Mapping

from app.lex.checks import beams, carried, entries, machine, names, prescriptions, sites
from app.lex.checks.case import Case, Check, collect
from app.lex.checks.own import own_checks
from app.lex.limits import Limit, read_limits
from core.findings import Finding
from core.layers import own_layers

CHECKS: tuple[Check, ...] = collect(entries, names, machine, prescriptions, beams, carried, sites)


def check_case(case: Case, limits: Mapping[str, Limit] | None = None) -> tuple[Finding, ...]:
    """Ask every check and every rule of the clinic; each answers with at least one finding.

    Args:
        case: The plan and where it goes.
        limits: What the checks compare with; None takes the clinic's.

    Raises:
        ClinicFileError: The clinic's limits or rules cannot be used.

    """
    numbers = read_limits(own_layers()) if limits is None else limits
    checks = (*CHECKS, *own_checks(own_layers()))
    return tuple(finding for one in checks for finding in one.run(case, numbers))
