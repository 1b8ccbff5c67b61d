"""A Pinnacle plan, straight from its folder: RTP-Filter's own reader of plan.Trial.

It shares nothing with LEX: values come from a stream, and MU from the dose file.
"""

from decimal import Decimal
from pathlib import Path

from app.filter.field import Field, Plan, Prescription
from app.filter.pinnacle_stream import read_text, stream
from app.filter.plan_trial_beam import Around, field_of
from app.filter.plan_trial_keys import Keys, keys_of
from app.filter.plan_trial_machine import read_machines
from app.filter.plan_trial_mu import dose_source
from app.filter.plan_trial_patient import Folder, read_folder
from core.errors import UnreadableFileError, UnsupportedPlanError

FILE_NAME = "plan.Trial"
NOT_HEAD_FIRST_SUPINE = (
    "The patient lies {}: beams of this position have not been confirmed on an exported plan; "
    "angles and leaves were read as for HFS."
)
ARC_NOTE = (
    "The plan has arcs: how Pinnacle stores them is known from other readers only, no arc has "
    "been compared with its exported plan."
)
COLLIMATOR_NOTE = (
    "Collimator angles other than 0 were taken as Pinnacle stores them; other readers do the "
    "same, but no exported plan has confirmed it."
)


def read_pinnacle_plan(path: Path, trial: str | None = None) -> Plan:
    """Read one trial of a Pinnacle plan (R-04, R-31).

    Lengths in mm, angles IEC 61217, doses in cGy per fraction, MU per fraction.

    Args:
        path: The plan folder, or plan.Trial in it.
        trial: Name of the trial. Without it the one marked for treatment is read if it is the
            only one so marked, else the first; a sentence in `notes` then names the others.

    Raises:
        UnreadableFileError: The folder holds no plan.Trial or not the machine, no such trial.
        UnreadableRecordError: A value is missing or damaged.
        UnsupportedPlanError: A beam of a kind that no known plan has shown.

    """
    file = path / FILE_NAME if path.is_dir() else path
    folder = file.parent
    trials = _trials(file)
    chosen, about_choice = _choose(trials, trial, file)
    beams = _beams(chosen)
    if not beams:
        raise UnsupportedPlanError(
            "the trial holds no external beam",
            where=chosen.where,
            remedy="Choose another trial; brachytherapy is not checked here.",
        )
    strangers = [beam for other in trials if other is not chosen for beam in _beams(other)]
    around = read_folder(folder)
    shared = Around(
        read_machines(folder),
        around,
        dose_source(folder, chosen, beams, strangers),
        _tolerance_table(chosen),
    )
    read = [field_of(beam, number, shared) for number, beam in enumerate(beams, start=1)]
    fields = tuple(field for field, _ in read)
    prescriptions, about_dose = _prescriptions(chosen, fields)
    return Plan(
        source=str(path),
        kind="Pinnacle plan",
        patient=around.patient,
        plan_id=around.plan_name,
        course=chosen.text("CourseID"),
        position=around.position,
        prescriptions=prescriptions,
        fields=fields,
        notes=(
            *about_choice,
            *around.notes,
            *_about_geometry(around, fields),
            *about_dose,
            *(note for _, notes in read for note in notes),
        ),
        gaps=_gaps(around),
    )


def trial_names(file: Path) -> tuple[str, ...]:
    """Return the names of the trials in a plan.Trial, in file order."""
    return tuple(trial.text("Name") for trial in _trials(file))


def trial_keys(path: Path, trial: str | None = None) -> tuple[Keys, Path]:
    """Return the values of the trial that `read_pinnacle_plan` reads, and the plan's folder."""
    file = path / FILE_NAME if path.is_dir() else path
    return _choose(_trials(file), trial, file)[0], file.parent


def _trials(file: Path) -> tuple[Keys, ...]:
    if not file.is_file():
        raise UnreadableFileError(
            "the folder holds no plan.Trial",
            where=str(file.parent),
            remedy="Open a Pinnacle plan folder, the one named Plan_ and a number.",
        )
    everything = keys_of(stream(read_text(file), file.name), file.name)
    trials = everything.listed("Trial")
    if not trials:
        raise UnreadableFileError(
            "the file holds no trial",
            where=str(file),
            remedy="Open the plan.Trial of a plan folder.",
        )
    return tuple(keys.at(f"{file.name}, trial {keys.text('Name')}") for keys in trials)


