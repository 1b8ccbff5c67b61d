"""What every DICOM object of the demonstration set shares: identity, numbers, encoding."""

from collections.abc import Iterable
from io import BytesIO
from uuid import NAMESPACE_OID, uuid5

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from app.demo.truth import PLAN

DATE = "20240301"
TIME = "080000"
STUDY = "study"
FRAME = "frame of reference"
STRUCTURES = "structure set"
RTPLAN = "plan"
RTDOSE = "dose"


def uid(name: str) -> UID:
    """Return the fixed UID of a named thing of the set, under 2.25 (DICOM PS3.5, B.2)."""
    return UID(f"2.25.{uuid5(NAMESPACE_OID, 'eqs demonstration set ' + name).int}")


def item(**values: object) -> Dataset:
    """Return a data set from DICOM keywords."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def ds(value: float) -> str:
    """Return a decimal string of at most 16 characters, 10 digits kept."""
    return f"{value:.10g}"


def all_ds(values: Iterable[float]) -> list[str]:
    """Return several decimal strings."""
    return [ds(value) for value in values]


def instance(kind: str, name: str, modality: str, series: str) -> Dataset:
    """Return a data set that names its class, itself, the patient, the study and its series.

    Args:
        kind: SOP class UID.
        name: What the object is called within the set; its UID follows from it.
        modality: DICOM modality.
        series: Words that describe the series; one series for each.

    """
    return item(
        SpecificCharacterSet="ISO_IR 100",
        InstanceCreationDate=DATE,
        InstanceCreationTime=TIME,
        SOPClassUID=UID(kind),
        SOPInstanceUID=uid(name),
        StudyDate=DATE,
        SeriesDate=DATE,
        StudyTime=TIME,
        SeriesTime=TIME,
        AccessionNumber="",
        Modality=modality,
        Manufacturer="EQS demonstration set",
        ReferringPhysicianName="",
        StudyDescription="EQS demonstration",
        SeriesDescription=series,
        OperatorsName="DEMO",
        ManufacturerModelName="demonstration",
        PatientName=f"{PLAN.last_name}^{PLAN.first_name}",
        PatientID=PLAN.patient_id,
        PatientBirthDate="19500101",
        PatientSex="O",
        SoftwareVersions="1",
        StudyInstanceUID=uid(STUDY),
        SeriesInstanceUID=uid(f"series {series}"),
        StudyID="1",
        SeriesNumber="1",
        FrameOfReferenceUID=uid(FRAME),
        PositionReferenceIndicator="",
    )


def reference(kind: str, name: str) -> Dataset:
    """Return the item by which another object of the set is named."""
    return item(ReferencedSOPClassUID=UID(kind), ReferencedSOPInstanceUID=uid(name))


def encoded(dataset: Dataset) -> bytes:
    """Return the DICOM file of a data set, explicit VR little endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("implementation")
    meta.ImplementationVersionName = "EQS_DEMO_1"
    dataset.file_meta = meta
    file = BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()
