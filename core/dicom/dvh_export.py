"""DVHs as a table of text and as JSON: every value with its band."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from core.dicom.structure_dvh import Statistics, StructureDvh, statistics
from core.dose.dvh_values import Banded, share_curves

STEP_GY = 0.1
# What was computed, for the head of every file that is written.
ENGINE = (
    "EQS Workstation, own computation from contours and dose grid. Rule: half-way slabs, end caps "
    "half a slice. +/-: half the band of what lies between slices and of sampling"
)
COLUMNS = (
    ("volume_cc", "Volume cc"), ("contour_volume_cc", "Volume of the contours cc"),
    ("min_gy", "Min Gy"), ("mean_gy", "Mean Gy"), ("max_gy", "Max Gy"), ("d98_gy", "D98 Gy"),
    ("d95_gy", "D95 Gy"), ("d50_gy", "D50 Gy"), ("d2_gy", "D2 Gy"), ("d003cc_gy", "D0.03cc Gy"),
)  # fmt: skip


def dvh_table_csv(dvhs: Sequence[StructureDvh], patient_words: str, dose_words: str) -> str:
    """Return one row per structure: value and half band of each quantity.

    Args:
        dvhs: In the order of the rows.
        patient_words: Whose they are, for the first line: numbers without a person are mixed up.
        dose_words: Which dose it is, for the second line; the third says how it was computed.

    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["Patient", patient_words])
    writer.writerow(["Dose", dose_words])
    writer.writerow(["Engine", ENGINE])
    head = ["Structure"]
    for _, title in COLUMNS:
        head += [title] if title.startswith("Volume of") else [title, "+/-"]
    writer.writerow(
        [
            *head,
            "Largest difference to the exported DVH %-points",
            "at Gy",
            "Confidence",
            "Notes",
        ]
    )
    for own in dvhs:
        writer.writerow(_row(own))
    return out.getvalue()


def _row(own: StructureDvh) -> list[str]:
    found = statistics(own)
    cells = [own.structure.name]
    for name, _ in COLUMNS:
        value = None if found is None else getattr(found, name)
        if name == "contour_volume_cc":
            cells.append("" if value is None else f"{value:.3f}")
        elif isinstance(value, Banded):
            cells += [_fixed(value.value), _fixed(value.half_width)]
        else:
            cells += ["", ""]
    exported = ["", ""]
    if own.exported is not None:
        exported = [f"{own.exported.largest_difference:.2f}", f"{own.exported.at_gy:.2f}"]
    confidence = "" if found is None else "low" if own.low_confidence else "usual"
    notes = [f"no DVH: {own.problem}"] if own.problem else []
    return [*cells, *exported, confidence, "; ".join([*notes, *own.notes])]


def _fixed(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else ""


def dvh_json(dvhs: Sequence[StructureDvh]) -> list[dict[str, object]]:
    """Return every DVH with values, bands and its curve every 0.1 Gy, for `eqs dvh --json`."""
    return [_as_json(own) for own in dvhs]


def _as_json(own: StructureDvh) -> dict[str, object]:
    answer: dict[str, object] = {
        "name": own.structure.name,
        "number": own.structure.number,
        "problem": own.problem,
        "notes": list(own.notes),
    }
    found = statistics(own)
    if found is None or own.curves is None:
        return answer
    answer["low_confidence"] = own.low_confidence
    values = _statistics_json(found)
    answer |= {name: values[name] for name in ("volume_cc", "contour_volume_cc")}
    answer["statistics"] = values
    top = float(own.curves.edges_gy[-1])
    doses = np.arange(0.0, top + STEP_GY, STEP_GY)
    names = ("share", "share_low", "share_high")
    answer["curve"] = {"dose_gy": doses.round(3).tolist()} | {
        name: np.interp(doses, own.curves.edges_gy, curve, right=0.0).round(6).tolist()
        for name, curve in zip(names, share_curves(own.curves), strict=True)
    }
    if own.exported is not None:
        answer["exported"] = {
            "volume_cc": own.exported.volume_cc,
            "largest_difference_percent_points": round(own.exported.largest_difference, 3),
            "at_gy": round(own.exported.at_gy, 3),
        }
    return answer


def _statistics_json(found: Statistics) -> dict[str, object]:
    answer: dict[str, object] = {}
    for one in fields(found):
        value = getattr(found, one.name)
        if isinstance(value, Banded):
            answer[one.name] = {
                "value": _rounded(value.value),
                "low": _rounded(value.low),
                "high": _rounded(value.high),
            }
        else:
            answer[one.name] = _rounded(value)
    return answer


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
