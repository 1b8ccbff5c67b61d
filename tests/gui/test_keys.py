"""The table of keys holds every key of the program: what it lacks the help lacks too."""

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton

import app
from app.help_book import read_page
from app.key_use import PORTABLE, pressed
from app.keys import KEYS, is_underlined, page_text
from tests.gui.all_pages import dialogs, filled_window, pages

CODE = Path(app.__file__).parent
FROM_THE_TABLE = (
    "room_sequence",
    "shipped_sequence",
    "shipped_sequences",
    "first",
    "does",
    "combines",
)


def sequences(widget):
    """Yield every key that works in a widget and below, but underlined letters, with its owner."""
    for action in widget.findChildren(QAction):
        yield from ((own.toString(PORTABLE), action.text()) for own in action.shortcuts())
    for shortcut in widget.findChildren(QShortcut):
        yield shortcut.key().toString(PORTABLE), "a shortcut"
    for button in widget.findChildren(QAbstractButton):
        yield button.shortcut().toString(PORTABLE), button.text()


def test_that_every_key_of_every_page_and_window_stands_in_the_table(tmp_path, qtbot):
    window = filled_window(tmp_path)
    qtbot.addWidget(window)
    found = set(sequences(window))
    for _ in pages(window):
        found |= set(sequences(window))
    for _, beside in dialogs(window):
        found |= set(sequences(beside))
    found = {(own, what) for own, what in found if own and not is_underlined(own)}
    assert {"Ctrl+K", "M", "Alt+1", "Ctrl+C", "F1", "Ctrl+F", "Alt+Left"} <= dict(found).keys()
    shipped = {own for one in KEYS.values() for own in one.keys}
    assert {(own, what) for own, what in found if own not in shipped} == set()


def test_that_the_code_takes_its_keys_from_the_table_alone():
    """No key is named anywhere else, neither for an action nor where one is pressed."""
    for file in sorted(CODE.rglob("*.py")):
        if file.name in ("keys.py", "key_use.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else ""
            place = f"{file.relative_to(CODE)}:{getattr(node, 'lineno', 0)}"
            assert not name.startswith("Key_"), place
            assert name != "StandardKey", place
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "QKeySequence", place


def test_that_every_entry_is_used_in_the_code_and_every_name_in_the_code_is_an_entry():
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(CODE.rglob("*.py"))
                   if file.name != "keys.py")  # fmt: skip
    asked = set(re.findall(r'"([a-z]+\.[a-z_0-9]+)"', text))
    own = {name for name in KEYS if "." in name and not name.startswith("room.")}
    assert own <= asked
    for words in re.findall(rf"(?:{'|'.join(FROM_THE_TABLE)})\((?:event, )?\"([^\"{{]+)\"", text):
        assert words in KEYS


def test_that_the_rooms_have_their_numbers(qtbot):
    from app.pages import ROOMS

    assert [name for name in KEYS if name.startswith("room.")] == [
        f"room.{number + 1}" for number in range(len(ROOMS))
    ]


@pytest.mark.parametrize("name", KEYS)
def test_that_a_key_is_written_as_qt_writes_it_and_stands_in_the_help(name):
    one = KEYS[name]
    rows = read_page("keys").text.split(f"## {one.place}\n")[1].split("## ")[0]
    row = next(line for line in rows.splitlines() if line.endswith(f"| {one.words} |"))
    for own in one.keys:
        assert QKeySequence.fromString(own, PORTABLE).toString(PORTABLE) == own
        assert f"`{own}`" in row


def test_that_the_help_page_is_as_the_table_is():
    assert read_page("keys").text == page_text()


@pytest.mark.parametrize(
    ("key", "modifier", "words"),
    [
        (Qt.Key.Key_Plus, "Shift", "+"),
        (Qt.Key.Key_W, "No", "W"),
        (Qt.Key.Key_0, "No", "0"),
        (Qt.Key.Key_PageUp, "Keypad", "PgUp"),
        (Qt.Key.Key_Escape, "No", "Esc"),
        (Qt.Key.Key_Enter, "Keypad", "Enter"),
    ],
)
def test_that_a_pressed_key_is_called_as_in_the_table(key, modifier, words):
    event = QKeyEvent(
        QKeyEvent.Type.KeyPress, key, getattr(Qt.KeyboardModifier, f"{modifier}Modifier")
    )
    assert pressed(event) == words
