"""Films against the plan: difference, distance, profiles, best shift, verdict, page."""

import json
from dataclasses import replace
from html import escape

import numpy as np
import pytest

from app.command_line import main
from app.filter.film.analysis import best_shift, difference_gy, on_points, profile
from app.filter.film.distance import distance_mm
from app.filter.film.plane import FilmError
from app.filter.film.quality import ACCEPT, INSTEAD, Asked, FilmFile, film_report
from app.filter.film.read import Reading
from app.filter.film.rule import read_rule
from app.filter.film.write import write_plane
from core.dose.gamma_presets import preset_named
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.mu.film_samples import hill, plane, tiff


def files(tmp_path, dose=hill, label="virtual film", **words):
    """Write the plan's plane and a film; return what to ask."""
    write_plane(plane(), tmp_path / "plan.dcm")
    write_plane(plane(dose=dose, **words), tmp_path / "film.raw")
    return Asked(tmp_path / "plan.dcm", (FilmFile(label, tmp_path / "film.raw"),))


WIDE = """
[[preset]]
id = "wide"
title = "wide"
dose_percent = 5.0
distance_mm = 2.0
local = false
threshold_percent = 10.0
tolerance_percent = 95.0
action_percent = 90.0
source = "for a test"
"""


def moved_hill(x_mm, y_mm):
    return lambda x, y: hill(x - x_mm, y - y_mm)


@pytest.mark.req("O-05")
def test_that_the_difference_is_taken_at_the_points_of_the_plan():
    one = plane()
    other = plane(columns=60, rows=50, step=1.7, dose=lambda x, y: hill(x, y) + 0.1)
    found = difference_gy(one, other)
    assert np.nanmax(np.abs(found - 0.1)) < 0.01
    assert np.isfinite(found).all()
    small = plane(columns=11, rows=11)
    gaps = difference_gy(one, small)
    assert np.isfinite(gaps).sum() == 11 * 11


@pytest.mark.req("O-05")
@pytest.mark.parametrize(("offset", "slope"), [(0.03, 0.02), (0.05, 0.02), (0.02, 0.05)])
def test_that_the_distance_on_a_slope_is_offset_over_slope(offset, slope):
    """Whatever way the slope runs: along an axis, or aslant through the cells."""
    for turn in (0.0, 0.4, 1.1):

        def dose(x, y, more, turn=turn):
            return 6 + more + slope * (x * np.cos(turn) + y * np.sin(turn))

        one, other = (plane(dose=lambda x, y, m=m: dose(x, y, m)) for m in (0.0, offset))
        found = distance_mm(one, other)[4:-4, 4:-4]
        assert found == pytest.approx(offset / slope, rel=1e-3), turn


@pytest.mark.req("O-05")
def test_that_a_dose_that_is_nowhere_has_the_largest_distance():
    one, other = (plane(dose=lambda x, y, d=d: d + 0 * x + 0 * y) for d in (1.0, 1.2))
    assert distance_mm(one, other) == pytest.approx(10)


@pytest.mark.req("O-05")
def test_that_profiles_run_along_both_axes():
    own = plane()
    across = profile(own, own, "x", 4.0)
    assert across.mm == pytest.approx(own.x_mm)
    assert across.reference == pytest.approx(hill(own.x_mm, 4.0), abs=1e-6)
    up = profile(own, plane(dose=lambda x, y: 2 * hill(x, y)), "y", -6.0)
    assert up.evaluated == pytest.approx(2 * hill(-6.0, own.y_mm), abs=1e-6)
    assert up.words == "profile along y at x = -6 mm"
    beyond = profile(own, own, "x", 500.0)
    assert np.isnan(beyond.reference).all()


def test_that_a_place_between_points_is_bilinear_and_none_outside():
    own = plane(dose=lambda x, y: 3 + 0.1 * x - 0.2 * y)
    x, y = np.array([1.3, -40.0, 41.0]), np.array([-2.7, 30.0, 0.0])
    assert on_points(own, x[:2], y[:2]) == pytest.approx(3 + 0.1 * x[:2] - 0.2 * y[:2], abs=1e-5)
    assert np.isnan(on_points(own, x, y)[2])


