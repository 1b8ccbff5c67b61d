"""Files of the demonstration set, for tests of windows."""

from pathlib import Path


def export(demo: Path) -> Path:
    """Return the sound R&V export."""
    return next((demo / "export").glob("*.rtp"))
