"""Doses of several plans added up, in Gy or as EQD2, and one dose less another.

Doses are added where they lie in the patient: only in one frame of reference, or where a
registration tells how one frame lies in the other. Nothing is assumed about frames not told.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dose.finest import UnusableDoseError, spacings_mm
from core.dose.geometry import Floats, Geometry, Grid
from core.dose.sample import Values, on_plane
from core.errors import RemedyError

Progress = Callable[[float, str], None]
ToDose = Callable[[Floats], Floats]

WORKERS = 2
# Slices are handed out in slabs of about so many voxels, so that Cancel is heard soon.
SLAB_VOXELS = 2_000_000
# How much of a UID is told: the ends differ, the beginnings do not.
UID_END = 12


class FramesDifferError(RemedyError):
    """Doses lie in frames of reference that nothing links, so they cannot be added."""


@dataclass(frozen=True, eq=False)
class Part:
    """One dose of a sum.

    Attributes:
        grid: Dose in Gy, of all `fractions` together.
        weight: Share of the fractions that was given: 0.5 for a plan stopped half-way, 2 for
            one given twice. The dose per fraction stays as it is.
        fractions: Number of fractions that `grid` is the dose of; None when not known.
        to_target: Maps points of the grid's frame into the frame of the sum; shape (4, 4), mm.
            None when the grid lies in that frame.

    """

    grid: Grid
    weight: float = 1.0
    fractions: int | None = None
    to_target: Floats | None = None


@dataclass(frozen=True, eq=False)
class Summed:
    """What came of adding.

    Attributes:
        grid: The sum in Gy, float32.
        outside: Share of the sum's voxels outside each part's grid, 0 to 1, in the order of the
            parts. There the part added nothing.
        words: What the user must know of the sum; one sentence each.

    """

    grid: Grid
    outside: tuple[float, ...]
    words: tuple[str, ...]


def physical_sum(
    parts: Sequence[Part], onto: Geometry, frame_uid: str, progress: Progress | None = None
) -> Summed:
    """Return the sum of dose times weight, in Gy.

    Args:
        parts: What to add.
        onto: Voxels of the sum, in the frame `frame_uid`.
        frame_uid: FrameOfReferenceUID of the sum.
        progress: Told share and words from the calling thread; what it raises ends the work.

    Raises:
        FramesDifferError: A frame is not told, or differs and no matrix leads from it.
        UnusableDoseError: No parts, or an impossible weight or matrix.

    """
    sampled = _checked(parts, onto, frame_uid)
    convert = [_weighted(part.weight) for part in parts]
    return _summed(sampled, convert, frame_uid, _words_of_parts(parts, onto), progress)


def eqd2_sum(
    parts: Sequence[Part],
    onto: Geometry,
    frame_uid: str,
    alpha_beta_gy: float,
    progress: Progress | None = None,
) -> Summed:
    """Return the sum of equivalent doses in fractions of 2 Gy, in Gy.

    Linear-quadratic model (Withers et al. 1983): EQD2 = D (D/n + ab) / (2 + ab), with D = dose
    times weight and n = fractions times weight. So a weight scales how many fractions were
    given, and D/n, the dose per fraction, does not depend on it. The dose is interpolated first
    and then converted. Time between courses and between fractions counts for nothing.

    Args:
        parts: What to add; each with its number of fractions.
        onto: Voxels of the sum, in the frame `frame_uid`.
        frame_uid: FrameOfReferenceUID of the sum.
        alpha_beta_gy: Alpha/beta of the tissue, Gy; one for all voxels.
        progress: Told share and words from the calling thread; what it raises ends the work.

    Raises:
        FramesDifferError: A frame is not told, or differs and no matrix leads from it.
        UnusableDoseError: No parts, no number of fractions, or an impossible weight, matrix or
            alpha/beta.

    """
    if not (np.isfinite(alpha_beta_gy) and alpha_beta_gy > 0):
        raise UnusableDoseError(
            f"alpha/beta of {alpha_beta_gy:g} Gy is impossible",
            where="EQD2 sum",
            remedy="Enter an alpha/beta above 0 Gy.",
        )
    sampled = _checked(parts, onto, frame_uid)
    convert = [_as_eqd2(part, alpha_beta_gy, n) for n, part in enumerate(parts, start=1)]
    words = [f"EQD2 for an alpha/beta of {alpha_beta_gy:g} Gy."]
    words += [
        f"Part {n}: {part.weight * (part.fractions or 0):g} of {part.fractions} fractions count."
        for n, part in enumerate(parts, start=1)
        if part.weight != 1
    ]
    return _summed(sampled, convert, frame_uid, [*words, *_words_of_parts(parts, onto)], progress)


def eqd2(dose_gy: Floats, fractions: float, alpha_beta_gy: float) -> Floats:
    """Return D (D/n + ab) / (2 + ab) of doses given in `fractions` equal fractions; Gy."""
    return dose_gy * (dose_gy / fractions + alpha_beta_gy) / (2.0 + alpha_beta_gy)


def difference(
    a: Grid, b: Grid, onto: Geometry, frame_uid: str, matrix: Floats | None = None
) -> Grid:
    """Return dose `a` minus dose `b`, Gy; NaN where either is missing.

    Args:
        a: Lies in the frame `frame_uid`.
        b: Lies in the frame `frame_uid`, or where `matrix` leads there from.
        onto: Voxels of the difference, in the frame `frame_uid`.
        frame_uid: FrameOfReferenceUID of the difference.
        matrix: Maps points of b's frame into `frame_uid`; shape (4, 4), mm.

    Raises:
        FramesDifferError: A frame is not told, or differs and no matrix leads from it.
        UnusableDoseError: The matrix is impossible.

    """
    minuend, subtrahend = _checked([Part(a), Part(b, to_target=matrix)], onto, frame_uid)
    values = np.empty(onto.shape, dtype=np.float32)

    def fill(index: int) -> None:
        values[index] = minuend.plane(index) - subtrahend.plane(index)

    _over_slices(onto, fill, None)
    return Grid(onto, values, frame_uid)


@dataclass(frozen=True, eq=False)
class _Sampled:
    """A grid and how the planes of the target lie in it.

    Attributes:
        grid: Dose.
        onto: Voxels of the target.
        from_target: Maps points of the target's frame into the grid's; shape (4, 4).
        same: Whether the voxels are those of the target.

    """

    grid: Grid
    onto: Geometry
    from_target: Floats
    same: bool

    def plane(self, index: int) -> Values:
        """Return the dose at the voxels of one slice of the target; NaN outside the grid."""
        if self.same:
            same: Values = self.grid.values[index].astype(np.float32, copy=False)
            return same
        turn, shift = self.from_target[:3, :3], self.from_target[:3, 3]
        onto = self.onto
        return on_plane(
            self.grid,
            turn @ onto.points_mm((0, 0, index)) + shift,
            turn @ (onto.along_columns * onto.column_mm),
            turn @ (onto.along_rows * onto.row_mm),
            onto.shape[1:],
        )


def _checked(parts: Sequence[Part], onto: Geometry, frame_uid: str) -> list[_Sampled]:
    """Return the parts ready for sampling, or refuse one of them."""
    if not parts:
        raise UnusableDoseError("there is no dose to add", where="sum", remedy="Choose a dose.")
    return [
        _sampled(part, onto, frame_uid, f"part {number}")
        for number, part in enumerate(parts, start=1)
    ]


def _sampled(part: Part, onto: Geometry, frame_uid: str, where: str) -> _Sampled:
    _refuse_strange_frames(part, frame_uid, where)
    if not (np.isfinite(part.weight) and part.weight >= 0):
        raise UnusableDoseError(
            f"the weight {part.weight:g} is impossible",
            where=where,
            remedy="Enter a weight of 0 or more.",
        )
    matrix = np.eye(4) if part.to_target is None else np.asarray(part.to_target, dtype=np.float64)
    if not _is_usable(matrix):
        raise UnusableDoseError(
            "the matrix to the frame of the sum is no 4 x 4 matrix that can be inverted",
            where=where,
            remedy="Choose another registration.",
        )
    still = bool(np.array_equal(matrix, np.eye(4)))
    same = still and part.grid.geometry.matches(onto)
    return _Sampled(part.grid, onto, np.linalg.inv(matrix).astype(np.float64), same)


def _refuse_strange_frames(part: Part, frame_uid: str, where: str) -> None:
    own = part.grid.frame_uid
    if not frame_uid or not own:
        raise FramesDifferError(
            f"the dose lies in frame of reference {_end(own)}, the sum in {_end(frame_uid)}",
            where=where,
            remedy="Export the dose with its FrameOfReferenceUID; without it nobody knows where "
            "the dose lies.",
        )
    if own != frame_uid and part.to_target is None:
        raise FramesDifferError(
            f"the dose lies in frame of reference {_end(own)}, the sum in {_end(frame_uid)}, and "
            "no registration links them",
            where=where,
            remedy="Load the registration (REG) of the two images, or look at the doses side by "
            "side.",
        )


def _end(uid: str) -> str:
    """Return the last 12 characters of a UID, by which people tell them apart."""
    if not uid:
        return "(not told)"
    return uid if len(uid) <= UID_END else f"...{uid[-UID_END:]}"


def _is_usable(matrix: Floats) -> bool:
    return (
        matrix.shape == (4, 4)
        and bool(np.isfinite(matrix).all())
        and bool(np.array_equal(matrix[3], (0, 0, 0, 1)))
        and float(np.linalg.det(matrix[:3, :3])) > 1e-6
    )


def _weighted(weight: float) -> ToDose:
    return lambda dose_gy: dose_gy * weight


def _as_eqd2(part: Part, alpha_beta_gy: float, number: int) -> ToDose:
    fractions = part.fractions
    if fractions is None or fractions < 1:
        told = "not known" if fractions is None else str(fractions)
        raise UnusableDoseError(
            f"the number of fractions is {told}",
            where=f"part {number}",
            remedy="Enter the number of fractions that the dose is of.",
        )
    # D = dose * weight over n = fractions * weight: the weight comes out of the bracket.
    return lambda dose_gy: eqd2(dose_gy, fractions, alpha_beta_gy) * part.weight


def _summed(
    sampled: Sequence[_Sampled],
    convert: Sequence[ToDose],
    frame_uid: str,
    words: Sequence[str],
    progress: Progress | None,
) -> Summed:
    """Return the sum over the parts, slice by slice in float64."""
    onto = sampled[0].onto
    values = np.empty(onto.shape, dtype=np.float32)
    missing = np.zeros((len(sampled), onto.shape[0]), dtype=np.int64)

    def fill(index: int) -> None:
        total = np.zeros(onto.shape[1:])
        for number, (one, to_dose) in enumerate(zip(sampled, convert, strict=True)):
            added, missing[number, index] = _without_nan(one.plane(index))
            total += to_dose(added)
        values[index] = total

    _over_slices(onto, fill, progress)
    outside = tuple(float(count) / values.size for count in missing.sum(axis=1))
    said = [_outside_words(n, share) for n, share in enumerate(outside, start=1) if share > 0]
    return Summed(Grid(onto, values, frame_uid), outside, (*words, *said))


def _without_nan(plane: Values) -> tuple[Floats, int]:
    """Return a plane with 0 for missing values, and how many are missing."""
    lacking: npt.NDArray[np.bool_] = np.isnan(plane)
    dose = plane.astype(np.float64)
    dose[lacking] = 0.0
    return dose, int(np.count_nonzero(lacking))


def _over_slices(onto: Geometry, fill: Callable[[int], None], progress: Progress | None) -> None:
    """Call `fill` with each slice in two threads; tell `progress` in this one."""
    slices, rows, columns = onto.shape
    step = max(1, min(SLAB_VOXELS // (rows * columns), -(-slices // WORKERS)))

    def fill_slab(start: int) -> int:
        stop = min(start + step, slices)
        for index in range(start, stop):
            fill(index)
        return stop

    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(fill_slab, start) for start in range(0, slices, step)]
        try:
            for future in futures:
                done = future.result()
                if progress is not None:
                    progress(done / slices, f"{done} of {slices} slices")
        finally:
            pool.shutdown(cancel_futures=True)


def _outside_words(number: int, share: float) -> str:
    if share == 1:
        return f"Part {number} adds nothing: no voxel of the sum lies in its grid."
    percent = "less than 0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")
    return (
        f"Part {number}: {percent} of the voxels of the sum lie outside its grid; there it adds "
        "nothing."
    )


def _words_of_parts(parts: Sequence[Part], onto: Geometry) -> list[str]:
    """Return what is to be known of scaled and of coarsely sampled parts."""
    words: list[str] = []
    target = spacings_mm(onto)
    target[~np.isfinite(target)] = 0.0  # a single plane does not sample its own direction
    for number, part in enumerate(parts, start=1):
        turn = None if part.to_target is None else part.to_target[:3, :3]
        if turn is not None and not np.allclose(turn.T @ turn, np.eye(3), rtol=0, atol=1e-3):
            words.append(f"Part {number} is moved by a registration that scales or shears.")
        own = spacings_mm(part.grid.geometry, turn)
        worst = int(np.argmax(target / own))
        if target[worst] > own[worst] * 1.001:
            words.append(
                f"Part {number} is sampled more coarsely than it was calculated: every "
                f"{target[worst]:.2f} mm instead of {own[worst]:.2f} mm along {'xyz'[worst]}."
            )
    return words
