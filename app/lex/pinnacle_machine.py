"""Find what plan.Pinnacle.Machines says about a beam: machine, energy, applicator, wedge."""

import re
from itertools import pairwise

from app.lex.pinnacle_text import Block
from app.lex.plan import Device
from core.errors import UnreadableFileError, UnsupportedPlanError

_LISTS = {"Photons": "PhotonEnergyList", "Electrons": "ElectronEnergyList"}
_DIRECTIONS = ("LeftToRight", "RightToLeft", "TopToBottom", "BottomToTop")
_NO_WEDGE = ("", "no wedge", "none")


def find_machine(machines: Block, beam: Block) -> tuple[Block, str]:
    """Return the beam's machine and a note when it was found by other means than its name.

    A plan whose machine was renamed after planning still has its only machine in the file.

    Raises:
        UnreadableFileError: No machine fits, or more than one could be meant.

    """
    wanted = beam.text("MachineNameAndVersion")
    listed = machines.numbered()
    names = [f"{m.text('Name')}: {m.text('VersionTimestamp')}" for m in listed]
    exact = [m for m, name in zip(listed, names, strict=True) if name == wanted]
    if len(exact) == 1:
        return exact[0], ""
    if not exact and len(listed) == 1 and _energies(listed[0], beam):
        return listed[0], (
            f"Machine {wanted!r} is not in the plan's machine file; its only machine "
            f"{names[0]!r} was used for the scale and the calibration of these beams."
        )
    raise UnreadableFileError(
        f"machine {wanted!r} of beam {beam.text('Name')!r} stands {len(exact)} times in the "
        f"plan's machine file, which holds {', '.join(names) or 'none'}",
        where=beam.where,
        remedy="Save the plan again in the planning system with its commissioned machine.",
    )


def _energies(machine: Block, beam: Block) -> list[Block]:
    """Return the machine's energies of the beam's name, from the list of its particle."""
    energies = machine.block(_LISTS.get(beam.text("Modality"), ""))
    if energies is None:
        return []
    name = beam.text("MachineEnergyName")
    return [e for e in energies.blocks("MachineEnergy") if e.text("Name") == name]


def find_energy(machine: Block, beam: Block) -> Block:
    """Return the machine's energy that the beam names.

    Raises:
        UnreadableFileError: The machine has no such energy, or two of one name.

    """
    found = _energies(machine, beam)
    if len(found) == 1:
        return found[0]
    raise UnreadableFileError(
        f"machine {machine.text('Name')!r} has {len(found)} energies called "
        f"{beam.text('MachineEnergyName')!r} among its {beam.text('Modality').lower()}",
        where=beam.where,
        remedy="Choose a commissioned energy in the planning system and save the plan again.",
    )


def energy_of(beam: Block, energy: Block) -> float:
    """Return the nominal energy (MV or MeV): the digits that begin its name.

    Raises:
        UnreadableFileError: The name has no digits, or the machine file gives another value.

    """
    name = beam.text("MachineEnergyName")
    match = re.match(r"\s*(\d+(?:\.\d+)?)", name)
    if match is None:
        raise beam.fault(f"the energy name {name!r} does not begin with a number")
    value = float(match.group(1))
    stated = energy.maybe("Value")
    if stated is not None and abs(stated - value) > 0.5:
        raise energy.fault(f"the energy called {name!r} has the value {stated:g}")
    return value


def find_applicator(machine: Block, beam: Block) -> Device | None:
    """Return the electron applicator with the code the machine file gives it; None for photons.

    Raises:
        UnreadableFileError: The machine has no applicator of this name.

    """
    name = beam.text("ElectronApplicatorName").strip()
    if beam.text("Modality") != "Electrons" or name.lower() in ("", "none"):
        return None
    cones = machine.block("ElectronApplicatorList")
    found = [] if cones is None else cones.blocks("ElectronApplicator")
    for cone in found:
        if cone.text("Name").strip() == name:
            return Device(cone.text("ManufacturerCode") or name, name, "applicator")
    raise UnreadableFileError(
        f"machine {machine.text('Name')!r} has no electron applicator {name!r}",
        where=beam.where,
        remedy="Choose a commissioned applicator in the planning system and save the plan again.",
    )


