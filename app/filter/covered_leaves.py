"""Leaf pairs wholly under a jaw that were opened so that their leaves do not touch (L-10).

Siochi 2009, II.B.3: the leaves that the jaws cover may be given a gap. What is exposed stays the
same, as long as the whole width of the pair lies under the jaw. The gap is made about the middle
of the planned one and is the same for every pair of a field, so that a single leaf that has gone
astray under the jaw is still told.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.filter.delivery_forms import OPENED, RULES
from app.filter.field import ControlPoint, Field, Jaws, LeafBanks
from app.filter.limits import Limits
from app.filter.segments import fitted, is_step_and_shoot, ordered
from app.filter.values import FINE, half_step
from core.findings import Finding, State

REMEDY = "Find out why the leaf pair was opened; correct the R&V system, and check again."
LIMIT = "delivery.gap_under_jaw_mm"


@dataclass(frozen=True, slots=True)
class Opened:
    """One leaf pair under a jaw, closed in the plan, neither leaf of which is where planned.

    Attributes:
        place: Place of the control point in the field.
        layer, leaf: 0-based.
        planned: Tips of the plan, bank A and B.
        found: Tips of the R&V system.
        jaw: Jaw the pair lies under.
        whole: Whether it lies wholly under it, in the plan and in the R&V system.
        outward: Whether the leaves have moved away from each other.
        alone: Whether the pair has not been opened at the other control point of its segment.

    """

    place: int
    layer: int
    leaf: int
    planned: tuple[Decimal, Decimal]
    found: tuple[Decimal, Decimal]
    jaw: str
    whole: bool
    outward: bool
    alone: bool

    @property
    def gap_mm(self) -> Decimal:
        """Opening in the R&V system."""
        return self.found[1] - self.found[0]


@dataclass(frozen=True, slots=True)
class Closed:
    """A field whose opened pairs were put back to the plan's tips, and what was found of them."""

    field: Field
    findings: tuple[Finding, ...] = ()


def closed_again(field: Field, beam: Field, limits: Limits, *, digits_count: bool) -> Closed:
    """Return the field as it was before pairs under a jaw were opened.

    Args:
        field: Field of the R&V system.
        beam: Its plan beam.
        limits: From tolerances.toml.
        digits_count: Whether the digits written say how finely a value is known.

    Returns:
        The field to compare leaf by leaf; a hint when pairs were opened as allowed; an error for
        every pair that was opened otherwise.

    """
    planned = fitted(beam.control_points, len(field.control_points))
    if len(planned) != len(field.control_points) or not (
        len(planned) == 1 or is_step_and_shoot(planned)
    ):
        return Closed(field)
    weight_mu = float(limits["pairing.segment_mu"] * (field.mu or 0))
    arranged = ordered(field.control_points, planned, weight_mu).points
    rule = _Rule(limits, digits_count=digits_count)
    pairs = tuple(rule.moved(field.control_points, arranged))
    gap_mm = rule.common_gap_mm(pairs)
    good = [pair for pair in pairs if rule.allows(pair, gap_mm)]
    bad = [
        pair
        for pair in pairs
        if not rule.allows(pair, gap_mm)
        # One leaf of an opened pair that went the other way is one error, not two.
        and (pair.outward or (good and pair.whole and len(rule.astray(pair, gap_mm)) == 1))
    ]
    if not good and not bad:
        return Closed(field)
    findings = [_told(field, good, arranged)] if good else []
    findings += [rule.refused(field, pair, gap_mm) for pair in bad]
    return Closed(_put_back(field, [*good, *bad]), tuple(findings))