@pytest.mark.req("O-05")
@pytest.mark.parametrize(("x", "y"), [(3.3, -4.7), (0.0, 0.0), (-9.0, 6.0)])
def test_that_the_best_shift_is_found(x, y):
    found = best_shift(plane(), plane(81, 81, dose=moved_hill(x, y)))
    assert found == pytest.approx((-x, -y), abs=0.05)


def test_that_a_film_of_something_else_is_not_made_to_fit():
    with pytest.raises(FilmError, match="no shift"):
        best_shift(plane(), plane(81, 81, dose=moved_hill(22, 0)), most_mm=10.0)


@pytest.mark.req("R-18")
def test_that_a_film_that_agrees_is_accepted(tmp_path):
    report = film_report(files(tmp_path), read_rule())
    assert (report.status, report.verdict) == (State.PASS, ACCEPT)
    assert report.films[0].gamma.gamma.pass_percent == 100
    assert report.films[0].mean_percent == pytest.approx(0, abs=1e-3)
    whys = [one.item for one in report.not_checked]
    assert {"fractions", "measurement", "dose below the threshold"} <= set(whys)


@pytest.mark.req("R-18")
def test_that_a_film_that_fails_sends_the_user_to_measure(tmp_path):
    asked = files(tmp_path, dose=lambda x, y: 1.12 * hill(x, y))
    report = film_report(asked, read_rule())
    assert (report.status, report.verdict) == (State.ERROR, INSTEAD)
    assert "a film and a chamber" in report.verdict
    assert {one.rule for one in report.findings} == {"F-GAMMA", "F-FILM-MEAN"}


@pytest.mark.req("R-18")
def test_that_a_difference_everywhere_is_found_though_gamma_passes(tmp_path):
    (tmp_path / "presets.toml").write_text(WIDE)
    rule = replace(read_rule(), preset=preset_named("wide", tmp_path / "presets.toml"))
    report = film_report(files(tmp_path, dose=lambda x, y: hill(x, y) + 0.08), rule)
    assert report.films[0].gamma.gamma.pass_percent > 95
    assert [one.rule for one in report.findings if one.state == State.ERROR] == ["F-FILM-MEAN"]


@pytest.mark.req("R-18")
def test_that_a_generic_book_is_no_basis_for_a_verdict(tmp_path):
    asked = files(tmp_path, about={"notice": "NOT FOR CLINICAL USE: sample"})
    report = film_report(asked, read_rule())
    assert report.status == State.WARNING
    assert report.verdict.startswith("no verdict")
    assert [one.rule for one in report.findings if one.state == State.WARNING] == [
        "F-FILM-GENERIC"
    ]


@pytest.mark.req("R-23")
def test_that_a_small_film_is_no_pass(tmp_path):
    asked = files(tmp_path, columns=25)
    report = film_report(asked, read_rule())
    assert report.status != State.PASS
    assert any(one.rule == "F-FILM-COVERED" for one in report.findings)


@pytest.mark.req("O-05")
def test_that_a_measured_film_is_moved_to_fit_and_told_when_far(tmp_path):
    asked = files(tmp_path, dose=moved_hill(5.0, -3.0), label="measured film",
                  columns=81, rows=81, place=None)  # fmt: skip
    apart = film_report(asked, read_rule())
    assert apart.status == State.ERROR
    laid = film_report(replace(asked, films=(replace(asked.films[0], fit=True),)), read_rule())
    assert laid.films[0].fit_mm == pytest.approx((-5, 3), abs=0.05)
    assert laid.films[0].gamma.gamma.pass_percent > 99
    assert [one.rule for one in laid.findings if one.state == State.WARNING] == ["F-FILM-FIT"]
    assert "moved by -5" in laid.films[0].pair.registered
    assert not any(one.item == "measurement" for one in laid.not_checked)


@pytest.mark.req("O-05")
def test_that_the_dose_of_all_fractions_is_divided(tmp_path):
    asked = files(tmp_path)
    write_plane(plane(dose=lambda x, y: 30 * hill(x, y)), tmp_path / "plan.dcm")
    whole = film_report(asked, read_rule())
    assert whole.status == State.ERROR
    one = film_report(replace(asked, fractions=30), read_rule())
    assert one.status == State.PASS
    assert "divided by 30 fractions" in one.plan.words
    assert not any(gap.item == "fractions" for gap in one.not_checked)


