"""What a transfer file will say, record by record, next to what the plan said."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.lex.fields import Field, energy_words, fields_of
from app.lex.options import FIELD_PER_POINT, RESEQUENCED
from app.lex.plan import Beam, Trial
from app.lex.records import rows_of
from app.lex.rtp_columns import layout
from app.lex.rtp_write import Cell, Row, filled_cells
from app.lex.rv_systems import RvSystem, read_rv_system
from app.lex.transfer import Transfer
from app.lex.treatment import Treatment
from core.layers import own_layers

ENTERED, MAPPED, OURS = "entered", "name map", "by LEX"
ROUNDED, TURNED, OPTION = "rounded", "as 0 to 360", "by an option"
OTHER = "not the plan's"
_TITLES = {
    "PLAN_DEF": "Patient and plan", "EXTENDED_PLAN_DEF": "Full name of the patient",
    "RX_DEF": "Prescription", "SITE_SETUP_DEF": "Set-up of the site", "FIELD_DEF": "Field",
    "EXTENDED_FIELD_DEF": "Link to the plan", "CONTROL_PT_DEF": "Control point",
    "DOSE_DEF": "Dose tracking",
}  # fmt: skip
_WORDS = {
    "keyword": "record", "rx_site_name": "prescription", "doserate": "dose rate",
    "rtp_mfg": "written by", "rtp_model": "program", "rtp_version": "version of the program",
    "rtp_if_protocol": "protocol", "sad": "SAD", "ssd": "SSD", "isfff": "no flattening filter",
    "mu_convention": "MU convention", "patient_id": "patient ID",
    "dose_ttl": "total dose", "dose_tx": "fraction dose", "rx_depth": "depth",
    "field_dose": "dose of the field", "field_monitor_units": "MU",
    "wedge_monitor_units": "MU with the wedge", "monitor_units": "MU, share of the field",
    "e_applicator": "applicator", "e_field_def_aperture": "cutout",
    "dynamic_wedge": "virtual wedge",
    "treatment_machine": "machine", "treatment_type": "technique", "rx_note": "note",
    "patient_minitial": "patient middle initial", "course_id": "course",
    "arc_mu_degree": "MU per degree", "field_x": "opening in X", "field_y": "opening in Y",
    "field_x_mode": "mode of the X jaws", "field_y_mode": "mode of the Y jaws",
    "collimator_x1": "jaw X1", "collimator_x2": "jaw X2", "collimator_y1": "jaw Y1",
    "collimator_y2": "jaw Y2", "gantry_dir": "gantry turns", "collimator_dir": "collimator turns",
    "couch_dir": "couch turns", "mlc_type": "kind of MLC", "mlc_leaves": "leaf pairs",
    "control_pt_number": "number", "total_control_points": "control points of the field",
    "structure_set_uid": "structure set UID", "frame_of_reference_uid": "frame of reference UID",
    "original_plan_uid": "plan UID", "field_id": "field ID", "plan_id": "plan",
    "isocenter_position_x": "isocentre x", "isocenter_position_y": "isocentre y",
    "isocenter_position_z": "isocentre z", "number_of_fields": "fields",
}  # fmt: skip
_ENTERED = {
    "course_id", "tolerance_table", "couch_vertical", "couch_lateral", "couch_longitudinal",
    "technique", "doserate",
}  # fmt: skip
_NAMED = {"rx_site_name", "treatment_machine", "field_id"}
_OURS = {
    "keyword", "rtp_mfg", "rtp_model", "rtp_version", "rtp_if_protocol", "encoding", "fullname",
    "mu_convention", "scale_convention", "mlc_type", "total_control_points", "control_pt_number",
    "number_of_fields", "field_x_mode", "field_y_mode",
}  # fmt: skip
# Of the column's own format, and of columns whose numbers are written whole.
_UNITS_BY_KIND = {"cm": "cm", "jaw": "cm", "deg": "°", "mu": "MU", "cgy": "cGy", "min": "min"}
_UNITS = {
    "dose_ttl": "cGy", "dose_tx": "cGy", "region_prior_dose": "cGy", "actual_dose": "cGy",
    "doserate": "MU/min",
}  # fmt: skip
_STATE = (
    "gantry_angle",
    "collimator_angle",
    "couch_angle",
    "couch_pedestal",
    "ssd",
    "field_x",
    "field_y",
    "collimator_x1",
    "collimator_x2",
    "collimator_y1",
    "collimator_y2",
)
_OF_A_PART = ("field_name", "field_id", "treatment_type")
_OF_THE_ORDER = ("monitor_units", "gantry_dir", "collimator_dir", "couch_dir")


@dataclass(frozen=True, slots=True)
class Element:
    """One filled element of a record.

    Attributes:
        name: In plain words.
        written: As it stands in the file.
        planned: As the plan says it, "" where it says nothing.
        origin: "entered", "name map", "by LEX", "rounded", "as 0 to 360", "by an option",
            "not the plan's" for a number that none of these explains, or "" for a value that
            stands as planned.
        unit: Of the number, in both columns; "" where it has none.

    """

    name: str
    written: str
    planned: str
    origin: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file with those that belong to it; `elements` reads them when asked.

    Attributes:
        part: Whether its field is one of several that a beam was cut into.
        by_options: Whether options were chosen that change numbers.

    """

    title: str
    row: Row
    planned: Mapping[str, Cell]
    system: RvSystem
    part: bool = False
    by_options: bool = False
    children: list["Record"] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        """Yield every filled element in the order of the file."""
        for name, written in filled_cells(self.row, self.system).items():
            if name != "keyword":
                yield replace(self._element(name, written), unit=self._unit(name))

    def _unit(self, name: str) -> str:
        columns = layout(self.row.record, self.system.layout)
        kind = next(one.kind for one in columns if one.name == name)
        return _UNITS.get(name) or _UNITS_BY_KIND.get(kind, "")

    def _element(self, name: str, written: str) -> Element:
        words = in_words(name)
        if name in _OURS or self.row.record == "DOSE_DEF":
            return Element(words, written, "", OURS)
        said = _text(self.planned.get(name))
        if name in _ENTERED:
            return Element(words, written, said, ENTERED)
        if not said or said == written:
            return Element(words, written, said, "" if said else ENTERED)
        value = self.planned.get(name)
        if isinstance(value, int | float) and _number(written) is not None:
            why = _why(value, written)
            return Element(
                words, written, said, OPTION if why == OTHER and self.by_options else why
            )
        if self.part and name in _OF_A_PART:
            return Element(words, written, said, OPTION)
        return Element(words, written, said, ENTERED if name in _NAMED else MAPPED)


