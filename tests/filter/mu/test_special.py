"""Total body fields and radiosurgery arcs: worked examples, limits, sheets, commands."""

import json
from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.__main__ import main
from app.demo.rv_edits import Edit, elements, to
from app.demo.rv_export import export_records
from app.filter.field import Field
from app.filter.limits import read_limits
from app.filter.mu.book import Book, BookBeam, Calibration, Model, Tbi
from app.filter.mu.special import SrsReport, TbiReport, srs_report
from app.filter.mu.srs_arcs import Arc, arc_mus, arcs_of, read_printout
from app.filter.mu.tbi_dose import TbiInput, tbi_doses
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.mu.mu_samples import jaws
from tests.filter.mu.shared_book import column, table, wide
from tests.filter.mu.workbook import Recalculated, by_libreoffice

LIMITS = read_limits()
PRINTOUT = """STEREOTACTIC PLAN  isocentre 1
Prescription 500 cGy to 80 %
Arc 1  cone 20.0 mm  couch 0  weight 0.5  MU 444.7  depths 6.2 6.8 7.5 8.1 8.6 8.9 9.0 8.7 8.1
Arc 2  cone 20.0 mm  couch 45 weight 0.5  {mu} MU  depths 6.2 6.8 7.5 8.1 8.6 8.9 9.0 8.7 8.1
"""


