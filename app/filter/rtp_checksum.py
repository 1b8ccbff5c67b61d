"""The 16-bit checksum of an RTP-Connect line, by a table of 256 entries.

CRC-16 with the polynomial x^16 + x^15 + x^2 + 1, least significant bit first, start value 0x0521
(interface document, appendix A; all public sample lines agree).
"""

START = 0x0521


def _entry(number: int) -> int:
    for _ in range(8):
        number = number // 2 ^ (0xA001 if number % 2 else 0)
    return number


TABLE = tuple(_entry(number) for number in range(256))


def checksum(text: bytes) -> int:
    """Return the checksum of a line from its first quote through the comma before the checksum."""
    value, table = START, TABLE  # a local name is found faster, once per letter
    for letter in text:
        value = value >> 8 ^ table[(value ^ letter) & 0xFF]
    return value
