"""A small invented RT Plan, built by the tests; one value at a time can be changed."""

from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
EDGES_MM = [-40, -20, 0, 20, 40, 60]
LEAVES_MM = [-10, -11, -12, -13, -14, 20, 21, 22, 23, 24]


def item(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def positions(**devices: list[float]) -> list[Dataset]:
    return [
        item(RTBeamLimitingDeviceType=kind, LeafJawPositions=place)
        for kind, place in devices.items()
    ]


def point(index: int, share: float, **changes: object) -> Dataset:
    made = item(ControlPointIndex=index, CumulativeMetersetWeight=share)
    if index == 0:
        made.update(item(
            NominalBeamEnergy=6, DoseRateSet=400, GantryAngle=30,
            GantryRotationDirection="NONE", BeamLimitingDeviceAngle=10,
            BeamLimitingDeviceRotationDirection="NONE", PatientSupportAngle=350,
            PatientSupportRotationDirection="NONE", IsocenterPosition=[10, -20, 30.5],
            SourceToSurfaceDistance=905,
            BeamLimitingDevicePositionSequence=positions(
                ASYMX=[-40, 50], ASYMY=[-70, 60], MLCX=LEAVES_MM),
        ))  # fmt: skip
    made.update(item(**changes))
    return made


def beam(number: int = 1, points: list[Dataset] | None = None, **changes: object) -> Dataset:
    points = [point(0, 0), point(1, 1)] if points is None else points
    jaws = [
        item(RTBeamLimitingDeviceType=kind, NumberOfLeafJawPairs=1) for kind in ("ASYMX", "ASYMY")
    ]
    leaves = item(
        RTBeamLimitingDeviceType="MLCX", NumberOfLeafJawPairs=5, LeafPositionBoundaries=EDGES_MM
    )
    made = item(
        BeamNumber=number, BeamName=f"B{number}", BeamType="STATIC", RadiationType="PHOTON",
        TreatmentMachineName="LINAC", TreatmentDeliveryType="TREATMENT",
        PrimaryDosimeterUnit="MU", SourceAxisDistance=1000, FinalCumulativeMetersetWeight=1,
        NumberOfControlPoints=len(points), BeamLimitingDeviceSequence=[*jaws, leaves],
        ControlPointSequence=points,
    )  # fmt: skip
    made.update(item(**changes))
    return made


def group(*numbers: int, place: int = 1, **changes: object) -> Dataset:
    used = [
        item(ReferencedBeamNumber=number, BeamMeterset=100 + number, BeamDose=1.25)
        for number in numbers
    ]
    made = item(
        FractionGroupNumber=place, NumberOfFractionsPlanned=20, ReferencedBeamSequence=used
    )
    made.update(item(**changes))
    return made


def plan(*beams: Dataset, groups: tuple[Dataset, ...] | None = None, **changes: object) -> Dataset:
    beams = beams or (beam(),)
    groups = groups or (group(*(one.BeamNumber for one in beams)),)
    made = item(
        SOPClassUID=RT_PLAN, SOPInstanceUID="1.2.3", Modality="RTPLAN", Manufacturer="ACME",
        ManufacturerModelName="TPS", SoftwareVersions="1.0", PatientName="DOE^JO^Q",
        PatientID="77", PatientBirthDate="19500102", FrameOfReferenceUID="1.2.4",
        RTPlanLabel="PELVIS", RTPlanName="Pelvis plan", ApprovalStatus="APPROVED",
        ReferencedStructureSetSequence=[item(ReferencedSOPInstanceUID="1.2.5")],
        PatientSetupSequence=[item(PatientSetupNumber=1, PatientPosition="HFS")],
        BeamSequence=list(beams), FractionGroupSequence=list(groups),
    )  # fmt: skip
    made.update(item(**changes))
    return made


def encode(dataset: Dataset, *, implicit: bool = False, bare: bool = False) -> bytes:
    """The file's bytes; `bare` leaves out preamble and file meta, as some systems do."""
    buffer = BytesIO()
    if bare:
        dataset.save_as(buffer, implicit_vr=True, little_endian=True, enforce_file_format=False)
        return buffer.getvalue()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def write(folder: Path, dataset: Dataset, name: str = "RP.dcm", **how: bool) -> Path:
    path = folder / name
    path.write_bytes(encode(dataset, **how))
    return path
