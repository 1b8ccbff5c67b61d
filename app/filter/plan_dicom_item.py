"""One DICOM data set or sequence item, asked by keyword; numbers come from the text as written."""

import struct
import zlib
from dataclasses import dataclass
from decimal import Decimal

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.multival import MultiValue

from app.filter.plan_scale import number_of
from core.errors import UnreadableRecordError

PARSER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What the DICOM toolkit is known to raise on damaged bytes."""

EXPORT_AGAIN = "Export the plan again from its system and open the new file."


@dataclass(frozen=True, slots=True)
class Item:
    """A data set and the words that say where it stands, e.g. "RP.dcm, beam 2 (AP)"."""

    dataset: Dataset
    where: str

    def fault(self, keyword: str, what: str) -> UnreadableRecordError:
        """Return the error for one attribute of this item, ready to be raised."""
        return UnreadableRecordError(what, where=f"{self.where}, {keyword}", remedy=EXPORT_AGAIN)

    def has(self, keyword: str) -> bool:
        """Tell whether the attribute is there at all, filled or empty."""
        return keyword in self.dataset

    def text(self, keyword: str) -> str:
        """Return the attribute as text without padding; empty when absent."""
        try:
            value = self.dataset[keyword].value if keyword in self.dataset else None
            parts = value if isinstance(value, MultiValue) else (value,)
            words = "\\".join("" if part is None else str(part) for part in parts)
        except PARSER_FAULTS as fault:
            raise self.fault(keyword, "the text cannot be read") from fault
        return words.strip(" \0\r\n\t")

    def word(self, keyword: str) -> str:
        """Return a coded word (VR CS) in capitals; empty when absent."""
        return self._written(keyword).upper()

    def number(self, keyword: str) -> Decimal | None:
        """Return one number with the digits as written; None when absent or empty.

        Raises:
            UnreadableRecordError: The text is no finite number, or there are several.

        """
        numbers = self.numbers(keyword)
        if len(numbers) > 1:
            raise self.fault(keyword, f"{len(numbers)} values stand where one belongs")
        return numbers[0] if numbers else None

    def numbers(self, keyword: str) -> tuple[Decimal, ...]:
        """Return all values of the attribute; empty when absent or empty."""
        written = self._written(keyword)
        if not written:
            return ()
        try:
            return tuple(number_of(part) for part in written.split("\\"))
        except ValueError as fault:
            raise self.fault(keyword, f"{fault} in {written[:60]!r}") from fault

    def whole(self, keyword: str) -> int | None:
        """Return one whole number; None when absent or empty."""
        number = self.number(keyword)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise self.fault(keyword, f"{number} is not a whole number")
        return int(number)

    def need(self, keyword: str) -> Decimal:
        """Return one number that has to be there."""
        number = self.number(keyword)
        if number is None:
            raise self.fault(keyword, "the value is empty" if self.has(keyword) else "missing")
        return number

    def items(self, keyword: str, word: str) -> tuple["Item", ...]:
        """Return the items of a sequence; `word` names one of them in error messages."""
        try:
            value = self.dataset[keyword].value if keyword in self.dataset else None
            found = [] if value is None else list(value)
        except PARSER_FAULTS as fault:
            raise self.fault(keyword, "the sequence cannot be read") from fault
        if not all(isinstance(item, Dataset) for item in found):
            raise self.fault(keyword, "no sequence stands where one belongs")
        return tuple(
            Item(item, f"{self.where}, {word} {number}") for number, item in enumerate(found)
        )

    def at(self, where: str) -> "Item":
        """Return the same item under a better name."""
        return Item(self.dataset, where)

    def _written(self, keyword: str) -> str:
        tag = tag_for_keyword(keyword)
        try:
            element = None if tag is None else self.dataset.get_item(tag)
            value = None if element is None else element.value
            if isinstance(value, bytes):
                value = value.decode("ascii")
            elif isinstance(value, MultiValue):
                value = "\\".join(str(part) for part in value)
        except PARSER_FAULTS as fault:
            raise self.fault(keyword, "the value cannot be read") from fault
        return "" if value is None else str(value).strip(" \0\r\n\t")
