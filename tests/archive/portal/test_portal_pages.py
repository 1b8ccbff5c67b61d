"""What the portal shows and hands out: found, listed, looked at, downloaded, forwarded."""

import io
import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest
from starlette.testclient import TestClient

from app.archive.portal.ask import Picture, Sent
from app.archive.portal.outlets import forwarder, outlets
from app.archive.portal.site import site
from core import audit
from core.archive.archive import Archive
from core.archive.content import content_digest
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings
from core.archive.settings import settings_file
from core.errors import RemedyError
from tests.archive.portal.world import PASSWORD, PNG, World, form_token, take_in
from tests.archive.servers import HERE


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.toy = take_in(made.archive, tmp_path)
    yield made
    made.archive.close()


@pytest.mark.req("Y-05")
@pytest.mark.parametrize("asked", ["name=doe", "name=d*jane", "name=jan+doe", "id=47", "id=4?11",
                                   "modality=RTPLAN&id=4"])  # fmt: skip
def test_that_a_person_is_found_by_name_or_number(world, asked):
    answer = world.browser("view").get(f"/?{asked}")
    assert "1 found" in answer.text
    assert "/patient/1" in answer.text


@pytest.mark.req("Y-05")
def test_that_nobody_found_is_said_with_what_to_do(world):
    answer = world.browser("view").get("/?name=nobody")
    assert "Nobody was found" in answer.text


@pytest.mark.req("Y-06")
def test_that_a_person_opens_to_sets_studies_series_and_objects(world):
    browser = world.browser("view")
    text = browser.get("/patient/1").text
    assert "9 of 9" in text
    assert text.count("/series/") == 4
    series = browser.get("/series/1").text
    assert "9 objects" in series
    assert world.toy.images[0].SOPInstanceUID in series


@pytest.mark.req("Y-06")
def test_that_what_is_not_here_is_said(world):
    browser = world.browser("view")
    for path in ("/patient/99", "/series/99", "/patient/1/set/7"):
        assert browser.get(path).status_code == 404


@pytest.mark.req("Y-10")
def test_that_a_set_shows_its_verdict_its_plan_and_a_picture_for_this_account_only(world):
    browser = world.browser("view")
    answer = browser.get("/patient/1/set/0")
    assert "Geometry is sound" in answer.text
    assert "Toy" in answer.text
    assert "Something is not drawn." in answer.text
    assert world.looks == [(12, "axial", None)]
    name = answer.text.split('src="/picture/')[1].split('"')[0]
    assert browser.get(f"/picture/{name}").content == PNG
    assert world.browser("admin").get(f"/picture/{name}").status_code == 404
    browser.get("/patient/1/set/0?view=sagittal&at=1,2,5.5")
    assert world.looks[-1] == (12, "sagittal", (1.0, 2.0, 5.5))
    browser.get("/patient/1/set/0?view=sideways&at=1,2,nan")
    assert world.looks[-1] == (12, "axial", None)


@pytest.mark.req("Y-10")
def test_that_a_set_that_cannot_be_drawn_is_shown_without_a_picture(tmp_path):
    def refuse(paths, view, at_mm):
        raise RemedyError("nothing can be drawn", where="set", remedy="Open the Viewer.")

    world = World(tmp_path, look=refuse)
    take_in(world.archive, tmp_path)
    answer = world.browser("view").get("/patient/1/set/0")
    assert answer.status_code == 200
    assert "nothing can be drawn" in answer.text
    world.archive.close()


@pytest.mark.req("Y-07")
@pytest.mark.parametrize(("level", "key", "count"), [("patient", "1", 12), ("study", "1", 12),
                                                     ("series", "1", 9)])  # fmt: skip
def test_that_a_level_is_downloaded_byte_for_byte(world, level, key, count):
    answer = world.browser("retrieve").get(f"/download/{level}/{key}")
    assert answer.headers["content-type"] == "application/zip"
    assert "4711" not in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        digests = {sha256(packed.read(name)).hexdigest() for name in packed.namelist()}
    known = {one.digest for one in world.archive.instances_of_patient(1)}
    assert len(digests) == count
    assert digests <= known
    assert not any(world.portal.outgoing.iterdir())


