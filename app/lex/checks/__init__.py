"""Every check LEX makes before it writes; a new one is a new line here (L-21)."""

from app.lex.checks import beams, carried, entries
from app.lex.checks.case import Case, Check
from core.findings import Finding

CHECKS: tuple[Check, ...] = (
    entries.required_data_are_present,
    entries.field_ids_are_unique,
    entries.site_names_are_unique,
    entries.patient_is_named,
    beams.energies_are_offered,
    beams.control_points_give_whole_mu,
    beams.leaf_counts_match,
    beams.leaves_move_along_x,
    beams.virtual_wedge_angles_are_allowed,
    beams.virtual_wedges_have_enough_mu,
    beams.monitor_units_are_usual,
    beams.ssd_and_depth_are_usual,
    beams.x_jaws_follow_the_leaves,
    carried.one_device_per_column,
    carried.motorised_wedges_have_positions,
    carried.running_totals_can_be_written,
    carried.arcs_turn_one_way,
    carried.jaw_pairs_are_whole,
    carried.isocentres_reach_the_file,
    carried.prescribed_doses_are_whole,
    carried.field_doses_add_up,
    carried.unflattened_beams_are_marked,
    carried.patient_position_is_known,
    carried.gated_fields_are_named,
    carried.remarks_on_the_plan,
)


def check_case(case: Case) -> tuple[Finding, ...]:
    """Ask every check; each answers with at least one finding."""
    return tuple(finding for check in CHECKS for finding in check.run(case))
