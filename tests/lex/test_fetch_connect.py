"""Whatever a server does instead of answering is one sentence; a strange key gets no password."""

import os
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.lex.connect import connect
from app.lex.remote import HostKeyError, ServerError, VanishedError, lost
from app.lex.remote_ftp import FtpRemote
from app.lex.remote_sftp import SftpRemote
from core.errors import RemedyError
from tests.lex import sftp_server
from tests.lex.planning_tree import FOLDER, PROTOCOLS, served, write_tree

NETWORK = ("ftp", "sftp")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("server") / "root")


def refusal(server, password):
    with pytest.raises(ServerError) as caught:
        connect(server, password)
    words = str(caught.value)
    assert "Traceback" not in words
    assert "\n" not in words
    return words


@contextmanager
def mute_server(answer=b""):
    """Accepts connections, says `answer`, and then nothing (or hangs up when there is one)."""
    listener = socket.create_server(("127.0.0.1", 0))
    held = []

    def accept():
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            held.append(line)
            if answer:
                line.sendall(answer)
                line.close()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()
    for line in held:
        line.close()


@pytest.mark.req("L-01", "L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_names_sizes_and_content_are_those_of_the_server(tree, protocol):
    with served(protocol, tree) as (server, password, running):
        remote = connect(server, password)
        rows = {row.name: row for row in remote.entries(FOLDER)}
        assert list(rows) == sorted(["Plan_0", "Plan_7", "Patient", "ImageSet_0.header",
                                     "ImageSet_0.img"])  # fmt: skip
        assert rows["Plan_0"].folder
        assert (rows["ImageSet_0.img"].size, rows["ImageSet_0.img"].folder) == (1000, False)
        name = f"{FOLDER}/Plan_0/plan.Trial"
        assert b"".join(remote.chunks(name)) == (tree / name).read_bytes()
        remote.close()
        assert running is None or running.only_read()


@pytest.mark.req("L-02")
def test_that_a_server_too_old_for_mlsd_is_listed_all_the_same(tree):
    with served("ftp", tree, mlsd=False) as (server, password, running):
        remote = connect(server, password)
        rows = {row.name: row for row in remote.entries(FOLDER)}
        assert rows["Plan_0"].folder
        assert (rows["ImageSet_0.img"].size, rows["ImageSet_0.img"].folder) == (1000, False)
        name = f"{FOLDER}/Plan_0/plan.Trial"
        assert b"".join(remote.chunks(name)) == (tree / name).read_bytes()
        assert "LIST" in running.commands
        assert running.only_read()


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_a_wrong_password_is_told(tree, protocol):
    with served(protocol, tree) as (server, _, _):
        for wrong in ("wrong", "", "two\r\nlines"):
            assert "refuses this user name or password" in refusal(server, wrong)


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_a_port_where_nothing_answers_is_told(tree, protocol):
    with served(protocol, tree) as (server, password, running):
        running.kill()
        assert "nothing answers at this host and port" in refusal(server, password)


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_an_unknown_host_is_told(tree, protocol):
    with served(protocol, tree) as (server, password, _):
        words = refusal(replace(server, host="no-such-host.invalid"), password)
        assert "no computer of this name is known" in words


@pytest.mark.req("L-02")
@pytest.mark.parametrize("kind", [FtpRemote, SftpRemote])
def test_that_a_server_that_stays_silent_is_left_after_the_time_limit(tree, kind):
    with served("ftp", tree) as (server, password, _), mute_server() as port:
        with pytest.raises(ServerError) as caught:
            kind(replace(server, port=port), password, 0.3)
        assert port
    assert "answer" in str(caught.value) or "lost" in str(caught.value)


@pytest.mark.parametrize("protocol", NETWORK)
@pytest.mark.parametrize("answer", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\xff\xfe\x00", b"\n"])
def test_that_another_kind_of_server_is_told_in_words(tree, protocol, answer):
    with served(protocol, tree) as (server, password, _), mute_server(answer) as port:
        refusal(replace(server, port=port), password)


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_a_name_that_is_not_there_is_told(tree, protocol):
    with served(protocol, tree) as (server, password, _):
        remote = connect(server, password)
        with pytest.raises(VanishedError, match=r"Institution_9 is not there"):
            remote.entries("Institution_9")
        remote.close()
        remote = connect(server, password)
        with pytest.raises(VanishedError, match=r"plan\.Trial is not there"):
            b"".join(remote.chunks("Institution_1/plan.Trial"))
        remote.close()


@pytest.mark.req("L-02")
@pytest.mark.parametrize("protocol", NETWORK)
def test_that_a_file_without_the_right_to_read_is_told(tree, protocol):
    with served(protocol, tree, readable=False) as (server, password, _):
        remote = connect(server, password)
        assert remote.entries(FOLDER)
        with pytest.raises(ServerError, match=r"the account may not read .*/Patient"):
            b"".join(remote.chunks(f"{FOLDER}/Patient"))
        remote.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read every file")
def test_that_a_local_file_without_the_right_to_read_is_told(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0)
    with served("folder", tmp_path) as (server, password, _):
        remote = connect(server, password)
        with pytest.raises(ServerError, match="the account may not read secret"):
            b"".join(remote.chunks("secret"))


def test_that_a_folder_that_cannot_be_reached_is_told(tree, tmp_path):
    with served("folder", tmp_path / "gone") as (server, password, _):
        assert "cannot be reached" in refusal(server, password)


@pytest.mark.req("L-02")
def test_that_an_unknown_host_key_is_refused_before_the_password_is_sent(tree):
    with served("sftp", tree) as (server, password, running):
        with pytest.raises(HostKeyError) as caught:
            connect(replace(server, host_key=""), password)
        assert caught.value.fingerprint == sftp_server.FINGERPRINT
        assert not caught.value.changed
        assert sftp_server.FINGERPRINT in str(caught.value)
        assert "enter it as the server's host key" in str(caught.value)
        assert running.passwords == []
        accepted = replace(server, host_key=f"SHA256:another {caught.value.fingerprint}")
        connect(accepted, password).close()


@pytest.mark.req("L-02")
def test_that_a_changed_host_key_is_refused_before_the_password_is_sent(tree):
    with served("sftp", tree, key=sftp_server.OTHER_KEY) as (server, password, running):
        with pytest.raises(HostKeyError, match=r"has changed.*Do not connect") as caught:
            connect(server, password)
        assert caught.value.changed
        assert running.passwords == []


@pytest.mark.parametrize("protocol", NETWORK)
def test_that_a_lost_connection_is_told(tree, protocol):
    with served(protocol, tree) as (server, password, running):
        remote = connect(server, password)
        running.kill()
        with pytest.raises(ServerError, match="connection was lost"):
            remote.entries("")
        remote.close()


def test_that_every_network_fault_is_a_sentence_with_a_remedy():
    for fault in (OSError("x"), EOFError(), TimeoutError(), ConnectionResetError()):
        told = lost("here", fault)
        assert isinstance(told, RemedyError)
        assert told.remedy.endswith(".")
