"""The preview says what will stand in the file, next to what the plan said."""

from dataclasses import replace

import pytest

from app.lex.options import FIELD_PER_POINT
from app.lex.plan import Device
from app.lex.preview import ENTERED, MAPPED, OURS, ROUNDED, TURNED, in_words, preview
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


def test_that_no_point_of_the_plan_stands_beside_one_of_another_place():
    _, records = tree(trial(step_and_shoot(1)), segments=FIELD_PER_POINT)
    points = [one for one in flat(records) if one.title.startswith("Control point")]
    assert points
    assert all(one.planned == {} for one in points)


def test_that_leaves_have_plain_names():
    assert (in_words("mlc_a17"), in_words("doserate")) == ("Leaf A17", "Dose rate")
