"""What an anonymised object may keep: tables by element, words to search for, moved dates.

Text is denied by default: only the elements named here are kept. LABELS may hold words of the
clinic and are searched for the patient's name and ID; TECHNICAL ones belong to machine, method or
code and must stay as they are for the set to work. Numbers stay, unless their whole group goes.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from core.dicom.files import MODALITY_OF_CLASS

# Groups of which nothing is kept: commands, directories, camera, request, visit, storage,
# signatures and earlier values, results, security.
DROPPED_GROUPS = frozenset({
    0x0000, 0x0002, 0x0004, 0x0006, 0x0016, 0x0032, 0x0038, 0x0088, 0x0100, 0x0400,
    0x4008, 0x4010, 0x4FFE, 0xFFFA, 0xFFFC,
})  # fmt: skip

# The only elements of group 0010 that are kept. Sex, size and weight are needed for SUV.
PATIENT_KEPT = frozenset({
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientSize", "PatientWeight",
})  # fmt: skip

# A sequence goes with all it holds when one of these is part of its keyword.
DROPPED_SEQUENCE_PARTS = (
    "Physician", "Operator", "Institution", "Observer", "Person", "Performer", "Participant",
    "Custodial", "Request", "Issuer", "ContributingEquipment", "ResponsibleOrganization",
    "Organizational", "Author", "Admission", "Visit", "ReferencedPatient", "PerformedProcedure",
    "Document", "Icon", "Consent", "StationName", "StationGeographic", "Signature",
    "ClinicalTrial", "UDISequence", "GraphicAnnotation", "SubstanceAdministration",
    "PerformedStation",
)  # fmt: skip

# Kept, and searched for the patient's name and ID.
LABELS = frozenset({
    "ApplicationSetupName", "ApplicatorDescription", "BeamName", "BlockName", "BlockTrayID",
    "BolusID", "CompensatorID", "CompensatorTrayID", "ContentLabel", "EntityLabel",
    "FixationDeviceLabel", "FixationDevicePosition", "PatientSetupLabel", "ROIName",
    "ROIObservationLabel", "RTImageLabel", "RTImageName", "RTPlanLabel", "RTPlanName",
    "SegmentLabel", "SetupDeviceLabel", "ShieldingDeviceLabel", "ShieldingDevicePosition",
    "SourceApplicatorName", "StructureSetLabel", "StructureSetName", "ToleranceTableLabel",
    "TreatmentPositionGroupLabel", "UserContentLabel", "UserContentLongLabel",
})  # fmt: skip

CODES = frozenset({
    "CodeMeaning", "CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "LongCodeValue",
    "MappingResourceName", "URNCodeValue",
})  # fmt: skip

TECHNICAL = CODES | frozenset({
    # machine, accessories, fractionation
    "AccessoryCode", "AfterloaderChannelID", "ApplicatorID", "BeamCurrentModulationID",
    "BrachyAccessoryDeviceID", "ChannelShieldID", "FluenceModeID", "FractionPattern",
    "GeneralAccessoryID", "LateralSpreadingDeviceID", "LateralSpreadingDeviceSetting",
    "MaterialID", "PatientSupportAccessoryCode", "PatientSupportID", "PositionReferenceIndicator",
    "RadiationGenerationModeLabel", "RadiationMachineName", "RangeModulatorID", "RangeShifterID",
    "RangeShifterSetting", "ScanSpotTuneID", "SnoutID", "SourceApplicatorID",
    "SourceIsotopeName", "SourceModelID", "TrayAccessoryCode", "TreatmentMachineName", "WedgeID",
    # who made the object, and how
    "AlgorithmName", "AlgorithmVersion", "ApplicationManufacturer", "ApplicationName",
    "ApplicationVersion", "AttenuationCorrectionMethod", "ConvolutionKernel", "FilterType",
    "ImagedNucleus", "Manufacturer", "ManufacturerModelName", "ModalityLUTType",
    "PulseSequenceName", "RTToleranceSetLabel", "Radiopharmaceutical", "ReceiveCoilName",
    "ReconstructionMethod", "RescaleType", "ScatterCorrectionMethod", "SegmentAlgorithmName",
    "SequenceName", "SoftwareVersions", "StackID", "TransmitCoilName",
})  # fmt: skip

# Type 2 in the objects of radiotherapy: emptied, where others are removed.
EMPTIED = frozenset({"AccessionNumber", "ContrastBolusAgent", "StudyID", "TreatmentProtocols"})

TIME_ZONE = "TimezoneOffsetFromUTC"
# All texts of which something is left; of the kinds in CHANGED every element is.
TEXT_KEPT = LABELS | TECHNICAL | EMPTIED | {"PatientID", TIME_ZONE}

# Bytes that are picture, grid or table, besides the pixel group.
PIXEL_GROUP = 0x7FE0
BYTES_KEPT_ENDS = ("LookupTableData", "LUTData", "VectorGridData", "PointIndexList")

# UIDs that name a kind of thing and not a thing of this patient.
KIND_UID_PARTS = ("SOPClass", "TransferSyntax")
KIND_UIDS = frozenset({
    "CodingSchemeUID", "ContextGroupExtensionCreatorUID", "ContextUID", "MappingResourceUID",
    "ManufacturerDeviceClassUID",
})  # fmt: skip

# Dates of code tables: they tell nothing about the patient.
VERSIONS = frozenset({
    "ContextGroupLocalVersion", "ContextGroupVersion", "TemplateLocalVersion", "TemplateVersion",
})  # fmt: skip
# What the decay correction of PET needs, relative to the day of the series.
DECAY_TIMES = frozenset({
    "AcquisitionDate", "AcquisitionTime", "RadiopharmaceuticalStartDateTime",
    "RadiopharmaceuticalStartTime", "RadiopharmaceuticalStopDateTime",
    "RadiopharmaceuticalStopTime", "SeriesDate", "SeriesTime", TIME_ZONE,
})  # fmt: skip
# Type 1 somewhere: a date that means nothing takes the place, since none may be missing.
TYPE_1_TIMES = frozenset({
    "AcquisitionDateTime", "ContentDate", "ContentTime", "DateTime", "FrameAcquisitionDateTime",
    "FrameReferenceDateTime", "PresentationCreationDate", "PresentationCreationTime",
    "SourceStrengthReferenceDate", "SourceStrengthReferenceTime",
})  # fmt: skip
# Removed although dates may be kept shifted: they tell about the person or the device.
TIMES_NEVER_KEPT = frozenset({
    "DateOfInstallation", "DateOfManufacture", "LastMenstrualDate", "PatientBirthDate",
    "PatientBirthTime",
})  # fmt: skip

BYTES = ("OB", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW")
NUMBERS = (
    "FL", "FD", "SS", "US", "SL", "UL", "SV", "UV", "AT", "OF", "OD", "OL", "OV", "DS", "IS",
    "US or SS",
)  # fmt: skip
SIZES = {
    "US": 2, "SS": 2, "US or SS": 2, "UL": 4, "SL": 4, "FL": 4, "AT": 4, "OF": 4, "OL": 4,
    "FD": 8, "SV": 8, "UV": 8, "OD": 8, "OV": 8,
}  # fmt: skip
UNDEFINED = 0xFFFFFFFF  # a length told by a mark at the end
# Twice what the standard allows, since files are not that exact.
LONGEST_CODE = 32
TIMES = ("DA", "DT", "TM")
CHANGED = ("PN", "UI", *TIMES)
TEXTS = ("LO", "SH", "ST", "LT", "UT", "UC", "UR", "PN", "AE", "AS", "CS", "UI", *TIMES)
NO_DATE = {"DA": "19000101", "DT": "19000101000000", "TM": "000000"}
DIGITS = b"0123456789+-.eE\\ \0"
# Shorter parts of a name, and shorter IDs, occur in every second label by chance.
SHORTEST = 3
SHORTEST_IDEOGRAPHS = 2
FIRST_IDEOGRAPH = "\u2e80"
SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe",
                           "æ": "ae"})  # fmt: skip
NAME_KEYWORDS = ("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName")


def identity_words(headers: Iterable[Dataset]) -> frozenset[str]:
    """Return the parts of the patients' names, and their IDs, as they are searched for."""
    words: set[str] = set()
    for header in headers:
        for keyword in NAME_KEYWORDS:
            for name in values_of(header.get(keyword)):
                words |= set(_name_parts(name))
        others = header.get("OtherPatientIDsSequence") or []
        for one in (header, *(other for other in others if isinstance(other, Dataset))):
            ids = [*values_of(one.get("PatientID")), *values_of(one.get("OtherPatientIDs"))]
            words |= {_folded(text) for text in ids if len(text) >= SHORTEST}
    return frozenset(words)


