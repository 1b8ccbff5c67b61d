"""Point dose of a photon field from its MU, every factor kept (R-16, R-17).

D = MU k ISF OAR WF WOA TF x CSF PSF [TMR(0,d) (PF + L (1 - PF)) + SMR]

PF is 1 well inside the aperture. Siochi et al., JACMP 2009;10(1):43, II.C.4.a, equations (4) and
(5). The printed equations are lost in the available copies; these were reconstructed from the
text. Its penumbra and leakage, (6) to (8), are replaced: see `app.filter.mu.segment_dose`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.filter.field import Field
from app.filter.mu.beam_eye import Triple, on_table, seen
from app.filter.mu.book import Book, BookBeam, OutOfBookError, within
from app.filter.mu.collimator_scatter import air_of
from app.filter.mu.segment_dose import (
    AIR,
    COLUMNS,
    DOSE,
    NO_AIR,
    REGION,
    REGIONS,
    SIDE,
    WIDEST,
    Shapes,
    doses,
    tables_of,
)
from app.filter.mu.shields import Shield, blocked
from app.filter.mu.states import States, states_of
from app.filter.mu.wedge_factor import factors, fixed_jaw_cm, towards_toe, wedge_of
from core.dose.geometry import Floats
from core.errors import UnsupportedPlanError

EDGES = ("X1", "X2", "Y1", "Y2")
SHOWN = (
    "depth_cm", "away_cm", "isf", "csf", "psf", "tmr0", "smr", "oar", "wf", "woa", "tray",
    "side_cm", "edge_cm", "penumbra", "leakage",
)  # fmt: skip
"""Factors of a state, in the order of the sheets."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where the dose of a beam is calculated.

    Attributes:
        offset_cm: From the isocentre, in DICOM patient axes.
        position: Patient position ("HFS", ...).
        depth_cm: Depth along the axis by share of the MU, as (share, depth) rows; one row for a
            beam whose depth does not change.
        source: Where point and depth come from, for the report.
        assumed: Whether the depth is only distance less SSD.

    """

    offset_cm: Triple
    position: str | None
    depth_cm: tuple[tuple[float, float], ...]
    source: str = ""
    assumed: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class PhotonDose:
    """Dose of one field with the factors of every state.

    Attributes:
        dose_cgy: Per fraction.
        mu: Of each state.
        values: Of `SHOWN`, by name, one a state.
        per_state_cgy: Dose of each state.
        regions: Number of states in which the point lies inside, in the penumbra, outside, or
            in which the aperture is closed.
        rectangles: Of the aperture of each state, for drawing: tips, edges, jaws.

    """

    dose_cgy: float
    calibration_cgy_per_mu: float
    khan: bool
    mu: Floats
    values: Mapping[str, Floats]
    per_state_cgy: Floats
    region: tuple[str, ...]
    control_point: tuple[int, ...]
    states: States
    x_cm: Floats
    y_cm: Floats
    wedge: str = ""

    @property
    def regions(self) -> dict[str, int]:
        """How many states the point lies in each region of."""
        return {name: self.region.count(name) for name in REGIONS if name in self.region}

    def mean(self, name: str) -> float:
        """Return a factor averaged over the MU; the factor itself for a static field."""
        finite = np.isfinite(self.values[name])
        if not finite.any():
            return float("nan")
        return float(np.average(self.values[name][finite], weights=self.mu[finite]))


def photon_dose(
    rv: Field,
    beam: Field,
    point: Point,
    book: Book,
    flash_cm: Mapping[str, float] | None = None,
    shield: Shield | None = None,
) -> PhotonDose:
    """Return the dose that a field gives to a point, from the R&V's MU and collimators.

    Args:
        rv: Field of the R&V system.
        beam: Its plan beam: leaf widths, wedge orientation.
        point: Where, and how deep.
        book: The clinic's data.
        flash_cm: By how much each edge moves inwards for the phantom scatter.
        shield: Blocks of the plan.

    Raises:
        RemedyError: A table, a value or a part of the model for this field is missing.

    """
    refuse_unmodelled(rv, beam)
    own = book.beam_for(rv if rv.energy is not None else beam)
    unblocked = states_of(rv, beam)
    states, tray = blocked(rv, beam, shield, own, unblocked)
    air = air_of(own, unblocked, states, f"field {rv.id or rv.name}") or NO_AIR
    sad_cm = float(rv.sad_mm or beam.sad_mm or 1000) / 10
    place = seen(
        on_table(point.offset_cm, point.position), states.gantry_deg, states.collimator_deg,
        states.couch_deg, sad_cm,
    )  # fmt: skip
    depth = _depths(point, states)
    columns = _places(own, states, place.x_cm, place.y_cm, place.away_cm / sad_cm, depth)
    tables = tables_of(own, along_y=states.along_y)
    flash = np.array([float((flash_cm or {}).get(edge, 0.0)) for edge in EDGES])
    flash = flash[[2, 3, 0, 1]] if states.along_y else flash
    found = doses(tables, Shapes(states.tips, states.edges, states.jaws, flash, air), columns)
    _refuse_wide(own, found, rv)
    wf, woa, name = _wedge(rv, beam, own, states, (place.x_cm, place.y_cm, depth, found[:, SIDE]))
    isf = (own.calibration.distance_cm / place.away_cm) ** 2
    k = own.calibration.cgy_per_mu
    per_state = states.mu * k * isf * wf * woa * tray * found[:, DOSE]
    values = {label: found[:, COLUMNS.index(label)] for label in SHOWN if label in COLUMNS}
    values |= {"depth_cm": depth, "away_cm": place.away_cm, "isf": isf, "wf": wf, "woa": woa,
               "tray": np.full_like(depth, tray)}  # fmt: skip
    return PhotonDose(
        float(per_state.sum()), k, tables.khan, states.mu, values, per_state,
        tuple(REGIONS[int(one)] for one in found[:, REGION]),
        tuple(int(one) for one in states.point), states, place.x_cm, place.y_cm, name,
    )  # fmt: skip


def refuse_unmodelled(rv: Field, beam: Field) -> None:
    """Refuse a field with something in it that the equations do not know: a compensator."""
    if rv.compensators or beam.compensators:
        raise UnsupportedPlanError(
            "the field has a compensator, which this calculation does not model",
            where=f"field {rv.id or rv.name}",
            remedy="Check this field by measurement or by hand.",
        )


def _depths(point: Point, states: States) -> Floats:
    shares = np.array([row[0] for row in point.depth_cm])
    depths = np.array([row[1] for row in point.depth_cm])
    return np.asarray(np.interp(states.share, shares, depths))


def _places(
    book: BookBeam, states: States, x_cm: Floats, y_cm: Floats, scale: Floats, depth: Floats
) -> Floats:
    """Return the points as the kernel wants them, refused where a table does not reach."""
    off_axis = np.hypot(x_cm, y_cm)
    for name, values, axis in (
        ("tmr", depth, "rows"), ("oar", depth, "rows"), ("penumbra", depth, "columns"),
        ("oar", off_axis, "columns"),
    ):  # fmt: skip
        table = book.table(name)
        for extreme in (values.min(), values.max()):
            within(getattr(table, axis), float(extreme), name, getattr(table.quantity, axis))
    first, second = (y_cm, x_cm) if states.along_y else (x_cm, y_cm)
    return np.ascontiguousarray(np.stack([first, second, scale, depth, off_axis], axis=1))


def _refuse_wide(book: BookBeam, found: Floats, rv: Field) -> None:
    tmr, psf, csf = (book.table(name) for name in ("tmr", "psf", "csf"))
    for names, asked_cm, most_cm in (
        ("tmr and psf", found[:, WIDEST].max(), min(tmr.columns[-1], psf.rows[-1])),
        ("csf", found[:, AIR].max(), csf.rows[-1]),
    ):
        if asked_cm > most_cm + 1e-6:
            raise OutOfBookError(
                f"{names} are needed for a square of {asked_cm:.1f} cm (a corner of the field as "
                f"seen from the point), the book ends at {most_cm:g} cm",
                where=f"dosimetry book, {book.id}, field {rv.id or rv.name}",
                remedy="Measure larger fields, or take a point nearer to the axis.",
            )


def _wedge(
    rv: Field, beam: Field, book: BookBeam, states: States, at: tuple[Floats, ...]
) -> tuple[Floats, Floats, str]:
    x_cm, y_cm, depth, side = at
    ones = np.ones_like(depth)
    found = wedge_of(rv, beam, book)
    if found is None:
        return ones, ones, ""
    wedge, turn = found
    u_cm = towards_toe(x_cm, y_cm, turn)
    jaws = states.jaws[:, [2, 3, 0, 1]] if states.along_y else states.jaws
    fixed = fixed_jaw_cm(jaws, turn) if wedge.kind == "enhanced" else ones
    wf, woa = factors(wedge, book, u_cm, (depth, side, fixed))
    inside = states.wedge_in > 0
    return np.where(inside, wf, 1.0), np.where(inside, woa, 1.0), wedge.names[0]
