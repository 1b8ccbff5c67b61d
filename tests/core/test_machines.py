"""Machine descriptions: what the shipped files say, and how the clinic's take their place."""

import json
import re
from itertools import pairwise

import pytest

from core.errors import ClinicFileError, MissingDataError
from core.machine_values import Confidence, Listed, Value
from core.machines import digest, machine_ids, read_machine
from tests.core.clinic_machine import DEMO, clinic, replaced, with_line

PAIRS = {
    "siemens_oncor_82": 41,
    "siemens_160": 80,
    "siemens_primus_58": 29,
    "varian_millennium_120": 60,
    "varian_hd_120": 60,
    "elekta_mlci2": 40,
    "elekta_agility": 80,
    "demo_linac": 60,
}
WIDTHS_MM = {
    "siemens_oncor_82": {5.0, 10.0},
    "siemens_160": {5.0},
    "siemens_primus_58": {10.0, 65.0},
    "varian_millennium_120": {5.0, 10.0},
    "varian_hd_120": {2.5, 5.0},
    "elekta_mlci2": {10.0},
    "elekta_agility": {5.0},
    "demo_linac": {5.0, 10.0},
}


def values_of(part):
    """Every `Value` below a machine, a section or a value."""
    if isinstance(part, Value):
        yield part
    else:
        for name in getattr(part, "__dataclass_fields__", ()):
            yield from values_of(getattr(part, name))


def test_that_the_shipped_machines_are_these_and_no_other():
    assert machine_ids() == tuple(sorted(PAIRS))


@pytest.mark.parametrize("stem", PAIRS)
def test_that_the_leaf_boundaries_rise_lie_symmetric_and_count_right(stem):
    mlc = read_machine(stem).mlc
    boundaries_mm = mlc.boundaries_mm.require()
    assert mlc.pairs == PAIRS[stem]
    assert all(low < high for low, high in pairwise(boundaries_mm))
    assert boundaries_mm == tuple(-b_mm for b_mm in reversed(boundaries_mm))
    assert {high - low for low, high in pairwise(boundaries_mm)} == WIDTHS_MM[stem]


@pytest.mark.parametrize("stem", PAIRS)
def test_that_every_value_says_how_it_is_known(stem):
    values = list(values_of(read_machine(stem)))
    assert len(values) == 46
    for value in values:
        assert value.source
        assert value.known == (value.confidence is not Confidence.UNKNOWN), value.name


@pytest.mark.parametrize("stem", PAIRS)
def test_that_only_the_demonstration_machine_is_invented(stem):
    invented = {v.confidence is Confidence.DEMONSTRATION for v in values_of(read_machine(stem))}
    assert (True in invented) == (stem == "demo_linac")


@pytest.mark.parametrize("stem", PAIRS)
def test_that_a_jaw_replaced_by_leaves_has_no_range(stem):
    machine = read_machine(stem)
    if machine.mlc.replaces_jaw.require() == "X":
        assert not machine.jaws.x1_mm.known
        assert not machine.jaws.x2_mm.known


@pytest.mark.parametrize("stem", PAIRS)
def test_that_facing_sides_have_mirrored_ranges(stem):
    machine = read_machine(stem)
    jaws, mlc = machine.jaws, machine.mlc
    for one, two in (
        (jaws.x1_mm, jaws.x2_mm),
        (jaws.y1_mm, jaws.y2_mm),
        (mlc.leaf_x1_mm, mlc.leaf_x2_mm),
    ):
        mirrored = two.value and (-two.value[1], -two.value[0])
        assert one.value == mirrored, one.name


def test_that_the_boundaries_are_those_of_the_collected_facts(shared_data):
    facts = shared_data.parent / "physics" / "machine-descriptions.json"
    for stem, fact in json.loads(facts.read_text(encoding="utf-8")).items():
        if stem.startswith("_"):
            continue
        mlc = read_machine(stem).mlc
        read_cm = [b_mm / 10 for b_mm in mlc.boundaries_mm.require()]
        assert read_cm == fact["mlc"]["boundaries"]["value"], stem


@pytest.mark.req("R-13")
def test_that_the_limits_of_the_paper_stand_in_the_oncor_file():
    machine = read_machine("siemens_oncor_82")
    assert machine.mlc.interdigitation.require() is False
    assert machine.jaws.y_reach_mm.require() == 5.0
    assert machine.mlc.gap_under_jaw_mm.require() == 2.0
    assert machine.wedges.allowed_dynamic_deg.offers(60) is True
    assert machine.wedges.allowed_dynamic_deg.offers(45) is False


@pytest.mark.parametrize(
    ("stem", "code"), [("siemens_160", 4), ("varian_hd_120", 5), ("elekta_agility", 2)]
)
def test_that_the_leaf_maker_has_its_rtp_connect_code(stem, code):
    assert read_machine(stem).mlc_type.require() == code


def test_that_an_unknown_value_stays_unknown_and_names_itself():
    value = read_machine("siemens_oncor_82").applicators.jaws
    assert value.value is None
    assert not value.known
    with pytest.raises(MissingDataError, match=r"siemens_oncor_82, applicators\.jaws: not found"):
        value.require()


