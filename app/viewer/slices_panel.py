"""The slice views side by side: linked cross-hair, layouts, the probe's line, tools."""

import numpy as np
from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolBar, QVBoxLayout, QWidget

from app.key_use import room_sequence
from app.keys import first
from app.viewer.display import Display
from app.viewer.planes import Orientation
from app.viewer.scene import Scene
from app.viewer.slice_view import SliceView
from core.dose.geometry import Floats

# Row, column, rows, columns of axial, coronal, sagittal and of the fourth view (3D or oblique).
LAYOUTS = {
    "Four views": ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)),
    "Axial large": ((0, 0, 3, 2), (0, 2, 1, 1), (1, 2, 1, 1), (2, 2, 1, 1)),
    "Three views": ((0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1), None),
    "Axial only": ((0, 0, 1, 1), None, None, None),
}
LAYOUT_KEYS = ("slices.four", "slices.axial", "slices.three", "slices.only")


class SlicesPanel(QWidget):
    """Axial, coronal, sagittal and a fourth view of one scene.

    Signals:
        windowed: The user has dragged another grey window.
        measured: The user has drawn a line between two patient points.
        crossed: The cross-hair is on another patient point.
        picture_wanted: The views are to be saved as a picture.
        page_wanted: The views are to be saved as a PDF page.

    """

    windowed = Signal(object)
    measured = Signal(object, object)
    crossed = Signal(object)
    picture_wanted = Signal()
    page_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._display = Display()
        self.cross_mm: Floats | None = None
        kinds = (
            Orientation.AXIAL, Orientation.CORONAL, Orientation.SAGITTAL, Orientation.OBLIQUE,
        )  # fmt: skip
        self.views = tuple(SliceView(kind) for kind in kinds)
        self._fourth: QWidget = self.views[3]
        self._other: QWidget | None = None
        self._single: SliceView | None = None
        self._layout_name = next(iter(LAYOUTS))
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self.probe = QLabel()
        self.probe.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.probe.setAccessibleName("Values at the mouse")
        # Names of many structures at one point must not widen the window.
        self.probe.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._layouts: dict[str, QAction] = {}
        self.tools = self._make_tools()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        outer.addWidget(self.tools)
        outer.addLayout(self._grid, 1)
        outer.addWidget(self.probe)
        for view in self.views:
            view.crossed.connect(self.set_cross)
            view.probed.connect(self._tell)
            view.windowed.connect(self.windowed)
            view.measured.connect(self._on_measured)
            view.chosen.connect(self._toggle_single)
        self._arrange()
        self._tell(None)

    def _make_tools(self) -> QToolBar:
        bar = QToolBar()
        group = QActionGroup(self)
        for number, name in enumerate(LAYOUTS):
            action = QAction(name, self, checkable=True, checked=number == 0)
            action.setShortcut(room_sequence(LAYOUT_KEYS[number]))
            action.setToolTip(f"{name} ({first(LAYOUT_KEYS[number])})")
            action.triggered.connect(lambda _, chosen=name: self.set_layout(chosen))
            group.addAction(action)
            bar.addAction(action)
            self._layouts[name] = action
        bar.addSeparator()
        self.measure = QAction("Measure", self, checkable=True)
        self.measure.setShortcut(room_sequence("slices.measure"))
        self.measure.setToolTip("Draw a line: distance and dose profile (M)")
        self.measure.toggled.connect(self._set_measuring)
        bar.addAction(self.measure)
        self.oblique = QAction("Oblique", self, checkable=True)
        self.oblique.setToolTip("An oblique slice in place of the 3D view; turn it with A D W S")
        self.oblique.toggled.connect(self._show_oblique)
        bar.addAction(self.oblique)
        for words, signal in (("Picture…", self.picture_wanted), ("PDF page…", self.page_wanted)):
            action = QAction(words, self)
            action.triggered.connect(signal)
            bar.addAction(action)
        reset = QAction("Whole patient", self)
        reset.setShortcut(room_sequence("slices.whole"))
        reset.setToolTip("Show all again (Home)")
        reset.triggered.connect(self.reset)
        bar.addAction(reset)
        return bar

    def set_fourth(self, widget: QWidget) -> None:
        """Show another widget in the place of the oblique view."""
        self._other = widget
        self._fourth.hide()
        self._fourth = widget
        self._arrange()

    def _show_oblique(self, on: bool) -> None:
        self._fourth.hide()
        self._fourth = self.views[3] if on or self._other is None else self._other
        self._arrange()

    def shown_views(self) -> tuple[SliceView, ...]:
        """Return the slice views that are on the screen."""
        return tuple(view for view in self.views if not view.isHidden())

    def set_scene(self, scene: Scene | None, display: Display, *, keep: bool = False) -> None:
        """Show another scene; with `keep` at the same place."""
        self._scene, self._display = scene, display
        if scene is None:
            self.cross_mm = None
        elif not keep or self.cross_mm is None:
            self.cross_mm = scene.start_mm
        for view in self.views:
            view.set_scene(scene, display, keep=keep)
        self._tell(None)

    def set_display(self, display: Display) -> None:
        """Use other settings in all views."""
        self._display = display
        for view in self.views:
            view.set_display(display)
        self._tell(None)

    def set_cross(self, point_mm: Floats) -> None:
        """Move the cross-hair of all views to a patient point."""
        self.cross_mm = point_mm
        for view in self.views:
            if view is not self.sender():
                view.set_cross(point_mm)
        self.crossed.emit(point_mm)
        self._tell(point_mm)

    def set_layout(self, name: str) -> None:
        """Arrange the views."""
        self._layout_name, self._single = name, None
        self._layouts[name].setChecked(True)
        self._arrange()

    def reset(self) -> None:
        """Show the whole patient in all views."""
        for view in self.views:
            view.set_ruler(None)
            view.reset()

    def _toggle_single(self) -> None:
        view = self.sender()
        self._single = None if self._single is view or not isinstance(view, SliceView) else view
        self._arrange()

    def _arrange(self) -> None:
        widgets = (*self.views[:3], self._fourth)
        for widget in widgets:
            self._grid.removeWidget(widget)
        for row in range(3):
            self._grid.setRowStretch(row, 0)
            self._grid.setColumnStretch(row, 0)
        for widget, place in zip(widgets, LAYOUTS[self._layout_name], strict=True):
            if self._single is not None:
                place = (0, 0, 1, 1) if widget is self._single else None  # noqa: PLW2901  (clear)
            widget.setVisible(place is not None)
            if place is not None:
                self._grid.addWidget(widget, *place)
                for row in range(place[0], place[0] + place[2]):
                    self._grid.setRowStretch(row, 1)
                for column in range(place[1], place[1] + place[3]):
                    self._grid.setColumnStretch(column, 1)

    def _set_measuring(self, on: bool) -> None:
        for view in self.views:
            view.measuring = on
            if not on:
                view.set_ruler(None)

    def _on_measured(self, start: Floats, end: Floats) -> None:
        for view in self.views:
            if view is not self.sender():
                view.set_ruler(None)
        self.measured.emit(start, end)

    def _tell(self, point_mm: Floats | None) -> None:
        """Tell the values at a point; at the cross-hair for None."""
        point = self.cross_mm if point_mm is None else point_mm
        if self._scene is None or point is None:
            self.probe.setText("")
            return
        self.probe.setText(probe_words(self._scene, self._display, point))
        self.probe.setToolTip(self.probe.text())