def tbi_field(**changes):
    made = Field(
        "1", "LAT 1", modality="Xrays", energy=D(10), fff=False, mu=D("1850.5"),
        dose_cgy=D(100), ssd_mm=D(3850), jaws=jaws(-15, 15, -15, 15), sad_mm=D(1000),
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture(scope="module")
def clinac(beam_data):
    """Clinac 2100, 10 MV: the book of the worked example, calibrated at dmax 2.3 cm, SSD 100."""
    depths, sides, tmr = wide(beam_data / "cl2100_10mv_tmr.csv")
    file = beam_data / "cl2100_10mv_sc_sp.csv"
    tables = {"tmr": table("tmr", depths, sides, tmr)}
    for name, heading in (("csf", "Sc"), ("psf", "Sp_dmax")):
        axis, values = column(file, heading)
        tables[name] = table(name, axis, [0], values)
    beam = BookBeam("10X", "photon", 10.0, False, (), Calibration(1.0, 10.0, 102.3, 2.3),
                    Model(2.3), (), tables, (), Tbi(0.97, 1.0, 30.0))  # fmt: skip
    return Book("clinac", "", True, "d", (beam,))


@pytest.mark.req("R-20")
def test_that_the_worked_example_of_total_body_irradiation_is_reproduced(clinac):
    """10 MV, 30x30, thickness 30 cm at 400 cm, spoiler 0.97: 0.05404 cGy a MU, 1850.5 MU."""
    (found,) = tbi_doses([tbi_field()], clinac, TbiInput(30.0), LIMITS)
    f = found.factors
    assert (f["csf"], f["psf"], f["tmr"]) == pytest.approx((1.062, 1.023, 0.784), abs=5.1e-4)
    assert f["isf"] == pytest.approx(0.065408, abs=5e-7)
    assert found.dose_cgy / 1850.5 == pytest.approx(0.05404, abs=5e-6)
    assert found.mu_for_it == pytest.approx(1850.5, abs=0.5)
    assert found.state == State.PASS


@pytest.mark.req("R-20")
@pytest.mark.parametrize(
    ("percent", "state"), [(2.9, State.PASS), (-2.9, State.PASS), (3.1, State.ERROR),
                           (-3.1, State.ERROR)],
)  # fmt: skip
def test_that_more_than_three_per_cent_at_mid_plane_is_red(clinac, percent, state):
    mu = D(str(round(1850.5 * (1 + percent / 100), 3)))
    assert tbi_doses([tbi_field(mu=mu)], clinac, TbiInput(30.0), LIMITS)[0].state == state


@pytest.mark.req("R-20")
def test_that_the_ssd_is_held_to_verification_day(clinac):
    def state(measured):
        given = TbiInput(30.0, {} if measured is None else {"1": measured})
        return tbi_doses([tbi_field()], clinac, given, LIMITS)[0].ssd_state

    assert state(385.0) == state(385.9) == State.PASS
    assert state(386.5) == state(383.5) == State.ERROR
    assert state(None) == State.NOT_RUN


@pytest.mark.req("R-20")
def test_that_what_is_missing_says_what_to_do(clinac, generic):
    for field, book, words in (
        (tbi_field(ssd_mm=None), clinac, "MU, SSD or jaws"),
        (tbi_field(energy=D(4)), clinac, "no beam for 4 MV"),
        (tbi_field(dose_cgy=None), clinac, "no dose"),
        (tbi_field(), replace(clinac, beams=(replace(clinac.beams[0], tbi=None),)), r"[tbi]"),
    ):
        (found,) = tbi_doses([field], book, TbiInput(30.0), LIMITS)
        assert words in found.why
        assert found.remedy
        assert found.state == State.NOT_RUN


@pytest.fixture
def cones(generic):
    """The 2 cm cone of the worked example: ScT 0.895, TMR from the example's mean."""
    six = next(beam for beam in generic.beams if beam.id == "6X")
    tables = {
        "srs_output": table("srs_output", [1.0, 2.0], [0], [[0.8], [0.895]]),
        "srs_tmr": table("srs_tmr", [0, 20], [1.0, 2.0], [[1.0, 0.9996], [0.4, 0.4061]]),
    }
    return replace(six, calibration=Calibration(1.0, 10.0, 101.5, 1.5), tables=tables)


DEPTHS = (6.2, 6.8, 7.5, 8.1, 8.6, 8.9, 9.0, 8.7, 8.1)


@pytest.mark.req("O-02")
def test_that_the_worked_example_of_an_arc_is_reproduced(cones):
    """Mean TMR 0.7620, ScT 0.895, SCD 101.5, 500 cGy at 80 %: 889.5 MU."""
    mean = 0.9996 - 0.029675 * sum(DEPTHS) / 9
    assert mean == pytest.approx(0.7620, abs=0.003)
    (found,) = arc_mus([Arc("1", 2.0, DEPTHS, 625.0, 889.5)], cones, LIMITS)
    assert sum(found.tmr) / 9 == pytest.approx(mean)
    assert found.mu * (sum(found.tmr) / 9) / 0.7620 == pytest.approx(889.5, abs=0.1)
    assert found.isf == pytest.approx(1.015**2)


@pytest.mark.req("O-02")
def test_that_the_mean_is_of_the_tmr_not_of_the_depth(cones):
    (found,) = arc_mus([Arc("1", 2.0, (2.0, 18.0), 625.0, None)], cones, LIMITS)
    assert found.tmr[0] > found.tmr[1]
    assert found.state == State.NOT_RUN
    assert "no MU" in found.why


@pytest.mark.req("O-02")
def test_that_a_printout_gives_its_arcs(tmp_path, generic):
    path = tmp_path / "plan.txt"
    path.write_text(PRINTOUT.format(mu=480.0), encoding="utf-8")
    arcs = read_printout(path)
    assert [arc.name for arc in arcs] == ["1", "2"]
    assert arcs[0].depths_cm == DEPTHS
    assert (arcs[0].cone_cm, arcs[0].dose_cgy, arcs[0].mu) == (2.0, 312.5, 444.7)
    six = next(beam for beam in generic.beams if beam.id == "6X")
    first, second = arc_mus(arcs, six, LIMITS)
    assert second.difference_percent - first.difference_percent > 5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("500 cGy to 80 %", "500 cGy", "no prescription"), ("Arc", "Beam", "no arc"),
     ("cone", "tube", "no cone"), ("depths", "deep", "no depths"), ("0.5", "0.4", "weights"),
     ("80 %", "120 %", "isodose is 120")],
)  # fmt: skip
def test_that_a_printout_that_lacks_something_is_one_sentence(tmp_path, old, new, words):
    path = tmp_path / "plan.txt"
    path.write_text(PRINTOUT.format(mu=1).replace(old, new), encoding="utf-8")
    with pytest.raises(ClinicFileError, match=words):
        read_printout(path)


