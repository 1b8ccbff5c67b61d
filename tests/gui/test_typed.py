"""Numbers are read in the user's language, and what is not a number of a clinic is none."""

import pytest
from PySide6.QtCore import QLocale

from app.typed import typed_float


@pytest.fixture(params=("en_US", "de_DE"))
def point(request):
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield "." if request.param == "en_US" else ","
    QLocale.setDefault(before)


def test_that_a_number_is_read_with_the_users_point(point):
    assert typed_float(f" 6{point}25 ") == 6.25


@pytest.mark.parametrize("text", ["", "six", "nan", "inf", "-inf", "1e999"])
def test_that_what_is_no_number_is_none(point, text):
    assert typed_float(text) is None


def test_that_thousands_marks_are_refused(point):
    other = "," if point == "." else "."
    assert typed_float(f"1{other}000") is None
    assert typed_float(f"1{other}5") is None