def test_that_no_film_is_an_error_with_a_remedy(tmp_path):
    write_plane(plane(), tmp_path / "plan.dcm")
    with pytest.raises(FilmError, match="no film"):
        film_report(Asked(tmp_path / "plan.dcm", ()), read_rule())


def test_that_cancelling_stops_it(tmp_path):
    def stop(share, _words):
        if share > 0.2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        film_report(files(tmp_path), read_rule(), stop)


def test_that_the_clinic_sets_its_own_rule(tmp_path):
    file = tmp_path / "film.toml"
    file.write_text('preset = { value = "2-2" }\nfit_mm = { value = 1.0, source = "rule 9" }\n')
    own = read_rule(file)
    assert (own.preset.id, own.fit_mm, own.sources["fit_mm"]) == ("2-2", 1.0, "rule 9")
    assert own.covered_percent == read_rule().covered_percent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fit = { value = 1.0 }", "unknown entry 'fit'"),
        ("fit_mm = { value = 99.0 }", "allowed are 0.0 to 10.0 mm"),
        ('fit_mm = { value = "1" }', "allowed"),
        ("fit_mm = 1.0", "table"),
        ('preset = { value = "tg2" }', "tg2"),
        ("fit_mm = {", "cannot be read"),
    ],
)
def test_that_a_wrong_rule_is_refused(tmp_path, text, words):
    file = tmp_path / "film.toml"
    file.write_text(text)
    with pytest.raises(ClinicFileError, match=words):
        read_rule(file)


def answer(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("O-05")
def test_that_film_reads_a_scan_and_writes_the_report(tmp_path, capsys):
    own = plane(about={"patient_name": "DOE <b>", "plan_id": "P&1"})
    write_plane(own, tmp_path / "virtual.raw")
    write_plane(plane(), tmp_path / "plan.dcm")
    pixels = np.rint(60000 - 20000 * own.values[::-1]).astype("u2")
    (tmp_path / "scan.tif").write_bytes(tiff(np.stack([pixels] * 3, axis=2), dpi=12))
    (tmp_path / "film.toml").write_text(
        'source = "batch 7"\npoints = [[1000, 2.95], [60000, 0.0]]\n'
    )
    reports = [tmp_path / "report.html", tmp_path / "report.pdf"]
    code, told = answer(
        capsys, "film", "--dose", tmp_path / "plan.dcm", "--virtual", tmp_path / "virtual.raw",
        "--measured", tmp_path / "scan.tif", "--calibration", tmp_path / "film.toml",
        "--pixel", "2",
        "--by", "Dr A", *(word for file in reports for word in ("--report", file)),
    )  # fmt: skip
    assert (code, told["verdict"]) == (0, ACCEPT)
    assert told["rule_version"] == "FILM-QA-1, GAMMA-2"
    assert [one["label"] for one in told["films"]] == ["virtual film", "measured film"]
    assert all(one["gamma"]["pass_percent"] == 100 for one in told["films"])
    assert any(one["why"] == "batch 7" for one in told["not_checked"])
    html = reports[0].read_text(encoding="utf-8")
    assert html.count('src="data:image/png;base64,') == 14
    assert "DOE &lt;b&gt;" in html
    assert "P&amp;1" in html
    assert "Dr A" in html
    assert "http" not in html.lower().replace("http-equiv", "")
    assert escape(ACCEPT) in html
    assert reports[1].read_bytes().startswith(b"%PDF")


def test_that_film_refuses_with_one_sentence(tmp_path, capsys):
    write_plane(plane(), tmp_path / "plan.dcm")
    code, told = answer(capsys, "film", "--dose", tmp_path / "plan.dcm")
    assert code == 2
    code, told = answer(capsys, "film", "--dose", tmp_path / "plan.dcm", "--virtual",
                        tmp_path / "none.raw")  # fmt: skip
    assert code == 2
    assert told


def test_that_a_reading_is_for_the_measured_film_alone(tmp_path):
    own = replace(files(tmp_path, label="measured film", place=None))
    turned = FilmFile("measured film", tmp_path / "film.raw", Reading(quarter_turns=1))
    report = film_report(replace(own, films=(turned,)), read_rule())
    assert report.status == State.ERROR
