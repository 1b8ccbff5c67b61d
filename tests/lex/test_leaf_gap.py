"""Covered leaf pairs get a gap: what is exposed stays the same, and the machine's rules hold."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from app.demo.write_demo import write_demo
from app.lex.command import write_from_files
from app.lex.interlocks import breaches, not_stated
from app.lex.leaf_gap import open_covered_pairs
from app.lex.plan import Device, Segment
from app.lex.sources import choose_trial, open_source
from app.lex.transfer import prepare
from app.lex.treatment import read_treatment_table, treatment_text
from core.errors import MissingDataError
from core.findings import State
from core.machine_values import Confidence, Value
from core.machines import Machine, read_machine
from tests.lex.segment_sample import EDGES_CM, of_parts, stepped
from tests.lex.transfer_sample import PAIRS, beam, segment, treatment, trial

DEMO = read_machine("demo_linac")
OPEN = {"open_covered_leaves": True}


def exposed(point: Segment) -> np.ndarray:
    """Light field by sampling: 0.25 mm along the leaves, four lines in every leaf pair."""
    x = np.arange(-20.0, 20.0, 0.025) + 0.0125
    edges = np.array(EDGES_CM, dtype=float)
    rows = []
    for low, high, left, right in zip(
        edges[:-1], edges[1:], point.left_cm, point.right_cm, strict=True
    ):
        for part in (0.001, 0.3, 0.7, 0.999):
            y = low + part * (high - low)
            lit = (x > left) & (x < right) & (x > point.x1_cm) & (x < point.x2_cm)
            rows.append(lit & (point.y1_cm < y < point.y2_cm))
    return np.array(rows)


def shut(**changes) -> Segment:
    """Pairs 21 to 40 (5 cm either side) open, all others shut at 1 cm; jaws at 5 cm."""
    opened = range(20, 40)
    left = tuple(-4.0 if n in opened else 1.0 for n in range(PAIRS))
    right = tuple(4.3 if n in opened else 1.0 for n in range(PAIRS))
    made = replace(segment(0.0), left_cm=left, right_cm=right, y1_cm=-5.0, y2_cm=5.0)
    return replace(made, **changes)


def still(point: Segment, **changes):
    pair = (point, replace(point, meterset_share=1.0))
    return beam(1, pair, **{"leaf_edges_cm": EDGES_CM, **changes})


def known(machine: Machine, section: str, **values: object) -> Machine:
    made = {name: Value(name, value, Confidence.DEMONSTRATION, "the test")
            for name, value in values.items()}  # fmt: skip
    return replace(machine, **{section: replace(getattr(machine, section), **made)})


@pytest.mark.req("L-10")
@settings(max_examples=40, deadline=None)
@given(stepped(most=3))
def test_that_the_exposed_aperture_is_the_same(planned):
    found = open_covered_pairs(planned, DEMO).beam
    for before, after in zip(planned.segments, found.segments, strict=True):
        assert np.array_equal(exposed(before), exposed(after))


@pytest.mark.req("L-10")
@settings(max_examples=40, deadline=None)
@given(stepped(most=3))
def test_that_only_pairs_wholly_behind_a_y_jaw_are_opened_to_two_millimetres(planned):
    found = open_covered_pairs(planned, DEMO)
    count = 0
    for before, after in zip(planned.segments, found.beam.segments, strict=True):
        for n in range(PAIRS):
            covered = EDGES_CM[n + 1] <= before.y1_cm or EDGES_CM[n] >= before.y2_cm
            old, new = before.right_cm[n] - before.left_cm[n], after.right_cm[n] - after.left_cm[n]
            if covered and old < 0.2 - 1e-9:
                assert round(new, 6) == 0.2
                count += 1
            else:
                assert (after.left_cm[n], after.right_cm[n]) == (
                    before.left_cm[n], before.right_cm[n],
                )  # fmt: skip
    assert found.pairs == count


@pytest.mark.req("L-10")
def test_that_a_pair_half_out_of_the_jaw_stays_shut():
    assert open_covered_pairs(still(shut()), DEMO).pairs == 2 * 40
    nearer = open_covered_pairs(still(shut(y2_cm=5.3)), DEMO)
    assert nearer.pairs == 2 * 39
    assert nearer.beam.segments[0].left_cm[40] == 1.0


@pytest.mark.req("L-10")
def test_that_a_pair_behind_an_x_jaw_only_stays_shut():
    hidden = shut(y1_cm=-20.0, y2_cm=20.0, x1_cm=-4.0, x2_cm=0.0)
    assert open_covered_pairs(still(hidden), DEMO).pairs == 0


@pytest.mark.req("L-10")
def test_that_while_dose_is_given_a_pair_must_be_covered_at_both_ends():
    wide = replace(shut(y2_cm=7.0), meterset_share=1.0)
    moving = beam(1, (shut(), wide), technique="DMLC", leaf_edges_cm=EDGES_CM)
    found = open_covered_pairs(moving, DEMO).beam.segments[0]
    gaps = [round(b - a, 6) for a, b in zip(found.left_cm, found.right_cm, strict=True)]
    assert gaps[40:44] == [0.0] * 4
    assert gaps[44:] == [0.2] * 16


@pytest.mark.req("L-10")
def test_that_leaves_stay_in_their_range():
    narrow = known(DEMO, "mlc", leaf_x1_mm=(-200, 5), leaf_x2_mm=(-5, 200))
    found = open_covered_pairs(still(shut()), narrow).beam.segments[0]
    assert (found.left_cm[0], found.right_cm[0]) == (0.5, 0.7)


@pytest.mark.req("L-10")
@pytest.mark.parametrize(
    ("changes", "machine", "words"),
    [
        ({"leaf_edges_cm": ()}, DEMO, "does not state"),
        ({"leaf_edges_cm": tuple(e / 2 for e in EDGES_CM)}, DEMO, "not those of"),
        ({"wedges": (Device("VW", kind="virtual"),)}, DEMO, "virtual wedge"),
        ({}, known(DEMO, "mlc", replaces_jaw="Y"), "no Y jaws"),
        ({}, known(DEMO, "mlc", gap_under_jaw_mm=None), "gap_under_jaw_mm"),
        ({}, None, "no machine"),
    ],
)
def test_that_where_something_is_not_known_nothing_is_opened_and_it_is_said(
    changes, machine, words
):
    with pytest.raises(MissingDataError, match=words):
        open_covered_pairs(still(shut(), **changes), machine)


@pytest.mark.req("L-10")
def test_that_what_was_opened_and_what_was_not_rechecked_is_told():
    transfer = prepare(trial(still(shut(), dose_cgy=200.0)), treatment(**OPEN))
    told = [one for one in transfer.findings if one.rule == "LEX-O3"]
    assert [(one.state, one.found) for one in told] == [(State.INFO, "80"), (State.NOT_RUN, "")]
    assert "Y jaw reach not rechecked" in told[1].message
    assert transfer.options == ("open covered leaves",)
    assert b'"0.90"' in transfer.data
    plain = prepare(trial(still(shut(), leaf_edges_cm=())), treatment(**OPEN))
    told = [one for one in plain.findings if one.rule == "LEX-O3"]
    assert [one.state for one in told] == [State.NOT_RUN]


@pytest.mark.req("L-10")
def test_that_a_rule_broken_by_opening_stops_the_file_and_a_planned_breach_does_not(monkeypatch):
    off = tuple(-4.0 if n in range(20, 40) else -6.0 for n in range(PAIRS))
    right = tuple(4.3 if n in range(20, 40) else -6.0 for n in range(PAIRS))
    planned = still(shut(left_cm=off, right_cm=right), dose_cgy=200.0)

    def states(span_mm: float) -> set[State]:
        machine = known(DEMO, "mlc", span_mm=span_mm)
        monkeypatch.setattr("app.lex.transfer.read_machine", lambda *_: machine)
        told = prepare(trial(planned), treatment(**OPEN)).findings
        return {one.state for one in told if one.rule == "LEX-O3" and one.control_point == 0}

    # X2 leaves are 103 mm apart as planned, 101 mm when open; X1 leaves 20 mm and 21 mm.
    assert states(110.0) == set()
    assert states(100.0) == {State.WARNING}
    assert states(20.5) == {State.WARNING, State.ERROR}
    assert prepare(trial(planned), treatment(**OPEN)).data == b""


@pytest.mark.parametrize(
    ("point", "machine", "rules"),
    [
        (shut(), known(DEMO, "mlc", minimum_gap_mm=0.5), {"minimum gap"}),
        (shut(), known(DEMO, "mlc", interdigitation=False), set()),
        (shut(left_cm=(*shut().left_cm[:-1], 6.0), right_cm=(*shut().right_cm[:-1], 6.0)),
         known(DEMO, "mlc", interdigitation=False), {"interdigitation"}),
        (shut(), known(DEMO, "mlc", leaf_x1_mm=(-30.0, 200.0)), {"leaf range"}),
        (shut(), known(DEMO, "mlc", span_mm=20.0), {"leaf span"}),
        (shut(), known(DEMO, "jaws", y_reach_mm=5.0), set()),
        (shut(y2_cm=5.6), known(DEMO, "jaws", y_reach_mm=5.0), {"Y jaw reach"}),
        (shut(), DEMO, set()),
    ],
)  # fmt: skip
def test_that_each_rule_sees_its_own_breach(point, machine, rules):
    assert {one.rule for one in breaches(point, machine)} == rules


def test_that_an_opened_pair_counts_as_closed_for_the_reach_of_the_jaw():
    machine = known(DEMO, "jaws", y_reach_mm=5.0)
    opened = open_covered_pairs(still(shut()), machine).beam
    assert breaches(opened.segments[0], machine) == ()


def test_that_rules_the_machine_does_not_state_are_named():
    assert not_stated(DEMO) == ("Y jaw reach",)
    assert "leaf span" in not_stated(read_machine("siemens_oncor_82"))
    assert len(not_stated(replace(DEMO, mlc=None))) == 5


@pytest.mark.req("L-07", "L-09", "L-10")
def test_that_all_options_work_together():
    parts = [(shut(left_cm=tuple(t + n if t < 0 else t for t in shut().left_cm)), 10)
             for n in (0.0, 3.0, 1.0)]  # fmt: skip
    entries = {**OPEN, "resequence": True, "segments": "field per control point"}
    transfer = prepare(trial(of_parts(parts, dose_cgy=200.0)), treatment(**entries))
    assert len(transfer.options) == 3
    assert [one.mu for one in transfer.fields] == pytest.approx([10.0] * 3)
    assert transfer.data


@pytest.mark.req("L-10")
@pytest.mark.parametrize("source", ["plan", "pinnacle_plan"])
def test_that_both_kinds_of_plan_say_where_their_leaf_pairs_lie(source, tmp_path):
    demo = write_demo(tmp_path / "demo")
    trial = choose_trial(open_source(getattr(demo, source)), None)
    shaped = [beam for beam in trial.beams if beam.leaf_axis]
    assert shaped
    assert all(beam.leaf_edges_cm == pytest.approx(EDGES_CM) for beam in shaped)


@pytest.mark.req("L-07", "L-09", "L-10", "L-24")
def test_that_options_are_read_from_the_file_and_named_in_the_report(tmp_path):
    demo = write_demo(tmp_path / "demo")
    treatment_file, out = tmp_path / "treatment.toml", tmp_path / "out.rtp"
    entries = read_treatment_table(demo.treatment)
    trial = choose_trial(open_source(demo.plan), None)
    still_beams = [beam.name for beam in trial.beams if beam.technique in ("Static", "StepNShoot")]
    entries |= {**OPEN, "resequence": True, "segments": "field per control point",
                "beams": still_beams}  # fmt: skip
    entries["fields"] = {
        name: entry for name, entry in entries.get("fields", {}).items() if name in still_beams
    }
    treatment_file.write_text(treatment_text(entries), encoding="utf-8")
    why = ["LEX-C8=two beams of the plan are left out"]
    report = write_from_files(demo.plan, treatment_file, out, lambda _: (), reasons=why)
    assert report.out == out, report.refusal
    words = ["field per control point", "resequenced", "open covered leaves"]
    assert report.to_json()["options"] == words
    assert "Options: " + ", ".join(words) in report.as_text()
    planned = sum(beam.mu for beam in trial.beams if beam.name in still_beams)
    assert sum(field.mu for field in report.fields) == pytest.approx(planned, abs=1e-6)
