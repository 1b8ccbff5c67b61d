"""Where the public beam data lie, and the generic book."""

import pytest

from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC


@pytest.fixture(scope="session")
def beam_data(shared_data):
    return shared_data.parent / "physics" / "beam-data"


@pytest.fixture(scope="session")
def generic():
    return open_book(GENERIC)
