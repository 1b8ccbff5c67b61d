"""A MU report as a table for people and as JSON for programs; the window shows the same rows."""

from math import isfinite
from typing import Any

from app.filter.mu.electron import ElectronDose
from app.filter.mu.photon import PhotonDose
from app.filter.mu.report import BeamResult, MuReport
from app.filter.rule_set import printed

FACTORS = (
    ("depth_cm", "Depth cm", 2), ("away_cm", "Distance cm", 2), ("isf", "ISF", 4),
    ("csf", "CSF", 4), ("psf", "PSF", 4), ("tmr0", "TMR(0,d)", 4), ("smr", "SMR", 4),
    ("oar", "OAR", 4), ("wf", "WF", 4), ("woa", "WOA", 4), ("tray", "TF", 4),
    ("side_cm", "s_eq cm", 2), ("edge_cm", "To edge cm", 2), ("penumbra", "PF", 4),
    ("leakage", "Leakage", 4),
)  # fmt: skip
"""Factor, heading, decimals; averaged over the MU where a field has several states."""

BEAM_TITLES = (
    "Field", "Plan beam", "Book", "MU", "Book cGy", "Plan cGy", "Diff. %", "Status", "States",
    "Region", *(title for _, title, _ in FACTORS),
)  # fmt: skip
STATE_TITLES = (
    "State", "Point", "MU", "Dose cGy", "Region", "x cm", "y cm",
    *(title for _, title, _ in FACTORS),
)  # fmt: skip


def number(value: float | None, digits: int) -> str:
    """Return a number for a table; a dash where there is none."""
    return "-" if value is None or not isfinite(value) else f"{value:.{digits}f}"


def signed(percent: float | None) -> str:
    """Return a difference with its sign; 0.0 has none."""
    if percent is None:
        return "-"
    return f"{percent:+.1f}" if round(percent, 1) else "0.0"


def beam_row(one: BeamResult) -> tuple[str, ...]:
    """Return the row of one field."""
    difference = one.difference_percent
    head = (
        one.field_id, one.beam, one.book_beam or "-", number(one.mu, 1), number(one.dose_cgy, 2),
        number(one.plan_cgy, 2), signed(difference),
        one.state.value,
    )  # fmt: skip
    dose = one.dose
    if isinstance(dose, PhotonDose):
        regions = ", ".join(
            name if len(dose.regions) == 1 else f"{count} {name}"
            for name, count in dose.regions.items()
        )
        factors = (number(dose.mean(name), digits) for name, _, digits in FACTORS)
        return (*head, str(len(dose.mu)), regions, *factors)
    return (*head, *("-" for _ in range(len(BEAM_TITLES) - len(head))))


def state_rows(dose: PhotonDose) -> list[tuple[str, ...]]:
    """Return a row for each state of a field."""
    return [
        (
            str(n + 1), str(dose.control_point[n]), number(float(dose.mu[n]), 2),
            number(float(dose.per_state_cgy[n]), 3), dose.region[n],
            number(float(dose.x_cm[n]), 2), number(float(dose.y_cm[n]), 2),
            *(number(float(dose.values[name][n]), digits) for name, _, digits in FACTORS),
        )
        for n in range(len(dose.mu))
    ]  # fmt: skip


def electron_rows(dose: ElectronDose) -> list[tuple[str, str]]:
    """Return the factors of an electron field as name and value."""
    cutout = dose.cutout
    return [
        ("Applicator", f"{dose.applicator_cm:g} cm"),
        ("Cutout", f"{cutout.length_cm:.2f} x {cutout.width_cm:.2f} cm ({cutout.source})"),
        ("Rectangle inside", f"{cutout.inscribed_cm[0]:.2f} x {cutout.inscribed_cm[1]:.2f} cm"),
        ("Rectangle around", f"{cutout.bounding_cm[0]:.2f} x {cutout.bounding_cm[1]:.2f} cm"),
        ("Factor of the length", f"{dose.factor_length:.4f}"),
        ("Factor of the width", f"{dose.factor_width:.4f}"),
        ("Cutout factor", f"{dose.cutout_factor:.4f}"),
        ("Isodose", f"{dose.isodose_percent:g} %"),
        ("SSD, bolus, gap", f"{dose.ssd_cm:g}, {dose.bolus_cm:g}, {dose.gap_cm:+.2f} cm"),
        ("Effective SSD, dmax", f"{dose.effective_ssd_cm:g}, {dose.dmax_cm:g} cm"),
        ("Inverse square", f"{dose.isf:.4f}"),
        ("Dose per MU", f"{dose.dose_per_mu_cgy:.4f} cGy"),
    ]


