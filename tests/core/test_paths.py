"""Where data lie: made when missing, and elsewhere when the installation says so."""

import core.paths


def test_that_the_data_folder_is_the_one_named_and_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("EQS_DATA", str(tmp_path / "share" / "eqs"))
    assert core.paths.data_folder() == tmp_path / "share" / "eqs"
    assert core.paths.data_folder().is_dir()
    assert core.paths.clinic_folder().parent == core.paths.data_folder()


def test_that_without_a_name_it_is_the_users_own(monkeypatch, tmp_path):
    monkeypatch.delenv("EQS_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert core.paths.data_folder().name == "EQS Workstation"
