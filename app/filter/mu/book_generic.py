"""The generic book: tables from a handful of coefficients, for trying the program, not patients.

TMR by Bjarngard and Petti's form, scatter factors by a saturating exponential, the primary's edge
by an error function. The coefficients were fitted to public data of ordinary linacs; nothing here
was measured at a machine. `eqs book make DIR` writes it.
"""

from dataclasses import dataclass
from math import erf, exp, radians, tan

from app.filter.mu.book_write import csv_text, toml_text

NAME = "Generic sample book, made from formulas"
WHO, WHEN = "EQS Workstation, eqs book make", "2026-11-26"
SOURCE = "analytic model with coefficients fitted to public data; NOT FOR CLINICAL USE"
SIDES_CM = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60)
DEEP_CM = (*range(3, 11), 12, 14, 16, 18, 20, 22, 25, 28, 30)
"""The coefficients were fitted to 30 cm; beyond, the formula is up to a tenth wrong."""
OFF_AXIS_CM = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)
DISTANCE_CM = (-20.0, -15.0, -10.0, -7.0, -5.0, -4.0, -3.0, -2.5, -2.0, -1.6, -1.3,
               *(round(-1 + 0.1 * k, 1) for k in range(21)),
               1.3, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0)  # fmt: skip
BROAD_PER_CM, NARROW_PER_CM = 0.456, 2.892
"""Widths of two error functions; the broad one has a share of 0.173 in a measured profile."""
FITTED_FROM_CM = 3.0
"""Side of the smallest field in the data the coefficients were fitted to."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A photon beam in numbers: attenuation and hardening, scatter, build-up, scatter factors."""

    energy_mv: int
    dmax_cm: float
    mu_per_cm: float
    eta_per_cm: float
    scatter_per_cm: float
    w: float
    surface: float
    build_up_per_cm: float
    csf: tuple[float, float, float]
    psf: tuple[float, float, float]


BEAMS = (
    Coefficients(6, 1.6, 0.05175, 0.003246, 0.06123, 1.2821, 0.45, 2.5,
                 (0.91989, 0.12512, 10.2388), (0.93064, 0.10462, 9.2593)),
    Coefficients(10, 2.3, 0.03061, -0.001892, 0.02334, 0.9199, 0.30, 1.6,
                 (0.84930, 0.21250, 8.4119), (0.96704, 0.06158, 12.6770)),
    Coefficients(15, 2.8, 0.02866, -0.002745, 0.03609, 1.9736, 0.28, 1.3,
                 (0.84930, 0.21250, 8.4119), (0.96704, 0.06158, 12.6770)),
    Coefficients(18, 3.3, 0.02523, -0.004497, 0.05386, 4.0480, 0.25, 1.1,
                 (0.84930, 0.21250, 8.4119), (0.96704, 0.06158, 12.6770)),
)  # fmt: skip


def tmr(beam: Coefficients, side_cm: float, depth_cm: float) -> float:
    """Return the tissue-maximum ratio, 1 at the depth of the maximum."""
    dmax = beam.dmax_cm
    if depth_cm < dmax:
        rise = (1 - exp(-beam.build_up_per_cm * depth_cm)) / (
            1 - exp(-beam.build_up_per_cm * dmax)
        )
        return beam.surface + (1 - beam.surface) * rise
    beyond = depth_cm - dmax
    primary = exp(-beam.mu_per_cm * beyond * (1 - beam.eta_per_cm * (depth_cm + dmax)))
    return primary * (1 + _spr(beam, side_cm, depth_cm)) / (1 + _spr(beam, side_cm, dmax))


def _spr(beam: Coefficients, side_cm: float, depth_cm: float) -> float:
    return beam.scatter_per_cm * side_cm * depth_cm / (beam.w * side_cm + depth_cm)


def saturating(curve: tuple[float, float, float], side_cm: float) -> float:
    """Return a scatter factor, 1 at 10 cm."""
    start, height, length_cm = curve

    def raw(side: float) -> float:
        return start + height * (1 - exp(-side / length_cm))

    return raw(side_cm) / raw(10)


def edge(
    distance_cm: float, depth_cm: float, broad_share: float = 0.0, transmission: float = 0.0
) -> float:
    """Return the penumbra at a distance inside the edge; the narrow part widens with depth.

    As shipped it is that of the primary: no leakage and no broad part, which in a measured
    profile is scatter.
    """
    narrow = NARROW_PER_CM * (1.3 - 0.03 * min(depth_cm, 20.0))
    open_part = broad_share * (1 + erf(BROAD_PER_CM * distance_cm)) / 2
    open_part += (1 - broad_share) * (1 + erf(narrow * distance_cm)) / 2
    return transmission + (1 - transmission) * open_part


