"""What a DICOM query asks for, answered from the index (PS3.4 C.2.2.2 matching, C.6 levels)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from core.archive.facts import plain
from core.archive.index import Index, Instance
from core.errors import UnreadableFileError

# Level, and the keys each adds to those above it: keyword and column of the index.
LEVELS: dict[str, dict[str, str]] = {
    "PATIENT": {
        "PatientID": "p.patient_id", "PatientName": "p.name", "PatientBirthDate": "p.birth_date",
        "PatientSex": "p.sex",
    },
    "STUDY": {
        "StudyInstanceUID": "s.study_uid", "StudyDate": "s.date",
        "StudyDescription": "s.description", "AccessionNumber": "s.accession",
    },
    "SERIES": {
        "SeriesInstanceUID": "r.series_uid", "Modality": "r.modality", "SeriesNumber": "r.number",
        "SeriesDescription": "r.description", "FrameOfReferenceUID": "r.frame_uid",
    },
    "IMAGE": {
        "SOPInstanceUID": "i.sop_uid", "SOPClassUID": "i.sop_class", "InstanceNumber": "i.number",
    },
}  # fmt: skip
UNIQUE = {"PATIENT": "p.id", "STUDY": "s.id", "SERIES": "r.id", "IMAGE": "i.id"}
COUNTS = {
    "NumberOfPatientRelatedStudies": "COUNT(DISTINCT s.id)",
    "NumberOfPatientRelatedSeries": "COUNT(DISTINCT r.id)",
    "NumberOfPatientRelatedInstances": "COUNT(DISTINCT i.id)",
    "NumberOfStudyRelatedSeries": "COUNT(DISTINCT r.id)",
    "NumberOfStudyRelatedInstances": "COUNT(DISTINCT i.id)",
    "NumberOfSeriesRelatedInstances": "COUNT(DISTINCT i.id)",
    "ModalitiesInStudy": "GROUP_CONCAT(DISTINCT r.modality)",
}
FROM = (
    " FROM patient p JOIN study s ON s.patient = p.id JOIN series r ON r.study = s.id"
    " JOIN instance i ON i.series = r.id"
)
# By these our own archives know one another, and tell the digest of an object's content.
OUR_VERSION = OUR_CREATOR = "EQS ARCHIVE"
OUR_BLOCK, CONTENT = (0x0009, 0x0010), (0x0009, 0x1001)
DATES = ("StudyDate", "PatientBirthDate")


@dataclass(frozen=True, slots=True)
class _Condition:
    sql: str
    values: tuple[str, ...]


def answers(index: Index, asked: Dataset) -> Iterator[Dataset]:
    """Yield one data set for each match of a C-FIND identifier.

    Keys the index does not keep come back empty, as the standard wants it for unsupported keys.

    Raises:
        UnreadableFileError: The identifier names no level, or an unknown one.

    """
    level = level_of(asked)
    keys = _keys_down_to(level)
    wanted = [keyword for keyword in _keywords(asked) if keyword in keys]
    counts = [keyword for keyword in _keywords(asked) if keyword in COUNTS]
    columns = [f"{keys[keyword]} AS {keyword}" for keyword in wanted]
    columns += [f"{COUNTS[keyword]} AS {keyword}" for keyword in counts]
    condition = _where(asked, keys)
    sql = (
        f"SELECT {', '.join([*columns, '1 AS one'])}{FROM} WHERE {condition.sql}"
        f" GROUP BY {UNIQUE[level]} ORDER BY {UNIQUE[level]}"
    )
    for row in index.rows(sql, *condition.values):
        found = Dataset()
        found.QueryRetrieveLevel = level
        for keyword in _keywords(asked):
            value = row[keyword] if keyword in wanted or keyword in counts else None
            if keyword == "ModalitiesInStudy" and value:
                value = value.split(",")
            setattr(found, keyword, value if value is not None else "")
        found.SpecificCharacterSet = "ISO_IR 192"
        yield found


def instances_asked(index: Index, asked: Dataset) -> list[Instance]:
    """Return the objects a C-MOVE or C-GET identifier names by its unique keys (C.4.2.1.4)."""
    level = level_of(asked)
    unique = {
        "PatientID": "p.patient_id", "StudyInstanceUID": "s.study_uid",
        "SeriesInstanceUID": "r.series_uid", "SOPInstanceUID": "i.sop_uid",
    }  # fmt: skip
    condition = _where(asked, unique)
    if not condition.values:
        raise UnreadableFileError(
            f"the request of level {level} names no object",
            where="identifier",
            remedy="Name the patient ID or the UIDs that are wanted.",
        )
    return index.instances(condition.sql, *condition.values)


def level_of(asked: Dataset) -> str:
    """Return the query/retrieve level; raises UnreadableFileError for none of the four."""
    level = str(asked.get("QueryRetrieveLevel", "")).strip().upper()
    if level not in LEVELS:
        raise UnreadableFileError(
            f"'{level}' is no query level",
            where="QueryRetrieveLevel",
            remedy=f"Ask with one of {', '.join(LEVELS)}.",
        )
    return level


def _keys_down_to(level: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    for name, own in LEVELS.items():
        keys |= own
        if name == level:
            break
    return keys


def _keywords(asked: Dataset) -> list[str]:
    passed = ("QueryRetrieveLevel", "SpecificCharacterSet", "RetrieveAETitle")
    return [one.keyword for one in asked if one.keyword and one.keyword not in passed]


def _where(asked: Dataset, keys: dict[str, str]) -> _Condition:
    parts = ["1"]
    values: list[str] = []
    for keyword, column in keys.items():
        if keyword not in asked:
            continue
        one = _condition(keyword, column, asked[keyword].value)
        if one is not None:
            parts.append(one.sql)
            values += one.values
    modalities = _texts(asked.get("ModalitiesInStudy"))
    if modalities and "s.study_uid" in keys.values():
        marks = ", ".join("?" for _ in modalities)
        parts.append(f"s.id IN (SELECT study FROM series WHERE modality IN ({marks}))")
        values += modalities
    return _Condition(" AND ".join(parts), tuple(values))


def _condition(keyword: str, column: str, value: object) -> _Condition | None:
    texts = _texts(value)
    if not texts or texts == ["*"]:
        return None
    if len(texts) > 1:
        return _Condition(f"{column} IN ({', '.join('?' for _ in texts)})", tuple(texts))
    text = texts[0]
    if keyword in DATES and "-" in text:
        since, _, until = text.partition("-")
        return _Condition(
            f"{column} BETWEEN ? AND ?", (since.strip() or "0", until.strip() or "99999999")
        )
    if keyword == "PatientName":
        column, text = "p.name_key", plain(text)
    if "*" in text or "?" in text:
        return _Condition(f"{column} GLOB ?", (text.replace("[", "[[]"),))
    return _Condition(f"{column} = ?", (text,))


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    many = value if isinstance(value, MultiValue | list | tuple) else [value]
    return [text for one in many if (text := str(one).strip())]
