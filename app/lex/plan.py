"""The plan as LEX needs it to write a transfer file: cm, degrees, MU, IEC 61217 signs.

Both plan sources (DICOM RT Plan, Pinnacle folder) end here. Lengths are centimetres because the
transfer file counts in centimetres; numbers are floats, unrounded: rounding happens in exactly
one place, where a column is written.
"""

from dataclasses import dataclass, field, fields
from math import isfinite


def _refuse_non_numbers(part: object) -> None:
    """Refuse NaN and infinity: no limit would ever be exceeded by them."""
    for entry in fields(part):  # type: ignore[arg-type]  # called by the dataclasses below only
        value = getattr(part, entry.name)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and not isfinite(number):
                raise ValueError(f"{entry.name} is {number}")


@dataclass(frozen=True, slots=True)
class Person:
    """The patient as the planning system names them."""

    id: str
    last_name: str
    first_name: str = ""
    middle_name: str = ""
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the patient that doses are given at or normalised to.

    Attributes:
        name: Name in the planning system; "" for a place alone.
        place_cm: Patient axes of the source, to tell points of one plan apart; None unknown.

    """

    name: str
    place_cm: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        _refuse_non_numbers(self)

    def same_as(self, other: "Point", tolerance_cm: float) -> bool:
        """Tell whether both are one place; by name only where a place is not known."""
        if self.place_cm is None or other.place_cm is None:
            return bool(self.name) and self.name.casefold() == other.name.casefold()
        pairs = zip(self.place_cm, other.place_cm, strict=True)
        return all(abs(a - b) <= tolerance_cm for a, b in pairs)

    def __str__(self) -> str:
        if self.name or self.place_cm is None:
            return self.name
        return "({:.2f}, {:.2f}, {:.2f}) cm".format(*self.place_cm)


@dataclass(frozen=True, slots=True)
class Device:
    """A wedge, block, cutout, bolus, applicator or compensator in the beam.

    Attributes:
        code: What the R&V system is most likely to call it (identifier, tray or accessory code).
        name: What the planner calls it.
        kind: "physical", "virtual" or "motorised" for a wedge; otherwise free.
        angle_deg: Wedge angle; None when it has none.
        orientation_deg: Wedge orientation; None when unknown.
        outline_cm: Corner points (x, y) at the isocentre plane for a block or cutout.

    """

    code: str
    name: str = ""
    kind: str = ""
    angle_deg: float | None = None
    orientation_deg: float | None = None
    outline_cm: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """One control point: the state reached once `meterset_share` of the beam is delivered.

    Attributes:
        meterset_share: 0 at the first point, 1 at the last, never falling.
        x1_cm, x2_cm, y1_cm, y2_cm: Jaws; None where the machine has no such jaw.
        left_cm: Leaf tips on the X1 side, leaf 1 at the Y1 end; empty without an MLC.
        right_cm: Leaf tips on the X2 side.
        gantry_turn, collimator_turn, couch_turn: Rotation to the next point: "CW", "CCW" or "".
        wedge_in: Whether a motorised wedge is in; None when there is none.
        plan_point: Its place in the plan, from 0, once its beam is arranged otherwise.

    """

    meterset_share: float
    gantry_deg: float
    collimator_deg: float
    couch_deg: float
    couch_top_deg: float = 0.0
    gantry_turn: str = ""
    collimator_turn: str = ""
    couch_turn: str = ""
    x1_cm: float | None = None
    x2_cm: float | None = None
    y1_cm: float | None = None
    y2_cm: float | None = None
    left_cm: tuple[float, ...] = ()
    right_cm: tuple[float, ...] = ()
    dose_rate_mu_min: float | None = None
    ssd_cm: float | None = None
    wedge_in: bool | None = None
    plan_point: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _refuse_non_numbers(self)
        if len(self.left_cm) != len(self.right_cm):
            raise ValueError(f"{len(self.left_cm)} left leaves face {len(self.right_cm)} right")


@dataclass(frozen=True, slots=True)
class Beam:
    """One beam of the plan.

    Attributes:
        number: Beam number of the planning system (Pinnacle: place in the list, from 1).
        modality: "Xrays", "Elect" or "Co-60".
        technique: "Static", "StepNShoot", "DMLC", "Arc" or "VMAT": what the geometry shows.
        mu: Monitor units of one fraction.
        mu_per_fraction_source: How `mu` was obtained, for the log.
        leaf_axis: "X" or "Y", the way the leaves move; "" without an MLC.
        leaf_edges_cm: Boundaries of the leaf pairs across their axis, rising; empty when unknown.
        isocentre_cm: DICOM patient axes; None when it cannot be given in them.
        field_id: The planner's own field ID, if the plan has one.
        depth_cm, dose_cgy: Depth of and dose per fraction at the prescription point.
        dose_model: "heterogeneous", "homogeneous" or the plan's own words; "" not stated.
        dose_engine: Name of the algorithm; "" not stated.
        dose_point: Point at which the beam's dose is given; None not stated.
        setup: True for an imaging or set-up beam that delivers no dose.

    """

    number: int
    name: str
    machine: str
    modality: str
    energy: float
    technique: str
    mu: float
    segments: tuple[Segment, ...]
    mu_per_fraction_source: str = ""
    fff: bool | None = None
    sad_cm: float | None = None
    leaf_axis: str = ""
    leaf_edges_cm: tuple[float, ...] = ()
    isocentre_cm: tuple[float, float, float] | None = None
    field_id: str = ""
    note: str = ""
    dose_cgy: float | None = None
    depth_cm: float | None = None
    dose_model: str = ""
    dose_engine: str = ""
    dose_point: Point | None = None
    wedges: tuple[Device, ...] = ()
    blocks: tuple[Device, ...] = ()
    boluses: tuple[Device, ...] = ()
    compensators: tuple[Device, ...] = ()
    applicator: Device | None = None
    cutout: Device | None = None
    setup: bool = False

    def __post_init__(self) -> None:
        _refuse_non_numbers(self)


@dataclass(frozen=True, slots=True)
class Prescription:
    """Beams that share a prescription (a fraction group in DICOM).

    Attributes:
        method: How it was prescribed, in the planning system's words; "" not stated.
        normalisation: What its dose is normalised to ("Point Dose"); "" not stated.
        point: The prescription point; None when there is none or it is not stated.
        isodose_point: Point that relative isodoses are normalised to; None when it is not stated
            or isodoses are absolute doses.

    """

    name: str
    fractions: int | None
    fraction_cgy: float | None
    total_cgy: float | None
    beams: tuple[Beam, ...]
    method: str = ""
    normalisation: str = ""
    point: Point | None = None
    isodose_point: Point | None = None

    def __post_init__(self) -> None:
        _refuse_non_numbers(self)


@dataclass(frozen=True, slots=True)
class Trial:
    """One deliverable version of a plan: a Pinnacle trial, or the whole DICOM RT Plan.

    Attributes:
        uid: SOP Instance UID of a DICOM plan; "" otherwise.
        position: Patient position in DICOM words ("HFS"), "" unknown.
        notes: What the reader chose or could not find; shown to the user.

    """

    name: str
    person: Person
    prescriptions: tuple[Prescription, ...]
    plan_name: str = ""
    uid: str = ""
    structure_set_uid: str = ""
    frame_uid: str = ""
    position: str = ""
    system_maker: str = ""
    system_model: str = ""
    system_version: str = ""
    approved: str = ""
    notes: tuple[str, ...] = ()

    @property
    def beams(self) -> tuple[Beam, ...]:
        """All beams, prescription by prescription."""
        return tuple(beam for rx in self.prescriptions for beam in rx.beams)
