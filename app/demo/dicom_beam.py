"""One beam of the demonstration plan as an item of the DICOM Beam Sequence (PS3.3, C.8.8.14)."""

from pydicom.dataset import Dataset

from app.demo.dicom_images import BOLUS_ROI
from app.demo.dicom_items import all_ds, ds, item
from app.demo.geometry import SAD_MM
from app.demo.truth import PLAN, DemoBeam, DemoBlock, DemoPoint, DemoWedge

TRAY_MM = 650.0
CUTOUT_MM = 950.0
WEDGE_MM = 575.0
JAW_X_MM, JAW_Y_MM, MLC_MM = 370.0, 280.0, 510.0


def beam_item(beam: DemoBeam, setup_number: str) -> Dataset:
    """Return the beam with its devices, accessories and control points."""
    moves = beam.kind != "static"
    made = item(
        Manufacturer="EQS",
        ManufacturerModelName=PLAN.machine,
        PrimaryFluenceModeSequence=[item(FluenceMode="STANDARD")],
        TreatmentMachineName=PLAN.machine,
        PrimaryDosimeterUnit="MU",
        SourceAxisDistance=ds(SAD_MM),
        BeamLimitingDeviceSequence=_devices(beam),
        BeamNumber=str(beam.number),
        BeamName=beam.name,
        BeamType="DYNAMIC" if moves else "STATIC",
        RadiationType=beam.modality.upper(),
        TreatmentDeliveryType="TREATMENT",
        NumberOfWedges="1" if beam.wedge else "0",
        NumberOfCompensators="0",
        NumberOfBoli="1" if beam.bolus_mm else "0",
        NumberOfBlocks="1" if beam.block or beam.cutout else "0",
        FinalCumulativeMetersetWeight="1",
        NumberOfControlPoints=str(len(beam.points())),
        ControlPointSequence=_control_points(beam),
        ReferencedPatientSetupNumber=setup_number,
        ReferencedToleranceTableNumber=str(PLAN.tolerance_table),
    )
    made.update(_accessories(beam))
    return made


def _devices(beam: DemoBeam) -> list[Dataset]:
    def device(kind: str, distance_mm: float, pairs: int) -> Dataset:
        return item(
            RTBeamLimitingDeviceType=kind,
            SourceToBeamLimitingDeviceDistance=ds(distance_mm),
            NumberOfLeafJawPairs=str(pairs),
        )

    made = [device("ASYMX", JAW_X_MM, 1), device("ASYMY", JAW_Y_MM, 1)]
    if beam.apertures[0].leaves:
        leaves = device("MLCX", MLC_MM, len(PLAN.boundaries_mm) - 1)
        leaves.LeafPositionBoundaries = all_ds(PLAN.boundaries_mm)
        made.append(leaves)
    return made


def _accessories(beam: DemoBeam) -> Dataset:
    made = Dataset()
    if beam.wedge:
        made.WedgeSequence = [_wedge(beam.wedge)]
    if beam.block:
        made.TotalBlockTrayFactor = ds(beam.block.tray_factor)
        made.BlockSequence = [_block(beam.block, "SHIELDING", TRAY_MM)]
    if beam.cutout:
        made.BlockSequence = [_block(beam.cutout, "APERTURE", CUTOUT_MM)]
    if beam.applicator:
        made.ApplicatorSequence = [
            item(
                AccessoryCode=beam.applicator,
                ApplicatorID=beam.applicator,
                ApplicatorType="ELECTRON_SQUARE",
                ApplicatorDescription=beam.applicator,
            )
        ]
    if beam.bolus_mm:
        made.ReferencedBolusSequence = [
            item(
                ReferencedROINumber=str(BOLUS_ROI),
                BolusID=bolus_words(beam),
                BolusDescription=bolus_words(beam),
                AccessoryCode=bolus_words(beam),
            )
        ]
    return made


def bolus_words(beam: DemoBeam) -> str:
    """Return how the bolus is named everywhere in the set, for instance "0.5 cm"."""
    return f"{beam.bolus_mm / 10:.1f} cm" if beam.bolus_mm else ""


def _wedge(wedge: DemoWedge) -> Dataset:
    return item(
        WedgeNumber="1",
        WedgeType="DYNAMIC" if wedge.dynamic else "STANDARD",
        WedgeID=wedge.code,
        AccessoryCode=wedge.code,
        WedgeAngle=str(wedge.angle_deg),
        WedgeFactor="" if wedge.dynamic else "0.65",
        WedgeOrientation=ds(wedge.toe_deg),
        SourceToWedgeTrayDistance=ds(WEDGE_MM),
    )


