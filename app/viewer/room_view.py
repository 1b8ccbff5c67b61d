"""The room view: structures, an isodose surface and the beams of a set in 3D, to turn by hand.

The surfaces are for orientation only, and the picture says so. They are made when the view is
first visible, in the background, structure by structure.
"""

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtGui import QAction, QCloseEvent, QColor, QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QToolBar, QToolButton, QVBoxLayout, QWidget

from app.background import JOBS, Job, Progress
from app.viewer.display import Display
from app.viewer.room_beams import BeamShape, beam_shapes, plan_shown
from app.viewer.room_picture import RoomPicture
from app.viewer.scene import Scene
from app.viewer.surfaces import (
    BODY,
    MOST_TRIANGLES,
    Actor,
    BeamActors,
    Colour,
    PolyData,
    actor_of,
    isodose_surface,
    opacities,
    patient_box,
    structure_surface,
)
from core.dicom.dose import Dose
from core.dicom.plan import Plan
from core.dicom.structures import Structure
from core.dose.geometry import Floats

EMPTY = "Nothing to show in 3D: the set has no structures and no plan"
NO_SET = "Nothing to show in 3D: no set is open"
ALL_TRIANGLES = 280_000
DOSE_OPACITY = 0.4
PERCENTS = (100.0, 95.0, 90.0, 50.0)
USUAL_PERCENT = 95.0
SPARE_DOSE_COLOUR = (255, 160, 0)
BEAM_VIEW_MM = 40.0
BEYOND_BODY_MM = 50.0
FRONT, LEFT, HEAD = (
    np.array([0.0, -1.0, 0.0]),
    np.array([1.0, 0.0, 0.0]),
    np.array([0.0, 0.0, 1.0]),
)
ALL_FIELDS = "Fields of all beams"
PARTS = ("Body", "Structures", "Isodose", "Beams", ALL_FIELDS)
# With more beams the fields hide each other: at first only that of the chosen beam is drawn.
MOST_FIELDS = 6
# The first drawing takes 0.1 s; the first image of a new set goes before it.
AFTER_SLICE_MS = 300


