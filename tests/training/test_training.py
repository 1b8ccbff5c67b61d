"""Training: cases drawn anew, errors that are there, answers weighed, nothing on record."""

import json
from itertools import product

import pytest

from app.command_line import main
from app.demo.rv_export import export_records
from app.demo.rv_records import file_of
from app.demo.rv_variants import VARIANTS
from app.filter.checks_log import on_record
from app.filter.report import compare_report
from app.training.cases import Case, Decision, Level, draw, is_seen_by_eye, made_error
from app.training.files import begin, marks_of, read_training
from app.training.score import WORTH, Answer, mark, total
from app.training.shown import show, write_cases
from core.errors import RemedyError
from core.findings import State
from core.paths import data_folder

ACCEPT, ASK, REJECT = Decision.ACCEPT, Decision.ASK, Decision.REJECT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    write_cases(folder, ())
    return folder


def shown(folder, error, level=Level.REPORT, *, is_plan=False):
    """Return a case with this error, as it is shown."""
    case = Case(1, error, is_plan)
    file = folder / "cases" / f"one.{'dcm' if is_plan else 'rtp'}"
    sound = (folder / "plan.dcm").read_bytes() if is_plan else file_of(export_records())
    file.write_bytes(sound if error is None else error.data())
    return show(folder, case, file, level)


def variant(name):
    return next(one for one in VARIANTS if one.name == name)


def test_that_a_seed_draws_the_same_cases_and_another_one_others():
    one, same, other = (draw(seed, 10, Level.REPORT) for seed in (3, 3, 4))
    assert [case.words for case in one] == [case.words for case in same]
    assert [case.words for case in one] != [case.words for case in other]


@pytest.mark.parametrize("level", Level)
def test_that_sound_cases_plans_and_errors_are_mixed(level):
    for seed in range(40):
        cases = draw(seed, 8, level)
        assert sum(case.error is None for case in cases) == 2
        named = [case.error.name for case in cases if case.error is not None]
        own = [name for name in named if not name.startswith("made_")]
        assert len(own) == len(set(own))
    seen = {case.is_plan for seed in range(40) for case in draw(seed, 8, level)}
    assert seen == ({True, False} if level is Level.REPORT else {False})


@pytest.mark.parametrize("count", [0, -1, 31])
def test_that_a_count_that_cannot_be_drawn_is_refused(count):
    with pytest.raises(RemedyError, match=r"cannot be drawn .*1 to 30"):
        draw(1, count, Level.REPORT)


def test_that_every_answer_to_every_case_has_its_worth():
    assert set(WORTH) == set(product(Decision, Decision))
    for (right, answer), (points, words) in WORTH.items():
        assert (points == 2) == (right == answer) == words.startswith("right")
    assert WORTH[REJECT, ACCEPT][0] == WORTH[ASK, ACCEPT][0] == 0


@pytest.mark.parametrize("seed", range(8))
def test_that_the_filter_finds_every_error_that_is_made_anew(folder, tmp_path, seed):
    from random import Random

    one = made_error(Random(seed), Level.REPORT)
    file = tmp_path / "made.rtp"
    file.write_bytes(one.data())
    report = compare_report(file, folder / "plan.dcm")
    errors = [row for row in report.findings if row.state is State.ERROR]
    assert {row.field for row in errors} == {one.field}
    assert one.item in {row.item for row in errors}


@pytest.mark.parametrize("one", VARIANTS, ids=lambda one: one.name)
def test_that_an_error_is_asked_by_eye_only_where_the_values_show_it(folder, one):
    sound = shown(folder, None, Level.BY_EYE)
    spoilt = shown(folder, one, Level.BY_EYE)
    is_seen = spoilt.fields.rows != () and (spoilt.fields, spoilt.whole) != (
        sound.fields, sound.whole,
    )  # fmt: skip
    assert is_seen == is_seen_by_eye(one)
    right = mark(spoilt, Answer(spoilt.case.right, spoilt.case.field))
    assert right.is_right
    assert right.rule
    assert right.why or right.rule == "F-OPEN"


