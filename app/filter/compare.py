"""R&V fields against plan beams: one finding per value that differs, and what was not compared."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.filter.compare_plan import compare_plan
from app.filter.covered_leaves import closed_again
from app.filter.delivery_forms import RESEQUENCED, RULES
from app.filter.field import ControlPoint, Field, Plan
from app.filter.fittings import mismatches
from app.filter.limits import Limits
from app.filter.pairing import Pairing, deviation, pair
from app.filter.parameters import (
    DIRECTIONS,
    FIELD_PARAMETERS,
    FITTINGS,
    POINT_PARAMETERS,
    Kind,
    Parameter,
)
from app.filter.segments import fitted, leaves_apart, ordered
from app.filter.split_fields import Split, find_splits, findings_of
from app.filter.values import Difference, compare_values, finest_of, tolerance_of
from core.findings import Finding, NotChecked, State

REMEDY = "Find out which of the two is right; correct the R&V system or the plan, and check again."
SILENT = "does not hold it"
LEAF = Parameter(
    "mlc", "MLC leaves", Kind.LENGTH, "cm", lambda _: None, limit="comparison.length_mm"
)


@dataclass(frozen=True, slots=True)
class Match:
    """An R&V field and the plan beam it was compared with.

    Attributes:
        deviation: Of Eq. (1), once pairs that were rightly opened under a jaw are closed again.
        segment: Segment of the beam, 1-based, when the beam arrived as one field per segment.
        segments: How many the beam has; 0 for a beam that arrived whole.

    """

    rv_field: str
    plan_beam: str
    deviation: float
    segment: int | None = None
    segments: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison has found, and what it could not compare."""

    matches: tuple[Match, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]


def compare(rv: Plan, plan: Plan, limits: Limits) -> Comparison:
    """Compare every field of an export with the plan (R-04 to R-06).

    A form of delivery (`app.filter.delivery_forms`) is told as a hint; whether it was declared is
    for the report to weigh.

    Args:
        rv: What the R&V system holds.
        plan: The plan it is checked against.
        limits: From tolerances.toml.

    """
    judge = _Judge(limits, digits_count=rv.kind != "DICOM RT Plan")
    findings = list(compare_plan(rv, plan, limits, digits_count=judge.digits_count))
    matches: list[Match] = []
    for setup in (False, True):
        fields = [field for field in rv.fields if field.setup is setup]
        beams = [beam for beam in plan.fields if beam.setup is setup]
        pairing = pair(fields, beams, limits, digits_count=judge.digits_count)
        splits = () if setup else judge.splits(fields, beams, pairing)
        for split in splits:
            findings += findings_of(split, fields, beams, limits)
            found, own = judge.of_split(split, fields, beams[split.beam])
            findings += found
            matches += own
        if splits:
            taken = {place for split in splits for place, *_ in split.taken}
            fields = _without(fields, taken)
            beams = _without(beams, {split.beam for split in splits})
            pairing = pair(fields, beams, limits, digits_count=judge.digits_count)
        findings += _of_pairing(pairing, fields, beams, setup=setup)
        for place, beam_place, amount in pairing.pairs:
            field, beam = fields[place], beams[beam_place]
            closed, found = judge.of_pair(field, beam)
            findings += found
            left = amount if closed is field else judge.deviation(closed, beam)
            matches.append(Match(field.id, beam.name or beam.id, round(left, 6)))
    return Comparison(tuple(matches), tuple(findings), judge.not_checked())


def _without(fields: Sequence[Field], places: set[int]) -> list[Field]:
    return [field for place, field in enumerate(fields) if place not in places]


def _of_pairing(
    pairing: Pairing, fields: Sequence[Field], beams: Sequence[Field], *, setup: bool
) -> Iterator[Finding]:
    state = State.INFO if setup else State.ERROR
    what = "set-up field" if setup else "field"
    for place in pairing.spare_fields:
        field = fields[place]
        yield Finding(
            "F-CMP-FIELD", state, f"The plan has no beam for {what} {field.id} ({field.name})",
            field.id, item="field_id", expected="none", found=field.id, remedy=REMEDY,
        )  # fmt: skip
    for place in pairing.spare_beams:
        name = beams[place].name or beams[place].id
        yield Finding(
            "F-CMP-BEAM", state, f"The R&V system has no {what} for beam {name!r}",
            item="field_id", expected=name, found="none", remedy=REMEDY,
        )  # fmt: skip
    for place in pairing.ties:
        yield Finding(
            "F-CMP-TIE", State.INFO,
            f"Field {fields[place].id} fits two beams equally badly; the first was taken",
            fields[place].id,
        )  # fmt: skip
    if pairing.greedy_differs:
        yield Finding(
            "F-CMP-PAIRING", State.INFO,
            "Fields were paired by the smallest total deviation; taking them one by one in the "
            "order of the export would have paired them otherwise",
        )  # fmt: skip


