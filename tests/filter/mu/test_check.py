"""The report: whole files, real plans, limits, what was not calculated."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.demo.write_demo import write_demo
from app.filter.field import Accessory, Plan
from app.filter.limits import read_limits
from app.filter.mu.book import Book
from app.filter.mu.check import Choices, mu_report, report_of
from app.filter.mu.electron import ElectronInput
from app.filter.mu.plan_points import Stated
from app.filter.mu.report import percent
from core.findings import State
from tests.filter.mu.mu_samples import photon_field, state

STATED = Stated((0.0, 0.0, 0.0), ((0.0, 10.0),), place_mm=(0.0, 0.0, 0.0), source="test")


def plan(*fields, kind="DICOM RT Plan"):
    return Plan("plan.dcm", kind, fields=fields, position="HFS")


def checked(generic, *doses, **changes):
    fields = tuple(
        photon_field(
            id=str(n), name=f"B{n}", number=n, site="PELVIS", dose_cgy=None if d is None else D(d)
        )
        for n, d in enumerate(doses, start=1)
    )
    stated = {field.number: STATED for field in fields}
    one = plan(*(replace(field, **changes) for field in fields))
    return report_of(one, one, generic, Choices(), stated)


@pytest.fixture(scope="module")
def open_field_cgy(generic):
    return checked(generic, "1").beams[0].dose_cgy


@pytest.mark.req("R-16")
@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0.0, State.PASS), (2.9, State.PASS), (-2.9, State.PASS), (3.2, State.WARNING),
     (-4.8, State.WARNING), (5.3, State.ERROR), (-30, State.ERROR)],
)  # fmt: skip
def test_that_three_per_cent_warn_and_five_fail(generic, open_field_cgy, percent, expected):
    planned = open_field_cgy / (1 + percent / 100)
    report = checked(generic, f"{planned:.6f}")
    assert report.beams[0].state == expected
    assert report.status == expected
    assert report.beams[0].difference_percent == pytest.approx(percent, abs=1e-3)


def test_that_a_difference_at_the_limit_counts(generic, open_field_cgy):
    limits = read_limits()
    assert limits["mu.photon_warn_percent"] == 3
    report = checked(generic, f"{open_field_cgy / 1.03 - 1e-6:.8f}")
    assert report.status == State.WARNING


@pytest.mark.req("R-16")
def test_that_beams_of_a_prescription_are_summed_at_their_point(generic, open_field_cgy):
    report = checked(generic, f"{open_field_cgy:.4f}", f"{open_field_cgy * 0.9:.4f}")
    assert [total.label for total in report.totals] == ["PELVIS"]
    assert report.totals[0].dose_cgy == pytest.approx(2 * open_field_cgy)
    assert report.totals[0].difference_percent == pytest.approx(100 * (2 / 1.9 - 1), abs=1e-3)
    assert report.totals[0].state == State.ERROR


@pytest.mark.req("R-23")
def test_that_a_field_that_was_not_calculated_is_no_pass(generic, open_field_cgy):
    report = checked(generic, f"{open_field_cgy:.4f}", blocks=(Accessory(("B",)),))
    assert report.beams[0].state == State.NOT_RUN
    assert report.status == State.WARNING
    assert not report.ran
    silent = next(one for one in report.findings if one.rule == "F-MU-NOT-RUN")
    assert "block whose outline" in silent.message
    assert silent.remedy


def test_that_a_plan_without_beam_dose_is_not_compared(generic):
    report = checked(generic, None)
    assert report.beams[0].dose_cgy > 0
    assert report.beams[0].state == State.NOT_RUN
    assert report.status == State.WARNING


def test_that_every_result_says_book_digest_rule_and_what_is_left_out(generic, open_field_cgy):
    report = checked(generic, f"{open_field_cgy:.4f}")
    assert report.book_digest == generic.digest
    assert len(report.book_digest) == 64
    assert report.rule_version == "MU-3"
    assert "NOT FOR CLINICAL USE" in report.notice
    assert any("NOT FOR CLINICAL USE" in one.message for one in report.findings)
    assert {"heterogeneity", "backscatter", "equations"} <= {o.item for o in report.not_checked}
    clinical = Book("own", "", True, "d", generic.beams)
    assert checked(clinical, f"{open_field_cgy:.4f}").notice == ""


def test_that_a_depth_typed_by_the_user_replaces_that_of_the_plan(generic, open_field_cgy):
    field = photon_field(name="B1", dose_cgy=D(80))
    one = plan(field)
    deep = report_of(one, one, generic, Choices(depth_cm={"B1": 20.0}), {1: STATED})
    assert deep.beams[0].dose_cgy < 0.7 * open_field_cgy
    assert "typed by the user" in deep.beams[0].point


def test_that_a_plan_without_point_or_depth_says_what_to_do(generic):
    field = photon_field(name="B1", dose_cgy=D(80))
    one = plan(field)
    for stated, words in ((Stated(), "no point"), (replace(STATED, depth_cm=()), "no depth")):
        report = report_of(one, one, generic, Choices(), {1: stated})
        assert words in report.beams[0].why
        assert report.beams[0].remedy


def test_that_an_arc_needs_a_depth_at_every_point(generic):
    """One SSD for a whole arc is no depth."""
    arc = photon_field(state(0, 0.0), state(1, 1.0, gantry=90.0), name="B1", dose_cgy=D(80))
    one = plan(arc)
    report = report_of(one, one, generic, Choices(), {1: replace(STATED, depth_cm=())})
    assert report.beams[0].state == State.NOT_RUN


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


@pytest.mark.req("R-16", "R-17", "R-19")
def test_that_an_export_is_checked_against_both_kinds_of_plan(demo, generic):
    """The calculation is the same from export and plan; the demonstration agrees with the book."""
    export = next((demo / "export").glob("*.rtp"))
    electron = Choices(electrons={"E BOOST": ElectronInput(100.0)})
    found = mu_report(export, demo / "dicom", generic, electron)
    assert [one.field_id for one in found.beams] == ["1", "2", "3", "4", "5"]
    assert [one.state for one in found.beams] == [State.PASS] * 5
    assert found.status == State.PASS
    assert found.beams[1].dose.regions == {"outside": 1, "inside": 3}
    assert found.beams[2].dose.regions == {"inside": 90}
    plan_alone = mu_report(demo / "dicom", demo / "dicom", generic, electron)
    for one, other in zip(found.beams, plan_alone.beams, strict=True):
        assert one.dose_cgy == pytest.approx(other.dose_cgy, rel=1e-4), one.field_id


# Seeded error of the demonstration's export, field, state: errors that change the dose.
SEEDED = [
    ("mu", "4", State.ERROR), ("wedge_missing", "4", State.ERROR),
    ("block_missing", "4", State.WARNING), ("dynamic_wedge_missing", "1", State.ERROR),
    ("dynamic_wedge_angle", "1", State.ERROR), ("segment_missing", "2", State.ERROR),
]  # fmt: skip


@pytest.mark.req("R-16", "R-17", "R-19")
@pytest.mark.parametrize(("name", "field", "state"), SEEDED)
def test_that_a_seeded_error_is_red_alone(demo, generic, name, field, state):
    given = Choices(electrons={"5": ElectronInput(100.0)})
    found = mu_report(demo / f"export/variants/{name}.rtp", demo / "dicom", generic, given)
    states = {one.field_id: one.state for one in found.beams}
    assert states == {**dict.fromkeys("12345", State.PASS), field: state}


@pytest.mark.req("R-16")
def test_that_an_error_without_dose_leaves_the_dose_alone(demo, generic):
    given = Choices(electrons={"5": ElectronInput(100.0)})
    for name in ("table_position", "field_name", "dose_rate", "number_of_fields"):
        found = mu_report(demo / f"export/variants/{name}.rtp", demo / "dicom", generic, given)
        assert found.status == State.PASS, name


@pytest.mark.req("R-19")
def test_that_the_electron_field_shows_cutout_and_isodose(demo, generic):
    export = next((demo / "export").glob("*.rtp"))
    asked = mu_report(export, demo / "dicom", generic).beams[4]
    assert "isodose" in asked.why
    given = Choices(electrons={"5": ElectronInput(90.0)})
    dose = mu_report(export, demo / "dicom", generic, given).beams[4].dose
    assert dose.cutout.bounding_cm == pytest.approx((8.0, 7.6))
    assert dose.cutout.source == "outline of the plan"
    assert dose.applicator_cm == 10
    typed = Choices(electrons={"5": ElectronInput(90.0, cutout_cm=(4.0, 8.0), bolus_cm=0.5)})
    other = mu_report(export, demo / "dicom", generic, typed).beams[4].dose
    assert (other.cutout.length_cm, other.cutout.width_cm) == (8.0, 4.0)
    assert other.gap_cm == pytest.approx(dose.gap_cm - 0.5)
    assert other.mu_for(other.dose_cgy) == pytest.approx(other.mu)


# Real plans, the generic 6 and 15 MV beams: other linacs, so per cent agree, not per mille.
REAL = [
    ("dicom/plans_mixed/pmp/monaco_10_beams_watertank.dcm", 10, 3.1),
    ("pinnacle/patient_6204/Plan_0", 4, 4.1),
    ("pinnacle/institution_01/Institution_1/Mount_0/Patient_1/Plan_0", 2, 3.5),
]


@pytest.mark.req("R-16")
@pytest.mark.parametrize(("name", "count", "most"), REAL)
def test_that_real_plans_come_out_within_the_difference_of_the_machines(
    shared_data, generic, name, count, most
):
    path = shared_data / name
    report = mu_report(path, path, generic)
    assert len(report.beams) == count
    for one in report.beams:
        assert abs(percent(one.dose_cgy, one.plan_cgy)) < most, one.beam
        assert one.difference_percent is not None or "small fields" in one.why


@pytest.mark.req("R-17")
def test_that_a_real_imrt_plan_comes_out_within_two_per_cent(shared_data, generic):
    path = shared_data / "dicom/plans_mixed/pmp/monaco_two_fraction_groups.dcm"
    report = mu_report(path, path, generic)
    first = [one for one in report.beams if one.beam.startswith("1-")]
    assert sum(one.dose_cgy for one in first) == pytest.approx(
        sum(one.plan_cgy for one in first), rel=0.02
    )
