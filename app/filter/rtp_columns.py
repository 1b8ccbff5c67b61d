"""Every record of RTP-Connect as RTP-Filter reads it: columns, units, lengths.

A record's own length chooses its layout, never a version text. Kinds: "text", "int", and decimals
with their unit and the digits the format prescribes ("cm.2" is centimetres to 0.01). Newer columns
stand before the checksum, except the isocentre of CONTROL_PT_DEF and PDF_FIELD_DEF, which is put
in front of the columns that follow it.
"""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record.

    Attributes:
        name: Element name of the record table in lower case.
        kind: "text", "int", "cm.2", "deg.1", "mu.2", "share.6", "number.2", ...;
            "cgy" has no digits of its own, as R&V systems round field doses to whole cGy.
        most: Most characters a text may have; 0 where nothing is prescribed.

    """

    name: str
    kind: str = "text"
    most: int = 0

    @property
    def decimals(self) -> int | None:
        """Digits behind the point the format prescribes; None for text."""
        if self.kind == "text":
            return None
        return int(self.kind.partition(".")[2] or 0)


def _columns(rows: str) -> tuple[Column, ...]:
    """Return columns from rows of "name", "name kind" or "name text most"."""
    made = []
    for row in rows.split("\n"):
        words = row.split()
        if words:
            most = int(words[2]) if len(words) > 2 else 0
            made.append(Column(words[0], words[1] if len(words) > 1 else "text", most))
    return tuple(made)


_JAWS = """
field_x_mode text 3
field_x cm.1
collimator_x1 cm.1
collimator_x2 cm.1
field_y_mode text 3
field_y cm.1
collimator_y1 cm.1
collimator_y2 cm.1
"""
_COUCH = """
couch_vertical cm.1
couch_lateral cm.1
couch_longitudinal cm.1
couch_angle deg.1
couch_pedestal deg.1
"""
_ISOCENTRE = """
isocenter_position_x cm.2
isocenter_position_y cm.2
isocenter_position_z cm.2
"""
_PLAN = _columns("""
keyword text 20
patient_id text 20
patient_last_name text 40
patient_first_name text 40
patient_minitial text 1
plan_id text 15
plan_date text 8
plan_time text 6
course_id int
diagnosis text 20
md_last_name text 40
md_first_name text 40
md_minitial text 1
md_approve_lname text 20
md_approve_fname text 20
md_approve_minitial text 1
phy_approve_lname text 20
phy_approve_fname text 20
phy_approve_minitial text 1
author_last_name text 40
author_first_name text 40
author_minitial text 1
rtp_mfg text 20
rtp_model text 20
rtp_version text 10
rtp_if_protocol text 20
rtp_if_version text 10
""")
_EXTENDED_PLAN = _columns("keyword text 20\nencoding\nfullname\npatient_comments")
_RX = _columns("""
keyword text 20
course_id int
rx_site_name text 20
technique text 20
modality text 10
dose_spec text 10
rx_depth cm.1
dose_ttl int
dose_tx int
pattern text 60
rx_note text 60
number_of_fields int
""")
_SITE = _columns(
    """
keyword text 20
rx_site_name text 20
patient_orientation text 10
treatment_machine text 20
tolerance_table int
"""
    + _ISOCENTRE
    + """
structure_set_uid text 64
frame_of_reference_uid text 64
"""
    + _COUCH
    + """
table_top_vert_displacement cm.1
table_top_long_displacement cm.1
table_top_lat_displacement cm.1
mrl_coil_name
mrl_coil_index
couch_reference
couch_reference_index
respiratory_motion_compensation_technique
respiratory_signal_source
"""
)
_SIM = _columns(
    """
keyword text 20
rx_site_name text 20
field_name text 20
field_id text 5
field_note text 60
treatment_machine text 20
gantry_angle deg.1
collimator_angle deg.1
"""
    + _JAWS
    + _COUCH
    + """
