"""L-04, L-06 and L-11 to L-20 of the requirements, one test each; none may lose its rule."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import app.lex.checks as registry
from app.lex.checks import CHECKS, check_case
from app.lex.checks.case import Case
from app.lex.checks.example import Change
from app.lex.checks.standard import AP, ARC, ELECTRONS, IMRT, standard_case
from app.lex.limits import read_limits
from app.lex.plan import Point
from app.lex.transfer import prepare
from core.findings import Finding, State
from core.paths import clinic_folder

STOPS, ASKS = State.ERROR, State.WARNING
RX = "trial.prescriptions[0]"


def told(*changes: Change) -> list[Finding]:
    """What the checks say, without what passed, as the transfer asks them."""
    case = standard_case().changed(*changes)
    return [one for one in check_case(case, read_limits()) if one.state != State.PASS]


def only(state: State, *changes: Change) -> Finding:
    [finding] = told(*changes)
    assert finding.state == state
    return finding


NAMES = """
[wedges.names]
VW60 = "VW60"
MW60 = "MW"
[applicators.names]
A10 = "10X10"
"""


def refused(case: Case) -> bool:
    """Whether no file is made of a case that gives one when nothing is changed."""
    file = clinic_folder() / "nomenclature" / "lantis.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(NAMES)
    sound = standard_case()
    assert prepare(sound.trial, sound.treatment).data
    return prepare(case.trial, case.treatment).data == b""


@pytest.mark.req("L-04")
def test_that_l_04_a_name_the_r_and_v_system_does_not_have_stops_the_file_and_shows_the_line():
    change = Change(f"{AP}.wedges[0].code", "EDW 60")
    finding = only(STOPS, change)
    assert "'EDW 60'" in finding.message
    assert '[wedges.names]  "EDW 60" = ' in finding.remedy
    assert "nomenclature/lantis.toml" in finding.remedy
    assert refused(standard_case().changed(change))
    assert "AP*" in only(STOPS, Change(f"{AP}.name", "AP*")).message
    assert "LINAC_B" in only(STOPS, Change(f"{AP}.machine", "LINAC_B")).message


@pytest.mark.req("L-06")
def test_that_l_06_an_energy_the_machine_does_not_offer_names_beam_energy_and_machine():
    finding = only(STOPS, Change(f"{AP}.energy", 10.0))
    for words in ("AP", "Xrays 10", "demonstration linac"):
        assert words in finding.message


@pytest.mark.req("L-11")
def test_that_l_11_another_normalisation_than_to_the_point_is_named():
    finding = only(ASKS, Change(f"{RX}.normalisation", "ROI Mean"))
    assert "ROI Mean" in finding.message
    finding = only(ASKS, Change(f"{RX}.isodose_point", Point("max", (9.0, 0.0, 0.0))))
    assert "max" in finding.message


@pytest.mark.req("L-12")
def test_that_l_12_a_mix_of_dose_models_lists_the_odd_beams():
    changes = [Change(f"{place}.dose_model", "homogeneous") for place in (AP, ARC)]
    assert [(one.field, one.state) for one in told(*changes)] == [("AP", ASKS), ("ARC", ASKS)]


@pytest.mark.req("L-13")
def test_that_l_13_a_beam_with_another_calculation_point_is_listed():
    finding = only(ASKS, Change(f"{IMRT}.dose_point", Point("hot spot", (0.0, 0.0, 0.0))))
    assert (finding.field, finding.found) == ("IMRT", "hot spot")
    assert told(Change(f"{IMRT}.dose_point", Point("same place", (1.25, -20.5, 3.0)))) == []


@pytest.mark.req("L-14")
def test_that_l_14_imrt_prescribed_otherwise_than_by_set_monitor_units_asks_for_a_reason():
    finding = only(ASKS, Change(f"{RX}.method", "Prescribe"))
    assert "IMRT" in finding.message
    assert finding.expected == "Set Monitor Units"


@pytest.mark.req("L-15")
@pytest.mark.parametrize("angle_deg", [10.0, 15.0, 20.0, 25.0, 30.0, 45.0])
def test_that_l_15_a_virtual_wedge_the_machine_offers_but_the_clinic_does_not_use_is_refused(
    angle_deg,
):
    only(STOPS, Change(f"{AP}.wedges[0].angle_deg", angle_deg))
    assert refused(standard_case().changed(Change(f"{AP}.wedges[0].angle_deg", angle_deg)))


@pytest.mark.req("L-16")
def test_that_l_16_unusual_mu_ask_for_a_reason_by_technique():
    assert only(ASKS, Change(f"{AP}.mu", 501.0)).field == "AP"
    assert told(Change(f"{ARC}.mu", 1500.0)) == []
    assert only(ASKS, Change(f"{ARC}.mu", 1504.0)).field == "ARC"


@pytest.mark.req("L-17")
def test_that_l_17_too_few_mu_for_a_virtual_wedge_are_refused():
    assert only(STOPS, Change(f"{AP}.mu", 19.0)).expected == ">= 20"
    assert told(Change(f"{AP}.mu", 20.0)) == []


@pytest.mark.req("L-18")
def test_that_l_18_ssd_and_depth_out_of_range_are_listed_with_their_value():
    far = only(ASKS, Change(f"{AP}.segments[0].ssd_cm", 110.1))
    deep = only(ASKS, Change(f"{ELECTRONS}.depth_cm", 30.1))
    assert (far.field, far.found, deep.field, deep.found) == ("AP", "110.1", "E", "30.1")


@pytest.mark.req("L-19")
def test_that_l_19_a_part_of_a_unit_is_refused_and_never_rounded():
    change = Change(f"{ARC}.segments[1].meterset_share", 0.255)
    finding = only(STOPS, change)
    assert (finding.field, finding.control_point, finding.found) == ("ARC", 1, "20.400")
    assert "planning system" in finding.remedy
    assert only(STOPS, Change(f"{ELECTRONS}.mu", 210.5)).found == "210.500"
    assert refused(standard_case().changed(change))


@pytest.mark.req("L-20")
def test_that_l_20_the_distance_of_the_x_jaw_from_the_widest_opening_is_told_in_mm():
    replaced = Change("machine.mlc.replaces_jaw.value", "X")
    finding = only(ASKS, replaced, Change(f"{AP}.segments[0].x1_cm", -4.3))
    assert "3.0 mm" in finding.message
    assert told(Change(f"{AP}.segments[0].x1_cm", -4.3)) == []


ROWS = [name for name in dir() if name.startswith("test_that_l_")]


def row_of(name: str) -> str:
    return f"L-{name.split('_')[3]}"


def test_that_every_row_of_the_paper_s_checks_has_its_test():
    assert {row_of(name) for name in ROWS} == {"L-04", "L-06", *(f"L-{n}" for n in range(11, 21))}


@pytest.mark.parametrize("name", ROWS)
def test_that_the_test_of_a_row_fails_without_its_rule(name, monkeypatch):
    row = row_of(name)
    kept = tuple(one for one in CHECKS if row not in one.requirements)
    assert len(kept) < len(CHECKS)
    monkeypatch.setattr(registry, "CHECKS", kept)
    test: Callable[..., None] = globals()[name]
    with pytest.raises((AssertionError, ValueError)):
        test(45.0) if row == "L-15" else test()


def test_that_a_limit_of_the_clinic_moves_the_check(tmp_path):
    (tmp_path / "lex_limits.toml").write_text("[most_mu.special]\n'demo_linac VMAT' = 900\n")
    case = standard_case().changed(Change(f"{ARC}.mu", 904.0))
    findings = check_case(case, read_limits(tmp_path))
    assert [one.rule for one in findings if one.state != State.PASS] == ["LEX-B2"]
    other = replace(case, machine=replace(case.machine, id="siemens_160"))
    findings = check_case(other, read_limits(tmp_path))
    assert "LEX-B2" not in [one.rule for one in findings if one.state != State.PASS]
