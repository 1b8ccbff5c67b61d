"""Import of CDs and folders: every file accounted for, also those only the CD's index names."""

import csv
import zipfile

import pydicom
import pytest
from pydicom.fileset import FileSet

from app.archive import attention
from app.archive.attention import Matter
from app.archive.imports import NOT_THERE, save_report, take_in
from core.archive.archive import Archive
from core.findings import State
from tests.core.dicom_maker import clean_set


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path / "archive")
    yield made
    made.close()


@pytest.fixture
def disc(tmp_path):
    """A CD with an index, a viewer and a text."""
    made = FileSet()
    for number, path in enumerate(clean_set().write(tmp_path / "set").iterdir()):
        data = pydicom.dcmread(path)
        # What the records of an index must have (PS3.3 F.5).
        for keyword in ("StudyDate", "ContentDate", "StructureSetDate", "RTPlanDate"):
            setattr(data, keyword, "20260101")
        for keyword in ("StudyTime", "StructureSetTime", "RTPlanTime"):
            setattr(data, keyword, "120000")
        data.StudyID, data.SeriesNumber, data.InstanceNumber = "1", 1, number
        data.save_as(path)
        made.add(path)
    made.write(tmp_path / "cd")
    (tmp_path / "cd" / "VIEWER.EXE").write_bytes(b"MZ")
    (tmp_path / "cd" / "readme.txt").write_text("Double-click the viewer.")
    return tmp_path / "cd"


@pytest.mark.req("Y-03")
def test_that_a_whole_cd_is_taken_without_a_false_alarm(archive, disc):
    report = take_in(archive, [disc])
    assert (report.state, report.counts["new"], report.indexed) == (State.PASS, 12, 12)
    assert {one.name for one in report.passed_over} == {"DICOMDIR", "VIEWER.EXE", "readme.txt"}
    assert "All 12 files that the CD's index names are there" in report.words()
    assert attention.look(archive) == []


@pytest.mark.req("Y-03")
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_that_what_a_cd_has_lost_is_named(archive, disc, tmp_path, packed):
    files = [path for path in disc.rglob("*") if path.is_file() and pydicom.misc.is_dicom(path)]
    first, second = sorted(path for path in files if path.name != "DICOMDIR")[:2]
    uid = str(pydicom.dcmread(first).SOPInstanceUID)
    first.unlink()
    second.write_bytes(b"")
    source = disc
    if packed:
        source = tmp_path / "cd.zip"
        with zipfile.ZipFile(source, "w") as made:
            for path in disc.rglob("*"):
                made.write(path, path.relative_to(disc))
    report = take_in(archive, [source])
    assert (report.state, report.counts["new"], report.counts["refused"]) == (State.WARNING, 10, 2)
    (lost,) = [one for one in report.others if one.why == NOT_THERE]
    assert lost.sop_uid == uid
    rows = attention.look(archive)
    assert {one.matter for one in rows} == {Matter.REFUSED}
    assert len(rows) == 2
    attention.looked_at(archive, rows)
    assert attention.look(archive) == []


@pytest.mark.req("Y-03")
def test_that_the_table_has_every_file_once_and_no_formula(archive, disc, tmp_path):
    (disc / "=cmd.dcm").write_bytes(b"no")
    report = take_in(archive, [disc])
    save_report(report, tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == 16
    fates = [row[1] for row in rows]
    assert (fates.count("new"), fates.count("refused"), fates.count("passed over")) == (12, 1, 3)
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row if cell)


@pytest.mark.req("Y-03", "Y-13")
def test_that_every_kind_of_trouble_is_there_to_look_at(archive, tmp_path):
    folder = clean_set().write(tmp_path / "set")
    take_in(archive, [folder])
    plan = next(folder.glob("RTPLAN*"))
    data = pydicom.dcmread(plan)
    data.RTPlanLabel = "Other"
    data.save_as(plan)
    take_in(archive, [plan])
    damaged = archive.index.instances("r.modality = 'RTDOSE'")[0]
    archive.path_of(damaged).write_bytes(b"flipped")
    from core.archive.ledger import Ledger
    from core.archive.transfer import Fate, Result

    ledger = Ledger(archive)
    ledger.scrub(7.0, 1000)
    ledger.note_forwarded("to linac", [Result(damaged.sop_uid, Fate.FAILED, "it is off")])
    ledger.note_mirrored("Backup", "1 differ", is_equal=False)
    ledger.note_refused([("1.2.3", "PINN", "the object has no StudyInstanceUID")])
    ledger.close()
    rows = attention.look(archive)
    assert [one.matter for one in rows] == list(Matter)
    assert rows[0].person == "Toy, Test (TOY1)"
    assert rows[1].source == "rule to linac"
    assert rows[3].conflict.sop_uid == str(data.SOPInstanceUID)
    assert attention.to_json(rows)["status"] is State.ERROR
