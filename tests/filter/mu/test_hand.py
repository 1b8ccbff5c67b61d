"""One field by hand, from typed numbers; a table of the book as a picture."""

import json

import numpy as np
import pytest

from app.command_line import main
from app.filter.mu.electron import ElectronInput
from app.filter.mu.hand import HandPhoton, electron_by_hand, photon_by_hand


def answer(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def beam(book, name):
    return next(one for one in book.beams if one.id == name)


@pytest.mark.req("R-16")
def test_that_a_square_by_hand_is_the_product_of_the_books_factors(generic):
    six = beam(generic, "6X")
    at = six.tables
    for ssd, away in ((None, 100.0), (100.0, 110.0)):
        side = 10 * away / 100
        expected = 150 * (101.6 / away) ** 2 * at["psf"].at(side) * at["tmr"].at(10, side)
        found = photon_by_hand(generic, six, HandPhoton(150, (10, 10), 10.0, ssd))
        assert found.dose_cgy == pytest.approx(expected, rel=1e-6), ssd
    off = photon_by_hand(generic, six, HandPhoton(150, (20, 20), 10.0, None, (3.0, 4.0)))
    assert (off.x_cm[0], off.y_cm[0]) == pytest.approx((3, 4))
    assert off.values["oar"][0] == pytest.approx(at["oar"].at(10, 5.0))
    wedged = photon_by_hand(generic, six, HandPhoton(150, (10, 10), 10.0, wedge="W60"))
    assert wedged.values["wf"][0] == pytest.approx(at["wedge_factor_W60"].at(10, 10))


@pytest.mark.req("R-19")
def test_that_electrons_by_hand_follow_the_square_root_rule(generic):
    nine = beam(generic, "9E")
    found = electron_by_hand(nine, 100, 10, ElectronInput(90.0, (4.0, 8.0), None, 105.0))
    table = nine.tables["cutout"]
    factor = np.sqrt(table.at(4, 10) * table.at(8, 10))
    start = nine.tables["effective_ssd"].at(10) + nine.calibration.depth_cm
    assert found.dose_cgy == pytest.approx(90 * factor * (start / (start + 5)) ** 2)


@pytest.mark.req("R-16", "R-19")
def test_that_the_commands_tell_dose_mu_factors_and_what_is_left_out(capsys):
    code, told = answer(capsys, "mu", "photon", "--field", "10x10", "--depth", "10", "--dose",
                        "200")  # fmt: skip
    assert code == 0
    assert told["mu_for_it"] == pytest.approx(100 * 200 / told["dose_cgy"])
    assert told["factors"]["isf"] == pytest.approx(1.016**2)
    assert (told["rule_version"], len(told["book"]["digest"])) == ("MU-3", 64)
    assert "heterogeneity" in {one["item"] for one in told["left_out"]}
    code, told = answer(capsys, "mu", "electron", "--applicator", "10", "--isodose", "90",
                        "--cutout", "8x4", "--mu", "150")  # fmt: skip
    assert code == 0
    assert 100 < told["dose_cgy"] < 150
    assert main(["mu", "photon", "--field", "5x5", "--depth", "5", "--off-axis", "1,-1"]) == 0
    assert "NOT FOR CLINICAL USE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("photon", "--field", "10", "--depth", "10"), "--field"),
        (("photon", "--field", "10x10", "--depth", "x"), "--depth"),
        (("photon", "--field", "10x10", "--depth", "35"), "depth 35.00 cm"),
        (("photon", "--field", "10x10", "--depth", "5", "--beam", "9E"), "beam of electrons"),
        (("photon", "--field", "10x10", "--depth", "5", "--beam", "4X"), "no beam 4X"),
        (("photon", "--field", "10x10", "--depth", "5", "--wedge", "Q"), "does not know"),
        (("electron", "--applicator", "7", "--isodose", "90"), "applicator 7"),
        (("electron", "--applicator", "10", "--isodose", "90", "--beam", "6X"), "of photons"),
    ],
)
def test_that_what_cannot_be_calculated_is_one_sentence_with_a_remedy(capsys, words, what):
    code, told = answer(capsys, "mu", *words)
    assert code == 2
    assert what in told["error"]["what"]
    assert told["error"]["remedy"]


def test_that_a_table_is_drawn_to_a_file(tmp_path, capsys):
    out = tmp_path / "tmr.png"
    code, told = answer(capsys, "book", "plot", "--beam", "6X", "--table", "tmr", "--out", out)
    assert code == 0
    assert told["picture"] == str(out)
    assert out.read_bytes()[:4] == b"\x89PNG"
    assert out.stat().st_size > 10_000
    code, told = answer(capsys, "book", "plot", "--beam", "6X", "--table", "pdd", "--out", out)
    assert (code, "no pdd" in told["error"]["what"]) == (2, True)
