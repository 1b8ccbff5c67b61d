"""Reading an export and comparing it with its plan: 10 arcs, 180 control points, 60 leaf pairs.

Peer: pydicom reading the same plan, Python's csv reader the same export, and float() for every
leaf position of both. The Filter keeps every digit, checks each line's checksum and the structure,
pairs the fields and compares every value besides.
"""

import csv
from decimal import Decimal

import pydicom
import pytest

from app.filter.report import compare_report
from tests.bench.timing import fastest
from tests.bench.vmat_plan import PAIRS, vmat_plan
from tests.filter import rtp_samples as rtp
from tests.lex.dicom_sample import write as write_plan

ARCS, POINTS = 10, 180


def bank(positions):
    return [f"{Decimal(str(place)).scaleb(-1):.2f}" for place in positions]


def arc_of(beam, patient_id):
    """Return the records of one arc, as an R&V system exports them: cm to 0.01."""
    name, points = str(beam.BeamNumber), beam.ControlPointSequence
    first, last = points[0], points[-1]
    same = {
        "field_id": name, "gantry_angle": first.GantryAngle, "collimator_angle": "10.0",
        "collimator_x1": "-10.0", "collimator_x2": "10.0", "collimator_y1": "-10.0",
        "collimator_y2": "10.0", "couch_angle": "0.0", "energy": "6", "doserate": "600",
        "ssd": "90.5",
    }  # fmt: skip
    field = {
        "field_name": beam.BeamName, "field_dose": "20.0", "field_monitor_units": "200.00",
        "treatment_type": "VMAT", "arc_direction": "CW", "arc_start_angle": first.GantryAngle,
        "arc_stop_angle": last.GantryAngle,
    }  # fmt: skip
    lines = [rtp.field(**{**same, **field})]
    for number, point in enumerate(points):
        tips = list(point.BeamLimitingDevicePositionSequence[-1].LeafJawPositions)
        lines.append(
            rtp.point(
                number, POINTS, (bank(tips[:PAIRS]), bank(tips[PAIRS:])), field_id=name,
                monitor_units=f"{point.CumulativeMetersetWeight:.6f}", energy="6",
                doserate="600", gantry_angle=point.GantryAngle,
                gantry_dir="" if number == POINTS - 1 else "CW",
            )
        )  # fmt: skip
    return b"".join(lines)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vmat")
    made = vmat_plan(ARCS, POINTS)
    write_plan(folder, made)
    (plan,) = folder.iterdir()
    arcs = [arc_of(beam, made.PatientID) for beam in made.BeamSequence]
    export = folder / "export.rtp"
    export.write_bytes(rtp.export(*arcs))
    return export, plan


@pytest.mark.bench
@pytest.mark.req("R-06")
def test_that_reading_and_comparing_a_large_plan_costs_little_more_than_its_numbers(sources):
    export, plan = sources

    def peer():
        count = 0
        for beam in pydicom.dcmread(plan).BeamSequence:
            for point in beam.ControlPointSequence:
                for device in point.BeamLimitingDevicePositionSequence:
                    count += len([float(place) for place in device.LeafJawPositions])
        with export.open(encoding="cp1252", newline="") as text:
            for row in csv.reader(text):
                if row[0] == "CONTROL_PT_DEF":
                    count += len([float(cell) for cell in row[32:] if cell])
        return count

    def ours():
        return compare_report(export, plan)

    report = ours()
    assert len(report.matches) == ARCS
    assert not [one for one in report.findings if one.control_point is not None]
    peer_s, own_s = fastest(peer, ours, rounds=5)
    print(f"\nFilter {own_s:.2f} s, pydicom, csv, float {peer_s:.2f} s: {own_s / peer_s:.2f}")
    assert own_s < 1.5 * peer_s
