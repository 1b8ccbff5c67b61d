"""One demonstration set for all tests of the demonstration."""

import pytest

from app.demo.write_demo import DemoSet, write_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> DemoSet:
    return write_demo(tmp_path_factory.mktemp("demo") / "set")
