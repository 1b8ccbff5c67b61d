"""Whatever happens to a file: a plan or one sentence, and the bytes come back unchanged."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.filter.rtp_check import check_file
from app.filter.rtp_read import plan_of
from app.filter.rtp_show import describe, table
from app.filter.rtp_text import parse
from core.errors import RemedyError
from core.findings import State
from tests.filter.rtp_samples import crc, export, extended, field, line, point, whole

MANY = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WHOLE = whole()


def survive(data):
    """Read `data` in every way there is; return the plan, or None where it is refused."""
    try:
        file = parse(data, "export.rtp")
    except RemedyError as fault:
        assert_that_it_is_one_sentence(fault)
        return None
    assert file.to_bytes() == data
    assert describe(file)["records"]
    assert table(file)
    findings = check_file(file)
    try:
        plan = plan_of(file)
    except RemedyError as fault:
        assert_that_it_is_one_sentence(fault)
        assert any(one.state == State.ERROR for one in findings)  # never "pass" on a refused file
        return None
    return plan


def assert_that_it_is_one_sentence(fault):
    assert fault.what
    assert fault.where.startswith("export.rtp")
    assert fault.remedy[0].isupper()
    assert "\n" not in fault.what


@MANY
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_that_one_changed_byte_gives_a_sentence_or_the_same_plan(place, letter):
    data = WHOLE[:place] + bytes([letter]) + WHOLE[place + 1 :]
    plan = survive(data)
    if plan is not None and data != WHOLE:
        # Only line ends, case of keywords and the like may change without the checksum noticing.
        assert plan.fields == plan_of(parse(WHOLE, "export.rtp")).fields


@MANY
@given(st.integers(0, len(WHOLE)), st.integers(0, 400))
def test_that_a_missing_piece_gives_a_sentence_or_a_plan(start, length):
    survive(WHOLE[:start] + WHOLE[start + length :])


@MANY
@given(st.integers(0, len(WHOLE)), st.binary(max_size=20))
def test_that_an_inserted_piece_gives_a_sentence_or_a_plan(place, piece):
    survive(WHOLE[:place] + piece + WHOLE[place:])


@MANY
@given(st.binary(max_size=300))
@example(b'"PLAN_DEF"')
@example(b'""')
@example(b'"')
@example(b'"PLAN_DEF","","","')
def test_that_random_bytes_give_a_sentence(data):
    survive(data)


@MANY
@given(st.permutations(range(7)), st.integers(1, 7))
def test_that_lines_in_another_order_give_a_sentence_or_a_plan(order, count):
    lines = WHOLE.split(b"\r\n")
    survive(b"\r\n".join(lines[place] for place in order[:count]))


ODD = st.one_of(
    st.sampled_from(["", " ", "?", "0", "-1", "1e5", "NaN", "inf", "-0", ".", "999999999999999",
                     "9" * 40, "CW", "IN", "Sym", "2", "1", "5", "³", "1.0000000000001"]),
    st.text(st.characters(codec="cp1252", min_codepoint=32, exclude_characters='"'), max_size=8),
    st.decimals(-1000, 1000, places=3).map(str),
)  # fmt: skip


def resealed(raw, place, cell):
    """Return a line with one cell changed and its checksum right again."""
    cells = raw[1:-1].split(b'","')[:-1]
    cells[place % len(cells)] = cell.encode("cp1252")
    body = b"".join(b'"' + one + b'",' for one in cells)
    return body + f'"{crc(body)}"'.encode()


@settings(max_examples=800, deadline=None)
@given(st.integers(0, 6), st.integers(0, 60), ODD, st.integers(0, 6), st.integers(0, 60), ODD)
def test_that_any_text_in_any_cell_gives_a_sentence_or_a_plan(
    row, place, cell, row2, place2, cell2
):
    lines = WHOLE.split(b"\r\n")
    lines[row] = resealed(lines[row], place, cell)
    lines[row2] = resealed(lines[row2], place2, cell2)
    survive(b"\r\n".join(lines))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 5), st.integers(1, 250))
def test_that_a_record_of_any_length_gives_a_sentence_or_a_plan(row, count):
    lines = WHOLE.split(b"\r\n")
    cells = [cell.decode() for cell in lines[row][1:-1].split(b'","')[:-1]]
    cells = (cells + ["7"] * 250)[:count]
    lines[row] = line(*cells, end=b"")
    survive(b"\r\n".join(lines))


@pytest.mark.parametrize("scale", ["1", "2", ""])
@settings(max_examples=60, deadline=None)
@given(
    leaves=st.lists(st.decimals(-30, 30, places=2), min_size=2, max_size=40),
    kind=st.sampled_from(["2", "4", "5", "11"]),
)
def test_that_leaves_anywhere_give_a_plan_or_a_reason(scale, leaves, kind):
    half = len(leaves) // 2
    banks = ([str(tip) for tip in leaves[:half]], [str(tip) for tip in leaves[half : 2 * half]])
    points = [point(n, leaves=banks, scale_convention=scale, mlc_type=kind) for n in (0, 1)]
    plan = survive(export(field(), extended(), *points))
    (one,) = plan.fields
    held = all(len(p.layers[0].a_mm) == half for p in one.control_points if p.layers)
    assert held
    assert bool(dict(one.unread).get("mlc")) == (not one.control_points[0].layers)
