"""Where the program's own files lie: in a checkout, a wheel and a frozen folder alike."""

from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