def masked(text: str, words: Iterable[str]) -> str:
    """Return the text with every one of the words replaced by X of the same length."""
    text = unicodedata.normalize("NFC", text)
    searched = _folded(text)
    letters = list(text)
    for word in words:
        place = searched.find(word)
        while place >= 0:
            letters[place : place + len(word)] = "X" * len(word)
            place = searched.find(word, place + 1)
    return "".join(letters)


def _name_parts(name: str) -> Iterator[str]:
    composed = unicodedata.normalize("NFC", name).lower()
    for part in re.findall(r"[^\W\d_]+", composed):
        least = SHORTEST_IDEOGRAPHS if part[0] >= FIRST_IDEOGRAPH else SHORTEST
        if len(part) >= least:
            yield _folded(part)
            yield _folded(part.translate(SPELT_OUT))


def _folded(text: str) -> str:
    """Return the text without accents and capitals, each letter still one letter."""
    return "".join(unicodedata.normalize("NFKD", letter).lower()[:1] or letter for letter in text)


def values_of(value: object) -> list[str]:
    """Return the values of an element as trimmed texts, empty ones too."""
    return ["" if one is None else str(one).strip(" \0") for one in _listed(value)]


def _listed(value: object) -> list[object]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    return [value]


def mapped_uid(keyword: str, uid: str, secret: bytes) -> str:
    """Return the UID that stands for this one: 2.25 and a number of 128 bits.

    UIDs that name a kind of thing, and those that the standard itself registers, stay.

    """
    names_kind = keyword in KIND_UIDS or any(part in keyword for part in KIND_UID_PARTS)
    if names_kind or UID(uid).type:
        return uid
    code = hmac.new(secret, uid.encode(), hashlib.sha256).digest()
    return f"2.25.{int.from_bytes(code[:16], 'big')}"


