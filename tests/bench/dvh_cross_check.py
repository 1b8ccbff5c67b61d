"""Our DVHs beside those of dicompyler-core and plastimatch, and where they part.

`python -m tests.bench.dvh_cross_check FOLDER` prints the tables of
`resources/help/dvh-cross-check.md`; FOLDER holds the published sets.
"""

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from core.dicom.rt_set import read_rt_sets
from core.dicom.structure_dvh import statistics, structure_dvhs
from tests.bench.dvh_as_others import at_grid_points, on_slices, on_slices_below
from tests.bench.peers import PeerDvh, dicompyler, plastimatch

VALUES = ("Volume", "Dmean", "D95", "D50", "D2")
DICOMPYLER, PLASTIMATCH = "dicompyler-core", "plastimatch"
# What is left after both steps counts as explained up to this share, or this many Gy or cc.
REST_SHARE, REST = 0.02, 0.05


@dataclass(frozen=True)
class RealSet:
    """A published set: name, and its files below its folder."""

    name: str
    structures: str
    dose: str
    images: str = ""

    def files(self, folder: Path):
        """Return structures, dose and images."""
        own = folder / self.name
        (structures,), (dose, *_) = sorted(own.glob(self.structures)), sorted(own.glob(self.dose))
        return structures, dose, *(sorted(own.glob(self.images)) if self.images else ())


SETS = (
    RealSet("breast_dicompyler", "rtss.dcm", "rtdose.dcm"),
    RealSet("hn_proknow", "RS.dcm", "RD.dcm", "CT/*.dcm"),
    RealSet("brain_srs_raystation", "imrt/RS*.dcm", "imrt/RD*.dcm"),
    RealSet(
        "phantom_oncentra",
        "simple_phantom_case/RS*.dcm", "simple_phantom_case/RD*.dcm", "simple_phantom_case/CT*",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One value of one structure by another program.

    Attributes:
        structure: Name.
        program: The other program.
        value: One of `VALUES`.
        ours: With its band.
        theirs: As they have it.
        steps: The same value after one, and after both steps from our rule to theirs.

    """

    structure: str
    program: str
    value: str
    ours: object
    theirs: float
    steps: tuple[float, float]

    @property
    def is_within(self):
        """Whether their value lies in our band."""
        return self.ours.low <= self.theirs <= self.ours.high

    @property
    def beyond(self):
        """How far it lies outside, in half widths of the band."""
        away = max(self.ours.low - self.theirs, self.theirs - self.ours.high, 0.0)
        return away / max(self.ours.half_width, 1e-9)

    @property
    def rest(self):
        """What the two steps leave."""
        return self.theirs - self.steps[1]

    @property
    def is_explained(self):
        """Whether the two steps lead from our value to theirs."""
        return abs(self.rest) <= max(REST_SHARE * abs(self.theirs), REST)


@cache
def rows(folder: Path, own: RealSet):
    """Return every value of a set by both programs."""
    files = own.files(folder)
    rt_set = read_rt_sets(files)[0]
    series, dose = rt_set.chief_series(), rt_set.chief_dose()
    gap_mm = series.geometry.slice_mm if series is not None else None
    found = [one for one in structure_dvhs(rt_set.chief_structures(), dose, gap_mm) if one.stack]
    top_mm = max(one.stack.planes[-1].place_mm for one in found) - 0.01
    theirs = dicompyler(*files[:2])[0], plastimatch(*files)[0]
    made = []
    for one in found:
        between = on_slices(one.stack, dose.grid)
        pairs = (
            (DICOMPYLER, theirs[0].get(one.structure.number), at_grid_points),
            (PLASTIMATCH, theirs[1].get(one.structure.name),
             lambda stack, grid: on_slices_below(stack, grid, top_mm)),
        )  # fmt: skip
        for program, peer, step in pairs:
            if peer is not None:
                steps = between, step(one.stack, dose.grid)
                made += _rows_of(one.structure.name, program, statistics(one), peer, steps)
    return made


def _rows_of(name, program, own, peer: PeerDvh, steps):
    ours = (own.volume_cc, own.mean_gy, own.d95_gy, own.d50_gy, own.d2_gy)
    return [
        Row(name, program, *cells, after)
        for *cells, after in zip(VALUES, ours, peer.values, zip(*steps, strict=True), strict=True)
    ]


def summary(folder: Path):
    """Return the table of all sets: differences, and how many values lie in the band."""
    lines = [
        "| Set | Program | Structures | Volume | Dmean | D95 | D50 | D2 | In our band |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for own in SETS:
        for program in (DICOMPYLER, PLASTIMATCH):
            mine = [row for row in rows(folder, own) if row.program == program]
            cells = [_median(mine, value) for value in VALUES]
            within = sum(row.is_within for row in mine)
            count = len(mine) // len(VALUES)
            cells = " | ".join([str(count), *cells, f"{within} of {len(mine)}"])
            lines.append(f"| {own.name} | {program} | {cells} |")
    return "\n".join(lines)


def _median(mine, value):
    own = [row for row in mine if row.value == value]
    if value == "Volume":
        return f"{np.median([abs(row.theirs / row.ours.value - 1) for row in own]):.1%}"
    return f"{np.median([abs(row.theirs - row.ours.value) for row in own]):.2f} Gy"


def outliers(folder: Path, own: RealSet):
    """Return the table of the structures with a value outside our band: the one furthest out."""
    outside = [row for row in rows(folder, own) if not row.is_within]
    worst: dict[tuple[str, str], Row] = {}
    for row in outside:
        key = row.program, row.structure
        if key not in worst or row.beyond > worst[key].beyond:
            worst[key] = row
    lines = [
        "| Program | Structure | Value | Ours (band) | Theirs | Step 1 | Step 2 | Rest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(worst.values(), key=lambda one: one.program):
        places = 2 if abs(row.theirs) < 1000 else 0
        low, mid, high = (f"{x:.{places}f}" for x in (row.ours.low, row.ours.value, row.ours.high))
        moves = np.diff([row.ours.value, *row.steps, row.theirs])
        cells = " | ".join(f"{move:+.{places}f}" for move in moves)
        lines.append(
            f"| {row.program} | {row.structure} | {row.value} | {mid} ({low} to {high}) "
            f"| {row.theirs:.{places}f} | {cells} |"
        )
    return "\n".join(lines) if worst else "None."


def tables(folder: Path):
    """Return all tables as the page shows them."""
    parts = [summary(folder)]
    for own in SETS:
        mine = rows(folder, own)
        outside = [row for row in mine if not row.is_within]
        parts.append(
            f"### {own.name}\n\n{len(outside)} of {len(mine)} values lie outside our band; "
            f"the two steps explain {sum(row.is_explained for row in outside)} of them.\n\n"
            + outliers(folder, own)
        )
    return "\n\n".join(parts)


if __name__ == "__main__":
    print(tables(Path(sys.argv[1])))
