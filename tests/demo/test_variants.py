"""The seeded errors: each in its place, and nothing else touched."""

import csv
import json

import pytest

from app.demo.rv_records import ELEMENTS
from app.demo.rv_variants import VARIANTS

BY_NAME = {variant.name: variant for variant in VARIANTS}
# Records that differ besides the element named, because one fact stands in several places.
SAME_FACT = {
    "jaw_3_mm": {"field_x"},
    "y_jaws_reversed": {"collimator_y2"},
    "leaf_pair_swapped": {"mlc_b30"},
    "arc_direction": {"gantry_dir"},
    "arc_stop": {"gantry_angle"},
    "fraction_dose": {"dose_ttl"},
    "field_id_too_long": {"field_id4"},
    "banks_mirrored": {f"mlc_{bank}{k}" for bank in "ab" for k in range(1, 61)},
}
OTHER_RECORDS = {"field_missing", "field_extra", "setup_field_with_dose", "segment_missing"}
BROKEN = {"checksum_damaged", "file_truncated"}


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(data.decode("ascii").splitlines()))


@pytest.fixture(scope="session")
def clean(demo) -> list[list[str]]:
    return rows(demo.export.read_bytes())


def variant_rows(demo, name: str) -> list[list[str]]:
    return rows((demo.variant_index.parent / f"{name}.rtp").read_bytes())


def differences(one: list[list[str]], other: list[list[str]]) -> list[tuple[str, str, str, str]]:
    """Return keyword, owner, control point and element of every value that differs."""
    found = []
    for before, after in zip(one, other, strict=True):
        names = ("keyword", *ELEMENTS[before[0]], "crc")
        owner = before[3] if before[0] == "FIELD_DEF" else before[1]
        point = before[5] if before[0] == "CONTROL_PT_DEF" else ""
        for name, old, new in zip(names, before, after, strict=True):
            if old != new:
                found.append((before[0], owner, point, name))
    return found


@pytest.mark.req("R-30")
def test_that_the_index_lists_every_file_and_no_other(demo):
    index = json.loads(demo.variant_index.read_text("ascii"))
    files = {file.name for file in demo.variant_index.parent.glob("*.rtp")}
    assert {row["file"] for row in index} == files == {file.name for file in demo.variants}
    assert len(index) == len(files) >= 24
    for row in index:
        assert list(row) == ["file", "error", "field", "item", "control_point", "expect"]
        assert row["expect"] in {"error", "warning", "refused"}
        assert row["error"]


@pytest.mark.req("R-30")
def test_that_every_item_of_the_index_is_an_element_of_a_record(demo):
    known = {name for names in ELEMENTS.values() for name in names} | {"crc", ""}
    assert {row["item"] for row in json.loads(demo.variant_index.read_text("ascii"))} <= known


@pytest.mark.req("R-30")
@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - OTHER_RECORDS - BROKEN))
def test_that_a_variant_differs_in_the_intended_elements_only(demo, clean, name):
    variant = BY_NAME[name]
    found = [d for d in differences(clean, variant_rows(demo, name)) if d[3] != "crc"]
    assert {d[3] for d in found} == {variant.item} | SAME_FACT.get(name, set())
    if variant.field:
        assert {d[1] for d in found if d[0] != "DOSE_DEF"} == {variant.field}
    points = [int(d[2]) for d in found if d[0] == "CONTROL_PT_DEF"]
    if variant.control_point is not None:
        assert min(points) == variant.control_point


@pytest.mark.req("R-30")
@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - OTHER_RECORDS - BROKEN))
def test_that_the_checksums_change_with_the_records_and_with_no_other(demo, clean, name):
    found = differences(clean, variant_rows(demo, name))
    changed = {d[:3] for d in found if d[3] != "crc"}
    assert {d[:3] for d in found if d[3] == "crc"} == changed


def without_checksum(table: list[list[str]]) -> list[list[str]]:
    return [row[:-1] for row in table]


