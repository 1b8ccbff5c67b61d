"""From a real source to no file, by keyboard alone, with each check tripped that stops the file.

Plans of the planning system come from a real FTP server; what only a DICOM plan can say, from a
DICOM file. The same hands that write the sound plan (test_lex_wizard.py) write none of these.
"""

import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QPushButton

from app.demo.write_demo import write_demo
from app.lex.checks import CHECKS
from app.lex.log import log_file
from app.lex.policy import Policy, policy_of
from app.lex.servers import write_servers
from app.lex.treatment_text import treatment_text
from app.main_window import MainWindow
from core import audit
from core.findings import State
from core.paths import clinic_folder
from tests.gui import lex_wizard as hand
from tests.gui.hard_ways import WAYS, Way, spoil_tree
from tests.lex.planning_tree import served, state_of

ENTRIES = {
    "course": "1",
    "machine_type": "demo",
    "rv_system": "mosaiq_2.64",
    "machine": "DEMO LINAC",
    "dose_rate": "400",
    "tolerance_table": "2",
    "vertical_cm": "-13.5",
    "lateral_cm": "1.2",
    "longitudinal_cm": "82",
}
TABLES = {"PELVIS 2": "prescriptions", "RPO IMRT": "fields", "LAO BLK": "fields"}
WHY = "Agreed with the physician on the phone."


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.fixture
def source(demo, tmp_path):
    """Lay the plan of a way where LEX finds it; return the folder that holds it alone."""

    def make(way):
        for name, text in way.clinic.items():
            file = clinic_folder() / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        root = tmp_path / "source"
        if way.files is None:
            root.mkdir()
            plan = dcmread(demo.plan)
            way.spoil(plan)
            plan.save_as(root / "plan.dcm")
        else:
            for file in demo.pinnacle.rglob("*"):
                if file.is_file():
                    target = root / file.relative_to(demo.pinnacle)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(file.read_bytes())
            spoil_tree(root, way)
        return root

    return make


def new_page(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    QApplication.setActiveWindow(window)
    lex = window.page("LEX")
    lex.list.setFocus()
    return lex


def brought(qtbot, monkeypatch, way, root):
    """The LEX page once the plan is read or refused: from the server, or from the file."""
    if way.files is None:
        lex = new_page(qtbot)
        answer = lambda *_, **__: (str(root / "plan.dcm"), "")  # noqa: E731
        monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
        hand.press(qtbot, lex.source_step.file_button)
        return lex
    with served("ftp", root) as (server, password, running):
        write_servers([server])
        lex = new_page(qtbot)
        box = lex.source_step.server_box
        hand.paste(qtbot, box.password, password)
        qtbot.keyClick(box.password, hand.ENTER)
        qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=hand.LONG_MS)
        hand.quiet(qtbot)
        assert running.only_read()
    return lex


def type_into_row(qtbot, table, name, text):
    """Go to the second cell of a row with the arrows, and type into it."""
    hand.tab_to(qtbot, table)
    qtbot.keyClick(table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    row = table.names().index(name)
    for _ in range(row):
        qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Right)
    assert table.currentColumn() == 1
    qtbot.keyClick(table, Qt.Key.Key_F2)
    line = QApplication.focusWidget()
    qtbot.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, hand.ENTER)
    qtbot.waitUntil(lambda: table.text(row, 1) == text)


