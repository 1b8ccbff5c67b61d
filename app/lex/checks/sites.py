"""Checks that the transfer file can carry what belongs to a prescription or the whole plan."""

from collections.abc import Iterator
from itertools import groupby

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.checks.standard import AP
from app.lex.field_records import point_rates
from app.lex.fields import Field
from app.lex.plan import Prescription
from app.lex.records import common_isocentre, total_cgy
from app.lex.rtp_columns import layout
from app.lex.rtp_write import rounded
from app.lex.treatment import FieldEntry
from core.findings import State

BOOK = "Enter the field doses in the R&V system, so that they add up to the fraction dose."
LOOK = "Compare it with the planning system before going on."
POSITIONS = ("HFS", "HFP", "HFDL", "HFDR", "FFS", "FFP", "FFDL", "FFDR")


def by_prescription(case: Case) -> Iterator[tuple[Prescription, tuple[Field, ...]]]:
    """Yield each prescription that is written with its fields."""
    for _, group in groupby(case.fields, key=lambda one: id(one.prescription)):
        fields = tuple(group)
        yield fields[0].prescription, fields


@check(
    "LEX-C6",
    "The isocentre of every field reaches the file",
    State.WARNING,
    LOOK,
    source="LED17001, SITE_SETUP_DEF",
    why="Without its isocentre a field may be set up at that of another.",
    good=[Change(f"{AP}.isocentre_cm", (1.25, -20.5, 3.0005))],
    bad=[
        Change(f"{AP}.isocentre_cm", None, "AP, isocenter_position_x"),
        Change(f"{AP}.isocentre_cm", (0.0, 0.0, 9.0), "isocenter_position_x"),
    ],
)
def isocentres_reach_the_file(case: Case) -> Iterator[Miss]:
    """Warn where the layout has one isocentre for a site and the beams have several, or none."""
    columns = layout("FIELD_DEF", case.system.layout)
    per_field = any(column.name == "isocenter_position_x" for column in columns)
    for rx, fields in by_prescription(case):
        lacking = [field.beam.name for field in fields if field.beam.isocentre_cm is None]
        for name in lacking:
            message = "The plan gives no isocentre in patient axes; it stays empty."
            yield Miss(message, name, item="isocenter_position_x")
        shared = common_isocentre([field.beam for field in fields])
        if shared is None and not lacking and not per_field:
            message = (
                f"Prescription {rx.name!r} has several isocentres; the layout of "
                f"{case.system.name} has one for a site, so it stays empty."
            )
            yield Miss(message, item="isocenter_position_x")


@check(
    "LEX-C7",
    "Prescribed doses are known and whole centigray",
    State.WARNING,
    LOOK,
    source="LED17001, RX_DEF",
    why="The R&V system stops a course by these doses.",
    good=[Change("trial.prescriptions[0].total_cgy", None)],
    bad=[Change("trial.prescriptions[0].total_cgy", 4900.0, "dose_ttl")],
)
def prescribed_doses_are_whole(case: Case) -> Iterator[Miss]:
    """Warn of a dose that is not there or does not fit the fractions after rounding."""
    for rx, fields in by_prescription(case):
        total = total_cgy(rx)
        for item, words, dose_cgy in (
            ("dose_ttl", "total dose", total),
            ("dose_tx", "dose of a fraction", rx.fraction_cgy),
        ):
            if dose_cgy is None:
                message = f"Prescription {rx.name!r} has no {words}; it stays empty."
                yield Miss(message, item=item)
        if total is None or rx.fraction_cgy is None or rx.fractions is None:
            continue
        stated = rounded(total, 0) == rx.fractions * rounded(rx.fraction_cgy, 0)
        if not stated:
            message = (
                f"Prescription {rx.name!r}: {rx.fractions} fractions of {rx.fraction_cgy:g} cGy "
                f"are not {total:g} cGy in whole numbers."
            )
            yield Miss(
                message, item="dose_ttl", expected=f"{total:g}",
                found=f"{rx.fractions * rounded(rx.fraction_cgy, 0)}", unit="cGy",
            )  # fmt: skip
        modalities = sorted({field.beam.modality for field in fields})
        if len(modalities) > 1:
            message = f"Prescription {rx.name!r} has {' and '.join(modalities)}; none is written."
            yield Miss(message, item="modality", found=", ".join(modalities))


