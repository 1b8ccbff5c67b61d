"""Checks that everything has a name in the R&V system: an unknown one stops the file (L-04)."""

from collections.abc import Iterator

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.checks.standard import AP, ELECTRONS
from app.lex.field_ids import id_by_code
from app.lex.fields import energy_words
from app.lex.nomenclature import IdRule, Names
from app.lex.plan import Device
from app.lex.treatment import FieldEntry
from core.findings import State

ADD = "Add the name to the clinic's map of names for the R&V system."
SOURCE = "Siochi 2009, II.B"
ONLY_6_MV = Names("energies", {"Xrays 6": "6"}, as_planned=False, longest=2)


def _unknown(case: Case, names: Names, planned: str, beam: str, item: str) -> Miss:
    """Return the miss that quotes a name and shows the line that would make it known."""
    line = f"[{names.category}.names]  {_quoted(planned)} = {_quoted('NAME IN THE R&V')}"
    return Miss(
        f"{case.system.name} has no name for {planned!r}.", beam, item=item, found=planned,
        remedy=f"Add to {case.system.names.own_file}:  {line}",
    )  # fmt: skip


def _quoted(text: str) -> str:
    """Return a text as it stands in a TOML file."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@check(
    "LEX-N1",
    "The machine of every beam is known to the R&V system, and is the one entered",
    State.ERROR,
    ADD,
    requirements=["L-04"],
    source=SOURCE,
    why="The field would be booked on no machine, or on one it was not planned for.",
    good=[Change("system.names.machines", Names("machines"))],
    bad=[
        Change(f"{AP}.machine", "LINAC_B", "AP, treatment_machine"),
    ],
)
def machines_are_known(case: Case) -> Iterator[Miss]:
    """Translate the planner's machine; where the map has it, another entry is refused."""
    machines = case.system.names.machines
    for field in case.fields:
        planned, entered = field.beam.machine, case.treatment.machine
        name = machines.of(planned)
        if name is None:
            yield _unknown(case, machines, planned, field.beam.name, "treatment_machine")
        elif planned in machines.names and entered is not None and name != entered:
            message = f"The beam is planned for {planned!r}, which is {name!r} in the R&V system."
            yield Miss(
                message, field.beam.name, item="treatment_machine", expected=name, found=entered,
                remedy=f"Enter {name!r} in the treatment data, or plan for the other machine.",
            )  # fmt: skip


@check(
    "LEX-N2",
    "Every energy, wedge, applicator and technique has its name in the R&V system",
    State.ERROR,
    ADD,
    requirements=["L-04"],
    source=SOURCE,
    why="The R&V system refuses a name it does not know, or takes it for another device.",
    good=[Change("system.names.wedges", Names("wedges"))],
    bad=[
        Change(f"{AP}.wedges[0].code", "EDW", "AP, dynamic_wedge"),
        Change(f"{ELECTRONS}.applicator.code", "CONE", "E, e_applicator"),
        Change("system.names.energies", ONLY_6_MV, "E, energy"),
    ],
)
def devices_are_known(case: Case) -> Iterator[Miss]:
    """Translate one by one; a code that is missing altogether is for LEX-C1."""
    names = case.system.names
    for field in case.fields:
        beam = field.beam
        asked = [
            (names.energies, energy_words(beam), "energy"),
            (names.techniques, beam.technique, "treatment_type"),
        ]
        for wedge in beam.wedges:
            item = "dynamic_wedge" if wedge.kind == "virtual" else "wedge"
            asked.append((names.wedges, wedge.code, item))
        if beam.applicator is not None:
            asked.append((names.applicators, beam.applicator.code, "e_applicator"))
        for table, planned, item in asked:
            if planned and table.of(planned) is None:
                yield _unknown(case, table, planned, beam.name, item)


@check(
    "LEX-N3",
    "Every field name is one the R&V system takes",
    State.ERROR,
    "Shorten the beam's name in the planning system, or add it to the clinic's map of names.",
    requirements=["L-04"],
    source=SOURCE,
    why="A name that is cut can be that of another field.",
    good=[Change(f"{AP}.name", "01 AP pelvis-1.2")],
    bad=[
        Change(f"{AP}.name", "AP: pelvis", "AP: pelvis, field_name"),
        Change(f"{AP}.name", "twenty-one characters", "twenty-one characters, field_name"),
    ],
)
def field_names_are_taken(case: Case) -> Iterator[Miss]:
    """Look at length and characters where the R&V system's description states them."""
    names = case.system.names.field_names
    for field in case.fields:
        if names.of(field.beam.name) is None:
            miss = _unknown(case, names, field.beam.name, field.beam.name, "field_name")
            wanted = f"at most {names.longest} of {names.allowed or 'any characters'}"
            message = f"{case.system.name} cannot take the name {field.beam.name!r}: {wanted}."
            yield Miss(message, miss.field, item=miss.item, found=miss.found, remedy=miss.remedy)


@check(
    "LEX-N4",
    "The tolerance table is one the clinic has listed",
    State.ERROR,
    "Choose one of the listed tolerance tables in the treatment data.",
    requirements=["L-05"],
    source=SOURCE,
    why="A table that does not exist lets the machine treat with no tolerance, or not at all.",
    good=[Change("system.names.tolerance_tables", {})],
    bad=[Change("treatment.tolerance_table", 7, "tolerance_table")],
)
def tolerance_tables_are_listed(case: Case) -> Iterator[Miss]:
    """Compare with the clinic's list where there is one."""
    listed, entered = case.system.names.tolerance_tables, case.treatment.tolerance_table
    if listed and entered is not None and entered not in listed:
        words = ", ".join(f"{number} {name}" for number, name in sorted(listed.items()))
        message = f"Tolerance table {entered} is not listed."
        yield Miss(message, item="tolerance_table", expected=words, found=str(entered))


@check(
    "LEX-N5",
    "A block code that stands for a field ID stands for that of its field",
    State.ERROR,
    "Enter the field ID that goes with the block code, or correct the code in the plan.",
    requirements=["R-15"],
    source="Siochi 2009, II.C.3 (MODULEAF)",
    why="The add-on collimator finds the shape of a field by the code, and would take another's.",
    on=[
        Change("system.names.field_ids", IdRule(block_codes={"ML(.+)": "M{1}"})),
        Change(f"{AP}.blocks", (Device("ML01"),)),
    ],
    good=[Change("treatment.fields", {"AP": FieldEntry(id="M01")})],
    bad=[Change("treatment.fields", {"AP": FieldEntry(id="M02")}, "AP, field_id")],
)
def block_codes_map_to_ids(case: Case) -> Iterator[Miss]:
    """Compare with the clinic's pattern; two fields of one code cannot both have its ID."""
    uses: dict[str, str] = {}
    for field in case.fields:
        wanted = id_by_code(field.beam, case.system.names.field_ids)
        if wanted is None:
            continue
        if field.id != wanted:
            message = f"The block code asks for field ID {wanted!r}; the field has {field.id!r}."
            yield Miss(message, field.beam.name, item="field_id", expected=wanted, found=field.id)
        elif wanted in uses:
            message = f"The block code is that of beam {uses[wanted]!r} as well."
            yield Miss(message, field.beam.name, item="block", found=wanted)
        uses[wanted] = field.beam.name
