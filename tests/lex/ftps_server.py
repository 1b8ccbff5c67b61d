"""A small FTP server over TLS for the tests, read-only; it notes what it was asked and how.

pyftpdlib speaks TLS only with a further library, so these few commands are answered here.
"""

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import closing, contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "planner", "pass word"


def certificate(folder):
    """A self-signed certificate for 127.0.0.1; returns the file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "planning server")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


class RunningFtps:
    def __init__(self, root, pem):
        self.root, self.commands, self.clear, self.reused = root, [], [], []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=_Talk(self, line).run, daemon=True).start()


class _Talk:
    """One client."""

    def __init__(self, server, line):
        self.server, self.line, self.passive = server, line, None

    def run(self):
        with closing(self.line):
            try:
                self._say("220 ready")
                while text := self._hear():
                    name, _, argument = text.partition(" ")
                    self.server.commands.append(name)
                    if not isinstance(self.line, ssl.SSLSocket):
                        self.server.clear.append(name)
                    getattr(self, f"_on_{name.lower()}", self._unknown)(argument)
            except (OSError, ValueError):
                return

    def _say(self, words):
        self.line.sendall(f"{words}\r\n".encode())

    def _hear(self):
        text = b""
        while not text.endswith(b"\r\n"):
            piece = self.line.recv(1)
            if not piece:
                return ""
            text += piece
        return text.decode().strip()

    def _unknown(self, argument):
        self._say(f"502 not here {argument}")

    def _on_auth(self, _):
        self._say("234 go on")
        self.line = self.server.context.wrap_socket(self.line, server_side=True)

    def _on_user(self, _):
        self._say("331 password?")

    def _on_pass(self, argument):
        self._say("230 in" if argument == PASSWORD else "530 no")

    def _on_pbsz(self, _):
        self._say("200 fine")

    _on_prot = _on_type = _on_pbsz

    def _on_pasv(self, _):
        self.passive = socket.create_server(("127.0.0.1", 0))
        high, low = divmod(self.passive.getsockname()[1], 256)
        self._say(f"227 passive (127,0,0,1,{high},{low})")

    def _on_mlsd(self, argument):
        rows = []
        for path in sorted((self.server.root / argument.lstrip("/")).iterdir()):
            kind = "dir" if path.is_dir() else "file"
            size = path.stat().st_size
            rows.append(f"type={kind};size={size};modify={path.stat().st_mtime_ns}; {path.name}")
        self._send("".join(f"{row}\r\n" for row in rows).encode())

    def _on_retr(self, argument):
        self._send((self.server.root / argument.lstrip("/")).read_bytes())

    def _send(self, data):
        self._say("150 here it comes")
        line, _ = self.passive.accept()
        with self.server.context.wrap_socket(line, server_side=True) as safe:
            self.server.reused.append(safe.session_reused)
            safe.sendall(data)
            safe.unwrap()
        self.passive.close()
        self._say("226 done")


@contextmanager
def ftps_server(root, pem):
    running = RunningFtps(root, pem)
    try:
        yield running
    finally:
        running.listener.close()
