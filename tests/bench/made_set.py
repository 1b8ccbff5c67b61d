"""The 512 x 512 x 200 set of the benchmarks: volume, dose, structures, files."""

import numpy as np

from core.dicom.dose import Dose
from core.dicom.structures import Contour, Structure
from core.dose.geometry import Grid, upright_geometry
from tests.core.dicom_maker import images, lattice, write

SLICES, SIDE = 200, 512
DOSE_SHAPE = (100, 128, 128)


def made_volume():
    rng = np.random.default_rng(1)
    values = rng.integers(-1000, 1500, (SLICES, SIDE, SIDE), dtype=np.int16)
    return Grid(upright_geometry((-250, -250, -250), (0.98, 0.98, 2.5), values.shape), values, "f")


def made_dose():
    s, r, c = np.meshgrid(*(np.linspace(-1, 1, n) for n in DOSE_SHAPE), indexing="ij")
    gray = (60 * np.exp(-3 * (s**2 + r**2 + c**2))).astype(np.float32)
    grid = Grid(upright_geometry((-190, -190, -150), (3, 3, 3), DOSE_SHAPE), gray, "f")
    return Dose(None, grid, "GY", "PHYSICAL", "PLAN", (), (), (), "", "", (), ())


def made_structures(count):
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    rng = np.random.default_rng(2)
    for number in range(count):
        x, y = rng.uniform(-120, 120, 2)
        radius = rng.uniform(15, 80)
        contours = []
        for z in np.arange(-240, 240, 2.5)[20:160]:
            wobble = radius * (1 + 0.1 * np.sin(5 * angles + z / 20))
            ring = [x + wobble * np.cos(angles), y + wobble * np.sin(angles), np.full(120, z)]
            contours.append(Contour(np.stack(ring, axis=1), "CLOSED_PLANAR", ""))
        yield Structure(number, f"s{number}", "ORGAN", (255, 0, 0), "f", tuple(contours))


def write_series(folder):
    """Write 200 slices as a scanner does: 12 bits of 16, HU less 1024."""
    grid = lattice(shape=(SLICES, SIDE, SIDE), spacing=(2.5, 0.98, 0.98))
    made = images(grid, lambda x, y, z: x + 0 * y + z / 10, bits=12, signed=False, intercept=-1024)
    return write(folder, made)