@pytest.mark.req("O-02")
def test_that_a_cone_the_book_does_not_have_is_not_run(cones):
    (found,) = arc_mus([Arc("1", 1.5, DEPTHS, 625.0, 800.0)], cones, LIMITS)
    assert found.state == State.NOT_RUN
    assert "no cone of 15 mm; it has 10, 20 mm" in found.why


@pytest.mark.req("O-02")
def test_that_arcs_of_the_rv_take_cone_and_depths_as_typed():
    arc = Field("7", mu=D(400), dose_cgy=D(250), arc_direction="CW")
    (found,) = arcs_of([arc, Field("8", arc_direction="")], {"": 2.0}, {"7": DEPTHS}, 80.0)
    assert (found.dose_cgy, found.mu, found.cone_cm) == (312.5, 400.0, 2.0)
    with pytest.raises(ClinicFileError, match="no depths"):
        arcs_of([arc], {"": 2.0}, {}, 80.0)
    with pytest.raises(ClinicFileError, match="no arc"):
        arcs_of([], {}, {}, 80.0)


@pytest.fixture
def sheets(clinac, cones, tmp_path):
    given = TbiInput(30.0, {"1": 384.5, "2": 387.0})
    fields = [tbi_field(), tbi_field(id="2", mu=D(1700)), tbi_field(id="3", ssd_mm=None)]
    doses = tbi_doses(fields, clinac, given, LIMITS)
    TbiReport("export.rtp", clinac, tuple(doses), (3.0, 10.0)).save(tmp_path / "tbi.xlsx")
    arcs = arc_mus([Arc("1", 2.0, DEPTHS, 625.0, 889.5), Arc("2", 2.0, DEPTHS[:3], 625.0, 700.0),
                    Arc("3", 1.5, DEPTHS, 625.0, 1.0)], cones, LIMITS)  # fmt: skip
    SrsReport("plan.txt", clinac, tuple(arcs), (3.0, 5.0)).save(tmp_path / "srs.xlsx")
    return doses, arcs, tmp_path


def check_sheets(sheets, value):
    doses, arcs, _ = sheets
    for row, one in zip((9, 10), doses, strict=False):
        assert value("tbi", f"N{row}") == pytest.approx(one.dose_cgy, rel=1e-9)
        assert value("tbi", f"P{row}") == pytest.approx(one.difference_percent, rel=1e-9)
        assert value("tbi", f"Q{row}") == one.state.value
        assert value("tbi", f"R{row}") == pytest.approx(one.mu_for_it, rel=1e-9)
        assert value("tbi", f"T{row}") == one.ssd_state.value
    assert value("tbi", "C11") == "not calculated"
    for row, one in zip((9, 10), arcs, strict=False):
        assert value("srs", f"J{row}") == pytest.approx(one.mu, rel=1e-9)
        assert value("srs", f"L{row}") == pytest.approx(one.difference_percent, rel=1e-9)
        assert value("srs", f"M{row}") == one.state.value
    assert value("srs", "C11") == "not calculated"


def titled(sheet):
    return {"tbi": "TBI", "srs": "SRS"}[sheet]


@pytest.mark.req("R-20", "O-02")
def test_that_the_formulas_give_the_programs_numbers(sheets):
    books = {name: Recalculated(sheets[2] / f"{name}.xlsx") for name in ("tbi", "srs")}
    first = next(row[0].row for row in books["tbi"].book["TBI"].iter_rows()
                 if row[0].value == "Field") + 1  # fmt: skip
    check_sheets(sheets, lambda name, cell: books[name].value(titled(name), shifted(cell, first)))


@pytest.mark.req("R-20", "O-02")
def test_that_the_sheets_carry_rules_digest_and_what_is_left_out(sheets):
    for name, rules in (("tbi", "TBI-1"), ("srs", "SRS-2")):
        page = Recalculated(sheets[2] / f"{name}.xlsx").book[titled(name)]
        texts = {str(cell.value) for row in page.iter_rows() for cell in row}
        assert {rules, "d", "Not part of the calculation", "heterogeneity"} <= texts