def off_axis(depth_cm: float, distance_cm: float) -> float:
    """Return the ratio to the axis: a horn of 4.5 % that softens with depth."""
    return 1 + 0.045 * exp(-depth_cm / 25) * (1 - exp(-((distance_cm / 9) ** 2)))


def generic_book() -> dict[str, str]:
    """Return the files of the generic book, photons of 6, 10, 15 and 18 MV and electrons."""
    files = {
        "book.toml": toml_text({"format": 1, "name": NAME, "clinical": False, "who": WHO,
                                "when": WHEN, "source": SOURCE}),
    }  # fmt: skip
    for beam in BEAMS:
        files |= _photon(beam)
    for energy_mev, practical_cm in ((6, 2.9), (9, 4.4), (12, 6.0), (15, 7.5), (18, 9.0)):
        files |= _electron(energy_mev, practical_cm)
    return files


def _photon(beam: Coefficients) -> dict[str, str]:
    name = f"{beam.energy_mv}X"
    shallow = [round(0.2 * k, 1) for k in range(15) if round(0.2 * k, 1) < beam.dmax_cm]
    depths = sorted({*shallow, beam.dmax_cm, *(d for d in DEEP_CM if d > beam.dmax_cm), 2.0 if
                     beam.dmax_cm < 2 else beam.dmax_cm})  # fmt: skip
    deep = (0.0, 1.6, 5.0, 10.0, 15.0, 20.0, 30.0)
    toml = {
        "id": name, "modality": "photon", "energy": beam.energy_mv, "fff": False, "machines": [],
        "who": WHO, "when": WHEN, "source": SOURCE,
        "calibration": {"cgy_per_mu": 1.0, "field_cm": 10.0, "depth_cm": beam.dmax_cm,
                        "distance_cm": 100.0 + beam.dmax_cm},
        "model": {"dmax_cm": beam.dmax_cm, "scatter": "difference", "exchange": 1.0,
                  "leakage_one_layer": 0.013, "leakage_two_layers": 0.001,
                  "penumbra_reach_cm": 1.0, "leaf_offset_cm": 0.0,
                  "smallest_side_cm": FITTED_FROM_CM, "csf_field": "aperture"},
        "tbi": {"spoiler": 0.97, "tray": 1.0, "patient_side_cm": 30.0},
        "wedge": [_wedge(angle) for angle in (15, 30, 45, 60)]
        + [{"names": [f"ED{a}-Y1", f"ED{a}-Y2", f"EDW{a}IN", f"EDW{a}OUT",
                       f"Y1-IN {a}", f"Y2-OUT {a}"], "kind": "enhanced",
            "angle_deg": a} for a in (10, 15, 20, 25, 30, 45, 60)]
        + [{"names": [f"VW{a}"], "kind": "virtual", "angle_deg": a,
            "attenuation_per_cm": beam.mu_per_cm} for a in (15, 30, 45, 60)],
    }  # fmt: skip
    made = {f"{name}/beam.toml": toml_text(toml)}
    tables = {
        "tmr": ("depth_cm", "square fields at the depth of the point", depths, SIDES_CM,
                lambda d, s: tmr(beam, s, d)),
        "psf": ("side_cm", "square fields at the depth of dmax", SIDES_CM, None,
                lambda s, _: saturating(beam.psf, s)),
        "csf": ("side_cm", "in air, square fields at the isocentre", SIDES_CM, None,
                lambda s, _: saturating(beam.csf, s)),
        "oar": ("depth_cm", "largest field, distance from the axis projected to the isocentre",
                deep, OFF_AXIS_CM, off_axis),
        "penumbra": ("distance_cm", "primary at a distance inside an edge, no scatter, no leakage",
                     DISTANCE_CM, deep, edge),
        "stt": ("jaw_cm", "dose on the axis when the moving jaw has passed, 60 deg sweep",
                [k / 2 for k in range(-20, 21)], None,
                lambda y, _: exp(beam.mu_per_cm * tan(radians(60)) * y)),
    }  # fmt: skip
    tables["tbi_output"] = ("distance_cm", "mid-plane at TBI distance, over the inverse square",
                            (200, 300, 350, 400, 450, 500), None, lambda _d, _: 1.0)  # fmt: skip
    if beam.energy_mv == 6:
        tables |= _cones(beam, depths)
    for angle in (15, 30, 45, 60):
        tables |= _wedge_tables(beam, angle)
    for table, (rows_name, geometry, rows, columns, value) in tables.items():
        head = _head("1", f"{beam.energy_mv} MV", geometry)
        made[f"{name}/{table}.csv"] = csv_text(head, rows_name, rows, columns, value)
    return made


