"""Records of the R&V export: element names per record, lines and their checksum.

A record is held as keyword and named elements and becomes a line only when written, so that a
seeded error changes one element and the checksum follows. Layout: RTP-Connect as MOSAIQ 2.6
writes it; element names are those of the interface document, in lower case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAF_SLOTS = 100
DOSE_PAIRS = 10

_FIELD_JAWS = (
    "field_x_mode field_x collimator_x1 collimator_x2 "
    "field_y_mode field_y collimator_y1 collimator_y2"
)
_NAMES = {
    "PLAN_DEF": (
        "patient_id patient_last_name patient_first_name patient_minitial plan_id plan_date "
        "plan_time course_id diagnosis md_last_name md_first_name md_minitial md_approve_lname "
        "md_approve_fname md_approve_minitial phy_approve_lname phy_approve_fname "
        "phy_approve_minitial author_last_name author_first_name author_minitial rtp_mfg "
        "rtp_model rtp_version rtp_if_protocol rtp_if_version"
    ),
    "EXTENDED_PLAN_DEF": "encoding fullname",
    "RX_DEF": (
        "course_id rx_site_name technique modality dose_spec rx_depth dose_ttl dose_tx pattern "
        "rx_note number_of_fields"
    ),
    "SITE_SETUP_DEF": (
        "rx_site_name patient_orientation treatment_machine tolerance_table isocenter_position_x "
        "isocenter_position_y isocenter_position_z structure_set_uid frame_of_reference_uid "
        "couch_vertical couch_lateral couch_longitudinal couch_angle couch_pedestal "
        "table_top_vert_displacement table_top_long_displacement table_top_lat_displacement"
    ),
    "FIELD_DEF": (
        "rx_site_name field_name field_id field_note field_dose field_monitor_units "
        "wedge_monitor_units treatment_machine treatment_type modality energy time doserate sad "
        f"ssd gantry_angle collimator_angle {_FIELD_JAWS} couch_vertical couch_lateral "
        "couch_longitudinal couch_angle couch_pedestal tolerance_table arc_direction "
        "arc_start_angle arc_stop_angle arc_mu_degree wedge dynamic_wedge block compensator "
        "e_applicator e_field_def_aperture bolus portfilm_mu_open portfilm_coeff_open "
        "portfilm_delta_open portfilm_mu_treat portfilm_coeff_treat"
    ),
    "EXTENDED_FIELD_DEF": (
        "field_id original_plan_uid original_beam_number original_beam_name isfff "
        "accessory_code accessory_type high_dose_authorization"
    ),
    "CONTROL_PT_DEF": (
        "field_id mlc_type mlc_leaves total_control_points control_pt_number mu_convention "
        "monitor_units wedge_position energy doserate ssd scale_convention gantry_angle "
        f"gantry_dir collimator_angle collimator_dir {_FIELD_JAWS} couch_vertical couch_lateral "
        "couch_longitudinal couch_angle couch_dir couch_pedestal couch_ped_dir "
        + " ".join(f"mlc_{bank}{k + 1}" for bank in "ab" for k in range(LEAF_SLOTS))
    ),
    "DOSE_DEF": (
        "region_name region_prior_dose "
        + " ".join(f"field_id{k + 1} reg_coeff{k + 1}" for k in range(DOSE_PAIRS))
        + " actual_dose actual_fractions"
    ),
}
ELEMENTS: Mapping[str, tuple[str, ...]] = {
    keyword: tuple(names.split()) for keyword, names in _NAMES.items()
}


@dataclass(frozen=True, slots=True)
class RvRecord:
    """One record; elements that are not named are empty in the file."""

    keyword: str
    elements: Mapping[str, str]

    def __post_init__(self) -> None:
        unknown = set(self.elements) - set(ELEMENTS[self.keyword])
        if unknown:
            raise ValueError(f"{self.keyword} has no element {sorted(unknown)}")

    def __getitem__(self, name: str) -> str:
        return self.elements.get(name, "")

    def changed(self, **values: str) -> "RvRecord":
        """Return the record with some elements replaced."""
        return RvRecord(self.keyword, {**self.elements, **values})


def register_after(data: bytes) -> int:
    """Return the checksum of `data`: reflected polynomial 0xA001, register from 0x0521."""
    register = 0x0521
    for byte in data:
        register = (register >> 8) ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def _table() -> tuple[int, ...]:
    entries = list(range(256))
    for _ in range(8):
        entries = [(entry >> 1) ^ (0xA001 if entry % 2 else 0) for entry in entries]
    return tuple(entries)


_TABLE = _table()


def line(record: RvRecord) -> bytes:
    """Return one line: quoted elements, checksum over all before it, CR LF."""
    values = [record.keyword, *(record[name] for name in ELEMENTS[record.keyword])]
    text = "".join(f'"{value}",' for value in values).encode("cp1252")
    return text + f'"{register_after(text)}"\r\n'.encode("ascii")


def file_of(records: Sequence[RvRecord]) -> bytes:
    """Return the whole file."""
    return b"".join(line(record) for record in records)
