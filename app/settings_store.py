"""Where the window keeps places and names of this user."""

import os

from PySide6.QtCore import QSettings

SETTINGS_VARIABLE = "EQS_SETTINGS"


def user_settings() -> QSettings:
    """Return this user's settings: the registry on Windows, a file of the home folder elsewhere.

    The variable EQS_SETTINGS names a file to use instead; the self-test leaves nothing behind.
    """
    named = os.environ.get(SETTINGS_VARIABLE)
    if named:
        return QSettings(named, QSettings.Format.IniFormat)
    return QSettings("EQS", "Workstation")
