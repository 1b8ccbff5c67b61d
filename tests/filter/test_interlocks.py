"""Interlocks by machine description: each hit names value and limit; unknown is not checked."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.field import Accessory, Couch, Jaws
from app.filter.logic import logic
from app.filter.rv_source import open_rv
from app.filter.settings import read_settings
from core.errors import ClinicFileError
from core.findings import State
from core.paths import RESOURCES
from tests.filter.logic_samples import (
    JAWS,
    SETTINGS,
    electrons,
    export,
    field,
    leaves,
    oncor,
    oncor_points,
    point,
    told,
)

ONCOR = "siemens_oncor_82"
VW = Accessory(("ED60-Y1",), "dynamic")


def hits(one, **rx):
    """Return the interlock findings of an export of one field."""
    found = logic(export(one, **rx), SETTINGS).findings
    return [hit for hit in found if hit.state != State.INFO]


def moved(one, **changes):
    """Return a field with the same change at each of its control points."""
    points = tuple(replace(each, **changes) for each in one.control_points)
    return replace(one, control_points=points, **changes)


def with_leaves(machine="demo_linac", **tips):
    return tuple(
        point(number, str(number), leaves(machine, **(tips if number else {})))
        for number in (0, 1)
    )


def test_that_clean_fields_of_both_machines_pass():
    assert hits(field()) == []
    assert hits(oncor()) == []
    assert hits(electrons(), modality="12e") == []


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("name", "good", "bad", "item"),
    [
        ("collimator_deg", "175.0", "175.1", "collimator_angle"),
        ("collimator_deg", "185.0", "180.0", "collimator_angle"),
        ("couch_deg", "100.0", "100.1", "couch_angle"),
        ("couch_deg", "260.0", "259.9", "couch_angle"),
    ],
)
def test_that_angles_lie_in_the_machines_range(name, good, bad, item):
    assert hits(moved(field(), **{name: D(good)})) == []
    (hit,) = hits(moved(field(), **{name: D(bad)}))
    assert (hit.rule, hit.state, hit.item) == ("F-INT-RANGE", State.ERROR, item)
    assert (hit.found, hit.unit) == (bad, "deg")
    assert " to " in hit.expected


@pytest.mark.req("R-13")
def test_that_one_control_point_out_of_range_is_named():
    points = (field().control_points[0], replace(field().control_points[1], couch_deg=D(120)))
    (hit,) = hits(field(control_points=points))
    assert (hit.rule, hit.item, hit.control_point) == ("F-INT-RANGE", "couch_angle", 1)


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("side", "good", "bad"),
    [
        ("x1_mm", "20.0", "20.1"), ("x2_mm", "-20.0", "-20.1"), ("y1_mm", "-200.0", "-201"),
        ("y2_mm", "200.0", "200.1"),
    ],
)  # fmt: skip
def test_that_jaws_lie_in_the_machines_range(side, good, bad):
    assert hits(moved(field(), jaws=replace(JAWS, **{side: D(good)}))) == []
    (hit,) = hits(moved(field(), jaws=replace(JAWS, **{side: D(bad)})))
    assert (hit.rule, hit.item) == ("F-INT-RANGE", f"collimator_{side[:2]}")


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("name", "bad"), [("vertical_mm", 501), ("lateral_mm", -251), ("longitudinal_mm", 1501)]
)
def test_that_the_table_lies_in_the_machines_range(name, bad):
    couch = replace(Couch(D(10), D(20), D(30)), **{name: D(bad)})
    (hit,) = hits(moved(field(), couch=couch))
    assert (hit.rule, hit.item) == ("F-INT-RANGE", f"couch_{name[:-3]}")


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("start", "turn", "stop", "wrong"),
    [
        ("181.0", "CW", "179.0", False), ("179.0", "CCW", "181.0", False),
        ("170.0", "CW", "190.0", True), ("190.0", "CCW", "170.0", True),
        ("350.0", "CW", "20.0", False), ("180.0", "CW", "180.0", False),
    ],
)  # fmt: skip
def test_that_an_arc_does_not_pass_the_gantrys_stop(start, turn, stop, wrong):
    one = field(arc_direction=turn, arc_start_deg=D(start), arc_stop_deg=D(stop))
    assert [hit.rule for hit in hits(one)] == (["F-INT-ARC"] if wrong else [])


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("tips", "rule", "item"),
    [
        ({"b30": "200.1"}, "F-INT-REACH", "mlc_b30"),
        ({"a30": "-200.2"}, "F-INT-REACH", "mlc_a30"),
        ({"a21": "-191"}, "F-INT-SPAN", None), ({"a30": "41"}, "F-LEAVES-CROSS", "mlc_a30"),
    ],
)  # fmt: skip
def test_that_leaves_stay_within_reach_and_span(tips, rule, item):
    found = hits(field(control_points=with_leaves(**tips)))
    assert rule in {hit.rule for hit in found}
    # A leaf out of reach is out of span as well on this machine; nothing else may be said.
    assert {hit.rule for hit in found} <= {rule, "F-INT-SPAN"}
    assert {hit.control_point for hit in found if hit.rule.startswith("F-INT")} <= {1}
    assert item is None or item in {hit.item for hit in found}


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("tips", "wrong"),
    [
        ({"a20": "39.9", "b20": "40.0"}, False), ({"a20": "40.0", "b20": "40.0"}, False),
        ({"a20": "-41.0", "b20": "-41.0"}, True), ({"a25": "40.1", "b25": "40.1"}, True),
    ],
)  # fmt: skip
def test_that_neighbouring_leaves_do_not_interdigitate_where_forbidden(tips, wrong):
    one = oncor(control_points=oncor_points(leaves(ONCOR, **tips)))
    rules = [hit.rule for hit in hits(one) if hit.rule == "F-INT-DIGIT"]
    assert rules == (["F-INT-DIGIT"] if wrong else [])
    free = field(control_points=with_leaves(a30="-45.0", b30="-45.0"))
    assert hits(free) == []


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("side", "good", "bad"),
    [("y1_mm", "-50.0", "-50.1"), ("y1_mm", "-40.0", "-39.9"), ("y2_mm", "40.0", "51.0")],
)
def test_that_each_y_jaw_stands_within_5_mm_of_the_first_open_pair(side, good, bad):
    banks = leaves(ONCOR)
    assert hits(oncor(control_points=oncor_points(banks, **{side: D(good)}))) == []
    (hit,) = hits(oncor(control_points=oncor_points(banks, **{side: D(bad)})))
    assert (hit.rule, hit.state, hit.control_point) == ("F-INT-YJAW", State.ERROR, 0)
    assert hit.item == f"collimator_{side[:2]}"
    assert "0.5 cm" in hit.message


@pytest.mark.req("R-13")
def test_that_pairs_opened_by_2_mm_under_a_jaw_are_not_what_the_field_is_open_for():
    ajar = {f"{bank}{leaf}": tip for leaf in (1, 2) for bank, tip in (("a", "-1"), ("b", "1"))}
    assert hits(oncor(control_points=oncor_points(leaves(ONCOR, **ajar)))) == []


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"jaws": Jaws(D(-70), D(70), D(-70), D(72))}, "F-INT-APPL-JAWS"),
        ({"applicators": (Accessory(("12x12",)),)}, "F-INT-APPLICATOR"),
        ({"energy": D(9)}, "F-INT-ENERGY"), ({"dose_rate_mu_min": D(450)}, "F-INT-RATE"),
    ],
)  # fmt: skip
def test_that_an_electron_field_is_one_the_machine_has(changes, rule):
    modality = f"{changes.get('energy', 12)}e"
    (hit,) = hits(electrons(**changes), modality=modality)
    assert (hit.rule, hit.state) == (rule, State.ERROR)


@pytest.mark.req("R-13")
def test_that_an_applicator_the_description_is_silent_about_is_not_checked():
    one = electrons(energy=D(9), machine="varian_millennium_120")
    answer = logic(export(one, modality="9e"), SETTINGS)
    assert not any(hit.rule.startswith("F-INT-APPL") and hit.state == State.ERROR
                   for hit in answer.findings)  # fmt: skip
    assert any("applicators.jaws" in row.item for row in answer.not_checked)


@pytest.mark.req("R-13")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"wedges": (VW,)}, None), ({"wedges": (VW,), "mu": D("19.99")}, "F-INT-VW-MU"),
        ({"wedges": (Accessory(("ED30-Y1",), "dynamic"),)}, "F-INT-VW-ANGLE"),
        ({"wedges": (VW,), "jaws": replace(JAWS, y1_mm=D("-100"), y2_mm=D("200"))}, None),
        ({"wedges": (VW,), "jaws": replace(JAWS, y1_mm=D("-101"), y2_mm=D("200"))},
         "F-INT-VW-FIELD"),
        ({"jaws": replace(JAWS, y1_mm=D("-101"), y2_mm=D("200"))}, None),
        ({"wedges": (Accessory(("ED33-Y1",), "dynamic"),)}, "F-INT-VW-ANGLE"),
    ],
)  # fmt: skip
def test_that_a_virtual_wedge_is_commissioned_and_has_enough_mu(changes, rule):
    assert [hit.rule for hit in hits(field(**changes))] == ([rule] if rule else [])


@pytest.mark.req("R-13")
@pytest.mark.parametrize("changes", [{"energy": D(10)}, {"fff": True}])
def test_that_an_energy_the_machine_does_not_have_is_an_error(changes):
    found = hits(field(**changes, dose_rate_mu_min=None), modality="Xrays")
    assert [hit.rule for hit in found] == ["F-INT-ENERGY"]


@pytest.mark.req("R-13", "R-23")
def test_that_a_machine_without_description_is_not_checked_and_never_passes():
    answer = logic(export(field(machine="LINAC 9")), SETTINGS)
    (row,) = [one for one in answer.not_checked if "LINAC 9" in one.item]
    assert row.field == "1"
    assert not any(one.rule.startswith("F-INT") for one in answer.findings)


@pytest.mark.req("R-13", "R-23")
def test_that_what_a_description_does_not_state_is_not_checked():
    rows = " ".join(row.item for row in logic(export(field()), SETTINGS).not_checked)
    assert "jaws.y_reach_mm" in rows
    rows = {row.item: row.why for row in logic(export(oncor()), SETTINGS).not_checked}
    assert any("couch.vertical_mm" in item for item in rows)
    assert any("jaws.y1_mm" in item and "only recalls" in why for item, why in rows.items())


@pytest.mark.req("R-13")
def test_that_a_recalled_limit_warns_and_does_not_forbid():
    (hit,) = hits(moved(oncor(), couch_deg=D(95)))
    assert (hit.rule, hit.state) == ("F-INT-RANGE", State.WARNING)
    assert "recalled" in hit.message


@pytest.mark.req("R-13")
def test_that_a_field_with_other_leaves_than_the_machine_is_an_error():
    one = field(machine=ONCOR, banks=leaves())
    assert ("F-INT-LEAVES", "1") in told(export(one))


def test_that_a_name_without_description_is_refused_in_words(tmp_path):
    (tmp_path / "filter").mkdir()
    names = tmp_path / "filter" / "machine_names.toml"
    names.write_text('[names]\n"LINAC 9" = "varian_9"\n', encoding="utf-8")
    with pytest.raises(ClinicFileError, match="LINAC 9"):
        read_settings(tmp_path)
    names.write_text(f'[names]\n"LINAC 9" = "{ONCOR}"\n', encoding="utf-8")
    assert read_settings(tmp_path).machine(" linac 9 ").id == ONCOR


# The type whose leaf edges and mlc_type fit the real file; names are those of the clinics.
REAL = {
    "mosaiq_2.4": {"SB9": "siemens_oncor_82"}, "mosaiq_2.6": {"SB3": "siemens_oncor_82"},
    "oncentra_columna_dose": {"ALX": "elekta_mlci2"},
    "oncentra_prostate_nodose_boost": {"ALX": "elekta_mlci2"},
    "oncentra_tangmam_nodose": {"ALX": "elekta_mlci2"},
    "mosaiq_2.5_vmat_scale_convention_1": {"SynergyD": "elekta_mlci2"},
    "varian_imrt_scale_convention_1": {"Clinac 21EX": "varian_millennium_120"},
}  # fmt: skip

# Gaps of 2 mm, where the description recalls (R) that the type has at least 5 mm: a warning.
KNOWN = {"mosaiq_2.5_vmat_scale_convention_1": ["F-INT-GAP"]}


@pytest.mark.req("R-13")
@pytest.mark.parametrize("name", REAL)
def test_that_real_deliverable_fields_meet_no_interlock(shared_data, tmp_path, name):
    (tmp_path / "filter").mkdir()
    rows = "".join(f'"{own}" = "{stem}"\n' for own, stem in REAL[name].items())
    text = f"[names]\n{rows}"
    (tmp_path / "filter" / "machine_names.toml").write_text(text, encoding="utf-8")
    rv = open_rv(shared_data / "rtp" / f"{name}.rtp")
    found = logic(rv, read_settings(tmp_path)).findings
    rules = [one.rule for one in found if one.rule.startswith("F-INT")]
    assert rules == KNOWN.get(name, [])


def test_that_the_demonstration_machine_is_named():
    assert (RESOURCES / "filter" / "machine_names.toml").is_file()
    assert SETTINGS.machine("Demo Linac").id == "demo_linac"
