"""Make the pictures of README and help again, from the real program with demonstration data.

.venv/bin/python installer/screenshots.py [FOLDER] [--dark] [--size 1280x720] [--set PATH]
        [--room Filter]

Without FOLDER they go to resources/help/pictures. Every page is shown as a user reaches it. With
--set the Viewer alone is shown, with the RT set at PATH; with --room one room alone.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.background import JOBS
from app.demo.rv_export import export_records
from app.demo.rv_records import file_of
from app.demo.write_demo import write_demo
from app.filter.gui.against import Against
from app.filter.gui.ask_strip import AskStrip
from app.main_window import MainWindow, application
from core.paths import DATA_VARIABLE

SIZE = "1360x860"
PATIENCE_S = 180.0
ROOMS = ("LEX", "Filter", "Viewer", "Archive")
NOTES = """Gating: none
Dose rate: 300
Isodose: 97.5 %
Tolerance table: 4
Patient has a pacemaker; cardiology was asked. Shift 1.2 cm left after CT."""
# Couch, start, turn, stop of the arcs of a standard set (resources/filter/srs.toml).
ARCS = (
    ("0.0", "30.0", "CW", "130.0"), ("45.0", "330.0", "CCW", "230.0"),
    ("90.0", "210.0", "CW", "330.0"), ("315.0", "30.0", "CW", "130.0"),
)  # fmt: skip


def settle(until: Callable[[], bool] = lambda: True) -> None:
    """Let the window work until `until` holds and no job is running."""
    end = time.monotonic() + PATIENCE_S
    while JOBS.running or not until():
        if time.monotonic() > end:
            raise TimeoutError("the window did not settle")
        QApplication.processEvents()
        time.sleep(0.01)
    for _ in range(10):
        QApplication.processEvents()


def shoot(window: MainWindow, folder: Path, name: str) -> None:
    """Save one picture of the whole window."""
    settle()
    window.grab().save(str(folder / f"{name}.png"))
    print(f"{name}.png", flush=True)


def take_all(folder: Path, words: argparse.Namespace) -> None:
    """Walk through the rooms as a user does."""
    program = application()
    with tempfile.TemporaryDirectory() as name:
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, name)
        QSettings("EQS", "Workstation").setValue("scheme", "Dark" if words.dark else "Light")
        # Nobody's own archive, log or defaults are in the pictures.
        os.environ[DATA_VARIABLE] = str(Path(name) / "data")
        window = MainWindow()
        window.resize(*(int(side) for side in words.size.split("x")))
        window.show()
        program.processEvents()
        if words.set is not None:
            take_viewer(window, folder, words.set)
            window.close()
            return
        demo = Path(name) / "demonstration"
        write_demo(demo)
        rooms = {
            "LEX": lambda: take_lex(window, folder, demo, Path(name) / "DEMO-0001.rtp"),
            "Filter": lambda: take_filter(window, folder, demo),
            "Viewer": lambda: take_viewer(window, folder, demo / "dicom"),
            "Archive": lambda: take_archive(window, folder, demo),
        }
        wanted = [words.room] if words.room else list(rooms)
        take_empty(window, folder, wanted)
        for room in wanted:
            rooms[room]()
        window.help_window.show_page("filter")
        settle()
        window.help_window.grab().save(str(folder / "help.png"))
        window.help_window.close()
        window.close()


def take_empty(window: MainWindow, folder: Path, rooms: Sequence[str]) -> None:
    """Show rooms as they are before anything is opened."""
    for room in rooms:
        window.go_to(room)
        shoot(window, folder, f"{room.lower()}-empty")


def take_lex(window: MainWindow, folder: Path, demo: Path, target: Path) -> None:
    """Show the six steps of LEX and the file written."""
    window.start_demo(demo)
    lex = window.go_to("LEX")
    settle(lambda: lex.plan_step.trial is not None)
    for number, step in enumerate(("source", "plan", "beams", "treatment", "checks", "write")):
        lex.go(number)
        shoot(window, folder, f"lex-{step}")
    lex.write_step.path.setText(str(target))
    lex.write_step.write_button.click()
    settle(lex.write_step.banner.isVisible)
    shoot(window, folder, "lex-written")
    lex.write_step.check_button.click()
    shoot(window, folder, "filter-clean")


def take_filter(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show the Filter with a seeded error, page by page, and with a damaged file."""
    checker = window.go_to("Filter")
    variants = demo / "export" / "variants"
    checker.run(variants / "leaf_1_mm.rtp", demo / "dicom")
    shoot(window, folder, "filter-compare")
    for number, name in ((1, "not-checked"), (2, "fields"), (3, "pairs")):
        checker.view.tabs.setCurrentIndex(number)
        shoot(window, folder, f"filter-{name}")
    checker.show_place(checker.view.model.rows[0])
    shoot(window, folder, "filter-leaves")
    checker.view.tabs.setCurrentWidget(checker.mu)
    shoot(window, folder, "filter-mu")
    checker.mu.tabs.setCurrentWidget(checker.mu.book)
    shoot(window, folder, "filter-book")
    checker.run(variants / "dose_rate.rtp", demo / "dicom")
    shoot(window, folder, "filter-warning")
    checker.run(variants / "checksum_damaged.rtp", None)
    shoot(window, folder, "filter-refused")
    take_special(window, folder, demo)
    take_desk(window, folder, demo)


