"""Cone-beam templates, site templates, rules switched off, TBI dose, slow arcs, cards."""

import json
import re
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest

from app.command_line import main
from app.filter.cards import NO_CARD, card_of, cards
from app.filter.compare import compare
from app.filter.cone_beam import cone_beam_findings, read_cone_beam
from app.filter.hints import hints
from app.filter.limits import read_limits
from app.filter.logic import logic
from app.filter.other_reports import without_plan_report
from app.filter.plan_dicom import read_dicom_plan
from app.filter.report import open_report
from app.filter.rtp_read import read_plan
from app.filter.rtp_write import rtp_bytes
from app.filter.settings import CONE_BEAM, SITES, read_settings
from app.filter.sites import read_sites
from app.filter.tbi_dose import ITEM, mid_plane_doses, read_tbi_dose
from core.errors import ClinicFileError
from core.findings import Finding, NotChecked, State
from core.paths import clinic_folder
from tests.filter.desk_samples import VARIANTS, changed, write_export, write_plan
from tests.filter.logic_samples import SETTINGS, export, field, leaves, point

LIMITS = read_limits()
CODE = Path(__file__).resolve().parents[2] / "app" / "filter"


def own(name, text):
    file = clinic_folder() / "filter" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


CB = """names = "\\\\bcbct\\\\b"
[[template]]
name = "PELVIS CB"
collimator_y1 = { value = -13.5, unit = "cm" }
collimator_y2 = { value = 9.0, unit = "cm" }
arc_start_angle = { value = 270, unit = "deg" }
arc_stop_angle = { value = 110, unit = "deg" }
field_monitor_units = { value = 8, unit = "MU" }
"""


def cone_beam(**changes):
    jaws = replace(field().jaws, y1_mm=D("-135.0"), y2_mm=D("90.0"))
    made = field(
        "9", name="CBCT", setup=True, mu=D(8), dose_cgy=None, arc_direction="CW",
        arc_start_deg=D(270), arc_stop_deg=D(110), jaws=jaws, control_points=(),
    )  # fmt: skip
    return replace(made, **changes)


def cb_told(one, tmp_path):
    file = tmp_path / "cone_beam.toml"
    file.write_text(CB, encoding="utf-8")
    found = cone_beam_findings(export(field(), one), read_cone_beam(file), LIMITS)
    return [row.rule for row in found if isinstance(row, Finding)]


@pytest.mark.req("R-24")
def test_that_each_value_of_a_cone_beam_field_is_held_to_its_template(tmp_path):
    good = cone_beam()
    assert cb_told(good, tmp_path) == []
    turned = replace(good.jaws, y1_mm=-good.jaws.y2_mm, y2_mm=-good.jaws.y1_mm)
    assert cb_told(replace(good, jaws=turned), tmp_path) == [
        "F-CB-COLLIMATOR-Y1", "F-CB-COLLIMATOR-Y2",
    ]  # fmt: skip
    for change, rule in (
        ({"mu": D(9)}, "F-CB-FIELD-MONITOR-UNITS"),
        ({"arc_start_deg": D(180)}, "F-CB-ARC-START-ANGLE"),
        ({"arc_stop_deg": D(90)}, "F-CB-ARC-STOP-ANGLE"),
    ):
        assert cb_told(replace(good, **change), tmp_path) == [rule]


@pytest.mark.req("R-24", "R-23")
def test_that_a_cone_beam_field_without_a_template_is_not_checked():
    rv = export(field(), cone_beam())
    assert [one.field for one in logic(rv, SETTINGS).not_checked
            if one.item == "cone-beam field"] == ["9"]  # fmt: skip


@pytest.mark.req("R-24")
@pytest.mark.parametrize(
    ("change", "item"),
    [({"mu": D(9)}, "field_monitor_units"), ({"arc_start_deg": D(180)}, "arc_start_angle"),
     ({"arc_stop_deg": D(90)}, "arc_stop_angle")],
)  # fmt: skip
def test_that_a_cone_beam_field_of_the_plan_is_compared(change, item):
    plan = export(field(), cone_beam())
    rv = export(field(), cone_beam(**change))
    told = [one.item for one in compare(rv, plan, LIMITS).findings if one.state == State.ERROR]
    assert item in told
    assert not [one for one in compare(plan, plan, LIMITS).findings if one.state == State.ERROR]


OFF = """
[off]
"F-HINT-DOSERATE" = "ordered by field here"
[[site]]
name = "pelvis"
sites = "pelvis.*"
off = { "F-SETUP-ASK" = "open fields are treated here" }
"""
SITE = """
[[site]]
name = "pelvis"
sites = "pelvis.*"
fraction_dose = { value = [180, 220], unit = "cGy" }
fields = { value = [2, 3], unit = "1" }
[site.field]
tolerance_table = { value = "2", unit = "" }
"""


