"""A real SFTP server on this computer, in a thread with its own loop: whatever writes is noted."""

import asyncio
import threading
from contextlib import contextmanager

import asyncssh

USER, PASSWORD = "planner", "pass word ä"
KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519")
FINGERPRINT = KEY.get_fingerprint("sha256")
WRITING = (
    "write", "setstat", "lsetstat", "fsetstat", "remove", "mkdir", "rmdir", "rename",
    "posix_rename", "symlink", "link", "lock", "unlock",
)  # fmt: skip


class RunningSftp:
    """The server, its port, and every attempt to do more than read."""

    def __init__(self, root, key=KEY, *, readable=True):
        self.forbidden, self.opened, self.connections = [], [], []
        self.passwords = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._acceptor = self._do(self._listen(root, key, readable))
        self.port = self._acceptor.get_port()

    async def _listen(self, root, key, readable):
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], server_factory=_login(self),
            sftp_factory=_files(self, root, readable),
        )  # fmt: skip

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def kill(self):
        """Drop every connection without a word."""
        if self._loop.is_closed():
            return

        async def abort():
            self._acceptor.close()
            for connection in self.connections:
                connection.abort()
            await asyncio.sleep(0.01)

        self._do(abort())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def only_read(self):
        return self.opened and not self.forbidden


def _login(running):
    class Login(asyncssh.SSHServer):
        def connection_made(self, conn):
            running.connections.append(conn)

        def password_auth_supported(self):
            return True

        def validate_password(self, username, password):
            running.passwords.append(password)
            return (username, password) == (USER, PASSWORD)

    return Login


def _files(running, root, readable):
    class Files(asyncssh.SFTPServer):
        def __init__(self, chan):
            super().__init__(chan, chroot=str(root).encode())

        def open(self, path, pflags, attrs):
            running.opened.append(pflags)
            if not readable:
                raise asyncssh.SFTPPermissionDenied("not for you")
            if pflags != asyncssh.FXF_READ:
                running.forbidden.append(f"open with {pflags}")
            return super().open(path, pflags, attrs)

    def refusing(name):
        def refuse(self, *arguments):
            running.forbidden.append(name)
            raise asyncssh.SFTPPermissionDenied(name)

        return refuse

    for name in WRITING:
        setattr(Files, name, refusing(name))
    return Files


@contextmanager
def sftp_server(root, **options):
    running = RunningSftp(root, **options)
    try:
        yield running
    finally:
        running.kill()
