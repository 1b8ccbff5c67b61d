"""Total body irradiation: dose at mid-plane at the umbilicus by the clinic's tables (R-20, TB-3).

D = MU * product of factors, against the fraction dose; more than 3 % is an error (Siochi 2009,
II.C.3.g). Which factors there are, and their tables, the clinic has measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from app.filter.field import Field, Plan
from app.filter.limits import Limits
from app.filter.tbi import GROUPS, SHIPPED
from app.filter.toml_table import read_table, refuse_unknown, require_unit
from core.errors import ClinicFileError
from core.findings import Finding, NotChecked, State
from core.layers import Own, strongest_file

ITEM = "mid-plane dose at the umbilicus"
OVER = ("thickness_mm", "depth_mm", "ssd_mm")
REMEDY = "Calculate the MU of every field again; correct the R&V system or the tables."


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor: a number (`over` empty, one value), or a table over a length in mm."""

    name: str
    over: str
    at_mm: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TbiDose:
    """The clinic's tables.

    Attributes:
        scd_mm: Source to calibration point, for the inverse square; None where no factor is it.
        factors: Every other factor; their product is in cGy/MU.

    """

    scd_mm: float | None
    factors: tuple[Factor, ...]


def read_tbi_dose(folder: Own) -> TbiDose | None:
    """Return the tables of `filter/tbi.toml`; None while the clinic has laid down none.

    Raises:
        ClinicFileError: A factor is neither a number nor a table of rising points.

    """
    file = strongest_file(folder, "filter/tbi.toml") or SHIPPED
    table = read_table(file, GROUPS).get("dose")
    if table is None:
        return None
    rows = table.get("factor") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(rows, list) or not rows:
        raise _wrong("`dose` has no [[dose.factor]]", file)
    refuse_unknown("entry", table, ("scd_mm", "factor", "source"), file, "dose")
    require_unit("scd_mm", table.get("scd_mm"), "mm", file)
    entry = table.get("scd_mm")
    scd = entry.get("value") if isinstance(entry, dict) else entry
    if scd is not None and not (_is_number(scd) and scd > 0):
        raise _wrong(f"scd_mm is {scd!r}", file)
    return TbiDose(
        None if scd is None else float(scd), tuple(_factor(row, file) for row in rows)
    )  # fmt: skip


def mid_plane_doses(
    rv: Plan,
    tables: TbiDose | None,
    thickness_mm: Decimal | None,
    limits: Limits,
    measured_ssd_mm: Mapping[str, Decimal] | None = None,
) -> Iterator[Finding | NotChecked]:
    """Hold the dose each prescription's fields give at mid-plane to its fraction dose.

    Args:
        rv: The export.
        tables: None where the clinic has laid down none.
        thickness_mm: Of the body at the umbilicus.
        limits: From tolerances.toml.
        measured_ssd_mm: By field ID; taken before the SSD of the export.

    """
    limit = limits["special.tbi_dose_percent"]
    for rx in rv.prescriptions:
        fields = [one for one in rv.fields if one.site == rx.site and not one.setup]
        if not fields:
            continue
        why = _missing(tables, thickness_mm, rx.fraction_cgy)
        if why or tables is None or thickness_mm is None or not rx.fraction_cgy:
            yield NotChecked(ITEM, why)
            continue
        total, gap = 0.0, None
        for field in fields:
            ssd = (measured_ssd_mm or {}).get(field.id, field.ssd_mm)
            dose = _dose(field, tables, float(thickness_mm), None if ssd is None else float(ssd))
            if isinstance(dose, str):
                gap = NotChecked(ITEM, dose, field.id)
                break
            total += dose
        if gap is not None:
            yield gap
            continue
        percent = 100 * (total / float(rx.fraction_cgy) - 1)
        state = State.PASS if abs(percent) <= float(limit) else State.ERROR
        yield Finding(
            "F-TBI-DOSE", state,
            f"{rx.site}: the MU give {total:.1f} cGy at mid-plane at the umbilicus, "
            f"{rx.fraction_cgy} cGy are prescribed ({percent:+.1f} %)",
            item="field_monitor_units", expected=str(rx.fraction_cgy), found=f"{total:.1f}",
            unit="cGy", tolerance=f"{limit} %", remedy="" if state == State.PASS else REMEDY,
        )  # fmt: skip


def _missing(tables: TbiDose | None, thickness: Decimal | None, dose: Decimal | None) -> str:
    if tables is None:
        return "the clinic has laid down no table of TBI factors ([dose] of filter/tbi.toml)"
    if thickness is None:
        return "the thickness of the body at the umbilicus was not given (--thickness)"
    return "" if dose else "the export holds no fraction dose"


def _dose(field: Field, tables: TbiDose, thickness_mm: float, ssd_mm: float | None) -> float | str:
    """Return cGy at mid-plane, or why it cannot be calculated."""
    if field.mu is None:
        return "the export holds no MU"
    at = {"thickness_mm": thickness_mm, "depth_mm": thickness_mm / 2, "ssd_mm": ssd_mm}
    dose = float(field.mu)
    if tables.scd_mm is not None:
        if ssd_mm is None:
            return "no SSD is known"
        dose *= (tables.scd_mm / (ssd_mm + thickness_mm / 2)) ** 2
    for one in tables.factors:
        place = at[one.over] if one.over else one.at_mm[0]
        if place is None:
            return "no SSD is known"
        if not one.at_mm[0] <= place <= one.at_mm[-1]:
            reach = f"{one.at_mm[0]:g} to {one.at_mm[-1]:g}"
            return f"{one.over} is {place:g}, the table of {one.name} has {reach}"
        dose *= float(np.interp(place, one.at_mm, one.values))
    return dose


def _factor(row: object, file: Path) -> Factor:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise _wrong("a [[dose.factor]] has no name", file)
    name, value = row["name"], row.get("value")
    refuse_unknown("entry", row, ("name", "value", "over", "points", "source"), file, name)
    if isinstance(value, int | float) and _is_number(value):
        return Factor(name, "", (0.0,), (float(value),))
    points, over = row.get("points"), row.get("over")
    good = isinstance(points, list) and len(points) > 1 and all(
        isinstance(one, list) and len(one) == 2 and all(map(_is_number, one)) for one in points
    )  # fmt: skip
    if over not in OVER or not good or not isinstance(points, list):
        raise _wrong(f"{name} is neither a value nor points over {', '.join(OVER)}", file)
    at = tuple(float(one[0]) for one in points)
    if list(at) != sorted(set(at)):
        raise _wrong(f"the points of {name} do not rise", file)
    return Factor(name, str(over), at, tuple(float(one[1]) for one in points))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(what: str, file: Path) -> ClinicFileError:
    remedy = "Correct it; resources/filter/tbi.toml shows how it is written."
    return ClinicFileError(what, where=str(file), remedy=remedy)
