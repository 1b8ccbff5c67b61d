"""Faults of templates: arcs, total body fields, sites and cone beam of a clinic (R-30)."""

from collections import Counter

import pytest

from app.filter.commission.clinic import Clinic, How
from app.filter.commission.commissioning import faults_for
from app.filter.commission.export import Export
from app.filter.commission.run import Ending, try_one
from app.filter.notes import read_rules
from app.filter.rtp_text import parse
from app.filter.rtp_write import rtp_bytes
from app.filter.rv_source import read_rv_file
from app.filter.settings import read_settings
from core.paths import clinic_folder
from tests.filter import test_templates as special
from tests.filter.desk_samples import write_export


def tried(data, *hows, prefix="F-"):
    file = parse(data, "export.rtp")
    read = read_rv_file(file)
    clinic = Clinic(Export(file), read, read.plan, read_settings(), read_rules())
    rows = [try_one(clinic, one) for one in faults_for(clinic)
            if one.how in hows and one.rule.startswith(prefix)]  # fmt: skip
    for one in rows:
        print(one.ending.value, one.rule, one.words, one.others)
    return rows


def clinic_file(name, text):
    (clinic_folder() / "filter").mkdir(parents=True, exist_ok=True)
    (clinic_folder() / "filter" / name).write_text(text, encoding="utf-8")


@pytest.mark.req("R-30", "R-21")
def test_that_each_requirement_of_stereotactic_arcs_finds_its_fault():
    shipped = special.SHIPPED.read_text(encoding="utf-8")
    clinic_file(
        "srs.toml",
        f"{shipped}\n[[collision]]\ncouch_deg = [100, 120]\ngantry_deg = [40, 60]\n",
    )
    rows = tried(rtp_bytes(special.plan()), How.SRS)
    assert Counter(one.ending for one in rows) == {Ending.FOUND: len(rows)}
    assert len(rows) >= 16


@pytest.mark.req("R-30", "R-20")
def test_that_each_value_of_the_total_body_template_finds_its_fault():
    rows = tried(rtp_bytes(special.export(*special.FIELDS)), How.TBI)
    assert Counter(one.ending for one in rows) == {Ending.FOUND: len(rows)}
    assert len(rows) >= 10


@pytest.mark.req("R-30")
def test_that_templates_by_site_and_of_cone_beam_fields_find_their_faults(tmp_path):
    clinic_file(
        "sites.toml",
        '[[site]]\nname = "pelvis"\nsites = "pelvis"\n'
        'fraction_dose = { value = [180, 220], unit = "cGy" }\n'
        'fields = { value = [4, 4], unit = "1" }\n'
        '[site.field]\ntolerance_table = { value = "2", unit = "" }\n'
        'bolus = { value = [], unit = "" }\n',
    )
    clinic_file(
        "cone_beam.toml",
        'names = { value = "LAO", unit = "pattern" }\n[[template]]\nname = "CB"\n'
        'collimator_y1 = { value = -4.0, unit = "cm" }\n'
        'field_monitor_units = { value = 50, unit = "MU" }\n',
    )
    data = write_export(tmp_path).read_bytes()
    rows = tried(data, How.OPEN, prefix="F-CLINIC") + tried(data, How.OPEN, prefix="F-CB")
    assert {(one.rule, one.ending) for one in rows} == {
        (rule, Ending.FOUND)
        for rule in ("F-CLINIC-FRACTION-DOSE", "F-CLINIC-FIELDS", "F-CLINIC-TOLERANCE-TABLE",
                     "F-CLINIC-BOLUS", "F-CB-COLLIMATOR-Y1", "F-CB-FIELD-MONITOR-UNITS")
    }  # fmt: skip