sad cm.1
ap_separation cm.1
pa_separation cm.1
lateral_separation cm.1
tangential_separation cm.1
other_label_1 text 10
ssd_1 cm.1
sfd_1 cm.1
other_label_2 text 10
other_measurement_1 cm.1
other_measurement_2 cm.1
other_label_3 text 10
other_measurement_3 cm.1
other_measurement_4 cm.1
other_label_4 text 10
other_measurement_5
other_measurement_6
blade_x_mode text 3
blade_x cm.1
blade_x1 cm.1
blade_x2 cm.1
blade_y_mode text 3
blade_y cm.1
blade_y1 cm.1
blade_y2 cm.1
ii_lateral cm.1
ii_longitudinal cm.1
ii_vertical cm.1
kvp int
ma int
seconds number.2
"""
)
_FIELD_HEAD = """
keyword text 20
rx_site_name text 20
field_name text 20
field_id text 5
field_note text 60
field_dose cgy
"""
_FIELD_MACHINE = """
treatment_machine text 20
treatment_type text 10
modality text 5
energy int
time number.2
doserate int
sad cm.1
ssd cm.1
gantry_angle deg.1
collimator_angle deg.1
"""
_FIELD_TAIL = """
tolerance_table int
arc_direction text 3
arc_start_angle deg.1
arc_stop_angle deg.1
arc_mu_degree number.2
wedge text 10
dynamic_wedge text 10
block text 10
compensator text 10
e_applicator text 10
e_field_def_aperture text 10
bolus text 10
portfilm_mu_open mu.2
portfilm_coeff_open number.5
portfilm_delta_open cm.2
portfilm_mu_treat mu.2
portfilm_coeff_treat number.5
"""
_FIELD = _columns(
    _FIELD_HEAD
    + "field_monitor_units mu.2\nwedge_monitor_units mu.2\n"
    + _FIELD_MACHINE
    + _JAWS
    + _COUCH
    + _FIELD_TAIL
    + _ISOCENTRE
)
_EXTENDED_FIELD = _columns("""
keyword text 20
field_id text 5
original_plan_uid text 64
original_beam_number int
original_beam_name text 64
isfff int
accessory_code text 10
accessory_type
high_dose_authorization text 16
referenced_rt_plan_uid text 64
rt_plan_relationship
""")
_PDF_FIELD_SHORT = (
    _FIELD_HEAD
    + "primary_dosimeter_units text 10\nmeterset number.3\n"
    + _FIELD_MACHINE
    + _JAWS
    + _COUCH
    + _FIELD_TAIL
)
_ORIGINAL = "original_plan_uid text 64\noriginal_beam_number int\noriginal_beam_name text 64\n"
_POINT_HEAD = (
    """
keyword text 20
field_id text 5
mlc_type int
mlc_leaves int
total_control_points int
control_pt_number int
mu_convention int
monitor_units share.6
wedge_position text 3
energy int
doserate int
ssd cm.1
scale_convention int
gantry_angle deg.1
gantry_dir text 3
collimator_angle deg.1
collimator_dir text 3
"""
    + _JAWS
    + """
