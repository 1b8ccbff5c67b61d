"""The beam's eye view panel: choose a beam, go through its control points, look from the source.

Radiograph and silhouettes are made in the background for where the beam looks; until they are
there the picture shows none, never those of another direction.
"""

from collections import OrderedDict

from PySide6.QtCore import QLocale, QPointF, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.background import JOBS, Job, Progress
from app.key_use import does, pressed
from app.keys import first
from app.typed_box import WholeSpin
from app.viewer.beam_eye_canvas import BeamCanvas, PointTable
from app.viewer.beam_eye_geometry import (
    FINE_PIXELS,
    QUICK_PIXELS,
    Key,
    Made,
    Shadow,
    Work,
    aim,
    drawn_of,
    key_of,
    make,
)  # fmt: skip
from app.viewer.beam_eye_picture import BeamView
from app.viewer.scene import Scene
from core.dicom.plan import Beam, ControlPoint, Plan
from core.dicom.text_table import number_or_none
from core.dose.beam_frame import BeamFrame

POINT_MS = 100
MOST_MADE = 64
HINT = "Wheel: zoom. Drag: move. Double click: show all. Arrow keys: control point. Space: play."
BUSY = "Radiograph and structures are being made"
NO_PLAN = "No beam's eye view: the set has no plan"
NO_BEAM = "No beam's eye view: the plan has no beams"
PARTS = ("DRR", "Structures", "Jaws", "Leaves", "Blocks")


