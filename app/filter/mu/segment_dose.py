"""The dose of many segments at one point, in one compiled pass.

Equation (5) everywhere, its primary multiplied by the share that the aperture lets through:
open share by the penumbra integrated over the strips, the rest by leakage.

The reconstructed equations (6) to (8) (centre of the equivalent square times a penumbra of the
nearest edge) were given up: they see one edge of one square. On the arcs of a real radiosurgery
plan, whose segments are 1 to 2 cm wide, they gave twice the plan's dose.
"""

from typing import NamedTuple

import numba
import numpy as np

from app.filter.mu.book import BookBeam, OutOfBookError
from app.filter.mu.curves import on_cubic, on_line, row_at, slopes
from app.filter.mu.strips import (
    Curve,
    clipped,
    cropped,
    edge_distance,
    equivalent_square,
    integrated,
    primary_share,
    widened,
)
from core.dose.geometry import Floats

COLUMNS = ("csf", "psf", "tmr0", "smr", "oar", "edge_cm", "side_cm", "penumbra", "leakage",
           "region", "per_fluence", "widest_cm", "widest_csf_cm")  # fmt: skip
(
    CSF,
    PSF,
    TMR0,
    SMR,
    OAR,
    EDGE,
    SIDE,
    PENUMBRA,
    LEAKAGE,
    REGION,
    DOSE,
    WIDEST,
    AIR,
) = range(len(COLUMNS))
CLOSED, OUTSIDE, EDGE_ZONE, INSIDE = 0, 1, 2, 3
REGIONS = ("closed", "outside", "penumbra", "inside")


class Tables(NamedTuple):
    """A photon beam of the book as arrays, and the numbers of its model."""

    depths: Floats
    tmr: Floats
    tmr_sides: Floats
    psf: Curve
    csf: Curve
    oar_depths: Floats
    oar_radii: Floats
    oar: Floats
    edge_distances: Floats
    edge_depths: Floats
    edge: Floats
    leaf_offset_cm: float
    khan: bool
    reach_cm: float
    leakage: Floats
    stretch: Floats


class Air(NamedTuple):
    """The apertures that collimator scatter is of, where they are not the fields' own.

    Attributes:
        tips: Shape (segments, pairs, 2), as the beam sees them.
        edges: Shape (pairs + 1,).

    """

    tips: Floats
    edges: Floats


NO_AIR = Air(np.zeros((0, 0, 2)), np.zeros(0))


class Shapes(NamedTuple):
    """The collimators of some segments; leaves move along X, positions at the isocentre plane.

    Attributes:
        tips: Shape (segments, pairs, 2).
        edges: Shape (pairs + 1,).
        jaws: X1, X2, Y1, Y2 of each segment.
        flash: Distance to crop at X1, X2, Y1, Y2 for phantom scatter.
        air: Apertures of the collimator scatter; without segments where they are these.

    """

    tips: Floats
    edges: Floats
    jaws: Floats
    flash: Floats
    air: Air = NO_AIR


def tables_of(beam: BookBeam, *, along_y: bool = False) -> Tables:
    """Return the arrays of a beam for leaves that move along X, or along Y.

    Raises:
        OutOfBookError: The book does not have a table.

    """
    model = beam.model
    if model is None:
        raise OutOfBookError(
            f"{beam.id} is no photon beam", where="dosimetry book", remedy="Check the book."
        )
    tmr, oar, edge = beam.table("tmr"), beam.table("oar"), beam.table("penumbra")
    k = 1 / model.exchange if along_y else model.exchange
    return Tables(
        tmr.rows,
        tmr.values,
        tmr.columns,
        _curve(beam, "psf"),
        _curve(beam, "csf"),
        oar.rows,
        oar.columns,
        oar.values,
        edge.rows,
        edge.columns,
        np.ascontiguousarray(edge.values.T),
        model.leaf_offset_cm,
        model.scatter == "khan",
        model.penumbra_reach_cm,
        np.array([model.leakage_one_layer, model.leakage_two_layers]),
        # Vadash and Bjarngard's exchange: a square keeps its value (mu-check, section 3).
        np.array([(k + 1) / 2, (k + 1) / (2 * k)]),
    )


def _curve(beam: BookBeam, name: str) -> Curve:
    table = beam.table(name)
    values = np.ascontiguousarray(table.values[:, 0])
    return Curve(table.rows, values, slopes(table.rows, values))


@numba.njit(cache=True, nogil=True)
def _bilinear(rows: Floats, columns: Floats, values: Floats, row: float, column: float) -> float:
    return on_line(columns, row_at(rows, values, row), column)


@numba.njit(cache=True, nogil=True)
def _layers(tips: Floats, edges: Floats, jaws: Floats, point: Floats) -> int:
    """Return how many layers of collimators lie over a point."""
    count = 0
    if not jaws[0] <= point[0] <= jaws[1]:
        count += 1
    if not jaws[2] <= point[1] <= jaws[3]:
        count += 1
    for k in range(len(tips)):
        if edges[k] <= point[1] < edges[k + 1] and not tips[k, 0] <= point[0] <= tips[k, 1]:
            count += 1
            break
    return count


