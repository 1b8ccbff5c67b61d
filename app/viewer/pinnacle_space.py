"""Where Pinnacle's numbers lie in the patient: centimetres of its own axes to DICOM millimetres.

The one place of the Viewer that knows signs and origins of Pinnacle. What is certain: supine, head
first, re-computed from real patients (image positions, prescription points, delivered fields). The
other three positions follow pymedphys, whose dose was compared with Pinnacle's own exports.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.viewer.pinnacle_text import Block
from core.dose.geometry import Floats, Grid, upright_geometry
from core.errors import RemedyError, UnreadableRecordError

MM_PER_CM = 10.0
# Signs of DICOM x, y, z for Pinnacle's own x, y, z, by patient position.
SIGNS = {
    "HFS": (1.0, -1.0, -1.0),
    "HFP": (-1.0, 1.0, -1.0),
    "FFS": (-1.0, -1.0, 1.0),
    "FFP": (1.0, 1.0, 1.0),
}
CERTAIN = ("HFS",)


@dataclass(frozen=True, slots=True)
class Space:
    """The frame in which a plan and its images are shown.

    Attributes:
        position: Patient position: HFS, HFP, FFS or FFP.
        frame_uid: FrameOfReferenceUID: that of the DICOM images where both agree, else one of
            its own, so that nothing is drawn on images it does not belong to.
        is_dicom: Whether places are those of the DICOM images.
        shift_mm: What brings Pinnacle's places there; nothing but for a plan of before version 9
            whose DICOM slices are here.

    """

    position: str
    frame_uid: str
    is_dicom: bool
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def to_dicom_mm(self, points_cm: npt.ArrayLike) -> Floats:
        """Return DICOM patient positions of Pinnacle positions.

        From version 9 on plans are written in the frame of the DICOM images, before that in the
        frame of the image set's own start, whose shift only the DICOM slices can tell.

        Args:
            points_cm: Shape (..., 3), Pinnacle's x, y, z.

        Returns:
            Shape (..., 3), mm.

        """
        signs = np.array(SIGNS[self.position])
        # Adding the shift turns -0.0, which would show on screens, into 0.0.
        own = np.asarray(points_cm, dtype=np.float64) * signs * MM_PER_CM
        return np.asarray(own + np.array(self.shift_mm))

    def axis_mm(self, axis: int) -> Floats:
        """Return the DICOM direction of one of Pinnacle's axes; unit vector."""
        unit = np.zeros(3)
        unit[axis] = SIGNS[self.position][axis]
        return unit

    def grid(self, box: "Box", values: npt.NDArray[np.float32]) -> Grid:
        """Return values of a box of voxels as a grid along the patient's axes.

        Args:
            box: Where the voxels lie in Pinnacle's axes.
            values: Shape (z, y, x) of Pinnacle's axes, each ascending.

        """
        order = [slice(None, None, 1 if sign > 0 else -1) for sign in SIGNS[self.position]]
        turned = np.ascontiguousarray(values[order[2], order[1], order[0]])
        ends = self.to_dicom_mm([box.origin_cm, box.last_cm])
        x, y, z = (float(step) * MM_PER_CM for step in box.step_cm)
        slices, rows, columns = turned.shape
        geometry = upright_geometry(ends.min(axis=0), (x, y, z), (slices, rows, columns))
        return Grid(geometry, turned, self.frame_uid)


@dataclass(frozen=True, eq=False, slots=True)
class Box:
    """A box of voxels in Pinnacle's axes; `origin_cm` is the centre of the lowest voxel."""

    origin_cm: Floats
    step_cm: Floats
    counts: tuple[int, int, int]

    @property
    def last_cm(self) -> Floats:
        """Return the centre of the voxel with the highest x, y and z."""
        return np.asarray(self.origin_cm + self.step_cm * (np.array(self.counts) - 1))


def setup_position(setup: Block) -> str:
    """Return the patient position that plan.PatientSetup tells.

    Raises:
        UnreadableRecordError: It is none of the four whose axes are known.

    """
    lying = setup.text("Position").casefold()
    way = setup.text("Orientation").casefold()
    first = "HF" if "head first" in way else "FF" if "feet first" in way else ""
    down = "S" if "supine" in lying else "P" if "prone" in lying else ""
    if not (first and down):
        told = ", ".join(part for part in (setup.text("Position"), setup.text("Orientation")))
        raise unknown_position(told.strip(", ") or "none", "plan.PatientSetup")
    return first + down


def unknown_position(told: str, where: str) -> RemedyError:
    """Return the refusal of a patient position."""
    return UnreadableRecordError(
        f"how the axes lie for the patient position '{told}' is not known",
        where=where,
        remedy="Export the plan from Pinnacle as DICOM.",
    )
