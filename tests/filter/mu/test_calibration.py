"""A machine that is calibrated otherwise than the book is named in words."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.limits import read_limits
from app.filter.mu.calibration import book_output, calibration_findings
from app.filter.mu.check import Choices, mu_report, report_of
from app.filter.mu.plan_points import Stated
from app.filter.plan_trial_calibration import MachineCalibration
from core.findings import State
from tests.filter.mu.mu_samples import photon_field
from tests.filter.mu.test_check import STATED, plan

RULE = "F-MU-CALIBRATION"


def report(generic, factor, calibration=None, stated=STATED):
    """Check a 10x10 field whose plan has a dose of `factor` times the book's."""
    bare = plan(photon_field(number=1, dose_cgy=D(1)))
    dose = report_of(bare, bare, generic, Choices(), {1: stated}).beams[0].dose_cgy
    one = plan(photon_field(number=1, dose_cgy=D(f"{dose * factor:.6f}")))
    own = replace(stated, calibration=calibration)
    return report_of(one, one, generic, Choices(), {1: own})


def told(found):
    return [one for one in found.findings if one.rule == RULE]


def six(generic):
    return next(beam for beam in generic.beams if beam.id == "6X")


@pytest.mark.req("R-16")
def test_that_the_books_output_is_one_at_its_own_calibration(generic):
    own = six(generic).calibration
    # A field of 10 cm at SSD 100 is 10.16 cm at dmax.
    assert book_output(six(generic), own.distance_cm, own.depth_cm, (10, 10)) == pytest.approx(
        1, abs=1e-3
    )
    found = book_output(six(generic), 100.0, 10.0, (10, 10))
    assert found == pytest.approx(1.016**2 * six(generic).tables["tmr"].at(10, 10))


@pytest.mark.req("R-16")
@pytest.mark.parametrize(
    ("cgy_per_mu", "count", "share"), [(0.8068, 0, ""), (0.8140, 0, ""), (0.8401, 1, "-4.0 %")]
)
def test_that_a_stated_calibration_is_held_to_the_book(generic, cgy_per_mu, count, share):
    machine = MachineCalibration("LINAC", cgy_per_mu, 100.0, 10.0, (10.0, 10.0))
    found = told(report(generic, 1.0, machine))
    assert len(found) == count
    if count:
        assert found[0].state == State.WARNING
        assert share in found[0].message
        assert "LINAC" in found[0].message
        assert "[calibration]" in found[0].remedy


def test_that_a_calibration_beyond_the_book_is_not_checked(generic):
    machine = MachineCalibration("LINAC", 0.1, 100.0, 35.0, (10.0, 10.0))
    (found,) = told(report(generic, 1.0, machine))
    assert found.state == State.NOT_RUN
    assert "depth 35.00 cm" in found.message


@pytest.mark.req("R-16")
@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1.0, None),
        (1.03, None),  # too little to name a cause
        (1 / 0.8068, "10 x 10 cm, 10 cm deep, 100 cm from the source"),
        (1 / 0.8068 * 1.03, "10 x 10 cm, 10 cm deep, 100 cm from the source"),
        (1 / 0.955, None),
        (1 / 0.673, "10 x 10 cm, 10 cm deep, 110 cm from the source"),
        (3.0, None),  # no calibration gives that
        (0.85, None),
    ],
)
def test_that_the_calibration_that_would_explain_all_fields_is_named(generic, factor, words):
    found = told(report(generic, factor))
    assert [words in one.message for one in found] == ([] if words is None else [True])
    if found:
        assert found[0].state == State.WARNING


def test_that_the_calibration_that_was_taken_stands_among_what_is_not_checked(generic):
    silent = report(generic, 1.0).not_checked
    (words,) = [one.why for one in silent if one.item == "calibration"]
    assert "6X of the book gives 1 cGy/MU for 10 x 10 cm, 1.6 cm deep" in words
    machine = MachineCalibration("LINAC", 0.8068, 100.0, 10.0, (10.0, 10.0))
    assert "calibration" not in {one.item for one in report(generic, 1.0, machine).not_checked}


def test_that_fields_that_were_not_calculated_tell_nothing(generic):
    assert list(calibration_findings([], generic, read_limits())) == []
    assert told(report_of(plan(), plan(), generic, Choices(), {1: Stated()})) == []


# Real plans: what the machine files of Pinnacle say, and arcs of a linac whose Varian neighbour
# in the same clinic agrees with the book to 0.4 %.
REAL = [
    ("pinnacle/patient_6204/Plan_0", ["0.8401", "0.8905"]),
    ("pinnacle/institution_01/Institution_1/Mount_0/Patient_1/Plan_0", []),
    ("dicom/plans_mixed/koala/YellowLvlIII_6a.dcm", ["10 cm deep, 100 cm from the source"]),
    ("dicom/plans_mixed/koala/YellowLvlIII_6b.dcm", ["10 cm deep, 100 cm from the source"]),
    ("dicom/plans_mixed/koala/YellowLvlIII_2a.dcm", []),
    ("dicom/plans_mixed/pmp/monaco_10_beams_watertank.dcm", []),
    ("dicom/plans_mixed/pmp/monaco_two_fraction_groups.dcm", []),
]


@pytest.mark.req("R-16")
@pytest.mark.parametrize(("name", "words"), REAL)
def test_that_real_machines_of_another_calibration_are_named(shared_data, generic, name, words):
    found = told(mu_report(shared_data / name, shared_data / name, generic))
    assert len(found) == len(words)
    for one, part in zip(found, words, strict=True):
        assert part in one.message


def test_that_the_varian_linac_beside_them_agrees_with_the_book(shared_data, generic):
    """The same clinic, phantom and planning system: 200 cGy less twice 60.3 from the sides.

    So it is the calibration of the other linac that differs, not geometry or depth.
    """
    path = shared_data / "dicom/plans_mixed/koala/YellowLvlIII_2a.dcm"
    side, front, other = mu_report(path, path, generic).beams
    assert side.plan_cgy == pytest.approx(60.3)
    assert front.dose_cgy == pytest.approx(200 - 2 * 60.3, rel=0.01)
    # Through the lungs, with the generic sweep of the dynamic wedge.
    assert side.dose_cgy == pytest.approx(60.3, rel=0.05)
    assert other.dose_cgy == pytest.approx(60.3, rel=0.05)
