"""The Viewer's desk: one set with its slices, DVH, beams, plan and certificate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.background import JOBS, CancelledError, Job
from app.settings_store import user_settings
from app.viewer.beam_eye_view import BeamEyeView
from app.viewer.certificate_panel import CertificatePanel, VerdictStrip
from app.viewer.compare_panel import ComparePanel
from app.viewer.display import USUAL_PERCENTS, Display, usual_window
from app.viewer.dose_panel import DosePanel
from app.viewer.dvh_panel import DvhPanel
from app.viewer.loading import Loaded, Volume, load_volume
from app.viewer.patient_words import banner_words, patient_words
from app.viewer.plan_pages import PlanPages
from app.viewer.profile_panel import ProfilePanel
from app.viewer.room_view import RoomView
from app.viewer.rt_image_panel import RtImagePanel
from app.viewer.saved_views import save_page, save_picture
from app.viewer.scene import Scene
from app.viewer.scene_build import NO_PRESCRIPTION, build_scene, into_slice, reference_dose
from app.viewer.set_panel import SetPanel
from app.viewer.slices_panel import SlicesPanel
from app.viewer.structure_list import StructureList
from core.dicom.combine import (
    DIFFERENCE,
    Combined,
    course_words,
    dose_name,
    part_of_course,
)
from core.dicom.dose import Dose
from core.dicom.images import ImageSeries
from core.dicom.rt_set import RtSet
from core.dicom.structure_dvh import StructureDvh, structure_dvhs
from core.dicom.structures import StructureSet
from core.dose.geometry import Floats, Grid

SIDE_WIDTH = 270
Choice = TypeVar("Choice")


class Desk(QWidget):
    """Everything about the sets that were opened.

    Signals:
        patient_changed: Words for the patient banner.
        not_written: Words why a picture or page was not written.
        spoiled: A set could not be shown, and parts of the one before may stand: the fault.
        first_image: The first slice of a series is read, the rest is not (used across threads).

    """

    patient_changed = Signal(str)
    not_written = Signal(str)
    spoiled = Signal(object)
    first_image = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.loaded = Loaded((), ())
        self.rt_set: RtSet | None = None
        self.scene: Scene | None = None
        self.volume: Volume | None = None
        self._modality = "CT"
        self._reading: Job | None = None
        self._counting: Job | None = None
        self._made: list[Dose] = []
        self._make_widgets()
        self._lay_out()
        self._connect()

    def _make_widgets(self) -> None:
        self.strip = VerdictStrip()
        self.sets = SetPanel()
        self.structures = StructureList()
        self.controls = DosePanel()
        self.slices = SlicesPanel()
        self.room = RoomView()
        self.slices.set_fourth(self.room)
        self.dvh = DvhPanel()
        self.beams = BeamEyeView()
        self.rt_images = RtImagePanel()
        self.plan = PlanPages()
        self.certificate = CertificatePanel()
        self.profile = ProfilePanel()
        self.compare = ComparePanel()

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.addTab(self.slices, "Slices")
        self.tabs.addTab(self.dvh, "DVH")
        self.tabs.addTab(self.profile, "Profile")
        self.tabs.addTab(self.compare, "Compare and sum")
        self.tabs.addTab(self.beams, "Beam's eye view")
        self.tabs.addTab(self.rt_images, "RT images")
        self.tabs.addTab(self.plan, "Plan")
        self.tabs.addTab(self.certificate, "Certificate")
        upper = QWidget()
        upper.setMinimumWidth(SIDE_WIDTH)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 4, 0)
        column.addWidget(self.sets)
        column.addWidget(self.structures, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.controls)
        side = QSplitter(Qt.Orientation.Vertical)
        side.addWidget(upper)
        side.addWidget(scroll)
        side.setSizes([400, 400])
        self.splitter = QSplitter()
        self.splitter.addWidget(side)
        self.splitter.addWidget(self.tabs)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([SIDE_WIDTH, 1000])
        self.splitter.splitterMoved.connect(lambda *_: self._remember_layout())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 6, 8, 6)
        outer.addWidget(self.strip)
        outer.addWidget(self.splitter, 1)
        state = user_settings().value("viewer/splitter")
        if state is not None:
            self.splitter.restoreState(state)

    def _connect(self) -> None:
        self.sets.set_chosen.connect(self.show_set)
        self.sets.parts_chosen.connect(self._on_parts)
        self.structures.changed.connect(self._on_display)
        self.structures.wanted.connect(self._go_to_structure)
        self.controls.changed.connect(self._on_display)
        self.controls.dose_chosen.connect(lambda _one, _two: self._on_dose())
        self.slices.windowed.connect(self.controls.set_window)
        self.slices.measured.connect(self._on_measured)
        self.slices.picture_wanted.connect(self.save_picture)
        self.slices.page_wanted.connect(self.save_page)
        self.slices.crossed.connect(self.room.show_point)
        self.compare.combined.connect(self._on_combined)
        self.strip.clicked.connect(lambda: self.tabs.setCurrentWidget(self.certificate))
        self.first_image.connect(self._on_first_image)

    def show_loaded(self, loaded: Loaded) -> None:
        """Show what was read, the largest set first."""
        self.loaded = loaded
        self.sets.set_people(loaded.sets)
        self.show_set(0)

    def show_set(self, number: int) -> None:
        """Show the set of one person."""
        try:
            self._show_set(number)
        except Exception as fault:
            self.spoiled.emit(fault)
            raise

    def _show_set(self, number: int) -> None:
        self._cancel()
        own = self.loaded.sets[number]
        self.rt_set, self.volume = own, None
        self._made.clear()
        certificate = self.loaded.certificates[number]
        self.strip.set_certificate(certificate)
        self.certificate.set_certificate(certificate)
        self.plan.set_rt_set(own)
        self.rt_images.set_rt_set(own)
        self.tabs.setTabVisible(self.tabs.indexOf(self.rt_images), bool(own.rt_images))
        self.dvh.set_patient(patient_words(own), own.patient_id)
        self.sets.set_parts(own)
        chief = own.chief_dose()
        self._list_doses(own.doses.index(chief) if chief is not None else -1)
        self._new_reference()
        self.patient_changed.emit(banner_words(own))
        self._on_parts()

    @property
    def series(self) -> ImageSeries | None:
        """The images that are chosen."""
        return _chosen(self.rt_set.series if self.rt_set else (), self.sets.images.currentIndex())

    @property
    def structure_set(self) -> StructureSet | None:
        """The structure set that is chosen."""
        sets = self.rt_set.structure_sets if self.rt_set else ()
        return _chosen(sets, self.sets.structures.currentIndex())

    @property
    def doses(self) -> tuple[Dose, ...]:
        """The doses of the set, and those made here."""
        return (*(self.rt_set.doses if self.rt_set else ()), *self._made)

    @property
    def dose(self) -> Dose | None:
        """The dose that is chosen."""
        return _chosen(self.doses, self.controls.dose.currentIndex())

    @property
    def second(self) -> Dose | None:
        """The dose drawn dashed."""
        return _chosen(self.doses, self.controls.second.currentIndex())

    @property
    def display(self) -> Display:
        """All settings of the views."""
        return replace(self.controls.display, hidden=self.structures.hidden)

    def _list_doses(self, chosen: int) -> None:
        own = self.rt_set
        names = [dose_name(own, dose) for dose in self.doses] if own is not None else []
        self.controls.set_doses(names, chosen)

    def _new_reference(self) -> None:
        if self.dose is not None and self.dose.summation == DIFFERENCE:
            return  # in percent of the dose that was shown before
        plan = self.rt_set.plan_of(self.dose) if self.rt_set and self.dose else None
        gray, words = reference_dose(plan, self.dose)
        display = replace(self.controls.display, reference_gy=gray, reference_words=words)
        is_gray = self.dose is None or self.dose.units == "GY"
        if display.levels_in_gy and not is_gray:
            display = replace(display, levels=USUAL_PERCENTS, levels_in_gy=False)
        self.controls.allow_gray(is_gray)
        self.controls.set_display(display)

    def _on_parts(self) -> None:
        """Show other images or structures: at once without pixels, then read them."""
        self._cancel()
        # What was measured before is of other images, structures, or another person.
        self.dvh.set_busy("Reading images…")
        self.profile.clear()
        self._build(keep=False)
        chosen = self.structure_set
        self.structures.set_structures(chosen.structures if chosen is not None else ())
        series = self.series
        if series is None or (self.volume is not None and self.volume.series is series):
            self._start_dvh()
            return
        start = self.scene.start_mm if self.scene is not None else np.zeros(3)
        self._reading = JOBS.start(
            self,
            "Reading images",
            lambda progress: load_volume(
                series, start, progress, lambda grid: self.first_image.emit((series, grid))
            ),
            done=self._on_volume,
            failed=lambda fault: self._on_volume_fault(series, fault),
        )

    def _build(self, *, keep: bool, grid: Grid | None = None) -> None:
        if self.rt_set is None:
            return
        own = self.volume
        if grid is None and own is not None and own.series is self.series:
            grid = own.grid
        self.scene = build_scene(
            self.rt_set, self.series, grid, self.structure_set, self.dose, self.second
        )
        if own is not None and own.series is self.series and own.problem:
            self.scene.left_out = (*self.scene.left_out, own.problem)
        display = self.display
        self.slices.set_scene(self.scene, display, keep=keep)
        self.beams.set_scene(self.scene)
        self.room.set_scene(self.scene)
        self.room.set_display(display)
        self.compare.set_scene(self.scene, self.doses)
        self.compare.views.set_display(display)

    def _on_first_image(self, answer: tuple[ImageSeries, Grid]) -> None:
        series, grid = answer
        if series is self.series and self.volume is None:
            self._build(keep=True, grid=grid)
            self.slices.set_cross(into_slice(self.slices.cross_mm, grid))

    def _on_volume(self, volume: Volume) -> None:
        if volume.series is not self.series:
            return
        self.volume = volume
        before, self._modality = self._modality, volume.series.modality
        if volume.grid is not None and (self._modality != "CT" or before != "CT"):
            self.controls.set_window(usual_window(self._modality, volume.grid.values))
        self._build(keep=True)
        self._start_dvh()

    def _on_volume_fault(self, series: ImageSeries, fault: Exception) -> None:
        words = "The images were not read: cancelled."
        if not isinstance(fault, CancelledError):
            words = f"The images could not be read: {fault}"
        self._on_volume(Volume(series, None, words))

    def _on_dose(self) -> None:
        """Show another dose; images that are on their way go on being read."""
        self._new_reference()
        self._build(keep=True)
        self.profile.clear()
        self._start_dvh()

    def _on_display(self) -> None:
        display, dose = self.display, self.dose
        if dose is not None and self.dvh.dvhs and display.reference_gy != self.dvh.reference_gy:
            self._on_dvhs(list(self.dvh.dvhs), dose)
        self.slices.set_display(display)
        self.room.set_display(display)
        self.beams.set_hidden(display.hidden)
        self.dvh.set_hidden(display.hidden)
        self.compare.views.set_display(display)

    def _start_dvh(self) -> None:
        if self._counting is not None:
            self._counting.drop()
        structures, dose = self.structure_set, self.dose
        if structures is None or dose is None:
            words = "The set has no dose." if dose is None else "The set has no structures."
            self.dvh.set_dvhs([], words, 1.0)
            return
        self.dvh.set_busy("Computing the DVHs…")
        series = self.rt_set.series_of(structures) if self.rt_set is not None else None
        series = series or self.series
        gap_mm = series.geometry.slice_mm if series is not None else None
        self._counting = JOBS.start(
            self,
            "Computing DVHs",
            lambda progress: structure_dvhs(structures, dose, gap_mm, progress),
            done=lambda found: self._on_dvhs(found, dose),
            failed=self._on_dvh_fault,
        )

    def _on_dvhs(self, found: list[StructureDvh], dose: Dose) -> None:
        own, display = self.rt_set, self.display
        if own is None:
            return
        words = f"{dose_name(own, dose)}. {display.reference_words}".strip()
        # Percent limits mean the prescription: without one they are not judged.
        prescribed = NO_PRESCRIPTION not in display.reference_words
        part = part_of_course(own.plan_of(dose), dose)
        self.dvh.set_dvhs(
            found, words, display.reference_gy, prescribed=prescribed, part=part,
            course=course_words(own, dose),
        )  # fmt: skip
        self.dvh.set_hidden(display.hidden)

    def _on_dvh_fault(self, fault: Exception) -> None:
        self.dvh.set_dvhs([], f"No DVH: {fault}", 1.0)

    def _on_combined(self, made: Combined) -> None:
        """Add a dose made here to the list, and show it."""
        self._made.append(made.dose)
        self._list_doses(len(self.doses) - 1)
        self._on_dose()

    def _on_measured(self, start: Floats, end: Floats) -> None:
        if self.scene is not None:
            self.profile.show_line(self.scene, start, end)

    def _go_to_structure(self, number: int) -> None:
        for outline in self.scene.outlines if self.scene is not None else ():
            if outline.structure.number == number and outline.structure.contours:
                self.slices.set_cross(np.asarray(outline.structure.box_mm.mean(axis=0)))

    def save_picture(self) -> None:
        """Save the views as they are on the screen."""
        if self.scene is not None:
            self._tell_unwritten(save_picture(self, self.scene, self.slices))

    def save_page(self) -> None:
        """Save the views as a page for the chart."""
        if self.scene is not None:
            verdict = self.strip.text
            self._tell_unwritten(save_page(self, self.scene, self.slices, self.display, verdict))

    def _tell_unwritten(self, words: str) -> None:
        if words:
            self.not_written.emit(words)

    def _cancel(self) -> None:
        for job in (self._reading, self._counting):
            if job is not None:
                job.drop()
        self._reading = self._counting = None

    def leave(self) -> None:
        """Stop all work; called before the desk goes away."""
        self._cancel()
        self.room.close()

    def _remember_layout(self) -> None:
        user_settings().setValue("viewer/splitter", self.splitter.saveState())


def _chosen(choices: Sequence[Choice], index: int) -> Choice | None:
    """Return the choice of a list whose first row stands for none."""
    return choices[index - 1] if 0 < index <= len(choices) else None
