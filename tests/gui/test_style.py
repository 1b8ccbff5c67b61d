"""What holds in the whole program once it has its style."""

import pytest
from PySide6.QtCore import QLocale

from app.style import application
from app.typed import typed_float
from app.viewer.dvh_lines import number_text


@pytest.mark.parametrize(("name", "shown"), [("de_DE", "1234,5"), ("en_US", "1234.5")])
def test_that_no_number_has_marks_between_thousands(qapp, name, shown):
    before = QLocale()
    QLocale.setDefault(QLocale(name))
    try:
        application()
        assert QLocale().toString(1234.5, "f", 1) == shown
        assert typed_float(shown) == 1234.5
        assert number_text(1234.5, 1) == shown
    finally:
        QLocale.setDefault(before)
