"""Whether a point can be checked at all: what its dose is made of, and how it changes beside it.

A point dose is a check of the MU where the field is wide, holds the point and is flat around it.
In a gradient two millimetres, which nobody knows, decide; outside the aperture leakage and tails
do; below the smallest measured field the book is a guess (AAPM TG-114, TG-219: choose a point of
high dose and low gradient). What fails this is said to be not checked, with the figure.
"""

from dataclasses import dataclass

import numpy as np

from app.filter.limits import Limits
from app.filter.mu.beam_eye import on_table, seen
from app.filter.mu.book import BookBeam
from app.filter.mu.photon import PhotonDose, Point
from app.filter.mu.segment_dose import Shapes, open_shares, tables_of
from core.dose.geometry import Floats

AXES = np.vstack([np.eye(3), -np.eye(3)])
"""Where the point is moved: patient's left, posterior, head, and back."""
NO_FLASH = np.zeros(4)


@dataclass(frozen=True, eq=False, slots=True)
class Steadiness:
    """A dose with what it is made of; those of several beams at one point may be added.

    Attributes:
        dose_cgy: At the point.
        moved_cgy: At the six points beside it, `AXES`.
        outside_cgy: Given while the aperture did not hold the point.
        small_cgy: Given by fields smaller than the book's smallest.
        edge_cgy: Given while the point lay inside, but near the edge: within the reach of the
            book's penumbra.
        smallest_cm, book_cm: Smallest equivalent square of these, and of the book.

    """

    dose_cgy: float
    moved_cgy: Floats
    outside_cgy: float
    small_cgy: float
    smallest_cm: float
    book_cm: float
    edge_cgy: float = 0.0
    nearest_cm: float = np.inf
    """Least distance of the point from the edge while it lay inside."""

    def __add__(self, other: "Steadiness") -> "Steadiness":
        """Return what the two beams give together."""
        return Steadiness(
            self.dose_cgy + other.dose_cgy,
            self.moved_cgy + other.moved_cgy,
            self.outside_cgy + other.outside_cgy,
            self.small_cgy + other.small_cgy,
            min(self.smallest_cm, other.smallest_cm),
            max(self.book_cm, other.book_cm),
            self.edge_cgy + other.edge_cgy,
            min(self.nearest_cm, other.nearest_cm),
        )

    @property
    def gradient_percent(self) -> float:
        """Largest change of the dose beside the point, in per cent."""
        most = float(np.abs(self.moved_cgy - self.dose_cgy).max())
        return 100 * most / self.dose_cgy if self.dose_cgy > 0 else 0.0

    def why_not(self, limits: Limits, *, in_sum: bool = False) -> str:
        """Return why the dose is no check; empty where it is one.

        Args:
            limits: Of the check.
            in_sum: Of several beams: edges that meet at the point may make it flat.

        """
        if self.dose_cgy <= 0:
            return ""
        small = 100 * self.small_cgy / self.dose_cgy
        if small > float(limits["mu.small_share_percent"]):
            return (
                f"small fields: {small:.0f} % of the dose comes from equivalent squares down to "
                f"{self.smallest_cm:.1f} cm, the book was measured from {self.book_cm:g} cm"
            )
        outside = 100 * self.outside_cgy / self.dose_cgy
        if outside > float(limits["mu.outside_share_percent"]):
            return (
                f"{outside:.0f} % of the dose is scatter, leakage and penumbra, given while the "
                "aperture did not hold the point"
            )
        if self.gradient_percent > float(limits["mu.gradient_percent"]):
            return (
                f"the point lies in a gradient: {float(limits['mu.gradient_mm']):g} mm beside it "
                f"the dose differs by {self.gradient_percent:.0f} %"
            )
        edge = 100 * self.edge_cgy / self.dose_cgy
        if not in_sum and edge > float(limits["mu.edge_share_percent"]):
            return (
                f"the point lies near the aperture's edge ({self.nearest_cm:.1f} cm) for "
                f"{edge:.0f} % of the dose: penumbra, and scatter that is missing beyond skin and "
                "lung, decide there"
            )
        return ""


def steadiness_of(
    dose: PhotonDose, point: Point, book: BookBeam, sad_cm: float, limits: Limits
) -> Steadiness:
    """Return what a dose is made of.

    Args:
        dose: As calculated.
        point: At which.
        book: The beam of the book.
        sad_cm: Of the machine.
        limits: How far the point is moved.

    """
    model = book.model
    smallest = model.smallest_side_cm if model is not None else 0.0
    outside = np.array([region in ("outside", "closed") for region in dose.region])
    sides = dose.values["side_cm"]
    small = (sides < smallest) & ~outside
    edge = np.array([region == "penumbra" for region in dose.region])
    to_edge = dose.values["edge_cm"][edge]
    per_state = dose.per_state_cgy
    moved = np.full(len(AXES), dose.dose_cgy)
    step_cm = float(limits["mu.gradient_mm"]) / 10
    near = dose.values["edge_cm"] < (model.penumbra_reach_cm if model else 0.0) + step_cm
    if near.any():
        moved = _moved(dose, point, book, sad_cm, step_cm)
    least = sides[small].min() if small.any() else np.inf
    return Steadiness(
        dose.dose_cgy, moved, float(per_state[outside].sum()), float(per_state[small].sum()),
        float(least), smallest, float(per_state[edge].sum()),
        float(to_edge.min(initial=np.inf)),
    )  # fmt: skip


def _moved(
    dose: PhotonDose, point: Point, book: BookBeam, sad_cm: float, step_cm: float
) -> Floats:
    """Return the dose beside the point: its primary by the place, its scatter unchanged."""
    states, values = dose.states, dose.values
    tables = tables_of(book, along_y=states.along_y)
    shapes = Shapes(states.tips, states.edges, states.jaws, NO_FLASH)
    opened = values["penumbra"] + values["leakage"] * (1 - values["penumbra"])
    here = values["tmr0"] * opened + values["smr"]
    found = np.empty(len(AXES))
    for n, axis in enumerate(AXES * step_cm):
        x, y, z = np.array(point.offset_cm) + axis
        place = seen(
            on_table((x, y, z), point.position), states.gantry_deg, states.collimator_deg,
            states.couch_deg, sad_cm,
        )  # fmt: skip
        first, second = (place.x_cm, place.y_cm)[:: -1 if states.along_y else 1]
        places = np.stack(
            [first, second, place.away_cm / sad_cm, values["depth_cm"], np.hypot(first, second)],
            axis=1,
        )
        there = values["tmr0"] * open_shares(tables, shapes, places) + values["smr"]
        ratio = np.divide(there, here, out=np.ones_like(here), where=here > 0)
        found[n] = float((dose.per_state_cgy * ratio).sum())
    return found
