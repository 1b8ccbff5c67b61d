"""A portal with two persons, an account for each role, and a browser that needs no screen."""

import re

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from app.archive.portal.accounts import ROLES, Accounts
from app.archive.portal.ask import Picture, Portal, Sent
from app.archive.portal.site import site
from core.archive.archive import Archive
from tests.core.dicom_maker import clean_set

PASSWORD = "a long enough secret"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SCRIPT = "<script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n of a test"


class World:
    """What a test of the portal looks at."""

    def __init__(self, folder, **more):
        self.archive = Archive(folder / "archive")
        self.accounts = Accounts(folder / "accounts.json", CHEAP)
        for role in ROLES:
            self.accounts.put(role, PASSWORD, [role])
        self.sent = []
        self.looks = []
        self.portal = Portal(
            self.archive, self.accounts, folder / "log.jsonl", folder / "outgoing",
            **{"look": self.look, "nodes": lambda: ["LINAC"], "forward": self.forward,
               "hosts": ("testserver",)} | more,
        )  # fmt: skip
        self.site = site(self.portal)

    def look(self, paths, view, at_mm):
        self.looks.append((len(paths), view, at_mm))
        return Picture(PNG, at_mm or (1.0, 2.0, 3.0), ("Something is not drawn.",))

    def forward(self, node, instances):
        self.sent.append((node, [one.sop_uid for one in instances]))
        return [Sent(one.sop_uid, True, "") for one in instances]

    def browser(self, role=None):
        client = TestClient(self.site, follow_redirects=False)
        if role is not None:
            answer = client.post("/login", data={"name": role, "password": PASSWORD})
            assert answer.status_code == 303
        return client


def take_in(archive, folder, name="Doe^Jane", number="4711", **values):
    toy = clean_set()
    objects = [*toy.images, toy.structures, toy.plan, toy.dose]
    for one in objects:
        one.PatientName, one.PatientID = name, number
        for keyword, value in values.items():
            setattr(one, keyword, value)
    place = folder / f"in{number}"
    place.mkdir()
    toy.write(place)
    report = archive.take_in_files([place], "test")
    assert all(one.outcome is not None for one in report)
    return toy


def form_token(text):
    return re.search(r'name="form_token" value="([^"]+)"', text).group(1)
