"""The geometry certificate: one change to a clean set, and exactly its assertions answer."""

from copy import deepcopy

import numpy as np
import pytest
from pydicom.dataset import Dataset

from core.dicom.certificate import ASSERTIONS, certify
from core.dicom.rt_set import read_rt_sets
from core.findings import State
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import CONTOURS, OTHER_FRAME, clean_set, item, lattice, square

HARMLESS = (State.PASS, State.INFO)
ERROR, WARNING, NOT_RUN, INFO = State.ERROR, State.WARNING, State.NOT_RUN, State.INFO


def certified(folder):
    (own,) = read_rt_sets([folder])
    return certify(own)


def answer(certificate, key):
    (one,) = [one for one in certificate.assertions if one.id == f"V-CER-{key}"]
    return one.state, " ".join(one.details)


def doubtful(certificate):
    """What is neither PASS nor INFO: short id to state."""
    return {
        one.id.removeprefix("V-CER-"): one.state
        for one in certificate.assertions
        if one.state not in HARMLESS
    }


def drawn(**more):
    """The clean set with further structures, or others in place of its own."""
    return clean_set(CONTOURS | more)


def test_that_a_clean_set_passes_every_assertion(tmp_path):
    certificate = certified(clean_set().write(tmp_path))
    assert {one.state for one in certificate.assertions} == {State.PASS}
    assert certificate.state == State.PASS
    assert certificate.verdict == "Geometry is sound: 13 of 13 hold"
    assert [one.id for one in certificate.assertions] == [row[0] for row in ASSERTIONS]


@pytest.mark.parametrize("position", maker.AXES)
def test_that_a_clean_set_passes_in_every_patient_position(tmp_path, position):
    toy = clean_set()
    grid = lattice(position, shape=(9, 21, 21), spacing=(3, 3, 3))
    toy.images = maker.images(grid, position=position)
    toy.structures = maker.structure_set(CONTOURS, toy.images)
    toy.plan = maker.plan(toy.structures, position=position)
    certificate = certified(toy.write(tmp_path))
    assert doubtful(certificate) == {}
    assert position in answer(certificate, "POSITION")[1]


# Each change returns the set; then what leaves PASS and INFO, and words that must be said.


def without_a_slice_in_the_middle():
    toy = clean_set()
    toy.images.pop(5)
    return toy


def without_the_last_slice():
    toy = clean_set()
    toy.images.pop()
    return toy


def without(kind):
    toy = clean_set()
    setattr(toy, kind, [] if kind == "images" else None)
    return toy


def changed(kind, keyword, value):
    toy = clean_set()
    setattr(getattr(toy, kind), keyword, value)
    return toy


def images_with(keyword, value):
    toy = clean_set()
    for one in toy.images:
        setattr(one, keyword, value)
    return toy


def with_slices(grid):
    toy = clean_set()
    uids = [one.SOPInstanceUID for one in toy.images]
    toy.images = maker.images(grid)
    for one, uid in zip(toy.images, uids, strict=False):
        one.SOPInstanceUID = uid
    return toy


def with_two_images_in_one_place():
    toy = clean_set()
    again = deepcopy(toy.images[3])
    again.SOPInstanceUID = maker.uid(5, 999)
    toy.more = [again]
    return toy


def with_renamed_structure():
    toy = clean_set()
    toy.structures.StructureSetROISequence[1].ROIName = "BODY"
    return toy


def with_dose(**options):
    toy = clean_set()
    grid = options.pop("grid", lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 4.0)))
    toy.dose = maker.dose(grid, plan=toy.plan, structures=toy.structures, **options)
    return toy


def with_isocentre(*place):
    toy = clean_set()
    toy.plan = maker.plan(toy.structures, isocentre=place)
    return toy


def with_dose_of_another_plan():
    toy = clean_set()
    toy.dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = maker.uid(5, 4711)
    return toy


def with_single_slice():
    toy = clean_set({"PTV": [square((0, 0, 0))]})
    toy.images = toy.images[4:5]
    toy.structures = maker.structure_set({"PTV": [square((0, 0, 0))]}, toy.images)
    toy.plan = maker.plan(toy.structures)
    toy.dose = maker.dose(lattice(shape=(9, 13, 13)), plan=toy.plan)
    return toy


