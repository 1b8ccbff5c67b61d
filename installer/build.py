r"""Build what is handed out: the wheel, the frozen program for Linux, the set-up for Windows.

python3 installer/build.py wheel                 dist/eqs-VERSION-py3-none-any.whl, tried
python3 installer/build.py linux                 dist/eqs/, tried
python3 installer/build.py windows               dist/EQS-Setup-VERSION.exe
python3 installer/build.py windows --no-python   the same without Python, to test the set-up
python3 installer/build.py lock                  installer/windows/wheels.txt anew
"""

import argparse
import subprocess
import sys

from environment import SetUpError
from linux_build import build_frozen, build_wheel
from windows_build import build_setup, make_lock


def main() -> int:
    """Return 0 when it was built and tried, 1 when the self-test failed, 2 when not built."""
    reader = argparse.ArgumentParser(description="Build what is handed out.")
    reader.add_argument("what", choices=("wheel", "linux", "windows", "lock"))
    reader.add_argument("--no-python", action="store_true", help="windows: leave Python out")
    reader.add_argument("--quick", action="store_true", help="windows: compress less")
    words = reader.parse_args()
    try:
        if words.what == "wheel":
            return build_wheel()
        if words.what == "linux":
            return build_frozen()
        if words.what == "lock":
            return make_lock()
        return build_setup(with_python=not words.no_python, quick=words.quick)
    except (SetUpError, subprocess.CalledProcessError) as problem:
        print(problem, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