class RoomView(QWidget):
    """The scene in 3D with its tools."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = RoomPicture()
        self._scene: Scene | None = None
        self._display = Display()
        self._made: dict[int, tuple[Structure, Actor]] = {}
        self._opacities: dict[int, float] = {}
        self._job: Job | None = None
        self._dose_job: Job | None = None
        self._dose_key: tuple[Dose, float] | None = None
        self._dose_actor: Actor = None
        self._fresh: list[tuple[Structure, PolyData]] = []
        self._shapes: tuple[BeamShape, ...] = ()
        self._beams = BeamActors(self.picture.renderer)
        self._plan: Plan | None = None
        self._waiting = False
        self.tools = self._make_tools()
        self.beam_view.setEnabled(False)
        self.beam.setEnabled(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addWidget(self.picture, 1)

    def _make_tools(self) -> QToolBar:
        bar = QToolBar()
        bar.setIconSize(QSize(12, 12))  # of the arrow where the bar is too narrow; nothing else
        views = (
            ("Front", "All, from the front: the patient's left is at the right", FRONT, HEAD),
            ("Left", "Seen from the patient's left", LEFT, HEAD),
            ("Head", "Seen from the head; axial slices are seen from the feet", HEAD, FRONT),
        )
        for name, tip, towards, up in views:
            action = QAction(name, self)
            action.setToolTip(tip)
            action.triggered.connect(lambda _=False, to=towards, top=up: self.look(to, top))
            bar.addAction(action)
        self.beam_view = QAction("Beam", self)
        self.beam_view.setToolTip("Seen from the source of the chosen beam, collimator at 0°")
        self.beam_view.triggered.connect(self.look_along_beam)
        bar.addAction(self.beam_view)
        self.beam = QComboBox()
        self.beam.setAccessibleName("Beam")
        self.beam.setToolTip("Beam to highlight, and to look along")
        self.beam.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.beam.currentIndexChanged.connect(self._show_parts)
        bar.addWidget(self.beam)
        self.isodose = QComboBox()
        self.isodose.setAccessibleName("Isodose surface")
        self.isodose.setToolTip("Isodose surface, in percent of the reference dose")
        self.isodose.addItem("None", 0.0)
        for percent in PERCENTS:
            self.isodose.addItem(f"{percent:g} %", percent)
        self.isodose.setCurrentIndex(1 + PERCENTS.index(USUAL_PERCENT))
        self.isodose.currentIndexChanged.connect(self._start)
        bar.addWidget(self.isodose)
        bar.addWidget(self._make_menu())
        return bar

    def _make_menu(self) -> QToolButton:
        menu = QMenu(self)
        self.parts = {name: menu.addAction(name) for name in PARTS}
        for action in self.parts.values():
            action.setCheckable(True)
            action.setChecked(True)
            action.toggled.connect(self._show_parts)
        show = QToolButton()
        show.setText("Show")
        show.setToolTip("What is shown")
        show.setMenu(menu)
        show.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return show

    def set_scene(self, scene: Scene | None) -> None:
        """Show another scene; surfaces of structures that stay are kept, as is the view."""
        before = self._scene
        self._cancel()
        self._scene, self._fresh = scene, []
        own = {} if scene is None else {one.structure.number: one for one in scene.outlines}
        for number, (structure, actor) in list(self._made.items()):
            if number not in own or own[number].structure is not structure:
                self.picture.renderer.RemoveViewProp(actor)
                del self._made[number]
        self.picture.notes.fault = ""
        self._opacities = {} if scene is None else opacities(scene.outlines)
        self._make_beams()
        if scene is None or before is None or scene.rt_set is not before.rt_set:
            self.picture.point_mm = None
            self._waiting = True
            if scene is not None and scene.series is not None and scene.volume is None:
                self.picture.draw_later(AFTER_SLICE_MS)
        self._start()

    def set_display(self, display: Display) -> None:
        """Use other settings: hidden structures, reference dose, colours of the isodoses."""
        self._display = display
        self._start()

    def show_point(self, point_mm: Floats) -> None:
        """Mark a patient point; the scene is not drawn anew for it."""
        self.picture.point_mm = np.array(point_mm, dtype=np.float64)
        self.picture.update()

    def look(self, towards_viewer: Floats, up: Floats) -> None:
        """Show everything from one side."""
        self.picture.look(self._extent_mm(), towards_viewer, up)

    def look_along_beam(self) -> None:
        """Look from the source of the chosen beam to its isocentre."""
        number = self.beam.currentIndex()
        if 0 <= number < len(self._shapes):
            shape = self._shapes[number]
            frame = shape.upright
            half_mm = BEAM_VIEW_MM
            if shape.field is not None:
                half_mm += float(np.linalg.norm(shape.field - frame.isocentre_mm, axis=1).max())
            self.picture.look_from(frame.source_mm, frame.isocentre_mm, frame.y_axis)
            self.picture.camera.SetViewAngle(2 * np.rad2deg(np.arctan(half_mm / frame.sad_mm)))

    def _extent_mm(self) -> Floats:
        """Return points that are to be seen: the patient's box, and where the beams begin."""
        scene = self._scene
        if scene is None:
            return np.zeros((1, 3))
        low, high = patient_box(scene)
        corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1])
                   for z in (low[2], high[2])]  # fmt: skip
        beams = [shape.arc for shape in self._shapes] + [shape.axis for shape in self._shapes]
        return np.concatenate([np.array(corners), *beams])

    def _start(self) -> None:
        """Make what is missing, if somebody looks."""
        if not self.isVisible():
            return
        if self._waiting:
            self._waiting = False
            self.look(FRONT, HEAD)
        self._show_parts()
        self._start_isodose()
        scene = self._scene
        if scene is None or self._job is not None or self.picture.notes.fault:
            return
        missing = [
            one
            for one in scene.outlines
            if one.structure.contours
            and one.structure.number not in self._made
            and one.structure.number not in self._display.hidden
        ]
        if not missing:
            return
        missing.sort(key=lambda one: self._opacities.get(one.structure.number, 1.0) == BODY)
        most = min(MOST_TRIANGLES, ALL_TRIANGLES // len(scene.outlines))
        fresh: list[tuple[Structure, PolyData]] = []
        self._fresh = fresh

        def work(progress: Progress) -> None:
            for place, outline in enumerate(missing):
                name = outline.structure.name
                progress(place / len(missing), f"Surfaces: {place + 1} of {len(missing)} ({name})")
                fresh.append((outline.structure, structure_surface(outline, most)))

        self._job = JOBS.start(
            self, "Making surfaces", work,
            done=self._on_surfaces, failed=self._on_fault, progressed=self._on_progress,
        )  # fmt: skip

    def _on_progress(self, _share: float, words: str) -> None:
        if self._job is not None:
            self.picture.notes.busy = words
            self._take_surfaces()

    def _on_surfaces(self, _answer: object) -> None:
        self._job = None
        self.picture.notes.busy = ""
        self._take_surfaces()
        self._start()

    def _take_surfaces(self) -> None:
        while self._fresh:
            structure, surface = self._fresh.pop(0)
            opacity = self._opacities.get(structure.number, 1.0)
            actor = actor_of(surface, structure.colour, opacity)
            self.picture.renderer.AddActor(actor)
            self._made[structure.number] = (structure, actor)
        self._show_parts()

    def _on_dose_fault(self, fault: Exception) -> None:
        self._dose_job = None
        words = f"The isodose surface could not be made: {fault}"
        self.picture.notes.dose = (words, QColor(*SPARE_DOSE_COLOUR))
        self.picture.update()

    def _on_fault(self, fault: Exception) -> None:
        self._job = None
        self.picture.notes.busy = ""
        self.picture.notes.fault = f"Surfaces could not be made: {fault}"
        self.picture.update()

    def _start_isodose(self) -> None:
        """Make the isodose surface that is wanted, unless it is there."""
        scene, percent = self._scene, float(self.isodose.currentData())
        dose = scene.dose if scene is not None else None
        level = percent / 100 * self._display.reference_gy
        key = None if dose is None or not level > 0 else (dose, level)
        if key == self._dose_key:
            return
        self._dose_key = key
        if self._dose_job is not None:
            self._dose_job.drop()
            self._dose_job = None
        if self._dose_actor is not None:
            self.picture.renderer.RemoveViewProp(self._dose_actor)
        self._dose_actor = self.picture.notes.dose = None
        if key is None or dose is None:
            return
        grid = dose.grid
        self._dose_job = JOBS.start(
            self, "Making an isodose surface", lambda _: isodose_surface(grid, level),
            done=self._on_isodose, failed=self._on_dose_fault,
        )  # fmt: skip

    def _on_isodose(self, surface: PolyData | None) -> None:
        self._dose_job = None
        if self._dose_key is None:
            return
        dose, level = self._dose_key
        percent = level / self._display.reference_gy * 100
        colour = _level_colour(self._display, level)
        words = f"Isodose {percent:g} %" + (f" = {level:.2f} Gy" if dose.unit == "Gy" else "")
        if surface is None:
            words += " is not reached"
        else:
            self._dose_actor = actor_of(surface, colour, DOSE_OPACITY)
            self.picture.renderer.AddActor(self._dose_actor)
        self.picture.notes.dose = (words, QColor(*colour))
        self._show_parts()

    def _make_beams(self) -> None:
        """Make the beams of the scene's plan; nothing of another frame of reference."""
        scene = self._scene
        plan, words = (None, ()) if scene is None else plan_shown(scene)
        shapes: tuple[BeamShape, ...] = ()
        if plan is not None and scene is not None:
            low, high = patient_box(scene)
            reach_mm = float(np.linalg.norm((high - low)[:2])) / 2 + BEYOND_BODY_MM
            shapes, problems = beam_shapes(plan, reach_mm)
            words += problems
        self.picture.notes.plan = words if scene is None else (*words, *_problems(scene))
        self._shapes = shapes
        self._beams.set_shapes(shapes)
        if plan is self._plan:
            return
        self._plan = plan
        with QSignalBlocker(self.beam):
            self.beam.clear()
            self.beam.addItems([shape.beam.name for shape in shapes])
        self.beam_view.setEnabled(bool(shapes))
        self.beam.setEnabled(bool(shapes))
        self.parts[ALL_FIELDS].setChecked(len(shapes) <= MOST_FIELDS)

    def _show_parts(self) -> None:
        """Show what is switched on and not hidden; draw anew."""
        on = {name: action.isChecked() for name, action in self.parts.items()}
        for number, (_, actor) in self._made.items():
            body = self._opacities.get(number, 1.0) == BODY
            shown = on["Body" if body else "Structures"] and number not in self._display.hidden
            actor.SetVisibility(shown)
        if self._dose_actor is not None:
            self._dose_actor.SetVisibility(on["Isodose"])
        ratio = self.devicePixelRatioF()
        self._beams.show(on["Beams"], on[ALL_FIELDS], self.beam.currentIndex(), ratio)
        picture, scene = self.picture, self._scene
        picture.labels = [(one.axis[0], one.beam.name) for one in self._shapes if on["Beams"]]
        picture.isocentres = self._beams.isocentres if on["Beams"] else ()
        picture.notes.empty = NO_SET if scene is None else ""
        if scene is not None and not (self._plan is not None or scene.dose is not None):
            drawn = any(one.structure.contours for one in scene.outlines)
            picture.notes.empty = "" if drawn else EMPTY
        picture.render_soon()

    def _cancel(self) -> None:
        for job in (self._job, self._dose_job):
            if job is not None:
                job.drop()
        self._job = self._dose_job = None
        if self._dose_actor is None:
            self._dose_key = self.picture.notes.dose = None
        self.picture.notes.busy = ""

    def showEvent(self, event: QShowEvent) -> None:
        """Make the surfaces now that somebody looks."""
        super().showEvent(event)
        self._start()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the work and give the graphics memory back."""
        self._cancel()
        self.picture.release()
        super().closeEvent(event)


def _problems(scene: Scene) -> tuple[str, ...]:
    """Return what is not drawn, and why."""
    words = list(scene.left_out)
    for one in scene.outlines:
        structure = one.structure
        if one.problem:
            words.append(f"{structure.name} is not in 3D: {one.problem}")
        elif structure.contours and one.stack is None and not structure.is_point:
            words.append(f"{structure.name} is not in 3D: it has no closed contours")
    return tuple(words)


def _level_colour(display: Display, level: float) -> Colour:
    """Return the colour that the level has as a line in the slices, else orange."""
    for number, own in enumerate(display.levels_gy):
        if abs(own - level) <= 1e-6 * level:
            return display.line_colour(number)
    return SPARE_DOSE_COLOUR
