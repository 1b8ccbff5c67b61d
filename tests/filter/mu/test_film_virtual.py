"""The virtual film against the point calculation at every pixel, its ray tracer, its refusals."""

import json
from dataclasses import replace
from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.command_line import main
from app.demo.write_demo import write_demo
from app.filter.field import Accessory, Plan, Point
from app.filter.film.phantom import FilmSetup, Phantom, depth_in_box, views
from app.filter.film.plane import FilmError
from app.filter.film.read import read_film
from app.filter.film.virtual import film_of
from app.filter.mu.beam_eye import seen
from app.filter.mu.book import Book
from app.filter.mu.photon import photon_dose
from app.filter.mu.shields import Shield
from core.errors import RemedyError, UnsupportedPlanError
from core.findings import State
from tests.filter.mu.mu_samples import at, box, jaws, leaves, photon_field, state

SMALL = FilmSetup(width_mm=160, height_mm=140, step_mm=10)


def plan_of(*fields):
    return Plan("export", "DICOM RT Plan", position="HFS", fields=fields)


def film(field, book, setup=SMALL, **words):
    plan = plan_of(*(field if isinstance(field, tuple) else (field,)))
    return film_of(plan, plan, book, setup, **words)


def traced(setup, gantry, couch, collimator=0.0):
    """Return the depth along the axis at each point of a film, by halving."""
    turn = np.radians
    points = setup.points_cm
    low, high = setup.phantom.low_cm, setup.phantom.high_cm
    g, c = turn(gantry), turn(couch)
    fixed = 100 * np.array([np.sin(g), 0, np.cos(g)])
    source = np.array([fixed[0] * np.cos(c), -fixed[0] * np.sin(c), fixed[2]])
    found = []
    for point in points:
        ray = np.linalg.norm(point - source)
        out, inside = 0.0, 1.0
        while inside - out > 1e-12:
            middle = (out + inside) / 2
            way = source + middle * (point - source)
            if np.all((way >= low - 1e-9) & (way <= high + 1e-9)):
                inside = middle
            else:
                out = middle
        away = seen(tuple(point), gantry, collimator, couch).away_cm[0]
        found.append((1 - inside) * (ray if setup.along_ray else away))
    return np.array(found)


def by_points(field, book, setup, depths):
    """Return the film in Gy, one point calculation after the other."""
    found = []
    for (x, y, z), depth in zip(setup.points_cm, depths, strict=True):
        point = at(x=x, y=-z, z=y, depth=float(depth))
        found.append(photon_dose(field, field, point, book).dose_cgy / 100)
    return np.array(found).reshape(len(setup.y_mm), len(setup.x_mm))


@pytest.mark.req("R-18")
@pytest.mark.parametrize("side", [4, 10, 15])
def test_that_the_film_of_a_square_field_is_the_point_calculation_at_every_pixel(generic, side):
    own = jaws(-side / 2, side / 2, -side / 2, side / 2)
    field = photon_field(state(0, 0.0, (), own), state(1, 1.0, (), own))
    setup = FilmSetup(width_mm=160, height_mm=160, step_mm=4)
    found = film(field, generic, setup)
    assert found.plane.values.shape == (41, 41)
    expected = by_points(field, generic, setup, np.full(41 * 41, 10.0))
    assert found.plane.values == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert found.refused == {}


SHAPES = (
    box(-3, 3, -4, 4),
    lambda y: (-1 - y / 4, 4) if -4 < y < 2 else (0, 0),
    lambda y: (-5, -2 + y / 3) if abs(y) < 5 and round(y * 2) % 4 else (0.0, 0.0),
)
SHARES = (0.0, 0.5, 0.5, 0.7, 0.7, 1.0)


