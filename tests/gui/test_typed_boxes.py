"""Whatever mark is typed into a number box, no box of the program makes another number of it."""

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from app.lex.gui.entry_box import EntryBox
from app.lex.gui.entry_tables import FieldTable
from app.lex.gui.number_box import EMPTY, DecimalBox, WholeBox
from app.typed_box import DecimalSpin, WholeSpin
from tests.gui.all_pages import dialogs, filled_window, pages, shown

LOCALES = ("en_US", "de_DE", "fr_FR", "de_CH", "ar_EG")
"""Parting decimals by point or comma, thousands by comma, point, space, apostrophe."""


@pytest.fixture(params=LOCALES)
def locale(request):
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield QLocale()
    QLocale.setDefault(before)


@pytest.fixture
def typed(qtbot):
    """Type into a box among others, as a person does, and go on to the next one."""
    page = QWidget()

    def enter(box, text):
        after = QLineEdit()
        column = QVBoxLayout(page)
        column.addWidget(box)
        column.addWidget(after)
        qtbot.addWidget(page)
        page.show()
        page.activateWindow()
        qtbot.waitUntil(page.isActiveWindow)
        box.setFocus()
        box.lineEdit().selectAll()
        QTest.keyClicks(box, text)
        seen = box.value()
        after.setFocus()
        qtbot.waitUntil(after.hasFocus)
        return seen

    yield enter
    page.close()


def decimal_box():
    box = DecimalSpin()
    box.setRange(-5000, 5000)
    box.setDecimals(2)
    box.setPrefix("a.b, ")
    box.setSuffix(" cm.")
    return box


def whole_box():
    box = WholeSpin()
    box.setRange(-5000, 5000)
    return box


@pytest.mark.parametrize(
    ("text", "value"),
    [("12.5", 12.5), ("12,5", 12.5), ("-3,25", -3.25), (".5", 0.5), ("100", 100.0), ("7", 7.0)],
)
def test_that_point_and_comma_both_part_decimals(locale, typed, text, value):
    box = decimal_box()
    assert typed(box, text) == value
    assert box.value() == value
    assert box.text() == f"a.b, {locale.toString(value, 'f', 2)} cm."


@pytest.mark.parametrize("text", ["1.234,5", "1,234.5", "1.2.5", "1,2,5"])
def test_that_two_marks_are_no_number(locale, typed, text):
    box = decimal_box()
    box.setValue(40)
    assert typed(box, text) == 40
    assert box.value() == 40
    assert box.text() == f"a.b, {locale.toString(box.value(), 'f', 2)} cm."


@pytest.mark.parametrize("text", ["1.5", "1,5", "1.000", "1,000"])
def test_that_a_whole_number_has_no_mark(locale, typed, text):
    box = whole_box()
    box.setValue(7)
    assert typed(box, text) == 7
    assert (box.value(), box.text()) == (7, locale.toString(7))


@pytest.mark.parametrize("text", ["136555", "--1", "125 mm", "1 2", "9a"])
@pytest.mark.parametrize("make", ["whole", "decimal"])
def test_that_no_key_is_dropped_from_a_number(locale, typed, make, text):
    """What cannot be a number of the box stays in sight, and the number before stands."""
    box = whole_box() if make == "whole" else decimal_box()
    box.setValue(40)
    shown = box.text()
    after = []
    box.valueChanged.connect(after.append)
    assert typed(box, text) == 40
    assert (box.value(), box.text()) == (40, shown)
    assert after[-1:] in ([], [40])


def box_of(make, suffix=" cm", prefix="", words=""):
    box = (WholeSpin if make == "whole" else DecimalSpin)()
    box.setRange(0, 100)
    box.setPrefix(prefix)
    box.setSuffix(suffix)
    box.setSpecialValueText(words)
    return box


@pytest.mark.parametrize(
    ("suffix", "text"),
    [(" cm", "12 cm"), (" cm", "12cm"), (" %", "12 %"), (" %", "12%"), (" cm.", "12 cm. ")],
)
@pytest.mark.parametrize("make", ["whole", "decimal"])
def test_that_the_unit_of_the_box_may_be_typed(locale, typed, make, suffix, text):
    box = box_of(make, suffix, prefix="depth: ")
    assert typed(box, text) == 12
    assert box.value() == 12
    assert box.text() == f"depth: {box.textFromValue(12)}{suffix}"


