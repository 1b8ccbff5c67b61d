"""What was made fast says exactly what the slow way says."""

from dataclasses import replace
from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filter.compare import compare
from app.filter.field import LeafBanks
from app.filter.judge import LEAF
from app.filter.rtp_checksum import PIECE, checksum
from app.filter.segments import aperture, leaves_apart
from app.filter.values import compare_values, finest_of, tolerance_of
from tests.filter.compare_samples import LIMITS, POINTS, field, plan, point
from tests.filter.rtp_samples import crc

TIPS = st.integers(-20000, 20000).flatmap(
    lambda number: st.integers(0, 3).map(lambda digits: D(number).scaleb(-digits))
)


@given(st.binary(max_size=40))
def test_that_the_checksum_by_pieces_is_the_one_bit_by_bit(text):
    assert checksum(text) == crc(text)


@pytest.mark.parametrize("length", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 1, 3 * PIECE + 700])
def test_that_a_line_longer_than_a_piece_has_the_same_checksum(length):
    text = bytes((7 * place + place // 256) % 256 for place in range(length))
    assert checksum(text) == crc(text)


@pytest.mark.req("R-06")
@given(st.lists(st.tuples(TIPS, TIPS, st.booleans()), min_size=1, max_size=6))
def test_that_no_leaf_that_differs_is_passed_by_the_quick_look(pairs):
    """Ties at half a step of the last digit are where binary numbers could err."""
    found = [tip for tip, _, _ in pairs]
    planned = [tip + D("0.05") if tie else other for tip, other, tie in pairs]
    one = point(0, "0", layers=(LeafBanks(tuple(found), tuple(found)),))
    other = point(0, "0", layers=(LeafBanks(tuple(planned), tuple(planned)),))
    passes = tolerance_of(LEAF, finest_of(found), LIMITS, digits_count=True)
    differs = any(
        compare_values(LEAF, mine, theirs, LIMITS, digits_count=True) is not None
        for mine, theirs in zip(found, planned, strict=True)
    )
    (doubtful,) = leaves_apart([one], [other], passes)
    assert doubtful or not differs


def test_that_a_tie_of_half_a_step_passes_and_a_thousandth_more_does_not():
    def told(tip):
        banks = LeafBanks(POINTS[1].layers[0].a_mm, (D(tip), *POINTS[1].layers[0].b_mm[1:]))
        points = (POINTS[0], replace(POINTS[1], layers=(banks,)), *POINTS[2:])
        beams = field("1", control_points=points), field("2", gantry_deg=D("180.0"))
        return [one.item for one in compare(plan(), plan(*beams), LIMITS).findings]

    assert told("20.05") == []
    assert told("20.051") == ["mlc_b1"]


def test_that_points_with_other_leaves_are_always_looked_at():
    fewer = replace(POINTS[1], layers=(LeafBanks((D(1),), (D(2),)),))
    assert leaves_apart(POINTS[:2], (POINTS[0], fewer), D(100)) == [True, True]


def test_that_a_shared_aperture_cannot_be_changed():
    shape = aperture(POINTS)
    assert aperture(POINTS) is shape
    with pytest.raises(ValueError, match="read-only"):
        shape[0, 0] = np.nan
