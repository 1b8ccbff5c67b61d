"""Fixtures every test folder uses: where the real data lies, and a quiet Qt."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from core.layers import MARK_FILE
from core.paths import machine_folder

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# No example has to be done by the clock: a machine that is busy is no fault of the program.
settings.register_profile("eqs", deadline=None)
settings.load_profile("eqs")

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("EQS_SHARED", CHECKOUT.parent / "shared"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real public files beside the checkout; absent on a machine that has only the checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real public files (shared/data) are not beside the checkout")
    return SHARED / "data"


@pytest.fixture(scope="session")
def shared_formats() -> Path:
    """Field tables of the formats, beside the checkout."""
    if not (SHARED / "formats").is_dir():
        pytest.skip("the field tables (shared/formats) are not beside the checkout")
    return SHARED / "formats"


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    """No test writes into the data folder of the person who runs it, or reads its computer's."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("EQS_DATA", str(folder))
    monkeypatch.setenv("EQS_MACHINE", str(folder / "no machine folder"))
    monkeypatch.delenv("EQS_CLINIC", raising=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Once there are widgets, no thread of any test takes closed ones apart."""
    if "app.collector" in sys.modules:
        sys.modules["app.collector"].collect_due()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """As before the test."""
    if "app.collector" in sys.modules:
        sys.modules["app.collector"].collect_due()


@pytest.fixture
def machine():
    """Folder of this computer's own tables, made."""
    folder = machine_folder()
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def share(tmp_path, monkeypatch):
    """A clinic's share in use; it holds no table yet."""
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / MARK_FILE).write_text('name = "Our clinic"\n')
    monkeypatch.setenv("EQS_CLINIC", str(folder))
    return folder
