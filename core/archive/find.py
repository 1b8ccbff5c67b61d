"""Searching the index: by name, number, date and modality, with the wildcards DICOM knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.archive.facts import plain
from core.archive.index import Index

MOST = 500
# The trigram index helps from three letters on; shorter patterns look at every person.
WILDCARDS = "*?"


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One person."""

    id: int
    patient_id: str
    name: str
    birth_date: str
    sex: str
    studies: int
    last_study: str
    modalities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study of a person."""

    id: int
    study_uid: str
    date: str
    description: str
    accession: str
    series: int


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series of a study."""

    id: int
    series_uid: str
    modality: str
    number: str
    description: str
    instances: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; an empty text asks for nothing. Dates as YYYYMMDD.

    Attributes:
        name: Part of the name in any order of its words; * and ? make it a pattern.
        patient_id: Beginning of the number; * and ? make it a pattern.
        since, until: Study dates, both included.
        modality: Persons with a series of it.

    """

    name: str = ""
    patient_id: str = ""
    since: str = ""
    until: str = ""
    modality: str = ""


def find_patients(index: Index, wanted: Wanted, most: int = MOST) -> list[PatientRow]:
    """Return persons by name, at most `most` of them (Y-05)."""
    conditions, values = ["1"], []
    for word in _words(wanted.name):
        conditions.append("p.id IN (SELECT rowid FROM patient_text WHERE name_key GLOB ?)")
        values.append(word)
    if wanted.patient_id.strip():
        conditions.append("p.id IN (SELECT rowid FROM patient_text WHERE patient_id GLOB ?)")
        values.append(_pattern(wanted.patient_id.strip().casefold(), "{}*"))
    study = [
        (f"s.date {sign} ?", date)
        for sign, date in ((">=", wanted.since), ("<=", wanted.until))
        if date
    ]
    if wanted.modality:
        study.append(
            ("s.id IN (SELECT study FROM series WHERE modality = ?)", wanted.modality.upper())
        )
    if study:
        both = " AND ".join(condition for condition, _ in study)
        conditions.append(f"p.id IN (SELECT s.patient FROM study s WHERE {both})")
        values += [value for _, value in study]
    return _patients(index, conditions, [*values, most])


def patient_of(index: Index, id: int) -> PatientRow | None:
    """Return one person by the number of the row; None when there is none."""
    found = _patients(index, ["p.id = ?"], [id, 1])
    return found[0] if found else None


def _patients(
    index: Index, conditions: Sequence[str], values: Sequence[object]
) -> list[PatientRow]:  # fmt: skip
    """Return the persons who meet conditions; the last of the values is how many at the most."""
    # Whom to show is chosen first: what is told of them is looked up for these alone.
    rows = index.rows(
        "WITH chosen AS (SELECT p.id FROM patient p"
        f" WHERE {' AND '.join(conditions)} ORDER BY p.name_key, p.patient_id LIMIT ?)"
        " SELECT p.*, (SELECT COUNT(*) FROM study s WHERE s.patient = p.id) AS studies,"
        " (SELECT MAX(s.date) FROM study s WHERE s.patient = p.id) AS last_study,"
        " (SELECT GROUP_CONCAT(DISTINCT r.modality) FROM series r JOIN study t ON r.study = t.id"
        "  WHERE t.patient = p.id) AS modalities"
        " FROM chosen c JOIN patient p ON p.id = c.id ORDER BY p.name_key, p.patient_id",
        *values,
    )
    return [
        PatientRow(
            row["id"], row["patient_id"], row["name"], row["birth_date"], row["sex"],
            row["studies"], row["last_study"] or "",
            tuple(sorted((row["modalities"] or "").split(","))),
        )
        for row in rows
    ]  # fmt: skip


def studies_of(index: Index, patient: int) -> list[StudyRow]:
    """Return the studies of a person, newest first (Y-06)."""
    return _studies(index, "s.patient = ?", patient)


def _studies(index: Index, condition: str, value: object) -> list[StudyRow]:
    rows = index.rows(
        "SELECT s.*, COUNT(r.id) AS series FROM study s LEFT JOIN series r ON r.study = s.id"
        f" WHERE {condition} GROUP BY s.id ORDER BY s.date DESC, s.id", value,
    )  # fmt: skip
    return [
        StudyRow(
            row["id"], row["study_uid"], row["date"], row["description"], row["accession"],
            row["series"],
        )
        for row in rows
    ]  # fmt: skip


def series_of(index: Index, study: int) -> list[SeriesRow]:
    """Return the series of a study (Y-06)."""
    return _series(index, "r.study = ?", study)


def series_by_id(index: Index, id: int) -> tuple[SeriesRow, StudyRow, PatientRow] | None:
    """Return a series with its study and its person; None when there is none."""
    own = _series(index, "r.id = ?", id)
    parents = index.rows(
        "SELECT s.id, s.patient FROM series r JOIN study s ON r.study = s.id WHERE r.id = ?", id
    )
    if not own or not parents:
        return None
    (study,) = _studies(index, "s.id = ?", parents[0]["id"])
    person = patient_of(index, parents[0]["patient"])
    return None if person is None else (own[0], study, person)


def _series(index: Index, condition: str, value: object) -> list[SeriesRow]:
    rows = index.rows(
        "SELECT r.*, COUNT(i.id) AS instances FROM series r LEFT JOIN instance i"
        f" ON i.series = r.id WHERE {condition} GROUP BY r.id"
        " ORDER BY r.modality, r.number, r.id",
        value,
    )
    return [
        SeriesRow(
            row["id"], row["series_uid"], row["modality"], row["number"], row["description"],
            row["instances"],
        )
        for row in rows
    ]  # fmt: skip


def _words(name: str) -> Sequence[str]:
    """Return one pattern for each word of a name that is searched for."""
    if any(sign in name for sign in WILDCARDS):
        return [_pattern(plain(name), "{}")] if name.strip() else []
    return [_pattern(word, "*{}*") for word in plain(name).split()]


def _pattern(text: str, around: str) -> str:
    """Return a GLOB pattern: DICOM's wildcards (PS3.4 C.2.2.2.4) are the same two signs."""
    bare = text.replace("[", "[[]")
    return bare if any(sign in text for sign in WILDCARDS) else around.format(bare)
