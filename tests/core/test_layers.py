"""Which of the clinic's files apply: shipped < machine < clinic share < user, and who may what."""

import re
import sys
from pathlib import Path

import pytest

from core.errors import ClinicFileError
from core.layers import (
    LAYERS_FILE,
    MARK_FILE,
    Layer,
    catalogue,
    is_protected,
    known,
    own_files,
    own_layers,
)
from core.paths import RESOURCES, clinic_folder, data_folder, machine_folder

sys.path.insert(0, str(Path(__file__).parent))
from layer_samples import PROTECTED

IDS = [one.name for one in PROTECTED]


def test_that_every_protected_table_of_the_catalogue_has_a_sample():
    kinds = {one.name for one in catalogue() if one.protected}
    assert {known(one.name).name for one in PROTECTED} == kinds
    assert all(is_protected(one.name) for one in PROTECTED)


def test_that_every_shipped_table_stands_in_the_catalogue():
    shipped = {one.shipped for one in catalogue() if one.shipped}
    for pattern in shipped:
        assert list(RESOURCES.glob(pattern)), pattern
    assert is_protected("a table nobody knows.toml")


@pytest.mark.parametrize("one", PROTECTED, ids=IDS)
def test_that_a_single_computer_needs_no_more_than_the_users_folder(one):
    before = one.read()
    one.lay(clinic_folder(), 3)
    assert one.read() != before


@pytest.mark.parametrize("one", PROTECTED, ids=IDS)
def test_that_a_users_protected_table_does_not_count_once_a_machine_folder_is_set_up(one, machine):
    before = one.read()
    one.lay(clinic_folder(), 3)
    assert one.read() == before
    assert [file.path for file in own_layers().ignored()] == [clinic_folder() / one.name]


@pytest.mark.parametrize("one", PROTECTED, ids=IDS)
def test_that_a_users_protected_table_does_not_count_beside_a_share(one, share):
    before = one.read()
    one.lay(clinic_folder(), 3)
    assert one.read() == before


@pytest.mark.parametrize("one", PROTECTED, ids=IDS)
def test_that_the_clinics_share_wins_over_the_machine(one, machine, share):
    shipped = one.read()
    one.lay(machine, 1)
    of_machine = one.read()
    one.lay(share, 2)
    of_share = one.read()
    one.lay(clinic_folder(), 3)
    assert one.read() == of_share
    assert of_machine not in (shipped, of_share)


@pytest.mark.parametrize("one", PROTECTED, ids=IDS)
def test_that_a_share_out_of_reach_stops_the_reader(one, machine, share):
    one.lay(share, 2)
    one.read()
    share.rename(share.with_name("away"))
    with pytest.raises(ClinicFileError, match="out of reach: it is not there"):
        one.read()
    share.mkdir()
    with pytest.raises(ClinicFileError, match=f"out of reach: it holds no {MARK_FILE}"):
        one.read()


def test_that_an_open_table_of_the_user_wins(machine, share):
    for folder, days in ((machine, 11), (share, 12), (clinic_folder(), 13)):
        folder.mkdir(exist_ok=True)
        (folder / "copies.toml").write_text(f"# {days}")
        assert own_layers().strongest("copies.toml").parent == folder
    layers = [one.layer for one in own_layers().files("copies.toml")]
    assert layers == [Layer.MACHINE, Layer.CLINIC, Layer.USER]


def test_that_entries_of_two_layers_go_together(machine, share):
    from app.filter.limits import limits_in_force
    from app.lex.limits import read_limits
    from app.lex.rv_systems import read_rv_system

    (machine / "tolerances.toml").write_text("[comparison]\nangle_deg = 1.0\nlength_mm = 1.5")
    (share / "tolerances.toml").write_text("[comparison]\nangle_deg = 0.5")
    limits = limits_in_force()
    found = [float(limits[f"comparison.{name}"]) for name in ("angle_deg", "length_mm", "mu")]
    assert found == [0.5, 1.5, 0.0]
    (machine / "lex_limits.toml").write_text("[most_mu]\nvalue = 400\nspecial = { VMAT = 900 }")
    (share / "lex_limits.toml").write_text("[most_mu.special]\nArc = 800")
    own = read_limits(own_layers())["most_mu"]
    assert (own.value, own.at("VMAT"), own.at("Arc"), own.at("DMLC")) == (400, 900, 800, 400)
    for folder, line in ((machine, '"A" = "1"\n"B" = "2"'), (share, '"B" = "3"')):
        (folder / "nomenclature").mkdir()
        (folder / "nomenclature" / "varis.toml").write_text(f"[machines.names]\n{line}")
    names = read_rv_system("varis", own_layers()).names.machines
    assert [names.of(one) for one in "ABC"] == ["1", "3", None]


