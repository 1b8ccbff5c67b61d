"""Planes of known dose, and TIFFs made byte by byte."""

import struct
import zlib

import numpy as np

from app.filter.film.plane import FilmPlane, Placement

CORONAL = Placement(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), "1.2.3")


def hill(x, y):
    """Return a smooth dose that no turn or mirror leaves as it is, Gy."""
    return 2.0 * np.exp(-(((x - 6) / 25) ** 2) - ((y + 4) / 15) ** 2) + 0.002 * (x + 60)


def plane(columns=41, rows=31, step=2.0, place=CORONAL, dose=hill, about=None):
    x = (np.arange(columns) - (columns - 1) / 2) * step
    y = (np.arange(rows) - (rows - 1) / 2) * step
    values = dose(*np.meshgrid(x, y)).astype(np.float32)
    return FilmPlane(values, x, y, place, "a hill", about or {"plan_id": "P1"})


def tiff(values, order="<", compression=1, dpi=72, predictor=1, strips=3):
    """Return a TIFF of whole numbers or floats, shape (rows, columns[, channels])."""
    values = values if values.ndim == 3 else values[:, :, None]
    rows, columns, samples = values.shape
    data = values
    if predictor == 2:
        data = values.copy()
        data[:, 1:] = values[:, 1:] - values[:, :-1]
    data = data.astype(data.dtype.newbyteorder(order))
    per = -(-rows // strips)
    parts = [data[n : n + per].tobytes() for n in range(0, rows, per)]
    if compression == 8:
        parts = [zlib.compress(part) for part in parts]
    if compression == 32773:
        parts = [packed(part) for part in parts]
    count = len(parts)
    bits = values.dtype.itemsize * 8
    kind = 3 if values.dtype.kind == "f" else 1
    entries = [
        (256, 4, [columns]), (257, 4, [rows]), (258, 3, [bits] * samples), (259, 3, [compression]),
        (262, 3, [2 if samples == 3 else 1]), (273, 4, [0] * count), (277, 3, [samples]),
        (278, 4, [per]), (279, 4, [len(part) for part in parts]), (282, 5, [dpi, 1]),
        (283, 5, [dpi, 1]), (284, 3, [1]), (296, 3, [2]), (317, 3, [predictor]),
        (339, 3, [kind] * samples),
    ]  # fmt: skip
    start = 8 + 2 + 12 * len(entries) + 4
    more, places, strip_at = b"", [], -1
    for tag, form, numbers in entries:
        letter = {3: "H", 4: "L", 5: "L"}[form]
        body = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        amount = len(numbers) // 2 if form == 5 else len(numbers)
        if len(body) > 4:
            strip_at = len(more) if tag == 273 else strip_at
            places.append((tag, form, amount, struct.pack(f"{order}L", start + len(more))))
            more += body
        else:
            places.append((tag, form, amount, body.ljust(4, b"\0")))
    offsets, at = [], start + len(more)
    for part in parts:
        offsets.append(at)
        at += len(part)
    written = struct.pack(f"{order}{count}L", *offsets)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HL", 42, 8)
    table = struct.pack(f"{order}H", len(places))
    if strip_at >= 0:
        more = more[:strip_at] + written + more[strip_at + len(written) :]
    for tag, form, amount, cell in places:
        own = written.ljust(4, b"\0") if tag == 273 and strip_at < 0 else cell
        table += struct.pack(f"{order}HHL", tag, form, amount) + own
    return head + table + struct.pack(f"{order}L", 0) + more + b"".join(parts)


def packed(data):
    """Return bytes in PackBits: runs of three and more, the rest as it is."""
    made, at = b"", 0
    while at < len(data):
        run = 1
        while at + run < len(data) and data[at + run] == data[at] and run < 128:
            run += 1
        if run > 2:
            made += bytes([257 - run, data[at]])
        else:
            run = min(2, len(data) - at)
            made += bytes([run - 1]) + data[at : at + run]
        at += run
    return made
