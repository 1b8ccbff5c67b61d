"""The tables of one layer as one file, and back: a zip with a list of digests."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path as File
from typing import Any

from core.errors import ClinicFileError, UnreadableFileError
from core.layers import Layer, Layers, known
from core.safe_write import write_whole
from core.settings.draft import Draft, draft_text, layer_folder

FORMAT = "EQS Workstation settings 1"
LIST = "settings.json"
MOST_BYTES = 50_000_000


def tables_of(layers: Layers, layer: Layer) -> dict[str, bytes]:
    """Return the tables that lie in a layer's folder, by name; of a book every file.

    Raises:
        ClinicFileError: The layer is not set up, or out of reach.

    """
    folder = layer_folder(layers, layer)
    layers.files("tolerances.toml")  # a share out of reach is told here, not taken for empty
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    names = {file.relative_to(folder).as_posix(): file for file in found}
    return {name: file.read_bytes() for name, file in names.items() if known(name) is not None}


def strongest_layer(layers: Layers) -> Layer:
    """Return the layer that holds the clinic's own tables: share, else machine, else user."""
    for layer in (Layer.CLINIC, Layer.MACHINE):
        if layers.folder(layer) is not None:
            return layer
    return Layer.USER


def export(layers: Layers, layer: Layer, target: File) -> dict[str, str]:
    """Write the tables of a layer into one file and return their digests by name.

    Raises:
        ClinicFileError: The layer has no tables, or is out of reach.
        OSError: The file cannot be written.

    """
    tables = tables_of(layers, layer)
    if not tables:
        raise ClinicFileError(
            f"the layer '{layer}' holds no tables", where=str(layer_folder(layers, layer)),
            remedy="Choose another layer.",
        )  # fmt: skip
    digests = {name: sha256(data).hexdigest() for name, data in tables.items()}
    told = {"format": FORMAT, "layer": str(layer), "tables": digests,
            "time": datetime.now(UTC).isoformat(timespec="seconds")}  # fmt: skip
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(LIST, json.dumps(told, indent=1))
        for name, data in tables.items():
            bundle.writestr(name, data)
    write_whole(target, made.getvalue())
    return digests


def read_pack(file: File) -> dict[str, str]:
    """Return the texts of an exported file by name.

    Raises:
        UnreadableFileError: It is no such file, or a table of it is not the one exported.

    """
    try:
        with zipfile.ZipFile(file) as bundle:
            if sum(one.file_size for one in bundle.infolist()) > MOST_BYTES:
                raise _wrong(file, "it is too large")
            told: Mapping[str, Any] = json.loads(bundle.read(LIST))
            digests = dict(told["tables"]) if told["format"] == FORMAT else {}
            texts = {name: bundle.read(name) for name in digests}
            listed = {*digests, LIST} == set(bundle.namelist())
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as fault:
        raise _wrong(file, f"{fault}") from fault
    if not digests or not listed:
        raise _wrong(file, "its list does not name what it holds")
    for name, data in texts.items():
        if sha256(data).hexdigest() != digests[name]:
            raise _wrong(file, f"{name} is not what was exported")
        if known(name) is None or ".." in name.split("/") or name.startswith("/"):
            raise _wrong(file, f"{name} is no table of this program")
    try:
        return {name: data.decode("utf-8-sig") for name, data in texts.items()}
    except UnicodeDecodeError as fault:
        raise _wrong(file, f"{fault}") from fault


def drafts_of(layers: Layers, layer: Layer, texts: Mapping[str, str]) -> tuple[Draft, ...]:
    """Return what an import would write into a layer; tables that it does not hold stay.

    Raises:
        ClinicFileError: A table is no TOML.

    """
    return tuple(draft_text(layers, layer, name, text) for name, text in texts.items())


def _wrong(file: File, why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"this is no file of exported settings: {why}", where=str(file),
        remedy='Export it again with: eqs settings export FILE',
    )  # fmt: skip
