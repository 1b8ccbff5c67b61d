"""Pinnacle's dose files, one per beam in cGy per MU, to the dose of a whole trial in Gy.

A beam's MU is its prescribed dose over its dose per MU at its prescription point; both come from
the plan's own files and agree with the output factors to 1e-5 on real plans. Where one beam's dose
cannot be told for certain, the trial has no dose: a part would show too little.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.viewer.pinnacle_machine import machine_of
from app.viewer.pinnacle_space import Box, Space
from app.viewer.pinnacle_structures import poi_cm, point_named
from app.viewer.pinnacle_text import FETCH_AGAIN, Block
from core.dose.geometry import Grid
from core.dose.sample import at_points
from core.errors import RemedyError, UnreadableFileError, UnreadableRecordError
from core.findings import Finding, State

CGY_PER_GY = 100.0
EXPORT_DOSE = "Export the dose from Pinnacle as DICOM."
# Dose file and output factors of a real beam agree to 0.001 %.
FORMULA_SHARE = 0.01
MOST_VOXELS = 100_000_000


@dataclass(frozen=True, eq=False, slots=True)
class PlanFolder:
    """What the dose of a trial is made of besides the trial.

    Attributes:
        path: The folder.
        points: The points of interest.
        machines: The machines of the plan.
        space: Where all lies.

    """

    path: Path
    points: Sequence[Block]
    machines: Sequence[Block]
    space: Space


@dataclass(eq=False, slots=True)
class TrialDose:
    """The dose of a trial.

    Attributes:
        grid: Dose in Gy of all fractions; None when it is not shown.
        problem: Why it is not shown.
        mu: MU per fraction of each beam that could be told, by its place in the list.
        oddities: What is odd about it.

    """

    grid: Grid | None = None
    problem: str = ""
    mu: dict[int, float] = field(default_factory=dict)
    oddities: list[Finding] = field(default_factory=list)


def trial_dose(trial: Block, plan: PlanFolder, shared: Collection[int]) -> TrialDose:
    """Return the dose of a trial, and the MU of its beams.

    Args:
        trial: The trial.
        plan: The plan it is of.
        shared: Numbers of dose files that beams of several trials name.

    """
    made = TrialDose()
    try:
        box = dose_box(trial)
        _refuse_brachy(trial, plan)
    except RemedyError as problem:
        made.problem = f"{problem.what} ({problem.where})"
        return made
    beams = trial.block("BeamList").blocks("Beam")
    total = np.zeros(box.counts[::-1])
    for place, beam in enumerate(beams):
        try:
            _add_beam(total, (place, beam), box, plan, (trial, made, shared))
        except RemedyError as problem:
            made.problem = made.problem or f"{problem.what} ({problem.where})"
    if not made.mu and not made.problem:
        made.problem = "it has no beam that gives dose"
    if not made.problem:
        made.grid = plan.space.grid(box, total.astype(np.float32))
    return made


def _add_beam(
    total: npt.NDArray[np.float64],
    numbered: tuple[int, Block],
    box: Box,
    plan: PlanFolder,
    about: tuple[Block, TrialDose, Collection[int]],
) -> None:
    (place, beam), (trial, made, shared) = numbered, about
    name = f"beam {beam.text('Name')}"
    wanted_cgy = beam.block("MonitorUnitInfo").number("PrescriptionDose")
    if wanted_cgy == 0 and beam.number("Weight") == 0:
        words = f"{name} has weight 0 and gives no dose."
        made.oddities.append(Finding("V-PIN-ZERO", State.INFO, words))
        return
    if wanted_cgy is None or not wanted_cgy > 0 or beam.number("MonitorUnitsValid") != 1:
        raise _refusal("its monitor units are not valid in Pinnacle", name)
    values = dose_values(beam, plan.path, box, name)
    grid = plan.space.grid(box, values)
    at_point_cgy = _at_point(beam, grid, plan, name)
    if not _formula_agrees(beam, at_point_cgy, plan, name, made) and (
        beam.elsewhere("DoseVolume") in shared
    ):
        raise _refusal(
            "beams of several trials name its dose file, and its output factors do not tell "
            "whose it is",
            name,
        )
    mu = wanted_cgy / at_point_cgy
    made.mu[place] = mu
    total += values * (mu * _fractions(beam, trial, name) / CGY_PER_GY)


def dose_box(trial: Block) -> Box:
    """Return where the voxels of a trial's dose lie.

    Raises:
        UnreadableRecordError: The grid is not told in full, is turned or impossible.

    """
    told = {
        what: [trial.number(f"DoseGrid.{what}.{axis}") for axis in "XYZ"]
        for what in ("Origin", "VoxelSize", "Dimension", "VolRotDelta")
    }
    if any(told["VolRotDelta"]):
        raise UnreadableRecordError(
            "the dose grid is turned, and how is not known",
            where="plan.Trial, DoseGrid",
            remedy=EXPORT_DOSE,
        )
    origin, step, counts = (
        np.array([np.nan if value is None else value for value in told[what]])
        for what in ("Origin", "VoxelSize", "Dimension")
    )
    whole = bool((counts == np.round(counts)).all())
    if not (np.isfinite(origin).all() and (step > 0).all() and (counts >= 1).all() and whole):
        raise UnreadableRecordError(
            "the dose grid is missing or impossible",
            where="plan.Trial, DoseGrid",
            remedy=EXPORT_DOSE,
        )
    if not float(counts.prod()) <= MOST_VOXELS:
        raise UnreadableRecordError(
            f"the dose grid has {counts.prod():.0f} voxels",
            where="plan.Trial, DoseGrid",
            remedy=EXPORT_DOSE,
        )
    x, y, z = (int(count) for count in counts)
    return Box(origin, step, (x, y, z))


def dose_values(beam: Block, folder: Path, box: Box, name: str) -> npt.NDArray[np.float32]:
    """Return the dose of a beam in cGy per MU; shape (z, y, x), each ascending.

    The file runs x fastest, y from the largest down, z ascending; big-endian float32.

    Raises:
        UnreadableFileError: It is missing, empty, of another size, or holds no dose.

    """
    number = beam.elsewhere("DoseVolume")
    if number is None:
        raise _refusal("it names no dose file", name)
    path = folder / f"plan.Trial.binary.{number:03d}"
    if not path.is_file():
        raise _refusal(f"its dose file {path.name} is not here", name)
    size, (x, y, z) = path.stat().st_size, box.counts
    if size == 0:
        raise _refusal(f"its dose was not calculated: {path.name} is empty", name)
    if size != 4 * x * y * z:
        raise _refusal(
            f"its dose file {path.name} has {size} bytes, not {4 * x * y * z} for "
            f"{x} x {y} x {z} voxels",
            name,
        )
    values = np.fromfile(path, dtype=">f4").astype(np.float32).reshape(z, y, x)[:, ::-1, :]
    if not (np.isfinite(values).all() and float(values.max()) > 0):
        raise _refusal(f"its dose file {path.name} holds no dose", name)
    return values


def _at_point(beam: Block, grid: Grid, plan: PlanFolder, name: str) -> float:
    """Return the dose per MU at the beam's prescription point, cGy/MU."""
    if beam.number("UsePoiForPrescriptionPoint") != 1:
        raise _refusal("its prescription point has no name, so its MU are not certain", name)
    wanted = beam.text("PrescriptionPointName")
    point = point_named(plan.points, wanted)
    place = None if point is None else poi_cm(point)
    if place is None:
        raise _refusal(f"its prescription point '{wanted}' is not in plan.Points", name)
    found = float(at_points(grid, plan.space.to_dicom_mm(place)))
    if not found > 0:
        raise _refusal(f"its prescription point '{wanted}' gets no dose from it", name)
    return found


