"""Open a connection to one of the clinic's planning servers."""

# ruff: noqa: PLC0415  (paramiko takes a tenth of a second; only who connects pays for it)

from pathlib import Path

from app.lex.remote import Remote
from app.lex.servers import Server


def connect(server: Server, password: str) -> Remote:
    """Connect and log in.

    Raises:
        ServerError: The server is not reached, not trusted, or refuses the account.

    """
    if server.protocol == "folder":
        from app.lex.remote_folder import FolderRemote

        return FolderRemote(server.words, Path(server.root))
    if server.protocol == "ftp":
        from app.lex.remote_ftp import FtpRemote

        return FtpRemote(server, password)
    from app.lex.remote_sftp import SftpRemote

    return SftpRemote(server, password)
