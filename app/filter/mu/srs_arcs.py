"""MU of radiosurgery arcs with cones, from the planning system's printout or R&V arcs (O-02).

MU = D / (k ScT <TMR> (SCD / SAD)^2), D the arc's dose at the isocentre: prescribed dose over the
isodose it is prescribed to, times the arc's share; <TMR> the mean over the depths along the arc
(Siochi et al., JACMP 2009;10(1):43, II.D.2: tables of its own, MU for each arc).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.filter.field import Field
from app.filter.limits import Limits
from app.filter.mu.book import BookBeam, OutOfBookError
from app.filter.mu.report import percent
from core.errors import ClinicFileError, RemedyError
from core.findings import State

NUMBER = r"[-+]?\d+(?:\.\d+)?"
PRESCRIPTION = re.compile(rf"(?i)(?P<dose>{NUMBER})\s*cGy\s*(?:to|at|@)\s*(?P<line>{NUMBER})\s*%")
ITEMS = {
    "cone_mm": rf"(?i)\bcone\D{{0,4}}(?P<v>{NUMBER})\s*mm",
    "mu": rf"(?i)\bMU[ =:]{{0,3}}(?P<v>{NUMBER})",
    "share": rf"(?i)\b(?:weight|share)\D{{0,3}}(?P<v>{NUMBER})",
}
MU_AFTER = re.compile(rf"(?i)(?P<v>{NUMBER})\s*MU\b")
DEPTHS = re.compile(
    rf"(?i)\bdepths?\s*(?:\(cm\)|cm)?\s*[:=]?\s*(?P<v>{NUMBER}(?:[\s,;]+{NUMBER})*)"
)
ARC = re.compile(r"(?i)^\s*arc\s+(?P<name>\S+)")
REMEDY = (
    "Write one line 'DOSE cGy to LINE %', and for each arc a line 'Arc NAME cone N mm weight W "
    "MU N depths d1 d2 ...' with depths in cm."
)


@dataclass(frozen=True, slots=True)
class Arc:
    """One arc as read: cone and depths cm, dose at the isocentre cGy.

    `field` is the field of the R&V system; a printout has none, and does not state the energy.
    """

    name: str
    cone_cm: float
    depths_cm: tuple[float, ...]
    dose_cgy: float
    mu: float | None = None
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class ArcMu:
    """MU of one arc by the book, with every factor."""

    arc: Arc
    state: State = State.NOT_RUN
    mu: float | None = None
    output: float = 0.0
    tmr: tuple[float, ...] = ()
    isf: float = 0.0
    cgy_per_mu: float = 1.0
    scd_cm: float = 0.0
    sad_cm: float = 100.0
    why: str = ""
    remedy: str = ""
    factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def difference_percent(self) -> float | None:
        """Plan less book, in per cent of the book's MU."""
        return percent(self.arc.mu, self.mu)


def read_printout(path: Path) -> list[Arc]:
    """Return the arcs of a printout as text.

    Raises:
        ClinicFileError: The prescription or an item of an arc is not there.

    """
    try:
        text = path.read_text(encoding="utf-8", errors="strict")
    except (OSError, UnicodeDecodeError) as fault:
        raise ClinicFileError(
            "the printout cannot be read as text", where=str(path), remedy=REMEDY
        ) from fault
    found = PRESCRIPTION.search(text)
    if found is None:
        raise ClinicFileError("the printout has no prescription", where=str(path), remedy=REMEDY)
    line = float(found["line"])
    if not 0 < line <= 100:
        raise ClinicFileError(f"the isodose is {line:g} %", where=str(path), remedy=REMEDY)
    whole = float(found["dose"]) * 100 / line
    rows = [(number, row) for number, row in enumerate(text.splitlines(), 1) if ARC.match(row)]
    if not rows:
        raise ClinicFileError("the printout has no arc", where=str(path), remedy=REMEDY)
    arcs = [_arc(row, f"{path.name}, line {number}", whole, len(rows)) for number, row in rows]
    share = sum(arc.dose_cgy for arc in arcs) / whole
    if abs(share - 1) > 0.005:
        raise ClinicFileError(
            f"the weights of the arcs make {share:.3f} of the dose, not 1",
            where=str(path), remedy="Correct the weights, or print one isocentre at a time.",
        )  # fmt: skip
    return arcs


