"""The connection check says in plain words what is wrong and on which side."""

import socket

import pytest

from core.archive.archive import Archive
from core.archive.connection_check import check_connection, is_sound
from core.archive.differences import differences_of
from core.archive.listener import Listener
from core.archive.nodes import Kind, ListenerSettings, Node
from core.findings import State
from tests.archive.servers import (
    HERE,
    RECEIVER_PORT,
    dcmqrscp,
    free_port,
    orthanc,
    own_network,
)
from tests.core.dicom_maker import clean_set

OURS = ListenerSettings(ae_title="CLIENT", port=RECEIVER_PORT)


def states(steps):
    return {one.name: one.state for one in steps}


def failed(steps):
    return next(one for one in steps if one.state is State.ERROR)


@pytest.mark.req("Y-09")
@pytest.mark.parametrize("kind", ["dcmqrscp", "orthanc", "ours"])
def test_that_every_step_passes_where_all_is_well(tmp_path, kind):
    with own_network():
        if kind == "dcmqrscp":
            with dcmqrscp(tmp_path / "server") as node:
                steps = check_connection(node, OURS, with_object=True)
        elif kind == "orthanc":
            with orthanc(tmp_path / "server") as (node, _):
                steps = check_connection(node, OURS, with_object=True)
        else:
            archive = Archive(tmp_path / "archive")
            nodes = (Node("CLIENT", HERE, RECEIVER_PORT),)
            listener = Listener(archive, ListenerSettings(port=0, nodes=nodes))
            node = Node("EQS", HERE, listener.port)
            steps = check_connection(node, OURS, with_object=True)
            listener.stop()
            archive.close()
    assert set(states(steps).values()) == {State.PASS}, steps


@pytest.mark.req("Y-09")
def test_that_nothing_is_stored_unless_asked(tmp_path):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0))
    steps = check_connection(Node("EQS", HERE, listener.port), OURS)
    listener.stop()
    assert states(steps)["Find"] is State.PASS
    assert states(steps)["Store"] is State.NOT_RUN
    assert archive.index.instances("1") == []
    archive.close()


@pytest.mark.req("Y-09")
def test_that_a_closed_port_and_an_unknown_host_are_told_apart():
    steps = check_connection(Node("X", HERE, free_port()), OURS)
    assert "nothing listens on this port" in failed(steps).words
    assert states(steps)["Echo"] is State.NOT_RUN
    assert not is_sound(steps)
    steps = check_connection(Node("X", "no-such-host.invalid", 104), OURS)
    assert "host name is not known" in failed(steps).words


@pytest.mark.req("Y-09")
def test_that_a_stranger_is_told_whom_to_ask_for_what(tmp_path):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0, nodes=(Node("TPS", HERE, 104),)))
    steps = check_connection(Node("EQS", HERE, listener.port), OURS)
    listener.stop()
    archive.close()
    assert failed(steps).name == "Association"
    assert "does not know our AE title CLIENT" in failed(steps).words
    assert "Have CLIENT added" in failed(steps).remedy


@pytest.mark.req("Y-09")
def test_that_a_port_that_is_not_dicom_is_told():
    with socket.socket() as server:
        server.bind((HERE, 0))
        server.listen()
        node = Node("X", HERE, server.getsockname()[1])
        import threading

        def close_all():
            for _ in range(3):
                line, _ = server.accept()
                line.sendall(b"SSH-2.0-other\r\n")
                line.close()

        threading.Thread(target=close_all, daemon=True).start()
        steps = check_connection(node, OURS)
    assert failed(steps).name == "Association"
    assert "DICOM port" in failed(steps).remedy


@pytest.mark.req("Y-09")
def test_that_a_move_that_goes_astray_names_both_sides(tmp_path):
    archive = Archive(tmp_path / "archive")
    astray = (Node("CLIENT", HERE, free_port()),)
    listener = Listener(archive, ListenerSettings(port=0, nodes=astray))
    ours = ListenerSettings(ae_title="CLIENT", port=free_port())
    steps = check_connection(Node("EQS", HERE, listener.port), ours, with_object=True)
    listener.stop()
    archive.close()
    assert failed(steps).name == "Move back"
    assert "On the other side" in failed(steps).remedy
    assert "this computer only" in failed(steps).remedy


@pytest.mark.req("Y-09")
def test_that_a_web_server_that_is_not_there_is_told():
    node = Node("", "", 0, kind=Kind.WEB, url=f"http://{HERE}:{free_port()}/dicom-web")
    steps = check_connection(node, OURS)
    assert "does not answer" in failed(steps).words


@pytest.mark.req("Y-04")
def test_that_two_contents_under_one_uid_are_shown_side_by_side(tmp_path):
    import pydicom

    folder = clean_set().write(tmp_path / "set")
    archive = Archive(tmp_path / "archive")
    archive.take_in_files([folder], "CD")
    plan = next(folder.glob("RTPLAN*"))
    data = pydicom.dcmread(plan)
    data.RTPlanLabel = "Other"
    data.BeamSequence[0].BeamName = "Changed"
    data.OperatorsName = "Miller"
    data.save_as(plan)
    archive.take_in_files([plan], "TPS")
    (conflict,) = archive.conflicts()
    found = {one.place: (one.kept, one.quarantined) for one in differences_of(archive, conflict)}
    assert found.pop("RTPlanLabel") == ("Toyplan", "Other")
    assert found.pop("BeamSequence 1 / BeamName")[1] == "Changed"
    assert found.pop("OperatorsName")[1] == "Miller"
    assert found == {}
    archive.close()