UNEVEN = lattice(shape=(9, 21, 21), spacing=(3, 3, 3)).with_offsets(
    [0, 3, 6, 9, 12, 15, 18.4, 21, 24]
)
TILTED = lattice(six=maker.tilted(5), way=(0, 0, 1), shape=(9, 21, 21), spacing=(3, 3, 3))
COARSE = lattice(shape=(5, 9, 9), spacing=(6, 6, 6))
ONE_CHANGE = {
    "middle slice gone": (
        without_a_slice_in_the_middle,
        {"SLICES": ERROR, "ON-SLICE": WARNING, "REFERENCES": ERROR},
        {"SLICES": "1 slice is missing between 0.0 and 6.0 mm",
         "REFERENCES": f"1 of 9 slice is missing that structure set Toy structures refers to: "
                       f"...{maker.uid(5, 105)[-12:]} at z = 3.0 mm",
         "ON-SLICE": "BODY (3.0 mm)"}),
    "last slice gone": (
        without_the_last_slice, {"REFERENCES": ERROR},
        {"REFERENCES": f"...{maker.uid(5, 108)[-12:]}"}),
    "uneven slices": (
        lambda: with_slices(UNEVEN), {"SLICES": WARNING}, {"SLICES": "2.60 to 3.40 mm apart"}),
    "tilted gantry": (
        lambda: with_slices(TILTED), {"SLICES": WARNING, "ON-SLICE": WARNING},
        {"SLICES": "tilted by 5.0 degrees", "ON-SLICE": "do not lie in one slice: BODY"}),
    "two images in one place": (
        with_two_images_in_one_place, {"SLICES": WARNING}, {"SLICES": "(first at -3.0 mm)"}),
    "a single slice": (with_single_slice, {"SLICES": WARNING}, {"SLICES": "single slice"}),
    "no images": (
        lambda: without("images"),
        {"IMAGES": WARNING, "SLICES": NOT_RUN, "POSITION": NOT_RUN, "ON-SLICE": NOT_RUN,
         "IN-IMAGE": NOT_RUN, "ISOCENTRE": NOT_RUN, "REFERENCES": WARNING},
        {"REFERENCES": "(9 slices) are not here"}),
    "no structures": (
        lambda: without("structures"),
        {"STRUCTURES": NOT_RUN, "ON-SLICE": NOT_RUN, "IN-IMAGE": NOT_RUN, "COVER": NOT_RUN,
         "REFERENCES": WARNING},
        {"REFERENCES": f"its structure set ...{maker.uid(5, 20)[-12:]} is not here"}),
    "no plan": (
        lambda: without("plan"), {"ISOCENTRE": NOT_RUN, "REFERENCES": WARNING},
        {"REFERENCES": f"The plan ...{maker.uid(5, 30)[-12:]}"}),
    "no dose": (
        lambda: without("dose"), {"DOSE": WARNING, "COVER": NOT_RUN}, {"DOSE": "plan Toyplan"}),
    "dose of another plan": (
        with_dose_of_another_plan, {"REFERENCES": WARNING},
        {"REFERENCES": "Plan Toyplan has no dose here"}),
    "dose in another frame": (
        lambda: with_dose(frame=OTHER_FRAME), {"FRAME": ERROR, "COVER": NOT_RUN},
        {"FRAME": f"Dose PLAN is in another frame of reference (...{OTHER_FRAME[-12:]})"}),
    "dose without a frame": (
        lambda: with_dose(frame=""), {"FRAME": ERROR, "COVER": NOT_RUN},
        {"FRAME": "Dose PLAN does not tell its frame of reference"}),
    "relative dose": (
        lambda: changed("dose", "DoseUnits", "RELATIVE"), {"DOSE": WARNING},
        {"DOSE": "Dose PLAN is relative"}),
    "effective dose": (
        lambda: changed("dose", "DoseType", "EFFECTIVE"), {"DOSE": WARNING},
        {"DOSE": "EFFECTIVE, not PHYSICAL"}),
    "dose of zero": (
        lambda: with_dose(of=lambda x, y, z: 0 * x), {"DOSE": WARNING},
        {"DOSE": "zero everywhere"}),
    "coarse dose": (lambda: with_dose(grid=COARSE), {"DOSE": WARNING}, {"DOSE": "voxels of 6 mm"}),
    "unscaled dose": (
        lambda: changed("dose", "DoseGridScaling", "0"),
        {"DOSE": WARNING, "COVER": NOT_RUN, "FILES": WARNING}, {"FILES": "DoseGridScaling is 0"}),
    "contour far from any slice": (
        lambda: drawn(PTV=[*CONTOURS["PTV"], square((0, 0, 17))]), {"ON-SLICE": WARNING},
        {"ON-SLICE": "PTV (5.0 mm)"}),
    "structure outside the images": (
        lambda: drawn(FAR=[square((200, 0, 0))]), {"IN-IMAGE": ERROR, "COVER": WARNING},
        {"IN-IMAGE": "Entirely outside the images: FAR", "COVER": "FAR"}),
    "structure outside the dose": (
        lambda: drawn(EYE=[square((27, -27, 3), 2)]), {"COVER": WARNING},
        {"COVER": "Entirely outside the dose grid: EYE"}),
    "one name twice": (
        with_renamed_structure, {"STRUCTURES": WARNING},
        {"STRUCTURES": "Names used more than once: BODY"}),
    "plan in another position": (
        lambda: changed("plan", "PatientSetupSequence", [item(PatientPosition="HFP")]),
        {"POSITION": ERROR}, {"POSITION": "Plan Toyplan is for HFP, images are HFS"}),
    "position not told": (
        lambda: images_with("PatientPosition", ""), {"POSITION": WARNING},
        {"POSITION": "not tell"}),
    "position unknown": (
        lambda: images_with("PatientPosition", "SITTING"), {"POSITION": WARNING},
        {"POSITION": "SITTING"}),
    "isocentre outside": (
        lambda: with_isocentre(0, -80, 0), {"ISOCENTRE": WARNING},
        {"ISOCENTRE": "Plan Toyplan: isocentre (0.0, -80.0, 0.0) mm lies outside"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_CHANGE)
def test_that_one_change_is_found_by_its_assertions_alone(tmp_path, name):
    change, expected, words = ONE_CHANGE[name]
    certificate = certified(change().write(tmp_path))
    assert doubtful(certificate) == expected
    for key, sentence in words.items():
        assert sentence in answer(certificate, key)[1]


def with_link(kind):
    toy = clean_set()
    if kind == "dose":
        toy = with_dose(frame=OTHER_FRAME)
    else:
        toy.structures = maker.structure_set(CONTOURS, toy.images, frame=OTHER_FRAME)
    toy.more = [maker.registration(OTHER_FRAME, maker.FRAME, np.eye(4))]
    return toy


@pytest.mark.parametrize("kind", ["dose", "structures"])
def test_that_another_frame_is_a_hint_once_a_registration_links_it(tmp_path, kind):
    certificate = certified(with_link(kind).write(tmp_path))
    state, words = answer(certificate, "FRAME")
    assert state == INFO
    assert "brought over by a registration" in words
    assert set(doubtful(certificate).values()) <= {NOT_RUN}


def test_that_structures_in_another_frame_are_refused_in_words(tmp_path):
    toy = clean_set()
    toy.structures = maker.structure_set(CONTOURS, toy.images, frame=OTHER_FRAME)
    certificate = certified(toy.write(tmp_path))
    state, words = answer(certificate, "FRAME")
    assert state == ERROR
    assert "Structures Toy structures is in another frame" in words
    assert "not drawn" in words
    assert answer(certificate, "ON-SLICE")[0] == NOT_RUN
    assert answer(certificate, "COVER")[0] == NOT_RUN
    assert certificate.verdict.startswith("Geometry is NOT sound")


HINTS = {
    "contour half-way": (
        lambda: drawn(PTV=[square((2, -3, 1.5))]), "ON-SLICE", "between slices: PTV (1.5 mm)"),
    "structure without contours": (lambda: drawn(LUNG=[]), "STRUCTURES", "Without contours: LUNG"),
    "structure partly outside the dose": (
        lambda: drawn(ARM=[square((24, 0, 0), 4)]), "COVER", "ARM (50% of its outline)"),
    "dose of single beams": (lambda: with_dose(summation="BEAM", beam=1), "DOSE", "single beams"),
}  # fmt: skip


@pytest.mark.parametrize("name", HINTS)
def test_that_a_harmless_change_is_a_hint_and_nothing_else(tmp_path, name):
    change, key, sentence = HINTS[name]
    certificate = certified(change().write(tmp_path))
    assert doubtful(certificate) == {}
    state, words = answer(certificate, key)
    assert state == INFO
    assert sentence in words
    assert certificate.verdict.startswith("Geometry is sound: 13 of 13")


def test_that_a_broken_file_is_named_and_the_rest_is_read(tmp_path):
    folder = clean_set().write(tmp_path)
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(90)))
    certificate = certified(folder)
    assert doubtful(certificate) == {"FILES": WARNING}
    assert "Not used: broken.dcm: " in answer(certificate, "FILES")[1]


