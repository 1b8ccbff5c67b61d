"""Machine descriptions: what a treatment machine has, each value with where it is known from.

Lengths are mm at the isocentre plane, angles degrees; positions and angles stand on the IEC 61217
scale, so side 1 is negative while it has not crossed the axis. A range of an angle is unrolled
about 0: 350 degrees is -10. One TOML file describes one machine type; the clinic's own file of
the same name replaces the shipped one whole, so that no machine is ever half-merged.
"""

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.errors import ClinicFileError
from core.layers import Layers, Own
from core.machine_values import Confidence, Listed, Place, Span, Value, near_name, read_section
from core.paths import RESOURCES

__all__ = ["Confidence", "Listed", "Machine", "Value", "digest", "machine_ids", "read_machine"]


@dataclass(frozen=True, slots=True)
class ApplicatorJaws:
    """Jaw opening (full width and length) that one electron applicator asks for."""

    applicator: str
    energy_mev: float
    x_mm: float
    y_mm: float


# Attributes are the keys of the file, annotations the types of its values.


@dataclass(frozen=True, slots=True)
class Mlc:
    """The multileaf collimator; boundaries run along the axis across the leaves, rising.

    Attributes:
        replaces_jaw: "X" or "Y" for the jaw pair the leaves stand in for, "none" for neither.
        minimum_gap_mm: Between facing open tips.
        gap_under_jaw_mm: Opening given to pairs the jaws cover (Siochi 2009, II.B, L-10).
        span_mm: Largest distance between two leaves of one side.

    """

    boundaries_mm: Value[tuple[float, ...]]
    leaf_x1_mm: Value[Span]
    leaf_x2_mm: Value[Span]
    span_mm: Value[float]
    speed_mm_s: Value[float]
    interdigitation: Value[bool]
    minimum_gap_mm: Value[float]
    gap_under_jaw_mm: Value[float]
    replaces_jaw: Value[str]
    transmission: Value[float]

    @property
    def pairs(self) -> int:
        """Number of leaf pairs; raises MissingDataError when the boundaries are not known."""
        return len(self.boundaries_mm.require()) - 1


@dataclass(frozen=True, slots=True)
class Jaws:
    """Range of each jaw; `y_reach_mm` is how far a Y jaw may be from the first open leaf pair."""

    x1_mm: Value[Span]
    x2_mm: Value[Span]
    y1_mm: Value[Span]
    y2_mm: Value[Span]
    y_reach_mm: Value[float]


@dataclass(frozen=True, slots=True)
class Energies:
    """Nominal energies; `fff_mv` are the beams without a flattening filter."""

    photon_mv: Listed[float]
    fff_mv: Listed[float]
    electron_mev: Listed[float]


@dataclass(frozen=True, slots=True)
class DoseRates:
    """Dose rates to choose from, and the ranges they lie in."""

    photon_mu_min: Listed[float]
    fff_mu_min: Listed[float]
    electron_mu_min: Listed[float]
    photon_range_mu_min: Value[Span]
    fff_range_mu_min: Value[Span]
    electron_range_mu_min: Value[Span]


@dataclass(frozen=True, slots=True)
class Applicators:
    """Electron applicators and the jaw opening each asks for."""

    names: Listed[str]
    jaws: Value[tuple[ApplicatorJaws, ...]]


@dataclass(frozen=True, slots=True)
class Wedges:
    """Wedges: metal, motorised, and dynamic (virtual: a Y or X jaw moves during the beam).

    Attributes:
        allowed_dynamic_deg: What the clinic uses of the angles offered (L-15).
        dynamic_axis: Jaw pair that makes the wedge, "X" or "Y".
        dynamic_gap_mm: Distance between the two jaws at the closed end of the travel.
        dynamic_factor: Wedge factor on the axis.

    """

    physical_deg: Listed[float]
    motorised_deg: Listed[float]
    dynamic_deg: Listed[float]
    dynamic_range_deg: Value[Span]
    allowed_dynamic_deg: Listed[float]
    dynamic_axis: Value[str]
    dynamic_gap_mm: Value[float]
    dynamic_longest_field_mm: Value[float]
    dynamic_minimum_mu: Value[float]
    dynamic_factor: Value[float]


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ranges of the rotations; a range wider than 360 degrees means overrun."""

    gantry_deg: Value[Span]
    collimator_deg: Value[Span]


@dataclass(frozen=True, slots=True)
class Couch:
    """Ranges of the couch; translations on the machine's own scale."""

    angle_deg: Value[Span]
    vertical_mm: Value[Span]
    longitudinal_mm: Value[Span]
    lateral_mm: Value[Span]


