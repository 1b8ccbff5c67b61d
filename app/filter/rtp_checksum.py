"""The 16-bit checksum of an RTP-Connect line, by tables.

CRC-16 with the polynomial x^16 + x^15 + x^2 + 1, least significant bit first, start value 0x0521
(interface document, appendix A; all public sample lines agree). The checksum is linear over XOR,
so each letter's share depends on its distance from the end only, and a whole piece of a line is
looked up at once.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

START = 0x0521
PIECE = 1024
"""Letters looked up at once; longer lines are taken in pieces, so that the table stays small."""


def _entry(number: int) -> int:
    for _ in range(8):
        number = number // 2 ^ (0xA001 if number % 2 else 0)
    return number


TABLE = tuple(_entry(number) for number in range(256))


@lru_cache(maxsize=1)
def _shares() -> NDArray[np.uint16]:
    """Return what a letter gives to the checksum: first axis letters behind it, second letter."""
    table = np.array(TABLE, np.uint16)
    shares = np.empty((PIECE, 256), np.uint16)
    shares[0] = table
    for behind in range(1, PIECE):
        before = shares[behind - 1]
        shares[behind] = (before >> 8) ^ table[before & 0xFF]
    return shares


def checksum(text: bytes) -> int:
    """Return the checksum of a line from its first quote through the comma before the checksum."""
    value = START
    for start in range(0, len(text), PIECE):
        value = _piece(value, text[start : start + PIECE])
    return value


def _piece(value: int, text: bytes) -> int:
    if len(text) < 2:
        return value >> 8 ^ TABLE[(value ^ text[0]) & 0xFF]
    letters = np.frombuffer(text, np.uint8).copy()
    # What came before acts like a change of the next two letters.
    letters[0] ^= value & 0xFF
    letters[1] ^= value >> 8
    behind = np.arange(len(letters) - 1, -1, -1)
    return int(np.bitwise_xor.reduce(_shares()[behind, letters]))
