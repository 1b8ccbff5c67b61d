"""The dosimetry book: tables and numbers of each beam, and how a value is read out of them.

Lengths cm, angles deg, energies MV or MeV, doses cGy: the units in which beams are measured. A
value outside a table is refused with a sentence that says what to measure; nothing is
extrapolated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.filter.field import Field
from app.filter.mu.curves import on_cubic, on_line, row_at, slopes
from app.filter.mu.quantities import Quantity
from core.dose.geometry import Floats
from core.errors import RemedyError

NOT_CLINICAL = "NOT FOR CLINICAL USE"
SLACK = 1e-9
"""Share of an axis by which rounding may lead out of a table."""


class OutOfBookError(RemedyError):
    """The book has no table for this, or the value lies beyond what was measured."""


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """One measured quantity.

    Attributes:
        name: Of the file, without its ending.
        head: What the file says of itself: unit, energy, machine, geometry, who, when, source.
        rows: Rising values of the first column.
        columns: Rising headings of the others; one 0 for a table of one column.
        values: Shape (rows, columns).

    """

    name: str
    quantity: Quantity
    head: Mapping[str, str]
    rows: Floats
    columns: Floats
    values: Floats

    def at(self, row: float, column: float = 0.0) -> float:
        """Return the value at a place of the table.

        Raises:
            OutOfBookError: The place lies outside what was measured.

        """
        row = within(self.rows, row, self.name, self.quantity.rows)
        if len(self.columns) == 1:
            line = np.ascontiguousarray(self.values[:, 0])
            if self.quantity.smooth_side:
                return float(on_cubic(self.rows, line, slopes(self.rows, line), row))
            return float(on_line(self.rows, line, row))
        column = within(self.columns, column, self.name, self.quantity.columns)
        line = row_at(self.rows, self.values, row)
        if self.quantity.columns == "side_cm":
            return float(on_cubic(self.columns, line, slopes(self.columns, line), column))
        return float(on_line(self.columns, line, column))


def within(axis: Floats, at: float, name: str, axis_name: str) -> float:
    """Return a value that lies within an axis, rounding errors taken off.

    Raises:
        OutOfBookError: It lies outside.

    """
    low, high = float(axis[0]), float(axis[-1])
    slack = SLACK * max(abs(low), abs(high), 1.0)
    if not low - slack <= at <= high + slack:
        label, _, unit = axis_name.rpartition("_")
        words = label.replace("_", " ")
        raise OutOfBookError(
            f"{name} is needed at {words} {at:.2f} {unit}, "
            f"the book has {low:g} to {high:g} {unit}",
            where=f"dosimetry book, {name}",
            remedy=f"Measure {name} up to that {words}, or check this field by measurement.",
        )
    return min(max(at, low), high)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where one MU gives `cgy_per_mu`: `distance_cm` is source to point (SCD)."""

    cgy_per_mu: float
    field_cm: float
    distance_cm: float
    depth_cm: float


@dataclass(frozen=True, slots=True)
class Model:
    """Numbers of the photon model beside the tables.

    Attributes:
        dmax_cm: Depth to which TMR is normalised.
        scatter: "difference" (SMR = TMR(s) - TMR(0)) or "khan" (SMR of Khan's definition); both
            are made of the book's TMR, see equations (5) of the method.
        exchange: Collimator exchange k of the X over the Y collimator; 1 for none.
        leakage_one_layer, leakage_two_layers: Share of the open primary behind collimators.
        penumbra_reach_cm: Distance inside the edge from which the penumbra counts.
        leaf_offset_cm: From a leaf's tip to the radiation edge beside an open gap (rounded tips):
            half the dosimetric leaf gap.
        smallest_side_cm: Smallest square field that was measured; smaller fields are calculated,
            but not compared with the plan.
        csf_field: What collimator scatter follows: "aperture" (leaves that replace a jaw) or
            "jaws" (a tertiary MLC); blocks on a tray never count.

    """

    dmax_cm: float
    scatter: str = "difference"
    exchange: float = 1.0
    leakage_one_layer: float = 0.0
    leakage_two_layers: float = 0.0
    penumbra_reach_cm: float = 1.0
    leaf_offset_cm: float = 0.0
    smallest_side_cm: float = 3.0
    csf_field: str = "aperture"


