"""Signatures of this installation: HMAC-SHA-256 over a record, by a key that only it holds.

A signature shows that a record was made by a program with this key and has not been changed
since. Whoever can read the key file can sign; keep the data folder to the people who check plans.
"""

import hmac
import json
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from app.filter.ledger_log import filter_folder
from core.errors import RemedyError
from core.safe_write import sync_folder

KEY_BYTES = 32


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return the one way a record is written for digest and signature."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sign(body: Mapping[str, Any]) -> str:
    """Return the signature of a record; the key is made when there has never been one."""
    return _mac(_key(make=True), body)


def signature_fits(body: Mapping[str, Any], signature: str) -> bool:
    """Return whether a record is as it was signed, with the key of this installation."""
    return hmac.compare_digest(_mac(_key(make=False), body), signature)


def _mac(key: bytes, body: Mapping[str, Any]) -> str:
    return hmac.new(key, canonical(body), sha256).hexdigest()


def _key(*, make: bool) -> bytes:
    path = filter_folder() / "signing.key"
    if not path.exists():
        signed = filter_folder() / "baselines"
        if not make or any(signed.glob("*.json")):
            raise _no_key("the key of this installation is missing", path)
        _lay_down(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise _no_key("the key of this installation is damaged", path)
    return key


def _lay_down(path: Path) -> None:
    """Write a new key whole, and never over one that another program wrote meanwhile."""
    with NamedTemporaryFile(dir=path.parent, prefix=".key.", delete=False) as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    made = Path(file.name)
    try:
        made.chmod(0o600)
        path.hardlink_to(made)
    except FileExistsError:
        pass  # another program was first; its key is the key
    finally:
        made.unlink()
    sync_folder(path.parent)


def _no_key(what: str, path: Path) -> RemedyError:
    return RemedyError(
        what, where=str(path), remedy="Bring signing.key back from the backup of the data folder."
    )
