"""Wedge factor and wedge off-axis ratio of each state (equation (4)).

Positions u run towards the toe (thin end) of the wedge at the isocentre plane: for an orientation
of 0 degrees along +Y, for 270 along +X (IEC 61217).
"""

from math import radians, tan

import numpy as np

from app.filter.field import Accessory, Field
from app.filter.mu.book import BookBeam, OutOfBookError, Table, Wedge
from core.dose.geometry import Floats
from core.errors import UnsupportedPlanError

SWEEP_END_CM = 0.5
"""The moving jaw of an enhanced dynamic wedge stops this far from the fixed one."""


def wedge_of(field: Field, beam: Field, book: BookBeam) -> tuple[Wedge, float] | None:
    """Return the wedge of a field from the book, and its orientation; None without a wedge.

    Raises:
        OutOfBookError: The book does not know the wedge.
        UnsupportedPlanError: More than one wedge, or an orientation nobody states.

    """
    mounted = field.wedges if field.wedges is not None else beam.wedges
    if not mounted:
        return None
    where = f"field {field.id or field.name}"
    if len(mounted) > 1:
        raise UnsupportedPlanError(
            "the field has more than one wedge", where=where, remedy="Check it by measurement."
        )
    planned = beam.wedges[0] if beam.wedges else Accessory(())
    names = [*mounted[0].names, *planned.names]
    for wedge in book.wedges:
        if {name.casefold() for name in names} & {name.casefold() for name in wedge.names}:
            turn = mounted[0].orientation_deg
            turn = planned.orientation_deg if turn is None else turn
            if turn is None:
                raise UnsupportedPlanError(
                    "neither R&V nor plan state the wedge's orientation",
                    where=where,
                    remedy="Export the plan as DICOM, which states it.",
                )
            return wedge, float(turn)
    known = ", ".join(name for wedge in book.wedges for name in wedge.names[:1]) or "none"
    raise OutOfBookError(
        f"the book does not know the wedge {' / '.join(names) or 'without a name'}; "
        f"it has {known}",
        where=f"dosimetry book, {book.id}, {where}",
        remedy="Add the wedge, or this name of it, to the book.",
    )


def towards_toe(x_cm: Floats, y_cm: Floats, orientation_deg: float) -> Floats:
    """Return positions along the wedge, the toe positive."""
    turn = radians(orientation_deg)
    return np.asarray(-x_cm * np.sin(turn) + y_cm * np.cos(turn))


def fixed_jaw_cm(jaws: Floats, orientation_deg: float) -> Floats:
    """Return where the jaw at the toe stands (positive), from X1, X2, Y1, Y2."""
    column, sign = {0: (3, 1), 90: (0, -1), 180: (2, -1), 270: (1, 1)}.get(
        round(orientation_deg) % 360, (-1, 0)
    )
    if not sign:
        raise UnsupportedPlanError(
            f"a dynamic wedge at {orientation_deg:g} deg is not along a jaw",
            where="wedge orientation",
            remedy="Check the wedge of the plan.",
        )
    return np.asarray(sign * jaws[:, column])


def enhanced(stt: Table, angle_deg: float, u_cm: float, jaw_cm: float) -> tuple[float, float]:
    """Return the factor on the axis and the off-axis ratio of an enhanced dynamic wedge.

    Args:
        stt: Dose of the 60 degree sweep on the axis when the jaw has passed a position.
        angle_deg: Effective angle: a mixture of the open field and 60 degrees.
        u_cm: Position towards the toe.
        jaw_cm: Position of the fixed jaw, at the toe.

    """
    wedged = tan(radians(angle_deg)) / tan(radians(60))

    def given(at_cm: float) -> float:
        return (1 - wedged) * stt.at(0.0) + wedged * stt.at(at_cm)

    return given(0.0) / given(jaw_cm - SWEEP_END_CM), given(u_cm) / given(0.0)


def factors(
    wedge: Wedge, book: BookBeam, u_cm: Floats, where: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return wedge factor and wedge off-axis ratio of each state.

    Args:
        wedge: Of the book.
        book: Its beam.
        u_cm: Position of the point towards the toe, at the isocentre plane.
        where: Depth, side of the equivalent square, and position of the fixed jaw, of each state.

    Raises:
        OutOfBookError: A table is missing or too small.

    """
    depth, side, jaw = where
    if wedge.kind == "virtual":
        slope = wedge.attenuation_per_cm * tan(radians(wedge.angle_deg))
        return np.ones_like(u_cm), np.exp(slope * u_cm)
    if wedge.kind == "enhanced":
        stt = book.table("stt")
        both = [enhanced(stt, wedge.angle_deg, u, j) for u, j in zip(u_cm, jaw, strict=True)]
    else:
        ratio = book.table(f"wedge_factor_{wedge.table}")
        profile = book.table(f"wedge_profile_{wedge.table}")
        both = [(ratio.at(d, s), profile.at(u)) for d, s, u in zip(depth, side, u_cm, strict=True)]
    made = np.array(both)
    return made[:, 0], made[:, 1]
