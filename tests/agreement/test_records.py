"""LEX's columns and checksum against the Filter's: name by name, digit by digit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filter.rtp_checksum import checksum as read_checksum
from app.filter.rtp_columns import columns
from app.lex.rtp_columns import LAYOUTS, has_record, layout
from app.lex.rtp_write import checksum as write_checksum
from tests.one_change.records import crc

RECORDS = (
    "PLAN_DEF", "EXTENDED_PLAN_DEF", "RX_DEF", "SITE_SETUP_DEF", "FIELD_DEF",
    "EXTENDED_FIELD_DEF", "CONTROL_PT_DEF", "DOSE_DEF",
)  # fmt: skip


def plain(name: str) -> str:
    return re.sub(r"^mlc_lp_?", "mlc_", name)


@pytest.mark.req("R-01", "L-24", "O-07")
@pytest.mark.parametrize("dialect", LAYOUTS)
@pytest.mark.parametrize("record", RECORDS)
def test_that_both_tables_name_the_same_columns_in_the_same_order(record, dialect):
    if not has_record(record, dialect):
        pytest.skip(f"{dialect} has no {record}")
    written = [plain(column.name) for column in layout(record, dialect)]
    read = columns(record, len(written) + 1)
    assert read is not None
    assert written == [plain(column.name) for column in read]


@pytest.mark.req("R-01", "O-07")
@given(st.binary(max_size=300))
def test_that_three_checksums_agree_on_any_bytes(data):
    assert read_checksum(data) == write_checksum(data) == crc(data)


@pytest.mark.req("R-01", "L-24")
@pytest.mark.parametrize("source", ["plan", "pinnacle_plan"])
def test_that_what_lex_writes_is_what_the_demonstration_was_made_from(demo, source):
    """Third witness: the numbers the demonstration set was written from by a third hand."""
    from app.demo.truth import PLAN
    from app.filter.rtp_read import plan_of
    from app.filter.rtp_text import parse
    from app.lex.sources import open_source
    from app.lex.transfer import prepare
    from app.lex.treatment import read_treatment

    trial = open_source(getattr(demo, source)).trials[0]
    fields = plan_of(parse(prepare(trial, read_treatment(demo.treatment)).data, "written")).fields
    assert len(fields) == len(PLAN.beams)
    for field, beam in zip(fields, PLAN.beams, strict=True):
        points = beam.points()
        assert float(field.mu) == pytest.approx(beam.mu, abs=0.005)
        assert float(field.gantry_deg) == pytest.approx(points[0].gantry_deg % 360, abs=0.05)
        for found, true in zip(field.control_points, points, strict=False):
            assert float(found.gantry_deg) == pytest.approx(true.gantry_deg % 360, abs=0.05)
            if found.layers:
                pairs = zip(found.layers[0].a_mm, found.layers[0].b_mm, strict=True)
                tips = [(float(a), float(b)) for a, b in pairs]
                assert tips == [pytest.approx(pair, abs=0.05) for pair in true.leaves]
