"""Files to objects and values: every way of writing them, and every way of breaking them."""

import hashlib
import shutil
import time
import warnings
import zipfile

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.dicom.certificate import certify
from core.dicom.dose import read_doses
from core.dicom.files import Source, read_header, read_items, read_whole
from core.dicom.images import image_series
from core.dicom.pixels import read_volume, stored_values
from core.dicom.rt_set import read_rt_sets
from core.errors import RemedyError
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import clean_set, hounsfield, images, lattice, write

PLAIN = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]
GRID = lattice(shape=(5, 16, 18))


def found_in(*paths):
    items, refused = read_items(list(paths))
    return sorted(item.sop_uid for item in items), [(one.name, one.why) for one in refused]


def volume_of(folder):
    items, refused = read_items([folder])
    series, more = image_series(items)
    assert refused + more == []
    return read_volume(series[0])


def zipped(folder, archive, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(archive, "w", compression) as target:
        for path in sorted(folder.rglob("*")):
            target.write(path, path.relative_to(folder))
    return archive


@pytest.fixture
def flat(tmp_path):
    return clean_set().write(tmp_path / "flat")


def test_that_a_folder_a_zip_and_nested_folders_hold_the_same_objects(tmp_path, flat):
    expected = found_in(flat)
    assert len(expected[0]) == 12
    assert expected[1] == []
    nested = tmp_path / "nested"
    for place, path in enumerate(sorted(flat.iterdir())):
        deep = nested.joinpath(*"aaa"[place % 3 :], str(place))
        deep.mkdir(parents=True)
        shutil.copy(path, deep / "IM")
    assert found_in(nested) == expected
    archive = zipped(nested, tmp_path / "export.ZIP")
    assert found_in(archive) == expected
    assert found_in(*sorted(flat.iterdir())) == expected
    inside = tmp_path / "inside"
    inside.mkdir()
    archive.rename(inside / "export.zip")
    assert found_in(inside) == expected


def test_that_one_file_may_be_opened_alone(flat):
    uids, refused = found_in(flat / "RTPLAN010.dcm")
    assert (uids, refused) == ([maker.uid(5, 30)], [])


def test_that_pixels_and_dose_come_out_of_a_zip_too(tmp_path, flat):
    plain, packed = (read_rt_sets([one])[0] for one in (flat, zipped(flat, tmp_path / "a.zip")))
    one, other = (read_volume(own.series[0]).values for own in (plain, packed))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(plain.doses[0].grid.values, packed.doses[0].grid.values)


def test_that_index_texts_and_pictures_in_a_folder_are_left_out_without_a_word(tmp_path, flat):
    expected = found_in(flat)
    (flat / "readme.txt").write_text("Viewer for Windows\n")
    (flat / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (flat / "empty.dcm").write_bytes(b"")
    (flat / "autorun.inf").write_bytes(b"\x08\x00")
    (flat / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM" + bytes(50))
    assert found_in(flat) == expected
    assert found_in(zipped(flat, tmp_path / "all.zip")) == expected


@pytest.mark.parametrize("name", ["dicomdir", "DICOMDIR.dcm"])
def test_that_an_index_is_known_by_what_it_is(shared_data, flat, name):
    known = shared_data / "dicom/bad_inputs/pydicom/test_files/dicomdirtests/DICOMDIR"
    shutil.copy(known, flat / name)
    assert found_in(flat)[1] == []


def test_that_a_file_named_itself_is_refused_when_it_is_no_dicom(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("no DICOM in here" * 20)
    assert found_in(path) == ([], [("letter.txt", "no DICOM file")])
    assert found_in(tmp_path / "gone.dcm") == ([], [("gone.dcm", "No such file or directory")])
    with pytest.raises(RemedyError, match=r"letter\.txt: no DICOM file"):
        read_rt_sets([path])


# Nothing tells that a data set without meta information is deflated.
BARE = [(syntax, False) for syntax in PLAIN if not syntax.is_deflated]


@pytest.mark.parametrize(("syntax", "preamble"), [*((one, True) for one in PLAIN), *BARE])
def test_that_every_plain_encoding_gives_the_same(tmp_path, syntax, preamble):
    toy = clean_set()
    files = [*toy.images, toy.structures, toy.plan, toy.dose]
    write(tmp_path, files, syntax=syntax, preamble=preamble)
    (own,) = read_rt_sets([tmp_path])
    assert own.refused == ()
    assert own.items[0].transfer_syntax == syntax
    assert certify(own).verdict == "Geometry is sound: 13 of 13 hold"
    grid = lattice(shape=(9, 21, 21), spacing=(3.0, 3.0, 3.0))
    np.testing.assert_array_equal(
        read_volume(own.series[0]).values, np.round(grid.values(hounsfield))
    )
    dose = lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 4.0)).values(maker.gray)
    np.testing.assert_allclose(own.doses[0].grid.values, dose, atol=1e-5)
    ptv = own.structure_sets[0].structures[1]
    np.testing.assert_allclose(ptv.closed[1].points_mm, maker.square((2, -3, 0), 6.0))
    assert [beam.points[0].gantry_deg for beam in own.plans[0].beams] == [40, 80]


UNSIGNED = {"signed": False, "intercept": -1024}
STORED = [
    {}, {"bits": 12}, {"bits": 12, "overlay": 5}, {"bits": 12, "overlay": 9},
    {"bits": 12, "overlay": 16}, UNSIGNED, UNSIGNED | {"bits": 12},
    UNSIGNED | {"bits": 12, "overlay": 6}, UNSIGNED | {"bits": 12, "overlay": 8},
    {"intercept": 17.5}, {"slope": 0.25}, {"slope": 0.5, "bits": 12, "overlay": 11},
    {"modality": "MR", "slope": None}, {"modality": "MR", "slope": 0.125, "intercept": 3},
    {"modality": "PT", "slope": [0.5, 1.0, 0.25, 0.1, 2.0]},
]  # fmt: skip


@pytest.mark.parametrize("options", STORED, ids=str)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_that_stored_bits_slope_and_intercept_give_the_value(tmp_path, options, syntax):
    write(tmp_path, images(GRID, **options), syntax=syntax)
    volume = volume_of(tmp_path)
    slope = options.get("slope") or 1.0
    whole = slope == 1.0 and options.get("intercept", 0) != 17.5
    assert volume.values.dtype == (np.int16 if whole else np.float32)
    step = np.broadcast_to(slope, 5)[:, None, None] / 2
    assert (np.abs(volume.values - GRID.values(hounsfield)) <= step + 1e-3).all()


def test_that_values_beyond_16_bits_are_not_wrapped_round(tmp_path):
    def bright(x, y, z):
        return 31500.0 + 20 * x + 30 * y + 200 * z

    write(tmp_path, images(GRID, bright, signed=False))
    series, shown = image_series(read_items([tmp_path])[0])[0][0], []
    volume = read_volume(series, first_image=lambda number, grid: shown.append(grid))
    np.testing.assert_allclose(volume.values, GRID.values(bright), atol=0.51)
    assert shown[-1] is volume


COMPRESSED = (
    "RLELossless", "JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless",
    "JPEG2000Lossless",
)  # fmt: skip


def transcode(source, target, name):
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), None
    reader.SetFileName(str(source))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


@pytest.mark.parametrize("options", [{}, {"bits": 12}, UNSIGNED | {"bits": 12}], ids=str)
@pytest.mark.parametrize("name", COMPRESSED)
def test_that_losslessly_compressed_images_equal_their_plain_twins(tmp_path, name, options):
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    packed.mkdir()
    for path in write(plain, images(GRID, **options)):
        transcode(path, packed / path.name, name)
    items, _ = read_items([packed])
    assert all(item.transfer_syntax.is_compressed for item in items)
    np.testing.assert_array_equal(volume_of(packed).values, volume_of(plain).values)


def test_that_rle_written_by_pydicom_equals_its_plain_twin(tmp_path):
    objects = [*clean_set().images, maker.dose(GRID, bits=16)]
    for name, syntax in (("plain", ExplicitVRLittleEndian), ("packed", RLELossless)):
        write(tmp_path / name, objects, syntax=syntax)
    plain, packed = (read_rt_sets([tmp_path / name])[0] for name in ("plain", "packed"))
    assert packed.doses[0].item.transfer_syntax == RLELossless
    np.testing.assert_array_equal(*(read_volume(one.series[0]).values for one in (plain, packed)))
    np.testing.assert_array_equal(*(one.doses[0].grid.values for one in (plain, packed)))


TWINS = {
    "MR_small.dcm": [
        "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm",
    ],
    "rtdose.dcm": ["rtdose_expb.dcm", "rtdose_rle.dcm"],
    "rtdose_1frame.dcm": ["rtdose_expb_1frame.dcm", "rtdose_rle_1frame.dcm"],
}  # fmt: skip


@pytest.mark.parametrize(("plain", "other"), [(a, b) for a, all_b in TWINS.items() for b in all_b])
def test_that_published_files_equal_their_uncompressed_twins(shared_data, plain, other):
    folder = shared_data / "dicom/bad_inputs/pydicom/test_files"
    truth = pydicom.dcmread(folder / plain).pixel_array
    item = read_header(Source(folder / other))
    np.testing.assert_array_equal(stored_values(item, truth.shape), truth)
    if item.modality == "RTDOSE":
        doses, refused = read_doses([item])
        assert refused == []
        scaling = float(item.header.DoseGridScaling)
        np.testing.assert_allclose(np.squeeze(doses[0].grid.values), truth * scaling, rtol=1e-6)
    else:
        np.testing.assert_array_equal(volume_of(folder / other).values[0], truth)


def read_all_of(path):
    """Whatever the viewer would read of a file; the sentences of what was refused."""
    sentences = []
    try:
        sets = read_rt_sets([path])
    except RemedyError as problem:
        return [(problem.where, problem.what, problem.remedy)]
    for own in sets:
        certify(own)
        sentences += [(one.name, one.why, "-") for one in own.refused]
        for series in own.series:
            try:
                read_volume(series)
            except RemedyError as problem:
                sentences.append((problem.where, problem.what, problem.remedy))
    return sentences


def test_that_no_bad_file_does_more_than_be_refused_in_words(shared_data):
    faults = []
    folder = shared_data / "dicom/bad_inputs"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        start = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                sentences = read_all_of(path)
        except Exception as fault:  # noqa: BLE001  (any other error is what this test looks for)
            faults.append(f"{path.name}: {fault!r}")
            continue
        faults += [f"{path.name}: {one}" for one in sentences if not all(one) or len(one[1]) < 10]
        if time.monotonic() - start > 5:
            faults.append(f"{path.name}: slow")
    assert len(files) > 200
    assert faults == []


@pytest.mark.filterwarnings("ignore")
def test_that_all_bad_files_together_are_read_and_each_refused_one_has_a_reason(shared_data):
    sets = read_rt_sets([shared_data / "dicom/bad_inputs"])
    refused = {(one.name, one.why) for own in sets for one in own.refused}
    assert all(name and why for name, why in refused)
    names = {name for name, _ in refused}
    assert {"dicm_only.dcm", "rs_trunc_half.dcm", "badVR.dcm", "GH178.dcm"} <= names


@pytest.mark.parametrize("share", [0.6, 0.9, 0.999])
def test_that_pixels_that_end_early_are_refused(tmp_path, share):
    toy = clean_set()
    for path in write(tmp_path, [toy.images[4], toy.dose]):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
    (own,) = read_rt_sets([tmp_path])
    assert own.doses == ()
    assert "number of bytes" in own.refused[0].why
    with pytest.raises(RemedyError, match="cut short"):
        read_volume(own.series[0])


def test_that_a_zip_that_is_broken_or_locked_is_told(tmp_path, flat):
    archive = zipped(flat, tmp_path / "a.zip")
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RemedyError, match="zip archive is broken"):
        read_items([archive])
    locked = bytearray(whole)
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(locked)
    with pytest.raises(RemedyError, match="needs a password"):
        read_items([archive])


