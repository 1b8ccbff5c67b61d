"""Words can be read: contrast of at least 4.5:1 in both themes (WCAG 2.1, 1.4.3)."""

import pytest
from PySide6.QtGui import QColor, QPalette

from app.theme import LOOKS, PALETTES, palette

LEAST = 4.5
PAIRS = (
    ("WindowText", "Window"), ("Text", "Base"), ("Text", "AlternateBase"),
    ("ButtonText", "Button"), ("HighlightedText", "Highlight"), ("ToolTipText", "ToolTipBase"),
    ("PlaceholderText", "Base"), ("PlaceholderText", "Window"), ("Link", "Base"),
    ("Link", "Window"),
)  # fmt: skip


def luminance(colour):
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dark = sorted((luminance(QColor(one)), luminance(QColor(other))), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_that_black_on_white_has_the_contrast_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", sorted(PALETTES))
@pytest.mark.parametrize(("words", "ground"), PAIRS)
def test_that_words_stand_out_from_their_ground(theme, words, ground):
    own = palette(theme)
    found = [own.color(QPalette.ColorRole[role]).name() for role in (words, ground)]
    assert contrast(*found) >= LEAST, found


@pytest.mark.parametrize("state", LOOKS)
def test_that_states_can_be_read_on_every_ground(state):
    look = LOOKS[state]
    assert contrast(look.banner, look.banner_text) >= LEAST
    for theme, ink in (("Light", look.light), ("Dark", look.dark)):
        for role in ("Window", "Base", "AlternateBase"):
            assert contrast(ink, PALETTES[theme][role]) >= LEAST, (theme, role)
