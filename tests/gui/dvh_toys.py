"""Toy DVHs and a look at the DVH page's pixels, for its tests."""

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage

from app.viewer.dvh_panel import DvhPanel
from tests.core.linear_cube import GREEN, RED, WHITE, cube, dose, dvh, exported_dvh, point

PATIENT = "Doe, John   ID 1/7"
WORDS_SHOWN = "PLAN. 100 % = 40.00 Gy (prescription of P1)"


def toy():
    """Two cubes, a thin one of low confidence, and a point without a DVH."""
    own = dose(exported=[exported_dvh(1)])
    return [
        dvh(cube("PTV", 1, RED), own),
        dvh(cube("Half", 2, GREEN, x=(-20.0, 0.0)), own),
        dvh(cube("Thin", 3, WHITE, gap=20.0), own),
        dvh(point(), own),
    ]


def shown_panel(qtbot):
    made = DvhPanel()
    qtbot.waitUntil(lambda: bool(made.template.templates), timeout=30_000)
    qtbot.addWidget(made)
    made.resize(1000, 800)
    made.show()
    return made


def filled(panel):
    panel.set_patient(PATIENT, "1/7")
    panel.set_dvhs(toy(), WORDS_SHOWN, 40.0)
    return panel


def choose(panel, part):
    number = next(n for n, one in enumerate(panel.template.templates, 1) if part in one.title)
    panel.template.setCurrentIndex(number)
    panel.template.activated.emit(number)


def pixels_like(widget, colour, near=60):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    picture = rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).astype(int).copy()
    wanted = np.array([colour.red(), colour.green(), colour.blue()])
    return int((np.abs(picture - wanted).max(axis=2) < near).sum())


def place_of(panel, dose_gy, volume):
    box = panel.plot.getViewBox()
    return QPointF(panel.plot.mapFromScene(box.mapViewToScene(QPointF(dose_gy, volume))))
