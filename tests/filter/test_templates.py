"""Stereotactic arcs and total body irradiation: held to templates, grouped, recognised."""

import json
from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.command_line import main
from app.filter.field import Accessory, Jaws, LeafBanks
from app.filter.other_reports import srs_report
from app.filter.settings import read_settings
from app.filter.srs import arc_set_of, isocentre_in_note, stereotactic
from app.filter.srs_rules import SHIPPED, read_srs_rules
from app.filter.tbi import compare_tbi, read_tbi_templates
from app.filter.toml_table import read_table
from core.errors import ClinicFileError
from core.findings import State
from tests.filter import rtp_samples as rtp
from tests.filter.logic_samples import export, field, point

SETTINGS = read_settings()
RULES = read_srs_rules(None)
TEMPLATES = read_tbi_templates(None)
SQUARE = Jaws(D("-25.0"), D("25.0"), D("-25.0"), D("25.0"))
NOTE = "ISO A: -12.5, 3.0, 40.0"
WAYS = ((0, 30, "CW", 130), (45, 330, "CCW", 230), (90, 210, "CW", 330), (315, 30, "CW", 130))


def banks(**tips):
    a = [D("-25.0") if 20 <= pair < 40 else D(0) for pair in range(60)]
    b = [D("25.0") if 20 <= pair < 40 else D(0) for pair in range(60)]
    for name, tip in tips.items():
        (a if name[0] == "a" else b)[int(name[1:]) - 1] = D(tip)
    return LeafBanks(tuple(a), tuple(b))


def arc(id="1", way=WAYS[0], shape=None, **changes):
    couch, start, turn, stop = way
    points = tuple(
        point(number, str(number), shape or banks(), jaws=SQUARE, couch_deg=D(couch),
              collimator_deg=D(90)) for number in (0, 1)
    )  # fmt: skip
    made = field(
        id, name=f"ARC {id}", treatment_type="Arc", collimator_deg=D(90), couch_deg=D(couch),
        gantry_deg=D(start), arc_start_deg=D(start), arc_stop_deg=D(stop), arc_direction=turn,
        jaws=SQUARE, blocks=(Accessory(("STEREO",)),), dose_rate_mu_min=None, note=NOTE,
        control_points=points,
    )  # fmt: skip
    return replace(made, **changes)


def plan(*fields, **rx):
    fields = fields or tuple(arc(str(n), way) for n, way in enumerate(WAYS, start=1))
    return export(*fields, **{"technique": "SRS", **rx})


def told(rv, rules=RULES):
    found = stereotactic(rv, SETTINGS, rules).findings
    return [(one.rule, one.field) for one in found if one.state != State.INFO]


@pytest.mark.req("R-21")
def test_that_a_standard_set_is_named_and_nothing_is_wrong():
    part = stereotactic(plan(), SETTINGS, RULES)
    (group,) = part.isocentres
    assert (group.name, group.arc_set) == ("A", "EXAMPLE 4 ARCS")
    assert (group.point.x_mm, group.point.y_mm, group.point.z_mm) == (D("-12.5"), 3, 40)
    assert [(one.rule, one.state) for one in part.findings] == [("F-SRS-SET", State.INFO)]


@pytest.mark.req("R-21", "R-30")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"blocks": (Accessory(("STEREO",)), Accessory(("B1",)))}, "F-TPL-BLOCK"),
        ({"wedges": (Accessory(("W30",)),)}, "F-TPL-WEDGE"),
        ({"boluses": (Accessory(("1 cm",)),)}, "F-TPL-BOLUS"),
        ({"applicators": (Accessory(("10x10",)),)}, "F-TPL-E-APPLICATOR"),
        ({"modality": "Elect"}, "F-TPL-MODALITY"),
        ({"energy": D(18)}, "F-TPL-ENERGY"),
        ({"collimator_deg": D("89.9")}, "F-TPL-COLLIMATOR-ANGLE"),
        ({"jaws": replace(SQUARE, x1_mm=D("-24.0"))}, "F-TPL-COLLIMATOR-X1"),
        ({"jaws": replace(SQUARE, x2_mm=D("26.0"))}, "F-TPL-COLLIMATOR-X2"),
        ({"jaws": replace(SQUARE, y1_mm=D("-26.0"))}, "F-TPL-COLLIMATOR-Y1"),
        ({"jaws": replace(SQUARE, y2_mm=D("24.0"))}, "F-TPL-COLLIMATOR-Y2"),
        ({"dose_rate_mu_min": D(400)}, "F-TPL-DOSERATE"),
        ({"note": "lies on the couch"}, "F-SRS-NOTE"),
        ({"blocks": ()}, "F-SRS-MIXED"),
    ],
)
def test_that_each_requirement_of_an_arc_sees_its_own_change(changes, rule):
    fields = plan().fields
    found = told(plan(replace(fields[0], **changes), *fields[1:]))
    # An arc without a readable note leaves its isocentre, whose set is then another one.
    assert [one for one in found if one[0] != "F-SRS-SET"] == [(rule, "1")]


