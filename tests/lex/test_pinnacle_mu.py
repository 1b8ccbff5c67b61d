"""Monitor units of Pinnacle beams: by factors, and from the dose file for wedged beams."""

import pytest

from app.lex.pinnacle_mu import dose_at_point, dose_file_of
from app.lex.pinnacle_plan import read_pinnacle_plan
from app.lex.pinnacle_text import parse_pinnacle
from core.errors import RemedyError, UnreadableFileError
from tests.lex import pinnacle_sample as sample
from tests.lex.pinnacle_sample import NO_WEDGE, VIRTUAL_60, WEDGE_30, beam, machine, point, trial


def only_beam(folder):
    (reading,) = read_pinnacle_plan(folder)
    if reading.fault is not None:
        raise reading.fault
    return reading.trial.beams[0], reading.trial.notes


def factors(**changes: object) -> dict:
    return beam()["MonitorUnitInfo"] | changes


@pytest.mark.parametrize(
    ("changes", "mu"),
    [
        ({}, 100.0),
        ({"PrescriptionDose": 81.03}, 101.3),
        ({"TotalTransmissionFraction": 0.5}, 200.0),
        ({"CollimatorOutputFactor": 1}, 200.0),
        ({"NormalizedDose": 2}, 25.0),
    ],
)
def test_that_mu_are_the_dose_over_the_stored_factors(tmp_path, changes, mu):
    found, _ = only_beam(
        sample.write_plan(tmp_path, trial(beam(MonitorUnitInfo=factors(**changes))))
    )
    assert found.mu == pytest.approx(mu, abs=1e-9)
    assert "MonitorUnitDecimalPlaces" in found.mu_per_fraction_source


@pytest.mark.parametrize(("places", "mu"), [(0, 101.0), (1, 101.3), (3, 101.287)])
def test_that_mu_are_rounded_to_the_places_of_the_machine(tmp_path, places, mu):
    folder = sample.write_plan(
        tmp_path,
        trial(beam(MonitorUnitInfo=factors(PrescriptionDose=81.03))),
        machines=[machine(MonitorUnitDecimalPlaces=places)],
    )
    found, _ = only_beam(folder)
    assert found.mu == pytest.approx(mu, abs=6e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"NormalizedDose": 0},
        {"CollimatorOutputFactor": -1},
        {"TotalTransmissionFraction": 0},
        {"PrescriptionDose": 0},
        {"PrescriptionDose": 0.01},
        {"NormalizedDose": ""},
    ],
)
def test_that_factors_that_cannot_be_give_no_mu(tmp_path, changes):
    folder = sample.write_plan(tmp_path, trial(beam(MonitorUnitInfo=factors(**changes))))
    with pytest.raises(UnreadableFileError):
        only_beam(folder)


def dose_of(tmp_path):
    root = parse_pinnacle(sample.many(Trial=[trial()]).encode(), "plan.Trial")
    block = root.need("Trial")
    return dose_file_of(tmp_path, block, block.need("BeamList", "Beam"))


def plane(i: int, j: int, k: int) -> float:
    """A dose that interpolation gives back exactly: linear along each axis."""
    return 10 + i + 3 * j + 5 * k


# x fastest, rows from the largest y down, slices from the smallest z up.
PLANES = [plane(i, j, k) for k in range(3) for j in (2, 1, 0) for i in range(3)]


@pytest.mark.parametrize(
    ("point_cm", "dose"),
    [
        ((-2, -2, -2), plane(0, 0, 0)),
        ((2, 2, 2), plane(2, 2, 2)),
        ((2, -2, 0), plane(2, 0, 1)),
        ((-1, 0.5, 1.5), 10 + 0.5 + 3 * 1.25 + 5 * 1.75),
    ],
)
def test_that_the_dose_is_taken_at_the_point_with_rows_from_the_top(tmp_path, point_cm, dose):
    sample.write_dose(tmp_path, PLANES)
    assert dose_at_point(dose_of(tmp_path), point_cm) == pytest.approx(dose, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "point_cm", "words"),
    [
        (PLANES, (2.01, 0, 0), "outside"),
        (PLANES, (0, -2.01, 0), "outside"),
        (PLANES[:-1], (0, 0, 0), "bytes"),
        ([], (0, 0, 0), "0 bytes"),
        ([0.0] * 27, (0, 0, 0), "is 0 cGy"),
        ([float("nan")] * 27, (0, 0, 0), "nan"),
        (None, (0, 0, 0), "cannot be read"),
    ],
)
def test_that_a_dose_that_cannot_be_used_is_refused(tmp_path, values, point_cm, words):
    if values is not None:
        sample.write_dose(tmp_path, values)
    with pytest.raises(UnreadableFileError, match=words):
        dose_at_point(dose_of(tmp_path), point_cm)


def wedged(context: dict = WEDGE_30, **changes: object) -> dict:
    return trial(beam([point(WedgeContext=context)], **changes))


def test_that_a_wedged_beam_takes_its_mu_from_the_dose_file_and_says_so(tmp_path):
    folder = sample.write_plan(tmp_path, wedged())
    sample.write_dose(folder, [0.5] * 27)
    found, notes = only_beam(folder)
    assert found.mu == 160
    assert "plan.Trial.binary.007" in found.mu_per_fraction_source
    assert any("dose file" in note for note in notes)


def test_that_a_wedged_beam_without_dose_or_point_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"binary\.007"):
        only_beam(sample.write_plan(tmp_path / "a", wedged()))
    folder = sample.write_plan(tmp_path / "b", wedged(UsePoiForPrescriptionPoint=0))
    sample.write_dose(folder, [0.5] * 27)
    with pytest.raises(RemedyError, match="prescription point"):
        only_beam(folder)


@pytest.mark.parametrize(
    ("context", "device"),
    [
        (WEDGE_30, ("30L", "30 Degree", "physical", 30)),
        (VIRTUAL_60, ("EDW60OUT", "EDW", "virtual", 60)),
    ],
)
def test_that_a_wedge_has_the_code_of_its_direction(tmp_path, context, device):
    folder = sample.write_plan(tmp_path, wedged(context))
    sample.write_dose(folder, [0.5] * 27)
    (wedge,) = only_beam(folder)[0].wedges
    assert (wedge.code, wedge.name, wedge.kind, wedge.angle_deg) == device


def test_that_a_motorised_wedge_is_in_for_its_segment_only(tmp_path):
    points = [point(Weight=0.25, WedgeContext=WEDGE_30), point(Weight=0.75)]
    folder = sample.write_plan(tmp_path, trial(beam(points, SetBeamType="Motorized Wedge")))
    sample.write_dose(folder, [0.5] * 27)
    found, _ = only_beam(folder)
    assert [s.wedge_in for s in found.segments] == [True, True, False, False]
    assert found.wedges[0].kind == "motorised"


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        ([point(WedgeContext=WEDGE_30 | {"WedgeName": "15 Degree"})], "Static"),
        ([point(WedgeContext=WEDGE_30 | {"Orientation": "NoWedge"})], "Static"),
        ([point(WedgeContext=VIRTUAL_60 | {"Angle": ""})], "Static"),
        ([point(Weight=0.5, WedgeContext=one) for one in (WEDGE_30, NO_WEDGE)],
         "Step & Shoot MLC"),
    ],
)  # fmt: skip
def test_that_a_wedge_that_is_unknown_or_changes_is_refused(tmp_path, points, kind):
    folder = sample.write_plan(tmp_path, trial(beam(points, SetBeamType=kind)))
    sample.write_dose(folder, [0.5] * 27)
    with pytest.raises(RemedyError):
        only_beam(folder)
