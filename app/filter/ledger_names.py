"""Names of written files by the clinic's rule (O-03, O-12)."""

import re
from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from app.filter.baseline_expected import table_file
from app.filter.field import Plan
from app.filter.toml_table import read_table
from core.errors import ClinicFileError

PARTS = (
    "last_name", "first_name", "patient_id", "plan_id", "course", "stage", "date", "time",
    "digest", "status",
)  # fmt: skip
RULES = ("export_folder", "export_file", "report_file")
MOST_LETTERS = 120
_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def parts_of(
    plan: Plan, *, stage: str, digest: str, time: datetime, status: str = ""
) -> dict[str, str]:
    """Return what a name may be made of."""
    return {
        "last_name": plan.patient.last_name, "first_name": plan.patient.first_name,
        "patient_id": plan.patient.id, "plan_id": plan.plan_id, "course": plan.course,
        "stage": stage, "date": f"{time:%Y%m%d}", "time": f"{time:%H%M}", "digest": digest[:8],
        "status": status,
    }  # fmt: skip


def name_by_rule(rule: str, parts: Mapping[str, str]) -> str:
    """Return a name that every system accepts; no part can lead into another folder.

    Args:
        rule: Entry of file_names.toml.
        parts: Of `parts_of`.

    Raises:
        ClinicFileError: The rule is missing, or names a part that does not exist.

    """
    file = table_file("file_names.toml")
    text = read_table(file, RULES).get(rule)
    if not isinstance(text, str) or not text.strip():
        raise _wrong(f"there is no rule {rule}", str(file))
    made = []
    try:
        pieces = list(Formatter().parse(text))
    except ValueError as fault:
        raise _wrong(f"{rule} cannot be read: {fault}", str(file)) from fault
    for letters, part, form, conversion in pieces:
        made.append(letters)
        if part is None:
            continue
        if part not in parts or form or conversion:
            raise _wrong(f"{rule} names {part!r}, which does not exist", str(file))
        made.append(parts[part].strip() or "none")
    name = _NOT_IN_NAMES.sub("-", "".join(made)).strip(".-_ ")[:MOST_LETTERS]
    return f"_{name}" if not name or _DEVICES.fullmatch(name) else name


def _wrong(what: str, where: str) -> ClinicFileError:
    return ClinicFileError(what, where=where, remedy=f"Use only {', '.join(PARTS)} in braces.")
