"""RT images: where the isocentre is seen, what a pixel means there, what is refused."""

import numpy as np
import pytest
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.dicom.certificate import certify
from core.dicom.rt_image import beam_of, image_values, readable_images
from core.dicom.rt_set import read_rt_sets
from tests.core.dicom_maker import clean_set, ds, write
from tests.core.rt_image_maker import AXIS_COLUMN, AXIS_ROW, picture, portal

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless)


def read_one(folder, data, **options):
    write(folder, [data], **options)
    (own,) = read_rt_sets([folder])
    images, problems = readable_images(own.rt_images)
    return own, images, problems


@pytest.mark.req("Y-10")
def test_that_the_isocentre_is_where_the_receptor_sees_the_axis(tmp_path):
    _, (image,), problems = read_one(tmp_path, portal())
    assert problems == ()
    assert image.axis_pixel == pytest.approx((AXIS_COLUMN, AXIS_ROW))
    assert image_values(image)[round(AXIS_ROW), round(AXIS_COLUMN)] == 4000
    assert image.pixel_mm == pytest.approx((0.4, 0.5))
    assert image.notes() == ()


def test_that_angles_exposure_and_window_are_those_of_the_file(tmp_path):
    _, (image,), _ = read_one(tmp_path, portal())
    assert (image.gantry_deg, image.collimator_deg, image.couch_deg) == (80, 10, 355)
    assert (image.sad_mm, image.sid_mm, image.exposure_mu) == (1000, 1500, 3.5)
    assert image.window == (50, 550)
    assert image.kind == "PORTAL"


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda one: one.name)
def test_that_every_encoding_gives_the_same_values(tmp_path, syntax):
    _, (image,), _ = read_one(tmp_path, portal(), syntax=syntax)
    np.testing.assert_array_equal(image_values(image), picture())


def test_that_slope_and_intercept_are_applied(tmp_path):
    data = portal()
    data.RescaleSlope, data.RescaleIntercept = "0.5", "-20"
    _, (image,), _ = read_one(tmp_path, data)
    np.testing.assert_allclose(image_values(image), picture() * 0.5 - 20)


def test_that_one_picture_of_several_is_read(tmp_path):
    data = portal()
    data.NumberOfFrames = 2
    data.PixelData = picture().tobytes() + (picture() + 1).tobytes()
    _, (image,), _ = read_one(tmp_path, data)
    np.testing.assert_array_equal(image_values(image, 1), picture() + 1)


def test_that_an_image_knows_its_beam_of_its_plan(tmp_path):
    toy = clean_set()
    toy.more = [portal(toy.plan), portal(toy.plan, beam=9, number=71), portal(number=72)]
    (own,) = read_rt_sets([toy.write(tmp_path)])
    images, _ = readable_images(own.rt_images)
    found = {image.label: beam_of(image, own.plans) for image in images}
    assert found["Portal 70"][1].name == "Field 2"
    assert found["Portal 71"] == (own.plans[0], None)
    assert found["Portal 72"] == (None, None)


TURNED = {
    "a plane that is not normal": {"RTImagePlane": "NON_NORMAL"},
    "rows that do not run along x": {"RTImageOrientation": ds((0, 1, 0, 1, 0, 0))},
    "a receptor that was turned": {"XRayImageReceptorAngle": "12"},
}


@pytest.mark.parametrize("name", TURNED)
def test_that_no_scale_is_invented_for(tmp_path, name):
    data = portal()
    for keyword, value in TURNED[name].items():
        setattr(data, keyword, value)
    _, (image,), _ = read_one(tmp_path, data)
    assert image.pixel_mm is None
    assert image.axis_pixel is None
    assert "no scale" in image.notes()[0]


@pytest.mark.parametrize(
    ("keyword", "scale", "axis", "words"),
    [
        ("ImagePlanePixelSpacing", False, False, "No scale"),
        ("RTImageSID", False, True, "No scale"),
        ("RadiationMachineSAD", False, True, "No scale"),
        ("RTImagePosition", True, False, "No isocentre"),
        ("XRayImageReceptorTranslation", True, True, "taken as centred"),
    ],
)
def test_that_what_is_not_told_is_said(tmp_path, keyword, scale, axis, words):
    data = portal()
    delattr(data, keyword)
    _, (image,), _ = read_one(tmp_path, data)
    assert (image.pixel_mm is not None) == scale
    assert (image.axis_pixel is not None) == axis
    assert any(words in note for note in image.notes())


def _colours(data):
    data.SamplesPerPixel, data.PhotometricInterpretation = 3, "RGB"


def _no_pixels(data):
    del data.PixelData


def _no_size(data):
    data.Rows = 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [(_colours, "colours"), (_no_pixels, "no pixels"), (_no_size, "impossible")],
)
def test_that_an_image_that_cannot_be_shown_is_named_with_the_reason(tmp_path, spoil, words):
    data = portal()
    spoil(data)
    own, images, (problem,) = read_one(tmp_path, data)
    assert images == ()
    assert words in problem
    told = next(one for one in certify(own).assertions if one.id == "V-CER-FILES")
    assert any(words in detail for detail in told.details)


def test_that_the_real_images_have_their_isocentre_in_the_middle(shared_data):
    (own,) = read_rt_sets([shared_data / "dicom/phantom_oncentra/simple_phantom_case"])
    images, problems = readable_images(own.rt_images)
    assert len(images) == 6
    assert problems == ()
    for image in images:
        column, row = image.axis_pixel
        assert column == pytest.approx((image.columns - 1) / 2, abs=1)
        assert row == pytest.approx((image.rows - 1) / 2, abs=1)
        _, beam = beam_of(image, own.plans)
        assert beam.name == image.label
        assert beam.points[0].gantry_deg == image.gantry_deg
        assert image_values(image).max() > 0
