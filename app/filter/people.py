"""Who may sign what: people by login, their roles, what a signature says (R-28, 21 CFR 11.50)."""

import getpass
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.filter.baseline_expected import table_file
from app.filter.toml_table import read_table, refuse_unknown
from core.errors import ClinicFileError, RemedyError

ROLES = ("dosimetrist", "physicist", "therapist", "physician")
PHYSICIST = ("physicist",)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs.

    Attributes:
        name: Printed name.
        roles: Empty while the clinic lists nobody.
        login: Name the person is logged in by.
        listed: Whether the clinic's list says who this is.

    """

    name: str
    roles: tuple[str, ...] = ()
    login: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a signature says, and the roles that may say it."""

    id: str
    words: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordRules:
    """The clinic's `filter/record.toml`.

    Attributes:
        reports: Whether every report is put into the log.
        people: By login, in lower case; empty while nobody is listed.
        meanings: What a signature may say, by its name.

    """

    reports: bool
    people: Mapping[str, Person] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)

    @property
    def enforced(self) -> bool:
        """Whether roles are enforced."""
        return bool(self.people)


def read_record_rules(file: Path | None = None) -> RecordRules:
    """Return what is put on record and who may sign.

    Raises:
        ClinicFileError: An entry is not complete, or names an unknown role.

    """
    file = file or table_file("record.toml")
    table = read_table(file, ("log", "people", "meaning"))
    people = {
        login.casefold(): Person(_name(login, row, file), _roles(login, row, file), login, True)
        for login, row in _group(table, "people", file).items()
    }
    meanings = {
        name: Meaning(name, _text(row, "words", name, file), _roles(name, row, file))
        for name, row in _group(table, "meaning", file).items()
    }
    for group, known in (("people", ("name", "roles")), ("meaning", ("words", "roles", "source"))):
        for name, row in _group(table, group, file).items():
            refuse_unknown("entry", row, known, file, f"{group}.{name}")
    log = _group(table, "log", file, needed=False)
    refuse_unknown("entry", log, ("reports",), file, "log")
    entry = log.get("reports", True)
    reports = entry.get("value") if isinstance(entry, dict) else entry
    if not isinstance(reports, bool):
        raise _wrong("log.reports is neither true nor false", file)
    return RecordRules(reports, people, meanings)


def signer(typed: str, needed: Collection[str] = (), what: str = "sign") -> Person:
    """Return who signs.

    Args:
        typed: Name as typed; may be empty for a person the clinic lists.
        needed: Roles of which one is asked for; without effect while nobody is listed.
        what: What is to be done, for the message.

    Raises:
        RemedyError: Nobody is named, the login is not listed, the name is another person's, or
            the role is missing.

    """
    rules, login, typed = read_record_rules(), getpass.getuser(), " ".join(typed.split())
    if not rules.enforced:
        if not typed:
            raise RemedyError("nobody is named", where=what, remedy="Give your name.")
        return Person(typed, (), login)
    one = rules.people.get(login.casefold())
    if one is None:
        raise RemedyError(
            f"the login {login!r} is not in the clinic's list of people", where=what,
            remedy="Have filter/record.toml of the clinic's folder name you.",
        )  # fmt: skip
    if typed and typed.casefold() not in (one.name.casefold(), login.casefold()):
        raise RemedyError(
            f"you are logged in as {one.name}; nobody signs for {typed}", where=what,
            remedy="Log in as the person who signs.",
        )  # fmt: skip
    if needed and not set(needed) & set(one.roles):
        raise RemedyError(
            f"{one.name} is {_listed(one.roles)}; asked for is {_listed(needed)}", where=what,
            remedy="Leave it to somebody with that role.",
        )  # fmt: skip
    return one


def printed_name() -> str:
    """Return the printed name of whoever is logged in; empty while the clinic lists nobody."""
    one = read_record_rules().people.get(getpass.getuser().casefold())
    return one.name if one is not None else ""


def _listed(roles: Collection[str]) -> str:
    return " or ".join(roles) or "of no role"


def _group(
    table: Mapping[str, object], name: str, file: Path, *, needed: bool = True
) -> dict[str, dict[str, object]]:
    rows = table.get(name, {})
    if not isinstance(rows, dict) or (
        needed and not all(isinstance(row, dict) for row in rows.values())
    ):
        raise _wrong(f"`{name}` must hold tables", file)
    return rows


def _name(login: str, row: Mapping[str, object], file: Path) -> str:
    return " ".join(_text(row, "name", login, file).split())


def _text(row: Mapping[str, object], key: str, name: str, file: Path) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{name} has no {key}", file)
    return value.strip()


def _roles(name: str, row: Mapping[str, object], file: Path) -> tuple[str, ...]:
    roles = row.get("roles")
    if not isinstance(roles, list) or not roles or not set(roles) <= set(ROLES):
        raise _wrong(f"roles of {name} are {roles!r}, known are {', '.join(ROLES)}", file)
    return tuple(str(role) for role in roles)


def _wrong(what: str, file: Path) -> ClinicFileError:
    remedy = "Correct it; resources/filter/record.toml shows how it is written."
    return ClinicFileError(what, where=str(file), remedy=remedy)
