"""The archive's files: durable before anyone is told so, named by their content, never changed.

An object is written to `incoming` and made durable there. It gets its lasting name in `objects`
once the index knows it, and loses the one in `incoming` once what the index knows is durable too:
many objects share that one write. A file that a crash has left in `incoming` is therefore one
that may have been acknowledged, and is indexed again at the next start.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.safe_write import sync_folder

CHUNK_BYTES = 1 << 20
_SYNCING = ThreadPoolExecutor(8, "syncing")
# Part of a file that a crash cut off; nobody was told that it is safe.
UNFINISHED = ".part"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Received:
    """An object whose bytes are durable.

    Attributes:
        path: Where it lies now.
        digest: SHA-256 of all its bytes, as hexadecimal digits.
        size: Bytes.

    """

    path: Path
    digest: str
    size: int


class Coming:
    """An object that comes in pieces; what cannot be written is told when it has come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{uuid.uuid4().hex}{UNFINISHED}"
        self._digest, self._size = hashlib.sha256(), 0
        self._file: BinaryIO | None = None
        self._fault: OSError | None = None
        try:
            self._file = self._path.open("xb", buffering=0)
        except OSError as fault:
            self._fault = fault

    def write(self, piece: bytes | memoryview, /) -> None:
        """Take some bytes; after a fault they are let go, so that the rest can be heard."""
        if self._file is None or self._fault is not None:
            return
        self._digest.update(piece)
        self._size += len(piece)
        rest = memoryview(piece)
        try:
            while rest:  # a write may take less, on a disk that is nearly full
                rest = rest[self._file.write(rest) :]
        except OSError as fault:
            self._fault = fault

    def close(self) -> Received:
        """Give what has come the name of its content; it is not durable yet.

        Raises:
            OSError: It could not be written (disk full, folder read-only); nothing is left.

        """
        if self._fault is not None:
            self.abandon()
            raise self._fault
        # The same object may arrive twice at once: each copy has a name of its own.
        digest = self._digest.hexdigest()
        path = self._folder / f"{digest}.{self._path.stem[:8]}.dcm"
        if os.name != "nt":  # where an open file cannot be renamed
            self._renamed(path)
        return Received(path, digest, self._size)

    def sync(self, one: Received) -> None:
        """Make its bytes durable; raises OSError."""
        if self._file is not None:
            with self._file as file:
                os.fsync(file.fileno())
        if self._path != one.path:
            self._renamed(one.path)

    def _renamed(self, path: Path) -> None:
        self._path.replace(path)
        self._path = path

    @property
    def path(self) -> Path:
        """Where it lies now."""
        return self._path

    def abandon(self) -> None:
        """Leave nothing of it."""
        if self._file is not None:
            self._file.close()
        self._path.unlink(missing_ok=True)


class Store:
    """The folder of an archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.objects = folder / "objects"
        self.quarantined = folder / "quarantine"
        for part in (self.incoming, self.objects, self.quarantined):
            part.mkdir(parents=True, exist_ok=True)

    def coming(self) -> Coming:
        """Return what takes the pieces of one object."""
        return Coming(self.incoming)

    def finish(
        self, comings: Sequence[Coming], meanwhile: Callable[[Path], T]
    ) -> list[tuple[Received, T] | OSError]:
        """Make objects that have come durable, all at once: the disk's journal is written once.

        Args:
            comings: The objects.
            meanwhile: Read from each while the disk writes.

        Returns:
            For each what was read, or why it could not be written; of such a one nothing is left.

        """
        found: list[tuple[Received, T] | OSError] = []
        waiting: list[tuple[int, Coming, Future[None]]] = []
        for coming in comings:
            try:
                one = coming.close()
            except OSError as fault:
                found.append(fault)
                continue
            # Read before it is synced where the name changes with that.
            told = (one, meanwhile(coming.path)) if os.name == "nt" else None
            waiting.append((len(found), coming, _SYNCING.submit(coming.sync, one)))
            found.append(told or (one, meanwhile(one.path)))
        named = _SYNCING.submit(sync_folder, self.incoming) if waiting else None
        for place, coming, syncing in waiting:
            try:
                syncing.result()
                if named is not None:
                    named.result()
            except OSError as fault:
                coming.abandon()
                found[place] = fault
        return found

    def keep(self, one: Received) -> Path:
        """Move an object whose row is durable to its lasting place."""
        target = self._place(self.objects, one.digest)
        one.path.replace(target)
        one.path.unlink(missing_ok=True)  # two names of one file stay two names
        return target

    def put_in_place(self, one: Received) -> None:
        """Let an object take its lasting place at once, also that of a damaged file."""
        sync_folder(self.keep(one).parent)

    def set_aside(self, digest: str) -> None:
        """Move a damaged file into quarantine, where somebody may look into it."""
        path = self._place(self.objects, digest)
        if path.is_file():
            path.replace(self.quarantined / f"damaged-{digest}.dcm")
            sync_folder(self.quarantined)

    def name(self, one: Received) -> bool:
        """Give an object its lasting name beside the first; False where a file has one only."""
        try:
            os.link(one.path, self._place(self.objects, one.digest))
        except FileExistsError:
            return True
        except OSError:
            return False
        return True

    def quarantine(self, one: Received) -> Path:
        """Move an object that contradicts another of its name out of the way."""
        target = self.quarantined / f"{one.digest}.dcm"
        one.path.replace(target)
        sync_folder(self.quarantined)
        return target

    def drop(self, one: Received) -> None:
        """Remove an object that is here already, or that is none."""
        one.path.unlink(missing_ok=True)

    def has(self, digest: str) -> bool:
        """Return whether an object lies in its lasting place."""
        return (self.objects / digest[:2] / f"{digest}.dcm").is_file()

    def path_of(self, digest: str) -> Path | None:
        """Return where an object lies; None when it is gone."""
        for path in (
            self.objects / digest[:2] / f"{digest}.dcm",
            *self.incoming.glob(f"{digest}.*.dcm"),
            self.quarantined / f"{digest}.dcm",
            # It may have moved there while the others were looked at.
            self.objects / digest[:2] / f"{digest}.dcm",
        ):
            if path.is_file():
                return path
        return None

    def left_in_incoming(self) -> Iterator[Received]:
        """Yield what a crash has left there; cut-off parts are removed."""
        for path in sorted(self.incoming.iterdir()):
            if path.suffix == UNFINISHED:
                path.unlink(missing_ok=True)
                continue
            found = digest_of(path)
            if found != path.name.split(".", maxsplit=1)[0]:
                # Cut off by a loss of power before anyone was told, or damage of the disk.
                path.replace(self.quarantined / f"{found}.dcm")
                continue
            yield Received(path, found, path.stat().st_size)

    def free_bytes(self) -> int:
        """Return how much room the disk has left."""
        return shutil.disk_usage(self.folder).free

    @staticmethod
    def _place(folder: Path, digest: str) -> Path:
        own = folder / digest[:2]
        own.mkdir(exist_ok=True)
        return own / f"{digest}.dcm"


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a stream in pieces."""
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in chunks_of(stream):
            digest.update(chunk)
    return digest.hexdigest()


def bytes_as_received(path: Path, digest: str) -> bytes | None:
    """Return the bytes of a file; None when they are not those of this digest, or are gone.

    What is verified is what is handed out: nothing is read a second time.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == digest else None
