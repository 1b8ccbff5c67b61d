"""Criteria of gamma by name: those of the reports, the clinic's over them, wrong ones refused."""

import pytest

from core.dose.gamma_presets import preset_named, read_presets, words_of
from core.errors import ClinicFileError

OWN = """
[[preset]]
id = "tg218"
title = "ours"
dose_percent = 2.0
distance_mm = 3.0
local = true
threshold_percent = 20.0
tolerance_percent = 97.0
action_percent = 93.0
source = "department rule 3"
"""


@pytest.mark.req("R-18")
def test_that_tg218_is_what_the_report_says():
    own = preset_named("tg218").criteria
    assert (own.dose_percent, own.distance_mm, own.local) == (3, 2, False)
    assert (own.threshold_percent, own.tolerance_percent, own.action_percent) == (10, 95, 90)
    assert words_of(own).startswith("3 %/2 mm global, points from 10 % of largest reference dose")


def test_that_every_preset_names_its_source():
    presets = read_presets()
    assert {"tg218", "tg218-local", "2-2", "low"} <= set(presets)
    assert all(len(one.source) > 20 for one in presets.values())


def test_that_a_preset_of_the_clinic_stands_in_the_place_of_ours(tmp_path):
    file = tmp_path / "presets.toml"
    file.write_text(OWN, encoding="utf-8")
    own = preset_named("tg218", file)
    assert (own.criteria.distance_mm, own.criteria.local) == (3, True)
    assert own.source == "department rule 3"
    assert read_presets(file)["2-2"].criteria.distance_mm == 2


def test_that_a_wrong_name_is_told_the_nearest():
    with pytest.raises(ClinicFileError) as caught:
        preset_named("tg281")
    assert "Did you mean 'tg218'?" in caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('source = "department rule 3"', "", "has no source"),
        ("dose_percent = 2.0", 'dose_percent = "2"', "dose_percent"),
        ("distance_mm = 3.0", "distance_mm = 0.0", "distance_mm"),
        ("local = true", "local = 1", "local"),
        ("action_percent = 93.0", "action_percent = 99.0", "pass rates"),
        ("local = true", "local = true\nradius = 3", "unknown entry 'radius'"),
        ("[[preset]]", "[preset]", "list"),
        ("[[preset]]", "[[preset", "cannot be read"),
    ],
)
def test_that_a_wrong_entry_is_refused_with_its_name(tmp_path, old, new, words):
    file = tmp_path / "presets.toml"
    file.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(ClinicFileError) as caught:
        read_presets(file)
    assert words in caught.value.what
    assert str(file) in caught.value.where
