"""Words can be read: contrast of at least 4.5:1 in both themes (WCAG 2.1, 1.4.3)."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from app.contrast import LEAST, PAIRS, contrast, readable
from app.style import FOLLOW, apply_scheme
from app.theme import LOOKS, PALETTES, palette


def test_that_black_on_white_has_the_contrast_of_the_standard():
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21.0)
    assert contrast(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", sorted(PALETTES))
@pytest.mark.parametrize(("words", "ground"), PAIRS)
def test_that_words_stand_out_from_their_ground(theme, words, ground):
    own = palette(theme)
    found = [own.color(QPalette.ColorRole[role]) for role in (words, ground)]
    assert contrast(*found) >= LEAST, found


@pytest.mark.parametrize("state", LOOKS)
def test_that_states_can_be_read_on_every_ground(state):
    look = LOOKS[state]
    assert contrast(QColor(look.banner), QColor(look.banner_text)) >= LEAST
    for theme, ink in (("Light", look.light), ("Dark", look.dark)):
        for role in ("Window", "Base", "AlternateBase"):
            assert contrast(QColor(ink), QColor(PALETTES[theme][role])) >= LEAST, (theme, role)


def own_palette(colours):
    made = QPalette()
    for role, value in colours.items():
        made.setColor(QPalette.ColorRole[role], QColor(value))
    return made


def unreadable(found):
    pairs = [[found.color(QPalette.ColorRole[role]) for role in pair] for pair in PAIRS]
    return [pair for pair, (ink, paper) in zip(PAIRS, pairs, strict=True)
            if ink.alpha() < 255 or contrast(ink, paper) < LEAST]  # fmt: skip


@pytest.mark.parametrize(("name", "ground"), [("Light", "#efefef"), ("Dark", "#323232")])
def test_that_words_can_be_read_where_the_system_is_followed(name, ground):
    """The style's own highlight and hints do not reach the contrast; its other colours stay."""
    system = QPalette(QColor(ground))
    system.setColor(QPalette.ColorRole.Highlight, QColor("#308cc6"))
    hint = QColor(system.text().color())
    hint.setAlpha(128)
    system.setColor(QPalette.ColorRole.PlaceholderText, hint)
    assert unreadable(system)
    made = readable(system, PALETTES[name])
    assert unreadable(made) == []
    assert made.window() == system.window()
    assert made.text() == system.text()


def test_that_the_colours_are_laid_on_anew_when_the_system_turns(qapp):
    apply_scheme(FOLLOW)
    assert unreadable(QGuiApplication.palette()) == []
    for name, is_followed in (("Light", False), (FOLLOW, True)):
        apply_scheme(name)
        qapp.setPalette(own_palette({"Highlight": "#ff0000"}))
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
        assert (QGuiApplication.palette().highlight().color().name() != "#ff0000") == is_followed
    apply_scheme(FOLLOW)


def test_that_a_system_in_high_contrast_stays_as_it_is():
    own = dict.fromkeys(PALETTES["Dark"], "#000000")
    own |= dict.fromkeys(("WindowText", "Text", "ButtonText", "ToolTipText"), "#ffffff")
    own |= {"PlaceholderText": "#00ff00", "Link": "#ffff00", "Highlight": "#1aebff"}
    made = readable(own_palette(own), PALETTES["Dark"])
    assert {role: made.color(QPalette.ColorRole[role]).name() for role in own} == own
