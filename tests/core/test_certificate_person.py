"""Whose objects they are: a mix-up of persons is told, another spelling is none."""

from tests.core.dicom_maker import clean_set
from tests.core.test_certificate import ERROR, answer, certified, doubtful


def test_that_two_names_under_one_id_are_an_error(tmp_path):
    toy = clean_set()
    toy.dose.PatientName = "Smith^Bea"
    certificate = certified(toy.write(tmp_path))
    assert doubtful(certificate) == {"PERSON": ERROR}
    assert "Smith" in answer(certificate, "PERSON")[1]


def test_that_one_name_written_in_two_ways_is_one_person(tmp_path):
    toy = clean_set()
    toy.dose.PatientName = f"{str(toy.plan.PatientName).upper()}^M^Dr"
    assert doubtful(certified(toy.write(tmp_path))) == {}