def test_that_kinds_that_are_not_shown_are_named_as_a_hint(tmp_path):
    toy = clean_set()
    report = deepcopy(toy.plan)
    report.SOPClassUID, report.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "SR"
    report.SOPInstanceUID = maker.uid(5, 800)
    toy.more = [report]
    certificate = certified(toy.write(tmp_path))
    assert doubtful(certificate) == {}
    assert "Not shown: SR" in answer(certificate, "FILES")[1]


def test_that_json_holds_every_answer(tmp_path):
    told = certified(without("dose").write(tmp_path)).to_json()
    assert told["status"] == "warning"
    assert [row["id"] for row in told["assertions"]] == [row[0] for row in ASSERTIONS]
    assert all(row["details"] for row in told["assertions"])


# What must not pass, in any words.


def plan_in_another_frame():
    toy = clean_set()
    toy.plan = maker.plan(toy.structures, frame=OTHER_FRAME)
    return toy


def structures_in_another_frame():
    toy = clean_set()
    toy.structures = maker.structure_set(CONTOURS, toy.images, frame=OTHER_FRAME)
    return toy


def structures_without_frame():
    toy = clean_set()
    toy.structures = maker.structure_set(CONTOURS, toy.images, frame="")
    return toy


def images_without_frame():
    toy = clean_set()
    toy.images = maker.images(lattice(shape=(9, 21, 21), spacing=(3, 3, 3)), frame="")
    return toy


