"""The dosimetry book: read, doubted, refused; real published tables pass."""

import numpy as np
import pytest

from app.filter.mu.book import Book, BookBeam, Calibration, Model, OutOfBookError
from app.filter.mu.book_check import check_book, open_book
from app.filter.mu.book_generic import BEAMS, edge, generic_book, saturating, tmr
from app.filter.mu.book_read import book_of, csv_parts, digest_of, files_of
from app.filter.mu.book_write import write_book
from app.filter.mu.books import GENERIC
from app.filter.mu.quantities import QUANTITIES, quantity_of
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.mu.shared_book import column, flat, table, wide


def errors(beam):
    book = Book("test", "", True, "", (beam,))
    return [one for one in check_book(book) if one.state in (State.ERROR, State.WARNING)]


def test_that_the_shipped_book_is_what_the_formulas_give():
    assert digest_of(files_of(GENERIC)) == digest_of(generic_book())


def test_that_the_shipped_book_passes_its_own_checks_and_says_what_it_is(generic):
    found = check_book(generic)
    assert [one.state for one in found] == [State.INFO]
    assert "NOT FOR CLINICAL USE" in found[0].message
    assert all("NOT FOR CLINICAL USE" in one.head["source"]
               for beam in generic.beams for one in beam.tables.values())  # fmt: skip
    assert {beam.id for beam in generic.beams} >= {"6X", "10X", "15X", "18X"}


def test_that_every_quantity_of_a_beam_is_in_the_shipped_book(generic):
    held = {one.quantity.name for beam in generic.beams for one in beam.tables.values()}
    assert held == {one.name for one in QUANTITIES}


def test_that_a_book_written_and_read_is_the_same_book(tmp_path):
    write_book(generic_book(), tmp_path / "book")
    assert open_book(tmp_path / "book").digest == digest_of(generic_book())
    with pytest.raises(ClinicFileError, match="exists already"):
        write_book(generic_book(), tmp_path / "book")


def test_that_the_digest_follows_values_and_not_the_way_they_are_written():
    files = generic_book()
    same = files | {"6X/csf.csv": files["6X/csf.csv"].replace("\n", "\r\n").replace(
        "\r\n10,1\r\n", "\r\n10.0,1.000\r\n")}  # fmt: skip
    assert same["6X/csf.csv"] != files["6X/csf.csv"]
    assert digest_of(same) == digest_of(files)
    other = files | {"6X/csf.csv": files["6X/csf.csv"].replace("\n10,1\n", "\n10,1.0001\n")}
    assert digest_of(other) != digest_of(files)
    toml = files["6X/beam.toml"].replace("leakage_one_layer = 0.013", "leakage_one_layer = 0.014")
    assert digest_of(files | {"6X/beam.toml": toml}) != digest_of(files)


