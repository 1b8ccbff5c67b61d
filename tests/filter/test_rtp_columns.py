"""RTP-Filter's own record table against the field table of the format."""

import csv
import re

import pytest

from app.filter.rtp_columns import FEWEST, KEYWORDS, KNOWN_LENGTHS, columns

NEWEST = {
    "PLAN_DEF": 28, "EXTENDED_PLAN_DEF": 5, "RX_DEF": 13, "SITE_SETUP_DEF": 25, "SIM_DEF": 53,
    "FIELD_DEF": 52, "EXTENDED_FIELD_DEF": 12, "PDF_FIELD_DEF": 55, "MLC_DEF": 105,
    "CONTROL_PT_DEF": 236, "MLC_SHAPE_DEF": 325, "DOSE_DEF": 26, "DOSE_ACTION": 5,
}  # fmt: skip
UNITS = {"cm": "cm", "deg": "deg", "cGy": "cgy", "MU": "mu", "fraction or cMU": "share"}


@pytest.fixture
def documented(shared_formats):
    """Rows of the field table by record; the checksum left out."""
    rows = {}
    with (shared_formats / "rtp-connect-records.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["field"] != "CRC":
                rows.setdefault(row["record"], []).append(row)
    return rows


def own_name(row):
    """Return our name of a documented element; the leaf tables number theirs in other words."""
    name = row["field"]
    leaf = re.fullmatch(r"MLC_LP\d+ \(([AB]\d+)\)|MLC_LP_([AB]\d+)", name)
    if leaf:
        return f"mlc_{(leaf[1] or leaf[2]).lower()}"
    shape = re.fullmatch(r"([XY])_Coordinate(\d+)", name)
    return f"{shape[1]}{shape[2]}".lower() if shape else name.lower()


def digits(kind):
    number = re.match(r"dec -?n+\.(n+)", kind)
    return len(number[1]) if number else 0 if kind.startswith("int") else None


@pytest.mark.req("R-02", "O-07")
def test_that_every_element_of_the_field_table_has_its_column_in_its_place(documented):
    assert set(documented) == KEYWORDS
    for keyword, rows in documented.items():
        ours = [column.name for column in columns(keyword, NEWEST[keyword])]
        assert ours == [own_name(row) for row in rows], keyword


def test_that_digits_and_units_are_those_of_the_field_table(documented):
    # Words in the field table; types known from other readers only; doses: see Column.
    different = {
        "mu_convention", "scale_convention", "isfff", "mrl_coil_index", "couch_reference_index",
        "field_dose",
    }  # fmt: skip
    for keyword, rows in documented.items():
        for row, column in zip(rows, columns(keyword, NEWEST[keyword]), strict=True):
            if column.name in different:
                continue
            if digits(row["type"]) is not None:
                assert column.decimals == digits(row["type"]), (keyword, column.name)
            if column.decimals is not None and digits(row["type"]):
                unit = UNITS.get(row["units"], "number")
                assert column.kind.partition(".")[0] == unit, (keyword, column.name)


def test_that_text_lengths_are_those_of_the_field_table(documented):
    for keyword, rows in documented.items():
        for row, column in zip(rows, columns(keyword, NEWEST[keyword]), strict=True):
            prescribed = re.match(r"S\((\d+)\)", row["type"])
            if prescribed:
                assert column.kind == "text", (keyword, column.name)
                assert column.most == int(prescribed[1]), (keyword, column.name)


@pytest.mark.parametrize(
    ("keyword", "count", "last"),
    [
        ("PLAN_DEF", 28, "rtp_if_version"),
        ("PLAN_DEF", 10, "course_id"),
        ("EXTENDED_PLAN_DEF", 4, "fullname"),
        ("EXTENDED_PLAN_DEF", 5, "patient_comments"),
        ("RX_DEF", 13, "number_of_fields"),
        ("SITE_SETUP_DEF", 16, "couch_pedestal"),
        ("SITE_SETUP_DEF", 19, "table_top_lat_displacement"),
        ("SITE_SETUP_DEF", 23, "couch_reference_index"),
        ("SITE_SETUP_DEF", 25, "respiratory_signal_source"),
        ("SIM_DEF", 53, "seconds"),
        ("FIELD_DEF", 27, "collimator_y2"),
        ("FIELD_DEF", 49, "portfilm_coeff_treat"),
        ("FIELD_DEF", 52, "isocenter_position_z"),
        ("EXTENDED_FIELD_DEF", 6, "original_beam_name"),
        ("EXTENDED_FIELD_DEF", 9, "accessory_type"),
        ("EXTENDED_FIELD_DEF", 10, "high_dose_authorization"),
        ("EXTENDED_FIELD_DEF", 12, "rt_plan_relationship"),
        ("PDF_FIELD_DEF", 52, "original_beam_name"),
        ("PDF_FIELD_DEF", 55, "original_beam_name"),
        ("MLC_DEF", 105, "mlc_b50"),
        ("CONTROL_PT_DEF", 233, "mlc_b100"),
        ("CONTROL_PT_DEF", 236, "mlc_b100"),
        ("MLC_SHAPE_DEF", 325, "y160"),
        ("DOSE_DEF", 24, "reg_coeff10"),
        ("DOSE_DEF", 26, "actual_fractions"),
        ("DOSE_ACTION", 5, "action_note"),
    ],
)
def test_that_each_dialect_ends_with_its_last_column(keyword, count, last):
    layout = columns(keyword, count)
    assert len(layout) == count - 1
    assert layout[-1].name == last


def test_that_the_isocentre_moves_the_leaves_of_the_newer_control_point():
    def places(count):
        return {column.name: i for i, column in enumerate(columns("CONTROL_PT_DEF", count))}

    assert (places(233)["mlc_a1"], places(233)["mlc_b1"]) == (32, 132)
    assert (places(236)["mlc_a1"], places(236)["mlc_b1"]) == (35, 135)
    assert places(236)["isocenter_position_x"] == 32
    assert "isocenter_position_x" not in places(233)


@pytest.mark.parametrize("count", [232, 234, 235])
def test_that_a_control_point_of_another_length_has_no_layout(count):
    assert columns("CONTROL_PT_DEF", count) is None


def test_that_a_record_longer_than_any_known_one_keeps_the_newest_columns():
    for keyword, count in NEWEST.items():
        assert columns(keyword, count + 3) == columns(keyword, count)


def test_that_a_record_shorter_than_any_known_one_and_an_unknown_one_have_no_layout():
    assert columns("UNKNOWN_DEF", 20) is None
    for keyword, fewest in FEWEST.items():
        assert columns(keyword, fewest - 1) is None
        assert columns(keyword, fewest) is not None


def test_that_every_known_length_has_a_layout_of_that_length():
    for keyword, lengths in KNOWN_LENGTHS.items():
        assert max(lengths) == NEWEST[keyword]
        for count in lengths:
            assert len(columns(keyword, count)) == count - 1
