"""How a plan says that its machine is calibrated: plan.Pinnacle.Machines, no DICOM plan."""

from dataclasses import dataclass

from app.filter.plan_trial_keys import Keys

SIDES = ("LeftJawPosition", "RightJawPosition", "TopJawPosition", "BottomJawPosition")


@dataclass(frozen=True, slots=True)
class MachineCalibration:
    """Where one MU of a plan's machine gives `cgy_per_mu`.

    Attributes:
        machine: Name of the machine.
        distance_cm: Source to point.
        depth_cm: Of the point in water.
        field_cm: Sides of the field at the isocentre, X and Y.

    """

    machine: str
    cgy_per_mu: float
    distance_cm: float
    depth_cm: float
    field_cm: tuple[float, float]


def calibration_of(energy: Keys, machine: str) -> MachineCalibration | None:
    """Return the calibration of an energy; None where it is not stated whole, or has a wedge."""
    start = "PhysicsData.OutputFactor."
    dose = energy.number(f"{start}DosePerMuAtCalibration")
    distance = energy.number(f"{start}SourceToCalibrationPointDistance")
    ssd = energy.number(f"{start}CalibrationGeometry.MeasurementSSD")
    wedge = energy.text(f"{start}CalibrationGeometry.WedgeContext.WedgeName")
    jaws = [energy.number(f"{start}CalibrationGeometry.{side}") for side in SIDES]
    if not dose or distance is None or ssd is None or distance <= ssd or wedge != "No Wedge":
        return None
    left, right, top, bottom = (float(jaw or 0) for jaw in jaws)
    if left + right <= 0 or top + bottom <= 0:
        return None
    return MachineCalibration(
        machine, float(dose), float(distance), float(distance - ssd), (left + right, top + bottom)
    )
