"""Table 1 of Siochi 2009: how each of its rows is covered in each column, none left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.filter.parameters import FIELD_PARAMETERS, FITTINGS, POINT_PARAMETERS
from app.filter.views import PLAN_TO_VARIS
from core.findings import NotChecked

# Items that neither file format carries in a form that could be compared.
NEVER_IN_THE_FILE = (
    NotChecked("gating", "RTP-Connect has no element for it; read the notes in the chart"),
    NotChecked("CB filter", "it is set at the machine; compare with the physician's request"),
    NotChecked("CB MU, CB start, CB stop", "cone-beam fields are not part of these plans"),
)
ALWAYS_MANUAL = (
    NotChecked("Rx technique", "free text of the R&V system; compare with the plan"),
    NotChecked("cutout shape", "the export holds its code only; compare cutout and plan printout"),
)
LOGIC = {
    "Interlocks": "logic on opening: the machine's description (F-INT rules)",
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
    "Rx isodose": "computed and shown; compare with the prescription note",
    "Rx technique": ALWAYS_MANUAL[0].why,
}
ROWS = (
    "Modality", "Energy", "Gantry", "Collimator", "Couch Angle", "Couch Lat.", "Couch Long.",
    "Couch Vert.", "Jaws", "MLC leaves", "MU", "Wedges", "Bolus", "e- Applicator", "Block codes",
    "Cutouts", "Arc Start", "Arc Stop", "CB MU", "CB Start", "CB Stop", "CB Filter", "Dose Rate",
    "Gating", "Isocenter", "Interlocks", "Rx modality", "Fraction dose", "Total dose",
    "Rx isodose", "Rx technique", "Field doses", "Field ID", "Set-up notes", "Field Names",
)  # fmt: skip


COLUMNS = ("plan to R&V", "initial to final export", "plan to VARIS", "FASTPLAN to R&V")
TEMPLATE_ROWS = {
    "Modality": "modality", "Energy": "energy", "Collimator": "collimator_angle",
    "Jaws": "collimator_x1 ... collimator_y2", "MLC leaves": "mlc", "Wedges": "wedge",
    "Bolus": "bolus", "e- Applicator": "e_applicator", "Block codes": "block",
    "Dose Rate": "doserate",
}  # fmt: skip
TEMPLATE_LOGIC = {
    "Isocenter": "parsed from the set-up note, arcs grouped by it; compare with the printout",
    "Field doses": "logic on opening: field doses add up to the fraction dose",
    "Field ID": "logic on opening: unique, at most five letters",
    "MU": "logic on opening: none is missing; compare with the printout",
}
PRINTOUT = "compare with the FASTPLAN printout"


@dataclass(frozen=True, slots=True)
class Covered:
    """One row of Table 1: "compared", "template", "logic" or "manual"; the items or the reason."""

    row: str
    how: str
    words: str


def table_1_coverage(column: str = COLUMNS[0]) -> tuple[Covered, ...]:
    """Return every row of a column of Table 1 with how it is covered.

    Raises:
        KeyError: A row is neither compared nor listed with a reason.

    """
    if column == COLUMNS[3]:
        return tuple(_of_template(row) for row in ROWS)
    items: dict[str, list[str]] = {"MLC leaves": ["mlc_a1 ... mlc_b100", "mlc_leaves"]}
    for parameter in (*FIELD_PARAMETERS, *POINT_PARAMETERS):
        items.setdefault(parameter.row, []).append(parameter.item)
    for fitting in FITTINGS:
        items.setdefault(fitting.row, []).append(fitting.item)
    if column == COLUMNS[1]:
        items |= {"Rx technique": ["technique"], "Rx modality": ["modality of the prescription"]}
        items |= {"CB MU": ["field_monitor_units of set-up fields"]}
        items |= {row: ["arc of set-up fields"] for row in ("CB Start", "CB Stop")}
    skipped = PLAN_TO_VARIS.skipped if column == COLUMNS[2] else {}
    return tuple(_covered(row, items, skipped) for row in ROWS)


def _covered(row: str, items: dict[str, list[str]], skipped: Mapping[str, str]) -> Covered:
    own = list(dict.fromkeys(items.get(row, ())))
    if own and all(item in skipped for item in own):
        return Covered(row, "manual", skipped[own[0]])
    if own:
        return Covered(row, "compared", ", ".join(own))
    if row in LOGIC:
        return Covered(row, "logic", LOGIC[row])
    return Covered(row, "manual", MANUAL[row])


def _of_template(row: str) -> Covered:
    if row in TEMPLATE_ROWS:
        return Covered(row, "template", TEMPLATE_ROWS[row])
    for rows in (TEMPLATE_LOGIC, LOGIC):
        if row in rows:
            return Covered(row, "logic", rows[row])
    return Covered(row, "manual", MANUAL.get(row, PRINTOUT))
