"""The demonstration patient and a small Pinnacle patient."""

import pytest

from app.demo.write_demo import write_demo
from tests.viewer.pinnacle_maker import write_patient


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory):
    """The demonstration patient in both forms: dicom and pinnacle."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


@pytest.fixture
def patient(tmp_path):
    """A Pinnacle patient folder of which a test may spoil something."""
    return write_patient(tmp_path / "Patient_1")
