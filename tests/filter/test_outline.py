"""The picture's lines: jaws and leaves where the values say they are, in cm, IEC."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.field import Jaws, LeafBanks
from app.filter.outline import (
    Aperture,
    aperture_at,
    field_box,
    jaw_line,
    outline_of,
    pair_box,
    with_edges,
)
from app.filter.settings import read_settings
from tests.filter.logic_samples import export, field

EDGES = (D(-10), D(0), D(10), D(30))
BANKS = LeafBanks((D(-20), D(-30), D(0)), (D(25), D(10), D(0)), "X", EDGES)
JAWS = Jaws(D(-40), D(50), D(-10), D(20))


def test_that_a_staircase_goes_up_the_tips_of_a_bank():
    lines = outline_of(Aperture(JAWS, (BANKS,)))
    x, y = lines.leaves[0]
    assert x == (-2.0, -2.0, -3.0, -3.0, 0.0, 0.0)
    assert y == (-1.0, 0.0, 0.0, 1.0, 1.0, 3.0)
    assert len(lines.jaws) == 4
    assert lines.jaws[0] == ((-4.0, -4.0), (-1.0, 2.0))
    assert lines.jaws[3] == ((-4.0, 5.0), (2.0, 2.0))


def test_that_leaves_along_y_are_turned():
    layer = replace(BANKS, along="Y")
    x, y = outline_of(Aperture(JAWS, (layer,))).leaves[1]
    assert x[:2] == (-1.0, 0.0)
    assert y[:2] == (2.5, 2.5)
    assert pair_box(layer, 0) == (-1.0, 0.0, -2.0, 2.5)
    assert pair_box(BANKS, 0) == (-2.0, 2.5, -1.0, 0.0)
    assert pair_box(BANKS, 3) is None


def test_that_what_is_not_known_is_not_drawn():
    without = replace(BANKS, edges_mm=())
    lines = outline_of(Aperture(replace(JAWS, x1_mm=None), (without,)))
    assert (len(lines.jaws), lines.leaves) == (3, ())
    assert jaw_line(replace(JAWS, x1_mm=None), "x1") is None
    assert jaw_line(replace(JAWS, x1_mm=None), "y1") == ((-20.0, 5.0), (-1.0, -1.0))
    assert pair_box(without, 0) is None


def test_that_the_picture_looks_at_the_jaws_or_the_open_pairs():
    assert field_box(Aperture(JAWS)) == (-4.0, 5.0, -1.0, 2.0)
    assert field_box(Aperture(replace(JAWS, x1_mm=None, x2_mm=None), (BANKS,))) == (
        -3.0, 2.5, -1.0, 2.0,
    )  # fmt: skip
    assert field_box(Aperture(Jaws())) is None


@pytest.mark.parametrize("own", [EDGES, ()])
def test_that_widths_come_from_the_file_else_from_the_plan(own):
    mine = Aperture(JAWS, (replace(BANKS, edges_mm=own),))
    theirs = Aperture(JAWS, (replace(BANKS, edges_mm=tuple(2 * edge for edge in EDGES)),))
    found = with_edges(mine, theirs, field(), read_settings()).layers[0].edges_mm
    assert found == (own or theirs.layers[0].edges_mm)


def test_that_widths_come_from_the_machine_last_and_only_if_the_pairs_fit():
    one = export().fields[0]
    state = aperture_at(one, 0)
    found = with_edges(state, None, one, read_settings())
    assert len(found.layers[0].edges_mm) == len(state.layers[0].a_mm) + 1
    odd = Aperture(JAWS, (replace(BANKS, edges_mm=()),))
    assert with_edges(odd, None, one, read_settings()).layers[0].edges_mm == ()


def test_that_a_plan_with_another_number_of_points_gives_no_state():
    one = field()
    assert aperture_at(one, 0, 2) is not None
    assert aperture_at(one, 0, 5) is None
    assert aperture_at(replace(one, control_points=()), 0) == Aperture(one.jaws)
