"""Take the rules of the Filter out one by one, and say how each row's own test ends without it.

    python -m tests.filter.rule_taken_out

First every test runs with all rules in. Then, in a process forked for each rule, the rule is
replaced wherever a module holds it, and its test runs again. Prints one JSON object: the exit
code of pytest with all rules, and of each rule's test without it (1: the test has failed).
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from core.findings import State


@dataclass(frozen=True)
class TakenOut:
    """One rule.

    Attributes:
        row: Requirement ID.
        place: Module below app.filter and name in it.
        without: Makes what stands there instead, from what stood there.
        test: The row's own test, below tests.

    """

    row: str
    place: str
    without: Callable[[Any], Any]
    test: str


def silent(_: Any) -> Any:
    """A rule that says nothing."""

    def ask(*_arguments: Any, **_named: Any) -> Iterator[Any]:
        return iter(())

    return ask


def nothing(_: Any) -> Any:
    """A function that returns None."""
    return lambda *_arguments, **_named: None


def empty(_: Any) -> Any:
    """A function that returns an empty tuple."""
    return lambda *_arguments, **_named: ()


def _in_file_order(real: Any) -> Any:
    def pair(fields: Any, beams: Any, *arguments: Any, **named: Any) -> Any:
        found = real(fields, beams, *arguments, **named)
        count = min(len(fields), len(beams))
        return replace(found, pairs=tuple((n, n, 0.0) for n in range(count)))

    return pair


def _left_as_they_are(real: Any) -> Any:
    def ordered(found: Any, planned: Any, *arguments: Any, **named: Any) -> Any:
        return replace(real(found, planned, *arguments, **named), points=tuple(planned), order=())

    return ordered


LOGIC, INTERLOCKS = "filter/test_logic.py", "filter/test_interlocks.py"
RECORD = "filter/test_record.py"
RULES = (
    TakenOut("R-02", "report.opened", lambda real: lambda read, settings: replace(
        real(read, settings), findings=()),
        "filter/test_desk_rules.py::test_that_the_report_on_opening_comes_before_any_plan"),
    TakenOut("R-02", "rtp_check._of_points", silent,
             "filter/test_rtp_check.py::test_that_each_fault_is_one_finding"),
    TakenOut("R-03", "acknowledged.words_on", lambda _: lambda _report: {},
             f"{RECORD}::"
             "test_that_a_finding_is_acknowledged_with_user_time_and_reason_and_stays_red"),
    TakenOut("R-03", "signoff._require_answered", nothing,
             f"{RECORD}::"
             "test_that_nothing_is_signed_while_a_finding_is_open_and_nothing_red_is_approved"),
    TakenOut("R-04", "values.compare_values", nothing,
             "filter/test_compare.py::test_that_each_field_row_and_no_other_sees_its_own_change"),
    TakenOut("R-05", "pairing.pair", _in_file_order,
             "filter/test_compare.py::test_that_swapped_fields_deviate_by_nothing"),
    TakenOut("R-06", "segments.ordered", _left_as_they_are,
             "one_change/test_one_change.py::test_that_shuffled_segments_report_nothing"),
    TakenOut("R-07", "same_beam.is_same_beam", lambda _: lambda *_given: True,
             "filter/test_compare_exports.py::test_that_the_same_beam_is_what_the_paper_says"),
    TakenOut("R-08", "consistency._modality", silent,
             f"{LOGIC}::test_that_energy_and_particle_belong_to_the_prescribed_modality"),
    TakenOut("R-09", "consistency._prescription", silent,
             f"{LOGIC}::test_that_the_number_of_fractions_is_whole"),
    TakenOut("R-10", "mu.sums.state_of", lambda _: lambda *_given, **_named: State.PASS,
        "filter/test_desk_rules.py::test_that_the_fraction_dose_is_held_to_a_second_calculation"),
    TakenOut("R-11", "consistency._doses", silent,
             f"{LOGIC}::test_that_field_doses_add_up_to_the_fraction_dose_within_half_a_cgy"),
    TakenOut("R-12", "isodose.isodose_lines", empty,
             "filter/test_columns.py::test_that_the_isodose_line_is_computed_and_shown"),
    TakenOut("R-13", "interlocks._angles", silent,
             f"{INTERLOCKS}::test_that_angles_lie_in_the_machines_range"),
    TakenOut("R-13", "interlocks._lengths", silent,
             f"{INTERLOCKS}::test_that_jaws_lie_in_the_machines_range"),
    TakenOut("R-13", "interlocks._applicator", silent,
             f"{INTERLOCKS}::test_that_an_electron_field_is_one_the_machine_has"),
    TakenOut("R-13", "interlocks._dynamic_wedge", silent,
             f"{INTERLOCKS}::test_that_a_virtual_wedge_is_commissioned_and_has_enough_mu"),
    TakenOut("R-13", "interlock_leaves._neighbours", silent,
             f"{INTERLOCKS}::test_that_neighbouring_leaves_do_not_interdigitate_where_forbidden"),
    TakenOut("R-13", "interlock_leaves._y_jaws", silent,
             f"{INTERLOCKS}::test_that_each_y_jaw_stands_within_5_mm_of_the_first_open_pair"),
    TakenOut("R-13", "interlock_leaves._reach", silent,
             f"{INTERLOCKS}::test_that_leaves_stay_within_reach_and_span"),
    TakenOut("R-14", "consistency._table_positions", silent,
             f"{LOGIC}::test_that_fields_of_an_isocentre_share_the_table_position"),
    TakenOut("R-15", "consistency._field_ids", silent,
             f"{LOGIC}::test_that_field_ids_are_short_plain_and_unique"),
    TakenOut("R-15", "consistency._moduleaf", silent,
             f"{LOGIC}::test_that_a_moduleaf_block_code_belongs_to_one_field"),
    TakenOut("R-20", "template.against", silent,
             "filter/test_templates.py::"
             "test_that_each_value_of_the_tbi_template_sees_its_own_change"),
    TakenOut("R-20", "tbi._ssd", silent,
             "filter/test_templates.py::test_that_the_ssd_is_held_to_what_was_measured"),
    TakenOut("R-20", "tbi_dose.mid_plane_doses", silent,
             "filter/test_desk_rules.py::test_that_the_mid_plane_dose_is_the_worked_example_s_"
             "and_three_percent_are_an_error"),
    TakenOut("R-21", "template.against", silent,
             "filter/test_templates.py::test_that_each_requirement_of_an_arc_sees_its_own_change"),
    TakenOut("R-21", "srs._strangers", silent,
             "filter/test_templates.py::"
             "test_that_a_stranger_in_a_prescription_is_found_either_way"),
    TakenOut("R-21", "srs._collisions", silent,
             "filter/test_templates.py::test_that_an_arc_through_a_collision_zone_is_found"),
    TakenOut("R-21", "srs.arc_set_of", lambda _: lambda _arcs, _rules: "",
             "filter/test_templates.py::test_that_a_standard_set_is_named_and_nothing_is_wrong"),
    TakenOut("R-22", "setup_fields.setup_findings", silent,
             f"{LOGIC}::test_that_a_set_up_field_gives_no_dose"),
    TakenOut("R-22", "setup_fields.named_so", lambda _: lambda _field, _rules: "",
             f"{LOGIC}::test_that_a_name_that_says_set_up_is_asked_about"),
    TakenOut("R-23", "hints._gating", silent,
             f"{LOGIC}::test_that_a_note_on_gating_is_held_up_for_attestation"),
    TakenOut("R-23", "ledger._of_item", empty,
             "filter/test_ledger.py::"
             "test_that_an_attested_item_stays_in_the_list_with_who_when_and_words"),
    TakenOut("R-24", "cone_beam.cone_beam_findings", silent,
             "filter/test_desk_rules.py::"
             "test_that_each_value_of_a_cone_beam_field_is_held_to_its_template"),
    TakenOut("R-25", "rtp_write.rtp_bytes", lambda real: lambda plan: real(
        replace(plan, fields=plan.fields[:1])),
        "filter/test_desk_rules.py::test_that_a_translated_plan_holds_every_beam"),
    TakenOut("R-26", "cards.card_of", lambda real: lambda _rule: real("X-NONE"),
             "filter/test_desk_rules.py::test_that_every_rule_says_why_and_where_from"),
    TakenOut("R-26", "report.overall", lambda real: lambda _findings: real(()),
             f"{RECORD}::test_that_every_report_opened_or_compared_stands_in_the_log"),
    TakenOut("R-27", "views.exports", lambda real: lambda _expected: real(()),
             "filter/test_compare_exports.py::"
             "test_that_each_field_row_and_no_other_sees_its_own_change"),
    TakenOut("R-28", "checks_log.append", nothing,
             f"{RECORD}::test_that_every_report_opened_or_compared_stands_in_the_log"),
    TakenOut("R-28", "people.signer", lambda real: lambda typed, _needed=(), what="": real(
        typed, (), what),
        f"{RECORD}::test_that_roles_are_enforced_once_people_are_listed"),
    TakenOut("R-29", "ledger_names.name_by_rule", lambda _: lambda _rule, _parts: "report",
             "filter/test_ledger.py::"
             "test_that_the_name_of_a_page_says_nothing_of_the_patient_unless_the_clinic_asks"),
    TakenOut("R-30", "values.compare_values", nothing,
             "filter/test_compare.py::test_that_each_point_row_and_no_other_sees_its_own_change"),
    TakenOut("R-31", "baseline_compare.findings_of", silent,
             "filter/test_baseline.py::"
             "test_that_every_seeded_change_is_red_and_the_expected_one_yellow"),
    TakenOut("O-03", "watch.incomplete", lambda _: lambda _file: "",
             "filter/test_watch.py::test_that_every_cut_of_a_file_is_told_as_not_whole"),
    TakenOut("O-03", "notes.hits_in", empty,
             "filter/test_notes.py::test_that_key_words_are_shown_in_their_sentence"),
    TakenOut("O-06", "views.PLAN_TO_VARIS", lambda real: replace(real, skipped={}),
             "filter/test_columns.py::test_that_a_varis_export_of_the_plan_is_clean"),
    TakenOut("O-08", "worklist._require_open", lambda _: lambda case, _step, person: (
        case, SimpleNamespace(name=person, roles=())),
        "filter/test_worklist.py::test_that_no_step_can_be_done_before_the_one_before_it"),
    TakenOut("O-08", "worklist._require_reason", nothing,
             "filter/test_worklist.py::test_that_a_step_is_left_out_only_with_a_reason_that_stays"),
    TakenOut("O-09", "worklist.open_items", empty,
             "filter/test_worklist.py::"
             "test_that_a_plan_goes_from_planned_to_locked_and_each_item_opens_the_next"),
    TakenOut("O-10", "worklist_sheet.differences", lambda _: lambda _lines: 0,
             "filter/test_worklist.py::test_that_the_sheet_marks_the_value_that_differs"),
    TakenOut("O-11", "other_reports.WITHOUT_PLAN", lambda real: dict.fromkeys(real, ""),
             "filter/test_desk_rules.py::test_that_a_plan_less_export_says_that_there_is_none"),
    TakenOut("O-12", "ledger_page._sources", silent,
             "filter/test_ledger.py::"
             "test_that_a_page_holds_the_whole_report_and_refers_to_nothing_outside"),
    TakenOut("O-15", "notes.stated_in", empty,
             "filter/test_notes.py::test_that_each_item_of_the_template_is_read"),
)  # fmt: skip


def take_out(rule: TakenOut) -> None:
    """Replace a rule in its module and in every module that has imported it."""
    module_name, _, name = rule.place.rpartition(".")
    real = getattr(importlib.import_module(f"app.filter.{module_name}"), name)
    other = rule.without(real)
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(("app.", "tests.")):
            for own, value in list(vars(module).items()):
                if value is real:
                    setattr(module, own, other)


def ending(tests: Iterable[str]) -> int:
    """Run tests in this process and return pytest's exit code."""
    quiet = ("-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-p", "no:xvfb")
    return int(pytest.main([*quiet, *(f"tests/{test}" for test in tests)]))


def forked(rule: TakenOut, tests: Sequence[str] = ()) -> int:
    """Return how a rule's test, or others, end without it."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            take_out(rule)
            code = ending(tests or [rule.test])
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Run all of it; what pytest says goes to the error stream."""
    answer = os.dup(1)
    os.dup2(2, 1)
    whole = ending(sorted({rule.test for rule in RULES}))
    # The same way with nothing taken out must pass, or a failure would prove nothing.
    same = replace(RULES[0], without=lambda real: real)
    control = forked(same, sorted({rule.test for rule in RULES if "one_change" not in rule.test}))
    codes = [forked(rule) for rule in RULES]
    told = {"whole": whole, "control": control, "without": codes}
    os.write(answer, json.dumps(told).encode())


if __name__ == "__main__":
    main()