def test_that_a_clinac_applicator_asks_for_its_jaws():
    rows = read_machine("varian_millennium_120").applicators.jaws.require()
    asked = {(row.applicator, row.energy_mev): (row.x_mm, row.y_mm) for row in rows}
    assert len(asked) == 25
    assert asked["6x6", 12.0] == (110, 110)
    assert asked["25x25", 20.0] == (270, 270)


@pytest.mark.req("L-06")
@pytest.mark.parametrize(
    ("modality", "energy", "fff", "offered"),
    [
        ("Xrays", 6, False, True),
        ("Xrays", 6.0, None, True),
        ("Xrays", 6, True, False),
        ("Xrays", 10, False, False),
        ("Xrays", 10, None, False),
        ("Elect", 12, None, True),
        ("Elect", 9, None, False),
        ("Co-60", 1.25, None, None),
    ],
)
def test_that_a_complete_list_answers_yes_or_no(modality, energy, fff, offered):
    assert read_machine("demo_linac").offers(modality, energy, fff) is offered


@pytest.mark.req("L-06")
def test_that_an_open_recalled_or_absent_list_never_says_no():
    oncor = read_machine("siemens_oncor_82")
    assert oncor.offers("Xrays", 18, False) is None  # seen on some machines of the type only
    assert oncor.offers("Xrays", 10, False) is None  # not listed, and the list is open
    assert oncor.offers("Elect", 12, None) is None  # recalled only
    assert oncor.offers("Xrays", 6, True) is None  # not known
    assert read_machine("elekta_agility").offers("Elect", 6, None) is None


@pytest.mark.req("L-06")
@pytest.mark.parametrize(
    ("flattened", "unflattened", "offered"),
    [("[6]", "[]", True), ("[]", "[6]", None), ("[]", "[]", False), ("[6]", "[6]", True)],
)
def test_that_a_plan_silent_about_the_filter_is_refused_only_by_both_lists(
    tmp_path, flattened, unflattened, offered
):
    line = '{key} = {{ value = {value}, confidence = "S", exhaustive = true, source = "us" }}'
    text = with_line("photon_mv", line.format(key="photon_mv", value=flattened))
    text = re.sub(r"(?m)^fff_mv = .*$", line.format(key="fff_mv", value=unflattened), text)
    assert read_machine("demo_linac", clinic(tmp_path, text)).offers("Xrays", 6, None) is offered


@pytest.mark.parametrize("confidence", list(Confidence))
def test_that_a_recalled_list_proves_nothing(confidence):
    known = confidence is not Confidence.UNKNOWN
    listed = Listed("m, key", (6.0,) if known else None, confidence, "here", exhaustive=True)
    proves = confidence not in (Confidence.RECALLED, Confidence.UNKNOWN)
    assert listed.offers(6.0) is (True if proves else None)
    assert listed.offers(7.0) is (False if proves else None)


def test_that_the_clinics_file_replaces_the_shipped_one_whole(tmp_path):
    own = clinic(tmp_path, replaced('model = "demonstration linac"', 'model = "ours"'))
    assert read_machine("demo_linac", own).model == "ours"
    assert read_machine("demo_linac").model == "demonstration linac"
    assert digest("demo_linac", own) != digest("demo_linac")
    assert read_machine("demo_linac", own).digest == digest("demo_linac", own)


def test_that_half_a_clinics_file_is_not_filled_up_from_the_shipped_one(tmp_path):
    own = clinic(tmp_path, DEMO[: DEMO.index("[couch]")])
    with pytest.raises(ClinicFileError, match="'couch' is missing"):
        read_machine("demo_linac", own)


def test_that_a_clinic_adds_its_own_machine(tmp_path):
    own = clinic(tmp_path, DEMO, stem="oncor2")
    assert set(machine_ids(own)) == {*PAIRS, "oncor2"}
    assert read_machine("oncor2", own).mlc.boundaries_mm.name == "oncor2, mlc.boundaries_mm"


def test_that_a_clinics_folder_out_of_reach_is_not_passed_over(tmp_path):
    with pytest.raises(ClinicFileError, match="folder is not there") as refusal:
        read_machine("demo_linac", tmp_path / "gone")
    assert refusal.value.where == str(tmp_path / "gone")


def test_that_a_machine_without_leaves_has_none(tmp_path):
    without = DEMO[: DEMO.index("[mlc]")] + DEMO[DEMO.index("[jaws]") :]
    assert read_machine("demo_linac", clinic(tmp_path, without)).mlc is None


@pytest.mark.parametrize("stem", ["demo_linak", "varian_milennium_120"])
def test_that_a_mistyped_machine_is_refused_with_the_nearest_name(stem):
    with pytest.raises(ClinicFileError) as refusal:
        read_machine(stem)
    assert refusal.value.remedy in (
        "Did you mean 'demo_linac'?",
        "Did you mean 'varian_millennium_120'?",
    )


@pytest.mark.parametrize("stem", ["../machines/demo_linac", "", "/etc/passwd"])
def test_that_a_machine_name_leads_nowhere_else(stem):
    with pytest.raises(ClinicFileError, match="unknown machine type"):
        read_machine(stem)
