"""R&V fields against plan beams: one finding per value that differs, and what was not compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.filter.compare_plan import compare_plan
from app.filter.covered_leaves import closed_again
from app.filter.field import Field, Plan
from app.filter.judge import REMEDY, Judge, element
from app.filter.limits import Limits
from app.filter.pairing import Pairing, deviation, pair
from app.filter.split_fields import Split, find_splits, findings_of
from app.filter.views import PLAN_TO_RV, View
from core.findings import Finding, NotChecked, State


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


def compare(rv: Plan, plan: Plan, limits: Limits, view: View = PLAN_TO_RV) -> Comparison:
    """Compare every field of an export with the plan (R-04 to R-06).

    A form of delivery (`app.filter.delivery_forms`) is told as a hint; whether it was declared is
    for the report to weigh.

    Args:
        rv: What the R&V system holds.
        plan: The plan it is checked against.
        limits: From tolerances.toml.
        view: Who is compared with whom.

    """
    judge = _Pairs(limits, digits_count=rv.kind != "DICOM RT Plan", view=view)
    findings = list(compare_plan(rv, plan, limits, digits_count=judge.digits_count, view=view))
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


class _Pairs(Judge):
    """The judge of fields and beams: it knows of split beams and of pairs opened under a jaw."""

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
        found = [*closed.findings, *self.differences(closed.field, beam)]
        self.unread(field, beam)
        return closed.field, [replace(one, item=element(one.item, names)) for one in found]
