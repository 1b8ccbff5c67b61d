"""What a dose is of (DICOM C.8.8.3): 100 %, fractions and EQD2 follow from it and are not guessed.

The toy plan prescribes 60 Gy in 30 fractions of the beams 1 and 2.
"""

import pytest

from app.viewer.scene_build import NO_PRESCRIPTION, reference_dose
from core.dicom.combine import Wanted, fractions_of, obstacle, part_of_course, sum_of
from core.dicom.rt_set import read_rt_sets
from core.dicom.structure_dvh import structure_dvhs
from core.errors import RemedyError
from tests.core.dicom_maker import FRAME, clean_set, dose, gray, item, lattice, plan, refer

GRID = lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 4.0))


def one_fraction(x, y, z):
    return gray(x, y, z) / 30


def a_set(tmp_path, of=gray, *, fractions=30, groups=1, kind="PHYSICAL", **options):
    toy = clean_set()
    toy.dose = dose(GRID, of, plan=toy.plan, structures=toy.structures, **options)
    toy.dose.DoseType = kind
    first = toy.plan.FractionGroupSequence[0]
    if fractions is None:
        del first.NumberOfFractionsPlanned
    else:
        first.NumberOfFractionsPlanned = fractions
    toy.plan.FractionGroupSequence = [first] * groups
    (own,) = read_rt_sets([toy.write(tmp_path)])
    return own, own.doses[0]


def reference(own, of):
    gray_told, words = reference_dose(own.plan_of(of), of)
    return pytest.approx(gray_told), NO_PRESCRIPTION not in words


@pytest.mark.req("Y-10")
def test_that_the_dose_of_a_fraction_group_is_of_all_its_fractions(tmp_path):
    own, found = a_set(tmp_path, summation="FRACTION")
    assert reference(own, found) == (60.0, True)
    assert fractions_of(own, found) == 30


@pytest.mark.parametrize("summation", ["FRACTION_SESSION", "FRACTION"])
def test_that_one_fraction_is_never_told_in_percent_of_the_whole(tmp_path, summation):
    own, found = a_set(tmp_path, one_fraction, summation=summation)
    gray_told, prescribed = reference(own, found)
    assert gray_told == 2.0 if summation == "FRACTION_SESSION" else not prescribed
    assert fractions_of(own, found) == (1 if summation == "FRACTION_SESSION" else None)


@pytest.mark.parametrize(
    ("summation", "changes"),
    [
        ("FRACTION_SESSION", {"fractions": None}),
        ("FRACTION", {"groups": 2}),
        ("BEAM", {"beam": 1}),
        ("BEAM_SESSION", {"beam": 1}),
        ("CONTROL_POINT", {"beam": 1}),
        ("RECORD", {}),
    ],
)
def test_that_a_part_of_a_course_has_no_prescription(tmp_path, summation, changes):
    own, found = a_set(tmp_path, summation=summation, **changes)
    assert reference(own, found) == (pytest.approx(found.largest), False)
    assert part_of_course(own.plan_of(found), found)


def test_that_a_dose_of_several_plans_takes_no_prescription_from_one_of_them(tmp_path):
    toy = clean_set()
    boost = plan(toy.structures, number=31)
    boost.RTPlanLabel = "Boost"
    toy.dose = dose(GRID, summation="MULTI_PLAN")
    refer(toy.dose, "ReferencedRTPlanSequence", toy.plan, boost)
    toy.more = [boost]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    assert reference(own, own.doses[0])[1] is False
    assert fractions_of(own, own.doses[0]) is None


def test_that_the_highest_of_several_prescriptions_is_told_as_such(tmp_path):
    toy = clean_set()
    toy.plan.DoseReferenceSequence.append(
        item(DoseReferenceType="TARGET", TargetPrescriptionDose="54")
    )
    (own,) = read_rt_sets([toy.write(tmp_path)])
    gray_told, words = reference_dose(own.plans[0], own.doses[0])
    assert gray_told == 60.0
    assert "highest of 2 prescribed doses" in words


def test_that_beams_given_together_have_no_eqd2_of_their_own(tmp_path):
    toy = clean_set()
    toy.dose = None
    halves = lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 5.0))
    toy.more = [
        dose(grid, summation="BEAM", beam=beam, plan=toy.plan, number=60 + beam)
        for beam, grid in ((1, GRID), (2, halves))
    ]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    wanted = [Wanted(one, 1.0, 30) for one in own.doses]
    with pytest.raises(RemedyError, match="single beams"):
        sum_of(own, wanted, FRAME, alpha_beta_gy=3.0)
    assert sum_of(own, wanted, FRAME).dose.kind == "PHYSICAL"


def test_that_errors_of_dose_are_no_dose(tmp_path):
    own, found = a_set(tmp_path, kind="ERROR")
    assert obstacle(own, found, FRAME) == "not physical dose"
    assert "error" in found.title
    assert reference(own, found)[1] is False
    dvhs = structure_dvhs(own.structure_sets[0], found, 3.0)
    assert all("errors of dose" in one.problem for one in dvhs)
