"""Whether there is a screen for a window; Qt without one would end the program by itself."""

import ctypes
import os
import sys

LIBRARY = "libxcb.so.1"


def why_no_screen() -> str:
    """Return why no window can be opened here, in words; empty where one can, as far as known."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    wayland = os.environ.get("WAYLAND_DISPLAY", "")
    if sys.platform != "linux" or (platform and platform != "xcb") or (wayland and not platform):
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "there is no screen to open the window on"
    return "" if _answers() else f"the screen {display} (DISPLAY) does not answer"


def _answers() -> bool:
    """Ask the X server that DISPLAY names, as Qt is going to."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return True  # Qt has its own words for a library that is not there
    library.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(library.xcb_connect(None, None))
    failed = bool(library.xcb_connection_has_error(connection))
    library.xcb_disconnect(connection)
    return not failed
