"""Monitor units of a Pinnacle beam: from its stored factors, or from its dose file.

The plan does not hold the monitor units. They follow from the dose per fraction at the beam's
point and the factors stored beside it. The stored output factor is that of the open field, so a
beam with a wedge or a compensator takes the dose file instead.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import floor
from pathlib import Path
from typing import BinaryIO

from app.lex.pinnacle_text import Block
from core.errors import UnreadableFileError

_CALCULATE = "Calculate the dose of this trial in the planning system and save the plan again."


@dataclass(frozen=True, slots=True)
class MonitorUnits:
    """Monitor units of one fraction and how they were obtained."""

    mu: float
    source: str


@dataclass(frozen=True, slots=True)
class DoseFile:
    """Where a beam's dose per MU lies and the grid it is on.

    Attributes:
        path: plan.Trial.binary.NNN: big-endian float32, cGy per MU, x fastest, rows from the
            largest y down, slices from the smallest z up.
        counts: Voxels along x, y, z.
        origin_cm, voxel_cm: Centre of the voxel of smallest x, y, z, and the spacing.

    """

    path: Path
    counts: tuple[int, int, int]
    origin_cm: tuple[float, float, float]
    voxel_cm: tuple[float, float, float]


def dose_file_of(folder: Path, trial: Block, beam: Block) -> DoseFile:
    """Return where the dose of a beam lies; the file itself is not opened.

    Raises:
        UnreadableFileError: The beam names no dose file, or the grid is missing or impossible.

    """
    match = re.fullmatch(r"\\XDR(?:_COPY)?:(\d{1,6})\\", beam.text("DoseVolume"))
    if match is None:
        raise beam.fault("the beam names no dose file", _CALCULATE)
    axes = ("X", "Y", "Z")
    counts = [trial.number(f"DoseGrid.Dimension.{axis}") for axis in axes]
    origin_cm = [trial.number(f"DoseGrid.Origin.{axis}") for axis in axes]
    voxel_cm = [trial.number(f"DoseGrid.VoxelSize.{axis}") for axis in axes]
    if not all(n >= 2 and n % 1 == 0 for n in counts) or not all(size > 0 for size in voxel_cm):
        raise trial.fault("the dose grid has no size", _CALCULATE)
    return DoseFile(
        folder / f"plan.Trial.binary.{int(match.group(1)):03d}",
        (int(counts[0]), int(counts[1]), int(counts[2])),
        (origin_cm[0], origin_cm[1], origin_cm[2]),
        (voxel_cm[0], voxel_cm[1], voxel_cm[2]),
    )


def dose_at_point(dose: DoseFile, point_cm: tuple[float, float, float]) -> float:
    """Return the dose at a point in cGy per MU, interpolated between the eight voxels around it.

    Args:
        dose: Where the dose lies.
        point_cm: Pinnacle's own patient axes.

    Raises:
        UnreadableFileError: The file is missing or of another size than its grid, the point
            lies outside it, or no dose is there.

    """
    cells, shares = _cell(dose, point_cm)
    try:
        size = dose.path.stat().st_size
        with dose.path.open("rb") as file:
            if size != 4 * dose.counts[0] * dose.counts[1] * dose.counts[2]:
                raise _dose_fault(dose, f"the dose file has {size} bytes, not those of its grid")
            value = sum(
                weight * _voxel(file, offset) for offset, weight in _corners(dose, cells, shares)
            )
    except OSError as fault:
        raise _dose_fault(dose, f"the dose file cannot be read: {fault.strerror}") from fault
    if not 0 < value < float("inf"):
        raise _dose_fault(dose, f"the dose at the prescription point is {value:g} cGy per MU")
    return value


def _dose_fault(dose: DoseFile, what: str) -> UnreadableFileError:
    """Return an error that points at the dose file."""
    return UnreadableFileError(what, where=dose.path.name, remedy=_CALCULATE)


def _cell(
    dose: DoseFile, point_cm: tuple[float, float, float]
) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    """Return the lower voxel along each axis and how far the point lies towards the next."""
    cells, shares = [], []
    for axis in range(3):
        steps = (point_cm[axis] - dose.origin_cm[axis]) / dose.voxel_cm[axis]
        if not 0 <= steps <= dose.counts[axis] - 1:
            raise _dose_fault(dose, "the prescription point lies outside the dose grid")
        cells.append(min(floor(steps), dose.counts[axis] - 2))
        shares.append(steps - cells[-1])
    return (cells[0], cells[1], cells[2]), (shares[0], shares[1], shares[2])


def _corners(
    dose: DoseFile, cells: tuple[int, int, int], shares: tuple[float, float, float]
) -> Iterator[tuple[int, float]]:
    """Yield byte offset and weight of the eight voxels around the point."""
    across, rows, _ = dose.counts
    for step in product((0, 1), repeat=3):
        weight = 1.0
        for axis in range(3):
            weight *= shares[axis] if step[axis] else 1.0 - shares[axis]
        x, y, z = (cells[axis] + step[axis] for axis in range(3))
        yield 4 * ((z * rows + (rows - 1 - y)) * across + x), weight


def _voxel(file: BinaryIO, offset: int) -> float:
    """Return one value of the dose file."""
    file.seek(offset)
    return float(struct.unpack(">f", file.read(4))[0])


def mu_from_factors(beam: Block, energy: Block, decimals: int | None) -> MonitorUnits:
    """Return the monitor units from the factors stored with the beam.

    MU = PrescriptionDose / (NormalizedDose * CollimatorOutputFactor * TotalTransmissionFraction
    * DosePerMuAtCalibration), rounded to the machine's MonitorUnitDecimalPlaces as Pinnacle does.

    Args:
        beam: The beam, open or with a block; no wedge, no compensator.
        energy: The beam's energy in the machine file.
        decimals: MonitorUnitDecimalPlaces; None leaves the result unrounded.

    Raises:
        UnreadableFileError: A factor is missing or not above zero.

    """
    info = beam.need("MonitorUnitInfo")
    calibration = energy.need("PhysicsData", "OutputFactor")
    dose_cgy = _above_zero(info, "PrescriptionDose")
    nd = _above_zero(info, "NormalizedDose")
    ofc = _above_zero(info, "CollimatorOutputFactor")
    ttf = _above_zero(info, "TotalTransmissionFraction")
    per_mu = _above_zero(calibration, "DosePerMuAtCalibration")
    words = (
        f"PrescriptionDose {dose_cgy:g} cGy / (ND {nd:g} x OFc {ofc:g} x TTF {ttf:g} x "
        f"{per_mu:g} cGy/MU)"
    )
    return _rounded(beam, dose_cgy / (nd * ofc * ttf * per_mu), decimals, words)


def mu_from_dose(
    beam: Block, dose: DoseFile, point_cm: tuple[float, float, float], decimals: int | None
) -> MonitorUnits:
    """Return the monitor units from the dose file at the prescription point.

    Args:
        beam: The beam.
        dose: Where its dose per MU lies.
        point_cm: The beam's prescription point in Pinnacle's own patient axes.
        decimals: MonitorUnitDecimalPlaces; None leaves the result unrounded.

    Raises:
        UnreadableFileError: The dose is not there, or the dose of the beam is not above zero.

    """
    dose_cgy = _above_zero(beam.need("MonitorUnitInfo"), "PrescriptionDose")
    per_mu = dose_at_point(dose, point_cm)
    words = (
        f"PrescriptionDose {dose_cgy:g} cGy / {per_mu:.6g} cGy/MU at the prescription point in "
        f"{dose.path.name}"
    )
    return _rounded(beam, dose_cgy / per_mu, decimals, words)


def _above_zero(block: Block, key: str) -> float:
    """Return a factor that must be above zero."""
    value = block.number(key)
    if not value > 0:
        raise block.fault(f"{key} is {value:g}, so no monitor units follow from it", _CALCULATE)
    return value


def _rounded(beam: Block, mu: float, decimals: int | None, words: str) -> MonitorUnits:
    """Round as the planning system does and tell how; the unrounded value stays in the words."""
    if not 0 < mu < 1e6:
        raise beam.fault(f"the monitor units come out as {mu:g}", _CALCULATE)
    if decimals is None:
        return MonitorUnits(mu, f"{words} = {mu:.4f} MU, not rounded")
    kept = round(mu, decimals)
    if not kept > 0:
        raise beam.fault(f"the monitor units {mu:g} round to none", _CALCULATE)
    return MonitorUnits(
        kept, f"{words} = {mu:.4f} MU, rounded to {decimals} decimals (MonitorUnitDecimalPlaces)"
    )


def decimals_of(machine: Block) -> int | None:
    """Return MonitorUnitDecimalPlaces, or None when the machine does not state them.

    Raises:
        UnreadableFileError: It is not a whole number from 0 to 6.

    """
    places = machine.maybe("MonitorUnitDecimalPlaces")
    if places is None:
        return None
    if places not in range(7):
        raise machine.fault(f"MonitorUnitDecimalPlaces is {places:g}")
    return int(places)