BROKEN = [
    ("6X/psf.csv", "\n10,1\n", "\n10,\n", "row side_cm 10, value 0 is empty"),
    ("6X/psf.csv", "\n10,1\n", "\n10,abc\n", "'abc', not a number"),
    ("6X/psf.csv", "\n10,1\n", "\n10,nan\n", "not a number"),
    ("6X/psf.csv", "\n10,1\n", "\n3,1\n", "does not rise"),
    ("6X/psf.csv", "\n10,1\n", "\n10,1,2\n", "has 2 values for 1 columns"),
    ("6X/psf.csv", '# who = "EQS', '# whom = "EQS', "do not say: who"),
    ("6X/psf.csv", '# unit = "1"', '# unit = "%"', "unit is %"),
    ("6X/psf.csv", "side_cm,0", "side_mm,0", "first column is 'side_mm'"),
    ("6X/beam.toml", "leakage_one_layer", "leakage_one_layr", "did you mean 'leakage_one_layer'"),
    ("6X/beam.toml", "dmax_cm = 1.6", "", "no dmax_cm"),
    ("6X/beam.toml", "cgy_per_mu = 1.0", 'cgy_per_mu = "1"', "a number from 0 is needed"),
    ("6X/beam.toml", 'modality = "photon"', 'modality = "proton"', "photon or electron"),
    ("book.toml", "clinical = false", 'clinical = "no"', "clinical (true or false)"),
    ("book.toml", "clinical = false", "clinical = ", "no TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "words"), BROKEN)
def test_that_a_damaged_file_is_refused_with_file_and_cell(file, old, new, words):
    files = generic_book()
    assert old in files[file]
    with pytest.raises(ClinicFileError) as caught:
        book_of(files | {file: files[file].replace(old, new)}, "")
    assert words in caught.value.what
    assert file in caught.value.where
    assert caught.value.remedy


DOUBTED = [
    ("6X/tmr.csv", "\n1.6,1,1,1", "\n1.6,1,1,0.9", "side 2 at dmax is 0.900"),
    ("6X/psf.csv", "\n10,1\n", "\n10,0.9\n", "smaller than the value before"),
    ("6X/csf.csv", "\n10,1\n", "\n10,1.004\n", "not 1"),
    ("6X/csf.csv", "\n10,1\n", "\n10,10\n", "possible are"),
    ("6X/oar.csv", "\n5,1,", "\n5,1.1,", "on the axis is not 1"),
    ("6X/penumbra.csv", "\n0,0.5,", "\n0,0.1,", "about 0.5"),
    ("6X/beam.toml", 'csf_field = "aperture"', 'csf_field = "leaves"', "aperture and jaws"),
    ("6X/beam.toml", 'scatter = "difference"', 'scatter = "kahn"', "difference and khan"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "words"), DOUBTED)
def test_that_an_impossible_value_keeps_the_book_from_use(file, old, new, words, tmp_path):
    files = generic_book()
    assert old in files[file]
    damaged = files | {file: files[file].replace(old, new)}
    found = [one for one in check_book(book_of(damaged, "")) if one.state == State.ERROR]
    assert any(words in one.message for one in found), [one.message for one in found]
    write_book(damaged, tmp_path / "book")
    with pytest.raises(ClinicFileError):
        open_book(tmp_path / "book")


def test_that_a_mistyped_value_is_doubted():
    files = generic_book()
    _, rows = csv_parts(files["6X/tmr.csv"], "")
    row = next(one for one in rows if one[0] == "10")
    right = ",".join(row)
    wrong = right.replace(row[10], f"{float(row[10]) + 0.04:.4f}")
    damaged = files | {"6X/tmr.csv": files["6X/tmr.csv"].replace(right, wrong)}
    messages = [one.message for one in check_book(book_of(damaged, ""))]
    assert any("depth 10, side 10 stands off" in one for one in messages), messages


def test_that_a_missing_table_and_a_missing_wedge_table_are_errors():
    files = generic_book()
    del files["6X/oar.csv"]
    del files["6X/wedge_profile_W30.csv"]
    messages = [one.message for one in check_book(book_of(files, ""))]
    assert "6X: the book has no oar" in messages
    assert any("needs the table wedge_profile_W30" in one for one in messages)


def test_that_a_place_outside_a_table_is_refused_and_not_extrapolated(generic):
    beam = next(one for one in generic.beams if one.id == "6X")
    for depth, side, words in ((30.5, 10, "depth 30.50 cm"), (10, 61, "side 61.00 cm")):
        with pytest.raises(OutOfBookError, match=words):
            beam.tables["tmr"].at(depth, side)
    with pytest.raises(OutOfBookError, match="has no tray"):
        beam.table("tray")


def test_that_the_analytic_tables_are_those_of_the_model():
    six = BEAMS[0]
    assert tmr(six, 10, six.dmax_cm) == pytest.approx(1)
    assert tmr(six, 10, 0) == pytest.approx(0.45)
    assert saturating(six.csf, 10) == pytest.approx(1)
    assert edge(1, 10, 0.173, 0.01) == pytest.approx(0.9555, abs=5e-5)
    assert edge(2, 10, 0.173, 0.01) == pytest.approx(0.9831, abs=5e-5)
    assert edge(-1, 10, 0.173, 0.01) == pytest.approx(0.0545, abs=5e-5)
    assert edge(-2, 10, 0.173, 0.01) == pytest.approx(0.0269, abs=5e-5)
    assert edge(0, 10, 0.173, 0.01) == pytest.approx(0.505, abs=5e-5)
    at = np.linspace(-1, 1, 20001)
    line = np.array([edge(x, 10, 0.173, 0.01) for x in at])
    assert np.interp(0.8, line, at) - np.interp(0.2, line, at) == pytest.approx(0.51, abs=0.005)


def test_that_the_analytic_tmr_is_near_the_measured_ones(beam_data):
    files = ("generic_6x_tmr.csv", "cl2100_10mv_tmr.csv", "opf_truebeam_15mv_tmr.csv",
             "opf_truebeam_18mv_tmr.csv")  # fmt: skip
    for beam, file in zip(BEAMS, files, strict=True):
        depths, sides, values = wide(beam_data / file)
        rows = (depths >= beam.dmax_cm + 1) & (depths <= 30)
        columns = sides >= 3
        made = np.array([[tmr(beam, s, d) for s in sides[columns]] for d in depths[rows]])
        miss = np.abs(made / values[rows][:, columns] - 1)
        assert np.sqrt((miss**2).mean()) < 0.009, file
        assert miss.max() < 0.032, file


@pytest.mark.parametrize(
    ("tmr_file", "factors", "names", "dmax"),
    [
        ("generic_6x_tmr.csv", "generic_6x_csf_psf.csv", ("CSF", "PSF_dmax"), 1.6),
        ("cl2100_10mv_tmr.csv", "cl2100_10mv_sc_sp.csv", ("Sc", "Sp_dmax"), 2.3),
        ("cl2100_6mv_tmr.csv", "cl2100_6mv_sc_sp.csv", ("Sc", "Sp_dmax"), 1.4),
        ("unique_6mv_tmr.csv", "unique_6mv_sc_sp.csv", ("Sc", "Sp_dmax"), 1.4),
    ],
)
def test_that_measured_tables_are_believed(beam_data, tmr_file, factors, names, dmax):
    """But for the column and row of no field, which the measured ones lack."""
    depths, sides, values = wide(beam_data / tmr_file)
    tables = {"tmr": table("tmr", depths, sides, values), **flat()}
    for name, heading in zip(("csf", "psf"), names, strict=True):
        axis, one = column(beam_data / factors, heading)
        tables[name] = table(name, axis, [0], one)
    beam = BookBeam("6X", "photon", 6.0, False, (), Calibration(1, 10, 100, dmax),
                    Model(dmax), (), tables)  # fmt: skip
    messages = [one.message for one in errors(beam) if one.state == State.ERROR]
    assert [one for one in messages if "side 0" not in one] == []


def test_that_file_names_lead_to_their_quantity():
    assert quantity_of("wedge_factor_W30.csv").name == "wedge_factor"
    assert quantity_of("tmr.csv").name == "tmr"
    assert quantity_of("notes.csv") is None
