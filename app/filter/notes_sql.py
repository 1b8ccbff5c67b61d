"""Chart notes from the record system's database: read only, over ODBC, queries in TOML (O-03)."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.filter.baseline_expected import table_file
from app.filter.notes import Note
from app.filter.toml_table import read_table, refuse_unknown
from core.errors import ClinicFileError, RemedyError

TIMEOUT_S = 10
MOST_NOTES = 5000
_WRITING = re.compile(
    r"\b(insert|update|delete|merge|drop|create|alter|truncate|grant|revoke|exec|execute"
    r"|call|into|attach|pragma|vacuum|set|declare|begin|commit|use|backup|restore|shutdown"
    r"|for\s+update|openrowset|xp_\w+|sp_\w+)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL
)
_PASSWORD = re.compile(r"\b(pwd|password)\s*=", re.IGNORECASE)


class DatabaseError(RemedyError):
    """The notes could not be read from the database, so nothing of them was checked."""


@dataclass(frozen=True, slots=True)
class NoteSource:
    """One query; its columns are date, author, text, and ? stands for the patient ID."""

    name: str
    connection: str
    query: str
    timeout_s: int = TIMEOUT_S


def read_sources(file: Path | None = None) -> tuple[NoteSource, ...]:
    """Return the queries of the clinic's notes.toml.

    Raises:
        ClinicFileError: A source is not complete, its query could write, or a password stands
            in the file.

    """
    file = file or table_file("notes.toml")
    rows = read_table(file, ("source", "item", "words")).get("source", [])
    if not isinstance(rows, list):
        raise _wrong("`source` must be a list of tables ([[source]])", str(file))
    return tuple(_source(row, number, file) for number, row in enumerate(rows, start=1))


def require_reading(query: str, where: str) -> None:
    """Refuse a query that is anything but one SELECT.

    The connection is opened read only as well, and everything is rolled back; a database login
    that may only read is the third lock, and the one that counts.

    Raises:
        ClinicFileError: Names what makes it a query that could write.

    """
    bare = _bare(query)
    if "/*!" in query:
        raise _wrong("the query holds a comment that some databases carry out", where)
    if ";" in bare:
        raise _wrong("the query holds more than one statement", where)
    if not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        raise _wrong("the query does not begin with SELECT", where)
    found = _WRITING.search(bare)
    if found:
        raise _wrong(f"the query holds {found.group()!r}, which could write", where)


def _bare(query: str) -> str:
    """Return a query without its texts, quoted names and comments."""
    return _QUOTED.sub(" '' ", query).strip().rstrip(";").strip()


def notes_of(source: NoteSource, patient_id: str) -> tuple[Note, ...]:
    """Return the notes of a patient, in the order of the query.

    Raises:
        ClinicFileError: The query could write.
        DatabaseError: pyodbc or a driver is missing, or the database refuses.

    """
    require_reading(source.query, source.name)
    pyodbc = _pyodbc()
    try:
        connection = pyodbc.connect(
            source.connection, timeout=source.timeout_s, readonly=True, autocommit=False
        )
    except pyodbc.Error as fault:
        raise _refused(source, "the database cannot be reached", fault) from fault
    try:
        connection.timeout = source.timeout_s
        cursor = connection.cursor()
        cursor.execute(source.query, *[patient_id] * _bare(source.query).count("?"))
        rows = cursor.fetchmany(MOST_NOTES + 1)
    except pyodbc.Error as fault:
        raise _refused(source, "the query was refused", fault) from fault
    finally:
        _close(connection, pyodbc)
    if len(rows) > MOST_NOTES:
        raise DatabaseError(
            f"the query gives more than {MOST_NOTES} notes for one patient", where=source.name,
            remedy="Narrow the query to the notes of one patient.",
        )  # fmt: skip
    return tuple(_note(row, source) for row in rows)


def _close(connection: Any, pyodbc: Any) -> None:  # noqa: ANN401  (pyodbc comes at run time)
    try:
        connection.rollback()
    except pyodbc.Error:
        pass  # a connection that is lost has nothing to take back
    finally:
        connection.close()


def _pyodbc() -> Any:  # noqa: ANN401  (imported only when somebody asks a database)
    try:
        return importlib.import_module("pyodbc")
    except ImportError as fault:
        raise DatabaseError(
            f"pyodbc, which speaks to databases over ODBC, cannot be loaded ({fault})",
            where="chart notes",
            remedy="Install pyodbc (on Linux unixODBC too), or paste the notes.",
        ) from fault


def _note(row: Any, source: NoteSource) -> Note:  # noqa: ANN401  (a row of any driver)
    cells = ["" if cell is None else str(cell) for cell in row]
    if len(cells) == 1:
        return Note(cells[0], source=source.name)
    if len(cells) != 3:
        raise _wrong(f"the query gives {len(cells)} columns, not date, author, text", source.name)
    date, author, text = cells
    return Note(text, date, author, source.name)


def _source(row: Mapping[str, Any], number: int, file: Path) -> NoteSource:
    where = f"{file}, source {number}"
    texts = {}
    for name in ("name", "connection", "query"):
        value = row.get(name) if isinstance(row, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise _wrong(f"source {number} has no {name}", where)
        texts[name] = value
    refuse_unknown("entry", row, (*texts, "timeout_s"), file, f"source {number}")
    if _PASSWORD.search(texts["connection"]):
        raise _wrong("a password stands in the file", where)
    timeout = row.get("timeout_s", TIMEOUT_S)
    if not isinstance(timeout, int) or isinstance(timeout, bool) or not 1 <= timeout <= 120:
        raise _wrong(f"timeout_s is {timeout!r}, allowed are 1 to 120 s", where)
    require_reading(texts["query"], where)
    return NoteSource(**texts, timeout_s=timeout)


def _refused(source: NoteSource, what: str, fault: Exception) -> DatabaseError:
    words = str(fault.args[-1] if fault.args else fault)
    # Drivers like to repeat the connection string; it may name servers and users.
    words = words.replace(source.connection, "...")
    return DatabaseError(
        f"{what}: {words}", where=source.name,
        remedy="Check connection, driver and query in notes.toml, or paste the notes.",
    )  # fmt: skip


def _wrong(what: str, where: str) -> ClinicFileError:
    remedy = "Correct notes.toml; resources/filter/notes.toml shows how it is written."
    return ClinicFileError(what, where=where, remedy=remedy)
