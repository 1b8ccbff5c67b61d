"""A small set full of personal data, for the tests of the anonymiser."""

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    RTDoseStorage,
    RTPlanStorage,
    RTStructureSetStorage,
    SpatialRegistrationStorage,
)

from core.dicom.anonymise import Pseudonym
from core.dicom.files import read_items

NEW = Pseudonym("STUDY-007", "Case^Seven")
SECRET = b"sixteen bytes or more"
ROOT = "1.3.6.1.4.1.99999.7"
STUDY, FRAME, CT_SERIES = f"{ROOT}.1", f"{ROOT}.2", f"{ROOT}.3"
STRUCT, PLAN, DOSE, REG = (f"{ROOT}.{number}" for number in (30, 40, 50, 60))
WELL_KNOWN_FRAME = "1.2.840.10008.1.4.1.1"
PRIVATE = "SECRETPRIVATE"
# Whatever of this is found in a written file is a leak.
LEAKS = (
    "Müller", "Mueller", "Muller", "Hannelore", "MRN4711", "OLD4711", "19441231", "Feelgood",
    "Klinikum", "Nirgendwo", "SN-0815", "ACC-99", "Operator", "Nurse", "20190314", "101112",
    PRIVATE, "Hospital comment", "STATION1", "Requester", "MYAETITLE", "overlay text",
    "preamble",
)  # fmt: skip


