"""`eqs train`: made-up patients with seeded errors as files, and the score of the answers."""

import argparse
from pathlib import Path

from app.answers import finish, say
from app.training.cases import Level
from app.training.files import HOW, begin, marks_of, read_answers, read_training
from app.training.score import as_json, as_text
from app.training.shown import PLAN, TREATMENT

CLEAN, FINDINGS = 0, 1
DEFAULT_CASES = 8


def add_training_commands(rooms: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `eqs train DIR`."""
    one = rooms.add_parser("train", help="training: find the seeded errors; --answers scores")
    one.add_argument("folder", type=Path, metavar="DIR", help="where the cases are written")
    one.add_argument("--seed", type=int, default=1, help="another number draws other cases")
    one.add_argument("--cases", type=int, default=DEFAULT_CASES, metavar="N", help="1 to 30")
    one.add_argument("--by-eye", action="store_true", help="errors seen in the values alone")
    one.add_argument(
        "--answers", type=Path, metavar="FILE.json", help="score these answers to the cases in DIR"
    )
    finish(one, _train)


def _train(words: argparse.Namespace) -> int:
    if words.answers is not None:
        training = read_training(words.folder)
        marks = marks_of(training, read_answers(words.answers, training.cases))
        say(words, as_json(marks), as_text(marks))
        return CLEAN if all(one.is_right for one in marks) else FINDINGS
    level = Level.BY_EYE if words.by_eye else Level.REPORT
    training = begin(words.folder, words.seed, words.cases, level)
    rows = [
        {"case": case.number, "file": str(file), "kind": "plan" if case.is_plan else "export"}
        for case, file in zip(training.cases, training.files, strict=True)
    ]
    plan = training.folder / PLAN
    lines = [
        "TRAINING: made-up data, not a patient.",
        *(f"case {row['case']:2}  {row['kind']:6}  {row['file']}" for row in rows),
        f"Exports belong to the plan {plan}; plans are checked with {TREATMENT} beside it.",
        f"Then: eqs train {training.folder} --answers FILE.json. {HOW}",
    ]
    answer = {"status": "pass", "training": True, "plan": str(plan), "cases": rows}
    say(words, answer, "\n".join(lines))
    return CLEAN
