"""Damage a file's bytes as broken transfers and hands do: for hypothesis."""

from hypothesis import strategies as st


@st.composite
def damages(draw, whole: bytes) -> bytes:
    """Cut the end, change a few bytes, or leave out a run of lines."""
    kind = draw(st.sampled_from(["cut", "bytes", "lines"]))
    if kind == "cut":
        return draw(cuts(whole))
    if kind == "lines":
        lines = whole.split(b"\n")
        first = draw(st.integers(0, len(lines) - 1))
        return b"\n".join(lines[:first] + lines[first + draw(st.integers(1, 5)) :])
    changed = bytearray(whole)
    for place in draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        changed[place] = draw(st.integers(0, 255))
    return bytes(changed)


@st.composite
def cuts(draw, whole: bytes) -> bytes:
    """Leave out the end."""
    return whole[: draw(st.integers(0, len(whole) - 1))]
