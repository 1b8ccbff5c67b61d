"""Each check: the smallest change that must be found, and its neighbour that must pass."""

from dataclasses import replace

import pytest

from app.lex.checks import CHECKS, check_case
from app.lex.checks.case import Case, Miss, check
from app.lex.fields import fields_of
from app.lex.plan import Device, Person, Prescription, Trial
from app.lex.rv_systems import read_rv_system
from app.lex.transfer import prepare
from core.errors import MissingDataError
from core.findings import Finding, State
from core.machines import Machine, read_machine
from tests.lex.transfer_sample import (
    arc,
    bare,
    beam,
    segment,
    step_and_shoot,
    treatment,
    trial,
)

DEMO = read_machine("demo_linac")
VIRTUAL = (Device("VW", kind="virtual", angle_deg=60.0),)


def found(rule: str, *beams, plan: Trial | None = None, machine: Machine | None = DEMO, **entries):
    chosen = treatment(**entries)
    plan = plan or trial(*beams)
    system = read_rv_system(chosen.rv_system)
    case = Case(plan, chosen, fields_of(plan, chosen), machine, system)
    return [finding for finding in check_case(case) if finding.rule == rule]


def states(rule: str, *beams, **changes) -> list[State]:
    return [finding.state for finding in found(rule, *beams, **changes)]


def test_that_a_sound_plan_passes_every_check_and_each_says_so():
    transfer = prepare(trial(), treatment())
    assert [(one.rule, one.state) for one in transfer.findings] == [
        (one.rule, State.PASS) for one in CHECKS
    ]


def test_that_no_two_checks_share_a_rule_and_each_has_a_remedy():
    assert len({one.rule for one in CHECKS}) == len(CHECKS)
    assert all(one.remedy.endswith(".") and not one.title.endswith(".") for one in CHECKS)


@pytest.mark.req("L-06")
def test_that_an_energy_the_machine_does_not_offer_names_beam_energy_and_machine():
    [finding] = found("LEX-D2", beam(1, energy=10.0))
    assert finding.state == State.ERROR
    for word in ("B1", "Xrays 10", DEMO.name):
        assert word in finding.message
    assert states("LEX-D2", beam(1, energy=15.0)) == [State.PASS]


@pytest.mark.req("L-06")
@pytest.mark.parametrize("changes", [{"modality": "Elect", "energy": 6.0}, {"fff": True}])
def test_that_electrons_and_unflattened_beams_are_offered_on_their_own(changes):
    assert states("LEX-D2", beam(1, **changes)) == [State.ERROR]


@pytest.mark.req("L-06")
def test_that_an_energy_the_description_cannot_tell_of_is_not_a_pass():
    machine = read_machine("varian_millennium_120")
    assert machine.offers("Xrays", 6.0, False) is None
    assert states("LEX-D2", beam(1), machine=machine) == [State.NOT_RUN]
    assert states("LEX-D2", beam(1), machine=None) == [State.NOT_RUN]


@pytest.mark.req("L-19", "L-22")
def test_that_a_part_of_a_unit_is_refused_where_the_system_takes_whole_ones_and_never_rounded():
    broken = step_and_shoot(1, mu=81.0)  # 32.4 MU after the first segment
    misses = found("LEX-B6", broken, rv_system="lantis")
    assert [(one.state, one.control_point) for one in misses] == [
        (State.ERROR, 1), (State.ERROR, 2),
    ]  # fmt: skip
    assert misses[0].found == "32.400"
    assert "planning system" in misses[0].remedy
    assert prepare(trial(broken), treatment(rv_system="lantis")).data == b""


@pytest.mark.req("L-19")
def test_that_whole_units_pass_and_parts_pass_where_the_system_takes_them():
    assert states("LEX-B6", step_and_shoot(1), rv_system="lantis") == [State.PASS]
    assert states("LEX-B6", step_and_shoot(1, mu=81.0)) == [State.PASS]


@pytest.mark.req("L-19")
@pytest.mark.parametrize(
    ("mu", "state"), [(50.0009, State.PASS), (50.0011, State.ERROR), (49.5, State.ERROR)]
)
def test_that_a_still_beam_is_measured_to_a_thousandth(mu, state):
    assert states("LEX-B6", beam(1, mu=mu), rv_system="lantis") == [state]


@pytest.mark.req("R-15")
@pytest.mark.parametrize("ids", [("1", "1"), ("a", "A")])
def test_that_two_fields_of_one_id_are_an_error_each(ids):
    fields = {"B1": {"id": ids[0]}, "B2": {"id": ids[1]}}
    assert states("LEX-D5", fields=fields) == [State.ERROR, State.ERROR]