def in_words(name: str) -> str:
    """Return the name of an element in plain words, e.g. "Leaf A17"."""
    if name.startswith("mlc_") and name[4] in "ab" and name[5:].isdigit():
        return f"Leaf {name[4:].upper()}"
    words = _WORDS.get(name, name.replace("_", " "))
    return words[:1].upper() + words[1:]


def preview(trial: Trial, treatment: Treatment, transfer: Transfer) -> tuple[Record, ...]:
    """Return the records of a transfer as a tree: plan, prescriptions, their fields and points.

    Args:
        trial: The plan as read.
        treatment: What was entered.
        transfer: As `prepare` made it of these two.

    Raises:
        ClinicFileError: The description of the R&V system cannot be used.

    """
    system = read_rv_system(treatment.rv_system, own_layers())
    said = _said(trial, treatment, transfer, system)
    fields = Counter(row.field for row in transfer.rows if row.record == "FIELD_DEF")
    top: list[Record] = []
    prescription: Record | None = None
    beam: Record | None = None
    for row in transfer.rows:
        planned = said.get(_key(row), {}) | _at_its_start(row, said)
        record = Record(_title(row), row, planned, system, fields[row.field] > 1,
                        bool(transfer.options))  # fmt: skip
        if row.record in ("PLAN_DEF", "RX_DEF"):
            top.append(record)
            prescription = beam = record
        elif row.record in ("EXTENDED_FIELD_DEF", "CONTROL_PT_DEF") and beam is not None:
            beam.children.append(record)
        elif prescription is not None:
            prescription.children.append(record)
            beam = record if row.record == "FIELD_DEF" else beam
    return tuple(top)


