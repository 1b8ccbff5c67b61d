"""What was entered for one plan is not there for the next one, and is there for its correction."""

import pydicom
import pytest

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.lex.gui.page import LexPage
from app.lex.treatment import read_treatment_table

COUCH = {"vertical_cm": -13.5, "lateral_cm": 1.2, "longitudinal_cm": 82.0}


def shown(qtbot, lex, path):
    before = lex.plan_step.trial
    lex.open_path(path)
    qtbot.waitUntil(
        lambda: not JOBS.running and lex.plan_step.trial not in (None, before), timeout=20_000
    )
    lex.go(lex.steps.index(lex.treatment_step))


@pytest.mark.req("L-05")
@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"SOPInstanceUID": "1.2.3.4"}, True),
        ({"RTPlanName": "ANOTHER"}, False),
        ({"PatientID": "DEMO-0002", "PatientName": "OTHER^PERSON"}, False),
    ],
)
def test_that_the_couch_of_one_plan_is_not_offered_for_another(qtbot, tmp_path, changes, stays):
    demo = write_demo(tmp_path / "demo")
    lex = LexPage(lambda *_: lambda _: [])
    qtbot.addWidget(lex)
    lex.show()
    shown(qtbot, lex, demo.plan)
    lex.treatment_step.set_values(read_treatment_table(demo.treatment))
    assert lex.treatment_step.values()["couch"] == COUCH
    plans = [one for one in demo.plan.parent.rglob("*.dcm")
             if pydicom.dcmread(one, stop_before_pixels=True).Modality == "RTPLAN"]  # fmt: skip
    data = pydicom.dcmread(plans[0])
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    other = tmp_path / "next.dcm"
    data.save_as(other)
    shown(qtbot, lex, other)
    assert (lex.treatment_step.values().get("couch", {}) == COUCH) == stays
    if not stays:
        assert not lex.treatment_step.values().get("couch")
        assert lex.treatment_step.missing()
