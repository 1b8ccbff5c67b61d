"""The walk through the monitor units of the Filter: factors, book, total body, arcs, film."""

from pathlib import Path

from app.filter.film.write import write_plane
from app.main_window import MainWindow
from installer.screenshot_kit import settle, shoot

PRINTOUT = """Prescription 500 cGy to 80 %
Arc 1  cone 20.0 mm  weight 0.5  MU 444.7  depths 6.2 6.8 7.5 8.1 8.6 8.9 9.0 8.7 8.1
Arc 2  cone 20.0 mm  weight 0.5  MU 480.0  depths 5.9 6.4 7.0 7.7 8.3 8.6 8.8 8.4 7.9
"""


def take_mu(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show monitor units, the dosimetry book, total body, arcs and the film of an export."""
    checker = window.go_to("Filter")
    panel, film = checker.mu, checker.mu.film
    checker.view.tabs.setCurrentWidget(panel)
    settle(lambda: panel.report is not None)
    shoot(window, folder, "filter-mu")
    panel.tabs.setCurrentWidget(panel.findings)
    shoot(window, folder, "filter-mu-result")
    panel.tabs.setCurrentWidget(panel.book)
    panel.book.choose("6X", "tmr")
    shoot(window, folder, "filter-book")
    panel.tabs.setCurrentWidget(panel.tbi)
    settle()
    panel.tbi.thickness.setValue(20.0)
    panel.tbi.table.selectRow(3)
    panel.tbi.measured.setValue(89.5)
    panel.tbi.calculate()
    shoot(window, folder, "filter-tbi")
    panel.tabs.setCurrentWidget(panel.srs)
    printout = demo / "arcs.txt"
    printout.write_text(PRINTOUT, encoding="utf-8")
    panel.srs.use_printout(printout)
    shoot(window, folder, "filter-arcs")
    panel.tabs.setCurrentIndex(0)
    checker.view.tabs.setCurrentWidget(film)
    settle()
    film.calculate()
    settle(lambda: film.film is not None)
    shoot(window, folder, "filter-film")
    plan = demo / "film.dcm"
    write_plane(film.film.plane, plan)
    film.controls.dose.show_path(plan)
    film.controls.iso_depth.setValue(10.3)
    film.film = None
    film.calculate()
    settle(lambda: film.film is not None)
    film.compare()
    settle(lambda: film.report is not None)
    shoot(window, folder, "filter-film-compared")
