"""Constraints: every form read, every wrong one refused with its place, every state earned."""

import re
from dataclasses import replace

import pytest

from core.dose.constraints import judge, parse, read_template, shipped_templates, value_of
from core.errors import ClinicFileError
from core.findings import State
from tests.core.linear_cube import cube, dose, dvh, point

HEAD = 'title = "Test"\nfractionation = "any"\n'


def row(metric="D95%", relation=">=", limit=10, unit="Gy", more="", structure='["PTV*"]'):
    return (
        f'[[constraint]]\nstructure = {structure}\nmetric = "{metric}"\n'
        f'relation = "{relation}"\nlimit = {limit}\nlimit_unit = "{unit}"\n'
        f'source = "test"\n{more}\n'
    )


def template(*rows):
    return parse(HEAD + "".join(rows), "test.toml")


def only(rows, dvhs=None, reference_gy=40.0):
    (verdict,) = judge(template(rows), dvhs if dvhs is not None else [dvh()], reference_gy)
    return verdict


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "level", "level_unit", "unit"),
    [
        ("D95%", "D", 95.0, "%", "Gy"),
        ("D2%", "D", 2.0, "%", "Gy"),
        ("D0.03cc", "D", 0.03, "cc", "Gy"),
        ("V20Gy", "V", 20.0, "Gy", "%"),
        ("V 20 Gy", "V", 20.0, "Gy", "%"),
        ("V20.5Gy[cc]", "V", 20.5, "Gy", "cc"),
        ("V95%", "V", 95.0, "%", "%"),
        ("V95%[cc]", "V", 95.0, "%", "cc"),
        ("CV12.5Gy[cc]", "CV", 12.5, "Gy", "cc"),
        ("CV12.5Gy", "CV", 12.5, "Gy", "%"),
        ("Mean", "Mean", 0.0, "", "Gy"),
        ("Max", "Max", 0.0, "", "Gy"),
        ("Min", "Min", 0.0, "", "Gy"),
    ],
)
def test_that_every_form_of_a_metric_is_read(text, kind, level, level_unit, unit):
    metric = template(row(text, limit=1, unit=unit)).constraints[0].metric
    read = (metric.kind, metric.level, metric.level_unit, metric.unit)
    assert read == (kind, level, level_unit, unit)


def test_that_a_whole_row_is_read():
    text = row("D2%", "<=", 107.0, "% of reference", 'warn = 110\neach = true\nnote = "n"')
    (own,) = template(text).constraints
    assert own.patterns == ("PTV*",)
    assert (own.relation, own.limit, own.limit_unit, own.warn) == (
        "<=",
        107,
        "% of reference",
        110,
    )
    assert (own.each, own.source, own.note) == (True, "test", "n")
    assert own.words == "D2% ≤ 107 % of reference"