def _cones(beam: Coefficients, depths: list[float]) -> dict[str, tuple]:  # type: ignore[type-arg]  # rows of the table above
    """Return the tables of radiosurgery cones: a circle's TMR is that of its square."""
    cones = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)
    return {
        "srs_output": ("cone_cm", "cone in place at dmax, over the open 10x10", cones, None,
                       lambda c, _: 0.95 * (1 - exp(-2.7 * c))),
        "srs_tmr": ("depth_cm", "circular cones, diameter at the isocentre", depths, cones,
                    lambda d, c: tmr(beam, 0.886 * c, d)),
    }  # fmt: skip


def _wedge(angle: int) -> dict[str, object]:
    names = [f"{angle}{side}" for side in ("LEFT", "RIGHT", "IN", "OUT")]
    names += [f"{side}{angle}" for side in ("W", "L", "R", "I", "O")]
    return {"names": names, "kind": "physical", "angle_deg": angle, "table": f"W{angle}"}


def _wedge_tables(beam: Coefficients, angle: int) -> dict[str, tuple]:  # type: ignore[type-arg]  # rows of the table above
    factor = {15: 0.79, 30: 0.65, 45: 0.52, 60: 0.42}[angle]
    growth = {15: 0.0003, 30: 0.0008, 45: 0.0014, 60: 0.0020}[angle]
    slope = beam.mu_per_cm * tan(radians(angle))
    return {
        f"wedge_factor_W{angle}": (
            "depth_cm", "on the axis, wedged over open field", (0.0, 5.0, 10.0, 20.0, 30.0),
            (0, 5, 10, 15, 20, 60),
            lambda d, s: factor * (1 + growth * (d - 10)) * (1 + 0.0008 * (min(s, 20) - 10)),
        ),
        f"wedge_profile_W{angle}": (
            "off_axis_cm", "wedged over open profile at 10 cm, toe side positive",
            tuple(range(-15, 16)), None, lambda y, _: exp(slope * y),
        ),
    }  # fmt: skip


def _electron(energy_mev: int, practical_cm: float) -> dict[str, str]:
    name = f"{energy_mev}E"
    applicators = (6, 10, 15, 20, 25)
    half = 0.78 * practical_cm
    dmax = round(0.45 * practical_cm, 1)

    def cutout(side: float, applicator: float) -> float:
        narrow = exp(-((side / (0.55 * practical_cm + 0.6)) ** 1.5))
        return (1 - 0.35 * narrow) * (1 + 0.004 * (10 - applicator) / 5)

    def pdd(depth: float, _applicator: float) -> float:
        plateau = 80 + 20 * (1 - exp(-3 * depth / dmax)) / (1 - exp(-3))
        fall = 1 / (1 + exp((depth - half) / (0.085 * practical_cm)))
        top = 1 / (1 + exp((dmax - half) / (0.085 * practical_cm)))
        return min(100.0, plateau * fall / top) + 1.0 * (depth > practical_cm)

    toml = {
        "id": name, "modality": "electron", "energy": energy_mev, "fff": False, "machines": [],
        "who": WHO, "when": WHEN, "source": SOURCE,
        "calibration": {"cgy_per_mu": 1.0, "field_cm": 10.0, "depth_cm": dmax,
                        "distance_cm": 100.0},
    }  # fmt: skip
    tables = {
        "cutout": ("side_cm", "square cutouts at SSD 100 cm; output relative to the open 10x10",
                   "1", (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25), applicators, cutout),
        "pdd": ("depth_cm", "SSD 100 cm, open applicator", "%",
                [round(practical_cm * k / 30, 3) for k in range(46)], applicators, pdd),
        "effective_ssd": ("applicator_cm", "from the inverse-square line of gaps 0 to 15 cm", "cm",
                          applicators, None, lambda a, _: 78 + 0.6 * a),
    }  # fmt: skip
    made = {f"{name}/beam.toml": toml_text(toml)}
    for table, (rows_name, geometry, unit, rows, columns, value) in tables.items():
        head = _head(unit, f"{energy_mev} MeV", geometry)
        made[f"{name}/{table}.csv"] = csv_text(head, rows_name, rows, columns, value)
    return made


def _head(unit: str, energy: str, geometry: str) -> dict[str, str]:
    return {"unit": unit, "energy": energy, "machine": "no machine: generic", "geometry": geometry,
            "who": WHO, "when": WHEN, "source": SOURCE}  # fmt: skip
