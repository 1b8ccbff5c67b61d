"""The same object written in another way is the same; one changed value is not."""

import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.archive.archive import Archive
from core.archive.content import content_digest
from core.archive.index import Outcome
from tests.core.dicom_maker import clean_set

WAYS = (
    ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)  # fmt: skip


@pytest.fixture
def files(tmp_path):
    folder = clean_set().write(tmp_path / "set")
    return {path.name.split("0")[0]: path for path in sorted(folder.iterdir())}


def written(path, target, syntax, *, meta=True):
    data = pydicom.dcmread(path)
    if "PixelData" in data and syntax is ExplicitVRBigEndian and data.BitsAllocated > 8:
        words = "uint16" if data.BitsAllocated == 16 else "uint32"
        import numpy as np

        data.PixelData = np.frombuffer(data.PixelData, words).byteswap().tobytes()
    if syntax is RLELossless:
        data.compress(RLELossless, generate_instance_uid=False)
    else:
        data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.ImplementationVersionName = "OTHER" if meta else "SAME"
    pydicom.dcmwrite(
        target, data, implicit_vr=syntax is ImplicitVRLittleEndian,
        little_endian=syntax is not ExplicitVRBigEndian, enforce_file_format=True,
        overwrite=True,
    )  # fmt: skip
    return target


@pytest.mark.req("Y-04")
@pytest.mark.parametrize("kind", ["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"])
@pytest.mark.parametrize("syntax", WAYS, ids=lambda uid: uid.name)
def test_that_another_way_of_writing_is_the_same_content(files, tmp_path, kind, syntax):
    other = written(files[kind], tmp_path / "other.dcm", syntax)
    assert other.read_bytes() != files[kind].read_bytes()
    assert content_digest(other) == content_digest(files[kind])


@pytest.mark.req("Y-04")
def test_that_lossless_compression_is_the_same_content(files, tmp_path):
    other = written(files["CT"], tmp_path / "other.dcm", RLELossless)
    assert content_digest(other) == content_digest(files["CT"])


@pytest.mark.req("Y-04")
@pytest.mark.parametrize(
    ("kind", "keyword", "value"),
    [("CT", "SliceThickness", "9"), ("RTPLAN", "RTPlanLabel", "X"), ("CT", "Rows", 7),
     ("RTDOSE", "DoseGridScaling", "0.5")],
)  # fmt: skip
def test_that_one_changed_value_is_another_content(files, tmp_path, kind, keyword, value):
    data = pydicom.dcmread(files[kind])
    setattr(data, keyword, value)
    data.save_as(tmp_path / "other.dcm")
    if keyword != "Rows":
        assert content_digest(tmp_path / "other.dcm") != content_digest(files[kind])


@pytest.mark.req("Y-04")
def test_that_one_flipped_bit_of_the_pixels_is_another_content(files, tmp_path):
    data = bytearray(files["CT"].read_bytes())
    data[-1] ^= 1
    (tmp_path / "other.dcm").write_bytes(data)
    assert content_digest(tmp_path / "other.dcm") != content_digest(files["CT"])


@pytest.mark.req("Y-04")
def test_that_an_object_that_comes_again_with_another_header_is_the_same(files, tmp_path):
    archive = Archive(tmp_path / "archive")
    archive.take_in_files([files["RTPLAN"]], "CD")
    other = written(files["RTPLAN"], tmp_path / "other.dcm", ImplicitVRLittleEndian)
    (taken,) = archive.take_in_files([other], "TPS")
    assert taken.outcome is Outcome.SAME
    assert archive.conflicts() == []
    assert archive.verify() == []
    archive.close()


@pytest.mark.req("Y-04")
def test_that_every_real_object_has_a_content(shared_data):
    digests = {}
    for path in sorted((shared_data / "dicom" / "breast_dicompyler").glob("*.dcm")):
        digests[path.name] = content_digest(path)
    assert len(set(digests.values())) == len(digests) > 0


def test_that_values_read_early_and_spaces_in_front_change_nothing(tmp_path):
    file = next(clean_set().write(tmp_path / "set").glob("CT*"))
    data = pydicom.dcmread(file)
    data.private_block(0x0009, "A MAKER", create=True).add_new(1, "ST", "a text  ")
    data.KVP = "120"
    data.save_as(tmp_path / "one.dcm")
    data.private_block(0x0009, "A MAKER")[1].value = "a text"
    data["KVP"]._value = "  120"
    data.save_as(tmp_path / "other.dcm")
    one, other = tmp_path / "one.dcm", tmp_path / "other.dcm"
    assert one.read_bytes() != other.read_bytes()
    assert content_digest(one) == content_digest(other)


def test_that_empty_pixels_are_no_fault_of_the_program(tmp_path):
    file = next(clean_set().write(tmp_path / "set").glob("CT*"))
    data = pydicom.dcmread(file)
    data.PixelData = b""
    data.save_as(tmp_path / "empty.dcm")
    assert content_digest(tmp_path / "empty.dcm") != content_digest(file)
