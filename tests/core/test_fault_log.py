"""Faults of the program are kept by kind and place, never with their words."""

import json

from core.fault_log import MOST_BYTES, fault_file, note_fault


def fault_of(words):
    try:
        {}[words]
    except KeyError as fault:
        return fault


def test_that_a_fault_is_kept_by_kind_and_place_without_its_words():
    note_fault(fault_of("DOE^JANE"), "the window")
    (line,) = fault_file().read_text(encoding="utf-8").splitlines()
    told = json.loads(line)
    assert (told["kind"], told["doing"]) == ("KeyError", "the window")
    assert told["places"][-1].startswith("tests/core/test_fault_log.py:")
    assert told["places"][-1].endswith(" fault_of")
    assert "DOE" not in line


def test_that_the_log_keeps_its_size(monkeypatch):
    fault_file().write_text("x" * (MOST_BYTES + 1))
    note_fault(fault_of(""), "the window")
    assert len(fault_file().read_text().splitlines()) == 1
    assert fault_file().with_suffix(".old.jsonl").stat().st_size == MOST_BYTES + 1


def test_that_a_log_that_cannot_be_written_makes_no_second_fault():
    fault_file().mkdir()
    note_fault(fault_of(""), "the window")
    assert fault_file().is_dir()
