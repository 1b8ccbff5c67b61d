"""Laws that sums of doses obey, whatever the grids."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dose.geometry import Grid, upright_geometry
from core.dose.sum import Part, difference, eqd2_sum, physical_sum
from tests.core.dose_grids import FRAME, ONTO, turned

boxes = st.builds(
    lambda origin, spacing, shape, angles: turned(
        upright_geometry(origin, spacing, shape), angles
    ),
    st.tuples(*[st.floats(-20, 5)] * 3),
    st.tuples(*[st.floats(1, 6)] * 3),
    st.tuples(*[st.integers(1, 6)] * 3),
    st.sampled_from([(0, 0, 0), (0, 0, 90), (10, 20, 30)]),
)


@st.composite
def parts(draw):
    geometry = draw(st.one_of(st.just(ONTO), boxes))
    seed = draw(st.integers(0, 2**32 - 1))
    values = np.random.default_rng(seed).random(geometry.shape, dtype=np.float32) * 80
    weight = draw(st.floats(0, 3))
    return Part(Grid(geometry, values, FRAME), weight, draw(st.integers(1, 40)))


@settings(max_examples=40, deadline=None)
@given(st.lists(parts(), min_size=1, max_size=4), st.randoms())
def test_that_the_order_of_the_parts_does_not_matter(several, random):
    shuffled = list(several)
    random.shuffle(shuffled)
    for add in (
        lambda given: physical_sum(given, ONTO, FRAME),
        lambda given: eqd2_sum(given, ONTO, FRAME, 3.0),
    ):
        np.testing.assert_allclose(
            add(several).grid.values, add(shuffled).grid.values, rtol=1e-6, atol=1e-6
        )


@settings(max_examples=40, deadline=None)
@given(parts(), parts(), st.floats(0, 5))
def test_that_sums_are_linear_in_the_weights(a, b, factor):
    def weighted(part):
        return Part(part.grid, part.weight * factor, part.fractions)

    for add in (
        lambda given: physical_sum(given, ONTO, FRAME),
        lambda given: eqd2_sum(given, ONTO, FRAME, 3.0),
    ):
        alone = add([a]).grid.values.astype(float) + add([b]).grid.values
        together = add([a, b]).grid.values
        np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)
        scaled = add([weighted(a), weighted(b)]).grid.values
        np.testing.assert_allclose(scaled, factor * alone, rtol=1e-5, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(parts(), parts())
def test_that_a_difference_is_a_sum_turned_round(a, b):
    found = difference(a.grid, b.grid, ONTO, FRAME).values
    one, two = (physical_sum([Part(part.grid)], ONTO, FRAME) for part in (a, b))
    present = ~np.isnan(found)
    np.testing.assert_allclose(
        found[present], (one.grid.values - two.grid.values)[present], atol=1e-5
    )
    missing = 1 - present.mean()
    assert max(*one.outside, *two.outside) <= missing + 1e-9
    assert missing <= sum(one.outside) + sum(two.outside) + 1e-9
