"""`eqs gamma`: two doses compared point by point, without a window."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.answers import finish, say
from app.filter.film.calibration import read_calibration
from app.filter.film.gamma import as_text, compare_files, to_json
from app.filter.film.read import CHANNELS, Reading
from app.filter.film.register import ORIENTATIONS, Registering, Triple
from core.dose.gamma import Criteria
from core.dose.gamma_presets import DEFAULT, preset_named, read_presets, words_of
from core.errors import ClinicFileError
from core.findings import State

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2
TURNS = (0, 90, 180, 270)


def add_plane_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `gamma` to the grammar."""
    compare = rooms.add_parser("gamma", help="compare two doses: gamma, 2D or 3D")
    compare.add_argument("reference", type=Path, metavar="A", help="RT Dose, CSV, raw plane, TIFF")
    compare.add_argument("evaluated", type=Path, metavar="B", help="what is judged")
    add_criteria(compare)
    add_registering(compare)
    add_reading(compare, "a", "A")
    add_reading(compare, "b", "B")
    finish(compare, _gamma)
    names = rooms.add_parser("gamma-presets", help="list the gamma criteria by name")
    finish(names, _presets)


def add_criteria(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is tolerated."""
    words = f"criteria by name (eqs gamma-presets); default {DEFAULT}"
    parser.add_argument("--preset", default=DEFAULT, metavar="NAME", help=words)
    for name, words in (
        ("dose", "dose tolerance in %%"), ("distance", "distance to agreement in mm"),
        ("threshold", "points below this share (%%) are not judged"),
        ("most", "largest gamma that is looked for"),
        ("normalise", "dose in Gy that is 100 %%, instead of the largest"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=float, metavar="NUMBER", help=words)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--local", action="store_true", help="tolerance of the dose at each point")
    how.add_argument("--global", action="store_true", dest="whole", help="of the largest dose")


def add_registering(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how the two doses lie to each other."""
    for side in ("a", "b"):
        parser.add_argument(f"--point-{side}", metavar="X,Y,Z",
                            help=f"common point (isocentre) in {side.upper()}, mm")  # fmt: skip
    parser.add_argument("--move", metavar="X,Y[,Z]", help="shift of B in mm")
    parser.add_argument("--in-plane", action="store_true", help="planes by their x and y alone")
    parser.add_argument("--orientation", choices=tuple(ORIENTATIONS), default="coronal",
                        help="of a plane without a place in a volume")  # fmt: skip


def add_reading(parser: argparse.ArgumentParser, side: str, words: str) -> None:
    """Add the options that say what a file does not say."""
    end = f"-{side}" if side else ""
    parser.add_argument(f"--pixel{end}", type=float, metavar="MM", help=f"pixel size of {words}")
    parser.add_argument(f"--unit{end}", choices=("Gy", "cGy"), help=f"unit of the table {words}")
    parser.add_argument(f"--calibration{end}", type=Path, metavar="FILE.toml",
                        help=f"calibration of the film {words}")  # fmt: skip
    parser.add_argument(f"--channel{end}", choices=CHANNELS, default="red")
    parser.add_argument(f"--turn{end}", type=int, choices=TURNS, default=0,
                        help=f"turn {words} counter-clockwise, degrees")  # fmt: skip
    parser.add_argument(
        f"--mirror{end}", action="store_true", help=f"mirror {words} left to right"
    )
    parser.add_argument(
        f"--centre{end}", metavar="COLUMN,ROW", help=f"pixel of {words} at x = y = 0"
    )


def reading_of(words: argparse.Namespace, side: str) -> Reading:
    """Return what the options add to a file.

    Raises:
        ClinicFileError: An option or the calibration is not written as it must be.

    """
    end = f"_{side}" if side else ""
    given = {name: getattr(words, name + end) for name in (
        "pixel", "unit", "calibration", "channel", "turn", "mirror", "centre",
    )}  # fmt: skip
    if given["pixel"] is not None and not 0 < given["pixel"] < 100:
        raise _not_written(f"--pixel{end.replace('_', '-')}", str(given["pixel"]))
    centre = numbers("--centre", given["centre"], (2,)) if given["centre"] else None
    calibration = read_calibration(given["calibration"]) if given["calibration"] else None
    return Reading(
        given["pixel"], given["unit"] or "", calibration, given["channel"], given["turn"] // 90,
        given["mirror"], None if centre is None else (centre[0], centre[1]),
    )  # fmt: skip


def numbers(name: str, text: str, counts: tuple[int, ...]) -> list[float]:
    """Return the numbers of an option.

    Raises:
        ClinicFileError: It holds another number of them, or something else.

    """
    try:
        found = [float(one) for one in text.split(",")]
    except ValueError as fault:
        raise _not_written(name, text) from fault
    if len(found) not in counts or not all(abs(one) < 1e5 for one in found):
        raise _not_written(name, text)
    return found


def triple(name: str, text: str | None) -> Triple | None:
    """Return the point that an option gives; None without it."""
    if text is None:
        return None
    x, y, z = numbers(name, text, (3,))
    return x, y, z


def registering_of(words: argparse.Namespace) -> Registering:
    """Return how the options say that the doses lie to each other."""
    move = numbers("--move", words.move, (2, 3)) if words.move else [0.0, 0.0, 0.0]
    x, y, z = (*move, 0.0)[:3]
    return Registering(
        triple("--point-a", words.point_a), triple("--point-b", words.point_b), (x, y, z),
        words.in_plane, words.orientation,
    )  # fmt: skip


def criteria_of(words: argparse.Namespace) -> tuple[Criteria, str]:
    """Return the criteria asked for, and where they are from.

    Raises:
        ClinicFileError: There is no such preset, or a number is impossible.

    """
    preset = preset_named(words.preset)
    changes: dict[str, Any] = {}
    for option, name in (
        ("dose", "dose_percent"), ("distance", "distance_mm"), ("threshold", "threshold_percent"),
        ("most", "most"), ("normalise", "normalisation"),
    ):  # fmt: skip
        if (value := getattr(words, option)) is not None:
            if not 0 <= value < 1000:
                raise _not_written(f"--{option}", f"{value:g}")
            changes[name] = value
    if words.local or words.whole:
        changes["local"] = bool(words.local)
    try:
        own = replace(preset.criteria, **changes)
    except ValueError as fault:
        raise _not_written("criteria", str(fault)) from fault
    if own == preset.criteria:
        return own, f"{preset.title}: {preset.source}"
    return own, f"{preset.title}, changed by the user"


def _not_written(name: str, text: str) -> ClinicFileError:
    return ClinicFileError(
        f"{name} {text!r} cannot be understood", where="command line",
        remedy="--help shows how the options are written.",
    )  # fmt: skip


def _gamma(words: argparse.Namespace) -> int:
    criteria, source = criteria_of(words)
    report = compare_files(
        (words.reference, words.evaluated), criteria, registering_of(words),
        (reading_of(words, "a"), reading_of(words, "b")), source=source,
    )  # fmt: skip
    say(words, to_json(report), as_text(report))
    if not report.ran:
        return COULD_NOT_RUN
    return CLEAN if report.status == State.PASS else FINDINGS


def _presets(words: argparse.Namespace) -> int:
    found = read_presets().values()
    answer = {"status": "pass", "presets": [
        {"id": one.id, "title": one.title, "criteria": words_of(one.criteria),
         "tolerance_percent": one.criteria.tolerance_percent,
         "action_percent": one.criteria.action_percent, "source": one.source}
        for one in found
    ]}  # fmt: skip
    lines = [
        f"{one.id:12} {one.title}: {words_of(one.criteria)}\n    {one.source}" for one in found
    ]
    say(words, answer, "\n".join(lines))
    return CLEAN