@pytest.mark.req("R-15")
@pytest.mark.parametrize("id", ["A-1", "A B", "Ä1", "½"])
def test_that_a_field_id_of_other_signs_is_an_error(id):
    [finding] = found("LEX-D5", fields={"B1": {"id": id}})
    assert (finding.state, finding.field, finding.found) == (State.ERROR, "B1", id)


@pytest.mark.req("R-15")
@pytest.mark.parametrize("id", ["A1", "12345", "z"])
def test_that_a_field_id_of_five_letters_and_digits_passes(id):
    assert states("LEX-D5", fields={"B1": {"id": id}, "B2": {"id": "X2"}}) == [State.PASS]


@pytest.mark.req("L-05")
def test_that_missing_data_are_errors_that_name_them():
    case = Case(
        trial(), replace(treatment(), machine=None), (), DEMO, read_rv_system("mosaiq_2.6")
    )
    [finding] = [one for one in check_case(case) if one.rule == "LEX-D1"]
    assert (finding.state, finding.item) == (State.ERROR, "machine")


def test_that_two_prescriptions_of_one_name_are_an_error():
    plan = trial(beam(1))
    plan = replace(plan, prescriptions=(
        *plan.prescriptions, Prescription("Boost", 5, 200.0, 1000.0, (beam(2),)),
    ))  # fmt: skip
    same = {"Pelvis": {"id": "PELVIS"}, "Boost": {"id": "PELVIS"}}
    other = {"Pelvis": {"id": "PELVIS"}, "Boost": {"id": "BOOST"}}
    assert states("LEX-D6", plan=plan, prescriptions=same) == [State.ERROR]
    assert states("LEX-D6", plan=plan, prescriptions=other) == [State.PASS]


@pytest.mark.parametrize("person", [Person("", "Doe"), Person("P-001", " ")])
def test_that_a_patient_without_id_or_name_is_an_error(person):
    assert states("LEX-D7", plan=replace(trial(), person=person)) == [State.ERROR]


def short(point, pairs=59):
    return replace(point, left_cm=point.left_cm[:pairs], right_cm=point.right_cm[:pairs])


def test_that_a_leaf_pair_too_few_is_an_error_with_both_counts():
    [finding] = found("LEX-B8", beam(1, tuple(short(one) for one in beam().segments)))
    assert (finding.state, finding.expected, finding.found) == (State.ERROR, "60", "59")
    assert states("LEX-B8", beam(1, (bare(0.0), bare(1.0)))) == [State.PASS]


def test_that_leaves_along_y_or_only_in_some_points_are_errors():
    assert states("LEX-B9", beam(1, leaf_axis="Y")) == [State.ERROR]
    assert states("LEX-B9", beam(1, (segment(0.0), bare(1.0)))) == [State.ERROR]


@pytest.mark.parametrize(("angle_deg", "passes"), [(60.0, True), (45.0, False), (None, False)])
def test_that_a_virtual_wedge_has_an_allowed_angle(angle_deg, passes):
    allowed = DEMO.wedges.allowed_dynamic_deg.require()
    assert 60.0 in allowed
    assert 45.0 not in allowed
    wedge = replace(VIRTUAL[0], angle_deg=angle_deg)
    assert states("LEX-B1", beam(1, wedges=(wedge,))) == [State.PASS if passes else State.ERROR]


def test_that_a_virtual_wedge_has_the_least_mu():
    least_mu = DEMO.wedges.dynamic_minimum_mu.require()
    assert states("LEX-B3", beam(1, wedges=VIRTUAL, mu=least_mu)) == [State.PASS]
    assert states("LEX-B3", beam(1, wedges=VIRTUAL, mu=least_mu - 0.1)) == [State.ERROR]


@pytest.mark.parametrize(
    ("mu", "state"),
    [(0.0, State.ERROR), (-1.0, State.ERROR), (4.9, State.WARNING), (5.0, State.PASS),
     (500.0, State.PASS), (500.1, State.WARNING)],
)  # fmt: skip
def test_that_unusual_mu_are_warned_of_and_none_is_an_error(mu, state):
    assert states("LEX-B2", beam(1, mu=mu)) == [state]


@pytest.mark.parametrize(
    ("ssd_cm", "depth_cm", "state"),
    [(69.9, 10.0, State.WARNING), (70.0, 10.0, State.PASS), (90.0, 30.1, State.WARNING),
     (None, None, State.PASS)],
)  # fmt: skip
def test_that_an_unusual_ssd_or_depth_is_warned_of(ssd_cm, depth_cm, state):
    points = tuple(replace(one, ssd_cm=ssd_cm) for one in beam().segments)
    assert states("LEX-B4", beam(1, points, depth_cm=depth_cm)) == [state]


