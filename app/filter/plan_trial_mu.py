"""Monitor units of a Pinnacle beam from the dose that was computed for it.

Pinnacle stores no MU. The dose file of a beam holds cGy per MU, so the MU are the beam's dose at
its prescription point divided by the value there. Where no dose can be read, the product of the
stored factors stands in for it, with a sentence; for a wedged beam it may not: the stored output
factor is that of the open field.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from app.filter.pinnacle_dose import DoseGrid, dose_file_number, dose_per_mu
from app.filter.plan_trial_keys import Keys
from app.filter.plan_trial_machine import Machine
from app.filter.plan_trial_patient import Folder, point_cm
from core.errors import MissingDataError, UnreadableRecordError

DOSE_FILE = "plan.Trial.binary.{:03d}"
SHARED_TOLERANCE = 1e-3
"""Share by which a dose file that another trial names too may differ from the stored factors."""

LARGEST_MU = 1e6


@dataclass(frozen=True, slots=True)
class DoseSource:
    """Where the dose of a trial's beams is found.

    Attributes:
        in_trial: How many beams of this trial name each dose file.
        elsewhere: Dose files that beams of other trials name.

    """

    folder: Path
    grid: DoseGrid | None
    in_trial: Counter[int]
    elsewhere: frozenset[int]


@dataclass(frozen=True, slots=True)
class MonitorUnits:
    """MU of a beam, rounded to the machine's decimals; `unread` says why there are none."""

    mu: Decimal | None
    notes: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


def dose_source(
    folder: Path, trial: Keys, beams: Iterable[Keys], others: Iterable[Keys]
) -> DoseSource:
    """Return where the doses of a trial's beams are; `others` are the beams of other trials."""
    numbers = [dose_file_number(beam.text("DoseVolume")) for beam in beams]
    strange = [dose_file_number(beam.text("DoseVolume")) for beam in others]
    return DoseSource(
        folder,
        _grid(trial),
        Counter(found[0] for found in numbers if found),
        frozenset(found[0] for found in strange if found),
    )


def monitor_units(
    beam: Keys, machine: Machine, around: Folder, source: DoseSource, *, wedged: bool
) -> MonitorUnits:
    """Return the MU of one beam per fraction.

    Raises:
        UnreadableRecordError: Pinnacle marks the MU as not valid, or a factor is missing.

    """
    if beam.flag("MonitorUnitsValid") is False:
        raise UnreadableRecordError(
            "Pinnacle marks the monitor units of the beam as not valid",
            where=beam.where,
            remedy="Compute the dose in Pinnacle, save, and copy the whole plan folder again.",
        )
    if machine.mu_decimals is None:
        raise beam.fault("MonitorUnitDecimalPlaces", f"machine {machine.name} has no MU rounding")
    dose_cgy = beam.need("MonitorUnitInfo.PrescriptionDose")
    if dose_cgy < 0:
        raise beam.fault("MonitorUnitInfo.PrescriptionDose", f"the dose {dose_cgy} is negative")
    if dose_cgy == 0:
        return _result(beam, machine, 0.0)
    try:
        per_mu, shared = _dose_per_mu(beam, around, source)
    except MissingDataError as gap:
        return _by_factors(beam, machine, float(dose_cgy), str(gap), wedged=wedged)
    if shared:
        return _shared(beam, machine, float(dose_cgy), per_mu, wedged=wedged)
    return _result(beam, machine, float(dose_cgy) / per_mu)


def _result(beam: Keys, machine: Machine, mu: float, *notes: str) -> MonitorUnits:
    """Return MU rounded half up to the machine's decimals, unless no beam could give as many."""
    if not mu < LARGEST_MU:
        return _unknown(f"dose and dose per MU would make {mu:.3g} MU")
    if beam.flag("MonitorUnitsApproximate"):
        notes = (*notes, f"{beam.text('Name')}: Pinnacle marks its monitor units as approximate.")
    step = Decimal(1).scaleb(-(machine.mu_decimals or 0))
    return MonitorUnits(Decimal(mu).quantize(step, ROUND_HALF_UP), notes)


