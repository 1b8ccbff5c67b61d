"""Entries that are the same from plan to plan, kept per machine type and technique (L-05).

One small file of this user's data folder. It holds names of machines, numbers and options; what
belongs to a patient (course, couch, prescriptions, field IDs, gating) never goes into it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from app.lex.field_ids import written_beams
from app.lex.plan import Trial
from app.lex.treatment import Treatment, parse_treatment
from core.errors import ClinicFileError
from core.paths import data_folder
from core.safe_write import write_whole

KEPT = ("machine", "dose_rate_mu_min", "tolerance_table", "segments")
_TYPES, _PLANNED, _SYSTEM = "machine_types", "planned_machines", "rv_system"


def defaults_file() -> Path:
    """Return the file of the remembered entries."""
    return data_folder() / "lex_defaults.json"


def technique_of(trial: Trial, chosen: Iterable[str] | None) -> str:
    """Return the techniques of the beams to write in one word, e.g. "Static + VMAT"."""
    beams = written_beams(trial, None if chosen is None else tuple(chosen))
    return " + ".join(sorted({beam.technique for _, beam in beams}))


def remembered(machine_type: str, technique: str) -> dict[str, Any]:
    """Return the entries kept for a machine type and technique, as a treatment mapping has them.

    A file that cannot be read, or an entry that can no longer be, counts as nothing kept: these
    are proposals, and the form asks for whatever is missing.
    """
    kept = _table(_table(_table(_read(), _TYPES), machine_type), technique)
    entries = {key: kept[key] for key in KEPT if key in kept}
    try:
        parse_treatment(entries, defaults_file().name)
    except ClinicFileError:
        return {}
    return entries


def machine_type_of(planned: str) -> str | None:
    """Return the machine type chosen last for a machine of the plan."""
    known = _table(_read(), _PLANNED).get(planned)
    return known if isinstance(known, str) else None


def rv_system_last() -> str | None:
    """Return the R&V system the last file was written for."""
    known = _read().get(_SYSTEM)
    return known if isinstance(known, str) else None


def remember(trial: Trial, treatment: Treatment) -> None:
    """Keep the entries of a plan that was written; raises OSError when that is impossible."""
    if treatment.machine_type is None:
        return
    data = _read()
    types, planned = _table(data, _TYPES), _table(data, _PLANNED)
    own = _table(types, treatment.machine_type)
    entries = {key: getattr(treatment, key) for key in KEPT}
    own[technique_of(trial, treatment.beams)] = {
        key: value for key, value in entries.items() if value is not None
    }
    types[treatment.machine_type] = own
    for _, beam in written_beams(trial, treatment.beams):
        planned[beam.machine] = treatment.machine_type
    kept = {_TYPES: types, _PLANNED: planned, _SYSTEM: treatment.rv_system}
    write_whole(defaults_file(), json.dumps(kept, indent=1, sort_keys=True).encode())


def _read() -> dict[str, Any]:
    try:
        data = json.loads(defaults_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a table, empty when there is none."""
    table = data.get(key)
    return dict(table) if isinstance(table, Mapping) else {}
