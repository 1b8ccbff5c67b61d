"""Published and golden hand calculations, by the book's own lookups (mu-check, section 6)."""

import json
from math import sqrt

import pytest

from app.filter.mu.electron import cutout_of
from tests.filter.mu.shared_book import column, rows_of, table, wide


def tg71(folder):
    scatter = folder / "tg71_6mv_sc_sp.csv"
    depths, sides, tpr = wide(folder / "tg71_6mv_tpr.csv")
    pdd_depths, pdd_sides, pdd = wide(folder / "tg71_6mv_pddn_ssd100.csv")
    return {
        "sc": column(scatter, "Sc"), "sp": column(scatter, "Sp_d10"),
        "tpr": table("wedge_profile", [0, 1], [0], [[1], [1]]),
        "tpr_table": (depths, sides, tpr), "pdd": (pdd_depths, pdd_sides, pdd),
    }  # fmt: skip


def linear(axis, values, at):
    return table("wedge_profile", axis, [0], values).at(at)


def bilinear(grid, depth, side):
    depths, sides, values = grid
    return table("oar", depths, sides, values).at(depth, side)


def equivalent(sides):
    a, b = sides
    return 2 * a * b / (a + b)


@pytest.mark.req("R-16")
def test_that_the_golden_cases_of_tg71_give_their_mu(beam_data):
    book = tg71(beam_data)
    cases = json.loads((beam_data / "golden_tg71_6mv.json").read_text(encoding="utf-8"))
    assert len(cases) == 10
    for case in cases:
        sc = linear(*book["sc"], equivalent(case["jaws"]))
        assert sc == pytest.approx(case["Sc"], abs=1e-9), case["case"]
        ssd, depth = case["ssd"], case["depth"]
        if "PDDN" in case:
            ratio = bilinear(book["pdd"], depth, case["r_surf"]) / 100
            sp = linear(*book["sp"], case["r_d0"])
            isf = (100 / (ssd + 10)) ** 2
            assert 100 * ratio == pytest.approx(case["PDDN"], abs=1e-9)
        else:
            side = equivalent(case["field_iso"]) * (ssd + depth) / 100
            assert side == pytest.approx(case["rd"], abs=1e-9)
            ratio = bilinear(book["tpr_table"], depth, side)
            sp = linear(*book["sp"], side)
            isf = (100 / (ssd + depth)) ** 2
            assert ratio == pytest.approx(case["TPR"], abs=1e-9), case["case"]
        assert (sp, isf) == pytest.approx((case["Sp"], case["isf"]), abs=1e-9), case["case"]
        more = case.get("WF", 1) * case.get("TF", 1) * case.get("OAR", 1)
        mu = case["dose_cGy"] / (0.8 * sc * sp * ratio * isf * more)
        assert mu == pytest.approx(case["MU"], rel=1e-9), case["case"]


@pytest.mark.req("R-19")
def test_that_the_golden_electron_cases_give_their_factors_and_mu(beam_data):
    head, *rows = rows_of(beam_data / "tg71_9mev_electron_output.csv")

    def factor(side, applicator):
        place = head.index(applicator)
        known = [(float(row[0]), float(row[place])) for row in rows if row[place]]
        return table("wedge_profile", [s for s, _ in known], [0], [[v] for _, v in known]).at(side)

    first = sqrt(factor(4, "15") * factor(10, "15"))
    second = sqrt(factor(3, "10") * factor(8, "10"))
    assert (first, second) == pytest.approx((0.97819, 0.95432), abs=5.1e-6)
    assert 200 / 0.9 / first == pytest.approx(227.18, abs=0.005)
    assert 180 / second == pytest.approx(188.62, abs=0.005)
    gap = ((90 + 2.1) / (90 + 2.1 + 10)) ** 2
    assert 200 / 0.9 / first / gap == pytest.approx(279.19, abs=0.005)


# dose, factors, answer as printed.
PRINTED = [
    ("Khan, SSD 100", 200, (1.020, 1.010, 0.651), 298),
    ("Khan, SSD 120", 200, (1.010, 1.010, 0.667, (101 / 121) ** 2), 422),
    ("Khan, SAD", 200, (0.787, 0.970, 0.990), 265),
    ("Khan, SAD, SCD 101", 200, (0.787, 0.970, 0.990, (101 / 100) ** 2), 259),
    ("6 MeV 8x10", 200, (1.000, 1.011), 198),
    ("9 MeV 90 %", 200, (1.001, 1.011, 0.9), 220),
    ("6 MeV circle", 200, (0.966, 0.989, 0.9), 233),
    ("9 MeV SSD 105", 200, (1.000, 1.006, ((91.1 + 2.2) / (96.1 + 2.2)) ** 2), 221),
    ("400 cGy", 400, (1.03, 1.05, 0.93, 1.03), 386),
    ("9 MeV OF", 200, (0.984, 0.9), 226),
    ("cone 1.02", 200, (1.02, 0.95), 206),
    ("iso 180", 180, (0.803, 1.028, 1.03, 0.98), 216),
    ("iso 180 computed", 180, (1.000, 1.003, 0.789, (101.6 / 100) ** 2), 220.3),
    ("SSD 101", 200, (1.010, 1.005, 0.864, 1.0007, (101.5 / 102.5) ** 2), 232.4),
    ("quiz 1", 180, (0.82, 1.008, 1.009, 1.023, ((100 + 1.5) / (105 + 12)) ** 2), 280.3),
]  # fmt: skip


@pytest.mark.parametrize(("name", "dose", "factors", "answer"), PRINTED)
def test_that_printed_teaching_examples_are_reproduced(name, dose, factors, answer):
    product = 1.0
    for factor in factors:
        product *= factor
    assert dose / product == pytest.approx(answer, abs=0.051 if answer % 1 else 0.51), name


@pytest.mark.req("R-19")
def test_that_a_cutout_is_the_average_of_inner_and_outer_rectangle():
    box = ((-2, -5), (2, -5), (2, 5), (-2, 5))
    found = cutout_of(box)
    assert (found.length_cm, found.width_cm) == pytest.approx((10, 4), abs=0.06)
    # A cut corner of 2 cm: outside 8 x 8; inside, with the diagonal from (2, 4) to (4, 2).
    corner = ((-4, -4), (4, -4), (4, 2), (2, 4), (-4, 4))
    found = cutout_of(corner)
    assert found.bounding_cm == pytest.approx((8, 8))
    assert sorted(found.inscribed_cm) == pytest.approx([7, 7], abs=1.1)
    assert found.inscribed_cm[0] + found.inscribed_cm[1] == pytest.approx(14, abs=0.2)
