"""Blocks: strips that lose what lies under the outline, the tray, and what is refused."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.field import Accessory
from app.filter.mu.book import Tray
from app.filter.mu.photon import photon_dose
from app.filter.mu.shields import Shield
from core.errors import UnsupportedPlanError
from tests.filter.mu.mu_samples import at, jaws, photon_field, state

NAME = ("1", "BLK")
SIDE = ((2.0, -9.0), (9.0, -9.0), (9.0, 9.0), (2.0, 9.0))


def mounted(field):
    return replace(field, blocks=(Accessory(("BLK",)),))


def dose(generic, field, outline, tray=1.0, point=None):
    shield = Shield({NAME: outline}, tray)
    return photon_dose(field, field, point or at(), generic, None, shield)


@pytest.mark.req("R-16")
@pytest.mark.parametrize("along", ["X", "Y"])
def test_that_a_block_along_an_edge_is_a_jaw_there_but_for_collimator_scatter(generic, along):
    """A block stands on its tray, below the jaws: their field's CSF stays (AAPM TG-71)."""
    outline = SIDE if along == "X" else tuple((y, x) for x, y in SIDE)
    own = jaws(-5, 2) if along == "X" else jaws(-5, 5, -5, 2)
    smaller = photon_field(state(0, 0, (), own), state(1, 1, (), own))
    for x in (0.0, 1.5, 3.0):
        point = at(x=x) if along == "X" else at(z=x)
        found = dose(generic, mounted(photon_field()), outline, point=point)
        expected = photon_dose(smaller, smaller, point, generic)
        free = photon_dose(photon_field(), photon_field(), point, generic)
        assert found.values["csf"] == pytest.approx(free.values["csf"], rel=1e-12)
        share = found.values["csf"][0] / expected.values["csf"][0]
        assert 1.005 < share < 1.05
        assert found.dose_cgy == pytest.approx(share * expected.dose_cgy, rel=1e-9), x


@pytest.mark.req("R-16")
def test_that_the_tray_of_the_book_comes_before_that_of_the_plan(generic):
    free = dose(generic, mounted(photon_field()), SIDE).dose_cgy
    tray = dose(generic, mounted(photon_field()), SIDE, 0.97)
    assert tray.dose_cgy == pytest.approx(0.97 * free)
    assert tray.values["tray"][0] == 0.97
    six = next(beam for beam in generic.beams if beam.id == "6X")
    own = replace(generic, beams=(replace(six, trays=(Tray(("blk",), 0.95),)),))
    assert dose(own, mounted(photon_field()), SIDE, 0.97).dose_cgy == pytest.approx(0.95 * free)


@pytest.mark.req("R-16")
def test_that_a_cut_corner_takes_away_its_share(generic):
    """The far half of the corner: between no block and the whole square."""
    corner = ((2.0, 2.0), (9.0, 2.0), (9.0, 9.0), (2.0, 9.0))
    triangle = ((5.0, 2.0), (5.0, 5.0), (2.0, 5.0))
    none = photon_dose(photon_field(), photon_field(), at(), generic).dose_cgy
    half = dose(generic, mounted(photon_field()), triangle).dose_cgy
    whole = dose(generic, mounted(photon_field()), corner).dose_cgy
    assert whole < half < none
    assert 0.25 < (none - half) / (none - whole) < 0.45  # the far half, which scatters less


def test_that_a_field_without_the_block_is_calculated_without_it(generic):
    """What the R&V mounts counts, not what the plan has."""
    free, planned = replace(photon_field(), blocks=()), mounted(photon_field())
    shield = Shield({NAME: SIDE}, 0.97)
    found = photon_dose(free, planned, at(), generic, None, shield)
    assert found.dose_cgy == photon_dose(free, free, at(), generic).dose_cgy


@pytest.mark.parametrize(
    ("outline", "tray", "words"),
    [
        (((-1.0, -9.0), (1.0, -9.0), (1.0, 9.0), (-1.0, 9.0)), 1.0, "two openings"),
        (SIDE, None, "tray"),
        ((), 1.0, "outline"),
    ],
)
def test_that_what_is_not_modelled_is_refused(generic, outline, tray, words):
    shield = Shield({NAME: outline}, tray) if outline else None
    field = mounted(photon_field(mu=D(100)))
    with pytest.raises(UnsupportedPlanError, match=words):
        photon_dose(field, field, at(), generic, None, shield)
