"""Turn one beam of plan.Trial into LEX's beam: control points, devices, monitor units."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from app.lex import pinnacle_machine as fleet
from app.lex.pinnacle_devices import blocks_of, bolus_of, compensator_of
from app.lex.pinnacle_dose import dose_engine_of, dose_model_of, dose_point_of
from app.lex.pinnacle_mu import (
    MonitorUnits,
    decimals_of,
    dose_file_of,
    mu_from_dose,
    mu_from_factors,
)
from app.lex.pinnacle_scale import (
    Scale,
    collimator_iec_deg,
    couch_iec_deg,
    gantry_iec_deg,
    jaws_iec_cm,
    leaf_edges_iec_cm,
    leaves_iec_cm,
    point_dicom_cm,
    scale_of,
)
from app.lex.pinnacle_text import Block
from app.lex.plan import Beam, Device, Segment
from core.errors import UnsupportedPlanError

_MODALITIES = {"Photons": "Xrays", "Electrons": "Elect"}
_TURNING = ("Dynamic Arc", "Conformal Arc", "Arc")
_STEPPED = ("Step & Shoot MLC", "Motorized Wedge")
_EXPORT = "Export the plan as DICOM RT Plan and open that with LEX."
_WEIGHT_SLACK = 1e-3


@dataclass(frozen=True, slots=True)
class PlanFolder:
    """What a beam needs from the files beside plan.Trial.

    Attributes:
        folder: The plan folder, for the dose files.
        machines: Content of plan.Pinnacle.Machines.
        points_cm: Named points, names in lower case, Pinnacle's own axes.
        position: Patient position in DICOM words, "" unknown.
        dicom_frame: True when the coordinates need no offset to the DICOM slices.

    """

    folder: Path
    machines: Block
    points_cm: dict[str, tuple[float, float, float]]
    position: str
    dicom_frame: bool


def read_beam(plan: PlanFolder, trial: Block, block: Block, number: int) -> tuple[Beam, list[str]]:
    """Return one beam and what the reader had to choose for it.

    Args:
        plan: The files beside plan.Trial.
        trial: The trial the beam belongs to.
        block: The Beam block.
        number: Its place in the list, from 1.

    Raises:
        RemedyError: A value is missing or contradicts another, or the kind of beam has no
            known meaning.

    """
    modality = _MODALITIES.get(block.text("Modality"))
    if modality is None:
        raise UnsupportedPlanError(
            f"beam {block.text('Name')!r} is of modality {block.text('Modality')!r}",
            where=block.where,
            remedy="Use LEX for photon and electron beams only.",
        )
    machine, note = fleet.find_machine(plan.machines, block)
    energy = fleet.find_energy(machine, block)
    points = control_points(block)
    wedges = _wedges(machine, block, points)
    units = _units(plan, trial, block, energy, decimals_of(machine), special=bool(wedges))
    segments = _segments(scale_of(machine), machine, block, points)
    notes = [note] if note else []
    if wedges or compensator_of(block):
        notes.append(
            f"Beam {block.text('Name')!r}: its MU come from the dose file, because the stored "
            "output factor is that of the open field."
        )
    if block.flag("MonitorUnitsApproximate"):
        notes.append(f"Beam {block.text('Name')!r}: the plan calls its MU approximate.")
    blocks, cutout, block_notes = blocks_of(scale_of(machine), block, points[0])
    isocentre_cm = _named_point(plan, block, block.text("IsocenterName"), "isocentre")
    info = block.need("MonitorUnitInfo")
    beam = Beam(
        number=number,
        name=block.text("Name"),
        machine=block.text("MachineNameAndVersion").rpartition(": ")[0] or machine.text("Name"),
        modality=modality,
        energy=fleet.energy_of(block, energy),
        technique=_technique(block, segments),
        mu=units.mu,
        segments=segments,
        mu_per_fraction_source=units.source,
        fff=True if "FFF" in block.text("MachineEnergyName").upper() else None,
        sad_cm=machine.maybe("SAD"),
        leaf_axis="X" if segments[0].left_cm else "",
        leaf_edges_cm=(
            leaf_edges_iec_cm(scale_of(machine), fleet.leaf_edges_cm(machine))
            if segments[0].left_cm
            else ()
        ),
        isocentre_cm=point_dicom_cm(plan.position, isocentre_cm) if plan.dicom_frame else None,
        field_id=block.text("FieldID").strip(),
        dose_cgy=info.number("PrescriptionDose"),
        depth_cm=info.maybe("DepthToActualPoint"),
        dose_model=dose_model_of(block),
        dose_engine=dose_engine_of(block),
        dose_point=dose_point_of(block, plan.points_cm),
        wedges=wedges,
        blocks=blocks,
        boluses=bolus_of(block),
        compensators=compensator_of(block),
        applicator=fleet.find_applicator(machine, block),
        cutout=cutout,
    )
    return beam, notes + block_notes


def control_points(beam: Block) -> tuple[Block, ...]:
    """Return the control points of a beam; both shapes of CPManager are accepted.

    Raises:
        UnreadableFileError: There is none, or their number differs from the one stated.

    """
    manager = beam.need("CPManager")
    manager = manager.block("CPManagerObject") or manager
    points = manager.need("ControlPointList").numbered()
    stated = manager.maybe("NumberOfControlPoints")
    if not points or (stated is not None and stated != len(points)):
        raise manager.fault(
            f"beam {beam.text('Name')!r} holds {len(points)} control points where "
            f"{stated or 1:g} are stated"
        )
    return points


def _named_point(
    plan: PlanFolder, beam: Block, name: str, role: str
) -> tuple[float, float, float]:
    """Return the coordinates of a point that the beam names, in Pinnacle's own axes (cm)."""
    point_cm = plan.points_cm.get(name.strip().lower())
    if point_cm is None:
        raise beam.fault(
            f"the {role} {name!r} of beam {beam.text('Name')!r} is missing or not unique",
            "Choose an existing point in the planning system and save the plan again.",
        )
    return point_cm


