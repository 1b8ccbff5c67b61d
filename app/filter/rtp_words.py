"""Words and ranges an element of RTP-Connect may have, as far as documents and files show them."""

_JAW_MODES = ("sym", "asy", "unspecified")
_TURNS = ("cw", "ccw")
_RADIATIONS = ("co-60", "e/hd", "elect", "xrays", "protons", "unspecified")
_TREATMENTS = (
    "arc", "dynamic", "static", "setup", "vmat", "dmlc", "stepnshoot", "ct", "mv ct", "kv setup",
    "port", "fixed", "unspecified",
)  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "patient_orientation": ("hfs", "hfp", "hfdl", "hfdr", "ffs", "ffp", "ffdl", "ffdr"),
    "treatment_type": _TREATMENTS,
    "field_x_mode": _JAW_MODES,
    "field_y_mode": _JAW_MODES,
    "blade_x_mode": _JAW_MODES,
    "blade_y_mode": _JAW_MODES,
    "arc_direction": _TURNS,
    "gantry_dir": _TURNS,
    "collimator_dir": _TURNS,
    "couch_dir": _TURNS,
    "couch_ped_dir": _TURNS,
    "wedge_position": ("in", "out"),
    "mlc_type": tuple(str(number) for number in range(1, 13)),
    "mu_convention": ("1", "2"),
    "scale_convention": ("1", "2"),
    "isfff": ("0", "1"),
    "primary_dosimeter_units": ("min", "sec", "mu"),
}
_WORDS_IN = {("FIELD_DEF", "modality"): _RADIATIONS, ("PDF_FIELD_DEF", "modality"): _RADIATIONS}
# With another word in one of these the reader refuses the file: it would change the beam.
REFUSED = frozenset(_WORDS) & {
    "arc_direction", "gantry_dir", "collimator_dir", "couch_dir", "couch_ped_dir",
    "wedge_position", "mu_convention", "scale_convention", "isfff",
}  # fmt: skip
# Elements without which a record means nothing; others that the documents demand are blank in
# real files.
REQUIRED = {
    "PLAN_DEF": ("patient_id",),
    "RX_DEF": ("rx_site_name",),
    "FIELD_DEF": ("field_id",),
    "PDF_FIELD_DEF": ("field_id",),
    "EXTENDED_FIELD_DEF": ("field_id",),
    "MLC_DEF": ("field_id", "mlc_type", "mlc_leaves"),
    "CONTROL_PT_DEF": (
        "field_id", "mlc_leaves", "total_control_points", "control_pt_number", "scale_convention",
    ),
    "DOSE_DEF": ("region_name",),
}  # fmt: skip
_REACH_CM = (-25, 25)
_TURN_DEG = (-360, 380)


def words_of(keyword: str, name: str) -> tuple[str, ...]:
    """Return the words an element may have, in lower case; empty where any text may stand."""
    return _WORDS_IN.get((keyword, name)) or _WORDS.get(name, ())


def limits_of(name: str) -> tuple[int, int] | None:
    """Return the least and the most of an element in its own unit; None where none is set."""
    if name in ("mlc_type", "mlc_leaves"):
        return None
    if name.startswith(("mlc_", "collimator_x", "collimator_y")):
        return _REACH_CM
    if name in ("gantry_angle", "collimator_angle", "couch_angle", "couch_pedestal"):
        return _TURN_DEG
    return (0, 999) if name in ("total_control_points", "control_pt_number") else None
