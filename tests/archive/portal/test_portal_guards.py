"""Who gets in: every address by every role, forged forms, guessed passwords, ended sessions."""

import re

import pytest

from app.archive.portal.accounts import ROLES, Accounts
from app.archive.portal.sessions import IDLE_S, LONGEST_S, Sessions
from app.archive.portal.site import ADDRESSES
from app.archive.portal.throttle import Throttle
from core import audit
from core.errors import ClinicFileError, RemedyError
from tests.archive.portal.world import PASSWORD, SCRIPT, World, form_token, take_in

GUARDED = [one for one in ADDRESSES if one.role is not None]
WITHIN = {"view": ROLES, "retrieve": ("retrieve", "admin"), "forward": ("forward", "admin"),
          "admin": ("admin",)}  # fmt: skip


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    take_in(made.archive, tmp_path)
    yield made
    made.archive.close()


def address_of(one):
    path = one.path.replace("{patient:int}", "1").replace("{series:int}", "1")
    path = path.replace("{place:int}", "0").replace("{level}", "patient").replace("{key}", "1")
    return path.replace("{name}", "nothing")


def ask(browser, one, token=""):
    if one.method == "GET":
        return browser.get(address_of(one))
    return browser.post(address_of(one), data={"form_token": token, "node": "LINAC"})


@pytest.mark.parametrize("one", GUARDED, ids=lambda one: f"{one.method} {one.path}")
def test_that_nobody_gets_in_without_login(world, one):
    answer = ask(world.browser(), one)
    assert answer.status_code in (303, 403)
    assert "4711" not in answer.text
    assert world.sent == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("one", GUARDED, ids=lambda one: f"{one.method} {one.path}")
def test_that_an_address_opens_to_its_roles_only(world, one, role):
    browser = world.browser(role)
    token = form_token(browser.get("/").text)
    answer = ask(browser, one, token)
    if role in WITHIN[one.role]:
        assert answer.status_code in (200, 303, 404)
        assert "may not do this" not in answer.text
    else:
        assert answer.status_code == 403
        assert one.role in answer.text
        assert world.sent == []
        assert audit.entries(world.portal.log)[-1]["event"] == "refused"


def test_that_every_address_is_guarded_but_the_entrance():
    assert {one.path for one in ADDRESSES if one.role is None} == {"/style.css", "/login"}


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"},
     {"content-type": "text/plain"}],
)  # fmt: skip
def test_that_a_form_from_elsewhere_is_refused(world, headers):
    browser = world.browser("forward")
    token = form_token(browser.get("/").text)
    answer = browser.post(
        "/forward/patient/1", data={"form_token": token, "node": "LINAC"}, headers=headers
    )
    assert answer.status_code in (403, 413)
    assert world.sent == []


@pytest.mark.parametrize("token", ["", "guessed"])
def test_that_a_form_without_its_token_is_refused(world, token):
    answer = world.browser("forward").post(
        "/forward/patient/1", data={"form_token": token, "node": "LINAC"}
    )
    assert answer.status_code == 403
    assert world.sent == []


def test_that_another_host_name_is_refused(world):
    answer = world.browser("view").get("/", headers={"host": "rebound.example"})
    assert answer.status_code == 421


def test_that_wrong_passwords_are_told_alike_and_soon_have_to_wait(world):
    browser = world.browser()
    known = browser.post("/login", data={"name": "view", "password": "wrong"})
    unknown = browser.post("/login", data={"name": "nobody", "password": "wrong"})
    assert known.status_code == unknown.status_code == 401
    assert re.sub("value=.*", "", known.text) == re.sub("value=.*", "", unknown.text)
    for _ in range(5):
        last = browser.post("/login", data={"name": "view", "password": "wrong"})
    assert last.status_code == 429
    right = browser.post("/login", data={"name": "view", "password": PASSWORD})
    assert right.status_code == 429
    events = [one["event"] for one in audit.entries(world.portal.log)]
    assert {"login-refused", "login-throttled"} <= set(events)
    assert PASSWORD not in world.portal.log.read_text()


