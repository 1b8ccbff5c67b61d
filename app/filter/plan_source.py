"""One door to every plan RTP-Filter can compare with: DICOM or Pinnacle, file or folder."""

import re
from pathlib import Path

from pydicom import dcmread

from app.filter.field import Plan
from app.filter.plan_dicom import read_dicom_plan
from app.filter.plan_dicom_item import PARSER_FAULTS
from app.filter.plan_trial import FILE_NAME, read_pinnacle_plan
from core.errors import UnreadableFileError

TRIAL_OPENING = re.compile(rb"\s*Trial\s*=\s*\{")
TAGS = ("Modality", "RTPlanLabel")
SHOWN = 12
"""Most names that an error message lists."""


def read_plan_source(path: Path, trial: str | None = None) -> Plan:
    """Read the plan that a file or folder holds (R-04, R-25, R-31).

    A DICOM RT Plan file, a folder with exactly one of them, a Pinnacle plan folder or its
    plan.Trial, or a Pinnacle patient folder with exactly one plan.

    Args:
        path: File or folder.
        trial: Trial of a Pinnacle plan; see `read_pinnacle_plan`.

    Raises:
        RemedyError: No plan, more than one, or one that cannot be read.

    """
    if path.is_dir():
        return _read_folder(path, trial)
    if not path.is_file():
        raise _no_plan("there is no such file or folder", path, "Check the name.")
    if path.name == FILE_NAME or _begins_with_trial(path):
        return read_pinnacle_plan(path, trial)
    return _read_dicom(path, trial)


def _read_folder(folder: Path, trial: str | None) -> Plan:
    if (folder / FILE_NAME).is_file():
        return read_pinnacle_plan(folder, trial)
    plans = sorted(file.parent for file in folder.glob(f"Plan_*/{FILE_NAME}"))
    if len(plans) == 1:
        return read_pinnacle_plan(plans[0], trial)
    if plans:
        names = ", ".join(plan.name for plan in plans[:SHOWN])
        raise _no_plan(f"the patient has {len(plans)} plans: {names}", folder, "Open one of them.")
    labels = _dicom_plans(folder)
    if len(labels) == 1:
        return _read_dicom(next(iter(labels)), trial)
    if labels:
        listed = [f"{file.name} ({label})" for file, label in labels.items()]
        what = f"the folder holds {len(labels)} DICOM plans: {', '.join(listed[:SHOWN])}"
        raise _no_plan(what, folder, "Open one of the files.")
    raise _no_plan(
        "the folder holds neither a DICOM RT Plan nor a Pinnacle plan",
        folder,
        "Open the folder or file that the planning system wrote.",
    )


def _read_dicom(file: Path, trial: str | None) -> Plan:
    if trial is not None:
        raise _no_plan(
            f"a DICOM plan has no trials, so not {trial!r} either",
            file,
            "Leave the trial out, or open the Pinnacle plan folder.",
        )
    return read_dicom_plan(file)


def _dicom_plans(folder: Path) -> dict[Path, str]:
    """Return the RT Plan files of a folder with their labels."""
    labels: dict[Path, str] = {}
    try:
        files = sorted(folder.iterdir())
    except OSError as fault:
        raise _no_plan(
            f"the folder cannot be opened: {fault.strerror}", folder, "Check the access rights."
        ) from fault
    for file in files:
        if not file.is_file():
            continue
        try:
            head = dcmread(file, force=True, specific_tags=list(TAGS), stop_before_pixels=True)
            modality, label = str(head.get("Modality", "")), str(head.get("RTPlanLabel", ""))
        except PARSER_FAULTS:
            continue  # not readable as DICOM, so no plan to choose
        if modality == "RTPLAN":
            labels[file] = label
    return labels


def _begins_with_trial(file: Path) -> bool:
    try:
        with file.open("rb") as data:
            return bool(TRIAL_OPENING.match(data.read(200)))
    except OSError:
        return False  # the reader that follows says why it cannot be opened


def _no_plan(what: str, path: Path, remedy: str) -> UnreadableFileError:
    return UnreadableFileError(what, where=str(path), remedy=remedy)
