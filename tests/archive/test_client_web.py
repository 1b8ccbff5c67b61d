"""DICOMweb against Orthanc's plugin: ask, send, fetch, and what is said when it fails."""

import pytest

from core.archive.archive import Archive
from core.archive.client_confirm import outgoing_files
from core.archive.client_web import Web, WebError
from core.archive.content import content_digest
from core.archive.nodes import Kind, Node
from core.archive.transfer import Effort, Fate
from tests.archive.servers import HERE, free_port, orthanc, own_network
from tests.core.dicom_maker import clean_set


@pytest.mark.req("Y-08", "Y-09")
def test_that_a_set_goes_to_orthanc_and_comes_back_with_equal_content(tmp_path):
    folder = clean_set().write(tmp_path / "set")
    own = Archive(tmp_path / "own")
    with own_network(), orthanc(tmp_path / "server") as (_, node):
        web = Web(node)
        objects, _ = outgoing_files(folder.iterdir())
        assert {one.fate for one in web.send(objects)} == {Fate.DONE}
        (study,) = web.ask("STUDY", {"PatientID": "TOY1"})
        assert str(study.PatientName) == "Toy^Test"
        there = list(web.instances(patient_id="TOY1"))
        assert {one.sop_uid for one in there} == {one.sop_uid for one in objects}
        got = web.get(there, lambda data, sender: own.take_in_many(data, "web", sender))
        stopped = Effort()
        stopped.stop.set()
        cancelled = web.get(there, lambda *_: None, stopped)
    assert {one.fate for one in got} == {Fate.DONE}
    assert {one.fate for one in cancelled} == {Fate.CANCELLED}
    assert {content_digest(own.path_of(one)) for one in own.index.instances("1")} == {
        content_digest(path) for path in folder.iterdir()
    }
    own.close()


@pytest.mark.req("Y-08")
def test_that_a_server_that_is_not_there_fails_each_object(tmp_path):
    folder = clean_set().write(tmp_path / "set")
    node = Node("", "", 0, name="web", kind=Kind.WEB, url=f"http://{HERE}:{free_port()}/dicom-web")
    objects, _ = outgoing_files(folder.iterdir())
    results = Web(node).send(objects[:2], Effort(attempts=2))
    assert {(one.fate, one.why, one.attempts) for one in results} == {
        (Fate.FAILED, "it does not answer", 2)
    }
    with pytest.raises(WebError, match="does not answer"):
        Web(node).ask("STUDY")
