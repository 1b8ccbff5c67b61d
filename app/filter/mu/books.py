"""Which dosimetry book is used: the one asked for, the clinic's, or the shipped generic one."""

from pathlib import Path

from core.layers import own_layers
from core.paths import RESOURCES

GENERIC = RESOURCES / "book_generic"
OWN = "dosimetry_book"


def own_book_folder(asked: Path | None = None) -> Path:
    """Return the folder of the book to use."""
    if asked is not None:
        return asked
    return own_layers().strongest(OWN) or GENERIC
