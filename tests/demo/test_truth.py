"""The plan itself: whole MU, leaves that can be driven, doses that add up, and the geometry."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from app.demo.anatomy import BODY, ORGANS, depth_mm
from app.demo.geometry import beam_axes, seen_from_source, source_mm
from app.demo.truth import PLAN, demo_fields
from core.machines import read_machine

BEAMS = pytest.mark.parametrize("beam", PLAN.beams, ids=lambda beam: beam.name)
MACHINE = read_machine(PLAN.machine_type)


@BEAMS
def test_that_every_share_of_the_mu_is_whole_and_has_six_decimals_at_most(beam):
    for point in beam.points():
        assert isinstance(point.mu_before, int)
        assert (Fraction(point.mu_before, beam.mu) * 10**6).denominator == 1
    assert beam.points()[0].mu_before == 0
    assert beam.points()[-1].mu_before == beam.mu
    assert all(aperture.mu > 0 for aperture in beam.apertures[:-1])


@BEAMS
def test_that_leaves_never_cross_and_stand_on_tenths_of_a_millimetre(beam):
    for aperture in beam.apertures:
        for x1_mm, x2_mm in aperture.leaves:
            assert x1_mm <= x2_mm
            assert round(x1_mm, 1) == x1_mm
            assert round(x2_mm, 1) == x2_mm


@BEAMS
def test_that_the_jaws_enclose_every_opening_and_no_closed_pair_stands_in_the_field(beam):
    for aperture in beam.apertures:
        for k, (x1_mm, x2_mm) in enumerate(aperture.leaves):
            low_mm, high_mm = PLAN.boundaries_mm[k : k + 2]
            in_field = low_mm >= beam.jaws.y1_mm and high_mm <= beam.jaws.y2_mm
            assert (x2_mm > x1_mm) == in_field
            if in_field:
                assert beam.jaws.x1_mm <= x1_mm
                assert x2_mm <= beam.jaws.x2_mm


@BEAMS
def test_that_facing_neighbours_never_interdigitate(beam):
    for aperture in beam.apertures:
        for one, other in pairwise(aperture.leaves):
            assert one[0] <= other[1]
            assert other[0] <= one[1]


@BEAMS
def test_that_jaws_stand_on_millimetres(beam):
    for name in ("x1_mm", "x2_mm", "y1_mm", "y2_mm"):
        assert getattr(beam.jaws, name) == round(getattr(beam.jaws, name))


@pytest.mark.parametrize("prescription", PLAN.prescriptions, ids=lambda p: p.site)
def test_that_field_doses_add_up_to_the_prescribed_dose(prescription):
    cents = [round(100 * beam.field_dose_cgy) for beam in PLAN.beams_of(prescription)]
    assert sum(cents) == 100 * prescription.dose_cgy


def test_that_every_item_a_checker_compares_occurs_in_the_plan():
    beams = demo_fields()
    assert {beam.kind for beam in beams} == {"static", "step and shoot", "arc"}
    assert {beam.modality for beam in beams} == {"photon", "electron"}
    assert {beam.wedge.dynamic for beam in beams if beam.wedge} == {True, False}
    for item in ("block", "applicator", "cutout", "bolus_mm", "arc_direction", "couch_deg"):
        assert any(getattr(beam, item) for beam in beams), item
    assert len({beam.dose_rate_mu_min for beam in beams}) > 1


def test_that_the_arc_goes_the_long_way_over_the_top():
    arc = next(beam for beam in PLAN.beams if beam.kind == "arc")
    angles = [aperture.gantry_deg for aperture in arc.apertures]
    turns = [(b - a) % 360 for a, b in pairwise(angles)]
    assert (angles[0], angles[-1], sum(turns)) == (181.0, 179.0, 358.0)
    assert arc.apertures[-1].mu == 0


def test_that_the_machine_of_the_set_is_the_one_described():
    assert MACHINE.mlc.boundaries_mm.require() == PLAN.boundaries_mm


@BEAMS
def test_that_the_machine_offers_what_the_beam_asks_for(beam):
    word = {"photon": "Xrays", "electron": "Elect"}[beam.modality]
    assert MACHINE.offers(word, beam.energy, False) is True


def test_that_the_electron_jaws_are_those_of_the_applicator():
    beam = next(beam for beam in PLAN.beams if beam.applicator)
    rows = MACHINE.applicators.jaws.require()
    row = next(r for r in rows if (r.applicator, r.energy_mev) == (beam.applicator, beam.energy))
    assert beam.jaws.x2_mm - beam.jaws.x1_mm == row.x_mm
    assert beam.jaws.y2_mm - beam.jaws.y1_mm == row.y_mm


# Head first supine: x to the patient's left, y to the back, z to the head.
@pytest.mark.parametrize(
    ("gantry_deg", "couch_deg", "source"),
    [
        (0, 0, (0, -1000, 0)),
        (90, 0, (1000, 0, 0)),
        (180, 0, (0, 1000, 0)),
        (270, 0, (-1000, 0, 0)),
        (0, 90, (0, -1000, 0)),
        (90, 90, (0, 0, -1000)),  # couch turned anticlockwise from above: feet to the source
    ],
)
def test_that_the_source_stands_where_iec_61217_puts_it(gantry_deg, couch_deg, source):
    found = source_mm((0.0, 0.0, 0.0), beam_axes(gantry_deg, 0, couch_deg))
    assert found == pytest.approx(source, abs=1e-9)


def test_that_a_collimator_turn_moves_y_jaws_over_the_x_axis():
    point = np.array([[0.0], [0.0], [50.0]])  # 5 cm to the head, seen in the isocentre plane
    x_mm, y_mm, _ = seen_from_source(point, (0.0, 0.0, 0.0), beam_axes(0, 0, 0))
    assert (x_mm[0], y_mm[0]) == pytest.approx((0, 50))
    x_mm, y_mm, _ = seen_from_source(point, (0.0, 0.0, 0.0), beam_axes(0, 90, 0))
    assert (x_mm[0], y_mm[0]) == pytest.approx((50, 0), abs=1e-9)


def test_that_a_point_nearer_to_the_source_is_seen_further_out():
    point = np.array([[100.0], [-200.0], [0.0]])
    x_mm, _, away_mm = seen_from_source(point, (0.0, 0.0, 0.0), beam_axes(0, 0, 0))
    assert (x_mm[0], away_mm[0]) == pytest.approx((125.0, 800.0))


def test_that_depth_is_the_way_through_the_ellipse():
    centre = np.array(BODY.centre_mm)[:, None]
    front = np.array([BODY.centre_mm[0], -1e6, BODY.centre_mm[2]])
    left = np.array([1e6, BODY.centre_mm[1], BODY.centre_mm[2]])
    assert depth_mm(centre, front)[0] == pytest.approx(BODY.half_mm[1])
    assert depth_mm(centre, left)[0] == pytest.approx(BODY.half_mm[0])


@BEAMS
def test_that_skin_lies_at_the_ssd(beam):
    for aperture in beam.apertures:
        axes = beam_axes(aperture.gantry_deg, 0, beam.couch_deg)
        skin = source_mm(beam.prescription.isocentre_mm, axes) - aperture.ssd_mm * axes[2]
        x, y = ((skin[k] - BODY.centre_mm[k]) / BODY.half_mm[k] for k in (0, 1))
        assert np.hypot(x, y) == pytest.approx(1, abs=0.006)


def test_that_the_target_holds_the_isocentre_and_organs_lie_in_the_body():
    target = next(organ for organ in ORGANS if organ.name == "PTV")
    assert target.centre_mm == PLAN.prescriptions[0].isocentre_mm
    for organ in ORGANS[1:]:
        for x_mm, y_mm in organ.contour_at(36.0):
            x, y = (x_mm - BODY.centre_mm[0]) / 180, (y_mm - BODY.centre_mm[1]) / 115
            assert np.hypot(x, y) < 1
