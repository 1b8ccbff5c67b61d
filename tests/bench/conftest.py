"""A benchmark against a program that is not installed is skipped, and says why."""

import pytest

from tests.bench.peers import NoPeerError


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    del item
    try:
        return (yield)
    except NoPeerError as reason:
        pytest.skip(str(reason))
