"""Many exports at once: every file one row, in order, whatever the number of processes."""

import json
import time

import pytest

from app.command_line import main
from app.filter.batch import check_folder, check_one
from core.errors import RemedyError
from tests.filter.desk_samples import VARIANTS, write_export, write_plan


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    (folder / "below").mkdir(parents=True)
    write_export(folder)
    write_export(folder, "crossed.rtp", VARIANTS["leaf_pair_swapped"].data())
    write_export(folder / "below", "cut.rtp", VARIANTS["file_truncated"].data())
    write_plan(folder / "below", "dicom.dcm")
    (folder / "letter.txt").write_text("no export", encoding="utf-8")
    (folder / ".hidden.rtp").write_bytes(b"half")
    return folder


@pytest.mark.parametrize("jobs", [1, 2])
def test_that_every_export_is_a_row_in_order(exports, jobs):
    rows = check_folder(exports, jobs=jobs)
    assert [row.file.rsplit("exports")[-1].replace("\\", "/") for row in rows] == [
        "/crossed.rtp", "/export.rtp", "/below/cut.rtp", "/below/dicom.dcm"
    ]  # fmt: skip
    assert [row.status for row in rows[:3]] == ["error", "pass", "could-not-run"]
    assert all(row.not_checked for row in rows if row.status != "could-not-run")
    assert "cut.rtp" in rows[2].words


def test_that_a_fault_of_the_program_is_a_row_and_ends_nothing(exports, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("x")

    monkeypatch.setattr("app.filter.batch.open_report", broken)
    row = check_one(str(exports / "export.rtp"))
    assert row.status == "could-not-run"
    assert "ZeroDivisionError" in row.words


@pytest.mark.parametrize("jobs", [0, -1, 100_000])
def test_that_a_wrong_number_of_processes_is_told(exports, jobs):
    with pytest.raises(RemedyError):
        check_folder(exports, jobs=jobs)
    with pytest.raises(RemedyError, match="no such folder"):
        check_folder(exports / "nowhere")


@pytest.mark.req("R-02")
def test_that_the_command_prints_rows_and_counts(exports, capsys):
    assert main(["filter", "batch", str(exports), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "error"
    assert answer["counts"]["could-not-run"] == 1
    assert len(answer["files"]) == 4
    assert main(["filter", "batch", str(exports / "below")]) == 1
    assert "cut.rtp" in capsys.readouterr().out


@pytest.mark.bench
def test_that_the_cost_per_file_stays_the_same_over_a_thousand(tmp_path, record_property):
    data = write_export(tmp_path).read_bytes()
    for number in range(1000):
        (tmp_path / f"{number:04}.rtp").write_bytes(data)
    (tmp_path / "export.rtp").unlink()
    start = time.perf_counter()
    rows = check_folder(tmp_path, jobs=2)
    took_s = time.perf_counter() - start
    first, last = rows[100:300], rows[-200:]
    ratio = sum(row.cpu_s for row in last) / sum(row.cpu_s for row in first)
    record_property("seconds", round(took_s, 1))
    record_property("ms_per_file", round(1000 * sum(row.cpu_s for row in rows) / 1000, 1))
    record_property("ratio", round(ratio, 2))
    print(f"1000 files in {took_s:.1f} s, cpu ratio last/first {ratio:.2f}")
    assert len(rows) == 1000
    assert ratio < 1.3
