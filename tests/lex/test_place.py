"""An existing file goes only when somebody says so, and the plan never."""

import pytest

from app.demo.write_demo import write_demo
from app.lex.command import write_from_files
from app.lex.transfer import TransferRefusedError, prepare, write
from tests.lex import dicom_sample, pinnacle_sample
from tests.lex.planning_tree import state_of
from tests.lex.transfer_sample import treatment, trial


def test_that_an_existing_file_is_replaced_only_when_somebody_has_agreed(tmp_path):
    out = tmp_path / "plan.rtp"
    out.write_bytes(b"old")
    transfer = prepare(trial(), treatment())
    with pytest.raises(TransferRefusedError, match=r"already.*--replace"):
        write(transfer, out, lambda _: [])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [
        ("plan.rtp", b"old")
    ]
    write(transfer, out, lambda _: [], overwrite=True)
    assert out.read_bytes() == transfer.data


def test_that_a_file_that_appears_during_the_read_back_is_left_alone(tmp_path):
    out = tmp_path / "plan.rtp"
    with pytest.raises(TransferRefusedError, match="already"):
        write(prepare(trial(), treatment()), out, lambda _: out.write_bytes(b"new") and [])
    assert out.read_bytes() == b"new"


@pytest.mark.req("L-01")
@pytest.mark.parametrize("kind", ["file", "beside the file", "folder", "folder below"])
def test_that_nothing_is_written_over_or_into_the_plan(tmp_path, kind):
    if "file" in kind:
        plan = dicom_sample.write(tmp_path, dicom_sample.plan(dicom_sample.beam()))
        out = plan if kind == "file" else plan.with_name("ct.dcm")
    else:
        plan = pinnacle_sample.write_plan(tmp_path)
        (plan / "below").mkdir()
        out = plan / ("below/plan.rtp" if kind == "folder below" else "plan.rtp")
    before = state_of(tmp_path)
    transfer = prepare(trial(), treatment())
    with pytest.raises(TransferRefusedError, match="into the plan"):
        write(transfer, out, lambda _: [], source=plan, overwrite=True)
    assert state_of(tmp_path) == before


@pytest.mark.req("L-01")
def test_that_the_headless_way_protects_its_plan_too(tmp_path):
    demo = write_demo(tmp_path / "demo")
    plan = demo.pinnacle_plan
    before = state_of(plan)
    report = write_from_files(
        plan, demo.treatment, plan / "plan.rtp", lambda _: [], overwrite=True
    )
    assert "into the plan" in report.refusal
    assert (report.out, state_of(plan)) == (None, before)
