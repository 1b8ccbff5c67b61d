"""A benchmark against a program that is not installed is skipped, and says why.

The other programs take their time, on a busy machine minutes.
"""

import gc

import pytest

from tests.bench.peers import NoPeerError

TIMEOUT_S = 900


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("bench") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    del item
    try:
        return (yield)
    except NoPeerError as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def usual_collection(request):
    """Let Python collect rubbish as in a command, whatever windows ran before in this process."""
    was_on = gc.isenabled()
    if not {"qtbot", "qapp"} & set(request.fixturenames):
        gc.enable()
    yield
    if not was_on:
        gc.disable()
