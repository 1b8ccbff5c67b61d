"""Run the steps, each in a process of its own: one that dies takes no other with it.

Everything happens in a temporary folder: archive, log, settings and compiled loops too. The data
folder of the user is neither read nor written.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from app.selftest.outcome import NotTriedError, Outcome
from app.selftest.steps import NAMES, STEPS, Step
from core.errors import RemedyError
from core.findings import State
from core.paths import DATA_VARIABLE
from core.safe_write import write_whole

PATIENCE_S = 300.0
# The installed package keeps its folder to itself; the child is told where it lies.
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from app.__main__ import main; sys.exit(main())"
)
HOME = Path(__file__).resolve().parents[2]


def run_all(tell: Callable[[Outcome], None], names: Sequence[str] = NAMES) -> list[Outcome]:
    """Run the steps of these names, in the order of the table.

    Args:
        tell: Told each outcome as soon as it is there.
        names: Steps to run; what they need must be among them.

    Raises:
        OSError: There is no temporary folder to write to.

    """
    outcomes: list[Outcome] = []
    failed: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="eqs-selftest-", ignore_cleanup_errors=True) as name:
        for step in (one for one in STEPS if one.name in names):
            lacking = next((one for one in step.needs if one in failed), None)
            outcome = _tried(step, Path(name)) if lacking is None else _left(step, lacking)
            if outcome.state is not State.PASS:
                failed.add(step.name)
            outcomes.append(outcome)
            tell(outcome)
    return outcomes


def run_here(name: str, folder: Path) -> Outcome:
    """Run one step in this process and write its outcome into the folder."""
    step = STEPS[NAMES.index(name)]
    try:
        outcome = Outcome(step.name, step.title, State.PASS, step.work(folder))
    except NotTriedError as reason:
        outcome = Outcome(step.name, step.title, State.NOT_RUN, str(reason))
    except RemedyError as problem:
        outcome = Outcome(step.name, step.title, State.ERROR, str(problem))
    except Exception as fault:  # noqa: BLE001  (a row of the table, never a traceback)
        words = f"The program has a fault: {type(fault).__name__}: {fault}"
        outcome = Outcome(step.name, step.title, State.ERROR, words)
    write_whole(_answer(folder, name), json.dumps(asdict(outcome)).encode())
    return outcome


def _answer(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _left(step: Step, lacking: str) -> Outcome:
    title = STEPS[NAMES.index(lacking)].title
    return Outcome(step.name, step.title, State.NOT_RUN, f"It needs '{title}', which failed.")


def _tried(step: Step, folder: Path) -> Outcome:
    """Run one step in a new process and return what it said, or how it ended."""
    start = time.monotonic()
    front = [] if getattr(sys, "frozen", False) else ["-X", "faulthandler", "-c", START, str(HOME)]
    words = [sys.executable, *front, "selftest", "--step", step.name, "--folder", str(folder)]
    try:
        done = subprocess.run(
            words, cwd=folder, env=_environment(folder), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=PATIENCE_S, check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        ended = f"It had not ended after {PATIENCE_S:.0f} s."
    else:
        ended = _ended(done.returncode, done.stderr.decode("utf-8", "replace"))
    seconds = time.monotonic() - start
    answer = _answer(folder, step.name)
    said = json.loads(answer.read_bytes()) if answer.is_file() else {"words": "It said nothing."}
    state = State(said["state"]) if not ended else State.ERROR
    return Outcome(step.name, step.title, state, " ".join((said["words"], ended)).strip(), seconds)


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables that keep a step within its folder."""
    (folder / "scratch").mkdir(exist_ok=True)
    own = {
        DATA_VARIABLE: "data", "EQS_SETTINGS": "settings.ini", "NUMBA_CACHE_DIR": "compiled",
        "MESA_SHADER_CACHE_DIR": "shaders", "XDG_CACHE_HOME": "cache", "TMPDIR": "scratch",
        "TEMP": "scratch", "TMP": "scratch",
    }  # fmt: skip
    return {
        **os.environ, **{name: str(folder / path) for name, path in own.items()},
        "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def _ended(code: int, errors: str) -> str:
    """Return how a process ended when that was no good end; empty when it was."""
    if code == 0:
        return ""
    lines = [line for line in errors.splitlines() if line.strip()]
    fatal = next((line for line in lines if line.startswith("Fatal")), lines[-1] if lines else "")
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"Its process ended with {how}. {fatal}".strip()
