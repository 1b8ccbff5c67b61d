"""The archive sends the demonstration patient to its own listener and fetches it back (Y-02)."""

from pathlib import Path

from app.archive.network import Asked, caller_of, fetch_into, found_there, objects_there, started
from app.demo.write_demo import demo_set
from app.selftest.clinical import DEMO
from app.selftest.outcome import SelfTestError
from core.archive.archive import Archive
from core.archive.client_confirm import outgoing_files
from core.archive.client_query import echo
from core.archive.content import content_digest
from core.archive.forward import send_to
from core.archive.nodes import ListenerSettings, Node
from core.archive.settings import ArchiveSettings
from core.archive.transfer import Effort, summary

HERE = "127.0.0.1"
FETCHED = "fetched"


def loop_back(folder: Path) -> str:
    """Echo, store, find and get over a free port of this computer; compare every content."""
    settings = ArchiveSettings(listener=ListenerSettings(host=HERE, port=0), scrub_days=0)
    archive = Archive(folder / "archive")
    try:
        service = started(archive, settings)
        try:
            return _around(folder, settings, service.listener.port)
        finally:
            service.stop()
    finally:
        archive.close()


def _around(folder: Path, settings: ArchiveSettings, port: int) -> str:
    caller = caller_of(settings)
    node = Node(settings.listener.ae_title, HERE, port, "this computer")
    own = sorted((demo_set(folder / DEMO).folder / "dicom").iterdir())
    echo(caller, node)
    objects, refused = outgoing_files(own)
    sent = send_to(caller, node, objects, Effort())
    if refused or any(one.why for one in sent):
        raise SelfTestError(f"not everything was stored: {summary([*sent, *refused])}", "store")
    person = found_there(caller, node, "PATIENT", Asked())
    if len(person) != 1:
        raise SelfTestError(f"{len(person)} patients were found, not 1", "find")
    wanted = objects_there(caller, node, Asked(patient_id=person[0]["PatientID"]))
    target = folder / FETCHED
    got = fetch_into(caller, node, wanted, target, Effort())
    if any(one.why for one in got):
        raise SelfTestError(f"not everything came back: {summary(got)}", "get")
    before, after = (sorted(map(content_digest, files)) for files in (own, target.iterdir()))
    if before != after:
        raise SelfTestError("what came back differs from what was sent", "get")
    return f"{len(own)} objects stored, found and fetched by way of {HERE}:{port}, all unchanged."
