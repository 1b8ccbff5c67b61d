"""The cases of a training: sound and spoilt exports and plans of the demonstration patient.

A number (the seed) draws the same cases again. Some errors are the ones of the demonstration set,
others are made anew: another field, another leaf, another amount each time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from app.demo.plan_variants import PLAN_VARIANTS, STOPS, PlanVariant
from app.demo.rv_edits import Edit, elements, moved
from app.demo.rv_variants import LEAVES, VARIANTS, Variant
from core.errors import RemedyError

MOST_CASES = 30
SOUND_SHARE = 0.25
MADE_SHARE = 0.4
PLAN_SHARE = 0.25
SOUND_PLAN = "nothing is wrong; what was not run is looked at in the planning system, as always"
FIELDS_WITH_LEAVES = {"1": 1, "2": 8, "3": 46}
"""Control points by field ID, of the fields that have leaves."""


class Decision(StrEnum):
    """What can be said of a case."""

    ACCEPT = "accept"
    ASK = "ask"
    REJECT = "reject"


class Level(StrEnum):
    """What the trainee is shown: the values alone, or the program's report as well."""

    BY_EYE = "by-eye"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Case:
    """One made-up patient.

    Attributes:
        number: From 1, in the order they are asked.
        error: The seeded error; None where the case is sound.

    """

    number: int
    error: Variant | PlanVariant | None
    is_plan: bool = False

    @property
    def right(self) -> Decision:
        """Return what should be said."""
        if self.error is None:
            return Decision.ACCEPT
        if isinstance(self.error, PlanVariant):
            return Decision.REJECT if self.error.policy == STOPS else Decision.ASK
        return Decision.ASK if self.error.expect == "warning" else Decision.REJECT

    @property
    def field(self) -> str:
        """Return the field (export) or beam (plan) the error is in; "" for the whole plan."""
        if self.error is None:
            return ""
        return self.error.beam if isinstance(self.error, PlanVariant) else self.error.field

    @property
    def words(self) -> str:
        """Return what was done to it."""
        if self.error is not None:
            return self.error.error
        return SOUND_PLAN if self.is_plan else "nothing is wrong"


def draw(seed: int, count: int, level: Level) -> tuple[Case, ...]:
    """Return the cases of a training; the same for the same seed, count and level.

    At least one case is sound and at least one is not, from two cases on. Plans are asked about
    with LEX's report only: by eye nobody knows what a machine offers.

    Raises:
        RemedyError: The count is none that can be drawn.

    """
    if not 1 <= count <= MOST_CASES:
        raise RemedyError(
            f"{count} cases cannot be drawn", where="training",
            remedy=f"Ask for 1 to {MOST_CASES}.",
        )  # fmt: skip
    chance = Random(seed)
    sound = max(1, round(SOUND_SHARE * count)) if count > 1 else 0
    errors = [None] * sound + list(_errors(chance, count - sound, level))
    chance.shuffle(errors)
    return tuple(
        Case(number, one, _is_plan(one, chance, level)) for number, one in enumerate(errors, 1)
    )


def _is_plan(error: Variant | PlanVariant | None, chance: Random, level: Level) -> bool:
    if error is None:
        return level is Level.REPORT and chance.random() < PLAN_SHARE
    return isinstance(error, PlanVariant)


def _errors(chance: Random, count: int, level: Level) -> Iterator[Variant | PlanVariant]:
    """Yield errors, none of the demonstration's twice."""
    exports = [one for one in VARIANTS if level is Level.REPORT or is_seen_by_eye(one)]
    plans = list(PLAN_VARIANTS)
    chance.shuffle(exports)
    chance.shuffle(plans)
    for _ in range(count):
        if level is Level.REPORT and plans and chance.random() < PLAN_SHARE:
            yield plans.pop()
        elif chance.random() < MADE_SHARE or not exports:
            yield made_error(chance, level)
        else:
            yield exports.pop()


def is_seen_by_eye(one: Variant) -> bool:
    """Return whether an error shows in the values of fields and prescriptions."""
    return one.item not in ("crc", "", "total_control_points") and (
        one.control_point is None or one.item in ("collimator_y1", "couch_angle")
    )


def made_error(chance: Random, level: Level) -> Variant:
    """Return an error that the demonstration set does not hold."""
    makers = [_angle, _mu, _jaw, _table]
    if level is Level.REPORT:
        makers.append(_leaf)
    return chance.choice(makers)(chance)


def _angle(chance: Random) -> Variant:
    field = chance.choice(("4", "5"))
    item = chance.choice(("gantry_angle", "collimator_angle"))
    by = chance.choice((1, 2, 3, 5, 10))
    words = f"the {item.replace('_', ' ')} of field {field} is {by} degrees off"
    spoil = elements(Edit("FIELD_DEF", field, moved(item, by)))
    return Variant(f"made_{item}", words, field, item, spoil)


def _mu(chance: Random) -> Variant:
    field = chance.choice(("1", "4", "5"))
    by = chance.choice((-9, -5, 4, 6, 10))
    words = f"field {field} has {abs(by)} MU too {'many' if by > 0 else 'few'}"
    spoil = elements(Edit("FIELD_DEF", field, moved("field_monitor_units", by)))
    return Variant("made_mu", words, field, "field_monitor_units", spoil)


def _jaw(chance: Random) -> Variant:
    side = chance.choice(("x1", "x2", "y1", "y2"))
    out_cm = chance.choice((-0.5, 0.4, 0.8, 1.2))
    by_cm = -out_cm if side.endswith("1") else out_cm
    words = f"jaw {side.upper()} of field 4 stands {10 * abs(out_cm):.0f} mm off"
    spoil = elements(
        Edit("FIELD_DEF", "4", moved(f"collimator_{side}", by_cm)),
        Edit("FIELD_DEF", "4", moved(f"field_{side[0]}", out_cm)),
    )
    return Variant("made_jaw", words, "4", f"collimator_{side}", spoil)


def _table(chance: Random) -> Variant:
    field = chance.choice(("2", "4"))
    axis = chance.choice(("vertical", "lateral", "longitudinal"))
    by_cm = chance.choice((-3.0, -1.5, 1.5, 2.5))
    words = f"the table of field {field} stands {abs(by_cm):g} cm away from the others ({axis})"
    item = f"couch_{axis}"
    edits = [Edit("FIELD_DEF", field, moved(item, by_cm))]
    if field in FIELDS_WITH_LEAVES:
        edits.append(Edit("CONTROL_PT_DEF", field, moved(item, by_cm)))
    return Variant("made_table", words, field, item, elements(*edits))


def _leaf(chance: Random) -> Variant:
    field = chance.choice(tuple(FIELDS_WITH_LEAVES))
    point = chance.randrange(FIELDS_WITH_LEAVES[field])
    numbers = (point // 2 * 2, point // 2 * 2 + 1) if field == "2" else (point,)
    bank = chance.choice((0, 1))
    number = chance.randrange(len(LEAVES) // 3, 2 * len(LEAVES) // 3)
    leaf = LEAVES[number][bank]
    by_cm = chance.choice((0.1, 0.2, 0.3, 0.5)) * (-1 if bank == 0 else 1)
    words = (
        f"leaf {leaf.removeprefix('mlc_').upper()} of field {field} stands "
        f"{10 * abs(by_cm):.0f} mm off at control point {numbers[0]}"
    )
    spoil = elements(Edit("CONTROL_PT_DEF", field, moved(leaf, by_cm), numbers))
    return Variant("made_leaf", words, field, leaf, spoil, numbers[0])