def _key(row: Row) -> tuple[object, ...]:
    site = row.values.get("rx_site_name", "") if not row.field else ""
    point = row.point if row.plan_point is None or row.point is None else row.plan_point
    return (row.record, row.field, point, site)


def _at_its_start(
    row: Row, said: Mapping[tuple[object, ...], Mapping[str, Cell]]
) -> dict[str, Cell]:
    """Return the plan's state where a field begins that is not the beam's own beginning."""
    if row.record != "FIELD_DEF" or not row.plan_point:
        return {}
    point = said.get(("CONTROL_PT_DEF", row.field, row.plan_point, ""), {})
    return {name: point[name] for name in _STATE if point.get(name) is not None}


def _said(
    trial: Trial, treatment: Treatment, transfer: Transfer, system: RvSystem
) -> dict[tuple[object, ...], dict[str, Cell]]:
    """Return what the plan itself says to each record, before LEX does anything with it."""
    fields = fields_of(trial, treatment, system)
    if not all(one.beam.segments for one in fields):
        return {}
    beams = {one.beam.name: one for one in fields}
    other_points = {RESEQUENCED, FIELD_PER_POINT} & set(transfer.options)
    said: dict[tuple[object, ...], dict[str, Cell]] = {}
    for row in rows_of(trial, treatment, fields, None, system.layout):
        own = {**row.values, **_own(row, beams, trial, fields)}
        if row.point is not None and other_points:
            # The plan's share up to there, and its way on, are those of another order.
            own = {name: cell for name, cell in own.items() if name not in _OF_THE_ORDER}
        said[_key(row)] = own
    return said


def _own(
    row: Row, beams: Mapping[str, Field], trial: Trial, fields: Sequence[Field]
) -> dict[str, Cell]:
    """Return the plan's own words where the record has others or none."""
    own: dict[str, Cell] = dict.fromkeys(_ENTERED)
    if row.record == "PLAN_DEF":
        return own
    one = beams.get(row.field)
    if one is None:
        names = [f for f in fields if f.site == row.values.get("rx_site_name")]
        machines = {f.beam.machine for f in names}
        return own | {
            "rx_site_name": names[0].prescription.name if names else None,
            "treatment_machine": machines.pop() if len(machines) == 1 else None,
        }
    return own | _of_beam(one.beam, row.point) | {"rx_site_name": one.prescription.name}


def _of_beam(beam: Beam, point: int | None) -> dict[str, Cell]:
    """Return what a beam calls its parts."""
    rates = [state.dose_rate_mu_min for state in beam.segments]
    wedge = ", ".join(f"{one.name or one.code} ({one.kind})" for one in beam.wedges)
    applicator = None if beam.applicator is None else beam.applicator.name or beam.applicator.code
    return {
        "field_name": beam.name,
        "field_id": beam.field_id or None,
        "treatment_machine": beam.machine,
        "treatment_type": beam.technique,
        "energy": energy_words(beam),
        "doserate": rates[point or 0] if (point or 0) < len(rates) else None,
        "wedge": wedge,
        "dynamic_wedge": wedge,
        "e_applicator": applicator,
        "field_note": beam.note,
    }


def _title(row: Row) -> str:
    """Return the record in words, with what tells it from its neighbours."""
    title = _TITLES[row.record]
    if row.record == "FIELD_DEF":
        return f"{title} {row.values.get('field_id')}   {row.values.get('field_name')}"
    if row.record == "RX_DEF":
        return f"{title} {row.values.get('rx_site_name') or ''}".strip()
    if row.point is None:
        return title
    other = row.plan_point is not None and row.plan_point != row.point
    return f"{title} {row.point}{f' (in the plan {row.plan_point})' if other else ''}"


def _text(value: Cell) -> str:
    """Return a value of the plan with all its digits that matter."""
    if value is None or value == "":
        return ""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _why(planned: float, written: str) -> str:
    """Return why a number is another one than the plan's."""
    digits = len(written.partition(".")[2])
    far = abs(float(written) - planned)
    if far < 1e-6:
        return ""
    if far <= 0.5 * 0.1**digits + 1e-9:
        return ROUNDED
    turns = far % 360.0
    return TURNED if min(turns, 360.0 - turns) <= 0.5 * 0.1**digits + 1e-9 else OTHER


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