def imrt(along="X", gantry=0.0, **changes):
    points = [
        state(number, share, [leaves(SHAPES[number // 2], along)], jaws(-5, 6, -4.5, 5.5), gantry,
              **changes)
        for number, share in enumerate(SHARES)
    ]  # fmt: skip
    return photon_field(*points, mu=120)


@pytest.mark.req("R-18")
@pytest.mark.parametrize("along", ["X", "Y"])
@pytest.mark.parametrize("orientation", ["coronal", "transverse", "sagittal"])
def test_that_segments_from_aside_are_the_point_calculation_too(generic, along, orientation):
    setup = replace(SMALL, orientation=orientation, offset_mm=7.0)
    for gantry, couch, collimator in ((0, 0, 0), (40, 0, 30), (310, 20, 90)):
        own = imrt(along, gantry, couch_deg=D(couch), collimator_deg=D(collimator))
        expected = by_points(own, generic, setup, traced(setup, gantry, couch, collimator))
        found = film(own, generic, setup).plane.values
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7), (gantry, couch)


@pytest.mark.req("R-18")
@pytest.mark.parametrize(
    "changes",
    [
        {"scatter": "khan"},
        {"exchange": 1.5},
        {"penumbra_reach_cm": 0.4},
        {"csf_field": "jaws"},
        {"csf_field": "jaws", "exchange": 1.5},
    ],
)
def test_that_every_form_of_the_model_is_followed(generic, changes):
    beams = tuple(
        replace(one, model=replace(one.model, **changes)) if one.model else one
        for one in generic.beams
    )
    book = Book("changed", "", True, "", beams)
    own = imrt()
    expected = by_points(own, book, SMALL, np.full(len(SMALL.points_cm), 10.0))
    assert film(own, book).plane.values == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.req("R-18")
@pytest.mark.parametrize("name", ["VW60", "60LEFT"])
@pytest.mark.parametrize("turn", [0, 270])
def test_that_a_wedge_lies_on_the_film_as_at_the_point(generic, name, turn):
    setup = replace(SMALL, width_mm=80, height_mm=80)
    own = photon_field(wedges=(Accessory((name,), "", None, D(turn)),))
    expected = by_points(own, generic, setup, np.full(len(setup.points_cm), 10.0))
    assert film(own, generic, setup).plane.values == pytest.approx(expected, rel=1e-5)


@pytest.mark.req("R-18")
def test_that_an_arc_is_the_sum_of_its_states(generic):
    arc = photon_field(state(0, 0.0, gantry=350.0), state(1, 1.0, gantry=10.0))
    whole = film(arc, generic)
    assert whole.fields[0].segments == 4
    parts = [
        film(photon_field(state(0, 0, gantry=g), state(1, 1, gantry=g), mu=25), generic)
        for g in (352.5, 357.5, 2.5, 7.5)
    ]
    total = sum(one.plane.values.astype(float) for one in parts)
    assert whole.plane.values == pytest.approx(total, rel=1e-5)


@pytest.mark.req("R-18")
def test_that_fields_add_up_and_those_left_out_are_told(generic):
    one, other = imrt(), replace(imrt(gantry=50.0), id="2", name="LAO")
    both = film((one, other), generic)
    alone = [film((one, other), generic, only=(name,)) for name in ("1", "LAO")]
    total = sum(found.plane.values.astype(float) for found in alone)
    assert both.plane.values == pytest.approx(total, rel=1e-5)
    assert [(gap.field, gap.why) for gap in alone[0].left_out] == [("2", "left out by the user")]
    assert alone[0].not_checked[0].field == "2"
    assert both.fields[0].largest_gy == pytest.approx(alone[0].plane.values.max(), rel=1e-5)


@pytest.mark.req("R-18")
def test_that_turning_the_couch_turns_the_film_the_other_way(generic):
    """The phantom lies on the couch: at 90 degrees a field along X lies along -Y of the table."""
    setup = FilmSetup(width_mm=162, height_mm=162, step_mm=9)
    straight = film(imrt(), generic, setup).plane.values
    turned = film(imrt(couch_deg=D(90)), generic, setup).plane.values
    off_edges = np.delete(np.arange(19), 9)  # at 0 two leaves meet: either may cover the point
    both = [one[np.ix_(off_edges, off_edges)] for one in (turned, np.rot90(straight, 1))]
    assert both[0] == pytest.approx(both[1], rel=1e-5)


@pytest.mark.req("R-18")
def test_that_a_block_and_its_tray_are_on_the_film(generic):
    own = photon_field(blocks=(Accessory(("B",)),))
    shield = Shield({("B",): ((1.0, -6.0), (6.0, -6.0), (6.0, 2.0), (3.0, 2.0))}, 0.97)
    plan = plan_of(own)
    found = film_of(plan, plan, generic, SMALL, shields={own.number: shield}).plane.values
    points = [
        photon_dose(own, own, at(x=x, y=-z, z=y), generic, shield=shield).dose_cgy / 100
        for x, y, z in SMALL.points_cm
    ]
    assert found.ravel() == pytest.approx(points, rel=1e-5)
    assert found.min() < 0.8 * film(photon_field(), generic).plane.values[2, 12]


@pytest.mark.req("R-18")
def test_that_fields_from_above_forget_their_gantry_and_couch(generic):
    above = replace(SMALL, perpendicular=True)
    own = imrt(gantry=70.0, couch_deg=D(30))
    assert film(own, generic, above).plane.values == pytest.approx(
        film(imrt(), generic).plane.values, rel=1e-6
    )


@given(
    point=st.tuples(*[st.floats(-9, 9)] * 3), gantry=st.floats(0, 359), couch=st.floats(-60, 60)
)
@settings(deadline=None, max_examples=60)
def test_that_the_ray_tracer_finds_the_way_through_the_box(point, gantry, couch):
    low, high = np.array([-15.0, -15, -10]), np.array([15.0, 15, 10])
    there = views(np.array([gantry]), np.zeros(1), np.array([couch]), 100.0)
    source, at_point = there.source_cm[0], np.array(point)
    assert np.linalg.norm(source) == pytest.approx(100)
    depth, ray = depth_in_box(at_point, source, low, high)
    assert ray == pytest.approx(np.linalg.norm(at_point - source))
    entry = source + (ray - depth) / ray * (at_point - source)
    on_wall = np.minimum(abs(entry - low), abs(entry - high)).min()
    assert on_wall < 1e-6
    assert np.all((entry >= low - 1e-6) & (entry <= high + 1e-6))


@pytest.mark.req("R-18")
def test_that_depths_are_those_of_the_flat_phantom_and_of_the_ray(generic):
    """5 cm off axis at 10 cm depth: 10 cm along the axis, 10.0125 cm along the ray."""
    low, high = np.array([-15.0, -15, -10]), np.array([15.0, 15, 10])
    source = np.array([0, 0, 100.0])
    depth, ray = depth_in_box(np.array([5.0, 0, 0]), source, low, high)
    assert depth == pytest.approx(10 * np.hypot(1, 0.05))
    assert depth * 100 / ray == pytest.approx(10)
    assert depth_in_box(np.array([0, 16.0, 0]), source, low, high)[0] == -1
    dense = replace(SMALL, phantom=Phantom(density=1.1))
    found = film(photon_field(), generic, dense).plane.values
    assert found == pytest.approx(
        by_points(photon_field(), generic, dense, np.full(found.size, 11.0)), rel=1e-5
    )
    along = replace(SMALL, along_ray=True)
    expected = by_points(photon_field(), generic, along, traced(along, 0, 0))
    assert film(photon_field(), generic, along).plane.values == pytest.approx(expected, rel=1e-5)


@pytest.mark.req("R-23")
def test_that_points_without_dose_are_counted_and_left_empty(generic):
    wide = FilmSetup(width_mm=320, height_mm=100, step_mm=10)
    found = film(photon_field(), generic, wide)
    assert found.refused == {"outside the phantom": 2 * 11}
    assert np.isnan(found.plane.values[:, 0]).all()
    assert found.status == State.WARNING
    assert any("22 outside the phantom" in one.why for one in found.not_checked)


def test_that_a_book_that_ends_too_early_leaves_points_empty(generic):
    deep = FilmSetup(Phantom(thickness_cm=60, depth_cm=29.9), "transverse", step_mm=5)
    found = film(photon_field(), generic, deep)
    assert list(found.refused) == ["at a depth beyond the book's tables (tmr, oar, penumbra)"]
    below = found.plane.y_mm < -1.1
    assert np.isnan(found.plane.values[below]).all()
    assert not np.isnan(found.plane.values[~below]).any()
    with pytest.raises(FilmError, match="no point of the film"):
        film(photon_field(), generic, replace(deep, orientation="coronal", offset_mm=-100))


def moved_field(**changes):
    return replace(photon_field(), id="2", name="B2", **changes)


@pytest.mark.parametrize(
    ("fields", "only", "words"),
    [
        ((photon_field(), moved_field(isocentre=Point(D(0), D(9), D(0)))), (), "1 and 2"),
        ((photon_field(),), ("7",), "no treatment field '7'"),
        ((moved_field(blocks=(Accessory(("B",)),)),), (), "a block"),
        ((moved_field(energy=D(4)),), (), "no beam for 4 MV"),
        ((moved_field(modality="Elect", energy=D(9)),), (), ""),
        ((), (), "no treatment field"),
    ],
)
def test_that_what_cannot_be_on_a_film_is_refused(generic, fields, only, words):
    with pytest.raises(RemedyError) as caught:
        film(fields, generic, only=only)
    assert words in caught.value.what
    assert isinstance(caught.value, FilmError | UnsupportedPlanError | RemedyError)
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Phantom(depth_cm=25), lambda: Phantom(width_cm=0), lambda: Phantom(density=3),
        lambda: FilmSetup(step_mm=0), lambda: FilmSetup(width_mm=2000),
        lambda: FilmSetup(step_mm=0.05, width_mm=500, height_mm=500),
    ],
)  # fmt: skip
def test_that_an_impossible_set_up_is_refused(make):
    with pytest.raises(FilmError):
        make()


