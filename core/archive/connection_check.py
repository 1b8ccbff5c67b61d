"""The connection to another system, step by step, in plain words: what works, who must do what."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt

from core.archive.archive import Archive
from core.archive.calls import Caller, check_line, send_at_once
from core.archive.client_query import VERIFICATION, echo, querying
from core.archive.client_retrieve import move
from core.archive.client_store import send
from core.archive.client_web import Web
from core.archive.nodes import Kind, ListenerSettings, Node
from core.archive.tls import server_context
from core.archive.transfer import Effort, Fate, Outgoing
from core.dicom.files import Source
from core.errors import RemedyError
from core.findings import State

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ARRIVAL_S = 10.0
STEPS = ("Network", "Association", "Echo", "Find", "Store", "Move back")
WEB_STEPS = ("Network", "Find")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the check.

    Attributes:
        state: PASS, ERROR, WARNING, or NOT_RUN when a step before it failed or nobody asked.
        words: What was found, in plain words.
        remedy: What to do, and on which side; empty when nothing.

    """

    name: str
    state: State
    words: str
    remedy: str = ""


Tell = Callable[[Step], None]


def check_connection(
    node: Node,
    settings: ListenerSettings,
    archive: Archive | None = None,
    *,
    with_object: bool = False,
    tell: Tell | None = None,
) -> list[Step]:
    """Try the connection to a system.

    Args:
        node: The system.
        settings: Our own AE title, address, port and certificate.
        archive: Ours, where the object is looked for when our listener is running already.
        with_object: Also send a small test object of a made-up patient, and have it sent back. It
            stays on the other side until somebody deletes it there.
        tell: Told each step when it is done.

    """
    check = _Check(node, settings, archive, tell)
    names = STEPS if node.kind is Kind.DIMSE else WEB_STEPS
    for name in names:
        check.run(name, asked=with_object or name not in ("Store", "Move back"))
    return check.steps


