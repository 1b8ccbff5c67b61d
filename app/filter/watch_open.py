"""Does another program still have a file open for writing? Asked of the system, where it tells.

Windows refuses to open a file for reading without sharing writes while a writer has it open, on
shares as well. Linux refuses a read lease on it, for local files of the same user. Both only ask;
nothing of the file changes.
"""

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    GENERIC_READ, SHARE_READ, OPEN_EXISTING, SHARING_VIOLATION = 0x80000000, 0x1, 3, 32

    def is_being_written(file: Path) -> bool | None:
        """Return whether a writer has the file open; None where the system does not tell."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = wintypes.HANDLE
        handle = kernel.CreateFileW(
            os.fspath(file), GENERIC_READ, SHARE_READ, None, OPEN_EXISTING, 0, None
        )
        if handle in (None, wintypes.HANDLE(-1).value):
            return True if ctypes.get_last_error() == SHARING_VIOLATION else None
        kernel.CloseHandle(wintypes.HANDLE(handle))
        return False

else:
    import fcntl

    def is_being_written(file: Path) -> bool | None:
        """Return whether a writer has the file open; None where the system does not tell."""
        lease = getattr(fcntl, "F_SETLEASE", None)
        if lease is None:
            return None
        with file.open("rb") as stream:
            try:
                fcntl.fcntl(stream, lease, fcntl.F_RDLCK)
            except BlockingIOError:
                return True
            except OSError:
                return None  # a share, or a file of another user
            fcntl.fcntl(stream, lease, fcntl.F_UNLCK)
        return False
