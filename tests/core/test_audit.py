"""The log only grows, and every change of what it holds shows."""

import json
import multiprocessing
from pathlib import Path

import pytest

from core import audit
from core.audit import LogError, append, entries, verify


def log(folder: Path, *words: str) -> Path:
    path = folder / "audit" / "log.jsonl"
    for word in words:
        append(path, {"what": word})
    return path


def test_that_entries_stand_in_order_with_user_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "siochi")
    path = log(tmp_path, "one", "zwö", "three\nlines\nin one")
    found = entries(path)
    assert [one["what"] for one in found] == ["one", "zwö", "three\nlines\nin one"]
    assert {one["user"] for one in found} == {"siochi"}
    assert all(one["time"].endswith("+00:00") for one in found)
    assert verify(path) == ()


def test_that_the_digest_returned_is_the_next_line_s_previous(tmp_path):
    path = tmp_path / "log.jsonl"
    digest = append(path, {"what": "one"})
    append(path, {"what": "two"})
    assert entries(path)[1]["previous"] == digest
    assert entries(path)[0]["previous"] == audit.BEGIN


def test_that_no_log_is_empty_and_whole(tmp_path):
    assert entries(tmp_path / "none") == ()
    assert verify(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda lines: [lines[0].replace(b"one", b"ONE"), *lines[1:]], 2),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
    ],
    ids=["changed", "removed", "first removed", "swapped", "doubled"],
)
def test_that_a_changed_removed_or_moved_line_is_named(tmp_path, damage, line):
    path = log(tmp_path, "one", "two", "three")
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    assert verify(path)[0].startswith(f"Line {line} ")


@pytest.mark.parametrize(
    "damage",
    [lambda lines: [*lines[:2], lines[2].replace(b"three", b"THREE")], lambda lines: lines[:2]],
    ids=["changed", "cut off"],
)
def test_that_a_change_of_the_last_line_shows(tmp_path, damage):
    path = log(tmp_path, "one", "two", "three")
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    assert verify(path)[0].endswith("is not the last line that was written.")


def test_that_every_changed_byte_shows(tmp_path):
    path = log(tmp_path, "one", "two")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert verify(path), place


def test_that_a_log_without_its_note_or_with_an_older_one_is_whole(tmp_path):
    path = log(tmp_path, "one")
    head = path.with_name("log.jsonl.head")
    before = head.read_text()
    append(path, {"what": "two"})
    for text in (before, ""):
        head.write_text(text)
        assert verify(path) == ()
    head.unlink()
    assert verify(path) == ()


def test_that_a_torn_line_is_kept_named_and_followed_by_a_line_that_says_so(tmp_path):
    path = log(tmp_path, "one", "two")
    torn = path.read_bytes()[:-20]
    path.write_bytes(torn)
    assert verify(path) == ("Line 2 is torn: the log does not end with a whole line.",)
    append(path, {"what": "three"})
    assert path.read_bytes().startswith(torn + b"\n")
    assert [one["what"] for one in entries(path)] == ["one", "three"]
    assert entries(path)[1]["follows_a_torn_line"] is True
    assert verify(path) == ("Line 2 is torn or no entry.",)
    append(path, {"what": "four"})
    assert "follows_a_torn_line" not in entries(path)[2]
    assert len(verify(path)) == 1


def test_that_a_line_longer_than_a_block_is_chained_whole(tmp_path):
    path = log(tmp_path, "x" * 10_000, "two", "y" * 4096, "four")
    assert verify(path) == ()


def write_some(path: Path, name: str) -> None:
    for number in range(20):
        append(path, {"what": f"{name}{number}"})


def test_that_two_programs_write_in_turn(tmp_path):
    path = tmp_path / "log.jsonl"
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=write_some, args=(path, name)) for name in "ab"]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert sorted(one["what"] for one in entries(path)) == sorted(
        f"{name}{number}" for name in "ab" for number in range(20)
    )
    assert verify(path) == ()


def test_that_a_log_somebody_else_holds_is_refused_after_a_while(tmp_path):
    path = log(tmp_path, "one")
    with audit._alone(path, 1.0), pytest.raises(LogError, match="another program"):
        append(path, {"what": "two"}, wait_s=0.05)
    append(path, {"what": "three"})
    assert [one["what"] for one in entries(path)] == ["one", "three"]


def test_that_a_log_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError) as caught:
        append(tmp_path / "file" / "log.jsonl", {"what": "one"})
    assert caught.value.remedy


def test_that_a_line_is_one_json_object(tmp_path):
    [line] = log(tmp_path, "one").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["what"] == "one"
