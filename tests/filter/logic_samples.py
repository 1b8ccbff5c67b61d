"""A clean export of two fields on a known machine; one value at a time can be changed."""

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
from app.filter.logic import logic
from app.filter.settings import Settings, read_settings
from core.findings import State

SETTINGS = read_settings()
PAIRS = {"demo_linac": 60, "siemens_oncor_82": 41}
JAWS = Jaws(D("-50.0"), D("50.0"), D("-50.0"), D("50.0"))
ISOCENTRE = Point(D("1.0"), D("2.0"), D("3.0"))


def leaves(machine="demo_linac", **tips):
    """Return leaves that are open by 2 x 4 cm from -5 to 5 cm along Y; ``a30="..."`` in mm."""
    pairs = PAIRS[machine]
    edges = {60: range(20, 40), 41: range(16, 25)}[pairs]
    parked = D("-45.0" if pairs == 60 else "0.0")  # leaves that may not pass each other stay near
    a = [D("-40.0") if pair in edges else parked for pair in range(pairs)]
    b = [D("40.0") if pair in edges else parked for pair in range(pairs)]
    for name, tip in tips.items():
        (a if name[0] == "a" else b)[int(name[1:]) - 1] = D(tip)
    return LeafBanks(tuple(a), tuple(b))


def point(number, share, banks, **changes):
    made = ControlPoint(
        number, D(share), D("40.0"), "", D("10.0"), "", D("0.0"), "", D("0.0"), "", JAWS,
        (banks,), Couch(D(10), D(20), D(30)), ISOCENTRE, D(6), D(400),
        stated=frozenset({"cumulative", "layers"}),
    )  # fmt: skip
    return replace(made, **changes)


def field(id="1", machine="demo_linac", banks=None, **changes):
    banks = banks or leaves(machine if machine in PAIRS else "demo_linac")
    made = Field(
        id, "RAO", int(id) if id.isdigit() else None, "RAO", "1.2.3", "PELVIS", None, "StepNShoot",
        machine=machine, tolerance_table="2", modality="Xrays", energy=D(6), fff=False,
        dose_rate_mu_min=D(400), mu=D("100.00"), dose_cgy=D("100.00"), gantry_deg=D("40.0"),
        collimator_deg=D("10.0"), couch_deg=D("0.0"), jaws=JAWS, couch=Couch(D(10), D(20), D(30)),
        isocentre=ISOCENTRE, arc_direction="", wedges=(), blocks=(), compensators=(), boluses=(),
        applicators=(), cutouts=(),
        control_points=(point(0, "0", banks), point(1, "1", banks)),
    )  # fmt: skip
    return replace(made, **changes)


def electrons(**changes):
    made = field(
        modality="Elect", energy=D(12), applicators=(Accessory(("10x10",)),), control_points=(),
        jaws=Jaws(D("-70.0"), D("70.0"), D("-70.0"), D("70.0")), treatment_type="Static",
    )  # fmt: skip
    return replace(made, **changes)


def oncor(**changes):
    return field(
        machine="siemens_oncor_82", jaws=Jaws(None, None, D("-45.0"), D("45.0")),
        **{"control_points": oncor_points(leaves("siemens_oncor_82")), **changes},
    )  # fmt: skip


def oncor_points(banks, **jaws):
    own = replace(Jaws(None, None, D("-45.0"), D("45.0")), **jaws)
    return tuple(point(number, str(number), banks, jaws=own) for number in (0, 1))


def export(*fields, **rx):
    fields = fields or (field("1"), field("2"))
    given = {
        "technique": "IMRT", "modality": "6X", "total_cgy": D(5000), "fraction_cgy": D(200),
        "field_count": len(fields),
    }  # fmt: skip
    if len(fields) == 1:
        given["fraction_cgy"] = D(100)
    return Plan(
        "export.rtp", "RTP-Connect", Patient("ID1", "Doe", "Jane"), fields=tuple(fields),
        prescriptions=(Prescription("PELVIS", **{**given, **rx}),), position="HFS",
    )  # fmt: skip


def told(rv, settings: Settings = SETTINGS, hints=False):
    """Return rule and field of every finding that is no mere hint."""
    quiet = () if hints else (State.INFO,)
    return [
        (one.rule, one.field) for one in logic(rv, settings).findings if one.state not in quiet
    ]