def test_that_systems_rules_and_servers_of_the_layers_go_together(machine, share):
    from app.lex.servers import read_servers, write_servers
    from core.archive.rules import Rule
    from core.archive.settings import read_settings
    from core.archive.settings_write import put_node, put_rule, remove

    node = '[[node]]\nname = "{}"\nae_title = "{}"\nhost = "10.0.0.1"\nport = {}\n'
    (machine / "archive.toml").write_text(
        "scrub_days = 3\n[listener]\nport = 104\n" + node.format("PACS", "PACS", 104)
    )
    (share / "archive.toml").write_text(
        node.format("PACS", "PACS2", 105) + '[[watch]]\nfolder = "in"\n'
    )
    settings = read_settings()
    assert [(one.name, one.port) for one in settings.nodes] == [("PACS", 105)]
    assert (settings.scrub_days, settings.listener.port) == (3, 104)
    assert settings.watched[0].folder == share / "in"
    put_rule(Rule("night", "PACS"), "night")
    own = clinic_folder() / "archive.toml"
    assert "node" not in own.read_text()
    assert read_settings().rule("night").send == "PACS"
    from dataclasses import replace

    put_node(replace(settings.nodes[0], port=106), "PACS")
    assert [one.port for one in read_settings().nodes] == [106]
    remove(type(settings.nodes[0]), "PACS")
    assert [one.port for one in read_settings().nodes] == [105]
    before = own.read_text()
    with pytest.raises(ClinicFileError, match="laid down for everybody"):
        remove(type(settings.nodes[0]), "PACS")
    assert own.read_text() == before

    server = '[[server]]\nname = "{}"\nprotocol = "folder"\nroot = "/{}"\n'
    (share / "servers.toml").write_text(server.format("Plans", "a"))
    (clinic_folder() / "servers.toml").write_text(server.format("Mine", "b"))
    plans, mine = read_servers()
    with pytest.raises(ClinicFileError, match="laid down for everybody"):
        write_servers([mine])
    write_servers([plans, replace(mine, root="/c")])
    assert "Plans" not in (clinic_folder() / "servers.toml").read_text()
    assert [one.root for one in read_servers()] == ["/a", "/c"]


def test_that_the_machines_file_names_the_share_before_everybody(
    machine, share, tmp_path, monkeypatch
):
    assert own_layers().folder(Layer.CLINIC) == share
    (machine / LAYERS_FILE).write_text(f"clinic_share = '{tmp_path / 'other'}'\n")
    assert own_layers().folder(Layer.CLINIC) == tmp_path / "other"
    with pytest.raises(ClinicFileError, match="out of reach"):
        own_files(own_layers(), "tolerances.toml")


def test_that_a_user_names_a_share_only_without_a_machine_folder(tmp_path):
    (data_folder() / LAYERS_FILE).write_text(f"clinic_share = '{tmp_path / 'mine'}'\n")
    assert own_layers().folder(Layer.CLINIC) == tmp_path / "mine"
    machine_folder().mkdir(parents=True)
    assert own_layers().folder(Layer.CLINIC) is None


def test_that_a_damaged_layers_file_is_refused_in_words(machine):
    for text in ("clinic_share = 3", "share = 'x'", "clinic_share ="):
        (machine / LAYERS_FILE).write_text(text)
        with pytest.raises(ClinicFileError) as fault:
            own_layers()
        assert re.search("layers.toml", fault.value.where)
