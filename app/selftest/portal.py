"""The portal served at a free port of this computer, and read as a browser reads it."""

import re
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from secrets import token_urlsafe

import uvicorn

from app.archive.portal.accounts import Accounts
from app.archive.portal.ask import Portal
from app.archive.portal.serve import Listening, configured
from app.demo.truth import PLAN
from app.portal_look import Renderer
from app.selftest.loop_back import HERE
from app.selftest.outcome import SelfTestError
from core.archive.archive import Archive

PATIENCE_S = 60.0
NAME = "selftest"
# From the list of patients to the picture of a plan set: what is followed on each page.
WAY = (r'href="(/patient/\d+)"', r'href="(/patient/\d+/set/\d+)"', r'src="(/picture/[^"]+)"')
PNG = b"\x89PNG"


def portal(folder: Path) -> str:
    """Log in, find the patient that the archive step has left, and look at its dose."""
    password = token_urlsafe(16)
    accounts = Accounts(folder / "accounts.json")
    accounts.put(NAME, password, ["view"])
    archive, renderer = Archive(folder / "archive"), Renderer()
    made = Portal(
        archive, accounts, folder / "portal.jsonl", folder / "outgoing", renderer.look
    )  # fmt: skip
    try:
        with _served(made) as address:
            return _read(address, password)
    finally:
        renderer.close()
        archive.close()


@contextmanager
def _served(made: Portal) -> Iterator[str]:
    server = uvicorn.Server(configured(made, Listening(host=HERE)))
    with socket.create_server((HERE, 0)) as line:
        thread = threading.Thread(target=server.run, args=([line],), daemon=True)
        thread.start()
        try:
            end = time.monotonic() + PATIENCE_S
            while not server.started:
                if time.monotonic() > end or not thread.is_alive():
                    raise SelfTestError("it does not start", "portal")
                time.sleep(0.05)
            yield f"http://{HERE}:{line.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def _read(address: str, password: str) -> str:
    """Go the way of a clinician; return what was seen."""
    # A proxy of the clinic has nothing to do with this computer.
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    form = urllib.parse.urlencode({"name": NAME, "password": password}).encode()
    browser.open(f"{address}/login", form, PATIENCE_S).close()
    place = f"/?id={PLAN.patient_id}"
    data = browser.open(address + place, None, PATIENCE_S).read()
    for rule in WAY:
        found = re.search(rule, data.decode("utf-8"))
        if found is None:
            raise SelfTestError(f"the page has no link like {rule}", f"portal, {place}")
        place = found[1].replace("&amp;", "&")
        data = browser.open(address + place, None, PATIENCE_S).read()
    if not data.startswith(PNG):
        raise SelfTestError("the picture of the plan set is none", f"portal, {place}")
    return f"Login, patient, plan set and picture shown at {address}."
