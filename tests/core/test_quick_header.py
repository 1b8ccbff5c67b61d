"""The quick way through an image's header finds what pydicom finds, or leaves the file to it."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.dicom.certificate import certify
from core.dicom.files import QUICK_BYTES, Source, find_sources, read_header, read_items
from core.dicom.images import image_series
from core.dicom.pixels import read_volume
from core.dicom.quick_header import WANTED, scan
from core.dicom.rt_set import read_rt_sets
from tests.core.dicom_maker import images, item, lattice, write


def differences(path):
    """Return what a file's quick values and pydicom's differ in; None when it is not quick."""
    data = path.read_bytes()
    quick = scan(data)
    if quick is None:
        return None
    with path.open("rb") as stream:
        whole = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
        place = stream.tell()
    found = [] if place == quick.pixel_start else [f"pixels at {quick.pixel_start}, not {place}"]
    for keyword in WANTED:
        of = whole.file_meta if WANTED[keyword] >> 16 == 2 else whole
        theirs, ours = of.get(keyword), quick.get(keyword)
        if str(theirs) != str(ours) and list(map(float, theirs or [])) != list(ours or []):
            found.append(f"{keyword}: {ours!r}, not {theirs!r}")
    return found


def some_image(**values):
    (image,) = images(lattice(shape=(1, 7, 9)))
    for keyword, value in values.items():
        setattr(image, keyword, value)
    return image


def nested(levels, *, undefined):
    """A sequence within a sequence, with lengths or with delimiters."""
    inner = item(CodeValue="1", CodeMeaning="innermost")
    for _ in range(levels):
        sequence = Sequence([inner, item(CodeValue="2")])
        sequence.is_undefined_length = undefined
        for one in sequence:
            one.is_undefined_length_sequence_item = undefined
        inner = Dataset()
        inner.add_new(0x00081032, "SQ", sequence)
        inner[0x00081032].is_undefined_length = undefined
    return inner[0x00081032]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_that_an_ordinary_image_is_read_quickly_and_rightly(tmp_path, syntax, undefined):
    image = some_image(SpecificCharacterSet="ISO_IR 192", PatientID="Ñandú", RescaleSlope="2.50")
    image.PatientName = "Yamada^Tarou=山田^太郎"
    image.add(nested(3, undefined=undefined))
    image.add_new(0x00091010, "UN", b"private bytes, even.")
    (path,) = write(tmp_path, [image], syntax=syntax)
    assert differences(path) == []
    assert read_header(Source(path)).quick is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[132:],
        lambda data: data[: len(data) - 7 * 9 * 2 - 4],
        lambda data: data.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00Zz"),
        lambda data: data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0"),
        lambda data: data.replace(b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00US\xff\xff"),
        lambda data: data[:300],
        lambda data: b"",
    ],
)
def test_that_an_odd_file_is_left_to_pydicom(tmp_path, change):
    (path,) = write(tmp_path, [some_image()])
    data = path.read_bytes()
    assert scan(data) is not None
    assert change(data) != data
    assert scan(change(data)) is None


def test_that_big_endian_is_left_to_pydicom(tmp_path):
    (path,) = write(tmp_path, [some_image()], syntax=ExplicitVRBigEndian)
    assert scan(path.read_bytes()) is None
    assert read_header(Source(path)).text("Modality") == "CT"


def test_that_a_long_header_is_read_on(tmp_path):
    for size in (QUICK_BYTES[0] - 900, QUICK_BYTES[0] * 2, sum(QUICK_BYTES) + 10):
        (path,) = write(tmp_path / str(size), [some_image(PixelPaddingValue=0)])
        data = pydicom.dcmread(path)
        data.add_new(0x00291010, "OB", bytes(size // 2 * 2))
        data.save_as(path)
        found = read_header(Source(path))
        assert found.text("SOPInstanceUID") == data.SOPInstanceUID
        assert found.pixel_start == path.read_bytes().index(b"\xe0\x7f\x10\x00")
        assert (found.quick is None) == (size > sum(QUICK_BYTES))


def test_that_an_image_that_says_nothing_has_nothing(tmp_path):
    image = some_image()
    del image.RescaleSlope, image.PatientID
    image.SliceThickness = None
    found = read_header(Source(*write(tmp_path, [image])))
    assert found.quick is not None
    assert found.text("PatientID") == found.text("SliceThickness") == ""
    assert found.get("RescaleSlope") is None


def test_that_the_whole_header_is_there_when_asked_for(tmp_path):
    (path,) = write(tmp_path, [some_image()])
    found = read_header(Source(path))
    assert found.header == pydicom.dcmread(path, stop_before_pixels=True)
    assert found.text("Manufacturer") == "dicom_maker"


def test_that_values_differ_where_the_slices_differ(tmp_path):
    grid = lattice(shape=(6, 7, 9))
    made = images(grid)
    for number in (1, 4):
        made[number].PixelRepresentation = 0
        made[number].RescaleIntercept = "-1000"
        stored = np.frombuffer(made[number].PixelData, "<i2").astype(int) + 1000
        made[number].PixelData = stored.astype("<u2").tobytes()
        made[number].BitsStored, made[number].HighBit = 15, 14
    write(tmp_path, made)
    (series,), _ = image_series(read_items([tmp_path])[0])
    expected = np.stack([pydicom.dcmread(one.source.path).pixel_array for one in series.items])
    expected = expected.astype(int)
    expected[[1, 4]] -= 1000
    assert (read_volume(series).values == expected).all()


def test_that_every_real_file_reads_as_with_pydicom(shared_data):
    quick = 0
    for source in find_sources([shared_data / "dicom"], []):
        if source.member:
            continue
        try:
            found = differences(source.path)
        except Exception as fault:  # noqa: BLE001
            pytest.fail(f"{source.name}: {fault!r}")
        assert not found, source.name
        quick += found is not None
    assert quick > 50


def test_that_a_stream_of_pixels_is_not_needed():
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, _with_meta(some_image()), enforce_file_format=True)
    data = buffer.getvalue()
    start = data.index(b"\xe0\x7f\x10\x00")
    assert scan(data[: start + 12]) is not None
    assert scan(data[: start + 11]) is None


def _with_meta(image):
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def test_that_no_image_is_decoded_as_a_whole_to_sort_certify_and_read_a_series(tmp_path):
    write(tmp_path, images(lattice(shape=(5, 7, 9))))
    (own,) = read_rt_sets([tmp_path])
    certify(own)
    read_volume(own.chief_series())
    assert [one.source.name for one in own.items if "header" in vars(one)] == []