@dataclass(frozen=True, slots=True)
class Scale:
    """The machine's own scales in words, for people: nothing may calculate from this text.

    LEX and RTP-Filter each have their own conversion, or one wrong row would fool both.
    """

    names: Value[tuple[str, ...]]
    angles_to_iec: Value[str]
    signs: Value[str]


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine type.

    Attributes:
        id: Stem of the file.
        digest: SHA-256 of the file this was read from, for the report.
        mlc_type: Code of the leaf maker in RTP-Connect (LED17001).
        mlc: None when the file has no section [mlc].

    """

    id: str
    digest: str
    vendor: str
    model: str
    mlc_type: Value[int]
    mlc: Mlc | None
    jaws: Jaws
    energies: Energies
    dose_rates: DoseRates
    applicators: Applicators
    wedges: Wedges
    ranges: Ranges
    couch: Couch
    scale: Scale

    @property
    def name(self) -> str:
        """Vendor and model, for the screen."""
        return f"{self.vendor} {self.model}"

    def offers(self, modality: str, energy: float, fff: bool | None) -> bool | None:
        """Tell whether the machine has a beam (L-06); None when the description cannot tell.

        Args:
            modality: "Xrays" or "Elect", as in RTP-Connect; any other word gives None.
            energy: MV for X-rays, MeV for electrons.
            fff: Whether the beam is unflattened; None when the plan does not say. Then it is
                offered if the flattened one is, and not offered only if neither is.

        """
        if modality == "Elect":
            return self.energies.electron_mev.offers(energy)
        if modality != "Xrays":
            return None
        flattened = self.energies.photon_mv.offers(energy)
        unflattened = self.energies.fff_mv.offers(energy)
        if fff is not None:
            return unflattened if fff else flattened
        return None if flattened is False and unflattened is not False else flattened


def machine_ids(folder: Own = None) -> tuple[str, ...]:
    """Return the id of every machine type, sorted; `folder` as in `read_machine`."""
    return tuple(sorted(_files(folder)))


def digest(stem: str, folder: Own = None) -> str:
    """Return the SHA-256 of a machine file; arguments and errors as in `read_machine`."""
    return sha256(_content(_file(stem, folder))).hexdigest()


def read_machine(stem: str, folder: Own = None) -> Machine:
    """Read one machine description whole or not at all.

    Args:
        stem: Id of the machine type, the file's name without ``.toml``.
        folder: The clinic's folder or layers; a file in ``machines`` there replaces the shipped
            one.

    Raises:
        ClinicFileError: There is no such machine, or its file is damaged, has an unknown key,
            lacks one, or states a value that cannot be.

    """
    path = _file(stem, folder)
    content = _content(path)
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise ClinicFileError(
            f"the machine file cannot be read as TOML: {fault}",
            where=str(path),
            remedy="Correct the file at that place, or take the last good copy.",
        ) from fault
    known = {"id": stem, "digest": sha256(content).hexdigest()}
    return read_section(Machine, data, Place(str(path), stem), known)


def _files(folder: Own) -> dict[str, Path]:
    """Return the file of each machine; the clinic's one takes the place of the shipped one.

    A clinic's folder out of reach is refused: the shipped file must not stand in unnoticed.
    """
    places = [RESOURCES / "machines"]
    own: dict[str, Path] = {}
    if isinstance(folder, Layers):
        listed = folder.listing("machines").items()
        own = {Path(name).stem: one.path for name, one in listed}
    elif folder is not None:
        if not folder.is_dir():
            raise ClinicFileError(
                "the clinic's folder is not there",
                where=str(folder),
                remedy="Connect the drive it lies on, or choose the clinic's folder again.",
            )
        places.append(folder / "machines")
    found = {path.stem: path for place in places for path in sorted(place.glob("*.toml"))}
    return found | own


def _file(stem: str, folder: Own) -> Path:
    """Return the file of one machine; a stem never leads out of the two folders."""
    files = _files(folder)
    if stem not in files:
        raise ClinicFileError(
            f"unknown machine type {stem!r}",
            where=str((folder if isinstance(folder, Path) else RESOURCES) / "machines"),
            remedy=near_name(stem, files, f"Choose one of {', '.join(sorted(files))}."),
        )
    return files[stem]


def _content(path: Path) -> bytes:
    """Return the bytes of a machine file."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise ClinicFileError(
            f"the machine file cannot be opened: {fault.strerror or fault}",
            where=str(path),
            remedy="Ask whoever keeps the clinic's folder to make it readable.",
        ) from fault
