"""The demonstration plan as a DICOM RT Plan (PS3.3, A.20): fraction groups, setups, beams."""

from pydicom.dataset import Dataset
from pydicom.uid import RTDoseStorage, RTPlanStorage, RTStructureSetStorage

from app.demo.dicom_beam import beam_item
from app.demo.dicom_items import (
    DATE,
    RTDOSE,
    RTPLAN,
    STRUCTURES,
    TIME,
    all_ds,
    ds,
    encoded,
    instance,
    item,
    reference,
    uid,
)
from app.demo.truth import PLAN, DemoBeam, DemoPrescription

GY_PER_CGY = 0.01


def _number(prescription: DemoPrescription) -> str:
    return str(PLAN.prescriptions.index(prescription) + 1)


def _dose_reference(prescription: DemoPrescription) -> Dataset:
    total_gy = prescription.dose_cgy * prescription.fractions * GY_PER_CGY
    return item(
        DoseReferenceNumber=_number(prescription),
        DoseReferenceUID=uid(f"dose reference {_number(prescription)}"),
        DoseReferenceStructureType="COORDINATES",
        DoseReferenceDescription=prescription.site,
        DoseReferencePointCoordinates=all_ds(prescription.point_mm),
        DoseReferenceType="TARGET",
        TargetPrescriptionDose=ds(total_gy),
    )


def _referenced_beam(beam: DemoBeam) -> Dataset:
    return item(
        BeamDoseSpecificationPoint=all_ds(beam.prescription.point_mm),
        BeamDose=ds(beam.field_dose_cgy * GY_PER_CGY),
        BeamMeterset=ds(beam.mu),
        ReferencedBeamNumber=str(beam.number),
    )


def _fraction_group(prescription: DemoPrescription) -> Dataset:
    beams = PLAN.beams_of(prescription)
    return item(
        FractionGroupNumber=_number(prescription),
        FractionGroupDescription=prescription.site,
        NumberOfFractionsPlanned=str(prescription.fractions),
        NumberOfBeams=str(len(beams)),
        NumberOfBrachyApplicationSetups="0",
        ReferencedBeamSequence=[_referenced_beam(beam) for beam in beams],
        ReferencedDoseReferenceSequence=[
            item(ReferencedDoseReferenceNumber=_number(prescription))
        ],
    )


def _setup(prescription: DemoPrescription) -> Dataset:
    return item(
        PatientPosition="HFS",
        PatientSetupNumber=_number(prescription),
        SetupTechnique="ISOCENTRIC",
    )


def plan_file() -> bytes:
    """Return the DICOM RT Plan file."""
    made = instance(RTPlanStorage, RTPLAN, "RTPLAN", "Plan")
    made.update(
        item(
            RTPlanLabel=PLAN.label,
            RTPlanName="DEMONSTRATION",
            RTPlanDate=DATE,
            RTPlanTime=TIME,
            PlanIntent="CURATIVE",
            RTPlanGeometry="PATIENT",
            DoseReferenceSequence=[_dose_reference(each) for each in PLAN.prescriptions],
            ToleranceTableSequence=[
                item(
                    ToleranceTableNumber=str(PLAN.tolerance_table),
                    ToleranceTableLabel=str(PLAN.tolerance_table),
                )
            ],
            FractionGroupSequence=[_fraction_group(each) for each in PLAN.prescriptions],
            BeamSequence=[beam_item(beam, _number(beam.prescription)) for beam in PLAN.beams],
            PatientSetupSequence=[_setup(each) for each in PLAN.prescriptions],
            ReferencedStructureSetSequence=[reference(RTStructureSetStorage, STRUCTURES)],
            ReferencedDoseSequence=[reference(RTDoseStorage, RTDOSE)],
            ApprovalStatus="APPROVED",
            ReviewDate=DATE,
            ReviewTime=TIME,
            ReviewerName="DEMO",
        )
    )
    return encoded(made)
