"""The columns LEX writes, typed as text: one line per element, per layout of the target system.

A line is `name format [range] [since layout]`. Formats: `text.20` text of at most 20 characters,
cut with a warning; `key.20` text that may not be cut because it identifies something; `int` a
whole number, rounded with a warning; `whole` one that may not be rounded; `cm.1`, `deg.1`, `mu.2`,
`frac.6` ... a number with its decimals. A range is what LED17001 allows.
The checksum is not a column here: `rtp_write` puts it last in every record.
"""

from dataclasses import dataclass
from functools import cache

from core.errors import ClinicFileError

# Oldest first; a column or record given since one of them is in all later ones.
LAYOUTS = ("lantis", "mosaiq_2.4", "mosaiq_2.5", "mosaiq_2.6", "mosaiq_2.64")
LEAF_SLOTS = 100
DOSE_SLOTS = 10
TEXTS = ("text", "key")

PLAN_DEF = """
    keyword                 key.20
    patient_id              key.20
    patient_last_name       text.40
    patient_first_name      text.40
    patient_minitial        text.1
    plan_id                 text.15
    plan_date               text.8
    plan_time               text.6
    course_id               int     1..99
    diagnosis               text.20
    md_last_name            text.40
    md_first_name           text.40
    md_minitial             text.1
    md_approve_lname        text.20
    md_approve_fname        text.20
    md_approve_minitial     text.1
    phy_approve_lname       text.20
    phy_approve_fname       text.20
    phy_approve_minitial    text.1
    author_last_name        text.40
    author_first_name       text.40
    author_minitial         text.1
    rtp_mfg                 text.20
    rtp_model               text.20
    rtp_version             text.10
    rtp_if_protocol         text.20
    rtp_if_version          text.10
"""

EXTENDED_PLAN_DEF = """
    keyword                 key.20
    encoding                key.40
    fullname                key.1000
"""

RX_DEF = """
    keyword                 key.20
    course_id               int     1..99
    rx_site_name            key.20
    technique               text.20
    modality                text.10
    dose_spec               text.10
    rx_depth                cm.1    0..999.9
    dose_ttl                int     1..32767
    dose_tx                 int     1..9999
    pattern                 text.60
    rx_note                 text.60
    number_of_fields        int     1..999
"""

SITE_SETUP_DEF = """
    keyword                     key.20
    rx_site_name                key.20
    patient_orientation         key.10
    treatment_machine           key.20
    tolerance_table             int     0..99
    isocenter_position_x        cm.2    -999.99..999.99
    isocenter_position_y        cm.2    -999.99..999.99
    isocenter_position_z        cm.2    -999.99..999.99
    structure_set_uid           key.64
    frame_of_reference_uid      key.64
    couch_vertical              cm.1    -999.9..999.9
    couch_lateral               cm.1    -999.9..999.9
    couch_longitudinal          cm.1    -999.9..999.9
    couch_angle                 deg.1   -20..380
    couch_pedestal              deg.1   -20..380
    table_top_vert_displacement cm.1    -999.9..999.9   since mosaiq_2.6
    table_top_long_displacement cm.1    -999.9..999.9   since mosaiq_2.6
    table_top_lat_displacement  cm.1    -999.9..999.9   since mosaiq_2.6
"""

FIELD_DEF = """
    keyword                 key.20
    rx_site_name            key.20
    field_name              text.20
    field_id                key.5
    field_note              text.60
    field_dose              cgy.2   0..9999.99
    field_monitor_units     mu.2    0..9999.99
    wedge_monitor_units     mu.2    0..9999.99
    treatment_machine       key.20
    treatment_type          key.10
    modality                key.5
    energy                  whole   1..99
    time                    min.2   0..99.99
    doserate                int     0..9999
    sad                     cm.1    0..999.9
    ssd                     cm.1    0..999.9
    gantry_angle            deg.1   -360..360
    collimator_angle        deg.1   -360..360
    field_x_mode            key.3
    field_x                 jaw     0..50
    collimator_x1           jaw     -25..25
    collimator_x2           jaw     -25..25
    field_y_mode            key.3
    field_y                 jaw     0..50
    collimator_y1           jaw     -25..25
    collimator_y2           jaw     -25..25
    couch_vertical          cm.1    -999.9..999.9
    couch_lateral           cm.1    -999.9..999.9
    couch_longitudinal      cm.1    -999.9..999.9
    couch_angle             deg.1   -20..380
    couch_pedestal          deg.1   -20..380
    tolerance_table         int     0..99
    arc_direction           key.3
    arc_start_angle         deg.1   -360..360
    arc_stop_angle          deg.1   -360..360
    arc_mu_degree           mu.2    0..99.99
    wedge                   text.10
    dynamic_wedge           text.10
    block                   text.10
    compensator             text.10
    e_applicator            text.10
    e_field_def_aperture    text.10
    bolus                   text.10
    portfilm_mu_open        mu.2    0..99.99
    portfilm_coeff_open     frac.5  0..9.99999
    portfilm_delta_open     cm.2    0..99.99
    portfilm_mu_treat       mu.2    0..99.99
    portfilm_coeff_treat    frac.5  0..9.99999
    isocenter_position_x    cm.2    -999.99..999.99     since mosaiq_2.64
    isocenter_position_y    cm.2    -999.99..999.99     since mosaiq_2.64
    isocenter_position_z    cm.2    -999.99..999.99     since mosaiq_2.64
"""