@pytest.mark.req("Y-07")
def test_that_one_object_is_downloaded_by_its_uid(world):
    uid = world.toy.plan.SOPInstanceUID
    answer = world.browser("retrieve").get(f"/download/instance/{uid}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert len(packed.namelist()) == 1


@pytest.mark.req("Y-07", "Y-08")
def test_that_a_plan_set_is_downloaded_and_forwarded_whole(world):
    uid = world.toy.plan.SOPInstanceUID
    assert f"/download/plan/{uid}" in world.browser("retrieve").get("/patient/1").text
    assert f"/download/plan/{uid}" in world.browser("retrieve").get("/patient/1/set/0").text
    answer = world.browser("retrieve").get(f"/download/plan/{uid}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert len(packed.namelist()) == 12
    assert world.browser("retrieve").get("/download/plan/1.2.3").status_code == 404
    slice_uid = world.archive.instances_of_series(1)[0].sop_uid
    assert world.browser("retrieve").get(f"/download/plan/{slice_uid}").status_code == 404
    page = world.browser("forward").get(f"/forward/plan/{uid}").text
    assert "plan set Toyplan" in page


@pytest.mark.req("Y-08")
@pytest.mark.parametrize("level", ["patient", "study", "series"])
def test_that_whose_objects_leave_is_seen_before_and_after(world, level):
    browser = world.browser("forward")
    page = browser.get(f"/forward/{level}/1").text
    token = form_token(page)
    sent = browser.post(f"/forward/{level}/1", data={"form_token": token, "node": "LINAC"}).text
    for text in (page, sent):
        assert "Doe, Jane" in text
        assert "4711" in text


@pytest.mark.req("Y-10")
def test_that_the_picture_names_the_structures_it_shows(tmp_path):
    def look(paths, view, at_mm):
        return Picture(PNG, (1.0, 2.0, 3.0), (), (("PTV <1>", (255, 0, 0)),))

    world = World(tmp_path, look=look)
    take_in(world.archive, tmp_path)
    text = world.browser("view").get("/patient/1/set/0").text
    assert 'fill="rgb(255,0,0)"' in text
    assert "PTV &lt;1&gt;" in text
    world.archive.close()


@pytest.mark.req("Y-07")
def test_that_a_damaged_object_is_told_and_not_handed_out(world):
    browser = world.browser("retrieve")
    one = world.archive.instances_of_series(1)[4]
    path = world.archive.path_of(one)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = browser.get("/download/series/1")
    assert answer.status_code == 409
    assert one.sop_uid in answer.text
    rest = browser.get("/download/series/1?rest=yes")
    with zipfile.ZipFile(io.BytesIO(rest.content)) as packed:
        assert len(packed.namelist()) == 8
    assert audit.entries(world.portal.log)[-1]["missing"] == 1


@pytest.mark.req("Y-08")
def test_that_a_level_is_forwarded_and_the_result_told(world):
    browser = world.browser("forward")
    token = form_token(browser.get("/forward/series/1").text)
    answer = browser.post("/forward/series/1", data={"form_token": token, "node": "LINAC"})
    assert "9 objects arrived at LINAC" in answer.text
    ((node, uids),) = world.sent
    assert (node, len(uids)) == ("LINAC", 9)
    entry = audit.entries(world.portal.log)[-1]
    assert (entry["event"], entry["to"], entry["arrived"]) == ("forward", "LINAC", 9)
    assert entry["patient_id"] == "4711"


@pytest.mark.req("Y-08")
def test_that_only_what_failed_is_sent_again(tmp_path):
    tries = []

    def forward(node, instances):
        tries.append([one.sop_uid for one in instances])
        # The first is refused, the second never answered for.
        return [Sent(instances[0].sop_uid, False, "out of space"),
                *(Sent(one.sop_uid, True, "") for one in instances[2:])]  # fmt: skip

    world = World(tmp_path, forward=forward)
    take_in(world.archive, tmp_path)
    browser = world.browser("forward")
    token = form_token(browser.get("/forward/series/1").text)
    form = {"form_token": token, "node": "LINAC"}
    answer = browser.post("/forward/series/1", data=form)
    assert answer.status_code == 502
    assert "2 did not" in answer.text
    assert "<strong>1 object</strong>: out of space" in answer.text
    assert "<strong>1 object</strong>: nothing was said of it" in answer.text
    browser.post("/forward/series/1", data=form | {"only": " ".join(tries[0][:2])})
    assert tries[1] == tries[0][:2]
    world.archive.close()


@pytest.mark.req("Y-08")
def test_that_an_unknown_listener_gets_nothing(world):
    browser = world.browser("forward")
    token = form_token(browser.get("/").text)
    answer = browser.post("/forward/series/1", data={"form_token": token, "node": "EVIL"})
    assert answer.status_code == 400
    assert world.sent == []


def test_that_the_log_tells_who_did_what_and_when_it_was_changed(world):
    browser = world.browser("admin")
    browser.get("/patient/1")
    text = browser.get("/log").text
    assert "chain of entries is whole" in text
    assert "4711" in text
    browser.get("/patient/1")
    log = world.portal.log
    log.write_text(log.read_text().replace("4711", "4712"))
    assert "The log was changed" in browser.get("/log").text


def test_that_nothing_is_handed_out_when_the_log_cannot_be_written(tmp_path):
    world = World(tmp_path)
    take_in(world.archive, tmp_path)
    browser = world.browser("admin")
    world.portal.log.unlink()
    world.portal.log.mkdir()
    answer = browser.get("/download/patient/1")
    assert answer.status_code == 500
    assert "log" in answer.text
    world.archive.close()


def contents(archive, instances):
    return {content_digest(archive.path_of(one)) for one in instances}


@pytest.mark.req("Y-08")
def test_that_the_systems_of_the_settings_receive_what_is_forwarded(tmp_path, monkeypatch):
    monkeypatch.setenv("EQS_DATA", str(tmp_path))
    other = Archive(tmp_path / "other")
    listener = Listener(other, ListenerSettings(ae_title="OTHER", port=0))
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(
        f'[[node]]\nae_title = "OTHER"\nhost = "{HERE}"\nport = {listener.port}\n'
        f'[[node]]\nae_title = "SENDER"\nhost = "{HERE}"\n'
    )
    world = World(tmp_path, nodes=outlets)
    take_in(world.archive, tmp_path)
    portal = replace(world.portal, forward=forwarder(world.archive))
    browser = TestClient(site(portal), follow_redirects=False)
    browser.post("/login", data={"name": "forward", "password": PASSWORD})
    page = browser.get("/forward/series/1").text
    assert "OTHER" in page
    assert "SENDER" not in page
    form = {"form_token": form_token(page), "node": "OTHER"}
    assert "9 objects arrived at OTHER" in browser.post("/forward/series/1", data=form).text
    sent, received = world.archive.instances_of_series(1), other.index.instances("1")
    assert contents(other, received) == contents(world.archive, sent)
    listener.stop()
    failed = browser.post("/forward/series/1", data=form)
    assert failed.status_code in (500, 502)
    assert "arrived at OTHER" not in failed.text or "0 objects arrived" in failed.text
    world.archive.close()
    other.close()
