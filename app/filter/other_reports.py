"""The reports beside that on a plan: final export, stereotactic arcs, total body irradiation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.filter.compare_exports import compare_exports
from app.filter.coverage import ALWAYS_MANUAL, NEVER_IN_THE_FILE
from app.filter.field import Field, Plan
from app.filter.report import (
    Report,
    as_text,
    gaps,
    opened,
    settled,
    source_of,
    unread,
    without_echoes,
)
from app.filter.rv_source import RvRead, read_rv
from app.filter.settings import Settings, read_settings
from app.filter.srs import Isocentre, Stereotactic, stereotactic
from app.filter.srs_rules import read_srs_rules
from app.filter.tbi import compare_tbi, read_tbi_templates
from app.filter.tbi_dose import mid_plane_doses, read_tbi_dose
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State, overall

WITHOUT_PLAN = {
    "clinical": "a clinical set-up: no plan exists; look at the fields side by side",
    "vsim": "a virtual simulation: no plan exists; compare with the simulation workstation",
}
LINE = "  {:5} {:20} {:>9} {:>9} {:>4} {:>8} {:>8} {:>8}  {}"

TITLES = ("ID", "Name", "Couch deg", "Start deg", "Turn", "Stop deg", "MU", "cGy", "Tray")


def exports_report(
    final_path: Path, initial_path: Path, machine_scale: str | None = None
) -> Report:
    """Report on the final export against the initial one (R-07, O-08).

    Raises:
        RemedyError: One of the files is damaged or of another kind.

    """
    read = read_rv(final_path, machine_scale)
    before = read_rv(initial_path, machine_scale).plan
    title = f"final export {final_path.name} against initial export {initial_path.name}"
    report = later_report(read, before, read_settings(), title)
    return replace(report, sources=(source_of(final_path), source_of(initial_path)))


def later_report(read: RvRead, before: Plan, settings: Settings, title: str) -> Report:
    """Return the report on a final export against the initial one; it names no sources."""
    comparison = compare_exports(read.plan, before, settings)
    logical = opened(read, settings)
    findings = without_echoes(comparison, logical.findings)
    not_checked = (
        *comparison.not_checked, *logical.not_checked, *unread(read.plan), *gaps(read.plan),
        *NEVER_IN_THE_FILE, *ALWAYS_MANUAL,
    )  # fmt: skip
    report = Report(
        title, (), overall(findings), comparison.matches, findings,
        tuple(dict.fromkeys(not_checked)), read.plan, before,
    )  # fmt: skip
    return settled(report, settings)


def without_plan_report(rv_path: Path, kind: str, machine_scale: str | None = None) -> Report:
    """Report on an export for which there is no plan at all (O-11).

    Args:
        rv_path: The export.
        kind: "clinical" or "vsim".
        machine_scale: Scale of a native export.

    Raises:
        RemedyError: The file is damaged or of another kind.

    """
    settings = read_settings()
    read = read_rv(rv_path, machine_scale)
    logical = opened(read, settings)
    not_checked = (
        NotChecked("comparison with a plan", WITHOUT_PLAN[kind]), *logical.not_checked,
        *unread(read.plan), *gaps(read.plan), *NEVER_IN_THE_FILE, *ALWAYS_MANUAL,
    )  # fmt: skip
    title = f"R&V export {rv_path.name} without a plan"
    status = overall(logical.findings)
    sources = (source_of(rv_path),)
    report = Report(title, sources, status, (), logical.findings, not_checked, read.plan)
    return settled(report, settings)


def tbi_report(
    rv_path: Path,
    machine_scale: str | None = None,
    measured_ssd_mm: Mapping[str, Decimal] | None = None,
    thickness_mm: Decimal | None = None,
) -> Report:
    """Report on a total body irradiation against the clinic's template (R-20).

    Args:
        rv_path: The export.
        machine_scale: Scale of a native export.
        measured_ssd_mm: SSD measured on verification day, by field ID.
        thickness_mm: Thickness of the body at the umbilicus, for the dose at mid-plane.

    Raises:
        RemedyError: The file is damaged, the template cannot be used, or an SSD is of no field.

    """
    read = read_rv(rv_path, machine_scale)
    names = [one.id for one in read.plan.fields]
    for name in measured_ssd_mm or ():
        if name not in names:
            raise RemedyError(
                f"an SSD is given for the field {name!r}, which is not there", where=str(rv_path),
                remedy=f"Name one of: {', '.join(names)}.",
            )  # fmt: skip
    title = f"R&V export {rv_path.name} against the TBI template"
    report = body_report(read, read_settings(), title, measured_ssd_mm, thickness_mm)
    return replace(report, sources=(source_of(rv_path),))


def body_report(
    read: RvRead,
    settings: Settings,
    title: str,
    measured_ssd_mm: Mapping[str, Decimal] | None = None,
    thickness_mm: Decimal | None = None,
) -> Report:
    """Return the report of `tbi_report` on an export already read; it names no sources."""
    templates = read_tbi_templates(settings.folder)
    held = compare_tbi(read.plan, templates, settings.limits, measured_ssd_mm)
    logical = opened(read, settings)
    dose = tuple(
        mid_plane_doses(
            read.plan, read_tbi_dose(settings.folder), thickness_mm, settings.limits,
            measured_ssd_mm,
        )
    )  # fmt: skip
    findings = (
        *held.findings,
        *(one for one in dose if isinstance(one, Finding)),
        *logical.findings,
    )
    not_checked = (
        *held.not_checked, *(one for one in dose if isinstance(one, NotChecked)),
        *logical.not_checked, *unread(read.plan), *gaps(read.plan), *NEVER_IN_THE_FILE,
        *ALWAYS_MANUAL,
    )  # fmt: skip
    status = overall(findings)
    report = Report(title, (), status, held.matches, findings, not_checked, read.plan)
    return settled(report, settings)


@dataclass(frozen=True, slots=True)
class SrsReport:
    """A report on stereotactic arcs: the usual lists, and the arcs by isocentre."""

    report: Report
    part: Stereotactic

    def to_json(self) -> dict[str, Any]:
        """Return the report as a mapping that JSON can hold."""
        groups = [
            {
                "name": group.name,
                "mm": None if group.point is None else [
                    str(group.point.x_mm), str(group.point.y_mm), str(group.point.z_mm)
                ],
                "set": group.arc_set,
                "fields": [arc.id for arc in group.arcs],
            }
            for group in self.part.isocentres
        ]  # fmt: skip
        return {**self.report.to_json(), "isocentres": groups}

    def printout(self) -> str:
        """Return the arcs by isocentre, laid out like a planning printout."""
        return "\n".join([*_head(self.report.rv), *_groups(self.part.isocentres)])

    def text(self) -> str:
        """Return the printout, then the findings."""
        return f"{self.printout()}\n{as_text(self.report)}"


def srs_report(rv_path: Path, machine_scale: str | None = None) -> SrsReport:
    """Report on the stereotactic arcs of an export (R-21, FASTPLAN column of Table 1).

    Raises:
        RemedyError: The file is damaged, or the rules of the clinic cannot be used.

    """
    read = read_rv(rv_path, machine_scale)
    whole = arcs_report(read, read_settings(), f"Stereotactic arcs of {rv_path.name}")
    return replace(whole, report=replace(whole.report, sources=(source_of(rv_path),)))


def arcs_report(read: RvRead, settings: Settings, title: str) -> SrsReport:
    """Return the report of `srs_report` on an export already read; it names no sources."""
    part = stereotactic(read.plan, settings, read_srs_rules(settings.folder))
    logical = opened(read, settings)
    told = {(one.field, one.item) for one in part.findings}
    kept = [one for one in logical.findings if (one.field, one.item) not in told or not one.field]
    findings = (*part.findings, *kept)
    not_checked = (
        *part.not_checked, *logical.not_checked, *unread(read.plan), *gaps(read.plan),
        *NEVER_IN_THE_FILE, *ALWAYS_MANUAL,
    )  # fmt: skip
    status = overall(findings)
    if not part.isocentres:
        status = max(status, State.WARNING, key=[State.PASS, State.WARNING, State.ERROR].index)
    report = Report(title, (), status, (), findings, not_checked, read.plan)
    return SrsReport(settled(report, settings), part)


def _head(rv: Plan | None) -> list[str]:
    if rv is None:
        return []
    who = rv.patient
    lines = [f"Patient {who.last_name}, {who.first_name}   ID {who.id}   Plan {rv.plan_id}"]
    for rx in rv.prescriptions:
        doses = f"{rx.total_cgy or '?'} cGy in fractions of {rx.fraction_cgy or '?'} cGy"
        lines.append(f"Prescription {rx.site}: {doses}, {rx.technique or 'no technique'}")
    return [*lines, ""]


def _groups(groups: tuple[Isocentre, ...]) -> list[str]:
    lines = []
    for number, group in enumerate(groups, start=1):
        point = group.point
        where = (
            "not given in the set-up note"
            if point is None
            else f"X {point.x_mm} mm   Y {point.y_mm} mm   Z {point.z_mm} mm"
        )
        comment = group.arc_set or "no standard set"
        lines.append(f"Isocentre {number} {group.name}: {where}   Set: {comment}")
        lines.append(LINE.format(*TITLES))
        lines += [_arc(arc) for arc in group.arcs]
        total = sum((arc.mu or Decimal(0) for arc in group.arcs), Decimal(0))
        lines += [f"  MU of the isocentre: {total}", ""]
    return lines


def _arc(arc: Field) -> str:
    codes = ", ".join(block.names[0] for block in arc.blocks or () if block.names)
    cells = (arc.couch_deg, arc.arc_start_deg, arc.arc_direction, arc.arc_stop_deg, arc.mu,
             arc.dose_cgy)  # fmt: skip
    texts = ["?" if cell is None else str(cell) for cell in cells]
    return LINE.format(arc.id, arc.name, *texts, codes or "none")