def test_that_the_x_jaw_of_a_machine_whose_leaves_replace_it_follows_the_leaves():
    siemens = read_machine("siemens_160")
    assert siemens.mlc is not None
    assert siemens.mlc.replaces_jaw.require() == "X"
    assert states("LEX-B7", beam(1), machine=siemens) == [State.PASS]
    off = tuple(replace(one, x1_cm=-4.06) for one in beam().segments)
    assert states("LEX-B7", beam(1, off), machine=siemens) == [State.WARNING] * 2
    assert states("LEX-B7", beam(1, off)) == [State.PASS]


@pytest.mark.parametrize(
    "changes",
    [{"blocks": (Device("A"), Device("B"))}, {"boluses": (Device(""),)},
     {"wedges": (Device("W", kind="new"),)},
     {"wedges": (Device("W1", kind="physical"), Device("M", kind="motorised"))}],
)  # fmt: skip
def test_that_devices_the_file_has_no_room_for_are_errors(changes):
    assert states("LEX-C1", beam(1, **changes)) == [State.ERROR]
    assert states("LEX-C1", beam(1, blocks=(Device("A"), Device("A", "second")))) == [State.PASS]


def test_that_a_motorised_wedge_of_unknown_position_is_an_error():
    wedges = (Device("M", kind="motorised"),)
    assert states("LEX-C2", beam(1, wedges=wedges)) == [State.ERROR] * 2
    points = tuple(replace(one, wedge_in=True) for one in beam().segments)
    assert states("LEX-C2", beam(1, points, wedges=wedges)) == [State.PASS]


def test_that_a_motorised_wedge_that_moves_while_dose_is_given_is_warned_of():
    wedges = (Device("M", kind="motorised"),)
    moving = tuple(
        segment(share, wedge_in=here) for share, here in ((0.0, True), (0.4, False), (1.0, False))
    )
    [finding] = found("LEX-C2", beam(1, moving, wedges=wedges))
    assert (finding.state, finding.control_point) == (State.WARNING, 1)
    assert (finding.expected, finding.found) == ("IN", "OUT")
    apart = (segment(0.0, wedge_in=True), segment(0.4, wedge_in=True), *moving[1:])
    assert states("LEX-C2", beam(1, apart, wedges=wedges)) == [State.PASS]


def test_that_an_unflattened_beam_is_refused_where_the_file_cannot_mark_it():
    [finding] = found("LEX-C10", beam(1, fff=True), rv_system="lantis")
    assert (finding.state, finding.field, finding.item) == (State.ERROR, "B1", "isfff")
    assert states("LEX-C10", beam(1, fff=True), rv_system="mosaiq_2.4") == [State.PASS]
    for fff in (False, None):
        assert states("LEX-C10", beam(1, fff=fff), rv_system="lantis") == [State.PASS]


@pytest.mark.parametrize(
    ("position", "state"),
    [("HFS", State.PASS), ("FFDR", State.PASS), ("SITTING", State.WARNING), ("", State.INFO)],
)
def test_that_a_patient_position_the_file_does_not_know_is_warned_of(position, state):
    assert states("LEX-C11", plan=replace(trial(), position=position)) == [state]


@pytest.mark.req("L-08")
def test_that_the_report_names_each_gated_field_and_no_other():
    misses = found("LEX-C12", fields={"B2": {"gated": True}})
    assert [(one.state, one.field) for one in misses] == [(State.INFO, "B2")]
    assert states("LEX-C12") == [State.PASS]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((0.0, 1.0), [State.PASS]), ((0.1, 1.0), [State.ERROR]), ((0.0, 0.9), [State.ERROR]),
     ((0.0, 0.6, 0.5, 1.0), [State.ERROR]), ((0.0, 1e-7, 1.0), [State.WARNING])],
)  # fmt: skip
def test_that_a_running_total_that_cannot_be_written_is_found(shares, expected):
    points = tuple(segment(share, -4.0 + n) for n, share in enumerate(shares))
    assert states("LEX-C3", beam(1, points)) == expected


def test_that_more_points_than_the_file_takes_are_an_error():
    points = tuple(segment(n / 999, -4.0 + n % 2) for n in range(1000))
    assert states("LEX-C3", beam(1, points)) == [State.ERROR]
    points = tuple(segment(n / 998, -4.0 + n % 2) for n in range(999))
    assert states("LEX-C3", beam(1, points)) == [State.PASS]


