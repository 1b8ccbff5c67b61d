"""The Qt that is installed is one we can trust."""

import sys

import PySide6
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication


def test_that_the_platform_is_the_one_asked_for(qapp, platform_wanted):
    if platform_wanted:
        assert QGuiApplication.platformName() == platform_wanted


def test_that_calls_without_answer_do_not_use_up_none():
    """PySide6 6.12.0 on Python 3.11 takes one reference of None a call and aborts at last."""
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(20_000):
        thing.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < 1000


def test_that_the_broken_qt_is_not_installed_on_old_python():
    assert sys.version_info >= (3, 12) or not PySide6.__version__.startswith("6.12")