def wedge_name(context: Block | None) -> str:
    """Return the wedge a control point names; "" for none, however it is spelled."""
    name = context.text("WedgeName").strip() if context is not None else ""
    return "" if name.lower() in _NO_WEDGE else name


def find_wedge(machine: Block, context: Block, *, motorised: bool) -> Device:
    """Return the wedge of a control point with the R&V code of its direction.

    The orientation is left open: its sense has not been compared with a treatment yet, and the
    code of the direction already names it.

    Raises:
        UnreadableFileError: The wedge, its direction or its angle is not in the machine file.

    """
    name = wedge_name(context)
    listed = machine.need("WedgeList").blocks("Wedge")
    wedge = next((w for w in listed if w.text("Name").strip().lower() == name.lower()), None)
    direction = context.text("Orientation").removeprefix("Wedge")
    if wedge is None or direction not in _DIRECTIONS:
        raise UnreadableFileError(
            f"machine {machine.text('Name')!r} has no wedge {name!r} in direction {direction!r}",
            where=context.where,
            remedy="Choose a commissioned wedge in the planning system and save the plan again.",
        )
    dynamic = wedge.flag("IsDynamic")
    angle = _wedge_angle_deg(wedge, context, dynamic=dynamic)
    code = wedge.text(f"{direction}Code").replace("%", f"{angle:g}")
    kind = "motorised" if motorised else "virtual" if dynamic else "physical"
    return Device(code or name, name, kind, angle_deg=angle)


def _wedge_angle_deg(wedge: Block, context: Block, *, dynamic: bool) -> float:
    """Return the angle of the control point, or the nominal one of a fixed wedge."""
    stated = context.text("Angle").strip()
    if stated.lower() not in ("", "fixed"):
        return context.number("Angle")
    if dynamic:
        raise context.fault("the dynamic wedge has no angle")
    return wedge.number("NominalAngle")


def leaf_pairs(machine: Block) -> tuple[Block, ...]:
    """Return the machine's leaf pairs in the order of the stored rows.

    Raises:
        UnsupportedPlanError: The leaves do not run along left and right, or the rows do not
            climb from the bottom: their order has not been compared with a treatment.

    """
    mlc = machine.need("MultiLeaf")
    pairs = mlc.need("LeafPairList").blocks("MLCLeafPair")
    centres_cm = [pair.number("YCenterPosition") for pair in pairs]
    climbing = all(a < b for a, b in pairwise(centres_cm))
    if not mlc.flag("AlignedWithLeftRightJaw", default=True) or not climbing:
        raise UnsupportedPlanError(
            f"the leaves of machine {machine.text('Name')!r} run or are listed in another way "
            "than along its left and right jaws from the lowest pair up",
            where=mlc.where,
            remedy="Export the plan as DICOM RT Plan and open that with LEX.",
        )
    return pairs


def leaf_edges_cm(machine: Block) -> tuple[float, ...]:
    """Return the boundaries of the leaf pairs in the machine's own direction, rising.

    Empty when a width is not stated or neighbours do not touch: then nothing may rely on them.
    """
    edges: list[float] = []
    for pair in leaf_pairs(machine):
        centre_cm, width_cm = pair.number("YCenterPosition"), pair.maybe("Width")
        if width_cm is None or not width_cm > 0:
            return ()
        low_cm = centre_cm - width_cm / 2.0
        if not edges:
            edges.append(low_cm)
        elif abs(low_cm - edges[-1]) > 0.01:
            return ()
        edges.append(centre_cm + width_cm / 2.0)
    return tuple(edges)