def _unknown(why: str) -> MonitorUnits:
    return MonitorUnits(None, unread=(("field_monitor_units", why),))


def _grid(trial: Keys) -> DoseGrid | None:
    """Return the dose grid; None when a part of it is missing or impossible."""
    counts = [trial.whole(f"DoseGrid.Dimension.{axis}") for axis in "XYZ"]
    voxel = [trial.number(f"DoseGrid.VoxelSize.{axis}") for axis in "XYZ"]
    origin = [trial.number(f"DoseGrid.Origin.{axis}") for axis in "XYZ"]
    if None in (*counts, *voxel, *origin):
        return None
    nx, ny, nz = (count or 0 for count in counts)
    dx, dy, dz = (float(size or 0) for size in voxel)
    x, y, z = (float(start or 0) for start in origin)
    if min(nx, ny, nz) < 1 or min(dx, dy, dz) <= 0:
        return None
    return DoseGrid((nx, ny, nz), (dx, dy, dz), (x, y, z))


def _dose_per_mu(beam: Keys, around: Folder, source: DoseSource) -> tuple[float, bool]:
    """Return cGy per MU at the prescription point, and whether the file is shared."""
    found = dose_file_number(beam.text("DoseVolume"))
    if found is None:
        raise MissingDataError("the beam names no dose file")
    if source.grid is None:
        raise MissingDataError("the trial's dose grid is incomplete")
    number, copied = found
    if source.in_trial[number] > 1:
        raise MissingDataError(f"two beams name the dose file {DOSE_FILE.format(number)}")
    if not beam.flag("UsePoiForPrescriptionPoint"):
        raise MissingDataError("its prescription point is not a named point")
    name = beam.text("PrescriptionPointName")
    point = point_cm(around, name, beam.where)
    if point is None:
        raise MissingDataError(f"plan.Points has no point {name!r}")
    x, y, z = (float(coordinate) for coordinate in point)
    dose = dose_per_mu(source.folder / DOSE_FILE.format(number), source.grid, (x, y, z))
    return dose, copied or number in source.elsewhere


def _by_factors(
    beam: Keys, machine: Machine, dose_cgy: float, why: str, *, wedged: bool
) -> MonitorUnits:
    name = beam.text("Name")
    mu = None if wedged else _mu_from_factors(beam, machine, dose_cgy)
    if mu is None:
        reason = "the stored factors do not hold for a wedge" if wedged else "factors are missing"
        return _unknown(f"{why}, and {reason}")
    note = f"{name}: MU from the stored output factors, not from the dose: {why}."
    return _result(beam, machine, mu, note)


def _shared(
    beam: Keys, machine: Machine, dose_cgy: float, per_mu: float, *, wedged: bool
) -> MonitorUnits:
    """Use a dose file that another trial names too only where the stored factors confirm it."""
    name, file = beam.text("Name"), beam.text("DoseVolume").strip("\\")
    by_dose = dose_cgy / per_mu
    by_factors = None if wedged else _mu_from_factors(beam, machine, dose_cgy)
    agrees = by_factors is not None and abs(by_dose / by_factors - 1) <= SHARED_TOLERANCE
    if not agrees:
        return _unknown(f"its dose file ({file}) is shared, and the factors do not confirm it")
    note = f"{name}: its dose file ({file}) is shared with another beam; the factors confirm it."
    return _result(beam, machine, by_dose, note)


def _mu_from_factors(beam: Keys, machine: Machine, dose_cgy: float) -> float | None:
    """Return dose over the product of the four stored factors; None if one is unknown."""
    key = (beam.text("Modality"), beam.text("MachineEnergyName"))
    calibration = machine.calibration_cgy_per_mu.get(key)
    names = ("NormalizedDose", "CollimatorOutputFactor", "TotalTransmissionFraction")
    factors = [calibration, *(beam.number(f"MonitorUnitInfo.{name}") for name in names)]
    product = 1.0
    for factor in factors:
        if factor is None or factor <= 0:
            return None
        product *= float(factor)
    return dose_cgy / product
