"""Framing: what is read is written back byte by byte; what is no export is refused in words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filter.rtp_checksum import TABLE, checksum
from app.filter.rtp_text import parse, read_file, require_checksums
from core.errors import UnreadableFileError, UnreadableRecordError
from tests.filter.rtp_samples import crc, export, field, line, plan, whole

RX = b'"RX_DEF","2","test PRO","","Xrays","","","","","","","2",'


def names(file):
    return [record.keyword for record in file.records]


def test_that_the_checksum_of_a_published_line_is_the_published_one():
    assert checksum(RX) == 59963
    assert checksum(b'"') == 0x0145


def test_that_the_table_is_that_of_the_polynomial():
    assert (len(TABLE), TABLE[1], TABLE[255]) == (256, 0xC0C1, 0x4040)


@given(st.binary(max_size=300))
def test_that_the_checksum_by_table_is_the_one_bit_by_bit(data):
    assert checksum(data) == crc(data)


@pytest.mark.req("R-02")
def test_that_every_sample_comes_back_byte_by_byte(shared_data):
    samples = sorted((shared_data / "rtp").glob("*.rtp"))
    assert len(samples) >= 15
    for path in samples:
        assert read_file(path).to_bytes() == path.read_bytes(), path.name


@pytest.mark.req("R-02")
def test_that_every_checksum_of_the_real_samples_fits_but_those_made_wrong(shared_data):
    wrong = {
        path.name: [record.number for record in read_file(path).records
                    if record.stored != record.computed]
        for path in sorted((shared_data / "rtp").glob("*.rtp"))
    }  # fmt: skip
    assert {name: lines for name, lines in wrong.items() if lines} == {"invalid_crc.rtp": [1, 2]}


@pytest.mark.parametrize("end", [b"\r\n", b"\n\r", b"\n", b"\r"])
def test_that_every_line_end_is_read_and_kept(end):
    data = line("PLAN_DEF", "1", end=end) + line("RX_DEF", "2", end=end) + line("X_DEF", end=b"")
    file = parse(data, "x.rtp")
    assert names(file) == ["PLAN_DEF", "RX_DEF", "X_DEF"]
    assert [record.number for record in file.records] == [1, 2, 3]
    assert file.to_bytes() == data
    require_checksums(file)


@pytest.mark.parametrize("tail", [b"\x1a", b"\r\n\x1a", b"\r\n\r\n", b"  \r\n", b"\x1a\x1a\r\n"])
def test_that_ctrl_z_and_blank_lines_at_the_end_are_kept(tail):
    file = parse(whole() + tail, "x.rtp")
    assert len(file.records) == 7
    assert file.to_bytes() == whole() + tail
    require_checksums(file)


def test_that_blanks_around_a_line_are_kept_and_do_not_count_for_the_checksum():
    data = b"  " + line("PLAN_DEF", "1", end=b" \r\n")
    file = parse(data, "x.rtp")
    assert file.to_bytes() == data
    require_checksums(file)


def test_that_padding_counts_for_the_checksum_and_a_padded_checksum_is_read():
    body = b'"PLAN_DEF","  12 ",'
    file = parse(body + f'"  {crc(body)} "'.encode(), "x.rtp")
    require_checksums(file)
    assert file.records[0].cells[1] == "  12 "


def test_that_a_comma_a_doubled_quote_and_the_separator_itself_may_stand_in_a_value():
    data = line("PLAN_DEF", "Joe, John", 'John ""J"" Joe', 'a"",""b')
    (record,) = parse(data, "x.rtp").records
    assert record.cells[1:4] == ("Joe, John", 'John "J" Joe', 'a","b')
    assert record.odd == ""


def test_that_a_line_with_a_bare_quote_is_parted_at_the_separators_and_reported():
    data = line("PLAN_DEF", 'John"Joe', "next")
    (record,) = parse(data, "x.rtp").records
    assert record.cells[1:3] == ('John"Joe', "next")
    assert record.odd == "a quote stands alone inside a value"
    assert record.stored == record.computed


def test_that_letters_of_windows_are_read_and_undefined_ones_kept():
    data = line("PLAN_DEF", b"\xc5se \x80 \x8d \xb0")
    (record,) = parse(data, "x.rtp").records
    assert record.cells[1] == "Åse € \x8d °"
    assert parse(data, "x.rtp").to_bytes() == data


def test_that_an_unknown_record_and_a_keyword_in_lower_case_are_kept():
    data = line("plan_def", "1") + line("NEW_DEF", "a", "b")
    file = parse(data, "x.rtp")
    assert names(file) == ["PLAN_DEF", "NEW_DEF"]
    assert file.to_bytes() == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"\xff\xfe" + '"PLAN_DEF"'.encode("utf-16-le"), "UTF-16"),
        ('"PLAN_DEF","1"'.encode("utf-16-le"), "binary"),
        (b"\xef\xbb\xbf" + line("PLAN_DEF"), "UTF-8"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"PK\x03\x04" + b"\x00" * 40, "zip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x00" * 128 + b"DICM" + b"\x02\x00" * 40, "DICOM"),
        (bytes(range(256)) * 4, "binary"),
        (b"Trial ={\n  Name = \"Trial_1\";\n};\n", "quoted values"),
        (b'{"a": 1}', "JSON"),
    ],
)  # fmt: skip
@pytest.mark.req("R-02")
def test_that_a_file_of_another_kind_is_refused_in_words(data, words):
    with pytest.raises(UnreadableFileError) as caught:
        parse(data, "export.rtp")
    assert words in caught.value.what
    assert caught.value.where == "export.rtp"
    assert caught.value.remedy


def test_that_a_line_without_quotes_is_named(tmp_path):
    path = tmp_path / "export.rtp"
    path.write_bytes(line("PLAN_DEF", "1") + b'RX_DEF,1,"a"\r\n')
    with pytest.raises(UnreadableRecordError) as caught:
        read_file(path)
    assert caught.value.where == "export.rtp, line 2"
    assert "RX_DEF,1" in caught.value.what


def test_that_a_file_that_is_not_there_and_a_folder_are_refused_in_words(tmp_path):
    for path in (tmp_path / "gone.rtp", tmp_path):
        with pytest.raises(UnreadableFileError) as caught:
            read_file(path)
        assert caught.value.where == str(path)


@pytest.mark.req("R-02")
def test_that_a_changed_letter_is_refused_with_line_record_and_both_checksums():
    data = export(field()).replace(b'"315.0"', b'"316.0"')
    right = parse(data, "x.rtp").records[3]
    with pytest.raises(UnreadableRecordError) as caught:
        require_checksums(parse(data, "export.rtp"))
    assert caught.value.where == "export.rtp, line 4, FIELD_DEF"
    assert str(right.stored) in caught.value.what
    assert str(right.computed) in caught.value.what


@pytest.mark.parametrize("cut", [1, 2, 5, 9, 60])
def test_that_a_file_cut_off_in_its_last_line_is_refused(cut):
    data = whole().rstrip(b"\r\n")[:-cut]
    with pytest.raises(UnreadableRecordError) as caught:
        require_checksums(parse(data, "export.rtp"))
    assert "line 7" in caught.value.where


def test_that_a_checksum_of_ten_thousand_digits_is_refused_like_any_other():
    data = plan() + b'"RX_DEF","' + b"1" * 10_000 + b'"\r\n'
    with pytest.raises(UnreadableRecordError):
        require_checksums(parse(data, "export.rtp"))


CELL = st.text(
    st.characters(codec="cp1252", min_codepoint=32, exclude_characters='"'), max_size=12
)
CELLS = st.lists(CELL, min_size=1, max_size=8)
ENDS = st.sampled_from([b"\r\n", b"\n", b"\r", b"\n\r", b"\r\n\r\n", b" \x1a\r\n"])


@given(st.lists(st.tuples(CELLS, ENDS), min_size=1, max_size=6))
def test_that_an_odd_but_well_quoted_file_comes_back_byte_by_byte(rows):
    data = b"".join(line("PLAN_DEF", *cells, end=end) for cells, end in rows)
    file = parse(data, "x.rtp")
    assert file.to_bytes() == data
    assert [record.cells[1:-1] for record in file.records] == [tuple(cells) for cells, _ in rows]
    require_checksums(file)


def test_that_a_file_too_large_to_be_an_export_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "export.rtp"
    path.write_bytes(whole())
    monkeypatch.setattr("app.filter.rtp_text.MOST_BYTES", len(whole()) - 1)
    with pytest.raises(UnreadableFileError) as caught:
        read_file(path)
    assert "more than" in caught.value.what


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without end")
def test_that_a_device_is_refused_before_it_is_read():
    with pytest.raises(UnreadableFileError):
        read_file(Path("/dev/zero"))