def test_that_an_arc_that_turns_back_or_not_at_all_is_an_error():
    first, second, *others = arc().segments
    back = (first, replace(second, gantry_turn="CCW"), *others)
    assert states("LEX-C4", arc(1)) == [State.PASS]
    assert State.ERROR in states("LEX-C4", replace(arc(1), segments=back))
    assert states("LEX-C4", beam(1, technique="Arc")) == [State.ERROR]
    unsaid = (segment(0.0, gantry_deg=0.0), segment(1.0, gantry_deg=10.0))
    assert states("LEX-C4", beam(1, unsaid)) == [State.ERROR]


def test_that_half_a_jaw_pair_or_no_edge_at_all_is_an_error():
    half = tuple(replace(one, x1_cm=None) for one in beam().segments)
    assert states("LEX-C5", beam(1, half)) == [State.ERROR] * 2
    nothing = {"x1_cm": None, "x2_cm": None, "y1_cm": None, "y2_cm": None}
    open_ = (bare(0.0, **nothing), bare(1.0, **nothing))
    assert states("LEX-C5", beam(1, open_)) == [State.ERROR] * 2
    assert states("LEX-C5", beam(1, open_, applicator=Device("A10"))) == [State.PASS]


def test_that_a_field_without_isocentre_is_warned_of():
    [finding] = found("LEX-C6", beam(1), beam(2, isocentre_cm=None))
    assert (finding.state, finding.field) == (State.WARNING, "B2")


@pytest.mark.parametrize(
    ("fractions", "fraction_cgy", "total_cgy", "expected"),
    [(25, 200.0, 5000.0, [State.PASS]), (28, 180.5, 5054.0, [State.WARNING]),
     (25, 200.0, None, [State.PASS]), (25, 200.0, 4900.0, [State.WARNING]),
     (None, None, None, [State.WARNING] * 2)],
)  # fmt: skip
def test_that_a_prescription_that_does_not_add_up_in_whole_cgy_is_warned_of(
    fractions, fraction_cgy, total_cgy, expected
):
    plan = replace(
        trial(),
        prescriptions=(Prescription("Pelvis", fractions, fraction_cgy, total_cgy, (beam(1),)),),
    )
    assert states("LEX-C7", plan=plan) == expected


def test_that_a_rounded_dose_names_both_values():
    plan = replace(trial(), prescriptions=(Prescription("Pelvis", 28, 180.5, 5054.0, (beam(1),)),))
    [finding] = [one for one in prepare(plan, treatment()).findings if one.rule == "LEX-COLUMN"]
    assert (finding.item, finding.expected, finding.found) == ("dose_tx", "180.5", "181")


def test_that_photons_and_electrons_under_one_prescription_are_warned_of():
    mixed = (beam(1), beam(2, (bare(0.0), bare(1.0)), modality="Elect", energy=12.0))
    assert states("LEX-C7", *mixed) == [State.WARNING]


def test_that_one_field_without_dose_is_warned_of_and_none_at_all_is_told():
    assert states("LEX-C8", beam(1), beam(2, dose_cgy=None)) == [State.WARNING]
    assert states("LEX-C8", beam(1, dose_cgy=None)) == [State.INFO]


def test_that_what_is_not_written_and_the_reader_s_notes_are_told():
    plan = replace(trial(beam(1), beam(2), beam(3, setup=True)), notes=("Trial_1 used.",))
    rows = [(one.state, one.field) for one in found("LEX-C9", plan=plan, beams=["B1"])]
    assert rows == [(State.INFO, "B2"), (State.INFO, "B3"), (State.INFO, "")]


def test_that_another_dose_rate_than_the_plan_s_is_told():
    points = tuple(replace(one, dose_rate_mu_min=600.0) for one in beam().segments)
    [finding] = found("LEX-C9", beam(1, points))
    assert (finding.state, finding.expected, finding.found) == (State.INFO, "600", "400")


def one_check(body) -> Finding:
    case = Case(trial(), treatment(), (), DEMO, read_rv_system("lantis"))
    [finding] = check("X-1", "The sky is blue", State.WARNING, "Look up.")(body).run(case)
    return finding


def test_that_a_check_that_cannot_answer_is_not_run_and_one_that_breaks_is_an_error():
    def lacks(_):
        raise MissingDataError("no sky")
        yield

    def breaks(_):
        yield Miss("first")
        raise KeyError("x")

    assert one_check(lacks).state == State.NOT_RUN
    assert one_check(breaks).state == State.ERROR
    assert one_check(lambda _: iter([Miss("grey")])).state == State.WARNING
    assert one_check(lambda _: iter([])).state == State.PASS
