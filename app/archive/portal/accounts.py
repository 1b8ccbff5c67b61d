"""Who may use the portal, and for what: names, roles and password digests in one file."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import ClinicFileError, RemedyError
from core.safe_write import write_whole

ROLES = ("view", "retrieve", "forward", "admin")
LEAST_LETTERS, MOST_LETTERS = 12, 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True, slots=True)
class Account:
    """One person's access.

    Attributes:
        digest: Argon2id with its parameters and salt; the password itself is kept nowhere.
        roles: Some of `ROLES`; whoever may retrieve, forward or administer may view, too.

    """

    name: str
    digest: str
    roles: frozenset[str]

    def may(self, role: str) -> bool:
        """Tell whether the account has a role, or one that includes it."""
        return role in self.roles or "admin" in self.roles or (role == "view" and bool(self.roles))


class Accounts:
    """The file of accounts; it is read anew each time, so that a change holds at once."""

    def __init__(self, path: Path, hasher: PasswordHasher | None = None) -> None:
        self.path = path
        self._hasher = PasswordHasher() if hasher is None else hasher
        # Verified against where nobody has the name, so that the answer takes as long.
        self._nobody = self._hasher.hash(os.urandom(16).hex())

    def all(self) -> tuple[Account, ...]:
        """Return every account by name.

        Raises:
            ClinicFileError: The file is damaged.

        """
        if not self.path.is_file():
            return ()
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
            return tuple(
                Account(name, str(row["digest"]), frozenset(row["roles"]) & set(ROLES))
                for name, row in sorted(rows.items())
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            raise ClinicFileError(
                "the portal's accounts cannot be read",
                where=str(self.path),
                remedy="Bring it back from a backup, or delete it and add the accounts anew.",
            ) from fault

    def find(self, name: str) -> Account | None:
        """Return the account of a name, None when there is none."""
        return next((one for one in self.all() if one.name == name), None)

    def check(self, name: str, password: str) -> Account | None:
        """Return the account when name and password belong together."""
        account = self.find(name)
        try:
            self._hasher.verify(self._nobody if account is None else account.digest, password)
        except (VerificationError, InvalidHashError):
            return None
        return account

    def put(self, name: str, password: str, roles: Sequence[str]) -> Account:
        """Add an account, or give one another password and other roles.

        Raises:
            RemedyError: The name, the password or a role cannot be taken.

        """
        if not _NAME.fullmatch(name):
            raise RemedyError(
                f"{name!r} cannot be the name of an account",
                where="portal accounts",
                remedy="Use up to 32 letters, digits, dots, hyphens and underscores.",
            )
        if not LEAST_LETTERS <= len(password) <= MOST_LETTERS or name.lower() in password.lower():
            raise RemedyError(
                "the password is too easy to guess",
                where=name,
                remedy=f"Use {LEAST_LETTERS} characters or more, without the account's name.",
            )
        unknown = [role for role in roles if role not in ROLES]
        if unknown or not roles:
            raise RemedyError(
                f"{unknown[0]!r} is no role" if unknown else "no role is named",
                where=name,
                remedy=f"Roles are {', '.join(ROLES)}.",
            )
        account = Account(name, self._hasher.hash(password), frozenset(roles))
        self._write([*(one for one in self.all() if one.name != name), account])
        return account

    def remove(self, name: str) -> None:
        """Take an account away; its sessions end with it.

        Raises:
            RemedyError: There is no such account.

        """
        if self.find(name) is None:
            raise RemedyError(
                f"there is no account {name!r}", where="portal accounts",
                remedy="Look with 'eqs portal user list'.",
            )  # fmt: skip
        self._write(one for one in self.all() if one.name != name)

    def _write(self, accounts: Iterable[Account]) -> None:
        rows = {one.name: {"digest": one.digest, "roles": sorted(one.roles)} for one in accounts}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(rows, indent=1).encode(), mode=0o600)
