"""The Viewer shows nothing of one person under another's name, and nothing half."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from app.viewer import room_view
from app.viewer.display import USUAL_PERCENTS, Display
from app.viewer.loading import load_sets
from app.viewer.room_view import RoomView
from tests.core.dicom_maker import clean_set, dose, lattice
from tests.core.rt_image_maker import portal
from tests.gui.room_scenes import BLUE, RED, cube, dose_ball, finish, scene
from tests.gui.test_rt_image_panel import desk_of, looked_at
from tests.gui.test_viewer_page import folder, opened, quiet, window  # noqa: F401  (fixtures)
from tests.gui.test_viewer_truth import choose, held_images  # noqa: F401  (a fixture)

COARSE = lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0))


def objects(toy):
    return [*toy.images, toy.structures, toy.plan, toy.dose, *toy.more]


def of_another(toy, name="Roe^Jane", patient_id="TOY2"):
    """Make the objects those of another person, with identities of their own."""
    for one in objects(toy):
        one.PatientName, one.PatientID = name, patient_id
        one.SOPInstanceUID += ".2"
    return toy


@pytest.fixture
def two(tmp_path):
    clean_set().write(tmp_path / "set")
    of_another(clean_set()).write(tmp_path / "set" / "two")
    return tmp_path / "set"


def test_that_the_dvh_and_profile_of_one_person_go_before_the_images_of_the_next_come(
    qtbot, window, two, held_images  # noqa: F811
):  # fmt: skip
    held_images.set()
    desk = opened(qtbot, window, two).desk
    assert len(desk.loaded.sets) == 2
    assert len(desk.dvh.dvhs) == 2
    choose(desk.dvh.template, 1)
    desk.slices.measured.emit(np.zeros(3), np.array([10.0, 0.0, 0.0]))
    assert not desk.profile.plot.isHidden()
    held_images.clear()
    desk.show_set(1)
    assert desk.dvh.dvhs == ()
    assert not desk.dvh.buttons["Save CSV…"].isEnabled()
    assert desk.profile.plot.isHidden()
    desk.controls.reference.setValue(33.0)
    assert desk.dvh.dvhs == ()
    held_images.set()
    quiet(qtbot)
    assert len(desk.dvh.dvhs) == 2
    assert desk.dvh.template.currentIndex() == 0


def test_that_several_persons_under_one_id_are_named_in_the_banner(qtbot, window, tmp_path):  # noqa: F811
    clean_set().write(tmp_path / "set")
    of_another(clean_set(), patient_id="TOY1").write(tmp_path / "set" / "two")
    told = []
    window.page("Viewer").patient_changed.connect(told.append)
    opened(qtbot, window, tmp_path / "set")
    assert told[-1].startswith("MORE THAN ONE PERSON: Roe, Jane / Toy, Test   ID TOY1")


def test_that_a_set_that_cannot_be_shown_leaves_nothing_of_the_one_before(
    qtbot, window, folder, monkeypatch  # noqa: F811
):  # fmt: skip
    page = opened(qtbot, window, folder)
    told = []
    page.patient_changed.connect(told.append)

    def broken(*_):
        raise ValueError("it bends")

    monkeypatch.setattr(page.desk, "_new_reference", broken)
    with qtbot.captureExceptions() as raised:
        page.open_path(folder)
        quiet(qtbot)
    assert [str(fault) for _, fault, _ in raised] == ["it bends"]
    assert page.desk is None
    assert page.pages.currentIndex() == 0
    assert told[-1] == ""
    assert page.state() == {}
    assert "it bends" in page.fault.text
    assert page.source.text().strip() == ""
    opened(qtbot, window, folder)
    assert page.fault.isHidden()
    assert page.desk.scene.volume is not None


def test_that_an_opening_that_is_cancelled_leaves_the_source_in_sight(
    qtbot, window, folder, monkeypatch  # noqa: F811
):  # fmt: skip
    page = opened(qtbot, window, folder)
    before = page.source.text()
    free = Event()

    def slowly(_paths, progress):
        assert free.wait(30)
        progress(0.5, "")

    monkeypatch.setattr("app.viewer.page._load", slowly)
    page.open_path(folder / "other")
    assert "Reading" in page.source.text()
    page._job.cancel()
    free.set()
    quiet(qtbot)
    assert page.source.text() == before
    assert page.fault.isHidden()


def test_that_a_relative_dose_has_no_levels_in_gy(qtbot, window, tmp_path):  # noqa: F811
    toy = clean_set()
    relative = dose(COARSE, number=60)
    relative.DoseUnits = "RELATIVE"
    toy.more = [relative]
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    choose(desk.controls.unit, 1)
    assert desk.display.levels_in_gy
    choose(desk.controls.dose, 2)
    assert desk.dose.units == "RELATIVE"
    assert not desk.display.levels_in_gy
    assert desk.display.levels == USUAL_PERCENTS
    assert not desk.controls.unit.isEnabled()
    assert desk.controls.reference.text().endswith(" %")
    choose(desk.controls.dose, 1)
    assert desk.controls.unit.isEnabled()
    assert desk.controls.reference.text().endswith(" Gy")
    quiet(qtbot)


def test_that_an_overlap_goes_with_its_doses_level_and_structures(qtbot, window, tmp_path):  # noqa: F811
    toy = clean_set()
    toy.more = [dose(COARSE, number=60)]
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    panel = desk.compare

    def measured():
        for row in panel._rows:
            row.chosen.setChecked(True)
        panel.overlap_button.click()
        quiet(qtbot)
        return not panel.overlap_box.isHidden() and panel.overlap.rowCount() == 2

    assert measured()
    panel._rows[0].chosen.setChecked(False)
    assert panel.overlap_box.isHidden()
    assert measured()
    panel.overlap_level.setValue(20.0)
    assert panel.overlap_box.isHidden()
    assert measured()
    choose(desk.sets.structures, 0)
    assert panel.overlap_box.isHidden()
    quiet(qtbot)


def test_that_a_difference_has_one_reference_in_all_views(qtbot, window, tmp_path):  # noqa: F811
    toy = clean_set()
    toy.more = [dose(COARSE, number=60)]
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    for row in desk.compare._rows:
        row.chosen.setChecked(True)
    desk.controls.reference.setValue(33.0)
    desk.compare.way.setCurrentIndex(2)
    desk.compare.combine()
    quiet(qtbot)
    assert desk.dose.summation == "DIFFERENCE"
    assert desk.display.reference_gy == 33.0
    assert desk.compare.views._display.reference_gy == 33.0


def test_that_the_page_names_the_dose_that_is_drawn(qtbot, window, tmp_path, monkeypatch):  # noqa: F811
    toy = clean_set()
    toy.more = [dose(COARSE, number=60, frame="1.2.3.99")]
    desk = opened(qtbot, window, toy.write(tmp_path / "set")).desk
    found = []
    monkeypatch.setattr("app.viewer.saved_views.choose_new_file", lambda *_: None)
    monkeypatch.setattr(
        "app.viewer.saved_views.pdf_page", lambda _pictures, words: found.append(words) or b""
    )
    desk.save_page()
    choose(desk.controls.dose, 2)
    desk.save_page()
    assert "Gy" in found[0].lines[0]
    assert found[1].lines[0] == "Dose: none is drawn."
    quiet(qtbot)


def test_that_a_page_that_cannot_be_written_is_told(qtbot, window, folder, monkeypatch):  # noqa: F811
    page = opened(qtbot, window, folder)
    target = folder / "missing" / "views.png"
    names = []

    def asked(_parent, _title, name, _kinds):
        names.append(name)
        return target

    monkeypatch.setattr("app.viewer.saved_views.choose_new_file", asked)
    page.desk.save_picture()
    assert names == ["TOY1 views.png"]
    assert "views.png could not be written" in page.fault.text


def test_that_constraints_follow_the_tables_of_the_clinic(qtbot, window, folder, share):  # noqa: F811
    page = opened(qtbot, window, folder)
    dvh = page.desk.dvh
    (share / "constraints").mkdir()
    text = (
        'title = "Ours"\nfractionation = "any"\n[[constraint]]\nstructure = ["PTV"]\n'
        'metric = "Max"\nrelation = "<="\nlimit = {}\nlimit_unit = "Gy"\nsource = "us"\n'
    )
    own = share / "constraints" / "ours.toml"
    own.write_text(text.format(500), encoding="utf-8")
    window._on_tables()
    quiet(qtbot)
    number = [one.title for one in dvh.template.templates].index("Ours") + 1
    choose(dvh.template, number)
    assert dvh.verdict_model.index(0, 0).data() == "Met"
    assert "Fractions of this dose: " in dvh.verdict_words.text()
    own.write_text(text.format(0.5), encoding="utf-8")
    window._on_tables()
    quiet(qtbot)
    assert dvh.template.currentText() == "Ours"
    assert dvh.verdict_model.index(0, 0).data() == "Missed"
    own.unlink()
    window._on_tables()
    quiet(qtbot)
    assert dvh.template.currentIndex() == 0
    assert dvh.verdict_model.rowCount() == 0
    assert "'Ours' are not in force any more" in dvh.told.text()


def test_that_an_isodose_that_fails_leaves_the_surfaces_to_their_own_scene(qtbot, monkeypatch):
    free = Event()
    made = room_view.structure_surface

    def slowly(outline, most):
        assert free.wait(30)
        return made(outline, most)

    def broken(*_):
        raise ValueError("no surface")

    monkeypatch.setattr(room_view, "structure_surface", slowly)
    monkeypatch.setattr(room_view, "isodose_surface", broken)
    view = RoomView()
    qtbot.addWidget(view)
    view.resize(420, 360)
    view.set_display(replace(Display(), reference_gy=60.0))
    view.set_scene(scene(cube(1, RED), cube(2, RED), dose=dose_ball()))
    view.show()
    qtbot.waitUntil(lambda: view._dose_job is None, timeout=30_000)
    assert "could not be made: no surface" in view.picture.notes.dose[0]
    assert view._job is not None
    view.set_scene(scene(cube(3, BLUE)))
    assert view.picture.notes.dose is None
    free.set()
    finish(qtbot)
    assert list(view._made) == [3]
    view.close()


def test_that_an_rt_image_that_cannot_be_read_stays_told(qtbot, tmp_path):
    toy = clean_set()
    bad = portal(toy.plan)
    bad.PixelData = bad.PixelData[:100]
    toy.more = [bad, portal(number=71)]
    desk = desk_of(qtbot, toy.write(tmp_path / "set"))
    panel = desk.rt_images
    desk.tabs.setCurrentWidget(panel)
    quiet(qtbot)
    panel.choice.setCurrentIndex(
        [one.item.sop_uid for one in panel.images].index(bad.SOPInstanceUID)
    )
    quiet(qtbot)
    assert "could not be read" in panel.canvas.empty
    panel.invert.toggle()
    assert "could not be read" in panel.canvas.empty
    desk.leave()


def test_that_the_place_under_the_mouse_is_not_that_of_the_set_before(qtbot, tmp_path):
    toy = clean_set()
    toy.more = [portal(toy.plan)]
    folder = toy.write(tmp_path / "set")  # noqa: F811
    desk = desk_of(qtbot, folder)
    panel = looked_at(qtbot, desk)
    panel._tell(QPointF(0, 0))
    assert "value" in panel.probe.text()
    desk.show_loaded(load_sets([folder], lambda *_: None))
    assert "value" not in panel.probe.text()
    quiet(qtbot)
    desk.leave()


def test_that_a_search_goes_on_in_the_next_set(qtbot, window, two):  # noqa: F811
    desk = opened(qtbot, window, two).desk
    desk.structures.search.setText("ptv")
    desk.show_set(1)
    rows = desk.structures.list
    assert [rows.item(row).isHidden() for row in range(rows.count())].count(False) == 1
    quiet(qtbot)
