"""What the check of the monitor units has found: the fields, their sums, the whole report."""

from dataclasses import dataclass

from app.filter.mu.electron import ElectronDose
from app.filter.mu.photon import PhotonDose
from app.filter.mu.steadiness import Steadiness
from app.filter.plan_trial_calibration import MachineCalibration
from app.filter.rule_set import RuleSet
from core.findings import Finding, NotChecked, State, overall

RULE_VERSION = "MU-3"


@dataclass(frozen=True, slots=True)
class BeamResult:
    """One R&V field: its dose by the book against the plan's.

    Attributes:
        plan_cgy: Dose of the plan's beam at the point; None when the plan does not state it or
            the field is only a part of the beam.
        why: Why nothing was calculated, or why what was calculated is no check.
        part_of: Dose of the whole beam, where this field is only a part of it.
        place: The point in the frame of the plan.
        number: Of the plan's beam: names may stand twice.
        steady: What the dose is made of; None for electrons.
        assumed: Whether the depth was taken from the SSD, so that nobody knows what lies in it.
        calibration: Of the plan's machine; None where the plan does not state it.

    """

    field_id: str
    beam: str
    site: str
    mu: float | None
    book_beam: str = ""
    dose: PhotonDose | ElectronDose | None = None
    plan_cgy: float | None = None
    state: State = State.NOT_RUN
    point: str = ""
    why: str = ""
    remedy: str = ""
    part_of: float | None = None
    place: tuple[float, ...] = ()
    number: int | None = None
    steady: Steadiness | None = None
    assumed: bool = False
    calibration: MachineCalibration | None = None

    @property
    def dose_cgy(self) -> float | None:
        """Dose per fraction by the book."""
        return None if self.dose is None else self.dose.dose_cgy

    @property
    def difference_percent(self) -> float | None:
        """Book less plan, in per cent of the plan; None where it is no check."""
        return None if self.why else percent(self.dose_cgy, self.plan_cgy)


@dataclass(frozen=True, slots=True)
class Total:
    """Sum over a split beam, or over one prescription at the common point of its beams.

    Attributes:
        members: Places of the summed fields among the report's fields.
        why: Why there is no sum, or why it is no check.

    """

    label: str
    dose_cgy: float | None
    plan_cgy: float | None
    state: State
    why: str = ""
    members: tuple[int, ...] = ()

    @property
    def difference_percent(self) -> float | None:
        """Book less plan, in per cent of the plan; None where it is no check."""
        return None if self.why else percent(self.dose_cgy, self.plan_cgy)


@dataclass(frozen=True, slots=True)
class MuReport:
    """The whole result; every page, sheet and command shows this and nothing else."""

    rv: str
    plan: str
    patient_id: str
    patient_name: str
    book: str
    book_digest: str
    notice: str
    beams: tuple[BeamResult, ...]
    totals: tuple[Total, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    limits: tuple[float, float, float]
    rule_version: str = RULE_VERSION
    rules: RuleSet | None = None

    @property
    def status(self) -> State:
        """ERROR, WARNING or PASS; a field that was not calculated keeps it from PASS."""
        state = overall(self.findings)
        silent = any(one.state == State.NOT_RUN for one in self.findings)
        return State.WARNING if silent and state == State.PASS else state

    @property
    def ran(self) -> bool:
        """Whether any field was calculated at all."""
        return any(one.dose is not None for one in self.beams)


def percent(value: float | None, of: float | None) -> float | None:
    """Return the difference in per cent of the second; None without either."""
    return None if value is None or not of else 100 * (value / of - 1)
