"""Objects of the archive as copies: into a folder or a zip file, named for people (Y-07)."""

import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from core.archive.archive import Archive
from core.archive.index import Instance
from core.archive.store import chunks_of, digest_of
from core.errors import RemedyError

Progress = Callable[[float, str], None]


class Layout(StrEnum):
    """In which folders copies lie."""

    SERIES = "a folder for each series"
    STUDY = "folders by study and series"
    FLAT = "all in one folder"


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What came of a retrieval.

    Attributes:
        target: Folder or zip file.
        copied: Objects that are there, each with the bytes that were received.
        missing: UIDs of objects whose file is gone or damaged; they are not there.

    """

    target: Path
    copied: int
    missing: tuple[str, ...]


def retrieve(
    archive: Archive, wanted: Sequence[Instance], target: Path, progress: Progress | None = None,
    layout: Layout = Layout.SERIES,
) -> Retrieved:  # fmt: skip
    """Copy objects into a new folder, or into a zip file when the name ends in .zip.

    The target appears whole or not at all; each copy is compared with the digest of receipt.

    Raises:
        RemedyError: The target is there already, or its folder is not.

    """
    if target.exists() or not target.parent.is_dir():
        what = "is there already" if target.exists() else "has no folder to lie in"
        raise RemedyError(
            f"{target.name} {what}", where=str(target), remedy="Choose another name."
        )
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        made = Path(name) / "set"
        made.mkdir()
        missing = _copy_all(archive, wanted, made, progress, layout)
        if target.suffix.lower() == ".zip":
            packed = Path(name) / "set.zip"
            _zip(made, packed)
            packed.replace(target)
        else:
            made.replace(target)
    return Retrieved(target, len(wanted) - len(missing), tuple(missing))


def _copy_all(
    archive: Archive, wanted: Sequence[Instance], folder: Path, progress: Progress | None,
    layout: Layout,
) -> list[str]:  # fmt: skip
    missing = []
    for number, one in enumerate(wanted):
        if progress is not None:
            progress(number / len(wanted), f"{number} of {len(wanted)} objects")
        source = archive.path_of(one)
        place = folder / file_name(one, number, layout)
        place.parent.mkdir(parents=True, exist_ok=True)
        if source is None:
            missing.append(one.sop_uid)
            continue
        shutil.copyfile(source, place)
        if digest_of(place) != one.digest:
            place.unlink()
            missing.append(one.sop_uid)
    return missing


def file_name(one: Instance, number: int, layout: Layout = Layout.SERIES) -> str:
    """Return folders and file name of a copy: kind, number, end of its UID."""
    kind = re.sub(r"[^A-Za-z0-9]", "", one.modality) or "OTHER"
    place = re.sub(r"[^0-9]", "", one.number).zfill(4) if one.number else f"{number:04d}"
    name = f"{kind}_{place}_{one.sop_uid[-10:]}.dcm"
    if layout is Layout.FLAT:
        # Ends of UIDs may be alike across series: the number of the copy tells them apart.
        return f"{number:05d}_{name}"
    series = f"{kind}_{one.series_uid[-8:].replace('.', '_')}"
    study = f"STUDY_{one.study_uid[-8:].replace('.', '_')}/" if layout is Layout.STUDY else ""
    return f"{study}{series}/{name}"


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*.dcm")):
            with (
                path.open("rb") as source,
                archive.open(str(path.relative_to(folder)).replace("\\", "/"), "w") as packed,
            ):
                for chunk in chunks_of(source):
                    packed.write(chunk)
