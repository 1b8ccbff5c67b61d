"""archive.toml: what it can say, and what is refused with the line to correct."""

import pytest

from core.archive.nodes import Kind, Node
from core.archive.settings import read_settings
from core.errors import ClinicFileError

WHOLE = """
scrub_days = 3
[listener]
ae_title = "ARCHIVE"
host = "0.0.0.0"
port = 104
associations = 20
[listener.tls]
certificate = "own.crt"
key = "own.key"
authorities = "clinic.pem"
[[node]]
name = "Pinnacle"
ae_title = "PINN"
host = "10.1.2.3"
port = 104
addresses = ["10.1.2.0/24"]
tls = true
[[node]]
name = "Portal"
kind = "dicomweb"
url = "https://pacs/dicom-web"
user = "eqs"
[[rule]]
name = "approved plans"
modality = "RTPLAN"
approval = "approved"
set_complete = true
whole_set = true
send = "Pinnacle"
[[watch]]
folder = "exports"
every_s = 5
[mirror]
nodes = ["Portal"]
hour = 3
"""


def written(tmp_path, text):
    path = tmp_path / "archive.toml"
    path.write_text(text)
    return path


@pytest.mark.req("Y-02", "Y-09")
def test_that_everything_is_read(tmp_path):
    made = read_settings(written(tmp_path, WHOLE))
    assert (made.listener.ae_title, made.listener.port, made.listener.associations) == (
        "ARCHIVE", 104, 20,
    )  # fmt: skip
    assert made.listener.tls.key == tmp_path / "own.key"
    assert [one.title for one in made.listener.nodes] == ["Pinnacle"]
    assert made.node("PINN").tls
    assert made.node("Portal").kind is Kind.WEB
    (rule,) = made.rules
    assert (rule.modality, rule.approval, rule.whole_set) == (("RTPLAN",), "APPROVED", True)
    assert made.watched[0].folder == tmp_path / "exports"
    assert (made.mirrors, made.mirror_hour, made.scrub_days) == (("Portal",), 3, 3)


@pytest.mark.req("Y-09")
def test_that_without_a_file_it_listens_on_this_computer_only():
    made = read_settings()
    assert made.listener.host == "127.0.0.1"
    assert not made.listener.is_open


@pytest.mark.req("Y-09")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[listener]\nhost = '0.0.0.0'", "no node is named"),
        ("[listener]\nae_titel = 'X'", "Did you mean 'ae_title'"),
        ("[listener]\nae_title = 'MUCH TOO LONG A NAME'", "is no AE title"),
        ("[listener]\nport = '104'", "port is no number"),
        ("[listener]\nport = 70000", "Choose 0 to 65535"),
        ("[listener.tls]\nkey = 'a'", "not complete"),
        ("[[node]]\nae_title = 'X'", "host is missing"),
        ("[[node]]\nae_title = 'X'\nhost = 'h'\naddresses = ['10.1']", "no address"),
        ("[[node]]\nae_title='X'\nhost='h'\n[[node]]\nae_title='X'\nhost='h'", "two nodes"),
        ("[[node]]\nkind = 'dicomweb'", "no url"),
        ("[[node]]\nkind = 'ftp'", "no kind of node"),
        ("[[rule]]\nname = 'r'\nsend = 'nobody'", "which is no node"),
        ("[mirror]\nnodes = ['nobody']", "no node is called"),
        ("scrub_days = -1", "Choose 0"),
        ("[listener", "cannot be read"),
    ],
)
def test_that_a_line_that_cannot_be_used_is_named(tmp_path, text, words):
    with pytest.raises(ClinicFileError, match=words):
        read_settings(written(tmp_path, text))


@pytest.mark.req("Y-09")
@pytest.mark.parametrize(
    ("host", "addresses", "caller", "may"),
    [
        ("10.1.2.3", (), "10.1.2.3", True), ("10.1.2.3", (), "10.1.2.4", False),
        ("10.1.2.3", ("10.1.2.0/24",), "10.1.2.200", True),
        ("10.1.2.3", ("10.1.2.0/24",), "10.1.3.1", False),
        ("10.1.2.3", ("10.9.9.9",), "10.1.2.3", False),
        ("10.1.2.3", (), "::ffff:10.1.2.3", True), ("localhost", (), "127.0.0.1", True),
        ("10.1.2.3", (), "nonsense", False),
    ],
)  # fmt: skip
def test_that_a_node_calls_from_its_own_places_only(host, addresses, caller, may):
    assert Node("X", host, 104, addresses=addresses).may_call_from(caller) is may
