"""The film room: the virtual film of the export, the plan's dose and a measured film beside it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.background import JOBS, CancelledError, Progress
from app.choosing import choose_file, choose_new_file
from app.filter.film.analysis import profile
from app.filter.film.calibration import read_calibration
from app.filter.film.offers import offers
from app.filter.film.phantom import FilmSetup
from app.filter.film.quality import Asked, FilmFile, FilmQuality, FilmReport, film_report
from app.filter.film.read import Reading
from app.filter.film.rule import read_rule
from app.filter.film.virtual import VirtualFilm, virtual_film
from app.filter.film.write import write_plane
from app.filter.gui.film_controls import (
    CALIBRATIONS,
    FILM_FILES,
    PLAN_FILES,
    FilePick,
    FilmControls,
)
from app.filter.gui.film_maps import maps_of
from app.filter.gui.film_picture import dose_map
from app.filter.gui.film_report import write_report
from app.filter.gui.film_view import FilmView
from app.filter.gui.questions import Questions
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.people import printed_name
from app.findings_view import Banner, FindingsView, summary
from core.errors import RemedyError
from core.findings import State

NO_PLAN = "Import the plan first: the film needs its leaf widths and isocentre."
START = "Calculate the film; then choose the plan's dose on the phantom and compare."
OTHER_FILM = "The set-up is another than the film's: calculate again."
OTHER_FILES = "The files are others than those compared: compare again."
CHANGED = {
    "film": "Changed during the calculation; calculate again.",
    "comparison": "Changed during the comparison; compare again.",
}
THIRD = {"difference": "Difference", "distance": "Distance to agreement"}
VIRTUAL = "virtual film"


@dataclass(frozen=True, slots=True)
class FilmAsked:
    """What film to calculate."""

    sources: tuple[Path, Path]
    setup: FilmSetup
    fields: tuple[str, ...]
    book: Path | None = None


def calculated(asked: FilmAsked, progress: Progress) -> VirtualFilm:
    """Open the book and calculate the film. No widget in sight."""
    progress(0.0, "reading the dosimetry book")
    book = open_book(own_book_folder(asked.book))
    return virtual_film(asked.sources, book, asked.setup, asked.fields, progress=progress)


class FilmPanel(QWidget):
    """Maps and profiles of the film against the plan, the verdict, the report."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: tuple[Path, Path] | None = None
        self.film: VirtualFilm | None = None
        self.report: FilmReport | None = None
        self.lines_mm = (0.0, 0.0)
        self._stale = False
        self._questions = Questions(self, self._show_fault)
        self._fault_of = ""  # the kind of question whose fault the banner tells
        self.notice = QLabel()
        self.banner = Banner()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.controls = FilmControls()
        self.findings = FindingsView()
        self.findings.banner.hide()
        self.tabs = QTabWidget()
        self.tabs.addTab(self._maps(), "Film")
        self.tabs.addTab(self.findings, "Result")
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        for widget in (self.notice, self.banner, self.controls):
            column.addWidget(widget)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.words)
        self._connect()
        self._show_nothing(NO_PLAN)

    def _maps(self) -> QWidget:
        page = QWidget()
        self.which = QComboBox()
        self.which.setAccessibleName("Film that is shown")
        self.third = QComboBox()
        self.third.setAccessibleName("What the third map shows")
        for key, words in THIRD.items():
            self.third.addItem(words, key)
        self.views = {
            "plan": FilmView("Plan's dose"), "film": FilmView("Film"),
            "third": FilmView("Difference"), "gamma": FilmView("Gamma"),
            "x": FilmView("Profile along x"), "y": FilmView("Profile along y"),
        }  # fmt: skip
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.addWidget(self.which, 0, 1)
        grid.addWidget(self.third, 0, 2)
        for number, view in enumerate(self.views.values()):
            grid.addWidget(view, 1 + number // 3, number % 3)
            view.pointed.connect(self._on_pointed)
            view.picked.connect(self.set_lines)
        for row in (1, 2):
            grid.setRowStretch(row, 1)
        return page

    def _connect(self) -> None:
        own = self.controls
        own.calculate.clicked.connect(self.calculate)
        own.compare.clicked.connect(self.compare)
        own.save_film.clicked.connect(self._ask_film)
        own.save_report.clicked.connect(self._ask_report)
        own.film_changed.connect(self._forget_film)
        own.comparison_changed.connect(self._forget_report)
        for pick, title, kinds in (
            (own.dose, "Choose the plan's dose on the phantom", PLAN_FILES),
            (own.measured, "Choose a measured film", FILM_FILES),
            (own.calibration, "Choose the calibration of the film", CALIBRATIONS),
        ):
            pick.button.clicked.connect(
                lambda _on=False, p=pick, t=title, k=kinds: self._ask(p, t, k)
            )
        self.which.currentIndexChanged.connect(self._draw)
        self.third.currentIndexChanged.connect(self._draw)

    def set_sources(self, rv: Path | None, plan: Path | None) -> None:
        """Learn what is open; the fields are listed when the tab is looked at."""
        self._questions.drop("film")
        self._questions.drop("comparison")
        sources = (rv, plan) if rv is not None and plan is not None else None
        if sources != self.sources:
            self.controls.forget_files()
        self.sources = sources
        self.film = self.report = None
        self._stale = self.sources is not None
        self.controls.fields.show_offers(())
        self._show_nothing(START if self.sources else NO_PLAN)
        if self._stale and self.isVisible():
            self._list_fields()

    def showEvent(self, event: QShowEvent) -> None:
        """List the fields when the tab is seen for the first time."""
        super().showEvent(event)
        if self._stale:
            self._list_fields()

    def _list_fields(self) -> None:
        sources = self.sources
        if sources is None:
            return
        self._stale = False

        def failed(fault: Exception) -> None:
            if sources is self.sources:
                self._stale = True  # listed again when the tab is seen, or a film asked for
                self._show_fault(fault)

        JOBS.start(
            self, "Listing fields for the film", lambda _progress: offers(*sources),
            done=lambda found: self.controls.fields.show_offers(found)
            if sources is self.sources else None,
            failed=failed,
        )  # fmt: skip

    def _forget_film(self) -> None:
        """Take the film away: it is not that of the set-up in the boxes."""
        changed = self._questions.drop("film")
        if self.film is not None:
            self.film = None
            self._forget_report()
            self._show_nothing(OTHER_FILM)
        self._tell_changed("film", changed=changed)

    def _forget_report(self) -> None:
        """Take the comparison away: it is not that of the files in the boxes."""
        changed = self._questions.drop("comparison")
        if self.report is not None:
            self.report = None
            if self.film is not None:
                self._show_film(self.film)
                self.words.setText(OTHER_FILES)
            else:
                self._show_nothing(OTHER_FILES)
        self._tell_changed("comparison", changed=changed)

    def _tell_changed(self, what: str, *, changed: bool) -> None:
        """Tell what was dropped; a fault of what was asked before does not stand any more."""
        if self._fault_of == what:
            self._show_verdict()
        if changed:
            self._ready()
            self.words.setText(CHANGED[what])

    def calculate(self) -> None:
        """Calculate the virtual film in the background."""
        if self.sources is None:
            return
        try:
            asked = FilmAsked(self.sources, self.controls.setup(), self.controls.fields.chosen)
        except RemedyError as problem:
            self._show_fault(problem, "film")
            return
        if not asked.fields:
            if self._stale:
                self._list_fields()
            self.words.setText("Choose the fields of the film first.")
            return
        self._questions.ask(
            "film", "Calculating the virtual film", lambda progress: calculated(asked, progress),
            self._show_film,
        )  # fmt: skip
        self._ready()

    def compare(self) -> None:
        """Hold the films against the plan's dose in the background."""
        own = self.controls
        films: list[FilmFile] = []
        if self.film is not None:
            films.append(FilmFile(VIRTUAL, Path("calculated"), plane=self.film.plane))
        dose, measured, curve = own.dose.path, own.measured.path, own.calibration.path
        if dose is None or not (films or measured):
            self.words.setText("Choose the plan's dose, and calculate or choose a film.")
            return
        pixel, fit = own.pixel.value() or None, own.fit.isChecked()
        fractions, lines = own.fractions.value(), self.lines_mm

        def work(progress: Progress) -> FilmReport:
            asked = list(films)
            if measured is not None:
                calibration = read_calibration(curve) if curve is not None else None
                reading = Reading(pixel_mm=pixel, calibration=calibration)
                asked.append(FilmFile("measured film", measured, reading, fit))
            whole = Asked(dose, tuple(asked), fractions=fractions, lines_mm=lines)
            return film_report(whole, read_rule(), progress)

        self._questions.ask("comparison", "Comparing films with the plan", work, self._show_report)
        self._ready()

    def set_lines(self, x_mm: float, y_mm: float) -> None:
        """Let the profiles run through a point."""
        self.lines_mm = (y_mm, x_mm)
        self._draw()

    def _ready(self) -> None:
        own, busy = self.controls, self._questions.open
        own.calculate.setEnabled(not busy and self.sources is not None)
        own.compare.setEnabled(not busy and self.sources is not None)
        own.save_film.setEnabled(not busy and self.film is not None)
        own.save_report.setEnabled(not busy and self.report is not None)

    def _show_film(self, film: VirtualFilm) -> None:
        self.film, self.report = film, None
        self._questions.drop("comparison")
        self.notice.setText(f"<b>{film.notice}</b>")
        self.notice.setVisible(bool(film.notice))
        self.notice.setStyleSheet(f"color: {theme.colour(State.ERROR).name()};")
        self.banner.hide()
        self.findings.show_report(film.findings, film.not_checked, "Virtual film")
        self.words.setText(film.setup.words)
        self.which.clear()
        self.which.addItem(VIRTUAL.capitalize())
        self._ready()
        self._draw()

    def _show_report(self, report: FilmReport) -> None:
        self.report = report
        chosen = self.which.currentIndex()
        self.which.clear()
        self.which.addItems([one.label.capitalize() for one in report.films])
        self.which.setCurrentIndex(min(max(chosen, 0), len(report.films) - 1))
        self._show_verdict()
        self.findings.show_report(report.findings, report.not_checked, "Films")
        self.words.setText(summary(report.findings, report.not_checked))
        self._ready()
        self._draw()

    def _show_verdict(self) -> None:
        """Show the verdict, in the place of a fault; without one nothing."""
        self._fault_of, report = "", self.report
        if report is not None:
            words = f"{report.verdict[0].upper()}{report.verdict[1:]}"
            self.banner.show_state(report.status, words)
        self.banner.setVisible(report is not None)

    def _show_nothing(self, words: str) -> None:
        self.notice.hide()
        self.banner.hide()
        self.which.clear()
        self.findings.show_nothing("Nothing was calculated.")
        self.words.setText(words)
        self._ready()
        self._draw()

    def _show_fault(self, fault: Exception, what: str = "") -> None:
        self._ready()
        if isinstance(fault, CancelledError):
            self.words.setText("Cancelled.")
            return
        fallback = f"The program has a fault: {type(fault).__name__}: {fault}"
        words = str(fault) if isinstance(fault, RemedyError) else fallback
        self._fault_of = what
        self.banner.show_state(State.ERROR, words, "Not done")
        self.banner.show()

    def _shown(self) -> FilmQuality | None:
        place = self.which.currentIndex()
        films = self.report.films if self.report is not None else ()
        return films[place] if 0 <= place < len(films) else None

    def _draw(self) -> None:
        """Draw what there is: the film alone, or the film against the plan."""
        one = self._shown()
        if one is None:
            self._draw_alone()
            return
        reference, evaluated = one.pair.reference, one.pair.evaluated
        maps = maps_of(one)
        for name in ("plan", "film", "gamma"):
            self.views[name].show_map(maps[name], self.lines_mm)
        self.views["third"].show_map(maps[str(self.third.currentData())], self.lines_mm)
        labels = ("plan", one.label)
        for along, at in zip(("x", "y"), self.lines_mm, strict=True):
            self.views[along].show_profile(profile(reference, evaluated, along, at), labels)

    def _draw_alone(self) -> None:
        for view in self.views.values():
            view.show_map(None)
        if self.film is None:
            return
        plane = self.film.plane
        own = dose_map("Virtual film, Gy", plane, float(np.nanmax(plane.values)))
        self.views["film"].show_map(own, self.lines_mm)
        for along, at in zip(("x", "y"), self.lines_mm, strict=True):
            self.views[along].show_profile(profile(plane, plane, along, at), (VIRTUAL,))

    def _on_pointed(self, words: str) -> None:
        if words:
            self.words.setText(words)

    def _ask(self, pick: FilePick, title: str, kinds: str) -> None:
        name = choose_file(self, title, kinds)
        if name:
            pick.show_path(name)

    def _ask_film(self) -> None:
        kinds = "Raw plane (*.raw);;CSV (*.csv);;RT Dose (*.dcm)"
        name = choose_new_file(self, "Save film", "film.raw", kinds)
        film = self.film
        if name and film is not None:
            self._save("Saving the film", name, lambda file: write_plane(film.plane, file))

    def _ask_report(self) -> None:
        kinds = "PDF (*.pdf);;HTML (*.html)"
        name = choose_new_file(self, "Save report", "imrt_qa.pdf", kinds)
        report = self.report
        if name and report is not None:
            films = tuple(
                replace(one, profiles=tuple(
                    profile(one.pair.reference, one.pair.evaluated, along, at)
                    for along, at in zip(("x", "y"), self.lines_mm, strict=True)
                ))
                for one in report.films
            )  # fmt: skip
            own = replace(report, films=films)
            self._save("Saving the report", name,
                       lambda file: write_report(own, file, printed_name()))  # fmt: skip

    def _save(self, title: str, file: Path, write: Callable[[Path], None]) -> None:
        JOBS.start(
            self, title, lambda _progress: write(file),
            done=lambda _: self.words.setText(f"Saved: {file.name}"), failed=self._show_fault,
        )  # fmt: skip
