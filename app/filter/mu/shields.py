"""Shielding blocks of photon fields: the aperture in narrow strips, and the factor of the tray.

A block takes away from each strip what lies under its outline (DICOM block data: isocentre plane,
frame of the collimator). What stays must be one opening a strip; two side by side are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.filter.field import Accessory, Field
from app.filter.mu.book import BookBeam
from app.filter.mu.states import States
from core.dose.geometry import Floats
from core.errors import UnsupportedPlanError

STRIP_CM = 0.1
THIN_CM = 0.05
"""An opening narrower than this beside a block is taken for closed."""
Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Shield:
    """What a plan says of the blocks of a beam.

    Attributes:
        outlines_cm: Of every shielding block, by the names it has.
        tray_factor: Of the plan; None when it states none.

    """

    outlines_cm: Mapping[tuple[str, ...], Outline]
    tray_factor: float | None = None


def blocked(
    field: Field, beam: Field, shield: Shield | None, book: BookBeam, states: States
) -> tuple[States, float]:
    """Return the states with the mounted blocks in, and the factor of their tray.

    Args:
        field: Of the R&V system; what it mounts counts.
        beam: Of the plan.
        shield: Outlines of the plan.
        book: With the trays' factors.
        states: Without blocks.

    Raises:
        UnsupportedPlanError: A block has no outline, or leaves two openings side by side.

    """
    mounted = beam.blocks if field.blocks is None else field.blocks
    if not mounted:
        return states, 1.0
    where = f"field {field.id or field.name}"
    outlines = shield.outlines_cm if shield is not None else {}
    if len(mounted) > 1 or len(outlines) != 1:
        raise UnsupportedPlanError(
            "the field has a block whose outline is not in the plan, or more than one",
            where=where,
            remedy="Check this field by measurement or by hand.",
        )
    tray = _tray(mounted[0], shield, book, where)
    return _cut(states, next(iter(outlines.values())), where), tray


def _tray(block: Accessory, shield: Shield | None, book: BookBeam, where: str) -> float:
    wanted = {name.casefold() for name in block.names}
    for tray in book.trays:
        if wanted & {name.casefold() for name in tray.names}:
            return tray.factor
    if shield is not None and shield.tray_factor is not None:
        return shield.tray_factor
    raise UnsupportedPlanError(
        f"neither book nor plan state the factor of the tray {' / '.join(block.names)}",
        where=where,
        remedy="Add the tray to beam.toml of the book: [[tray]] names, factor.",
    )


def _cut(states: States, outline: Outline, where: str) -> States:
    """Return states whose strips are as narrow as `STRIP_CM` where the block lies."""
    corners = np.array(outline, dtype=float)
    if states.along_y:
        corners = corners[:, ::-1]
    low, high = corners[:, 1].min(), corners[:, 1].max()
    count = max(1, int(np.ceil((high - low) / STRIP_CM)))
    edges = np.unique(np.round(np.concatenate(
        [states.edges, np.linspace(low, high, count + 1)]
    ), 9))  # fmt: skip
    edges = edges[(edges >= states.edges[0]) & (edges <= states.edges[-1])]
    middles = (edges[:-1] + edges[1:]) / 2
    pairs = np.clip(np.searchsorted(states.edges, middles) - 1, 0, len(states.edges) - 2)
    tips = states.tips[:, pairs, :].copy()
    for strip, middle in enumerate(middles):
        covered = _covered(corners, float(middle))
        if covered:
            for tip, jaws in zip(tips[:, strip, :], states.jaws, strict=True):
                tip[:] = _left(max(tip[0], jaws[0]), min(tip[1], jaws[1]), covered, where)
    return replace(states, tips=np.ascontiguousarray(tips), edges=edges)


def _covered(corners: Floats, y: float) -> list[tuple[float, float]]:
    """Return the intervals of x that lie under the block at a height, by the even-odd rule."""
    found = sorted(
        x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True)
        if (y0 > y) != (y1 > y)
    )
    return list(zip(found[::2], found[1::2], strict=False))


def _left(
    low: float, high: float, covered: list[tuple[float, float]], where: str
) -> tuple[float, float]:
    """Return what a block leaves open of an interval."""
    openings, start = [], low
    for first, last in covered:
        openings.append((start, min(first, high)))
        start = max(start, last)
    openings.append((start, high))
    wide = [one for one in openings if one[1] - one[0] > THIN_CM]
    if len(wide) > 1:
        raise UnsupportedPlanError(
            "the block leaves two openings side by side (an island or a bar)",
            where=where,
            remedy="Check this field by measurement.",
        )
    return wide[0] if wide else (0.0, 0.0)
