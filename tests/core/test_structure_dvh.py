"""What is not known of a structure's dose is not told as a number."""

from dataclasses import replace

import numpy as np
import pytest

from core.dicom.rt_set import read_rt_sets
from core.dicom.structure_dvh import statistics, structure_dvhs
from core.dose.dvh_values import share_at_dose
from tests.core.dicom_maker import CONTOURS, clean_set, ds, item, square, structure_set
from tests.core.linear_cube import cube, dose, dvh


def values(own):
    found = statistics(own)
    return {
        name: getattr(found, name).value
        for name in ("mean_gy", "max_gy", "d98_gy", "d95_gy", "d50_gy", "d2_gy", "d003cc_gy")
    }


def test_that_a_structure_outside_the_dose_grid_has_no_dose_of_zero():
    away = dvh(replace(cube(), contours=cube(x=(200.0, 240.0)).contours))
    assert all(np.isnan(value) for value in values(away).values())
    assert np.isnan(share_at_dose(away.curves, 10.0).value)
    assert statistics(away).volume_cc.value == pytest.approx(64.0, rel=0.02)


def test_that_a_structure_below_0_03_cc_has_no_d0_03_cc():
    tiny = dvh(cube(x=(-1.0, 1.0), half=1.4, gap=0.7))
    found = values(tiny)
    assert np.isnan(found["d003cc_gy"])
    assert found["d2_gy"] == pytest.approx(31.0, abs=0.2)


@pytest.mark.parametrize("lacking", ["structure", "dose"])
def test_that_a_frame_of_reference_that_is_not_told_is_not_guessed(lacking):
    structure, own = cube(), dose()
    if lacking == "structure":
        structure = replace(structure, frame_uid="")
    else:
        own = replace(own, grid=replace(own.grid, frame_uid=""))
    assert dvh(structure, own).problem == f"the {lacking} does not tell its frame of reference"


def exported_dvh():
    return item(
        DVHReferencedROISequence=[
            item(ReferencedROINumber=2, DVHROIContributionType="INCLUDED")
        ],
        DVHType="CUMULATIVE", DoseUnits="GY", DoseType="PHYSICAL", DVHDoseScaling="1",
        DVHVolumeUnits="CM3", DVHNumberOfBins=3, DVHData=ds([20, 1.3, 20, 1.3, 20, 1.3]),
    )  # fmt: skip


def test_that_an_exported_dvh_is_compared_with_the_structures_it_was_made_of_only(tmp_path):
    toy = clean_set()
    toy.dose.DVHSequence = [exported_dvh()]
    other = CONTOURS | {"PTV": [square((8, 8, z), 3.0) for z in (-3, 0, 3)]}
    toy.more = [structure_set(other, toy.images, number=21)]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    for structures in own.structure_sets:
        is_its_own = structures.item.sop_uid == toy.structures.SOPInstanceUID
        ptv = structure_dvhs(structures, own.doses[0], 3.0)[1]
        assert (ptv.exported is not None) == is_its_own
