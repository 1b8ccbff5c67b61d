"""The vocabulary of RTP-Filter: IEC 61217 scale, mm, degrees, MU, cGy.

Every number is a `Decimal` that keeps the digits of its source, so that a comparison can know
how finely the value was written: ``Decimal("4.20")`` was written to 0.01, ``Decimal("4.2")`` to
0.1. None always means that the source does not hold the value; an empty tuple means that the
source says there is none. Impossible machine states can be built (leaves that cross), or no check
could see them; a value that is not a finite number cannot.
"""

from dataclasses import dataclass, field
from decimal import Decimal


def _require_finite(record: object) -> None:
    """Refuse a number that is not finite: no comparison with it would ever raise a hand."""
    for name in record.__dataclass_fields__:  # type: ignore[attr-defined]  # callers are dataclasses
        value = getattr(record, name)
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"{name} is {value}")


@dataclass(frozen=True, slots=True)
class Point:
    """A point in the DICOM patient frame."""

    x_mm: Decimal
    y_mm: Decimal
    z_mm: Decimal

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class LeafBanks:
    """One multileaf collimator layer at the isocentre plane.

    Attributes:
        a_mm: Tips of the X1-side bank (Y1 side when `along` is "Y"), IEC sign: negative until the
            leaf crosses the axis. Leaf 1 first, at the negative end of the other axis.
        b_mm: Tips of the X2-side bank, positive until the leaf crosses the axis; same length.
        along: Axis the leaves move along: "X", "Y", or "" where the source does not say.
        edges_mm: Edges of the pairs along the other axis, rising, one more than there are pairs;
            empty where the source does not say.

    """

    a_mm: tuple[Decimal, ...]
    b_mm: tuple[Decimal, ...]
    along: str = ""
    edges_mm: tuple[Decimal, ...] = ()

    def __post_init__(self) -> None:
        if len(self.a_mm) != len(self.b_mm):
            raise ValueError(f"{len(self.a_mm)} leaves face {len(self.b_mm)}")
        if self.edges_mm and len(self.edges_mm) != len(self.a_mm) + 1:
            raise ValueError(f"{len(self.edges_mm)} edges bound {len(self.a_mm)} pairs")
        if not all(map(Decimal.is_finite, self.a_mm + self.b_mm + self.edges_mm)):
            raise ValueError("a leaf position is not a number")


