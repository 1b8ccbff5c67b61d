"""What the demonstration set was made from: one plan, two prescriptions, five beams.

Every file of the set says the same as `PLAN`; a reader can be compared with it. Scale IEC 61217,
lengths mm at the isocentre plane, angles degrees, dose cGy per fraction; points in DICOM patient
axes, head first supine. No value is a patient's or a machine's.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import pi, sin

import numpy as np

from app.demo.anatomy import Point, depth_mm
from app.demo.apertures import BOUNDARIES_MM, Leaves, Oval, arc_leaves, oval_leaves, step_leaves
from app.demo.geometry import SAD_MM, beam_axes, source_mm

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class DemoWedge:
    """A wedge in place; `toe_deg` 0 points its thin end to +Y (the gantry), 270 to +X (IEC)."""

    code: str
    name: str
    angle_deg: int
    toe_deg: int
    dynamic: bool


@dataclass(frozen=True, slots=True)
class DemoBlock:
    """A block or a cutout: code of the tray, outline in the beam frame, factor of the tray."""

    code: str
    outline_mm: Outline
    tray_factor: float


@dataclass(frozen=True, slots=True)
class DemoJaws:
    """Jaws on the IEC scale: X1 and Y1 negative on their own side."""

    x1_mm: float
    x2_mm: float
    y1_mm: float
    y2_mm: float


@dataclass(frozen=True, slots=True)
class DemoAperture:
    """A setting of the machine and the MU given with it, or in an arc from it to the next."""

    gantry_deg: float
    ssd_mm: float
    mu: int
    leaves: Leaves


@dataclass(frozen=True, slots=True)
class DemoPoint:
    """A control point: a setting and the cumulative MU at which it is reached."""

    gantry_deg: float
    ssd_mm: float
    mu_before: int
    leaves: Leaves


@dataclass(frozen=True, slots=True)
class DemoPrescription:
    """A prescription: `name` in the plan, `site` in the R&V system."""

    name: str
    site: str
    modality: str
    technique: str
    dose_cgy: int
    fractions: int
    isocentre_name: str
    isocentre_mm: Point
    point_name: str
    point_mm: Point


@dataclass(frozen=True, slots=True)
class DemoBeam:
    """A treatment beam.

    Attributes:
        kind: "static", "step and shoot" or "arc".
        modality: "photon" or "electron"; `energy` is MV or MeV.
        field_dose_cgy: Dose of one fraction at the prescription's point.
        apertures: One for a static beam; the last one of an arc has no MU.

    """

    number: int
    id: str
    name: str
    kind: str
    modality: str
    energy: int
    prescription: DemoPrescription
    field_dose_cgy: float
    dose_rate_mu_min: int
    collimator_deg: float
    couch_deg: float
    jaws: DemoJaws
    apertures: tuple[DemoAperture, ...]
    arc_direction: str = ""
    wedge: DemoWedge | None = None
    block: DemoBlock | None = None
    applicator: str = ""
    cutout: DemoBlock | None = None
    bolus_mm: float = 0.0

    @property
    def mu(self) -> int:
        """MU of one fraction."""
        return sum(aperture.mu for aperture in self.apertures)

    def points(self) -> tuple[DemoPoint, ...]:
        """Return the control points as DICOM and the R&V system count them.

        An arc has one for each aperture. A static or step-and-shoot beam has two for each: the
        setting is reached, and its MU are given (DICOM PS3.3, C.8.8.14).
        """
        given = 0
        made = []
        for aperture in self.apertures:
            made.append(_point(aperture, given))
            given += aperture.mu
            if self.kind != "arc":
                made.append(_point(aperture, given))
        return tuple(made)


def _point(aperture: DemoAperture, mu_before: int) -> DemoPoint:
    return DemoPoint(aperture.gantry_deg, aperture.ssd_mm, mu_before, aperture.leaves)


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """The plan, its patient and what the R&V system adds."""

    patient_id: str
    last_name: str
    first_name: str
    label: str
    course: int
    machine: str
    machine_type: str
    tolerance_table: int
    couch_vertical_mm: float
    couch_lateral_mm: float
    couch_longitudinal_mm: float
    boundaries_mm: tuple[float, ...]
    prescriptions: tuple[DemoPrescription, ...]
    beams: tuple[DemoBeam, ...]

    def beams_of(self, prescription: DemoPrescription) -> tuple[DemoBeam, ...]:
        """Return the beams of one prescription, in order."""
        return tuple(beam for beam in self.beams if beam.prescription == prescription)


PELVIS = DemoPrescription(
    "PELVIS", "PELVIS", "Xrays", "IMRT", 200, 25, "iso", (12, -20, 36), "iso", (12, -20, 36)
)
BOOST = DemoPrescription(
    "PELVIS 2", "PELVIS 2", "Elect", "ELECTRON", 200, 5,
    "iso e", (52, -120, 36), "e point", (52, -100, 36),
)  # fmt: skip


def ssd_mm(isocentre_mm: Point, gantry_deg: float, couch_deg: float) -> float:
    """Return the distance source to skin along the beam axis, to the nearest mm, without bolus."""
    source = source_mm(isocentre_mm, beam_axes(gantry_deg, 0, couch_deg))
    point = np.array(isocentre_mm, dtype=float)[:, None]
    return float(round(SAD_MM - float(depth_mm(point, source)[0])))


def _static(iso: DemoPrescription, gantry_deg: float, mu: int, leaves: Leaves) -> DemoAperture:
    return DemoAperture(gantry_deg, ssd_mm(iso.isocentre_mm, gantry_deg, 0), mu, leaves)


def _steps(gantry_deg: float, couch_deg: float, oval: Oval) -> tuple[DemoAperture, ...]:
    """Return four segments; the third leaves the isocentre in the shadow of a leaf."""
    sides = [(-1.0, 1.0), (-1.0, 0.3), (0.2, 1.0), (-0.6, 0.7)]
    ssd = ssd_mm(PELVIS.isocentre_mm, gantry_deg, couch_deg)
    shapes = step_leaves(oval, sides)
    return tuple(
        DemoAperture(gantry_deg, ssd, mu, leaves)
        for mu, leaves in zip((32, 20, 16, 12), shapes, strict=True)
    )


def _arc(angles_deg: list[float], mu: int, oval: Oval) -> tuple[DemoAperture, ...]:
    """Return the control points of an arc, whole MU between neighbours, more in front and back."""
    steps = len(angles_deg) - 1
    reached = [round(mu * (k / steps + 0.024 * sin(4 * pi * k / steps))) for k in range(steps + 1)]
    shares = [after - before for before, after in pairwise(reached)] + [0]
    return tuple(
        DemoAperture(angle, ssd_mm(PELVIS.isocentre_mm, angle, 0), share, leaves)
        for angle, share, leaves in zip(
            angles_deg, shares, arc_leaves(oval, steps + 1), strict=True
        )
    )


_ARC_DEG = [181.0] + [float((187 + 8 * k) % 360) for k in range(45)]
# MU and doses agree with the generic dosimetry book to 1.5 %: the MU check of the plan passes.
# Totals of beams with segments are products of 2 and 5: every share has at most 6 decimals.
BEAMS = (
    DemoBeam(
        1, "1", "AP VW60", "static", "photon", 6, PELVIS, 32.25, 300, 0.0, 0.0,
        DemoJaws(-40.0, 43.0, -30.0, 40.0),
        (_static(PELVIS, 0.0, 60, oval_leaves(Oval(2, 5, 36, 37.5))),),
        wedge=DemoWedge("ED60-Y1", "EDW", 60, 0, dynamic=True),
    ),
    DemoBeam(
        2, "2", "RPO IMRT", "step and shoot", "photon", 6, PELVIS, 39.25, 400, 10.0, 350.0,
        DemoJaws(-40.0, 40.0, -35.0, 40.0),
        _steps(220.0, 350.0, Oval(0, 2.5, 35, 40)),
    ),
    DemoBeam(
        3, "3", "ARC 1", "arc", "photon", 6, PELVIS, 100.50, 600, 30.0, 0.0,
        DemoJaws(-38.0, 38.0, -35.0, 35.0),
        _arc(_ARC_DEG, 160, Oval(0, 0, 34, 37.5)),
        arc_direction="CW",
    ),
    DemoBeam(
        4, "4", "LAO BLK", "static", "photon", 18, PELVIS, 28.00, 300, 90.0, 0.0,
        DemoJaws(-45.0, 50.0, -40.0, 46.0),
        (_static(PELVIS, 40.0, 50, ()),),
        wedge=DemoWedge("30LEFT", "30 Wedge", 30, 270, dynamic=False),
        block=DemoBlock("BLK1", ((20, -45), (55, -45), (55, -15), (20, -45)), 0.97),
    ),
    DemoBeam(
        5, "5", "E BOOST", "static", "electron", 12, BOOST, 200.00, 400, 0.0, 0.0,
        DemoJaws(-70.0, 70.0, -70.0, 70.0),
        (_static(BOOST, 0.0, 206, ()),),
        applicator="10x10",
        cutout=DemoBlock(
            "CUT1",
            ((-40, -25), (-25, -38), (25, -38), (40, -25), (40, 25), (25, 38), (-25, 38),
             (-40, 25), (-40, -25)),
            1.0,
        ),
        bolus_mm=5.0,
    ),
)  # fmt: skip
PLAN = DemoPlan(
    patient_id="DEMO-0001",
    last_name="DEMO",
    first_name="PATIENT",
    label="PELVIS",
    course=1,
    machine="DEMO LINAC",
    machine_type="demo_linac",
    tolerance_table=2,
    couch_vertical_mm=-135.0,
    couch_lateral_mm=12.0,
    couch_longitudinal_mm=820.0,
    boundaries_mm=BOUNDARIES_MM,
    prescriptions=(PELVIS, BOOST),
    beams=BEAMS,
)


def demo_fields() -> tuple[DemoBeam, ...]:
    """Return the beams of the demonstration plan, in the order of every file of the set."""
    return PLAN.beams
