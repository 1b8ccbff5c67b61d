"""Start the installed program: its plain package names stay private to this folder."""

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
if (HOME / "app").is_dir():
    sys.path.insert(0, str(HOME))

from app.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