@pytest.mark.req("R-04", "R-23")
def test_that_a_site_is_held_to_the_clinic_s_template():
    own("sites.toml", SITE)
    settings = read_settings()

    def told(rv):
        return [
            (one.rule, one.field, one.state)
            for one in logic(rv, settings).findings if one.rule.startswith("F-CLINIC-")
        ]  # fmt: skip

    assert told(export()) == []
    assert told(export(field("1"), field("2", tolerance_table="7"))) == [
        ("F-CLINIC-TOLERANCE-TABLE", "2", State.WARNING)
    ]
    assert told(export(fraction_cgy=D(300)))[0][0] == "F-CLINIC-FRACTION-DOSE"
    four = [field(str(number)) for number in range(1, 5)]
    assert told(export(*four)) == [("F-CLINIC-FIELDS", "", State.WARNING)]
    other = replace(export(), prescriptions=(replace(export().prescriptions[0], site="LUNG"),))
    assert told(other) == []


@pytest.mark.req("R-23")
def test_that_a_rule_that_is_off_is_told_as_not_checked(tmp_path):
    file = write_export(tmp_path, data=changed("FIELD_DEF", "4", field_name="SETUP AP"))
    assert open_report(file).status == State.WARNING
    own("sites.toml", OFF)
    report = open_report(file)
    assert report.status == State.PASS
    rows = {one.item: one.why for one in report.not_checked}
    assert "open fields are treated here" in rows["rule F-SETUP-ASK"]
    assert "ordered by field here" in rows["rule F-HINT-DOSERATE"]


@pytest.mark.parametrize(
    "text",
    ['[off]\n"F-CMP-MLC" = "no"\n', '[off]\n"F-HINT-MU" = ""\n', "[[site]]\nname = 'a'\n",
     "[[site]]\nname = 'a'\nsites = '('\n", "odd = 1\n",
     "[[site]]\nname = 'a'\nsites = 'a'\nfields = { value = [3, 2], unit = '1' }\n",
     "[[site]]\nname = 'a'\nsites = 'a'\n[site.field]\nodd = { value = 1, unit = 'cm' }\n"],
)  # fmt: skip
def test_that_a_wrong_site_file_is_told(text, tmp_path):
    file = tmp_path / "sites.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ClinicFileError):
        read_sites(file)


def test_that_the_shipped_files_lay_nothing_down():
    assert read_sites(SITES).sites == ()
    assert read_cone_beam(CONE_BEAM).templates == ()
    assert read_tbi_dose(None) is None


TBI = """
[dose]
scd_mm = { value = 1023, unit = "mm" }
[[dose.factor]]
name = "collimator scatter"
value = 1.062
[[dose.factor]]
name = "phantom scatter"
value = 1.023
[[dose.factor]]
name = "TMR"
over = "depth_mm"
points = [[100, 0.88], [150, 0.784], [200, 0.69]]
[[dose.factor]]
name = "spoiler"
value = 0.97
"""


def tbi(mu, ssd="3850", thickness="300", text=TBI):
    own("tbi.toml", text)
    one = field("1", mu=D(mu), ssd_mm=D(ssd))
    rv = export(one, fraction_cgy=D(100))
    given = None if thickness is None else D(thickness)
    return list(mid_plane_doses(rv, read_tbi_dose(clinic_folder()), given, LIMITS))


@pytest.mark.req("R-20")
def test_that_the_mid_plane_dose_is_the_worked_example_s_and_three_percent_are_an_error():
    """A worked example of 10 MV, 15 cm deep, 400 cm, spoiler 0.97: 1850.5 MU for 100 cGy."""
    (row,) = tbi("1850.5")
    assert (row.state, row.found) == (State.PASS, "100.0")
    assert tbi("1905")[0].state == State.PASS
    assert tbi("1907")[0].state == State.ERROR
    assert tbi("1794")[0].state == State.ERROR


@pytest.mark.req("R-20", "R-23")
@pytest.mark.parametrize(
    ("given", "words"),
    [({"thickness": None}, "thickness"), ({"thickness": "500"}, "the table of TMR has 100 to 200"),
     ({"text": ""}, "no table of TBI factors")],
)  # fmt: skip
def test_that_a_dose_that_cannot_be_calculated_is_not_checked(given, words):
    (row,) = tbi("1850.5", **given)
    assert isinstance(row, NotChecked)
    assert row.item == ITEM
    assert words in row.why