def item_of(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


def plain_object(sop_class, uid, modality, series):
    data = item_of(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class, SOPInstanceUID=uid, Modality=modality,
        StudyInstanceUID=STUDY, SeriesInstanceUID=series, FrameOfReferenceUID=FRAME,
        PatientName="Müller^Hannelore", PatientID="MRN4711", PatientBirthDate="19441231",
        PatientSex="F", PatientAge="074Y", PatientWeight="71.5",
        OtherPatientIDs="OLD4711", PatientComments="Hospital comment",
        ReferringPhysicianName="Feelgood^Doctor", OperatorsName="Operator^One",
        InstitutionName="Klinikum Nirgendwo", InstitutionAddress="Nirgendwo 1",
        StationName="STATION1", DeviceSerialNumber="SN-0815", AccessionNumber="ACC-99",
        StudyDate="20190314", StudyTime="101112", SeriesDate="20190314", SeriesTime="101112",
        InstanceCreationDate="20190314", StudyID="MRN4711", SeriesNumber=3, InstanceNumber=1,
        Manufacturer="ACME", ManufacturerModelName="Mark II", SoftwareVersions=["1.0", "2.0"],
        StudyDescription="Hospital comment", SeriesDescription="Hannelore",
        AcquisitionDateTime="20190314101112.5",
    )  # fmt: skip
    data.RequestAttributesSequence = Sequence(
        [item_of(RequestedProcedureID="MRN4711", ScheduledProcedureStepDescription="Requester")]
    )
    data.OtherPatientIDsSequence = Sequence([item_of(PatientID="OLD4711")])
    block = data.private_block(0x0009, PRIVATE, create=True)
    block.add_new(1, "LO", "Müller private")
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.SourceApplicationEntityTitle = "MYAETITLE"
    data.file_meta.MediaStorageSOPClassUID = sop_class
    data.file_meta.MediaStorageSOPInstanceUID = uid
    data.preamble = b"preamble Hannelore".ljust(128, b" ")
    return data


def add_pixels(data, values, kind=16):
    data.Rows, data.Columns = values.shape[-2:]
    data.SamplesPerPixel, data.PixelRepresentation = 1, 0
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = kind
    data.HighBit = kind - 1
    data.PixelData = values.astype(f"<u{kind // 8}").tobytes()
    data["PixelData"].VR = "OW"


def make_slice(number):
    data = plain_object(CTImageStorage, f"{CT_SERIES}.{number}", "CT", CT_SERIES)
    data.ImageType = ["ORIGINAL", "", "AXIAL"]
    data.ImagePositionPatient = ["-10.25", "-20.50", str(number * 3)]
    data.ImageOrientationPatient = ["1", "0", "0", "0", "1.0", "0"]
    data.PixelSpacing = ["1.074219", "1.074219"]
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = "1", "-1024", "HU"
    data.ReferencedImageSequence = Sequence(
        [item_of(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"{CT_SERIES}.0")]
    )
    data.add_new(0x60000010, "US", 4)
    data.add_new(0x60004000, "LT", "overlay text")
    data.add_new(0x60003000, "OW", b"\1\0")
    add_pixels(data, np.arange(16).reshape(4, 4) + 1000 + number)
    return data


def make_structures():
    data = plain_object(RTStructureSetStorage, STRUCT, "RTSTRUCT", f"{ROOT}.31")
    data.StructureSetLabel, data.StructureSetDate = "Set MRN4711", "20190314"
    image = [
        item_of(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"{CT_SERIES}.{n}")
        for n in range(3)
    ]
    series = item_of(SeriesInstanceUID=CT_SERIES, ContourImageSequence=Sequence(image))
    study = item_of(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID=STUDY,
        RTReferencedSeriesSequence=Sequence([series]),
    )
    frame = item_of(FrameOfReferenceUID=FRAME, RTReferencedStudySequence=Sequence([study]))
    data.ReferencedFrameOfReferenceSequence = Sequence([frame])
    data.StructureSetROISequence = Sequence(
        [
            item_of(ROINumber=1, ReferencedFrameOfReferenceUID=FRAME, ROIName="PTV müller 60"),
            item_of(ROINumber=2, ReferencedFrameOfReferenceUID=FRAME, ROIName="Lung_L"),
        ]
    )
    contour = item_of(
        ContourImageSequence=Sequence([image[0]]), ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=3, ContourData="1.50\\2.0\\0\\1e1\\2\\0\\3\\-4.\\0",
    )  # fmt: skip
    nested = contour.private_block(0x3007, PRIVATE, create=True)
    nested.add_new(1, "LO", "Hannelore private")
    data.ROIContourSequence = Sequence([
        item_of(ReferencedROINumber=1, ROIDisplayColor=[255, 0, 0],
                ContourSequence=Sequence([contour]))
    ])  # fmt: skip
    data.RTROIObservationsSequence = Sequence([
        item_of(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="PTV",
                ROIInterpreter="Nurse^N", ROIObservationDescription="Hospital comment")
    ])  # fmt: skip
    return data


def make_plan():
    data = plain_object(RTPlanStorage, PLAN, "RTPLAN", f"{ROOT}.41")
    data.RTPlanLabel, data.RTPlanGeometry = "HanneloreBoost", "PATIENT"
    data.RTPlanDate, data.RTPlanTime, data.ReviewDate = "20190314", "101112", "20190314"
    data.ApprovalStatus, data.ReviewerName = "APPROVED", "Feelgood^Doctor"
    data.RTPlanDescription, data.PrescriptionDescription = "Hospital comment", "for Hannelore"
    points = [item_of(ControlPointIndex=n, CumulativeMetersetWeight=str(n)) for n in range(2)]
    data.BeamSequence = Sequence([
        item_of(BeamNumber=7, BeamName="G180 MRN4711", TreatmentMachineName="TrueBeam1",
                BeamDescription="Hospital comment", RadiationType="PHOTON",
                InstitutionName="Klinikum", DeviceSerialNumber="SN-0815",
                ControlPointSequence=Sequence(points))
    ])  # fmt: skip
    meterset = item_of(ReferencedBeamNumber=7, BeamMeterset="123.456789")
    data.FractionGroupSequence = Sequence([
        item_of(FractionGroupNumber=1, NumberOfFractionsPlanned=25,
                ReferencedBeamSequence=Sequence([meterset]))
    ])  # fmt: skip
    data.PatientSetupSequence = Sequence([
        item_of(PatientSetupNumber=1, PatientPosition="HFS", SetupTechnique="ISOCENTRIC",
                SetupTechniqueDescription="Hospital comment")
    ])  # fmt: skip
    data.ReferencedStructureSetSequence = Sequence(
        [item_of(ReferencedSOPClassUID=RTStructureSetStorage, ReferencedSOPInstanceUID=STRUCT)]
    )
    data.ReferencedDoseSequence = Sequence(
        [item_of(ReferencedSOPClassUID=RTDoseStorage, ReferencedSOPInstanceUID=DOSE)]
    )
    return data


def make_dose():
    data = plain_object(RTDoseStorage, DOSE, "RTDOSE", f"{ROOT}.51")
    data.DoseGridScaling, data.DoseUnits, data.DoseComment = "1.4e-5", "GY", "Hospital comment"
    data.GridFrameOffsetVector = ["0.0", "3", "6"]
    data.NumberOfFrames = 3
    data.ReferencedRTPlanSequence = Sequence(
        [item_of(ReferencedSOPClassUID=RTPlanStorage, ReferencedSOPInstanceUID=PLAN)]
    )
    data.DVHSequence = Sequence([item_of(DVHType="CUMULATIVE", DVHData=["0.10", "5", "0.1", "4"])])
    add_pixels(data, np.arange(12).reshape(3, 2, 2) * 100_000, 32)
    return data


def make_registration():
    data = plain_object(SpatialRegistrationStorage, REG, "REG", f"{ROOT}.61")
    data.ContentDate, data.ContentTime, data.ContentLabel = "20190314", "101112", "MULLER"
    data.ContentCreatorName = "Operator^One"
    matrix = item_of(
        FrameOfReferenceTransformationMatrix=[*"1000010000100001"],
        FrameOfReferenceTransformationMatrixType="RIGID",
    )
    part = item_of(
        FrameOfReferenceTransformationComment="Hospital comment", MatrixSequence=Sequence([matrix])
    )
    data.RegistrationSequence = Sequence(
        [
            item_of(FrameOfReferenceUID=FRAME, MatrixRegistrationSequence=Sequence([part])),
            item_of(
                FrameOfReferenceUID=WELL_KNOWN_FRAME, MatrixRegistrationSequence=Sequence([part])
            ),
        ]
    )
    return data


def make_set():
    return [
        *(make_slice(n) for n in range(3)),
        make_structures(), make_plan(), make_dose(), make_registration(),
    ]  # fmt: skip


def saved(folder, *objects):
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(objects):
        pydicom.dcmwrite(folder / f"{number}.dcm", data, enforce_file_format=True)
    items, refused = read_items([folder])
    assert not refused
    return items


def by_name(folder, name):
    return pydicom.dcmread(folder / name)


def walk(data):
    for element in data:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from walk(item)


def uids_of(data):
    return {
        str(value)
        for element in walk(data)
        if element.VR == "UI" and "SOPClass" not in element.keyword
        for value in (element.value if isinstance(element.value, list) else [element.value])
        if value and not pydicom.uid.UID(value).type
    }


def references(objects):
    """Which object leads to which, by number in the list."""
    place = {str(data.SOPInstanceUID): number for number, data in enumerate(objects)}
    return [
        [
            place.get(str(element.value))
            for element in walk(data)
            if element.keyword == "ReferencedSOPInstanceUID"
        ]
        for data in objects
    ]


def numbers_of(data):
    """Every number with its place in the object, as it is spelt in the file."""
    return [
        (element.keyword, str(element.value))
        for element in walk(data)
        if element.VR in ("DS", "IS", "FL", "FD", "US", "SS", "UL", "SL", "AT", "OF")
        and not element.tag.is_private
        and element.tag.group not in (0x6000, 0x0040)
    ]


def numbers_below(data, keyword):
    return [numbers_of(item) for item in data.get(keyword) or []]


def in_order(items, folder):
    """The written files in the order of the items."""
    counts = {}
    found = []
    for item in items:
        counts[item.modality] = counts.get(item.modality, 0) + 1
        found.append(by_name(folder, f"{item.modality}_{counts[item.modality]:04d}.dcm"))
    return found


def people_of(data):
    keywords = (
        "AccessionNumber", "InstitutionName", "PatientBirthDate", "PatientID", "StudyDescription",
    )  # fmt: skip
    return {
        str(element.value)
        for element in walk(data)
        if (element.VR == "PN" or element.keyword in keywords) and element.value
    }


def texts_of(data):
    return {str(element.value) for element in walk(data) if isinstance(element.value, str)}