def test_that_a_single_name_need_not_be_a_list():
    assert template(row(structure='"Heart"')).constraints[0].patterns == ("Heart",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (row(metric="D95"), "'metric' is 'D95'"),
        (row(metric="D120%"), "'metric' is 'D120%'"),
        (row(metric="D0%"), "'metric' is 'D0%'"),
        (row(metric="V20"), "'metric'"),
        (row(metric="mean dose"), "'metric'"),
        (row(relation="<"), "'relation' is '<'"),
        (row(limit='"10"'), "'limit' is no number"),
        (row(limit="true"), "'limit' is no number"),
        (row(limit="nan"), "'limit' is no number"),
        (row(limit=-1), "'limit' is no number"),
        (row(unit="cGy"), "'limit_unit' is 'cGy'"),
        (row(unit="%"), "'limit_unit' is '%'"),
        (row("V20Gy", unit="Gy"), "'limit_unit' is 'Gy'"),
        (row("V20Gy", unit="cc"), "'limit_unit' is 'cc'"),
        (row("V20Gy", "<=", 120, "%"), "'limit' is more than the whole volume"),
        (row(relation="<=", more="warn = 9"), "'warn' is stricter"),
        (row(relation=">=", more="warn = 11"), "'warn' is stricter"),
        (row(structure="[]"), "'structure' is no list of names"),
        (row(structure='["PTV", 3]'), "'structure' is no list of names"),
        (row(structure="3"), "'structure' is no list of names"),
        (row(more="limits = 3"), "Did you mean 'limit'?"),
        (row(more='each = "yes"'), "'each' is neither true nor false"),
        (row().replace('source = "test"', ""), "'source' is missing"),
        (row().replace('"test"', '""'), "'source' is no text"),
        (row().replace('limit_unit = "Gy"', ""), "'limit_unit' is missing"),
        (row().replace("limit = 10", ""), "'limit' is missing"),
    ],
)
def test_that_a_wrong_row_is_refused_with_file_row_line_and_key(text, words):
    with pytest.raises(ClinicFileError, match=re.escape(words)) as refusal:
        template(row(), text)
    assert refusal.value.where == "test.toml, constraint 2 (line 11)"
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = x\n", "line 1"),
        (HEAD, "'constraint' is missing"),
        (HEAD + "constraint = []", "'constraint' is no list of rows"),
        (HEAD + "constraint = 3", "'constraint' is no list of rows"),
        ('fractionation = "any"\n' + row(), "'title' is missing"),
        ('title = "Test"\n' + row(), "'fractionation' is missing"),
        ('title = 3\nfractionation = "any"\n' + row(), "'title' is no text"),
        (HEAD + "colour = 3\n" + row(), "'colour' is an unknown key"),
    ],
)
def test_that_a_wrong_file_is_refused(text, words):
    with pytest.raises(ClinicFileError, match=re.escape(words)) as refusal:
        parse(text, "test.toml")
    assert refusal.value.where == "test.toml"


def test_that_a_file_that_cannot_be_read_is_refused_in_words(tmp_path):
    with pytest.raises(ClinicFileError, match="cannot be read"):
        read_template(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ClinicFileError, match="cannot be read"):
        read_template(tmp_path / "bad.toml")


def test_that_a_clinics_file_is_read(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(HEAD + 'note = "ours"\n' + row(), encoding="utf-8")
    assert read_template(path).note == "ours"


def test_that_every_shipped_limit_has_a_source_and_every_file_a_caution():
    templates = shipped_templates()
    assert len(templates) == 3
    for own in templates:
        assert "Check before clinical use" in own.note
        assert own.fractionation
        for constraint in own.constraints:
            assert re.search(r"(19|20)\d\d", constraint.source), constraint.words


@pytest.mark.parametrize(
    ("title", "name", "words"),
    [
        ("QUANTEC", "spinalcord", "Max ≤ 50 Gy"),
        ("QUANTEC", "Lungs", "V20Gy ≤ 30 %"),
        ("QUANTEC", "Heart", "V25Gy ≤ 10 %"),
        ("QUANTEC", "Rectum", "V70Gy ≤ 20 %"),
        ("TG-101", "Brainstem", "D0.035cc ≤ 31 Gy"),
        ("TG-101", "SpinalCord", "D0.35cc ≤ 23 Gy"),
        ("TG-101", "Lungs", "CV12.5Gy[cc] ≥ 1500 cc"),
        ("ICRU 83", "PTV_60", "D98% ≥ 95 % of reference"),
    ],
)
def test_that_the_shipped_limits_are_those_of_the_papers(title, name, words):
    (own,) = [one for one in shipped_templates() if title in one.title]
    found = judge(own, [dvh(cube(name))], 40.0)
    assert words in [one.constraint.words for one in found if one.structure_name == name]


# --- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "unit", "expected", "allowed"),
    [
        ("D95%", "Gy", 12.0, 0.1),
        ("D50%", "Gy", 30.0, 0.1),
        ("D2%", "Gy", 49.2, 0.1),
        ("D6.4cc", "Gy", 46.0, 0.1),
        ("V20Gy", "%", 75.0, 0.3),
        ("V20Gy[cc]", "cc", 48.0, 0.3),
        ("V95%", "%", 30.0, 0.3),
        ("V95%[cc]", "cc", 19.2, 0.3),
        ("CV20Gy", "%", 25.0, 0.3),
        ("CV20Gy[cc]", "cc", 16.0, 0.3),
        ("Mean", "Gy", 30.0, 0.05),
        ("Max", "Gy", 50.0, 0.1),
        ("Min", "Gy", 10.0, 0.1),
    ],
)
def test_that_the_value_is_that_of_mathematics_and_the_band_holds_it(
    metric, unit, expected, allowed
):
    own = dvh()
    read = template(row(metric, limit=1, unit=unit)).constraints[0].metric
    value = value_of(read, own.tally, own.curves, 40.0)
    assert value.value == pytest.approx(expected, abs=allowed)
    assert value.low <= expected <= value.high
    assert value.low <= value.value <= value.high


