r"""Set everything up and run all tests and checks of the code.

python3 installer/test.py         (Windows: py installer\test.py)
python3 installer/test.py --bench runs the benchmarks (ratios to other programs) instead
"""

import os
import shutil
import subprocess
import sys
import time

from environment import CHECKOUT, SetUpError, ensure
from peers import ensure_peers
from servers import ensure_servers

PYTEST = ["-m", "pytest", "-q"]
STEPS = (
    ("ruff", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("import-linter", ["-c", "from importlinter.cli import lint_imports_command as c; c()"]),
    ("tests, no screen", [*PYTEST, "-n", "2"]),
)
WINDOW_STEP = ("window tests on a virtual screen", [*PYTEST, "tests/gui"])
BUILD_STEP = (
    "builds",
    [*PYTEST, "-m", "build", "tests/installer", "-n", "2", "--dist", "loadfile"],
)
BENCH_STEP = ("benchmarks", [*PYTEST, "-m", "bench", "tests/bench", "-s"])


def main() -> int:
    """Return 0 when every step passed, 1 when one failed, 2 when the set-up could not be done."""
    try:
        python = ensure(extras="test", with_screen=True)
    except (SetUpError, subprocess.CalledProcessError) as problem:
        print(problem, file=sys.stderr)
        return 2
    if "--bench" in sys.argv[1:]:
        ensure_peers()
        return _run(python, *BENCH_STEP, {"QT_QPA_PLATFORM": "offscreen"})
    ensure_servers()
    failed = []
    for name, words in STEPS:
        if _run(python, name, words, {"QT_QPA_PLATFORM": "offscreen"}) != 0:
            failed.append(name)
    xvfb = shutil.which("xvfb-run")
    if xvfb is not None:
        screen = [xvfb, "-a", "-s", "-screen 0 1600x1200x24", python]
        if _run(screen, *WINDOW_STEP, {"QT_QPA_PLATFORM": "xcb"}) != 0:
            failed.append(WINDOW_STEP[0])
    if _run(python, *BUILD_STEP, {"QT_QPA_PLATFORM": "offscreen"}) != 0:
        failed.append(BUILD_STEP[0])
    print(f"Failed: {', '.join(failed)}" if failed else "All steps passed.", flush=True)
    return 1 if failed else 0


def _run(program: object, name: str, words: list[str], extra: dict[str, str]) -> int:
    start = time.monotonic()
    print(f"== {name}", flush=True)
    front = program if isinstance(program, list) else [program]
    environment = {**os.environ, **extra, "EQS_TEST_PLATFORM": extra["QT_QPA_PLATFORM"]}
    done = subprocess.run([*front, *words], cwd=CHECKOUT, env=environment, check=False)
    print(f"== {name}: exit {done.returncode}, {time.monotonic() - start:.0f} s", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
