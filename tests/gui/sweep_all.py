"""All sweeps over everything the program shows, in a process of its own.

python -m tests.gui.sweep_all WIDTHxHEIGHT SCALE THEME [FOLDER]      theme: Light or Dark

The window fills a screen of that size, which is told in units of the scaled desktop: a screen of
1920 x 1080 pixels at 200 % is 960x540 2. Prints what was found as JSON, by page; FOLDER gets a
picture of every page.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from app.main_window import MainWindow
from app.room_area import RoomArea
from app.settings_store import SETTINGS_VARIABLE, user_settings
from core.paths import DATA_VARIABLE
from tests.bench.open_close import settle
from tests.gui.all_pages import dialogs, empty_pages, fill, pages
from tests.gui.sweeps import SWEEPS

WHOLE = (1280, 720)  # from this size on no room scrolls


def everything(window: MainWindow, folder: Path) -> Iterator[tuple[str, QWidget]]:
    """Show one page after the other, empty and filled, then the other windows."""
    yield from ((name, window) for name in empty_pages(window))
    fill(window, folder)
    yield from ((name, window) for name in pages(window))
    yield from dialogs(window)


def swept(size: tuple[int, int], theme: str, pictures: Path | None = None) -> dict[str, list[str]]:
    """Return what the sweeps find, by page; a page without a finding has an empty list."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        os.environ[DATA_VARIABLE] = str(Path(name) / "data")
        os.environ[SETTINGS_VARIABLE] = str(Path(name) / "settings.ini")
        user_settings().setValue("scheme", theme)
        window = MainWindow()
        window.resize(*size)
        window.show()
        settle()
        for page, top in everything(window, Path(name)):
            top.resize(min(top.width(), size[0]), min(top.height(), size[1]))
            settle()
            found[page] = [
                f"{sweep.__name__}: {words}" for sweep in SWEEPS for words in sweep(top)
            ]
            if top.width() > size[0] or top.height() > size[1]:
                found[page].append(f"the window needs {top.width()} x {top.height()}")
            if size >= WHOLE and (over := scrolled(window)):
                found[page].append(f"the room needs {over} more than there is")
            if pictures is not None:
                top.grab().save(str(pictures / f"{page.replace(', ', '-').replace(' ', '-')}.png"))
        window.close()
        settle()
    return found


def scrolled(window: MainWindow) -> str:
    """Return by how much the room in hand is larger than its place; nothing when it is not."""
    area = window.findChild(RoomArea)
    over = area.horizontalScrollBar().maximum(), area.verticalScrollBar().maximum()
    return f"{over[0]} x {over[1]}" if any(over) else ""


def screen_of(size: tuple[int, int], scale: int, folder: Path) -> dict[str, str]:
    """Return the environment of a program that has one screen of this size, without hardware."""
    screen = {"name": "one", "x": 0, "y": 0, "width": size[0] * scale, "height": size[1] * scale,
              "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}  # fmt: skip
    file = folder / "screen.json"
    file.write_text(json.dumps({"screens": [screen]}))
    return {"QT_QPA_PLATFORM": f"offscreen:configfile={file}", "QT_SCALE_FACTOR": str(scale)}


def main() -> None:
    """Read the words of the command line."""
    width, height = (int(side) for side in sys.argv[1].split("x"))
    pictures = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        os.environ |= screen_of((width, height), int(sys.argv[2]), Path(name))
        program = QApplication(sys.argv[:1])
    found = swept((width, height), sys.argv[3], pictures)
    print(json.dumps(found, indent=1))
    del program


if __name__ == "__main__":
    main()
