"""Exports with one seeded error each: what an operator or a broken transfer can do to a plan.

The list follows the errors reported by Siochi 2009 and its way of commissioning a checker: change
one parameter at a time (R-30). Each variant says where its error sits and how grave a checker
should take it: "error", "warning", or "refused" when the file cannot be read safely.
"""

import json
from dataclasses import dataclass

from app.demo.rv_edits import (
    Edit,
    Spoil,
    Values,
    checksum_scratched,
    cut_short,
    elements,
    mirrored,
    moved,
    swapped,
    to,
    with_field,
    without_field,
    without_segment,
)
from app.demo.rv_export import export_records
from app.demo.truth import PLAN

PAIRS = len(PLAN.boundaries_mm) - 1
LEAVES = tuple((f"mlc_a{k}", f"mlc_b{k}") for k in range(1, PAIRS + 1))
Y_JAWS = (("collimator_y1", "collimator_y2"),)
LAST_OF_ARC = len(PLAN.beams[2].points()) - 1
# Differences that happen for a good reason; a checker asks, and does not forbid.
WARNINGS = {"dose_rate", "tolerance_table", "field_name", "number_of_fields", "machine"}
REFUSED = {"checksum_damaged", "file_truncated"}


@dataclass(frozen=True, slots=True)
class Variant:
    """A seeded error.

    Attributes:
        name: Stem of its file.
        error: What was done, in words.
        field: Field ID, empty where the error is not in a field.
        item: Element, in lower case; "" where it is no element.
        control_point: First control point that is wrong, None outside control points.

    """

    name: str
    error: str
    field: str
    item: str
    spoil: Spoil
    control_point: int | None = None

    @property
    def expect(self) -> str:
        """What a checker should make of it: "error", "warning" or "refused"."""
        if self.name in REFUSED:
            return "refused"
        return "warning" if self.name in WARNINGS else "error"

    def data(self) -> bytes:
        """Return the export with this error in it."""
        return self.spoil(export_records())


# One element of one FIELD_DEF: name, what was done, field, element, value.
_FIELD_ELEMENTS = (
    ("gantry", "the gantry angle is 2 degrees off", "4", "gantry_angle", "42.0"),
    ("collimator", "the collimator is at 0, not 90 degrees", "4", "collimator_angle", "0.0"),
    ("mu", "55 MU instead of 50", "4", "field_monitor_units", "55"),
    ("energy", "15 MV instead of 18 MV", "4", "energy", "15"),
    ("electron_energy", "9 MeV instead of 12 MeV", "5", "energy", "9"),
    ("modality", "an x-ray field is entered as electrons", "4", "modality", "Elect"),
    ("field_dose_missing", "the dose of field 4 is empty", "4", "field_dose", ""),
    ("field_dose_changed", "the dose of field 4 is 5 cGy too high", "4", "field_dose", "33.00"),
    ("dynamic_wedge_missing", "the dynamic wedge is missing", "1", "dynamic_wedge", ""),
    ("dynamic_wedge_angle", "30 degree wedge, not 60", "1", "dynamic_wedge", "ED30-Y1"),
    ("wedge_missing", "the physical wedge is missing", "4", "wedge", ""),
    ("wedge_turned", "the physical wedge points the other way", "4", "wedge", "30RIGHT"),
    ("block_missing", "the block code is missing", "4", "block", ""),
    ("bolus_missing", "the bolus is missing", "5", "bolus", ""),
    ("bolus_thickness", "the bolus is 1 cm instead of 0.5 cm thick", "5", "bolus", "1.0 cm"),
    ("applicator_missing", "the electron applicator is missing", "5", "e_applicator", ""),
    ("applicator_size", "applicator 15x15 instead of 10x10", "5", "e_applicator", "15x15"),
    ("cutout_missing", "the cutout is missing", "5", "e_field_def_aperture", ""),
    ("dose_rate", "600 instead of 300 MU/min", "4", "doserate", "600"),
    ("table_position", "the table is 2 cm higher for one field", "4", "couch_vertical", "-11.5"),
    ("tolerance_table", "one field has another tolerance table", "4", "tolerance_table", "5"),
    ("machine", "one field is on another machine", "4", "treatment_machine", "OTHER LINAC"),
    ("field_name", "a field has another name than its beam", "4", "field_name", "LAO 45"),
    ("site_unknown", "a field's site has no prescription", "4", "rx_site_name", "PELVIS B"),
)

_JAW_OUT = (
    Edit("FIELD_DEF", "4", moved("collimator_x1", -0.3)),
    Edit("FIELD_DEF", "4", moved("field_x", 0.3)),
)
_JAWS_REVERSED = (
    Edit("FIELD_DEF", "2", mirrored(Y_JAWS)),
    Edit("CONTROL_PT_DEF", "2", mirrored(Y_JAWS)),
)
_COUCH = to(couch_angle="355.0")
_BACKWARDS = (
    Edit("FIELD_DEF", "3", to(arc_direction="CCW")),
    Edit("CONTROL_PT_DEF", "3", to(gantry_dir="CCW"), tuple(range(LAST_OF_ARC))),
)
_STOPPED = (
    Edit("FIELD_DEF", "3", to(arc_stop_angle="175.0")),
    Edit("CONTROL_PT_DEF", "3", to(gantry_angle="175.0"), (LAST_OF_ARC,)),
)
_TWICE = (
    Edit("FIELD_DEF", "4", to(field_id="1")),
    Edit("EXTENDED_FIELD_DEF", "4", to(field_id="1")),
)
_LONG_ID = (
    Edit("FIELD_DEF", "4", to(field_id="LAOBLK")),
    Edit("EXTENDED_FIELD_DEF", "4", to(field_id="LAOBLK")),
    Edit("DOSE_DEF", "PELVIS", to(field_id4="LAOBLK")),
)
_SETUP_DOSE = with_field(
    "4", "PELVIS", field_id="6", field_name="SETUP AP", treatment_type="Setup",
    field_dose="3.00", field_monitor_units="4", gantry_angle="0.0", wedge="", block="",
)  # fmt: skip


