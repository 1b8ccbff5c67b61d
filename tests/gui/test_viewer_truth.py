"""The Viewer never shows what belongs to another choice, and never loses what it could not do."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from app.viewer import desk as desk_module
from app.viewer.display import WINDOWS
from app.viewer.loading import Volume, load_volume
from app.viewer.scene_build import one_slice
from tests.core.dicom_maker import (
    OTHER_FRAME,
    clean_set,
    dose,
    gray,
    images,
    lattice,
    registration,
)
from tests.gui.test_viewer_page import folder, opened, quiet, window  # noqa: F401  (fixtures)

COARSE = lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0))


def choose(combo, number):
    combo.setCurrentIndex(number)
    combo.activated.emit(number)


@pytest.fixture
def held_images(monkeypatch):
    """Let images wait to be read; the event lets them go on."""
    free = Event()

    def slowly(*arguments):
        assert free.wait(30)
        return load_volume(*arguments)

    monkeypatch.setattr(desk_module, "load_volume", slowly)
    return free


def test_that_another_dose_does_not_stop_the_images(qtbot, window, tmp_path, held_images):  # noqa: F811
    toy = clean_set()
    toy.more = [dose(COARSE, number=60)]
    held_images.set()
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    held_images.clear()
    desk.show_set(0)
    choose(desk.controls.dose, 2)
    assert desk.volume is None
    held_images.set()
    quiet(qtbot)
    assert desk.scene.volume is not None
    assert desk.scene.dose is desk.rt_set.doses[1]
    assert [own.problem for own in desk.dvh.dvhs] == ["", ""]


def test_that_images_that_cannot_be_read_are_told_in_every_view(qtbot, window, folder):  # noqa: F811
    desk = opened(qtbot, window, folder).desk
    desk._on_volume(Volume(desk.series, None, "the pixels are cut short"))
    quiet(qtbot)
    assert desk.scene.volume is None
    assert "the pixels are cut short" in desk.scene.left_out
    choose(desk.controls.second, 1)
    assert "the pixels are cut short" in desk.scene.left_out
    quiet(qtbot)


def test_that_the_first_image_of_another_series_is_not_shown(qtbot, window, tmp_path):  # noqa: F811
    toy = clean_set()
    pet = images(
        lattice(shape=(4, 11, 11), spacing=(5.0, 5.0, 5.0)), lambda x, y, z: 900 + x, number=300,
        modality="PT",
    )  # fmt: skip
    toy.more = pet
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    late = (desk.series, one_slice(desk.volume.grid, 2))
    desk.volume = None
    choose(desk.sets.images, 2)
    assert desk.series.modality == "PT"
    desk._on_first_image(late)
    assert desk.scene.volume is None
    quiet(qtbot)
    assert desk.scene.volume.geometry.shape == (4, 11, 11)


def test_that_images_without_hounsfield_units_get_a_window_of_their_own(
    qtbot, window, tmp_path  # noqa: F811
):  # fmt: skip
    toy = clean_set()
    toy.more = images(
        lattice(shape=(4, 11, 11), spacing=(5.0, 5.0, 5.0)), lambda x, y, z: 9000 + 100 * x,
        number=300, modality="PT",
    )  # fmt: skip
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    assert desk.display.window == WINDOWS["Soft tissue"]
    choose(desk.sets.images, 2)
    quiet(qtbot)
    low, high = desk.display.window.low, desk.display.window.high
    assert (low, high) == (pytest.approx(6500, abs=50), pytest.approx(11500, abs=50))
    choose(desk.sets.images, 1)
    quiet(qtbot)
    assert desk.display.window == WINDOWS["Soft tissue"]


def test_that_an_entered_reference_holds_for_the_dvh_too(qtbot, window, folder):  # noqa: F811
    desk = opened(qtbot, window, folder).desk
    assert desk.dvh.reference_gy == 60.0
    desk.controls.reference.setValue(50.0)
    assert desk.dvh.reference_gy == desk.display.reference_gy == 50.0
    assert "50.00 Gy (entered)" in desk.dvh.title.text()
    assert len(desk.dvh.dvhs) == 2


@pytest.mark.parametrize(
    ("summation", "judged"), [("PLAN", True), ("BEAM", False), ("FRACTION_SESSION", False)]
)
def test_that_limits_of_a_course_are_not_judged_on_a_part_of_it(
    qtbot, window, tmp_path, summation, judged  # noqa: F811
):  # fmt: skip
    toy = clean_set()
    beam = 1 if summation == "BEAM" else None
    toy.dose = dose(COARSE, plan=toy.plan, summation=summation, beam=beam)
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    choose(desk.dvh.template, 1)
    assert bool(desk.dvh.plot.verdicts) == judged
    assert desk.dvh.verdict_words.text().startswith("Not judged: this is the dose of") != judged


@pytest.mark.req("Y-15")
@pytest.mark.parametrize("linked", [True, False])
def test_that_doses_side_by_side_lie_where_they_belong(qtbot, window, tmp_path, linked):  # noqa: F811
    shift = np.eye(4)
    shift[:3, 3] = [0.0, -6.0, 0.0]
    toy = clean_set()
    toy.more = [dose(COARSE, number=60, frame=OTHER_FRAME)]
    toy.more += [registration(OTHER_FRAME, toy.images[0].FrameOfReferenceUID, shift)] * linked
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    scenes = [view._scene for view in desk.compare.views.views]
    assert scenes[0].values_at(np.zeros(3))[1] == pytest.approx(gray(0, 0, 0), abs=1e-3)
    if linked:
        assert scenes[1].values_at(np.zeros(3))[1] == pytest.approx(gray(0, 6, 0), abs=1e-3)
    else:
        assert scenes[1].dose is None
        assert any("another frame of reference" in words for words in scenes[1].left_out)


def test_that_a_difference_uses_no_weights(qtbot, window, tmp_path):  # noqa: F811
    toy = clean_set()
    toy.more = [dose(COARSE, number=60)]
    panel = opened(qtbot, window, toy.write(tmp_path / "set")).desk.compare
    for way, weights, fractions in ((0, True, False), (1, True, True), (2, False, False)):
        panel.way.setCurrentIndex(way)
        assert {row.weight.isEnabled() for row in panel._rows} == {weights}
        assert {row.fractions.isEnabled() for row in panel._rows} == {fractions}


def test_that_small_values_of_pet_keep_their_decimals(qtbot, window, tmp_path):  # noqa: F811
    toy = clean_set()
    toy.images = images(
        lattice(shape=(4, 11, 11), spacing=(5.0, 5.0, 5.0)), lambda x, y, z: 2.5 + 0 * x,
        modality="PT", slope=0.001,
    )  # fmt: skip
    desk = opened(qtbot, window, replace(toy, structures=None, plan=None).write(tmp_path)).desk
    desk.slices.set_cross(np.zeros(3))
    assert "2.50 BQML" in desk.slices.probe.text().replace(",", ".")
