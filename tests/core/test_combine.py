"""Sums, differences and overlaps of one person's doses (Y-15), and why some are refused."""

from dataclasses import replace

import numpy as np
import pytest

from core.dicom.combine import (
    DIFFERENCE,
    Wanted,
    difference_of,
    fractions_of,
    obstacle,
    overlap_cc,
    sum_of,
)
from core.dicom.rt_set import read_rt_sets
from core.dicom.structure_dvh import structure_dvhs
from core.dose.constraints import judge, parse
from core.dose.geometry import Grid, upright_geometry
from core.dose.sample import at_points
from core.dose.stack import stack_of
from core.errors import RemedyError
from core.findings import State
from tests.core.dicom_maker import (
    FRAME,
    OTHER_FRAME,
    clean_set,
    dose,
    gray,
    lattice,
    registration,
    square,
)


def half(x, y, z):
    return gray(x, y, z) / 2


def with_second(tmp_path, frame=FRAME, more=()):
    toy = clean_set()
    grid = lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0))
    toy.more = [dose(grid, half, number=60, frame=frame), *more]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    first, second = sorted(own.doses, key=lambda one: -one.largest)
    return own, first, second


@pytest.mark.req("Y-15")
def test_that_a_weighted_sum_is_the_sum_of_the_physical_points(tmp_path):
    own, first, second = with_second(tmp_path)
    made = sum_of(own, [Wanted(first, 1.0, 10), Wanted(second, 0.5, 10)], FRAME)
    points = lattice(shape=(5, 5, 5), spacing=(3.0, 4.0, 4.0)).some_points()
    wanted = gray(*points.T) + 0.5 * half(*points.T)
    np.testing.assert_allclose(at_points(made.dose.grid, points), wanted, atol=1e-3)
    assert "by this program" in made.dose.title


@pytest.mark.req("Y-15")
def test_that_an_eqd2_sum_follows_the_closed_form(tmp_path):
    own, first, second = with_second(tmp_path)
    wanted = [Wanted(first, 1.0, 10), Wanted(second, 1.0, 5)]
    made = sum_of(own, wanted, FRAME, alpha_beta_gy=3.0)
    point = np.array([[2.0, 1.0, 3.0]])
    one, two = gray(*point.T), half(*point.T)
    eqd2 = one * (one / 10 + 3) / 5 + two * (two / 5 + 3) / 5
    np.testing.assert_allclose(at_points(made.dose.grid, point), eqd2, atol=2e-3)
    assert made.dose.kind == "EFFECTIVE"
    assert obstacle(own, made.dose, FRAME) == "not physical dose"


def test_that_an_eqd2_sum_without_fractions_is_refused(tmp_path):
    own, first, second = with_second(tmp_path)
    with pytest.raises(RemedyError, match="fractions"):
        sum_of(own, [Wanted(first, 1.0, None), Wanted(second, 1.0, 5)], FRAME, 3.0)


def test_that_the_difference_is_the_first_less_the_second(tmp_path):
    own, first, second = with_second(tmp_path)
    made = difference_of(own, first, second, FRAME)
    points = lattice(shape=(5, 5, 5), spacing=(3.0, 4.0, 4.0)).some_points()
    np.testing.assert_allclose(at_points(made.dose.grid, points), half(*points.T), atol=1e-3)
    assert made.dose.summation == DIFFERENCE
    assert obstacle(own, made.dose, FRAME) == "a difference of doses"


@pytest.mark.req("Y-15")
def test_that_another_frame_is_refused_with_the_reason(tmp_path):
    own, first, second = with_second(tmp_path, frame=OTHER_FRAME)
    assert "not linked" in obstacle(own, second, FRAME)
    with pytest.raises(RemedyError, match="another frame of reference"):
        sum_of(own, [Wanted(first, 1.0, None), Wanted(second, 1.0, None)], FRAME)
    with pytest.raises(RemedyError, match="another frame of reference"):
        difference_of(own, first, second, FRAME)


@pytest.mark.req("Y-15")
def test_that_a_registration_brings_a_dose_over(tmp_path):
    shift = np.eye(4)
    shift[:3, 3] = [1.0, -2.0, 3.0]
    own, first, second = with_second(
        tmp_path, OTHER_FRAME, [registration(OTHER_FRAME, FRAME, shift)]
    )
    assert obstacle(own, second, FRAME) == ""
    made = sum_of(own, [Wanted(first, 1.0, None), Wanted(second, 1.0, None)], FRAME)
    points = lattice(shape=(3, 3, 3), spacing=(3.0, 4.0, 4.0)).some_points()
    wanted = gray(*points.T) + half(*(points - shift[:3, 3]).T)
    np.testing.assert_allclose(at_points(made.dose.grid, points), wanted, atol=1e-3)
    less = difference_of(own, first, second, FRAME)
    wanted = gray(*points.T) - half(*(points - shift[:3, 3]).T)
    np.testing.assert_allclose(at_points(less.dose.grid, points), wanted, atol=1e-3)


