"""One field by hand: from typed numbers and the book, no files (R-16, R-19).

The same calculation as the check of an export, for a square or rectangle on the axis or off it.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.filter.field import Accessory, ControlPoint, Field, Jaws, Point
from app.filter.mu.book import Book, BookBeam
from app.filter.mu.electron import ElectronDose, ElectronInput, electron_dose
from app.filter.mu.photon import PhotonDose, photon_dose
from app.filter.mu.photon import Point as CalcPoint
from core.errors import ClinicFileError

SAD_CM = 100.0


@dataclass(frozen=True, slots=True)
class HandPhoton:
    """A photon field in numbers.

    Attributes:
        field_cm: Sides X and Y at the isocentre, about the axis.
        depth_cm: Of the point.
        ssd_cm: Source to skin; None puts the point at the isocentre distance.
        off_axis_cm: x and y of the point, projected to the isocentre plane.
        wedge: Name the book knows; the toe lies towards +Y.

    """

    mu: float
    field_cm: tuple[float, float]
    depth_cm: float
    ssd_cm: float | None = None
    off_axis_cm: tuple[float, float] = (0.0, 0.0)
    wedge: str = ""


def photon_by_hand(book: Book, beam: BookBeam, given: HandPhoton) -> PhotonDose:
    """Return the dose of a field with every factor.

    Raises:
        RemedyError: A table or the wedge is missing, or a value lies beyond a table.

    """
    x, y = (_mm(side / 2) for side in given.field_cm)
    jaws = Jaws(-x, x, -y, y)
    points = tuple(
        ControlPoint(n, Decimal(n), Decimal(0), "", Decimal(0), "", Decimal(0), "", jaws=jaws)
        for n in (0, 1)
    )
    field = _field(beam, given.mu, "Xrays", control_points=points, wedges=(
        (Accessory((given.wedge,), "", None, Decimal(0)),) if given.wedge else ()
    ))  # fmt: skip
    away = SAD_CM if given.ssd_cm is None else given.ssd_cm + given.depth_cm
    across, along = (one * away / SAD_CM for one in given.off_axis_cm)
    # Supine, gantry 0: the patient's left is X, the head Y, and behind the isocentre is +y.
    place = CalcPoint((across, away - SAD_CM, along), "HFS", ((0.0, given.depth_cm),), "typed")
    alone = Book(book.name, book.source, book.clinical, book.digest, (beam,))
    return photon_dose(field, field, place, alone)


def electron_by_hand(
    beam: BookBeam, mu: float, applicator_cm: float, given: ElectronInput
) -> ElectronDose:
    """Return the dose of an electron field with every factor.

    Raises:
        RemedyError: As `app.filter.mu.electron.electron_dose` has it.

    """
    name = f"{applicator_cm:g}x{applicator_cm:g}"
    field = _field(beam, mu, "Elect", applicators=(Accessory((name,)),))
    return electron_dose(field, field, beam, given)


def expect(beam: BookBeam, modality: str) -> None:
    """Refuse a beam of the other kind.

    Raises:
        ClinicFileError: It is.

    """
    if beam.modality != modality:
        raise ClinicFileError(
            f"{beam.id} is a beam of {beam.modality}s", where="dosimetry book",
            remedy=f"Name one of {modality}s (--beam).",
        )  # fmt: skip


def _field(beam: BookBeam, mu: float, modality: str, **more: object) -> Field:
    values: dict[str, object] = {
        "modality": modality, "energy": Decimal(str(beam.energy)), "fff": beam.fff,
        "mu": Decimal(str(mu)), "sad_mm": _mm(SAD_CM),
        "machine": beam.machines[0] if beam.machines else "", "blocks": (), "compensators": (),
        "boluses": (), "isocentre": Point(Decimal(0), Decimal(0), Decimal(0)), **more,
    }  # fmt: skip
    return Field("1", "by hand", 1, **values)  # type: ignore[arg-type]  # values of the names above


def _mm(value_cm: float) -> Decimal:
    return Decimal(str(round(10 * value_cm, 6)))