def _formula_agrees(
    beam: Block, at_point_cgy: float, plan: PlanFolder, name: str, made: TrialDose
) -> bool:
    """Return whether output factors and dose file tell the same; tell when they do not."""
    expected = formula_cgy(beam, plan)
    if expected is None:
        return False
    off = at_point_cgy / expected - 1
    if not abs(off) <= FORMULA_SHARE:
        words = (
            f"{name}: the dose per MU of its file differs by {100 * off:+.1f} % from that of its "
            "output factors."
        )
        made.oddities.append(Finding("V-PIN-MU", State.WARNING, words))
        return False
    return True


def formula_cgy(beam: Block, plan: PlanFolder) -> float | None:
    """Return the dose per MU at the prescription point by output factors, cGy/MU.

    None for wedged beams, whose stored output factor is that of the open field, and where a
    factor is missing.
    """
    if is_wedged(beam):
        return None
    info = beam.block("MonitorUnitInfo")
    machine = machine_of(beam, plan.machines)
    factors = [
        info.number("NormalizedDose"), info.number("CollimatorOutputFactor"),
        info.number("TotalTransmissionFraction"),
        machine.dose_per_mu(beam.text("Modality"), beam.text("MachineEnergyName")),
    ]  # fmt: skip
    known = [factor for factor in factors if factor is not None and factor > 0]
    return float(np.prod(known)) if len(known) == len(factors) else None


def control_blocks(beam: Block) -> list[Block]:
    """Return the control points of a beam; both forms of CPManager occur."""
    keeper = beam.block("CPManager")
    inner = keeper.blocks("CPManagerObject")
    return (inner[0] if inner else keeper).block("ControlPointList").numbered()


def is_wedged(beam: Block) -> bool:
    """Return whether any control point of a beam has a wedge."""
    names = (one.block("WedgeContext").text("WedgeName") for one in control_blocks(beam))
    return any(name.strip().casefold() not in ("", "no wedge") for name in names)


def _fractions(beam: Block, trial: Block, name: str) -> float:
    wanted = beam.text("PrescriptionName")
    found = [
        one.number("NumberOfFractions")
        for one in trial.block("PrescriptionList").blocks("Prescription")
        if one.text("Name") == wanted
    ]
    if len(found) != 1 or found[0] is None or not found[0] >= 1 or found[0] % 1:
        raise _refusal(f"its prescription '{wanted}' does not tell the fractions", name)
    return found[0]


def _refuse_brachy(trial: Block, plan: PlanFolder) -> None:
    number = trial.elsewhere("BrachyDose")
    path = plan.path / f"plan.Trial.binary.{number or 0:03d}"
    if number is not None and path.is_file() and path.stat().st_size > 0:
        raise UnreadableFileError(
            "it has brachytherapy dose, which is not read", where=path.name, remedy=EXPORT_DOSE
        )


def _refusal(what: str, name: str) -> UnreadableFileError:
    remedy = EXPORT_DOSE if "binary" not in what else FETCH_AGAIN
    return UnreadableFileError(what, where=name, remedy=remedy)