def test_that_one_dose_is_no_sum(tmp_path):
    own, first, _ = with_second(tmp_path)
    with pytest.raises(RemedyError, match="1 dose is chosen"):
        sum_of(own, [Wanted(first, 1.0, None)], FRAME)


def test_that_the_fractions_come_from_the_plan(tmp_path):
    own, first, second = with_second(tmp_path)
    assert fractions_of(own, first) == own.plans[0].fractions
    assert fractions_of(own, second) is None


@pytest.mark.req("Y-15")
def test_that_the_overlap_is_the_volume_above_both_levels():
    stack = stack_of([square((0, 0, z), 20.0) for z in range(0, 30, 3)], None, "box")
    geometry = upright_geometry((-40, -40, -10), (2, 2, 2), (30, 41, 41))
    s, r, c = np.meshgrid(*(range(n) for n in geometry.shape), indexing="ij")
    x, y, _ = np.moveaxis(geometry.points_mm(np.stack([c, r, s], axis=-1)), -1, 0)
    one = Grid(geometry, (x + 40).astype(np.float32), "f")
    two = Grid(geometry, (y + 40).astype(np.float32), "f")
    # x at least 0 and y at least 10: 20 mm x 10 mm x 30 mm.
    found = overlap_cc(stack, [one, two], [40.0, 50.0], pixel_mm=0.5)
    assert found == pytest.approx(6.0, rel=0.06)
    assert overlap_cc(stack, [one, two], [40.0, 100.0]) == 0


@pytest.mark.req("Y-15")
def test_that_a_sum_says_where_a_part_of_it_ends_and_no_limit_passes_there(tmp_path):
    toy = clean_set()
    small = lattice(shape=(3, 11, 11), spacing=(3.0, 5.0, 5.0))
    toy.more = [dose(small, half, number=60)]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    made = sum_of(own, [Wanted(one, 1.0, 10) for one in own.doses], FRAME).dose
    body, target = structure_dvhs(own.structure_sets[0], made, 3.0)
    assert body.is_partial
    assert any("ends within the structure" in note for note in body.notes)
    assert not target.is_partial
    template = parse(
        'title = "t"\nfractionation = "f"\n'
        + "".join(
            f'[[constraint]]\nstructure = "BODY"\nmetric = "Mean"\nrelation = "{relation}"\n'
            f'limit = {limit}\nlimit_unit = "Gy"\nsource = "s"\n'
            for relation, limit in (("<=", 500), ("<=", 5), (">=", 5))
        ),
        "t.toml",
    )
    states = [one.state for one in judge(template, [body, target], None)]
    assert states == [State.NOT_RUN, State.ERROR, State.PASS]
    # A sum of that sum lacks it as well.
    more = sum_of(own, [Wanted(made, 1.0, None), Wanted(own.doses[0], 1.0, None)], FRAME).dose
    assert structure_dvhs(own.structure_sets[0], more, 3.0)[0].is_partial


def test_that_a_plan_counted_twice_is_told(tmp_path):
    toy = clean_set()
    grid = lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0))
    toy.more = [dose(grid, half, number=60, plan=toy.plan)]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    made = sum_of(own, [Wanted(one, 1.0, None) for one in own.doses], FRAME)
    assert any("one plan (Toyplan)" in words for words in made.words)


def test_that_there_is_no_difference_where_only_one_dose_is(tmp_path):
    toy = clean_set()
    small = lattice(shape=(3, 11, 11), spacing=(3.0, 5.0, 5.0))
    toy.more = [dose(small, half, number=60)]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    made = difference_of(own, *own.doses, FRAME)
    inside, outside = at_points(made.dose.grid, [[0.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    assert inside == pytest.approx(half(0, 0, 0), abs=1e-3)
    assert np.isnan(outside)
    assert np.isfinite(made.dose.largest)
    away = lattice(shape=(3, 11, 11), spacing=(3.0, 5.0, 5.0), centre=(0, 0, 500))
    far = replace(own.doses[1], grid=replace(own.doses[1].grid, geometry=_geometry_of(away)))
    with pytest.raises(RemedyError, match="no place in common"):
        difference_of(own, own.doses[0], far, FRAME)


def _geometry_of(one):
    rows, columns = one.size
    spacing = (one.spacing_mm[1], one.spacing_mm[0], 3.0)
    return upright_geometry(one.first_mm, spacing, (len(one.offsets_mm), rows, columns))
