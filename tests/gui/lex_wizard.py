"""Driving the LEX wizard from the keyboard, with a case of the checks in place of a plan file."""

from dataclasses import asdict

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.background import JOBS
from app.lex.browse import PatientChoice, PlanChoice
from app.lex.gui.chosen import Chosen
from app.lex.gui.page import LexPage
from app.lex.reading import Reading
from app.lex.servers import write_servers
from app.lex.sources import DICOM, Source
from app.main_window import MainWindow

LONG_MS = 20_000
TAB, ENTER, SPACE = Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space
WHY = "Agreed with the physician on the phone."
MODULES = ("app.lex.transfer", "app.lex.offers", "app.lex.preview")


def quiet(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)


def tab_to(qtbot, widget):
    """Press Tab until the widget has the focus, as a hand on the keyboard does."""
    for _ in range(80):
        if QApplication.focusWidget() is widget:
            return
        qtbot.keyClick(QApplication.focusWidget(), TAB)
    raise AssertionError(f"{widget} cannot be reached with Tab")


def press(qtbot, button):
    tab_to(qtbot, button)
    qtbot.keyClick(button, SPACE)
    quiet(qtbot)


def paste(qtbot, box, text):
    """Put a text into a line in place of what is there; a test keyboard has no umlauts."""
    tab_to(qtbot, box)
    QApplication.clipboard().setText(text)
    qtbot.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def typed(qtbot, box, text):
    """Type into a box that takes the focus, in place of what is there."""
    tab_to(qtbot, box)
    qtbot.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(box, text)


def press_next(qtbot, lex):
    """Press Next if it can be pressed; return whether it could."""
    if not lex.next_button.isVisible() or not lex.next_button.isEnabled():
        return False
    press(qtbot, lex.next_button)
    return True


def reasons_by_keyboard(qtbot, lex):
    """Type a reason for each finding that asks for one: the cursor goes on by itself."""
    box = lex.checks_step.reasons
    for _ in box.findings:
        tab_to(qtbot, box.line)
        qtbot.keyClicks(box.line, WHY)
        qtbot.keyClick(box.line, ENTER)
        quiet(qtbot)


def in_window(qtbot):
    """The LEX page of a whole window, with the keyboard on its list of steps."""
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    QApplication.setActiveWindow(window)
    lex = window.page("LEX")
    quiet(qtbot)  # the clinic's lists are read beside
    lex.list.setFocus()
    return lex


def fetched(qtbot, server, password):
    """The LEX page with the one plan of a server, chosen with keys."""
    write_servers([server])
    lex = in_window(qtbot)
    box = lex.source_step.server_box
    paste(qtbot, box.password, password)
    qtbot.keyClick(box.password, ENTER)
    qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
    quiet(qtbot)
    return lex


def entries_of(case):
    """The entries of a case as the mapping of a TREATMENT.toml file."""
    entries = {key: value for key, value in asdict(case.treatment).items() if value is not None}
    couch = ("vertical_cm", "lateral_cm", "longitudinal_cm")
    entries["couch"] = {key: entries.pop(key) for key in couch if key in entries}
    for table in ("prescriptions", "fields"):
        entries[table] = {
            name: {key: value for key, value in row.items() if value is not None}
            for name, row in entries[table].items()
        }
    return entries


def opened(qtbot, monkeypatch, case, path, *, fill=True, real_systems=False, framed=False):
    """The page with the plan of a case, on its step of treatment data, everything entered."""
    choice = PatientChoice("Doe, Jane", case.trial.person.id, (PlanChoice("PELVIS", path),))
    plan = Chosen(path, Source(DICOM, path, (Reading(case.trial.name, case.trial),)), case.trial)
    monkeypatch.setattr("app.lex.gui.page.browse", lambda _: (choice,))
    monkeypatch.setattr("app.lex.gui.page.read_plan", lambda *_: plan)
    for module in () if real_systems else MODULES:
        monkeypatch.setattr(f"{module}.read_rv_system", lambda *_: case.system)
    for module in MODULES[:2]:
        monkeypatch.setattr(f"{module}.read_machine", lambda *_: case.machine)
    if framed:
        lex = in_window(qtbot)
    else:
        lex = LexPage(lambda *_: lambda _: [])
        qtbot.addWidget(lex)
        lex.resize(1000, 620)
        lex.show()
        QApplication.setActiveWindow(lex)
    lex.open_path(path)
    qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
    quiet(qtbot)
    lex.list.setFocus()
    while lex.stack.currentWidget() is not lex.treatment_step and press_next(qtbot, lex):
        pass
    if fill and lex.stack.currentWidget() is lex.treatment_step:
        lex.treatment_step.set_values(entries_of(case))
        quiet(qtbot)  # the lists of this machine are read beside
    return lex
