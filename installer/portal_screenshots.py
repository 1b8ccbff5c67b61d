"""Make pictures of every page of the web portal, in a real browser with demonstration data.

.venv/bin/python installer/portal_screenshots.py FOLDER [--dark] [--size 1280x720]

It needs Chromium with ChromeDriver (Debian packages chromium, chromium-driver).
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from app.archive.command import own_archive
from app.archive.imports import take_in
from app.archive.portal.accounts import Accounts
from app.demo.write_demo import write_demo
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.settings_write import put_node
from core.paths import DATA_VARIABLE, data_folder

PASSWORD = "for pictures only"
PATIENCE_S = 60
DRAWN = "const i = document.querySelector('#quick'); return i && i.complete && i.naturalWidth > 0"


@contextmanager
def portal(folder: Path) -> Iterator[str]:
    """Start a portal over an archive with the demonstration patient, as its user does."""
    write_demo(folder / "demo")
    archive = own_archive()
    take_in(archive, [folder / "demo" / "dicom"])
    other = own_archive(folder / "second")
    listener = Listener(other, ListenerSettings(ae_title="SECOND", port=0))
    put_node(Node("SECOND", "127.0.0.1", listener.port, "Second archive"))
    put_node(Node("LINAC", "127.0.0.1", 9, "Linac"))
    accounts = Accounts(data_folder() / "portal" / "accounts.json")
    accounts.put("anna", PASSWORD, ["admin"])
    accounts.put("ben", PASSWORD, ["view"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "app", "portal", "serve", "--port", str(port)]
    server = subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        listener.stop()
        other.close()
        archive.close()


@contextmanager
def browser(folder: Path, size: str, *, dark: bool) -> Iterator[webdriver.Chrome]:
    """Start a browser that needs no screen."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 "--disable-background-networking", "--hide-scrollbars",
                 f"--user-data-dir={folder}"):  # fmt: skip
        options.add_argument(word)
    made = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    made.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    width, height = (int(side) for side in size.split("x"))
    made.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False,
    })  # fmt: skip
    try:
        yield made
    finally:
        made.quit()


class Walk:
    """A walk through every page."""

    def __init__(self, own: webdriver.Chrome, address: str, folder: Path) -> None:
        self.own, self.address, self.folder = own, address, folder

    def keep(self, name: str) -> None:
        """Save a picture of what a person sees first."""
        self.own.save_screenshot(str(self.folder / f"portal-{name}.png"))
        print(f"portal-{name}.png", flush=True)

    def fill(self, **values: str) -> None:
        """Fill the fields of a form and send it."""
        for name, value in values.items():
            box = self.own.find_element(By.NAME, name)
            if box.tag_name == "select":
                box.send_keys(value)
            else:
                box.clear()
                box.send_keys(value)
        self.own.find_element(By.CSS_SELECTOR, "main button.chief").click()

    def go(self, words: str) -> None:
        """Follow the link of these words."""
        self.own.find_element(By.PARTIAL_LINK_TEXT, words).click()

    def take_all(self) -> None:
        """Save a picture of every page, with data and without."""
        self.own.get(self.address)
        self.keep("login")
        self.fill(name="anna", password="wrong")
        self.keep("login-wrong")
        self.fill(name="anna", password=PASSWORD)
        self.keep("search")
        self.fill(name="nobody")
        self.keep("nobody")
        self.fill(name="demo")
        self.keep("found")
        self.go("DEMO")
        self.keep("patient")
        self.go("CT pelvis")
        self.keep("series")
        self.own.back()
        self.go("PELVIS")
        WebDriverWait(self.own, PATIENCE_S).until(lambda one: one.execute_script(DRAWN))
        self.keep("set")
        self.own.execute_script("document.querySelector('#quick').scrollIntoView()")
        self.keep("set-picture")
        self.own.execute_script("document.querySelector('.wide').scrollIntoView()")
        self.keep("set-tables")
        self.own.back()
        self.go("Forward")
        self.keep("forward")
        self.fill(node="Second")
        self.keep("forwarded")
        self.own.back()
        self.fill(node="Linac")
        self.keep("forward-failed")
        for page in ("log", "accounts", "patient/4711"):
            self.own.get(f"{self.address}/{page}")
            self.keep(page.replace("/", "-"))


def main() -> None:
    """Read the words of the command line."""
    reader = argparse.ArgumentParser(description="Make pictures of every page of the portal.")
    reader.add_argument("folder", type=Path)
    reader.add_argument("--dark", action="store_true")
    reader.add_argument("--size", default="1360x860", help="width and height, such as 1280x720")
    words = reader.parse_args()
    words.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        # Nobody's own archive is in the pictures.
        os.environ[DATA_VARIABLE] = str(Path(name) / "data")
        profile = Path(name) / "chromium"
        with (
            portal(Path(name)) as address,
            browser(profile, words.size, dark=words.dark) as own,
        ):
            Walk(own, address, words.folder).take_all()


if __name__ == "__main__":
    main()
