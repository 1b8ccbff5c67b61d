"""An RTP-Connect file to a plan: records put into their tree, values brought to IEC."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.filter.field import Field, Patient, Plan, Prescription
from app.filter.rtp_field import FieldRecords, Surroundings, read_field, scale_stated
from app.filter.rtp_points import isocentre_of
from app.filter.rtp_text import EXPORT_AGAIN, RtpFile, read_file, require_checksums
from app.filter.rtp_values import Record
from app.filter.scale import ELEKTA, SCALES, VARIAN
from core.errors import ClinicFileError, UnreadableFileError

KIND = "RTP-Connect"
RV_EXPORT = "impac-openrtp"  # interface name in files the R&V system itself writes

SHIFTS = tuple(f"table_top_{name}_displacement" for name in ("vert", "long", "lat"))


@dataclass(slots=True)
class _Tree:
    """Records in the order of the file, gathered under their parents."""

    plan: Record | None = None
    prescriptions: list[Record] = field(default_factory=list)
    sites: list[Record] = field(default_factory=list)
    fields: list[FieldRecords] = field(default_factory=list)
    unread: dict[str, list[int]] = field(default_factory=dict)


def read_plan(path: Path, machine_scale: str | None = None) -> Plan:
    """Read an export from disk; see `plan_of`.

    Raises:
        RemedyError: The file is damaged, cut off, or no RTP-Connect file.

    """
    return plan_of(read_file(path), machine_scale)


def plan_of(file: RtpFile, machine_scale: str | None = None) -> Plan:
    """Return what an export holds.

    Args:
        file: The file; every checksum must fit.
        machine_scale: Scale of fields whose records do not say IEC ("iec", "varian_native",
            "elekta_native"); None takes it from the machine type in the file.

    Raises:
        UnreadableRecordError: A checksum or a value does not fit; names line, record, item.
        UnreadableFileError: The file does not begin with PLAN_DEF.
        ClinicFileError: The machine scale is none that is known.

    """
    if machine_scale is not None and machine_scale not in SCALES:
        raise ClinicFileError(
            f"{machine_scale!r} is no machine scale",
            where=file.where,
            remedy=f"Choose one of {', '.join(SCALES)}.",
        )
    require_checksums(file)
    tree = _tree(file)
    if tree.plan is None:
        raise UnreadableFileError(
            "the file does not begin with PLAN_DEF, so it is no whole export",
            where=file.where,
            remedy=EXPORT_AGAIN,
        )
    fields = _fields(tree, machine_scale)
    first = tree.sites[0] if tree.sites else None
    return Plan(
        source=file.where,
        kind=KIND,
        patient=_patient(tree.plan),
        plan_id=tree.plan.text("plan_id"),
        plan_uid=next((one.source_plan_uid for one in fields if one.source_plan_uid), ""),
        course=tree.plan.text("course_id"),
        position=(first.text("patient_orientation") or None) if first else None,
        prescriptions=tuple(_prescription(rx) for rx in tree.prescriptions),
        fields=fields,
        notes=tuple(_notes(tree, machine_scale)),
        gaps=tuple(_gaps(tree, own_isocentres=all(one.isocentre for one in fields))),
    )


def _tree(file: RtpFile) -> _Tree:
    tree = _Tree()
    for line in file.records:
        keyword = line.keyword
        if tree.plan is None:
            if keyword != "PLAN_DEF":
                return tree
            tree.plan = Record(line, file.where)
        elif keyword == "PLAN_DEF":
            raise Record(line, file.where).fault("keyword", "a second PLAN_DEF stands in the file")
        elif keyword in _PLACES:
            _PLACES[keyword](tree, Record(line, file.where))
        else:
            tree.unread.setdefault(keyword, []).append(line.number)
    return tree


def _add_prescription(tree: _Tree, record: Record) -> None:
    tree.prescriptions.append(record)


def _add_site(tree: _Tree, record: Record) -> None:
    tree.sites.append(record)


def _add_field(tree: _Tree, record: Record) -> None:
    tree.fields.append(FieldRecords(record))


def _add_extended(tree: _Tree, record: Record) -> None:
    _parent(tree, record).extended = record


def _add_mlc(tree: _Tree, record: Record) -> None:
    _parent(tree, record).mlc = record


def _add_point(tree: _Tree, record: Record) -> None:
    _parent(tree, record).points.append(record)


_PLACES = {
    "RX_DEF": _add_prescription,
    "SITE_SETUP_DEF": _add_site,
    "FIELD_DEF": _add_field,
    "PDF_FIELD_DEF": _add_field,
    "EXTENDED_FIELD_DEF": _add_extended,
    "MLC_DEF": _add_mlc,
    "CONTROL_PT_DEF": _add_point,
}


def _parent(tree: _Tree, record: Record) -> FieldRecords:
    """Return the field a record belongs to: the one before it, and of the same Field_ID."""
    if not tree.fields:
        raise record.fault("field_id", "no field stands before this record")
    parent = tree.fields[-1]
    if parent.own.text("field_id") != record.text("field_id"):
        raise record.fault(
            "field_id",
            f"{record.text('field_id')!r} is not the field before it, "
            f"{parent.own.text('field_id')!r}",
        )
    return parent


def _fields(tree: _Tree, wanted: str | None) -> tuple[Field, ...]:
    isocentres = {site.text("rx_site_name"): isocentre_of(site) for site in tree.sites}
    only = next(iter(isocentres.values())) if len(isocentres) == 1 else None
    machines = _machine_scales(tree, wanted)
    return tuple(
        read_field(
            one,
            Surroundings(
                isocentre=isocentres.get(one.own.text("rx_site_name"), only),
                scale=wanted,
                machine_scale=machines.get(one.own.text("treatment_machine")),
                native_export=_is_native_export(tree),
            ),
        )
        for one in tree.fields
    )


def _machine_scales(tree: _Tree, wanted: str | None) -> dict[str, str]:
    """Return the scale each machine's fields name, where all that name one agree."""
    found: dict[str, set[str]] = {}
    for one in tree.fields:
        scale = scale_stated(one, wanted)
        if scale is not None:
            found.setdefault(one.own.text("treatment_machine"), set()).add(scale)
    return {machine: scales.pop() for machine, scales in found.items() if len(scales) == 1}


