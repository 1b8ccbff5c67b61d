"""Open a plan wherever it comes from: a DICOM file or folder, a Pinnacle plan or patient (L-01).

Everything is read, nothing at the source is written, renamed or locked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.lex.copies import require_whole
from app.lex.dicom_file import modality_of
from app.lex.dicom_plan import read_dicom_plan
from app.lex.patient_index import read_patient
from app.lex.pinnacle_plan import read_pinnacle_plan
from app.lex.plan import Trial
from app.lex.reading import Reading
from core.errors import RemedyError, UnreadableFileError

DICOM = "DICOM RT Plan"
PINNACLE = "Pinnacle plan"
_CHOOSE = "Choose an RT Plan file, a folder that holds one, or a Pinnacle plan folder."


@dataclass(frozen=True, slots=True)
class Source:
    """An opened plan source.

    Attributes:
        kind: "DICOM RT Plan" or "Pinnacle plan".
        readings: Every trial found, read or refused, in the order of the source.

    """

    kind: str
    path: Path
    readings: tuple[Reading, ...]

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Return the trials that were read whole."""
        return tuple(one.trial for one in self.readings if one.trial is not None)

    @property
    def refused(self) -> tuple[Reading, ...]:
        """Return the trials that were refused, each with the reason."""
        return tuple(one for one in self.readings if one.fault is not None)


def open_source(path: Path) -> Source:
    """Open a plan source and read every trial in it.

    Args:
        path: A DICOM RT Plan file, a folder with one or more of them, a Pinnacle plan folder or
            its plan.Trial, or a Pinnacle patient folder or its Patient file.

    Raises:
        RemedyError: Nothing readable is there, or the only trial is refused; or the path lies in
            a local copy of a planning server's files that is not whole.

    """
    require_whole(path)
    try:
        kind, readings = _readings(path)
    except OSError as fault:
        raise UnreadableFileError(
            f"{path.name} cannot be opened: {fault.strerror}", where=str(path), remedy=_CHOOSE
        ) from fault
    if not readings:
        raise UnreadableFileError("no plan is there", where=str(path), remedy=_CHOOSE)
    source = Source(kind, path, readings)
    if not source.trials:
        raise _fault(source.readings[0])
    return source


def _readings(path: Path) -> tuple[str, tuple[Reading, ...]]:
    """Recognise the kind of source by what lies there, and read it."""
    if path.is_dir():
        if (path / "plan.Trial").is_file():
            return PINNACLE, read_pinnacle_plan(path)
        if (path / "Patient").is_file():
            return PINNACLE, _patient_readings(path)
        if (path / "Institution").is_file():
            raise _too_much(path / "Institution")
        return DICOM, _dicom_readings(path)
    if not path.is_file():
        raise UnreadableFileError(f"{path.name} is not there", where=str(path), remedy=_CHOOSE)
    if path.name.endswith(".Trial"):
        return PINNACLE, read_pinnacle_plan(path.parent, path.name)
    if path.name == "Patient":
        return PINNACLE, _patient_readings(path.parent)
    if path.name == "Institution":
        raise _too_much(path)
    trial = read_dicom_plan(path)
    return DICOM, (Reading(trial.name, trial),)


def _too_much(path: Path) -> UnreadableFileError:
    """Return the error for an index of patients where a plan is wanted."""
    return UnreadableFileError(
        "this is the index of an institution, not a plan",
        where=str(path),
        remedy="Choose a patient from it, then a plan.",
    )


def _patient_readings(folder: Path) -> tuple[Reading, ...]:
    """Read the trials of every plan of a patient that is there; names carry the plan's."""
    found: list[Reading] = []
    for plan in read_patient(folder).plans:
        if not plan.present:
            continue
        label = plan.name or plan.folder.name
        try:
            readings = read_pinnacle_plan(plan.folder)
        except RemedyError as fault:
            found.append(Reading(label, fault=fault))
            continue
        found += [_renamed(reading, f"{label}/{reading.name}") for reading in readings]
    return tuple(found)


def _dicom_readings(folder: Path) -> tuple[Reading, ...]:
    """Read every RT Plan of a folder; several are told apart by their file names."""
    found: list[Reading] = []
    for file in _plan_files(folder):
        try:
            found.append(Reading(file.name, read_dicom_plan(file)))
        except RemedyError as fault:
            found.append(Reading(file.name, fault=fault))
    if len(found) == 1 and found[0].trial is not None:
        return (replace(found[0], name=found[0].trial.name),)
    return tuple(_renamed(reading, reading.name) for reading in found)


def _plan_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that call themselves RTPLAN, by name; subfolders are left."""
    for file in sorted(folder.iterdir()):
        if not file.is_file():
            continue
        modality = modality_of(file)
        # A plan cut off before its modality must not vanish beside a sound one.
        if modality == "RTPLAN" or (not modality and file.name.upper().startswith("RP")):
            yield file


def _renamed(reading: Reading, name: str) -> Reading:
    """Return the reading and its trial under another name."""
    trial = reading.trial
    return replace(reading, name=name, trial=None if trial is None else replace(trial, name=name))


def choose_trial(source: Source, name: str | None) -> Trial:
    """Return the trial to transfer.

    Args:
        source: An opened source.
        name: Exact name; None takes the first the planning system marks for treatment, else the
            first of all, and notes which others were not looked at.

    Raises:
        RemedyError: No trial or more than one has this name, or the trial was refused.

    """
    if name is not None:
        return _named(source, name)
    marked = tuple(one for one in source.readings if one.for_treatment)
    chosen = (marked or source.readings)[0]
    if chosen.trial is None:
        raise _fault(chosen)
    others = [one.name for one in source.readings if one is not chosen]
    if not others:
        return chosen.trial
    word = "trials in this plan" if source.kind == PINNACLE else "plans in this folder"
    note = f"{len(source.readings)} {word}; {chosen.name} used, {', '.join(others)} not looked at."
    return replace(chosen.trial, notes=(note, *chosen.trial.notes))


def _named(source: Source, name: str) -> Trial:
    """Return the only trial of exactly this name."""
    found = [one for one in source.readings if one.name == name]
    if len(found) != 1:
        raise UnreadableFileError(
            f"{len(found)} trials are called {name!r}",
            where=str(source.path),
            remedy=f"Choose one of {', '.join(repr(one.name) for one in source.readings)}.",
        )
    if found[0].trial is None:
        raise _fault(found[0])
    return found[0].trial


def _fault(reading: Reading) -> RemedyError:
    """Return why a reading was refused."""
    if reading.fault is None:
        raise ValueError(f"{reading.name} was not refused")
    return reading.fault
