"""Values picked from a Pinnacle stream by their path, as text, number or yes/no."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.filter.pinnacle_stream import Entry
from app.filter.plan_scale import number_of
from core.errors import UnreadableRecordError

SAVE_AGAIN = "Save the plan in Pinnacle and copy the whole plan folder again."


@dataclass(frozen=True, slots=True)
class Keys:
    """Values below one object, by their path from there; `where` names the object to people."""

    where: str
    entries: Mapping[str, Entry]

    def fault(self, key: str, what: str) -> UnreadableRecordError:
        """Return the error for one value, ready to be raised."""
        entry = self.entries.get(key)
        place = f"{self.where}, {key}" + (f", line {entry.line}" if entry else "")
        return UnreadableRecordError(what, where=place, remedy=SAVE_AGAIN)

    def text(self, key: str) -> str:
        """Return a value as text; empty when absent.

        Raises:
            UnreadableRecordError: The key stands twice, so neither value can be trusted.

        """
        if f"{key}[1]" in self.entries:
            raise self.fault(key, "the value stands twice")
        entry = self.entries.get(key)
        return entry.value.strip() if entry else ""

    def number(self, key: str) -> Decimal | None:
        """Return a number with its digits; None when absent or empty."""
        text = self.text(key)
        if not text:
            return None
        try:
            return number_of(text)
        except ValueError as fault:
            raise self.fault(key, f"{text[:40]!r} is {fault}") from fault

    def need(self, key: str) -> Decimal:
        """Return a number that has to be there."""
        number = self.number(key)
        if number is None:
            raise self.fault(key, "the value is missing")
        return number

    def whole(self, key: str) -> int | None:
        """Return a whole number; None when absent."""
        number = self.number(key)
        if number is not None and number != number.to_integral_value():
            raise self.fault(key, f"{number} is not a whole number")
        return None if number is None else int(number)

    def flag(self, key: str) -> bool | None:
        """Return a 0/1 value; None when absent."""
        number = self.whole(key)
        if number not in (None, 0, 1):
            raise self.fault(key, f"{number} is neither 0 nor 1")
        return None if number is None else bool(number)

    def pairs(self, key: str) -> tuple[tuple[Decimal, Decimal], ...]:
        """Return a block of points of two coordinates each; empty when absent."""
        words = [word for word in self.text(key).replace("\n", ",").split(",") if word.strip()]
        try:
            numbers = [number_of(word) for word in words]
        except ValueError as fault:
            raise self.fault(key, f"a point holds {fault}") from fault
        if len(numbers) % 2:
            raise self.fault(key, f"{len(numbers)} numbers do not make pairs")
        return tuple(zip(numbers[::2], numbers[1::2], strict=True))

    def holds(self, prefix: str) -> bool:
        """Tell whether anything stands below the object `prefix`."""
        return any(path.startswith(f"{prefix}.") for path in self.entries)

    def listed(self, name: str) -> tuple["Keys", ...]:
        """Return the members ``name[0]``, ``name[1]`` ... of a list, in file order."""
        return self._members(re.compile(re.escape(name) + r"\[(\d+)\]\.(.+)"), name)

    def numbered(self, name: str) -> tuple["Keys", ...]:
        """Return the members ``name.#0``, ``name.#1`` ... (``#0`` ... when `name` is empty).

        Raises:
            UnreadableRecordError: The numbers do not count up from 0.

        """
        prefix = f"{name}." if name else ""
        return self._members(re.compile(re.escape(prefix) + r"#(\d+)\.(.+)"), name)

    def _members(self, pattern: re.Pattern[str], name: str) -> tuple["Keys", ...]:
        members: dict[int, dict[str, Entry]] = {}
        for path, entry in self.entries.items():
            if match := pattern.fullmatch(path):
                members.setdefault(int(match[1]), {})[match[2]] = entry
        if list(members) != list(range(len(members))):
            raise self.fault(name, f"the members {list(members)[:5]} do not count up from 0")
        word = name.rsplit(".", 1)[-1] or "object"
        return tuple(Keys(f"{self.where}, {word} {k}", found) for k, found in members.items())

    def at(self, where: str) -> "Keys":
        """Return the same values under a better name."""
        return Keys(where, self.entries)


def keys_of(entries: Iterable[Entry], where: str) -> Keys:
    """Return the values of a whole file."""
    return Keys(where, {entry.path: entry for entry in entries})