def probe_words(scene: Scene, display: Display, point_mm: Floats) -> str:
    """Return position, image value, dose and structures at a patient point."""
    locale = QLocale()
    place = "  ".join(
        f"{axis} {locale.toString(float(value), 'f', 1)}"
        for axis, value in zip("xyz", point_mm, strict=True)
    )
    words = [f"{place} mm"]
    image, dose = scene.values_at(point_mm)
    if image is not None and scene.series is not None:
        # Standard uptake values and the like are small: their decimals count.
        digits = 0 if scene.series.modality == "CT" or abs(image) >= 100 else 2
        words.append(f"{locale.toString(image, 'f', digits)} {scene.series.unit}".rstrip())
    if scene.dose is not None:
        words.append(_dose_words(dose, scene, display, locale))
    names = [
        outline.structure.name
        for outline in scene.outlines
        if outline.structure.number not in display.hidden and outline.holds(point_mm)
    ]
    if names:
        words.append(", ".join(names))
    return "    ".join(words)


def _dose_words(dose: float | None, scene: Scene, display: Display, locale: QLocale) -> str:
    if dose is None:
        return "outside the dose grid"
    words = f"{locale.toString(dose, 'f', 2)} {scene.unit}"
    if scene.unit == "Gy" and display.reference_gy > 0:
        percent = dose / display.reference_gy * 100
        words += f" ({locale.toString(percent, 'f', 1)} %)"
    return words


def line_points(start_mm: Floats, end_mm: Floats, step_mm: float = 0.5) -> tuple[Floats, Floats]:
    """Return points along a line and their distance from its start, in mm."""
    length = float(np.linalg.norm(end_mm - start_mm))
    places = np.linspace(0.0, length, max(int(length / step_mm), 1) + 1)
    share = places / length if length > 0 else places
    return start_mm + share[:, None] * (end_mm - start_mm), places