def _points(field_id: str, numbers: tuple[int, ...], values: Values) -> Spoil:
    return elements(Edit("CONTROL_PT_DEF", field_id, values, numbers))


def _rx(**values: str) -> Spoil:
    return elements(Edit("RX_DEF", "PELVIS", to(**values)))


VARIANTS = (
    *(
        Variant(name, error, field, item, elements(Edit("FIELD_DEF", field, to(**{item: value}))))
        for name, error, field, item, value in _FIELD_ELEMENTS
    ),
    Variant("leaf_1_mm", "leaf A30 of the second segment stands 1 mm off", "2", "mlc_a30",
            _points("2", (2, 3), moved("mlc_a30", 0.1)), 2),
    Variant("leaf_1_mm_in_arc", "leaf A30 of one control point stands 1 mm off", "3", "mlc_a30",
            _points("3", (20,), moved("mlc_a30", 0.1)), 20),
    Variant("leaf_pair_swapped", "leaves of pair 30 changed banks and cross", "3", "mlc_a30",
            _points("3", (20,), swapped("mlc_a30", "mlc_b30")), 20),
    Variant("banks_mirrored", "the whole leaf shape is mirrored left to right", "1", "mlc_a1",
            _points("1", (0,), mirrored(LEAVES)), 0),
    Variant("jaw_3_mm", "jaw X1 stands 3 mm further out", "4", "collimator_x1",
            elements(*_JAW_OUT)),
    Variant("y_jaws_reversed", "jaws Y1 and Y2 have changed places", "2", "collimator_y1",
            elements(*_JAWS_REVERSED), 0),
    Variant("gantry_in_arc", "one control point of the arc is 2 degrees off", "3", "gantry_angle",
            _points("3", (10,), to(gantry_angle="261.0")), 10),
    Variant("couch_angle_captured", "couch angle 355 was captured, not 350", "2", "couch_angle",
            elements(Edit("FIELD_DEF", "2", _COUCH), Edit("CONTROL_PT_DEF", "2", _COUCH)), 0),
    Variant("segment_mu", "4 MU went from the second segment to the first", "2", "monitor_units",
            _points("2", (1, 2), to(monitor_units="0.450000")), 1),
    Variant("segment_missing", "the third segment is missing, its MU spread over the others", "2",
            "total_control_points", without_segment("2", 4), 4),
    Variant("field_missing", "field 4 is missing", "4", "field_id", without_field("4", "PELVIS")),
    Variant("field_extra", "a copy of field 4 was added as field 6", "6", "field_id",
            with_field("4", "PELVIS", field_id="6", field_name="LAO BLK 2")),
    Variant("setup_field_with_dose", "a setup field was added and gives dose", "6", "field_dose",
            _SETUP_DOSE),
    Variant("field_id_twice", "two fields have the ID 1", "4", "field_id", elements(*_TWICE)),
    Variant("field_id_too_long", "a field ID has 6 characters", "4", "field_id",
            elements(*_LONG_ID)),
    Variant("arc_direction", "the arc runs the other way round", "3", "arc_direction",
            elements(*_BACKWARDS)),
    Variant("arc_stop", "the arc stops 4 degrees early", "3", "arc_stop_angle",
            elements(*_STOPPED)),
    Variant("fractions", "24 fractions, not 25: the total dose was changed", "", "dose_ttl",
            _rx(dose_ttl="4800")),
    Variant("fraction_dose", "180 instead of 200 cGy in each of 25 fractions", "", "dose_tx",
            _rx(dose_tx="180", dose_ttl="4500")),
    Variant("rx_modality", "the prescription was entered for electrons", "", "modality",
            _rx(modality="Elect")),
    Variant("number_of_fields", "the prescription announces a field too many", "",
            "number_of_fields", _rx(number_of_fields="5")),
    Variant("orientation", "the setup says prone instead of supine", "", "patient_orientation",
            elements(Edit("SITE_SETUP_DEF", "PELVIS", to(patient_orientation="HFP")))),
    Variant("patient_id", "the export is of another patient", "", "patient_id",
            elements(Edit("PLAN_DEF", "", to(patient_id="DEMO-0002")))),
    Variant("checksum_damaged", "the checksum of a record does not fit", "2", "crc",
            checksum_scratched("FIELD_DEF", "2")),
    Variant("file_truncated", "the file ends within a control point", "3", "", cut_short(0.5)),
)  # fmt: skip


def index_file() -> bytes:
    """Return INDEX.json: what is wrong in which file, and what a checker should make of it."""
    rows = [
        {
            "file": f"{variant.name}.rtp",
            "error": variant.error,
            "field": variant.field,
            "item": variant.item,
            "control_point": variant.control_point,
            "expect": variant.expect,
        }
        for variant in VARIANTS
    ]
    return (json.dumps(rows, indent=1, ensure_ascii=True) + "\n").encode("ascii")
