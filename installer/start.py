r"""Set everything up and open EQS Workstation with demonstration data.

    python3 installer/start.py        (Windows: py installer\start.py)

Further words go to the program instead of ``--demo``, e.g. ``filter open FILE``.
"""

import os
import subprocess
import sys

from environment import CHECKOUT, SetUpError, ensure


def main() -> int:
    """Return the exit code of the program, 2 when the set-up could not be done."""
    try:
        python = ensure()
    except (SetUpError, subprocess.CalledProcessError) as problem:
        print(problem, file=sys.stderr)
        return 2
    words = sys.argv[1:] or ["--demo"]
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    windowed = words[0].startswith("--")
    if windowed and sys.platform.startswith("linux") and not any(map(os.environ.get, screens)):
        print(
            "The set-up is done, but there is no screen here (DISPLAY is not set). Log in with a\n"
            "desktop, or try it on a virtual one: xvfb-run -a python3 installer/start.py",
            file=sys.stderr,
        )
        return 2
    return subprocess.run([python, "-m", "app", *words], cwd=CHECKOUT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