@pytest.mark.parametrize(
    "text",
    ["[dose]\n", "[dose]\nscd_mm = -1\n[[dose.factor]]\nname = 'a'\nvalue = 1\n",
     "[[dose.factor]]\nname = 'a'\n",
     "[[dose.factor]]\nname = 'a'\nover = 'depth_mm'\npoints = [[2, 1], [1, 1]]\n"],
)  # fmt: skip
def test_that_a_wrong_tbi_table_is_told(text):
    own("tbi.toml", text)
    with pytest.raises(ClinicFileError):
        read_tbi_dose(clinic_folder())


@pytest.mark.req("R-20")
def test_that_the_command_takes_a_thickness_and_refuses_nonsense(tmp_path, capsys):
    file = write_export(tmp_path)
    words = ["filter", "compare", "--rv", str(file), "--template", "tbi", "--thickness"]
    assert main([*words, "30"]) == 1
    capsys.readouterr()
    assert main([*words, "thick"]) == 2


def arc(mu):
    turns = (D(0), D(10), D(20))
    points = tuple(
        point(number, share, leaves(), gantry_deg=turns[number])
        for number, share in enumerate(("0", "0.5", "1"))
    )
    return field("1", arc_direction="CW", arc_start_deg=D(0), arc_stop_deg=D(20), mu=D(mu),
                 control_points=points)  # fmt: skip


@pytest.mark.req("R-23")
def test_that_a_slow_arc_is_shown_with_its_slowest_point():
    """10 degrees in half the MU at 400 MU/min: 133 MU take 10 s, 1 deg/s."""

    def told(mu):
        found = hints(export(arc(mu)), SETTINGS)
        return [one for one in found if getattr(one, "rule", "") == "F-HINT-SLOW"]

    assert told("133") == []
    (row,) = told("134")
    assert (row.state, row.control_point, row.unit) == (State.INFO, 1, "deg/s")
    assert row.found == "1.00"  # 0.995


def rules_in_the_code():
    found = set()
    for file in CODE.rglob("*.py"):
        found |= set(re.findall(r'"(F-[A-Z0-9]+(?:-[A-Z0-9]+)*)"', file.read_text("utf-8")))
    return {name for name in found if name not in ("F-CMP", "F-RTP")}


@pytest.mark.req("R-26")
@pytest.mark.parametrize("rule", sorted(rules_in_the_code()))
def test_that_every_rule_says_why_and_where_from(rule):
    card = card_of(rule)
    assert card != NO_CARD
    assert card.why
    assert card.source


@pytest.mark.req("R-26")
def test_that_the_nearest_card_is_taken():
    assert card_of("F-CMP-MLC").name == "F-CMP-MLC"
    assert card_of("F-CMP-SAD").name == "F-CMP"
    assert card_of("X-NONE") == NO_CARD
    assert len(cards()) > 50


@pytest.mark.req("R-02")
def test_that_the_report_on_opening_comes_before_any_plan(tmp_path):
    report = open_report(write_export(tmp_path, data=VARIANTS["rx_modality"].data()))
    assert [one.rule for one in report.findings if one.state == State.ERROR] == ["F-RX-MODALITY"]
    assert report.plan is None
    assert "comparison with the plan" in [one.item for one in report.not_checked]


@pytest.mark.req("R-10")
def test_that_the_fraction_dose_is_held_to_a_second_calculation(tmp_path, capsys):
    """The arc with 6 % more MU than planned no longer gives the dose the plan has for it."""
    plan = write_plan(tmp_path)

    def severity(data):
        export = write_export(tmp_path, data=data)
        main(["filter", "mu", "--rv", str(export), "--plan", str(plan), "--json"])
        beams = json.loads(capsys.readouterr().out)["beams"]
        return next(one["severity"] for one in beams if one["field"] == "3")

    assert severity(None) == "pass"
    assert severity(changed("FIELD_DEF", "3", field_monitor_units="170.00")) == "error"


@pytest.mark.req("R-25", "O-06")
def test_that_a_translated_plan_holds_every_beam(tmp_path):
    plan = read_dicom_plan(write_plan(tmp_path))
    file = tmp_path / "translated.rtp"
    file.write_bytes(rtp_bytes(plan))
    assert [one.mu for one in read_plan(file).fields] == [one.mu for one in plan.fields]


@pytest.mark.req("O-11")
@pytest.mark.parametrize("kind", ["clinical", "vsim"])
def test_that_a_plan_less_export_says_that_there_is_none(tmp_path, kind):
    report = without_plan_report(write_export(tmp_path), kind)
    rows = {one.item: one.why for one in report.not_checked}
    assert "no plan exists" in rows["comparison with a plan"]
    assert report.status == State.PASS
