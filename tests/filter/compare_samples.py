"""A small field and its plan beam, equal in every value; one value at a time can be changed."""

from dataclasses import replace
from decimal import Decimal as D

from app.filter.field import (
    Accessory,
    ControlPoint,
    Couch,
    Field,
    Jaws,
    LeafBanks,
    Patient,
    Plan,
    Point,
    Prescription,
)
from app.filter.limits import read_limits

LIMITS = read_limits()
JAWS = Jaws(D("-40.0"), D("43.0"), D("-30.0"), D("40.0"))
STATED = frozenset(
    [
        "cumulative",
        "gantry_deg",
        "gantry_direction",
        "collimator_deg",
        "collimator_direction",
        "couch_deg",
        "couch_direction",
        "pedestal_deg",
        "pedestal_direction",
        "x1_mm",
        "x2_mm",
        "y1_mm",
        "y2_mm",
        "layers",
        "energy",
        "dose_rate_mu_min",
        "ssd_mm",
        "isocentre",
        "vertical_mm",
        "lateral_mm",
        "longitudinal_mm",
        "wedge_in",
    ]
)


def point(number, share, open_mm="20.0", **changes):
    leaves = LeafBanks((D(f"-{open_mm}"),) * 4, (D(open_mm),) * 4, "X")
    made = ControlPoint(
        number, D(share), D("90.0"), "", D("10.0"), "", D("350.0"), "", D("0.0"), "", JAWS,
        (leaves,), Couch(D(10), D(20), D(30)), Point(D("1.0"), D("2.0"), D("3.0")), D(6),
        D(400), D("897.0"), wedge_in=False, stated=STATED,
    )  # fmt: skip
    return replace(made, **changes)


POINTS = (
    point(0, "0.000000"), point(1, "0.400000"), point(2, "0.400000", "10.0"),
    point(3, "1.000000", "10.0"),
)  # fmt: skip


def field(id="1", **changes):
    made = Field(
        id, f"FIELD {id}", int(id), f"FIELD {id}", "1.2.3", "PELVIS", "Supine", "StepNShoot",
        machine="LINAC", tolerance_table="2", modality="Xrays", energy=D(6), fff=False,
        dose_rate_mu_min=D(400), mu=D("100.00"), wedge_mu=D("0.00"), dose_cgy=D("100.00"),
        sad_mm=D("1000.0"), ssd_mm=D("897.0"), gantry_deg=D("90.0"), collimator_deg=D("10.0"),
        couch_deg=D("350.0"), pedestal_deg=D("0.0"), jaws=JAWS,
        couch=Couch(D(10), D(20), D(30)), isocentre=Point(D("1.0"), D("2.0"), D("3.0")),
        arc_direction="CW", arc_start_deg=D("181.0"), arc_stop_deg=D("179.0"),
        arc_mu_per_deg=D("0.28"), wedges=(Accessory(("W30",)),), blocks=(Accessory(("BLK",)),),
        compensators=(), boluses=(Accessory(("0.5 cm",)),), applicators=(), cutouts=(),
        control_points=POINTS,
    )  # fmt: skip
    return replace(made, **changes)


def plan(*fields, kind="RTP-Connect", **changes):
    rx = Prescription("PELVIS", total_cgy=D(5000), fraction_cgy=D(200), fractions=25)
    made = Plan(
        "export.rtp", kind, Patient("ID1", "Doe", "Jane"), prescriptions=(rx,),
        fields=fields or (field("1"), field("2", gantry_deg=D("180.0"))), position="HFS",
    )  # fmt: skip
    return replace(made, **changes)