def _wedges(machine: Block, beam: Block, points: Sequence[Block]) -> tuple[Device, ...]:
    """Return the beam's wedge; a wedge that comes and goes must be a motorised one."""
    motorised = beam.text("SetBeamType") == "Motorized Wedge"
    contexts = [point.block("WedgeContext") for point in points]
    used = [c for c in contexts if c is not None and fleet.wedge_name(c)]
    found = {fleet.find_wedge(machine, context, motorised=motorised) for context in used}
    if len(found) > 1 or (found and len(used) < len(points) and not motorised):
        raise UnsupportedPlanError(
            f"the wedge of beam {beam.text('Name')!r} changes between its control points",
            where=beam.where,
            remedy=_EXPORT,
        )
    return tuple(found)


def _units(
    plan: PlanFolder,
    trial: Block,
    beam: Block,
    energy: Block,
    decimals: int | None,
    *,
    special: bool,
) -> MonitorUnits:
    """Return the monitor units: by factors for an open beam, by the dose file for a wedged one."""
    if not beam.flag("MonitorUnitsValid"):
        raise beam.fault(
            f"the planning system marks the MU of beam {beam.text('Name')!r} as not valid",
            "Calculate the dose of this trial in the planning system and save the plan again.",
        )
    if not special and not compensator_of(beam):
        return mu_from_factors(beam, energy, decimals)
    if not beam.flag("UsePoiForPrescriptionPoint", default=True):
        raise UnsupportedPlanError(
            f"the MU of beam {beam.text('Name')!r} with a wedge or compensator need a named "
            "prescription point, and it has none",
            where=beam.where,
            remedy=_EXPORT,
        )
    point_cm = _named_point(plan, beam, beam.text("PrescriptionPointName"), "prescription point")
    return mu_from_dose(beam, dose_file_of(plan.folder, trial, beam), point_cm, decimals)


def _segments(
    scale: Scale, machine: Block, beam: Block, points: Sequence[Block]
) -> tuple[Segment, ...]:
    """Return the control points as states at a share of the MU.

    A stored step-and-shoot point is a whole segment and becomes its start and its end; the
    weight of an arc's point is given on the way to the next one.
    """
    kind = beam.text("SetBeamType")
    weights = _weights(beam, points)
    states = [_state(scale, machine, beam, point) for point in points]
    if kind in _TURNING:
        return _arc(beam, states, weights)
    if kind not in (*_STEPPED, "Static") or (kind == "Static" and len(points) != 1):
        raise UnsupportedPlanError(
            f"beam {beam.text('Name')!r} is of type {kind!r} with {len(points)} control points, "
            "whose weights have no known meaning",
            where=beam.where,
            remedy=_EXPORT,
        )
    segments: list[Segment] = []
    share = 0.0
    for state, weight in zip(states, weights, strict=True):
        segments.append(replace(state, meterset_share=share))
        share += weight
        segments.append(replace(state, meterset_share=min(share, 1.0)))
    segments[-1] = replace(segments[-1], meterset_share=1.0)
    return tuple(segments)


def _weights(beam: Block, points: Sequence[Block]) -> list[float]:
    """Return the shares of the points, made to add up to one exactly."""
    weights = [point.number("Weight") for point in points]
    total = sum(weights)
    if min(weights) < 0 or abs(total - 1.0) > _WEIGHT_SLACK:
        raise beam.fault(
            f"the control point weights of beam {beam.text('Name')!r} add up to {total:g}, not 1"
        )
    return [weight / total for weight in weights]


