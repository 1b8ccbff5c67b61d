"""Checks of how the plan was prescribed and calculated: unusual, maybe wrong (L-11 to 14).

The user may go on with such a plan by giving a reason (Siochi 2009, II.B). What the plan does not
say is not run: a DICOM RT Plan names neither the dose model nor how isodoses are normalised.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.checks.sites import by_prescription
from app.lex.checks.standard import AP, IMRT
from app.lex.fields import Field
from app.lex.limits import Limit
from app.lex.plan import Point
from core.errors import MissingDataError
from core.findings import State

LOOK = "Look at it in the planning system; correct it there, or give the reason for it."
SOURCE = "Siochi 2009, II.B"
TO_A_POINT = "Point Dose"
SET_MU = "Set Monitor Units"
MODULATED = ("StepNShoot", "DMLC", "VMAT")
ELSEWHERE = Point("elsewhere", (0.0, 0.0, 0.0))
RX = "trial.prescriptions[0]"


@check(
    "LEX-P1",
    "Isodoses are normalised to the prescription point",
    State.WARNING,
    LOOK,
    requirements=["L-11"],
    source=SOURCE,
    why="The lines that were approved are then not lines of the prescribed dose.",
    good=[Change(f"{RX}.isodose_point", Point("ISO", (1.25, -20.5, 3.0)))],
    bad=[
        Change(f"{RX}.normalisation", "ROI Mean", "normalisation"),
        Change(f"{RX}.isodose_point", ELSEWHERE, "normalisation"),
    ],
)
def isodoses_are_normalised_to_the_point(case: Case, *, same_point_cm: Limit) -> Iterator[Miss]:
    """Name the normalisation there is, of the prescription's dose and of relative isodoses."""
    for rx, _ in by_prescription(case):
        if not rx.normalisation:
            message = f"The plan does not say how the doses of {rx.name!r} are normalised."
            yield Miss(message, item="normalisation", state=State.NOT_RUN)
            continue
        point, lines = rx.point, rx.isodose_point
        if rx.normalisation != TO_A_POINT or point is None:
            found = rx.normalisation if point is not None else f"{rx.normalisation}, no point"
            message = f"Prescription {rx.name!r} is normalised to {found!r}, not to its point."
            yield Miss(message, item="normalisation", expected=TO_A_POINT, found=found)
        elif lines is not None and not point.same_as(lines, same_point_cm.value):
            message = f"Isodoses are normalised to {lines}; {rx.name!r} is prescribed to {point}."
            yield Miss(message, item="normalisation", expected=str(point), found=str(lines))


@check(
    "LEX-P2",
    "All beams were calculated with one dose model",
    State.WARNING,
    LOOK,
    requirements=["L-12"],
    source=SOURCE,
    why="Doses with and without the densities of the patient do not add up to one distribution.",
    good=[Change(f"{RX}.beams[0].dose_engine", "")],
    bad=[
        Change(f"{AP}.dose_model", "homogeneous", "AP, dose_model"),
        Change(f"{IMRT}.dose_engine", "CC Convolution", "IMRT, dose_engine"),
    ],
)
def beams_share_one_dose_model(case: Case) -> Iterator[Miss]:
    """List the beams that differ from most; another algorithm of the same model is told only."""
    unknown = [field.beam.name for field in case.fields if not field.beam.dose_model]
    if unknown:
        raise MissingDataError(f"the plan does not state the model of {', '.join(unknown)}")
    models = [field.beam.dose_model for field in case.fields]
    for field in case.fields:
        usual = _most(models)
        if field.beam.dose_model != usual:
            message = f"The beam was calculated {field.beam.dose_model}, most beams {usual}."
            yield Miss(
                message, field.beam.name, item="dose_model", expected=usual,
                found=field.beam.dose_model,
            )  # fmt: skip
    for modality in dict.fromkeys(field.beam.modality for field in case.fields):
        yield from _other_engines([one for one in case.fields if one.beam.modality == modality])


def _other_engines(fields: Sequence[Field]) -> Iterator[Miss]:
    """Tell of the beams of one modality whose algorithm is not that of most."""
    engines = [field.beam.dose_engine for field in fields if field.beam.dose_engine]
    for field in fields:
        engine = field.beam.dose_engine
        if engine and engine != _most(engines):
            message = f"The beam was calculated by {engine}, most beams by {_most(engines)}."
            yield Miss(
                message, field.beam.name, item="dose_engine", expected=_most(engines),
                found=engine, state=State.INFO,
            )  # fmt: skip


@check(
    "LEX-P3",
    "The beams of a prescription share one calculation point",
    State.WARNING,
    LOOK,
    requirements=["L-13"],
    source=SOURCE,
    why="Beam doses at different points do not add up to the prescribed dose.",
    good=[Change(f"{AP}.dose_point", Point("ISO", (1.25, -20.5, 3.005)))],
    bad=[Change(f"{AP}.dose_point", ELSEWHERE, "AP, dose_point")],
)
def beams_share_one_point(case: Case, *, same_point_cm: Limit) -> Iterator[Miss]:
    """List the beams whose point is not that of most beams of the prescription."""
    for rx, fields in by_prescription(case):
        points = [field.beam.dose_point for field in fields]
        known = [point for point in points if point is not None]
        if len(known) < len(points):
            message = f"The plan does not name the calculation point of every beam of {rx.name!r}."
            yield Miss(message, item="dose_point", state=State.NOT_RUN)
            continue
        votes = [sum(a.same_as(b, same_point_cm.value) for b in known) for a in known]
        usual = known[votes.index(max(votes))]
        for field, point in zip(fields, known, strict=True):
            if point is not usual and not point.same_as(usual, same_point_cm.value):
                message = f"The dose of the beam is given at {point}, of most beams at {usual}."
                yield Miss(
                    message, field.beam.name, item="dose_point", expected=str(usual),
                    found=str(point),
                )  # fmt: skip


@check(
    "LEX-P4",
    "Modulated beams are prescribed as Set Monitor Units",
    State.WARNING,
    LOOK,
    requirements=["L-14"],
    source=SOURCE,
    why="Any other choice lets the planning system change the MU after the optimisation.",
    good=[Change("trial.prescriptions[1].method", "Prescribe")],
    bad=[Change(f"{RX}.method", "Prescribe", "method")],
)
def modulated_beams_have_set_mu(case: Case) -> Iterator[Miss]:
    """Look at the prescriptions with a beam whose leaves make its dose."""
    for rx, fields in by_prescription(case):
        names = [field.beam.name for field in fields if field.beam.technique in MODULATED]
        if not names:
            continue
        if not rx.method:
            message = f"The plan does not say how {rx.name!r} was prescribed."
            yield Miss(message, item="method", state=State.NOT_RUN)
        elif rx.method != SET_MU:
            message = f"{rx.name!r} is prescribed by {rx.method!r}; modulated: {', '.join(names)}."
            yield Miss(message, item="method", expected=SET_MU, found=rx.method)


def _most(words: Sequence[str]) -> str:
    """Return the word that stands most often, the first of several."""
    return Counter(words).most_common(1)[0][0]
