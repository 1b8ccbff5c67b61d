"""The seeded plans of the demonstration each trip their own check, and no other one."""

import json

import pytest

from app.demo.plan_variants import PLAN_VARIANTS, STOPS
from app.demo.write_demo import write_demo
from app.lex.command import write_from_files
from app.lex.policy import Policy, policy_of


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


def asked(report):
    """Rule and policy of everything that stops the file or wants a reason."""
    return {(one.rule, policy_of(one)) for one in report.findings if policy_of(one) != Policy.INFO}


def test_that_the_sound_plan_asks_for_nothing_and_is_written(demo, tmp_path):
    out = tmp_path / "plan.rtp"
    report = write_from_files(demo.plan, demo.treatment, out, lambda _: [])
    assert (asked(report), report.out) == (set(), out)


@pytest.mark.req("R-30", "L-06", "L-13", "L-15", "L-16", "L-17", "L-18")
@pytest.mark.parametrize("variant", PLAN_VARIANTS, ids=lambda one: one.name)
def test_that_a_seeded_plan_trips_its_own_check_and_leaves_no_file(demo, tmp_path, variant):
    plan = demo.plan_index.parent / f"{variant.name}.dcm"
    out = tmp_path / "plan.rtp"
    report = write_from_files(plan, demo.treatment, out, lambda _: [])
    policy = Policy.HARD if variant.policy == STOPS else Policy.ACK
    assert asked(report) == {(variant.rule, policy)}
    named = {one.field for one in report.findings if one.rule == variant.rule}
    assert not variant.beam or variant.beam in named
    assert (report.out, out.exists()) == (None, False)


def test_that_the_index_lists_every_seeded_plan(demo):
    rows = json.loads(demo.plan_index.read_text("ascii"))
    assert {row["file"] for row in rows} == {file.name for file in demo.plan_variants}
    assert {file.name for file in demo.plan_index.parent.glob("*.dcm")} == {
        row["file"] for row in rows
    }