@pytest.mark.req("O-14")
def test_that_missing_an_error_costs_all_and_a_wrong_place_one_point(folder):
    one = shown(folder, variant("gantry"))
    assert one.case.right is REJECT
    assert [mark(one, Answer(*said)).points for said in (
        (REJECT, "4"), (REJECT, "5"), (REJECT,), (ASK, "4"), (ACCEPT,), (ACCEPT, "4"),
    )] == [3, 2, 2, 2, 0, 0]  # fmt: skip
    wrong = mark(one, Answer(REJECT, "5"))
    assert wrong.verdict == "right: it must not be treated; it is field 4, not 5"
    assert "enters from another side" in wrong.why


def test_that_a_sound_case_is_worth_its_acceptance_alone(folder):
    for is_plan in (False, True):
        one = shown(folder, None, is_plan=is_plan)
        assert [mark(one, Answer(said)).points for said in (ACCEPT, ASK, REJECT)] == [2, 1, 0]
        assert mark(one, Answer(REJECT, "4")).most == 2
        assert not [row for row in one.findings if row.state in (State.ERROR, State.WARNING)]


def test_that_a_file_that_cannot_be_read_is_rejected(folder):
    one = shown(folder, variant("checksum_damaged"))
    assert one.case.right is REJECT
    assert one.fields.rows == ()
    assert "checksum" in one.findings[0].message


@pytest.mark.req("O-14")
def test_that_a_training_leaves_no_trace_in_the_clinics_data(folder, tmp_path):
    shown(folder, None)
    before = sorted(data_folder().rglob("*"))
    for level in Level:
        training = begin(tmp_path / level.value, 5, 6, level)
        marks = marks_of(training, [Answer(ACCEPT)] * 6)
        assert total(marks)[0] < total(marks)[1]
    assert sorted(data_folder().rglob("*")) == before
    # The same report as a room makes it does leave one.
    on_record(compare_report(folder / "cases" / "one.rtp", folder / "plan.dcm"), "window")
    assert sorted(data_folder().rglob("*")) != before


def test_that_the_folder_does_not_tell_which_case_is_wrong(tmp_path):
    training = begin(tmp_path / "t", 5, 6, Level.REPORT)
    facts = json.loads((tmp_path / "t" / "training.json").read_text())
    assert facts == {"seed": 5, "cases": 6, "level": "report"}
    assert [file.stem for file in training.files] == [f"case_{n:02d}" for n in range(1, 7)]
    assert read_training(tmp_path / "t").cases[2].words == training.cases[2].words


def test_that_eqs_train_writes_cases_and_scores_answers(tmp_path, capsys):
    words = ["train", str(tmp_path / "t"), "--seed", "7", "--cases", "4", "--by-eye", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["training"] is True
    assert len(told["cases"]) == 4
    assert "error" not in told["cases"][0]
    cases = draw(7, 4, Level.BY_EYE)
    answers = tmp_path / "answers.json"
    for right, status, code in ((True, "pass", 0), (False, "warning", 1)):
        rows = [
            {"case": one.number, "decision": one.right if right else "accept", "field": one.field}
            for one in cases
        ]
        answers.write_text(json.dumps(rows))
        assert main(["train", str(tmp_path / "t"), "--answers", str(answers), "--json"]) == code
        told = json.loads(capsys.readouterr().out)
        assert told["status"] == status
    assert told["points"] == 2
    assert main(["train", str(tmp_path / "t"), "--answers", str(answers)]) == 1
    assert "missed: it would have been treated" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"case": 1}]', '[{"case": 1, "decision": "perhaps"}]', "[]"]
)
def test_that_answers_that_cannot_be_read_are_refused_in_words(tmp_path, capsys, text):
    begin(tmp_path / "t", 1, 1, Level.BY_EYE)
    (tmp_path / "answers.json").write_text(text)
    code = main(["train", str(tmp_path / "t"), "--answers", str(tmp_path / "answers.json")])
    assert code == 2
    assert "decision" in capsys.readouterr().err


def test_that_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["train", str(tmp_path)]) == 2
    assert "thesis.txt, which is not of a training" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_that_a_training_can_be_written_over(tmp_path):
    begin(tmp_path / "t", 1, 2, Level.BY_EYE)
    assert begin(tmp_path / "t", 2, 2, Level.BY_EYE).seed == read_training(tmp_path / "t").seed


def test_that_a_folder_without_a_training_is_refused_in_words(tmp_path, capsys):
    assert main(["train", str(tmp_path), "--answers", str(tmp_path / "none.json")]) == 2
    assert "no training can be read" in capsys.readouterr().err
