"""Every real file agrees with itself, and with itself in another order (R-05, R-07, R-25).

Findings on opening speak of what a file says (0 MU, crossing leaves): they are the same whatever
it is compared with, and no difference. All else a comparison says of such a pair is a false alarm.
"""

from pathlib import Path

import pydicom
import pytest

from app.filter.other_reports import exports_report
from app.filter.report import Report, compare_report, open_report
from core.errors import RemedyError
from core.findings import State
from tests.filter.test_plan_dicom_real import plan_files

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def real_files(shared_data: Path) -> list[Path]:
    """Return every RTP-Connect file and DICOM RT Plan the Filter opens."""
    found = []
    for file in (*sorted(shared_data.rglob("*.rtp")), *plan_files(shared_data)):
        try:
            open_report(file)
        except RemedyError:
            continue  # test_rtp_real and test_plan_dicom_real say which and why
        found.append(file)
    return found


def turned(file: Path, folder: Path) -> Path:
    """Return the same file with fields, beams and their metersets in the reverse order."""
    made = folder / file.name
    if file.suffix == ".rtp":
        head: list[bytes] = []
        fields: list[list[bytes]] = []
        for line in file.read_bytes().splitlines(keepends=True):  # as they are, odd quotes too
            if line.startswith((b'"FIELD_DEF"', b'"PDF_FIELD_DEF"')):
                fields.append([])
            own = fields and not line.startswith(b'"DOSE_DEF"')
            (fields[-1] if own else head).append(line)
        made.write_bytes(b"".join([*head, *(one for field in fields[::-1] for one in field)]))
        return made
    plan = pydicom.dcmread(file, force=True)
    plan.BeamSequence = list(plan.BeamSequence)[::-1]
    for group in plan.get("FractionGroupSequence") or []:
        if group.get("ReferencedBeamSequence"):
            group.ReferencedBeamSequence = list(group.ReferencedBeamSequence)[::-1]
    implicit, little = plan.original_encoding  # as it was, also where its head says otherwise
    pydicom.dcmwrite(made, plan, implicit_vr=implicit, little_endian=little, force_encoding=True)
    return made


def alarms(report: Report, alone: Report) -> list[str]:
    """Return what a comparison says beyond what the file says on opening."""
    known = {(one.rule, one.message) for one in alone.findings}
    told = [
        one for one in report.findings
        if one.state != State.PASS and (one.rule, one.message) not in known
        and one.rule not in ("F-PLAN-NOTE", "F-PLAN-APPROVAL")
    ]  # fmt: skip
    away = [one for one in report.matches if one.deviation]
    return [*(one.message for one in told), *map(str, away)]


@pytest.mark.timeout(300)
@pytest.mark.req("R-05", "R-07", "R-25")
def test_that_every_real_file_agrees_with_itself_and_in_another_order(shared_data, tmp_path):
    files, wrong, turns = real_files(shared_data), [], 0
    for file in files:
        other = turned(file, tmp_path)
        turns += other.read_bytes() != file.read_bytes()
        alone = open_report(other)
        for reference in (file, other):
            reports = [exports_report(other, reference)]
            if file.suffix != ".rtp":
                reports.append(compare_report(other, reference))
            wrong += [(file.name, words) for one in reports for words in alarms(one, alone)]
        fields = len(alone.rv.fields) if alone.rv else 0
        said = sum(one.state in (State.ERROR, State.WARNING) for one in alone.findings)
        print(f"{file.name[-50:]:50} {fields:3} fields, {said} told on opening")
    assert wrong == []
    assert sum(file.suffix == ".rtp" for file in files) >= 11
    assert sum(file.suffix != ".rtp" for file in files) >= 50
    assert turns >= 40


def test_that_one_leaf_moved_in_a_turned_file_is_told(shared_data, tmp_path):
    """The proof above can fail: a tenth of a millimetre in one leaf is no other order."""
    file = shared_data / "rtp-pairs" / "mosaiq_2.4.dcm"
    made = turned(file, tmp_path)
    plan = pydicom.dcmread(made)
    device = plan.BeamSequence[0].ControlPointSequence[0].BeamLimitingDevicePositionSequence[-1]
    device.LeafJawPositions[0] = float(device.LeafJawPositions[0]) - 0.1
    plan.save_as(made)
    alone = open_report(made)
    assert len(alarms(compare_report(made, file), alone)) == 2  # the finding, and the deviation
