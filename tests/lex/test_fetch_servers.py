"""The clinic's list of planning servers, and their passwords."""

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordDeleteError, PasswordSetError

from app.lex.passwords import (
    SERVICE,
    forget_password,
    has_store,
    keep_password,
    stored_password,
)
from app.lex.servers import Server, find_server, read_servers, servers_file, write_servers
from core.errors import ClinicFileError, RemedyError
from core.paths import RESOURCES, data_folder

FTP = Server("Pinnacle", "ftp", "/NewPatients", "p3.example", 21, "p3rtp")
SFTP = Server('Über "SFTP"', "sftp", "/", "p3", 2222, "me", host_key="SHA256:abc SHA256:def")
FOLDER = Server("Share", "folder", "Q:\\backups")
TLS = Server("TLS", "ftp", "/x", "p3", 990, "me", tls=True, certificate="/etc/ca.pem")
PLAIN = '[[server]]\nname = "A"\nprotocol = "ftp"\nhost = "h"\nuser = "u"\nroot = "/r"\n'


class MemoryKeyring(KeyringBackend):
    """A store like the operating system's."""

    priority = 5

    def __init__(self, *, locked=False):
        super().__init__()
        self.kept, self.locked = {}, locked

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        if self.locked:
            raise PasswordSetError("it is locked")
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if (service, username) not in self.kept:
            raise PasswordDeleteError("not there")
        del self.kept[service, username]


class FileKeyring(MemoryKeyring):
    """A store that writes a file, as keyrings.alt has it."""

    priority = 0.5


@pytest.fixture
def store():
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture(params=[NoKeyring, FileKeyring])
def no_store(request):
    before = keyring.get_keyring()
    keyring.set_keyring(request.param())
    yield
    keyring.set_keyring(before)


def write(text):
    servers_file().parent.mkdir(parents=True, exist_ok=True)
    servers_file().write_text(text, encoding="utf-8")


@pytest.mark.req("L-02")
def test_that_a_list_of_servers_is_read_as_it_was_written():
    assert read_servers() == ()
    write_servers([FTP, SFTP, FOLDER, TLS])
    assert read_servers() == (FTP, SFTP, FOLDER, TLS)
    assert find_server("Share") == FOLDER
    assert "pass" not in servers_file().read_text().lower().replace("passwords are never", "")


def test_that_the_shipped_example_can_be_read_and_is_not_active():
    names = [server.protocol for server in read_servers(RESOURCES / "servers.toml")]
    assert names == ["ftp", "sftp", "folder"]
    assert read_servers() == ()


def test_that_a_port_left_out_is_the_usual_one():
    write(PLAIN)
    assert read_servers()[0].port == 21


@pytest.mark.req("L-02")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PLAIN + 'hots = "x"\n', "unknown key 'hots'.*Did you mean 'host'"),
        (PLAIN + 'password = "x"\n', "unknown key 'password'"),
        (PLAIN.replace('"ftp"', '"sft"'), "unknown protocol 'sft'.*Did you mean 'sftp'"),
        (PLAIN + 'port = "21"\n', "port is '21', not of kind int"),
        (PLAIN + "port = true\n", "port is True"),
        (PLAIN + "port = 70000\n", "not between 1 and 65535"),
        (PLAIN.replace('host = "h"\n', ""), "'host' is missing"),
        (PLAIN.replace('root = "/r"\n', ""), "'root' is missing"),
        (PLAIN.replace('"/r"', '"r"'), "does not begin with /"),
        (PLAIN + 'host_key = "ab:cd"\n', "begins with SHA256"),
        (PLAIN.replace('"ftp"', '"sftp"') + "tls = true\n", "SFTP is always encrypted"),
        (PLAIN + PLAIN, "two servers are called 'A'"),
        (PLAIN.replace('"A"', '" A"'), "blanks"),
        ("[server]\n", r"something else than \[\[server\]\]"),
        ("servers = 1\n" + PLAIN, "something else"),
        ("[[server]\n", "cannot be read"),
    ],
)  # fmt: skip
def test_that_a_faulty_list_is_refused_in_one_sentence(text, words):
    write(text)
    with pytest.raises(ClinicFileError, match=words):
        read_servers()


def test_that_a_server_nobody_knows_is_refused_with_the_nearest_name():
    with pytest.raises(ClinicFileError, match="Add the server in LEX"):
        find_server("Pinacle")
    write_servers([FTP, FOLDER])
    with pytest.raises(ClinicFileError, match="Did you mean 'Pinnacle'"):
        find_server("Pinacle")


def test_that_two_servers_of_one_name_are_not_written():
    write_servers([FTP])
    with pytest.raises(ClinicFileError, match="two servers"):
        write_servers([FTP, SFTP, FTP])
    assert read_servers() == (FTP,)


@pytest.mark.req("L-02")
def test_that_a_password_lies_in_the_store_by_server_and_user(store):
    assert has_store()
    assert stored_password(FTP) is None
    keep_password(FTP, "secret")
    assert store.kept == {(SERVICE, "Pinnacle p3rtp"): "secret"}
    assert (stored_password(FTP), stored_password(SFTP)) == ("secret", None)
    forget_password(FTP)
    forget_password(FTP)
    assert stored_password(FTP) is None


@pytest.mark.req("L-02")
def test_that_without_a_store_nothing_is_kept_and_one_sentence_says_so(no_store):
    assert not has_store()
    with pytest.raises(RemedyError, match="no password store"):
        keep_password(FTP, "secret-word")
    assert stored_password(FTP) is None
    forget_password(FTP)
    texts = [file.read_bytes() for file in data_folder().rglob("*") if file.is_file()]
    assert not any(b"secret-word" in text for text in texts)


def test_that_a_locked_store_is_told_in_words(store):
    store.locked = True
    with pytest.raises(RemedyError, match="it is locked"):
        keep_password(FTP, "secret")
