"""One beam of a Pinnacle trial as a field."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from app.filter.field import ControlPoint, Field, Point
from app.filter.plan_scale import mm_of_cm, point_from_pinnacle_to_dicom
from app.filter.plan_trial_fittings import MOTORISED, Fittings, read_fittings
from app.filter.plan_trial_keys import SAVE_AGAIN, Keys
from app.filter.plan_trial_machine import Machine, machine_of_beam
from app.filter.plan_trial_mu import DoseSource, monitor_units
from app.filter.plan_trial_patient import Folder, point_cm
from app.filter.plan_trial_points import (
    Common,
    State,
    arc_points,
    read_state,
    segment_points,
    shares,
    stored_points,
    turning,
)
from core.errors import UnreadableRecordError, UnsupportedPlanError

MODALITIES = {"Photons": "Xrays", "Electrons": "Elect"}
STATIC, SEGMENTS, ARC = "Static", "Step & Shoot MLC", "Dynamic Arc"
TECHNIQUES = {STATIC: "Static", MOTORISED: "Static", SEGMENTS: "StepNShoot", ARC: "VMAT"}
"""Beam types whose control points are understood, with the RTP-Connect word."""

ENERGY = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*(.*)")
PLAIN_ENERGIES = ("", "X", "MV", "E", "MEV")


@dataclass(frozen=True, slots=True)
class Around:
    """What the beams of a trial share."""

    machines: tuple[Machine, ...]
    folder: Folder
    doses: DoseSource
    tolerance_table: str | None


@dataclass(frozen=True, slots=True)
class Motion:
    """Control points of a beam and how its gantry turns."""

    points: tuple[ControlPoint, ...]
    direction: str | None
    unread: tuple[tuple[str, str], ...] = ()


def field_of(beam: Keys, number: int, around: Around) -> tuple[Field, tuple[str, ...]]:
    """Return the beam as a field, and sentences for the report.

    Args:
        beam: Values below ``Beam``.
        number: Its place in the list, from 1: Pinnacle has no other beam number.
        around: What the beams of the trial share.

    Raises:
        RemedyError: A value is missing or impossible, or the beam is of a kind nobody has shown.

    """
    kind, modality = _kind(beam), _modality(beam)
    machine, about_machine = machine_of_beam(
        around.machines,
        beam.text("MachineNameAndVersion"),
        beam.text("Modality"),
        beam.text("MachineEnergyName"),
        beam.where,
    )
    stored = stored_points(beam)
    fittings = read_fittings(beam, stored, machine)
    with_leaves = bool(beam.flag("UseMLC"))
    states = [
        read_state(item, machine.scale, with_leaves=with_leaves, with_wedge=bool(fittings.wedges))
        for item in stored
    ]
    energy, fff = _energy(beam)
    common = Common(energy, beam.number("DoseRate") or None, _ssd(beam), _isocentre(beam, around))
    motion = _motion(beam, kind, states, common)
    units = monitor_units(beam, machine, around.folder, around.doses, wedged=bool(fittings.wedges))
    first = motion.points[0]
    name = beam.text("Name")
    arc = kind == ARC
    field = Field(
        id=beam.text("FieldID"),
        name=name,
        number=number,
        source_name=name,
        site=beam.text("PrescriptionName"),
        treatment_type=TECHNIQUES[kind],
        machine=_machine_name(beam) or None,
        tolerance_table=around.tolerance_table,
        modality=modality,
        energy=energy,
        fff=fff,
        dose_rate_mu_min=common.dose_rate_mu_min,
        mu=units.mu,
        wedge_mu=_wedge_mu(kind, units.mu, states),
        dose_cgy=beam.number("MonitorUnitInfo.PrescriptionDose"),
        sad_mm=machine.sad_mm,
        ssd_mm=common.ssd_mm,
        gantry_deg=first.gantry_deg,
        collimator_deg=first.collimator_deg,
        couch_deg=first.couch_deg,
        jaws=first.jaws,
        isocentre=common.isocentre,
        arc_direction=motion.direction,
        arc_start_deg=first.gantry_deg if arc else None,
        arc_stop_deg=motion.points[-1].gantry_deg if arc else None,
        # Pinnacle states one SSD a beam; it does not hold while the gantry turns.
        control_points=(
            tuple(replace(point, ssd_mm=None) for point in motion.points) if arc else motion.points
        ),
        unread=(*motion.unread, *_unproven(first), *units.unread, *fittings.unread),
    )
    notes = (f"{name}: {about_machine}", *units.notes) if about_machine else units.notes
    return _fitted(field, fittings), notes


def _fitted(field: Field, fittings: Fittings) -> Field:
    return replace(
        field,
        wedges=fittings.wedges,
        blocks=fittings.blocks,
        cutouts=fittings.cutouts,
        boluses=fittings.boluses,
        compensators=fittings.compensators,
        applicators=fittings.applicators,
    )


def _kind(beam: Keys) -> str:
    kind = beam.text("SetBeamType")
    if kind not in TECHNIQUES:
        raise UnsupportedPlanError(
            f"beams of type {kind!r} have not been proven to be read as Pinnacle means them",
            where=beam.where,
            remedy="Compare this plan by its DICOM export.",
        )
    return kind


def _modality(beam: Keys) -> str:
    modality = beam.text("Modality")
    if modality not in MODALITIES:
        raise UnsupportedPlanError(
            f"beams of modality {modality!r} are not handled",
            where=beam.where,
            remedy="Compare this plan by its DICOM export.",
        )
    return MODALITIES[modality]


def _energy(beam: Keys) -> tuple[Decimal | None, bool | None]:
    """Return nominal energy and whether it is flattening-filter-free, from names like "6X"."""
    match = ENERGY.fullmatch(beam.text("MachineEnergyName"))
    if match is None:
        return None, None
    words = match[2].strip().upper()
    if "FFF" in words:
        return Decimal(match[1]), True
    return Decimal(match[1]), False if words in PLAIN_ENERGIES else None


def _machine_name(beam: Keys) -> str:
    stated = beam.text("MachineNameAndVersion")
    return stated.rpartition(": ")[0] or stated


def _ssd(beam: Keys) -> Decimal | None:
    ssd_cm = None if beam.flag("SSDValid") is False else beam.number("SSD")
    return None if ssd_cm is None else mm_of_cm(ssd_cm)


def _isocentre(beam: Keys, around: Around) -> Point | None:
    """Return the isocentre in DICOM axes; None where the plan's frame does not allow it.

    Raises:
        UnreadableRecordError: The points are there and the beam's isocentre is not among them.

    """
    name = beam.text("IsocenterName")
    place = point_cm(around.folder, name, beam.where)
    if place is None and around.folder.points_cm:
        raise UnreadableRecordError(
            f"plan.Points has no isocentre {name!r}", where=beam.where, remedy=SAVE_AGAIN
        )
    if place is None or not around.folder.in_dicom_frame:
        return None
    return point_from_pinnacle_to_dicom(*place, around.folder.position or "")


def _motion(beam: Keys, kind: str, states: list[State], common: Common) -> Motion:
    if kind == STATIC and len(states) != 1:
        raise beam.fault("CPManager", f"a static beam with {len(states)} control points")
    if kind != ARC:
        if len({state.setting.gantry_deg for state in states}) > 1:
            raise beam.fault("SetBeamType", f"the gantry moves in a beam of type {kind!r}")
        return Motion(segment_points(states, shares(states, beam), common), "")
    if len(states) < 2 or states[-1].weight:
        raise beam.fault("CPManager", "the last control point of an arc still has a weight")
    direction, why = turning([state.setting.gantry_deg for state in states], _flag(beam))
    points = arc_points(states, shares(states, beam), common, direction)
    return Motion(points, direction, (("arc_direction", why),) if why else ())


def _flag(beam: Keys) -> bool | None:
    """Return the stored direction flag as "counter-clockwise"; its name differs by version."""
    for manager in ("CPManager.CPManagerObject", "CPManager"):
        ccw, cw = beam.flag(f"{manager}.GantryIsCCW"), beam.flag(f"{manager}.GantryIsCW")
        if ccw is not None:
            return ccw
        if cw is not None:
            return not cw
    return None


def _unproven(first: ControlPoint) -> tuple[tuple[str, str], ...]:
    """Return the angles that were left out because their scale is not known."""
    why = "the machine's scale for it has not been proven against an exported plan"
    angles = (
        ("gantry_angle", first.gantry_deg),
        ("collimator_angle", first.collimator_deg),
        ("couch_angle", first.couch_deg),
    )
    return tuple((item, why) for item, angle_deg in angles if angle_deg is None)


def _wedge_mu(kind: str, mu: Decimal | None, states: list[State]) -> Decimal | None:
    """Return the MU given with the motorised wedge in; None for any other beam."""
    if kind != MOTORISED or mu is None:
        return None
    whole = sum((state.weight for state in states), Decimal(0))
    return mu * sum((state.weight for state in states if state.wedge_in), Decimal(0)) / whole
