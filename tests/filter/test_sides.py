"""Checks of AAPM TG-275 and MPPG 11.a that plan and R&V data allow: one change, one finding."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.field import Jaws, Point
from app.filter.report import comparing_report
from app.filter.rtp_read import plan_of
from app.filter.rtp_text import parse
from app.filter.rv_source import RvRead
from app.filter.sides import side_of
from core.findings import State
from tests.filter.desk_samples import changed
from tests.filter.logic_samples import (
    ISOCENTRE,
    JAWS,
    SETTINGS,
    export,
    field,
    leaves,
    point,
    told,
)


def at(x_mm):
    return Point(D(x_mm), D("2.0"), D("3.0"))


def named(site, plan_id="", x_mm="1.0"):
    """Return an export of one site with its isocentre at x."""
    rv = export(*(field(str(n), site=site, isocentre=at(x_mm)) for n in (1, 2)))
    rx = replace(rv.prescriptions[0], site=site)
    return replace(rv, prescriptions=(rx,), plan_id=plan_id)


def compared(rv, plan):
    report = comparing_report(RvRead(rv), plan, SETTINGS, "x")
    return [(one.rule, one.field) for one in report.findings if one.state != State.INFO]


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("LEFT BREAST", "left"), ("LT BREAST", "left"), ("2LT SCLAV", "left"),
        ("Breast_L", "left"), ("LT CW NB_FiF", "left"), ("RT BREAST", "right"),
        ("Lung_R", "right"), ("right hip", "right"), ("1RT CW", "right"),
        ("BREAST", ""), ("LEFT AND RIGHT BREAST", ""), ("L2-4, inclusive", ""), ("L SPINE", ""),
        ("RT PLAN", ""), ("RT", ""), ("ALTERED", ""), ("START", ""), ("PTV_LUNG", ""),
        ("MAA:0:50:2", ""), ("V.Orbita 0-30", ""), ("", ""),
    ],
)  # fmt: skip
def test_that_a_side_is_read_only_where_the_name_says_one(name, side):
    assert side_of(name, SETTINGS) == side


@pytest.mark.req("R-23")
@pytest.mark.parametrize(
    ("site", "plan_id", "rules"),
    [
        ("LT BREAST", "LT BREAST", []), ("LT BREAST", "", []), ("BREAST", "RT BREAST", []),
        ("LT BREAST", "BREAST_R", ["F-SIDE-NAMES"]), ("Lung_R", "LEFT LUNG", ["F-SIDE-NAMES"]),
    ],
)  # fmt: skip
def test_that_site_and_plan_name_the_same_side(site, plan_id, rules):
    assert [rule for rule, _ in told(named(site, plan_id))] == rules


def test_that_both_sides_in_one_plan_are_no_contradiction():
    rv = export(field("1", site="LT BREAST"), field("2", site="RT BREAST"))
    sites = [replace(rv.prescriptions[0], site=one, fraction_cgy=None, field_count=None)
             for one in ("LT BREAST", "RT BREAST")]  # fmt: skip
    assert told(replace(rv, prescriptions=tuple(sites), plan_id="LT BREAST")) == []


@pytest.mark.req("R-23")
@pytest.mark.parametrize(
    ("site", "x_mm", "hit"),
    [
        ("LT BREAST", "-50.0", False), ("LT BREAST", "-50.1", True), ("LT BREAST", "90.0", False),
        ("RT BREAST", "50.1", True), ("RT BREAST", "-90.0", False), ("BREAST", "-90.0", False),
    ],
)  # fmt: skip
def test_that_the_isocentre_lies_on_the_side_the_site_names(site, x_mm, hit):
    expected = [("F-SIDE-ISOCENTRE", "1"), ("F-SIDE-ISOCENTRE", "2")] if hit else []
    assert told(named(site, x_mm=x_mm)) == expected


@pytest.mark.req("R-04")
def test_that_the_plan_names_the_same_side_as_the_r_and_v_system():
    rv = named("LT BREAST", "P1")
    plan = replace(rv, kind="DICOM RT Plan")
    assert compared(rv, plan) == []
    assert compared(rv, replace(plan, plan_id="RT BREAST")) == [("F-SIDE-NAMES", "")]
    other = replace(plan.prescriptions[0], site="RT BREAST")
    assert compared(rv, replace(plan, prescriptions=(other,))) == [("F-SIDE-NAMES", "")]


@pytest.mark.req("R-04")
def test_that_an_isocentre_that_differs_from_the_plan_is_told_once():
    rv, plan = named("LT BREAST", x_mm="-90.0"), named("LT BREAST", x_mm="90.0")
    rules = compared(rv, replace(plan, kind="DICOM RT Plan"))
    assert {rule for rule, _ in rules} == {"F-CMP-ISOCENTER-POSITION-X"}


@pytest.mark.req("R-04")
def test_that_the_plan_s_isocentre_is_asked_where_the_export_states_none():
    rv = named("LT BREAST")
    silent = tuple(
        replace(one, isocentre=None,
                control_points=tuple(replace(p, isocentre=None) for p in one.control_points))
        for one in rv.fields
    )  # fmt: skip
    plan = replace(named("LT BREAST", x_mm="-90.0"), kind="DICOM RT Plan")
    found = compared(replace(rv, fields=silent), plan)
    assert found == [("F-SIDE-ISOCENTRE", "1"), ("F-SIDE-ISOCENTRE", "2")]


@pytest.mark.req("R-04")
@pytest.mark.parametrize(
    ("approval", "state"),
    [("", None), ("APPROVED", None), ("UNAPPROVED", State.INFO), ("REJECTED", State.ERROR)],
)
def test_that_a_plan_nobody_approved_is_told_and_a_rejected_one_is_an_error(approval, state):
    rv = export()
    plan = replace(rv, kind="DICOM RT Plan", approval=approval)
    report = comparing_report(RvRead(rv), plan, SETTINGS, "x")
    own = [one.state for one in report.findings if one.rule == "F-PLAN-APPROVAL"]
    assert own == ([state] if state else [])


@pytest.mark.req("R-23")
def test_that_a_second_isocentre_is_shown_with_its_fields():
    assert [rule for rule, _ in told(export(), hints=True)] == []
    other = replace(ISOCENTRE, z_mm=D("80.0"))
    rv = export(field("1"), field("2", isocentre=other))
    assert told(rv, hints=True) == [("F-HINT-ISOCENTRES", "")]


def closed(a30="0.0", b30="0.0"):
    banks = leaves(a30=a30, b30=b30)
    return tuple(point(number, str(number), banks) for number in (0, 1))


@pytest.mark.req("R-23")
def test_that_a_pair_closed_throughout_in_the_open_of_the_jaws_is_shown():
    rv = export(field("1", control_points=closed()), field("2"))
    assert told(rv, hints=True) == [("F-HINT-PARKED", "1")]
    once = (closed()[0], point(1, "1", leaves()))
    assert told(export(field("1", control_points=once), field("2")), hints=True) == []
    under = closed("-45.0", "-45.0")
    assert told(export(field("1", control_points=under), field("2")), hints=True) == []
    inside = closed("-44.9", "-44.9")
    assert told(export(field("1", control_points=inside), field("2")), hints=True) == [
        ("F-HINT-PARKED", "1")
    ]
    no_jaws = Jaws(None, None, JAWS.y1_mm, JAWS.y2_mm)
    silent = tuple(replace(one, jaws=no_jaws) for one in closed())
    rv = export(field("1", jaws=no_jaws, control_points=silent), field("2"))
    assert "F-HINT-PARKED" not in {rule for rule, _ in told(rv, hints=True)}


@pytest.mark.req("R-23")
@pytest.mark.parametrize(("shift", "told_of"), [("", False), ("0.0", False), ("-3.0", True)])
def test_that_a_table_top_shift_stands_under_not_checked(shift, told_of):
    data = changed("SITE_SETUP_DEF", "PELVIS", table_top_vert_displacement=shift)
    gaps = dict(plan_of(parse(data, "x.rtp")).gaps)
    assert ("table-top shift" in gaps) == told_of
    if told_of:
        assert "-3.0" in gaps["table-top shift"]
