"""The demonstration export and plan as files, and changes of single elements."""

from app.demo import planner_patient, planner_trial, rv_variants
from app.demo.dicom_plan import plan_file
from app.demo.planner_machine import machines_file
from app.demo.rv_edits import Edit, elements, to
from app.demo.rv_export import export_records
from app.demo.rv_records import file_of

PINNACLE = {
    "plan.Trial": planner_trial.trial_file,
    "plan.Points": planner_trial.points_file,
    "plan.PatientSetup": planner_patient.patient_setup_file,
    "plan.PlanInfo": planner_patient.plan_info_file,
    "plan.Pinnacle": planner_patient.session_file,
    "plan.Pinnacle.Machines": machines_file,
    "plan.roi": planner_patient.regions_file,
}
VARIANTS = {one.name: one for one in rv_variants.VARIANTS}


def write_export(folder, name="export.rtp", data=None):
    file = folder / name
    file.write_bytes(file_of(export_records()) if data is None else data)
    return file


def write_plan(folder, name="plan.dcm"):
    file = folder / name
    file.write_bytes(plan_file())
    return file


def write_pinnacle(folder):
    made = folder / "Plan_0"
    made.mkdir()
    for name, maker in PINNACLE.items():
        (made / name).write_bytes(maker())
    return made


def changed(keyword, owner, **values):
    """Return the export with elements of one record changed."""
    return elements(Edit(keyword, owner, to(**values)))(export_records())


def reordered():
    """Return the export with its last field before the others: records as they were."""
    records = list(export_records())
    starts = [place for place, one in enumerate(records) if one.keyword == "FIELD_DEF"]
    end = next(
        (
            place
            for place in range(starts[-1], len(records))
            if records[place].keyword == "DOSE_DEF"
        ),
        len(records),
    )
    last = records[starts[-1] : end]
    return file_of(
        [*records[: starts[0]], *last, *records[starts[0] : starts[-1]], *records[end:]]
    )