def test_that_a_missing_field_leaves_count_and_tracking_in_order(demo, clean):
    found = variant_rows(demo, "field_missing")
    gone = [row for row in clean if row[0].endswith("FIELD_DEF") and "4" in (row[1], row[3])]
    kept = without_checksum([row for row in clean if row not in gone])
    expected = [
        [*row[:11], "3"] if row[0] == "RX_DEF" and row[2] == "PELVIS"
        else [*row[:9], "", "", *row[11:]] if row[:2] == ["DOSE_DEF", "PELVIS"]
        else row
        for row in kept
    ]  # fmt: skip
    assert without_checksum(found) == expected
    assert len(gone) == 2


@pytest.mark.parametrize("name", ["field_extra", "setup_field_with_dose"])
def test_that_an_added_field_is_the_only_one_added(demo, clean, name):
    found = variant_rows(demo, name)
    added = [row for row in found if row not in clean]
    (rx, field, link) = added
    assert (rx[0], rx[2], rx[11]) == ("RX_DEF", "PELVIS", "5")
    assert (field[0], field[3], link[0], link[1]) == ("FIELD_DEF", "6", "EXTENDED_FIELD_DEF", "6")
    assert float(field[5]) > 0
    rest = [row for row in found if row not in (field, link)]
    assert [row for row in rest if row != rx] == [
        row for row in clean if not (row[0] == "RX_DEF" and row[2] == "PELVIS")
    ]


def test_that_a_missing_segment_leaves_a_sound_field_with_three(demo, clean):
    found = variant_rows(demo, "segment_missing")
    own = [row for row in found if row[:2] == ["CONTROL_PT_DEF", "2"]]
    before = [row for row in clean if row[:2] == ["CONTROL_PT_DEF", "2"]]
    assert [row for row in found if row not in own] == [row for row in clean if row not in before]
    assert [row[5] for row in own] == list("012345")
    assert {row[4] for row in own} == {"6"}
    shares = [float(row[7]) for row in own]
    assert shares == pytest.approx([0, 0.5, 0.5, 0.8125, 0.8125, 1.0])  # 32, 20 and 12 of 64
    assert [row[32:232] for row in own] == [before[k][32:232] for k in (0, 1, 2, 3, 6, 7)]


def test_that_the_damaged_checksum_is_the_only_difference(demo, clean):
    found = differences(clean, variant_rows(demo, "checksum_damaged"))
    assert [(d[0], d[1], d[3]) for d in found] == [("FIELD_DEF", "2", "crc")]


def test_that_the_cut_file_is_the_beginning_of_the_clean_one_and_ends_in_the_arc(demo):
    whole = demo.export.read_bytes()
    part = (demo.variant_index.parent / "file_truncated.rtp").read_bytes()
    assert whole.startswith(part)
    last = part.rpartition(b"\r\n")[2]
    assert last.startswith(b'"CONTROL_PT_DEF","3",')
    assert last.count(b",") < 232


def test_that_swapped_leaves_cross_and_mirrored_leaves_do_not(demo):
    (row,) = [r for r in variant_rows(demo, "leaf_pair_swapped") if r[0] == "CONTROL_PT_DEF"
              and (r[1], r[5]) == ("3", "20")]  # fmt: skip
    assert float(row[32 + 29]) > float(row[132 + 29])
    (row,) = [r for r in variant_rows(demo, "banks_mirrored") if r[:2] == ["CONTROL_PT_DEF", "1"]]
    assert all(float(a) <= float(b) for a, b in zip(row[32:92], row[132:192], strict=True))


def test_that_reversed_y_jaws_keep_the_field_size(demo):
    (row,) = [
        r for r in variant_rows(demo, "y_jaws_reversed") if (r[0], r[3]) == ("FIELD_DEF", "2")
    ]
    assert (row[23], row[24], row[25]) == ("7.5", "-4.0", "3.5")


def test_that_a_moved_leaf_moved_one_millimetre(demo, clean):
    column = 1 + ELEMENTS["CONTROL_PT_DEF"].index("mlc_a30")
    moves = [
        round(10 * (float(new[column]) - float(old[column])), 6)
        for old, new in zip(clean, variant_rows(demo, "leaf_1_mm"), strict=True)
        if old != new
    ]
    assert moves == [1.0, 1.0]  # both control points of the segment
