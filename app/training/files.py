"""A training in a folder: its cases as files, its number, and answers read from a file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.training.cases import Case, Decision, Level, draw
from app.training.score import Answer, Mark, mark
from app.training.shown import Progress, show, write_cases
from core.errors import RemedyError, UnreadableFileError
from core.safe_write import write_whole

NAME = "training.json"
HOW = (
    'Write [{"case": 1, "decision": "accept", "ask" or "reject", "field": "4" or ""}, ...], '
    "one row a case."
)


@dataclass(frozen=True, slots=True)
class Training:
    """A training that was written.

    Attributes:
        files: One per case, in their order.

    """

    folder: Path
    seed: int
    level: Level
    cases: tuple[Case, ...]
    files: tuple[Path, ...]


def begin(
    folder: Path, seed: int, count: int, level: Level, progress: Progress | None = None
) -> Training:
    """Draw cases and write them into a folder; which is wrong stands nowhere in it.

    Raises:
        RemedyError: The folder holds something else, or the count cannot be drawn.
        OSError: The folder cannot be written.

    """
    cases = draw(seed, count, level)
    strange = [] if not folder.exists() or (folder / NAME).is_file() else list(folder.iterdir())
    if strange:
        raise RemedyError(
            f"the folder holds {strange[0].name}, which is not of a training", where=str(folder),
            remedy="Choose an empty folder; nothing was written.",
        )  # fmt: skip
    files = write_cases(folder, cases, progress)
    facts = {"seed": seed, "cases": count, "level": level.value}
    write_whole(folder / NAME, (json.dumps(facts) + "\n").encode())
    return Training(folder, seed, level, cases, files)


def read_training(folder: Path) -> Training:
    """Return a training that `begin` wrote.

    Raises:
        UnreadableFileError: The folder holds none.

    """
    file = folder / NAME
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        seed, count, level = int(facts["seed"]), int(facts["cases"]), Level(facts["level"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UnreadableFileError(
            f"no training can be read: {fault}", where=str(file),
            remedy="Name a folder that eqs train has written.",
        ) from fault  # fmt: skip
    cases = draw(seed, count, level)
    names = (f"cases/case_{one.number:02d}.{'dcm' if one.is_plan else 'rtp'}" for one in cases)
    return Training(folder, seed, level, cases, tuple(folder / name for name in names))


def read_answers(file: Path, cases: Sequence[Case]) -> tuple[Answer, ...]:
    """Return the answer to each case.

    Raises:
        UnreadableFileError: The file is no list of answers, or leaves a case out.

    """
    try:
        rows = {
            int(row["case"]): Answer(Decision(row["decision"]), str(row.get("field") or ""))
            for row in json.loads(file.read_text(encoding="utf-8"))
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UnreadableFileError(
            f"no answers can be read: {fault}", where=str(file), remedy=HOW
        ) from fault
    lacking = [str(one.number) for one in cases if one.number not in rows]
    if lacking:
        raise UnreadableFileError(
            f"there is no answer to case {', '.join(lacking)}", where=str(file), remedy=HOW
        )
    return tuple(rows[one.number] for one in cases)


def marks_of(training: Training, answers: Sequence[Answer]) -> tuple[Mark, ...]:
    """Return what each answer is worth.

    Raises:
        RemedyError: A case cannot be read any more.

    """
    made = []
    for case, file, answer in zip(training.cases, training.files, answers, strict=True):
        if not file.is_file():
            raise RemedyError(
                f"case {case.number} is gone", where=str(file), remedy="Write the training anew."
            )
        made.append(mark(show(training.folder, case, file, training.level), answer))
    return tuple(made)
