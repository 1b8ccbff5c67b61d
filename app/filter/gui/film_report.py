"""The film report with its pictures, as HTML or PDF."""

from pathlib import Path

from app.filter.film.page import film_page
from app.filter.film.quality import FilmReport
from app.filter.gui.film_maps import images_of
from app.filter.gui.film_picture import png_of
from app.filter.gui.page_pdf import pdf_of
from core.safe_write import write_whole


def report_html(report: FilmReport, person: str) -> str:
    """Return the report as one page."""
    pictures = [
        {name: png_of(image) for name, image in images_of(film).items()} for film in report.films
    ]
    return film_page(report, pictures, person)


def write_report(report: FilmReport, file: Path, person: str) -> None:
    """Write the report; a file that ends in .pdf becomes a PDF, any other HTML."""
    html = report_html(report, person)
    if file.suffix.lower() == ".pdf":
        write_whole(file, pdf_of(html, "IMRT QA by film"))
    else:
        write_whole(file, html.encode("utf-8"))
