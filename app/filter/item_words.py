"""Elements of the record table in the words of the field, for screens and printed pages.

Reports as JSON and on the terminal keep the elements' own names: they are what other programs
and the commands ask for.
"""

import re
from functools import lru_cache

from app.filter.parameters import DIRECTIONS, FIELD_PARAMETERS, FITTINGS, POINT_PARAMETERS

WORDS = {
    "isfff": "no flattening filter", "gantry_angle": "gantry angle",
    "collimator_angle": "collimator angle", "couch_angle": "couch angle",
    "couch_pedestal": "couch pedestal angle", "couch_vertical": "couch vertical",
    "couch_lateral": "couch lateral", "couch_longitudinal": "couch longitudinal",
    "collimator_x1": "jaw X1", "collimator_x2": "jaw X2", "collimator_y1": "jaw Y1",
    "collimator_y2": "jaw Y2", "field_monitor_units": "MU", "wedge_monitor_units": "wedged MU",
    "monitor_units": "cumulative MU", "arc_direction": "arc direction",
    "arc_start_angle": "arc start", "arc_stop_angle": "arc stop",
    "arc_mu_degree": "MU per degree", "doserate": "dose rate",
    "isocenter_position_x": "isocentre x", "isocenter_position_y": "isocentre y",
    "isocenter_position_z": "isocentre z", "field_dose": "field dose", "field_id": "field ID",
    "field_name": "field name", "field_note": "set-up note", "sad": "SAD", "ssd": "SSD",
    "treatment_machine": "treatment machine", "treatment_type": "treatment type",
    "tolerance_table": "tolerance table", "original_beam_number": "beam number of the plan",
    "original_beam_name": "beam name of the plan", "original_plan_uid": "UID of the plan",
    "wedge_position": "wedge position", "gantry_dir": "gantry direction",
    "collimator_dir": "collimator direction", "couch_dir": "couch direction",
    "couch_ped_dir": "couch pedestal direction", "dynamic_wedge": "dynamic wedge",
    "e_applicator": "electron applicator", "e_field_def_aperture": "electron cutout",
    "dose_ttl": "total dose", "dose_tx": "fraction dose", "rx_site_name": "prescription site",
    "rx_note": "prescription note", "dose_spec": "dose specification",
    "number_of_fields": "number of fields", "total_control_points": "number of control points",
    "control_pt_number": "number of the control point", "mlc_leaves": "number of leaf pairs",
    "mlc": "MLC leaves", "patient_id": "patient ID", "patient_last_name": "last name",
    "patient_first_name": "first name", "patient_orientation": "patient position",
    "field_x": "field width X", "field_y": "field width Y", "dose_rate": "dose rate",
    "cb_filter": "cone-beam filter", "extended_plan_def": "record EXTENDED_PLAN_DEF",
    "dose_def": "record DOSE_DEF", "dose_action": "record DOSE_ACTION",
    "sim_def": "record SIM_DEF",
    "mlc_shape_def": "record MLC_SHAPE_DEF", "number_of_fractions": "number of fractions",
}  # fmt: skip
# Keys of machine descriptions (resources/machines), as the list of what was not checked has them.
MACHINE_WORDS = {
    "jaws.y_reach_mm": "distance of the Y jaws from the open leaves",
    "jaws.x1_mm": "range of jaw X1", "jaws.x2_mm": "range of jaw X2",
    "jaws.y1_mm": "range of jaw Y1", "jaws.y2_mm": "range of jaw Y2",
    "mlc.boundaries_mm": "leaf boundaries", "mlc.leaf_x1_mm": "reach of the X1 leaves",
    "mlc.leaf_x2_mm": "reach of the X2 leaves", "mlc.span_mm": "span of the leaves",
    "mlc.minimum_gap_mm": "least leaf gap", "mlc.interdigitation": "interdigitation",
    "couch.angle_deg": "range of the couch angle", "couch.vertical_mm": "range of couch vertical",
    "couch.lateral_mm": "range of couch lateral",
    "couch.longitudinal_mm": "range of couch longitudinal",
    "ranges.gantry_deg": "range of the gantry", "ranges.collimator_deg": "range of the collimator",
    "energies.photon_mv": "photon energies", "energies.fff_mv": "energies without filter",
    "energies.electron_mev": "electron energies", "dose_rates.photon_mu_min": "dose rates",
    "dose_rates.fff_mu_min": "dose rates without filter",
    "dose_rates.electron_mu_min": "dose rates of electrons",
    "applicators.names": "electron applicators",
    "applicators.jaws": "jaws of the electron applicators",
    "wedges.dynamic_deg": "virtual wedges", "wedges.allowed_dynamic_deg": "virtual wedges in use",
    "wedges.dynamic_minimum_mu": "least MU of a virtual wedge",
}  # fmt: skip
_LEAF = re.compile(r"mlc(\d*)_([ab])(\d+)")


def in_words(item: str) -> str:
    """Return an element in words, e.g. "jaw X1", "leaf A17"; what is not known stays readable."""
    leaf = _LEAF.fullmatch(item)
    if leaf is not None:
        layer = f", layer {leaf.group(1)}" if leaf.group(1) else ""
        return f"leaf {leaf.group(2).upper()}{leaf.group(3)}{layer}"
    known = WORDS.get(item)
    return known if known is not None else item.replace("_", " ")


def sentence_in_words(text: str) -> str:
    """Return a sentence with its elements in words; what stands in quotes stays as it is."""
    return _elements().sub(
        lambda match: MACHINE_WORDS.get(match.group()) or in_words(match.group()), text
    )


@lru_cache(maxsize=1)
def _elements() -> re.Pattern[str]:
    rows = (*FIELD_PARAMETERS, *POINT_PARAMETERS)
    names = {one.item for one in rows} | {one.item for one in FITTINGS} | set(WORDS)
    names |= {name for name, _ in DIRECTIONS}
    # Words that are English as they stand are left alone.
    told = sorted(name for name in names if "_" in name or name in ("doserate", "isfff", "ssd"))
    keys = "|".join(re.escape(key) for key in sorted(MACHINE_WORDS, key=len, reverse=True))
    return re.compile(rf"(?<!['\"\w])(?:mlc\d*_[ab]\d+|{keys}|{'|'.join(told)})(?!['\"\w])")
