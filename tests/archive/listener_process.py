"""A listener in a process of its own, for tests that kill it."""

import sys
from pathlib import Path

from core.archive.archive import Archive
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings

if __name__ == "__main__":
    archive = Archive(Path(sys.argv[1]))
    listener = Listener(archive, ListenerSettings(port=int(sys.argv[2])))
    print("ready", flush=True)
    sys.stdin.read()