def _arc(row: str, where: str, whole_cgy: float, count: int) -> Arc:
    name = ARC.match(row)
    values: dict[str, float] = {}
    for item, pattern in ITEMS.items():
        if (match := re.search(pattern, row)) is not None:
            values[item] = float(match["v"])
    if "mu" not in values and (after := MU_AFTER.search(row)) is not None:
        values["mu"] = float(after["v"])
    depths = DEPTHS.search(row)
    if name is None or "cone_mm" not in values or depths is None:
        missing = "depths" if depths is None else "cone"
        raise ClinicFileError(f"the arc has no {missing}", where=where, remedy=REMEDY)
    rest = tuple(float(one) for one in re.findall(NUMBER, depths["v"]))
    share = values.get("share", 1 / count)
    return Arc(name["name"], values["cone_mm"] / 10, rest, whole_cgy * share, values.get("mu"))


def arcs_of(
    fields: Sequence[Field],
    cones_cm: Mapping[str, float],
    depths_cm: Mapping[str, Sequence[float]],
    isodose_percent: float,
) -> list[Arc]:
    """Return the arcs of an R&V export; cone and depths, which it does not hold, are typed.

    Args:
        fields: Of the export.
        cones_cm: Cone by field ID; "" for all.
        depths_cm: Depths along the arc by field ID.
        isodose_percent: Line the field doses are prescribed to.

    Raises:
        ClinicFileError: Cone, depths or dose of an arc are missing.

    """
    made = []
    for own in fields:
        if own.setup or not own.arc_direction:
            continue
        cone = cones_cm.get(own.id, cones_cm.get(""))
        depths = depths_cm.get(own.id)
        if cone is None or not depths or not own.dose_cgy:
            lack = "cone" if cone is None else "depths" if not depths else "dose"
            raise ClinicFileError(
                f"arc {own.id} has no {lack}", where="R&V export and command line",
                remedy="Type --cone FIELD=MM, --depths FIELD=d1,d2,...; doses are entered in R&V.",
            )  # fmt: skip
        dose = float(own.dose_cgy) * 100 / isodose_percent
        mu = float(own.mu) if own.mu else None
        made.append(Arc(own.id, cone, tuple(depths), dose, mu, own))
    if not made:
        raise ClinicFileError(
            "the export has no arc", where="R&V export", remedy="Choose the radiosurgery export."
        )
    return made


def arc_mus(arcs: Sequence[Arc], book: BookBeam, limits: Limits) -> list[ArcMu]:
    """Return the MU of every arc by the book's cone tables."""
    return [_one(arc, book, limits) for arc in arcs]


def _one(arc: Arc, book: BookBeam, limits: Limits, sad_cm: float = 100.0) -> ArcMu:
    made = ArcMu(arc, scd_cm=book.calibration.distance_cm, cgy_per_mu=book.calibration.cgy_per_mu)
    own = arc.field
    if own is not None and own.energy is not None and not book.is_of(own):
        words = f"{own.energy:f} {own.modality or ''}{' FFF' if own.fff else ''}".strip()
        machine = own.machine or "an unnamed machine"
        return replace(
            made, why=f"the arc is {words} on {machine}, not {book.id}",
            remedy="Name the beam of the book that the arc uses.",
        )  # fmt: skip
    try:
        output, tmr = book.table("srs_output"), book.table("srs_tmr")
        if arc.cone_cm not in output.rows or arc.cone_cm not in tmr.columns:
            known = ", ".join(f"{10 * cone:g}" for cone in output.rows)
            raise OutOfBookError(
                f"the book has no cone of {10 * arc.cone_cm:g} mm; it has {known} mm",
                where=f"dosimetry book, {book.id}", remedy="Add the cone to its tables.",
            )  # fmt: skip
        values = tuple(tmr.at(depth, arc.cone_cm) for depth in arc.depths_cm)
    except RemedyError as problem:
        return replace(made, why=f"{problem.what} ({problem.where})", remedy=problem.remedy)
    isf = (book.calibration.distance_cm / sad_cm) ** 2
    factor = output.at(arc.cone_cm)
    mean = sum(values) / len(values)
    mu = arc.dose_cgy / (book.calibration.cgy_per_mu * factor * mean * isf)
    made = replace(made, mu=mu, output=factor, tmr=values, isf=isf, sad_cm=sad_cm)
    difference = made.difference_percent
    if difference is None:
        return replace(made, why="the plan states no MU of this arc", remedy="Compare by hand.")
    wrong = not abs(difference) < float(limits["mu.photon_fail_percent"])
    doubt = not abs(difference) < float(limits["mu.photon_warn_percent"])
    return replace(made, state=State.ERROR if wrong else State.WARNING if doubt else State.PASS)
