"""Real plans with an export of each, and the faults that clinics report, put into the export.

The export is the real one where it is public, else the translation of the real plan; what a public
file leaves blank (table positions, doses, tolerance table) is filled in alike for every field.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from app.filter.field import Plan
from app.filter.plan_source import read_plan_source
from app.filter.rtp_columns import columns
from app.filter.rtp_write import rtp_bytes
from tests.one_change.records import Line, data_of, lines_of

CHEST = "dicom/plans_mixed/pps/chestwall_photon_electron/RP.1.2.246.352.71.5.584747638204."
ARCS = (
    "dicom/plans_mixed/pps/pinnacle_vmat/"
    "RP.2.16.840.1.113669.2.931128.242224607.20180316093632.518071.dcm"
)
SOURCES = {
    "siemens 15 fields": ("rtp-pairs/mosaiq_2.4.dcm", "rtp/mosaiq_2.4.rtp"),
    "elekta prostate": (
        "rtp-pairs/oncentra_prostate_nodose_boost.dcm", "rtp/oncentra_prostate_nodose_boost.rtp"
    ),
    "elekta tangents": (
        "rtp-pairs/oncentra_tangmam_nodose.dcm", "rtp/oncentra_tangmam_nodose.rtp"
    ),
    "sliding window breast": ("dicom/breast_dicompyler/rtplan.dcm", ""),
    "head and neck": ("dicom/hn_proknow/RP.dcm", ""),
    "two arcs": (ARCS, ""),
    "chest wall electrons": (f"{CHEST}1041433.20180402145301.dcm", ""),
}  # fmt: skip
FIELDS = ("FIELD_DEF",)
BOTH = ("FIELD_DEF", "CONTROL_PT_DEF")


@dataclass(frozen=True)
class Case:
    """A real plan and a clean export of it."""

    name: str
    source: Path
    plan: Plan
    lines: tuple[Line, ...]

    def ids(self) -> list[str]:
        """Return the field IDs in the order of the file."""
        return [value(line, "field_id") for line in self.lines if line.cells[0] == "FIELD_DEF"]


def place(line: Line, item: str) -> int:
    names = [column.name for column in columns(line.cells[0], len(line.cells)) or ()]
    return names.index(item) if item in names else -1


def value(line: Line, item: str) -> str:
    at = place(line, item)
    return line.cells[at].strip() if at >= 0 else ""


def with_value(line: Line, item: str, text: str) -> Line:
    cells = list(line.cells)
    cells[place(line, item)] = text
    return replace(line, cells=tuple(cells))


Edit = Callable[[Line], dict[str, str]]


def edited(
    lines: tuple[Line, ...], edit: Edit, kinds: tuple[str, ...] = FIELDS, field: str | None = None
) -> tuple[Line, ...]:
    """Return the lines with what `edit` says put into the records of a kind (of one field)."""
    made = []
    for line in lines:
        mine = line.cells[0] in kinds and (field is None or value(line, "field_id") == field)
        for item, text in (edit(line) if mine else {}).items():
            line = with_value(line, item, text)  # noqa: PLW2901  (the record as changed so far)
        made.append(line)
    return tuple(made)


def case(name: str, shared: Path) -> Case:
    plan_name, export = SOURCES[name]
    source = shared / plan_name
    plan = read_plan_source(source)
    data = (shared / export).read_bytes() if export else rtp_bytes(plan)
    return Case(name, source, plan, dressed(tuple(lines_of(data)), plan))


def dressed(lines: tuple[Line, ...], plan: Plan) -> tuple[Line, ...]:
    """Return an export with what an R&V system would hold besides, alike for every field."""
    blank = {"couch_vertical": "-10.0", "couch_lateral": "0.5", "couch_longitudinal": "80.0",
             "tolerance_table": "1", "field_dose": "50.00"}  # fmt: skip
    lines = edited(lines, lambda one: {k: v for k, v in blank.items() if not value(one, k)})
    doses: dict[str, Decimal] = {}
    particles: dict[str, str] = {}
    for line in lines:
        if line.cells[0] == "FIELD_DEF":
            site = value(line, "rx_site_name")
            doses[site] = doses.get(site, Decimal(0)) + Decimal(value(line, "field_dose"))
            particles[site] = value(line, "modality")

    def prescribe(line: Line) -> dict[str, str]:
        site = value(line, "rx_site_name")
        count = next((rx.fractions for rx in plan.prescriptions if rx.fractions), 25)
        dose = value(line, "dose_tx") or f"{doses[site]:.0f}"
        total = value(line, "dose_ttl") or f"{Decimal(dose) * count:.0f}"
        return {"dose_tx": dose, "dose_ttl": total, "modality": particles[site]}

    return edited(lines, prescribe, ("RX_DEF",))


@dataclass(frozen=True)
class Fault:
    """A fault a clinic has reported.

    Attributes:
        name: What happened.
        source: "S" for Siochi 2009 (section III.A), "L" for the other literature.
        items: Elements the report has to name, and no others; mlc stands for any leaf.
        spoil: Returns the spoiled lines, or None where the file cannot show it.
        states: Worst states that the report may give it: a note for what is only shown.

    """

    name: str
    source: str
    items: tuple[str, ...]
    spoil: Callable[[Case], tuple[Line, ...] | None]
    states: tuple[str, ...] = ("error",)


def on_last(
    edit: Edit, needs: str = "", kinds: tuple[str, ...] = FIELDS
) -> Callable[[Case], tuple[Line, ...] | None]:
    """Spoil the last field; `needs` is an element that has to be filled for it."""

    def spoil(one: Case) -> tuple[Line, ...] | None:
        name = one.ids()[-1]
        own = [line for line in one.lines
               if line.cells[0] == "FIELD_DEF" and value(line, "field_id") == name]  # fmt: skip
        if needs and not value(own[0], needs):
            return None
        return edited(one.lines, edit, kinds, name)

    return spoil


def stepped(item: str, step: str) -> Edit:
    """Move a number where it stands."""

    def edit(line: Line) -> dict[str, str]:
        text = value(line, item)
        return {item: f"{Decimal(text) + Decimal(step)}"} if text else {}

    return edit


def angled(item: str, degrees: str) -> Edit:
    def edit(line: Line) -> dict[str, str]:
        text = value(line, item)
        return {item: f"{(Decimal(text) + Decimal(degrees)) % 360:.1f}"} if text else {}

    return edit


def leaves(step: str, count: int) -> Edit:
    """Move the middle leaves of bank A outwards, as a second fit to the target would."""

    def edit(line: Line) -> dict[str, str]:
        pairs = int(value(line, "mlc_leaves") or 0)
        middle = [pairs // 2 + 1 + n for n in range(count)] if pairs else []
        found = {f"mlc_a{n}": value(line, f"mlc_a{n}") for n in middle}
        return {
            item: f"{Decimal(text) - Decimal(step):.2f}" for item, text in found.items() if text
        }

    return edit


def turned_y(line: Line) -> dict[str, str]:
    one, two = value(line, "collimator_y1"), value(line, "collimator_y2")
    return {"collimator_y1": f"{-Decimal(two):.1f}", "collimator_y2": f"{-Decimal(one):.1f}"} \
        if one and two else {}  # fmt: skip


def if_leaves(spoil: Callable[[Case], tuple[Line, ...] | None]):
    def run(one: Case) -> tuple[Line, ...] | None:
        name = one.ids()[-1]
        own = [line for line in one.lines if line.cells[0] == "CONTROL_PT_DEF"
               and value(line, "field_id") == name and value(line, "mlc_a1")]  # fmt: skip
        return spoil(one) if own else None

    return run


def if_electrons(spoil: Callable[[Case], tuple[Line, ...] | None]):
    def run(one: Case) -> tuple[Line, ...] | None:
        return spoil(one) if one.plan.fields[-1].modality == "Elect" else None

    return run


def if_many(spoil: Callable[[Case], tuple[Line, ...] | None], least: int = 3):
    return lambda one: spoil(one) if len(one.ids()) >= least else None


def on_prescription(edit: Edit) -> Callable[[Case], tuple[Line, ...] | None]:
    return lambda one: edited(one.lines, edit, ("RX_DEF",))


def if_plan_has_fractions(spoil: Callable[[Case], tuple[Line, ...] | None]):
    def run(one: Case) -> tuple[Line, ...] | None:
        known = all(rx.fractions for rx in one.plan.prescriptions)
        return spoil(one) if known and one.plan.prescriptions else None

    return run


def if_plan_has_rate(spoil: Callable[[Case], tuple[Line, ...] | None]):
    def run(one: Case) -> tuple[Line, ...] | None:
        return spoil(one) if one.plan.fields[-1].dose_rate_mu_min else None

    return run


def if_plan_knows_wedges(spoil: Callable[[Case], tuple[Line, ...] | None]):
    """Leave out a public plan that announces wedges and describes none: they are not checked."""
    return lambda one: spoil(one) if one.plan.fields[-1].wedges is not None else None


def if_asymmetric(spoil: Callable[[Case], tuple[Line, ...] | None]):
    def run(one: Case) -> tuple[Line, ...] | None:
        jaws = one.plan.fields[-1].jaws
        odd = jaws.y1_mm is not None and abs(jaws.y1_mm + jaws.y2_mm) > 2
        return spoil(one) if odd else None

    return run


def later_fraction(line: Line) -> dict[str, str]:
    return {"dose_ttl": f"{Decimal(value(line, 'dose_ttl')) + Decimal(value(line, 'dose_tx'))}"}


def twenty_times(line: Line) -> dict[str, str]:
    return {"field_monitor_units": f"{Decimal(value(line, 'field_monitor_units')) * 20}"}


def other_particle(line: Line) -> dict[str, str]:
    return {"modality": "Elect" if value(line, "modality") == "Xrays" else "Xrays"}


def without_last(one: Case) -> tuple[Line, ...]:
    name = one.ids()[-1]
    kept = (line for line in one.lines if value(line, "field_id") != name)
    return tuple(kept)


def other_patient(one: Case) -> tuple[Line, ...]:
    return edited(one.lines, lambda _: {"patient_id": "OTHER"}, ("PLAN_DEF",))


def scaled_isocentre(factor: int, axes: str) -> Edit:
    def edit(line: Line) -> dict[str, str]:
        items = [f"isocenter_position_{axis}" for axis in axes]
        texts = {item: value(line, item) for item in items}
        return {item: f"{Decimal(text) * factor:.2f}" for item, text in texts.items() if text}

    return edit


def fault_table() -> Iterator[Fault]:
    """Yield the faults of both lists that an RTP-Connect export and its plan can show."""
    apart = ("isocenter_position_x", "isocenter_position_y", "isocenter_position_z")
    yield Fault("leaves fitted again after the transfer", "S", ("mlc",),
                if_leaves(on_last(leaves("0.3", 3), kinds=BOTH[1:])))  # fmt: skip
    yield Fault("one field's table position mistyped", "S", ("couch_vertical",),
                if_many(on_last(stepped("couch_vertical", "10.0"))))  # fmt: skip
    yield Fault("table position missing in one field", "L", ("couch_longitudinal",),
                if_many(on_last(lambda _: {"couch_longitudinal": ""})), ("warning",))  # fmt: skip
    yield Fault("couch angle captured wrongly", "S", ("couch_angle",),
                on_last(angled("couch_angle", "5"), kinds=BOTH))  # fmt: skip
    yield Fault("field dose missing", "S", ("field_dose",),
                if_many(on_last(lambda _: {"field_dose": ""}), 2))  # fmt: skip
    yield Fault("electron applicator missing", "S", ("e_applicator",),
                if_electrons(on_last(lambda _: {"e_applicator": ""})))  # fmt: skip
    yield Fault("bolus entered that is not planned", "S", ("bolus",),
                on_last(lambda _: {"bolus": "0.5 cm"}))  # fmt: skip
    yield Fault("MU wrong", "S", ("field_monitor_units",),
                on_last(stepped("field_monitor_units", "1")))  # fmt: skip
    yield Fault("collimator angle wrong", "S", ("collimator_angle",),
                on_last(angled("collimator_angle", "90"), kinds=BOTH))  # fmt: skip
    yield Fault("Y jaws reversed", "S", ("collimator_y1", "collimator_y2"),
                if_asymmetric(on_last(turned_y, kinds=BOTH)))  # fmt: skip
    yield Fault("fractions changed in the R&V system only", "S", ("dose_ttl", "fractions"),
                if_plan_has_fractions(on_prescription(later_fraction)))  # fmt: skip
    yield Fault("modality of the prescription chosen wrongly", "S", ("modality",),
                on_prescription(other_particle))  # fmt: skip
    yield Fault("modality of a field wrong", "L", ("modality",), on_last(other_particle))
    yield Fault("virtual wedge that is not planned", "S", ("dynamic_wedge",),
                if_plan_knows_wedges(on_last(lambda _: {"dynamic_wedge": "VW30"})))  # fmt: skip
    yield Fault("gating ordered in the note", "S", ("gating", "rx_note"),
                on_prescription(lambda _: {"rx_note": "treat gated"}), ("manual",))  # fmt: skip
    yield Fault("dose rate not as ordered", "S", ("doserate",),
                if_plan_has_rate(on_last(lambda _: {"doserate": "50"}, kinds=BOTH)),
                ("warning",))  # fmt: skip
    yield Fault("tolerance table wrong in one field", "S", ("tolerance_table",),
                if_many(on_last(lambda _: {"tolerance_table": "9"}), 2),
                ("info", "warning"))  # fmt: skip
    yield Fault("field name with the angle of an earlier plan", "S", ("field_name",),
                on_last(lambda _: {"field_name": "G77 OLD"}), ("warning",))  # fmt: skip
    yield Fault("another patient", "L", ("patient_id",), other_patient)
    yield Fault("isocentre in mm instead of cm", "L", apart,
                on_last(scaled_isocentre(10, "xyz"), "isocenter_position_x", BOTH))  # fmt: skip
    yield Fault("isocentre on the other side", "L", apart[:1],
                on_last(scaled_isocentre(-1, "x"), "isocenter_position_x", BOTH))  # fmt: skip
    yield Fault("a field lost in the transfer", "L", ("field_id", "number_of_fields"),
                if_many(without_last, 2))  # fmt: skip
    yield Fault("energy wrong", "L", ("energy",), on_last(stepped("energy", "3"), kinds=BOTH))
    yield Fault("gantry angle wrong", "L", ("gantry_angle",),
                on_last(angled("gantry_angle", "2"), kinds=FIELDS))  # fmt: skip
    yield Fault("one jaw stands 5 mm off", "L", ("collimator_x1",),
                on_last(stepped("collimator_x1", "-0.5"), "collimator_x1", BOTH))  # fmt: skip
    yield Fault("far too many MU for the dose", "L", ("field_monitor_units",),
                on_last(twenty_times))  # fmt: skip
    yield Fault("field ID used twice", "L", ("field_id",), if_many(_twice, 2))


def _twice(one: Case) -> tuple[Line, ...]:
    last, first = one.ids()[-1], one.ids()[0]
    made = []
    for line in one.lines:
        own = place(line, "field_id") >= 0 and value(line, "field_id") == last
        made.append(with_value(line, "field_id", first) if own else line)
    return tuple(made)


def export_of(lines: tuple[Line, ...]) -> bytes:
    return data_of(list(lines))
