"""The virtual film: what the R&V system would deliver to a film in a slab phantom (R-18, O-05).

Dose of one fraction from the R&V's MU, jaws, leaves and angles, by the clinic's dosimetry book, at
every point of the film; the depth is traced through the phantom.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from app.filter.field import Field, Plan
from app.filter.film.apertures import Apertures, apertures
from app.filter.film.kernel import (
    REASONS,
    Box,
    Directions,
    film_rows,
    seen_from,
)
from app.filter.film.lookup import Counts
from app.filter.film.phantom import FilmSetup, views
from app.filter.film.plane import FilmError, FilmPlane
from app.filter.limits import limits_in_force
from app.filter.mu.book import Book, BookBeam
from app.filter.mu.check import LEFT_OUT, field_pairs
from app.filter.mu.collimator_scatter import air_of
from app.filter.mu.photon import refuse_unmodelled
from app.filter.mu.plan_points import stated_points
from app.filter.mu.segment_dose import NO_AIR, Tables, tables_of
from app.filter.mu.shields import Shield, blocked
from app.filter.mu.states import States, states_of
from app.filter.mu.wedge_factor import factors, fixed_jaw_cm, towards_toe, wedge_of
from app.filter.plan_source import read_plan_source
from app.filter.rv_source import open_rv
from core.dose.geometry import Floats
from core.findings import Finding, NotChecked, State, overall

Progress = Callable[[float, str], None]
RULE_VERSION = "FILM-2"
WORKERS = 2
SLABS = 24
CGY = 0.01
SAME_MM = 0.1
OF_PATIENTS = ("heterogeneity",)
OWN_LIMITS = (
    NotChecked("phantom", "one density throughout; no air gaps, no couch, no film or holder"),
    NotChecked("scatter at the phantom's sides", "is that of a phantom without end"),
)


@dataclass(frozen=True, slots=True)
class FilmField:
    """One field on the film."""

    id: str
    beam: str
    mu: float
    segments: int
    book_beam: str
    largest_gy: float


@dataclass(frozen=True, eq=False, slots=True)
class VirtualFilm:
    """The whole result; every file, page and command shows this and nothing else.

    Attributes:
        refused: Number of points by the reason why they have no dose.
        left_out: Fields that are not on the film.

    """

    plane: FilmPlane
    setup: FilmSetup
    fields: tuple[FilmField, ...]
    left_out: tuple[NotChecked, ...]
    refused: Mapping[str, int]
    book: str
    book_digest: str
    notice: str
    rule_version: str = RULE_VERSION

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the user must know of the film itself."""
        found = [
            Finding("F-FILM-NO-DOSE", State.WARNING, f"{count} points have no dose: {words}",
                    item="virtual film", remedy="Make the film smaller, or measure the book's "
                    "tables further.")
            for words, count in self.refused.items()
        ]  # fmt: skip
        if self.notice:
            found.append(
                Finding("F-FILM-GENERIC", State.INFO, self.notice, item="dosimetry book",
                        remedy="Commission a book of your own before you rely on this.")
            )  # fmt: skip
        return tuple(found)

    @property
    def status(self) -> State:
        """WARNING or PASS."""
        return overall(self.findings)

    @property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """What the film leaves out."""
        own = [
            NotChecked("points of the film", f"{count} {words}")
            for words, count in self.refused.items()
        ]
        rest = [one for one in LEFT_OUT if one.item not in OF_PATIENTS]
        return (*self.left_out, *own, *OWN_LIMITS, *rest)


def virtual_film(
    sources: tuple[Path, Path],
    book: Book,
    setup: FilmSetup | None = None,
    only: Sequence[str] = (),
    trial: str | None = None,
    progress: Progress | None = None,
) -> VirtualFilm:
    """Calculate the film of an export.

    Args:
        sources: What the R&V system exported, and the plan; twice the plan for a check before the
            transfer.
        book: The clinic's data.
        setup: Phantom and plane.
        only: Field IDs or beam names; none for all treatment fields.
        trial: Of a Pinnacle plan.
        progress: Told the share done; it may raise to cancel.

    Raises:
        RemedyError: A source cannot be read, or a field cannot be calculated.

    """
    rv_path, plan_path = sources
    plan = read_plan_source(plan_path, trial)
    rv = open_rv(rv_path) if rv_path != plan_path else plan
    shields = {number: one.shield for number, one in stated_points(plan, trial).items()}
    return film_of(rv, plan, book, setup or FilmSetup(), only, progress, shields)


