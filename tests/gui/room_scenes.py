"""Made scenes for the room view's tests, and a look at its pixels."""

import numpy as np
from PySide6.QtGui import QImage

from app.background import JOBS
from app.viewer.display import Display
from app.viewer.outlines import Outline
from app.viewer.scene import Scene
from core.dicom.dose import Dose
from core.dicom.plan import ControlPoint
from core.dicom.rt_set import RtSet
from core.dicom.structures import Contour, Structure
from core.dose.geometry import Grid, upright_geometry
from tests.gui import beam_eye_scenes

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def ring(centre, radius, corners=60):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    x, y, z = centre
    flat = [x + radius * np.cos(angle), y + radius * np.sin(angle), np.full(corners, z)]
    return Contour(np.stack(flat, axis=1), "CLOSED_PLANAR", "")


def sphere(number, colour, centre, radius=20.0, kind="ORGAN", gap=3.0):
    heights = np.arange(-radius + gap / 2, radius, gap)
    contours = tuple(
        ring((centre[0], centre[1], centre[2] + z), float(np.sqrt(radius**2 - z**2)))
        for z in heights
    )
    return Structure(number, f"structure {number}", kind, colour, "1.2", contours)


def cube(number, colour, half=25.0, centre=(0.0, 0.0, 0.0)):
    corners = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
    contours = tuple(
        Contour(np.column_stack([corners, np.full(4, z)]) + centre, "CLOSED_PLANAR", "")
        for z in np.arange(-half + 2.5, half, 5.0)
    )
    return Structure(number, "cube", "ORGAN", colour, "1.2", contours)


def point(gantry, **others):
    jaws = {"ASYMX": np.array([-30.0, 50.0]), "ASYMY": np.array([-20.0, 40.0])}
    whole = {
        "number": 0, "meterset_mu": 0.0, "gantry_deg": gantry, "gantry_turn": "NONE",
        "collimator_deg": 0.0, "couch_deg": 0.0, "energy": 6.0, "dose_rate": None,
        "isocentre_mm": np.zeros(3), "jaws": jaws, "leaves": {}, "wedges": {},
        "couch_mm": (None, None, None),
    } | others  # fmt: skip
    return ControlPoint(**whole)


def beam(*points, **others):
    """A still beam without leaves."""
    return beam_eye_scenes.beam(*points, **{"kind": "STATIC", "leaf_banks": ()} | others)


def scene(*structures, plans=(), dose=None):
    rt_set = RtSet("", "", (), (), plans, (), (), (), (), ())
    outlines = tuple(Outline(one, None) for one in structures)
    return Scene(rt_set, dose=dose, outlines=outlines)


def dose_ball():
    z, y, x = np.mgrid[-20:21, -20:21, -20:21] * 3.0
    values = (60 * np.exp(-(x**2 + y**2 + z**2) / 2000)).astype(np.float32)
    grid = Grid(upright_geometry([-60] * 3, (3.0, 3.0, 3.0), values.shape), values, "1.2")
    return Dose(None, grid, "GY", "PHYSICAL", "PLAN", (), (), (), "", "", (), ())


def shown(qtbot, view, what, display=None):
    view.set_scene(what)
    view.set_display(display or Display())
    view.show()
    finish(qtbot)


def finish(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=30_000)


def pixels(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    picture = rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).astype(int).copy()
    corner = round(95 * image.devicePixelRatio())
    picture[-corner:, :corner] = 0  # The letters have colours of their own.
    return picture


def places(picture, colour):
    """Rows and columns of the pixels in which a colour stands out."""
    strong = np.array(colour) > 0
    low = picture[..., strong].min(axis=-1)
    high = picture[..., ~strong].max(axis=-1)
    return np.nonzero((low > 90) & (low > 1.8 * high))
