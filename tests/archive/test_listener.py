"""The listener against DCMTK's own programs: store, find, get, move, and who is answered."""

import shutil
import socket
import subprocess
import threading
import time
from types import SimpleNamespace

import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from core.archive.answering import DUPLICATE
from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.client_query import VERIFICATION, echo
from core.archive.command_set import C_ECHO, NO_DATA
from core.archive.content import content_digest
from core.archive.line import LineCutError
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from tests.core.dicom_maker import clean_set

HERE = "127.0.0.1"


@pytest.fixture
def folder(tmp_path):
    return clean_set().write(tmp_path / "set")


def serving(tmp_path, *nodes):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0, nodes=nodes))
    return SimpleNamespace(archive=archive, listener=listener, port=listener.port)


@pytest.fixture
def served(tmp_path):
    made = serving(tmp_path)
    yield made
    made.listener.stop()
    made.archive.close()


def dcmtk(name, *words):
    if shutil.which(name) is None:
        pytest.skip(f"{name} of DCMTK is not on this machine (Debian package dcmtk)")
    done = subprocess.run(
        [name, *map(str, words)], capture_output=True, text=True, check=False, timeout=60,
        env={"TCP_NODELAY": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def send(served, folder):
    return dcmtk("storescu", "-aec", "EQS", HERE, served.port, "+sd", folder)


def contents(paths):
    return {content_digest(path) for path in paths}


@pytest.mark.req("Y-01", "Y-02")
def test_that_what_dcmtk_sends_is_here_with_equal_content(served, folder):
    code, words = send(served, folder)
    assert code == 0, words
    here = served.archive.index.instances("1")
    assert {one.sender for one in here} == {"STORESCU"}
    assert contents(map(served.archive.path_of, here)) == contents(folder.iterdir())
    assert served.archive.verify() == []


@pytest.mark.req("Y-09")
def test_that_a_second_sending_is_acknowledged_and_stored_once(served, folder):
    send(served, folder)
    assert send(served, folder)[0] == 0
    assert len(served.archive.index.instances("1")) == 12


@pytest.mark.req("Y-09")
def test_that_a_file_of_cd_and_the_same_object_by_network_are_one(served, folder):
    served.archive.take_in_files([folder], "CD")
    assert send(served, folder)[0] == 0
    assert served.archive.conflicts() == []
    assert len(served.archive.index.instances("1")) == 12


@pytest.mark.req("Y-09")
def test_that_another_content_is_answered_as_a_duplicate(served, folder):
    send(served, folder)
    data = pydicom.dcmread(next(folder.glob("RTPLAN*")))
    data.RTPlanLabel = "Changed"
    ae = AE()
    ae.add_requested_context(data.SOPClassUID, data.file_meta.TransferSyntaxUID)
    association = ae.associate(HERE, served.port, ae_title="EQS")
    status = association.send_c_store(data)
    association.release()
    assert status.Status == DUPLICATE
    assert len(served.archive.conflicts()) == 1
    (plan,) = served.archive.index.instances("r.modality = 'RTPLAN'")
    assert plan.rt.label == "Toyplan"


@pytest.mark.req("Y-09")
@pytest.mark.parametrize(
    ("keys", "count"),
    [
        (["QueryRetrieveLevel=STUDY", "PatientName=TOY*", "StudyInstanceUID"], 1),
        (["QueryRetrieveLevel=STUDY", "PatientID=NOBODY", "StudyInstanceUID"], 0),
        (["QueryRetrieveLevel=SERIES", "PatientID=TOY1", "Modality"], 4),
        (["QueryRetrieveLevel=SERIES", "PatientID=TOY1", "Modality=CT"], 1),
        (["QueryRetrieveLevel=IMAGE", "PatientID=TOY1", "SOPInstanceUID"], 12),
    ],
)
def test_that_dcmtk_finds_at_every_level(served, folder, keys, count):
    send(served, folder)
    words = [part for key in keys for part in ("-k", key)]
    code, told = dcmtk("findscu", "-S", "-aec", "EQS", HERE, served.port, *words)
    assert code == 0
    assert told.count("Find Response:") == count, told


@pytest.mark.req("Y-09")
def test_that_counts_and_modalities_are_told(served, folder):
    send(served, folder)
    asked = Dataset()
    asked.QueryRetrieveLevel = "PATIENT"
    asked.PatientID, asked.PatientName = "TOY1", ""
    asked.NumberOfPatientRelatedInstances, asked.ModalitiesInStudy = None, ""
    ae = AE()
    ae.add_requested_context(PatientRootQueryRetrieveInformationModelFind)
    association = ae.associate(HERE, served.port, ae_title="EQS")
    found = [one for _, one in association.send_c_find(
        asked, PatientRootQueryRetrieveInformationModelFind) if one]  # fmt: skip
    association.release()
    assert [one.NumberOfPatientRelatedInstances for one in found] == [12]
    assert set(found[0].ModalitiesInStudy) == {"CT", "RTSTRUCT", "RTPLAN", "RTDOSE"}


@pytest.mark.req("Y-07", "Y-09")
def test_that_dcmtk_gets_everything_back_with_equal_content(served, folder, tmp_path):
    send(served, folder)
    study = served.archive.index.instances("1")[0].study_uid
    out = tmp_path / "got"
    out.mkdir()
    code, words = dcmtk(
        "getscu", "-S", "-aec", "EQS", "-od", out, HERE, served.port,
        "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}",
    )  # fmt: skip
    assert code == 0, words
    assert contents(out.iterdir()) == contents(folder.iterdir())


def receiver(into):
    """A listener of pynetdicom alone, as the other end of a move."""
    got = []
    ae = AE(ae_title="TPS")
    ae.supported_contexts = AllStoragePresentationContexts

    def keep(event):
        path = into / f"{event.request.AffectedSOPInstanceUID}.dcm"
        path.write_bytes(event.encoded_dataset())
        got.append(path)
        return 0

    server = ae.start_server((HERE, 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
    return ae, server.socket.getsockname()[1], got


@pytest.mark.req("Y-08", "Y-09")
def test_that_a_study_is_moved_to_a_peer_and_to_nobody_else(tmp_path, folder):
    into = tmp_path / "moved"
    into.mkdir()
    other, port, got = receiver(into)
    made = serving(tmp_path, Node("TPS", HERE, port), Node("CLIENT", HERE, 1))
    made.archive.take_in_files([folder], "CD")
    asked = Dataset()
    asked.QueryRetrieveLevel = "STUDY"
    asked.StudyInstanceUID = made.archive.index.instances("1")[0].study_uid
    ae = AE(ae_title="CLIENT")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelMove)
    association = ae.associate(HERE, made.port, ae_title="EQS")
    model = StudyRootQueryRetrieveInformationModelMove
    last = [status for status, _ in association.send_c_move(asked, "TPS", model)][-1]
    unknown = [status for status, _ in association.send_c_move(asked, "STRANGER", model)][-1]
    association.release()
    other.shutdown()
    made.listener.stop()
    made.archive.close()
    assert last.Status == 0
    assert contents(got) == contents(folder.iterdir())
    assert unknown.Status == 0xA801


@pytest.mark.req("Y-09")
def test_that_a_stranger_is_not_answered(tmp_path):
    made = serving(tmp_path, Node("TPS", HERE, 104))
    ae = AE(ae_title="STRANGER")
    ae.add_requested_context(Verification)
    refused = ae.associate(HERE, made.port, ae_title="EQS")
    ae.ae_title = "TPS"
    answered = ae.associate(HERE, made.port, ae_title="EQS")
    assert not refused.is_established
    assert answered.is_established
    assert answered.send_c_echo().Status == 0
    answered.release()
    made.listener.stop()
    made.archive.close()


def test_that_it_listens_on_this_computer_only(served):
    bound = served.listener._server.socket.getsockname()[0]
    assert bound == HERE


def test_that_garbage_on_the_line_leaves_it_answering(served, folder):
    for data in (b"GET / HTTP/1.0\r\n\r\n", bytes(range(256)) * 40, b"\x01\x00\xff\xff\xff\xff"):
        with socket.create_connection((HERE, served.port), timeout=5) as line:
            line.sendall(data)
    assert send(served, folder)[0] == 0
    assert len(served.archive.index.instances("1")) == 12


def test_that_an_object_that_lost_its_file_fails_and_is_not_told_as_sent(served, folder, tmp_path):
    send(served, folder)
    served.archive.settle()
    (plan,) = served.archive.index.instances("r.modality = 'RTPLAN'")
    served.archive.path_of(plan).unlink()
    out = tmp_path / "got"
    out.mkdir()
    dcmtk(
        "getscu", "-S", "-aec", "EQS", "-od", out, HERE, served.port,
        "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={plan.study_uid}",
    )  # fmt: skip
    assert len(list(out.iterdir())) == 11


@pytest.mark.req("Y-02")
def test_that_what_was_not_taken_is_there_to_look_at(served, folder, tmp_path):
    data = pydicom.dcmread(next(folder.glob("RTPLAN*")))
    uid = data.SOPInstanceUID
    del data.StudyInstanceUID
    (tmp_path / "broken").mkdir()
    data.save_as(tmp_path / "broken" / "plan.dcm")
    code, _ = send(served, tmp_path / "broken")
    assert code != 0 or served.listener.counts.refused == 1
    ((name, sender, why, _),) = served.listener.ledger.refused()
    assert (name, sender) == (uid, "STORESCU")
    assert "StudyInstanceUID" in why


@pytest.mark.req("Y-09")
def test_that_looking_whether_the_port_is_open_takes_nobodys_place(tmp_path):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0, associations=3))
    for _ in range(30):
        socket.create_connection((HERE, listener.port)).close()
    node = Node("EQS", HERE, listener.port)
    end = time.monotonic() + 10
    while listener._own.active_associations and time.monotonic() < end:
        time.sleep(0.01)
    echo(Caller("TPS"), node)
    listener.stop()
    archive.close()


def asked(line):
    command = {"CommandField": C_ECHO, "MessageID": 1, "CommandDataSetType": NO_DATA,
               "AffectedSOPClassUID": VERIFICATION}  # fmt: skip
    line.send(1, command)
    return line.receive()


@pytest.mark.req("Y-09")
def test_that_nobody_is_answered_once_it_has_stopped(tmp_path):
    faults = []
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0))
    node = Node("EQS", HERE, listener.port)
    silent = [socket.create_connection((HERE, listener.port)) for _ in range(20)]
    before, threading.excepthook = threading.excepthook, faults.append
    try:
        with Caller("TPS").line(node, [build_context(VERIFICATION)]) as line:
            listener.stop()
            assert listener._own.active_associations == []
            with pytest.raises(LineCutError):
                asked(line)
    finally:
        threading.excepthook = before
    assert faults == []
    for one in silent:
        one.close()
    archive.close()
