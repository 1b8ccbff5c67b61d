"""The standard case: a sound plan of every kind of beam, which every check must pass.

The examples of the checks change one value of it (the tests, the start of a clinic's own check).
"""

from dataclasses import replace

from app.lex.checks.case import Case
from app.lex.fields import fields_of
from app.lex.nomenclature import Names, Nomenclature
from app.lex.plan import Beam, Device, Person, Point, Prescription, Segment, Trial
from app.lex.rv_systems import read_rv_system
from app.lex.treatment import parse_treatment
from core.machines import read_machine

# Places of its beams, for the examples.
AP, PA, IMRT, ARC = (f"trial.prescriptions[0].beams[{number}]" for number in range(4))
ELECTRONS = "trial.prescriptions[1].beams[0]"
_PELVIS, _BOOST = Point("iso", (1.25, -20.5, 3.0)), Point("e calc", (2.0, -12.0, 3.0))
_NAMES = Nomenclature(
    machines=Names("machines", {"LINAC_A": "LINAC 1"}, as_planned=False),
    wedges=Names("wedges", {"VW60": "VW60", "MW60": "MW"}, as_planned=False, longest=10),
    applicators=Names("applicators", {"A10": "10X10"}, as_planned=False, longest=10),
    field_names=Names("field_names", as_planned=False, allowed="A-Za-z0-9 _.-"),
    tolerance_tables={2: "Pelvis"},
    own_file="nomenclature/lantis.toml",
)
_ENTRIES = {
    "course": 1,
    "machine": "LINAC 1",
    "machine_type": "demo_linac",
    "dose_rate_mu_min": 400,
    "tolerance_table": 2,
    "rv_system": "lantis",
    "couch": {"vertical_cm": -13.5, "lateral_cm": 1.2, "longitudinal_cm": 82.0},
    "prescriptions": {
        "Pelvis": {"id": "PELVIS", "technique": "IMRT"},
        "Boost": {"id": "BOOST", "technique": "ELECTRONS"},
    },
}


def standard_case() -> Case:
    """Return a sound plan with all that is entered for it, on its way to LANTIS."""
    treatment = parse_treatment(_ENTRIES, "the standard case")
    trial = Trial(
        "Trial_1", Person("P-001", "Doe", "Jane"), _prescriptions(), plan_name="PELVIS",
        uid="1.2.3", structure_set_uid="1.2.4", frame_uid="1.2.5", position="HFS",
    )  # fmt: skip
    machine, system = read_machine("demo_linac"), replace(read_rv_system("lantis"), names=_NAMES)
    return Case(trial, treatment, fields_of(trial, treatment, system), machine, system)


def _prescriptions() -> tuple[Prescription, ...]:
    """Return a photon and an electron prescription; beam 0 to 3 are of the first."""
    photons = (_virtual_wedge(), _motorised_wedge(), _steps(), _arc())
    set_mu, to_point = "Set Monitor Units", "Point Dose"
    return (
        Prescription("Pelvis", 25, 200.0, 5000.0, photons, set_mu, to_point, _PELVIS),
        Prescription("Boost", 5, 200.0, 1000.0, (_electrons(),), set_mu, to_point, _BOOST),
    )


def _point(share: float, left_cm: float = -4.0, pairs: int = 60) -> Segment:
    """Return a control point whose X jaws follow its leaves."""
    return Segment(
        share, gantry_deg=90.0, collimator_deg=10.0, couch_deg=0.0, x1_cm=left_cm, x2_cm=4.3,
        y1_cm=-3.0, y2_cm=4.0, left_cm=(left_cm,) * pairs, right_cm=(4.3,) * pairs, ssd_cm=89.7,
        dose_rate_mu_min=400.0,
    )  # fmt: skip


def still_points(pairs: int) -> tuple[Segment, ...]:
    """Return the points of a still beam of so many leaf pairs."""
    return _point(0.0, pairs=pairs), _point(1.0, pairs=pairs)


def _beam(number: int, name: str, technique: str, points: tuple[Segment, ...]) -> Beam:
    """Return a photon beam of 6 MV and 50 cGy."""
    return Beam(
        number, name, "LINAC_A", "Xrays", 6.0, technique, 80.0, points, fff=False, sad_cm=100.0,
        leaf_axis="X", isocentre_cm=(1.25, -20.5, 3.0), dose_cgy=50.0, depth_cm=10.0,
        dose_model="heterogeneous", dose_engine="Adaptive Convolve", dose_point=_PELVIS,
    )  # fmt: skip


def _virtual_wedge() -> Beam:
    wedge = Device("VW60", kind="virtual", angle_deg=60.0)
    return replace(_beam(1, "AP", "Static", still_points(60)), wedges=(wedge,))


def _motorised_wedge() -> Beam:
    wedge = Device("MW60", kind="motorised", angle_deg=60.0)
    points = tuple(replace(point, wedge_in=True) for point in still_points(60))
    return replace(_beam(2, "PA", "Static", points), wedges=(wedge,))


def _steps() -> Beam:
    states = ((0.0, -4.0), (0.4, -4.0), (0.4, -2.0), (1.0, -2.0))
    return _beam(3, "IMRT", "StepNShoot", tuple(_point(*state) for state in states))


def _arc() -> Beam:
    angles_deg = (181.0, 270.0, 0.0, 90.0, 179.0)
    points = [
        replace(_point(n / 4, -4.0 + 0.1 * n), gantry_deg=angle_deg, gantry_turn="CW")
        for n, angle_deg in enumerate(angles_deg)
    ]
    last = replace(points[-1], gantry_turn="")
    return _beam(4, "ARC", "VMAT", (*points[:-1], last))


def _electrons() -> Beam:
    ends = (0.0, 1.0)
    points = [
        Segment(share, 0.0, 0.0, 0.0, x1_cm=-7.0, x2_cm=7.0, y1_cm=-7.0, y2_cm=7.0, ssd_cm=100.0,
                dose_rate_mu_min=400.0)
        for share in ends
    ]  # fmt: skip
    return Beam(
        5, "E", "LINAC_A", "Elect", 12.0, "Static", 210.0, tuple(points), sad_cm=100.0,
        isocentre_cm=(2.0, -12.0, 3.0), dose_cgy=200.0, depth_cm=2.5,
        dose_model="heterogeneous", dose_engine="Electron 3D", dose_point=_BOOST,
        applicator=Device("A10"), cutout=Device("CUT1"),
    )  # fmt: skip
