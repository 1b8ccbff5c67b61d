"""The beam's eye view as a picture: everything drawn where it belongs, on real plans too."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from app.viewer import beam_eye_geometry as geometry
from app.viewer import beam_eye_picture as picture
from core.dicom.files import read_items
from core.dicom.plan import Block, LeafBank
from core.dicom.plan_read import read_plan
from core.dose.beam_frame import PATIENT_POSITIONS, project
from core.errors import RemedyError
from tests.gui.beam_eye_scenes import (
    BLACK,
    EDGES,
    at,
    beam,
    block_structure,
    body,
    eye_panel,
    images,
    is_green,
    is_jaw,
    is_leaf,
    is_magenta,
    marker,
    pixels,
    plan,
    point,
    real_scene,
    scene,
    shown,
)


@pytest.fixture
def panel(qtbot):
    made = eye_panel(qtbot)
    yield made
    made.close()


def test_that_a_leaf_covers_up_to_its_tip_and_leaves_the_rest_clear(qtbot, panel):
    shown(qtbot, panel, scene(plans=(plan(beam(point(tip=4.0))),)))
    assert is_leaf(at(panel, 2.0, 23.0))
    assert at(panel, 6.0, 23.0) == BLACK
    assert at(panel, 2.0, 17.0) == BLACK
    assert is_leaf(at(panel, 32.0, 17.0))
    assert at(panel, 28.0, 17.0) == BLACK


def test_that_leaves_along_y_cover_along_y(qtbot, panel):
    leaves = np.concatenate([np.full(10, -25.0), np.full(10, 35.0)])
    leaves[10 + 8] = 8.0
    own = point(leaves={"MLCY": leaves}, jaws={})
    shown(qtbot, panel, scene(plans=(plan(beam(own, leaf_banks=(LeafBank("MLCY", EDGES),))),)))
    assert is_leaf(at(panel, 33.0, 11.0))
    assert at(panel, 33.0, 6.0) == BLACK
    assert at(panel, 27.0, 11.0) == BLACK
    assert is_leaf(at(panel, 27.0, -27.0))


def test_that_jaws_tint_what_lies_outside_them(qtbot, panel):
    jaws = {"X": np.array([-10.0, 15.0]), "Y": np.array([-40.0, 20.0])}
    shown(qtbot, panel, scene(plans=(plan(beam(point(jaws=jaws, leaves={}), leaf_banks=())),)))
    assert at(panel, 12.0, 17.0) == BLACK
    for x, y in ((17.0, 5.0), (-12.0, 5.0), (5.0, 22.0), (5.0, -42.0)):
        assert is_jaw(at(panel, x, y)), (x, y)
    panel.parts["Jaws"].setChecked(False)
    assert at(panel, 17.0, 5.0) == BLACK


def test_that_a_shield_is_filled_and_an_aperture_is_clear(qtbot, panel):
    square = np.array([(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)])
    bare = {"leaves": {}, "jaws": {}}
    shield = beam(point(**bare), leaf_banks=(), blocks=(Block("B", "SHIELDING", square),))
    hole = beam(point(**bare), leaf_banks=(), blocks=(Block("H", "APERTURE", square),), number=2)
    shown(qtbot, panel, scene(plans=(plan(shield, hole),)))
    assert is_green(at(panel, 8.0, 8.0))
    assert at(panel, 22.0, 8.0) == BLACK
    panel.beams.setCurrentIndex(1)
    assert at(panel, 8.0, 8.0) == BLACK
    assert is_green(at(panel, 22.0, 8.0))


@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_that_a_marker_is_where_the_projection_says(qtbot, panel, position):
    own = point(gantry_deg=30.0, collimator_deg=20.0, couch_deg=10.0, leaves={}, jaws={})
    place = (30.0, -45.0, 20.0)
    a_plan = plan(beam(own, leaf_banks=()), position=position)
    shown(qtbot, panel, scene(marker(place), plans=(a_plan,)))
    frame, words = geometry.aim(None, a_plan, a_plan.beams[0], own)
    assert words == ()
    ((x, y),) = project(frame, np.array([place])).tolist()
    found = pixels(panel.canvas.grab().toImage())
    rows, columns = np.nonzero(is_magenta(found))
    to_pixels = panel.canvas.window_shown.to_pixels(panel.canvas.width(), panel.canvas.height())
    expected = to_pixels.map(QPointF(x, y))
    assert len(rows) > 5
    assert abs(columns.mean() - expected.x()) < 1.5
    assert abs(rows.mean() - expected.y()) < 1.5
    panel.set_hidden(frozenset({7}))
    found = pixels(panel.canvas.grab().toImage())
    assert not is_magenta(found).any()


def test_that_a_silhouette_is_the_outline_of_the_whole_box():
    box = block_structure((-20.0, -10.0, -30.0), (40.0, 10.0, 15.0))
    own = plan(beam(point()))
    frame, _ = geometry.aim(None, own, own.beams[0], own.beams[0].points[0])
    (line,) = geometry.silhouette(box, frame)
    # The face at the front, 10 mm nearer to the source, is magnified by 1000 / 990.
    assert np.allclose(line.min(axis=0), np.array([-20.0, -30.0]) / 0.99, atol=0.4)
    assert np.allclose(line.max(axis=0), np.array([40.0, 15.0]) / 0.99, atol=0.4)
    turned = replace(own.beams[0].points[0], gantry_deg=90.0)
    frame, _ = geometry.aim(None, own, own.beams[0], turned)
    (line,) = geometry.silhouette(box, frame)
    assert np.allclose(line.min(axis=0), np.array([-10.0, -30.0]) / 0.96, atol=0.4)


def test_that_a_silhouette_is_drawn_in_the_colour_of_its_structure(qtbot, panel):
    box = block_structure((-20.0, -10.0, -30.0), (40.0, 10.0, 15.0))
    shown(qtbot, panel, scene(box, plans=(plan(beam(point(leaves={}, jaws={}), leaf_banks=())),)))
    line = panel.canvas.view.shadows[0].lines[0]
    right = float(line[:, 0].max())
    assert max(at(panel, right + d, -5.0)[0] for d in np.linspace(-0.8, 0.8, 9)) > 120
    panel.parts["Structures"].setChecked(False)
    assert panel.canvas.view.shadows == ()


@pytest.mark.parametrize(("gantry", "place"), [(0.0, (30.0, 20.0)), (180.0, (-30.0, 20.0))])
def test_that_the_radiograph_shows_dense_matter_bright_and_in_its_place(
    qtbot, panel, gantry, place
):
    own = point(gantry_deg=gantry, leaves={}, jaws={})
    what = scene(
        plans=(plan(beam(own, leaf_banks=())),), series=images(), volume=body((30.0, 0.0, 20.0))
    )
    shown(qtbot, panel, what)
    assert panel.canvas.view.grey.shape == (geometry.FINE_PIXELS,) * 2
    assert min(at(panel, place[0] + 2, place[1] + 2)) > 150
    assert max(at(panel, -place[0] + 2, place[1] + 2)) < 60
    assert max(at(panel, place[0] + 2, -place[1] + 2)) < 60
    panel.parts["DRR"].setChecked(False)
    assert at(panel, place[0] + 2, place[1] + 2) == BLACK


@pytest.mark.parametrize(
    ("position", "images_in", "words"),
    [
        ("", None, "Position not told, HFS assumed"),
        ("", "FFS", "FFS of the images taken"),
        ("HFS", "FFS", "The images were taken FFS, the plan treats HFS"),
        ("SITTING", "HFS", "SITTING, which DICOM does not know"),
        ("HFS", "HFS", ""),
    ],
)
def test_that_the_patient_position_is_told(position, images_in, words):
    own = plan(beam(point()), position=position)
    what = scene(plans=(own,), series=None if images_in is None else images(position=images_in))
    frame, said = geometry.aim(what, own, own.beams[0], own.beams[0].points[0])
    assert (frame is None) == (position == "SITTING")
    assert words in " ".join(said)
    assert bool(said) == bool(words)
    if position == "" and images_in == "FFS":
        assert frame.y_axis[2] == -1.0


def test_that_an_assumed_source_distance_is_told():
    own = plan(beam(point(), source_axis_mm=None))
    frame, said = geometry.aim(None, own, own.beams[0], own.beams[0].points[0])
    assert frame.sad_mm == 1000.0
    assert said == ("SAD not told, 1000 mm assumed",)


@pytest.mark.parametrize(
    ("leaves", "words"),
    [
        ({"MLCX": np.zeros(18)}, "MLCX is not drawn: 18 positions for 10 pairs of leaves"),
        ({}, "MLCX is not drawn: no usable positions of its 10 pairs in the plan"),
        ({"MLCX": np.full(20, np.nan)}, "MLCX is not drawn: no numbers"),
    ],
)
def test_that_leaves_that_do_not_fit_are_told(leaves, words):
    assert picture.leaf_problem(LeafBank("MLCX", EDGES), point(leaves=leaves)) == words
    image = picture.render_beam_eye(None, plan(), beam(point(leaves=leaves)), 0, 300)
    assert pixels(image)[135, 20].tolist() == [0, 0, 0]


def test_that_no_radiograph_is_made_of_other_images_than_ct():
    what = scene(plans=(plan(beam(point())),), series=images(modality="MR"))
    assert geometry.drawn_of(what, what.rt_set.plans[0])[::2] == (
        False,
        ("No DRR: the set shows no CT",),
    )


@pytest.mark.parametrize(
    ("name", "beam_index", "kinds"),
    [
        ("pps/brainlab_dynarc", 0, ["MLCY"]),
        ("pps/halcyon", 2, ["MLCX1", "MLCX2"]),
        ("elf", 0, []),
    ],
)
def test_that_every_kind_of_collimator_is_drawn(
    qtbot, panel, shared_data, name, beam_index, kinds
):
    shown(qtbot, panel, real_scene(shared_data / "dicom" / "plans_mixed" / name))
    panel.beams.setCurrentIndex(beam_index)
    own = panel.beam
    assert [bank.kind for bank in own.leaf_banks] == kinds
    panel.parts["Jaws"].setChecked(False)
    if not kinds:
        outline = own.blocks[0].outline_mm
        middle = outline.mean(axis=0)
        assert at(panel, *(middle + 2)) == BLACK
        assert is_green(at(panel, *(middle + 3 * (outline[0] - middle) / 2)))
        assert own.applicator in " ".join(picture.title_of(panel.canvas.view))
        return
    for bank in own.leaf_banks:
        leaves, pairs = own.points[0].leaves[bank.kind], len(bank.edges_mm) - 1
        pair = pairs // 2
        across = float(bank.edges_mm[pair : pair + 2].mean()) + 1.0
        behind = float(leaves[pair]) - 3.0
        place = (behind, across) if bank.along_x else (across, behind)
        assert max(at(panel, *place)) > 20
    panel.parts["Leaves"].setChecked(False)
    assert at(panel, *place) == BLACK


def every_plan(folder):
    for path in sorted(folder.rglob("*.dcm")):
        try:
            items, _ = read_items([path])
        except RemedyError:
            continue
        for item in items:
            if item.modality == "RTPLAN":
                try:
                    yield path, read_plan(item)
                except RemedyError:
                    continue


@pytest.mark.filterwarnings("ignore")
def test_that_every_beam_of_every_plan_is_painted(qapp, shared_data):
    painted = 0
    for path, own in every_plan(shared_data / "dicom"):
        for one in own.beams:
            last = max(len(one.points) - 1, 0)
            for place in {0, last // 2, last}:
                image = picture.render_beam_eye(None, own, one, place, 240)
                assert pixels(image).max() > 100, (path.name, one.number, place)
                painted += 1
    assert painted > 300


def test_that_the_headless_picture_is_what_the_painter_paints(qapp, shared_data):
    what = real_scene(shared_data / "dicom" / "hn_proknow")
    own = what.rt_set.plans[0]
    image = picture.render_beam_eye(what, own, own.beams[1], 0, 400)
    assert (image.width(), image.height()) == (400, 400)
    with_bone = pixels(image)
    bare = QImage(400, 400, QImage.Format.Format_RGB32)
    painter = QPainter(bare)
    frame, _ = geometry.aim(what, own, own.beams[1], own.beams[1].points[0])
    view = picture.BeamView(own.beams[1], own.beams[1].points[0], frame)
    picture.paint_beam_view(painter, (400, 400), view, geometry.window_of(own.beams[1]))
    painter.end()
    assert np.abs(with_bone - pixels(bare)).max() > 100
    with pytest.raises(IndexError):
        picture.render_beam_eye(what, own, own.beams[1], 99, 400)


def test_that_a_plan_of_several_positions_is_not_projected():
    two = replace(plan(beam(point())), patient_positions=("HFS", "FFS"))
    frame, words = geometry.aim(None, two, two.beams[0], two.beams[0].points[0])
    assert frame is None
    assert "No single patient position (HFS, FFS)" in words[0]


def test_that_a_tilted_table_is_told():
    tilted = beam(point(), is_tilted=True)
    frame, words = geometry.aim(None, plan(tilted), tilted, tilted.points[0])
    assert frame is not None
    assert any("pitch, roll" in one for one in words)
