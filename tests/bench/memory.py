"""What this program holds in memory, by the kernel and by the C library (Linux, glibc)."""

import ctypes
import gc
import os
from pathlib import Path

from PySide6.QtGui import QPixmapCache

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024 if hasattr(os, "sysconf") else 4


class _Figures(ctypes.Structure):
    """What `mallinfo2` of the GNU C library returns."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                     "uordblks", "fordblks", "keepcost")
    )  # fmt: skip


def in_use_kb() -> float:
    """Return the memory that was asked for and not given back.

    Unlike the resident memory it does not depend on what the heap has left over from before. Qt's
    store of drawn pictures, which fills up to its limit of 10 MB, is emptied first.
    """
    QPixmapCache.clear()
    gc.collect()
    ask = ctypes.CDLL("libc.so.6").mallinfo2
    ask.restype = _Figures
    figures = ask()
    return float(figures.uordblks + figures.hblkhd) / 1024


def resident_kb() -> int:
    """Return the memory this program has in RAM, in kB, once free memory is given back."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB
