"""Ask a DICOM dataset for values; each miss is one sentence with keyword and place."""

import re
from dataclasses import dataclass
from math import isfinite

import pydicom
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from app.lex.dicom_file import DAMAGE
from core.errors import UnreadableFileError

_DECIMALS = re.compile(rb" *[-+0-9.eE]+ *(\\ *[-+0-9.eE]+ *)*[ \0]*")
_AGAIN = "Correct the plan in the planning system and export it again."


@dataclass(frozen=True, slots=True)
class Item:
    """A dataset or sequence item and where it lies, for messages.

    Attributes:
        where: File, beam and control point as the user knows them.

    """

    dataset: pydicom.Dataset
    where: str

    def fault(self, what: str, remedy: str = _AGAIN) -> UnreadableFileError:
        """Return an error that points at this item."""
        return UnreadableFileError(what, where=self.where, remedy=remedy)

    def at(self, place: str) -> "Item":
        """Return the same item under a more precise place."""
        return Item(self.dataset, place)

    def _values(self, keyword: str) -> list[object]:
        """Return the values of one element; empty when it is missing or has none.

        Raises:
            UnreadableFileError: The bytes of the element do not fit its type.

        """
        try:
            value = self.dataset.get(keyword)
        except DAMAGE as fault:
            raise self.fault(f"{keyword} cannot be read") from fault
        many = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
        return [] if all(one is None or one == "" for one in many) else many

    def _written(self, keyword: str) -> list[bytes]:
        """Return decimal strings as they stand in the file; empty when they must be decoded.

        A plan has hundreds of thousands of leaf positions; pydicom's own number objects would
        take most of the time of reading it.
        """
        tag = tag_for_keyword(keyword)
        raw = None if tag is None else self.dataset.get_item(tag)
        if not isinstance(raw, RawDataElement) or not isinstance(raw.value, bytes):
            return []
        if (raw.VR or dictionary_VR(raw.tag)) != "DS" or not _DECIMALS.fullmatch(raw.value):
            return []
        return raw.value.rstrip(b" \0").split(b"\\")

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return all numbers of an element; empty when it is missing or empty.

        Raises:
            UnreadableFileError: One of them is not a finite number.

        """
        found = []
        for value in self._written(keyword) or self._values(keyword):
            try:
                number = float(value)  # type: ignore[arg-type]  # anything else is the fault
            except (TypeError, ValueError, OverflowError):
                number = float("nan")
            if not isfinite(number):
                raise self.fault(f"{keyword} is {value!s:.40}, which is not a number")
            found.append(number)
        return tuple(found)

    def maybe(self, keyword: str) -> float | None:
        """Return the only number of an element, or None when it is missing or empty."""
        found = self.numbers(keyword)
        if len(found) > 1:
            raise self.fault(f"{keyword} has {len(found)} values where one is expected")
        return found[0] if found else None

    def number(self, keyword: str) -> float:
        """Return the only number of an element; refuse the plan when it is missing or empty."""
        found = self.maybe(keyword)
        if found is None:
            raise self.fault(f"{keyword} is missing or empty")
        return found

    def integer(self, keyword: str) -> int:
        """Return a whole number; refuse the plan when it is none."""
        found = self.number(keyword)
        if found % 1:
            raise self.fault(f"{keyword} is {found:g}, not a whole number")
        return int(found)

    def text(self, keyword: str) -> str:
        """Return the text of an element; "" when missing, several values joined by a comma."""
        try:
            return ", ".join(str(value).strip() for value in self._values(keyword))
        except DAMAGE as fault:
            raise self.fault(f"{keyword} cannot be read") from fault

    def first_text(self, *keywords: str) -> str:
        """Return the first of several elements that is not empty."""
        return next((text for text in map(self.text, keywords) if text), "")

    def items(self, keyword: str) -> tuple["Item", ...]:
        """Return the items of a sequence, in file order; empty when it is missing.

        Raises:
            UnreadableFileError: The element is not a sequence.

        """
        try:
            value = self.dataset.get(keyword)
            if value is None:
                return ()
            if not isinstance(value, pydicom.Sequence):
                raise self.fault(f"{keyword} is not a sequence")
            return tuple(Item(item, self.where) for item in value)
        except DAMAGE as fault:
            raise self.fault(f"{keyword} cannot be read") from fault
