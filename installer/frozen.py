"""Where the frozen program begins (PyInstaller, see eqs.spec)."""

import multiprocessing
import sys

from app.__main__ import main

if __name__ == "__main__":
    # A worker process is this program again; it goes on from here.
    multiprocessing.freeze_support()
    sys.exit(main())
