"""Where files lie: the program's own, this machine's data, and what the clinic has laid down."""

import os
from pathlib import Path

import platformdirs

PROGRAM = Path(__file__).resolve().parent.parent
RESOURCES = PROGRAM / "resources"
DATA_VARIABLE = "EQS_DATA"
MACHINE_VARIABLE = "EQS_MACHINE"


def data_folder() -> Path:
    """Return the folder for logs, copies and archives of this user; it is made when missing.

    The variable EQS_DATA names another one, for tests and for installations on a share.
    """
    named = os.environ.get(DATA_VARIABLE)
    folder = Path(named) if named else platformdirs.user_data_path("EQS Workstation", "EQS")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clinic_folder() -> Path:
    """Return the folder of this user's tables; it need not exist.

    Which tables apply, `core.layers` tells: this is the strongest of its folders.
    """
    return data_folder() / "clinic"


def machine_folder() -> Path:
    """Return the folder of the tables for everybody on this computer; it need not exist.

    EQS/EQS Workstation in %PROGRAMDATA% on Windows. The variable EQS_MACHINE names another one.
    """
    named = os.environ.get(MACHINE_VARIABLE)
    return Path(named) if named else platformdirs.site_data_path("EQS Workstation", "EQS")