class _Judge:
    """Compare pair by pair and remember which items one of the sources does not hold."""

    def __init__(self, limits: Limits, *, digits_count: bool) -> None:
        self.limits = limits
        self.digits_count = digits_count
        self._gaps: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._told: set[str] = set()

    def not_checked(self) -> tuple[NotChecked, ...]:
        """Return one row per item and reason, with the fields it concerns."""
        explained = {
            (item, field)
            for (item, why), fields in self._gaps.items()
            if not why.endswith(SILENT)
            for field in fields
        }
        rows = []
        for (item, why), fields in self._gaps.items():
            kept = [
                field
                for field in dict.fromkeys(fields)
                if not why.endswith(SILENT) or (item, field) not in explained
            ]
            if kept:
                rows.append(NotChecked(item, why, ", ".join(kept)))
        return tuple(rows)

    def splits(
        self, fields: Sequence[Field], beams: Sequence[Field], whole: Pairing
    ) -> tuple[Split, ...]:
        """Return the beams that arrived as one field per segment."""
        return find_splits(fields, beams, whole, self.limits, digits_count=self.digits_count)

    def deviation(self, field: Field, beam: Field) -> float:
        """Return the deviation of Eq. (1)."""
        return deviation(field, beam, self.limits, digits_count=self.digits_count).total

    def of_split(
        self, split: Split, fields: Sequence[Field], beam: Field
    ) -> tuple[list[Finding], list[Match]]:
        """Compare the fields of a split beam, each with its segment."""
        name, count = beam.name or beam.id, len(split.pieces)
        findings, matches = [], []
        for place, number, _ in split.taken:
            piece = split.pieces[number]
            closed, found = self.of_pair(fields[place], piece)
            where = f" (segment {number + 1} of beam {name!r})"
            findings += [replace(one, message=one.message + where) for one in found]
            amount = round(self.deviation(closed, piece), 6)
            matches.append(Match(closed.id, name, amount, number + 1, count))
        return findings, matches

    def of_pair(self, field: Field, beam: Field) -> tuple[Field, list[Finding]]:
        """Compare a field with its beam; return it with pairs under a jaw closed again."""
        names = dict(field.elements)
        closed = closed_again(field, beam, self.limits, digits_count=self.digits_count)
        found = [*closed.findings, *self._of_pair(closed.field, beam)]
        for item, why in (*field.unread, *beam.unread):
            self._gaps[item, why].append(field.id)
        return closed.field, [replace(one, item=_element(one.item, names)) for one in found]

    def _of_pair(self, field: Field, beam: Field) -> Iterator[Finding]:
        self._told = set()
        for row in FIELD_PARAMETERS:
            found, expected = row.get(field), row.get(beam)
            if self._gap(row.item, found, expected, field):
                continue
            apart = self._apart(row, found, expected)
            if apart is not None:
                # A warning that every control point repeats is told once, for the field.
                if row.state != State.ERROR:
                    self._told.add(row.item)
                yield _finding(row.item, row, field, None, apart)
        for fitting in FITTINGS:
            self._gap(fitting.item, fitting.get(field), fitting.get(beam), field)
        for one in mismatches(field, beam):
            yield Finding(
                _rule(one.item), State.ERROR,
                f"Field {field.id}: {one.item} is {one.found} in the R&V system, "
                f"{one.expected} in the plan",
                field.id, item=one.item, expected=one.expected, found=one.found, remedy=REMEDY,
            )  # fmt: skip
        yield from self._of_points(field, beam)

    def _apart(self, row: Parameter, found: object, expected: object) -> Difference | None:
        return compare_values(
            row, found, expected, self.limits, digits_count=self.digits_count  # type: ignore[arg-type]  # a row's getter gives a Value
        )  # fmt: skip

    def _gap(self, item: str, found: object, expected: object, field: Field) -> bool:
        """Remember a value that one source does not hold; two silent sources are no gap."""
        if found is None and expected is not None:
            self._gaps[item, f"the R&V export {SILENT}"].append(field.id)
        elif expected is None and found is not None:
            self._gaps[item, f"the plan {SILENT}"].append(field.id)
        return found is None or expected is None

    def _of_points(self, field: Field, beam: Field) -> Iterator[Finding]:
        found = field.control_points
        planned = fitted(beam.control_points, len(found))
        if len(found) != len(planned):
            why = "the numbers of control points differ"
            self._gaps["control points", why].append(field.id)
            apart = Difference(str(len(planned)), str(len(found)))
            row = Parameter("total_control_points", "MLC leaves", Kind.WORD, "", lambda _: None)
            yield _finding(row.item, row, field, None, apart)
            return
        weight_mu = float(self.limits["pairing.segment_mu"] * (field.mu or Decimal(0)))
        arranged = ordered(found, planned, weight_mu)
        if arranged.order:
            words = ", ".join(str(number + 1) for number in arranged.order)
            yield Finding(
                RULES[RESEQUENCED], State.INFO,
                f"Field {field.id}: the segments are delivered in another order than planned "
                f"(plan segments {words}); each was compared with its own", field.id,
            )  # fmt: skip
        before: tuple[ControlPoint, ControlPoint] | None = None
        doubtful = leaves_apart(found, arranged.points, self._leaves_pass_mm(found))
        for place, (one, other) in enumerate(zip(found, arranged.points, strict=True)):
            last = one is found[-1]
            yield from self._of_point(field, one, other, before, last=last)
            if doubtful[place]:
                yield from self._of_leaves(field, one, other)
            before = (one, other)

    def _leaves_pass_mm(self, found: Sequence[ControlPoint]) -> Decimal:
        """Return the least difference that passes for every leaf of a field: of the finest."""
        finest = Decimal(1)
        for point in found:
            for layer in point.layers:
                finest = min(finest, finest_of(layer.a_mm + layer.b_mm))
        return tolerance_of(LEAF, finest, self.limits, digits_count=self.digits_count)

    def _of_point(
        self,
        field: Field,
        one: ControlPoint,
        other: ControlPoint,
        before: tuple[ControlPoint, ControlPoint] | None,
        *,
        last: bool,
    ) -> Iterator[Finding]:
        for row in POINT_PARAMETERS:
            found, expected = row.get(one), row.get(other)
            if self._gap(row.item, found, expected, field):
                continue
            apart = self._apart(row, found, expected)
            inherited = row.stated not in one.stated
            repeated = row.item in self._told and found == row.get(field)
            if (
                apart is not None
                and not repeated
                and not (inherited and self._known(row, field, before))
            ):
                yield _finding(row.item, row, field, one.number, apart)
        for item, name in DIRECTIONS:
            turn, planned = getattr(one, name), getattr(other, name)
            # The last point turns nowhere: a direction carried over by the plan says nothing.
            silent = last and not turn and name not in other.stated
            if turn is None or planned is None or silent or turn == planned:
                continue
            row = Parameter(item, "Arc Start", Kind.WORD, "", lambda _: None)
            apart = Difference(planned or "none", turn or "none")
            yield _finding(item, row, field, one.number, apart)

    def _known(
        self, row: Parameter, field: Field, before: tuple[ControlPoint, ControlPoint] | None
    ) -> bool:
        """Return whether the place an inherited value comes from already carries the finding.

        A value that a point leaves out comes from the point before it, or from the field. When
        that one disagrees too, the same error would be told twice.
        """
        if before is None:
            return True
        found, expected = row.get(before[0]), row.get(before[1])
        if found is None or expected is None:
            return False
        return self._apart(row, found, expected) is not None

    def _of_leaves(
        self, field: Field, one: ControlPoint, other: ControlPoint
    ) -> Iterator[Finding]:
        if "layers" not in one.stated and one.number:
            return
        if self._gap("mlc", one.layers or None, other.layers or None, field):
            return
        for number, (mine, theirs) in enumerate(zip(one.layers, other.layers, strict=False)):
            prefix = f"mlc{number + 1}_" if number else "mlc_"
            if len(mine.a_mm) != len(theirs.a_mm):
                apart = Difference(str(len(theirs.a_mm)), str(len(mine.a_mm)))
                row = replace(LEAF, kind=Kind.WORD, unit="")
                yield _finding("mlc_leaves", row, field, one.number, apart)
                continue
            for bank in ("a", "b"):
                tips, planned = getattr(mine, f"{bank}_mm"), getattr(theirs, f"{bank}_mm")
                for leaf, (tip, plan_tip) in enumerate(zip(tips, planned, strict=True), start=1):
                    if tip == plan_tip:
                        continue
                    apart_leaf = self._apart(LEAF, tip, plan_tip)
                    if apart_leaf is not None:
                        item = f"{prefix}{bank}{leaf}"
                        yield _finding(item, LEAF, field, one.number, apart_leaf)


def _finding(
    item: str, row: Parameter, field: Field, point: int | None, apart: Difference
) -> Finding:
    unit = f" {row.unit}" if row.unit not in ("", "1") else ""
    where = f"Field {field.id}" if point is None else f"Field {field.id}, control point {point}"
    return Finding(
        _rule(item), row.state,
        f"{where}: {item} is {apart.found}{unit} in the R&V system, "
        f"{apart.expected}{unit} in the plan",
        field.id, point, item, apart.expected, apart.found, row.unit if row.unit != "1" else "",
        apart.tolerance, REMEDY, apart.difference,
    )  # fmt: skip


def _rule(item: str) -> str:
    short = "mlc" if item.startswith("mlc") and item != "mlc_leaves" else item
    return f"F-CMP-{short.upper().replace('_', '-')}"


def _element(item: str, names: dict[str, str]) -> str:
    """Return the element of the record that holds an IEC item of a native export."""
    if item.startswith(("mlc_a", "mlc_b")):
        return names.get(item[:5], item[:5]) + item[5:]
    return names.get(item, item)
