"""Every real RT set loads, shows and prints; what is taken away from it is named."""

import json
import shutil

import pydicom
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from app.background import JOBS
from app.command_line import main
from app.main_window import MainWindow
from app.viewer.desk import Desk
from app.viewer.loading import load_sets
from app.viewer.slices_panel import LAYOUTS
from core.errors import RemedyError
from tests.gui.real_sets import SETS, gathered

LONG_MS = 90_000
OTHER_FRAME = "1.2.826.0.1.3680043.10.999.7.7"
# Pictures start Qt without windows when nobody has; no window could be made after that.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("qapp")]


@pytest.fixture(scope="module")
def window(qapp):
    window = MainWindow()
    window.resize(1280, 720)
    window.show()
    window.go_to("Viewer")
    yield window
    window.page("Viewer").desk.leave()
    window.close()


def opened(qtbot, window, folder):
    page = window.page("Viewer")
    page.fault.hide()
    page.open_path(folder)
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)
    return page


def answer(capsys, *words):
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def show_every_layout(desk):
    """Show the slices in every layout, oblique too; each view has its own picture and size."""
    for oblique, layout in [*((False, one) for one in LAYOUTS), (True, "Four views")]:
        desk.slices.oblique.setChecked(oblique)
        desk.slices.set_layout(layout)
        QApplication.processEvents()
        for view in desk.slices.shown_views():
            assert view.isVisible()
            if view.plane is not None:
                assert view.plane.size == (view.height(), view.width())
                assert not view.picture().isNull()
        assert (len(desk.slices.shown_views()) == 4) == oblique
    desk.slices.oblique.setChecked(False)


def show_everything(qtbot, desk):
    """Show every page of every person, and return the words of the tabs that were seen."""
    seen = set()
    for number in range(len(desk.loaded.sets)):
        desk.show_set(number)
        show_every_layout(desk)
        for place in range(desk.tabs.count()):
            if desk.tabs.isTabVisible(place):
                desk.tabs.setCurrentIndex(place)
                QApplication.processEvents()
                assert not desk.grab().isNull()
                seen.add(desk.tabs.tabText(place))
        qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)
        desk.tabs.setCurrentIndex(0)
        QApplication.processEvents()
    return seen


@pytest.mark.req("Y-10")
@pytest.mark.parametrize("name", SETS)
def test_that_a_real_set_loads_shows_and_prints(
    qtbot, window, shared_data, tmp_path, monkeypatch, name
):
    page = opened(qtbot, window, gathered(shared_data, name, tmp_path / "set"))
    desk = page.desk
    assert page.fault.isHidden(), page.fault.text
    seen = show_everything(qtbot, desk)
    assert {"Slices", "DVH", "Beam's eye view", "Plan", "Certificate"} <= seen
    assert ("RT images" in seen) == any(own.rt_images for own in desk.loaded.sets)
    assert desk.strip.text.split(": ")[1].startswith("Geometry")
    page_file = tmp_path / "page.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(page_file), ""))
    desk.save_page()
    assert page_file.read_bytes().startswith(b"%PDF")
    assert page_file.stat().st_size > 10_000


@pytest.mark.parametrize("name", SETS)
def test_that_a_real_set_is_answered_without_a_window(capsys, shared_data, tmp_path, name):
    folder = gathered(shared_data, name, tmp_path / "set")
    (own, *others) = load_sets([folder], lambda *_: None).sets
    who = ["--patient", own.patient_id] if others else []
    code, out, _ = answer(capsys, "certificate", folder, "--json", *who)
    told = json.loads(out)
    assert code == (1 if told["status"] in ("error", "warning") else 0)
    assert all(row["details"] for row in told["assertions"])
    picture = tmp_path / "view.png"
    code, _, err = answer(capsys, "render", folder, "--out", picture, *who)
    drawable = bool(own.series or own.doses or any(
        one.contours for found in own.structure_sets for one in found.structures))  # fmt: skip
    assert (code < 2) == drawable
    assert picture.exists() == drawable
    assert drawable or "no images, no dose and no structures" in err
    code, _, err = answer(capsys, "dvh", folder, *who)
    possible = bool(own.doses and own.structure_sets)
    assert (code < 2) == possible
    assert possible or "there is no" in err


@pytest.fixture
def breast(shared_data, tmp_path):
    return gathered(shared_data, "breast", tmp_path / "set")


@pytest.mark.req("Y-10")
def test_that_one_slice_taken_from_a_real_set_is_named(qtbot, window, capsys, breast):
    slices = sorted(
        (breast / "packed").rglob("*.dcm"),
        key=lambda file: float(pydicom.dcmread(file, specific_tags=["ImagePositionPatient"])
                               .ImagePositionPatient[2]),
    )  # fmt: skip
    gone = pydicom.dcmread(slices[40], stop_before_pixels=True)
    place = float(gone.ImagePositionPatient[2])
    slices[40].unlink()
    code, out, _ = answer(capsys, "certificate", breast)
    assert code == 1
    assert f"1 slice is missing between {place - 3:.1f} and {place + 3:.1f} mm" in out
    assert gone.SOPInstanceUID[-12:] in out
    desk = opened(qtbot, window, breast).desk
    assert "NOT sound" in desk.strip.text
    shown = "\n".join(desk.certificate._lines(range(desk.certificate.model.rowCount())))
    assert gone.SOPInstanceUID[-12:] in shown


