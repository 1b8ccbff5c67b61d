"""Wedges, blocks, cutouts, boluses, applicators and compensators of a Pinnacle beam."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.filter.field import Accessory
from app.filter.plan_scale import number_of
from app.filter.plan_trial_keys import Keys
from app.filter.plan_trial_machine import Machine
from app.filter.plan_trial_points import wedge_name

MOTORISED = "Motorized Wedge"


@dataclass(frozen=True, slots=True)
class Fittings:
    """Everything mounted for one beam; an empty tuple means that the plan has none."""

    wedges: tuple[Accessory, ...]
    blocks: tuple[Accessory, ...]
    cutouts: tuple[Accessory, ...]
    boluses: tuple[Accessory, ...]
    compensators: tuple[Accessory, ...]
    applicators: tuple[Accessory, ...]
    unread: tuple[tuple[str, str], ...]


def read_fittings(beam: Keys, points: Sequence[Keys], machine: Machine) -> Fittings:
    """Return the accessories of a beam, under the names the machine has for the R&V system."""
    electrons = beam.text("Modality") == "Electrons"
    wedges, unread = _wedges(beam, points, machine)
    shapes = _shapes(beam, points)
    applicators, about_applicator = _applicators(beam, machine)
    # A contour of an MLC beam is what the leaves conform to, not a block to be mounted.
    mounted = shapes if electrons or not beam.flag("UseMLC") else ()
    return Fittings(
        wedges=wedges,
        blocks=() if electrons else mounted,
        cutouts=mounted if electrons else (),
        boluses=_bolus(beam),
        compensators=_compensator(beam),
        applicators=applicators,
        unread=(*unread, *about_applicator),
    )


def _wedges(
    beam: Keys, points: Sequence[Keys], machine: Machine
) -> tuple[tuple[Accessory, ...], list[tuple[str, str]]]:
    """Return each wedge of the beam once, and what is not known about it."""
    wedges: list[Accessory] = []
    unread: list[tuple[str, str]] = []
    for point in points:
        name = wedge_name(point)
        facts = machine.wedges.get(name.lower())
        if not name:
            continue
        if facts is None:
            wedge = Accessory((name,))
            why = f"machine {machine.name} has no wedge {name!r}, so its R&V code is not known"
        else:
            angle_deg = _angle(point) if facts.dynamic else facts.nominal_deg
            code = _code(facts.codes.get(point.text("WedgeContext.Orientation"), ""), angle_deg)
            kind = "DYNAMIC" if facts.dynamic else "STANDARD"
            kind = "MOTORIZED" if beam.text("SetBeamType") == MOTORISED else kind
            wedge = Accessory(_filled(code, name), kind, angle_deg)
            why = "" if code else f"machine {machine.name} has no R&V code for {name!r} this way"
        if wedge not in wedges:
            wedges.append(wedge)
            unread += [("wedge", why)] if why else []
    return tuple(wedges), unread


def _angle(point: Keys) -> Decimal | None:
    """Return the angle of a dynamic wedge; the key holds words for the other kinds."""
    try:
        return number_of(point.text("WedgeContext.Angle"))
    except ValueError:
        return None


def _code(pattern: str, angle_deg: Decimal | None) -> str:
    """Return the R&V code of a wedge; a code whose angle is not known is none."""
    if "%" not in pattern:
        return pattern
    return "" if angle_deg is None else pattern.replace("%", f"{angle_deg.normalize():f}")


def _shapes(beam: Keys, points: Sequence[Keys]) -> tuple[Accessory, ...]:
    """Return the block of a beam: all its contours sit on one tray."""
    names: list[str] = []
    for point in points:
        for modifier in point.listed("ModifierList.BeamModifier"):
            modes = {modifier.text("InsideMode"), modifier.text("OutsideMode")}
            drawn = modifier.flag("AutoBlock") or modifier.holds("ContourList")
            if "Block" in modes and drawn:
                names.append(modifier.text("Name"))
    if not names:
        return ()
    return (Accessory(_filled(beam.text("TrayNumber"), beam.text("BlockExportName"), *names)),)


def _bolus(beam: Keys) -> tuple[Accessory, ...]:
    kind = beam.text("Bolus.Type")
    if re.fullmatch(r"(no bolus)?", kind, re.IGNORECASE):
        return ()
    # R&V systems know a bolus by its thickness; Pinnacle's own word for it is only a kind.
    thickness_cm = beam.text("Bolus.Thickness").strip()
    thickness = f"{thickness_cm} cm" if thickness_cm not in ("", "0") else ""
    return (Accessory(_filled(beam.text("Bolus.Name"), thickness, kind)),)


def _compensator(beam: Keys) -> tuple[Accessory, ...]:
    if not beam.flag("Compensator.IsValid"):
        return ()
    return (
        Accessory(_filled(beam.text("Compensator.TrayNumber"), beam.text("Compensator.Name"))),
    )


def _applicators(
    beam: Keys, machine: Machine
) -> tuple[tuple[Accessory, ...], list[tuple[str, str]]]:
    diameter_cm = beam.number("CircularFieldDiameter")
    if diameter_cm:
        why = f"a circular collimator of {diameter_cm} cm, whose R&V name the plan does not hold"
        return (), [("e_applicator", why)]
    name = beam.text("ElectronApplicatorName")
    if name.lower() in ("", "none"):
        return (), []
    code = machine.applicator_codes.get(name.lower(), "")
    why = "" if code else f"machine {machine.name} has no R&V code for applicator {name!r}"
    return (Accessory(_filled(code, name)),), [("e_applicator", why)] if why else []


def _filled(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
