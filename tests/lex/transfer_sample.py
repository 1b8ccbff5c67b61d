"""A small invented plan and its treatment data; one value at a time can be changed."""

from dataclasses import replace

from app.lex.plan import Beam, Person, Point, Prescription, Segment, Trial
from app.lex.treatment import Treatment, parse_treatment

PAIRS = 60
ISOCENTRE_CM = (1.25, -20.5, 3.0)
POINT = Point("iso", ISOCENTRE_CM)
ENTRIES = {
    "course": 1,
    "machine": "DEMO LINAC",
    "machine_type": "demo_linac",
    "dose_rate_mu_min": 400,
    "tolerance_table": 2,
    "couch": {"vertical_cm": -13.5, "lateral_cm": 1.2, "longitudinal_cm": 82.0},
    "prescriptions": {"Pelvis": {"id": "PELVIS", "technique": "3D"}},
}


def segment(share: float, left_tip_cm: float = -4.0, **changes: object) -> Segment:
    made = Segment(
        share, 90.0, 10.0, 0.0, x1_cm=-4.0, x2_cm=4.3, y1_cm=-3.0, y2_cm=4.0, ssd_cm=89.7,
        left_cm=(left_tip_cm,) * PAIRS, right_cm=(4.3,) * PAIRS,
    )  # fmt: skip
    return replace(made, **changes)


def bare(share: float, **changes: object) -> Segment:
    return replace(segment(share), left_cm=(), right_cm=(), **changes)


def beam(number: int = 1, segments: tuple[Segment, ...] | None = None, **changes: object) -> Beam:
    made = Beam(
        number, f"B{number}", "LINAC", "Xrays", 6.0, "Static", 50.0,
        segments or (segment(0.0), segment(1.0)), fff=False, sad_cm=100.0, leaf_axis="X",
        isocentre_cm=ISOCENTRE_CM, dose_cgy=100.0, depth_cm=10.0,
        dose_model="heterogeneous", dose_point=POINT,
    )  # fmt: skip
    return replace(made, **changes)


def trial(*beams: Beam, **changes: object) -> Trial:
    doses = Prescription(
        "Pelvis", 25, 200.0, 5000.0, beams or (beam(1), beam(2)), "Set Monitor Units",
        "Point Dose", POINT,
    )  # fmt: skip
    made = Trial(
        "Trial_1", Person("P-001", "Doe", "Jane", "Quinn"), (doses,), plan_name="PELVIS",
        uid="1.2.3", structure_set_uid="1.2.4", frame_uid="1.2.5", position="HFS",
    )  # fmt: skip
    return replace(made, **changes)


def treatment(**changes: object) -> Treatment:
    return parse_treatment({**ENTRIES, **changes}, "the test")


def step_and_shoot(number: int = 1, mu: float = 80.0, **changes: object) -> Beam:
    shares = (0.0, 0.4, 0.4, 1.0)
    lefts = (-4.0, -4.0, -2.0, -2.0)
    points = tuple(segment(share, left) for share, left in zip(shares, lefts, strict=True))
    return beam(number, points, **{"technique": "StepNShoot", "mu": mu, **changes})


def arc(number: int = 1, **changes: object) -> Beam:
    angles = (181.0, 270.0, 359.97, 90.0, 179.0)
    points = tuple(
        segment(n / 4, -4.0 + 0.1 * n, gantry_deg=angle, gantry_turn="CW" if n < 4 else "")
        for n, angle in enumerate(angles)
    )
    return beam(number, points, **{"technique": "VMAT", "mu": 160.0, **changes})
