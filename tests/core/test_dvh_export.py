"""DVHs as table and JSON: whose, every value with its band, no value for what has none."""

import csv
import io
import json

import numpy as np
import pytest

from core.dicom.dvh_export import dvh_json, dvh_table_csv
from core.dicom.structure_dvh import statistics
from tests.core.linear_cube import cube, dose, dvh, exported_dvh, point


def table(dvhs, words="PLAN"):
    whole = list(csv.reader(io.StringIO(dvh_table_csv(dvhs, "Doe, John   ID 1", words))))
    assert whole[0] == ["Patient", "Doe, John   ID 1"]
    return whole[1:]


def test_that_the_table_says_which_dose_and_how_it_was_computed():
    rows = table([dvh()], "PLAN, 100 % = 40 Gy")
    assert rows[0] == ["Dose", "PLAN, 100 % = 40 Gy"]
    assert rows[1][0] == "Engine"
    assert "EQS Workstation" in rows[1][1]
    assert "half-way slabs" in rows[1][1]


def test_that_every_row_has_a_cell_under_every_title():
    with_exported = dvh(own_dose=dose(exported=[exported_dvh()]))
    rows = table([with_exported, dvh(point())])
    assert [len(row) for row in rows[2:]] == [len(rows[2])] * 3


def test_that_values_stand_with_their_half_band():
    own = dvh()
    rows = table([own])
    cells = dict(zip(rows[2], rows[3], strict=True))
    found = statistics(own)
    assert cells["Structure"] == "PTV"
    assert float(cells["D95 Gy"]) == pytest.approx(found.d95_gy.value, abs=6e-4)
    place = rows[2].index("D95 Gy")
    assert rows[2][place + 1] == "+/-"
    assert float(rows[3][place + 1]) == pytest.approx(found.d95_gy.half_width, abs=6e-4)
    assert float(cells["Volume of the contours cc"]) == pytest.approx(64.0)
    assert cells["Confidence"] == "usual"


def test_that_a_structure_without_dvh_has_the_reason_and_no_values():
    cells = dict(zip(table([dvh(point())])[2], table([dvh(point())])[3], strict=True))
    assert cells["Notes"] == "no DVH: a point has no volume"
    assert cells["D95 Gy"] == cells["Confidence"] == cells["Volume cc"] == ""


def test_that_names_with_commas_and_quotes_survive():
    assert table([dvh(cube('PTV "high", left'))])[3][0] == 'PTV "high", left'


def test_that_the_difference_to_the_exported_dvh_is_told():
    own = dvh(own_dose=dose(exported=[exported_dvh(shift_gy=2.0)]))
    cells = dict(zip(table([own])[2], table([own])[3], strict=True))
    # 2 Gy of 40 Gy too high.
    told = float(cells["Largest difference to the exported DVH %-points"])
    assert told == pytest.approx(5.0, abs=0.3)
    assert 10 <= float(cells["at Gy"]) <= 52
    (answer,) = dvh_json([own])
    assert answer["exported"]["largest_difference_percent_points"] == pytest.approx(told, abs=0.01)
    assert answer["exported"]["volume_cc"] is None


def test_that_the_exported_volume_is_told_where_it_is_in_cc():
    own = dvh(own_dose=dose(exported=[exported_dvh(volume_units="CM3")]))
    assert dvh_json([own])[0]["exported"]["volume_cc"] == pytest.approx(64.0)


def test_that_json_has_every_value_with_its_band_and_the_curve_every_tenth_gray():
    (answer,) = json.loads(json.dumps(dvh_json([dvh()])))
    assert (answer["name"], answer["number"], answer["problem"]) == ("PTV", 1, "")
    assert answer["notes"] == []
    assert answer["low_confidence"] is False
    assert answer["volume_cc"]["low"] <= 64.0 <= answer["volume_cc"]["high"]
    assert answer["contour_volume_cc"] == pytest.approx(64.0)
    for name in ("min_gy", "mean_gy", "max_gy", "d98_gy", "d95_gy", "d50_gy", "d2_gy"):
        value = answer["statistics"][name]
        assert value["low"] <= value["value"] <= value["high"], name
    curve = answer["curve"]
    doses, share = np.array(curve["dose_gy"]), np.array(curve["share"])
    np.testing.assert_allclose(np.diff(doses), 0.1, atol=1e-9)
    np.testing.assert_allclose(share, np.clip((50 - doses) / 40, 0, 1), atol=0.01)
    assert np.all(np.array(curve["share_low"]) <= share + 1e-6)
    assert np.all(np.array(curve["share_high"]) >= share - 1e-6)


def test_that_json_of_a_structure_without_dvh_has_only_the_reason():
    (answer,) = dvh_json([dvh(point())])
    assert answer["problem"] == "a point has no volume"
    assert set(answer) == {"name", "number", "problem", "notes"}


def test_that_a_structure_outside_the_grid_is_json_without_nan():
    (answer,) = dvh_json([dvh(cube(x=(200.0, 240.0)))])
    text = json.dumps(answer, allow_nan=False)
    assert "NaN" not in text
    assert table([dvh(cube(x=(200.0, 240.0)))])[3][0] == "PTV"
