"""Two doses of one person on the same images, linked."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.viewer.display import Display
from app.viewer.planes import Orientation
from app.viewer.scene import Scene
from app.viewer.scene_build import reference_dose, with_dose
from app.viewer.slice_view import SliceView
from core.dicom.combine import DIFFERENCE, dose_name
from core.dicom.dose import Dose
from core.dose.geometry import Floats

COLUMNS = 2


class SideBySide(QWidget):
    """Two axial, coronal or sagittal views with a dose each; they scroll and zoom together."""

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._doses: tuple[Dose, ...] = ()
        self._display = Display()
        self._keep = False
        self.orientation = QComboBox()
        self.orientation.addItems([kind.capitalize() for kind in list(Orientation)[:3]])
        self.orientation.setAccessibleName("Plane")
        self.orientation.currentIndexChanged.connect(self._rebuild)
        self.same_scale = QComboBox()
        self.same_scale.addItems(["Each in % of its own dose", "Both on the scale of the first"])
        self.same_scale.setAccessibleName("Scale")
        self.same_scale.currentIndexChanged.connect(self._show)
        self.combos = [QComboBox() for _ in range(COLUMNS)]
        self.views: list[SliceView] = []
        self._columns = QHBoxLayout()
        bar = QHBoxLayout()
        bar.addWidget(QLabel("Side by side"))
        bar.addWidget(self.orientation)
        bar.addWidget(self.same_scale)
        bar.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 0, 6, 4)
        outer.addLayout(bar)
        outer.addLayout(self._columns, 1)
        self._places = []
        for number, combo in enumerate(self.combos):
            combo.setAccessibleName(f"Dose at the {('left', 'right')[number]}")
            combo.activated.connect(self._show)
            column = QVBoxLayout()
            column.addWidget(combo)
            self._columns.addLayout(column, 1)
            self._places.append(column)
        self._rebuild()

    def _rebuild(self) -> None:
        kind = list(Orientation)[self.orientation.currentIndex()]
        for view in self.views:
            view.hide()
            view.deleteLater()
        self.views = [SliceView(kind) for _ in range(COLUMNS)]
        for column, view in zip(self._places, self.views, strict=True):
            column.addWidget(view, 1)
            view.crossed.connect(self._on_cross)
            view.moved.connect(self._on_moved)
        self._show()

    def set_scene(self, scene: Scene | None, doses: Sequence[Dose]) -> None:
        """Offer the doses of another scene."""
        before = self._scene
        self._keep = bool(scene and before and scene.rt_set is before.rt_set)
        self._scene = scene
        old = [combo.currentIndex() for combo in self.combos]
        same = len(self._doses) <= len(doses) and list(doses[: len(self._doses)]) == list(
            self._doses
        )
        self._doses = tuple(doses)
        for number, combo in enumerate(self.combos):
            combo.clear()
            if scene is not None:
                combo.addItems([dose_name(scene.rt_set, dose) for dose in doses])
            wanted = old[number] if same and old[number] >= 0 else min(number, len(doses) - 1)
            combo.setCurrentIndex(wanted)
        self._show()

    def set_display(self, display: Display) -> None:
        """Use other settings; the reference dose is each dose's own."""
        self._display = display
        self._show()

    def _show(self) -> None:
        scene = self._scene
        chosen = [combo.currentIndex() for combo in self.combos]
        for number, view in enumerate(self.views):
            dose = self._doses[chosen[number]] if 0 <= chosen[number] < len(self._doses) else None
            if scene is None:
                view.set_scene(None, self._display)
                continue
            own = with_dose(scene, dose)
            lead = dose
            if self.same_scale.currentIndex() == 1 and 0 <= chosen[0] < len(self._doses):
                first = self._doses[chosen[0]]
                lead = first if dose is not None and first.units == dose.units else dose
            view.set_scene(own, self._display_for(scene, lead), keep=self._keep)
        self._keep = True

    def _display_for(self, scene: Scene, lead: Dose | None) -> Display:
        """Return the settings in percent of a dose; a difference is in percent of the chosen."""
        if lead is not None and lead.summation == DIFFERENCE:
            return self._display
        plan = scene.rt_set.plan_of(lead) if lead is not None else None
        gray, words = reference_dose(plan, lead)
        return replace(self._display, reference_gy=gray, reference_words=words)

    def _on_cross(self, point_mm: Floats) -> None:
        for view in self.views:
            if view is not self.sender():
                view.set_cross(point_mm)

    def _on_moved(self) -> None:
        sender = self.sender()
        if isinstance(sender, SliceView) and sender.plane is not None:
            for view in self.views:
                if view is not sender:
                    view.set_plane(sender.plane)
