"""Rules and systems written into archive.toml: the rest stays, and nothing faulty is written."""

import pytest

from core.archive.nodes import Kind, Node
from core.archive.rules import Rule
from core.archive.settings import read_settings
from core.archive.settings_write import put_node, put_rule, remove
from core.errors import ClinicFileError

FILE = """# Written by hand.
scrub_days = 3   # a comment

[listener]
ae_title = "ARCHIVE"

# The planning system.
[[node]]
name = "TPS"
ae_title = "PINN"   # capitals
host = "10.1.2.3"

[[rule]]
name = "first"
modality = [
  "RTPLAN",
]
send = "TPS"

# Why the second is here.
[[rule]]
name = "second"
send = "PINN"

[mirror]
hour = 4
"""


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "archive.toml"
    made.write_text(FILE)
    return made


@pytest.mark.req("Y-02")
def test_that_a_rule_is_exchanged_and_nothing_else(file):
    rule = Rule('with "quotes" and \\', "TPS", ("RTPLAN", "RTDOSE"), "APPROVED", ("PINN",),
                set_complete=True, since="2026-11-26T07:00:00.000+00:00")  # fmt: skip
    put_rule(rule, "first", file)
    text = file.read_text()
    assert read_settings(file).rules[0] == rule
    before, after = FILE.split('[[rule]]\nname = "first"')
    assert text.startswith(before)
    assert text.endswith(after[after.index("\n# Why") :])


@pytest.mark.req("Y-02")
def test_that_a_rule_is_added_and_taken_out_again(file):
    put_rule(Rule("third", "TPS"), path=file)
    assert [one.name for one in read_settings(file).rules] == ["first", "second", "third"]
    remove(Rule, "third", file)
    assert file.read_text().strip() == FILE.strip()
    remove(Rule, "first", file)
    remove(Rule, "second", file)
    assert read_settings(file).rules == ()
    assert "# Why the second is here." in file.read_text()


@pytest.mark.req("Y-09")
def test_that_a_system_is_written_where_there_was_no_file(tmp_path):
    file = tmp_path / "clinic" / "archive.toml"
    web = Node("", "", 0, name="PACS", kind=Kind.WEB, url="https://pacs/dicom-web", user="eqs")
    put_node(web, path=file)
    dimse = Node("PINN", "10.1.2.3", 104, addresses=("10.1.2.0/24",), tls=True, parallel=1)
    put_node(dimse, path=file)
    assert read_settings(file).nodes == (web, dimse)
    put_node(Node("PINN", "10.1.2.4", 104), "PINN", file)
    assert [one.host for one in read_settings(file).nodes] == ["", "10.1.2.4"]


@pytest.mark.req("Y-02", "Y-09")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: put_rule(Rule("x", "nobody"), path=file), "which is no node"),
        (lambda file: put_rule(Rule("", "TPS"), path=file), "name"),
        (lambda file: put_rule(Rule("first", "TPS"), path=file), "two rules are called 'first'"),
        (lambda file: put_node(Node("A" * 17, "h", 1), path=file), "is no AE title"),
        (lambda file: put_node(Node("PINN", "h", 1, name="TPS"), path=file), "two nodes"),
        (lambda file: remove(Node, "TPS", file), "which is no node"),
        (lambda file: remove(Rule, "none", file), "no rule is called"),
    ],
)
def test_that_what_cannot_be_is_refused_and_the_file_stays(file, change, words):
    with pytest.raises(ClinicFileError, match=words):
        change(file)
    assert file.read_text() == FILE
    assert [one.name for one in file.parent.iterdir()] == ["archive.toml"]


@pytest.mark.req("Y-02")
def test_that_a_file_written_otherwise_is_left_to_its_writer(tmp_path):
    file = tmp_path / "archive.toml"
    text = 'node = [{ae_title = "A", host = "h"}]\nrule = [{name = "r", send = "A"}]\n'
    file.write_text(text)
    with pytest.raises(ClinicFileError):
        put_rule(Rule("r", "A", whole_set=True), "r", file)
    assert file.read_text() == text
