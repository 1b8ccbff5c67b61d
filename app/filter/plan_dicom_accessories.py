"""Wedges, blocks, boluses, applicators and compensators of a DICOM beam.

An empty tuple: the beam says there is none. None: it announces some and does not describe them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.filter.field import Accessory
from app.filter.plan_dicom_item import Item

WEDGE_NAMES = ("WedgeID", "AccessoryCode", "WedgeName")
BLOCK_NAMES = ("BlockTrayID", "AccessoryCode", "BlockName")
BOLUS_NAMES = ("BolusID", "AccessoryCode", "BolusDescription")
APPLICATOR_NAMES = ("ApplicatorID", "AccessoryCode", "ApplicatorDescription")
COMPENSATOR_NAMES = (
    "CompensatorID",
    "AccessoryCode",
    "CompensatorTrayID",
    "CompensatorDescription",
)

Accessories = tuple[Accessory, ...] | None


@dataclass(frozen=True, slots=True)
class Fittings:
    """Everything mounted for one beam; `unread` as in `Field`."""

    wedges: Accessories
    blocks: Accessories
    cutouts: Accessories
    boluses: Accessories
    compensators: Accessories
    applicators: Accessories
    unread: tuple[tuple[str, str], ...]


def read_fittings(beam: Item) -> Fittings:
    """Return the accessories of a beam (DICOM PS3.3 C.8.8.14)."""
    unread: list[tuple[str, str]] = []
    blocks = _counted(beam, "NumberOfBlocks", "BlockSequence", _block, unread)
    electrons = beam.word("RadiationType") == "ELECTRON"
    applied = electrons or bool(beam.items("ApplicatorSequence", "applicator"))
    cutouts: Accessories = None if blocks is None else ()
    if blocks and applied:
        cutouts = tuple(block for block in blocks if block.kind == "APERTURE")
        blocks = tuple(block for block in blocks if block.kind != "APERTURE")
    return Fittings(
        wedges=_counted(beam, "NumberOfWedges", "WedgeSequence", _wedge, unread),
        blocks=blocks,
        cutouts=cutouts,
        boluses=_counted(beam, "NumberOfBoli", "ReferencedBolusSequence", _bolus, unread),
        compensators=_counted(
            beam, "NumberOfCompensators", "CompensatorSequence", _compensator, unread
        ),
        applicators=_applicators(beam, electrons=electrons),
        unread=tuple(unread),
    )


ITEMS = {
    "NumberOfWedges": "wedge",
    "NumberOfBlocks": "block",
    "NumberOfBoli": "bolus",
    "NumberOfCompensators": "compensator",
}


def _counted(
    beam: Item,
    count: str,
    sequence: str,
    read: Callable[[Item], Accessory],
    unread: list[tuple[str, str]],
) -> Accessories:
    """Return the accessories of one kind, or None when their number and their list differ."""
    items = beam.items(sequence, ITEMS[count])
    stated = beam.whole(count)
    if stated is not None and stated != len(items):
        why = f"the plan announces {stated} of it and describes {len(items)}"
        unread.append((ITEMS[count], why))
        return None
    return tuple(read(item) for item in items)


def _names(item: Item, keywords: tuple[str, ...]) -> tuple[str, ...]:
    """Return the filled names, each once."""
    return tuple(dict.fromkeys(name for keyword in keywords if (name := item.text(keyword))))


def _wedge(item: Item) -> Accessory:
    return Accessory(
        _names(item, WEDGE_NAMES),
        item.word("WedgeType"),
        item.number("WedgeAngle"),
        item.number("WedgeOrientation"),
    )


def _block(item: Item) -> Accessory:
    return Accessory(_names(item, BLOCK_NAMES), item.word("BlockType"))


def _bolus(item: Item) -> Accessory:
    return Accessory(_names(item, BOLUS_NAMES))


def _compensator(item: Item) -> Accessory:
    return Accessory(_names(item, COMPENSATOR_NAMES), item.word("CompensatorType"))


def _applicators(beam: Item, *, electrons: bool) -> Accessories:
    """Return the applicators; the list is optional, so for electrons no list says nothing."""
    if electrons and not beam.has("ApplicatorSequence"):
        return None
    return tuple(
        Accessory(_names(item, APPLICATOR_NAMES), item.word("ApplicatorType"))
        for item in beam.items("ApplicatorSequence", "applicator")
    )
