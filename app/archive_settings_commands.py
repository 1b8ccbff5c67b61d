"""`eqs archive rule list|set|remove|try`, `eqs archive node set|remove`: archive.toml."""

# ruff: noqa: PLC0415  (the network is loaded by the command that needs it)

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.findings import State

ACTS = ("set-complete", "whole-set", "pseudonymise")


def add_settings_commands(archive: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands that read and write rules and systems."""
    rule = archive.add_parser("rule", help="forward rules: IF ... THEN send").add_subparsers(
        required=True
    )
    _finish(rule.add_parser("list", help="each rule and what it has done"), _rules)
    put = rule.add_parser("set", help="add a rule, or write another in its place")
    _named(put)
    put.add_argument("--send", required=True, metavar="NODE", help="system it sends to")
    put.add_argument("--modality", nargs="+", default=[], metavar="KIND", help="e.g. RTPLAN")
    put.add_argument("--approval", default="", help="APPROVED, UNAPPROVED or REJECTED")
    put.add_argument("--calling", nargs="+", default=[], metavar="AE", help="AE titles of senders")
    put.add_argument("--since", default="", metavar="TIME",
                     help="leave alone what came before: 2026-11-26T08:00, or now")  # fmt: skip
    for name, words in zip(
        ACTS, ("only once nothing of the plan set is missing", "send the whole plan set",
               "send without the person"), strict=True,
    ):  # fmt: skip
        put.add_argument(f"--{name}", action="store_true", help=words)
    for name, words, run in (
        ("remove", "take a rule out", _remove_rule),
        ("try", "tell what a rule would send now; nothing is sent", _try),
    ):
        one = rule.add_parser(name, help=words)
        _named(one)
        _finish(one, run)
    _finish(put, _put_rule)
    node = archive.add_parser("node", help="systems of archive.toml").add_subparsers(required=True)
    add = node.add_parser("set", help="add a system, or write another in its place")
    add.add_argument("--name", default="", help="what people call it")
    for name in ("ae-title", "host", "url", "user", "tls-name"):
        add.add_argument(f"--{name}", default="")
    add.add_argument("--port", type=int, default=0)
    add.add_argument("--addresses", nargs="+", default=[], metavar="ADDRESS",
                     help="where it may call from; without it its host")  # fmt: skip
    add.add_argument("--tls", action="store_true")
    add.add_argument("--parallel", type=int, default=2)
    _finish(add, _put_node)
    out = node.add_parser("remove", help="take a system out")
    _named(out)
    _finish(out, _remove_node)


def _named(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name", required=True)


def _finish(command: argparse.ArgumentParser, run: Any) -> None:  # noqa: ANN401  (a command)
    command.add_argument("--archive", type=Path, metavar="DIR", help="another archive's folder")
    command.add_argument("--settings", type=Path, metavar="FILE.toml",
                         help="instead of archive.toml of the clinic's folder")  # fmt: skip
    finish(command, run)


def _rules(words: argparse.Namespace) -> int:
    from app.archive import command, forwarding
    from core.archive.settings import read_settings

    archive = command.own_archive(words.archive)
    rows = forwarding.rule_rows(archive, read_settings(words.settings))
    archive.close()
    failed = any(one.failed for one in rows)
    answer = {"status": State.ERROR if failed else State.PASS,
              "rules": [one.to_json() for one in rows]}  # fmt: skip
    say(words, answer, forwarding.rules_text(rows))
    return 1 if failed else 0


def _put_rule(words: argparse.Namespace) -> int:
    from core.archive.rules import Rule
    from core.archive.settings import time_of
    from core.archive.settings_write import put_rule

    rule = Rule(
        words.name, words.send, tuple(one.upper() for one in words.modality),
        words.approval.upper(), tuple(words.calling), words.set_complete, words.whole_set,
        words.pseudonymise, time_of(words.since, "--since"),
    )  # fmt: skip
    put_rule(rule, words.name, words.settings)
    when, then = rule.words()
    say(words, {"status": State.PASS, "rule": asdict(rule)}, f"IF {when} THEN {then}")
    return 0


def _remove_rule(words: argparse.Namespace) -> int:
    from core.archive.rules import Rule
    from core.archive.settings_write import remove

    remove(Rule, words.name, words.settings)
    say(words, {"status": State.PASS, "removed": words.name}, f"{words.name} is taken out.")
    return 0


def _try(words: argparse.Namespace) -> int:
    from app.archive import command, forwarding
    from core.archive.settings import read_settings

    rule = read_settings(words.settings).rule(words.name)
    archive = command.own_archive(words.archive)
    found = forwarding.would_send(archive, rule)
    archive.close()
    answer = {"status": State.PASS, "objects": [one.sop_uid for one in found]}
    say(words, answer, forwarding.would_send_words(found))
    return 0


def _put_node(words: argparse.Namespace) -> int:
    from core.archive.nodes import Kind, Node
    from core.archive.settings_write import put_node

    node = Node(
        words.ae_title, words.host, words.port, words.name, tuple(words.addresses),
        Kind.WEB if words.url else Kind.DIMSE, words.url, words.user, words.tls, words.tls_name,
        words.parallel,
    )  # fmt: skip
    put_node(node, node.title, words.settings)
    say(words, {"status": State.PASS, "node": asdict(node)}, f"{node.title}: {node.place}")
    return 0


def _remove_node(words: argparse.Namespace) -> int:
    from core.archive.nodes import Node
    from core.archive.settings_write import remove

    remove(Node, words.name, words.settings)
    say(words, {"status": State.PASS, "removed": words.name}, f"{words.name} is taken out.")
    return 0
