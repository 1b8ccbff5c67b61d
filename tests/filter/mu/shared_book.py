"""Books made in memory from the public tables beside the checkout; nothing is copied."""

import csv
from pathlib import Path

import numpy as np

from app.filter.mu.book import BookBeam, Calibration, Model, Table
from app.filter.mu.quantities import QUANTITIES

BY_NAME = {one.name: one for one in QUANTITIES}


def rows_of(file: Path):
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return list(csv.reader(lines))


def wide(file: Path):
    head, *rows = rows_of(file)
    values = np.array([[float(cell) for cell in row] for row in rows])
    return values[:, 0], np.array([float(cell) for cell in head[1:]]), values[:, 1:]


def column(file: Path, name: str):
    head, *rows = rows_of(file)
    place = head.index(name)
    return np.array([float(r[0]) for r in rows]), np.array([[float(r[place])] for r in rows])


def table(name, rows, columns, values):
    return Table(name, BY_NAME[name], {}, np.asarray(rows, float), np.asarray(columns, float),
                 np.asarray(values, float))  # fmt: skip


def flat(value=1.0):
    """Return an off-axis ratio of 1 and a step for the penumbra."""
    return {
        "oar": table("oar", [0, 50], [0, 60], [[value, value]] * 2),
        "penumbra": table("penumbra", [-50, -1e-6, 1e-6, 50], [0, 50],
                          [[0, 0], [0, 0], [1, 1], [1, 1]]),
    }  # fmt: skip


def generic_6x(folder: Path, scatter="difference", exchange=1.469):
    """Return the beam of generic_6x_*.csv with the calibration of the golden vectors."""
    depths, sides, tmr = wide(folder / "generic_6x_tmr.csv")
    factors = folder / "generic_6x_csf_psf.csv"
    tables = {"tmr": table("tmr", depths, sides, tmr), **flat()}
    for name, heading in (("csf", "CSF"), ("psf", "PSF_dmax")):
        axis, values = column(factors, heading)
        tables[name] = table(name, axis, [0], values)
    return BookBeam("6X", "photon", 6.0, False, (), Calibration(1.0, 10.0, 101.6, 1.6),
                    Model(1.6, scatter, exchange), (), tables)  # fmt: skip
