"""Contrast of colours, and a palette whose words can be read (WCAG 2.2, 1.4.3)."""

from collections.abc import Mapping

from PySide6.QtGui import QColor, QPalette

LEAST = 4.5
# Words and the ground they stand on.
PAIRS = (
    ("WindowText", "Window"), ("Text", "Base"), ("Text", "AlternateBase"),
    ("ButtonText", "Button"), ("HighlightedText", "Highlight"), ("ToolTipText", "ToolTipBase"),
    ("PlaceholderText", "Base"), ("PlaceholderText", "Window"), ("Link", "Base"),
    ("Link", "Window"),
)  # fmt: skip


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: QColor) -> float:
    """Return the relative luminance of a colour, 0 to 1."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(system: QPalette, ours: Mapping[str, str]) -> QPalette:
    """Return the system's colours, with ours where words could not be read.

    A system in high contrast or in the user's own colours stays as it is; the style's usual
    highlight and hints do not reach the contrast.

    Args:
        system: The system's colours.
        ours: Colours by role; the words' colour is taken first, their ground only if need be.

    """
    made = QPalette(system)
    for pair in PAIRS:
        for role in pair:
            words, ground = (made.color(QPalette.ColorRole[name]) for name in pair)
            # Words that are let through to their ground are as pale as they are seen.
            if contrast(_over(words, ground), ground) >= LEAST:
                break
            made.setColor(QPalette.ColorRole[role], QColor(ours[role]))
    return made


def _over(words: QColor, ground: QColor) -> QColor:
    share, rest = words.alphaF(), 1 - words.alphaF()
    return QColor.fromRgbF(
        share * words.redF() + rest * ground.redF(),
        share * words.greenF() + rest * ground.greenF(),
        share * words.blueF() + rest * ground.blueF(),
    )
