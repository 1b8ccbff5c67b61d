"""A folder that will be installed: its list with digests, its sizes, the program in it tried."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

# Read again by `eqs selftest` (app/selftest/installed.py).
LIST = "files.sha256"
MB = 1_000_000


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def listing(folder: Path) -> dict[str, str]:
    """Return the digest of every file but the list itself, by its name within the folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != LIST)
    return {file.relative_to(folder).as_posix(): digest(file) for file in files}


def write_list(folder: Path) -> int:
    """Write the list of a folder into it; return how many files it names."""
    found = listing(folder)
    lines = "".join(f"{value}  {name}\n" for name, value in found.items())
    (folder / LIST).write_text(lines, encoding="utf-8", newline="\n")
    return len(found)


def size_table(folder: Path, rows: int = 12) -> str:
    """Return what takes the room: each folder of the first level that holds files, in MB."""
    sizes: dict[str, int] = {}
    count = 0
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            size = file.stat().st_size
            count += 1
            sizes[file.relative_to(folder).parts[0]] = (
                sizes.get(file.relative_to(folder).parts[0], 0) + size
            )
    largest = sorted(sizes.items(), key=lambda one: -one[1])
    lines = [f"{size / MB:8.1f} MB  {name}" for name, size in largest[:rows]]
    rest = sum(size for _, size in largest[rows:])
    if rest:
        lines.append(f"{rest / MB:8.1f} MB  the rest")
    return "\n".join([*lines, f"{sum(sizes.values()) / MB:8.1f} MB  in {count} files"])


def self_test(program: Sequence[str | Path]) -> int:
    """Run `eqs selftest` as a new user without a screen would; return its exit code.

    What it leaves in that user's home counts as a failure.
    """
    with tempfile.TemporaryDirectory(prefix="eqs-home-") as home:
        environment = {
            "PATH": os.defpath, "HOME": home, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        done = subprocess.run([*program, "selftest"], cwd=home, env=environment, check=False)
        left = [str(file.relative_to(home)) for file in Path(home).rglob("*") if file.is_file()]
    if left:
        print(f"The self-test left {len(left)} files in the home folder: {left[0]} ...")
    return done.returncode or (1 if left else 0)
