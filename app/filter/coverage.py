"""Table 1 of Siochi 2009 for plan against R&V: how each of its rows is covered, none left out."""

from dataclasses import dataclass

from app.filter.parameters import FIELD_PARAMETERS, FITTINGS, POINT_PARAMETERS
from core.findings import NotChecked

# Items that neither file format carries in a form that could be compared.
NEVER_IN_THE_FILE = (
    NotChecked("gating", "RTP-Connect has no element for it; read the notes in the chart"),
    NotChecked("CB filter", "it is set at the machine; compare with the physician's request"),
    NotChecked("CB MU, CB start, CB stop", "cone-beam fields are not part of these plans"),
)
ALWAYS_MANUAL = (
    NotChecked("Rx isodose", "the export does not hold it; compare with the prescription note"),
    NotChecked("Rx technique", "free text of the R&V system; compare with the plan"),
    NotChecked("cutout shape", "the export holds its code only; compare cutout and plan printout"),
)
LOGIC = {
    "Interlocks": "logic on opening: leaves do not cross (machine limits come later)",
    "Rx modality": "logic on opening: particles and energies of the fields",
    "Fraction dose": "compared (dose_tx); logic: fractions whole, field doses add up",
    "Total dose": "compared (dose_ttl, fractions)",
}
MANUAL = {
    "CB MU": NEVER_IN_THE_FILE[2].why,
    "CB Start": NEVER_IN_THE_FILE[2].why,
    "CB Stop": NEVER_IN_THE_FILE[2].why,
    "CB Filter": NEVER_IN_THE_FILE[1].why,
    "Gating": NEVER_IN_THE_FILE[0].why,
    "Rx isodose": ALWAYS_MANUAL[0].why,
    "Rx technique": ALWAYS_MANUAL[1].why,
}
ROWS = (
    "Modality", "Energy", "Gantry", "Collimator", "Couch Angle", "Couch Lat.", "Couch Long.",
    "Couch Vert.", "Jaws", "MLC leaves", "MU", "Wedges", "Bolus", "e- Applicator", "Block codes",
    "Cutouts", "Arc Start", "Arc Stop", "CB MU", "CB Start", "CB Stop", "CB Filter", "Dose Rate",
    "Gating", "Isocenter", "Interlocks", "Rx modality", "Fraction dose", "Total dose",
    "Rx isodose", "Rx technique", "Field doses", "Field ID", "Set-up notes", "Field Names",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Covered:
    """One row of Table 1: "compared", "logic" or "manual", and the items or the reason."""

    row: str
    how: str
    words: str


def table_1_coverage() -> tuple[Covered, ...]:
    """Return every row of Table 1 with how it is covered.

    Raises:
        KeyError: A row is neither compared nor listed with a reason.

    """
    items: dict[str, list[str]] = {"MLC leaves": ["mlc_a1 ... mlc_b100", "mlc_leaves"]}
    for parameter in (*FIELD_PARAMETERS, *POINT_PARAMETERS):
        items.setdefault(parameter.row, []).append(parameter.item)
    for fitting in FITTINGS:
        items.setdefault(fitting.row, []).append(fitting.item)
    return tuple(_covered(row, items) for row in ROWS)


def _covered(row: str, items: dict[str, list[str]]) -> Covered:
    if row in items:
        return Covered(row, "compared", ", ".join(dict.fromkeys(items[row])))
    if row in LOGIC:
        return Covered(row, "logic", LOGIC[row])
    return Covered(row, "manual", MANUAL[row])
