"""A real FTP server on this computer, in a thread: it only reads, and notes every command."""

import logging
import threading
from contextlib import contextmanager

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

USER, PASSWORD = "planner", "pass word ä"
logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
READING = {
    "USER", "PASS", "TYPE", "PASV", "EPSV", "MLSD", "LIST", "RETR", "QUIT", "AUTH", "PBSZ", "PROT",
}  # fmt: skip


class RunningFtp:
    """The server, its port and every command it was given."""

    def __init__(self, root, *, mlsd=True, readable=True):
        self.commands = []
        self._stop = threading.Event()
        self._loop = IOLoop()
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(root), perm="elr" if readable else "el")
        commands = self.commands

        class Handler(FTPHandler):
            use_sendfile = False

            def pre_process_command(self, line, cmd, arg):
                commands.append(cmd)
                super().pre_process_command(line, cmd, arg)

        Handler.authorizer = authorizer
        if not mlsd:
            Handler.proto_cmds = {
                name: what for name, what in FTPHandler.proto_cmds.items() if name != "MLSD"
            }
        self.server = FTPServer(("127.0.0.1", 0), Handler, ioloop=self._loop)
        self.port = self.server.address[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._stop.is_set():
            self._loop.loop(timeout=0.005, blocking=False)
        self.server.close_all()

    def kill(self):
        """Drop every connection without a word."""
        self._stop.set()
        self._thread.join(10)

    def only_read(self):
        return set(self.commands) <= READING


@contextmanager
def ftp_server(root, **options):
    running = RunningFtp(root, **options)
    try:
        yield running
    finally:
        running.kill()
