"""Reading a set for the page: in the background, the first image before the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.viewer.scene_build import one_slice
from app.viewer.sources import read_sets
from core.dicom.certificate import Certificate, certify
from core.dicom.images import ImageSeries
from core.dicom.pixels import read_volume
from core.dicom.rt_set import RtSet
from core.dose.geometry import Floats, Grid
from core.errors import RemedyError

Progress = Callable[[float, str], None]


@dataclass(frozen=True, eq=False, slots=True)
class Loaded:
    """What was read.

    Attributes:
        sets: One set per person, the largest first.
        certificates: One per set.

    """

    sets: tuple[RtSet, ...]
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Volume:
    """The values of one image series, or why they could not be read."""

    series: ImageSeries
    grid: Grid | None
    problem: str


def load_sets(paths: Sequence[Path], progress: Progress) -> Loaded:
    """Read all objects but the images' pixels, and examine their geometry."""
    sets = read_sets(paths, progress)
    return Loaded(tuple(sets), tuple(certify(own) for own in sets))


def load_volume(
    series: ImageSeries, start_mm: Floats, progress: Progress, first_image: Callable[[Grid], None]
) -> Volume:
    """Read the pixels of a series; `first_image` gets the slice at `start_mm` at once."""
    first = round(float(series.geometry.indices(start_mm)[2]))
    try:
        grid = read_volume(
            series, progress, lambda number, grid: first_image(one_slice(grid, number)), first
        )
    except RemedyError as problem:
        return Volume(series, None, str(problem))
    return Volume(series, grid, "")
