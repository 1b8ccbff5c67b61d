"""Write installer/windows/wheels.txt: every wheel of the Windows program with its digest.

Run by the tools' own Python, which has `packaging`: pip judges the markers of a dependency by the
machine it runs on, so the closure for Windows is computed here.
"""

import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path

from environment import CHECKOUT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from windows_stage import FOR_WINDOWS, LOCK, contents

MACHINE = {
    "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt",
    "platform_machine": "AMD64", "python_version": "3.11", "python_full_version": "3.11.9",
    "implementation_name": "cpython", "platform_python_implementation": "CPython",
    "implementation_version": "3.11.9", "platform_release": "10", "platform_version": "10.0",
}  # fmt: skip


def wanted(requirements: Iterable[str], extras: Iterable[str] = ()) -> list[Requirement]:
    """Return the requirements that hold on Windows, without those left out on purpose."""
    left_out = {one["package"] for one in contents()["without"]}
    found = [Requirement(text) for text in requirements]
    asked = ["", *extras]
    return [
        one
        for one in found
        if canonicalize_name(one.name) not in left_out
        and (not one.marker or any(one.marker.evaluate({**MACHINE, "extra": e}) for e in asked))
    ]


def requirements_of(wheel: Path) -> list[str]:
    """Return what a wheel asks for, as its metadata say it."""
    with zipfile.ZipFile(wheel) as pack:
        name = next(one for one in pack.namelist() if one.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(pack.read(name).decode())
    return metadata.get_all("Requires-Dist") or []


def versions() -> dict[str, str]:
    """Return the exact version of every package from installer/constraints.txt."""
    lines = (CHECKOUT / "installer" / "constraints.txt").read_text(encoding="utf-8").split()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {canonicalize_name(name): version for name, version in pairs}


def closure(folder: Path) -> dict[str, Path]:
    """Download every wheel the program needs on Windows; return them by name."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = versions()
    ahead = wanted(project["dependencies"])
    found: dict[str, Path] = {}
    while ahead:
        names = {canonicalize_name(one.name): one for one in ahead}
        new = sorted(set(names) - set(found))
        unpinned = [name for name in new if name not in pinned]
        if unpinned:
            raise SystemExit(f"installer/constraints.txt has no version of {unpinned}.")
        exact = [f"{name}=={pinned[name]}" for name in new]
        if exact:
            words = ["download", "--quiet", *FOR_WINDOWS, "--dest", str(folder), *exact]
            subprocess.run([sys.executable, "-m", "pip", *words], check=True)
        for file in folder.glob("*.whl"):
            found.setdefault(str(parse_wheel_filename(file.name)[0]), file)
        ahead = [
            one
            for name in new
            for one in wanted(requirements_of(found[name]), names[name].extras)
            if canonicalize_name(one.name) not in found
        ]
    return found


def main() -> None:
    """Write the lock anew."""
    with tempfile.TemporaryDirectory() as name:
        lines = [
            "# Every wheel of the Windows program, made by 'installer/build.py lock'. Versions:",
            "# installer/constraints.txt. Each digest is that of the wheel for 64-bit Windows.",
        ]
        for package, file in sorted(closure(Path(name)).items()):
            version = parse_wheel_filename(file.name)[1]
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            lines.append(f"{package}=={version} --hash=sha256:{digest}")
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(lines) - 2} wheels in {LOCK.name}")


if __name__ == "__main__":
    main()