def _block(block: DemoBlock, kind: str, tray_mm: float) -> Dataset:
    corners = block.outline_mm[:-1]  # DICOM closes the outline by itself
    return item(
        BlockTrayID=block.code,
        AccessoryCode=block.code,
        SourceToBlockTrayDistance=ds(tray_mm),
        BlockType=kind,
        BlockDivergence="PRESENT" if kind == "SHIELDING" else "ABSENT",
        BlockMountingPosition="SOURCE_SIDE",
        BlockNumber="1",
        BlockName=block.code,
        MaterialID="CERROBEND",
        BlockThickness=ds(75.0 if kind == "SHIELDING" else 15.0),
        BlockTransmission="0",
        BlockNumberOfPoints=str(len(corners)),
        BlockData=all_ds(value for corner in corners for value in corner),
    )


def _control_points(beam: DemoBeam) -> list[Dataset]:
    points = beam.points()
    made = [_control_point(beam, index, point) for index, point in enumerate(points)]
    made[0].update(_first(beam, points[0]))
    if beam.kind == "arc":
        made[-1].GantryRotationDirection = "NONE"
    return made


def _control_point(beam: DemoBeam, index: int, point: DemoPoint) -> Dataset:
    made = item(
        ControlPointIndex=str(index),
        CumulativeMetersetWeight=ds(point.mu_before / beam.mu),
    )
    if beam.kind != "static" or index == 0:
        made.BeamLimitingDevicePositionSequence = _positions(beam, point)
    if beam.kind == "arc":
        made.GantryAngle = ds(point.gantry_deg)
        made.GantryRotationDirection = beam.arc_direction
        made.SourceToSurfaceDistance = ds(point.ssd_mm)
    if beam.modality == "photon" and (beam.kind == "arc" or index == 0):
        made.ReferencedDoseReferenceSequence = [_depth(beam, point)]
    return made


def _depth(beam: DemoBeam, point: DemoPoint) -> Dataset:
    """Return how deep the prescription's point lies, on the axis; the body is water."""
    depth_mm = SAD_MM - point.ssd_mm
    return item(
        ReferencedDoseReferenceNumber=str(PLAN.prescriptions.index(beam.prescription) + 1),
        CumulativeDoseReferenceCoefficient=ds(point.mu_before / beam.mu),
        BeamDosePointDepth=depth_mm,
        BeamDosePointEquivalentDepth=depth_mm + beam.bolus_mm,
        BeamDosePointSSD=point.ssd_mm,
    )


def _positions(beam: DemoBeam, point: DemoPoint) -> list[Dataset]:
    jaws = beam.jaws
    pairs: list[tuple[str, tuple[float, ...]]] = [
        ("ASYMX", (jaws.x1_mm, jaws.x2_mm)),
        ("ASYMY", (jaws.y1_mm, jaws.y2_mm)),
    ]
    if point.leaves:
        banks = (*(x1 for x1, _ in point.leaves), *(x2 for _, x2 in point.leaves))
        pairs.append(("MLCX", banks))
    return [
        item(RTBeamLimitingDeviceType=kind, LeafJawPositions=all_ds(values))
        for kind, values in pairs
    ]


def _first(beam: DemoBeam, point: DemoPoint) -> Dataset:
    made = item(
        NominalBeamEnergy=str(beam.energy),
        DoseRateSet=str(beam.dose_rate_mu_min),
        GantryAngle=ds(point.gantry_deg),
        GantryRotationDirection=beam.arc_direction or "NONE",
        BeamLimitingDeviceAngle=ds(beam.collimator_deg),
        BeamLimitingDeviceRotationDirection="NONE",
        PatientSupportAngle=ds(beam.couch_deg),
        PatientSupportRotationDirection="NONE",
        TableTopEccentricAngle="0",
        TableTopEccentricRotationDirection="NONE",
        TableTopVerticalPosition=None,
        TableTopLongitudinalPosition=None,
        TableTopLateralPosition=None,
        IsocenterPosition=all_ds(beam.prescription.isocentre_mm),
        SourceToSurfaceDistance=ds(point.ssd_mm),
        TableTopPitchAngle=0.0,
        TableTopPitchRotationDirection="NONE",
        TableTopRollAngle=0.0,
        TableTopRollRotationDirection="NONE",
    )
    if beam.wedge:
        made.WedgePositionSequence = [item(ReferencedWedgeNumber="1", WedgePosition="IN")]
    return made
