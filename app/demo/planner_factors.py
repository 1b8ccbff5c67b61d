"""Output factors and MU identity of the demonstration machine in the planner.

MU = PrescriptionDose / (NormalizedDose x CollimatorOutputFactor x TotalTransmissionFraction x
DosePerMuAtCalibration). The collimator factor is the ratio measured / phantom of the table,
interpolated over the side of the equivalent square of the jaws; NormalizedDose is what makes the
identity hold, rounded as the file prints it.
"""

from dataclasses import dataclass
from math import log

from app.demo.clif import number
from app.demo.truth import PLAN, DemoBeam, DemoWedge

SIDES_CM = (4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)
WEDGES = tuple(beam.wedge for beam in PLAN.beams if beam.wedge)
DIRECTIONS = {0: "BottomToTop", 180: "TopToBottom", 270: "LeftToRight", 90: "RightToLeft"}
_WEDGE_FACTOR = {"EDW": 0.73, "30 Wedge": 0.65}


@dataclass(frozen=True, slots=True)
class Energy:
    """An energy of the machine; `name` is the beam's MachineEnergyName."""

    name: str
    modality: str
    nominal: int
    dose_per_mu_cgy: float
    reference_depth_mm: float


ENERGIES = (
    Energy("6X", "photon", 6, 0.8, 100.0),
    Energy("18X", "photon", 18, 0.9, 100.0),
    Energy("12E", "electron", 12, 1.0, 28.0),
)


def energy_of(beam: DemoBeam) -> Energy:
    """Return the machine's energy of a beam."""
    return next(e for e in ENERGIES if (e.modality, e.nominal) == (beam.modality, beam.energy))


def measured(side_cm: float, wedge: DemoWedge | None) -> float:
    """Return the measured output factor of a square field."""
    factor = _WEDGE_FACTOR[wedge.name] if wedge else 1.0
    return round(factor * (1 + 0.075 * log(side_cm / 10)), 4)


def phantom(side_cm: float) -> float:
    """Return the phantom output factor of a square field."""
    return round(1 + 0.045 * log(side_cm / 10), 4)


def collimator_factor(beam: DemoBeam) -> float:
    """Return the stored collimator output factor: 1 for electrons, else interpolated."""
    if beam.modality == "electron":
        return 1.0
    jaws = beam.jaws
    x_cm, y_cm = (jaws.x2_mm - jaws.x1_mm) / 10, (jaws.y2_mm - jaws.y1_mm) / 10
    side_cm = 2 * x_cm * y_cm / (x_cm + y_cm)
    upper = next(k for k, side in enumerate(SIDES_CM) if side > side_cm)
    low, high = SIDES_CM[upper - 1 : upper + 1]
    below, above = (measured(side, beam.wedge) / phantom(side) for side in (low, high))
    return _printed(below + (above - below) * (side_cm - low) / (high - low))


def transmission(beam: DemoBeam) -> float:
    """Return the factor of the tray, 1 without a block."""
    return beam.block.tray_factor if beam.block else 1.0


def normalized_dose(beam: DemoBeam) -> float:
    """Return the value that makes the identity give the beam's MU."""
    others = collimator_factor(beam) * transmission(beam) * energy_of(beam).dose_per_mu_cgy
    return _printed(beam.field_dose_cgy / (beam.mu * others))


def _printed(value: float) -> float:
    return float(number(value))
