"""LEX and a planning server: real widgets, a real FTP or SFTP server, keys only."""

from dataclasses import replace

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.lex.copies import copies_folder
from app.lex.gui.fetching import CANCELLED
from app.lex.passwords import NO_STORE
from app.lex.servers import Server, read_servers, servers_file, write_servers
from tests.gui.lex_wizard import in_window, quiet, tab_to
from tests.lex import sftp_server
from tests.lex.planning_tree import FOLDER, served, state_of, write_tree
from tests.lex.test_fetch_servers import MemoryKeyring

LONG_MS = 20_000
TAB, ENTER = Qt.Key.Key_Tab, Qt.Key.Key_Return


@pytest.fixture(autouse=True)
def store():
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.fixture
def demo_root(demo):
    return next(path.parent for path in demo.folder.rglob("Institution") if path.is_file())


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "root")


def opened(qtbot):
    lex = in_window(qtbot)
    quiet(qtbot)
    return lex


def copying(step):
    return step.progress.isVisible() and step.progress.words.text().startswith("Copying plan.")


def box_of(lex):
    return lex.source_step.server_box


def log_in(qtbot, lex, password):
    box = box_of(lex)
    box.choice.setFocus()
    tab_to(qtbot, box.password)
    # Qt's test keyboard has no umlauts.
    QApplication.clipboard().setText(password)
    qtbot.keyClick(box.password, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(box.password, ENTER)
    qtbot.waitUntil(lambda: box.connect_button.isEnabled() and not JOBS.running, timeout=LONG_MS)


@pytest.mark.req("L-01", "L-02", "L-03")
def test_that_the_keyboard_leads_from_the_server_to_the_trial(qtbot, demo_root):
    before = state_of(demo_root)
    with served("ftp", demo_root) as (server, password, running):
        write_servers([server])
        lex = opened(qtbot)
        log_in(qtbot, lex, password)
        step = lex.plan_step
        assert lex.stack.currentWidget() is step
        assert step.patients.count() == 1
        qtbot.waitUntil(lambda: step.plans.count() == 1, timeout=LONG_MS)
        qtbot.waitUntil(lambda: step.trial is not None, timeout=LONG_MS)
        lex.list.setFocus()
        for listing in (step.patients, step.plans, step.trials):
            tab_to(qtbot, listing)
        assert lex.chosen.path.is_relative_to(copies_folder())
        assert step.trial.person.id == "DEMO-0001"
        assert lex.next_button.isEnabled()
        assert running.only_read()
    assert state_of(demo_root) == before


@pytest.mark.req("L-03")
def test_that_a_patient_is_found_and_chosen_by_typing(qtbot, tree):
    with served("ftp", tree) as (server, password, running):
        write_servers([server])
        lex = opened(qtbot)
        log_in(qtbot, lex, password)
        step = lex.plan_step
        assert (step.patients.count(), step.plans.count(), step.trials.count()) == (2, 0, 0)
        tab_to(qtbot, step.search)
        qtbot.keyClicks(step.search, "jo 77")
        qtbot.keyClick(step.search, ENTER)
        qtbot.waitUntil(lambda: step.plans.count() == 2, timeout=LONG_MS)
        assert step.trials.count() == 0
        tab_to(qtbot, step.plans)
        qtbot.keyClick(step.plans, Qt.Key.Key_Down)
        qtbot.waitUntil(lambda: step.trials.count() == 1, timeout=LONG_MS)
        quiet(qtbot)
        assert step.trial.name == "Trial_1"
        # Another patient: nothing of the one before may stay.
        tab_to(qtbot, step.patients)
        step.search.clear()
        qtbot.keyClick(step.patients, Qt.Key.Key_Down)
        assert (step.plans.count(), step.trials.count(), step.trial) == (0, 0, None)
        assert "77" not in lex.window().banner.text()
        qtbot.waitUntil(lambda: "Patient_2 is not there" in step.words.text(), timeout=LONG_MS)
        assert running.only_read()


@pytest.mark.req("L-02")
def test_that_a_plan_saved_anew_is_copied_anew(qtbot, tree):
    with served("ftp", tree) as (server, password, _):
        write_servers([server])
        lex = opened(qtbot)
        log_in(qtbot, lex, password)
        lex.plan_step.patients.setCurrentRow(0)
        qtbot.waitUntil(lambda: lex.plan_step.plans.count() == 2, timeout=LONG_MS)
        lex.plan_step.plans.setCurrentRow(0)
        qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
        first = lex.chosen.path
        file = tree / FOLDER / "Plan_0" / "plan.Trial"
        file.write_bytes(file.read_bytes().replace(b'"Trial_1"', b'"Trial_9"'))
        lex.checks_step.read_again.emit()
        qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
        assert lex.plan_step.trial.name == "Trial_9"
        assert lex.chosen.path != first


@pytest.mark.req("L-02")
def test_that_a_wrong_password_is_told_in_place_and_can_be_typed_again(qtbot, tree, store):
    with served("ftp", tree) as (server, password, _):
        write_servers([server])
        lex = opened(qtbot)
        box = box_of(lex)
        log_in(qtbot, lex, "wrong")
        assert "refuses this user name or password" in box.fault.text()
        assert box.fault.isVisible()
        assert lex.stack.currentIndex() == 0
        box.password.clear()
        tab_to(qtbot, box.keep)
        qtbot.keyClick(box.keep, Qt.Key.Key_Space)
        log_in(qtbot, lex, password)
        assert lex.stack.currentIndex() == 1
        assert box.password.text() == ""
        assert list(store.kept.values()) == [password]
        # Next time the store answers.
        lex.go(0)
        box.choice.setFocus()
        tab_to(qtbot, box.connect_button)
        qtbot.keyClick(box.connect_button, Qt.Key.Key_Space)
        quiet(qtbot)
        assert lex.stack.currentIndex() == 1


@pytest.mark.req("L-02")
def test_that_without_a_store_one_sentence_says_so(qtbot, tree):
    keyring.set_keyring(NoKeyring())
    with served("ftp", tree) as (server, _, _):
        write_servers([server])
        lex = opened(qtbot)
        box = box_of(lex)
        assert box.store_words.isVisible()
        assert box.store_words.text() == NO_STORE
        assert not box.keep.isEnabled()
        log_in(qtbot, lex, "")
        assert "No password was entered" in box.fault.text()


@pytest.mark.req("L-02")
def test_that_an_unknown_host_key_can_be_accepted_in_place(qtbot, tree):
    with served("sftp", tree) as (server, password, running):
        write_servers([replace(server, host_key="")])
        lex = opened(qtbot)
        box = box_of(lex)
        assert not box.accept_button.isVisible()
        log_in(qtbot, lex, password)
        assert sftp_server.FINGERPRINT in box.fault.text()
        assert running.passwords == []
        box.choice.setFocus()
        tab_to(qtbot, box.accept_button)
        qtbot.keyClick(box.accept_button, Qt.Key.Key_Space)
        quiet(qtbot)
        assert read_servers()[0].host_key == sftp_server.FINGERPRINT
        qtbot.keyClick(box.connect_button, Qt.Key.Key_Space)
        quiet(qtbot)
        assert lex.stack.currentIndex() == 1


@pytest.mark.req("L-02")
def test_that_a_changed_host_key_cannot_be_accepted_with_one_key(qtbot, tree):
    with served("sftp", tree, key=sftp_server.OTHER_KEY) as (server, password, _):
        write_servers([server])
        lex = opened(qtbot)
        log_in(qtbot, lex, password)
        assert "has changed" in box_of(lex).fault.text()
        assert not box_of(lex).accept_button.isVisible()


@pytest.mark.req("L-02")
@pytest.mark.parametrize("where", ["step", "status line"])
def test_that_cancel_leaves_no_copy_and_the_page_alive(qtbot, tree, where):
    (tree / FOLDER / "Plan_0" / "plan.Trial.binary.099").write_bytes(bytes(150_000_000))
    with served("sftp", tree) as (server, password, _):
        write_servers([server])
        lex = opened(qtbot)
        log_in(qtbot, lex, password)
        step = lex.plan_step
        step.patients.setCurrentRow(0)
        qtbot.waitUntil(lambda: step.plans.count() == 2, timeout=LONG_MS)
        before = sorted(copies_folder().rglob("*"))
        step.plans.setFocus()
        step.plans.setCurrentRow(0)
        qtbot.waitUntil(lambda: copying(step), timeout=LONG_MS)
        button = step.progress.cancel_button
        if where == "status line":
            button = lex.window().statusBar().cancel_button
        tab_to(qtbot, button)
        qtbot.keyClick(button, Qt.Key.Key_Space)
        quiet(qtbot)
        assert step.words.text() == CANCELLED
        assert not step.progress.isVisible()
        assert sorted(copies_folder().rglob("*")) == before
        assert step.trial is None
        assert step.missing() == ("a trial",)


@pytest.mark.req("L-02")
def test_that_a_copy_under_way_is_dropped_when_another_patient_is_chosen(qtbot, tree):
    (tree / FOLDER / "Plan_0" / "plan.Trial.binary.099").write_bytes(bytes(50_000_000))
    with served("ftp", tree) as (server, password, _):
        write_servers([server])
        lex = opened(qtbot)
        log_in(qtbot, lex, password)
        step = lex.plan_step
        step.patients.setCurrentRow(0)
        qtbot.waitUntil(lambda: step.plans.count() == 2, timeout=LONG_MS)
        step.plans.setCurrentRow(0)
        qtbot.waitUntil(lambda: copying(step), timeout=LONG_MS)
        step.patients.setCurrentRow(1)
        quiet(qtbot)
        qtbot.wait(400)
        quiet(qtbot)
        assert step.trials.count() == 0
        assert lex.chosen is None


def test_that_a_server_is_added_changed_and_removed_in_the_page(qtbot, tree):
    lex = opened(qtbot)
    box = box_of(lex)
    assert not box.connect_button.isEnabled()
    lex.list.setFocus()
    tab_to(qtbot, box.add_button)
    qtbot.keyClick(box.add_button, Qt.Key.Key_Space)
    form = box.form
    assert form.isVisible()
    assert form.texts["name"].hasFocus()
    qtbot.keyClicks(form.texts["name"], "Backups")
    tab_to(qtbot, form.save_button)
    qtbot.keyClick(form.save_button, Qt.Key.Key_Space)
    assert form.fault.text() == "Not saved: 'root' is missing."
    form.protocol.setFocus()
    qtbot.keyClick(form.protocol, Qt.Key.Key_End)
    assert not form.texts["host"].isVisible()
    form.texts["root"].setFocus()
    qtbot.keyClicks(form.texts["root"], str(tree))
    qtbot.mouseClick(form.save_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    assert read_servers() == (Server("Backups", "folder", str(tree)),)
    assert not form.isVisible()
    assert not box.login.isVisible()
    qtbot.mouseClick(box.connect_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    assert lex.plan_step.patients.count() == 2
    lex.go(0)
    qtbot.mouseClick(box.edit_button, Qt.MouseButton.LeftButton)
    assert form.texts["root"].text() == str(tree)
    qtbot.mouseClick(form.remove_button, Qt.MouseButton.LeftButton)
    quiet(qtbot)
    assert read_servers() == ()
    assert not box.connect_button.isEnabled()


def test_that_a_faulty_list_is_told_and_not_written_over(qtbot):
    servers_file().parent.mkdir(parents=True)
    servers_file().write_text('[[server]]\nnmae = "x"\n')
    box = box_of(opened(qtbot))
    assert "Unknown key 'nmae'" in box.fault.text()
    assert "Did you mean 'name'" in box.fault.text()
    assert not box.add_button.isEnabled()
