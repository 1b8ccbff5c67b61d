"""A film report as JSON and as plain text."""

import numpy as np

from app.filter.film.gamma import to_json
from app.filter.film.quality import RULE_VERSION, FilmQuality, FilmReport
from app.filter.rule_set import printed
from core.findings import Finding


def report_json(report: FilmReport) -> dict[str, object]:
    """Return the report as a mapping that JSON can hold."""
    plan = report.plan
    return {
        "status": report.status, "verdict": report.verdict, "rule_version": RULE_VERSION,
        "rules": report.rules.to_json() if report.rules is not None else None,
        "plan": {"file": plan.file, "sha256": plan.sha256, "what": plan.words},
        "rule": {"preset": report.rule.preset.id, "sources": dict(report.rule.sources)},
        "findings": [_finding(one) for one in report.findings],
        "films": [_film(one) for one in report.films],
        "not_checked": [{"item": one.item, "why": one.why} for one in report.not_checked],
    }  # fmt: skip


def _finding(one: Finding) -> dict[str, str]:
    return {"rule": one.rule, "severity": one.state, "film": one.field, "message": one.message,
            "remedy": one.remedy}  # fmt: skip


def _film(one: FilmQuality) -> dict[str, object]:
    spread = one.difference[np.isfinite(one.difference)]
    distance = one.distance[np.isfinite(one.distance)]
    near = 100 * float(np.mean(distance <= 2)) if len(distance) else None
    return {
        "label": one.label, "status": one.status,
        "mean_difference_percent": one.mean_percent if np.isfinite(one.mean_percent) else None,
        "largest_difference_gy": float(np.abs(spread).max()) if len(spread) else None,
        "distance_mm": {
            "median": float(np.median(distance)) if len(distance) else None,
            "within_2_mm_percent": near,
        },
        "fit_mm": one.fit_mm, "gamma": to_json(one.gamma),
    }  # fmt: skip


def report_text(report: FilmReport) -> str:
    """Return the report as plain text."""
    lines = [
        f"Status: {report.status.value.upper()}",
        f"Verdict: {report.verdict}",
        f"Plan dose {report.plan.file}: {report.plan.words}",
    ]
    for one in report.films:
        side = one.gamma.evaluated
        mean = f"mean difference {one.mean_percent:+.2f} % of {one.gamma.largest_gy:.4f} Gy"
        lines += ["", f"{one.label.capitalize()} {side.file}: {side.words}"]
        lines += [f"  registered by {one.pair.registered}", f"  {mean}"]
    lines.append("")
    lines += [
        f"{one.state.value:8} {one.message} {one.remedy}".rstrip() for one in report.findings
    ]
    lines += ["", "Not checked:"]
    lines += [f"  {one.item}: {one.why}" for one in report.not_checked]
    lines += ["", f"Rules {RULE_VERSION}"]
    lines += [printed(report.rules)] if report.rules is not None else []
    return "\n".join(lines)
