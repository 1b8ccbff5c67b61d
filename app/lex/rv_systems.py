"""What each R&V system accepts: one TOML file per target in resources/rv_systems (L-26)."""

import difflib
import tomllib
from dataclasses import dataclass, field

from app.lex.nomenclature import CATEGORIES, Nomenclature, read_nomenclature
from app.lex.rtp_columns import LAYOUTS
from core.errors import ClinicFileError
from core.layers import Own
from core.paths import RESOURCES

FOLDER = RESOURCES / "rv_systems"
DEFAULT = "mosaiq_2.6"
_KEYS = {"name": str, "layout": str, "fractional_mu": bool, "encoding": str, "jaw_decimals": int}


@dataclass(frozen=True, slots=True)
class RvSystem:
    """One target of the transfer file.

    Attributes:
        id: Stem of the file.
        layout: Name of the record layout, one of `rtp_columns.LAYOUTS`.
        fractional_mu: Whether a control point may have a part of a monitor unit (L-19).
        jaw_decimals: Most decimals a jaw position in cm may have.
        names: What it calls machines, energies, wedges and more (L-04).

    """

    id: str
    name: str
    layout: str
    fractional_mu: bool
    encoding: str
    jaw_decimals: int
    names: Nomenclature = field(default_factory=Nomenclature)


def rv_system_ids() -> tuple[str, ...]:
    """Return the id of every R&V system there is a file for, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def read_rv_system(stem: str, folder: Own = None) -> RvSystem:
    """Read what one R&V system accepts.

    Args:
        stem: Its id.
        folder: The clinic's folder or layers; its map of names is put over the shipped one.

    Raises:
        ClinicFileError: There is no such system, or a file of it is damaged.

    """
    known = rv_system_ids()
    if stem not in known:
        near = difflib.get_close_matches(stem, known, n=1)
        raise ClinicFileError(
            f"unknown R&V system {stem!r}",
            where="rv_system",
            remedy=f"Did you mean {near[0]!r}?" if near else f"Choose one of {', '.join(known)}.",
        )
    path = FOLDER / f"{stem}.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise _refused(stem, f"it cannot be read: {fault}") from fault
    tables = {key: data.pop(key) for key in CATEGORIES if key in data}
    if set(data) != set(_KEYS):
        raise _refused(stem, f"its keys are {', '.join(sorted(data))}")
    for key, kind in _KEYS.items():
        if type(data[key]) is not kind:
            raise _refused(stem, f"{key} is {data[key]!r}")
    if data["layout"] not in LAYOUTS or data["jaw_decimals"] not in (1, 2):
        raise _refused(stem, f"layout {data['layout']!r}, jaw_decimals {data['jaw_decimals']}")
    return RvSystem(id=stem, **data, names=read_nomenclature(tables, stem, folder))


def _refused(stem: str, why: str) -> ClinicFileError:
    """Return the error for a file of an R&V system that cannot be used."""
    return ClinicFileError(
        f"the description of R&V system {stem!r} cannot be used: {why}",
        where=f"rv_systems/{stem}.toml",
        remedy=f"Take the shipped file again; its keys are {', '.join(_KEYS)}.",
    )
