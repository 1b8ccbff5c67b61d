"""The Viewer's commands as a script calls them: text, JSON, exit codes, no window."""

import json

import pytest

from app.command_line import main
from tests.core.dicom_maker import clean_set, gray


@pytest.fixture
def folder(tmp_path):
    return clean_set().write(tmp_path / "set")


def answer(capsys, *words):
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.req("Y-10")
def test_that_a_sound_set_has_a_clean_certificate(capsys, folder):
    code, out, _ = answer(capsys, "certificate", folder, "--json")
    told = json.loads(out)
    assert code == 0
    assert "Geometry is sound" in told["verdict"]
    assert all(row["state"] in ("pass", "info") for row in told["assertions"])


def test_that_a_missing_slice_is_named_and_ends_with_1(capsys, tmp_path):
    toy = clean_set()
    gone = toy.images.pop(4)
    code, out, _ = answer(capsys, "certificate", toy.write(tmp_path / "set"))
    assert code == 1
    assert gone.SOPInstanceUID[-12:] in out
    assert "Traceback" not in out


@pytest.mark.req("O-04")
def test_that_dvh_values_carry_their_band(capsys, folder, tmp_path):
    table = tmp_path / "dvh.csv"
    code, out, _ = answer(capsys, "dvh", folder, "--json", "--structure", "ptv", "--csv", table)
    told = json.loads(out)
    assert code == 0
    (own,) = told["structures"]
    mean = own["statistics"]["mean_gy"]
    assert mean["low"] < mean["value"] < mean["high"]
    assert mean["value"] == pytest.approx(gray(2, -3, 0), abs=0.02)
    assert own["statistics"]["volume_cc"]["value"] == pytest.approx(12 * 12 * 9 / 1000, rel=0.01)
    assert "PTV" in table.read_text(encoding="utf-8")


def test_that_a_structure_nobody_has_is_refused_with_the_names_there_are(capsys, folder):
    code, _, err = answer(capsys, "dvh", folder, "--structure", "liver")
    assert code == 2
    assert "liver" in err
    assert "PTV" in err


def test_that_a_set_without_dose_says_so(capsys, tmp_path):
    toy = clean_set()
    toy.dose = None
    code, _, err = answer(capsys, "dvh", toy.write(tmp_path / "set"))
    assert code == 2
    assert "there is no dose" in err


@pytest.mark.usefixtures("qapp")  # a picture starts Qt without windows when nobody has
@pytest.mark.parametrize("view", ["axial", "coronal", "sagittal"])
def test_that_a_view_is_written_as_png(capsys, folder, tmp_path, view):
    out = tmp_path / "view.png"
    code, text, _ = answer(
        capsys, "render", folder, "--out", out, "--view", view, "--at=1,2,3", "--size", "300x200"
    )
    assert code == 0
    data = out.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20]) == 300
    assert int.from_bytes(data[20:24]) == 200
    assert "(1.0, 2.0, 3.0) mm" in text


@pytest.mark.parametrize("words", [("--at", "1,2"), ("--size", "big"), ("--size", "9x9")])
def test_that_a_wrong_word_is_refused_before_anything_is_written(capsys, folder, tmp_path, words):
    out = tmp_path / "view.png"
    code, _, err = answer(capsys, "render", folder, "--out", out, *words)
    assert code == 2
    assert words[1] in err or words[0] in err
    assert not out.exists()


def test_that_an_anonymised_copy_has_the_same_dvh_and_no_name(capsys, folder, tmp_path):
    target = tmp_path / "out"
    code, _, _ = answer(capsys, "anonymise", folder, "--out", target, "--id", "S-1")
    assert code in (0, 1)
    before = json.loads(answer(capsys, "dvh", folder, "--json")[1])
    after = json.loads(answer(capsys, "dvh", target, "--json")[1])
    assert after["patient_id"] == "S-1"
    assert [one["statistics"] for one in before["structures"]] == [
        one["statistics"] for one in after["structures"]
    ]


def test_that_several_persons_need_a_choice(capsys, tmp_path):
    clean_set().write(tmp_path / "set" / "a")
    other = clean_set()
    for data in (*other.images, other.structures, other.plan, other.dose):
        data.PatientID, data.PatientName = "OTHER", "Other"
        data.SOPInstanceUID += ".7"
    other.write(tmp_path / "set" / "b")
    code, _, err = answer(capsys, "certificate", tmp_path / "set")
    assert code == 2
    assert "OTHER" in err
    code, out, _ = answer(capsys, "certificate", tmp_path / "set", "--patient", "OTHER")
    assert "OTHER" in out