@dataclass(frozen=True, slots=True)
class Accessory:
    """A wedge, block, bolus, applicator or compensator.

    Attributes:
        names: Every name under which the source knows it (identifier, tray code, name), the one
            the R&V system most likely uses first.
        kind: What the source says of its kind, e.g. DICOM WedgeType; empty when nothing.
        angle_deg: Wedge angle.
        orientation_deg: Wedge orientation, IEC.

    """

    names: tuple[str, ...]
    kind: str = ""
    angle_deg: Decimal | None = None
    orientation_deg: Decimal | None = None

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class Couch:
    """Table-top position in the scale of its source; never compare across scales."""

    vertical_mm: Decimal | None = None
    lateral_mm: Decimal | None = None
    longitudinal_mm: Decimal | None = None

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class Jaws:
    """Jaw positions at the isocentre plane, IEC sign; None where the machine has no such jaw."""

    x1_mm: Decimal | None = None
    x2_mm: Decimal | None = None
    y1_mm: Decimal | None = None
    y2_mm: Decimal | None = None

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """The state of the machine reached at a cumulative share of the field's MU.

    Values that the source leaves out because they have not changed are filled in; `stated` names
    those that the source itself wrote at this point.

    Attributes:
        number: Number of the point, 0-based.
        cumulative: Share of the field's MU delivered up to and including this point, 0 to 1.
        stated: Names of the attributes (and "x1_mm" ... of `jaws`) written at this very point.

    """

    number: int
    cumulative: Decimal
    gantry_deg: Decimal | None = None
    gantry_direction: str | None = None
    collimator_deg: Decimal | None = None
    collimator_direction: str | None = None
    couch_deg: Decimal | None = None
    couch_direction: str | None = None
    pedestal_deg: Decimal | None = None
    pedestal_direction: str | None = None
    jaws: Jaws = Jaws()
    layers: tuple[LeafBanks, ...] = ()
    couch: Couch = Couch()
    isocentre: Point | None = None
    energy: Decimal | None = None
    dose_rate_mu_min: Decimal | None = None
    ssd_mm: Decimal | None = None
    wedge_in: bool | None = None
    stated: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the R&V system, or one plan beam brought to the same form.

    Attributes:
        id: Field ID of the R&V system; for a plan beam its field ID, or "" when it has none.
        name: Field or beam name.
        number: Beam number of the planning system, if known (R&V: Original_Beam_Number).
        source_name: The planning system's own beam name (R&V: Original_Beam_Name).
        site: Site or prescription the field belongs to.
        setup: True for a field that only images or positions: compared only for the absence of MU.
        modality: "Xrays", "Elect", "Co-60", "Protons", ... in RTP-Connect words; None unknown.
        energy: Nominal energy, MV or MeV.
        fff: Flattening-filter-free; None when the source does not say.
        mu: Total MU, wedged part included.
        wedge_mu: MU with the motorised wedge in.
        dose_cgy: Dose per fraction this field is booked with.
        jaws, gantry_deg, ...: as stated for the field as a whole (its first control point in a
            source without such a statement).
        arc_direction: "CW", "CCW"; "" for a fixed gantry; None unknown.
        unread: Items whose text is there but cannot be brought to IEC, with the reason.
        elements: (item, element) where the record's element that holds an IEC item bears another
            name: a native export may keep the X1-side leaves in bank B ("mlc_a", "mlc_b").

    """

    id: str
    name: str = ""
    number: int | None = None
    source_name: str = ""
    source_plan_uid: str = ""
    site: str = ""
    note: str | None = None
    treatment_type: str = ""
    setup: bool = False
    machine: str | None = None
    tolerance_table: str | None = None
    modality: str | None = None
    energy: Decimal | None = None
    fff: bool | None = None
    dose_rate_mu_min: Decimal | None = None
    mu: Decimal | None = None
    wedge_mu: Decimal | None = None
    dose_cgy: Decimal | None = None
    sad_mm: Decimal | None = None
    ssd_mm: Decimal | None = None
    gantry_deg: Decimal | None = None
    collimator_deg: Decimal | None = None
    couch_deg: Decimal | None = None
    pedestal_deg: Decimal | None = None
    jaws: Jaws = Jaws()
    couch: Couch = Couch()
    isocentre: Point | None = None
    arc_direction: str | None = None
    arc_start_deg: Decimal | None = None
    arc_stop_deg: Decimal | None = None
    arc_mu_per_deg: Decimal | None = None
    wedges: tuple[Accessory, ...] | None = None
    blocks: tuple[Accessory, ...] | None = None
    compensators: tuple[Accessory, ...] | None = None
    boluses: tuple[Accessory, ...] | None = None
    applicators: tuple[Accessory, ...] | None = None
    cutouts: tuple[Accessory, ...] | None = None
    control_points: tuple[ControlPoint, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    elements: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class Prescription:
    """What is prescribed to one site.

    Attributes:
        site: Name of the site or prescription.
        modality: Modality as the physician chose it, free text (R&V), or None.
        total_cgy: Total dose of the site.
        fraction_cgy: Dose per fraction.
        fractions: Planned number of fractions as stated by the source, not computed.
        field_count: Number of fields the source says the site has.

    """

    site: str
    technique: str | None = None
    modality: str | None = None
    dose_spec: str | None = None
    pattern: str | None = None
    note: str | None = None
    total_cgy: Decimal | None = None
    fraction_cgy: Decimal | None = None
    fractions: int | None = None
    field_count: int | None = None

    def __post_init__(self) -> None:
        _require_finite(self)


@dataclass(frozen=True, slots=True)
class Patient:
    """Who it is for. Names as the source writes them, parts separated as in DICOM PN."""

    id: str = ""
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one source holds: an R&V export or a plan.

    Attributes:
        source: File or folder, for the report.
        kind: "RTP-Connect", "DICOM RT Plan", "Pinnacle plan".
        position: Patient position, DICOM words ("HFS", ...), or None.
        notes: Sentences about what was chosen or could not be read; they appear in the report.
        gaps: (item, why) that hold for the whole source: not checkable, shown as such.
        approval: As the source states it, DICOM words ("APPROVED", ...); "" where it does not.

    """

    source: str
    kind: str
    patient: Patient = Patient()
    plan_id: str = ""
    plan_uid: str = ""
    course: str = ""
    position: str | None = None
    prescriptions: tuple[Prescription, ...] = ()
    fields: tuple[Field, ...] = ()
    notes: tuple[str, ...] = ()
    gaps: tuple[tuple[str, str], ...] = field(default=())
    approval: str = ""
