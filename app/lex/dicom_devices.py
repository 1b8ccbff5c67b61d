"""Wedges, blocks, cutout, applicator, bolus and compensators of a DICOM beam."""

from collections.abc import Sequence
from dataclasses import replace

from app.lex.dicom_items import Item
from app.lex.dicom_points import cm_from_mm
from app.lex.plan import Device, Segment
from core.errors import UnsupportedPlanError

_WEDGE_KINDS = {
    "STANDARD": "physical",
    "DYNAMIC": "virtual",
    "MOTORIZED": "motorised",
    "PARTIAL_STANDARD": "physical",
    "PARTIAL_MOTORIZED": "motorised",
}


def read_wedges(
    beam: Item, segments: Sequence[Segment]
) -> tuple[tuple[Device, ...], tuple[Segment, ...]]:
    """Return the wedges that are in the beam at some point, and the segments with wedge_in set.

    Raises:
        UnsupportedPlanError: A fixed wedge that comes and goes.
        UnreadableFileError: A wedge of unknown type, or a position for a wedge not declared.

    """
    declared = {wedge.integer("WedgeNumber"): wedge for wedge in beam.items("WedgeSequence")}
    stays = _wedge_stays(beam, declared)
    kept: list[Device] = []
    marked = list(segments)
    for number, wedge in declared.items():
        ins = stays[number]
        if not any(ins):
            continue
        device = _wedge(wedge)
        if device.kind == "motorised":
            marked = [replace(s, wedge_in=here) for s, here in zip(marked, ins, strict=True)]
        elif not all(ins):
            raise UnsupportedPlanError(
                f"wedge {device.code!r} comes and goes during the beam",
                where=beam.where,
                remedy="Split the beam in the planning system and export the plan again.",
            )
        kept.append(device)
    return tuple(kept), tuple(marked)


def _wedge_stays(beam: Item, declared: dict[int, Item]) -> dict[int, list[bool]]:
    """Return for each wedge whether it is in at each point; positions are carried on."""
    now = dict.fromkeys(declared, False)
    stays: dict[int, list[bool]] = {number: [] for number in declared}
    stated = False
    for point in beam.items("ControlPointSequence"):
        for place in point.items("WedgePositionSequence"):
            number, word = place.integer("ReferencedWedgeNumber"), place.text("WedgePosition")
            if number not in now or word not in ("IN", "OUT"):
                raise beam.fault(
                    f"WedgePosition {word!r} of wedge {number}, which is not declared"
                )
            now[number] = word == "IN"
            stated = True
        for number, here in now.items():
            stays[number].append(here)
    if declared and not stated:
        raise beam.fault("the beam has a wedge, but no WedgePosition tells whether it is in")
    return stays


def _wedge(wedge: Item) -> Device:
    """Return one wedge."""
    kind = _WEDGE_KINDS.get(wedge.text("WedgeType"))
    if kind is None:
        raise wedge.fault(f"WedgeType is {wedge.text('WedgeType')!r}")
    code = wedge.first_text("WedgeID", "AccessoryCode") or wedge.text("WedgeNumber")
    return Device(
        code,
        wedge.first_text("WedgeID", "AccessoryCode"),
        kind,
        angle_deg=wedge.maybe("WedgeAngle"),
        orientation_deg=wedge.maybe("WedgeOrientation"),
    )


def read_blocks(beam: Item) -> tuple[Device, ...]:
    """Return the blocks with their outlines at the isocentre plane.

    Raises:
        UnreadableFileError: BlockData does not hold two numbers for each stated point.

    """
    return tuple(_block(block) for block in beam.items("BlockSequence"))


def _block(block: Item) -> Device:
    """Return one block; an aperture lets the beam through inside its outline."""
    corners_mm = block.numbers("BlockData")
    stated = block.maybe("BlockNumberOfPoints")
    if len(corners_mm) % 2 or (stated is not None and stated * 2 != len(corners_mm)):
        raise block.fault(f"BlockData has {len(corners_mm)} numbers, not two for each point")
    corners_cm = [cm_from_mm(corner) for corner in corners_mm]
    code = block.first_text("BlockTrayID", "AccessoryCode", "BlockName")
    return Device(
        code or block.text("BlockNumber"),
        block.text("BlockName"),
        "aperture" if block.text("BlockType") == "APERTURE" else "block",
        outline_cm=tuple(zip(corners_cm[::2], corners_cm[1::2], strict=True)),
    )


def read_applicator(beam: Item) -> Device | None:
    """Return the applicator, or None.

    Raises:
        UnreadableFileError: More than one.

    """
    found = beam.items("ApplicatorSequence")
    if not found:
        return None
    if len(found) > 1:
        raise beam.fault(f"the beam has {len(found)} applicators")
    code = found[0].first_text("ApplicatorID", "AccessoryCode", "ApplicatorDescription")
    return Device(
        code or found[0].text("ApplicatorType"),
        found[0].first_text("ApplicatorDescription", "ApplicatorID"),
        found[0].text("ApplicatorType"),
    )


def read_boluses(beam: Item) -> tuple[Device, ...]:
    """Return the boluses the beam or its points refer to, each once."""
    places = (beam, *beam.items("ControlPointSequence"))
    found = [bolus for place in places for bolus in place.items("ReferencedBolusSequence")]
    return tuple(dict.fromkeys(_bolus(bolus) for bolus in found))


def _bolus(bolus: Item) -> Device:
    """Return one bolus; without any identifier it is named by its structure number."""
    roi = bolus.text("ReferencedROINumber")
    code = bolus.first_text("BolusID", "AccessoryCode", "BolusDescription")
    return Device(code or f"ROI {roi}", bolus.text("BolusDescription"), "bolus")


def read_compensators(beam: Item) -> tuple[Device, ...]:
    """Return the compensators with their tray or accessory code."""
    keys = ("CompensatorTrayID", "AccessoryCode", "CompensatorID", "CompensatorNumber")
    return tuple(
        Device(item.first_text(*keys), item.text("CompensatorID"), item.text("CompensatorType"))
        for item in beam.items("CompensatorSequence")
    )


def other_accessories(beam: Item) -> tuple[str, ...]:
    """Return the names of accessories the transfer file has no column for."""
    found = beam.items("GeneralAccessorySequence")
    return tuple(
        item.first_text("GeneralAccessoryID", "AccessoryCode", "GeneralAccessoryDescription")
        for item in found
    )
