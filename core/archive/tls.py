"""TLS with certificates on both sides, as DICOM asks for it (PS3.15 annex B, BCP 195)."""

import ssl
from typing import Any

from core.archive.nodes import TlsFiles
from core.errors import ClinicFileError

# RFC 9325 4.2: forward secrecy and authenticated encryption only; TLS 1.3 has its own three.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class _PatientContext(ssl.SSLContext):
    """A server's context that shakes hands in the association's thread.

    A caller who connects and says nothing must not keep others from being accepted.
    """

    def wrap_socket(self, *words: Any, **named: Any) -> ssl.SSLSocket:  # noqa: ANN401  (ssl's own)
        named["do_handshake_on_connect"] = False
        return super().wrap_socket(*words, **named)


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what the listener needs; callers must show a certificate.

    Raises:
        ClinicFileError: A certificate or key cannot be read.

    """
    return _filled(_PatientContext(ssl.PROTOCOL_TLS_SERVER), files)


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what a call needs; the other side must show a certificate of its name.

    Raises:
        ClinicFileError: A certificate or key cannot be read.

    """
    context = _filled(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), files)
    context.check_hostname = True
    return context


def _filled(context: ssl.SSLContext, files: TlsFiles) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(files.authorities)
        context.load_cert_chain(files.certificate, files.key)
    except (OSError, ssl.SSLError) as fault:
        names = f"{files.certificate.name}, {files.key.name}, {files.authorities.name}"
        raise ClinicFileError(
            f"the TLS certificate cannot be used ({fault.strerror or fault})",
            where=names,
            remedy="Name PEM files of a certificate, its key and the authorities, all readable.",
        ) from fault
    return context
