"""The work list: steps in order, items per role, nothing left out without a reason (O-08..10)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.filter import worklist as module
from app.filter.baseline import Wanted, object_file, save_baseline
from app.filter.ledger_log import log_file, recorded
from app.filter.report import compare_report, open_report
from app.filter.worklist import (
    ROLES,
    STEPS,
    case_of,
    case_text,
    cases,
    complete,
    duration_table,
    durations,
    open_items,
    reopen,
    skip,
)
from app.filter.worklist_sheet import differences, sheet_from, sheet_html, sheet_of, sheet_text
from core.audit import verify
from core.errors import RemedyError
from tests.filter.desk_samples import VARIANTS, write_export, write_pinnacle, write_plan

PATIENT, PLAN = "DEMO-0001", "PELVIS"


@pytest.fixture
def clean(tmp_path):
    """Baselines of the initial and the final export."""
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    return {stage: save_baseline(Wanted(export, plan, stage, "Ann")) for stage in ("IE", "FE")}


def go_to(step):
    """Complete every step before `step`, each by its own role."""
    case = case_of(PATIENT, PLAN)
    for one in STEPS:
        if one.id == step:
            break
        case = complete(case, one.id, f"the {one.role}")
    return case


@pytest.mark.req("O-08", "O-09")
def test_that_a_plan_goes_from_planned_to_locked_and_each_item_opens_the_next(clean):
    case = case_of(PATIENT, PLAN)
    for place, step in enumerate(STEPS):
        assert case.next == step
        if place:
            assert open_items(step.role) == ((case, step),)
            assert all(open_items(role) == () for role in ROLES if role != step.role)
            assert case.open_since == case.history[-1].time
        case = complete(case, step.id, f"the {step.role}")
    assert case.next is None
    assert open_items() == ()
    assert [one.step for one in case.standing] == [step.id for step in STEPS]
    assert case.standing[2].evidence == clean["IE"].id
    assert case.standing[8].evidence == clean["FE"].id
    assert verify(log_file()) == ()
    assert "locked" in case_text(cases())


@pytest.mark.req("O-09")
def test_that_the_items_bear_the_clinic_s_names_in_their_order():
    names = list(dict.fromkeys(step.item for step in STEPS))
    assert names == [
        "Planning", "Transfer", "Planning Physics Check", "Therapist Check", "Verification Day",
        "Chart Check",
    ]  # fmt: skip


@pytest.mark.req("O-08")
@pytest.mark.parametrize("step", [step.id for step in STEPS[1:]])
def test_that_no_step_can_be_done_before_the_one_before_it(step):
    case = complete(case_of(PATIENT, PLAN), "planned", "Ann")
    if step == "transferred":
        step = "planned"
    with pytest.raises(RemedyError, match="the open step is transferred"):
        complete(case, step, "Ann")
    with pytest.raises(RemedyError, match="the open step is transferred"):
        skip(case, step, "Ann", "in a hurry")
    assert len(recorded("work step")) == 1


@pytest.mark.req("O-08")
def test_that_a_step_is_left_out_only_with_a_reason_that_stays(clean):
    case = go_to("mu")
    for reason in ("", "  "):
        with pytest.raises(RemedyError, match="reason"):
            skip(case, "mu", "Ann", reason)
    with pytest.raises(RemedyError, match="nobody"):
        skip(case, "mu", " ", "no book for this machine")
    case = skip(case, "mu", "Ann", "no book for this machine; measured instead")
    assert case.next.id == "plan-quality"
    assert "no book for this machine" in case_text(cases())


@pytest.mark.req("O-08", "R-31")
def test_that_a_clean_export_needs_its_baseline(tmp_path):
    case = go_to("ie-clean")
    with pytest.raises(RemedyError, match="no IE baseline"):
        complete(case, "ie-clean", "Ann")
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    final = save_baseline(Wanted(export, plan, "FE", "Ann"))
    with pytest.raises(RemedyError, match="no IE baseline"):
        complete(case, "ie-clean", "Ann", evidence=final.id)
    initial = save_baseline(Wanted(export, plan, "IE", "Ann"))
    object_file(initial.body["sources"][0]["digest"]).write_bytes(b"damaged")
    with pytest.raises(RemedyError, match="damaged"):
        complete(case, "ie-clean", "Ann")
    assert skip(case, "ie-clean", "Ann", "export is on paper").next.id == "plan-match"


@pytest.mark.req("O-08", "O-09")
def test_that_a_change_opens_the_steps_from_there_on_again(clean):
    case = go_to("locked")
    case = complete(case, "locked", "Ann")
    with pytest.raises(RemedyError, match="locked"):
        complete(case, "locked", "Bob")
    with pytest.raises(RemedyError, match="reason"):
        reopen(case, "transferred", "Ann", "")
    case = reopen(case, "transferred", "Ann", "field 3 was replanned")
    assert case.next.id == "transferred"
    assert open_items("dosimetrist") == ((case, STEPS[1]),)
    assert len(case.history) == len(STEPS) + 1
    with pytest.raises(RemedyError, match="not done"):
        reopen(case, "fe-clean", "Ann", "again")


@pytest.mark.req("O-09")
def test_that_the_second_of_two_people_who_complete_one_step_changes_nothing():
    case = complete(case_of(PATIENT, PLAN), "planned", "Ann")
    module._put(case, module.Stamp("transferred", "done", "Bob", "", ""))
    after = module._put(case, module.Stamp("transferred", "done", "Eve", "", ""))
    assert [one.person for one in after.history] == ["Ann", "Bob"]


@pytest.mark.req("O-09")
def test_that_plans_do_not_mix_and_nameless_ones_are_refused():
    complete(case_of("1", "A"), "planned", "Ann")
    complete(case_of("1", "B"), "planned", "Ann")
    assert [(one.plan_id, one.next.id) for one in cases()] == [
        ("A", "transferred"), ("B", "transferred")
    ]  # fmt: skip
    for patient, plan in (("", "A"), ("1", " ")):
        with pytest.raises(RemedyError, match="patient ID and plan ID"):
            complete(case_of(patient, plan), "planned", "Ann")
    with pytest.raises(RemedyError, match="is no step"):
        complete(case_of("1", "A"), "dinner", "Ann")


@pytest.mark.req("O-16")
def test_that_the_time_of_each_step_can_be_shown(monkeypatch):
    start = datetime(2026, 1, 1, 8, tzinfo=UTC)
    entries = [
        {"patient_id": "1", "plan_id": "A", "step": step, "what": what, "person": "Ann",
         "time": (start + timedelta(minutes=minute)).isoformat(), "user": "ann"}
        for step, what, minute in (
            ("planned", "done", 0), ("transferred", "done", 12), ("ie-clean", "skipped", 13),
            ("plan-match", "done", 20), ("transferred", "reopened", 30),
            ("transferred", "done", 60),
        )
    ]  # fmt: skip
    monkeypatch.setattr(module, "recorded", lambda _action: entries)
    assert durations()["transferred"] == (12.0, 30.0)
    assert durations()["ie-clean"] == ()
    assert "transferred,2,21.0,30.0" in duration_table()


@pytest.mark.req("O-10")
def test_that_the_sheet_shows_each_field_from_plan_and_r_v(tmp_path):
    sheet = sheet_of(write_export(tmp_path), write_plan(tmp_path))
    assert [line.field for line in sheet.lines] == ["1", "2", "3", "4", "5", "SU1"][
        : len(sheet.lines)
    ]
    assert differences(sheet.lines) == 0
    four = next(line for line in sheet.lines if line.field == "4")
    assert (four.cells[0].plan, four.cells[0].rv) == ("40.0", "40.0")
    assert (four.cells[4].plan, four.cells[4].rv) == ("-4.5", "-4.5")
    text = sheet_text(sheet)
    assert text.count("R&V  ") == len(sheet.lines)
    assert max(map(len, text.splitlines())) <= 100
    assert len(text.splitlines()) <= 60


@pytest.mark.req("O-10")
@pytest.mark.parametrize(
    ("variant", "title"),
    [("gantry", "Gantry"), ("collimator", "Coll."), ("jaw_3_mm", "X1"), ("y_jaws_reversed", "Y1")],
)
def test_that_the_sheet_marks_the_value_that_differs(variant, title, tmp_path):
    export = write_export(tmp_path, "x.rtp", VARIANTS[variant].data())
    sheet = sheet_from(compare_report(export, write_pinnacle(tmp_path)))
    columns = [name for _, name in module_columns()]
    marked = {
        columns[place]
        for line in sheet.lines
        for place, cell in enumerate(line.cells)
        if cell.differs
    }
    assert title in marked
    assert "*" in sheet_text(sheet)
    assert sheet_html(sheet).count("background:#fff3b0") == 2 * differences(sheet.lines)


def module_columns():
    from app.filter.worklist_sheet import COLUMNS

    return COLUMNS


def test_that_a_sheet_without_a_plan_is_refused(tmp_path):
    with pytest.raises(RemedyError, match="needs a plan"):
        sheet_from(open_report(write_export(tmp_path)))