# --- judging ---------------------------------------------------------------------------------


def test_that_a_limit_met_by_the_whole_band_is_a_pass():
    found = only(row("D50%", ">=", 25))
    assert found.state == State.PASS
    assert found.value.low > found.limit == 25
    assert found.structure_name == "PTV"


def test_that_a_limit_met_by_the_value_but_not_by_its_band_is_no_pass():
    value = only(row("D50%", ">=", 25)).value
    for relation, limit in ((">=", value.value - 0.01), ("<=", value.value + 0.01)):
        found = only(row("D50%", relation, limit))
        assert found.state == State.WARNING
        assert "met, but the error band crosses the limit" in found.words


def test_that_a_missed_limit_is_an_error_and_says_whether_the_band_reaches_it():
    value = only(row("D50%", ">=", 25)).value
    for relation, near, far in ((">=", value.value + 0.01, 60), ("<=", value.value - 0.01, 5)):
        assert only(row("D50%", relation, far)).words == "missed"
        found = only(row("D50%", relation, near))
        assert found.state == State.ERROR
        assert found.words == "missed, but within the error band"


def test_that_a_value_exactly_on_the_limit_meets_it():
    value = only(row("D50%", ">=", 25)).value.value
    assert only(row("D50%", ">=", repr(value))).words.startswith("met")
    assert only(row("D50%", "<=", repr(value))).words.startswith("met")


def test_that_the_acceptable_variation_is_a_warning_and_beyond_it_an_error():
    for relation, limit, warn, beyond in ((">=", 35, 28, 33), ("<=", 25, 32, 27)):
        accepted = only(row("D50%", relation, limit, more=f"warn = {warn}"))
        assert accepted.state == State.WARNING
        assert "acceptable variation" in accepted.words
        assert only(row("D50%", relation, limit, more=f"warn = {beyond}")).state == State.ERROR


def test_that_limits_in_percent_are_of_the_reference_dose():
    found = only(row("D50%", ">=", 50, "% of reference"), reference_gy=60.0)
    assert found.limit == pytest.approx(30.0)
    assert only(row("D50%", ">=", 50, "% of reference"), reference_gy=50.0).state == State.PASS
    assert only(row("D50%", ">=", 50, "% of reference"), reference_gy=70.0).state == State.ERROR


@pytest.mark.parametrize("reference", [None, 0.0])
def test_that_without_a_prescription_no_percent_is_judged(reference):
    for text in (row("D50%", ">=", 50, "% of reference"), row("V95%", ">=", 1, "%")):
        found = only(text, reference_gy=reference)
        assert found.state == State.NOT_RUN
        assert "prescribed" in found.words
    assert only(row("D50%", ">=", 25), reference_gy=reference).state == State.PASS


def test_that_a_row_without_a_limit_only_reports():
    text = '[[constraint]]\nstructure = ["PTV"]\nmetric = "D50%"\nsource = "test"\n'
    found = only(text)
    assert (found.state, found.limit) == (State.INFO, None)
    assert found.value.value == pytest.approx(30, abs=0.1)


