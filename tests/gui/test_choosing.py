"""A question for a file begins where it was answered last."""

import pytest
from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.choosing import begin_at, choose_file, choose_folder, choose_new_file


@pytest.fixture
def parent(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def asked(monkeypatch):
    """Answer every dialog with `asked.answer`; keep where each began."""

    class Asked(list):
        answer = ""

    asked = Asked()

    def choose(_parent, _title, begin, *_):
        asked.append(begin)
        return asked.answer, ""

    def folder(_parent, _title, begin):
        return choose(_parent, _title, begin)[0]

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
    return asked


def folders(tmp_path, *names):
    made = [tmp_path / name for name in names]
    for one in made:
        one.mkdir()
    return made


def test_that_the_first_question_begins_in_the_documents():
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    assert begin_at("Open") == QStandardPaths.writableLocation(documents)


def test_that_each_question_begins_where_it_was_answered(parent, asked, tmp_path):
    exports, plans = folders(tmp_path, "exports", "plans")
    asked.answer = str(exports / "a.rtp")
    assert choose_file(parent, "Export") == exports / "a.rtp"
    asked.answer = str(plans)
    assert choose_folder(parent, "Plan") == plans
    asked.answer = ""
    assert choose_file(parent, "Export") is None
    assert choose_folder(parent, "Plan") is None
    assert choose_new_file(parent, "Report", "a.pdf") is None  # never answered: the last folder
    assert asked[2:] == [str(exports), str(plans), str(plans / "a.pdf")]


def test_that_a_folder_that_is_gone_is_passed_over(parent, asked, tmp_path):
    exports, gone = folders(tmp_path, "exports", "gone")
    asked.answer = str(gone / "b.rtp")
    choose_file(parent, "Export")
    asked.answer = str(exports / "a.rtp")
    choose_file(parent, "Other")
    gone.rmdir()
    assert begin_at("Export") == str(exports)


def test_that_a_whole_path_says_where_to_write(parent, asked, tmp_path):
    exports, plans = folders(tmp_path, "exports", "plans")
    asked.answer = str(exports / "a.rtp")
    choose_new_file(parent, "Save", str(plans / "c.rtp"))
    assert asked == [str(plans / "c.rtp")]