def test_that_a_broken_zip_in_a_folder_does_not_hide_the_other_files(flat):
    (flat / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    uids, refused = found_in(flat)
    assert len(uids) == 12
    assert [name for name, _ in refused] == ["broken.zip"]


def test_that_a_zip_with_a_damaged_member_is_told(tmp_path, flat):
    archive = zipped(flat, tmp_path / "a.zip", zipfile.ZIP_STORED)
    whole = bytearray(archive.read_bytes())
    whole[whole.index(b"DICM") + 40] ^= 0xFF
    archive.write_bytes(whole)
    uids, refused = found_in(archive)
    assert len(uids) == 11
    assert len(refused) == 1


def test_that_the_middle_slice_is_shown_before_the_others_are_read(tmp_path):
    write(tmp_path, images(GRID))
    series = image_series(read_items([tmp_path])[0])[0][0]
    shown = []

    def first(number, grid):
        shown.append((number, grid.values.any(axis=(1, 2)).tolist(), grid))

    volume = read_volume(series, first_image=first)
    assert len(shown) == 1
    number, filled, grid = shown[0]
    assert number == 2
    assert filled == [False, False, True, False, False]
    assert grid is volume
    assert volume.values.any(axis=(1, 2)).all()


class StopReadingError(Exception):
    """What a progress callback raises when the user cancels."""


def stop(share, words):
    assert 0 <= share <= 1
    assert words
    raise StopReadingError


def test_that_progress_may_cancel_each_kind_of_reading(flat):
    items, _ = read_items([flat])
    series = image_series(items)[0][0]
    for reading in (read_items, read_rt_sets):
        with pytest.raises(StopReadingError):
            reading([flat], stop)
    with pytest.raises(StopReadingError):
        read_volume(series, stop)


def test_that_reading_changes_no_file(tmp_path, flat):
    zipped(flat, flat / "again.zip")
    (flat / "letter.txt").write_text("hello")

    def state():
        return {
            path: (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns)
            for path in sorted(tmp_path.rglob("*"))
            if path.is_file()
        }

    before = state()
    for own in read_rt_sets([tmp_path]):
        certify(own)
        for item in own.items:
            read_whole(item)
        for series in own.series:
            read_volume(series)
    assert state() == before