def _is_native_export(tree: _Tree) -> bool:
    protocol = tree.plan.text("rtp_if_protocol") if tree.plan is not None else ""
    return protocol.casefold() == RV_EXPORT


def _notes(tree: _Tree, wanted: str | None) -> Iterator[str]:
    for machine, scale in sorted(_machine_scales(tree, wanted).items()):
        if scale in (VARIAN, ELEKTA):
            why = "chosen by the user" if wanted else "by the collimator type in the file"
            yield (
                f"Machine {machine or 'without a name'}: jaws and leaves stand in the machine's "
                f"own scale and were brought to IEC as {scale} ({why}); angles were taken as IEC."
            )
    positions = {site.text("patient_orientation") for site in tree.sites} - {""}
    if len(positions) > 1:
        yield f"The sites have different patient positions: {', '.join(sorted(positions))}."


def _gaps(tree: _Tree, *, own_isocentres: bool) -> Iterator[tuple[str, str]]:
    """Return what nobody has looked at: values that differ between fields, records not read."""
    for record in (*tree.sites, *(one.own for one in tree.fields)):
        for column in record.layout:
            known = own_isocentres and column.name.startswith("isocenter_position")
            if record.is_mixed(column.name) and not known:
                yield column.name, f'line {record.line.number}: "?", the fields differ in it'
    for site in tree.sites:
        moved = [site.text(name) for name in SHIFTS]
        if any(text.strip("-+0.") for text in moved):
            why = (
                f"line {site.line.number}: vertical, longitudinal, lateral "
                f"{', '.join(text or 'blank' for text in moved)} cm; what they count from differs "
                "between R&V versions, compare with the shift in the set-up note"
            )
            yield "table-top shift", why
    for keyword, numbers in tree.unread.items():
        lines = ", ".join(str(number) for number in numbers[:5])
        more = " and more" if len(numbers) > 5 else ""
        yield keyword.casefold(), f"line {lines}{more}: values of this record are not read"


def _patient(record: Record) -> Patient:
    return Patient(
        id=record.text("patient_id"),
        last_name=record.text("patient_last_name"),
        first_name=record.text("patient_first_name"),
        middle_name=record.text("patient_minitial"),
    )


def _prescription(record: Record) -> Prescription:
    return Prescription(
        site=record.text("rx_site_name"),
        technique=record.text("technique") or None,
        modality=record.text("modality") or None,
        dose_spec=record.text("dose_spec") or None,
        pattern=record.text("pattern") or None,
        note=record.text("rx_note") or None,
        total_cgy=record.number("dose_ttl"),
        fraction_cgy=record.number("dose_tx"),
        field_count=record.whole("number_of_fields"),
    )
