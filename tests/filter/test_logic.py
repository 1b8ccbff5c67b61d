"""Logical consistency on opening: one value changed, one finding, and it is that rule's."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.field import Accessory, Couch, Jaws
from app.filter.logic import logic
from app.filter.rules import read_rules
from app.filter.settings import read_settings
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.logic_samples import (
    JAWS,
    SETTINGS,
    electrons,
    export,
    field,
    leaves,
    point,
    told,
)

TEN = Jaws(D("-50"), D("50"), D("-50"), D("50"))
OPEN_FIELD = {"control_points": (), "gantry_deg": D("270.0"), "jaws": TEN}


def test_that_a_clean_export_has_no_finding():
    assert told(export(), hints=True) == []
    assert told(export(electrons(), modality="12e")) == []


@pytest.mark.req("R-08")
@pytest.mark.parametrize(
    ("modality", "changes", "wrong"),
    [
        ("6X", {}, False), ("6X/15X", {}, False), ("15X", {}, True), ("Elect", {}, True),
        ("6X", {"energy": D(15)}, True), ("6X/15X", {"energy": D(15)}, False),
        ("Xrays", {"energy": D(15)}, False), ("6 MV", {}, False), ("x06", {}, False),
        ("6e", {}, True), ("6X/12e", {}, False),
    ],
)  # fmt: skip
def test_that_energy_and_particle_belong_to_the_prescribed_modality(modality, changes, wrong):
    fields = field("1", **changes), field("2", **changes)
    rules = {rule for rule, _ in told(export(*fields, modality=modality))}
    assert rules == ({"F-RX-MODALITY"} if wrong else set())


@pytest.mark.req("R-08", "R-23")
def test_that_a_modality_nobody_can_read_is_not_checked():
    rows = logic(export(modality="as usual"), SETTINGS).not_checked
    assert "modality of PELVIS" in {one.item for one in rows}


@pytest.mark.req("R-09")
@pytest.mark.parametrize(
    ("total", "state"), [("5000", None), ("5100", State.ERROR), ("5010", State.WARNING)]
)
def test_that_the_number_of_fractions_is_whole(total, state):
    found = logic(export(total_cgy=D(total)), SETTINGS).findings
    assert [one.state for one in found] == ([state] if state else [])
    assert all(one.rule == "F-RX-FRACTIONS" for one in found)


@pytest.mark.req("R-11")
@pytest.mark.parametrize(("dose", "wrong"), [("100.50", False), ("100.51", True), ("99.4", True)])
def test_that_field_doses_add_up_to_the_fraction_dose_within_half_a_cgy(dose, wrong):
    found = told(export(field("1", dose_cgy=D(dose)), field("2")))
    assert found == ([("F-DOSE-SUM", "")] if wrong else [])


@pytest.mark.req("R-22")
def test_that_a_treatment_field_without_dose_is_found():
    assert told(export(field("1", dose_cgy=None), field("2"))) == [("F-DOSE-MISSING", "1")]
    assert told(export(field("1", mu=D(0)), field("2"))) == [("F-MU-MISSING", "1")]


@pytest.mark.req("R-23")
def test_that_doses_that_nobody_has_booked_are_not_checked():
    fields = [field(name, dose_cgy=None) for name in "12"]
    answer = logic(export(*fields, total_cgy=None), SETTINGS)
    items = {one.item for one in answer.not_checked}
    assert answer.findings == ()
    assert {"field doses of PELVIS", "number of fractions of PELVIS"} <= items


@pytest.mark.req("R-14")
@pytest.mark.parametrize("name", ["vertical_mm", "lateral_mm", "longitudinal_mm"])
@pytest.mark.parametrize(("step", "wrong"), [("1.0", False), ("1.1", True)])
def test_that_fields_of_an_isocentre_share_the_table_position(name, step, wrong):
    moved = replace(Couch(D(10), D(20), D(30)), **{name: getattr(field().couch, name) + D(step)})
    fields = field("1"), field("2"), field("3", couch=moved)
    found = told(export(*fields, fraction_cgy=D(300), total_cgy=D(3000)))
    assert found == ([("F-TABLE-POSITION", "3")] if wrong else [])


@pytest.mark.req("R-15")
@pytest.mark.parametrize(
    ("id", "rule", "state"),
    [
        ("LAOBLK", "F-ID-LENGTH", State.ERROR), ("", "F-ID-LENGTH", State.ERROR),
        ("1;", "F-ID-LETTERS", State.ERROR), ("R A", "F-ID-LETTERS", State.INFO),
        ("2", "F-ID-UNIQUE", State.ERROR),
    ],
)  # fmt: skip
def test_that_field_ids_are_short_plain_and_unique(id, rule, state):
    found = logic(export(field(id), field("2")), SETTINGS).findings
    assert [(one.rule, one.state) for one in found] == [(rule, state)]


@pytest.mark.req("R-15")
@pytest.mark.parametrize(
    ("blocks", "ids", "wrong"),
    [
        (("ML1", "ML2"), ("1M", "2M"), []), (("ML1", "ML3"), ("1M", "2M"), ["2M"]),
        (("ML1", "ML1"), ("1M", "1M"), ["1M", "1M"]), (("BLK", "ML2"), ("1", "2M"), []),
        (("ML1", "ML2"), ("1", "2M"), ["1"]),
    ],
)  # fmt: skip
def test_that_a_moduleaf_block_code_belongs_to_one_field(blocks, ids, wrong):
    fields = [
        field(id, blocks=(Accessory((block,)),)) for block, id in zip(blocks, ids, strict=True)
    ]
    found = [one for rule, one in told(export(*fields)) if rule == "F-ID-MODULEAF"]
    assert found == wrong[: len(found)]
    assert bool(found) == bool(wrong)


@pytest.mark.req("R-22")
def test_that_a_set_up_field_gives_no_dose():
    clean = field("S", setup=True, mu=None, dose_cgy=None, treatment_type="Setup")
    assert told(export(field("1"), field("2"), clean)) == []
    for changes in ({"mu": D(2)}, {"dose_cgy": D("1.5")}):
        found = told(export(field("1"), field("2"), replace(clean, **changes)))
        assert found == [("F-SETUP-DOSE", "S")]


@pytest.mark.req("R-22")
@pytest.mark.parametrize("name", ["AP DRR", "Setup AP", "SET-UP", "AP set up"])
def test_that_a_name_that_says_set_up_is_asked_about(name):
    fields = field("1", name=name), field("2")
    (one,) = logic(export(*fields), SETTINGS).findings
    assert (one.rule, one.state, one.field) == ("F-SETUP-ASK", State.WARNING, "1")
    silent = field("1", name=name, mu=D(0), dose_cgy=None), field("2", dose_cgy=D(200))
    assert told(export(*silent)) == [("F-SETUP-ASK", "1")]


@pytest.mark.req("R-22")
@pytest.mark.parametrize("gantry", ["0.0", "90.0", "270.0"])
def test_that_the_geometry_of_a_set_up_field_is_asked_about(gantry):
    changes = {**OPEN_FIELD, "gantry_deg": D(gantry)}
    (one,) = logic(export(field("1", **changes), field("2")), SETTINGS).findings
    assert (one.rule, one.state, one.field) == ("F-SETUP-ASK", State.MANUAL, "1")
    empty = field("1", **changes, mu=D(0), dose_cgy=D(0)), field("2", dose_cgy=D(200))
    (one,) = logic(export(*empty), SETTINGS).findings
    assert (one.rule, one.state) == ("F-SETUP-ASK", State.WARNING)


@pytest.mark.parametrize(
    "changes",
    [
        {"gantry_deg": D("180.0")}, {"jaws": Jaws(D("-50"), D("50"), D("-50"), D("51"))},
        {"wedges": (Accessory(("W30",)),)}, {"arc_direction": "CW"},
        {"control_points": (point(0, "0", leaves()),)},
    ],
)  # fmt: skip
def test_that_any_other_geometry_is_not_asked_about(changes):
    one = field("1", **{**OPEN_FIELD, **changes})
    assert "F-SETUP-ASK" not in {rule for rule, _ in told(export(one, field("2")))}


@pytest.mark.parametrize(("modality", "applicators"), [("Elect", ()), ("Xrays", ("10x10",))])
def test_that_electrons_have_an_applicator_and_photons_none(modality, applicators):
    one = electrons(
        modality=modality, applicators=tuple(Accessory((name,)) for name in applicators),
        energy=D(12 if modality == "Elect" else 6),
    )  # fmt: skip
    prescribed = "12e" if modality == "Elect" else "6X"
    assert told(export(one, modality=prescribed)) == [("F-APPLICATOR", "1")]


@pytest.mark.req("R-23")
def test_that_a_note_on_gating_is_held_up_for_attestation():
    (one,) = logic(export(field("1", note="DIBH, arms up"), field("2")), SETTINGS).findings
    assert (one.rule, one.state, one.field) == ("F-GATING", State.MANUAL, "1")
    (one,) = logic(export(pattern="daily, gated"), SETTINGS).findings
    assert (one.rule, one.field) == ("F-GATING", "")


@pytest.mark.req("R-23")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"dose_rate_mu_min": D(300)}, "F-HINT-DOSERATE"),
        ({"tolerance_table": "3"}, "F-HINT-TOLERANCE-TABLE"),
    ],
)
def test_that_fields_of_one_beam_that_differ_are_shown(changes, rule):
    (one,) = logic(export(field("1", **changes), field("2")), SETTINGS).findings
    assert (one.rule, one.state) == (rule, State.INFO)


@pytest.mark.req("R-23")
@pytest.mark.parametrize(
    ("name", "wrong"), [("G40 RAO", False), ("RAO g 41", False), ("G220 LPO", True), ("40", False)]
)
def test_that_an_angle_in_a_name_is_the_gantrys(name, wrong):
    found = told(export(field("1", name=name), field("2")))
    assert found == ([("F-NAME-ANGLE", "1")] if wrong else [])


def test_that_the_clinics_own_words_are_used_and_wrong_ones_refused(tmp_path):
    folder = tmp_path / "filter"
    folder.mkdir()
    (folder / "rules.toml").write_text('[setup]\nwords = ["acculoc"]\n', encoding="utf-8")
    own = read_settings(tmp_path)
    assert told(export(field("1", name="ACCULOC 50"), field("2")), own) == [("F-SETUP-ASK", "1")]
    for text in ('[setup]\nword = ["x"]', "[setup]\nwords = 5", '[names]\ngantry = "("'):
        (folder / "rules.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ClinicFileError) as refusal:
            read_settings(tmp_path)
        assert "rules.toml" in refusal.value.where


def test_that_every_rule_states_unit_and_source():
    assert all(one.unit and one.source for one in read_rules().entries.values())


def test_that_samples_are_what_they_say():
    assert field().jaws == JAWS == field().control_points[0].jaws


@pytest.mark.req("R-14")
def test_that_a_table_position_missing_in_one_field_is_told():
    fields = field("1"), field("2", couch=replace(Couch(D(10), D(20), D(30)), lateral_mm=None))
    (one,) = logic(export(*fields), SETTINGS).findings
    assert (one.rule, one.state, one.field) == ("F-TABLE-BLANK", State.WARNING, "2")


@pytest.mark.req("R-23")
@pytest.mark.parametrize(("mu", "wrong"), [("900", False), ("900.1", True)])
def test_that_more_than_5_mu_per_cgy_are_shown(mu, wrong):
    found = told(export(field("1", mu=D(mu)), field("2")), hints=True)
    assert found == ([("F-HINT-MU", "")] if wrong else [])


@pytest.mark.req("R-23")
@pytest.mark.parametrize(("edge", "small"), [("-20.0", False), ("20.1", True)])
def test_that_a_small_field_is_shown(edge, small):
    one = field("1", jaws=replace(JAWS, x1_mm=D(edge)))
    found = logic(export(one, field("2")), SETTINGS).findings
    hints = [hit.rule for hit in found if hit.rule == "F-HINT-SMALL"]
    assert hints == (["F-HINT-SMALL"] if small else [])