def test_that_the_cookie_is_out_of_reach_of_scripts_and_other_sites(world):
    answer = world.browser().post("/login", data={"name": "view", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].casefold()
    assert all(words in cookie for words in ("httponly", "samesite=strict", "path=/"))


def test_that_logging_out_ends_the_session(world):
    browser = world.browser("view")
    kept = dict(browser.cookies)
    browser.post("/logout", data={"form_token": form_token(browser.get("/").text)})
    browser.cookies.update(kept)
    assert browser.get("/").status_code == 303


def test_that_a_removed_account_is_out_at_once(world):
    browser = world.browser("view")
    world.accounts.remove("view")
    assert browser.get("/").status_code == 303


def test_that_a_flood_of_requests_has_to_wait(world):
    browser = world.browser("view")
    codes = {browser.get("/style.css").status_code for _ in range(260)}
    assert codes == {200, 429}


def test_that_sessions_die_of_idleness_and_of_age():
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    idle, used = sessions.begin("a"), sessions.begin("a")
    while now[0] < LONGEST_S - IDLE_S:
        now[0] += IDLE_S * 0.9
        assert sessions.get(used) is not None
    assert sessions.get(idle) is None
    now[0] = LONGEST_S + 1
    assert sessions.get(used) is None
    assert sessions.get("made up") is None


def test_that_a_throttle_opens_again():
    now = [0.0]
    throttle = Throttle(2, 10.0, lambda: now[0])
    throttle.note("a")
    throttle.note("a")
    assert throttle.wait_s("a") == 10.0
    assert throttle.wait_s("b") == 0.0
    now[0] = 10.0
    assert throttle.wait_s("a") == 0.0


@pytest.mark.parametrize(
    ("name", "password", "roles", "words"),
    [
        ("a/b", PASSWORD, ["view"], "cannot be the name"),
        ("../x", PASSWORD, ["view"], "cannot be the name"),
        ("anna", "short", ["view"], "easy to guess"),
        ("anna", "anna anna anna", ["view"], "easy to guess"),
        ("anna", PASSWORD, ["root"], "no role"),
        ("anna", PASSWORD, [], "no role"),
    ],
)
def test_that_an_account_that_cannot_be_is_refused(tmp_path, name, password, roles, words):
    accounts = Accounts(tmp_path / "accounts.json")
    with pytest.raises(RemedyError, match=words):
        accounts.put(name, password, roles)
    assert not accounts.path.exists()


def test_that_no_password_lies_in_the_file_and_only_its_owner_reads_it(tmp_path):
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.put("anna", PASSWORD, ["view"])
    assert PASSWORD not in accounts.path.read_text()
    assert "argon2id" in accounts.path.read_text()
    assert accounts.path.stat().st_mode & 0o077 == 0
    assert accounts.check("anna", PASSWORD).may("view")
    assert not accounts.check("anna", PASSWORD).may("retrieve")
    assert accounts.check("anna", PASSWORD + "x") is None


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"roles": ["view"]}}', "\x00"])
def test_that_a_damaged_file_of_accounts_lets_nobody_in(tmp_path, text):
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.path.write_text(text)
    with pytest.raises(ClinicFileError, match="cannot be read"):
        accounts.check("a", PASSWORD)


def test_that_every_answer_forbids_foreign_content(world):
    for path in ("/login", "/style.css", "/nowhere", "/"):
        answer = world.browser("view").get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_that_a_script_in_a_name_is_text(tmp_path):
    world = World(tmp_path)
    take_in(
        world.archive, tmp_path, name=f"{SCRIPT}^A", StudyDescription=SCRIPT,
        SeriesDescription=SCRIPT, RTPlanLabel=SCRIPT[:16],
    )  # fmt: skip
    browser = world.browser("admin")
    for path in ("/?id=4711", f"/?name={SCRIPT}", "/patient/1", "/series/1", "/patient/1/set/0",
                 "/log", f"/patient/1/set/0?view={SCRIPT}&at={SCRIPT}"):  # fmt: skip
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
    assert "&lt;script&gt;" in browser.get("/?id=4711").text
    world.archive.close()


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/picture/../accounts.json.png",
     "/picture/%2e%2e%2faccounts.png", "/download/patient/..%2f1", "/download/instance/..%2f..",
     "/download/none/1", "/download/series/1%20OR%201=1", "/style.css/../log.jsonl"],
)  # fmt: skip
def test_that_no_path_leads_out_of_the_portal(world, path):
    answer = world.browser("admin").get(path)
    assert answer.status_code in (303, 404)
    assert "root:" not in answer.text
    assert "argon2" not in answer.text