@pytest.mark.req("R-21")
def test_that_every_open_leaf_stands_at_the_template():
    fields = plan().fields
    wrong = arc("1", shape=banks(b30="25.1"))
    found = stereotactic(plan(wrong, *fields[1:]), SETTINGS, RULES).findings
    assert [one.item for one in found if one.state == State.ERROR] == ["mlc_b30"]


@pytest.mark.req("R-21")
def test_that_a_stranger_in_a_prescription_is_found_either_way():
    fields = plan().fields
    plain = field("9")
    assert ("F-SRS-MIXED", "9") in told(plan(*fields, plain))
    others = tuple(field(str(number)) for number in range(2, 5))
    assert told(plan(arc("1"), *others, technique="IMRT"))[0] == ("F-SRS-MIXED", "1")


@pytest.mark.req("R-21")
def test_that_arcs_are_grouped_by_the_isocentre_of_their_note():
    other = "iso B = 1 2 3"
    fields = [replace(one, note=NOTE if n < 2 else other) for n, one in enumerate(plan().fields)]
    part = stereotactic(plan(*fields), SETTINGS, RULES)
    assert [(group.name, [one.id for one in group.arcs]) for group in part.isocentres] == [
        ("A", ["1", "2"]), ("B", ["3", "4"]),
    ]  # fmt: skip
    assert [one.state for one in part.findings] == [State.WARNING] * 2


@pytest.mark.req("R-21")
@pytest.mark.parametrize(
    ("way", "same"),
    [((0, 130, "CCW", 30), True), ((1, 31, "CW", 129), True), ((2, 30, "CW", 130), False),
     ((0, 30, "CW", 132), False), ((0, 130, "CW", 30), False), ((359, 30, "CW", 130), True)],
)  # fmt: skip
def test_that_a_set_is_recognised_whichever_way_its_arcs_turn(way, same):
    arcs = [arc("1", way), *plan().fields[1:]]
    assert (arc_set_of(arcs, RULES) == "EXAMPLE 4 ARCS") is same
    assert arc_set_of(arcs[:3], RULES) == ""
    assert arc_set_of([*arcs, arcs[0]], RULES) == ""


def test_that_a_note_without_numbers_gives_no_isocentre():
    assert isocentre_in_note("ISO A: here, 3, 4", RULES) == ("", None)
    assert isocentre_in_note("ISO A: 1..2, 3, 4", RULES) == ("", None)


def own_rules(tmp_path, text):
    folder = tmp_path / "filter"
    folder.mkdir(exist_ok=True)
    shipped = SHIPPED.read_text(encoding="utf-8")
    (folder / "srs.toml").write_text(shipped + text, encoding="utf-8")
    return read_srs_rules(tmp_path)


@pytest.mark.req("R-21")
@pytest.mark.parametrize(
    ("couch", "gantry", "hit"),
    [
        ("[0, 10]", "[120, 200]", True), ("[0, 10]", "[131, 200]", False),
        ("[350, 5]", "[10, 40]", True), ("[10, 350]", "[10, 40]", False),
        ("[0, 0]", "[0, 360]", True), ("[1, 1]", "[0, 360]", False),
        ("[0, 10]", "[60, 70]", True), ("[0, 10]", "[20, 200]", True),
        ("[-5, 5]", "[20, 50]", True),
        ("[0, 10]", "[200, 29]", False), ("[0, 10]", "[200, 31]", True),
    ],
)  # fmt: skip
def test_that_an_arc_through_a_collision_zone_is_found(tmp_path, couch, gantry, hit):
    rules = own_rules(tmp_path, f"\n[[collision]]\ncouch_deg = {couch}\ngantry_deg = {gantry}\n")
    found = [one for one in told(plan(arc("1")), rules) if one[0] == "F-SRS-COLLISION"]
    assert found == ([("F-SRS-COLLISION", "1")] if hit else [])


@pytest.mark.req("R-21", "R-23")
def test_that_collisions_without_zones_and_manual_items_are_not_checked():
    items = {one.item for one in stereotactic(plan(), SETTINGS, RULES).not_checked}
    assert {"collision of gantry and table", "couch_angle", "field_monitor_units"} <= items


