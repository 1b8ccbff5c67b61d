"""Who a person is in research: the same pseudonym every time, the key only here (Y-14)."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from core.archive.archive import Archive
from core.dicom.anonymise import Pseudonym
from core.errors import ClinicFileError
from core.safe_write import write_whole

KEY_FILE = "research.key"
KEY_BYTES = 32


def research_key(archive: Archive) -> bytes:
    """Return the key of the pseudonyms and of the UID map; it is made when missing.

    It never leaves the archive: whoever has it can tell who is who.

    Raises:
        ClinicFileError: The file is not a key.

    """
    path = archive.store.folder / KEY_FILE
    if not path.is_file():
        write_whole(path, secrets.token_bytes(KEY_BYTES))
        if os.name != "nt":
            path.chmod(0o600)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ClinicFileError(
            "the key of the pseudonyms is damaged",
            where=str(path),
            remedy="Bring it back from a backup; a new key would give everybody another name.",
        )
    return key


def pseudonym_of(key: bytes, patient_id: str, name: str) -> Pseudonym:
    """Return the pseudonym of a person; nobody gets back without the key."""
    told = hmac.new(key, f"{patient_id}\0{name}".encode(), hashlib.sha256).digest()
    code = "R" + base64.b32encode(told)[:12].decode("ascii")
    return Pseudonym(code, code)


def files_in(folder: Path) -> list[Path]:
    """Return the files of an export, in order."""
    return sorted(path for path in folder.rglob("*.dcm") if path.is_file())