class _Check:
    def __init__(
        self, node: Node, settings: ListenerSettings, archive: Archive | None, tell: Tell | None
    ) -> None:
        self.node, self.settings, self.archive = node, settings, archive
        self.caller = Caller(settings.ae_title, settings.tls)
        self.tell = tell
        self.steps: list[Step] = []
        self.sent: Dataset | None = None

    def run(self, name: str, *, asked: bool) -> None:
        step = self._step(name, asked=asked)
        self.steps.append(step)
        if self.tell is not None:
            self.tell(step)

    def _step(self, name: str, *, asked: bool) -> Step:
        failed = next((one for one in self.steps if one.state is State.ERROR), None)
        if failed is not None and (failed.name in ("Network", "Association") or name != "Store"):
            return Step(name, State.NOT_RUN, f"not tried, because '{failed.name}' failed")
        if not asked:
            return Step(
                name, State.NOT_RUN, "not tried: it leaves a test object on the other side"
            )
        work = {
            "Network": self._network, "Association": self._association, "Echo": self._echo,
            "Find": self._find, "Store": self._store, "Move back": self._move,
        }[name]  # fmt: skip
        try:
            return work()
        except RemedyError as problem:
            return Step(name, State.ERROR, problem.what, problem.remedy)
        except OSError as fault:
            return Step(name, State.ERROR, fault.strerror or str(fault), "Try again.")

    def _network(self) -> Step:
        if self.node.kind is Kind.WEB:
            Web(self.node).ask("STUDY", {"PatientID": "EQS-TEST"})
            return Step("Network", State.PASS, f"{self.node.url} answers DICOMweb")
        if not self.node.port:
            words = "this system only sends: no port is given"
            return Step("Network", State.ERROR, words, "Give its port if it also listens.")
        check_line(self.node)
        return Step("Network", State.PASS, f"{self.node.host}:{self.node.port} is open")

    def _association(self) -> Step:
        with self.caller.call(self.node, [VERIFICATION]):
            how = "with TLS and certificates" if self.node.tls else "without encryption"
            words = f"it knows us as {self.caller.ae_title}, {how}"
            return Step("Association", State.PASS, words)

    def _echo(self) -> Step:
        echo(self.caller, self.node)
        return Step("Echo", State.PASS, "it answers")

    def _find(self) -> Step:
        keys = {"PatientID": "EQS-TEST"}
        if self.node.kind is Kind.WEB:
            Web(self.node).ask("STUDY", keys)
        else:
            with querying(self.caller, self.node) as query:
                query.ask("STUDY", keys)
        return Step("Find", State.PASS, "it answers queries")

    def _store(self) -> Step:
        data = small_object()
        with TemporaryDirectory() as name:
            path = Path(name) / "test.dcm"
            pydicom.dcmwrite(path, data, enforce_file_format=True)
            one = Outgoing(Source(path), str(data.SOPInstanceUID), CAPTURE,
                           str(ExplicitVRLittleEndian))  # fmt: skip
            (result,) = send(self.caller, self.node, [one], Effort(attempts=1))
        if result.fate not in (Fate.DONE, Fate.CHANGED):
            remedy = "Have storing allowed there for our AE title and for secondary captures."
            return Step("Store", State.ERROR, result.why, remedy)
        self.sent = data
        words = "it took the test object (patient EQS-TEST); delete it there"
        return Step("Store", State.PASS, words)

    def _move(self) -> Step:
        if self.sent is None:
            return Step("Move back", State.NOT_RUN, "not tried: nothing was stored")
        uid = str(self.sent.SOPInstanceUID)
        with self._arriving(uid) as came:
            told = move(self.caller, self.node, self.caller.ae_title,
                        {"StudyInstanceUID": str(self.sent.StudyInstanceUID)})  # fmt: skip
            if came():
                return Step("Move back", State.PASS, "the test object came back")
        ours = f"{self.settings.ae_title}, this computer's address, port {self.settings.port}"
        what = told.why or "it says that it sent the object, and nothing came"
        remedy = f"On the other side: enter us as a destination ({ours})."
        if told.completed > 0 or not told.why:
            remedy += " Here: check the firewall for this port."
        if not self.settings.is_open:
            remedy += (
                f" Here: our listener is reached from this computer only ({self.settings.host});"
                " set host in [listener] of archive.toml."
            )
        return Step("Move back", State.ERROR, what, remedy)

    @contextmanager
    def _arriving(self, uid: str) -> Iterator[Callable[[], bool]]:
        """Listen for the object, or look for it in the archive where our listener runs already."""
        came = threading.Event()

        def on_store(event: Any) -> int:  # noqa: ANN401  (pynetdicom's event)
            if str(event.request.AffectedSOPInstanceUID) == uid:
                came.set()
            return 0x0000

        own = AE(ae_title=self.settings.ae_title)
        own.add_supported_context(CAPTURE)
        secured = None if self.settings.tls is None else server_context(self.settings.tls)
        try:
            server = own.start_server(
                (self.settings.host, self.settings.port), block=False, ssl_context=secured,
                evt_handlers=[(evt.EVT_C_STORE, on_store), (evt.EVT_CONN_OPEN, send_at_once)],
            )  # fmt: skip
        except OSError:
            yield lambda: self._is_here(uid)
            return
        try:
            yield lambda: came.wait(ARRIVAL_S)
        finally:
            if server is not None:
                server.shutdown()

    def _is_here(self, uid: str) -> bool:
        for _ in range(round(ARRIVAL_S / 0.2)):
            if self.archive is not None and self.archive.index.digest_of(uid) is not None:
                return True
            threading.Event().wait(0.2)
        return False


def small_object() -> Dataset:
    """Return a picture of four pixels of a made-up patient."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = UID(CAPTURE), generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName, data.PatientID = "Connection^Test", "EQS-TEST"
    data.PatientBirthDate = data.PatientSex = data.StudyDate = data.StudyTime = ""
    data.ReferringPhysicianName = data.StudyID = data.AccessionNumber = ""
    data.Modality, data.ConversionType, data.SeriesNumber, data.InstanceNumber = "OT", "SYN", 1, 1
    data.StudyDescription = f"connection test of {socket.gethostname()}"[:64]
    data.Rows, data.Columns, data.SamplesPerPixel = 2, 2, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelData = bytes(4)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = UID(CAPTURE)
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    return data


def is_sound(steps: list[Step]) -> bool:
    """Return whether no step failed."""
    return not any(one.state is State.ERROR for one in steps)