def test_that_cancelling_stops_the_film(generic):
    def stop(share, _words):
        if share > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        film(imrt(), generic, progress=stop)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


def answer(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("R-18")
def test_that_plane_writes_every_form_and_tells_what_it_left_out(demo, tmp_path, capsys):
    export = next((demo / "export").glob("*.rtp"))
    files = [tmp_path / f"film{ending}" for ending in (".raw", ".csv", ".dcm")]
    code, told = answer(
        capsys, "plane", "--rv", export, "--plan", demo / "dicom", "--field", "1", "--field", "2",
        "--step", "2", "--size", "120x100", *(w for file in files for w in ("--out", file)),
    )  # fmt: skip
    assert code == 0
    assert (told["rows"], told["columns"]) == (51, 61)
    assert [one["id"] for one in told["fields"]] == ["1", "2"]
    assert told["fields"][1]["segments"] == 4
    assert {one["field"] for one in told["not_checked"]} >= {"3", "5"}
    assert "NOT FOR CLINICAL USE" in told["notice"]
    planes = [read_film(file) for file in files]
    assert planes[0].values.max() == pytest.approx(told["largest_gy"])
    assert "NOT FOR CLINICAL USE" in planes[0].about["notice"]
    assert planes[0].about["book_sha256"] == told["book"]["digest"]
    for other in files[1:]:
        got, compared = answer(capsys, "gamma", files[0], other)
        assert (got, compared["gamma"]["largest"] < 0.01) == (0, True)


def test_that_plane_refuses_with_one_sentence(demo, capsys):
    export = next((demo / "export").glob("*.rtp"))
    code, _ = answer(capsys, "plane", "--rv", export, "--plan", demo / "dicom")
    assert code == 2  # the electron field has an isocentre of its own
    code, _ = answer(capsys, "plane", "--plan", demo / "dicom", "--size", "12")
    assert code == 2
