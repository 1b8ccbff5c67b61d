"""Reading an export grows with its lines and costs a small multiple of Python's csv reader."""

import csv
import io

import pytest

from app.filter.rtp_read import plan_of
from app.filter.rtp_text import parse
from tests.bench.timing import fastest
from tests.one_change.records import Line, data_of

PAIRS = 80


def export(points: int) -> bytes:
    """Return an export of one field with `points` control points of 80 leaf pairs."""
    plan = ["PLAN_DEF", "1", "DEMO", "PATIENT", *[""] * 4, "1", *[""] * 18, ""]
    rx = ["RX_DEF", "1", "PELVIS", *[""] * 9, ""]
    rx[11] = "1"
    site = ["SITE_SETUP_DEF", "PELVIS", "HFS", "LINAC", *[""] * 14, ""]
    field = ["FIELD_DEF", "PELVIS", "ARC", "1", "", "", "300.00", "", "LINAC", "VMAT", "Xrays",
             "6", *[""] * 4, "181.0", "0.0", *[""] * 30, ""]  # fmt: skip
    lines = [plan, rx, site, field]
    for number in range(points):
        share = f"{number / (points - 1):.6f}"
        head = ["CONTROL_PT_DEF", "1", "11", str(PAIRS), str(points), str(number), "1", share, "",
                "6", "600", "", "2", f"{(181 + number) % 360:.1f}", "CW", "0.0", "", "", "", "",
                "", "ASY", "0.0", "-5.0", "5.0", *[""] * 7]  # fmt: skip
        bank_a = [f"{-2 - number % 7 / 100:.2f}"] * PAIRS + [""] * (100 - PAIRS)
        bank_b = [f"{2 + number % 5 / 100:.2f}"] * PAIRS + [""] * (100 - PAIRS)
        lines.append([*head, *bank_a, *bank_b, ""])
    return data_of([Line(tuple(line)) for line in lines])


def read(data: bytes):
    return plan_of(parse(data, "export.rtp"))


@pytest.mark.bench
def test_that_ten_times_the_lines_take_about_ten_times_as_long(record_property):
    few, many = export(30), export(300)
    short, long = fastest(lambda: read(few), lambda: read(many))
    print(f"300 control points: {1000 * long:.0f} ms of processor time; ratio {long / short:.1f}")
    record_property("ratio", round(long / short, 1))
    assert len(read(many).fields[0].control_points) == 300
    assert long / short < 15


@pytest.mark.bench
def test_that_reading_costs_a_small_multiple_of_the_csv_reader(record_property):
    data = export(300)

    def plain():
        return [[float(cell) for cell in row[32:] if cell]
                for row in csv.reader(io.StringIO(data.decode("latin-1")))
                if row[0] == "CONTROL_PT_DEF"]  # fmt: skip

    peer, ours = fastest(plain, lambda: read(data))
    print(f"csv + float {1000 * peer:.1f} ms, ours {1000 * ours:.1f} ms: {ours / peer:.1f}")
    record_property("ratio", round(ours / peer, 1))
    assert ours / peer < 12
