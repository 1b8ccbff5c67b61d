"""What plan.Pinnacle.Machines says of the machines a plan uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from app.filter.pinnacle_stream import read_text, stream
from app.filter.plan_scale import AngleScale, PinnacleScale, mm_of_cm
from app.filter.plan_trial_calibration import MachineCalibration, calibration_of
from app.filter.plan_trial_keys import Keys, keys_of
from core.errors import UnreadableFileError

FILE_NAME = "plan.Pinnacle.Machines"
DIRECTIONS = ("LeftToRight", "RightToLeft", "TopToBottom", "BottomToTop")
ENERGY_LISTS = {"Photons": "PhotonEnergyList", "Electrons": "ElectronEnergyList"}
SIDES = ("Left", "Right", "Top", "Bottom")


@dataclass(frozen=True, slots=True)
class WedgeFacts:
    """A wedge of the machine; `codes` are its R&V names by direction, ``%`` for the angle."""

    name: str
    nominal_deg: Decimal | None
    dynamic: bool
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine version.

    Attributes:
        mu_decimals: Decimals to which Pinnacle rounds the MU of a beam.
        applicator_codes: Manufacturer's code by name in lower case.
        wedges: By name in lower case.
        calibration_cgy_per_mu: By modality and energy name.
        calibrations: In full, where they are stated whole.

    """

    name: str
    version: str
    sad_mm: Decimal | None
    scale: PinnacleScale
    mu_decimals: int | None
    applicator_codes: Mapping[str, str]
    wedges: Mapping[str, WedgeFacts]
    calibration_cgy_per_mu: Mapping[tuple[str, str], Decimal]
    calibrations: Mapping[tuple[str, str], MachineCalibration] = field(default_factory=dict)


def read_machines(folder: Path) -> tuple[Machine, ...]:
    """Return the machines stored with a plan.

    Raises:
        UnreadableFileError: The file is not there, or it holds no machine.
        UnreadableRecordError: It is damaged.

    """
    file = folder / FILE_NAME
    if not file.is_file():
        raise _no_machine(f"{FILE_NAME} is not beside the plan, so its scales are not known", file)
    everything = keys_of(stream(read_text(file), FILE_NAME), FILE_NAME)
    machines = tuple(_machine(keys) for keys in everything.numbered(""))
    if not machines:
        raise _no_machine(f"{FILE_NAME} holds no machine", file)
    return machines


def machine_of_beam(
    machines: tuple[Machine, ...], stated: str, modality: str, energy: str, where: str
) -> tuple[Machine, str]:
    """Return the machine of a beam, and a sentence when it is not the one named word for word.

    Args:
        machines: Machines stored with the plan.
        stated: The beam's MachineNameAndVersion, "name: version".
        modality: "Photons" or "Electrons".
        energy: The beam's MachineEnergyName.
        where: Beam, for the error message.

    Raises:
        UnreadableFileError: No machine, or more than one, could be meant.

    """
    name, _, version = stated.rpartition(": ")
    exact = [m for m in machines if (m.name, m.version) == (name, version)]
    if len(exact) == 1:
        return exact[0], ""
    named = [m for m in machines if m.name in (name, stated)]
    able = [m for m in machines if (modality, energy) in m.calibration_cgy_per_mu]
    for group in (named, able):
        if len(group) == 1:
            found = group[0]
            return found, (
                f"{FILE_NAME} has no machine {stated!r}; its scales were taken from "
                f"{found.name!r}, version {found.version!r}."
            )
    raise UnreadableFileError(
        f"{FILE_NAME} has no machine {stated!r}",
        where=where,
        remedy="Save the plan in Pinnacle with its machine and copy the whole plan folder again.",
    )


def _no_machine(what: str, file: Path) -> UnreadableFileError:
    return UnreadableFileError(
        what, where=str(file), remedy="Copy the whole plan folder, not plan.Trial alone."
    )


def _machine(keys: Keys) -> Machine:
    name = keys.text("Name")
    keys = keys.at(f"{FILE_NAME}, machine {name}")
    sad_cm = keys.number("SAD")
    return Machine(
        name=name,
        version=keys.text("VersionTimestamp"),
        sad_mm=None if sad_cm is None else mm_of_cm(sad_cm),
        scale=_scale(keys),
        mu_decimals=_decimals(keys),
        applicator_codes={
            item.text("Name").lower(): item.text("ManufacturerCode")
            for item in keys.listed("ElectronApplicatorList.ElectronApplicator")
        },
        wedges={
            item.text("Name").lower(): _wedge(item) for item in keys.listed("WedgeList.Wedge")
        },
        calibration_cgy_per_mu=_calibrations(keys),
        calibrations=_whole_calibrations(keys, name),
    )


def _decimals(keys: Keys) -> int | None:
    decimals = keys.whole("MonitorUnitDecimalPlaces")
    if decimals is not None and not 0 <= decimals <= 6:
        raise keys.fault("MonitorUnitDecimalPlaces", f"{decimals} decimals of a monitor unit")
    return decimals


def _scale(keys: Keys) -> PinnacleScale:
    rows = keys.listed("MultiLeaf.LeafPairList.MLCLeafPair")
    widths = [row.number("Width") for row in rows]
    return PinnacleScale(
        gantry=_angle(keys, "GantryAngle"),
        couch=_angle(keys, "CouchAngle"),
        collimator=_angle(keys, "CollimatorAngle"),
        jaws=_jaw_names(keys),
        rows_cm=tuple(row.need("YCenterPosition") for row in rows),
        widths_cm=() if None in widths else tuple(width for width in widths if width is not None),
        along_left_right=keys.flag("MultiLeaf.AlignedWithLeftRightJaw"),
    )


def _angle(keys: Keys, name: str) -> AngleScale:
    return AngleScale(
        keys.number(f"{name}.TwelveOClockAngle"), keys.flag(f"{name}.ClockwiseIncreases")
    )


def _jaw_names(keys: Keys) -> tuple[str, str, str, str]:
    """Return the jaw names of the R&V settings, or the machine's own where there are none."""
    left, right, top, bottom = (
        (keys.text(f"ConfigRV.{side}Jaw") or keys.text(f"{side}JawName")).lstrip("-")
        for side in SIDES
    )
    return left, right, top, bottom


def _wedge(keys: Keys) -> WedgeFacts:
    return WedgeFacts(
        keys.text("Name"),
        keys.number("NominalAngle"),
        bool(keys.flag("IsDynamic")),
        {f"Wedge{way}": keys.text(f"{way}Code") for way in DIRECTIONS},
    )


def _calibrations(keys: Keys) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for modality, name in ENERGY_LISTS.items():
        for energy in keys.listed(f"{name}.MachineEnergy"):
            dose = energy.number("PhysicsData.OutputFactor.DosePerMuAtCalibration")
            if dose is not None and dose > 0:
                found[modality, energy.text("Name")] = dose
    return found


def _whole_calibrations(keys: Keys, machine: str) -> dict[tuple[str, str], MachineCalibration]:
    found: dict[tuple[str, str], MachineCalibration] = {}
    for modality, name in ENERGY_LISTS.items():
        for energy in keys.listed(f"{name}.MachineEnergy"):
            own = calibration_of(energy, machine)
            if own is not None:
                found[modality, energy.text("Name")] = own
    return found
