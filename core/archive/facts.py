"""What the index keeps of an object: whose it is, where it belongs, what it refers to."""

import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from core.dicom.files import Item, Source, read_header
from core.dicom.values import items, text
from core.errors import RemedyError, UnreadableFileError

# Kinds of objects whose references make plan sets (DICOM PS3.3 A.86: studies and series do not).
RT_KINDS = ("RTSTRUCT", "RTPLAN", "RTDOSE", "RTIMAGE", "RTRECORD", "REG")


@dataclass(frozen=True, slots=True)
class RtFacts:
    """What an RT object says of itself and of others.

    Attributes:
        label: Plan, structure set, image label, or dose summation type.
        date: Date of the object as written (YYYYMMDD), "" untold.
        approval: ApprovalStatus, "" untold.
        structures: Structure sets it refers to.
        plans: Plans it refers to.
        doses: Doses it refers to.
        images: Slices it refers to.
        series: Image series it refers to.
        frames: Frames of reference it names, its own first.
        summation: DoseSummationType of a dose.

    """

    label: str = ""
    date: str = ""
    approval: str = ""
    structures: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    doses: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    summation: str = ""

    def to_json(self) -> dict[str, object]:
        """Return what is not empty."""
        return {key: value for key, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Facts:
    """One object as the index keeps it. Texts are trimmed; "" stands for untold."""

    sop_uid: str
    sop_class: str
    modality: str
    transfer_syntax: str
    number: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    study_uid: str
    study_date: str
    study_description: str
    accession: str
    series_uid: str
    series_number: str
    series_description: str
    frame_uid: str
    rt: RtFacts | None

    @property
    def name_key(self) -> str:
        """The name as it is searched: no case, no accents, parts by spaces."""
        return plain(self.patient_name)


NO_DICOM = "this is no DICOM object"


def plain(name: str) -> str:
    """Return a person's name without case, accents and separators; for comparing and finding."""
    bare = unicodedata.normalize("NFKD", name.replace("^", " ").replace("=", " ").casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def read_facts(path: Path) -> Facts:
    """Return the facts of a DICOM file.

    Raises:
        UnreadableFileError: It is no DICOM object, damaged, or names no instance, series or study.

    """
    item = read_header(Source(path))
    if item is None:
        raise UnreadableFileError(NO_DICOM, where=path.name, remedy="Leave it out.")
    return facts_of(item)


def facts_of(item: Item) -> Facts:
    """Return the facts of an object; raises as `read_facts`."""
    header = item.header
    uids = {
        keyword: item.text(keyword)
        for keyword in ("SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID")
    }
    lacking = [keyword for keyword, uid in uids.items() if not uid]
    if lacking:
        raise UnreadableFileError(
            f"the object has no {' and no '.join(lacking)}",
            where=item.source.name,
            remedy="Export it again from where it came.",
        )
    modality = item.modality
    return Facts(
        sop_uid=uids["SOPInstanceUID"],
        sop_class=uids["SOPClassUID"],
        modality=modality,
        transfer_syntax=str(item.transfer_syntax),
        number=item.text("InstanceNumber"),
        patient_id=item.text("PatientID"),
        patient_name=item.text("PatientName"),
        birth_date=item.text("PatientBirthDate"),
        sex=item.text("PatientSex"),
        study_uid=uids["StudyInstanceUID"],
        study_date=item.text("StudyDate"),
        study_description=item.text("StudyDescription"),
        accession=item.text("AccessionNumber"),
        series_uid=uids["SeriesInstanceUID"],
        series_number=item.text("SeriesNumber"),
        series_description=item.text("SeriesDescription"),
        frame_uid=item.text("FrameOfReferenceUID"),
        rt=_rt_facts(header, modality) if modality in RT_KINDS else None,
    )


def _rt_facts(header: Dataset, kind: str) -> RtFacts:
    try:
        return _READERS[kind](header)
    except RemedyError:
        return RtFacts()  # damaged references are no references; the object itself is kept


def _uids(data: Dataset, sequence: str, keyword: str = "ReferencedSOPInstanceUID") -> list[str]:
    return [uid for one in items(data, sequence) if (uid := text(one, keyword))]


def _unique(*groups: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(uid for group in groups for uid in group if uid))


def _structure_facts(header: Dataset) -> RtFacts:
    frames, series, images = [text(header, "FrameOfReferenceUID")], [], []
    for frame in items(header, "ReferencedFrameOfReferenceSequence"):
        frames.append(text(frame, "FrameOfReferenceUID"))
        for study in items(frame, "RTReferencedStudySequence"):
            for one in items(study, "RTReferencedSeriesSequence"):
                series.append(text(one, "SeriesInstanceUID"))
                images += _uids(one, "ContourImageSequence")
    frames += [
        text(roi, "ReferencedFrameOfReferenceUID")
        for roi in items(header, "StructureSetROISequence")
    ]
    return RtFacts(
        label=text(header, "StructureSetLabel"),
        date=text(header, "StructureSetDate"),
        approval=text(header, "ApprovalStatus"),
        images=_unique(images),
        series=_unique(series),
        frames=_unique(frames),
    )


def _plan_facts(header: Dataset) -> RtFacts:
    return RtFacts(
        label=text(header, "RTPlanLabel"),
        date=text(header, "RTPlanDate"),
        approval=text(header, "ApprovalStatus"),
        structures=_unique(_uids(header, "ReferencedStructureSetSequence")),
        plans=_unique(_uids(header, "ReferencedRTPlanSequence")),
        doses=_unique(_uids(header, "ReferencedDoseSequence")),
        frames=_unique([text(header, "FrameOfReferenceUID")]),
    )


def _dose_facts(header: Dataset) -> RtFacts:
    return RtFacts(
        label=text(header, "DoseComment"),
        date=text(header, "InstanceCreationDate"),
        structures=_unique(_uids(header, "ReferencedStructureSetSequence")),
        plans=_unique(_uids(header, "ReferencedRTPlanSequence")),
        frames=_unique([text(header, "FrameOfReferenceUID")]),
        summation=text(header, "DoseSummationType"),
    )


def _image_facts(header: Dataset) -> RtFacts:
    return RtFacts(
        label=text(header, "RTImageLabel"),
        date=text(header, "InstanceCreationDate"),
        plans=_unique(_uids(header, "ReferencedRTPlanSequence")),
        frames=_unique([text(header, "FrameOfReferenceUID")]),
    )


def _record_facts(header: Dataset) -> RtFacts:
    return RtFacts(
        date=text(header, "TreatmentDate"),
        plans=_unique(_uids(header, "ReferencedRTPlanSequence")),
    )


def _registration_facts(header: Dataset) -> RtFacts:
    frames = [text(header, "FrameOfReferenceUID")]
    frames += [text(one, "FrameOfReferenceUID") for one in items(header, "RegistrationSequence")]
    return RtFacts(
        label=text(header, "ContentLabel"),
        date=text(header, "ContentDate"),
        frames=_unique(frames),
    )


_READERS = {
    "RTSTRUCT": _structure_facts,
    "RTPLAN": _plan_facts,
    "RTDOSE": _dose_facts,
    "RTIMAGE": _image_facts,
    "RTRECORD": _record_facts,
    "REG": _registration_facts,
}
