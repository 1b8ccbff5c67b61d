"""What is open and typed in the Filter, as plain values for a run of the program after a crash."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.filter.field import Plan
from app.filter.gui.body_measured import BodyMeasured
from app.filter.gui.extra import patient_key
from app.filter.gui.notes_panel import NotesPanel
from app.filter.mu.check import Choices
from app.filter.mu.electron import ElectronInput


def kept_choices(choices: Choices) -> dict[str, Any]:
    """Return what was typed for the fields of the MU check; {} when nothing was."""
    electrons = {
        name: [one.isodose_percent, one.cutout_cm] for name, one in choices.electrons.items()
    }
    return {
        key: value
        for key, value in (("depth_cm", dict(choices.depth_cm)), ("electrons", electrons))
        if value
    }


def choices_from(kept: Mapping[str, Any], rv: Plan) -> tuple[Choices, tuple[str, ...]]:
    """Return what `kept_choices` told of the fields of an export, and the names of other fields.

    The export may have been corrected since; values for no field are refused.
    """
    there = {name for one in rv.fields for name in (one.id, one.name)}
    depths, electrons = kept.get("depth_cm", {}), kept.get("electrons", {})
    choices = Choices(
        {name: depth for name, depth in depths.items() if name in there},
        {},
        {
            name: ElectronInput(isodose, tuple(cutout) if cutout else None)
            for name, (isodose, cutout) in electrons.items()
            if name in there
        },
    )
    gone = dict.fromkeys(name for name in (*depths, *electrons) if name not in there)
    return choices, tuple(gone)


def kept_typed(
    rv: Plan | None, notes: NotesPanel, measured: BodyMeasured, mu: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what was typed for an export, and whose it is."""
    return {
        "notes": notes.text.toPlainText(),
        "database": notes.asks_database,
        "patient": patient_key(rv) if rv is not None else None,
        "measured": kept_measured(measured),
        "mu": mu,
    }


def kept_measured(measured: BodyMeasured) -> dict[str, Any]:
    """Return what was measured for a total body irradiation."""
    thickness = measured.thickness_mm
    return {
        "ssd_mm": {name: str(mm) for name, mm in measured.pairs},
        "thickness_mm": None if thickness is None else str(thickness),
    }


def restore_measured(measured: BodyMeasured, kept: Mapping[str, Any]) -> None:
    """Take over what `kept_measured` told, for the export that `measured` has begun."""
    for name, mm in kept.get("ssd_mm", {}).items():
        measured.set_ssd(name, Decimal(mm))
    if kept.get("thickness_mm") is not None:
        measured.set_thickness(Decimal(kept["thickness_mm"]))