def film_of(
    rv: Plan,
    plan: Plan,
    book: Book,
    setup: FilmSetup,
    only: Sequence[str] = (),
    progress: Progress | None = None,
    shields: Mapping[int | None, Shield | None] | None = None,
) -> VirtualFilm:
    """Calculate the film of what has been read; see `virtual_film`.

    `shields` are the blocks of the plan's beams by number.
    """
    pairs, left_out = _chosen(rv, plan, only)
    points = setup.points_cm
    dose, why = np.zeros(len(points)), np.zeros(len(points), dtype=np.int64)
    fields = []
    for number, (own, beam) in enumerate(pairs):
        label = own.id or own.name
        before = dose.copy()

        def told(share: float, at: int = number, name: str = label) -> None:
            if progress is not None:
                progress((at + share) / len(pairs), f"virtual film: field {name}")

        shield = (shields or {}).get(beam.number)
        made = _one_field((own, beam, shield), book, setup, (points, dose, why), told)
        largest = float((dose - before)[why == 0].max(initial=0.0)) * CGY
        fields.append(replace(made, largest_gy=largest))
    refused = {
        words: int(count) for code, words in REASONS.items() if (count := (why == code).sum())
    }  # fmt: skip
    if len(why) == sum(refused.values()):
        raise FilmError(
            f"no point of the film has a dose: {'; '.join(refused)}", where="virtual film",
            remedy="Check phantom and plane against the field sizes of the book.",
        )  # fmt: skip
    dose[why > 0] = np.nan
    shape = (len(setup.y_mm), len(setup.x_mm))
    values = (dose * CGY).reshape(shape).astype(np.float32)
    name = ", ".join(part for part in (plan.patient.last_name, plan.patient.first_name) if part)
    about = {
        "what": "virtual film, dose of one fraction, Gy", "setup": setup.words,
        "patient_id": plan.patient.id, "patient_name": name, "plan_id": plan.plan_id,
        "plan_uid": plan.plan_uid, "export": Path(rv.source).name,
        "fields": ", ".join(f"{one.id} {one.mu:g} MU" for one in fields),
        "book": book.name, "book_sha256": book.digest, "notice": book.notice,
        "rules": RULE_VERSION,
    }  # fmt: skip
    plane = FilmPlane(
        values, setup.x_mm, setup.y_mm, setup.placement, f"virtual film, {setup.orientation}",
        {key: words for key, words in about.items() if words},
    )  # fmt: skip
    return VirtualFilm(
        plane, setup, tuple(fields), left_out, refused, book.name, book.digest, book.notice
    )  # fmt: skip


def _chosen(
    rv: Plan, plan: Plan, only: Sequence[str]
) -> tuple[list[tuple[Field, Field]], tuple[NotChecked, ...]]:
    """Return the fields of the film with their plan beams, and what is left out of it."""
    treated = [one for one in rv.fields if not one.setup]
    known = {name for one in treated for name in (one.id, one.name) if name}
    for name in only:
        if name not in known:
            raise FilmError(
                f"there is no treatment field {name!r}", where=Path(rv.source).name,
                remedy=f"The fields are {', '.join(one.id or one.name for one in treated)}.",
            )  # fmt: skip
    pairs = field_pairs(rv, plan, limits_in_force())
    paired = {id(own) for own, _ in pairs}
    left_out, chosen = [], []
    for one in treated:
        if only and one.id not in only and one.name not in only:
            left_out.append(NotChecked("virtual film", "left out by the user", one.id or one.name))
        elif id(one) not in paired:
            raise FilmError(
                "the field was paired with no beam of the plan", where=f"field {one.id}",
                remedy="Compare export and plan first, or choose the fields to put on the film.",
            )  # fmt: skip
        else:
            chosen.append(one)
    if not chosen:
        raise FilmError("the export holds no treatment field", where=Path(rv.source).name,
                        remedy="Choose another export.")  # fmt: skip
    found = [(own, beam) for own, beam in pairs if any(own is one for one in chosen)]
    _require_one_isocentre(found)
    return found, tuple(left_out)


def _require_one_isocentre(pairs: Sequence[tuple[Field, Field]]) -> None:
    places = {}
    for own, beam in pairs:
        at = beam.isocentre or own.isocentre
        if at is not None:
            places[own.id or own.name] = np.array([float(at.x_mm), float(at.y_mm), float(at.z_mm)])
    (first, place), *others = places.items() or [("", np.zeros(3))]
    for name, other in others:
        if np.abs(other - place).max() > SAME_MM:
            raise FilmError(
                f"fields {first} and {name} have different isocentres", where="virtual film",
                remedy="Make a film for the fields of each isocentre (--field).",
            )  # fmt: skip


