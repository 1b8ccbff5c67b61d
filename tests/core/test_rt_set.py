"""Which objects belong together, whose they are, and what is made of beam doses."""

import shutil
import tarfile
from copy import deepcopy

import numpy as np
import pydicom
import pytest

from core.dicom.certificate import certify
from core.dicom.pixels import read_volume
from core.dicom.rt_set import SUMMED_HERE, read_rt_sets
from core.dose.sample import at_points
from core.errors import RemedyError
from core.findings import State
from tests.core import dicom_maker as maker
from tests.core.dicom_maker import clean_set, gray, lattice

GRID = lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 4.0))


def only_set(folder):
    (own,) = read_rt_sets([folder])
    return own


def of_beam(toy, beam, *, grid=GRID, of=gray, **options):
    return maker.dose(
        grid, of, summation="BEAM", beam=beam, plan=toy.plan, number=60 + beam, **options
    )


def with_beam_doses(*doses_of_beams, beams=(1, 2)):
    toy = clean_set()
    toy.plan = maker.plan(toy.structures, beams=beams)
    toy.dose = None
    toy.more = [make(toy) for make in doses_of_beams]
    return toy


def of_person(toy, patient_id, name, shift):
    """The same set for another person, with UIDs of its own."""
    other = deepcopy(toy)
    for one in [*other.images, other.structures, other.plan, other.dose]:
        one.PatientID, one.PatientName = patient_id, name
        one.SOPInstanceUID = f"{one.SOPInstanceUID}.{shift}"
    return other


def test_that_a_clean_set_is_put_together(tmp_path):
    own = only_set(clean_set().write(tmp_path))
    assert (own.patient_id, own.patient_name, *own.told("PatientBirthDate")) == (
        "TOY1",
        "Toy, Test",
        "19500102",
    )
    assert [len(one.items) for one in own.series] == [9]
    assert own.refused == ()
    assert own.others == ()
    assert len(own.items) == 12
    (dose,), (plan,), (structures,) = own.doses, own.plans, own.structure_sets
    assert own.plan_of(dose) is plan
    assert own.doses_of(plan) == (dose,)
    assert own.chief_dose() is dose
    assert own.chief_structures() is structures
    assert own.chief_series() is own.series[0]
    assert plan.structure_uids == (structures.item.sop_uid,)
    assert [(one.name, one.kind) for one in structures.structures] == [
        ("BODY", "EXTERNAL"), ("PTV", "PTV"),
    ]  # fmt: skip


def test_that_the_plan_is_read_with_its_beams(tmp_path):
    (plan,) = only_set(clean_set().write(tmp_path)).plans
    assert (plan.label, plan.fractions, plan.prescribed_gy) == ("Toyplan", 30, (60.0,))
    assert plan.patient_position == "HFS"
    assert plan.isocentres_mm == ((0.0, 0.0, 0.0),)
    assert [beam.number for beam in plan.beams] == [1, 2]
    for beam in plan.beams:
        assert [point.meterset_mu for point in beam.points] == [0.0, 100.0]
        assert {point.gantry_deg for point in beam.points} == {40.0 * beam.number}
        assert beam.points[1].jaw_mm(("ASYMX", "X")) == (-50.0, 50.0)


def test_that_two_people_in_a_folder_are_two_sets(tmp_path):
    toy = clean_set()
    other = of_person(toy, "TOY2", "Other^Person", 2)
    other.images = other.images[:4]
    toy.write(tmp_path / "a")
    other.write(tmp_path / "b")
    first, second = read_rt_sets([tmp_path])
    assert (first.patient_id, first.patient_name, len(first.items)) == ("TOY1", "Toy, Test", 12)
    assert (second.patient_id, second.patient_name) == ("TOY2", "Other, Person")
    assert len(second.items) == 7
    assert {item.text("PatientID") for item in second.items} == {"TOY2"}
    assert certify(first).verdict == "Geometry is sound: 13 of 13 hold"


