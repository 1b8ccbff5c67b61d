"""The planner's names become those of the R&V system; an unknown one stops the file (L-04)."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from app.lex.nomenclature import CATEGORIES, Names
from app.lex.plan import Device
from app.lex.policy import Policy, policy_of
from app.lex.rv_systems import FOLDER, read_rv_system, rv_system_ids
from app.lex.transfer import prepare
from core.errors import ClinicFileError
from core.paths import clinic_folder
from tests.lex.test_transfer import of
from tests.lex.transfer_sample import bare, beam, step_and_shoot, treatment, trial

MAP = """
[machines.names]
LINAC = "DEMO LINAC"
[wedges.names]
W30 = "30L"
[applicators.names]
"10x10 cone" = "A10"
[techniques]
unmapped = "as planned"
[techniques.names]
StepNShoot = "Static"
[field_names]
unmapped = "as planned"
[field_names.names]
B1 = "01 AP"
"""


def own(text: str, stem: str = "mosaiq_2.6") -> Path:
    file = clinic_folder() / "nomenclature" / f"{stem}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def stops(*beams, **entries) -> dict[str, str]:
    findings = prepare(trial(*beams), treatment(**entries)).findings
    return {one.rule: one.remedy for one in findings if policy_of(one) == Policy.HARD}


@pytest.mark.req("L-04")
def test_that_every_translated_name_reaches_its_record():
    own(MAP)
    wedge = Device("W30", "30 Degree", "physical", 30.0)
    electrons = beam(
        2, (bare(0.0), bare(1.0)), modality="Elect", energy=12.0, leaf_axis="",
        applicator=Device("10x10 cone"),
    )  # fmt: skip
    made = prepare(trial(beam(1, wedges=(wedge,)), electrons, step_and_shoot(3)), treatment())
    assert made.data, made.findings
    one, two, three = of(made.data, "FIELD_DEF")
    assert (one["field_name"], one["wedge"], one["treatment_machine"]) == (
        "01 AP", "30L", "DEMO LINAC",
    )  # fmt: skip
    assert (two["e_applicator"], two["field_name"]) == ("A10", "B2")
    assert (three["treatment_type"], one["treatment_type"]) == ("Static", "Static")
    origin = of(made.data, "EXTENDED_FIELD_DEF")[0]
    assert origin["original_beam_name"] == "B1"


@pytest.mark.req("L-04")
def test_that_an_energy_is_translated_in_field_and_control_points():
    own('[energies.names]\n"Xrays 6" = 7\n')
    data = prepare(trial(beam(1)), treatment()).data
    [field], [point] = of(data, "FIELD_DEF"), of(data, "CONTROL_PT_DEF")
    assert (field["energy"], point["energy"]) == ("7", "7")
    assert set(stops(beam(1, energy=15.0))) == {"LEX-N2"}
    own('[energies]\nunmapped = "as planned"\n[energies.names]\n"Xrays 6 FFF" = 7\n')
    assert of(prepare(trial(beam(1)), treatment()).data, "FIELD_DEF")[0]["energy"] == "6"


@pytest.mark.req("L-04")
def test_that_a_table_of_the_clinic_blocks_what_it_does_not_list():
    sound = beam(1, wedges=(Device("W15", kind="physical", angle_deg=15.0),))
    assert stops(sound) == {}
    file = own(MAP)
    [remedy] = stops(sound).values()
    assert str(file) in remedy
    assert '[wedges.names]  "W15" = "NAME IN THE R&V"' in remedy
    own(MAP.replace("[wedges.names]", '[wedges]\nunmapped = "as planned"\n[wedges.names]'))
    assert stops(sound) == {}


@pytest.mark.req("L-04")
def test_that_the_line_shown_is_the_line_that_helps():
    name = 'W "15" \\ left'
    sound = beam(1, wedges=(Device(name, kind="physical", angle_deg=15.0),))
    file = own("[wedges.names]\nW30 = '30L'\n")
    [remedy] = stops(sound).values()
    line = remedy.partition("[wedges.names]  ")[2]
    own(file.read_text() + line.replace("NAME IN THE R&V", "W15") + "\n")
    assert stops(sound) == {}


@pytest.mark.req("L-04")
def test_that_another_machine_than_the_one_planned_for_is_refused():
    own('[machines.names]\nLINAC = "LINAC 1"\n')
    [remedy] = stops(beam(1)).values()
    assert "'LINAC 1'" in remedy
    assert stops(beam(1), machine="LINAC 1") == {}


@pytest.mark.req("L-04")
def test_that_a_tolerance_table_the_clinic_has_not_listed_is_refused():
    own('[tolerance_tables]\n"1" = "Head"\n')
    assert set(stops(beam(1))) == {"LEX-N4"}
    assert stops(beam(1), tolerance_table=1) == {}


@pytest.mark.req("L-26")
def test_that_varis_differs_in_names_limits_and_layout():
    varis, mosaiq = read_rv_system("varis"), read_rv_system("mosaiq_2.6")
    assert varis.layout != mosaiq.layout
    assert varis.jaw_decimals != mosaiq.jaw_decimals
    assert varis.names.field_names.longest < mosaiq.names.field_names.longest
    plan = step_and_shoot(1, name="seventeen letters")
    assert set(stops(plan)) == set()
    assert set(stops(plan, rv_system="varis")) == {"LEX-N1", "LEX-N3"}
    own('[machines.names]\nLINAC = "DEMO LINAC"\n', "varis")
    made = prepare(trial(replace(plan, name="IMRT")), treatment(rv_system="varis"))
    [field] = of(made.data, "FIELD_DEF", "lantis")
    assert field["treatment_type"] == "Static"


@pytest.mark.parametrize("stem", rv_system_ids())
def test_that_every_shipped_description_says_what_becomes_of_an_unknown_name(stem):
    data = tomllib.loads((FOLDER / f"{stem}.toml").read_text(encoding="utf-8"))
    for category in CATEGORIES[:6]:
        assert data[category]["unmapped"] in ("as planned", "refuse")


def test_that_only_field_names_may_pass_by_their_characters():
    table = Names("wedges", as_planned=False, longest=10, allowed="A-Z0-9")
    assert table.of("W30") is None
    assert replace(table, category="field_names").of("W30") == "W30"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[wedge.names]\nA = 'B'", "Did you mean 'wedges'"), ("wedges = 3", "not a table"),
        ("[wedges]\nnames = 3", "not a table"), ("[wedges]\nname = 3", "'name'"),
        ("[wedges]\nunmapped = 'maybe'", "as planned"), ("[wedges]\nlongest = 11", "1 to 10"),
        ("[wedges.names]\nA = '12345678901'", "1 to 10 characters"),
        ("[wedges.names]\nA = ''", "1 to 10"),
        ("[energies.names]\n'Xrays 6' = '6X'", "whole number"), ("[x", "cannot be read"),
        ("[field_names]\nallowed = 'A-]'", "allowed"),
        ("[field_names]\nallowed = 'z-a'", "allowed"),
        ("[tolerance_tables]\nA = 'x'", "tolerance table"),
        ("[field_ids]\npattern = '{nummer}'", "{number}"), ("[field_ids]\nfoo = 1", "pattern"),
        ("[field_ids.block_codes]\n'(' = 'M'", "cannot be used"),
        ("[field_ids.block_codes]\n'M' = '{1}'", "cannot be used"),
    ],
)  # fmt: skip
def test_that_a_map_that_cannot_be_used_is_one_sentence_with_its_file(text, words):
    own(text)
    with pytest.raises(ClinicFileError) as caught:
        read_rv_system("mosaiq_2.6", clinic_folder())
    assert words in str(caught.value)
    assert "mosaiq_2.6.toml" in caught.value.where


# Field IDs.


def ids(*beams, **entries) -> list[str]:
    return [one.field_id for one in prepare(trial(*beams), treatment(**entries)).fields]


@pytest.mark.req("R-15")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("{rx}{letter}", ["1A", "1B"]), ("F{number}", ["F1", "F12"]), ("{place}", ["1", "2"]),
     ("{number}toolong", ["1", "12"]), ("", ["7A", "12"])],
)  # fmt: skip
def test_that_field_ids_are_proposed_by_the_clinic_s_rule(pattern, expected):
    own(f"[field_ids]\npattern = '{pattern}'\n")
    assert ids(beam(1, field_id="7A" if not pattern else ""), beam(12)) == expected
    assert ids(beam(1), beam(2), fields={"B1": {"id": "MINE"}})[0] == "MINE"


@pytest.mark.req("R-15")
def test_that_a_block_code_asks_for_its_own_field_id_and_for_no_other():
    own('[field_ids.block_codes]\n"MODULEAF(\\\\d+)" = "ML{1}"\n')
    blocked = (beam(1, blocks=(Device("MODULEAF07"),)), beam(2, blocks=(Device("MODULEAF08"),)))
    assert ids(*blocked) == ["ML07", "ML08"]
    assert stops(*blocked) == {}
    assert set(stops(*blocked, fields={"B1": {"id": "1"}})) == {"LEX-N5"}
    same = (blocked[0], replace(blocked[1], blocks=blocked[0].blocks))
    assert "LEX-N5" in stops(*same)
    assert ids(beam(1, blocks=(Device("TRAY3"),))) == ["1"]
