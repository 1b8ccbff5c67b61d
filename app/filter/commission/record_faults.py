"""Faults in the file as such: checksums, layouts, links and counts of the records (F-RTP)."""

from collections.abc import Iterator

from app.filter.commission.clinic import REFUSAL, Clinic, How, Injected
from app.filter.commission.export import FIELDS, Row, changed_line, line_of
from app.filter.commission.fault import NO_PLACE, Fault
from app.filter.commission.moved import number_in
from app.filter.commission.table_faults import points_of
from app.filter.rtp_checksum import checksum
from app.filter.rtp_columns import FEWEST, KNOWN_LENGTHS

ROW = "structure of the file"


def record_faults() -> Iterator[Fault]:
    """Yield the faults of the structure; what cannot be read at all has to be refused."""
    refused = (_checksum, _cut_off, _second_plan, _not_first, _orphan, _word)
    for inject in refused:
        yield Fault(ROW, REFUSAL, How.OPEN, inject)
    yield Fault(ROW, "F-RTP-CRC", How.CHECK, _checksum)
    rules = (
        ("F-RTP-LENGTH", How.OPEN, _longer), ("F-RTP-QUOTE", How.OPEN, _quote),
        ("F-RTP-RECORD", How.OPEN, _unknown), ("F-RTP-LEAVES", How.OPEN, _leaf_too_many),
        ("F-RTP-SYM", How.OPEN, _not_symmetric), ("F-RTP-COUNT", How.OPEN, _points_announced),
        ("F-RTP-POINT", How.OPEN, _number_left_out), ("F-RTP-ORDER", How.CHECK, _second_plan),
        ("F-RTP-TREE", How.CHECK, _orphan), ("F-RTP-WORD", How.CHECK, _word),
        ("F-RTP-NUMBER", How.CHECK, _no_number), ("F-RTP-RANGE", How.CHECK, _out_of_range),
        ("F-RTP-TEXT", How.CHECK, _too_long), ("F-RTP-BLANK", How.CHECK, _blank),
        ("F-RTP-SITE", How.CHECK, _site),
    )  # fmt: skip
    for rule, how, inject in rules:
        yield Fault(ROW, rule, how, inject, BESIDE.get(rule, frozenset()))


# The same fault seen from another side.
BESIDE = {
    "F-RTP-POINT": frozenset({"F-RTP-COUNT"}),
    "F-RTP-WORD": frozenset({"F-RTP-PLAN"}),
    "F-RTP-TREE": frozenset({"F-RTP-PLAN", "F-RTP-POINT", "F-RTP-COUNT"}),
    "F-RTP-SITE": frozenset({"F-RTP-COUNT"}),
}


def _last_field(clinic: Clinic) -> Row | None:
    rows = [row for field in clinic.treating for row in clinic.export.of(*FIELDS, field=field.id)]
    return rows[-1] if rows else None


def _checksum(clinic: Clinic) -> Injected | str:
    row = _last_field(clinic)
    if row is None or row.line.stored is None:
        return NO_PLACE
    wrong = f'"{(row.line.stored + 1) % 65536}"'.encode("ascii")
    start = row.line.raw.rfind(b",") + 1
    order = range(len(clinic.export.file.lines))
    made = {row.place: row.line.raw[:start] + wrong + row.line.end}
    return Injected(clinic.export.in_order(order, made), f"{_where(row)}: another checksum")


