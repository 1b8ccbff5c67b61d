"""A small DICOM RT Plan made by the tests, all values known."""

from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, RTPlanStorage

UID = "1.2.826.0.1.3680043.10.1234.1"


def item(**values):
    """Return a sequence item; lists of items become sequences."""
    made = Dataset()
    for keyword, value in values.items():
        is_sequence = isinstance(value, list) and all(isinstance(v, Dataset) for v in value)
        setattr(made, keyword, Sequence(value) if is_sequence else value)
    return made


def openings(x1, x2, y1, y2, *leaves):
    """Return the collimator positions of one control point; leaves are one list per layer."""
    jaws = [
        item(RTBeamLimitingDeviceType="ASYMX", LeafJawPositions=[x1, x2]),
        item(RTBeamLimitingDeviceType="ASYMY", LeafJawPositions=[y1, y2]),
    ]
    return jaws + [
        item(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=positions) for positions in leaves
    ]


def photon_beam(number=1):
    """Return a step-and-shoot beam of two segments with three leaf pairs."""
    first = ["-10.0", "-20.25", "-30.0", "10.0", "20.0", "30.0"]
    second = ["-5.0", "-6.0", "-7.0", "5.0", "6.0", "7.0"]
    return item(
        BeamNumber=number,
        BeamName="1A RAO",
        BeamDescription="chin up",
        BeamType="DYNAMIC",
        RadiationType="PHOTON",
        TreatmentDeliveryType="TREATMENT",
        TreatmentMachineName="LINAC 1",
        PrimaryDosimeterUnit="MU",
        SourceAxisDistance="1000.0",
        ReferencedToleranceTableNumber=3,
        NumberOfWedges=0,
        NumberOfCompensators=0,
        NumberOfBoli=0,
        NumberOfBlocks=0,
        PrimaryFluenceModeSequence=[item(FluenceMode="STANDARD")],
        BeamLimitingDeviceSequence=[
            item(RTBeamLimitingDeviceType="ASYMX", NumberOfLeafJawPairs=1),
            item(RTBeamLimitingDeviceType="ASYMY", NumberOfLeafJawPairs=1),
            item(
                RTBeamLimitingDeviceType="MLCX",
                NumberOfLeafJawPairs=3,
                LeafPositionBoundaries=["-15", "-5", "5", "15"],
            ),
        ],
        FinalCumulativeMetersetWeight="2.0",
        NumberOfControlPoints=4,
        ControlPointSequence=[
            item(
                ControlPointIndex=0,
                CumulativeMetersetWeight="0.0",
                NominalBeamEnergy="6",
                DoseRateSet="300",
                GantryAngle="320.50",
                GantryRotationDirection="NONE",
                BeamLimitingDeviceAngle="10.0",
                BeamLimitingDeviceRotationDirection="NONE",
                PatientSupportAngle="350",
                PatientSupportRotationDirection="NONE",
                TableTopEccentricAngle="0",
                TableTopEccentricRotationDirection="NONE",
                TableTopVerticalPosition="-120.5",
                TableTopLongitudinalPosition="",
                IsocenterPosition=["1.5", "-2.50", "3"],
                SourceToSurfaceDistance="912.3",
                BeamLimitingDevicePositionSequence=openings("-30", "30", "-15.0", "15.0", first),
            ),
            item(ControlPointIndex=1, CumulativeMetersetWeight="1.0"),
            item(
                ControlPointIndex=2,
                CumulativeMetersetWeight="1.0",
                BeamLimitingDevicePositionSequence=[
                    item(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=second)
                ],
            ),
            item(ControlPointIndex=3, CumulativeMetersetWeight="2.0"),
        ],
    )


def electron_beam(number=2):
    """Return a static electron beam with applicator, cutout and bolus."""
    return item(
        BeamNumber=number,
        BeamName="2 Boost",
        RadiationType="ELECTRON",
        TreatmentDeliveryType="TREATMENT",
        TreatmentMachineName="LINAC 1",
        NumberOfWedges=0,
        NumberOfCompensators=0,
        NumberOfBoli=1,
        NumberOfBlocks=1,
        ReferencedBolusSequence=[item(BolusID="BOL5", BolusDescription="5 mm flap")],
        BlockSequence=[
            item(BlockTrayID="FDA10", BlockName="Cutout 7", BlockType="APERTURE", BlockNumber=1)
        ],
        ApplicatorSequence=[
            item(ApplicatorID="A10", ApplicatorType="ELECTRON_SQUARE", AccessoryCode="4001")
        ],
        BeamLimitingDeviceSequence=[item(RTBeamLimitingDeviceType="X", NumberOfLeafJawPairs=1)],
        FinalCumulativeMetersetWeight="1",
        NumberOfControlPoints=2,
        ControlPointSequence=[
            item(
                ControlPointIndex=0,
                CumulativeMetersetWeight="0",
                NominalBeamEnergy="12",
                GantryAngle="0",
                BeamLimitingDeviceAngle="0",
                PatientSupportAngle="0",
                BeamLimitingDevicePositionSequence=[
                    item(RTBeamLimitingDeviceType="X", LeafJawPositions=["-75", "75"])
                ],
            ),
            item(ControlPointIndex=1, CumulativeMetersetWeight="1"),
        ],
    )


def dicom_plan():
    """Return an RT Plan of one photon and one electron beam in one fraction group."""
    plan = item(
        SOPClassUID=RTPlanStorage,
        SOPInstanceUID=UID,
        Modality="RTPLAN",
        PatientName="Demo^Anna^Maria",
        PatientID="D-0017",
        RTPlanLabel="PELVIS 1",
        ToleranceTableSequence=[item(ToleranceTableNumber=3, ToleranceTableLabel="STATIC")],
        DoseReferenceSequence=[
            item(
                DoseReferenceNumber=1,
                DoseReferenceStructureType="SITE",
                DoseReferenceDescription="PELVIS",
                DoseReferenceType="TARGET",
                TargetPrescriptionDose="50.4",
            )
        ],
        FractionGroupSequence=[
            item(
                FractionGroupNumber=1,
                NumberOfFractionsPlanned=28,
                NumberOfBeams=2,
                ReferencedBeamSequence=[
                    item(ReferencedBeamNumber=1, BeamMeterset="101.50", BeamDose="1.2"),
                    item(ReferencedBeamNumber=2, BeamMeterset="88", BeamDose="0.6"),
                ],
            )
        ],
        PatientSetupSequence=[item(PatientSetupNumber=1, PatientPosition="HFS")],
        BeamSequence=[photon_beam(), electron_beam()],
    )
    plan.file_meta = FileMetaDataset()
    plan.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plan.file_meta.MediaStorageSOPClassUID = RTPlanStorage
    plan.file_meta.MediaStorageSOPInstanceUID = UID
    return plan


def dicom_bytes(plan=None):
    """Return a plan as the bytes of a DICOM file."""
    stream = BytesIO()
    (plan or dicom_plan()).save_as(stream, enforce_file_format=True)
    return stream.getvalue()