@pytest.mark.req("Y-10")
def test_that_a_dose_taken_from_a_real_set_is_named(qtbot, window, capsys, breast):
    (breast / "rtdose.dcm").unlink()
    code, out, _ = answer(capsys, "certificate", breast)
    assert code == 1
    assert "No dose is here for plan B1." in out
    desk = opened(qtbot, window, breast).desk
    assert "doubtful" in desk.strip.text
    assert "no dose" in desk.dvh.title.text().casefold()


def test_that_one_of_two_doses_taken_away_names_its_plan(capsys, shared_data, tmp_path):
    folder = gathered(shared_data, "brain vmat and imrt", tmp_path / "set")
    (dose,) = (folder / "brain_srs_raystation/vmat").glob("RD*")
    dose.unlink()
    code, out, _ = answer(capsys, "certificate", folder)
    assert code == 1
    assert "Plan VMAT has no dose here." in out
    assert "Plan imrt has no dose" not in out


@pytest.mark.req("Y-10")
@pytest.mark.parametrize("kind", ["rtdose", "rtss"])
def test_that_a_mismatched_frame_is_refused_in_words(
    qtbot, window, capsys, breast, tmp_path, kind
):
    file = breast / f"{kind}.dcm"
    data = pydicom.dcmread(file)
    if kind == "rtdose":
        data.FrameOfReferenceUID = OTHER_FRAME
    else:
        data.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = OTHER_FRAME
        for roi in data.StructureSetROISequence:
            roi.ReferencedFrameOfReferenceUID = OTHER_FRAME
    data.save_as(file)
    code, out, _ = answer(capsys, "certificate", breast)
    assert code == 1
    assert "is in another frame of reference" in out
    assert OTHER_FRAME[-12:] in out
    code, out, _ = answer(capsys, "render", breast, "--out", tmp_path / "view.png")
    assert code == 1
    assert "not drawn: another frame of reference" in out
    desk = opened(qtbot, window, breast).desk
    assert "NOT sound" in desk.strip.text
    assert any("another frame of reference" in words for words in desk.scene.left_out)
    if kind == "rtdose":
        assert desk.scene.dose is None
    else:
        assert desk.scene.outlines == () or not any(
            one.structure.contours for one in desk.scene.outlines
        )
    assert all("different frames of reference" in one.problem
               for one in desk.dvh.dvhs if one.structure.contours)  # fmt: skip


BAD = ("dwv", "fo-dicom", "generated", "pydicom", "pydicom-data", "suyashkumar")


def bad_files(data, kind):
    found = sorted((data / "dicom/bad_inputs" / kind).rglob("*"))
    return [file for file in found if file.is_file() and file.suffix not in (".tsv", ".txt")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", BAD)
def test_that_no_bad_file_brings_the_page_down(qtbot, shared_data, kind):
    """A fault within Qt's own calls fails the test by itself."""
    desk = Desk()
    qtbot.addWidget(desk)
    desk.resize(1000, 640)
    desk.show()
    for file in bad_files(shared_data, kind):
        try:
            loaded = load_sets([file], lambda *_: None)
        except RemedyError:
            continue
        desk.show_loaded(loaded)
        for page in (desk.beams, desk.rt_images, desk.plan, desk.slices):
            desk.tabs.setCurrentWidget(page)
            QApplication.processEvents()
        qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)
    desk.leave()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", BAD)
def test_that_no_bad_file_gives_a_traceback_on_the_command_line(
    capsys, shared_data, tmp_path, kind
):
    out = ["--out", tmp_path / "view.png"]
    for file in bad_files(shared_data, kind):
        for words in (["certificate", file], ["dvh", file], ["render", file, *out]):
            code, _, err = answer(capsys, *words)
            assert code in (0, 1, 2), file.name
            assert "Traceback" not in err, file.name
            assert code < 2 or len(err.strip().splitlines()) <= 3, (file.name, err)


def test_that_all_bad_files_together_open_and_each_refused_one_is_named(
    qtbot, window, shared_data, tmp_path
):
    folder = tmp_path / "bad"
    shutil.copytree(shared_data / "dicom/bad_inputs/generated", folder)
    page = opened(qtbot, window, folder)
    assert page.fault.isHidden()
    told = " ".join(
        words for own in page.desk.loaded.certificates for one in own.assertions
        for words in one.details
    )  # fmt: skip
    assert "Not used: " in told
    assert "Traceback" not in told
