"""The two text files of the demonstration set: treatment.toml for LEX, and README.txt."""

from app.demo.truth import PLAN

FIRST_LINE = "EQS demonstration set: one synthetic patient, no real data."


def treatment_file() -> bytes:
    """Return what LEX asks for and the plan does not hold, equal to the export."""
    usual = 400
    lines = [
        "# What the plan does not hold; the values are those of export/DEMO-0001_IE.rtp.",
        f"course = {PLAN.course}",
        f'machine = "{PLAN.machine}"',
        f'machine_type = "{PLAN.machine_type}"',
        f"dose_rate_mu_min = {usual}",
        f"tolerance_table = {PLAN.tolerance_table}",
        "gated = false",
        'rv_system = "mosaiq_2.6"',
        "",
        "[couch]",
        f"vertical_cm = {PLAN.couch_vertical_mm / 10:.1f}",
        f"lateral_cm = {PLAN.couch_lateral_mm / 10:.1f}",
        f"longitudinal_cm = {PLAN.couch_longitudinal_mm / 10:.1f}",
    ]
    for prescription in PLAN.prescriptions:
        lines += [
            "",
            f'[prescriptions."{prescription.name}"]',
            f'id = "{prescription.site}"',
            f'technique = "{prescription.technique}"',
        ]
    for beam in PLAN.beams:
        lines += ["", f'[fields."{beam.name}"]', f'id = "{beam.id}"']
        if beam.dose_rate_mu_min != usual:
            lines.append(f"dose_rate_mu_min = {beam.dose_rate_mu_min}")
    return ("\n".join(lines) + "\n").encode("ascii")


def readme_file() -> bytes:
    """Return README.txt: what each file is for, in the order of use."""
    return f"""{FIRST_LINE}

Patient {PLAN.last_name}^{PLAN.first_name}, {PLAN.patient_id}: a pelvis made by formula, five \
beams, two prescriptions.
Nothing here may be used for treatment. `eqs demo FOLDER` makes the same files again.

1. Open LEX and load dicom/plan.dcm, or the Pinnacle folder pinnacle/ (the same plan).
2. Load treatment.toml: what the plan does not hold (course, machine, couch, field IDs).
3. Look at the checks, give reasons where asked, write the file. Each of plans/ has one error for
   LEX to find (INDEX.json).
4. Open the Filter with the file LEX wrote, or with export/{PLAN.patient_id}_IE.rtp (as exported
   from the record-and-verify system), and compare it with the plan: they match.
5. Now open any file of export/variants/ and compare again: each holds exactly one seeded
   error. export/variants/INDEX.json says which error, where, and what should be reported.
6. dicom/ holds CT, structures, plan and dose (all fractions, Gy) for any viewer.

All fields stand at one couch position on purpose: treatment.toml asks for one.
""".encode("ascii")