def _arc(beam: Block, states: Sequence[Segment], weights: Sequence[float]) -> tuple[Segment, ...]:
    """Return the points of an arc with the direction the plan states."""
    if len(states) < 2 or weights[-1] > _WEIGHT_SLACK:
        raise UnsupportedPlanError(
            f"arc {beam.text('Name')!r} has {len(states)} control points and weight "
            f"{weights[-1]:g} at the last, so its stop angle is not known",
            where=beam.where,
            remedy=_EXPORT,
        )
    turn = _turn(beam, states)
    segments = []
    share = 0.0
    for place, (state, weight) in enumerate(zip(states, weights, strict=True)):
        last = place == len(states) - 1
        segments.append(
            replace(
                state,
                meterset_share=1.0 if last else min(share, 1.0),
                gantry_turn="" if last else turn,
            )
        )
        share += weight
    return tuple(segments)


def _turn(beam: Block, states: Sequence[Segment]) -> str:
    """Return "CW" or "CCW"; every step below half a turn must go that way."""
    manager = beam.need("CPManager")
    manager = manager.block("CPManagerObject") or manager
    if manager.text("GantryIsCW"):
        turn = "CW" if manager.flag("GantryIsCW") else "CCW"
    else:
        turn = "CCW" if manager.flag("GantryIsCCW") else "CW"
    sign = 1 if turn == "CW" else -1
    total_deg = 0.0
    for here, there in pairwise(states):
        total_deg += (sign * (there.gantry_deg - here.gantry_deg)) % 360.0
    if total_deg > 360.0 + 1e-6:
        raise manager.fault(
            f"the gantry angles of arc {beam.text('Name')!r} do not run {turn} as stated"
        )
    return turn


def _state(scale: Scale, machine: Block, beam: Block, point: Block) -> Segment:
    """Return the geometry of one control point; the share of the MU is filled in later."""
    jaws = jaws_iec_cm(
        scale,
        left_cm=point.number("LeftJawPosition"),
        right_cm=point.number("RightJawPosition"),
        top_cm=point.number("TopJawPosition"),
        bottom_cm=point.number("BottomJawPosition"),
    )
    left_cm, right_cm = _leaves(scale, machine, beam, point)
    context = point.block("WedgeContext")
    motorised = beam.text("SetBeamType") == "Motorized Wedge"
    return Segment(
        meterset_share=0.0,
        gantry_deg=gantry_iec_deg(scale, _angle_deg(point, "Gantry")),
        collimator_deg=collimator_iec_deg(scale, _angle_deg(point, "Collimator")),
        couch_deg=couch_iec_deg(scale, _angle_deg(point, "Couch")),
        x1_cm=jaws.x1_cm,
        x2_cm=jaws.x2_cm,
        y1_cm=jaws.y1_cm,
        y2_cm=jaws.y2_cm,
        left_cm=left_cm,
        right_cm=right_cm,
        dose_rate_mu_min=_dose_rate(beam, point),
        ssd_cm=beam.maybe("SSD") if beam.flag("SSDValid", default=True) else None,
        wedge_in=bool(fleet.wedge_name(context)) if motorised else None,
    )


def _angle_deg(point: Block, key: str) -> float:
    """Return a stored angle; no scale runs beyond one turn."""
    value_deg = point.number(key)
    if not -360.0 <= value_deg <= 360.0:
        raise point.fault(f"{key} is {value_deg:g} degrees")
    return value_deg


def _leaves(
    scale: Scale, machine: Block, beam: Block, point: Block
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the leaf tips; none when the beam does not use its MLC."""
    if not beam.flag("UseMLC"):
        return (), ()
    pairs = fleet.leaf_pairs(machine)
    raw = point.need("MLCLeafPositions", "RawData")
    numbers = raw.need("Points[]").points
    if len(numbers) != 2 * len(pairs):
        raise raw.fault(
            f"beam {beam.text('Name')!r} has {len(numbers)} leaf positions, its machine "
            f"{len(pairs)} leaf pairs"
        )
    return leaves_iec_cm(scale, list(zip(numbers[::2], numbers[1::2], strict=True)))


def _dose_rate(beam: Block, point: Block) -> float | None:
    """Return the dose rate of the point, else of the beam; 0 stands for not given."""
    rates = (point.maybe("DoseRate"), beam.maybe("DoseRate"))
    return next((rate for rate in rates if rate is not None and rate > 0), None)


def _technique(beam: Block, segments: Sequence[Segment]) -> str:
    """Return what the geometry shows."""
    if beam.text("SetBeamType") in _TURNING:
        shapes = {(s.left_cm, s.right_cm) for s in segments}
        return "VMAT" if len(shapes) > 1 else "Arc"
    return "Static" if len(segments) == 2 else "StepNShoot"
