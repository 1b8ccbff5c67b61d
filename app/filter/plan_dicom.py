"""A DICOM RT Plan, from a planning system or from an R&V system, in the words of the Filter."""

from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RTIonPlanStorage, RTPlanStorage

from app.filter.field import Field, Patient, Plan
from app.filter.plan_dicom_beam import field_of, named_beams
from app.filter.plan_dicom_groups import Booking, read_groups
from app.filter.plan_dicom_item import EXPORT_AGAIN, PARSER_FAULTS, Item
from core.errors import UnreadableFileError, UnsupportedPlanError

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM_LITTLE, ITEM_BIG = b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"
"""The tag that opens a sequence item, in the two byte orders."""


def read_dicom_plan(path: Path) -> Plan:
    """Read one DICOM RT Plan file; a file without preamble is accepted.

    Lengths in mm, angles IEC 61217, doses in cGy, digits as the file has them (DICOM PS3.3
    C.8.8.9 to C.8.8.14; R-04, R-25). A beam that two fraction groups use gives two fields.

    Raises:
        UnreadableFileError: Not a DICOM RT Plan, or cut off.
        UnreadableRecordError: A value of the plan cannot be; it names beam and control point.
        UnsupportedPlanError: Brachytherapy or ions.

    """
    plan = Item(load_plan(path), path.name)
    _refuse_other_kinds(plan)
    beams = named_beams(plan)
    groups = read_groups(plan, tuple(beams))
    tables = _tolerance_tables(plan)
    uid = plan.text("SOPInstanceUID")
    fields: list[Field] = []
    for number, beam in beams.items():
        bookings = [group.bookings[number] for group in groups if number in group.bookings]
        fields += [field_of(beam, booking, tables, uid) for booking in bookings or [Booking()]]
    return Plan(
        source=str(path),
        kind="DICOM RT Plan",
        patient=_patient(plan),
        plan_id=plan.text("RTPlanLabel"),
        plan_uid=uid,
        position=_position(plan),
        prescriptions=tuple(group.prescription for group in groups),
        fields=tuple(fields),
        notes=tuple(note for group in groups for note in group.notes),
        gaps=() if groups else (("field_monitor_units", "the plan holds no fraction group"),),
        approval=plan.word("ApprovalStatus"),
    )


def load_plan(path: Path) -> Dataset:
    """Return the data set of a DICOM RT Plan file, complete or not at all."""
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"the file cannot be opened: {fault.strerror}",
            where=str(path),
            remedy="Check the name and the access rights, then open it again.",
        ) from fault
    try:
        dataset = dcmread(BytesIO(data), force=True)
        modality, kind = str(dataset.get("Modality", "")), dataset.get("SOPClassUID")
    except PARSER_FAULTS as fault:
        raise _damaged(path, "the file is no DICOM file, or it is damaged") from fault
    if modality != "RTPLAN" and kind not in (RTPlanStorage, RTIonPlanStorage):
        what = f"a DICOM file of modality {modality}" if modality else "no DICOM RT Plan"
        raise UnreadableFileError(
            f"the file is {what}",
            where=str(path),
            remedy="Open the RT Plan that the planning system exported.",
        )
    try:
        complete = _is_complete(dataset)
    except PARSER_FAULTS as fault:
        raise _damaged(path, "the file is damaged") from fault
    if not complete:
        raise _damaged(path, "the file is cut off or one of its lengths is wrong")
    return dataset


def _damaged(path: Path, what: str) -> UnreadableFileError:
    return UnreadableFileError(what, where=str(path), remedy=EXPORT_AGAIN)


def _is_complete(dataset: Dataset) -> bool:
    """Tell whether each element has the bytes it announces; the toolkit does not mind."""
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            value = element.value or b""
            if element.length not in (UNDEFINED_LENGTH, len(value)):
                return False
            if not _is_sequence(element):
                continue
            if not _is_framed(value, little_endian=element.is_little_endian):
                return False
        items = dataset[tag].value
        if isinstance(items, Sequence) and not all(_is_complete(item) for item in items):
            return False
    return True


def _is_sequence(element: RawDataElement) -> bool:
    """Tell whether an element not looked at yet is a sequence; others keep their bytes."""
    if element.VR in (None, "UN"):
        return dictionary_has_tag(element.tag) and dictionary_VR(element.tag) == "SQ"
    return element.VR == "SQ"


def _is_framed(value: bytes, *, little_endian: bool) -> bool:
    """Tell whether the items of a sequence of known length fill it exactly (PS3.5, 7.5)."""
    start = ITEM_LITTLE if little_endian else ITEM_BIG
    at = 0
    while at < len(value):
        if value[at : at + 4] != start:
            return False
        length = int.from_bytes(value[at + 4 : at + 8], "little" if little_endian else "big")
        if length == UNDEFINED_LENGTH:
            return True  # closed by its own delimiter, which the toolkit insists on
        at += 8 + length
    return at == len(value)


def _refuse_other_kinds(plan: Item) -> None:
    if plan.items("IonBeamSequence", "beam") or plan.text("SOPClassUID") == RTIonPlanStorage:
        raise UnsupportedPlanError(
            "this is an ion plan (protons or carbon)",
            where=plan.where,
            remedy="Check it with the tools of the ion facility.",
        )
    brachy = plan.word("BrachyTreatmentType") or plan.items("ApplicationSetupSequence", "setup")
    if brachy and not plan.items("BeamSequence", "beam"):
        raise UnsupportedPlanError(
            "this is a brachytherapy plan",
            where=plan.where,
            remedy="Check it with the tools of the afterloader.",
        )
    if not plan.items("BeamSequence", "beam"):
        raise plan.fault("BeamSequence", "the plan holds no beam")


def _patient(plan: Item) -> Patient:
    parts = [part.strip() for part in plan.text("PatientName").split("=")[0].split("^")]
    last, first, middle = (*parts, "", "", "")[:3]
    return Patient(plan.text("PatientID"), last, first, middle)


def _position(plan: Item) -> str | None:
    """Return the one position that all set-ups share, or None."""
    setups = plan.items("PatientSetupSequence", "patient setup")
    positions = {setup.word("PatientPosition") for setup in setups} - {""}
    return positions.pop() if len(positions) == 1 else None


def _tolerance_tables(plan: Item) -> dict[int, str]:
    """Return label (or number) of each tolerance table by its number."""
    tables: dict[int, str] = {}
    for table in plan.items("ToleranceTableSequence", "tolerance table"):
        number = table.whole("ToleranceTableNumber")
        if number is not None:
            tables[number] = table.text("ToleranceTableLabel") or str(number)
    return tables