@dataclass(frozen=True, slots=True)
class Wedge:
    """A wedge of the book.

    Attributes:
        names: Under which plans and R&V systems know it.
        kind: "physical", "virtual" (Siemens: factor 1 by rule) or "enhanced" (Varian).
        attenuation_per_cm: Of the virtual wedge's exponential profile.

    """

    names: tuple[str, ...]
    kind: str
    angle_deg: float
    table: str = ""
    attenuation_per_cm: float = 0.0


@dataclass(frozen=True, slots=True)
class Tray:
    """A tray for blocks, under the names that plans and R&V systems have for block or tray."""

    names: tuple[str, ...]
    factor: float


@dataclass(frozen=True, slots=True)
class Tbi:
    """Numbers of total body irradiation: spoiler, lung-block tray, square of the patient."""

    spoiler: float = 1.0
    tray: float = 1.0
    patient_side_cm: float = 30.0


@dataclass(frozen=True, eq=False, slots=True)
class BookBeam:
    """One energy of the book."""

    id: str
    modality: str
    energy: float
    fff: bool
    machines: tuple[str, ...]
    calibration: Calibration
    model: Model | None
    wedges: tuple[Wedge, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    trays: tuple[Tray, ...] = ()
    tbi: Tbi | None = None

    def is_of(self, field: Field) -> bool:
        """Return whether a field uses this beam; what the field does not state fits none."""
        modality = {"Xrays": "photon", "Elect": "electron"}.get(field.modality or "", "")
        return (
            self.modality == modality
            and field.energy is not None
            and self.energy == float(field.energy)
            and self.fff == bool(field.fff)
            and (not self.machines or field.machine in self.machines)
        )

    def table(self, name: str) -> Table:
        """Return a table of the beam.

        Raises:
            OutOfBookError: The book does not have it.

        """
        if name not in self.tables:
            raise OutOfBookError(
                f"the book has no {name} for {self.id}",
                where=f"dosimetry book, {self.id}",
                remedy=f"Add {name}.csv to the book, or check this field by measurement.",
            )
        return self.tables[name]


@dataclass(frozen=True, eq=False, slots=True)
class Book:
    """A dosimetry book; `digest` (SHA-256) changes with any value of it."""

    name: str
    source: str
    clinical: bool
    digest: str
    beams: tuple[BookBeam, ...]

    @property
    def notice(self) -> str:
        """What must stand on every page that uses the book; empty for a clinical one."""
        return "" if self.clinical else f"{NOT_CLINICAL}: {self.name}"

    def beam_for(self, field: Field) -> BookBeam:
        """Return the beam of the book that a field uses.

        Raises:
            OutOfBookError: The book does not have it.

        """
        modality = {"Xrays": "photon", "Elect": "electron"}.get(field.modality or "", "")
        energy = None if field.energy is None else float(field.energy)
        for beam in self.beams:
            if beam.is_of(field):
                return beam
        kind = {"photon": "MV", "electron": "MeV"}.get(modality, "of unknown modality")
        words = f"{energy:g} {kind}" if energy is not None else f"energy unknown, {kind}"
        listed = ", ".join(beam.id for beam in self.beams)
        raise OutOfBookError(
            f"the book has no beam for {words}{' FFF' if field.fff else ''} on "
            f"{field.machine or 'an unnamed machine'}; it has {listed}",
            where=f"dosimetry book {self.name}, field {field.id or field.name}",
            remedy="Add the beam to the book, or check this field by measurement.",
        )
