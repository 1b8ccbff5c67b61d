"""Registrations between frames: one is a hint, two that disagree are told."""

import numpy as np
import pytest

from core.findings import State
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import CONTOURS, OTHER_FRAME, clean_set
from tests.core.test_certificate import INFO, NOT_RUN, answer, certified, doubtful, with_dose


def with_link(kind):
    toy = clean_set()
    if kind == "dose":
        toy = with_dose(frame=OTHER_FRAME)
    else:
        toy.structures = maker.structure_set(CONTOURS, toy.images, frame=OTHER_FRAME)
    toy.more = [maker.registration(OTHER_FRAME, maker.FRAME, np.eye(4))]
    return toy


@pytest.mark.parametrize("kind", ["dose", "structures"])
def test_that_another_frame_is_a_hint_once_a_registration_links_it(tmp_path, kind):
    certificate = certified(with_link(kind).write(tmp_path))
    state, words = answer(certificate, "FRAME")
    assert state == INFO
    assert "brought over by a registration" in words
    assert set(doubtful(certificate).values()) <= {NOT_RUN}


@pytest.mark.parametrize(("apart_mm", "told"), [(0.1, False), (4.0, True)])
@pytest.mark.parametrize("turned_round", [False, True])
def test_that_registrations_that_disagree_are_told(tmp_path, apart_mm, told, turned_round):
    toy = maker.clean_set()
    toy.dose = maker.dose(maker.lattice(shape=(9, 13, 13)), frame=OTHER_FRAME)
    other = np.eye(4)
    other[0, 3] = -apart_mm if turned_round else apart_mm
    ends = (maker.FRAME, OTHER_FRAME) if turned_round else (OTHER_FRAME, maker.FRAME)
    toy.more = [
        maker.registration(OTHER_FRAME, maker.FRAME, np.eye(4)),
        maker.registration(*ends, other, number=41),
    ]
    state, words = answer(certified(toy.write(tmp_path)), "FRAME")
    assert ("differ by up to 4.0 mm" in words) == told
    assert (state == State.WARNING) == told
