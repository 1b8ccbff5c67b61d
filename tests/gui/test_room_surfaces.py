"""Surfaces and beams of the room view lie where contours, dose and plan say."""

from dataclasses import replace

import numpy as np
import pytest

from app.viewer import surfaces
from app.viewer.outlines import Outline
from app.viewer.room_beams import beam_shapes, field_outline
from app.viewer.surfaces import isodose_surface, opacities, structure_surface
from core.dicom.plan import Block, LeafBank
from tests.gui.beam_eye_scenes import plan
from tests.gui.room_scenes import RED, beam, cube, dose_ball, point, sphere


def test_that_beams_of_an_unknown_position_are_not_drawn_but_named():
    shapes, words = beam_shapes(plan(beam(point(0.0)), position=""), 300.0)
    assert shapes == ()
    assert words == ("Beams are not drawn: the plan tells no patient position",)
    _, words = beam_shapes(plan(beam(point(0.0), source_axis_mm=None)), 300.0)
    assert words == ("Beam A is not drawn: isocentre, angles or SAD are missing",)


def test_that_a_beam_starts_at_its_source_side_and_an_arc_turns_the_right_way():
    (fixed,), _ = beam_shapes(plan(beam(point(90.0))), 300.0)
    np.testing.assert_allclose(fixed.axis, [(300.0, 0.0, 0.0), (0.0, 0.0, 0.0)], atol=1e-9)
    assert len(fixed.arc) == 1
    arc = beam(point(270.0, gantry_turn="CW"), point(90.0, number=1))
    (turning,), _ = beam_shapes(plan(arc), 900.0)
    # Clockwise from the right side over the front (gantry 0) to the left; drawn at 60 % of SAD.
    assert len(turning.arc) == 46
    np.testing.assert_allclose(np.linalg.norm(turning.arc, axis=1), 600.0)
    assert turning.arc[22:24, 1].max() < -590
    (back,), _ = beam_shapes(
        plan(beam(point(270.0, gantry_turn="CC"), point(90.0, number=1))), 300.0
    )
    assert back.arc[22:24, 1].min() > 290


def test_that_the_field_is_what_jaws_and_leaves_both_open():
    bank = LeafBank("MLCX", np.array([-60.0, -20.0, 0.0, 20.0, 60.0]))
    leaves = {"MLCX": np.array([-90.0, 5.0, -10.0, -90.0, 90.0, 5.0, 15.0, 90.0])}
    assert field_outline(beam(point(0.0)))[2].tolist() == [50.0, 40.0]
    narrow = {"Y": np.array([-20.0, 20.0])}
    field = field_outline(beam(point(0.0, jaws=narrow, leaves=leaves), leaf_banks=(bank,)))
    assert field.tolist() == [[-10.0, 0.0], [15.0, 0.0], [15.0, 20.0], [-10.0, 20.0]]
    aperture = Block("", "APERTURE", np.array([(0.0, 0.0), (9.0, 0.0), (0.0, 9.0)]))
    assert field_outline(beam(point(0.0), blocks=(aperture,))).tolist()[1] == [9.0, 0.0]
    assert field_outline(beam(point(0.0), applicator="10x10")) is None


def test_that_an_isodose_lies_where_the_dose_is():
    level = 30.0
    surface = isodose_surface(dose_ball().grid, level)
    away = np.linalg.norm(surfaces._points(surface), axis=1)
    assert away.mean() == pytest.approx(np.sqrt(2000 * np.log(2)), abs=0.4)
    assert away.std() < 0.5


@pytest.mark.parametrize(("radius", "gap"), [(6.0, 1.0), (30.0, 3.0), (120.0, 2.5)])
def test_that_a_surface_lies_on_its_contours_and_is_not_too_fine(radius, gap):
    surface = structure_surface(Outline(sphere(1, RED, (5.0, -7.0, 9.0), radius, gap=gap), None))
    away = np.linalg.norm(surfaces._points(surface) - [5.0, -7.0, 9.0], axis=1)
    assert away.mean() == pytest.approx(radius, abs=0.35)
    assert away.max() < radius + gap
    assert 300 < surface.GetNumberOfCells() < 26_000


def test_that_a_gap_stays_open_and_end_caps_are_half_a_slice():
    whole = cube(1, RED)
    gappy = replace(whole, contours=whole.contours[:3] + whole.contours[7:])
    heights = surfaces._points(structure_surface(Outline(gappy, None)))[:, 2]
    assert heights.min() == pytest.approx(-25.0, abs=1.0)
    assert heights.max() == pytest.approx(25.0, abs=1.0)
    assert not ((heights > -9.0) & (heights < 9.0)).any()


def test_that_what_surrounds_another_is_seen_through():
    own = opacities(
        [
            Outline(sphere(1, RED, (0.0, 0.0, 0.0), 100.0, "EXTERNAL"), None),
            Outline(sphere(2, RED, (0.0, 0.0, 0.0), 40.0), None),
            Outline(sphere(3, RED, (0.0, 0.0, 0.0), 15.0, "PTV"), None),
            Outline(sphere(4, RED, (0.0, 0.0, 0.0), 96.0, "ORGAN"), None),
            Outline(sphere(5, RED, (0.0, -105.0, 0.0), 9.0, "BOLUS"), None),
        ]
    )
    assert own == {
        1: surfaces.BODY,
        2: surfaces.SHELL,
        3: 1.0,
        4: surfaces.BODY,
        5: surfaces.SHELL,
    }


def test_that_beams_of_a_plan_of_several_positions_are_not_drawn():
    two = replace(plan(beam(point(90.0))), patient_positions=("HFS", "FFS"))
    shapes, words = beam_shapes(two, 300.0)
    assert shapes == ()
    assert "HFS, FFS" in words[0]
