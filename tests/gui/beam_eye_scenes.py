"""Plans, structures and images for the beam's eye view, and what its pixels say."""

from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage

from app.background import JOBS
from app.viewer.beam_eye_canvas import ROWS
from app.viewer.beam_eye_view import BeamEyeView
from app.viewer.outlines import Outline
from app.viewer.scene import Scene
from app.viewer.scene_build import build_scene
from core.dicom.pixels import read_volume
from core.dicom.plan import Beam, ControlPoint, LeafBank, Plan
from core.dicom.rt_set import RtSet, read_rt_sets
from core.dicom.structures import Contour, Structure
from core.dose.geometry import Grid, upright_geometry

EDGES = np.arange(-50.0, 51.0, 10.0)
MAGENTA = (255, 0, 255)
BLACK = (0, 0, 0)


def point(number=0, tip=-20.0, **others):
    """Ten pairs open from -20 to 30 mm; the first bank of pair 7 (20 to 30 mm) stands at `tip`."""
    leaves = np.concatenate([np.full(10, -20.0), np.full(10, 30.0)])
    leaves[7] = tip
    whole = {
        "number": number, "meterset_mu": 10.0 * number, "gantry_deg": 0.0, "gantry_turn": "NONE",
        "collimator_deg": 0.0, "couch_deg": 0.0, "energy": 6.0, "dose_rate": None,
        "isocentre_mm": np.zeros(3), "jaws": {"ASYMY": np.array([-40.0, 40.0])},
        "leaves": {"MLCX": leaves}, "wedges": {}, "couch_mm": (None, None, None),
    } | others  # fmt: skip
    return ControlPoint(**whole)


def beam(*points, name="A", **others):
    whole = {
        "number": 1, "name": name, "kind": "DYNAMIC", "delivery": "TREATMENT",
        "radiation": "PHOTON", "machine": "", "source_axis_mm": 1000.0, "meterset_mu": 100.0,
        "dose_gy": None, "leaf_banks": (LeafBank("MLCX", EDGES),), "blocks": (), "wedges": (),
        "applicator": "", "bolus": 0, "points": points,
    } | others  # fmt: skip
    return Beam(**whole)


def plan(*beams, position="HFS", frame="1.2"):
    return Plan(
        None,
        "P1",
        "",
        "",
        "",
        "",
        "PATIENT",
        frame,
        (),
        (),
        (),
        (),
        beams,
        0,
        False,
        (position,) if position else (),
    )


def eye_panel(qtbot):
    made = BeamEyeView()
    qtbot.addWidget(made)
    made.resize(900, 600)
    return made


def scene(*structures, plans=(), **others):
    rt_set = RtSet("", "", (), (), plans, (), (), (), (), ())
    return Scene(rt_set, outlines=tuple(Outline(one, None) for one in structures), **others)


def images(frame="1.2", position="HFS", modality="CT"):
    return SimpleNamespace(modality=modality, frame_uid=frame, patient_position=position)


def body(centre):
    """Air with a dense ball of 15 mm radius."""
    z, y, x = np.mgrid[-40:41, -40:41, -40:41] * 3.0
    far = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
    values = np.where(far < 15.0**2, 1000, -1000).astype(np.int16)
    return Grid(upright_geometry([-120] * 3, (3.0,) * 3, values.shape), values, "1.2")


def marker(*points_mm, number=7, colour=MAGENTA, frame="1.2"):
    contours = tuple(Contour(np.array([one], dtype=float), "POINT", "") for one in points_mm)
    return Structure(number, f"marker {number}", "MARKER", colour, frame, contours)


def block_structure(low, high, gap=3.0, number=1, colour=MAGENTA):
    """A box of axial contours."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    flat = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    corners = np.concatenate([np.linspace(a, b, 8, endpoint=False) for a, b in
                              zip(flat, np.roll(flat, -1, axis=0), strict=True)])  # fmt: skip
    contours = tuple(
        Contour(np.column_stack([corners, np.full(len(corners), z)]), "CLOSED_PLANAR", "")
        for z in np.arange(z0 + gap / 2, z1, gap)
    )
    return Structure(number, "box", "PTV", colour, "1.2", contours)


def shown(qtbot, panel, what):
    panel.set_scene(what)
    panel.show()
    finish(qtbot)
    return panel


def finish(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=30_000)


def pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).astype(int).copy()


def at(panel, x, y):
    """Colour of the picture at Xb, Yb."""
    canvas = panel.canvas
    place = canvas.window_shown.to_pixels(canvas.width(), canvas.height()).map(QPointF(x, y))
    red, green, blue = pixels(canvas.grab().toImage())[round(place.y()), round(place.x())]
    return int(red), int(green), int(blue)


def is_leaf(colour):
    return colour[2] > 40 and colour[2] > 2 * colour[0]


def is_jaw(colour):
    return colour[0] > 40 and colour[0] > 2 * colour[2]


def is_green(colour):
    return colour[1] > 40 and colour[1] > 2 * colour[0]


def is_magenta(found):
    return (found[..., 0] > 90) & (found[..., 2] > 90) & (found[..., 1] < 0.3 * found[..., 0])


def notes(panel):
    return " | ".join(panel.canvas.view.notes)


def cell(panel, name):
    return panel.table.item(ROWS.index(name), 1).text()


def real_scene(*paths):
    own = read_rt_sets(paths)[0]
    series = own.chief_series()
    volume = read_volume(series) if series is not None else None
    return build_scene(own, series, volume, own.chief_structures(), own.chief_dose())
