"""The preview says what will stand in the file, next to what the plan said."""

from dataclasses import replace

import pytest

from app.lex.options import FIELD_PER_POINT
from app.lex.plan import Device
from app.lex.preview import (
    ENTERED,
    MAPPED,
    OPTION,
    OTHER,
    OURS,
    ROUNDED,
    TURNED,
    in_words,
    preview,
)
from app.lex.transfer import prepare
from core.paths import clinic_folder
from tests.lex.transfer_sample import arc, beam, segment, step_and_shoot, treatment, trial


def tree(plan, **entries):
    data = treatment(**entries)
    transfer = prepare(plan, data)
    return transfer, preview(plan, data, transfer)


def at_gantry(angle_deg):
    return beam(1, tuple(segment(share, gantry_deg=angle_deg) for share in (0.0, 1.0)))


def flat(records):
    for record in records:
        yield record
        yield from flat(record.children)


def element(records, title, name):
    record = next(one for one in flat(records) if one.title.startswith(title))
    return next(one for one in record.elements() if one.name == name)


@pytest.mark.req("L-24")
def test_that_every_filled_element_of_the_file_stands_in_the_tree():
    transfer, records = tree(trial(beam(1), step_and_shoot(2), arc(3)))
    lines = [line.split(",") for line in transfer.data.decode("ascii").splitlines()]
    filled = [sorted(cell.strip('"') for cell in cells[1:-1] if cell != '""') for cells in lines]
    shown = [sorted(one.written for one in record.elements()) for record in flat(records)]
    # Both in an order of their own: by what they hold, record against record.
    assert sorted(shown) == sorted(filled)


def test_that_records_lie_under_their_field_and_fields_under_their_prescription():
    _, records = tree(trial(beam(1), arc(2)))
    assert [one.title for one in records] == ["Patient and plan", "Prescription PELVIS"]
    inside = [one.title for one in records[1].children]
    assert inside == ["Set-up of the site", "Field 1   B1", "Field 2   B2", "Dose tracking"]
    points = [one.title for one in records[1].children[2].children]
    assert points == ["Link to the plan", *(f"Control point {n}" for n in range(5))]


def test_that_a_value_names_where_it_is_from():
    plan = trial(
        beam(1, segments=(segment(0.0, gantry_deg=90.04), segment(1.0, gantry_deg=90.04)))
    )
    _, records = tree(plan)
    field = "Field 1"
    gantry = element(records, field, "Gantry angle")
    assert (gantry.written, gantry.planned, gantry.origin) == ("90.0", "90.04", ROUNDED)
    machine = element(records, field, "Machine")
    assert (machine.written, machine.planned, machine.origin) == ("DEMO LINAC", "LINAC", ENTERED)
    assert element(records, field, "Couch vertical").origin == ENTERED
    assert element(records, field, "MU").origin == ""
    assert element(records, "Patient", "Program").origin == OURS
    gantry = element(tree(trial(at_gantry(-90.0)))[1], field, "Gantry angle")
    assert (gantry.written, gantry.planned, gantry.origin) == ("270.0", "-90", TURNED)


def test_that_a_name_of_the_map_stands_next_to_the_planner_s():
    file = clinic_folder() / "nomenclature" / "mosaiq_2.6.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[wedges.names]\nW30 = "30L"\n')
    wedge = Device("W30", "30 Degree", kind="physical", angle_deg=30.0)
    _, records = tree(trial(replace(beam(1), wedges=(wedge,))))
    found = element(records, "Field 1", "Wedge")
    assert (found.written, found.origin) == ("30L", MAPPED)
    assert "30 Degree" in found.planned


def points_of(records):
    return [one for one in flat(records) if one.title.startswith("Control point")]


def to_and_fro():
    """Three segments, the middle one far from both others: the best order leaves it to the end."""
    tips_cm = (-4.0, -1.0, -3.9)
    points = [
        segment(share, tip_cm)
        for n, tip_cm in enumerate(tips_cm)
        for share in (n / 4, (n + 1) / 4 if n < 2 else 1.0)
    ]
    return beam(1, tuple(points), technique="StepNShoot")


@pytest.mark.req("L-07", "L-24")
def test_that_a_field_of_one_segment_stands_beside_its_own_point_of_the_plan():
    planned = step_and_shoot(1)
    _, records = tree(trial(planned), segments=FIELD_PER_POINT)
    assert [one.row.plan_point for one in points_of(records)] == [0, 2]
    assert points_of(records)[1].title == "Control point 0 (in the plan 2)"
    leaf = next(one for one in points_of(records)[1].elements() if one.name == "Leaf A1")
    assert (leaf.written, leaf.planned, leaf.origin) == ("-2.00", "-2", "")
    for name, written, said in (("Field name", "B1 2/2", "B1"), ("MU", "48.00", "80")):
        found = element(records, "Field 1S2", name)
        assert (found.written, found.planned, found.origin) == (written, said, OPTION)


@pytest.mark.req("L-09", "L-24")
def test_that_a_point_in_another_order_stands_beside_the_plan_s_point_it_was():
    _, records = tree(trial(to_and_fro()), resequence=True)
    points = points_of(records)
    assert [one.row.plan_point for one in points] != [0, 1, 2, 3, 4, 5]
    for one in points:
        leaf = next(own for own in one.elements() if own.name == "Leaf A1")
        assert float(leaf.planned) == to_and_fro().segments[one.row.plan_point].left_cm[0]
        assert leaf.origin == ""
        share = next(own for own in one.elements() if own.name.startswith("MU"))
        assert share.planned == ""


def test_that_leaves_have_plain_names():
    assert (in_words("mlc_a17"), in_words("doserate")) == ("Leaf A17", "Dose rate")


@pytest.mark.req("L-24")
def test_that_no_option_is_named_where_none_was_chosen():
    _, records = tree(trial(beam(1)))
    field = next(one for one in flat(records) if one.title.startswith("Field 1"))
    other = replace(field, planned={**field.planned, "field_monitor_units": 120.0})
    origins = {one.name: one.origin for one in other.elements()}
    assert origins["MU"] == OTHER
    assert OPTION not in origins.values()


def test_that_every_number_has_its_unit():
    _, records = tree(trial(beam(1), arc(2)))
    units = {
        (title, name): element(records, title, name).unit
        for title, name in (
            ("Prescription", "Total dose"), ("Field 1", "Dose rate"), ("Field 1", "MU"),
            ("Field 1", "Gantry angle"), ("Field 1", "Jaw X1"), ("Field 1", "Dose of the field"),
            ("Patient", "Patient ID"),
        )
    }  # fmt: skip
    assert list(units.values()) == ["cGy", "MU/min", "MU", "°", "cm", "cGy", ""]
    leaf = next(one for one in points_of(records)[0].elements() if one.name == "Leaf A1")
    assert leaf.unit == "cm"