@check(
    "LEX-C8",
    "The doses of the fields add up to the fraction dose",
    State.WARNING,
    BOOK,
    requirements=["R-11"],
    source="Siochi 2009, II.C.3",
    why="Doses that do not add up would stop the treatment too early or too late.",
    good=[Change(f"{AP}.dose_cgy", 50.3)],
    bad=[Change(f"{AP}.dose_cgy", 60.0, "field_dose")],
)
def field_doses_add_up(case: Case) -> Iterator[Miss]:
    """Warn where no field dose is written, because the plan's do not add up or one is missing."""
    for rx, fields in by_prescription(case):
        doses = [field.beam.dose_cgy for field in fields if field.beam.dose_cgy is not None]
        if not doses:
            message = f"The plan gives no beam doses for {rx.name!r}; none is written."
            yield Miss(message, item="field_dose", state=State.INFO)
        elif fields[0].dose_cgy is None:
            total = f"{sum(doses):.2f}"
            message = (
                f"The beam doses of {rx.name!r} add up to {total} cGy for {len(doses)} of "
                f"{len(fields)} fields; none is written."
            )
            expected = "" if rx.fraction_cgy is None else f"{rx.fraction_cgy:g}"
            yield Miss(message, item="field_dose", expected=expected, found=total, unit="cGy")


@check(
    "LEX-C10",
    "Beams without a flattening filter are marked in the file",
    State.ERROR,
    "Choose an R&V system whose layout has the mark, or enter the field by hand there.",
    source="LED17001, EXTENDED_FIELD_DEF",
    why="The energy alone would name the flattened beam.",
    good=[Change(f"{AP}.fff", None)],
    bad=[Change(f"{AP}.fff", True, "AP, isfff")],
    also=["LEX-D2", "LEX-D8"],
)
def unflattened_beams_are_marked(case: Case) -> Iterator[Miss]:
    """Refuse where the layout has no mark: the energy alone would name the flattened beam."""
    if any(column.name == "isfff" for column in layout("EXTENDED_FIELD_DEF", case.system.layout)):
        return
    for field in case.fields:
        if field.beam.fff:
            message = (
                f"Beam {field.beam.name!r} has no flattening filter, which the layout of "
                f"{case.system.name} cannot say."
            )
            yield Miss(message, field.beam.name, item="isfff", expected="1")


@check(
    "LEX-C11",
    "The patient position is one of the eight the file knows",
    State.WARNING,
    LOOK,
    source="LED17001, SITE_SETUP_DEF",
    why="Set up the other way round, left is right or head is foot.",
    good=[Change("trial.position", "FFDR")],
    bad=[Change("trial.position", "SITTING", "patient_orientation")],
)
def patient_position_is_known(case: Case) -> Iterator[Miss]:
    """Compare with the enumeration of LED17001; a plan that names none leaves it empty."""
    position = case.trial.position
    if not position:
        message = "The plan does not name the patient position; it stays empty."
        yield Miss(message, item="patient_orientation", state=State.INFO)
    elif position not in POSITIONS:
        message = f"The patient position is {position!r}."
        known = ", ".join(POSITIONS)
        yield Miss(message, item="patient_orientation", expected=known, found=position)


@check(
    "LEX-C12",
    "No field is gated",
    State.INFO,
    "Set the gating up at the machine as well.",
    requirements=["L-08"],
    source="Siochi 2009, IV (gating is forgotten)",
    why="The machine must be told as well; the file has no column for it.",
    good=[Change("treatment.fields", {"AP": FieldEntry(gated=False)})],
    bad=[Change("treatment.fields", {"AP": FieldEntry(gated=True)}, "AP, field_note")],
)
def gated_fields_are_named(case: Case) -> Iterator[Miss]:
    """Name the gated fields in every report (L-08): the file has only their note to say it."""
    for field in case.fields:
        if field.gated:
            message = f"Field {field.id} is gated; its note says so, no column does."
            yield Miss(message, field.beam.name, item="field_note", found="GATED")


@check(
    "LEX-C9",
    "All of the plan is written as it stands",
    State.INFO,
    LOOK,
    requirements=["L-22"],
    source="Siochi 2009, II.B",
    why="Who transfers must know what was chosen or left out.",
    good=[Change("trial.notes", ())],
    bad=[Change("trial.notes", ("Trial_1 was chosen.",))],
)
def remarks_on_the_plan(case: Case) -> Iterator[Miss]:
    """Tell what is not written and what the reader of the plan had to choose."""
    chosen = {field.beam.number for field in case.fields}
    for beam in case.trial.beams:
        if beam.setup:
            yield Miss("A set-up beam gives no dose and is not written.", beam.name)
        elif beam.number not in chosen:
            yield Miss("The beam was not chosen and is not written.", beam.name)
    for field in case.fields:
        planned = {point.dose_rate_mu_min for point in field.beam.segments} - {None}
        if not point_rates(field.beam) and planned - {field.dose_rate_mu_min}:
            found = ", ".join(f"{rate:g}" for rate in planned if rate is not None)
            message = f"The plan says {found} MU/min; what was entered is written."
            yield Miss(
                message, field.beam.name, item="doserate", found=str(field.dose_rate_mu_min),
                expected=found, unit="MU/min",
            )  # fmt: skip
    for note in case.trial.notes:
        yield Miss(note)
