"""Dose planes in files: written and read again, foreign tables and scans, wrong ones refused."""

import numpy as np
import pytest
from pydicom import dcmread

from app.filter.film.calibration import read_calibration
from app.filter.film.plane import FilmError, FilmPlane, plane_of, turned
from app.filter.film.read import Reading, read_doses, read_film
from app.filter.film.tiff import read_tiff
from app.filter.film.write import HEADER_BYTES, write_plane
from core.errors import ClinicFileError, RemedyError, UnreadableFileError
from tests.filter.mu.film_samples import hill, packed, plane, tiff

CURVE = 'source = "batch 7, scanner 1, 2026-11-02"\npoints = [[10, 4.0], [100, 1.0], [250, 0.0]]\n'


def calibration(folder, text=CURVE):
    file = folder / "film.toml"
    file.write_text(text, encoding="utf-8")
    return read_calibration(file)


@pytest.mark.req("R-18")
@pytest.mark.parametrize(("ending", "close"), [(".raw", 0), (".csv", 6e-6), (".dcm", 1e-6)])
def test_that_a_plane_is_read_as_it_was_written(tmp_path, ending, close):
    own = plane(about={"plan_id": "P1", "book": "Müller's book"})
    file = tmp_path / f"plane{ending}"
    write_plane(own, file)
    back = read_film(file)
    assert back.values == pytest.approx(own.values, abs=close)
    assert back.x_mm == pytest.approx(own.x_mm)
    assert back.y_mm == pytest.approx(own.y_mm)
    assert back.place.frame_uid == "1.2.3"
    assert back.place.along_y == pytest.approx([0, 0, 1])
    assert back.place.zero_mm == pytest.approx([0, 0, 0])
    if ending != ".dcm":
        assert back.about == own.about
        assert back.title == own.title
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


@pytest.mark.req("R-18")
def test_that_film_software_finds_the_numbers_behind_the_header(tmp_path):
    own = plane()
    write_plane(own, tmp_path / "plane.raw")
    data = (tmp_path / "plane.raw").read_bytes()
    assert data[:12] == b"EQS-PLANE 1\n"
    assert b"rows = 31" in data[:HEADER_BYTES]
    values = np.frombuffer(data, "<f4", offset=4096).reshape(31, 41)
    assert values[0] == pytest.approx(own.values[-1])  # the top row is the highest y


@pytest.mark.req("R-18")
def test_that_the_rt_dose_is_one_that_any_reader_understands(tmp_path):
    own = plane()
    write_plane(own, tmp_path / "plane.dcm")
    data = dcmread(tmp_path / "plane.dcm")
    dose = data.pixel_array * float(data.DoseGridScaling)
    assert dose[0] == pytest.approx(own.values[-1], abs=1e-6)
    assert (data.DoseUnits, data.DoseType, data.Modality) == ("GY", "PHYSICAL", "RTDOSE")
    assert [float(one) for one in data.ImagePositionPatient] == [-40, 0, 30]
    assert [float(one) for one in data.ImageOrientationPatient] == [1, 0, 0, 0, 0, -1]
    assert data.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID.is_valid
    assert "P1" in data.ImageComments


def test_that_the_same_plane_keeps_its_uid_and_another_gets_its_own(tmp_path):
    uids = []
    for number, factor in enumerate((1, 1, 2)):
        own = plane(dose=lambda x, y, f=factor: f * hill(x, y))
        write_plane(own, tmp_path / f"{number}.dcm")
        uids.append(dcmread(tmp_path / f"{number}.dcm").SOPInstanceUID)
    assert uids[0] == uids[1] != uids[2]


def test_that_points_without_dose_stay_without(tmp_path):
    own = plane()
    own.values[3, 4] = np.nan
    for ending in (".raw", ".csv"):
        write_plane(own, tmp_path / f"plane{ending}")
        assert np.isnan(read_film(tmp_path / f"plane{ending}").values[3, 4])
    write_plane(own, tmp_path / "plane.dcm")
    assert "1 points without dose" in dcmread(tmp_path / "plane.dcm").DoseComment


def test_that_a_failed_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "plane.raw"
    write_plane(plane(), file)
    before = file.read_bytes()
    with pytest.raises(FilmError, match="does not fit"):
        write_plane(plane(about={"plan_id": "x" * 5000}), file)
    with pytest.raises(FilmError, match=r"\.png"):
        write_plane(plane(), tmp_path / "plane.png")
    with pytest.raises(FilmError, match="lies nowhere"):
        write_plane(plane(place=None), tmp_path / "plane.dcm")
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["plane.raw"]


