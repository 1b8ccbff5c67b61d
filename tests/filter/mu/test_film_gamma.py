"""`eqs gamma`: how two doses are laid on each other, what is counted, exit codes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from app.command_line import main
from app.filter.film.gamma import compare_files
from app.filter.film.plane import FilmError, Placement, moved
from app.filter.film.read import Reading
from app.filter.film.register import Registering
from app.filter.film.write import write_plane
from core.dose.gamma import Criteria
from core.findings import State
from tests.filter.mu.film_samples import CORONAL, hill, plane

NOTHING = (Reading(), Reading())


@pytest.fixture
def volume(tmp_path):
    """Write a volume whose coronal planes are the hill, 1.5 times as high 20 mm further back."""
    write_plane(plane(), tmp_path / "start.dcm")
    data = dcmread(tmp_path / "start.dcm")
    x, z, y = np.arange(61) * 2.0 - 60, np.arange(56) * 2.0 - 50, np.arange(21) * 2.0 - 20
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    dose = np.clip(hill(xx, zz) * (1 + 0.025 * yy), 0, None)
    data.NumberOfFrames, data.Rows, data.Columns = dose.shape
    data.GridFrameOffsetVector = [float(one) for one in z - z[0]]
    data.ImagePositionPatient = [float(x[0]), float(y[0]), float(z[0])]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing = [2, 2]
    data.DoseGridScaling = 1e-8
    data.PixelData = np.rint(dose / 1e-8).astype("<u4").tobytes()
    data.save_as(tmp_path / "volume.dcm")
    return tmp_path / "volume.dcm"


def answer(capsys, *words):
    code = main([*map(str, words), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out)


def compared(one, other, own=None, criteria=None):
    return compare_files((one, other), criteria or Criteria(), own or Registering(), NOTHING)


@pytest.mark.req("R-18")
@pytest.mark.parametrize("ending", [".raw", ".csv", ".dcm"])
def test_that_a_plane_agrees_with_itself_in_every_form(tmp_path, capsys, ending):
    own = plane()
    write_plane(own, tmp_path / "a.raw")
    write_plane(own, tmp_path / f"b{ending}")
    code, told = answer(capsys, "gamma", tmp_path / "a.raw", tmp_path / f"b{ending}")
    assert (code, told["status"], told["pass_percent"]) == (0, "pass", 100)
    assert told["kind"] == "2D"
    assert told["rule_version"] == "GAMMA-2"
    assert told["registered_by"] == "patient coordinates of both files"
    points = told["points"]
    assert points["reference"] == own.values.size
    assert points["judged"] + points["below"] + points["outside"] == points["reference"]
    assert points["judged"] == np.count_nonzero(own.values >= 0.1 * own.values.max())
    assert told["criteria"]["source"].startswith("TG-218 global 3 %/2 mm: AAPM TG-218")
    assert len(told["reference"]["sha256"]) == 64
    assert told["largest_reference_gy"] == pytest.approx(own.values.max())


@pytest.mark.req("R-18")
def test_that_an_offset_on_a_slope_is_the_closed_form(tmp_path, capsys):
    """|e| / sqrt(dD^2 + (g DTA)^2): 0.06 Gy on 0.01 Gy/mm, 3 % of 1 Gy and 2 mm."""
    one = plane(dose=lambda x, y: 0.5 + 0.01 * x + 0 * y)
    other = plane(dose=lambda x, y: 0.56 + 0.01 * x + 0 * y)
    write_plane(one, tmp_path / "a.raw")
    write_plane(other, tmp_path / "b.raw")
    options = ("--normalise", "1", "--threshold", "0", "--most", "3")
    code, told = answer(capsys, "gamma", tmp_path / "a.raw", tmp_path / "b.raw", *options)
    assert code == 1
    assert told["gamma"]["median"] == pytest.approx(0.06 / np.hypot(0.03, 0.02), abs=1e-4)
    assert told["criteria"]["source"].endswith("changed by the user")


@pytest.mark.req("R-18")
@pytest.mark.parametrize(("factor", "code", "severity"), [(1.0, 0, "pass"), (1.2, 1, "error")])
def test_that_the_exit_code_says_whether_it_passed(tmp_path, capsys, factor, code, severity):
    write_plane(plane(), tmp_path / "a.raw")
    other = plane(dose=lambda x, y: factor * hill(x, y))
    write_plane(other, tmp_path / "b.raw")
    got, told = answer(capsys, "gamma", tmp_path / "a.raw", tmp_path / "b.raw")
    assert (got, told["findings"][0]["severity"]) == (code, severity)
    if code:
        assert told["findings"][0]["remedy"].startswith("Measure")


@pytest.mark.req("R-18")
def test_that_a_rate_between_action_and_tolerance_warns(tmp_path):
    own = plane(dose=lambda x, y: 1 + 0 * x + 0 * y)
    other = plane(dose=lambda x, y: np.where(x < -33, 1.5, 1.0) + 0 * y)
    write_plane(own, tmp_path / "a.raw")
    write_plane(other, tmp_path / "b.raw")
    report = compared(tmp_path / "a.raw", tmp_path / "b.raw")
    assert 90 <= report.gamma.pass_percent < 95
    assert report.status == State.WARNING


def test_that_doses_that_do_not_meet_could_not_be_compared(tmp_path, capsys):
    own = plane()
    write_plane(own, tmp_path / "a.raw")
    far = replace(own, x_mm=own.x_mm + 500)
    write_plane(far, tmp_path / "b.raw")
    code, told = answer(capsys, "gamma", tmp_path / "a.raw", tmp_path / "b.raw")
    assert code == 2
    assert told["points"]["judged"] == 0
    assert told["pass_percent"] is None


@pytest.mark.req("R-23")
def test_that_points_beyond_the_other_dose_are_told_and_no_pass(tmp_path):
    own = plane()
    write_plane(own, tmp_path / "a.raw")
    part = replace(own, values=own.values[:, :30].copy(), x_mm=own.x_mm[:30])
    write_plane(part, tmp_path / "b.raw")
    report = compared(tmp_path / "a.raw", tmp_path / "b.raw")
    assert np.nanmax(report.gamma.values[0, :, :30]) < 1e-4
    assert report.points.outside > 0
    assert report.status == State.WARNING
    assert any("evaluated dose" in one.item for one in report.not_checked)


@pytest.mark.req("O-05")
def test_that_a_shift_is_undone_by_the_shift_given(tmp_path):
    own = plane()
    write_plane(own, tmp_path / "a.raw")
    write_plane(replace(own, x_mm=own.x_mm + 7, y_mm=own.y_mm - 3), tmp_path / "b.raw")
    apart = compared(tmp_path / "a.raw", tmp_path / "b.raw")
    laid = compared(tmp_path / "a.raw", tmp_path / "b.raw", Registering(move_mm=(-7, 3, 0)))
    assert apart.gamma.pass_percent < 60
    assert np.nanmax(laid.gamma.values) < 1e-4
    assert laid.registered.endswith("moved by -7, 3, 0 mm")


@pytest.mark.req("O-05")
def test_that_two_frames_need_a_common_point(tmp_path):
    own = plane()
    place = Placement(np.array([5.0, -40, 12]), CORONAL.along_x, CORONAL.along_y, "9.9")
    write_plane(own, tmp_path / "a.dcm")
    write_plane(replace(own, place=place), tmp_path / "b.dcm")
    with pytest.raises(FilmError, match="different frames"):
        compared(tmp_path / "a.dcm", tmp_path / "b.dcm")
    by_points = Registering(point_a_mm=(0, 0, 0), point_b_mm=(5, -40, 12))
    found = compared(tmp_path / "a.dcm", tmp_path / "b.dcm", by_points)
    assert np.nanmax(found.gamma.values) < 1e-3
    assert "point 5, -40, 12 mm of the evaluated dose laid on 0, 0, 0 mm" in found.registered
    behind = Registering(point_a_mm=(0, 3, 0), point_b_mm=(5, -40, 12))
    with pytest.raises(FilmError, match=r"3\.0 mm one behind"):
        compared(tmp_path / "a.dcm", tmp_path / "b.dcm", behind)


def test_that_planes_turned_against_each_other_are_refused_unless_laid_by_hand(tmp_path):
    own = plane()
    turned = Placement(np.zeros(3), CORONAL.along_y, CORONAL.along_x, "1.2.3")
    write_plane(own, tmp_path / "a.raw")
    write_plane(replace(own, place=turned), tmp_path / "b.raw")
    with pytest.raises(FilmError, match="turned"):
        compared(tmp_path / "a.raw", tmp_path / "b.raw")
    laid = compared(tmp_path / "a.raw", tmp_path / "b.raw", Registering(in_plane=True))
    assert laid.gamma.pass_percent == 100
    assert laid.registered == "x and y of the two planes"


@pytest.mark.req("R-18")
@pytest.mark.parametrize("plane_first", [True, False])
def test_that_a_plane_is_cut_out_of_a_volume_where_it_lies(tmp_path, volume, plane_first):
    write_plane(plane(), tmp_path / "a.raw")
    files = (tmp_path / "a.raw", volume) if plane_first else (volume, tmp_path / "a.raw")
    here = compared(*files)
    assert here.kind == "2D"
    assert np.nanmax(here.gamma.values) < 1e-3
    # 10 mm behind, the volume holds a quarter more.
    place = replace(CORONAL, zero_mm=np.array([0, 10.0, 0]))
    write_plane(plane(place=place), tmp_path / "a.raw")
    assert compared(*files).gamma.pass_percent < 90
    write_plane(plane(place=place, dose=lambda x, y: 1.25 * hill(x, y)), tmp_path / "a.raw")
    assert np.nanmax(compared(*files).gamma.values) < 1e-3


@pytest.mark.req("R-18")
@pytest.mark.parametrize("plane_first", [True, False])
def test_that_a_film_without_a_place_lies_at_the_point_given(tmp_path, volume, plane_first):
    write_plane(plane(place=None), tmp_path / "film.csv")
    files = (tmp_path / "film.csv", volume) if plane_first else (volume, tmp_path / "film.csv")
    with pytest.raises(FilmError, match="where in the volume"):
        compared(*files)
    own = {"point_b_mm" if plane_first else "point_a_mm": (0.0, 0.0, 0.0)}
    found = compared(*files, Registering(**own))
    assert np.nanmax(found.gamma.values) < 1e-3
    shift = (4.0, 0.0, 0.0)
    there = moved(plane(place=None), *((-4.0, 0.0) if not plane_first else (4.0, 0.0)))
    write_plane(there, tmp_path / "film.csv")
    found = compared(*files, Registering(move_mm=shift, **own))
    assert np.nanmax(found.gamma.values) < 1e-3


@pytest.mark.req("R-18")
def test_that_a_moved_volume_is_registered_by_the_same_point(tmp_path, volume):
    data = dcmread(volume)
    data.ImagePositionPatient = [float(one) + 30 for one in data.ImagePositionPatient]
    data.FrameOfReferenceUID = "7.7"
    data.save_as(tmp_path / "other.dcm")
    with pytest.raises(FilmError, match="different frames"):
        compared(volume, tmp_path / "other.dcm")
    own = Registering(point_a_mm=(0, 0, 0), point_b_mm=(30, 30, 30))
    found = compared(volume, tmp_path / "other.dcm", own)
    assert found.kind == "3D"
    assert np.nanmax(found.gamma.values) < 1e-4


@pytest.mark.parametrize(
    "words",
    [
        ("--preset", "tg281"), ("--dose", "-1"), ("--distance", "0"), ("--move", "1"),
        ("--point-a", "1,2"), ("--pixel-a", "0"), ("--centre-b", "x,y"),
        ("--calibration-a", "nothing.toml"),
    ],
)  # fmt: skip
def test_that_a_wrong_option_is_one_sentence(tmp_path, capsys, words):
    write_plane(plane(), tmp_path / "a.raw")
    code, told = answer(capsys, "gamma", tmp_path / "a.raw", tmp_path / "a.raw", *words)
    assert code == 2
    assert told["error"]["remedy"] if isinstance(told.get("error"), dict) else told


def test_that_the_presets_are_listed_with_their_source(capsys):
    code, told = answer(capsys, "gamma-presets")
    assert code == 0
    assert any("TG-218" in one["source"] for one in told["presets"])


def test_that_the_text_tells_what_was_not_checked(tmp_path, capsys):
    write_plane(plane(), tmp_path / "a.raw")
    assert main(["gamma", str(tmp_path / "a.raw"), str(tmp_path / "a.raw")]) == 0
    out = capsys.readouterr().out
    assert "Registered by patient coordinates" in out
    assert "Not checked:" in out
    assert "less than 10 %" in out
