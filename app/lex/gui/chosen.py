"""The plan LEX has in hand: read in the background, named for the Filter, faults in words."""

from dataclasses import dataclass
from pathlib import Path

from app.background import CancelledError, Progress
from app.lex.plan import Trial
from app.lex.sources import PINNACLE, Source, choose_trial, open_source
from core.errors import RemedyError


@dataclass(frozen=True, slots=True)
class Chosen:
    """A plan that was read, and the trial the rule names."""

    path: Path
    source: Source
    trial: Trial


def read_plan(path: Path, progress: Progress) -> Chosen:
    """Read a plan source. Runs off the GUI thread."""
    progress(0.2, f"reading {path.name}")
    source = open_source(path)
    return Chosen(path, source, choose_trial(source, None))


def plan_for_the_filter(chosen: Chosen, trial: Trial) -> tuple[Path, str | None]:
    """Return the plan as the Filter asks for it: a file or folder, and a Pinnacle trial."""
    if chosen.source.kind == PINNACLE:
        return chosen.path, trial.name
    file = chosen.path / trial.name
    return (file if chosen.path.is_dir() and file.is_file() else chosen.path), None


def in_words(fault: Exception) -> str:
    """Return a fault, or that the user stopped the work, as one sentence; never a traceback."""
    if isinstance(fault, RemedyError | CancelledError):
        return str(fault)
    return f"The program has a fault: {type(fault).__name__}: {fault}"