def test_that_wrong_rules_of_the_clinic_are_refused_in_words(tmp_path):
    folder = tmp_path / "filter"
    folder.mkdir()
    for text in ("[template]\nenergy = 6\n", "", "[template]\nfoo = { value = 1, unit = '' }"):
        (folder / "srs.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ClinicFileError):
            read_srs_rules(tmp_path)
    (folder / "tbi.toml").write_text('[[field]]\nenergy = { value = "6" }\n', encoding="utf-8")
    with pytest.raises(ClinicFileError, match="energy"):
        read_tbi_templates(tmp_path)


def tbi(id, template, **changes):
    values = template.values
    jaws = Jaws(*(values[f"collimator_{side}"] for side in ("x1", "x2", "y1", "y2")))
    made = field(
        id, name=template.name, gantry_deg=values["gantry_angle"], jaws=jaws,
        collimator_deg=values["collimator_angle"], couch_deg=D(0), control_points=(),
        ssd_mm=D(3985), treatment_type="Static",
    )  # fmt: skip
    return replace(made, **changes)


def tbi_told(*fields, measured=None):
    found = compare_tbi(export(*fields), TEMPLATES, SETTINGS.limits, measured)
    return [(one.rule, one.field) for one in found.findings]


FIELDS = tuple(tbi(str(n), one) for n, one in enumerate(TEMPLATES, start=1))


@pytest.mark.req("R-20")
def test_that_tbi_fields_equal_their_template_in_any_order_whatever_ssd_and_mu():
    assert tbi_told(*FIELDS) == []
    assert tbi_told(*reversed(FIELDS)) == []
    assert tbi_told(replace(FIELDS[0], ssd_mm=D(4100), mu=D(9)), FIELDS[1]) == []


@pytest.mark.req("R-20", "R-30")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"gantry_deg": D("90.1")}, "F-TPL-GANTRY-ANGLE"),
        ({"collimator_deg": D(0)}, "F-TPL-COLLIMATOR-ANGLE"),
        ({"couch_deg": D("359.9")}, "F-TPL-COUCH-ANGLE"),
        ({"energy": D(18)}, "F-TPL-ENERGY"),
        ({"jaws": replace(FIELDS[0].jaws, y2_mm=D(199))}, "F-TPL-COLLIMATOR-Y2"),
        ({"wedges": (Accessory(("W30",)),)}, "F-TPL-WEDGE"),
    ],
)
def test_that_each_value_of_the_tbi_template_sees_its_own_change(changes, rule):
    assert tbi_told(replace(FIELDS[0], **changes), FIELDS[1]) == [(rule, "1")]


@pytest.mark.req("R-20")
def test_that_a_tbi_field_too_few_or_too_many_is_an_error():
    assert tbi_told(FIELDS[0]) == [("F-CMP-BEAM", "")]
    assert tbi_told(*FIELDS, replace(FIELDS[0], id="3", gantry_deg=D(5))) == [("F-CMP-FIELD", "3")]
    nothing = compare_tbi(replace(export(), fields=()), TEMPLATES, SETTINGS.limits)
    assert [one.rule for one in nothing.findings] == ["F-CMP-BEAM"] * 2


@pytest.mark.req("R-20")
@pytest.mark.parametrize(("ssd", "wrong"), [("3975", False), ("3974.9", True)])
def test_that_the_ssd_is_held_to_what_was_measured(ssd, wrong):
    found = tbi_told(*FIELDS, measured={"1": D(ssd), "2": D(3985)})
    assert found == ([("F-TBI-SSD", "1")] if wrong else [])
    rows = compare_tbi(export(*FIELDS), TEMPLATES, SETTINGS.limits).not_checked
    assert ("ssd", "1") in {(one.item, one.field) for one in rows}


def test_that_every_number_of_the_srs_template_states_its_source():
    rows = read_table(SHIPPED)["template"]
    assert all(row["source"] for row in rows.values())


def srs_file(tmp_path):
    lines = []
    for number, (couch, start, turn, stop) in enumerate(WAYS, start=1):
        lines.append(
            rtp.field(
                field_id=str(number), field_name=f"ARC {number}", field_note=NOTE,
                treatment_type="Arc", energy="6", doserate="0", gantry_angle=f"{start}.0",
                collimator_angle="90.0", couch_angle=f"{couch}.0", collimator_x1="-2.5",
                collimator_x2="2.5", collimator_y1="-2.5", collimator_y2="2.5", arc_direction=turn,
                arc_start_angle=f"{start}.0", arc_stop_angle=f"{stop}.0", block="STEREO",
                field_dose="50.00", dynamic_wedge="", wedge="",
            )
        )  # fmt: skip
    path = tmp_path / "srs.rtp"
    path.write_bytes(
        rtp.export(*lines, head=rtp.plan() + rtp.prescription(fields=4) + rtp.setup())
    )
    return path


@pytest.mark.req("R-21")
def test_that_the_srs_report_is_laid_out_by_isocentre(tmp_path, capsys):
    path = srs_file(tmp_path)
    assert main(["filter", "srs", "--rv", str(path)]) == 0
    text = capsys.readouterr().out
    assert "Isocentre 1 A: X -12.5 mm   Y 3.0 mm   Z 40.0 mm   Set: EXAMPLE 4 ARCS" in text
    rows = [line.split() for line in text.splitlines() if " ARC " in line]
    assert rows[1] == ["2", "ARC", "2", "45.0", "330.0", "CCW", "230.0", "120.50", "50.00",
                       "STEREO"]  # fmt: skip
    assert main(["filter", "compare", "--rv", str(path), "--template", "srs", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["isocentres"] == [
        {"name": "A", "mm": ["-12.5", "3.0", "40.0"], "set": "EXAMPLE 4 ARCS",
         "fields": ["1", "2", "3", "4"]}
    ]  # fmt: skip


@pytest.mark.req("R-21")
def test_that_an_export_without_stereotactic_arcs_never_passes_as_srs(tmp_path):
    path = tmp_path / "plain.rtp"
    path.write_bytes(rtp.export(rtp.field(field_dose="200.00"), rtp.point(0), rtp.point(1)))
    assert srs_report(path).report.status == State.WARNING
