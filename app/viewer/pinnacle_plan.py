"""A Pinnacle trial to a plan for display: prescriptions, beams, control points.

What the files do not make certain is None, as in a DICOM plan that lacks it, and told by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from app.viewer.pinnacle_dose import PlanFolder, control_blocks
from app.viewer.pinnacle_machine import Machine, machine_of
from app.viewer.pinnacle_space import MM_PER_CM
from app.viewer.pinnacle_structures import poi_cm, point_named
from app.viewer.pinnacle_text import Block
from core.dicom.plan import Beam, ControlPoint, FractionGroup, LeafBank, Prescription
from core.dicom.plan import Block as Shield
from core.dose.geometry import Floats

CGY_PER_GY = 100.0
# How the MU of a beam spread over its control points, by SetBeamType.
SEGMENTS = ("static", "step & shoot mlc", "motorized wedge")
ARCS = ("dynamic arc",)
WEIGHT_ROUNDING = 0.001
RADIATION = {"photons": "PHOTON", "electrons": "ELECTRON"}


@dataclass(frozen=True, eq=False, slots=True)
class _About:
    """What the control points of a beam share."""

    machine: Machine
    bank: LeafBank | None
    uses_leaves: bool
    isocentre_mm: Floats | None
    energy: float | None
    dose_rate: float | None


def prescriptions_of(trial: Block) -> tuple[Prescription, ...]:
    """Return the prescriptions, each with the dose of all its fractions."""
    found = []
    for number, one in enumerate(trial.block("PrescriptionList").blocks("Prescription"), 1):
        dose, fractions = one.number("PrescriptionDose"), one.number("NumberOfFractions")
        period = one.text("PrescriptionPeriod").casefold()
        if period == "per fraction":
            dose = None if dose is None or fractions is None else dose * fractions
        elif period != "overall":
            dose = None
        on_point = one.text("NormalizationMethod") == "Point Dose"
        gray = None if dose is None else dose / CGY_PER_GY
        how = "POINT" if on_point else "VOLUME"
        found.append(Prescription(number, one.text("Name"), "TARGET", how, None, gray, None))
    return tuple(found)


def groups_of(trial: Block) -> tuple[FractionGroup, ...]:
    """Return one fraction group per prescription that has beams."""
    beams = trial.block("BeamList").blocks("Beam")
    found = []
    for number, one in enumerate(trial.block("PrescriptionList").blocks("Prescription"), 1):
        name, fractions = one.text("Name"), one.number("NumberOfFractions")
        own = tuple(k for k, b in enumerate(beams, 1) if b.text("PrescriptionName") == name)
        if own:
            whole = None if fractions is None else round(fractions)
            found.append(FractionGroup(number, whole, own))
    return tuple(found)


def beams_of(
    trial: Block, plan: PlanFolder, mu: dict[int, float]
) -> tuple[tuple[Beam, ...], list[tuple[str, str]]]:
    """Return the beams, numbered by their place, and the name of what is not shown, and why."""
    found, notes = [], []
    for place, beam in enumerate(trial.block("BeamList").blocks("Beam")):
        made, odd = _beam(beam, place, plan, mu.get(place))
        found.append(made)
        machine = machine_of(beam, plan.machines)
        if machine.note:
            notes.append((f"machine {made.machine}", machine.note))
        if odd:
            notes.append((f"beam {made.name}", "; ".join(odd)))
    return tuple(found), notes


def _beam(beam: Block, place: int, plan: PlanFolder, mu: float | None) -> tuple[Beam, list[str]]:
    machine = machine_of(beam, plan.machines)
    notes: list[str] = []
    if machine.unknown and machine.block.pairs:
        notes.append(f"not shown, their scale is not known: {', '.join(machine.unknown)}")
    uses_leaves = beam.number("UseMLC") == 1
    about = _About(
        machine, machine.leaf_bank() if uses_leaves else None, uses_leaves,
        _isocentre(beam, plan, notes), _energy(beam), beam.number("DoseRate"),
    )  # fmt: skip
    blocks = control_blocks(beam)
    if not blocks:
        notes.append("it has no control points")
    points, banks = _control_points(beam, blocks, about, mu, notes)
    dose_cgy = beam.block("MonitorUnitInfo").number("PrescriptionDose")
    applicator = beam.text("ElectronApplicatorName")
    return Beam(
        number=place + 1,
        name=beam.text("Name"),
        kind="STATIC" if len(blocks) < 2 else "DYNAMIC",
        delivery="TREATMENT",
        radiation=RADIATION.get(beam.text("Modality").casefold(), ""),
        machine=beam.text("MachineNameAndVersion").split(": ")[0],
        source_axis_mm=machine.source_axis_mm,
        meterset_mu=mu,
        dose_gy=None if dose_cgy is None else dose_cgy / CGY_PER_GY,
        leaf_banks=banks,
        blocks=() if uses_leaves or not blocks else _shields(blocks[0], notes),
        wedges=_wedges(blocks),
        applicator="" if applicator.casefold() == "none" else applicator,
        bolus=0 if beam.block("Bolus").text("Type").casefold() in ("", "no bolus") else 1,
        points=points,
    ), notes


def _isocentre(beam: Block, plan: PlanFolder, notes: list[str]) -> Floats | None:
    name = beam.text("IsocenterName")
    point = point_named(plan.points, name)
    place = None if point is None else poi_cm(point)
    if place is None:
        notes.append(f"its isocentre '{name}' is not in plan.Points")
        return None
    return plan.space.to_dicom_mm(place)


def _energy(beam: Block) -> float | None:
    name = beam.text("MachineEnergyName")
    digits = name[: next((k for k, sign in enumerate(name) if not sign.isdigit()), len(name))]
    return float(digits) if digits else None


def _wedges(blocks: Sequence[Block]) -> tuple[str, ...]:
    found = []
    for one in blocks:
        told = one.block("WedgeContext")
        name = told.text("WedgeName").strip()
        if name.casefold() in ("", "no wedge"):
            continue
        angle = told.number("Angle")
        words = f"{name} {told.text('Orientation')}"
        found.append(words if angle is None else f"{words} {angle:g} deg")
    return tuple(dict.fromkeys(found))


def _shields(first: Block, notes: list[str]) -> tuple[Shield, ...]:
    """Return the blocks of a beam without leaves; vertices are at the isocentre plane."""
    found = []
    for one in first.block("ModifierList").blocks("BeamModifier"):
        outside, inside = one.text("OutsideMode"), one.text("InsideMode")
        kind = "APERTURE" if outside == "Block" else "SHIELDING" if inside == "Block" else ""
        curves = [
            painter.block("Curve").block("RawData").rows("Points[]")
            for painter in one.block("ContourList").blocks("CurvePainter")
        ]
        curves = [curve for curve in curves if len(curve) >= 6 and len(curve) % 2 == 0]
        if kind and not curves:
            notes.append(f"the outline of its block {one.text('Name')} is not stored")
        if kind:
            mirrored = [curve.reshape(-1, 2) * (MM_PER_CM, -MM_PER_CM) for curve in curves]
            found += [Shield(one.text("Name"), kind, outline) for outline in mirrored]
    return tuple(found)


def _control_points(
    beam: Block, blocks: Sequence[Block], about: _About, mu: float | None, notes: list[str]
) -> tuple[tuple[ControlPoint, ...], tuple[LeafBank, ...]]:
    """Return the control points as DICOM counts them: two per segment, one per step of an arc."""
    native = [_point(one, about) for one in blocks]
    banks = (about.bank,) if about.bank is not None else ()
    if banks and not all(point.leaves for point in native):
        notes.append("its leaves do not fit the leaf pairs of the machine and are not shown")
        banks, native = (), [replace(point, leaves={}) for point in native]
    if about.uses_leaves and not banks:
        # Jaws without the leaves would show a field that is too large.
        notes.append("its field is not shown, since its leaves are not known")
        native = [replace(point, jaws={}) for point in native]
    kind = beam.text("SetBeamType").casefold()
    weights = [one.number("Weight") for one in blocks]
    known = [weight for weight in weights if weight is not None]
    if kind not in (*SEGMENTS, *ARCS) or abs(sum(known) - 1) > WEIGHT_ROUNDING:
        if blocks:
            notes.append("how its MU spread over its control points is not known")
        return tuple(_numbered(native)), banks
    ends = [None if mu is None else mu * end for end in accumulate(known, initial=0.0)]
    if kind in ARCS:
        steps = [replace(p, meterset_mu=end) for p, end in zip(native, ends, strict=False)]
        return tuple(_numbered(_turning(steps, beam))), banks
    pairs = [
        replace(point, meterset_mu=end)
        for place, point in enumerate(native)
        for end in ends[place : place + 2]
    ]
    return tuple(_numbered(pairs)), banks


def _numbered(points: Sequence[ControlPoint]) -> list[ControlPoint]:
    return [replace(point, number=number) for number, point in enumerate(points)]


def _turning(points: Sequence[ControlPoint], beam: Block) -> list[ControlPoint]:
    keeper = beam.block("CPManager")
    inner = keeper.blocks("CPManagerObject")
    against = (inner[0] if inner else keeper).number("GantryIsCCW")
    turn = "" if against is None else "CC" if against else "CW"
    last = len(points) - 1
    return [
        replace(point, gantry_turn="NONE" if number == last else turn)
        for number, point in enumerate(points)
    ]


def _point(one: Block, about: _About) -> ControlPoint:
    machine = about.machine
    return ControlPoint(
        0, None, machine.gantry_deg(one.number("Gantry")), "NONE",
        machine.collimator_deg(one.number("Collimator")), machine.couch_deg(one.number("Couch")),
        about.energy, about.dose_rate, about.isocentre_mm, _jaws(one, machine),
        _leaves(one, about), {}, (None, None, None),
    )  # fmt: skip


def _jaws(one: Block, machine: Machine) -> dict[str, Floats]:
    """Return both pairs of jaws; outward is positive in Pinnacle on every side."""
    sides = [one.number(f"{side}JawPosition") for side in ("Left", "Right", "Bottom", "Top")]
    known = [side for side in sides if side is not None]
    if len(known) != len(sides) or not machine.has_known_jaws:
        return {}
    left, right, bottom, top = known
    return {
        "ASYMX": np.array([-left, right]) * MM_PER_CM,
        "ASYMY": np.array([-bottom, top]) * MM_PER_CM,
    }


def _leaves(one: Block, about: _About) -> dict[str, Floats]:
    rows = one.block("MLCLeafPositions").block("RawData").rows("Points[]")
    if about.bank is None or len(rows) != 2 * (len(about.bank.edges_mm) - 1):
        return {}
    return {about.bank.kind: about.machine.leaves_mm(rows)}
