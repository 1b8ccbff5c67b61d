"""RT plans for display: prescription, beams, control points with every value carried forward."""

from dataclasses import dataclass

from core.dicom.files import Item
from core.dose.geometry import Floats

X_JAWS, Y_JAWS = ("X", "ASYMX"), ("Y", "ASYMY")
LEAVES_ALONG_X, LEAVES_ALONG_Y = ("MLCX", "MLCX1", "MLCX2"), ("MLCY", "MLCY1", "MLCY2")


@dataclass(frozen=True, eq=False, slots=True)
class LeafBank:
    """One multileaf collimator.

    Attributes:
        kind: RTBeamLimitingDeviceType, e.g. MLCX.
        edges_mm: Leaf boundaries at the isocentre plane, across the leaves; shape (pairs + 1,).

    """

    kind: str
    edges_mm: Floats

    @property
    def along_x(self) -> bool:
        """Whether the leaves move along X of the collimator."""
        return self.kind in LEAVES_ALONG_X


@dataclass(frozen=True, eq=False, slots=True)
class ControlPoint:
    """One control point; a value the file does not repeat is carried forward.

    Angles in degrees (IEC 61217), positions in mm at the isocentre plane, doses in MU.
    A value that the file never gave is None.

    Attributes:
        number: ControlPointIndex.
        meterset_mu: MU delivered when the point is reached; None without a beam meterset.
        gantry_deg: Gantry angle.
        gantry_turn: CW, CC or NONE on the way to the next point.
        collimator_deg: Beam limiting device angle.
        couch_deg: Patient support angle.
        energy: Nominal beam energy in MV or MeV.
        dose_rate: MU/min.
        isocentre_mm: Patient coordinates.
        jaws: Two positions by device kind: ASYMX, ASYMY, X, Y.
        leaves: Positions by MLC kind, first bank then second; shape (2 * pairs,).
        wedges: Position by wedge number, e.g. IN or OUT.
        couch_mm: Vertical, longitudinal, lateral table top position.

    """

    number: int
    meterset_mu: float | None
    gantry_deg: float | None
    gantry_turn: str
    collimator_deg: float | None
    couch_deg: float | None
    energy: float | None
    dose_rate: float | None
    isocentre_mm: Floats | None
    jaws: dict[str, Floats]
    leaves: dict[str, Floats]
    wedges: dict[int, str]
    couch_mm: tuple[float | None, float | None, float | None]

    def jaw_mm(self, kinds: tuple[str, str]) -> tuple[float, float] | None:
        """Return the two jaw positions of an axis, or None when it has no jaws."""
        for kind in kinds:
            if kind in self.jaws:
                low, high = self.jaws[kind]
                return float(low), float(high)
        return None


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """One shielding block or aperture at the isocentre plane.

    Attributes:
        name: BlockName.
        kind: SHIELDING or APERTURE.
        outline_mm: X and Y of its outline at the isocentre plane, shape (n, 2).

    """

    name: str
    kind: str
    outline_mm: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Beam:
    """One beam.

    Attributes:
        number: BeamNumber.
        name: BeamName.
        kind: BeamType: STATIC or DYNAMIC.
        delivery: TreatmentDeliveryType: TREATMENT, SETUP ...
        radiation: RadiationType: PHOTON, ELECTRON ...
        machine: TreatmentMachineName.
        source_axis_mm: SourceAxisDistance; None when not told.
        meterset_mu: BeamMeterset of the first fraction group that has the beam; None when none.
        dose_gy: BeamDose of that group.
        leaf_banks: The multileaf collimators.
        blocks: Blocks.
        wedges: Type and angle of each wedge.
        applicator: ApplicatorID; empty when none.
        bolus: Number of boluses.
        points: Control points in order.
        is_tilted: Whether a pitch, roll or eccentric angle of table or gantry is not 0.

    """

    number: int
    name: str
    kind: str
    delivery: str
    radiation: str
    machine: str
    source_axis_mm: float | None
    meterset_mu: float | None
    dose_gy: float | None
    leaf_banks: tuple[LeafBank, ...]
    blocks: tuple[Block, ...]
    wedges: tuple[str, ...]
    applicator: str
    bolus: int
    points: tuple[ControlPoint, ...]
    is_tilted: bool = False

    @property
    def is_setup(self) -> bool:
        """Whether it treats nobody: a setup or imaging field."""
        return self.delivery not in ("TREATMENT", "")


@dataclass(frozen=True, eq=False, slots=True)
class Prescription:
    """One dose reference of the plan.

    Attributes:
        number: DoseReferenceNumber.
        description: DoseReferenceDescription.
        kind: DoseReferenceType: TARGET or ORGAN_AT_RISK.
        how: DoseReferenceStructureType: POINT, VOLUME, COORDINATES, SITE.
        structure_number: ROI it is about; None when about none.
        dose_gy: TargetPrescriptionDose; None when not given.
        maximum_gy: TargetMaximumDose or OrganAtRiskMaximumDose; None when not given.

    """

    number: int | None
    description: str
    kind: str
    how: str
    structure_number: int | None
    dose_gy: float | None
    maximum_gy: float | None


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """One fraction group: how often which beams are given."""

    number: int | None
    fractions: int | None
    beam_numbers: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """One RT plan.

    Attributes:
        item: The object it was read from.
        label: RTPlanLabel.
        name: RTPlanName.
        intent: PlanIntent.
        approval: ApprovalStatus.
        date: RTPlanDate.
        geometry: RTPlanGeometry: PATIENT or TREATMENT_DEVICE.
        frame_uid: FrameOfReferenceUID; empty when not told.
        structure_uids: Structure sets it was planned on.
        dose_uids: Doses it refers to.
        prescriptions: Dose references.
        groups: Fraction groups.
        beams: Beams in the order of the file.
        brachy_setups: Number of brachytherapy application setups.
        is_ion: Whether it is an RT Ion Plan, of which only the references are shown.
        patient_positions: PatientPosition of each setup, without repeats; the first leads.

    """

    item: Item
    label: str
    name: str
    intent: str
    approval: str
    date: str
    geometry: str
    frame_uid: str
    structure_uids: tuple[str, ...]
    dose_uids: tuple[str, ...]
    prescriptions: tuple[Prescription, ...]
    groups: tuple[FractionGroup, ...]
    beams: tuple[Beam, ...]
    brachy_setups: int
    is_ion: bool
    patient_positions: tuple[str, ...]

    @property
    def patient_position(self) -> str:
        """Patient position of the first setup; empty when not told."""
        return self.patient_positions[0] if self.patient_positions else ""

    @property
    def fractions(self) -> int | None:
        """Fractions of the only fraction group; None when there are several or none is told."""
        return self.groups[0].fractions if len(self.groups) == 1 else None

    @property
    def prescribed_gy(self) -> tuple[float, ...]:
        """Different prescribed target doses, highest first."""
        targets = (one for one in self.prescriptions if one.kind != "ORGAN_AT_RISK")
        doses = {one.dose_gy for one in targets if one.dose_gy}
        return tuple(sorted(doses, reverse=True))

    @property
    def isocentres_mm(self) -> tuple[tuple[float, float, float], ...]:
        """Different isocentres of the treatment beams, in patient coordinates."""
        found = {
            (float(x), float(y), float(z))
            for beam in self.beams
            for point in beam.points[:1]
            if point.isocentre_mm is not None and not beam.is_setup
            for x, y, z in [point.isocentre_mm.round(2)]
        }
        return tuple(sorted(found))
