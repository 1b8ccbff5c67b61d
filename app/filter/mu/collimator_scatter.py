"""The aperture that collimator scatter is of: what stands above the block or tertiary leaves.

AAPM TG-71 (Med Phys 2014;41:031501), section on the photon field size: Sc follows the field that
the jaws make where a tertiary MLC or a block on a tray shapes the field below them; where the MLC
replaces a jaw (Siemens, Elekta) the leaves belong to it. The book says which (`csf_field`).
"""

import numpy as np

from app.filter.mu.book import BookBeam, OutOfBookError
from app.filter.mu.segment_dose import Air
from app.filter.mu.states import OPEN_CM, States
from app.filter.mu.strips import widened_all

APERTURE, JAWS = "aperture", "jaws"
CSF_FIELDS = (APERTURE, JAWS)


def air_of(book: BookBeam, unblocked: States, states: States, where: str) -> Air | None:
    """Return the aperture for the collimator scatter; None where it is the field's own.

    Args:
        book: Beam of the book; its model says what the collimator scatter follows.
        unblocked: The states before a block was put in.
        states: The states with it; the same object without a block.
        where: The field, for the error.

    Raises:
        OutOfBookError: The book asks for the jaws, and the field has none along X or Y.

    """
    model = book.model
    if model is None or (model.csf_field == APERTURE and states is unblocked):
        return None
    if model.csf_field == APERTURE:
        return Air(widened_all(unblocked.tips, model.leaf_offset_cm), unblocked.edges)
    if np.abs(states.jaws).max() >= OPEN_CM:
        raise OutOfBookError(
            f"the book's collimator scatter for {book.id} follows the jaws, and the field does "
            "not state both pairs",
            where=where,
            remedy='Write csf_field = "aperture" into [model] of the beam where leaves replace a '
            "jaw, or export the field with its jaws.",
        )
    # One pair as wide as the jaws, which cut it to their field.
    return Air(states.jaws[:, None, :2].copy(), np.array([-OPEN_CM, OPEN_CM]))
