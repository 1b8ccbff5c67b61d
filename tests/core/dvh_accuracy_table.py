"""Every DVH value against the truth: the cases, what is measured, and the table of the page.

`python -m tests.core.dvh_accuracy_table FOLDER` prints both tables for
`resources/help/dvh-accuracy.md`; FOLDER holds the Nelms files.
"""

import itertools
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from core.dicom.rt_set import read_rt_sets
from core.dose.dvh import Tally, tally
from core.dose.dvh_values import (
    Banded,
    curves,
    dose_at_share,
    dose_at_volume,
    extremes_gy,
    mean_gy,
    share_at_dose,
    volume_at_dose,
    volume_cc,
)
from core.dose.stack import stack_of
from tests.core.analytic_shapes import (
    BODIES,
    GRIDS,
    Body,
    Cone,
    Cylinder,
    Slope,
    Sphere,
    Truth,
    X,
    Y,
    Z,
    drawn_short_cc,
    geometry_of,
)

SPACINGS = (1.0, 2.0, 3.0)
OFFSETS = (0.0, 0.3, 0.5)
SHARES = {"D99": 0.99, "D98": 0.98, "D95": 0.95, "D50": 0.5, "D5": 0.05, "D2": 0.02, "D1": 0.01}
# The three doses of the V values: from the middle of the body, in Gy at 1 Gy/mm.
FROM_MIDDLE = (-5.0, 0.0, 5.0)
EXTREMES = ("Dmin", "Dmax")


@dataclass(frozen=True)
class Answer:
    """One value of the program, the truth, and what the drawn polygons themselves may miss."""

    truth: float
    given: Banded
    drawn: float

    @property
    def error(self):
        return abs(self.given.value - self.truth)

    @property
    def outside(self):
        """How far the truth lies outside the band, beyond what the polygons explain."""
        beyond = max(self.given.low - self.truth, self.truth - self.given.high)
        return max(float(beyond) - self.drawn - 1e-6, 0.0)


def answers(truth: Truth, filled: Tally, short_cc: float, rounded: float, end_mm: float):
    """Return every value by name.

    Args:
        truth: The body in its dose.
        filled: What the program made of the contours.
        short_cc: By how much the polygons may miss the volume.
        rounded: By how much the dose values in the grid differ from the slope.
        end_mm: By how much the polygons miss the sections' ends along the slope.

    """
    own, whole = curves(filled), truth.volume_cc
    share = short_cc / (whole - short_cc)

    def dose(cc, other, given):
        missed = max(abs(truth.dose_at(cc + way * other) - truth.dose_at(cc)) for way in (-1, 1))
        return Answer(truth.dose_at(cc), given, missed + rounded)

    found = {"Volume": Answer(whole, volume_cc(own), short_cc)}
    for name, part in SHARES.items():
        found[name] = dose(part * whole, share * whole, dose_at_share(own, part))
    found["D0.03cc"] = dose(0.03, short_cc, dose_at_volume(own, 0.03))
    middle = sum(truth.ends_gy) / 2
    for number, step in enumerate(FROM_MIDDLE):
        at = middle + step
        cc = truth.cc_at(at)
        moved = truth.cc_at(at - rounded) - truth.cc_at(at + rounded)
        found[f"V (cc) {number}"] = Answer(cc, volume_at_dose(own, at), short_cc + moved)
        found[f"V (%) {number}"] = Answer(
            cc / whole, share_at_dose(own, at), share + moved / whole
        )
    lowest, highest = extremes_gy(filled)
    span = truth.ends_gy[1] - truth.ends_gy[0]
    found["Dmean"] = Answer(truth.mean_gy, mean_gy(filled), share * span + rounded)
    ends = rounded + abs(truth.slope.gy_per_mm) * end_mm
    found["Dmin"] = Answer(truth.ends_gy[0], lowest, ends)
    found["Dmax"] = Answer(truth.ends_gy[1], highest, ends)
    return found


@dataclass(frozen=True)
class Case:
    """A body drawn on slices, and a dose on a grid."""

    body: Body
    spacing: float
    offset: float
    grid: str
    along: int

    @property
    def name(self):
        way = "xyz"[self.along]
        return f"{self.body.name}-{self.spacing:g}mm-{self.offset:g}-{self.grid}-{way}"

    @property
    def contours(self):
        return self.body.contours(self.spacing, self.offset * self.spacing)

    @property
    def hidden_mm(self):
        """How far the body reaches, across the slices, beyond all its contours.

        The band is for bodies that grow or shrink steadily from slice to slice. A sphere's
        equator, the tip of a lying cone or the base of a cone between slices breaks this.

        """
        if self.along == Z:
            return 0.0
        drawn = np.concatenate(self.contours)[:, self.along]
        low, high = self.body.ends(self.along)
        return max(drawn.min() - low, high - drawn.max())


ALL = tuple(
    itertools.starmap(Case, itertools.product(BODIES, SPACINGS, OFFSETS, GRIDS, (X, Y, Z)))
)
# Every body, spacing, offset and direction, the grids taken in turn.
SOME = tuple(
    Case(body, spacing, offset, GRIDS[number % len(GRIDS)], along)
    for number, (body, spacing, offset, along) in enumerate(
        itertools.product(BODIES, SPACINGS, OFFSETS, (X, Y, Z))
    )
)


@cache
def of_case(case: Case):
    """Return all values of a case, and the distance of the program's samples in mm."""
    slope = Slope(case.along)
    dose, rounded = slope.on(geometry_of(case.grid))
    contours = case.contours
    filled = tally(stack_of(contours, None, case.name), dose)
    short_cc = drawn_short_cc(case.body, contours, Z, case.spacing)
    # The corners lie on the ends of every section: no end is missed.
    return answers(Truth(case.body, slope), filled, short_cc, rounded, 0.0), filled.step_mm