@pytest.mark.parametrize("text", ["12 mm", "12mm", "12 m", "1 2 cm", "12 cm3"])
@pytest.mark.parametrize("make", ["whole", "decimal"])
def test_that_another_unit_stays_in_sight_and_does_not_count(qtbot, make, text):
    box = box_of(make)
    box.setValue(40)
    qtbot.addWidget(box)
    box.show()
    box.lineEdit().selectAll()
    QTest.keyClicks(box, text)
    assert box.value() == 40
    assert text in box.text()


@pytest.mark.parametrize("at", range(12))
@pytest.mark.parametrize(("prefix", "words"), [("", "not known"), ("pixel: ", "pixel: file")])
@pytest.mark.parametrize("make", ["whole", "decimal"])
def test_that_a_number_is_typed_into_the_words_for_none(
    locale, typed, qtbot, make, prefix, words, at
):
    box = box_of(make, " mm", prefix, words)
    box.setMinimumWidth(300)
    qtbot.addWidget(box)
    box.show()
    box.setFocus()
    QTest.mouseClick(box.lineEdit(), Qt.MouseButton.LeftButton)
    box.lineEdit().setCursorPosition(at)
    QTest.keyClicks(box.lineEdit(), "12")
    assert box.value() == 12
    assert box.text() == f"{prefix}12 mm"
    box.setValue(0)
    assert (box.value(), box.text()) == (0, words)
    QTest.keyClick(box.lineEdit(), Qt.Key.Key_Backspace)
    QTest.keyClicks(box.lineEdit(), "7 mm")
    assert (box.value(), box.text()) == (7, f"{prefix}7 mm")


def test_that_words_typed_into_the_words_for_none_are_no_number(typed):
    box = box_of("whole", words="not known")
    assert typed(box, "known") == 0
    assert box.text() == "not known"


@pytest.mark.parametrize("make", ["whole", "decimal"])
def test_that_text_and_number_agree_when_the_limits_change(qtbot, make):
    box, told = box_of(make, words="none"), []
    box.setValue(40)
    qtbot.addWidget(box)
    box.show()
    box.valueChanged.connect(lambda number: told.append((number, box.value())))
    box.setMaximum(30)
    assert (box.value(), box.text()) == (30, f"{box.textFromValue(30)} cm")
    QTest.keyClicks(box, "x")
    assert box.value() == 30  # what counts while no number is in sight
    box.setRange(10, 20)
    assert (box.value(), box.text()) == (20, f"{box.textFromValue(20)} cm")
    QTest.keyClicks(box, "x")
    box.setMaximum(25)
    assert (box.value(), "x" in box.text()) == (20, True)  # nothing was held to the limits
    box.setMinimum(50)
    assert (box.value(), box.text()) == (50, "none")
    assert told == [(30, 30), (20, 20), (50, 50)]
    QTest.keyClicks(box, "x")
    assert box.value() == 50


def test_that_a_number_too_long_can_be_shortened(locale, typed, qtbot):
    box = decimal_box()
    typed(box, "")
    box.setFocus()
    box.lineEdit().selectAll()
    QTest.keyClicks(box, "13655")
    assert box.value() == 0
    QTest.keyClick(box, Qt.Key.Key_0)
    QTest.keyClick(box, Qt.Key.Key_Backspace)
    QTest.keyClick(box, Qt.Key.Key_Backspace)
    assert box.value() == 1365
    box.setValue(40)
    for _ in range(9):  # the words around the number cannot be rubbed out
        QTest.keyClick(box, Qt.Key.Key_End)
        QTest.keyClick(box, Qt.Key.Key_Backspace)
    assert (box.value(), box.text()[-4:]) == (40, " cm.")
    QTest.keyClick(box, Qt.Key.Key_Up)
    QTest.keyClicks(box, "x")
    assert box.value() == 41


@pytest.mark.parametrize("text", ["1365", "1365,5", "125 mm", "1 2"])
def test_that_lex_takes_what_is_no_number_of_the_box_for_not_entered(locale, typed, text):
    box = DecimalBox(-100, 200, 1, "cm")
    box.set_number(12.5)
    typed(box, text)
    assert (box.number(), box.text()) == (None, EMPTY)


