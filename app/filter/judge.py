"""One R&V field against its reference, value by value, and what one of the two does not hold."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from app.filter.delivery_forms import RESEQUENCED, RULES
from app.filter.field import ControlPoint, Field
from app.filter.fittings import mismatches
from app.filter.limits import Limits
from app.filter.parameters import (
    DIRECTIONS,
    FIELD_PARAMETERS,
    FITTINGS,
    POINT_PARAMETERS,
    Kind,
    Parameter,
)
from app.filter.segments import fitted, leaves_apart, ordered
from app.filter.values import (
    Difference,
    compare_values,
    finest_of,
    one_is_blank,
    tolerance_of,
)
from app.filter.views import PLAN_TO_RV, View
from core.findings import Finding, NotChecked, State

REMEDY = "Find out which of the two is right; correct the R&V system or the plan, and check again."
SILENT = "does not hold it"
LEAF = Parameter(
    "mlc", "MLC leaves", Kind.LENGTH, "cm", lambda _: None, limit="comparison.length_mm"
)


class Judge:
    """Compare pair by pair and remember which items one of the sources does not hold."""

    def __init__(self, limits: Limits, *, digits_count: bool, view: View = PLAN_TO_RV) -> None:
        self.limits = limits
        self.view = view
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

    def unread(self, field: Field, beam: Field) -> None:
        """Remember what could not be read of a field or of its reference."""
        for item, why in (*field.unread, *beam.unread):
            self._gaps[item, why].append(field.id)

    def differences(self, field: Field, beam: Field) -> Iterator[Finding]:
        """Return every value of a field that differs from its reference."""
        self._told = set()
        for row in FIELD_PARAMETERS:
            found, expected = row.get(field), row.get(beam)
            if row.item == "arc_mu_degree" and field.arc_mu_per_deg is None:
                continue  # it follows from MU and arc, which are compared themselves
            if self._skip(row.item, field):
                continue
            blank = self.view.blank_differs and not is_unread(row.item, field, beam)
            if blank and (found is None) != (expected is None):
                apart: Difference | None = one_is_blank(row, found, expected)
            elif self._gap(row.item, found, expected, field):
                continue
            else:
                apart = self._apart(row, found, expected)
            if apart is not None:
                # A warning that every control point repeats is told once, for the field.
                if self.view.state(row.item, row.state) != State.ERROR:
                    self._told.add(row.item)
                yield self._finding(row.item, row, field, None, apart)
        for fitting in FITTINGS:
            self._gap(fitting.item, fitting.get(field), fitting.get(beam), field)
        for one in mismatches(field, beam):
            view = self.view
            yield Finding(
                _rule(one.item), view.state(one.item, State.ERROR),
                f"Field {field.id}: {one.item} is {one.found} in {view.checked}, "
                f"{one.expected} in {view.reference}",
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
            self._gaps[item, f"{self.view.file} {SILENT}"].append(field.id)
        elif expected is None and found is not None:
            self._gaps[item, f"{self.view.reference} {SILENT}"].append(field.id)
        return found is None or expected is None

    def _of_points(self, field: Field, beam: Field) -> Iterator[Finding]:
        found = field.control_points
        planned = fitted(beam.control_points, len(found))
        if len(found) != len(planned):
            why = "the numbers of control points differ"
            self._gaps["control points", why].append(field.id)
            apart = Difference(str(len(planned)), str(len(found)))
            row = Parameter("total_control_points", "MLC leaves", Kind.WORD, "", lambda _: None)
            yield self._finding(row.item, row, field, None, apart)
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
            if row.item in self.view.skipped or self._gap(row.item, found, expected, field):
                continue
            apart = self._apart(row, found, expected)
            inherited = row.stated not in one.stated
            repeated = row.item in self._told and found == row.get(field)
            if (
                apart is not None
                and not repeated
                and not (inherited and self._known(row, field, before))
            ):
                yield self._finding(row.item, row, field, one.number, apart)
        for item, name in DIRECTIONS:
            turn, planned = getattr(one, name), getattr(other, name)
            # The last point turns nowhere: a direction carried over by the plan says nothing.
            silent = last and not turn and name not in other.stated
            if turn is None or planned is None:
                if turn or planned:  # the other side says nothing of a turn that is there
                    self._gap(item, turn, planned, field)
                continue
            if silent or turn == planned:
                continue
            row = Parameter(item, "Arc Start", Kind.WORD, "", lambda _: None)
            apart = Difference(planned or "none", turn or "none")
            yield self._finding(item, row, field, one.number, apart)

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
                yield self._finding("mlc_leaves", row, field, one.number, apart)
                continue
            for bank in ("a", "b"):
                tips, planned = getattr(mine, f"{bank}_mm"), getattr(theirs, f"{bank}_mm")
                for leaf, (tip, plan_tip) in enumerate(zip(tips, planned, strict=True), start=1):
                    if tip == plan_tip:
                        continue
                    apart_leaf = self._apart(LEAF, tip, plan_tip)
                    if apart_leaf is not None:
                        item = f"{prefix}{bank}{leaf}"
                        yield self._finding(item, LEAF, field, one.number, apart_leaf)

    def _skip(self, item: str, field: Field) -> bool:
        """Remember an item that is not compared in this view."""
        why = self.view.skipped.get(item)
        if why is not None:
            self._gaps[item, why].append(field.id)
        return why is not None

    def _finding(
        self, item: str, row: Parameter, field: Field, point: int | None, apart: Difference
    ) -> Finding:
        view = self.view
        own_unit = row.unit if row.unit != "1" else ""
        unit = f" {own_unit}" if own_unit else ""
        where = (
            f"Field {field.id}" if point is None else f"Field {field.id}, control point {point}"
        )
        return Finding(
            _rule(item), view.state(item, row.state),
            f"{where}: {item} is {apart.found}{unit} in {view.checked}, "
            f"{apart.expected}{unit} in {view.reference}",
            field.id, point, item, apart.expected, apart.found, own_unit, apart.tolerance, REMEDY,
            apart.difference,
        )  # fmt: skip


def is_unread(item: str, *fields: Field) -> bool:
    """Return whether an item stands in one of the fields and could not be brought to IEC."""
    return any(item.startswith(name) for field in fields for name, _ in field.unread)


def _rule(item: str) -> str:
    short = "mlc" if item.startswith("mlc") and item != "mlc_leaves" else item
    return f"F-CMP-{short.upper().replace('_', '-')}"


def element(item: str, names: dict[str, str]) -> str:
    """Return the element of the record that holds an IEC item of a native export."""
    if item.startswith(("mlc_a", "mlc_b")):
        return names.get(item[:5], item[:5]) + item[5:]
    return names.get(item, item)
