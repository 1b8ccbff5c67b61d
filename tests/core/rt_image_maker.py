"""An invented portal image whose isocentre lies at a known pixel."""

import numpy as np
from pydicom.dataset import Dataset

from tests.core.dicom_maker import ds, item, refer, uid

ROWS, COLUMNS = 30, 40
# Seen at 1500 mm: a pixel of 0.75 mm is one of 0.5 mm at the isocentre.
SPACING_MM, SAD_MM, SID_MM = (0.75, 0.6), 1000.0, 1500.0
AXIS_COLUMN, AXIS_ROW = 12.0, 20.0


def picture() -> np.ndarray:
    """Values that grow to the right and down, one bright pixel on the central axis."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    values = (100 + 10 * rows + 3 * columns).astype("<u2")
    values[round(AXIS_ROW), round(AXIS_COLUMN)] = 4000
    return values


def portal(plan: Dataset | None = None, *, beam: int = 2, number: int = 70) -> Dataset:
    """A portal image of a beam, receptor moved by (5, -8) mm."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.1", uid(5, number)
    data.Modality, data.ImageType = "RTIMAGE", ["ORIGINAL", "PRIMARY", "PORTAL"]
    data.PatientID, data.PatientName, data.PatientBirthDate = "TOY1", "Toy^Test", "19500102"
    data.StudyInstanceUID, data.SeriesInstanceUID = uid(2), uid(3, number)
    data.RTImageLabel, data.RTImagePlane = f"Portal {number}", "NORMAL"
    data.ImagePlanePixelSpacing = ds(SPACING_MM)
    data.XRayImageReceptorTranslation = ds((5.0, -8.0, -500.0))
    data.RTImagePosition = ds((-5.0 - AXIS_COLUMN * SPACING_MM[1], 8.0 + AXIS_ROW * SPACING_MM[0]))
    data.RadiationMachineSAD, data.RTImageSID = ds((SAD_MM, SID_MM))
    data.GantryAngle, data.BeamLimitingDeviceAngle, data.PatientSupportAngle = "80", "10", "355"
    data.ExposureSequence = [item(MetersetExposure="3.5")]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = ROWS, COLUMNS
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = "300", "500"
    data.add_new("PixelData", "OW", picture().tobytes())
    if plan is not None:
        refer(data, "ReferencedRTPlanSequence", plan)
        data.ReferencedBeamNumber = beam
    return data
