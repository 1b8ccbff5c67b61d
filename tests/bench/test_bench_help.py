"""The longest help page costs little more than Qt's own reading of its text."""

import os
from time import process_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QTextBrowser

from app import help_text
from app.help_book import all_pages


def fastest(*works, rounds=5):
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for i, work in enumerate(works):
            start = process_time()
            work()
            best[i] = min(best[i], process_time() - start)
    return best


@pytest.mark.bench
def test_that_dressing_a_page_takes_no_longer_than_reading_it(qtbot, record_property):
    browser = QTextBrowser()
    qtbot.addWidget(browser)
    browser.show()
    for page in sorted(all_pages(), key=lambda one: -len(one.text))[:6]:

        def read(text=page.text):
            browser.setMarkdown(text)

        def read_and_dress(text=page.text):
            browser.setMarkdown(text)
            help_text.dress(browser.document(), browser.palette())

        plain, dressed = fastest(read, read_and_dress)
        record_property(page.name, round(dressed / plain, 2))
        assert dressed / plain < 5, page.name
