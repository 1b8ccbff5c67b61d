"""The portal as it is started, in a real browser, with real pictures, by keyboard alone."""

import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from app.archive.portal.accounts import Accounts
from app.command_line import main
from app.demo.write_demo import write_demo
from core import audit
from core.paths import data_folder
from tests.archive.portal.world import PASSWORD

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(None in (CHROMIUM, DRIVER), reason="no Chromium with ChromeDriver is here"),
    pytest.mark.timeout(180),
]
PATIENCE_S = 30


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def portal(tmp_path):
    """The portal of the demonstration patient, started as its user does."""
    write_demo(tmp_path / "demo")
    assert main(["archive", "import", str(tmp_path / "demo" / "dicom")]) == 0
    accounts = Accounts(data_folder() / "portal" / "accounts.json")
    accounts.put("anna", PASSWORD, ["retrieve", "admin"])
    port = free_port()
    words = [sys.executable, "-m", "app", "portal", "serve", "--port", str(port)]
    server = subprocess.Popen(words, env=os.environ | {"EQS_DATA": str(data_folder())})
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    assert server.wait(20) is not None


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                 "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--window-size=1280,900",
                 f"--user-data-dir={tmp_path / 'chromium'}"):  # fmt: skip
        options.add_argument(word)
    (tmp_path / "downloads").mkdir()
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(tmp_path / "downloads")}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


def press(browser, *keys):
    browser.switch_to.active_element.send_keys(*keys)


def tab_to(browser, words):
    """Go on by Tab until what has these words has the focus."""
    for _ in range(60):
        press(browser, Keys.TAB)
        here = browser.switch_to.active_element
        if here.tag_name != "body" and words in here.text:
            return
    raise AssertionError(f"no key leads to {words!r}")


def until(browser, words):
    """Wait for a page with these words; the page before goes away meanwhile."""
    WebDriverWait(browser, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException]).until(
        lambda one: words in one.find_element(By.TAG_NAME, "body").text
    )


def picture_is_drawn(browser):
    return browser.execute_script(
        "const i = document.querySelector('#quick'); return i.complete && i.naturalWidth"
    )


@pytest.mark.req("Y-05", "Y-06", "Y-07", "Y-10")
def test_that_the_keyboard_leads_from_login_to_picture_and_download(portal, browser, tmp_path):
    browser.get(portal)
    press(browser, "anna", Keys.TAB, PASSWORD, Keys.ENTER)
    until(browser, "Medical record number")
    keep(browser, "search")
    press(browser, "demo", Keys.ENTER)
    until(browser, "1 found")
    keep(browser, "found")
    tab_to(browser, "DEMO")
    press(browser, Keys.ENTER)
    until(browser, "Plan sets")
    keep(browser, "patient")
    tab_to(browser, "PELVIS")
    press(browser, Keys.ENTER)
    until(browser, "Quick look")
    WebDriverWait(browser, PATIENCE_S).until(picture_is_drawn)
    assert picture_is_drawn(browser) == 720
    keep(browser, "set")
    tab_to(browser, "Sagittal")
    press(browser, Keys.ENTER)
    WebDriverWait(browser, PATIENCE_S).until(lambda one: "view=sagittal" in one.current_url)
    WebDriverWait(browser, PATIENCE_S).until(picture_is_drawn)
    browser.back()
    browser.back()
    until(browser, "Plan sets")
    tab_to(browser, "Download")
    press(browser, Keys.ENTER)
    downloads = tmp_path / "downloads"
    WebDriverWait(browser, PATIENCE_S).until(lambda _: list(downloads.glob("*.zip")))
    with zipfile.ZipFile(next(downloads.glob("*.zip"))) as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == 43
    faults = [row for row in browser.get_log("browser") if "favicon" not in row["message"]]
    assert faults == []
    tab_to(browser, "Log out")
    press(browser, Keys.ENTER)
    until(browser, "Log in")
    events = [one["event"] for one in audit.entries(data_folder() / "portal" / "log.jsonl")]
    assert [one for one in events if one in ("login", "search", "download", "logout")] == [
        "login", "search", "download", "logout"
    ]  # fmt: skip


def keep(browser, name):
    """Save a picture of the page where somebody wants to look at them."""
    folder = os.environ.get("EQS_PORTAL_PICTURES")
    if folder:
        browser.save_screenshot(f"{folder}/portal-{name}.png")
