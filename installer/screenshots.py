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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

import pydicom
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QDialog

from app.archive.gui.page import ArchivePage
from app.archive.imports import take_in
from app.demo.write_demo import write_demo
from app.main_window import MainWindow
from app.style import application
from core.archive.archive import Archive
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.rules import Rule
from core.archive.settings_write import put_node, put_rule
from core.archive.transfer import Fate, Result
from core.paths import DATA_VARIABLE
from installer.screenshot_kit import settle, shoot
from installer.screenshots_filter import take_filter

SIZE = "1360x860"
ROOMS = ("LEX", "Filter", "Viewer", "Archive")


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
        if words.archive:
            window.go_to("Archive")
            shoot(window, folder, "archive-empty")
            take_archive(window, folder, demo)
            window.close()
            return
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
    """Show the demonstration patient in an archive of its own, beside another archive."""
    archive = window.go_to("Archive")
    settle(lambda: archive.archive is not None)
    for number, name in ((2, "other-systems"), (3, "rules"), (4, "to-look-at")):
        archive.tabs.setCurrentIndex(number)
        shoot(window, folder, f"archive-empty-{name}")
    archive.tabs.setCurrentIndex(0)
    archive.open_path(demo / "dicom")
    settle()
    shoot(window, folder, "archive-imported")
    for number, name in enumerate(("sets", "studies")):
        archive.tabs.setCurrentIndex(number)
        shoot(window, folder, f"archive-{name}")
    with TemporaryDirectory() as place, second_archive(Path(place)) as other:
        take_network(window, folder, archive, other)


@contextmanager
def second_archive(place: Path) -> Iterator[Node]:
    """Run another archive on this computer."""
    own = Archive(place / "second")
    listener = Listener(own, ListenerSettings(ae_title="SECOND", port=0))
    try:
        yield Node("SECOND", "127.0.0.1", listener.port, "Second archive")
    finally:
        listener.stop()
        own.close()


def take_network(window: MainWindow, folder: Path, archive: ArchivePage, other: Node) -> None:
    """Show what the room does with another system: transfers, drill, questions, connection."""
    put_node(other)
    put_node(Node("LINAC", "127.0.0.1", 9, "Linac"))
    pane = archive.others.network
    pane.refresh()
    settle()
    archive.tabs.setCurrentIndex(0)
    wanted = archive.chosen()
    for name in ("Linac", other.title):
        pane.send(wanted, pane.settings.node(name))
        settle()
    pane.drill()
    settle()
    archive.others.service.switch.click()
    shoot(window, folder, "archive-transfers")
    pane.ask()
    shoot(window, folder, "archive-other-studies")
    pane.check()
    shoot(window, folder, "archive-connection")
    pane.nodes.setCurrentIndex(1)
    pane.check()
    shoot(window, folder, "archive-connection-fault")
    pane.edit_button.menu().actions()[1].trigger()
    shoot_dialog(pane.dialog, folder, "archive-system")
    take_rules(window, folder, archive, other)
    archive.others.service.switch.click()
    settle()


def take_rules(window: MainWindow, folder: Path, archive: ArchivePage, other: Node) -> None:
    """Show the rules, one of them as a form, and what has to be looked at."""
    put_rule(Rule("approved plans to the second archive", other.title, ("RTPLAN",), "APPROVED",
                  ("PINN",), set_complete=True, whole_set=True))  # fmt: skip
    rest = Rule("research", other.title, ("RTPLAN", "RTDOSE"), pseudonymise=True)
    put_rule(rest)
    others = archive.others
    others.network.refresh()
    archive.tabs.setCurrentIndex(3)
    shoot(window, folder, "archive-rules")
    others.rules.tree.setCurrentItem(others.rules.tree.topLevelItem(0))
    others.rules.change_button.click()
    others.rules.dialog.try_it()
    shoot_dialog(others.rules.dialog, folder, "archive-rule")
    spoil(archive.archive, rest)
    archive.tabs.setCurrentIndex(4)
    others.service.read_words()
    settle()
    rows = others.attention.tree
    kept = next(rows.topLevelItem(row) for row in range(rows.topLevelItemCount())
                if rows.topLevelItem(row).text(0).startswith("Other content"))  # fmt: skip
    rows.setCurrentItem(kept)
    shoot(window, folder, "archive-to-look-at")


def shoot_dialog(dialog: QDialog, folder: Path, name: str) -> None:
    """Save a picture of a dialog alone, and close it."""
    settle()
    dialog.grab().save(str(folder / f"{name}.png"))
    print(f"{name}.png", flush=True)
    dialog.reject()
    settle()


def spoil(archive: Archive, rule: Rule) -> None:
    """Let everything go wrong that a person would have to look at."""
    plan = next(one for one in archive.index.instances("1") if one.modality == "RTPLAN")
    with TemporaryDirectory() as name:
        data = pydicom.dcmread(archive.path_of(plan))
        data.RTPlanLabel = "CHANGED"
        data.save_as(Path(name) / "plan.dcm")
        (Path(name) / "IM000042.dcm").write_bytes(b"cut off")
        take_in(archive, [Path(name)])
    dose = next(one for one in archive.index.instances("1") if one.modality == "RTDOSE")
    archive.path_of(dose).write_bytes(b"damaged")
    ledger = Ledger(archive)
    ledger.scrub(0.0, 100_000)
    ledger.note_forwarded(rule.name, [Result(plan.sop_uid, Fate.FAILED, "nothing listens there")])
    ledger.close()


def main() -> None:
    """Read the words of the command line."""
    reader = argparse.ArgumentParser(description="Make the pictures of README and help again.")
    usual = CHECKOUT / "resources" / "help" / "pictures"
    reader.add_argument("folder", type=Path, nargs="?", default=usual)
    reader.add_argument("--dark", action="store_true")
    reader.add_argument("--size", default=SIZE, help="width and height, such as 1280x720")
    reader.add_argument("--archive", action="store_true", help="the Archive room alone")
    reader.add_argument("--set", type=Path, help="an RT set: the Viewer alone is shown with it")
    reader.add_argument("--room", choices=ROOMS, help="one room alone")
    words = reader.parse_args()
    words.folder.mkdir(parents=True, exist_ok=True)
    take_all(words.folder, words)


if __name__ == "__main__":
    main()
