"""Storage Commitment both ways, and TLS with certificates on both sides."""

import datetime
import ipaddress
import ssl
from contextlib import contextmanager
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.archive.archive import Archive
from core.archive.calls import Caller, CallError
from core.archive.client_commit import commit
from core.archive.client_confirm import outgoing_files
from core.archive.client_query import echo
from core.archive.client_store import send
from core.archive.commitment import Asked
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node, TlsFiles
from core.archive.tls import server_context
from core.archive.transfer import Fate
from core.errors import ClinicFileError
from tests.archive.servers import HERE, free_port
from tests.core.dicom_maker import clean_set


@contextmanager
def serving(folder, **words):
    archive = Archive(folder)
    listener = Listener(archive, ListenerSettings(port=0, **words))
    try:
        yield archive, Node("EQS", HERE, listener.port)
    finally:
        listener.stop()
        archive.close()


def asked_of(folder):
    objects, _ = outgoing_files(folder.iterdir())
    return objects, [Asked(one.sop_class, one.sop_uid) for one in objects]


@pytest.mark.req("Y-02", "Y-09")
def test_that_the_archive_answers_for_what_it_keeps_and_for_nothing_else(tmp_path):
    folder = clean_set().write(tmp_path / "set")
    objects, asked = asked_of(folder)
    with serving(tmp_path / "archive") as (archive, node):
        send(Caller("TPS"), node, objects)
        damaged = archive.index.instances("r.modality = 'RTPLAN'")[0]
        archive.path_of(damaged).write_bytes(b"flipped")
        stranger = Asked(asked[0].sop_class, "1.2.3.4")
        other = Asked("1.2.840.10008.5.1.4.1.1.4", asked[1].sop_uid)
        asked = [one for one in asked if one.sop_uid != other.sop_uid]
        results = {one.sop_uid: one for one in commit(Caller("TPS"), node,
                                                      [*asked, stranger, other])}  # fmt: skip
    assert results["1.2.3.4"].why == "it does not have the object"
    assert results[damaged.sop_uid].fate is Fate.FAILED
    assert results[other.sop_uid].why == "it has the object under another class"
    bad = {"1.2.3.4", damaged.sop_uid, other.sop_uid}
    assert {one.fate for uid, one in results.items() if uid not in bad} == {Fate.DONE}
    assert len(results) == 13


@pytest.mark.req("Y-09")
def test_that_no_report_is_no_success(tmp_path):
    folder = clean_set().write(tmp_path / "set")
    _, asked = asked_of(folder)
    with serving(tmp_path / "archive") as (archive, node):
        archive.take_in_files([folder], "CD")
        results = commit(Caller("TPS"), node, asked, wait_s=0.0)
    assert {one.fate for one in results} == {Fate.FAILED}


@pytest.mark.req("Y-09")
def test_that_the_report_may_come_by_a_call(tmp_path, monkeypatch):
    folder = clean_set().write(tmp_path / "set")
    _, asked = asked_of(folder)
    monkeypatch.setattr("core.archive.commitment._told_here", lambda *_: False)
    port = free_port()
    with serving(tmp_path / "archive", nodes=(Node("TPS", HERE, port),)) as (archive, node):
        archive.take_in_files([folder], "CD")
        results = commit(Caller("TPS"), node, asked, answer_at=(HERE, port))
    assert {one.fate for one in results} == {Fate.DONE}


# TLS.


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def authority(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(name))
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate, path


def signed(folder, name, by):
    """Certificate files of one party, signed by an authority, that believe in that authority."""
    issuer_key, issuer, path = by
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address(HERE))
    certificate = (
        x509.CertificateBuilder().subject_name(_name(name)).issuer_name(issuer.subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )  # fmt: skip
    own, secret = folder / f"{name}.crt", folder / f"{name}.key"
    own.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return TlsFiles(own, secret, path)


@pytest.fixture
def parties(tmp_path):
    good = authority(tmp_path, "clinic")
    bad = authority(tmp_path, "elsewhere")
    return (
        signed(tmp_path, "server", good), signed(tmp_path, "tps", good),
        signed(tmp_path, "stranger", bad),
    )  # fmt: skip


@pytest.mark.req("Y-09")
def test_that_only_certificates_of_the_clinic_are_answered(tmp_path, parties):
    server, tps, stranger = parties
    folder = clean_set().write(tmp_path / "set")
    objects, _ = asked_of(folder)
    with serving(tmp_path / "archive", tls=server) as (archive, plain):
        node = replace(plain, tls=True)
        assert {one.fate for one in send(Caller("TPS", tps), node, objects)} == {Fate.DONE}
        assert len(archive.index.instances("1")) == 12
        # The stranger believes in the clinic, but has no certificate of it.
        forged = TlsFiles(stranger.certificate, stranger.key, tps.authorities)
        with pytest.raises(CallError, match="TLS"):
            echo(Caller("TPS", forged, answer_s=5), node)
        with pytest.raises(CallError, match="certificate we do not believe"):
            echo(Caller("TPS", stranger, answer_s=5), node)
        with pytest.raises(CallError):
            echo(Caller("TPS", answer_s=2), plain)
        echo(Caller("TPS", tps), node)


@pytest.mark.req("Y-09")
def test_that_someone_who_connects_and_says_nothing_does_not_keep_others_out(tmp_path, parties):
    import socket

    server, tps, _ = parties
    with serving(tmp_path / "archive", tls=server) as (_, plain):
        silent = [socket.create_connection((HERE, plain.port)) for _ in range(5)]
        echo(Caller("TPS", tps, answer_s=10), replace(plain, tls=True))
        for one in silent:
            one.close()


@pytest.mark.req("Y-09")
def test_that_tls_is_no_older_than_1_2_and_wants_a_certificate(parties):
    context = server_context(parties[0])
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert all("GCM" in one["name"] or "CHACHA20" in one["name"] for one in context.get_ciphers())


def test_that_a_key_that_is_not_there_is_told(parties, tmp_path):
    with pytest.raises(ClinicFileError, match="TLS certificate"):
        server_context(replace(parties[0], key=tmp_path / "none.key"))
