"""The rule by which contours become a volume, against mathematics: holes, parts, refusals."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dose.dvh import tally
from core.dose.dvh_values import (
    curves,
    dose_at_share,
    mean_gy,
    share_at_dose,
    volume_at_dose,
    volume_cc,
)
from core.dose.geometry import upright_geometry
from core.dose.stack import stack_of
from core.errors import UnreadableRecordError
from tests.core.analytic_shapes import (
    BODIES,
    Annulus,
    Body,
    Cone,
    Cylinder,
    Slope,
    Sphere,
    Truth,
    X,
    Y,
    Z,
    drawn_short_cc,
    geometry_of,
)
from tests.core.dvh_accuracy_table import EXTREMES, answers

# Two slices' distance leaves a rest of 0.6 mm: the outer planes are not on the ends.
SPACING, OFFSET = 2.0, 0.6


def filled(contours, along=X, geometry=None):
    dose, rounded = Slope(along).on(geometry or geometry_of("2 shifted"))
    stack = stack_of(contours, None, "body")
    return stack, tally(stack, dose), rounded


def out_of_band(body, contours, short_cc, along=X):
    """Return the values outside their bands, as sentences."""
    _, made, rounded = filled(contours, along)
    values = answers(Truth(body, Slope(along)), made, short_cc, rounded, 0.0)
    return [
        f"{name}: {one.truth:.6g} outside {one.given} by {one.outside:.2g}"
        for name, one in values.items()
        if name not in EXTREMES and one.outside > 0
    ]


def values_of(contours, along=X):
    """Return a few values of every kind, with their bands, as numbers."""
    _, made, _ = filled(contours, along)
    own = curves(made)
    kinds = [volume_cc(own), volume_at_dose(own, 30.0), share_at_dose(own, 33.0), mean_gy(made)]
    kinds += [dose_at_share(own, share) for share in (0.98, 0.95, 0.5, 0.02)]
    return np.array([(one.value, one.low, one.high) for one in kinds])


@dataclass(frozen=True)
class Together(Body):
    """Bodies that do not touch."""

    parts: tuple[Body, ...] = ()

    def volume_above(self, along, place):
        return sum(part.volume_above(along, place) for part in self.parts)

    def ends(self, along):
        both = [part.ends(along) for part in self.parts]
        return min(low for low, _ in both), max(high for _, high in both)

    def middle(self, along):
        return sum(part.volume * part.middle(along) for part in self.parts) / self.volume

    def contours(self, spacing, offset=0.0):
        return [points for part in self.parts for points in part.contours(spacing, offset)]

    def short_cc(self, spacing, offset):
        return sum(
            drawn_short_cc(part, part.contours(spacing, offset), Z, spacing) for part in self.parts
        )


# --- holes and parts -------------------------------------------------------------------------


@pytest.mark.parametrize("along", [X, Y, Z])
@pytest.mark.parametrize("hole", [2.0, 5.0, 11.0])
def test_that_an_inner_contour_and_a_keyhole_are_the_same_hole(along, hole):
    ring = Annulus("ring", hole=hole)
    drawn = ring.contours(SPACING, OFFSET)
    short = drawn_short_cc(ring, drawn, Z, SPACING)
    keyholes = ring.keyholes(SPACING, OFFSET)
    assert len(keyholes) * 2 == len(drawn)
    assert out_of_band(ring, drawn, short, along) == []
    assert out_of_band(ring, keyholes, short, along) == []
    assert values_of(drawn, along) == pytest.approx(values_of(keyholes, along), rel=1e-6)


def test_that_the_contours_own_areas_know_inner_contours_and_keyholes():
    ring = Annulus("ring")
    for contours in (ring.contours(1.0, 0.5), ring.keyholes(1.0, 0.5)):
        stack = stack_of(contours, None, "ring")
        assert stack.volume_cc == pytest.approx(ring.volume / 1000, rel=1e-4)


def test_that_an_island_in_a_hole_counts_again():
    island = Cylinder("island", radius=2.0)
    both = Together("ring and island", parts=(Annulus("ring"), island))
    short = both.short_cc(SPACING, OFFSET)
    assert out_of_band(both, both.contours(SPACING, OFFSET), short) == []


@pytest.mark.parametrize("along", [X, Y, Z])
def test_that_two_parts_side_by_side_add(along):
    one = Cylinder("one", radius=5.0, centre=(-7.0, 1.0, 0.0))
    other = Cone("other", radius=6.0, height=20.0, centre=(7.0, 0.0, 0.0))
    both = Together("both", parts=(one, other))
    short = both.short_cc(SPACING, OFFSET)
    assert out_of_band(both, both.contours(SPACING, OFFSET), short, along) == []


def test_that_parts_above_each_other_add_and_the_gap_is_told():
    low = Sphere("low", radius=5.0, centre=(0.0, 0.0, -9.0))
    high = Sphere("high", radius=5.0, centre=(0.0, 0.0, 9.0))
    both = Together("both", parts=(low, high))
    contours = both.contours(1.0, 0.5)
    stack, _, _ = filled(contours)
    assert stack.gaps == 1
    assert out_of_band(both, contours, both.short_cc(1.0, 0.5), Z) == []


def test_that_a_branching_body_adds_its_parts():
    trunk = Cylinder("trunk", radius=10.0, height=10.0, centre=(0.0, 0.0, -5.0))
    parts = [
        Cylinder("branch", radius=4.0, height=10.0, centre=(x, 0.0, 5.0)) for x in (-5.0, 5.0)
    ]
    both = Together("tree", parts=(trunk, *parts))
    # Slices at half mm: none lies on the place where it branches.
    assert out_of_band(both, both.contours(1.0, 0.5), both.short_cc(1.0, 0.5), X) == []


# --- how it is drawn does not matter ---------------------------------------------------------


def test_that_a_contour_drawn_twice_counts_once():
    contours = Cone("cone").contours(SPACING, OFFSET)
    stack, _, _ = filled([*contours, contours[3], contours[5].copy()])
    assert stack.repeated == 2
    assert values_of([*contours, contours[3], contours[5].copy()]) == pytest.approx(
        values_of(contours)
    )


@pytest.mark.parametrize("again", [lambda c: c[::-1], lambda c: np.roll(c, 7, axis=0)])
def test_that_a_contour_drawn_twice_from_another_corner_counts_once(again):
    contours = Sphere("sphere").contours(SPACING, OFFSET)
    assert values_of([*contours, again(contours[5])]) == pytest.approx(values_of(contours))


def test_that_a_contour_closed_by_its_first_corner_is_the_same():
    contours = Sphere("sphere").contours(SPACING, OFFSET)
    closed = [np.concatenate([points, points[:1]]) for points in contours]
    assert values_of(closed) == pytest.approx(values_of(contours), rel=1e-9)


@given(order=st.permutations(range(24)), turns=st.lists(st.booleans(), min_size=24, max_size=24))
@settings(max_examples=12, deadline=None)
def test_that_order_and_winding_of_the_contours_change_nothing(order, turns):
    contours = Annulus("ring").contours(SPACING, OFFSET)
    assert len(contours) == 24
    mixed = [contours[place][::-1] if turns[place] else contours[place] for place in order]
    assert values_of(mixed, Y) == pytest.approx(values_of(contours, Y), rel=1e-9)


@given(
    turn=st.integers(0, 719),
    shift=st.tuples(*[st.integers(-5000, 5000).map(lambda n: n / 1000)] * 3),
)
@settings(max_examples=10, deadline=None)
def test_that_first_corner_and_place_change_nothing(turn, shift):
    cone = Cone("cone", centre=shift)
    contours = [np.roll(points, turn, axis=0) for points in cone.contours(SPACING, OFFSET)]
    short = drawn_short_cc(cone, contours, Z, SPACING)
    assert out_of_band(cone, contours, short, X) == []


@pytest.mark.parametrize("body", [Sphere("sphere"), Cone("cone")], ids=lambda body: body.name)
def test_that_polygons_of_the_true_area_give_the_true_volume(body):
    stack = stack_of(body.contours(1.0, 0.5, area_true=True), None, "body")
    # The midpoint rule over a section of second degree.
    assert stack.volume_cc == pytest.approx(body.volume / 1000, rel=2e-3)


# --- planes in another direction -------------------------------------------------------------


@pytest.mark.parametrize("body", BODIES[:5], ids=lambda body: body.name)
@pytest.mark.parametrize("along", [X, Y, Z])
def test_that_coronal_contours_give_the_dvh_of_transverse_ones(body, along):
    coronal = body.contours(SPACING, OFFSET, normal=Y)
    transverse = body.contours(SPACING, OFFSET, normal=Z)
    short = drawn_short_cc(body, coronal, Y, SPACING)
    assert out_of_band(body, coronal, short, along) == []
    one, other = values_of(coronal, along), values_of(transverse, along)
    # Both hold the truth, so the bands overlap.
    assert (one[:, 1] <= other[:, 2] * (1 + 2e-3)).all()
    assert (other[:, 1] <= one[:, 2] * (1 + 2e-3)).all()


def test_that_contours_in_two_directions_are_refused():
    sphere = Sphere("sphere")
    both = [*sphere.contours(SPACING, OFFSET), *sphere.contours(SPACING, OFFSET, normal=Y)]
    with pytest.raises(UnreadableRecordError, match="more than one direction"):
        stack_of(both, None, "sphere")


# --- one plane -------------------------------------------------------------------------------


def test_that_a_single_plane_without_images_is_refused_in_words():
    one = Sphere("sphere").contours(SPACING, OFFSET)[4:5]
    with pytest.raises(UnreadableRecordError, match="one plane") as refusal:
        stack_of(one, None, "sphere")
    assert "images" in str(refusal.value.remedy)


def test_that_a_single_plane_is_as_thick_as_the_slices():
    one = Cylinder("disc").contours(30.0)
    stack = stack_of(one, 2.5, "disc")
    dose, _ = Slope(X).on(geometry_of("2"))
    whole = volume_cc(curves(tally(stack, dose)))
    truth = np.pi * 12.0**2 * 2.5 / 1000
    assert stack.volume_cc == pytest.approx(truth, rel=1e-4)
    assert whole.value == pytest.approx(truth, rel=2e-3)
    assert whole.low <= truth * 1.002
    assert whole.high >= truth


# --- outside the dose ------------------------------------------------------------------------


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
@pytest.mark.parametrize("along", [X, Y, Z])
def test_that_the_half_outside_the_dose_is_told_and_stays_in_the_volume(body, along):
    origin = np.full(3, -24.0)
    origin[along] = 0.0
    geometry = upright_geometry(origin, (2.0, 2.0, 2.0), (25, 25, 25))
    stack, made, _ = filled(body.contours(1.0, 0.5), along, geometry)
    own = curves(made)
    beyond = (body.volume - body.volume_above(along, 0.0)) / 1000
    assert own.outside[0] == pytest.approx(beyond, rel=0.02)
    assert volume_cc(own).value == pytest.approx(stack.volume_cc, rel=2e-3)
    assert volume_cc(own).low <= body.volume / 1000 * 1.002
    assert volume_cc(own).high >= body.volume / 1000


def test_that_a_body_wholly_outside_the_dose_keeps_its_volume():
    geometry = upright_geometry((40.0, 40.0, 40.0), (2.0, 2.0, 2.0), (9, 9, 9))
    stack, made, _ = filled(Sphere("sphere").contours(1.0, 0.5), X, geometry)
    own = curves(made)
    assert own.rule[0] == 0
    assert own.outside[0] == pytest.approx(stack.volume_cc, rel=2e-3)
    assert volume_cc(own).value == own.outside[0]


# --- odd doses -------------------------------------------------------------------------------


def test_that_doses_below_zero_do_not_count_as_high_doses():
    sphere, slope = Sphere("sphere"), Slope(X, base_gy=5.0)
    dose, _ = slope.on(geometry_of("2"))
    own = curves(tally(stack_of(sphere.contours(1.0), None, "sphere"), dose))
    truth = Truth(sphere, slope).cc_at(12.0)
    assert volume_at_dose(own, 12.0).value == pytest.approx(truth, rel=0.05)