@pytest.mark.req("R-20", "O-02")
def test_that_libreoffice_shows_the_programs_numbers(sheets, tmp_path):
    books = {name: by_libreoffice(sheets[2] / f"{name}.xlsx", tmp_path) for name in ("tbi", "srs")}
    first = next(row[0].row for row in books["tbi"]["TBI"].iter_rows()
                 if row[0].value == "Field") + 1  # fmt: skip
    check_sheets(sheets, lambda name, cell: books[name][titled(name)][shifted(cell, first)].value)


def shifted(cell, first):
    return f"{cell[0]}{int(cell[1:]) - 9 + first}"


def answer(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("R-20", "O-02")
def test_that_the_commands_answer_and_write_their_sheets(tmp_path, capsys):
    path = tmp_path / "plan.txt"
    path.write_text(PRINTOUT.format(mu=480.0), encoding="utf-8")
    code, told = answer(capsys, "mu", "srs", "--printout", path, "--xlsx", tmp_path / "s.xlsx")
    assert code == 1
    assert "NOT FOR CLINICAL USE" in told["notice"]
    assert [one["cone_cm"] for one in told["arcs"]] == [2.0, 2.0]
    assert (told["rule_version"], len(told["book"]["digest"])) == ("SRS-2", 64)
    assert "heterogeneity" in {one["item"] for one in told["left_out"]}
    assert (tmp_path / "s.xlsx").exists()
    export = tmp_path / "export.rtp"
    far = Edit("FIELD_DEF", "4", to(ssd="385.0"))
    export.write_bytes(elements(far)(export_records()))
    code, told = answer(capsys, "mu", "tbi", "--rv", export, "--thickness", "30", "--measured",
                        "4=385.5", "--xlsx", tmp_path / "t.xlsx")  # fmt: skip
    assert code == 1
    assert told["fields"][3]["ssd_severity"] == "pass"
    assert (told["rule_version"], len(told["book"]["digest"])) == ("TBI-1", 64)
    assert "lung blocks" in {one["item"] for one in told["left_out"]}
    assert told["fields"][3]["factors"]["away_cm"] == 400
    assert 0 < told["fields"][3]["dose_cgy"] < 4
    assert "tbi_output is needed at distance 104.70 cm" in told["fields"][0]["why"]
    code, told = answer(capsys, "mu", "srs", "--rv", export, "--isodose", "80", "--cone", "20",
                        "--depths", "3=9,10,11")  # fmt: skip
    assert [one["arc"] for one in told["arcs"]] == ["3"]
    for words in (("tbi", "--rv", export, "--thickness", "x"), ("srs", "--rv", export),
                  ("tbi", "--rv", export, "--thickness", "30", "--measured", "9=90"),
                  ("srs", "--printout", path, "--beam", "4X")):  # fmt: skip
        code, told = answer(capsys, "mu", *words)
        assert code == 2
        assert told["error"]["remedy"]


@pytest.mark.req("O-02")
def test_that_an_arc_of_another_energy_is_not_run_and_one_without_is_told(generic):
    arcs = {}
    for name, energy in (("six", D(6)), ("high", D(18)), ("silent", None)):
        own = Field(name, mu=D(400), dose_cgy=D(250), arc_direction="CW", energy=energy,
                    modality="Xrays")  # fmt: skip
        (arcs[name],) = arcs_of([own], {"": 2.0}, {name: DEPTHS}, 80.0)
    report = srs_report([arcs["six"], arcs["high"]], "export.rtp", generic, "6X")
    six, high = report.arcs
    assert six.mu is not None
    assert (high.mu, high.state) == (None, State.NOT_RUN)
    assert "the arc is 18 Xrays" in high.why
    assert report.status in (State.ERROR, State.WARNING)
    assert "energy" not in [one.item for one in report.not_checked]
    silent = srs_report([arcs["silent"]], "export.rtp", generic, "6X")
    assert silent.arcs[0].mu == six.mu
    assert "not stated for silent; 6X was taken" in silent.not_checked[0].why