def _one_field(
    field: tuple[Field, Field, Shield | None],
    book: Book,
    setup: FilmSetup,
    film: tuple[Floats, Floats, Counts],
    told: Callable[[float], None],
) -> FilmField:
    """Add one field (of the R&V system, of the plan, its blocks) to the film, slab by slab."""
    own, beam, shield = field
    refuse_unmodelled(own, beam)
    data = book.beam_for(own if own.energy is not None else beam)
    unblocked = states_of(own, beam)
    states, tray = blocked(own, beam, shield, data, unblocked)
    air = air_of(data, unblocked, states, f"field {own.id or own.name}") or NO_AIR
    if setup.perpendicular:
        still = np.zeros_like(states.gantry_deg)
        states = replace(states, gantry_deg=still, couch_deg=still)
    tables = tables_of(data, along_y=states.along_y)
    where = _directions(states, float(own.sad_mm or beam.sad_mm or 1000) / 10)
    shapes = apertures(states.tips, states.edges, states.jaws, tables.leaf_offset_cm, air)
    phantom = setup.phantom
    box = Box(phantom.low_cm, phantom.high_cm, phantom.density, setup.along_ray)
    k = data.calibration.cgy_per_mu * data.calibration.distance_cm**2 * tray
    wedges = _wedges(own, beam, data, states, (where, shapes, box, film[0], film[2]))
    fluence = states.mu * k * wedges
    _run(tables, (shapes, where, box), fluence, film, told)
    return FilmField(
        own.id or own.name, beam.name, float(states.mu.sum()), len(states.mu), data.id, 0.0
    )  # fmt: skip


def _run(
    tables: Tables,
    beam: tuple[Apertures, Directions, Box],
    fluence: Floats,
    film: tuple[Floats, Floats, Counts],
    told: Callable[[float], None],
) -> None:
    points, dose, why = film
    bounds = np.linspace(0, len(points), min(SLABS, len(points)) + 1).astype(int)
    slabs = [slice(a, b) for a, b in pairwise(bounds.tolist())]

    def run(part: slice) -> None:
        own = fluence[part] if len(fluence) > 1 else fluence
        film_rows(tables, *beam, own, points[part], dose[part], why[part])

    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(run, part) for part in slabs]
        try:
            for done, job in enumerate(jobs, start=1):
                job.result()
                told(done / len(slabs))
        except BaseException:
            for job in jobs:
                job.cancel()
            raise


def _directions(states: States, sad_cm: float) -> Directions:
    """Return the directions of a field; segments that follow each other in one share it."""
    angles = np.stack([states.gantry_deg, states.collimator_deg, states.couch_deg], axis=1)
    starts = np.flatnonzero(np.r_[True, np.any(np.diff(angles, axis=0) != 0, axis=1)])
    gantry, collimator, couch = angles[starts].T
    seen = views(gantry, collimator, couch, sad_cm)
    first = np.r_[starts, len(angles)].astype(np.int64)
    return Directions(first, seen.source_cm, seen.turn, sad_cm, states.along_y)


def _wedges(
    own: Field,
    beam: Field,
    data: BookBeam,
    states: States,
    film: tuple[Directions, Apertures, Box, Floats, Counts],
) -> Floats:
    """Return wedge factor times off-axis ratio at each point and state; shape (1, states) of 1.

    Points beyond the wedge's tables are marked as beyond the book's.
    """
    found = wedge_of(own, beam, data)
    if found is None:
        return np.ones((1, len(states.mu)))
    wedge, turn = found
    where, shapes, box, points, why = film
    jaws = states.jaws[:, [2, 3, 0, 1]] if states.along_y else states.jaws
    fixed = fixed_jaw_cm(jaws, turn) if wedge.kind == "enhanced" else np.ones(len(states.mu))
    made = np.ones((len(points), len(states.mu)))
    tables = [
        table for name, table in data.tables.items() if _is_of(name, wedge.table, wedge.kind)
    ]
    for d in range(len(where.source)):
        seen = np.array([seen_from(point, where, d, box) for point in points])
        u_cm = towards_toe(seen[:, 0], seen[:, 1], turn)
        good = (seen[:, 3] >= 0) & (why == 0)
        for table in tables:
            at = seen[:, 3] if table.quantity.rows == "depth_cm" else u_cm
            beyond = (at < table.rows[0]) | (at > table.rows[-1])
            why[good & beyond] = 3
            good &= ~beyond
        for n in range(where.first[d], where.first[d + 1]):
            if states.wedge_in[n] > 0:
                flat = np.ones(int(good.sum()))
                at_points = (seen[good, 3], flat * shapes.side[n], flat * fixed[n])
                wf, woa = factors(wedge, data, u_cm[good], at_points)
                made[good, n] = wf * woa
    return made


def _is_of(name: str, table: str, kind: str) -> bool:
    if kind == "enhanced":
        return name == "stt"
    return kind == "physical" and name in (f"wedge_factor_{table}", f"wedge_profile_{table}")
