"""Depths through the CT: analytic pelvis, geometry against the kit's own, what is refused."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.truth import demo_fields
from app.demo.write_demo import write_demo
from app.filter.mu.beam_eye import TO_TABLE, from_table, on_table, source_on_table
from app.filter.mu.check import Choices, mu_report
from app.filter.mu.ct_depth import read_ct, traced_points
from app.filter.mu.electron_density import density_curve
from app.filter.mu.plan_points import GEOMETRIC, stated_points
from app.filter.plan_source import read_plan_source
from core.dose.beam_frame import beam_frame
from core.errors import RemedyError


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


@given(g=st.floats(0, 360), t=st.floats(0, 360), position=st.sampled_from(sorted(TO_TABLE)))
@settings(deadline=None)
def test_that_the_source_stands_where_the_kit_puts_it(g, t, position):
    own = from_table(source_on_table(g, t), position)
    other = beam_frame((0, 0, 0), g, 0, t, 1000.0, position).source_mm / 10
    assert own == pytest.approx(tuple(other), abs=1e-9)
    assert from_table(on_table((1, 2, 3), position), position) == (1, 2, 3)


@pytest.mark.req("R-16", "R-17")
def test_that_the_depths_are_those_of_the_analytic_pelvis(demo):
    """The demonstration's body is an ellipse; its plan states the depth in closed form."""
    plan = read_plan_source(demo / "dicom")
    stated = stated_points(plan)
    found = traced_points(plan, stated, read_ct(demo / "dicom"), density_curve())
    assert set(found) == {1, 2, 3, 4}
    for beam in demo_fields()[:4]:
        shares = np.array([row[0] for row in stated[beam.number].depth_cm])
        depths = np.array([row[1] for row in stated[beam.number].depth_cm])
        for share, deep in found[beam.number].depth_cm:
            # Two voxels of 3.5 mm, and the SSD of the plan to the nearest millimetre.
            assert deep == pytest.approx(np.interp(share, shares, depths), abs=0.45), beam.name
        at, deep = np.array(found[beam.number].depth_cm).T
        mean = np.interp(at, shares, depths).mean()
        assert deep.mean() == pytest.approx(mean, abs=0.25), beam.name


@pytest.mark.req("R-16")
def test_that_the_choice_of_depth_is_printed_in_the_result(demo, generic):
    water = mu_report(demo / "dicom", demo / "dicom", generic, ct=demo / "dicom").beams[1]
    own = Choices(depth_kind=GEOMETRIC)
    plain = mu_report(demo / "dicom", demo / "dicom", generic, own, ct=demo / "dicom").beams[1]
    assert "water-equivalent depth traced through the CT" in water.point
    assert "geometric depth traced through the CT" in plain.point
    assert 0.97 < water.dose_cgy / plain.dose_cgy < 1.0  # through the bone of the pelvis


def test_that_a_folder_without_a_ct_is_one_sentence(shared_data, generic):
    folder = shared_data / "dicom/breast_dicompyler"
    with pytest.raises(RemedyError, match="no CT of two slices"):
        mu_report(folder / "rtplan.dcm", folder / "rtplan.dcm", generic, ct=folder / "rtss.dcm")


def test_that_another_ct_is_refused(demo, shared_data, generic, tmp_path):
    shutil.copytree(shared_data / "dicom/hn_proknow/CT", tmp_path / "ct")
    with pytest.raises(RemedyError, match="CT is of patient"):
        mu_report(demo / "dicom", demo / "dicom", generic, ct=tmp_path / "ct")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 'x'", "cannot be read"),
        ("name='x'\n[[point]]\nhu=0\ndensity=1\n[[point]]\nhu=-5\ndensity=2", "must both rise"),
        ("name='x'\n[[point]]\nhu=-5\ndensity=2\n[[point]]\nhu=5\ndensity=3", "no density near"),
        ("name = ", "cannot be read"),
    ],
)
def test_that_a_wrong_table_of_densities_is_one_sentence(tmp_path, text, words):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RemedyError, match=words):
        density_curve(path)


def test_that_the_shipped_densities_are_water_at_zero_and_rise():
    curve = density_curve()
    assert curve(np.array([0.0])) == pytest.approx(1)
    assert (np.diff(curve(np.arange(-1000.0, 3000, 10))) > 0).all()
    assert curve(np.array([-3024.0]))[0] == pytest.approx(0.001)


def test_that_the_shipped_densities_are_the_lines_of_thomas():
    """HU/1000 + 1 below bone, HU/1950 + 1 above (Br J Radiol 1999;72:781)."""
    curve = density_curve()
    soft = np.array([-950.0, -700, -300, -100, 0, 30, 55])
    assert curve(soft) == pytest.approx(1 + soft / 1000, abs=1.1e-3)
    bone = np.array([110.0, 250, 700, 1000, 2000, 3071])
    assert curve(bone) == pytest.approx(1 + bone / 1950, abs=1e-4)