def _cut_off(clinic: Clinic) -> Injected | str:
    whole = clinic.export.file.to_bytes().rstrip()
    return Injected(whole[: len(whole) * 2 // 3], "the file ends after two thirds")


def _second_plan(clinic: Clinic) -> Injected | str:
    rows = clinic.export.of("PLAN_DEF")
    again = changed_line(rows[0], {})
    data = clinic.export.with_lines(rows[0].place, [again])
    return Injected(data, "PLAN_DEF stands twice")


def _not_first(clinic: Clinic) -> Injected | str:
    lines = range(len(clinic.export.file.lines))
    if len(clinic.export.file.records) < 2:
        return "the file has one record"
    order = [*lines[1:], lines[0]]
    return Injected(clinic.export.in_order(order, {}), "PLAN_DEF stands at the end")


def _orphan(clinic: Clinic) -> Injected | str:
    """Link a control point (or the second record of a field) to another field."""
    rows = clinic.export.of("CONTROL_PT_DEF", "EXTENDED_FIELD_DEF")
    if not rows:
        return NO_PLACE
    row = rows[-1]
    data = clinic.export.with_values({row.place: {"field_id": "EQSX"}})
    return Injected(data, f"{_where(row)}: it names field EQSX")


def _word(clinic: Clinic) -> Injected | str:
    row = _last_field(clinic)
    if row is None or not row.holds("arc_direction"):
        return NO_PLACE
    data = clinic.export.with_values({row.place: {"arc_direction": "UP"}})
    return Injected(data, f"{_where(row)}: arc_direction UP")


def _longer(clinic: Clinic) -> Injected | str:
    """Put a value behind the last known one of a record."""
    row = clinic.export.of("PLAN_DEF")[0]
    if len(row.line.cells) not in KNOWN_LENGTHS["PLAN_DEF"]:
        return "PLAN_DEF is not as known files have it"
    cells = [*row.line.cells[:-1], "EQS"]
    made = {row.place: line_of(cells, row.line.end)}
    data = clinic.export.in_order(range(len(clinic.export.file.lines)), made)
    return Injected(data, f"{_where(row)}: one value more", items=frozenset({"keyword"}))


def _quote(clinic: Clinic) -> Injected | str:
    row = _last_field(clinic)
    if row is None or row.line.odd or not row.holds("field_note"):
        return NO_PLACE
    marked = changed_line(row, {"field_note": "EQS~TEST"})
    body = marked[: marked.rfind(b",") + 1].replace(b"EQS~TEST", b'EQS" TEST')
    made = {row.place: body + f'"{checksum(body)}"'.encode("ascii") + row.line.end}
    data = clinic.export.in_order(range(len(clinic.export.file.lines)), made)
    return Injected(data, f"{_where(row)}: a single quote inside a value")


def _unknown(clinic: Clinic) -> Injected | str:
    last = clinic.export.rows[-1]
    line = line_of(["EQS_TEST_DEF", "1"], last.line.end or b"\r\n")
    data = clinic.export.with_lines(last.place, [line])
    return Injected(data, "a record EQS_TEST_DEF", items=frozenset({"keyword"}))


def _leaf_too_many(clinic: Clinic) -> Injected | str:
    for row in reversed(clinic.export.of("CONTROL_PT_DEF")):
        pairs = number_in(row.text("mlc_leaves"))
        item = f"mlc_a{int(pairs) + 1}" if pairs else ""
        if item and row.holds(item) and not row.text(item):
            data = clinic.export.with_values({row.place: {item: "1.00"}})
            words = f"{_where(row)}: {item} 1.00 beyond {pairs} pairs"
            return Injected(data, words, items=frozenset({item}))
    return "no field has leaves, or every place for leaves is used"


def _not_symmetric(clinic: Clinic) -> Injected | str:
    for field in reversed(clinic.treating):
        for row in clinic.export.of("FIELD_DEF", field=field.id):
            width, jaw = number_in(row.text("field_x")), number_in(row.text("collimator_x1"))
            if width and jaw is not None and abs(jaw) == width / 2:
                new = f"{jaw * 2:f}"
                values = {"field_x_mode": "SYM", "collimator_x1": new}
                data = clinic.export.with_values({row.place: values})
                words = f"Field {field.id}: symmetric, width {width}, collimator_x1 {new}"
                return Injected(data, words, field.id, None, frozenset({"collimator_x1"}))
    return "no field has symmetric X jaws"


def _points_announced(clinic: Clinic) -> Injected | str:
    for field in reversed(clinic.treating):
        rows = points_of(clinic, field)
        if rows and rows[0].text("total_control_points") == str(len(rows)):
            new = str(len(rows) + 1)
            data = clinic.export.with_values({rows[0].place: {"total_control_points": new}})
            words = f"Field {field.id}: total_control_points {len(rows)} → {new}"
            return Injected(data, words, field.id, None, frozenset({"total_control_points"}))
    return "no field has control points"


def _number_left_out(clinic: Clinic) -> Injected | str:
    """Lose a control point in the middle, where the shares still run from 0 to 1."""
    for field in reversed(clinic.treating):
        rows = points_of(clinic, field)
        if len(rows) > 2:
            place = len(rows) // 2
            data = clinic.export.without([rows[place].place])
            words = f"Field {field.id}: control point {place} is lost"
            return Injected(data, words, field.id, None, frozenset({"control_pt_number"}))
    return "no field has three control points"


def _no_number(clinic: Clinic) -> Injected | str:
    return _in_last(clinic, "gantry_angle", "12,5")


def _out_of_range(clinic: Clinic) -> Injected | str:
    return _in_last(clinic, "gantry_angle", "725.0")


def _too_long(clinic: Clinic) -> Injected | str:
    return _in_last(clinic, "field_name", "EQS TEST NAME OF 26 SIGNS.")


def _site(clinic: Clinic) -> Injected | str:
    return _in_last(clinic, "rx_site_name", "EQS TEST")


def _in_last(clinic: Clinic, item: str, new: str) -> Injected | str:
    row = _last_field(clinic)
    if row is None or not row.holds(item):
        return NO_PLACE
    data = clinic.export.with_values({row.place: {item: new}})
    words = f"{_where(row)}: {item} {row.text(item) or 'blank'} → {new}"
    return Injected(data, words, items=frozenset({item}))


def _blank(clinic: Clinic) -> Injected | str:
    row = clinic.export.of("PLAN_DEF")[0]
    if len(row.line.cells) < FEWEST["PLAN_DEF"] or not row.text("patient_id"):
        return NO_PLACE
    data = clinic.export.with_values({row.place: {"patient_id": ""}})
    return Injected(data, "patient_id is blank", items=frozenset({"patient_id"}))


def _where(row: Row) -> str:
    of = f" of field {row.field}" if row.field else ""
    return f"line {row.line.number}, {row.keyword}{of}"