def fill_in(qtbot, form, typed):
    """Type what the plan does not hold, box after box."""
    boxes = {
        "course": form.course, "machine_type": form.machine_type, "rv_system": form.rv_system,
        "machine": form.machine, "dose_rate": form.dose_rate,
        "tolerance_table": form.tolerance_table, **form.couch,
    }  # fmt: skip
    for name, text in {**ENTRIES, **typed}.items():
        if name in TABLES:
            type_into_row(qtbot, getattr(form, TABLES[name]), name, text)
        elif text:
            hand.tab_to(qtbot, boxes[name])
            if not isinstance(boxes[name], QComboBox):
                qtbot.keyClick(boxes[name], Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            qtbot.keyClicks(boxes[name], text)
        hand.quiet(qtbot)


def load(qtbot, monkeypatch, form, file):
    """Fill the form from a file of entries, as its button does."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(file), ""))
    [button] = [one for one in form.findChildren(QPushButton) if one.text() == "&Load…"]
    hand.press(qtbot, button)


def to_the_end(qtbot, monkeypatch, lex, way, file):
    """Press Next as far as it goes; fill in the form when it is reached."""
    while lex.stack.currentWidget() is not lex.treatment_step:
        if not hand.press_next(qtbot, lex):
            return
    fill_in(qtbot, lex.treatment_step, way.typed)
    if way.loaded:
        entries = treatment_text(lex.treatment_step.values())
        file.write_text(f"{way.loaded}\n{entries}")
        load(qtbot, monkeypatch, lex.treatment_step, file)
    while hand.press_next(qtbot, lex):
        pass


def give_reasons(qtbot, lex):
    box = lex.checks_step.reasons
    for _ in box.findings:
        hand.tab_to(qtbot, box.line)
        qtbot.keyClicks(box.line, WHY)
        qtbot.keyClick(box.line, hand.ENTER)
        hand.quiet(qtbot)


def test_that_there_is_a_way_for_every_check_that_stops_the_file():
    assert {way.rule for way in WAYS} == {one.rule for one in CHECKS if one.state == State.ERROR}


@pytest.mark.req("L-01", "L-02", "L-05")
@pytest.mark.parametrize("files", [{}, None], ids=["server", "file"])
def test_that_the_same_hands_write_the_sound_plan(qtbot, monkeypatch, source, tmp_path, files):
    way = Way("none", files)
    lex = brought(qtbot, monkeypatch, way, source(way))
    to_the_end(qtbot, monkeypatch, lex, way, tmp_path / "entries.toml")
    assert lex.stack.currentWidget() is lex.write_step, lex.note.text()
    target = tmp_path / "transfer.rtp"
    hand.paste(qtbot, lex.write_step.path, str(target))
    hand.press(qtbot, lex.write_step.write_button)
    assert target.read_bytes().startswith(b'"PLAN_DEF","DEMO-0001"')


@pytest.mark.req("L-01", "L-04", "L-05", "L-06", "L-15", "L-17", "L-19", "R-15")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.rule)
def test_that_no_file_appears_by_keyboard_from_the_source(
    qtbot, monkeypatch, source, tmp_path, way
):
    root, out = source(way), tmp_path / "out"
    out.mkdir()
    before = state_of(root)
    lex = brought(qtbot, monkeypatch, way, root)
    to_the_end(qtbot, monkeypatch, lex, way, tmp_path / "entries.toml")
    assert lex.stack.currentWidget() is not lex.write_step
    if way.refused:
        assert way.refused in lex.source_step.fault.text()
        assert lex.plan_step.trial is None
    elif lex.stack.currentWidget() is lex.checks_step:
        stopping = {
            row.rule for row in lex.checks_step.view.model.rows if policy_of(row) == Policy.HARD
        }
        assert way.rule in stopping
        give_reasons(qtbot, lex)
        assert not lex.next_button.isEnabled()
    else:
        assert way.rule == "LEX-D1"
        assert lex.stack.currentWidget() is lex.treatment_step
        assert "course" in lex.note.text()
    step = lex.write_step
    step.path.setText(str(out / "transfer.rtp"))
    for key in (hand.SPACE, hand.ENTER):
        qtbot.keyClick(step.write_button, key)
    hand.quiet(qtbot)
    assert list(out.iterdir()) == []
    assert list(tmp_path.rglob("*.rtp")) == []
    assert state_of(root) == before
    if log_file().exists():
        assert "written" not in {entry["event"] for entry in audit.entries(log_file())}
