"""Which libraries each Windows program file asks for, as JSON. Run by the tools' own Python.

python windows_closure.py FOLDER      {"file": ["library", ...], ...}, names in lower case
"""

import json
import sys
from pathlib import Path

import pefile

KINDS = (".dll", ".pyd", ".exe")
WANTED = [
    pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_IMPORT"],
    pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT"],
]
AMD64 = 0x8664


def asked_for(file: Path) -> list[str]:
    """Return the libraries a file is linked with, those loaded late included."""
    with pefile.PE(str(file), fast_load=True) as image:
        if image.FILE_HEADER.Machine != AMD64:
            raise SystemExit(f"{file.name} is not for 64-bit Windows.")
        image.parse_data_directories(WANTED, import_dllnames_only=True)
        tables = (
            *getattr(image, "DIRECTORY_ENTRY_IMPORT", ()),
            *getattr(image, "DIRECTORY_ENTRY_DELAY_IMPORT", ()),
        )
        return sorted({one.dll.decode("ascii").lower() for one in tables})


def main() -> None:
    """Print the table of a folder."""
    folder = Path(sys.argv[1])
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in KINDS)
    print(json.dumps({file.relative_to(folder).as_posix(): asked_for(file) for file in files}))


if __name__ == "__main__":
    main()