EXTENDED_FIELD_DEF = """
    keyword                 key.20
    field_id                key.5
    original_plan_uid       key.64
    original_beam_number    int     0..99999
    original_beam_name      text.64
    isfff                   int     0..1    since mosaiq_2.4
    accessory_code          text.10         since mosaiq_2.4
    accessory_type          text.20         since mosaiq_2.4
    high_dose_authorization key.16          since mosaiq_2.4
"""

CONTROL_PT_DEF = """
    keyword                 key.20
    field_id                key.5
    mlc_type                int     1..12
    mlc_leaves              int     0..100
    total_control_points    int     1..999
    control_pt_number       int     0..998
    mu_convention           int     1..2
    monitor_units           frac.6  0..1
    wedge_position          key.3
    energy                  whole   1..99
    doserate                int     0..9999
    ssd                     cm.1    0..999.9
    scale_convention        int     1..2
    gantry_angle            deg.1   -360..360
    gantry_dir              key.3
    collimator_angle        deg.1   -360..360
    collimator_dir          key.3
    field_x_mode            key.3
    field_x                 jaw     0..50
    collimator_x1           jaw     -25..25
    collimator_x2           jaw     -25..25
    field_y_mode            key.3
    field_y                 jaw     0..50
    collimator_y1           jaw     -25..25
    collimator_y2           jaw     -25..25
    couch_vertical          cm.1    -999.9..999.9
    couch_lateral           cm.1    -999.9..999.9
    couch_longitudinal      cm.1    -999.9..999.9
    couch_angle             deg.1   -20..380
    couch_dir               key.3
    couch_pedestal          deg.1   -20..380
    couch_ped_dir           key.3
    isocenter_position_x    cm.2    -999.99..999.99     since mosaiq_2.64
    isocenter_position_y    cm.2    -999.99..999.99     since mosaiq_2.64
    isocenter_position_z    cm.2    -999.99..999.99     since mosaiq_2.64
""" + "".join(
    f"mlc_{bank}{leaf} cm.2 -25..25\n" for bank in "ab" for leaf in range(1, LEAF_SLOTS + 1)
)

DOSE_DEF = (
    """
    keyword                 key.20
    region_name             key.20
    region_prior_dose       int     0..99999
"""
    + "".join(
        f"field_id{slot} key.5\nreg_coeff{slot} frac.5 0..9.99999\n"
        for slot in range(1, DOSE_SLOTS + 1)
    )
    + """
    actual_dose             int     0..99999
    actual_fractions        int     0..999
"""
)

# Each record LEX writes, with the oldest layout that has it.
RECORDS = {
    "PLAN_DEF": (PLAN_DEF, "lantis"),
    "EXTENDED_PLAN_DEF": (EXTENDED_PLAN_DEF, "mosaiq_2.5"),
    "RX_DEF": (RX_DEF, "lantis"),
    "SITE_SETUP_DEF": (SITE_SETUP_DEF, "lantis"),
    "FIELD_DEF": (FIELD_DEF, "lantis"),
    "EXTENDED_FIELD_DEF": (EXTENDED_FIELD_DEF, "lantis"),
    "CONTROL_PT_DEF": (CONTROL_PT_DEF, "lantis"),
    "DOSE_DEF": (DOSE_DEF, "lantis"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One element of a record.

    Attributes:
        kind: "text" or "key" for text; "int", "whole", "jaw", "cm", "deg", "mu", "cgy", "min"
            or "frac".
        size: Characters of a text, decimals of a number ("jaw" chooses its own).
        limits: Lowest and highest value allowed; None without such a rule.

    """

    name: str
    kind: str
    size: int = 0
    limits: tuple[float, float] | None = None


def has_record(record: str, dialect: str) -> bool:
    """Tell whether a layout knows a record; errors as in `layout`."""
    return _level(RECORDS[record][1]) <= _level(dialect)


@cache
def layout(record: str, dialect: str) -> tuple[Column, ...]:
    """Return the columns of a record in the order they are written, without the checksum.

    Args:
        record: Keyword, e.g. "FIELD_DEF".
        dialect: One of `LAYOUTS` (fact sheet of RTP-Connect, lengths by version).

    Raises:
        ClinicFileError: There is no such layout.

    """
    level = _level(dialect)
    rows = [line.split() for line in RECORDS[record][0].splitlines() if line.strip()]
    return tuple(_column(row) for row in rows if _since(row) <= level)


def _since(row: list[str]) -> int:
    """Return the place of the layout that brought a column."""
    return _level(row[row.index("since") + 1]) if "since" in row else 0


def _column(row: list[str]) -> Column:
    """Read one line of a table above."""
    name, format_, *rest = row
    kind, _, size = format_.partition(".")
    limits = None
    if rest and ".." in rest[0]:
        low, high = rest[0].split("..")
        limits = (float(low), float(high))
    return Column(name, kind, int(size or 0), limits)


def _level(dialect: str) -> int:
    """Return the place of a layout among all of them."""
    if dialect not in LAYOUTS:
        raise ClinicFileError(
            f"unknown layout {dialect!r} of the transfer file",
            where="file of the R&V system",
            remedy=f"Choose one of {', '.join(LAYOUTS)}.",
        )
    return LAYOUTS.index(dialect)
