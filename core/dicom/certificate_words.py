"""What an assertion of the geometry certificate answers, and how names and places are written."""

from core.findings import State

Answer = tuple[State, list[str]]
NAMES_SHOWN = 6


def answered(found: list[tuple[State, str]], otherwise: list[str]) -> Answer:
    """Return the worst state with all that was found, worst first; else a pass."""
    if not found:
        return State.PASS, otherwise
    order = list(State)
    worst = min((state for state, _ in found), key=order.index)
    ranked = sorted(found, key=lambda pair: order.index(pair[0]))
    return worst, [words for _, words in ranked]


def listed(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def uid_end(uid: str) -> str:
    """Return the end of a UID."""
    return f"...{uid[-12:]}"


def point_words(point: tuple[float, float, float]) -> str:
    """Return a patient point."""
    return "({:.1f}, {:.1f}, {:.1f}) mm".format(*point)
