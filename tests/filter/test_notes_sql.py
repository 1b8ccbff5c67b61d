"""Chart notes over ODBC: only reading, in a real database where a driver is there (O-03)."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from app.filter import notes_sql
from app.filter.notes_sql import NoteSource, notes_of, read_sources, require_reading
from core.errors import ClinicFileError, RemedyError

# Where an SQLite driver for ODBC may lie; EQS_TEST_ODBC_DRIVER names another one.
PLACES = (
    "/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so",
    "/usr/lib/aarch64-linux-gnu/odbc/libsqlite3odbc.so",
    "/usr/lib64/libsqlite3odbc.so",
)
QUERY = "SELECT written, author, words FROM notes WHERE patient = ? ORDER BY written"


@pytest.mark.req("O-03")
@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM notes", "SELECT 1; DROP TABLE notes", "UPDATE notes SET words = ''",
        "WITH x AS (SELECT 1) DELETE FROM notes", "SELECT * INTO copy FROM notes", "EXEC sp_help",
        "SELECT 1 FROM notes FOR UPDATE", "/* SELECT */ INSERT INTO notes VALUES (1)", "",
        "SELECT 1 /*! ; DROP TABLE notes */", "PRAGMA x = 1", "-- x\nDROP TABLE notes",
    ],
)  # fmt: skip
def test_that_a_query_that_could_write_is_refused_before_any_connection(query, monkeypatch):
    monkeypatch.setattr(notes_sql, "_pyodbc", lambda: pytest.fail("a connection was asked for"))
    with pytest.raises(ClinicFileError):
        notes_of(NoteSource("x", "DSN=x", query), "1")


@pytest.mark.req("O-03")
@pytest.mark.parametrize(
    "query",
    [
        QUERY, QUERY + ";", "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT words FROM notes WHERE words LIKE '%delete; drop%'", 'SELECT "update" FROM notes',
        "SELECT a -- into\nFROM notes", "SELECT created_set FROM notes",
    ],
)  # fmt: skip
def test_that_a_query_that_only_reads_is_taken(query):
    require_reading(query, "x")


@pytest.mark.req("O-03")
def test_that_a_missing_pyodbc_is_told_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(RemedyError, match="pyodbc, which speaks to databases"):
        notes_of(NoteSource("x", "DSN=x", QUERY), "1")


@pytest.mark.req("O-03")
def test_that_sources_come_from_the_table_and_no_password_stands_there(tmp_path):
    assert read_sources() == ()
    file = tmp_path / "notes.toml"
    row = f'[[source]]\nname = "chart"\nconnection = "DSN=RV"\nquery = "{QUERY}"\ntimeout_s = 5\n'
    file.write_text(row, encoding="utf-8")
    assert read_sources(file) == (NoteSource("chart", "DSN=RV", QUERY, 5),)
    for wrong in (
        row.replace("DSN=RV", "DSN=RV;PWD=secret"), row.replace("= 5", "= 0"),
        row.replace("SELECT", "DELETE"), row.replace("connection", "conection"),
    ):  # fmt: skip
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(ClinicFileError):
            read_sources(file)


@pytest.fixture
def database(tmp_path):
    """A database with notes, and its connection string by a real driver."""
    pytest.importorskip("pyodbc", reason="pyodbc or its driver manager is not installed",
                        exc_type=ImportError)  # fmt: skip
    named = os.environ.get("EQS_TEST_ODBC_DRIVER")
    driver = next((one for one in ([named] if named else PLACES) if Path(one).is_file()), None)
    if driver is None:
        pytest.skip("no SQLite driver for ODBC is installed")
    file = tmp_path / "notes.db"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE notes (patient TEXT, written TEXT, author TEXT, words TEXT)")
        made.executemany(
            "INSERT INTO notes VALUES (?, ?, ?, ?)",
            [
                ("4711", "2026-02-03", "Dr. Ä", "Gating: yes"),
                ("4711", "2026-01-02", "RTT", "Dose rate: 300 MU/min\nseen"),
                ("0815", "2026-01-02", "RTT", "another person"),
            ],
        )
    made.close()
    return file, f"Driver={driver};Database={file}"


@pytest.mark.req("O-03")
def test_that_the_notes_of_one_patient_come_from_a_real_database(database):
    file, connection = database
    before = file.read_bytes()
    notes = notes_of(NoteSource("chart", connection, QUERY), "4711")
    assert [(one.date, one.author, one.text) for one in notes] == [
        ("2026-01-02", "RTT", "Dose rate: 300 MU/min\nseen"),
        ("2026-02-03", "Dr. Ä", "Gating: yes"),
    ]
    assert notes_of(NoteSource("chart", connection, QUERY), "' OR 1=1 --") == ()
    assert file.read_bytes() == before


@pytest.mark.req("O-03")
def test_that_even_a_writing_statement_that_slips_through_leaves_nothing(database, monkeypatch):
    file, connection = database
    monkeypatch.setattr(notes_sql, "require_reading", lambda query, where: None)
    deleting = "DELETE FROM notes WHERE patient = ?"
    with pytest.raises(RemedyError):
        notes_of(NoteSource("chart", connection, deleting), "4711")
    with sqlite3.connect(file) as made:
        assert made.execute("SELECT count(*) FROM notes").fetchone() == (3,)
    made.close()


@pytest.mark.req("O-03")
def test_that_a_database_s_refusal_is_one_sentence_without_the_connection(database):
    _, connection = database
    broken = QUERY.replace("FROM notes", "FROM letters")
    with pytest.raises(RemedyError) as told:
        notes_of(NoteSource("chart", connection, broken), "4711")
    assert "letters" in str(told.value)
    assert connection not in str(told.value)
    with pytest.raises(RemedyError, match="date, author, text"):
        notes_of(NoteSource("chart", connection, "SELECT words, author FROM notes"), "4711")
