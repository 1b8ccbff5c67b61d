"""FTP over TLS; and the servers of these tests do notice a client that writes."""

import ftplib
import io
from contextlib import closing, suppress
from dataclasses import replace

import paramiko
import pytest

from app.lex.connect import connect
from app.lex.copies import verify
from app.lex.planning_server import copy_plans, list_patients, list_plans
from app.lex.remote import ServerError
from app.lex.servers import Server
from tests.lex import ftps_server
from tests.lex.ftp_server import READING
from tests.lex.planning_tree import served, state_of, write_tree


def quiet(*_):
    pass


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "root")


@pytest.fixture
def secured(tree, tmp_path):
    pem = ftps_server.certificate(tmp_path)
    with ftps_server.ftps_server(tree, pem) as running:
        yield (
            Server("Safe", "ftp", "/", "127.0.0.1", running.port, ftps_server.USER, tls=True,
                   certificate=str(pem)),
            running,
        )  # fmt: skip


@pytest.mark.req("L-01", "L-02")
def test_that_over_tls_nothing_but_the_greeting_travels_in_clear(secured, tree):
    server, running = secured
    before = state_of(tree)
    password = ftps_server.PASSWORD
    patient = list_plans(server, password, list_patients(server, password, quiet)[0], quiet)
    folder = copy_plans(server, password, (patient.plans[0],), quiet)
    verify(folder.parents[3])
    assert set(running.clear) == {"AUTH"}
    assert set(running.commands) <= READING
    # Else anybody could take the data connection: servers insist on it.
    assert running.reused
    assert all(running.reused)
    assert state_of(tree) == before


@pytest.mark.req("L-02")
def test_that_a_certificate_nobody_vouches_for_is_refused_before_the_password(secured):
    server, running = secured
    with pytest.raises(ServerError, match="certificate is not trusted"):
        connect(replace(server, certificate=""), ftps_server.PASSWORD)
    assert "PASS" not in running.commands


@pytest.mark.req("L-02")
def test_that_a_certificate_for_another_host_is_refused(secured):
    server, running = secured
    with pytest.raises(ServerError, match="certificate is not trusted"):
        connect(replace(server, host="localhost"), ftps_server.PASSWORD)
    assert "PASS" not in running.commands


def test_that_a_certificate_file_that_is_missing_or_none_is_told(secured, tmp_path):
    server, _ = secured
    (tmp_path / "text.pem").write_text("no certificate")
    for name in ("gone.pem", "text.pem"):
        with pytest.raises(ServerError, match=f"{name} is no certificate file"):
            connect(replace(server, certificate=str(tmp_path / name)), "x")


@pytest.mark.req("L-02")
def test_that_a_server_without_tls_gets_no_password(tree):
    with served("ftp", tree) as (server, password, running):
        with pytest.raises(ServerError):
            connect(replace(server, tls=True), password)
        assert "PASS" not in running.commands


@pytest.mark.req("L-01")
def test_that_the_ftp_server_of_these_tests_notices_writing(tree):
    with served("ftp", tree) as (server, password, running):
        with closing(ftplib.FTP(encoding="utf-8")) as ftp:
            ftp.connect(server.host, server.port)
            ftp.login(server.user, password)
            with pytest.raises(ftplib.error_perm):
                ftp.storbinary("STOR /new", io.BytesIO(b"x"))
        assert not running.only_read()


@pytest.mark.req("L-01")
@pytest.mark.parametrize(
    "write",
    [
        lambda sftp: sftp.open("/new", "w"),
        lambda sftp: sftp.open("/Institution_1/Institution", "r+"),
        lambda sftp: sftp.remove("/Institution_1/Institution"),
        lambda sftp: sftp.rename("/Institution_1", "/Institution_2"),
        lambda sftp: sftp.mkdir("/new"),
        lambda sftp: sftp.utime("/Institution_1/Institution", (1, 1)),
        lambda sftp: sftp.chmod("/Institution_1/Institution", 0),
    ],
)
def test_that_the_sftp_server_of_these_tests_notices_writing(tree, write):
    with (
        served("sftp", tree) as (server, password, running),
        paramiko.Transport((server.host, server.port)) as line,
    ):
        line.connect(username=server.user, password=password)
        sftp = paramiko.SFTPClient.from_transport(line)
        sftp.open("/Institution_1/Institution", "rb").close()
        assert running.only_read()
        with suppress(OSError):
            write(sftp)
        assert not running.only_read()
