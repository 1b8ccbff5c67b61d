"""The R&V export: framing, checksums and lengths, values equal to the truth."""

import csv

import pytest

from app.demo.rv_records import ELEMENTS
from app.demo.truth import PLAN

BEAMS = pytest.mark.parametrize("beam", PLAN.beams, ids=lambda beam: beam.name)
# Number of values per record, keyword and checksum included, as MOSAIQ 2.6 writes it.
LENGTHS = {
    "PLAN_DEF": 28, "EXTENDED_PLAN_DEF": 4, "RX_DEF": 13, "SITE_SETUP_DEF": 19, "FIELD_DEF": 49,
    "EXTENDED_FIELD_DEF": 10, "CONTROL_PT_DEF": 233, "DOSE_DEF": 26,
}  # fmt: skip


def checksum(data: bytes) -> int:
    """Bit by bit; the demonstration writer goes by table."""
    register = 0x0521
    for byte in data:
        for bit in range(8):
            mix = (register ^ (byte >> bit)) & 1
            register >>= 1
            if mix:
                register ^= 0xA001
    return register


def test_that_the_checksum_of_the_test_agrees_with_a_published_example():
    assert checksum(b'"RX_DEF","2","test PRO","","Xrays","","","","","","","2",') == 59963


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(data.decode("ascii").splitlines()))


@pytest.fixture(scope="session")
def export(demo) -> list[list[str]]:
    return rows(demo.export.read_bytes())


def of(export, keyword, field_id=None, column=1) -> list[list[str]]:
    return [
        row for row in export
        if row[0] == keyword and (field_id is None or row[column] == field_id)
    ]  # fmt: skip


def test_that_every_line_of_every_whole_file_ends_with_its_checksum(demo):
    broken = {"checksum_damaged", "file_truncated"}
    files = [demo.export, *(f for f in demo.variants if f.stem not in broken)]
    for file in files:
        data = file.read_bytes()
        assert data.endswith(b"\r\n")
        for line in data.split(b"\r\n")[:-1]:
            body, _, last = line.rpartition(b",")
            assert last == b'"%d"' % checksum(body + b","), file.name


def test_that_every_record_has_its_length_and_the_first_is_the_plan(export):
    assert export[0][0] == "PLAN_DEF"
    assert {row[0]: len(row) for row in export} == LENGTHS


def test_that_records_stand_in_the_order_of_the_tree(export):
    fields = [row[3] for row in of(export, "FIELD_DEF")]
    assert fields == [beam.id for beam in PLAN.beams]
    owner = None
    for row in export:
        if row[0] == "FIELD_DEF":
            owner = row[3]
        elif row[0] in ("EXTENDED_FIELD_DEF", "CONTROL_PT_DEF"):
            assert row[1] == owner
    assert [row[0] for row in export[-2:]] == ["DOSE_DEF", "DOSE_DEF"]


@pytest.mark.parametrize("prescription", PLAN.prescriptions, ids=lambda p: p.site)
def test_that_a_prescription_and_its_field_doses_agree(export, prescription):
    (rx,) = [row for row in of(export, "RX_DEF") if row[2] == prescription.site]
    fields = of(export, "FIELD_DEF", prescription.site)
    assert int(rx[11]) == len(fields)
    assert int(rx[7]) == int(rx[8]) * prescription.fractions
    assert sum(round(100 * float(row[5])) for row in fields) == 100 * int(rx[8])
    (dose,) = of(export, "DOSE_DEF", prescription.site)
    assert [name for name in dose[3:23:2] if name] == [row[3] for row in fields]


@BEAMS
def test_that_a_field_says_what_the_truth_says(export, beam):
    (row,) = of(export, "FIELD_DEF", beam.id, 3)
    first, jaws = beam.apertures[0], beam.jaws
    assert row[2] == beam.name
    assert float(row[5]) == beam.field_dose_cgy
    assert int(row[6]) == beam.mu
    assert (row[10], int(row[11])) == (
        {"photon": "Xrays", "electron": "Elect"}[beam.modality],
        beam.energy,
    )
    assert int(row[13]) == beam.dose_rate_mu_min
    assert 10 * float(row[15]) == pytest.approx(first.ssd_mm)
    assert (float(row[16]), float(row[17])) == (first.gantry_deg, beam.collimator_deg)
    sides = [10 * float(row[k]) for k in (20, 21, 24, 25)]
    assert sides == pytest.approx([jaws.x1_mm, jaws.x2_mm, jaws.y1_mm, jaws.y2_mm])
    assert float(row[21]) - float(row[20]) == pytest.approx(float(row[19]))
    assert float(row[25]) - float(row[24]) == pytest.approx(float(row[23]))
    assert (float(row[29]), float(row[30])) == (beam.couch_deg, 0.0)
    assert row[40] == beam.applicator
    assert len(beam.name) <= 20
    assert len(beam.id) <= 5


def test_that_each_accessory_stands_in_one_field_and_nowhere_else(export):
    columns = {
        36: ("4", "30LEFT"), 37: ("1", "ED60-Y1"), 38: ("4", "BLK1"), 40: ("5", "10x10"),
        41: ("5", "CUT1"), 42: ("5", "0.5 cm"), 32: ("3", "CW"), 33: ("3", "181.0"),
        34: ("3", "179.0"),
    }  # fmt: skip
    for column, entry in columns.items():
        assert [(row[3], row[column]) for row in of(export, "FIELD_DEF") if row[column]] == [entry]


@BEAMS
def test_that_control_points_say_what_the_truth_says(export, beam):
    found = of(export, "CONTROL_PT_DEF", beam.id)
    points = beam.points() if beam.kind != "static" else beam.points()[:1]
    points = points if beam.apertures[0].leaves else ()
    assert [row[5] for row in found] == [str(k) for k in range(len(points))]
    for row, point in zip(found, points, strict=True):
        assert (row[3], row[4], row[6], row[12]) == ("60", str(len(points)), "1", "2")
        assert float(row[7]) * beam.mu == pytest.approx(point.mu_before, abs=1e-9)
        assert float(row[13]) == point.gantry_deg
        banks = [[10 * float(v) for v in row[first : first + 60]] for first in (32, 132)]
        assert list(zip(*banks, strict=True)) == [pytest.approx(pair) for pair in point.leaves]
        assert not any(row[92:132] + row[192:232])


def test_that_the_directions_name_the_move_to_the_next_point(export):
    assert [row[14] for row in of(export, "CONTROL_PT_DEF", "3")] == ["CW"] * 45 + [""]
    assert {row[14] for row in of(export, "CONTROL_PT_DEF", "2")} == {""}


def test_that_elements_stand_where_the_field_tables_of_the_format_have_them(shared_formats):
    with (shared_formats / "rtp-connect-records.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    younger = ("MQ2.64", "MQ2.65", "MQ2.81")
    for keyword, names in ELEMENTS.items():
        listed = [
            row["field"].lower().replace("mlc_lp_", "mlc_") for row in table
            if row["record"] == keyword and not row["since_version"].startswith(younger)
        ]  # fmt: skip
        assert listed == ["keyword", *names, "crc"]
