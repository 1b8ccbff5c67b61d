"""One beam of a DICOM RT Plan as a field."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from app.filter.field import Accessory, ControlPoint, Field
from app.filter.plan_dicom_accessories import read_fittings
from app.filter.plan_dicom_groups import Booking
from app.filter.plan_dicom_item import Item
from app.filter.plan_dicom_points import read_devices, read_points
from core.errors import UnsupportedPlanError

MODALITIES = {"PHOTON": "Xrays", "ELECTRON": "Elect"}
TREATMENT = ("", "TREATMENT", "CONTINUATION", "TRMT_PORTFILM")
"""Delivery types that treat; a portal film of the treatment field is taken while it treats."""


@dataclass(frozen=True, slots=True)
class Arc:
    """How the gantry turns; `fault` says why the direction is not known."""

    direction: str | None = ""
    start_deg: Decimal | None = None
    stop_deg: Decimal | None = None
    fault: str = ""

    @property
    def moves(self) -> bool:
        """Whether the gantry angle changes during the beam."""
        return self.start_deg is not None


def named_beams(plan: Item) -> dict[int, Item]:
    """Return the beams by beam number, in file order, each knowing its number and name.

    Raises:
        UnreadableRecordError: A beam without number, or a number used twice.

    """
    beams: dict[int, Item] = {}
    for item in plan.items("BeamSequence", "beam"):
        number = item.whole("BeamNumber")
        if number is None:
            raise item.fault("BeamNumber", "the beam has no number")
        if number in beams:
            raise item.fault("BeamNumber", f"beam number {number} is used twice")
        beams[number] = item.at(f"{plan.where}, beam {number} ({item.text('BeamName')})")
    return beams


def field_of(beam: Item, booking: Booking, tables: Mapping[int, str], plan_uid: str) -> Field:
    """Return the beam as a field, with what one fraction group books for it.

    Args:
        beam: Item of the BeamSequence.
        booking: Site, meterset and dose; an empty one when no fraction group uses the beam.
        tables: Labels of the tolerance tables by number.
        plan_uid: SOP Instance UID of the plan.

    """
    setup = beam.word("TreatmentDeliveryType") not in TREATMENT
    treats = not setup and bool(booking.meterset)
    points = read_points(beam, read_devices(beam), treats=treats)
    fittings, arc, first = read_fittings(beam), arc_of(points), points[0]
    mu, unread = _mu(beam, booking)
    if arc.fault:
        unread += (("arc_direction", arc.fault),)
    name = beam.text("BeamName")
    table = beam.whole("ReferencedToleranceTableNumber")
    return Field(
        id="",
        name=name,
        number=beam.whole("BeamNumber"),
        source_name=name,
        source_plan_uid=plan_uid,
        site=booking.site,
        note=beam.text("BeamDescription") or None,
        treatment_type="Setup" if setup else technique(points, arc, fittings.wedges or ()),
        setup=setup,
        machine=beam.text("TreatmentMachineName") or None,
        tolerance_table=None if table is None else tables.get(table, str(table)),
        modality=_modality(beam),
        energy=first.energy,
        fff=_fff(beam),
        dose_rate_mu_min=first.dose_rate_mu_min,
        mu=mu,
        wedge_mu=_wedge_mu(points, fittings.wedges or (), mu),
        dose_cgy=booking.dose_cgy,
        sad_mm=beam.number("SourceAxisDistance"),
        ssd_mm=first.ssd_mm,
        gantry_deg=first.gantry_deg,
        collimator_deg=first.collimator_deg,
        couch_deg=first.couch_deg,
        pedestal_deg=first.pedestal_deg,
        jaws=first.jaws,
        couch=first.couch,
        isocentre=first.isocentre,
        arc_direction=arc.direction,
        arc_start_deg=arc.start_deg,
        arc_stop_deg=arc.stop_deg,
        wedges=fittings.wedges,
        blocks=fittings.blocks,
        compensators=fittings.compensators,
        boluses=fittings.boluses,
        applicators=fittings.applicators,
        cutouts=fittings.cutouts,
        control_points=points,
        unread=(*unread, *fittings.unread),
    )


def _mu(beam: Item, booking: Booking) -> tuple[Decimal | None, tuple[tuple[str, str], ...]]:
    unit = beam.word("PrimaryDosimeterUnit")
    if unit in ("", "MU"):
        return booking.meterset, ()
    return None, (("field_monitor_units", f"the meterset is in {unit}, not in MU"),)


def _modality(beam: Item) -> str | None:
    radiation = beam.word("RadiationType")
    if radiation in ("PROTON", "ION", "NEUTRON"):
        raise UnsupportedPlanError(
            f"the beam is of radiation type {radiation}",
            where=beam.where,
            remedy="Check it with the tools of that facility.",
        )
    if radiation and radiation not in MODALITIES:
        raise beam.fault("RadiationType", f"unknown radiation type {radiation!r}")
    return MODALITIES.get(radiation)


def _fff(beam: Item) -> bool | None:
    """Return whether the beam has no flattening filter; None for another or no fluence mode."""
    modes = beam.items("PrimaryFluenceModeSequence", "fluence mode")
    if not modes:
        return None
    if modes[0].word("FluenceMode") == "STANDARD":
        return False
    return True if "FFF" in modes[0].text("FluenceModeID").upper() else None


def _wedge_mu(
    points: tuple[ControlPoint, ...], wedges: tuple[Accessory, ...], mu: Decimal | None
) -> Decimal | None:
    """Return the MU given with the motorised wedge in; None without such a wedge."""
    if mu is None or not any(wedge.kind == "MOTORIZED" for wedge in wedges):
        return None
    steps = [after.cumulative - now.cumulative for now, after in pairwise(points) if now.wedge_in]
    return mu * sum(steps, Decimal(0))


def arc_of(points: tuple[ControlPoint, ...]) -> Arc:
    """Return how the gantry turns over the control points."""
    angles = {point.gantry_deg for point in points}
    turns = {point.gantry_direction for point in points[:-1]} - {None, ""}
    if len(angles) == 1:
        if not turns:
            return Arc()
        return Arc(None, fault="a direction is stated but the gantry angle stays the same")
    start_deg, stop_deg = points[0].gantry_deg, points[-1].gantry_deg
    if len(turns) == 1:
        return Arc(turns.pop(), start_deg, stop_deg)
    why = "the gantry reverses" if turns else "the gantry moves but no direction is stated"
    return Arc(None, start_deg, stop_deg, why)


def technique(points: tuple[ControlPoint, ...], arc: Arc, wedges: tuple[Accessory, ...]) -> str:
    """Return the RTP-Connect word for what the control points do: Static ... VMAT."""
    reshaped = any(_aperture(now) != _aperture(after) for now, after in pairwise(points))
    if arc.moves:
        return "VMAT" if reshaped else "Arc"
    if not reshaped or any(wedge.kind == "DYNAMIC" for wedge in wedges):
        return "Static"
    moving = any(
        after.cumulative > now.cumulative and _aperture(now) != _aperture(after)
        for now, after in pairwise(points)
    )
    return "DMLC" if moving else "StepNShoot"


def _aperture(point: ControlPoint) -> object:
    return point.jaws, point.layers