def plan_that_names_a_dose_that_is_not_here():
    toy = clean_set()
    gone = Dataset()
    gone.SOPInstanceUID = maker.uid(5, 4712)
    maker.refer(toy.plan, "ReferencedDoseSequence", gone)
    return toy


def contour_with_one_point_off_its_slice():
    bent = square((2, -3, 3))
    bent[2, 2] += 1.8
    return drawn(PTV=[*CONTOURS["PTV"][:2], bent])


def images_of_two_positions():
    toy = clean_set()
    for one in toy.images[5:]:
        one.PatientPosition = "FFS"
    return toy


SETUPS = [item(PatientPosition="HFS"), item(PatientPosition="FFP")]
UNTOLD = {
    "images of two positions": (images_of_two_positions, "POSITION", {WARNING, ERROR}),
    "second setup in another position": (
        lambda: changed("plan", "PatientSetupSequence", SETUPS), "POSITION", {WARNING, ERROR}),
    "isocentre of a plan in another frame": (plan_in_another_frame, "ISOCENTRE", {NOT_RUN}),
    "place of structures in another frame": (structures_in_another_frame, "IN-IMAGE", {NOT_RUN}),
    "images that tell no frame": (images_without_frame, "FRAME", {ERROR, WARNING, NOT_RUN}),
    "structures that tell no frame": (structures_without_frame, "FRAME", {ERROR, NOT_RUN}),
    "dose of the plan gone": (
        plan_that_names_a_dose_that_is_not_here, "REFERENCES", {WARNING, INFO}),
    "structure reaching out of the images": (
        lambda: drawn(ARM=[square((30, 0, 0), 20)]), "IN-IMAGE", {INFO, WARNING}),
    "closed contour of two points": (
        lambda: drawn(PTV=[*CONTOURS["PTV"], square((2, -3, 6))[:2]]), "STRUCTURES",
        {INFO, WARNING, ERROR}),
    "contour with one point off its slice": (
        contour_with_one_point_off_its_slice, "ON-SLICE", {INFO, WARNING}),
}  # fmt: skip


@pytest.mark.parametrize("name", UNTOLD)
def test_that_what_was_not_examined_or_is_odd_does_not_pass(tmp_path, name):
    change, key, allowed = UNTOLD[name]
    assert answer(certified(change().write(tmp_path)), key)[0] in allowed