@numba.njit(cache=True, nogil=True)
def _tmr_curve(tables: Tables, depth: float) -> Curve:
    """Return TMR along the field size at a depth; Khan's form holds PSF(s) / PSF(0) as well."""
    line = row_at(tables.depths, tables.tmr, depth)
    if tables.khan:
        psf = tables.psf
        for k in range(1, len(line)):
            side = min(tables.tmr_sides[k], psf.sides[-1])
            line[k] *= on_cubic(psf.sides, psf.values, psf.slopes, side) / psf.values[0]
    return Curve(tables.tmr_sides, line, slopes(tables.tmr_sides, line))


@numba.njit(cache=True, nogil=True)
def _in_field(
    tables: Tables,
    tmr: Curve,
    air_field: Floats,
    phantom: Floats,
    at: Floats,
    row: Floats,
) -> None:
    """Fill in the factors of equation (5), the aperture fully open at the point."""
    reached, air = np.zeros(1), np.zeros(1)
    flat = np.array([at[2], at[2]])
    row[CSF] = integrated(tables.csf, air_field, at[:2], tables.stretch, air)
    row[PSF] = tables.psf.values[0]
    if not tables.khan:
        row[PSF] = integrated(tables.psf, phantom, at[:2], flat, reached)
    row[TMR0] = tmr.values[0]
    row[SMR] = integrated(tmr, phantom, at[:2], flat, reached) - tmr.values[0]
    row[OAR] = _bilinear(tables.oar_depths, tables.oar_radii, tables.oar, at[3], at[4])
    row[WIDEST], row[AIR] = reached[0], air[0]


@numba.njit(cache=True, nogil=True)
def doses(tables: Tables, shapes: Shapes, points: Floats) -> Floats:
    """Return the factors of every segment, one row each, columns as in `COLUMNS`.

    Args:
        tables: Of the beam.
        shapes: Of the segments.
        points: Per segment x, y at the isocentre plane, distance from the source over SAD, depth,
            off-axis distance; depth and off-axis distance within the tables.

    """
    found = np.zeros((len(points), len(COLUMNS)))
    for n in range(len(points)):
        at, row = points[n], found[n]
        tips = widened(shapes.tips[n], tables.leaf_offset_cm)
        whole = clipped(tips, shapes.edges, shapes.jaws[n])
        tmr = _tmr_curve(tables, at[3])
        air_field = whole
        if len(shapes.air.tips):
            air_field = clipped(shapes.air.tips[n], shapes.air.edges, shapes.jaws[n])
        _in_field(tables, tmr, air_field, cropped(whole, shapes.flash), at, row)
        row[SIDE], row[EDGE] = equivalent_square(whole), edge_distance(whole, at[:2])
        _opened(tables, whole, at, row)
        if row[REGION] < INSIDE:
            layers = _layers(tips, shapes.edges, shapes.jaws[n], at)
            row[LEAKAGE] = tables.leakage[0] if layers <= 1 else tables.leakage[1]
        open_share = row[PENUMBRA] + row[LEAKAGE] * (1 - row[PENUMBRA])
        row[DOSE] = row[OAR] * row[CSF] * row[PSF] * (row[TMR0] * open_share + row[SMR])
    return found


@numba.njit(cache=True, nogil=True)
def _opened(tables: Tables, whole: Floats, at: Floats, row: Floats) -> None:
    """Fill in the region of a point and the share of the primary that is open to it."""
    if len(whole) and row[EDGE] > tables.reach_cm:
        row[REGION], row[PENUMBRA] = INSIDE, 1.0
        return
    row[REGION] = EDGE_ZONE if row[EDGE] >= 0 else (OUTSIDE if len(whole) else CLOSED)
    edge = row_at(tables.edge_depths, tables.edge, at[3])
    row[PENUMBRA] = primary_share(tables.edge_distances, edge, whole, at[:2])


@numba.njit(cache=True, nogil=True)
def open_shares(tables: Tables, shapes: Shapes, points: Floats) -> Floats:
    """Return the share of the primary that each segment leaves open to its point, leakage in.

    For the dose beside the point: the primary changes with the place, scatter hardly. Arguments
    as for `doses`.
    """
    found = np.empty(len(points))
    for n in range(len(points)):
        at = points[n]
        tips = widened(shapes.tips[n], tables.leaf_offset_cm)
        whole = clipped(tips, shapes.edges, shapes.jaws[n])
        edge = row_at(tables.edge_depths, tables.edge, at[3])
        share = primary_share(tables.edge_distances, edge, whole, at[:2])
        layers = _layers(tips, shapes.edges, shapes.jaws[n], at)
        leaked = tables.leakage[0] if layers <= 1 else tables.leakage[1]
        found[n] = share + leaked * (1 - share)
    return found
