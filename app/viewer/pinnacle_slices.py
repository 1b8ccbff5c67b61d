"""The original DICOM slices of a Pinnacle image set (ImageSet_n.DICOM), where they were kept.

They hold what Pinnacle's own files do not: HU, and where a plan of before version 9 lies in the
frame of the DICOM images.
"""

from dataclasses import replace

import numpy as np

from app.viewer.pinnacle_images import ImageSet, first_pixel_mm
from app.viewer.pinnacle_space import CERTAIN, MM_PER_CM, Space
from core.dicom.files import read_items
from core.dicom.images import MODALITIES, ImageSeries, image_series
from core.dose.geometry import Floats
from core.errors import RemedyError, UnreadableFileError

# Positions in both are rounded; a slice or pixel this far off is another one.
SAME_MM = 0.1
UPRIGHT = np.eye(3)


def original_series(images: ImageSet) -> tuple[ImageSet, ImageSeries] | None:
    """Return the image set in the frame of its DICOM slices, and these; None when none are kept.

    Raises:
        RemedyError: One of them cannot be read, or they are not, slice by slice, those of the
            image set.

    """
    folder = images.folder / f"{images.stem}.DICOM"
    if not folder.is_dir():
        return None
    items, unread = read_items([folder])
    if not items and not unread:
        return None
    series, unsorted = image_series([item for item in items if item.modality in MODALITIES])
    odd = [*unread, *unsorted]
    if odd:
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        raise _refusal(images, f"{odd[0].name}{more} cannot be used: {odd[0].why}")
    if len(series) != 1:
        raise _refusal(images, f"it holds {len(series)} series")
    shift_mm = _shift(images, series[0])
    own = images.space
    if own.is_dicom and float(np.abs(shift_mm).max()) > SAME_MM:
        raise _refusal(
            images, f"its slices lie {np.abs(shift_mm).max():.1f} mm beside the header's"
        )
    x, y, z = (0.0, 0.0, 0.0) if own.is_dicom else (float(value) for value in shift_mm)
    space = Space(own.position, series[0].frame_uid, True, (x, y, z))
    return replace(images, space=space, has_pixels=True), series[0]


def _shift(images: ImageSet, series: ImageSeries) -> Floats:
    """Return where the DICOM slices lie as seen from where Pinnacle's lie, mm.

    Only y may differ: Pinnacle's own start of before version 9 counts it from elsewhere.
    """
    geometry = series.geometry
    if images.space.position not in CERTAIN or not np.allclose(geometry.axes, UPRIGHT, atol=1e-4):
        raise _refusal(images, "its slices do not lie upright, head first and supine")
    told = images.header
    counts = (len(images.slices), told.number("y_dim"), told.number("x_dim"))
    steps = [(told.number(name) or 0.0) * MM_PER_CM for name in ("x_pixdim", "y_pixdim")]
    alike = np.allclose(steps, [geometry.column_mm, geometry.row_mm], atol=1e-3)
    if geometry.shape[0] != counts[0]:
        raise _refusal(images, f"it holds {geometry.shape[0]} of {counts[0]} slices")
    if geometry.shape != counts or not alike:
        raise _refusal(images, "its slices have other pixels than the header tells")
    places = np.array([first_pixel_mm(images, one) for one in images.slices])
    places = places[np.argsort(places[:, 2])]
    heights = geometry.origin_mm[2] + geometry.slice_offsets_mm
    if float(np.abs(places[:, 2] - heights).max()) > SAME_MM:
        raise _refusal(images, "its slices lie at other heights than the slice list tells")
    shift = np.asarray(geometry.origin_mm - places[0])
    if abs(float(shift[0])) > SAME_MM:
        raise _refusal(
            images, f"its slices lie {abs(shift[0]):.1f} mm to the side of the header's"
        )
    return shift * (0.0, 1.0, 0.0)


def _refusal(images: ImageSet, what: str) -> RemedyError:
    return UnreadableFileError(
        f"{what}; it is not shown",
        where=f"{images.stem}.DICOM",
        remedy="Open these slices on their own.",
    )
