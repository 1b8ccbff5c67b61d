"""FastPlanFixer (O-01): apply a recipe to an RTP-Connect file, show every change, save a new file.

The original is never written to. Only changed lines get a new checksum; all else is the same byte
for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.lex.fix_lines import Line, read_lines
from app.lex.fix_recipe import Edit, Recipe, Wanted, number_of
from app.lex.rtp_columns import TEXTS, Column
from core.errors import ClinicFileError, UnreadableFileError
from core.findings import Finding, State, overall
from core.safe_write import write_whole

UNUSED, REFUSED, STRANGE = "LEX-F1", "LEX-F2", "LEX-F3"
_TURN, _HALF = Decimal(360), Decimal(180)


@dataclass(frozen=True, slots=True)
class Change:
    """One element that gets another value.

    Attributes:
        line: Line of the file, from 1.
        field: Field ID of the record; "" when it belongs to none.
        edit: Number of the edit in the recipe.

    """

    line: int
    record: str
    field: str
    item: str
    old: str
    new: str
    reason: str
    edit: int


@dataclass(frozen=True, slots=True)
class FixPlan:
    """What a recipe would do to a file; nothing has been written yet.

    Attributes:
        recipe: Its name.
        source: The file read.
        digest: SHA-256 of the file as it was read.
        data: The new file; empty while a finding is an error.

    """

    recipe: str
    source: Path
    digest: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    data: bytes

    @property
    def status(self) -> State:
        """Return the worst state of the findings."""
        return overall(self.findings)

    def to_json(self, out: Path | None) -> dict[str, Any]:
        """Return the plan as plain values for JSON; `out` is None when nothing was written."""
        return {
            "status": self.status.value,
            "written": None if out is None else str(out),
            "recipe": self.recipe,
            "changes": [
                {
                    "line": one.line, "record": one.record, "field": one.field, "item": one.item,
                    "old": one.old, "new": one.new, "reason": one.reason, "edit": one.edit,
                }
                for one in self.changes
            ],
            "findings": [
                {
                    "rule": one.rule, "severity": one.state.value, "field": one.field,
                    "control_point": None, "item": one.item, "expected": one.expected,
                    "found": one.found, "unit": one.unit, "message": one.message,
                    "remedy": one.remedy,
                }
                for one in self.findings
            ],
        }  # fmt: skip

    def as_text(self, out: Path | None) -> str:
        """Return the plan for a terminal: each change with its reason, then the findings."""
        done = "Nothing written" if out is None else f"Written: {out}"
        lines = [f"{self.status.value.upper()}  {done}", f"Recipe: {self.recipe}", ""]
        for one in self.changes:
            place = f"line {one.line} {one.record}{f' field {one.field}' if one.field else ''}"
            lines.append(f"  {place}  {one.item}: {one.old!r} -> {one.new!r}  {one.reason}")
        lines += ["", f"{len(self.changes)} changes."]
        lines += [f"{one.state.value:<8} {one.message} {one.remedy}" for one in self.findings]
        return "\n".join(lines)


def plan_fix(recipe: Recipe, file: Path) -> FixPlan:
    """Return what the recipe changes in a file, without writing anything.

    Raises:
        UnreadableFileError: The file cannot be opened or is no RTP-Connect file.
        UnreadableRecordError: A line is damaged.
        ClinicFileError: The recipe is made for other files.

    """
    try:
        data = file.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"the file cannot be opened: {fault.strerror}",
            where=str(file),
            remedy="Choose the file again.",
        ) from fault
    lines = read_lines(data, file.name)
    for item, texts in recipe.for_file.items():
        if not _all_equal(lines[0], {item: texts}):
            raise ClinicFileError(
                f"{item} is {lines[0].text(item)!r}, the recipe {recipe.name!r} is for files with "
                f"{' or '.join(repr(text) for text in texts)}",
                where=file.name,
                remedy="Choose the recipe made for this file; none may be applied twice.",
            )
    changes: list[Change] = []
    findings: list[Finding] = []
    for edit in recipe.edits:
        done, told = _apply(edit, lines)
        changes += done
        findings += told
    sound = not any(finding.state == State.ERROR for finding in findings)
    made = b"".join(line.data() for line in lines) if sound else b""
    digest = sha256(data).hexdigest()
    return FixPlan(recipe.name, file, digest, tuple(changes), tuple(findings), made)


def save_fix(plan: FixPlan, out: Path, *, overwrite: bool = False) -> None:
    """Write the new file, whole or not at all.

    Args:
        plan: As `plan_fix` made it.
        out: File to write; never the original.
        overwrite: Whether somebody has agreed that an existing file may go.

    Raises:
        ClinicFileError: An error stands, `out` is the original or taken, or the original has
            changed since the plan was made.

    """
    if not plan.data:
        errors = [one.message for one in plan.findings if one.state == State.ERROR]
        raise ClinicFileError(
            f"{len(errors)} values cannot be written, the first: {errors[0]}",
            where=str(plan.source),
            remedy="Correct the recipe, then try again.",
        )
    same = out.resolve() == plan.source.resolve() or (out.exists() and out.samefile(plan.source))
    if same:
        raise ClinicFileError(
            "the new file would replace the original",
            where=str(out),
            remedy="Choose another name.",
        )
    if out.exists() and not overwrite:
        raise ClinicFileError(
            "there is a file of this name already",
            where=str(out),
            remedy="Choose another name, or say that it may be replaced (--replace).",
        )
    if sha256(plan.source.read_bytes()).hexdigest() != plan.digest:
        raise ClinicFileError(
            "the original has changed since it was read",
            where=str(plan.source),
            remedy="Apply the recipe again.",
        )
    write_whole(out, plan.data)


def _apply(edit: Edit, lines: Sequence[Line]) -> tuple[list[Change], list[Finding]]:
    """Make one repair in every line that meets its conditions; one that meets none is told."""
    changes: list[Change] = []
    findings: list[Finding] = []
    used = False
    strange = [line for line in lines if line.record == edit.record and _lacks(line, edit)]
    field: Line | None = None
    for line in lines:
        if line.record == "FIELD_DEF":
            field = line
        if line.record != edit.record or line in strange or not _meets(line, field, edit):
            continue
        for item in edit.items:
            column = line.column(item)
            old = line.text(item)
            new = None if column is None else _new_text(edit, old, column)
            if column is None or new is None:
                continue
            used = True
            wrong = _wrong(edit, new, column)
            if wrong:
                findings.append(_refused(edit, line, item, old, wrong))
            elif new != old:
                line.put(item, new)
                changes.append(Change(
                    line.number, line.record, line.text("field_id"), item, old, new, edit.reason,
                    edit.number,
                ))  # fmt: skip
    if strange:
        findings.append(_left(edit, strange))
    if not used:
        message = f"Edit {edit.number} ({edit.record}, {', '.join(edit.items)}) found nothing."
        remedy = "Check that file and recipe belong together."
        findings.append(Finding(UNUSED, State.WARNING, message, item=edit.items[0], remedy=remedy))
    return changes, findings


def _lacks(line: Line, edit: Edit) -> bool:
    """Tell whether a line is too short, or of an unknown layout, for what the edit names."""
    return any(line.column(item) is None for item in (*edit.items, *edit.where))


def _left(edit: Edit, lines: Sequence[Line]) -> Finding:
    """Return the finding about lines left as they are because their layout is not known."""
    return Finding(
        STRANGE,
        State.WARNING,
        f"Edit {edit.number}: {len(lines)} {edit.record} lines, the first is line "
        f"{lines[0].number}, have {len(lines[0].cells)} elements and were left as they are.",
        item=edit.items[0],
        found=str(len(lines[0].cells)),
        remedy="Enter the value by hand, or have the file exported in another version.",
    )


def _meets(line: Line, field: Line | None, edit: Edit) -> bool:
    """Tell whether a line and its field are what the edit asks for."""
    if not _all_equal(line, edit.where):
        return False
    return not edit.of_field or (field is not None and _all_equal(field, edit.of_field))


def _all_equal(line: Line, wanted: Wanted) -> bool:
    """Tell whether every element is one of its texts; numbers count by value."""
    return all(
        any(_equal(line.text(item), text) for text in texts) for item, texts in wanted.items()
    )


def _equal(a: str, b: str) -> bool:
    """Compare two elements, as numbers where both are."""
    one, other = number_of(a), number_of(b)
    return a == b if one is None or other is None else one == other


def _new_text(edit: Edit, old: str, column: Column) -> str | None:
    """Return what an element becomes; None when the edit has nothing to do with it."""
    if edit.action == "set":
        return str(edit.value)
    if edit.action == "fill":
        return None if old else str(edit.value)
    if isinstance(edit.value, Mapping):
        return next((new for key, new in edit.value.items() if _equal(old, key)), None)
    if not old:
        return None
    number = number_of(old)
    return "?" if number is None else _shown(_moved(edit, number), old, column)


def _moved(edit: Edit, number: Decimal) -> Decimal:
    """Return a number after a change of sign, offset or scale."""
    if edit.action == "negate":
        return -number
    if isinstance(edit.value, Decimal):
        return number + edit.value
    turned = {
        "varian_standard": _HALF - number,
        "mirrored": -number,
        "full_turn": number,
    }[str(edit.value)]
    return (turned % _TURN + _TURN) % _TURN


def _shown(number: Decimal, old: str, column: Column) -> str:
    """Return a number with the decimals of its column, or more where it had more before."""
    exponent = number_of(old) or Decimal(0)
    before = -int(exponent.as_tuple().exponent)
    least = 1 if column.kind == "jaw" else column.size
    own = -int(number.as_tuple().exponent)
    text = f"{number:.{max(least, before, own)}f}"
    return text.removeprefix("-") if not number else text


def _wrong(edit: Edit, new: str, column: Column) -> str:
    """Return why a new value cannot stand in its column; "" when it can."""
    if column.kind in TEXTS or edit.text or not new:
        return ""
    number = number_of(new)
    if number is None:
        return "it is not a number"
    if column.limits is not None and not column.limits[0] <= number <= column.limits[1]:
        return f"{new} is outside {column.limits[0]:g} to {column.limits[1]:g}"
    return ""


def _refused(edit: Edit, line: Line, item: str, old: str, why: str) -> Finding:
    """Return the finding about a value that cannot be changed as asked."""
    return Finding(
        REFUSED,
        State.ERROR,
        f"Line {line.number}, {line.record}, {item} {old!r}: edit {edit.number} fails, {why}.",
        field=line.text("field_id"),
        item=item,
        found=old,
        remedy="Correct the recipe or the export.",
    )
