"""What a clinic writes into a table is read, or refused in words; nothing counts for nothing."""

import getpass
import re
import tomllib

import pytest

from app.settings_readers import faults
from core.layers import catalogue, own_layers
from core.paths import RESOURCES
from core.settings.rows import shipped_file, table_names

NODE = '[[node]]\nname = "PACS"\nae_title = "PACS"\nhost = "127.0.0.1"\nport = 11112\n'
RULE = """version = "1"
[[rule]]
id = "CLINIC-1"
sentence = "Electron fields are treated at 100 cm"
needs = "reason"
of = "beam"
when = [{ item = "modality", is = "Elect" }]
must = [{ item = "ssd_cm", least = 99.5, most = 100.5 }]
why = "The cutout factors hold there only."
remedy = "Change the set-up."
"""
OWN_TEXT = {
    "lex_rules.toml": RULE, "archive.toml": NODE, "lex_limits.toml": "most_mu = 400\n",
    "filter/tolerance_tables.toml": '[tables."2"]\ncouch_deg = 2.0\n',
}  # fmt: skip
"""Of tables that are not shipped, shipped without a value, or written otherwise by a clinic."""
NAMES = '[machines.names]\n"DEMO LINAC" = "L1"\n'
TBI_DOSE = """[dose]
scd_mm = { value = 102.3, unit = "cm" }
factor = [{ name = "TMR", value = 0.97 }]
"""
FREE = ("filter/machine_names.toml", "nomenclature/")
"""Tables with groups in which any name may stand."""


def names():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EQS_MACHINE", "none")
        patch.delenv("EQS_CLINIC", raising=False)
        found = table_names(own_layers())
    return [name for name in found if name != "dosimetry_book"]


def text_of(name):
    shipped = shipped_file(name)
    if name.startswith("nomenclature/"):
        return NAMES
    if name in OWN_TEXT or shipped is None:
        return OWN_TEXT.get(name, "")
    return shipped.read_text(encoding="utf-8")


def laid_down(share, name, text):
    file = share / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return faults(own_layers())


@pytest.mark.parametrize("name", names())
def test_that_a_group_or_entry_nobody_reads_is_refused(share, name):
    text = text_of(name)
    assert laid_down(share, name, text) == {}
    for more in (
        "\n[nonsense]\nx = 1\n",
        "\n[nonsense.x]\nvalue = 1\n",
        "\n[[nonsense]]\nx = 1\n",
    ):
        found = laid_down(share, name, text + more)
        assert found, (name, more)
    found = laid_down(share, name, "nonsense = 1\n" + text)
    assert found, name


@pytest.mark.parametrize("name", [name for name in names() if not name.startswith(FREE)])
def test_that_an_entry_nobody_reads_is_refused_in_every_group(share, name):
    text = text_of(name)
    groups = [line for line in text.splitlines() if line.startswith("[") and line.endswith("]")]
    for group in dict.fromkeys(groups):
        changed = text.replace(f"{group}\n", f"{group}\nnonsense = 1\n", 1)
        assert laid_down(share, name, changed), (name, group)


@pytest.mark.parametrize("name", names())
def test_that_a_byte_order_mark_is_no_fault(share, name):
    assert laid_down(share, name, "\ufeff" + text_of(name)) == {}


def test_that_every_kind_of_table_is_tried():
    kinds = {one.name for one in catalogue()} - {"dosimetry_book"}
    assert len(kinds) == 23
    assert len(names()) >= len(kinds)


def test_that_people_under_another_name_do_not_switch_roles_off(share):
    text = (RESOURCES / "filter" / "record.toml").read_text()
    own = f'[person.{getpass.getuser()}]\nname = "Jane Roe"\nroles = ["physicist"]\n'
    (fault,) = laid_down(share, "filter/record.toml", text.replace("[people]\n", own)).values()
    assert "unknown entry 'person'" in fault.what
    assert "people" in fault.remedy


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("tolerances.toml", '[comparison]\nangle_deg = { value = 1, unit = "mm" }', "is in 'mm'"),
        ("tolerances.toml", "angle_deg = 1", "unknown limit 'angle_deg'"),
        ("filter/tolerance_tables.toml", '[tables."2"]\ncouch_deg = { value = 2, unit = "cm" }',
         "couch_deg of tolerance table 2 is in 'cm'"),
        ("filter/tbi.toml", TBI_DOSE, "scd_mm is in 'cm'"),
    ],
)  # fmt: skip
def test_that_a_value_in_another_unit_is_refused(share, name, text, words):
    shipped = (RESOURCES / name).read_text() if name == "filter/tbi.toml" else ""
    tomllib.loads(shipped + text)
    found = laid_down(share, name, shipped + text)
    assert any(words in fault.what for fault in found.values()), found


EXAMPLE = re.compile(r'# ?(\[\[?[\w".-]+\]?\]|[\w".-]+ = .*)( *#.*)?')
"""A line of a shipped table that is a comment, and a table's line without its mark."""


def with_examples(text):
    lines = [line[1:].strip() if EXAMPLE.fullmatch(line) else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


EXAMPLES = [
    name for name in names()
    if (file := shipped_file(name)) is not None and name != "servers.toml"
    and with_examples(text := file.read_text(encoding="utf-8")) != text
]  # fmt: skip


def test_that_tables_with_examples_are_found():
    assert {"filter/sites.toml", "filter/tbi.toml", "filter/record.toml"} <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_that_every_example_in_a_shipped_table_is_taken_as_it_stands(share, name):
    text = shipped_file(name).read_text(encoding="utf-8")
    assert laid_down(share, name, with_examples(text)) == {}
