"""The set as a whole: the same bytes each time, and nobody else's files touched."""

import hashlib
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from app.demo.truth import PLAN
from app.demo.write_demo import DemoFolderError, DemoSet, demo_set, write_demo
from core.errors import RemedyError


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_that_two_runs_give_the_same_bytes(demo, tmp_path):
    again = write_demo(tmp_path / "again")
    assert hashes(again.folder) == hashes(demo.folder)
    assert len(hashes(demo.folder)) > 100


def test_that_everything_named_in_the_set_is_there(demo):
    for field in fields(DemoSet):
        value = getattr(demo, field.name)
        for path in value if isinstance(value, tuple) else (value,):
            assert path.exists(), path


def test_that_the_set_stays_small(demo):
    assert sum(f.stat().st_size for f in demo.folder.rglob("*") if f.is_file()) < 15_000_000


def test_that_an_earlier_set_is_repaired(demo, tmp_path):
    again = write_demo(tmp_path)
    again.export.write_bytes(b"spoiled")
    again.plan.unlink()
    write_demo(tmp_path)
    assert hashes(tmp_path) == hashes(demo.folder)


def test_that_a_set_cut_short_can_be_written_again(demo, tmp_path):
    class CutError(Exception):
        pass

    def stop(share: float, _words: str) -> None:
        if share > 0.4:
            raise CutError

    with pytest.raises(CutError):
        write_demo(tmp_path, stop)
    assert demo_set(tmp_path).readme.is_file()
    write_demo(tmp_path)
    assert hashes(tmp_path) == hashes(demo.folder)


@pytest.mark.parametrize("name", ["notes.txt", "dicom/other.dcm", "export/variants/mine.rtp"])
def test_that_a_folder_with_other_files_is_refused_untouched(tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    with pytest.raises(DemoFolderError) as refused:
        write_demo(tmp_path)
    assert isinstance(refused.value, RemedyError)
    assert str(Path(name)) in refused.value.what
    assert list(hashes(tmp_path)) == [str(Path(name))]


def test_that_a_set_with_one_file_too_many_is_refused(tmp_path):
    write_demo(tmp_path)
    (tmp_path / "export" / "mine.rtp").write_text("mine")
    before = hashes(tmp_path)
    with pytest.raises(DemoFolderError, match=r"mine\.rtp"):
        write_demo(tmp_path)
    assert hashes(tmp_path) == before


def test_that_somebody_else_s_readme_and_treatment_are_not_overwritten(tmp_path):
    (tmp_path / "README.txt").write_text("my own words")
    (tmp_path / "treatment.toml").write_text("course = 7")
    with pytest.raises(DemoFolderError):
        write_demo(tmp_path)
    assert (tmp_path / "treatment.toml").read_text() == "course = 7"


def test_that_a_file_in_place_of_the_folder_is_a_sentence(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    for folder in (file, file / "below"):
        with pytest.raises(DemoFolderError) as refused:
            write_demo(folder)
        assert refused.value.remedy.startswith("Choose")
    assert file.read_text() == "x"


def test_that_progress_rises_to_one(tmp_path):
    told = []
    write_demo(tmp_path, lambda share, words: told.append((share, words)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(told) >= 5
    assert all(words for _, words in told)


@pytest.mark.req("L-05")
def test_that_treatment_toml_says_what_the_export_says(demo):
    treatment = tomllib.loads(demo.treatment.read_text("ascii"))
    lines = [line.split('","') for line in demo.export.read_text("ascii").splitlines()]
    rows = {row[3]: row for row in lines if row[0].strip('"') == "FIELD_DEF"}
    sites = [row[2] for row in lines if row[0].strip('"') == "RX_DEF"]
    assert [p["id"] for p in treatment["prescriptions"].values()] == sites
    assert treatment["machine_type"] == "demo_linac"
    for beam in PLAN.beams:
        field = treatment["fields"][beam.name]
        row = rows[field["id"]]
        assert float(row[13]) == field.get("dose_rate_mu_min", treatment["dose_rate_mu_min"])
        assert row[8] == treatment["machine"]
        assert int(row[31]) == treatment["tolerance_table"]
        couch = treatment["couch"]
        stated = [couch[f"{way}_cm"] for way in ("vertical", "lateral", "longitudinal")]
        assert [float(value) for value in row[26:29]] == stated


def test_that_the_readme_names_what_is_there(demo):
    text = demo.readme.read_text("ascii")
    assert len(text.splitlines()) <= 16
    for name in ("dicom/plan.dcm", "pinnacle/", "treatment.toml", "export/variants/INDEX.json"):
        assert name in text
        assert (demo.folder / name).exists()
