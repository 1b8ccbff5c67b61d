"""Write a file whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_whole(
    path: Path,
    data: bytes,
    *,
    approve: Callable[[Path], None] | None = None,
    mode: int = 0o644,
) -> None:
    """Write `data` to `path` by a temporary name in the same folder, fsync and rename.

    Args:
        path: File to write; an existing one is replaced only by the complete new one.
        data: Content.
        approve: Called with the complete temporary file before it gets its name. When it raises,
            the temporary file is removed, `path` stays as it was, and the error goes on.
        mode: Rights of the file, where the system has such.

    """
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
            raise
    try:
        if approve is not None:
            approve(temporary)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names given in a folder durable where the system lets one be opened (not Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
