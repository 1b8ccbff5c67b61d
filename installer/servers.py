"""Set up what the tests talk to: DICOM servers, a browser, a spreadsheet; else those skip."""

import os
import shutil
import subprocess
import sys

# A program that shows whether the package is there, and the packages that bring it.
WISHED = {
    "dcmqrscp": ("dcmtk",),
    "Orthanc": ("orthanc", "orthanc-dicomweb"),
    "chromedriver": ("chromium", "chromium-driver"),
    "makensis": ("nsis",),
    "wine": ("wine64", "wine"),
    "soffice": ("libreoffice-calc",),  # 92 MB to fetch, 285 MB on the disk
}


def ensure_servers() -> None:
    """Install what this machine lacks where that is allowed; otherwise say what is not tested."""
    missing = [name for name, _ in WISHED.items() if not _is_here(name)]
    if not missing or not sys.platform.startswith("linux"):
        return
    packages = [package for name in missing for package in WISHED[name]]
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"Tests without {', '.join(missing)}; to have them, run: sudo {line}", flush=True)
        return
    print(f"Installing what the tests talk to: {' '.join(packages)} ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], line.split()):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"Tests without {', '.join(missing)}: {done.stderr.strip()[-300:]}", flush=True)
            return


def _is_here(name: str) -> bool:
    folders = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    return shutil.which(name, path=folders) is not None