@pytest.mark.parametrize("patient_id", ["", "0000"])
def test_that_people_of_other_names_are_never_one_set_without_a_word(tmp_path, patient_id):
    toy = of_person(clean_set(), patient_id, "Miller^Ann", 1)
    other = of_person(clean_set(), patient_id, "Smith^Bea", 2)
    toy.write(tmp_path / "a")
    other.dose = None
    other.images = []
    other.write(tmp_path / "b")
    sets = read_rt_sets([tmp_path])
    words = " ".join(text for one in certify(sets[0]).assertions for text in one.details)
    assert len(sets) == 2 or "Smith" in words


def test_that_a_second_copy_of_every_file_changes_nothing(tmp_path):
    folder = clean_set().write(tmp_path / "a")
    shutil.copytree(folder, tmp_path / "copy")
    own = only_set(tmp_path)
    assert len(own.items) == 12
    assert certify(own).verdict == "Geometry is sound: 13 of 13 hold"
    assert own.series[0].oddities == ()


def test_that_a_sound_copy_is_used_where_the_first_is_broken(tmp_path):
    folder = clean_set().write(tmp_path / "b")
    damaged = tmp_path / "a" / "dose.dcm"
    damaged.parent.mkdir()
    whole = (folder / "RTDOSE011.dcm").read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    assert len(only_set(tmp_path).doses) == 1


def test_that_two_different_objects_of_one_uid_are_told(tmp_path):
    toy = clean_set()
    double = maker.dose(GRID, lambda x, y, z: 2 * gray(x, y, z), plan=toy.plan)
    toy.more = [double]
    own = only_set(toy.write(tmp_path))
    states = {one.state for one in certify(own).assertions}
    assert len(own.doses) == 2 or states & {State.WARNING, State.ERROR}


def test_that_beam_doses_of_the_whole_plan_are_summed_and_labelled(tmp_path):
    toy = with_beam_doses(
        lambda toy: of_beam(toy, 1), lambda toy: of_beam(toy, 2, of=lambda x, y, z: x * x)
    )
    own = only_set(toy.write(tmp_path))
    summed = [dose for dose in own.doses if dose.made_by]
    assert [(dose.made_by, dose.summation) for dose in summed] == [(SUMMED_HERE, "PLAN")]
    assert summed[0].title == "PLAN, summed by this program"
    assert own.chief_dose() is summed[0]
    points = GRID.points_mm().reshape(-1, 3)
    expected = gray(*points.T) + points[:, 0] ** 2
    np.testing.assert_allclose(at_points(summed[0].grid, points), expected, atol=1e-4)
    assert len(own.items) == 13
    certificate = certify(own)
    assert certificate.verdict == "Geometry is sound: 13 of 13 hold"
    (answer,) = [one for one in certificate.assertions if one.id == "V-CER-DOSE"]
    assert answer.state == State.INFO
    assert any("beam 1 is of single beams" in words for words in answer.details)


def setup_beam(toy):
    toy.plan.BeamSequence[2].TreatmentDeliveryType = "SETUP"
    return of_beam(toy, 1)


def test_that_setup_beams_need_no_dose(tmp_path):
    toy = with_beam_doses(setup_beam, lambda toy: of_beam(toy, 2), beams=(1, 2, 3))
    own = only_set(toy.write(tmp_path))
    assert [dose.made_by for dose in own.doses] == ["", "", SUMMED_HERE]