class BeamEyeView(QWidget):
    """The panel: beam and control point, the picture, the values of the point."""

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._hidden: frozenset[int] = frozenset()
        self._made: OrderedDict[Key, Made] = OrderedDict()
        self._job: Job | None = None
        self._job_key: Key | None = None
        self._fault = ""
        self._timer = QTimer(self)
        self._timer.setInterval(POINT_MS)
        self._timer.timeout.connect(self._advance)
        self.canvas = BeamCanvas()
        self.canvas.probed.connect(self._tell)
        self.probe = QLabel(HINT)
        self.probe.setAccessibleName("Place under the mouse")
        self.probe.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.table = PointTable()
        middle = QHBoxLayout()
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(self._make_choices())
        column.addLayout(self._make_slider())
        column.addLayout(middle, 1)
        column.addWidget(self.probe)
        self._fill_plans()

    def _make_choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.plans, self.beams = _combo("Plan"), _combo("Beam")
        self.plans.currentIndexChanged.connect(self._fill_beams)
        self.beams.currentIndexChanged.connect(self._choose_beam)
        self.parts = {name: QCheckBox(name) for name in PARTS}
        row.addWidget(self.plans, 1)
        row.addWidget(self.beams, 1)
        for name, box in self.parts.items():
            box.setChecked(True)
            box.setAccessibleName(f"Show {name if name == 'DRR' else name.lower()}")
            box.toggled.connect(self._show)
            row.addWidget(box)
        self.parts["DRR"].setToolTip("Radiograph made of the CT, bone emphasised")
        return row

    def _make_slider(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.play = QToolButton()
        wider = max(map(self.play.fontMetrics().horizontalAdvance, ("Play", "Pause")))
        self.play.setMinimumWidth(wider + 16)
        self.play.clicked.connect(self.toggle_play)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Control point")
        self.spin = WholeSpin()
        self.spin.setAccessibleName("Number of the control point")
        self.slider.valueChanged.connect(self.set_point)
        self.spin.valueChanged.connect(self.set_point)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(QLabel("Control point"))
        row.addWidget(self.spin)
        self._show_playing()
        return row

    def set_scene(self, scene: Scene | None) -> None:
        """Show another scene; plan, beam and control point stay while the set is the same."""
        before = self._scene
        self._cancel()
        self._scene, self._fault = scene, ""
        if before is None or scene is None or _sources(before) != _sources(scene):
            self._made.clear()
        if before is not None and scene is not None and before.rt_set is scene.rt_set:
            self._show()
        else:
            self._fill_plans()

    def set_hidden(self, numbers: frozenset[int]) -> None:
        """Leave structures out."""
        self._hidden = numbers
        self._show()

    @property
    def plan(self) -> Plan | None:
        """The plan shown."""
        plans = self._scene.rt_set.plans if self._scene is not None else ()
        return plans[self.plans.currentIndex()] if plans else None

    @property
    def beam(self) -> Beam | None:
        """The beam shown."""
        beams = self.plan.beams if self.plan is not None else ()
        return beams[self.beams.currentIndex()] if beams else None

    @property
    def is_playing(self) -> bool:
        """Whether it goes through the control points by itself."""
        return self._timer.isActive()

    def _fill_plans(self) -> None:
        rt_set = self._scene.rt_set if self._scene is not None else None
        with QSignalBlocker(self.plans):
            self.plans.clear()
            for plan in rt_set.plans if rt_set is not None else ():
                self.plans.addItem(plan.label or plan.name or "Plan without name")
            if rt_set is not None and self._scene is not None and self._scene.dose is not None:
                own = rt_set.plan_of(self._scene.dose)
                self.plans.setCurrentIndex(0 if own is None else rt_set.plans.index(own))
        self.plans.setVisible(self.plans.count() > 1)
        _fit_list(self.plans)
        self._fill_beams()

    def _fill_beams(self) -> None:
        with QSignalBlocker(self.beams):
            self.beams.clear()
            for beam in self.plan.beams if self.plan is not None else ():
                setup = " (setup)" if beam.is_setup else ""
                self.beams.addItem(f"{number_or_none(beam.number)}{setup}  {beam.name}")
        _fit_list(self.beams)
        self.beams.setEnabled(self.beams.count() > 0)
        self._choose_beam()

    def _choose_beam(self) -> None:
        """Begin at the first control point of another beam."""
        self._stop()
        self._cancel()
        last = max(len(self.beam.points) - 1, 0) if self.beam is not None else 0
        for part in (self.slider, self.spin):
            with QSignalBlocker(part):
                part.setRange(0, last)
                part.setValue(0)
            part.setEnabled(last > 0)
        self.spin.setSuffix(f" of {QLocale().toString(last)}")
        self.play.setEnabled(last > 0)
        self._show()
        self.canvas.reset()

    def set_point(self, place: int) -> None:
        """Show a control point, counted from 0."""
        for part in (self.slider, self.spin):
            with QSignalBlocker(part):
                part.setValue(place)
        self._show()

    def toggle_play(self) -> None:
        """Go through the control points, from the first when at the last; or stop."""
        if self.is_playing:
            self._stop()
        elif self.slider.maximum() > 0 and self.isVisible():
            if self.slider.value() == self.slider.maximum():
                self.set_point(0)
            self._timer.start()
        self._show_playing()
        self._start()

    def _stop(self) -> None:
        self._timer.stop()
        self._show_playing()

    def _advance(self) -> None:
        """Go on by a control point as soon as its picture is made; stop at the last."""
        following = min(self.slider.value() + 1, self.slider.maximum())
        if self._job is not None and self._lacking(following) is not None:
            return
        self.set_point(following)
        if self.slider.value() == self.slider.maximum():
            self._stop()
            self._start()

    def _show_playing(self) -> None:
        words = "Pause" if self.is_playing else "Play"
        self.play.setText(words)
        self.play.setAccessibleName(f"{words} the control points")

    def _show(self) -> None:
        """Show the control point with what is made of it, and have the rest made."""
        self._start()
        beam, plan, place = self.beam, self.plan, self.slider.value()
        if beam is None or plan is None:
            self.table.show_point(None, 0)
            self.canvas.show_view(None, NO_PLAN if plan is None else NO_BEAM)
            return
        self.table.show_point(beam, place)
        point = _point(beam, place)
        frame, notes = aim(self._scene, plan, beam, point)
        notes += drawn_of(self._scene, plan)[2] if frame is not None else ()
        made = None if frame is None else self._made.get(key_of(frame))
        wanted = {name for name, box in self.parts.items() if box.isChecked()}
        view = BeamView(
            beam, point, frame,
            jaws="Jaws" in wanted, leaves="Leaves" in wanted, blocks="Blocks" in wanted,
            grey=made.grey if made is not None and "DRR" in wanted else None,
            shadows=self._shadows(made) if "Structures" in wanted else (),
            notes=(*notes, *self._state(frame)),
        )  # fmt: skip
        self.canvas.show_view(view)

    def _shadows(self, made: Made | None) -> tuple[Shadow, ...]:
        if made is None:
            return ()
        return tuple(one for one in made.shadows.values() if one.number not in self._hidden)

    def _state(self, frame: BeamFrame | None) -> tuple[str, ...]:
        """Return words on what is not yet or never made."""
        if self._fault:
            return (self._fault,)
        busy = self._job is not None and frame is not None and not self.is_playing
        work = self._lacking(self.slider.value()) if busy else None
        return (BUSY,) if work is not None and (work.pixels != FINE_PIXELS) else ()

    def _lacking(self, place: int) -> Work | None:
        """Return what is still to be made for a control point."""
        scene, plan, beam = self._scene, self.plan, self.beam
        if scene is None or plan is None or beam is None:
            return None
        frame, _ = aim(scene, plan, beam, _point(beam, place))
        if frame is None:
            return None
        with_images, with_structures, _ = drawn_of(scene, plan)
        made = self._made.get(key_of(frame)) or Made()
        missing = [
            one.structure
            for one in scene.outlines
            if with_structures
            and self.parts["Structures"].isChecked()
            and one.structure.number not in self._hidden
            and one.structure.number not in made.shadows
        ]
        pixels = 0
        if with_images and scene.volume is not None and self.parts["DRR"].isChecked():
            best = QUICK_PIXELS if self.is_playing or not made.pixels else FINE_PIXELS
            pixels = best if made.pixels < best else 0
        return Work(key_of(frame), frame, missing, pixels) if missing or pixels else None

    def _start(self) -> None:
        """Have made what is lacking; while playing, the next control points before their time."""
        scene = self._scene
        if scene is None or self._fault or not self.isVisible():
            return
        ahead = 3 if self.is_playing else 1
        places = range(
            self.slider.value(), min(self.slider.value() + ahead, 1 + self.slider.maximum())
        )
        work = next((one for place in places if (one := self._lacking(place)) is not None), None)
        if self._job is not None:
            if self.is_playing or (work is not None and work.key == self._job_key):
                return
            self._cancel()
        if work is None:
            return

        def run(progress: Progress) -> tuple[Work, Made]:
            return work, make(work, scene, progress)

        self._job_key = work.key
        self._job = JOBS.start(
            self, "Beam's eye view", run, done=self._on_made, failed=self._on_fault
        )

    def _on_made(self, answer: tuple[Work, Made]) -> None:
        self._job = None
        work, fresh = answer
        made = self._made.setdefault(work.key, Made())
        made.add(fresh)
        self._made.move_to_end(work.key)
        while len(self._made) > MOST_MADE:
            self._made.popitem(last=False)
        self._show()

    def _on_fault(self, fault: Exception) -> None:
        self._job = None
        self._fault = f"Radiograph and structures could not be made: {fault}"
        self._show()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.drop()
        self._job = self._job_key = None

    def _tell(self, place: QPointF | None) -> None:
        """Tell the place under the mouse."""
        if place is None:
            self.probe.setText(HINT)
            return
        locale = QLocale()
        x, y = (locale.toString(value, "f", 1) for value in (place.x(), place.y()))
        self.probe.setText(f"Xb {x} mm   Yb {y} mm   at the isocentre plane")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step by left and right, play by space."""
        step = {first("beam.back"): -1, first("beam.on"): 1}.get(pressed(event))
        if step is not None:
            self.set_point(min(max(self.slider.value() + step, 0), self.slider.maximum()))
        elif does(event, "beam.play"):
            self.toggle_play()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Have made what is lacking."""
        super().showEvent(event)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Make nothing that nobody sees."""
        self._stop()
        self._cancel()
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop everything."""
        self._stop()
        self._cancel()
        super().closeEvent(event)


def _point(beam: Beam, place: int) -> ControlPoint | None:
    return beam.points[place] if beam.points else None


def _sources(scene: Scene) -> tuple[int, ...]:
    """Return what radiographs and silhouettes are made of."""
    return (id(scene.rt_set), id(scene.volume), *(id(one.structure) for one in scene.outlines))


def _combo(name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(14)
    return combo


def _fit_list(combo: QComboBox) -> None:
    """Make the opened list as wide as its longest words."""
    combo.view().setMinimumWidth(combo.view().sizeHintForColumn(0) + 24)
