"""Start EQS Workstation: the window, or one command without a window."""

import sys

from app.command_line import main

if __name__ == "__main__":
    sys.exit(main())