def take_special(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show the Filter's other reports: arcs, final export, chart notes, commissioning."""
    checker = window.go_to("Filter")
    export = next((demo / "export").glob("*.rtp"))
    arcs = demo / "stereotactic.rtp"
    arcs.write_bytes(stereotactic_export())
    checker.check(arcs, Against("srs"))
    shoot(window, folder, "filter-srs")
    checker.view.tabs.setCurrentWidget(checker.printout)
    shoot(window, folder, "filter-srs-arcs")
    final = demo / "export" / "variants" / "table_position.rtp"
    checker.check(final, Against("initial", export))
    shoot(window, folder, "filter-final")
    checker.run(export, demo / "dicom")
    shoot(window, folder, "filter-green")
    checker.notes.text.setPlainText(NOTES)
    checker.view.tabs.setCurrentWidget(checker.notes)
    checker.notes.compare_button.click()
    settle()
    checker.view.tabs.setCurrentWidget(checker.notes)
    shoot(window, folder, "filter-notes")
    checker.view.tabs.setCurrentIndex(0)
    shoot(window, folder, "filter-notes-findings")
    checker.desk.commission_button.click()
    settle(lambda: checker.commissioning.made is not None)
    shoot(window, folder, "filter-commissioning")
    checker.commissioning.save(folder / "filter-commissioning.pdf", "Jane Roe")
    settle()


def take_desk(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show what people do with a check: baseline, signature, work list, and the printed pages."""
    checker = window.go_to("Filter")
    export = next((demo / "export").glob("*.rtp"))
    checker.run(export, demo / "dicom")
    settle()
    menu = checker.desk.baseline_button.menu().actions()
    menu[0].trigger()
    shoot(window, folder, "filter-baseline-asked")
    sign(checker.desk.strip)
    settle()
    shoot(window, folder, "filter-baseline-saved")
    checker.desk.save_page(folder, "Jane Roe", "IE")
    checker.desk.save_sheet(folder / "therapist-sheet.pdf")
    settle()
    variant = demo / "export" / "variants" / "jaw_3_mm.rtp"
    whole = export.read_bytes()
    export.write_bytes(variant.read_bytes())
    menu[3].trigger()  # what has changed in the export
    settle()
    shoot(window, folder, "filter-baseline-difference")
    export.write_bytes(whole)
    checker.run(variant, demo / "dicom")
    settle()
    checker.desk.save_page(folder, "Jane Roe", "FE")
    settle()
    checker.worklist_button.click()
    shoot(window, folder, "filter-work-list-empty")
    checker.worklist.begin_button.click()
    sign(checker.worklist.strip)
    settle()
    checker.worklist.done_button.click()
    sign(checker.worklist.strip)
    settle()
    shoot(window, folder, "filter-work-list")
    checker.worklist.tabs.setCurrentIndex(1)
    shoot(window, folder, "filter-watched-folders")
    checker.worklist_button.click()


def sign(strip: AskStrip) -> None:
    """Answer a question of the desk."""
    strip.person.setText("Jane Roe")
    strip.words.setText("compared with the plan")
    strip.go_button.click()


def stereotactic_export() -> bytes:
    """Return the demonstration export with four stereotactic arcs in the place of its fields."""
    records = list(export_records())
    model = next(one for one in records if one.keyword == "FIELD_DEF" and one["field_id"] == "4")
    rx = next(one for one in records if one.keyword == "RX_DEF")
    made = [one for one in records if one.keyword == "PLAN_DEF"]
    made.append(rx.changed(technique="SRS", number_of_fields="4", dose_ttl="1800", dose_tx="1800"))
    made += [one for one in records if one.keyword == "SITE_SETUP_DEF"][:1]
    jaws = dict.fromkeys(("collimator_x1", "collimator_y1"), "-2.5")
    jaws |= dict.fromkeys(("collimator_x2", "collimator_y2"), "2.5")
    for number, (couch, start, turn, stop) in enumerate(ARCS, start=1):
        made.append(model.changed(
            field_id=str(number), field_name=f"ARC {number}", treatment_type="Arc", energy="6",
            field_note="ISO A: -12.5, 3.0, 40.0", field_dose="450.00", doserate="",
            field_monitor_units="600", collimator_angle="90.0", couch_angle=couch,
            gantry_angle=start, arc_start_angle=start, arc_direction=turn, arc_stop_angle=stop,
            wedge="", block="STEREO", field_x="5.0", field_y="5.0", **jaws,
        ))  # fmt: skip
    return file_of(made)


def take_viewer(window: MainWindow, folder: Path, source: Path) -> None:
    """Show every page of the Viewer and every layout of the slices with a set."""
    viewer = window.go_to("Viewer")
    viewer.open_paths([source])
    settle(lambda: viewer.desk is not None and viewer.desk.scene is not None)
    desk = viewer.desk
    shoot(window, folder, "viewer-slices")
    desk.slices.oblique.setChecked(True)
    shoot(window, folder, "viewer-oblique")
    desk.slices.oblique.setChecked(False)
    for layout, name in (
        ("Three views", "three"), ("Axial only", "single"), ("Axial large", "axial"),
    ):  # fmt: skip
        desk.slices.set_layout(layout)
        shoot(window, folder, f"viewer-{name}")
    view = desk.slices.views[0]
    middle = view.width() / 2, view.height() / 2
    desk.slices.measured.emit(view.plane.point_mm(10, middle[1]), view.plane.point_mm(*middle))
    for number in range(1, desk.tabs.count()):
        if desk.tabs.isTabVisible(number):
            desk.tabs.setCurrentIndex(number)
            shoot(window, folder, f"viewer-{file_words(desk.tabs.tabText(number))}")
    desk.tabs.setCurrentWidget(desk.plan)
    for number, name in ((1, "beams"), (2, "references")):
        desk.plan.tabs.setCurrentIndex(number)
        shoot(window, folder, f"viewer-plan-{name}")


def file_words(title: str) -> str:
    """Return the title of a page as part of a file's name."""
    return "".join(c if c.isalpha() else "-" for c in title.lower())


def take_archive(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show the demonstration patient in an archive of its own."""
    archive = window.go_to("Archive")
    settle(lambda: archive.archive is not None)
    archive.open_path(demo / "dicom")
    settle()
    for number, name in enumerate(("sets", "studies", "other-systems")):
        archive.tabs.setCurrentIndex(number)
        shoot(window, folder, f"archive-{name}")


def main() -> None:
    """Read the words of the command line."""
    reader = argparse.ArgumentParser(description="Make the pictures of README and help again.")
    usual = CHECKOUT / "resources" / "help" / "pictures"
    reader.add_argument("folder", type=Path, nargs="?", default=usual)
    reader.add_argument("--dark", action="store_true")
    reader.add_argument("--size", default=SIZE, help="width and height, such as 1280x720")
    reader.add_argument("--set", type=Path, help="an RT set: the Viewer alone is shown with it")
    reader.add_argument("--room", choices=ROOMS, help="one room alone")
    words = reader.parse_args()
    words.folder.mkdir(parents=True, exist_ok=True)
    take_all(words.folder, words)


if __name__ == "__main__":
    main()
