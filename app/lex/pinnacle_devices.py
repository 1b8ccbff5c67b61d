"""Blocks, cutout, bolus and compensator of a Pinnacle beam."""

from app.lex.pinnacle_scale import Scale, outline_iec_cm
from app.lex.pinnacle_text import Block
from app.lex.plan import Device

_NO_BOLUS = ("", "no bolus", "none")


def blocks_of(
    scale: Scale, beam: Block, point: Block
) -> tuple[tuple[Device, ...], Device | None, list[str]]:
    """Return photon blocks, the electron cutout, and notes about outlines that are not there.

    The outlines of an MLC beam are what its leaves were fitted to, not metal in the beam, unless
    the beam's transmission names a tray.
    """
    modifiers = point.block("ModifierList")
    found = [] if modifiers is None else list(modifiers.blocks("BeamModifier"))
    info = beam.block("MonitorUnitInfo")
    tray = info is not None and "tray" in info.text("TransmissionDescription").lower()
    if not found or (beam.flag("UseMLC") and not tray):
        return (), None, []
    code = beam.text("TrayNumber").strip() or beam.text("BlockExportName").strip()
    devices = [device for modifier in found for device in _outlines(scale, modifier, code)]
    notes = [
        f"Beam {beam.text('Name')!r}: the outline of {device.name!r} follows from a structure "
        "and is not in the plan file."
        for device in devices
        if not device.outline_cm
    ]
    if beam.text("Modality") != "Electrons":
        return tuple(devices), None, notes
    if len(devices) == 1:
        return (), devices[0], notes
    notes.append(
        f"Beam {beam.text('Name')!r}: its cutout is made of {len(devices)} outlines; none of "
        "them alone is its shape."
    )
    return (), Device(code or devices[0].name, devices[0].name, "cutout"), notes


def _outlines(scale: Scale, modifier: Block, code: str) -> list[Device]:
    """Return one device per contour; one without an outline when no contour is stored."""
    name = modifier.text("StructureToBlock")
    if name in ("", "Manual"):
        name = modifier.text("Name")
    kind = "aperture" if modifier.text("OutsideMode") == "Block" else "block"
    contours = modifier.block("ContourList")
    painters = () if contours is None else contours.blocks("CurvePainter")
    if not painters:
        return [Device(code or name, name, kind)]
    return [
        Device(code or name, name, kind, outline_cm=_outline(scale, painter))
        for painter in painters
    ]


def _outline(scale: Scale, painter: Block) -> tuple[tuple[float, float], ...]:
    """Return the corners of one contour in IEC axes; their number must be the one stated."""
    raw = painter.need("Curve", "RawData")
    corners = raw.need("Points[]").points
    if len(corners) % 2 or raw.number("NumberOfPoints", len(corners) / 2) * 2 != len(corners):
        raise raw.fault(f"the outline has {len(corners)} numbers, not two for each stated point")
    return outline_iec_cm(scale, corners)


def bolus_of(beam: Block) -> tuple[Device, ...]:
    """Return the beam's bolus; its code is its thickness, the only name Pinnacle gives it."""
    bolus = beam.block("Bolus")
    if bolus is None or bolus.text("Type").strip().lower() in _NO_BOLUS:
        return ()
    thickness_cm = bolus.maybe("Thickness")
    code = bolus.text("Type") if thickness_cm is None else f"{thickness_cm:g} cm"
    return (Device(code, bolus.text("Type"), "bolus"),)


def compensator_of(beam: Block) -> tuple[Device, ...]:
    """Return the beam's compensator when the plan calls it valid."""
    compensator = beam.block("Compensator")
    if compensator is None or not compensator.flag("IsValid"):
        return ()
    name = compensator.text("Name")
    return (Device(compensator.text("TrayNumber") or name or "compensator", name),)