def _choose(
    trials: tuple[Keys, ...], name: str | None, file: Path
) -> tuple[Keys, tuple[str, ...]]:
    """Return the trial to read, and what to tell the user about the others."""
    names = [trial.text("Name") for trial in trials]
    listed = ", ".join(names)
    if name is not None:
        found = [trial for trial in trials if trial.text("Name") == name]
        if len(found) != 1:
            what = "no trial" if not found else f"{len(found)} trials"
            raise UnreadableFileError(
                f"the plan has {what} named {name!r}",
                where=str(file),
                remedy=f"Choose one of: {listed}.",
            )
        return found[0], ()
    if len(trials) == 1:
        return trials[0], ()
    marked = [trial for trial in trials if trial.flag("UseTrialForTreatment")]
    chosen = marked[0] if len(marked) == 1 else trials[0]
    reason = "the one marked for treatment" if len(marked) == 1 else "the first"
    others = ", ".join(
        name for trial, name in zip(trials, names, strict=True) if trial is not chosen
    )
    return chosen, (
        f"Trial {chosen.text('Name')} was read, {reason}; the plan also has {others}.",
    )


def _beams(trial: Keys) -> tuple[Keys, ...]:
    """Return the beams of a trial, each knowing its name."""
    beams = trial.listed("BeamList.Beam")
    return tuple(beam.at(f"{trial.where}, beam {beam.text('Name')}") for beam in beams)


def _tolerance_table(trial: Keys) -> str | None:
    table = trial.text("ToleranceTable")
    return None if table in ("", "0") else table


def _prescriptions(
    trial: Keys, fields: tuple[Field, ...]
) -> tuple[tuple[Prescription, ...], tuple[str, ...]]:
    """Return the prescriptions that beams use, and a sentence for each given to an isodose.

    Raises:
        UnreadableRecordError: A beam's prescription is not there, or one has no fractions.

    """
    prescriptions: list[Prescription] = []
    notes: list[str] = []
    used = dict.fromkeys(field.site for field in fields)
    for keys in trial.listed("PrescriptionList.Prescription"):
        site = keys.text("Name")
        if site not in used:
            continue
        if site in [known.site for known in prescriptions]:
            raise keys.fault("Name", f"two prescriptions are named {site!r}")
        count = sum(field.site == site for field in fields)
        prescription, note = _prescription(keys.at(f"{trial.where}, prescription {site}"), count)
        prescriptions.append(prescription)
        notes += [note] if note else []
    missing = [site for site in used if site not in [known.site for known in prescriptions]]
    if missing:
        raise trial.fault("PrescriptionList", f"there is no prescription {missing[0]!r}")
    return tuple(prescriptions), tuple(notes)


def _prescription(keys: Keys, field_count: int) -> tuple[Prescription, str]:
    fractions = keys.whole("NumberOfFractions")
    if fractions is None or fractions < 1:
        raise keys.fault("NumberOfFractions", f"{fractions} fractions are planned")
    dose_cgy, period = keys.need("PrescriptionDose"), keys.text("PrescriptionPeriod")
    if period not in ("Overall", "Per Fraction"):
        raise keys.fault("PrescriptionPeriod", f"unknown period {period!r} of the dose")
    total_cgy = dose_cgy if period == "Overall" else dose_cgy * fractions
    fraction_cgy = dose_cgy / fractions if period == "Overall" else dose_cgy
    prescription = Prescription(
        site=keys.text("Name"),
        total_cgy=total_cgy,
        fraction_cgy=fraction_cgy,
        fractions=fractions,
        field_count=field_count,
    )
    return prescription, _about_isodose(keys, fraction_cgy)


def _about_isodose(keys: Keys, fraction_cgy: Decimal) -> str:
    percent = keys.number("PrescriptionPercent")
    if percent is None or percent == 100:
        return ""
    if percent <= 0:
        raise keys.fault("PrescriptionPercent", f"a dose level of {percent} %")
    at_point_cgy = fraction_cgy * 100 / percent
    return (
        f"{keys.text('Name')} is prescribed to the {percent} % isodose: {fraction_cgy:.2f} cGy "
        f"per fraction there, {at_point_cgy:.2f} cGy at the prescription point."
    )


def _about_geometry(around: Folder, fields: tuple[Field, ...]) -> tuple[str, ...]:
    notes: list[str] = []
    if around.position not in (None, "HFS"):
        notes.append(NOT_HEAD_FIRST_SUPINE.format(around.position))
    if any(field.arc_start_deg is not None for field in fields):
        notes.append(ARC_NOTE)
    if any(point.collimator_deg for field in fields for point in field.control_points):
        notes.append(COLLIMATOR_NOTE)
    return tuple(notes)


def _gaps(around: Folder) -> tuple[tuple[str, str], ...]:
    """Return what the plan as a whole does not hold."""
    gaps: list[tuple[str, str]] = []
    if not around.patient.id:
        gaps.append(("patient_id", "the patient's file is not beside the plan folder"))
    if around.position is None:
        why = "plan.PatientSetup is not there or names a position that DICOM has no word for"
        gaps.append(("patient_orientation", why))
    if not around.points_cm:
        gaps.append(("isocenter_position", "plan.Points is not beside the plan"))
    elif not around.in_dicom_frame:
        why = "plans of this Pinnacle version stand in a frame of their own, shifted against DICOM"
        gaps.append(("isocenter_position", why))
    return tuple(gaps)