FOREIGN = {
    "axes": ("x,-1,0,1\n1,1,2,3\n0,4,5,6\n-1,7,8,9\n", Reading(unit="Gy")),
    "said": (
        '# unit = "cGy"\nx,-1,0,1\n1,100,200,300\n0,400,500,600\n-1,700,800,900\n',
        Reading(),
    ),
    "plain": ("1,2,3\n4,5,6\n7,8,9\n", Reading(unit="Gy", pixel_mm=1.0)),
    "german": ("1,0;2,0;3,0\n4,0;5,0;6,0\n7,0;8,0;9,0\n", Reading(unit="Gy", pixel_mm=1.0)),
    "tabs": ("1\t2\t3\t\n4\t5\t6\t\n7\t8\t9\t\n", Reading(unit="Gy", pixel_mm=1.0)),
}


@pytest.mark.req("O-05")
@pytest.mark.parametrize("name", FOREIGN)
def test_that_tables_of_other_programs_are_read(tmp_path, name):
    text, reading = FOREIGN[name]
    file = tmp_path / "film.csv"
    file.write_text(text, encoding="utf-8")
    found = read_film(file, reading)
    assert found.x_mm.tolist() == [-1, 0, 1]
    assert found.y_mm.tolist() == [-1, 0, 1]
    assert found.values.tolist() == [[7, 8, 9], [4, 5, 6], [1, 2, 3]]
    assert found.place is None


@pytest.mark.parametrize(
    ("text", "reading", "words"),
    [
        ("1,2\n3,4\n", Reading(unit="Gy"), "how far its points are apart"),
        ("1,2\n3,4\n", Reading(pixel_mm=1.0), "Gy or cGy"),
        ("1,2\n3\n", Reading(unit="Gy", pixel_mm=1.0), "row 2 has 1"),
        ("1,2\n3,x\n", Reading(unit="Gy", pixel_mm=1.0), "no number"),
        ("", Reading(unit="Gy", pixel_mm=1.0), "empty"),
        ("x,0,1,5\n0,1,2,3\n1,4,5,6\n", Reading(unit="Gy"), "evenly spaced"),
        ("1,2,3\n", Reading(unit="Gy", pixel_mm=1.0), "2 x 2|positions"),
    ],
)
def test_that_what_a_table_does_not_say_is_asked_for(tmp_path, text, reading, words):
    file = tmp_path / "film.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RemedyError, match=words) as caught:
        read_film(file, reading)
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize("cut", [0, 3, 100, 4095, 4100])
@pytest.mark.parametrize("ending", [".raw", ".dcm"])
def test_that_a_file_cut_short_is_refused(tmp_path, cut, ending):
    file = tmp_path / f"plane{ending}"
    write_plane(plane(), file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(RemedyError):
        read_doses(file)


@pytest.mark.req("O-05")
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "channels", "compression", "predictor"),
    [("u2", 3, 1, 1), ("u2", 3, 8, 2), ("u1", 1, 32773, 1), ("u2", 1, 8, 1), ("f4", 1, 1, 1)],
)
def test_that_scans_are_read(tmp_path, order, kind, channels, compression, predictor):
    rng = np.random.default_rng(2)
    values = rng.integers(0, 200, (11, 8, channels)).astype(kind)
    values[4] = 7
    file = tmp_path / "scan.tif"
    file.write_bytes(tiff(values, order, compression, 254, predictor))
    found = read_tiff(file)
    assert found.values == pytest.approx(values.astype(float))
    assert found.pixel_mm == pytest.approx((0.1, 0.1))


@pytest.mark.req("O-05")
def test_that_a_scan_becomes_dose_by_its_calibration(tmp_path):
    values = np.full((6, 8, 3), 5, dtype="u2")
    values[:, :, 1] = 55
    values[1, 2, 1], values[0, 0, 1] = 100, 9
    file = tmp_path / "scan.tif"
    file.write_bytes(tiff(values, dpi=254))
    own = Reading(calibration=calibration(tmp_path), channel="green", centre=(2, 1))
    found = read_film(file, own)
    row, column = np.argmin(abs(found.y_mm)), np.argmin(abs(found.x_mm))
    assert found.values[row, column] == pytest.approx(1.0)
    assert found.values[row, column + 1] == pytest.approx(4 - 3 * 45 / 90)
    assert np.isnan(found.values[-1, 0])  # 9 lies beyond the curve: no dose, nothing made up
    assert found.step_mm == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_that_turning_a_film_moves_each_point_where_it_belongs(turns, mirrored):
    own = plane()
    found = turned(own, turns, mirrored=mirrored)
    x, y = np.meshgrid(found.x_mm, found.y_mm)
    for _ in range(turns):
        x, y = y, -x
    assert found.values == pytest.approx(hill(-x if mirrored else x, y), abs=1e-5)


