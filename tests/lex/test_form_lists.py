"""What the form offers and remembers: the machine's lists, the clinic's names, defaults."""

from dataclasses import replace

import pytest

from app.lex.field_ids import proposed_field_ids
from app.lex.offers import Offer, described, offers_of
from app.lex.remembered import (
    defaults_file,
    machine_type_of,
    remember,
    remembered,
    rv_system_last,
    technique_of,
)
from core.errors import ClinicFileError
from core.paths import clinic_folder
from tests.lex.transfer_sample import arc, beam, treatment, trial

MAP = """
[machines.names]
LINAC = "LINAC 1"
OTHER = "LINAC 2"
[techniques]
unmapped = "as planned"
[techniques.names]
VMAT = "ARC"
[tolerance_tables]
"2" = "Pelvis"
"10" = "Head"
[field_ids]
pattern = "F{number}"
"""


def offers(rv_system, machine_type, beams):
    return offers_of(described(rv_system, machine_type), beams)


@pytest.fixture
def clinic_map():
    file = clinic_folder() / "nomenclature" / "mosaiq_2.6.toml"
    file.parent.mkdir(parents=True)
    file.write_text(MAP)
    return file


@pytest.mark.req("L-05")
def test_that_the_lists_are_those_of_the_map_and_the_machine(clinic_map):
    found = offers("mosaiq_2.6", "demo_linac", [beam()])
    assert found.machines == Offer(("LINAC 1", "LINAC 2"), closed=True)
    assert found.techniques == Offer(("ARC",))
    assert found.tolerance_tables == Offer(("2 Pelvis", "10 Head"), closed=True)
    assert found.dose_rates == Offer(("100", "200", "300", "400", "500", "600"), closed=True)


@pytest.mark.req("L-05")
def test_that_without_a_map_and_a_machine_everything_can_be_typed():
    found = offers("mosaiq_2.6", None, [beam()])
    assert (found.machines, found.dose_rates, found.tolerance_tables) == (Offer(),) * 3


@pytest.mark.req("L-05")
def test_that_a_list_that_is_not_complete_leaves_room_for_typing():
    found = offers("mosaiq_2.6", "siemens_160", [beam()])
    assert not found.dose_rates.closed


@pytest.mark.req("L-04")
def test_that_a_damaged_map_is_one_sentence(clinic_map):
    clinic_map.write_text("[machines")
    with pytest.raises(ClinicFileError, match="map cannot be read"):
        offers("mosaiq_2.6", None, [])


@pytest.mark.req("L-05")
def test_that_field_ids_are_proposed_by_the_clinic_s_rule(clinic_map):
    rule = offers("mosaiq_2.6", None, []).names.field_ids
    assert proposed_field_ids(trial(), treatment(), rule) == {"B1": "F1", "B2": "F2"}


@pytest.mark.req("L-05")
def test_that_entries_are_kept_per_machine_type_and_technique():
    still, moving = trial(), trial(arc())
    remember(still, treatment(tolerance_table=2))
    remember(moving, treatment(tolerance_table=7, dose_rate_mu_min=600))
    assert remembered("demo_linac", "Static")["tolerance_table"] == 2
    assert remembered("demo_linac", "VMAT")["tolerance_table"] == 7
    assert remembered("demo_linac", "VMAT")["dose_rate_mu_min"] == 600
    assert remembered("siemens_160", "Static") == {}
    assert technique_of(trial(beam(1), arc(2)), None) == "Static + VMAT"
    assert (machine_type_of("LINAC"), rv_system_last()) == ("demo_linac", "mosaiq_2.6")


@pytest.mark.req("L-05")
def test_that_nothing_of_a_patient_is_kept():
    remember(trial(), replace(treatment(course=77), gated=True))
    text = defaults_file().read_text(encoding="utf-8")
    for words in (
        "Doe",
        "Jane",
        "P-001",
        "PELVIS",
        "Pelvis",
        "Trial_1",
        "77",
        "82",
        "B1",
        "gated",
    ):
        assert words not in text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"machine_types": {"demo_linac": 3}}',
    '{"machine_types": {"demo_linac": {"Static": {"tolerance_table": "many"}}}}'])  # fmt: skip
def test_that_a_damaged_file_of_defaults_counts_as_none_and_is_written_anew(text):
    defaults_file().write_text(text)
    assert remembered("demo_linac", "Static") == {}
    remember(trial(), treatment())
    assert remembered("demo_linac", "Static")["machine"] == "DEMO LINAC"