@dataclass(frozen=True)
class Clock:
    """What becomes of dates and times.

    Attributes:
        days: How far dates move; None when they cannot be moved.
        kept: Keywords that are kept, moved; None for all.

    """

    days: int | None
    kept: frozenset[str] | None

    def told(self, keyword: str, vr: str, value: str) -> str:
        """Return the value to write in place of this one."""
        if keyword in VERSIONS:
            return value
        moved = ""
        if keyword not in TIMES_NEVER_KEPT and (self.kept is None or keyword in self.kept):
            moved = value if vr not in ("DA", "DT") else self._moved(value)
        if not moved and keyword in TYPE_1_TIMES:
            return NO_DATE.get(vr, "")
        return moved

    def _moved(self, value: str) -> str:
        day = _day(value)
        if day is None or self.days is None:
            return ""
        try:
            later = day + timedelta(days=self.days)
        except OverflowError:
            return ""
        rest = re.sub(r"[.:]", "", value[:10])[8:] + value[10:]
        return later.isoformat().replace("-", "") + rest


def _day(value: str) -> date | None:
    """Return the day a date or date-time begins with; the old form with dots is understood."""
    digits = re.sub(r"[.:]", "", value[:10])[:8]
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return None


def clock_of(data: Dataset, shift_days: int) -> Clock:
    """Return what becomes of the dates of this object."""
    if shift_days:
        return Clock(shift_days, None)
    kind = MODALITY_OF_CLASS.get(str(data.get("SOPClassUID"))) or str(data.get("Modality"))
    if kind != "PT":
        return Clock(None, frozenset())
    for keyword in ("SeriesDate", "AcquisitionDate"):
        for value in values_of(data.get(keyword)):
            day = _day(value)
            if day is not None:
                return Clock((date(1900, 1, 1) - day).days, DECAY_TIMES)
    return Clock(None, DECAY_TIMES)


def goes(tag: BaseTag, keyword: str) -> bool:
    """Whether an element goes whatever it holds: by its group, or as a sequence about people."""
    if tag.is_private or tag.group in DROPPED_GROUPS or tag.group >> 8 in (0x50, 0x60):
        return True
    if tag.group == 0x0010:
        return keyword not in PATIENT_KEPT
    if dictionary_VR(tag) != "SQ":
        return False
    return any(part in keyword for part in DROPPED_SEQUENCE_PARTS)


def fault_of(stored: DataElement | RawDataElement, vr: str) -> str:
    """Return what is wrong with an element that is to be kept; empty when it is sound.

    A damaged length makes one element swallow others, names among them; so it may hold only what
    fits its kind.

    """
    value = stored.value
    length = stored.length if isinstance(stored, RawDataElement) else UNDEFINED
    if isinstance(value, bytes) and length not in (len(value), UNDEFINED):
        return "is cut off"
    if vr in NUMBERS and not _holds_numbers(stored, vr):
        return "holds something else than its numbers"
    if vr == "CS" and not _holds_codes(value):
        return "holds something else than a code"
    return ""


def _holds_numbers(stored: DataElement | RawDataElement, vr: str) -> bool:
    if stored.VR in TEXTS:
        return False
    value = stored.value
    if vr not in ("DS", "IS"):
        return not isinstance(value, bytes) or _fits(stored, len(value), vr)
    if isinstance(value, bytes):
        return not value.translate(None, DIGITS)
    return not any(isinstance(one, str) and one for one in _listed(value))


def _fits(stored: DataElement | RawDataElement, length: int, vr: str) -> bool:
    """Whether binary numbers are as many as the standard wants, where it wants a fixed number."""
    size = SIZES.get(str(stored.VR)) or SIZES[vr]
    count = dictionary_VM(stored.tag)
    fixed = count.isdigit() and not vr.startswith("O")
    return length % size == 0 and (not fixed or length <= size * int(count))


def _holds_codes(value: object) -> bool:
    text = value.decode("latin-1").rstrip(" \0") if isinstance(value, bytes) else value
    parts = text.split("\\") if isinstance(text, str) else values_of(text)
    return all(
        len(part) <= LONGEST_CODE and part.isascii() and part.isprintable() for part in parts
    )


def pixel_notes(data: Dataset) -> Iterator[str]:
    """Yield why the picture itself may show the patient's name."""
    for keyword in ("BurnedInAnnotation", "RecognizableVisualFeatures"):
        if "YES" in values_of(data.get(keyword)):
            yield f"{keyword} is YES: look at the picture, its pixels were not changed"
    groups = {tag.group for tag in data.keys() if tag.group >> 8 == 0x60}  # noqa: SIM118
    if any((group, 0x3000) not in data and (group, 0x0010) in data for group in groups):
        yield "an overlay lies in spare bits of the pixels, which were not changed"