def test_that_packbits_of_the_test_is_packbits():
    assert packed(b"aaaab") == bytes([253, 97, 0, 98])


COMPRESSION = b"\x03\x01\x03\x00\x01\x00\x00\x00"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.replace(COMPRESSION + b"\x01", COMPRESSION + b"\x05"), "compression 5"),
        (lambda d: d[:60], "cut short"),
        (lambda d: d[:-30], "cut short"),
    ],
)
def test_that_scans_of_other_kinds_are_refused_by_name(tmp_path, change, words):
    data = tiff(np.zeros((6, 8, 3), dtype="u2"))
    file = tmp_path / "scan.tif"
    file.write_bytes(change(data))
    with pytest.raises(UnreadableFileError, match=words):
        read_tiff(file)


def test_that_a_film_without_calibration_is_refused(tmp_path):
    file = tmp_path / "scan.tif"
    file.write_bytes(tiff(np.zeros((6, 8, 3), dtype="u2")))
    with pytest.raises(FilmError) as caught:
        read_film(file)
    assert "--calibration" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CURVE.replace("source", "note"), "where it is from"),
        (CURVE.replace("[100, 1.0]", "[100, 5.0]"), "no curve"),
        (CURVE.replace("[100, 1.0]", "[100]"), "no curve"),
        (CURVE + 'unit = "rad"\n', "no curve"),
        ("points = [[", "cannot be read"),
    ],
)
def test_that_a_calibration_that_is_no_curve_is_refused(tmp_path, text, words):
    with pytest.raises(ClinicFileError, match=words):
        calibration(tmp_path, text)


def test_that_a_volume_is_no_film(shared_data):
    file = shared_data / "dicom" / "breast_dicompyler" / "rtdose.dcm"
    with pytest.raises(FilmError, match="volume"):
        read_film(file)


def test_that_axes_that_fall_are_turned_over():
    found = plane_of([[1, 2], [3, 4]], [1, 0], [5, 4], "here")
    assert isinstance(found, FilmPlane)
    assert found.values.tolist() == [[4, 3], [2, 1]]


@pytest.mark.parametrize(
    "text",
    ["1,234\t987\n1,050\t2,000\n", "1,234.5\t987.0\n1.0\t2.0\n", "1,234;987\n950;1,001,002\n",
     "y, mm\t0\t1\n0\t1,234\t2,000\n1\t1,050\t987\n", "1,5\t2.5\n1,25\t2\n"],
)  # fmt: skip
def test_that_a_comma_that_may_part_thousands_is_not_read_as_a_decimal_one(tmp_path, text):
    file = tmp_path / "film.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RemedyError, match="may part decimals or thousands"):
        read_film(file, Reading(unit="cGy", pixel_mm=1.0))


@pytest.mark.parametrize("text", ["1.234\t1.050\n", "1,2340\t1,0500\n", "1,23\t1,05\n"])
def test_that_what_the_remedy_for_three_decimals_asks_for_is_read(tmp_path, text):
    file = tmp_path / "film.csv"
    file.write_text("1,234\t1,050\n" * 2, encoding="utf-8")
    with pytest.raises(RemedyError) as refused:
        read_film(file, Reading(unit="Gy", pixel_mm=1.0))
    assert "a point before decimals, or more or fewer than three" in refused.value.remedy
    file.write_text(text * 2, encoding="utf-8")
    plane = read_film(file, Reading(unit="Gy", pixel_mm=1.0))
    assert plane.values[0].tolist() == pytest.approx([1.234, 1.05], abs=0.005)


def test_that_a_point_in_words_makes_no_thousands_of_decimal_commas(tmp_path):
    file = tmp_path / "film.csv"
    file.write_text("plane 1.5\t0\t1\n0\t1,25\t2,5\n1\t1,75\t3,5\n", encoding="utf-8")
    plane = read_film(file, Reading(unit="Gy"))
    assert sorted(plane.values.ravel()) == pytest.approx([1.25, 1.75, 2.5, 3.5])


def test_that_decimal_commas_with_three_digits_are_read(tmp_path):
    file = tmp_path / "film.csv"
    file.write_text("1,234\t0,987\n1,050\t2,000\n", encoding="utf-8")
    plane = read_film(file, Reading(unit="Gy", pixel_mm=1.0))
    assert sorted(plane.values.ravel()) == pytest.approx([0.987, 1.05, 1.234, 2.0])
