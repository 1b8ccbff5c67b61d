"""The views of a set written as a picture, or as a page for the chart."""

from PySide6.QtCore import QDateTime, QLocale
from PySide6.QtWidgets import QWidget

from app.choosing import choose_new_file, named_after
from app.viewer.display import Display
from app.viewer.patient_words import banner_words
from app.viewer.pdf_page import PageWords, pdf_page
from app.viewer.render import png_bytes
from app.viewer.scene import Scene
from app.viewer.slices_panel import SlicesPanel
from core.dicom.combine import dose_name
from core.safe_write import write_whole

FOOT = "EQS Workstation, {}. For information; not a certified medical device."


def save_picture(parent: QWidget, scene: Scene, slices: SlicesPanel) -> str:
    """Ask for a file and write the views as they are on the screen; return what went wrong."""
    data = png_bytes(slices.grab().toImage())
    return _save(parent, scene, ("Save the views", "views.png", "PNG (*.png)"), data)


def save_page(
    parent: QWidget, scene: Scene, slices: SlicesPanel, display: Display, verdict: str
) -> str:
    """Ask for a file and write the views as a page; return what went wrong.

    Args:
        parent: Over whose window to ask.
        scene: What is drawn: the page names the dose that is seen.
        slices: The views.
        display: Settings of the views; its reference dose is told.
        verdict: Words of the geometry certificate.

    """
    dose_words = "none is drawn."
    if scene.dose is not None:
        dose_words = f"{dose_name(scene.rt_set, scene.dose)}. {display.reference_words}"
    when = QLocale().toString(QDateTime.currentDateTime(), QLocale.FormatType.ShortFormat)
    words = PageWords(
        banner_words(scene.rt_set), (f"Dose: {dose_words}", verdict), FOOT.format(when)
    )
    pictures = [view.picture() for view in slices.shown_views()]
    data = pdf_page([one for one in pictures if one is not None], words)
    return _save(parent, scene, ("Save a page", "views.pdf", "PDF (*.pdf)"), data)


def _save(parent: QWidget, scene: Scene, words: tuple[str, str, str], data: bytes) -> str:
    """Write what was shown when asked: behind the question another set may come."""
    title, name, kinds = words
    path = choose_new_file(parent, title, named_after(scene.rt_set.patient_id, name), kinds)
    if path is None:
        return ""
    try:
        write_whole(path, data)
    except OSError as fault:
        return f"{path.name} could not be written: {fault.strerror or fault}"
    return ""
