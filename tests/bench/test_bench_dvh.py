"""DVHs as ratios to dicompyler-core and plastimatch, measured in the same run."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.dicom.rt_set import read_rt_sets
from core.dicom.structure_dvh import statistics, structure_dvh, structure_dvhs
from tests.bench import dvh_cross_check as cross
from tests.bench.made_set import made_dose, made_structures
from tests.bench.peers import dicompyler, plastimatch
from tests.bench.timing import turns
from tests.core import dvh_accuracy_table as accuracy

PAGE = Path(__file__).resolve().parents[2] / "resources" / "help" / "dvh-cross-check.md"
BREAST = cross.SETS[0]
# Of processor time, which a busy machine spoils little; measured are 14 to 15. By the clock two
# threads of ours stand against one of theirs.
LEAST_RATIO = 8


def all_dvhs(rt_set):
    series = rt_set.chief_series()
    gap_mm = series.geometry.slice_mm if series is not None else None
    return structure_dvhs(rt_set.chief_structures(), rt_set.chief_dose(), gap_mm)


@pytest.mark.bench
def test_that_all_dvhs_take_a_small_part_of_dicompylers_time(shared_data):
    files = BREAST.files(shared_data / "dicom")
    (own,) = read_rt_sets(files)
    all_dvhs(own)
    (before,) = turns(lambda: all_dvhs(own), rounds=5)
    _, theirs = dicompyler(*files)
    (after,) = turns(lambda: all_dvhs(own), rounds=5)
    _, other_s = plastimatch(*files)
    clock_s = min(before.clock_s + after.clock_s)
    processor_s = min(before.processor_s + after.processor_s)
    clock, processor = theirs.clock_s[0] / clock_s, theirs.processor_s[0] / processor_s
    print(
        f"\nbreast: {clock_s:.2f} s; dicompyler-core {theirs.clock_s[0]:.2f} s, {clock:.0f} times"
    )
    print(f"of processor time {processor_s:.2f} s, {processor:.0f} times; goal 20 times")
    print(f"plastimatch with its start and reading {other_s:.2f} s")
    assert processor > LEAST_RATIO


@pytest.mark.bench
def test_that_30_structures_take_a_part_of_dicompylers_time_for_9(shared_data):
    (own,) = read_rt_sets(cross.SETS[1].files(shared_data / "dicom"))
    thirty = replace(own.chief_structures(), structures=own.chief_structures().structures * 10)
    made = replace(thirty, structures=tuple(made_structures(30)))
    dose, made_grid = own.chief_dose(), made_dose()
    gap_mm = own.chief_series().geometry.slice_mm
    real, large = turns(
        lambda: structure_dvhs(thirty, dose, gap_mm),
        lambda: structure_dvhs(made, made_grid, 2.5),
        rounds=5,
    )
    for name, taken in (("hn_proknow ten times over", real), ("made, 140 slices each", large)):
        clock_s, processor_s = min(taken.clock_s), min(taken.processor_s)
        print(
            f"\n30 structures, {name}: {clock_s:.2f} s, goal 1; processor time {processor_s:.2f} s"
        )
    _, theirs = dicompyler(*BREAST.files(shared_data / "dicom"))
    assert min(real.processor_s) < theirs.processor_s[0] / 4
    assert min(large.processor_s) < theirs.processor_s[0] / 1.5


@pytest.mark.bench
def test_that_what_lies_outside_the_dose_is_told_and_kept(shared_data):
    files = cross.SETS[1].files(shared_data / "dicom")
    (own,) = read_rt_sets(files)
    theirs, _ = dicompyler(*files[:2])
    outside = 0
    for one in own.chief_structures().structures:
        made = structure_dvh(one, own.chief_dose(), own.chief_series().geometry.slice_mm)
        volume = statistics(made).volume_cc.value
        assert volume == pytest.approx(theirs[one.number].volume_cc, rel=0.07)
        beyond_cc = made.curves.outside[0]
        outside += beyond_cc > 0
        assert any("outside the dose grid" in note for note in made.notes) == (beyond_cc > 0.01)
    assert outside


@pytest.mark.bench
def test_that_d95_is_nearer_to_the_truth_than_with_the_others(shared_data):
    folder = shared_data / "dicom" / "nelms_dvh"
    errors = {"ours": [], "dicompyler-core": [], "plastimatch": []}
    for (shape, slope), values in accuracy.nelms(folder).items():
        files = [next(folder.rglob(f"{name}.dcm")) for name in (shape, slope)]
        truth = values["D95"].truth
        given = {
            "ours": values["D95"].given.value,
            "dicompyler-core": _largest(dicompyler(*files)[0]).d95_gy,
            "plastimatch": _largest(plastimatch(*files)[0]).d95_gy,
        }
        for name, gray in given.items():
            errors[name].append(100 * abs(gray / truth - 1))
    medians = {name: float(np.median(own)) for name, own in errors.items()}
    told = ", ".join(f"{name} {median:.2f} %" for name, median in medians.items())
    print(f"\nmedian error of D95 in {len(errors['ours'])} cases: {told}")
    assert medians["ours"] < min(medians["dicompyler-core"], medians["plastimatch"])


def _largest(dvhs):
    return max(dvhs.values(), key=lambda one: one.volume_cc)


@pytest.mark.bench
def test_that_every_value_beyond_our_band_is_explained(shared_data):
    folder = shared_data / "dicom"
    outside = [row for own in cross.SETS for row in cross.rows(folder, own) if not row.is_within]
    assert len(outside) > 20
    assert [row for row in outside if not row.is_explained] == []


@pytest.mark.bench
def test_that_the_page_shows_what_is_measured(shared_data):
    page = PAGE.read_text(encoding="utf-8")
    for part in cross.tables(shared_data / "dicom").split("\n\n"):
        for line in part.splitlines():
            shown = re.sub(r"-0\.0+\b", "0.00", line)
            assert shown in re.sub(r"-0\.0+\b", "0.00", page), line