class _Rule:
    """What may be opened, and how far."""

    def __init__(self, limits: Limits, *, digits_count: bool) -> None:
        self.most_mm = limits[LIMIT]
        self.digits_count = digits_count
        self.slack_mm = Decimal(0) if digits_count else FINE
        self.length_mm = limits["comparison.length_mm"]

    def moved(
        self, found: Sequence[ControlPoint], planned: Sequence[ControlPoint]
    ) -> Iterator[Opened]:
        """Return the pairs at least partly under a jaw that are closed in the plan only."""
        for place, (one, other) in enumerate(zip(found, planned, strict=True)):
            twin = found[place ^ 1] if len(found) > 1 else None
            for layer, (mine, theirs) in enumerate(zip(one.layers, other.layers, strict=False)):
                if mine == theirs or len(mine.a_mm) != len(theirs.a_mm) or not theirs.edges_mm:
                    continue
                for leaf in range(len(mine.a_mm)):
                    tips, plan_tips = _tips(mine, leaf), _tips(theirs, leaf)
                    closed = plan_tips[1] - plan_tips[0] < self.most_mm
                    if not closed or not all(self._differ(tips, plan_tips)):
                        continue
                    jaw, whole = _cover(theirs, leaf, (one.jaws, other.jaws))
                    if jaw:
                        outward = tips[0] < plan_tips[0] and tips[1] > plan_tips[1]
                        alone = twin is not None and not any(
                            self._differ(_tips_at(twin, layer, leaf), plan_tips)
                        )
                        yield Opened(
                            place, layer, leaf, plan_tips, tips, jaw, whole, outward, alone
                        )

    def _differ(self, tips: tuple[Decimal, ...], planned: tuple[Decimal, ...]) -> list[bool]:
        pairs = zip(tips, planned, strict=False)
        return [abs(tip - place) > self._rounding(tip) for tip, place in pairs]

    def _rounding(self, tip: Decimal) -> Decimal:
        return max(self.length_mm, half_step(tip, digits_count=self.digits_count))

    def common_gap_mm(self, pairs: Sequence[Opened]) -> Decimal:
        """Return the gap that most pairs were opened to; the allowed one when none is allowed."""
        gaps = Counter(
            pair.gap_mm
            for pair in pairs
            if self._is_open(pair) and pair.gap_mm <= self.most_mm + self.slack_mm
        )
        return gaps.most_common(1)[0][0] if gaps else self.most_mm

    def allows(self, pair: Opened, gap_mm: Decimal) -> bool:
        """Return whether a pair was opened as the form says, and not otherwise."""
        fits = pair.gap_mm <= self.most_mm + self.slack_mm and not self.astray(pair, gap_mm)
        return self._is_open(pair) and fits

    @staticmethod
    def _is_open(pair: Opened) -> bool:
        return pair.whole and pair.outward and not pair.alone

    def astray(self, pair: Opened, gap_mm: Decimal) -> str:
        """Return the banks whose leaf is not where a gap about the planned middle has it."""
        middle = (pair.planned[0] + pair.planned[1]) / 2
        wanted = (middle - gap_mm / 2, middle + gap_mm / 2)
        return "".join(
            bank
            for bank, tip, place in zip("ab", pair.found, wanted, strict=True)
            if abs(tip - place) > self._rounding(tip)
        )

    def refused(self, field: Field, pair: Opened, gap_mm: Decimal) -> Finding:
        """Return the error that names a pair, the leaf that is wrong, and why."""
        number = field.control_points[pair.place].number
        bank = (self.astray(pair, gap_mm) or "a")[0]
        side = "ab".index(bank)
        if not pair.whole:
            why = f"it lies only partly under the {pair.jaw} jaw"
        elif pair.gap_mm > self.most_mm + self.slack_mm:
            why = f"under the {pair.jaw} jaw at most {_cm(self.most_mm)} cm are allowed"
        elif pair.alone:
            why = "it is closed at the other control point of its segment"
        else:
            why = f"the other pairs under a jaw are opened to {_cm(gap_mm)} cm about their middle"
        prefix = f"mlc{pair.layer + 1}_" if pair.layer else "mlc_"
        item = f"{prefix}{bank}{pair.leaf + 1}"
        return Finding(
            "F-CMP-MLC", State.ERROR,
            f"Field {field.id}, control point {number}: leaf pair {pair.leaf + 1} ({item}) stands "
            f"open by {_cm(pair.gap_mm)} cm, not as planned; {why}",
            field.id, number, item, _cm(pair.planned[side]), _cm(pair.found[side]), "cm",
            remedy=REMEDY, difference=f"{(pair.found[side] - pair.planned[side]).scaleb(-1):+f}",
        )  # fmt: skip


def _tips(banks: LeafBanks, leaf: int) -> tuple[Decimal, Decimal]:
    return banks.a_mm[leaf], banks.b_mm[leaf]


def _tips_at(point: ControlPoint, layer: int, leaf: int) -> tuple[Decimal, ...]:
    """Return the tips of a pair, or nothing where the point has no such pair."""
    if layer >= len(point.layers) or leaf >= len(point.layers[layer].a_mm):
        return ()
    return _tips(point.layers[layer], leaf)


def _cover(banks: LeafBanks, leaf: int, settings: Sequence[Jaws]) -> tuple[str, bool]:
    """Return the jaw a leaf pair lies under, and whether wholly in every setting of the jaws."""
    lower, upper = banks.edges_mm[leaf], banks.edges_mm[leaf + 1]
    names = {"X": ("y1_mm", "y2_mm"), "Y": ("x1_mm", "x2_mm")}.get(banks.along, ())
    for side, name in enumerate(names):
        edges = [edge for jaws in settings if (edge := getattr(jaws, name)) is not None]
        if len(edges) < len(settings):
            continue
        whole = [lower >= edge if side else upper <= edge for edge in edges]
        partly = [upper > edge if side else lower < edge for edge in edges]
        if any(partly):
            return name[:2].upper(), all(whole)
    return "", False


def _told(field: Field, pairs: Sequence[Opened], planned: Sequence[ControlPoint]) -> Finding:
    """Return the hint that tells how many pairs were opened, where and how far."""
    gaps = sorted({pair.gap_mm for pair in pairs})
    jaws = " and ".join(sorted({pair.jaw for pair in pairs}))
    before = max(pair.planned[1] - pair.planned[0] for pair in pairs)
    places = {pair.place for pair in pairs}
    leaves = {(pair.layer, pair.leaf) for pair in pairs}
    width = " to ".join(dict.fromkeys((_cm(gaps[0]), _cm(gaps[-1]))))
    return Finding(
        RULES[OPENED], State.INFO,
        f"Field {field.id}: {len(leaves)} leaf pairs wholly under {jaws} stand open by {width} cm "
        f"at {len(places)} of {len(planned)} control points; the plan has them closed. What is "
        "exposed is what was planned",
        field.id, None, "gap_under_jaw", _cm(before), _cm(gaps[-1]), "cm",
    )  # fmt: skip


def _put_back(field: Field, pairs: Sequence[Opened]) -> Field:
    points = list(field.control_points)
    for pair in pairs:
        point = points[pair.place]
        layers = list(point.layers)
        banks = layers[pair.layer]
        a_mm, b_mm = list(banks.a_mm), list(banks.b_mm)
        a_mm[pair.leaf], b_mm[pair.leaf] = pair.planned
        layers[pair.layer] = replace(banks, a_mm=tuple(a_mm), b_mm=tuple(b_mm))
        points[pair.place] = replace(point, layers=tuple(layers))
    return replace(field, control_points=tuple(points))


def _cm(value_mm: Decimal) -> str:
    return f"{value_mm.scaleb(-1):f}"
