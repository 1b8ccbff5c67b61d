"""The clinic's limits: numbers only, within bounds, no unknown name."""

import tomllib

import pytest

from app.lex.limits import read_limits
from core.errors import ClinicFileError
from core.paths import RESOURCES

SHIPPED = tomllib.loads((RESOURCES / "lex_limits.toml").read_text(encoding="utf-8"))


def with_file(folder, text: str):
    (folder / "lex_limits.toml").write_text(text, encoding="utf-8")
    return read_limits(folder)


@pytest.mark.parametrize("name", SHIPPED)
def test_that_every_shipped_limit_names_unit_bounds_and_source(name):
    limit = read_limits()[name]
    assert limit.unit
    assert limit.source
    assert limit.least <= limit.value <= limit.most
    assert not limit.own


def test_that_a_folder_without_a_file_changes_nothing(tmp_path):
    assert read_limits(tmp_path) == read_limits()


def test_that_the_clinic_s_number_holds_for_everything_it_does_not_make_special(tmp_path):
    limit = with_file(tmp_path, "most_mu = 400\n[least_mu]\nspecial = { Arc = 20 }\n")["most_mu"]
    assert (limit.at("Static"), limit.at("VMAT"), limit.own) == (400, 400, True)
    least = read_limits(tmp_path)["least_mu"]
    assert (least.at("Arc"), least.at("Static")) == (20, 5)


def test_that_the_most_special_number_holds(tmp_path):
    text = "[most_mu.special]\nVMAT = 900\nsiemens_160 = 300\n'siemens_160 VMAT' = 700\n"
    limit = with_file(tmp_path, text)["most_mu"]
    assert limit.at("VMAT", "demo_linac") == 900
    assert limit.at("Static", "siemens_160") == 300
    assert limit.at("VMAT", "siemens_160") == 700
    assert limit.at("DMLC", "demo_linac") == 1500
    assert limit.at() == 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("most_um = 400", "Did you mean 'most_mu'"), ("most_mu = 1", "from 50 to 10000, in MU"),
        ("most_mu = nan", "from 50"), ("most_mu = true", "from 50"), ("most_mu = '9'", "from 50"),
        ("[most_mu]\nunit = 'Gy'", "'unit'"), ("[most_mu.special]\nVMATT = 900", "'VMAT'"),
        ("[most_mu.special]\nVMAT = 9", "from 50"), ("[most_mu]\nspecial = 3", "not a table"),
        ("most_mu = ", "cannot be read"),
    ],
)  # fmt: skip
def test_that_a_file_that_cannot_be_used_is_one_sentence(tmp_path, text, words):
    with pytest.raises(ClinicFileError) as caught:
        with_file(tmp_path, text)
    assert words in str(caught.value)
    assert "lex_limits.toml" in caught.value.where
