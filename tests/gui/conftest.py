"""Window tests: real widgets, own settings, no dialog that would wait for a person."""

import os

import pytest
from PySide6.QtCore import QLocale, QSettings
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.background import JOBS


@pytest.fixture(scope="session")
def qapp_cls():
    from PySide6.QtWidgets import QApplication

    return QApplication


@pytest.fixture(autouse=True)
def own_settings(tmp_path):
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    QSettings("EQS", "Workstation").clear()


@pytest.fixture(autouse=True)
def no_dialogs(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError(f"a dialog would wait for a person: {arguments[1:]}")

    for name in ("about", "critical", "information", "question", "warning"):
        monkeypatch.setattr(QMessageBox, name, refuse)
    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, refuse)


@pytest.fixture
def plain_numbers():
    before = QLocale()
    QLocale.setDefault(QLocale.c())
    yield
    QLocale.setDefault(before)


@pytest.fixture(autouse=True)
def no_job_survives():
    yield
    assert JOBS.cancel_all()


@pytest.fixture
def platform_wanted():
    return os.environ.get("EQS_TEST_PLATFORM", "")