def test_that_a_box_without_decimals_drops_no_mark(locale, typed):
    box = decimal_box()
    box.setDecimals(0)
    typed(box, "9.5")
    assert box.value() == 0


@pytest.mark.parametrize("text", ["1.5", "1,5", "1.000", "1,000"])
def test_that_lex_takes_what_is_no_whole_number_for_not_entered(locale, typed, text):
    box = WholeBox(1, 5000)
    box.set_number(4)
    told = []
    box.entered.connect(lambda: told.append(box.number()))
    typed(box, text)
    assert (box.number(), box.text()) == (None, EMPTY)
    assert told[-1] is None


@pytest.mark.parametrize(("text", "value"), [("12.5", 12.5), ("12,5", 12.5), ("1.234,5", None)])
def test_that_lex_shows_the_couch_position_it_takes(locale, typed, text, value):
    box = DecimalBox(-100, 200, 1, "cm")
    told = []
    box.entered.connect(lambda: told.append(box.number()))
    typed(box, text)
    assert box.number() == told[-1] == value
    assert box.text() == (EMPTY if value is None else f"{locale.toString(value, 'f', 1)} cm")


def test_that_an_emptied_box_of_lex_is_not_entered(qtbot, typed):
    box = DecimalBox(-100, 200, 1, "cm")
    box.set_number(12.5)
    qtbot.addWidget(box)
    box.show()
    box.setFocus()
    box.lineEdit().selectAll()
    QTest.keyClick(box, Qt.Key.Key_Delete)
    assert box.number() is None


@pytest.mark.parametrize("text", ["1.000", "1,000", "6.5", "6,5"])
@pytest.mark.parametrize("unit", ["MU/min", ""])
def test_that_a_dose_rate_with_a_mark_stays_a_text_for_the_checks(locale, qtbot, text, unit):
    box = EntryBox(limits=(1, 9999), unit=unit)
    qtbot.addWidget(box)
    QTest.keyClicks(box.lineEdit(), text)
    assert box.value() == text
    table = FieldTable()
    qtbot.addWidget(table)
    table.show_beams(("AP",), {}, {})
    table.put(0, 2, text)
    assert table.values()["AP"]["dose_rate_mu_min"] == text


def test_that_a_form_without_a_word_about_gating_leaves_the_tick(qtbot):
    table = FieldTable()
    qtbot.addWidget(table)
    table.show_beams(("AP",), {"AP": {"gated": True}}, {})
    table.set_values({})
    assert table.values()["AP"] == {"gated": True}
    table.set_values({"AP": {"gated": False}})
    assert table.values()["AP"] == {}


@pytest.mark.parametrize("locale", ["en_US", "de_DE"], indirect=True)
def test_that_no_box_of_the_program_makes_25_of_two_and_a_half(locale, qtbot, tmp_path):
    window = filled_window(tmp_path)
    qtbot.addWidget(window)
    tried = set()
    for name in pages(window):
        tried |= {try_box(name, box) for box in boxes_of(window)}
    for name, beside in dialogs(window):
        tried |= {try_box(name, box) for box in boxes_of(beside)}
    assert len(tried) > 25


def boxes_of(window):
    """Return the number boxes in sight that can be typed into."""
    kinds = (QSpinBox, QDoubleSpinBox)
    return [box for kind in kinds for box in shown(window, kind) if box.isEnabled()]


def try_box(page, box):
    """Type into a box without telling anybody, and put back what stood there."""
    name = f"{page}, {box.accessibleName()}"
    before = box.value()
    box.blockSignals(True)
    for text in ("2.5", "2,5"):
        box.lineEdit().selectAll()
        QTest.keyClicks(box.lineEdit(), text)
        box.interpretText()
        whole = isinstance(box, QSpinBox) or not box.decimals()
        if not whole and box.minimum() <= 2 and box.maximum() >= 2.5:
            assert box.value() == 2.5, name
        assert box.value() in (2.5, box.minimum(), before), name
        box.setValue(before)
    box.blockSignals(False)
    return name