NO_SUM = {
    "a beam without dose": ([lambda toy: of_beam(toy, 1), lambda toy: of_beam(toy, 2)], (1, 2, 3)),
    "only one beam's dose": ([lambda toy: of_beam(toy, 2)], (1, 2)),
    "another grid": (
        [lambda toy: of_beam(toy, 1),
         lambda toy: of_beam(toy, 2, grid=lattice(shape=(9, 13, 13), spacing=(3, 4, 3)))], (1, 2)),
    "another frame": (
        [lambda toy: of_beam(toy, 1), lambda toy: of_beam(toy, 2, frame=maker.OTHER_FRAME)],
        (1, 2)),
    "a dose of no beam of the plan": (
        [lambda toy: of_beam(toy, 1), lambda toy: of_beam(toy, 7)], (1, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_SUM)
def test_that_incomplete_or_unlike_beam_doses_are_not_summed(tmp_path, name):
    doses, beams = NO_SUM[name]
    own = only_set(with_beam_doses(*doses, beams=beams).write(tmp_path))
    assert len(own.doses) == len(doses)
    assert all(dose.made_by == "" for dose in own.doses)
    (answer,) = [one for one in certify(own).assertions if one.id == "V-CER-DOSE"]
    assert answer.state == State.INFO
    assert all("not of the whole plan" in words for words in answer.details)


def test_that_nothing_is_summed_where_the_plan_has_its_dose(tmp_path):
    toy = with_beam_doses(lambda toy: of_beam(toy, 1), lambda toy: of_beam(toy, 2))
    toy.dose = maker.dose(GRID, plan=toy.plan)
    own = only_set(toy.write(tmp_path))
    assert len(own.doses) == 3
    chief = own.chief_dose()
    assert (chief.summation, chief.made_by) == ("PLAN", "")


def test_that_every_plane_of_a_dose_is_an_object_of_the_set(tmp_path):
    toy = clean_set()
    toy.dose, toy.more = None, maker.dose_planes(GRID, plan=toy.plan)
    own = only_set(toy.write(tmp_path))
    assert len(own.doses) == 1
    assert {item.sop_uid for item in own.items} >= {one.SOPInstanceUID for one in toy.more}


def test_that_the_structures_of_the_plan_are_shown_first(tmp_path):
    toy = clean_set()
    larger = maker.structure_set(
        {f"OAR {number}": [maker.square((number, 0, 0))] for number in range(5)},
        toy.images, number=21,
    )  # fmt: skip
    toy.more = [larger]
    own = only_set(toy.write(tmp_path))
    assert own.chief_structures().item.sop_uid == toy.structures.SOPInstanceUID


def test_that_the_images_drawn_on_are_shown_first(tmp_path):
    toy = clean_set()
    toy.more = maker.images(
        lattice(shape=(20, 5, 5)), modality="MR", slope=None, number=300, frame=maker.OTHER_FRAME
    )
    own = only_set(toy.write(tmp_path))
    assert [len(one.items) for one in own.series] == [20, 9]
    assert own.chief_series().modality == "CT"


def test_that_a_registration_is_read_into_the_set(tmp_path):
    toy = clean_set()
    matrix = np.eye(4)
    matrix[:3, 3] = 4, -5, 6
    toy.more = [maker.registration(maker.OTHER_FRAME, maker.FRAME, matrix)]
    own = only_set(toy.write(tmp_path))
    (found,) = own.registrations
    np.testing.assert_allclose(found.matrix, matrix)
    assert (found.from_frame, found.to_frame) == (maker.OTHER_FRAME, maker.FRAME)


def test_that_a_folder_without_dicom_says_so(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(RemedyError, match="no DICOM object was found"):
        read_rt_sets([tmp_path])


SEQUENCES = {"plan": b"\x0a\x30\xb0\x00", "structures": b"\x06\x30\x39\x00"}


def outcomes_of_cuts(tmp_path, kind):
    """What becomes of a file that ends within its beams or contours: told, quiet or an error."""
    path = maker.write(tmp_path, [getattr(clean_set(), kind)])[0]
    whole, outcomes = path.read_bytes(), set()
    start = whole.index(SEQUENCES[kind]) + 12
    length = int.from_bytes(whole[start - 4 : start], "little")
    assert 600 < length < 3000
    for end in range(start, start + length, 6):
        path.write_bytes(whole[:end])
        try:
            (own,) = read_rt_sets([path])
            outcomes.add("told" if own.refused else "quiet")
        except RemedyError:
            outcomes.add("told")
        except Exception as fault:  # noqa: BLE001  (any other error is what the test looks for)
            outcomes.add(repr(fault))
    return outcomes


@pytest.mark.parametrize("kind", SEQUENCES)
def test_that_a_file_that_ends_early_never_stops_the_reading(tmp_path, kind):
    assert outcomes_of_cuts(tmp_path, kind) <= {"told", "quiet"}


@pytest.mark.parametrize("kind", SEQUENCES)
def test_that_a_file_that_ends_early_is_never_read_without_a_word(tmp_path, kind):
    assert "quiet" not in outcomes_of_cuts(tmp_path, kind)


DAMAGED = {
    "patient id": ("RTPLAN010.dcm", b"\x10\x00\x20\x00LO"),
    "plan label": ("RTPLAN010.dcm", b"\x0a\x30\x02\x00SH"),
    "structure name": ("RTSTRUCT009.dcm", b"\x06\x30\x26\x00LO"),
    "dose scaling": ("RTDOSE011.dcm", b"\x04\x30\x0e\x00DS"),
    "image position": ("CT004.dcm", b"\x20\x00\x32\x00DS"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_that_a_damaged_value_representation_never_stops_the_reading(tmp_path, name):
    file, element = DAMAGED[name]
    folder = clean_set().write(tmp_path)
    whole = (folder / file).read_bytes()
    assert element in whole
    (folder / file).write_bytes(whole.replace(element, element[:4] + b"\x44\xb4"))
    assert sum(len(own.items) for own in read_rt_sets([folder])) >= 11


@pytest.mark.parametrize("kind", ["images", "dose"])
def test_that_a_private_transfer_syntax_is_refused_in_words(tmp_path, kind):
    toy = clean_set()
    objects = toy.images if kind == "images" else [toy.dose]
    for path in maker.write(tmp_path, objects):
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.113619.5.2\0\0"))
    (own,) = read_rt_sets([tmp_path])
    if not own.refused:
        with pytest.raises(RemedyError):
            read_volume(own.series[0])


SOUND = "Geometry is sound: 13 of 13 hold"
LOOK = "Geometry needs a look: "
REAL = {
    "hn_proknow": (["."], "", SOUND, 8),
    "breast_dicompyler": (["rtplan.dcm", "rtss.dcm", "rtdose.dcm"], "ct_derived", SOUND, 101),
    "liver_mird": (
        ["RS.dcm"], "CT", LOOK + "1 of 13 assertions doubtful; 2 could not be examined", 79),
    "phantom_oncentra": (["simple_phantom_case"], "", LOOK + "1 of 13 assertions doubtful", 17),
    "brain_srs_raystation": (
        ["."], "", LOOK + "2 of 13 assertions doubtful; 5 could not be examined", 5),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REAL)
def test_that_real_sets_load_without_refusal(shared_data, tmp_path, name):
    parts, packed, verdict, count = REAL[name]
    folder = shared_data / "dicom" / name
    paths = [folder / part for part in parts]
    if packed:
        with tarfile.open(folder / f"{packed}.tar.xz") as archive:
            archive.extractall(tmp_path, filter="data")
        paths.append(tmp_path)
    (own,) = read_rt_sets(paths)
    assert own.refused == ()
    assert len(own.items) == count
    assert certify(own).verdict == verdict
    for series in own.series:
        assert_first_pixels(read_volume(series), series)
    for dose in own.doses:
        if not dose.made_by:
            stored, place = first_pixel(dose.item)
            value = stored * float(dose.item.header.DoseGridScaling)
            np.testing.assert_allclose(at_points(dose.grid, place), value, atol=1e-4)


def first_pixel(item):
    """The first stored number of an object, and where it lies, as pydicom has it."""
    data = pydicom.dcmread(item.source.path, force=True)
    data.file_meta.TransferSyntaxUID = item.transfer_syntax
    return data.pixel_array.flat[0], np.array(data.ImagePositionPatient, dtype=float)


def assert_first_pixels(volume, series):
    """The corner of each slice lies at that slice's position."""
    for item in series.items[:: max(len(series.items) // 5, 1)]:
        stored, place = first_pixel(item)
        value = stored * float(item.header.RescaleSlope) + float(item.header.RescaleIntercept)
        assert at_points(volume, place) == pytest.approx(value, abs=1e-3)