couch_vertical cm.1
couch_lateral cm.1
couch_longitudinal cm.1
couch_angle deg.1
couch_dir text 3
couch_pedestal deg.1
couch_ped_dir text 3
"""
)
_DOSE_ACTION = _columns(
    "keyword text 20\nregion_name text 20\naction_dose int\naction_note text 60"
)


def _leaves(count: int) -> str:
    return "".join(f"mlc_{bank}{leaf} cm.2\n" for bank in "ab" for leaf in range(1, count + 1))


_POINT_OLD = _columns(_POINT_HEAD + _leaves(100))
_POINT_NEW = _columns(_POINT_HEAD + _ISOCENTRE + _leaves(100))
_MLC = _columns("keyword text 20\nfield_id text 5\nmlc_type int\nmlc_leaves int\n" + _leaves(50))
_SHAPE = _columns(
    "keyword text 20\nfield_id text 5\ncontrol_pt_number int\ntotal_shape_points int\n"
    + "".join(f"x{point} cm.2\ny{point} cm.2\n" for point in range(1, 161))
)
_DOSE = _columns(
    "keyword text 20\nregion_name text 20\nregion_prior_dose int\n"
    + "".join(f"field_id{n} text 5\nreg_coeff{n} number.5\n" for n in range(1, 11))
    + "actual_dose int\nactual_fractions int\n"
)

# Layouts by the number of values without the checksum; a shorter record has the first columns of
# the next longer layout, a longer one keeps what follows as unknown columns.
_LAYOUTS: dict[str, tuple[tuple[Column, ...], ...]] = {
    "PLAN_DEF": (_PLAN,),
    "EXTENDED_PLAN_DEF": (_EXTENDED_PLAN,),
    "RX_DEF": (_RX,),
    "SITE_SETUP_DEF": (_SITE,),
    "SIM_DEF": (_SIM,),
    "FIELD_DEF": (_FIELD,),
    "EXTENDED_FIELD_DEF": (_EXTENDED_FIELD,),
    "PDF_FIELD_DEF": (
        _columns(_PDF_FIELD_SHORT + _ORIGINAL),
        _columns(_PDF_FIELD_SHORT + _ISOCENTRE + _ORIGINAL),
    ),
    "MLC_DEF": (_MLC,),
    "CONTROL_PT_DEF": (_POINT_OLD, _POINT_NEW),
    "MLC_SHAPE_DEF": (_SHAPE,),
    "DOSE_DEF": (_DOSE,),
    "DOSE_ACTION": (_DOSE_ACTION,),
}
# Fewest values, checksum included, that the record has in any known dialect.
FEWEST = {
    "PLAN_DEF": 10, "EXTENDED_PLAN_DEF": 4, "RX_DEF": 4, "SITE_SETUP_DEF": 5, "SIM_DEF": 17,
    "FIELD_DEF": 27, "EXTENDED_FIELD_DEF": 4, "PDF_FIELD_DEF": 52, "MLC_DEF": 105,
    "CONTROL_PT_DEF": 233, "MLC_SHAPE_DEF": 325, "DOSE_DEF": 24, "DOSE_ACTION": 5,
}  # fmt: skip
# Lengths, checksum included, that real files and the interface documents have.
KNOWN_LENGTHS = {
    "PLAN_DEF": {28}, "EXTENDED_PLAN_DEF": {4, 5}, "RX_DEF": {13},
    "SITE_SETUP_DEF": {16, 19, 23, 25}, "SIM_DEF": {53}, "FIELD_DEF": {49, 52},
    "EXTENDED_FIELD_DEF": {6, 9, 10, 12}, "PDF_FIELD_DEF": {52, 55}, "MLC_DEF": {105},
    "CONTROL_PT_DEF": {233, 236}, "MLC_SHAPE_DEF": {325}, "DOSE_DEF": {26}, "DOSE_ACTION": {5},
}  # fmt: skip
KEYWORDS = frozenset(_LAYOUTS)


@lru_cache(maxsize=256)
def columns(keyword: str, count: int) -> tuple[Column, ...] | None:
    """Return the columns of a record without its checksum, chosen by its length.

    Args:
        keyword: Record type in upper case.
        count: Number of values, keyword and checksum included.

    Returns:
        None for an unknown record type or one that is too short to be read.

    """
    layouts = _LAYOUTS.get(keyword)
    if layouts is None or count < FEWEST[keyword]:
        return None
    fitting = [layout for layout in layouts if len(layout) >= count - 1]
    # Between two layouts (234 or 235 values) neither can be trusted: a leaf would be moved.
    if len(layouts) > 1 and all(len(layout) != count - 1 for layout in layouts):
        return None if fitting else layouts[-1]
    return fitting[0][: count - 1] if fitting else layouts[-1]
