"""Every DVH value against mathematics, in the manner of Nelms et al. (Med. Phys. 42, 2015, 4435).

The default run takes the dose grids in turn; EQS_EVERY_SHAPE=1 runs the full product.
"""

import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from tests.core import dvh_accuracy_table as accuracy
from tests.core.analytic_shapes import (
    BODIES,
    CORNERS,
    Annulus,
    Cone,
    Cylinder,
    Sphere,
    X,
    Y,
    Z,
    flat_area,
)
from tests.core.dvh_accuracy_table import ALL, EXTREMES, SOME, SPACINGS, Case, of_case

PAGE = Path(__file__).resolve().parents[2] / "resources" / "help" / "dvh-accuracy.md"
CASES = ALL if os.environ.get("EQS_EVERY_SHAPE") == "1" else SOME
BY_NAME = {body.name: body for body in BODIES}


def out_of_band(values, names=None):
    """Return what lies outside its band, as sentences."""
    return [
        f"{name}: {answer.truth:.6g} outside {answer.given} by {answer.outside:.2g}"
        for name, answer in values.items()
        if (names is None or name in names) and answer.outside > 0
    ]


# --- the truth itself ------------------------------------------------------------------------


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
@pytest.mark.parametrize("along", [X, Y, Z])
def test_that_the_closed_forms_are_the_integrals_of_the_sections(body, along):
    low, high = body.ends(along)
    for part in (0.05, 0.3, 0.5, 0.61, 0.9):
        place = low + part * (high - low)
        breaks = [edge for edge in (-5.0, 0.0, 5.0) if place < edge < high] or None
        integral, _ = quad(lambda t: body.area_at(along, t), place, high, points=breaks, limit=200)
        assert body.volume_above(along, place) == pytest.approx(integral, rel=1e-7)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_that_the_centre_of_mass_is_the_mean_of_the_sections(body):
    for along in (X, Y, Z):
        low, high = body.ends(along)
        moment, _ = quad(
            lambda t, along=along: t * body.area_at(along, t), low, high,
            points=[-5.0, 5.0], limit=200,
        )  # fmt: skip
        assert body.middle(along) == pytest.approx(moment / body.volume, abs=1e-6)


def test_that_the_bodies_have_their_textbook_volumes():
    r, h = 12.0, 24.0
    assert Sphere("").volume == pytest.approx(4 / 3 * math.pi * r**3)
    assert Cylinder("").volume == pytest.approx(math.pi * r**2 * h)
    assert Cone("", axis=Y).volume == pytest.approx(math.pi * r**2 * h / 3)
    assert Annulus("").volume == pytest.approx(math.pi * (r**2 - 5**2) * h)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_that_the_polygons_have_the_area_of_the_sections(body):
    lost = 1 - math.sin(2 * math.pi / CORNERS) / (2 * math.pi / CORNERS)
    for place in body.planes(Z, 2.0, 0.6):
        polygons = body.own_contours(Z, place, False)
        areas = sorted(flat_area(points, Z) for points in polygons)
        drawn = areas[-1] - sum(areas[:-1])
        whole = body.area_at(Z, place)
        assert drawn == pytest.approx(whole, abs=1.01 * lost * sum(areas) + 1e-9)
        assert all(len(points) >= 180 for points in polygons)


# --- every value in its band -----------------------------------------------------------------


def named(case):
    return case.name


@pytest.mark.parametrize("case", CASES, ids=named)
def test_that_volume_doses_and_mean_lie_in_their_bands(case):
    values, _ = of_case(case)
    assert out_of_band(values, [name for name in values if name not in EXTREMES]) == []


@pytest.mark.parametrize("case", CASES, ids=named)
def test_that_lowest_and_highest_dose_lie_in_their_bands(case):
    values, _ = of_case(case)
    assert out_of_band(values, EXTREMES) == []


def test_that_no_dose_to_a_small_volume_is_above_the_highest_dose():
    values, _ = of_case(Case(BY_NAME["lying cylinder"], 3.0, 0.0, "2", Y))
    assert values["D0.03cc"].given.value <= values["Dmax"].truth + 1e-6


# --- the band is of use ----------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=named)
def test_that_the_band_of_d95_is_no_wider_than_one_slice_each_way(case):
    if len(case.body.planes(Z, case.spacing, case.offset * case.spacing)) > 6:
        assert of_case(case)[0]["D95"].given.half_width <= case.spacing * 1.0


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
@pytest.mark.parametrize("name", ["Volume", "D95", "D50", "V (cc) 1", "V (%) 0", "Dmean"])
def test_that_the_band_shrinks_with_the_slice_spacing(body, name):
    for along in (X, Z):
        cases = [Case(body, spacing, 0.3, "2", along) for spacing in SPACINGS]
        widths = [of_case(case)[0][name].given.half_width for case in cases]
        # A straight wall across the slope has no band to shrink but that of the sampling.
        assert widths == sorted(widths) or max(widths) < 0.05


# --- the real files --------------------------------------------------------------------------


def nelms(shared_data):
    return accuracy.nelms(shared_data / "dicom" / "nelms_dvh")


def test_that_the_values_of_the_nelms_shapes_lie_in_their_bands(shared_data):
    found = nelms(shared_data)
    assert len(found) == 54
    wrong = [(*key, *words) for key, values in found.items() if (words := out_of_band(values))]
    assert wrong == []


def test_that_the_median_error_of_d95_over_the_nelms_cases_is_small(shared_data):
    d95 = [values["D95"] for values in nelms(shared_data).values()]
    assert np.median([answer.error / answer.truth for answer in d95]) < 0.015


# --- the page --------------------------------------------------------------------------------


def rows_of(text):
    return [line for line in text.splitlines() if line.startswith("| ") and " / " in line]


def same(row, other):
    """Return whether two rows of the table agree but for one in the last digit."""
    if row.split("|")[1:3] != other.split("|")[1:3]:
        return False
    one, two = (
        [float(number) for number in re.findall(r"[\d.]+", "|".join(text.split("|")[3:]))]
        for text in (row, other)
    )
    # Nine errors and half bands with two digits, then counts.
    return len(one) == len(two) and all(
        abs(a - b) <= (0.0101 if place < 9 else 1)
        for place, (a, b) in enumerate(zip(one, two, strict=True))
    )


def table_of_page(heading):
    parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (part,) = (part for part in parts if part.startswith(heading))
    return rows_of(part)


def assert_same_table(heading, made):
    own, new = table_of_page(heading), rows_of(made)
    assert len(own) == len(new) == len(accuracy.ROWS)
    differing = [new for old, new in zip(own, new, strict=True) if not same(old, new)]
    assert differing == [], "the page is out of date: python -m tests.core.dvh_accuracy_table"


def test_that_the_page_states_the_errors_of_the_synthetic_bodies_as_they_are():
    assert_same_table("Synthetic", accuracy.synthetic_table())


def test_that_the_page_states_the_errors_of_the_nelms_files_as_they_are(shared_data):
    assert_same_table("Nelms", accuracy.nelms_table(shared_data / "dicom" / "nelms_dvh"))


def test_that_a_changed_number_in_the_table_is_noticed():
    row = "| D95 | Gy | 0.01 / 0.02 / 0.02 | 0.45 / 0.90 / 1.35 | 0.30 / 0.58 / 0.87 | 0 of 54 |"
    assert same(row, row.replace("0.45", "0.46"))
    assert not same(row, row.replace("0.45", "0.47"))
    assert not same(row, row.replace("D95", "D98"))
    assert not same(row, row.replace("0 of", "3 of"))
