"""Read a planning system's tree from a local or network folder; nothing in it is written."""

from collections.abc import Iterator
from pathlib import Path

from app.lex.remote import CHUNK_BYTES, Entry, ServerError, forbidden, vanished
from core.errors import RemedyError


class FolderRemote:
    """A folder that this computer reaches by a path."""

    def __init__(self, words: str, root: Path) -> None:
        self.words = words
        self._root = root
        if not root.is_dir():
            raise ServerError(
                f"the folder {root} cannot be reached",
                where=words,
                remedy="Check the path, and that the network drive is connected.",
            )

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """Return what lies in a folder, by name."""
        try:
            return tuple(
                self._entry(path)
                for path in sorted((self._root / folder).iterdir())
                if path.exists()
            )
        except OSError as fault:
            raise self._fault(fault, folder) from fault

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        try:
            with (self._root / path).open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except OSError as fault:
            raise self._fault(fault, path) from fault

    def close(self) -> None:
        """Do nothing: a folder stays where it is."""

    def _entry(self, path: Path) -> Entry:
        state = path.stat()
        return Entry(path.name, path.is_dir(), state.st_size, str(state.st_mtime_ns))

    def _fault(self, fault: OSError, path: str) -> RemedyError:
        if isinstance(fault, FileNotFoundError):
            return vanished(self.words, path)
        if isinstance(fault, PermissionError):
            return forbidden(self.words, path)
        return ServerError(
            f"{path or 'the folder'} cannot be read: {fault.strerror}",
            where=self.words,
            remedy="Check that the network drive is connected, then try again.",
        )
