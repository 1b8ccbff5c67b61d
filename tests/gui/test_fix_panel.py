"""The fixer's panel: changes are seen before anything is written; faults are words."""

import pytest

from app.background import JOBS
from app.lex.gui.fix_panel import FixPanel
from core.findings import State
from core.paths import RESOURCES

RECIPE = RESOURCES / "recipes" / "fastplan_example.toml"
EXPORT = RECIPE.with_suffix(".rtp")


@pytest.fixture
def panel(qtbot):
    made = FixPanel()
    qtbot.addWidget(made)
    return made


def looked(qtbot, panel, recipe, file):
    panel.show_recipe(recipe)
    panel.show_source(file)
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=10_000)


@pytest.mark.req("O-01")
def test_that_changes_are_shown_and_saved_only_when_asked(qtbot, panel, tmp_path):
    assert not panel.save_button.isEnabled()
    assert "Choose a recipe and a file" in panel.banner.text
    looked(qtbot, panel, RECIPE, EXPORT)
    assert "53 changes" in panel.banner.text
    assert panel.model.rowCount() == 53
    assert panel.save_button.isEnabled()
    assert list(tmp_path.iterdir()) == []
    out = tmp_path / "new.rtp"
    panel.save(out)
    qtbot.waitUntil(lambda: "Written" in panel.banner.text, timeout=10_000)
    assert out.read_bytes() == RECIPE.with_name("fastplan_example_fixed.rtp").read_bytes()


@pytest.mark.req("O-01")
def test_that_a_file_it_cannot_repair_is_told_and_cannot_be_saved(qtbot, panel, tmp_path):
    other = tmp_path / "other.rtp"
    other.write_bytes(b"nothing")
    looked(qtbot, panel, RECIPE, other)
    assert panel.banner.state == State.ERROR
    assert not panel.save_button.isEnabled()
    assert panel.model.rowCount() == 0


@pytest.mark.req("O-01")
def test_that_the_original_is_not_replaced_from_the_panel_either(qtbot, panel, tmp_path):
    copy = tmp_path / "copy.rtp"
    copy.write_bytes(EXPORT.read_bytes())
    looked(qtbot, panel, RECIPE, copy)
    panel.save(copy)
    qtbot.waitUntil(lambda: panel.banner.state == State.ERROR, timeout=10_000)
    assert copy.read_bytes() == EXPORT.read_bytes()
    assert panel.save_button.isEnabled()
