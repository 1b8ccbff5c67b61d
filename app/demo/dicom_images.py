"""CT slices, structure set and dose of the demonstration patient."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    RTDoseStorage,
    RTPlanStorage,
    RTStructureSetStorage,
)

from app.demo import anatomy, dose
from app.demo.anatomy import FIRST_X_MM, FIRST_Y_MM, ORGANS, PIXEL_MM, PIXELS, Organ, slice_z_mm
from app.demo.dicom_items import (
    DATE,
    FRAME,
    RTDOSE,
    RTPLAN,
    STRUCTURES,
    STUDY,
    TIME,
    all_ds,
    ds,
    encoded,
    instance,
    item,
    reference,
    uid,
)

BOLUS_ROI = len(ORGANS) + 1
STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
HOUNSFIELD_AT_ZERO = -1024
DOSE_STEPS = 2**31


def ct_name(number: int) -> str:
    """Return the name within the set of a CT slice, counted from 1 at the foot end."""
    return f"ct slice {number}"


def ct_file(number: int) -> bytes:
    """Return the DICOM file of one CT slice, counted from 1 at the foot end."""
    z_mm = slice_z_mm()[number - 1]
    stored = anatomy.ct_slice(z_mm) - HOUNSFIELD_AT_ZERO
    made = instance(CTImageStorage, ct_name(number), "CT", "CT pelvis")
    made.update(
        item(
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
            AcquisitionDate=DATE,
            ContentDate=DATE,
            AcquisitionTime=TIME,
            ContentTime=TIME,
            SliceThickness=ds(anatomy.SLICE_STEP_MM),
            KVP="120",
            PatientPosition="HFS",
            AcquisitionNumber="1",
            InstanceNumber=str(number),
            ImagePositionPatient=all_ds((FIRST_X_MM, FIRST_Y_MM, z_mm)),
            ImageOrientationPatient=["1", "0", "0", "0", "1", "0"],
            SliceLocation=ds(z_mm),
            SamplesPerPixel=1,
            PhotometricInterpretation="MONOCHROME2",
            Rows=PIXELS,
            Columns=PIXELS,
            PixelSpacing=all_ds((PIXEL_MM, PIXEL_MM)),
            BitsAllocated=16,
            BitsStored=12,
            HighBit=11,
            PixelRepresentation=0,
            WindowCenter="40",
            WindowWidth="400",
            RescaleIntercept=str(HOUNSFIELD_AT_ZERO),
            RescaleSlope="1",
            RescaleType="HU",
            PixelData=stored.astype("<u2").tobytes(),
        )
    )
    return encoded(made)


def _contours(organ: Organ) -> Iterator[tuple[int, list[tuple[float, float]]]]:
    for number, z_mm in enumerate(slice_z_mm(), 1):
        outline = organ.contour_at(z_mm)
        if outline:
            yield number, outline


def _bolus_contours() -> Iterator[tuple[int, list[tuple[float, float]]]]:
    low, high = anatomy.BOLUS_ENDS_MM
    for number, z_mm in enumerate(slice_z_mm(), 1):
        if low <= z_mm <= high:
            yield number, anatomy.bolus_contour()


def _contour(number: int, outline: list[tuple[float, float]]) -> Dataset:
    z_mm = slice_z_mm()[number - 1]
    points = [value for x_mm, y_mm in outline for value in (x_mm, y_mm, z_mm)]
    return item(
        ContourImageSequence=[reference(CTImageStorage, ct_name(number))],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=str(len(outline)),
        ContourData=all_ds(points),
    )


def _referenced_frame() -> Dataset:
    slices = [reference(CTImageStorage, ct_name(k + 1)) for k in range(anatomy.SLICES)]
    series = item(SeriesInstanceUID=uid("series CT pelvis"), ContourImageSequence=slices)
    study = item(
        ReferencedSOPClassUID=STUDY_CLASS,
        ReferencedSOPInstanceUID=uid(STUDY),
        RTReferencedSeriesSequence=[series],
    )
    return item(FrameOfReferenceUID=uid(FRAME), RTReferencedStudySequence=[study])


def structure_set_file() -> bytes:
    """Return the DICOM structure set: body, target, organs and the bolus of the electron beam."""
    bolus = ("BOLUS", "BOLUS", (255, 0, 255), list(_bolus_contours()))
    rois = [(o.name, o.kind, o.colour, list(_contours(o))) for o in ORGANS] + [bolus]
    made = instance(RTStructureSetStorage, STRUCTURES, "RTSTRUCT", "Structures")
    made.update(
        item(
            StructureSetLabel="PELVIS",
            StructureSetName="PELVIS",
            StructureSetDate=DATE,
            StructureSetTime=TIME,
            ReferencedFrameOfReferenceSequence=[_referenced_frame()],
            StructureSetROISequence=[
                item(
                    ROINumber=str(number),
                    ReferencedFrameOfReferenceUID=uid(FRAME),
                    ROIName=name,
                    ROIGenerationAlgorithm="AUTOMATIC",
                )
                for number, (name, *_) in enumerate(rois, 1)
            ],
            ROIContourSequence=[
                item(
                    ROIDisplayColor=[str(part) for part in colour],
                    ContourSequence=[_contour(*contour) for contour in contours],
                    ReferencedROINumber=str(number),
                )
                for number, (_, _, colour, contours) in enumerate(rois, 1)
            ],
            RTROIObservationsSequence=[
                item(
                    ObservationNumber=str(number),
                    ReferencedROINumber=str(number),
                    RTROIInterpretedType=kind,
                    ROIInterpreter="",
                )
                for number, (_, kind, _, _) in enumerate(rois, 1)
            ],
            ApprovalStatus="UNAPPROVED",
        )
    )
    return encoded(made)


def dose_file(total_gy: npt.NDArray[np.floating]) -> bytes:
    """Return the DICOM dose of the whole plan.

    Args:
        total_gy: Physical dose of all fractions of all beams, order z, y, x.

    """
    scaling = f"{total_gy.max() / DOSE_STEPS:.9e}"
    stored = np.rint(total_gy / float(scaling)).astype("<u4")
    planes, rows, columns = total_gy.shape
    made = instance(RTDoseStorage, RTDOSE, "RTDOSE", "Dose")
    made.update(
        item(
            ContentDate=DATE,
            ContentTime=TIME,
            InstanceNumber="1",
            ImagePositionPatient=all_ds(dose.ORIGIN_MM),
            ImageOrientationPatient=["1", "0", "0", "0", "1", "0"],
            SamplesPerPixel=1,
            PhotometricInterpretation="MONOCHROME2",
            NumberOfFrames=str(planes),
            FrameIncrementPointer=0x3004000C,
            Rows=rows,
            Columns=columns,
            PixelSpacing=all_ds((dose.STEP_MM, dose.STEP_MM)),
            SliceThickness=ds(dose.STEP_MM),
            BitsAllocated=32,
            BitsStored=32,
            HighBit=31,
            PixelRepresentation=0,
            DoseUnits="GY",
            DoseType="PHYSICAL",
            DoseSummationType="PLAN",
            GridFrameOffsetVector=all_ds(dose.STEP_MM * k for k in range(planes)),
            DoseGridScaling=scaling,
            TissueHeterogeneityCorrection="WATER",
            ReferencedRTPlanSequence=[reference(RTPlanStorage, RTPLAN)],
            ReferencedStructureSetSequence=[reference(RTStructureSetStorage, STRUCTURES)],
            PixelData=stored.tobytes(),
        )
    )
    return encoded(made)
