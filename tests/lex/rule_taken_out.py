"""A pytest plugin that takes one rule of LEX out of the program before any test is imported.

    EQS_RULE_TAKEN_OUT=6 python -m pytest -p tests.lex.rule_taken_out TEST

test_rules_taken_out.py starts it for every row and wants the row's own test to fail.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

VARIABLE = "EQS_RULE_TAKEN_OUT"


@dataclass(frozen=True)
class TakenOut:
    """One rule.

    Attributes:
        row: Requirement ID.
        place: Module below app.lex and name in it.
        without: Makes what stands there instead, from what stood there.
        test: The row's own test, below tests/lex.

    """

    row: str
    place: str
    without: Callable[[Any], Any]
    test: str


def _touching(real: Any) -> Any:
    """A reader that leaves its trace on what it reads."""

    def read(path: Any) -> Any:
        found = real(path)
        (path / "lock" if path.is_dir() else path.with_suffix(".lock")).write_text("read")
        return found

    return read


RULES = (
    TakenOut("L-01", "sources._readings", _touching,
             "test_sources.py::test_that_reading_leaves_the_source_as_it_was"),
    TakenOut("L-02", "fetch._hash_again", lambda _: lambda _remote, one, _counter: one.sha256,
             "test_fetch_copy.py::"
             "test_that_a_change_that_keeps_size_and_time_is_found_by_the_second_reading"),
    TakenOut("L-03", "patient_index.read_institution",
             lambda real: lambda path: replace(real(path), patients=()),
             "test_patient_index.py::"
             "test_that_patients_stand_in_file_order_and_absent_ones_are_told"),
    TakenOut("L-05", "treatment.missing", lambda _: lambda _trial, _treatment: (),
             "test_transfer.py::test_that_nothing_is_made_while_something_is_missing"),
    TakenOut("L-07", "segments.is_cut", lambda _: lambda _beam: False,
             "test_segments.py::"
             "test_that_parts_have_their_own_ids_and_names_and_book_the_dose_of_the_beam"),
    TakenOut("L-08", "field_records._field",
             lambda real: lambda field, treatment: real(replace(field, gated=False), treatment),
             "test_transfer.py::test_that_a_gated_field_says_so_in_its_note"),
    TakenOut("L-09", "resequence.best_order",
             lambda _: lambda lengths: tuple(range(len(lengths))),
             "test_resequence.py::test_that_segments_to_and_fro_are_put_in_a_row"),
    TakenOut("L-10", "leaf_gap._covered", lambda _: lambda _point, _edges: set(),
             "test_leaf_gap.py::"
             "test_that_only_pairs_wholly_behind_a_y_jaw_are_opened_to_two_millimetres"),
    TakenOut("L-10", "leaf_gap._covered",
             lambda _: lambda _point, edges: set(range(len(edges) - 1)),
             "test_leaf_gap.py::test_that_a_pair_half_out_of_the_jaw_stays_shut"),
    TakenOut("L-21", "own_rules.read_own_rules", lambda _: lambda _folder: (),
             "test_own_rules.py::test_that_one_change_is_a_finding_at_its_place"),
    TakenOut("L-22", "log.earlier_runs", lambda _: lambda _trial: (),
             "test_policy.py::"
             "test_that_reading_again_after_a_correction_keeps_the_earlier_findings"),
    TakenOut("L-23", "transfer.LIMITS", lambda real: real[1:],
             "test_transfer.py::test_that_the_limits_are_said_with_every_transfer"),
    TakenOut("L-24", "rtp_write.checksum", lambda _: lambda _data: 0,
             "test_rtp_write.py::test_that_the_checksum_is_that_of_a_line_of_a_real_file"),
    TakenOut("L-24", "transfer.READ_BACK_STOPS", lambda _: (),
             "test_transfer.py::"
             "test_that_an_objection_of_the_other_channel_leaves_the_old_file_alone"),
    TakenOut("L-25", "transfer.LIMITS", lambda real: real[:-1],
             "test_transfer.py::test_that_the_limits_are_said_with_every_transfer"),
    TakenOut("L-26", "rv_systems.read_rv_system",
             lambda real: lambda _stem, folder=None: real("lantis", folder),
             "test_nomenclature.py::test_that_varis_differs_in_names_limits_and_layout"),
    TakenOut("O-01", "fix._apply", lambda _: lambda _edit, _lines: ([], []),
             "test_fix.py::"
             "test_that_the_example_gives_exactly_the_file_beside_it_and_the_export_is_untouched"),
)  # fmt: skip


def pytest_configure() -> None:
    """Take the rule out."""
    number = os.environ.get(VARIABLE, "")
    if not number:
        return
    rule = RULES[int(number)]
    module_name, _, name = rule.place.partition(".")
    module = importlib.import_module(f"app.lex.{module_name}")
    setattr(module, name, rule.without(getattr(module, name)))
