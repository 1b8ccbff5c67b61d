"""From a folder to a file that both channels agree on: 10 arcs, 180 control points, 60 pairs.

Peer: pydicom reading the same plan and turning every leaf position into a number. LEX reads,
checks and writes besides; the Filter's part of the verification is printed, not judged here.
"""

from time import process_time

import pydicom
import pytest

from app.both_channels import reader_back
from app.demo.write_demo import write_demo
from app.lex.sources import choose_trial, open_source
from app.lex.transfer import prepare, write
from app.lex.treatment import parse_treatment, read_treatment
from tests.bench.timing import fastest
from tests.bench.vmat_plan import PAIRS, vmat_plan
from tests.lex.dicom_sample import write as write_plan
from tests.lex.transfer_sample import ENTRIES

ARCS, POINTS = 10, 180


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("vmat")
    write_plan(made, vmat_plan(ARCS, POINTS))
    return made


def split(plan, treatment, out, trial=None):
    """Processor seconds of reading, checking with writing into memory, saving, verifying."""
    seconds = {}
    start = process_time()
    chosen = choose_trial(open_source(plan), trial)
    seconds["read"] = process_time() - start
    start = process_time()
    transfer = prepare(chosen, treatment(chosen))
    seconds["check and write"] = process_time() - start
    back = reader_back(plan, trial)

    def verify(file):
        start = process_time()
        found = back(file)
        seconds["verify"] = process_time() - start
        return found

    start = process_time()
    write(transfer, out, verify)
    seconds["save"] = process_time() - start - seconds["verify"]
    return seconds


def said(title, seconds):
    parts = ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())
    print(f"\n{title}: {parts}; in all {sum(seconds.values()):.2f} s of processor time")


def vmat_treatment(trial):
    sites = {rx.name: {"id": "PELVIS"} for rx in trial.prescriptions}
    return parse_treatment({**ENTRIES, "dose_rate_mu_min": 600, "prescriptions": sites}, "bench")


@pytest.mark.bench
@pytest.mark.req("L-24")
def test_that_lex_takes_no_longer_than_pydicom_needs_for_the_numbers(folder, tmp_path):
    (file,) = folder.iterdir()
    out = tmp_path / "out.rtp"

    def peer():
        count = 0
        for beam in pydicom.dcmread(file).BeamSequence:
            for point in beam.ControlPointSequence:
                for device in point.BeamLimitingDevicePositionSequence:
                    count += len([float(place) for place in device.LeafJawPositions])
        return count

    def ours():
        trial = choose_trial(open_source(folder), None)
        return prepare(trial, vmat_treatment(trial))

    assert peer() >= ARCS * POINTS * 2 * PAIRS
    assert ours().data.count(b"CONTROL_PT_DEF") == ARCS * POINTS
    peer_s, own_s = fastest(peer, ours, rounds=5)
    said("10 arcs x 180 points x 60 pairs", split(folder, vmat_treatment, out))
    print(f"LEX {own_s:.2f} s, pydicom and float {peer_s:.2f} s: ratio {own_s / peer_s:.2f}")
    assert out.exists()
    assert own_s < 1.8 * peer_s


@pytest.mark.bench
@pytest.mark.req("L-24")
def test_that_ten_times_the_points_take_about_ten_times_as_long(tmp_path):
    works = []
    for count in (18, 180):
        place = tmp_path / str(count)
        place.mkdir()
        write_plan(place, vmat_plan(ARCS, count))

        def work(place=place):
            trial = choose_trial(open_source(place), None)
            prepare(trial, vmat_treatment(trial))

        works.append(work)
    few, many = fastest(*works, rounds=3)
    print(f"\n18 points {few:.2f} s, 180 points {many:.2f} s: ratio {many / few:.1f}")
    assert many / few < 15


@pytest.mark.bench
def test_that_the_split_of_a_pinnacle_folder_is_told(tmp_path):
    demo = write_demo(tmp_path / "demo")
    entries = read_treatment(demo.treatment)
    seconds = split(demo.pinnacle_plan, lambda _: entries, tmp_path / "out.rtp")
    said("Pinnacle folder of the demonstration patient", seconds)
    assert (tmp_path / "out.rtp").exists()