MIDDLE = (0.0, -6.0, 6.0)
NELMS = {
    "Sphere_10_0": Sphere("sphere", centre=MIDDLE),
    "Sphere_20_X10Z10": Sphere("moved sphere", centre=(1.0, -7.0, 6.0)),
    "Sphere_30_0": Sphere("sphere", centre=MIDDLE),
    "Cylinder_10_0": Cylinder("cylinder", centre=MIDDLE),
    "Cylinder_30_0": Cylinder("cylinder", centre=MIDDLE),
    "RtCylinder_20_0": Cylinder("lying cylinder", axis=Y, centre=MIDDLE),
    "Cone_10_0": Cone("cone", centre=MIDDLE),
    "Cone_30_0": Cone("cone", centre=MIDDLE),
    "RtCone_20_0": Cone("lying cone", axis=Y, tip=1, centre=MIDDLE),
}
# 16 Gy in the middle, rising to the front or to the head.
NELMS_SLOPES = {"AntPost": Slope(Y, -1.0, 10.0), "SupInf": Slope(Z, 1.0, 10.0)}


@cache
def nelms(folder: Path):
    """Return the values of 9 shapes in 6 doses, by shape and dose file."""
    drawn = {name: _nelms_contours(folder, name) for name in NELMS}
    found = {}
    for file in sorted(folder.rglob("Linear_*_Aligned.dcm")):
        # One at a time: the two directions of a grid came out with the same SOPInstanceUID.
        grid = read_rt_sets([file])[0].doses[0].grid
        slope = NELMS_SLOPES[file.stem.split("_")[1]]
        rounded = _off_slope(grid, slope)
        for name, body in NELMS.items():
            contours = drawn[name]
            spacing = int(name.split("_")[1]) / 10
            filled = tally(stack_of(contours, None, name), grid)
            short_cc = drawn_short_cc(body, contours, Z, spacing)
            end_mm = _end_missed(body, contours, slope.axis)
            truth = Truth(body, slope)
            found[name, file.stem] = answers(truth, filled, short_cc, rounded, end_mm)
    return found


def _nelms_contours(folder, name):
    (file,) = folder.rglob(f"{name}.dcm")
    structures = read_rt_sets([file])[0].structure_sets[0].structures
    (drawn,) = (one for one in structures if one.closed)
    return [contour.points_mm for contour in drawn.closed]


def _off_slope(grid, slope):
    """Return by how much the file's doses differ from the slope where the bodies lie."""
    slices, rows, columns = grid.geometry.shape
    s, r, c = np.meshgrid(range(slices), range(rows), range(columns), indexing="ij")
    points = grid.geometry.points_mm(np.stack([c, r, s], axis=-1))
    near = (np.abs(points - np.array(MIDDLE)) <= 15).all(axis=-1)
    return float(np.abs(grid.values - slope.at(points[..., slope.axis]))[near].max())


def _end_missed(body, contours, along):
    if along == Z:
        return 0.0
    drawn = np.concatenate(contours)[:, along]
    low, high = body.ends(along)
    # Every Nelms body has a slice through its widest section.
    return max(abs(drawn.min() - low), abs(drawn.max() - high))


ROWS = ("Volume", *SHARES, "D0.03cc", "V (cc)", "V (%)", "Dmean", *EXTREMES)
HEAD = (
    "| Value | Unit | Median error | Largest error | Median half band | Outside the band |\n"
    "|---|---|---|---|---|---|"
)


def table(by_spacing):
    """Return the table; each cell for slices 1, 2 and 3 mm apart.

    Args:
        by_spacing: For each of the three spacings the values of its cases, each case by name.

    """
    lines = [HEAD]
    for row in ROWS:
        in_percent = row == "Volume" or row.startswith("V ")
        cells: list[list[str]] = [[], [], [], []]
        for cases in by_spacing:
            own, errors, halves = [], [], []
            for case in cases:
                for name, answer in case.items():
                    if name == row or name.startswith(f"{row} "):
                        scale = _scale(row, case)
                        own.append(answer)
                        errors.append(answer.error * scale)
                        halves.append(answer.given.half_width * scale)
            outside = sum(answer.outside > 0 for answer in own)
            cells[0].append(f"{np.median(errors):.2f}")
            cells[1].append(f"{max(errors):.2f}")
            cells[2].append(f"{np.median(halves):.2f}")
            cells[3].append(f"{outside} of {len(own)}")
        joined = " | ".join(" / ".join(cell) for cell in cells)
        lines.append(f"| {row} | {'%' if in_percent else 'Gy'} | {joined} |")
    return "\n".join(lines)


def _scale(row, case):
    """Volumes are told in percent of the body's volume; 1 Gy is 1 mm."""
    if row in {"Volume", "V (cc)"}:
        return 100 / case["Volume"].truth
    return 100.0 if row == "V (%)" else 1.0


def synthetic_table():
    """Return the table of the synthetic bodies."""
    return table(
        [[of_case(case)[0] for case in SOME if case.spacing == spacing] for spacing in SPACINGS]
    )


def nelms_table(folder: Path):
    """Return the table of the real files."""
    found = nelms(folder)
    return table(
        [
            [values for (name, _), values in found.items() if f"_{number}0_" in name]
            for number in (1, 2, 3)
        ]
    )


if __name__ == "__main__":
    print(synthetic_table())
    print()
    print(nelms_table(Path(sys.argv[1])))