def to_json(report: MuReport) -> dict[str, Any]:
    """Return the report as a mapping that JSON can hold."""
    return {
        "status": report.status.value,
        "notice": report.notice,
        "book": {"name": report.book, "digest": report.book_digest},
        "rule_version": report.rule_version,
        "rules": report.rules.to_json() if report.rules is not None else None,
        "limits_percent": dict(
            zip(("photon_warn", "photon_fail", "electron_fail"), report.limits, strict=True)
        ),
        "rv": report.rv,
        "plan": report.plan,
        "beams": [_beam_json(one) for one in report.beams],
        "totals": [
            {"label": one.label, "dose_cgy": one.dose_cgy, "plan_cgy": one.plan_cgy,
             "difference_percent": one.difference_percent, "severity": one.state.value,
             "why": one.why}
            for one in report.totals
        ],
        "findings": [
            {"rule": one.rule, "severity": one.state.value, "field": one.field,
             "item": one.item, "expected": one.expected, "found": one.found, "unit": one.unit,
             "message": one.message, "remedy": one.remedy, "difference": one.difference}
            for one in report.findings
        ],
        "left_out": [
            {"item": one.item, "why": one.why, "field": one.field} for one in report.not_checked
        ],
    }  # fmt: skip


def _beam_json(one: BeamResult) -> dict[str, Any]:
    steady = one.steady
    made: dict[str, Any] = {
        "field": one.field_id, "beam": one.beam, "site": one.site, "book_beam": one.book_beam,
        "mu": one.mu, "dose_cgy": one.dose_cgy, "plan_cgy": one.plan_cgy,
        "difference_percent": one.difference_percent, "severity": one.state.value,
        "point": one.point, "why": one.why,
        "remedy": one.remedy,
    }  # fmt: skip
    dose = one.dose
    if steady is not None:
        made["gradient_percent"] = steady.gradient_percent
        made["outside_cgy"], made["small_fields_cgy"] = steady.outside_cgy, steady.small_cgy
    if isinstance(dose, PhotonDose):
        made["regions"], made["wedge"] = dose.regions, dose.wedge
        made["factors"] = {name: _finite(dose.mean(name)) for name, _, _ in FACTORS}
        made["states"] = [
            {"mu": float(dose.mu[n]), "dose_cgy": float(dose.per_state_cgy[n]),
             "control_point": dose.control_point[n], "region": dose.region[n],
             **{name: _finite(float(dose.values[name][n])) for name, _, _ in FACTORS}}
            for n in range(len(dose.mu))
        ]  # fmt: skip
    elif isinstance(dose, ElectronDose):
        made["factors"] = {
            "applicator_cm": dose.applicator_cm, "length_cm": dose.cutout.length_cm,
            "width_cm": dose.cutout.width_cm, "factor_length": dose.factor_length,
            "factor_width": dose.factor_width, "cutout_factor": dose.cutout_factor,
            "isodose_percent": dose.isodose_percent, "gap_cm": dose.gap_cm,
            "effective_ssd_cm": dose.effective_ssd_cm, "dmax_cm": dose.dmax_cm, "isf": dose.isf,
            "dose_per_mu_cgy": dose.dose_per_mu_cgy,
        }  # fmt: skip
    return made


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def as_text(report: MuReport) -> str:
    """Return the report as a page of plain text for the terminal."""
    lines = [report.notice, ""] if report.notice else []
    lines += [f"Status: {report.status.value.upper()}", ""]
    for one in report.beams:
        lines.append(_beam_line(one))
        dose = one.dose
        if isinstance(dose, PhotonDose):
            shown = [f"{title} {number(dose.mean(name), d)}" for name, title, d in FACTORS]
            lines.append("    " + ", ".join(shown))
        elif isinstance(dose, ElectronDose):
            lines.append(
                "    " + "; ".join(f"{name} {words}" for name, words in electron_rows(dose))
            )
    lines.append("")
    lines += [f"{one.state.value:8} {one.message}" for one in report.findings]
    lines += ["", "Not part of the calculation:"]
    lines += [f"  {one.item}: {one.why}" for one in report.not_checked]
    lines += [
        "",
        f"Book {report.book}, SHA-256 {report.book_digest}",
        f"Rules {report.rule_version}",
        *([printed(report.rules)] if report.rules is not None else []),
    ]
    return "\n".join(lines)


def _beam_line(one: BeamResult) -> str:
    if one.dose is None:
        return f"Field {one.field_id} ({one.beam}): not calculated: {one.why}"
    row = beam_row(one)
    words = f"{row[3]} MU, {row[4]} cGy by the book, {row[5]} cGy in the plan"
    words += f", not checked: {one.why}" if one.why else f", {row[6]} %"
    return f"Field {one.field_id} ({one.beam}), {one.book_beam}: {words}; {one.point}"
