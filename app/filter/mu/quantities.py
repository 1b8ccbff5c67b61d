"""What a dosimetry book may hold: every quantity with its axes, unit, range and rules.

A new quantity is one row here. Lengths in a book are cm, as measured and published; angles deg.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """One kind of table.

    Attributes:
        name: Beginning of the file's name; `(...)` of a wedge or applicator follows an underscore.
        title: Words for screens.
        rows: Name and unit of the first column.
        columns: Name and unit of the other columns' headings; "" for a table of one column.
        unit: Of the values; "1" for a ratio.
        least, most: Range of the values.
        rises: Along which axes the values may not fall ("rows", "columns").
        falls: Along which axes they may not rise.
        modalities: Beams that have it.
        required: Whether a beam cannot be calculated without it.

    """

    name: str
    title: str
    rows: str
    columns: str
    unit: str
    least: float
    most: float
    rises: tuple[str, ...] = ()
    falls: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ("photon",)
    required: bool = False

    @property
    def smooth_side(self) -> bool:
        """Whether the table is read along a field size by a monotone cubic."""
        return "side_cm" in (self.columns, self.rows)


ELECTRON = ("electron",)
QUANTITIES = (
    Quantity("tmr", "TMR", "depth_cm", "side_cm", "1", 0.0, 1.1, required=True),
    Quantity("psf", "Phantom scatter", "side_cm", "", "1", 0.5, 1.5, ("rows",), required=True),
    Quantity("csf", "Collimator scatter", "side_cm", "", "1", 0.5, 1.5, ("rows",), required=True),
    Quantity("oar", "Off-axis ratio", "depth_cm", "off_axis_cm", "1", 0.0, 1.5, required=True),
    Quantity(
        "penumbra", "Penumbra", "distance_cm", "depth_cm", "1", 0.0, 1.05, ("rows",), required=True
    ),
    Quantity("wedge_factor", "Wedge factor", "depth_cm", "side_cm", "1", 0.05, 1.05),
    Quantity("wedge_profile", "Wedge off-axis ratio", "off_axis_cm", "", "1", 0.05, 5.0),
    Quantity("stt", "Dynamic wedge sweep", "jaw_cm", "", "1", 0.0, 10.0,
             ("rows",)),
    Quantity("tbi_output", "TBI output over inverse square", "distance_cm", "", "1", 0.7, 1.3),
    Quantity("srs_output", "Cone output (ScT)", "cone_cm", "", "1", 0.2, 1.1, ("rows",)),
    Quantity("srs_tmr", "Cone TMR", "depth_cm", "cone_cm", "1", 0.0, 1.1),
    Quantity("cutout", "Cutout factor", "side_cm", "applicator_cm", "1", 0.2, 1.3,
             modalities=ELECTRON, required=True),
    Quantity("pdd", "Depth dose", "depth_cm", "applicator_cm", "%", 0.0, 105.0,
             modalities=ELECTRON, required=True),
    Quantity("effective_ssd", "Effective SSD", "applicator_cm", "", "cm", 30.0, 120.0, ("rows",),
             modalities=ELECTRON, required=True),
)  # fmt: skip
LONGEST_FIRST = sorted(QUANTITIES, key=lambda one: -len(one.name))


def quantity_of(file_name: str) -> Quantity | None:
    """Return the quantity a file is named for, e.g. ``wedge_factor_W30.csv``; None for others."""
    stem = file_name.removesuffix(".csv")
    for one in LONGEST_FIRST:
        if stem == one.name or stem.startswith(f"{one.name}_"):
            return one
    return None