def test_that_names_are_found_whatever_their_case_and_by_every_alias():
    for name in ("ptv_60", "PTV", " Ptv high "):
        assert only(row(), [dvh(cube(name))]).state != State.NOT_RUN
    aliases = row(structure='["Spinal cord", "Cord*"]')
    assert only(aliases, [dvh(cube("CORD_PRV"))]).structure_name == "CORD_PRV"


def test_that_a_structure_that_is_not_there_is_not_judged():
    found = only(row(), [dvh(cube("Heart"))])
    assert (found.state, found.structure_name, found.value) == (State.NOT_RUN, "", None)
    assert "PTV*" in found.words


def test_that_several_structures_of_the_name_are_named_and_not_judged():
    found = only(row(), [dvh(cube("PTV_60")), dvh(cube("PTV_50", 2))])
    assert found.state == State.NOT_RUN
    assert found.words == "several structures match: PTV_60, PTV_50"


def test_that_left_and_right_are_judged_each_by_itself_where_the_row_says_so():
    pair = [dvh(cube("PTV_L")), dvh(cube("PTV_R", 2, x=(-20.0, 0.0)))]
    left, right = judge(template(row("Max", "<=", 40, more="each = true")), pair, 40.0)
    assert (left.structure_name, left.state) == ("PTV_L", State.ERROR)
    assert (right.structure_name, right.state) == ("PTV_R", State.PASS)


def test_that_a_structure_without_dvh_is_not_judged_and_says_why():
    found = only(row(structure='["iso"]'), [dvh(point())])
    assert found.state == State.NOT_RUN
    assert "a point has no volume" in found.words
    relative = dvh(own_dose=dose(units="RELATIVE"))
    assert only(row(), [relative]).state == State.NOT_RUN


def test_that_a_structure_smaller_than_the_volume_asked_for_is_not_judged():
    found = only(row("D100cc", "<=", 60))
    assert found.state == State.NOT_RUN
    assert "only 64 cc" in found.words


@pytest.mark.parametrize(
    "text",
    [
        row("Max", "<=", 60), row("Mean", "<=", 60), row("D0.03cc", "<=", 60), row("Min", ">=", 1),
        row("V45Gy", "<=", 90, "%"), row("D98%", ">=", 5), row("CV60Gy[cc]", ">=", 1, "cc"),
    ],
)  # fmt: skip
def test_that_nothing_passes_while_a_part_lies_outside_the_dose_grid(text):
    found = only(text, [dvh(own_dose=dose(reach=10.0))])
    assert found.state == State.NOT_RUN
    assert "outside the dose grid, so that the value is not known" in found.words


def test_that_a_limit_missed_by_the_part_inside_the_grid_stays_missed():
    outside = [dvh(own_dose=dose(reach=10.0))]
    for text in (row("Max", "<=", 30), row("Mean", "<=", 5), row("V15Gy", "<=", 10, "%")):
        found = only(text, outside)
        assert found.state == State.ERROR
        assert "whatever the rest gets" in found.words
    # With the rest at 0 Gy the mean is about 19 Gy: below 24 Gy nothing is sure.
    assert only(row("Mean", "<=", 20), outside).state == State.NOT_RUN
    assert only(row("Max", "<=", 30, more="warn = 45"), outside).state == State.NOT_RUN


def test_that_a_structure_wholly_outside_the_grid_is_not_judged():
    away = replace(cube(), contours=cube(x=(200.0, 240.0)).contours)
    assert only(row("Max", "<=", 60), [dvh(away)]).state == State.NOT_RUN


def test_that_low_confidence_is_said():
    thin = cube(gap=20.0)
    assert "low confidence" in only(row("Mean", "<=", 60), [dvh(thin)]).words
    assert "low confidence" not in only(row("Mean", "<=", 60)).words


def test_that_no_dvhs_give_no_pass():
    assert all(
        verdict.state == State.NOT_RUN
        for own in shipped_templates()
        for verdict in judge(own, [], 60.0)
    )
